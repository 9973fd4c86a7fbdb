// Packages of others: bundled by esbuild as they are, with their licences.
//
//   src/vendor/x.js (what we use of a package, typed) -> esbuild -> vendor/x.js, one file without imports
//
// 1. Nothing of ours goes through esbuild: what is served is what is in src/.
// 2. A package that is bundled, or whose files are copied, is in licences.txt: the build sees what went in.
import { build } from "esbuild";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { digest } from "./names.mjs";

const MODULES = path.join(path.dirname(path.dirname(new URL(import.meta.url).pathname)), "node_modules");
const FILES = { "zxing_reader.wasm": "zxing-wasm/dist/reader/zxing_reader.wasm" };
const PYODIDE = ["pyodide.asm.mjs", "pyodide.asm.wasm"];
/** @type {Set<string>} */ const used = new Set(["pyodide", "world-atlas"]);

/**
 * Bundle what src/vendor/ names; return the files by their names.
 * @param {string} src
 * @returns {Promise<Record<string, string | Uint8Array>>}
 */
export async function vendored(src) {
  const folder = path.join(src, "vendor");
  const entries = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const bundle = await build({
    entryPoints: entries.map((name) => path.join(folder, name)), outdir: folder, bundle: true, minify: true,
    format: "esm", platform: "browser", target: "es2022", write: false, metafile: true, legalComments: "none",
    nodePaths: [MODULES], external: ["node:*", "ws"], logLevel: "warning", absWorkingDir: path.dirname(MODULES),
  });
  for (const input of Object.keys(bundle.metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input);
    if (match?.[1]) used.add(match[1]);
  }
  /** @type {Record<string, string | Uint8Array>} */ const files = {};
  for (const file of bundle.outputFiles) {
    // As bytes: a bundle has no names of ours to be rewritten.
    files[`vendor/${path.basename(file.path)}`] = file.contents;
  }
  for (const [name, file] of Object.entries(FILES)) {
    files[name] = readFileSync(path.join(MODULES, file));
    used.add(String(file.split("/dist")[0]));
  }
  return files;
}

/** Return Pyodide's own files, and the folder that they lie in. */
export function pyodide() {
  const files = Object.fromEntries(PYODIDE.map((name) => [name, readFileSync(path.join(MODULES, "pyodide", name))]));
  return { files, folder: `pyodide-${digest(Buffer.concat(Object.values(files)))}` };
}

/**
 * Return the licences of all that is in the site and is not ours.
 * @param {string} root
 */
export function licences(root) {
  const parts = [...used].sort().map((name) => {
    const folder = path.join(MODULES, name);
    const about = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
    return { name: `${about.name} ${about.version}`, licence: about.license, text: textsIn(folder) };
  });
  const packages = path.join(root, ".venv/lib");
  const [version = ""] = readdirSync(packages).filter((name) => name.startsWith("python3"));
  const installed = path.join(packages, version, "site-packages");
  for (const [name, licence] of [["cbor2", "MIT"], ["tzdata", "Apache-2.0; the zones are in the public domain"]]) {
    const [folder = ""] = readdirSync(installed).filter((file) => file.startsWith(`${name}-`) && file.endsWith(".dist-info"));
    const text = textsIn(path.join(installed, folder, "licenses"));
    parts.push({ name: folder.replace("-", " ").replace(".dist-info", ""), licence: String(licence), text });
  }
  parts.push({ name: "Python 3.14.2", licence: "PSF-2.0", text: readFileSync(path.join(root, "web/licences/python.txt"), "utf8").trim() });
  // The package of Pyodide has no file of it; its text is the same everywhere.
  const mpl = readFileSync(path.join(MODULES, "axe-core/LICENSE"), "utf8").trim();
  for (const part of parts) {
    if (part.licence === "MPL-2.0" && !part.text) part.text = `Its source: https://github.com/pyodide/pyodide\n\n${mpl}`;
    if (!part.text) throw new Error(`${part.name}: its licence was not found`);
  }
  const line = "-".repeat(80);
  const written = parts.map(({ name, licence, text }) => `${line}\n${name}\n${licence}\n${line}\n\n${text}\n`);
  return ["Pratique is under the Apache License 2.0. Parts of this site were made by others; their licences:\n", ...written].join("\n");
}

/** @param {string} folder @returns {string} */
function textsIn(folder) {
  const names = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const files = names.map((name) => path.join(folder, name)).filter((file) => statSync(file).isFile());
  return files.map((file) => readFileSync(file, "utf8").trim()).join("\n\n");
}
