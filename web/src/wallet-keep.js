/**
 * Backup, restore, and the settings.
 *
 *     held -> age file -> download            file -> age -> held, beside what is here already
 */

import { BackupError, openBackup, sealBackup } from "./age.js";
import { asSaved, backupDue, backupOf, hasRoom, MOST_TEXTS, withBackup } from "./holdings.js";
import { change, now, onChange, session } from "./session.js";
import { deleteEverything, refusal } from "./wallet-lock.js";
import { ask, byId, choices, chosenFile, download, LEAST_CHARACTERS, notify, strength } from "./wallet-parts.js";
import { formatDate, t } from "./words.js";

const MINUTES = [1, 2, 5, 15];
const FILE = "pratique-wallet.age";

export function wireKeep() {
  byId("backup-save", "button").addEventListener("click", saveBackup);
  byId("remind-backup", "button").addEventListener("click", saveBackup);
  byId("backup-open", "button").addEventListener("click", restore);
  byId("add-passphrase", "button").addEventListener("click", newPassphrase);
  byId("add-passkey", "button").addEventListener("click", newPasskey);
  byId("delete", "button").addEventListener("click", deleteEverything);
  byId("lock-after", "select").addEventListener("change", () => {
    const minutes = Number(byId("lock-after", "select").value);
    void change((held) => ({ ...held, lockAfter: minutes }));
  });
  onChange(draw);
}

function draw() {
  const held = session.held;
  if (held === null) return;
  byId("remind").hidden = !backupDue(held, session.persisted);
  byId("remind-text", "p").textContent = [t("wallet.backup_remind"), session.persisted ? "" : t("wallet.storage_may_go")].join(" ");
  byId("backup-last", "p").textContent = held.saved === null ? "" : t("wallet.backup_last", { date: formatDate(held.saved) });
  choices(byId("lock-after", "select"), MINUTES.map((n) => [String(n), t("wallet.minutes", { n: String(n) })]), String(held.lockAfter));
}

async function saveBackup() {
  const answer = await ask({
    title: t("wallet.backup_save"),
    text: t("wallet.backup_hint"),
    go: t("wallet.backup_save"),
    fields: newPassphraseFields(),
    check: async ({ passphrase = "", again }) => {
      const wrong = unfit(passphrase, again);
      if (wrong !== null || session.held === null) return wrong;
      byId("asking-error", "p").textContent = t("wallet.opening");
      download(FILE, "application/octet-stream", await sealBackup(backupOf(session.held), passphrase));
      return null;
    },
  });
  if (answer === null) return;
  await change(asSaved(now()));
  notify(t("wallet.backup_done"));
}

async function restore() {
  const file = await chosenFile(".age,application/octet-stream,text/plain");
  if (file === null) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  await receiveBackup(bytes, t("wallet.backup_open"), t("wallet.passphrase"), (typed) => typed);
}

/**
 * Ask for what opens a backup, and take it in.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes an age file
 * @param {string} title
 * @param {string} label
 * @param {(typed: string) => string} passphraseOf
 * @returns {Promise<boolean>} whether it was taken in
 */
export async function receiveBackup(bytes, title, label, passphraseOf) {
  let taken = { added: 0, known: 0 };
  const answer = await ask({
    title,
    go: title,
    fields: [{ name: "passphrase", label, type: "password" }],
    check: async ({ passphrase = "" }) => {
      byId("asking-error", "p").textContent = t("wallet.opening");
      try {
        const backup = await openBackup(bytes, passphraseOf(passphrase));
        if (session.held === null || !hasRoom(session.held, backup.cards)) return t("wallet.full", { n: MOST_TEXTS });
        taken = await takeIn(backup);
        return null;
      } catch (error) {
        return error instanceof BackupError ? t("wallet.backup_refused") : t("page.failed");
      }
    },
  });
  if (answer === null) return false;
  notify(t("wallet.backup_added", { n: String(taken.added), known: String(taken.known) }));
  return true;
}

/** @param {import("./age.js").Backup} backup */
async function takeIn(backup) {
  const before = session.held?.cards.length ?? 0;
  await change(await withBackup(backup, now()));
  const added = (session.held?.cards.length ?? 0) - before;
  return { added, known: backup.cards.length - added };
}

// The locks.

async function newPassphrase() {
  await addLock(t("wallet.passphrase_new"), newPassphraseFields(), (values) => {
    const wrong = unfit(values["passphrase"] ?? "", values["again"]);
    return wrong ?? { kind: "passphrase", passphrase: values["passphrase"] ?? "" };
  });
}

async function newPasskey() {
  await addLock(t("wallet.passkey_new"), [], () => ({ kind: "passkey" }));
}

/**
 * Add a lock; who does it shows that another one opens.
 *
 * @param {string} title
 * @param {import("./wallet-parts.js").Field[]} fields
 * @param {(values: Record<string, string>) => string | import("./vault.js").Proof} added
 */
async function addLock(title, fields, added) {
  const byPassphrase = (await session.vault.locks()).includes("passphrase");
  const current = { name: "current", label: t("wallet.passphrase_now"), type: "password", autocomplete: "current-password" };
  const answer = await ask({
    title,
    text: byPassphrase ? "" : t("wallet.passkey_hint"),
    go: title,
    fields: [...(byPassphrase ? [current] : []), ...fields],
    check: async (values) => {
      const lock = added(values);
      if (typeof lock === "string") return lock;
      try {
        await session.vault.addLock(byPassphrase ? { kind: "passphrase", passphrase: values["current"] ?? "" } : { kind: "passkey" }, lock);
        return null;
      } catch (error) {
        return refusal(error);
      }
    },
  });
  if (answer !== null) notify(t("page.done"));
}

/** @returns {import("./wallet-parts.js").Field[]} */
function newPassphraseFields() {
  const hint = t("wallet.passphrase_hint", { n: String(LEAST_CHARACTERS) });
  return [
    { name: "passphrase", label: t("wallet.passphrase"), type: "password", hint, autocomplete: "new-password" },
    { name: "again", label: t("wallet.passphrase_again"), type: "password", autocomplete: "new-password" },
  ];
}

/** @param {string} passphrase @param {string | undefined} again @returns {string | null} */
function unfit(passphrase, again) {
  if (strength(passphrase) === "short") return t("wallet.passphrase_short");
  return passphrase === again ? null : t("wallet.passphrase_differs");
}
