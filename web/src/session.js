/** What is open now: the vault, what it holds, the engine. Locking empties it. */

/**
 * @typedef {object} Session
 * @property {import("./vault.js").Vault} vault
 * @property {any} engine
 * @property {import("./holdings.js").Holdings | null} held
 * @property {boolean} persisted
 */

/** @type {Session} */
export const session = { vault: /** @type {any} */ (null), engine: null, held: null, persisted: false };

/** @type {Set<() => void | Promise<void>>} */
const watchers = new Set();

/** Have a function called when what is held has changed. @param {() => void | Promise<void>} watcher */
export function onChange(watcher) {
  watchers.add(watcher);
}

/** Change what is held, on the disk first. @param {(held: import("./holdings.js").Holdings) => import("./holdings.js").Holdings} edit */
export async function change(edit) {
  session.held = await session.vault.change(edit);
  await changed();
}

export async function changed() {
  for (const watcher of watchers) await watcher();
}

/** The instant that questions are asked for, in seconds since the epoch. */
export function now() {
  return Math.floor(Date.now() / 1000);
}
