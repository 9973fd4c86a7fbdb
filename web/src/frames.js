/**
 * Rotating codes: bytes too large for one QR code, drawn one frame after another, read in any order.
 *
 *     bytes -> pieces -> "index:count:digest:BASE45" -> QR codes, round and round -> pieces -> bytes
 *
 * 1. The digest (first 64 bits of SHA-256 over all bytes) names the transfer: frames of two transfers
 *    never mix. What was put together is compared with it once more.
 * 2. A lost frame comes round again; nothing flows back from the reader to the screen.
 * 3. The bytes are encrypted before they come here (age): who films the screen has ciphertext.
 * 4. A frame is a stranger's text: counts and lengths are bounded before anything is kept.
 */
import { sha256 } from "./data.js";

/** Bytes a frame: 540 characters and a header, QR version 15 at level M, no denser than a certificate. */
export const PIECE = 360;
/** Frames that a transfer may have: 144 kB, 200 certificates, under three minutes a round. */
export const MOST_FRAMES = 400;
/** Milliseconds that a frame is shown: under three changes a second (WCAG 2.3.1). */
export const SHOWN = 400;

const FRAME = /^([0-9]{1,3}):([0-9]{1,3}):([0-9A-F]{16}):([0-9A-Z $%*+\-./:]+)$/;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** Cut bytes into frames' texts. RangeError above MOST_FRAMES. @param {Uint8Array<ArrayBuffer>} bytes */
export async function frames(bytes) {
  const count = Math.max(1, Math.ceil(bytes.length / PIECE));
  if (count > MOST_FRAMES) throw new RangeError("too many frames");
  const digest = await digestOf(bytes);
  return Array.from({ length: count }, (_, index) => {
    const piece = bytes.subarray(index * PIECE, (index + 1) * PIECE);
    return `${index + 1}:${count}:${digest}:${base45(piece)}`;
  });
}

/** Tell whether a text looks like a frame. @param {string} text */
export function isFrame(text) {
  return FRAME.test(text);
}

/** Puts frames together, in whatever order they are seen. */
export class Collector {
  /** @type {Map<number, Uint8Array<ArrayBuffer>>} */
  #pieces = new Map();
  #digest = "";
  #count = 0;

  get count() {
    return this.#count;
  }

  get received() {
    return this.#pieces.size;
  }

  /** Return the numbers of the frames that are still to come. @returns {number[]} */
  get missing() {
    return Array.from({ length: this.#count }, (_, index) => index + 1).filter((n) => !this.#pieces.has(n));
  }

  /**
   * Take in what was scanned. A frame of another transfer begins anew.
   *
   * @param {string} text
   * @returns {Promise<{state: "no-frame" | "again" | "more" | "damaged"} | {state: "complete", bytes: Uint8Array<ArrayBuffer>}>}
   */
  async receive(text) {
    const parts = FRAME.exec(text);
    if (parts === null) return { state: "no-frame" };
    const [index, count, digest] = [Number(parts[1]), Number(parts[2]), /** @type {string} */ (parts[3])];
    const piece = bytesOf(/** @type {string} */ (parts[4]));
    if (index < 1 || index > count || count > MOST_FRAMES) return { state: "no-frame" };
    if (piece === null || piece.length > PIECE) return { state: "no-frame" };
    if (digest !== this.#digest || count !== this.#count) this.#begin(digest, count);
    if (this.#pieces.has(index)) return { state: "again" };
    this.#pieces.set(index, piece);
    if (this.#pieces.size < count) return { state: "more" };
    const bytes = this.#joined();
    if ((await digestOf(bytes)) === digest) return { state: "complete", bytes };
    this.#begin("", 0);
    return { state: "damaged" };
  }

  /** @param {string} digest @param {number} count */
  #begin(digest, count) {
    this.#pieces.clear();
    this.#digest = digest;
    this.#count = count;
  }

  #joined() {
    const pieces = [...this.#pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece);
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let offset = 0;
    for (const piece of pieces) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    return bytes;
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<string>} 16 hexadecimal digits */
async function digestOf(bytes) {
  return (await sha256(bytes)).slice(0, 16).toUpperCase();
}

/** Base45 (RFC 9285 §4). @param {Uint8Array} bytes */
export function base45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = at + 1 < bytes.length;
    let value = pair ? /** @type {number} */ (bytes[at]) * 256 + /** @type {number} */ (bytes[at + 1]) : /** @type {number} */ (bytes[at]);
    for (let digit = 0; digit < (pair ? 3 : 2); digit++) {
      text += ALPHABET[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/** Base45 back to bytes; null where it is none (RFC 9285 §6: a value above 65535 is refused).
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer> | null}
 */
export function bytesOf(text) {
  if (text.length % 3 === 1) return null;
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = [...text.slice(at, at + 3)].map((letter) => ALPHABET.indexOf(letter));
    if (digits.includes(-1)) return null;
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (value > (digits.length === 3 ? 0xffff : 0xff)) return null;
    if (digits.length === 3) bytes.push(value >> 8);
    bytes.push(value & 0xff);
  }
  return new Uint8Array(bytes);
}
