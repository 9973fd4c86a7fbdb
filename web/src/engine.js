// The engine, as a page has it: started once, then called.
//
//   startEngine() -> worker -> start -> the site's snapshot (data.js) -> open -> facts
//   engine.call("border.check", {texts, place, zone, at}) -> result | EngineError
//
// 1. A start that does not end is an error, and no white page: without `wasm-unsafe-eval` Pyodide waits for ever.
// 2. What the engine refuses is an EngineError with its code, message and hint; they are no traveller's data.
import { loadData } from "./data.js";
import { fileURL, trustedURL } from "./policy.js";

/** Milliseconds that the start may take without any step of it ending. */
const PATIENCE = 120_000;
const FILES = ["pyodide/", "python.zip", "pratique.zip", "cbor2.so", "zones.bin"];

export class EngineError extends Error {
  /** @param {{code: string, message: string, hint?: string}} error */
  constructor({ code, message, hint = "" }) {
    super(message);
    this.name = "EngineError";
    this.code = code;
    this.hint = hint;
  }
}

/**
 * @typedef {object} Facts
 * @property {number} number which edition the snapshot is
 * @property {number} created seconds since the epoch
 * @property {string} environment
 */

/**
 * @typedef {object} Engine
 * @property {Facts & Record<string, unknown>} facts of the snapshot that is open
 * @property {(method: string, request: unknown) => Promise<any>} call
 * @property {(data: Uint8Array) => Promise<Facts & Record<string, unknown>>} open take another snapshot
 * @property {import("./data.js").SiteData | null} data the site's snapshot as it was opened at the start, for updates.js
 * @property {() => void} stop
 */

/**
 * Start the engine and open the snapshot of this site.
 * @param {{onProgress?: (share: number, step: string) => void, data?: Promise<Uint8Array> | Uint8Array}} [given]
 *   `data`: a snapshot to open in place of the site's
 * @returns {Promise<Engine>}
 */
export async function startEngine({ onProgress = () => undefined, data } = {}) {
  const worker = new Worker(trustedURL("engine.worker.js"), { type: "module" });
  /** @type {Map<number, {resolve(value: any): void, reject(error: Error): void}>} */
  const waiting = new Map();
  let count = 0;
  let alive = () => undefined;

  /** @param {Error} error */
  const fail = (error) => {
    worker.terminate();
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.addEventListener("message", ({ data: message }) => {
    alive();
    if (message.progress !== undefined) onProgress(message.progress, message.step);
    const asked = waiting.get(message.id);
    if (asked === undefined) return;
    waiting.delete(message.id);
    if (message.error === undefined) asked.resolve(message.result);
    else asked.reject(new EngineError(message.error));
  });
  worker.addEventListener("error", () => fail(new EngineError({
    code: "engine-fault", message: "the engine cannot run in this browser", hint: "update the browser, or use another one" })));

  /** @param {Record<string, unknown>} message @returns {Promise<any>} */
  const send = (message) => new Promise((resolve, reject) => {
    count += 1;
    waiting.set(count, { resolve, reject });
    worker.postMessage({ id: count, ...message });
  });

  const site = data === undefined ? loadData().catch(noData) : Promise.resolve(data).then((bytes) => ({ bytes, index: null }));
  // It is awaited below; until then a failure is nobody's.
  site.catch(() => undefined);
  const watchdog = watch(() => fail(new EngineError({
    code: "engine-late", message: "the engine did not start", hint: "load the page again; if it stays so, use another browser" })));
  alive = watchdog.alive;
  try {
    await send({ type: "start", files: Object.fromEntries(FILES.map((name) => [name, fileURL(name)])) });
  } finally {
    watchdog.stop();
  }
  alive = () => undefined;
  /** @type {Engine} */
  const engine = {
    facts: { number: 0, created: 0, environment: "" },
    data: null,
    call: (method, request) => send({ type: "call", method, request }),
    open: async (bytes) => {
      engine.facts = await send({ type: "open", data: bytes });
      return engine.facts;
    },
    stop: () => fail(new EngineError({ code: "engine-stopped", message: "the engine was stopped" })),
  };
  const { index, bytes } = await site;
  await engine.open(bytes);
  if (index !== null) engine.data = { index, bytes };
  onProgress(1, "ready");
  return engine;
}

/** @param {unknown} error @returns {never} */
function noData(error) {
  throw new EngineError({
    code: "no-data", message: error instanceof Error ? error.message : "this site holds no snapshot", hint: "pratique web build" });
}

/** @param {() => void} late */
function watch(late) {
  let timer = setTimeout(late, PATIENCE);
  return {
    alive: () => { clearTimeout(timer); timer = setTimeout(late, PATIENCE); return undefined; },
    stop: () => clearTimeout(timer),
  };
}
