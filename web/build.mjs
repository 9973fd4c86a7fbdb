// Build the site: sources of src/, the engine, and vendored packages -> dist/, static files with names made of digests.
//
//   python.mjs (engine) + vendor.mjs (packages) + src/ -> names.mjs -> dist/, .br beside -> site.json
//
//   node build.mjs            (or: make web, which also checks types)
//
// 1. The same sources make the same bytes.
// 2. No file is fetched from elsewhere at run time: what a page needs is in dist/ or was put there by
//    `pratique web build` (the snapshot).
// 3. site.json says what there is: `pratique web build`, the server and the tests read it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Cache } from "./build/cache.mjs";
import { map } from "./build/map.mjs";
import { Site, digest, sha256 } from "./build/names.mjs";
import { python } from "./build/python.mjs";
import { licences, pyodide, vendored } from "./build/vendor.mjs";

const WEB = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(WEB);
const SRC = path.join(WEB, "src");
const DIST = path.join(WEB, "dist");
const PAGES = ["index.html", "border.html", "wallet.html", "manifest.html", "desk.html"];
const ENGINE = ["engine.worker.js", "python.zip", "pratique.zip", "cbor2.so", "zones.bin"];
/** What the border post names at run time, and needs with the network gone: its reader of codes, and all languages. */
const WITH_BORDER = /^(qr\.worker\.js|zxing_reader\.wasm|words\/.*)$/;
/** A language of tests. */
const HIDDEN = /^words\/xa\.json$/;
const TEXT = /\.(js|css|html|webmanifest|json|svg|txt)$/;
const VERSION = /^version = "(.*)"$/m.exec(readFileSync(path.join(ROOT, "pyproject.toml"), "utf8"))?.[1];

process.on("uncaughtException", (error) => {
  // Without the stack: Node would print a line of it, and Pyodide is one line of a million letters.
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
});

const cache = new Cache(path.join(ROOT, ".cache/site"));
const site = new Site();
for (const entry of readdirSync(SRC, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith(".d.ts")) continue;
  const file = path.join(entry.parentPath, entry.name);
  const name = path.relative(SRC, file).split(path.sep).join("/");
  if (name.startsWith("vendor/") || name === "names.js") continue;
  site.add(name, TEXT.test(name) ? readFileSync(file, "utf8") : readFileSync(file));
}
const words = mkdtempSync(path.join(tmpdir(), "words-"));
try {
  execFileSync(path.join(ROOT, ".venv/bin/python"), ["-m", "tools.page_words", words], { cwd: ROOT });
  for (const name of readdirSync(words).sort()) site.add(`words/${name}`, readFileSync(path.join(words, name)));
} finally {
  rmSync(words, { recursive: true });
}
site.add("map.json", await map());
for (const [name, content] of Object.entries(await vendored(SRC))) site.add(name, content);
for (const [name, content] of Object.entries(await python(ROOT, cache))) site.add(name, content);

// Pyodide looks its own files up in one folder, by their own names: the folder has the digest.
const own = pyodide();
for (const [name, content] of Object.entries(own.files)) site.files[`${own.folder}/${name}`] = content;

// What is named at run time, and not by an import: workers, data, words. A page gets these names by names.js; a worker
// is told them by its page, since its own name is among them.
const late = site.sources().filter((name) => /\.(worker\.js|wasm|zip|so|bin|json)$/.test(name)).sort();
const names = Object.fromEntries(late.map((name) => [name, site.finish(name)]));
names["pyodide/"] = `${own.folder}/`;
names["service-worker.js"] = "service-worker.js";
site.add("names.js", `// Made by build.mjs.\nexport const NAMES = ${JSON.stringify(names, null, 1)};\n`);
for (const page of PAGES) site.finish(page, { keep: true });
const used = new Set(Object.keys(site.names));
const unused = site.sources().filter((name) => !used.has(name) && name !== "service-worker.js");
if (unused.length) console.log(`note: no page uses ${unused.join(", ")}: left out`);

site.files["licences.txt"] = Buffer.from(licences(ROOT));
// What is kept on the device with the first visit; the rest when it is first used, or when a page asks for it.
const atOnce = new Set(["index.html", "border.html", ...ENGINE, ...late.filter((name) => WITH_BORDER.test(name))]
  .filter((name) => site.has(name)).flatMap((name) => [...site.with(name)]));
const kept = Object.entries(site.names).filter(([name]) => !PAGES.includes(name) && !HIDDEN.test(name));
const pyodideFiles = Object.keys(own.files).map((name) => `${own.folder}/${name}`);
const edition = {
  id: digest(Buffer.from(JSON.stringify(Object.keys(site.files).map((name) => [name, digest(site.files[name] ?? new Uint8Array())])))),
  version: VERSION,
  pages: Object.fromEntries(PAGES.map((page) => [page, sha256(site.files[page] ?? new Uint8Array())])),
  files: [...kept.filter(([name]) => atOnce.has(name)).map(([, served]) => served), ...pyodideFiles].sort(),
  later: kept.filter(([name]) => !atOnce.has(name)).map(([, served]) => served).sort(),
};
const worker = `const EDITION = ${JSON.stringify(edition)};\n${readFileSync(path.join(SRC, "service-worker.js"), "utf8")}`;
site.files["service-worker.js"] = Buffer.from(worker);

rmSync(DIST, { recursive: true, force: true });
/** @type {Record<string, {bytes: number, br?: number}>} */ const sizes = {};
for (const [name, content] of Object.entries(site.files)) {
  const file = path.join(DIST, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  sizes[name] = { bytes: content.length };
  const br = await cache.brotli(content);
  // Where it saves nothing (pictures), the file is served as it is.
  if (br.length > content.length * 0.95) continue;
  writeFileSync(`${file}.br`, br);
  sizes[name] = { bytes: content.length, br: br.length };
}
writeFileSync(path.join(DIST, "site.json"), `${JSON.stringify(
  { format: "pratique-site-1", version: VERSION, names: site.names, files: sizes }, null, 1)}\n`);
const total = Object.values(sizes).reduce((sum, size) => sum + (size.br ?? size.bytes), 0);
console.log(`web/dist: ${Object.keys(sizes).length} files, ${(total / 1e6).toFixed(2)} MB compressed`);
