/**
 * A file that was dropped or chosen: a picture, a PDF, or the text itself -> the texts of its codes.
 *
 * 1. What a file is is told by its first bytes, never by its name, which is not read.
 * 2. PDF's reader is loaded when the first PDF comes, and let go with it.
 * 3. Bytes, pages and pixels are limited as natively (`store.scan`).
 */
import { trustedURL } from "./policy.js";
import { t } from "./words.js";

/** @import {Reader} from "./reader.js" */

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_PAGES = 32;
const PAGE_PIXELS = 16_000_000;
const QUICK_DPI = 200;
const FINE_DPI = 400;
/** Bytes of a text file: a wallet's whole file is shorter. */
const MAX_TEXT = 1_000_000;

export class Unreadable extends Error {
  /** @param {string} reason large, pages, locked, kind or none */
  constructor(reason) {
    super(reason);
    this.name = "Unreadable";
    this.reason = reason;
  }
}

/**
 * Return the texts of a file's codes, in order, each once; there is at least one.
 *
 * @param {Blob} file
 * @param {Reader} reader
 * @returns {Promise<string[]>}
 * @throws {Unreadable}
 */
export async function textsIn(file, reader) {
  if (file.size > MAX_BYTES) throw new Unreadable("large");
  const data = new Uint8Array(await file.arrayBuffer());
  const texts = await codesIn(data, reader);
  // pdf.js has taken a PDF's bytes over, and let go of them.
  if (data.length) data.fill(0);
  if (!texts.length) throw new Unreadable("none");
  return texts;
}

/**
 * @param {Uint8Array<ArrayBuffer>} data
 * @param {Reader} reader
 */
async function codesIn(data, reader) {
  if (isPDF(data)) return codesInPages(data, reader);
  const text = textOf(data);
  if (text !== null) return text.trim() ? [text] : [];
  const picture = await createImageBitmap(new Blob([data])).catch(() => null);
  if (!picture) throw new Unreadable("kind");
  return reader.read(picture, true);
}

/** @param {Uint8Array} data */
function isPDF(data) {
  return new TextDecoder("latin1").decode(data.subarray(0, 64)).trimStart().startsWith("%PDF-");
}

/**
 * The text that bytes are; null where they are none.
 *
 * @param {Uint8Array} data
 */
function textOf(data) {
  if (data.length > MAX_TEXT || data.subarray(0, 64).includes(0)) return null;
  // DIVOC's archive is bytes, of which each is one character.
  if (new TextDecoder("latin1").decode(data.subarray(0, 4)) === "PK\x03\x04") return latin1(data);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return null;
  }
}

/** @param {Uint8Array} data */
function latin1(data) {
  return Array.from(data, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * @param {Uint8Array<ArrayBuffer>} data
 * @param {Reader} reader
 */
async function codesInPages(data, reader) {
  const pdf = await import("./vendor/pdf.js");
  const port = new Worker(trustedURL("vendor/pdf.worker.js"), { type: "module" });
  // Fonts and scripts of a document are nothing to a reader of codes.
  const loading = pdf.getDocument({
    data, worker: pdf.PDFWorker.create({ port }), isEvalSupported: false, disableFontFace: true,
    stopAtErrors: false, useWorkerFetch: false, verbosity: 0,
  });
  try {
    const book = await loading.promise.catch((/** @type {Error} */ error) => {
      throw new Unreadable(error.name === "PasswordException" ? "locked" : "kind");
    });
    if (book.numPages > MAX_PAGES) throw new Unreadable("pages");
    for (const dpi of [QUICK_DPI, FINE_DPI]) {
      /** @type {Set<string>} */
      const texts = new Set();
      for (let number = 1; number <= book.numPages; number++) {
        const picture = await rendered(await book.getPage(number), dpi);
        for (const text of await reader.read(picture, dpi === FINE_DPI)) texts.add(text);
      }
      if (texts.size) return [...texts];
    }
    return [];
  } finally {
    await loading.destroy();
    port.terminate();
  }
}

/**
 * @param {import("pdfjs-dist").PDFPageProxy} page
 * @param {number} dpi
 */
async function rendered(page, dpi) {
  const whole = page.getViewport({ scale: 1 });
  const fitting = Math.sqrt(PAGE_PIXELS / (whole.width * whole.height));
  const viewport = page.getViewport({ scale: Math.min(dpi / 72, fitting) });
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(viewport.width);
  canvas.height = Math.ceil(viewport.height);
  await page.render({ canvas, viewport, background: "white" }).promise;
  const picture = await createImageBitmap(canvas);
  canvas.width = canvas.height = 0;
  return picture;
}

/** Why nothing was read in a file. @param {string} reason */
export function whyUnread(reason) {
  if (reason === "none") return t("page.file_no_code");
  if (reason === "kind") return `${t("reasons.file-not-read")} ${t("steps.save-as-picture")}`;
  return t(`border.file_${reason}`);
}
