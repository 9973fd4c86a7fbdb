// A source's name -> the name that is served, for what is named at run time. build.mjs writes the real one.
/** @type {Record<string, string>} */
export const NAMES = {};
