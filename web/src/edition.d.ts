/** What build.mjs puts in front of service-worker.js. */
declare const EDITION: { id: string; version: string; pages: Record<string, string>; files: string[]; later: string[] };
