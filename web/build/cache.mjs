// What takes long is done once for the same bytes: compressing Pyodide takes a minute, and it rarely changes.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

export class Cache {
  #folder;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /**
   * Return bytes by what they are made of, and make them where they are not kept yet.
   * @param {string} kind also how the file's name ends
   * @param {(string | Uint8Array)[]} inputs
   * @param {() => Uint8Array | Promise<Uint8Array>} make
   */
  async get(kind, inputs, make) {
    const hash = createHash("sha256").update(kind);
    for (const input of inputs) hash.update(createHash("sha256").update(input).digest());
    const file = path.join(this.#folder, `${hash.digest("hex").slice(0, 32)}.${kind}`);
    if (existsSync(file)) return new Uint8Array(readFileSync(file));
    const made = await make();
    // In one step: a build that is stopped leaves no half of a file.
    writeFileSync(`${file}.${process.pid}`, made);
    renameSync(`${file}.${process.pid}`, file);
    return made;
  }

  /** @param {Uint8Array} content */
  brotli(content) {
    return this.get("br", [content], () => brotliCompressSync(content, { params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    } }));
  }
}
