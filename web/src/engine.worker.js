// The engine: Python in WebAssembly, in a worker, asked by messages.
//
//   start {files} -> Pyodide -> archives on its path -> Bridge
//   open {data} -> facts            call {method, request} -> ask WebCrypto -> … -> result
//
// 1. Python decides, and this file only carries: what is asked of WebCrypto, and how, Python says.
// 2. Texts and results are kept nowhere; keys are (webcrypto.js), as they are no traveller's.
// 3. One call at a time, in order: answers are never mixed.
import { loadPyodide } from "./vendor/pyodide.js";
import { answer } from "./webcrypto.js";

const ROUNDS = 6;
const HOME = "/lib/python3.14/site-packages";
/** @type {{open(data: unknown): string, handle(method: string, request: string, answers: string): string} | undefined} */
let bridge;
/** @type {(data: Uint8Array) => unknown} */
let asBytes = (data) => data;

/** @param {number} share 0 to 1 @param {string} step */
function progress(share, step) {
  postMessage({ progress: share, step });
}

/** @param {string} url @returns {Promise<Uint8Array>} */
async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} for a file of this site`);
  return new Uint8Array(await response.arrayBuffer());
}

/** @param {Record<string, string>} files a source's name -> its address */
async function start(files) {
  /** @param {string} name */
  const file = (name) => String(files[name]);
  progress(0.05, "fetch");
  const others = Promise.all(["pratique.zip", "cbor2.so", "zones.bin"].map((name) => bytes(file(name))));
  others.catch(() => undefined);
  const pyodide = await loadPyodide({
    indexURL: file("pyodide/"),
    stdLibURL: file("python.zip"),
    // Its list of packages: there are none, and it would be fetched.
    lockFileContents: JSON.stringify({
      info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2", version: "314.0.7" }, packages: {},
    }),
    packages: [],
    stdout: () => undefined,
    stderr: () => undefined,
    env: { HOME: "/", PYTHONTZPATH: "/zones", PYTHONNODEBUGRANGES: "1" },
  });
  progress(0.6, "load");
  const [code, extension, zones] = /** @type {[Uint8Array, Uint8Array, Uint8Array]} */ (await others);
  const { FS } = pyodide;
  FS.mkdirTree(`${HOME}/cbor2`);
  FS.writeFile("/lib/pratique.zip", code);
  FS.writeFile(`${HOME}/_cbor2.so`, extension);
  unpackZones(FS, zones);
  progress(0.7, "load");
  pyodide.runPython(BEGIN);
  const create = pyodide.globals.get("create");
  bridge = create();
  asBytes = pyodide.globals.get("as_bytes");
  progress(0.95, "load");
}

// The extension is looked for where its package is, which is an archive: it is found by its own name instead.
const BEGIN = `
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec

class Extension:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "cbor2._cbor2":
            file = "${HOME}/_cbor2.so"
            return ModuleSpec(name, ExtensionFileLoader(name, file), origin=file)

sys.meta_path.insert(0, Extension)
sys.path.insert(0, "/lib/pratique.zip")

def create():
    from pratique.web.bridge import Bridge
    return Bridge()

def as_bytes(data):
    return data.to_bytes()
`;

/**
 * Write the zones as the files that Python's zoneinfo reads.
 * @param {any} FS
 * @param {Uint8Array} packed a line of JSON, name -> [start, length]; then the files
 */
function unpackZones(FS, packed) {
  const end = packed.indexOf(10);
  /** @type {Record<string, [number, number]>} */
  const index = JSON.parse(new TextDecoder().decode(packed.subarray(0, end)));
  const folders = new Set();
  for (const [name, [start, length]] of Object.entries(index)) {
    const target = `/zones/${name}`;
    const folder = target.slice(0, target.lastIndexOf("/"));
    if (!folders.has(folder)) FS.mkdirTree(folder);
    folders.add(folder);
    FS.writeFile(target, packed.subarray(end + 1 + start, end + 1 + start + length), { canOwn: true });
  }
}

/** @param {string} method @param {unknown} request */
async function call(method, request) {
  if (bridge === undefined) throw new Error("the engine was not started");
  /** @type {Record<string, boolean | null>} */
  const answers = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    const said = JSON.parse(bridge.handle(method, JSON.stringify(request), JSON.stringify(answers)));
    if (said.ask === undefined) return said;
    Object.assign(answers, await answer(said.ask));
  }
  throw new Error("the engine does not stop asking");
}

/** @param {{type: string, files: Record<string, string>, data: Uint8Array, method: string, request: unknown}} message */
async function obey(message) {
  switch (message.type) {
    case "start": await start(message.files); return { result: true };
    case "open": return opened(JSON.parse(/** @type {any} */ (bridge).open(asBytes(message.data))));
    case "call": return call(message.method, message.request);
    default: throw new Error("no such message");
  }
}

/** @param {any} said facts, or an error @returns {any} */
function opened(said) {
  return said.error === undefined ? { result: said.result ?? said } : said;
}

let last = Promise.resolve();
addEventListener("message", ({ data }) => {
  last = last.then(async () => {
    try {
      postMessage({ id: data.id, ...(await obey(data)) });
    } catch (fault) {
      // What Python says of a fault may quote what it was given: the page hears where it happened, and no more.
      const kind = fault instanceof Error ? fault.name : "Error";
      postMessage({ id: data.id, error: { code: "engine-fault", message: `the engine stopped: ${kind}`, hint: "load the page again" } });
    }
  });
});
