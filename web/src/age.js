/**
 * The backup: one age file (age-encryption.org/v1) under a passphrase, opened by every age program.
 *
 *     document -> JSON -> age, scrypt recipient -> bytes        and back
 *
 * 1. The file holds the certificates' own texts, the trips and the marks of who is who: JSON that a
 *    person can read once it is decrypted, without this wallet.
 * 2. The work runs in a worker: scrypt takes seconds on a phone, and the page stays alive.
 * 3. What comes back is a stranger's document: shape and size are checked before it is used.
 */

import { trustedURL } from "./policy.js";

export const FORMAT = "pratique-wallet-backup-1";
/** scrypt's work: 2^17 rounds take 128 MiB; 2^18, age's default, is refused by small phones. */
export const WORK = 17;
/** For a transfer: its code is 60 random bits, which no work needs to stretch. */
export const TRANSFER_WORK = 14;
/** No backup is larger: 1,000 certificates are about 1 MB. */
const MOST_BYTES = 4_194_304;
const MOST_CARDS = 1_000;
const MOST_TEXT = 8_192;

/** Why a backup did not open; `code` chooses the words. */
export class BackupError extends Error {
  /** @param {"wrong-passphrase"|"no-backup"|"too-large"|"failed"} code */
  constructor(code) {
    super(code);
    this.name = "BackupError";
    this.code = code;
  }
}

/**
 * @typedef {{texts: string[]}} BackedCard
 * @typedef {{place: string, zone: string, at: number, person?: string}} BackedTrip
 * @typedef {{cards: BackedCard[], trips: BackedTrip[], same: string[][], apart: string[][]}} Backup
 */

/**
 * Encrypt a backup.
 *
 * @param {Backup} backup
 * @param {string} passphrase
 * @param {number} [work] scrypt's log2 N
 * @returns {Promise<Uint8Array<ArrayBuffer>>} an age file
 */
export async function sealBackup(backup, passphrase, work = WORK) {
  const text = JSON.stringify({ format: FORMAT, ...backup }, null, 1);
  return inWorker({ act: "seal", bytes: new TextEncoder().encode(text), passphrase: normal(passphrase), work });
}

/**
 * Open a backup. BackupError says why it did not open.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes an age file, binary or armoured
 * @param {string} passphrase
 * @returns {Promise<Backup>}
 */
export async function openBackup(bytes, passphrase) {
  if (bytes.length > MOST_BYTES) throw new BackupError("too-large");
  const plain = await inWorker({ act: "open", bytes, passphrase: normal(passphrase), work: 0 });
  return read(new TextDecoder().decode(plain));
}

/** Hyphens and spaces of a code that was read aloud do not count. @param {string} code */
export function typedCode(code) {
  const letters = code.toUpperCase().replace(/[^0-9A-Z]/g, "");
  // Crockford's Base32: what looks alike is alike.
  return letters.replace(/O/g, "0").replace(/[IL]/g, "1");
}

/** Draw the code of a transfer: 12 letters of Crockford's Base32, 60 bits. */
export function newCode() {
  const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => letters[byte & 31]).join("");
}

/** @param {string} code */
export function grouped(code) {
  return code.replace(/(.{4})(?=.)/g, "$1-");
}

/** @param {string} passphrase */
function normal(passphrase) {
  return passphrase.normalize("NFKC");
}

/**
 * Read a backup's JSON, and keep only what is known.
 *
 * @param {string} text
 * @returns {Backup}
 */
export function read(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    throw new BackupError("no-backup");
  }
  if (document?.format !== FORMAT || !Array.isArray(document.cards)) throw new BackupError("no-backup");
  if (document.cards.length > MOST_CARDS) throw new BackupError("too-large");
  const cards = document.cards.map(/** @param {any} card */ (card) => ({ texts: strings(card?.texts) }));
  if (cards.some(/** @param {BackedCard} card */ (card) => card.texts.length === 0)) throw new BackupError("no-backup");
  return { cards, trips: list(document.trips).flatMap(trip), same: pairs(document.same), apart: pairs(document.apart) };
}

/** @param {any} value @returns {any[]} */
function list(value) {
  return Array.isArray(value) ? value.slice(0, MOST_CARDS) : [];
}

/** @param {any} value @returns {string[]} */
function strings(value) {
  return list(value).filter((text) => typeof text === "string" && text.length > 0 && text.length <= MOST_TEXT);
}

/** @param {any} value @returns {string[][]} */
function pairs(value) {
  return list(value).map(strings).filter((pair) => pair.length === 2);
}

/** @param {any} value @returns {BackedTrip[]} */
function trip(value) {
  const { place, zone, at, person } = value ?? {};
  if (typeof place !== "string" || typeof zone !== "string" || !Number.isSafeInteger(at)) return [];
  return [{ place: place.slice(0, 16), zone: zone.slice(0, 64), at, ...(typeof person === "string" ? { person: person.slice(0, 64) } : {}) }];
}

/**
 * @param {{act: "seal" | "open", bytes: Uint8Array<ArrayBuffer>, passphrase: string, work: number}} order
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
function inWorker(order) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(trustedURL("age.worker.js"), { type: "module" });
    worker.onmessage = ({ data }) => {
      // The worker has seen the passphrase: it does not outlive the work.
      worker.terminate();
      if (data.bytes) resolve(data.bytes);
      else reject(new BackupError(data.error));
    };
    worker.onerror = () => {
      worker.terminate();
      reject(new BackupError("failed"));
    };
    worker.postMessage(order);
  });
}
