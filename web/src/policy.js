// Which scripts this site runs: a closed list of its own files.
//
// 1. The content policy of every response asks for Trusted Types: a worker is started from what `trustedURL`
//    returns, and from no text. There is one policy of ours, `pratique`, and none that makes HTML.
// 2. A name that is not in the list of the build is refused, whoever asks.
import { NAMES } from "./names.js";

const SCRIPT = /(\.worker|^service-worker)\.js$/;

/** @param {string} name */
function address(name) {
  const served = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (served === undefined) throw new TypeError(`no file of this site: ${name}`);
  return new URL(served, import.meta.url).href;
}

/** @param {string} name */
function script(name) {
  if (!SCRIPT.test(name)) throw new TypeError(`no script of this site: ${name}`);
  return address(name);
}

/** @type {{createScriptURL(name: string): TrustedScriptURL | string}} */
const policy = globalThis.trustedTypes?.createPolicy("pratique", { createScriptURL: script }) ?? { createScriptURL: script };

/**
 * Return the address of a worker of this site, by the name of its source ("qr.worker.js").
 *
 * Where a browser knows no Trusted Types it is a text.
 * @param {string} name
 * @returns {string} for `new Worker(…)` and `register(…)`; typed as text, which is what they are typed to take
 */
export function trustedURL(name) {
  return /** @type {string} */ (policy.createScriptURL(name));
}

/**
 * Return the address of a file that is no script ("zxing_reader.wasm"), for `fetch`.
 * @param {string} name
 * @returns {string}
 */
export function fileURL(name) {
  return address(name);
}
