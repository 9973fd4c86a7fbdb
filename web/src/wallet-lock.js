/**
 * Making, opening and locking the wallet.
 *
 *     no locks -> create -> open          locks -> locked -> passphrase | passkey -> open -> locked …
 *
 * 1. Locking forgets the key, closes every dialog and empties what was drawn.
 * 2. It locks by itself: out of sight for the minutes that were set, or unused for ten. A phone stops
 *    timers out of sight, so the clock is asked again when the page is seen.
 */

import { emptyHoldings } from "./holdings.js";
import { changed, session } from "./session.js";
import { ask, byId, hideAll, notify, strength, strengthInWords } from "./wallet-parts.js";
import { passkeysOffered, VaultError } from "./vault.js";
import { t } from "./words.js";

const UNUSED = 10 * 60_000;
const SCREENS = ["starting", "failed", "create", "locked", "open"];

/** @type {(() => void)[]} */
const clearers = [];
/** Have a function called when the wallet locks: it removes what it drew. @param {() => void} clear */
export function onLock(clear) {
  clearers.push(clear);
}

/** Show one of the page's screens. @param {string} screen */
export function screen(screen) {
  for (const id of SCREENS) byId(id).hidden = id !== screen;
  byId("lock", "button").hidden = screen !== "open";
}

/** Show what there is to do first: make a wallet, or open it. */
export async function first() {
  const locks = await session.vault.locks();
  if (locks.length === 0) {
    screen("create");
    byId("create-passkey").hidden = !(await passkeysOffered());
    byId("create-title", "h2").focus();
    return;
  }
  screen("locked");
  byId("unlock-passkey").hidden = !locks.includes("passkey");
  byId("unlock-form", "form").hidden = !locks.includes("passphrase");
  byId("locked-title", "h2").focus();
}

export function wireLock() {
  byId("create-form", "form").addEventListener("submit", createByPassphrase);
  byId("create-passkey").querySelector("button")?.addEventListener("click", () => create({ kind: "passkey" }));
  byId("create-passphrase", "input").addEventListener("input", () => {
    byId("create-strength", "p").textContent = strengthInWords(byId("create-passphrase", "input").value);
  });
  byId("unlock-form", "form").addEventListener("submit", (event) => {
    event.preventDefault();
    void unlock({ kind: "passphrase", passphrase: byId("unlock-passphrase", "input").value });
  });
  byId("unlock-passkey").querySelector("button")?.addEventListener("click", () => unlock({ kind: "passkey" }));
  byId("unlock-delete", "button").addEventListener("click", deleteEverything);
  byId("lock", "button").addEventListener("click", lock);
  watch();
}

/** @param {Event} event */
async function createByPassphrase(event) {
  event.preventDefault();
  const passphrase = byId("create-passphrase", "input").value;
  const again = byId("create-again", "input").value;
  const wrong = strength(passphrase) === "short" ? "short" : passphrase !== again ? "differs" : null;
  byId("create-error", "p").textContent = wrong === null ? "" : t(`wallet.passphrase_${wrong}`);
  if (wrong === null) await create({ kind: "passphrase", passphrase });
}

/** @param {import("./vault.js").Proof} proof */
async function create(proof) {
  await trying("create-error", async () => {
    await session.vault.create(proof, emptyHoldings(crypto.randomUUID()));
    await opened();
  });
}

/** @param {import("./vault.js").Proof} proof */
async function unlock(proof) {
  await trying("unlock-error", async () => {
    await session.vault.unlock(proof);
    await opened();
  });
}

async function opened() {
  for (const id of ["create-passphrase", "create-again", "unlock-passphrase"]) byId(id, "input").value = "";
  byId("create-strength", "p").textContent = "";
  session.held = await session.vault.read();
  session.persisted = (await navigator.storage?.persisted?.()) ?? false;
  screen("open");
  await changed();
  byId("cards-title", "h2").focus();
}

/** Lock: forget the key and everything that was drawn with it. */
export async function lock() {
  if (!session.vault.isOpen) return;
  session.vault.lock();
  session.held = null;
  hideAll();
  for (const clear of clearers) clear();
  notify("");
  await first();
}

/** Delete everything, asked once. Another wallet can be made at once. */
export async function deleteEverything() {
  const sure = await ask({ title: t("wallet.delete"), text: t("wallet.delete_sure"), go: t("wallet.delete"), danger: true });
  if (sure === null) return;
  await session.vault.erase();
  session.held = null;
  hideAll();
  for (const clear of clearers) clear();
  await first();
  notify(t("wallet.deleted"));
}

/** @param {string} id where words of a refusal go @param {() => Promise<void>} act */
async function trying(id, act) {
  const place = byId(id, "p");
  place.textContent = t("wallet.opening");
  try {
    await act();
    place.textContent = "";
  } catch (error) {
    place.textContent = refusal(error);
  }
}

/** Why a vault did not open, in words. @param {unknown} error @returns {string} */
export function refusal(error) {
  if (!(error instanceof VaultError)) return t("page.failed");
  if (error.code === "wrong-passphrase") return t("wallet.passphrase_wrong");
  if (error.code === "passkey-unfit") return t("wallet.passkey_none");
  if (error.code === "passkey-refused") return t("wallet.passkey_refused");
  if (error.code === "damaged") return t("wallet.damaged");
  return t("page.failed");
}

function watch() {
  let hiddenSince = 0;
  let usedAt = Date.now();
  const out = () => hiddenSince !== 0 && Date.now() - hiddenSince >= (session.held?.lockAfter ?? 2) * 60_000;
  // Who queues with the code on the screen does not touch it: then only being out of sight counts.
  const unused = () => !byId("showing", "dialog").open && !byId("sending", "dialog").open && Date.now() - usedAt >= UNUSED;
  const look = () => {
    if (session.vault?.isOpen && (out() || unused())) void lock();
  };
  for (const use of ["pointerdown", "keydown"]) addEventListener(use, () => { usedAt = Date.now(); }, { passive: true });
  document.addEventListener("visibilitychange", () => {
    look();
    hiddenSince = document.hidden ? Date.now() : 0;
  });
  setInterval(look, 5_000);
}
