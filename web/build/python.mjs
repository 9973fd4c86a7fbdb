// The Python of the pages: which files, compiled by the same interpreter that will run them.
//
//   tools.closure -> our modules ┐
//   cbor2's wheel -> its modules ├-> Pyodide under Node -> .pyc -> python.zip (rarely new) + pratique.zip (each release)
//   Pyodide's own library, cut   ┘
//
// 1. Bytecode is hash-based and unchecked (PEP 552): nothing is compared, nor compiled, at the start of a page.
// 2. The library is cut to what one run of the engine has loaded, and to what those modules may still import; what
//    is left out on purpose is listed with its reason (left-out.txt). Anything else that is missing ends the build.
// 3. Archives are stored, not deflated: the wire compresses better, and the page need not inflate.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { loadPyodide, version } from "pyodide";

const EXTENSION = "_cbor2.cpython-314-wasm32-emscripten.so";

/**
 * Compile and pack what a page runs.
 * @param {string} root the repository
 * @param {import("./cache.mjs").Cache} cache
 * @returns {Promise<Record<string, Uint8Array>>} a file's name -> its bytes
 */
export async function python(root, cache) {
  const run = path.join(root, ".venv/bin/python");
  const closure = execFileSync(run, ["-m", "tools.closure"], { cwd: root, encoding: "utf8" });
  /** @type {[string, Uint8Array][]} */
  const sources = Object.values(JSON.parse(closure).own).map((file) => [file, bytes(path.join(root, "src", file))]);
  const [pack, list] = ["pack.py", "left-out.txt"].map((name) => bytes(new URL(name, import.meta.url)));
  const cbor2 = wheel(root);
  const packed = await cache.get("packed", [closure, ...sources.flat(), pack, list, cbor2, version, WAY], () =>
    compiled(closure, sources, { pack, list, cbor2 }));
  const end = packed.indexOf(10);
  const sizes = JSON.parse(new TextDecoder().decode(packed.subarray(0, end)));
  let start = end + 1;
  const files = Object.fromEntries(Object.entries(sizes).map(([name, size]) => {
    start += size;
    return [name, packed.subarray(start - size, start)];
  }));
  return { ...files, "zones.bin": zones(path.join(root, ".venv/lib")) };
}

/** How the interpreter is run: another way makes other bytes. Without the columns of tracebacks, a fifth is saved. */
const SETTINGS = { HOME: "/", PYTHONNODEBUGRANGES: "1" };
const WAY = JSON.stringify(SETTINGS);

/**
 * Run pack.py; return the archives and cbor2's extension, one after the other, after a line that names their sizes.
 * @param {string} closure
 * @param {[string, Uint8Array][]} sources
 * @param {{pack: Uint8Array, list: Uint8Array, cbor2: Uint8Array}} given
 */
async function compiled(closure, sources, { pack, list, cbor2 }) {
  const interpreter = await loadPyodide({ env: SETTINGS });
  const { FS } = interpreter;
  interpreter.unpackArchive(cbor2, "wheel", { extractDir: "/wheel" });
  for (const [file, source] of sources) {
    const target = path.posix.join("/source", file);
    FS.mkdirTree(path.posix.dirname(target));
    FS.writeFile(target, source);
  }
  FS.writeFile("/pack.py", pack);
  const leftOut = new TextDecoder().decode(list).split("\n").map((line) => line.replace(/#.*/, "").trim()).filter(Boolean);
  interpreter.globals.set("closure", closure);
  interpreter.globals.set("left_out", JSON.stringify(leftOut));
  const missing = JSON.parse(interpreter.runPython(
    "import sys; sys.path.insert(0, '/'); import pack; pack.run(closure, left_out)"));
  if (missing.length) {
    throw new Error(`neither kept nor left out on purpose (web/build/left-out.txt): ${missing.join(", ")}`);
  }
  const files = {
    "python.zip": FS.readFile("/python.zip"),
    "pratique.zip": FS.readFile("/pratique.zip"),
    "cbor2.so": FS.readFile(`/wheel/cbor2/${EXTENSION}`),
  };
  const sizes = Object.fromEntries(Object.entries(files).map(([name, data]) => [name, data.length]));
  return Buffer.concat([Buffer.from(`${JSON.stringify(sizes)}\n`), ...Object.values(files)]);
}

/**
 * Return cbor2 for this version of Pyodide, as the lock names it by its digest.
 * @param {string} root
 */
function wheel(root) {
  const folder = path.join(root, ".cache/wheels");
  const name = readdirSync(folder).find((file) => file.startsWith("cbor2-") && file.includes("pyemscripten"));
  if (name === undefined) throw new Error("cbor2's wheel is missing: run tools/site");
  const data = bytes(path.join(folder, name));
  const digest = createHash("sha256").update(data).digest("hex");
  if (!readFileSync(path.join(root, "uv.lock"), "utf8").includes(`${name}", hash = "sha256:${digest}"`)) {
    throw new Error(`${name} is not the file that uv.lock names`);
  }
  return data;
}

/**
 * Pack the zones of tzdata: a line of JSON, name -> [start, length], then the files, each once.
 *
 * 625 names share 341 files: links are no files of their own here.
 * @param {string} lib where the packages of the lock are installed
 */
function zones(lib) {
  const [version] = readdirSync(lib).filter((name) => name.startsWith("python3"));
  const base = path.join(lib, String(version), "site-packages/tzdata/zoneinfo");
  /** @type {Record<string, [number, number]>} */ const index = {};
  /** @type {Map<string, [number, number]>} */ const known = new Map();
  /** @type {Uint8Array[]} */ const parts = [];
  let end = 0;
  for (const entry of readdirSync(base, { recursive: true, encoding: "utf8" }).sort()) {
    const file = path.join(base, entry);
    if (statSync(file).isDirectory()) continue;
    const data = bytes(file);
    if (String.fromCharCode(...data.subarray(0, 4)) !== "TZif") continue;
    const digest = createHash("sha256").update(data).digest("hex");
    if (!known.has(digest)) {
      known.set(digest, [end, data.length]);
      parts.push(data);
      end += data.length;
    }
    index[entry.split(path.sep).join("/")] = /** @type {[number, number]} */ (known.get(digest));
  }
  return new Uint8Array(Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...parts]));
}

/** @param {string | URL} file */
function bytes(file) {
  return new Uint8Array(readFileSync(file));
}
