// The snapshot that this site hands out.
//
//   data/index.json {number, created, file, sha256} -> data/snapshot-….json -> SHA-256 -> bytes
//
// 1. What does not have the digest that the index names is refused: a broken copy is no snapshot.
// 2. How old it is, is counted from `created`; the page shows it and the engine judges by it.

/**
 * @typedef {object} Index
 * @property {string} format
 * @property {number} number which edition it is
 * @property {number} created seconds since the epoch
 * @property {string} file
 * @property {string} sha256 hex
 */

/** @typedef {{index: Index, bytes: Uint8Array}} SiteData */

/** @returns {Promise<SiteData>} */
export async function loadData() {
  const index = await loadIndex();
  const response = await fetch(`data/${index.file}`);
  if (!response.ok) throw new Error("the snapshot cannot be fetched");
  const bytes = new Uint8Array(await response.arrayBuffer());
  if ((await sha256(bytes)) !== index.sha256) throw new Error("the snapshot came damaged");
  return { index, bytes };
}

/** @returns {Promise<Index>} */
export async function loadIndex() {
  const response = await fetch("data/index.json", { cache: "no-cache" });
  if (!response.ok) throw new Error("this site holds no snapshot");
  return response.json();
}

/** @param {Uint8Array} bytes @returns {Promise<string>} */
export async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
