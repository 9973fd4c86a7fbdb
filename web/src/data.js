// The snapshot that this site hands out: fetched, kept, brought up to date.
//
//   data/index.json -> is it the one that is kept? -> no: delta | whole file -> SHA-256 -> kept -> bytes
//
// 1. What does not have the digest that the index names is refused: a broken copy is no snapshot. The digest says that
//    it came whole, and not that it is right: whoever serves the page serves the index too.
// 2. An older edition than the kept one is not taken: a mirror that lags must not undo a revocation.
// 3. With the network gone the kept one is used, and its age is shown: old data is AMBER by the rules, not an error.
// 4. The server's clock is read with the index: a device whose clock is wrong is told so.

/**
 * @typedef {object} Index
 * @property {string} format
 * @property {number} number which edition it is
 * @property {number} created seconds since the epoch
 * @property {string} environment
 * @property {string} file
 * @property {string} sha256 hex
 * @property {{from: string, file: string}[]} deltas `from`: SHA-256 of the snapshot that it is made for
 */

/**
 * @typedef {object} SiteData
 * @property {Index} index
 * @property {Uint8Array} bytes
 */

const FORMAT = "pratique-site-data-1";
const DELTA_FORMAT = "pratique-site-delta-1";
const CACHE = "pratique-data";
const INDEX = "data/index.json";
/** Milliseconds that a network may take before what is kept is used. */
const PATIENCE = 8000;

/** @type {number | null} */
let offset = null;

/**
 * How far this device's clock is behind the server's, in seconds; negative where it is ahead.
 * @returns {number | null} null where the server was not heard
 */
export function clockBehind() {
  return offset;
}

/**
 * How old the data is, in seconds, by this device's clock.
 * @param {{created: number}} index
 * @param {number} [now] milliseconds since the epoch
 */
export function ageOf({ created }, now = Date.now()) {
  return Math.max(0, Math.floor(now / 1000) - created);
}

/**
 * Return the site's snapshot: the newest that can be had, else the kept one.
 * @returns {Promise<SiteData>}
 */
export async function loadData() {
  const kept = await keptData();
  try {
    return (await newerData(kept)) ?? /** @type {SiteData} */ (kept);
  } catch (error) {
    if (kept !== null) return kept;
    throw error;
  }
}

/**
 * Fetch a newer snapshot than this one, if there is any, and keep it.
 * @param {SiteData | null} held
 * @returns {Promise<SiteData | null>} null: there is no newer one
 */
export async function newerData(held) {
  const index = await loadIndex();
  if (held !== null) {
    if (index.sha256 === held.index.sha256) return null;
    // A site of another environment is another site; within one, editions only rise.
    if (index.environment === held.index.environment && index.number < held.index.number) return null;
  }
  const bytes = (held && (await byDelta(index, held))) ?? (await fetched(index.file));
  if ((await sha256(bytes)) !== index.sha256) throw new Error("the snapshot came damaged");
  await keepData(index, bytes);
  return { index, bytes };
}

/** @returns {Promise<Index>} */
async function loadIndex() {
  const asked = Date.now();
  const response = await fetch(INDEX, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error("this site holds no snapshot");
  const said = Date.parse(response.headers.get("date") ?? "");
  // Halfway between question and answer; the header has whole seconds.
  if (!Number.isNaN(said)) offset = Math.round((said - (asked + Date.now()) / 2) / 1000);
  const index = await response.json();
  if (index.format !== FORMAT) throw new Error("the data is of another version than this page");
  return index;
}

/** @param {Index} index @param {SiteData} held @returns {Promise<Uint8Array | null>} null: it cannot be made of it */
async function byDelta(index, held) {
  const delta = index.deltas.find(({ from }) => from === held.index.sha256);
  if (delta === undefined) return null;
  try {
    const made = applied(held.bytes, JSON.parse(new TextDecoder().decode(await fetched(delta.file))));
    return (await sha256(made)) === index.sha256 ? made : null;
  } catch {
    // The whole file is fetched then.
    return null;
  }
}

/**
 * Apply a delta: what parties/site.py writes.
 * @param {Uint8Array} older
 * @param {{format: string, steps: ([number, number] | string)[]}} delta a step copies [start, length], or adds a text
 * @returns {Uint8Array}
 */
export function applied(older, delta) {
  if (delta.format !== DELTA_FORMAT) throw new Error("the delta is of another version than this page");
  const encoder = new TextEncoder();
  const parts = delta.steps.map((step) =>
    typeof step === "string" ? encoder.encode(step) : older.subarray(step[0], step[0] + step[1]));
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    made.set(part, end);
    end += part.length;
  }
  return made;
}

/** @param {string} file @returns {Promise<Uint8Array>} */
async function fetched(file) {
  // Kept by us: the browser's own cache would hold it twice.
  const response = await fetch(`data/${file}`, { cache: "no-store" });
  if (!response.ok) throw new Error("the snapshot cannot be fetched");
  return new Uint8Array(await response.arrayBuffer());
}

/** @returns {Promise<SiteData | null>} */
async function keptData() {
  try {
    const cache = await caches.open(CACHE);
    const [index, snapshot] = await Promise.all([cache.match(INDEX), cache.match("data/snapshot")]);
    if (!index || !snapshot) return null;
    const data = { index: await index.json(), bytes: new Uint8Array(await snapshot.arrayBuffer()) };
    return (await sha256(data.bytes)) === data.index.sha256 ? data : null;
  } catch {
    // No storage, as in a private window: it is fetched each time.
    return null;
  }
}

/** @param {Index} index @param {Uint8Array} bytes */
async function keepData(index, bytes) {
  try {
    const cache = await caches.open(CACHE);
    await cache.put("data/snapshot", new Response(/** @type {Uint8Array<ArrayBuffer>} */ (bytes)));
    // Last: the two fit each other, or the next start finds that they do not.
    await cache.put(INDEX, new Response(JSON.stringify(index), { headers: { "Content-Type": "application/json" } }));
  } catch {
    // As above.
  }
}

/** @param {Uint8Array} bytes @returns {Promise<string>} */
export async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
