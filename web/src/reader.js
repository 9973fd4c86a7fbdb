/**
 * The reader of codes: a worker with zxing-cpp in it, which lives for one traveller.
 *
 *     startReader() -> read(picture) -> texts -> renew()
 *
 * Its program is compiled once and handed to each worker; `renew` ends the worker, and with it whatever pixels
 * and texts are left in its memory.
 */
import { fileURL, trustedURL } from "./policy.js";

/** @typedef {{resolve: (texts: string[]) => void, reject: (error: Error) => void}} Waiting */

export class Reader {
  /** @type {Worker | null} */
  #worker = null;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #count = 0;
  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.module = module;
  }

  /**
   * Return the texts of the codes in a picture, [] where there are none.
   *
   * @param {ImageBitmap | ImageData} image a bitmap is handed over: it is empty afterwards
   * @param {boolean} [thorough] look harder, for seconds if need be: for a picture that stays as it is
   * @returns {Promise<string[]>}
   */
  read(image, thorough = false) {
    const worker = this.#started();
    const id = ++this.#count;
    const handed = image instanceof ImageData ? image.data.buffer : image;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, image, thorough }, [handed]);
    });
  }

  /** Let go of everything that was looked at; what is being looked at has no texts. */
  renew() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { resolve } of this.#waiting.values()) resolve([]);
    this.#waiting.clear();
  }

  #started() {
    if (this.#worker) return this.#worker;
    const worker = new Worker(trustedURL("qr.worker.js"), { type: "module" });
    worker.onmessage = ({ data }) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.texts) waiting?.resolve(data.texts);
      else waiting?.reject(new Error(data.error));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) reject(new Error("the reader of codes did not start"));
      this.#waiting.clear();
    };
    worker.postMessage({ module: this.module });
    this.#worker = worker;
    return worker;
  }
}

/** @returns {Promise<Reader>} */
export async function startReader() {
  const response = await fetch(fileURL("zxing_reader.wasm"));
  return new Reader(await WebAssembly.compile(await response.arrayBuffer()));
}
