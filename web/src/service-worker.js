// Keeps the site, so that it works with the network gone. EDITION is put in front by the build.
/** @type {{version: string, files: string[]}} */
const edition = EDITION;
void edition;
