// Names with digests: a file's name says what is in it, so that a browser may keep it for ever.
//
//   sources, by what they name -> leaves first -> references rewritten -> digest of the bytes -> name-0123456789ab.ext
//
// 1. A name is made of the bytes that are served, and those hold the names of what they refer to: whatever changes
//    anywhere below gives a page new names. Circles are refused.
// 2. Pages and the service worker keep their names: they are asked for anew each time.
import { createHash } from "node:crypto";
import path from "node:path";

/** What refers to other files in a module: import … from "./x.js", export … from, import("./x.js"). */
const IMPORT = /(\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)"(\.{1,2}\/[^"]+)"/g;
const AT_NEED = /\($/;
/** What does in a page: src="x.js", href="style.css". */
const LINK = /\b(src|href)="([^":#?/][^":#?]*)"/g;
const ICON = /"src":\s*"([^"]+)"/g;
const DIGITS = 12;

export class Site {
  /** @type {Map<string, string | Uint8Array>} */ #sources = new Map();
  /** @type {Record<string, string>} a source's name -> the name that is served */ names = {};
  /** @type {Record<string, Uint8Array>} a served name -> its bytes */ files = {};
  /** @type {Map<string, Set<string>>} a source -> what it names and needs at once */ #needs = new Map();
  /** @type {Set<string>} */ #open = new Set();

  /** @param {string} name @param {string | Uint8Array} content */
  add(name, content) {
    if (this.#sources.has(name)) throw new Error(`${name} is there twice`);
    this.#sources.set(name, content);
  }

  /** @param {string} name */
  has(name) {
    return this.#sources.has(name);
  }

  /** @returns {string[]} */
  sources() {
    return [...this.#sources.keys()];
  }

  /**
   * Give a file, and all that it names, its name; return that.
   * @param {string} name
   * @param {{keep?: boolean}} [how]
   * @returns {string}
   */
  finish(name, { keep = false } = {}) {
    const done = this.names[name];
    if (done !== undefined) return done;
    const source = this.#sources.get(name);
    if (source === undefined) throw new Error(`no such file: ${name}`);
    if (this.#open.has(name)) throw new Error(`files name each other in a circle: ${[...this.#open, name].join(" -> ")}`);
    this.#open.add(name);
    const content = typeof source === "string" ? Buffer.from(this.#rewritten(name, source)) : source;
    this.#open.delete(name);
    const served = keep ? name : named(name, content);
    this.names[name] = served;
    this.files[served] = content;
    return served;
  }

  /**
   * Return what comes with a source when it is loaded: itself, and all that it names and needs at once.
   * @param {string} name
   * @param {Set<string>} [known]
   * @returns {Set<string>}
   */
  with(name, known = new Set()) {
    if (known.has(name)) return known;
    known.add(name);
    for (const other of this.#needs.get(name) ?? []) this.with(other, known);
    return known;
  }

  /** @param {string} name @param {string} text */
  #rewritten(name, text) {
    const folder = path.posix.dirname(name);
    const needs = new Set();
    this.#needs.set(name, needs);
    /** @param {string} reference @param {boolean} [atNeed] loaded when it is first used, and not with the page */
    const served = (reference, atNeed = false) => {
      const target = path.posix.normalize(path.posix.join(folder, reference));
      if (target.endsWith(".html")) return reference;
      if (!atNeed) needs.add(target);
      return path.posix.relative(folder, this.finish(target));
    };
    if (name.endsWith(".js")) {
      return text.replace(IMPORT, (_, start, reference) =>
        `${start}"./${served(reference, AT_NEED.test(start.trim()))}"`.replace('"./../', '"../'));
    }
    if (name.endsWith(".html")) return text.replace(LINK, (_, start, reference) => `${start}="${served(reference)}"`);
    if (name.endsWith(".webmanifest")) return text.replace(ICON, (_, reference) => `"src": "${served(reference)}"`);
    return text;
  }
}

/**
 * Return a name with the digest of the bytes in it.
 * @param {string} name
 * @param {Uint8Array} content
 */
export function named(name, content) {
  const { dir, name: stem, ext } = path.posix.parse(name);
  return path.posix.join(dir, `${stem}-${digest(content)}${ext}`);
}

/** @param {Uint8Array} content */
export function digest(content) {
  return sha256(content).slice(0, DIGITS);
}

/** @param {Uint8Array} content */
export function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}
