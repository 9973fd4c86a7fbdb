/**
 * Reads codes in a picture, apart from the page: the page stays quick while a picture is looked at.
 *
 *     {module} once -> {id, image, thorough} -> pixels -> zxing-cpp -> {id, texts}
 *
 * 1. The reader's program is handed in, compiled: nothing is fetched here, from nobody.
 * 2. A code's text is its bytes as text, unchanged; an archive (DIVOC) is no text, each byte becomes one character.
 * 3. Pixels are overwritten once they were looked at, and the page ends this worker between travellers.
 */
import { prepareZXingModule, readBarcodes } from "./vendor/zxing.js";

/** Of a picture; a larger one is made smaller first. As natively (`store.scan`). */
const QUICK_PIXELS = 16_000_000;
const HARD_PIXELS = 4_000_000;
const LARGER_PIXELS = 9_000_000;

/** What certificates are printed as: QR nearly always, Aztec, DataMatrix (2D-DOC). Of a still picture PDF417 too. */
const LIVE = /** @type {const} */ (["QRCodeModel2", "Aztec", "DataMatrix"]);
const STILL = /** @type {const} */ ([...LIVE, "PDF417"]);
/** Harder looks are for what is done to QR codes; DataMatrix takes most of the time, and has the first of them. */
const HARD = /** @type {const} */ (["QRCodeModel2", "Aztec"]);
const MATRIX = 4;

/** @typedef {{id: number, image: ImageBitmap | ImageData, thorough: boolean}} Task */

self.onmessage = ({ data }) => {
  if (data.module) {
    prepareZXingModule({ overrides: { instantiateWasm: started(data.module) } });
  } else {
    void answer(/** @type {Task} */ (data));
  }
};

/**
 * @param {WebAssembly.Module} module
 * @returns {(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => object}
 */
function started(module) {
  return (imports, done) => {
    void WebAssembly.instantiate(module, imports).then(done);
    return {};
  };
}

/** @param {Task} task */
async function answer({ id, image, thorough }) {
  try {
    const picture = drawn(image, thorough ? QUICK_PIXELS : HARD_PIXELS, 1, 0);
    if ("close" in image) image.close();
    let texts = await textsIn(picture, thorough ? STILL : LIVE);
    for (const [place, look] of thorough ? LOOKS.entries() : []) {
      if (texts.length) break;
      texts = await textsIn(look(picture), place < MATRIX ? LIVE : HARD);
    }
    blank(picture);
    self.postMessage({ id, texts });
  } catch (error) {
    self.postMessage({ id, error: error instanceof Error ? error.name : "Error" });
  }
}

/**
 * @param {OffscreenCanvas} picture
 * @param {readonly (typeof STILL)[number][]} formats
 * @returns {Promise<string[]>}
 */
async function textsIn(picture, formats) {
  const pixels = context(picture).getImageData(0, 0, picture.width, picture.height);
  const codes = await readBarcodes(pixels, {
    formats: [...formats],
    tryHarder: true,
    tryDenoise: true,
    textMode: "Plain",
  });
  pixels.data.fill(255);
  return [...new Set(codes.filter((code) => code.isValid).map(textOf))];
}

/** @param {{bytes: Uint8Array, text: string}} code */
function textOf({ bytes, text }) {
  const isArchive = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
  return isArchive ? Array.from(bytes, (byte) => String.fromCharCode(byte)).join("") : text;
}

// ---------------------------------------------------------------------------------------------------------
// Harder looks, for screenshots and photos: small, large, faint, shadowed, blurred, without a white border.
// Those of `store.scan` that a canvas can do in every browser.

/** @type {((picture: OffscreenCanvas) => OffscreenCanvas)[]} */
const LOOKS = [
  (picture) => evened(drawn(picture, HARD_PIXELS, 1, 1 / 20)),
  (picture) => drawn(picture, LARGER_PIXELS, 2, 1 / 20),
  (picture) => blurred(drawn(picture, HARD_PIXELS, 1, 1 / 20), 1),
  (picture) => evened(drawn(picture, LARGER_PIXELS, 2, 1 / 20)),
  (picture) => drawn(picture, LARGER_PIXELS, 3, 1 / 20),
  (picture) => drawn(picture, HARD_PIXELS, 1 / 2, 1 / 20),
  (picture) => blurred(drawn(picture, HARD_PIXELS, 1, 1 / 20), 3),
  (picture) => sharpened(drawn(picture, LARGER_PIXELS, 2, 1 / 20), 6),
  (picture) => drawn(picture, HARD_PIXELS, 1 / 4, 1 / 20),
  (picture) => turned(drawn(picture, HARD_PIXELS, 1, 1 / 20)),
];

/**
 * Draw a picture on white: at most so many pixels, at a scale, with a border of a share of its longer side.
 *
 * @param {ImageBitmap | ImageData | OffscreenCanvas} image
 * @param {number} most
 * @param {number} scale
 * @param {number} border
 */
function drawn(image, most, scale, border) {
  const factor = Math.min(scale, Math.sqrt(most / (image.width * image.height)));
  const width = Math.max(1, Math.round(image.width * factor));
  const height = Math.max(1, Math.round(image.height * factor));
  const edge = border ? 16 + Math.round(Math.max(width, height) * border) : 0;
  const picture = new OffscreenCanvas(width + 2 * edge, height + 2 * edge);
  blank(picture);
  if (image instanceof ImageData) {
    const whole = new OffscreenCanvas(image.width, image.height);
    context(whole).putImageData(image, 0, 0);
    context(picture).drawImage(whole, edge, edge, width, height);
  } else {
    context(picture).drawImage(image, edge, edge, width, height);
  }
  return picture;
}

/** @param {OffscreenCanvas} picture */
function context(picture) {
  const pen = picture.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("no canvas");
  pen.imageSmoothingQuality = "high";
  return pen;
}

/** @param {OffscreenCanvas} picture */
function blank(picture) {
  const pen = context(picture);
  pen.fillStyle = "white";
  pen.fillRect(0, 0, picture.width, picture.height);
}

/**
 * Each pixel's surroundings, by making the picture small and large again.
 *
 * @param {OffscreenCanvas} picture
 * @param {number} radius
 */
function blurred(picture, radius) {
  const width = Math.max(1, Math.round(picture.width / (radius + 1)));
  const height = Math.max(1, Math.round(picture.height / (radius + 1)));
  const small = new OffscreenCanvas(width, height);
  context(small).drawImage(picture, 0, 0, width, height);
  const large = new OffscreenCanvas(picture.width, picture.height);
  context(large).drawImage(small, 0, 0, picture.width, picture.height);
  return large;
}

/**
 * Take shadows and faintness out: what remains is each pixel's light against its neighbourhood's.
 *
 * @param {OffscreenCanvas} picture
 */
function evened(picture) {
  const around = blurred(picture, Math.max(picture.width, picture.height) / 20);
  return combined(picture, around, (light, near) => 128 + 92 * Math.log((light + 1) / (near + 1)));
}

/**
 * @param {OffscreenCanvas} picture
 * @param {number} radius
 */
function sharpened(picture, radius) {
  return combined(picture, blurred(picture, radius), (light, near) => light + 4 * (light - near));
}

/**
 * @param {OffscreenCanvas} picture
 * @param {OffscreenCanvas} other of the same size
 * @param {(light: number, near: number) => number} made
 */
function combined(picture, other, made) {
  const { width, height } = picture;
  const pixels = context(picture).getImageData(0, 0, width, height);
  const near = context(other).getImageData(0, 0, width, height).data;
  const light = pixels.data;
  for (let at = 0; at < light.length; at += 4) {
    const value = made(grey(light, at), grey(near, at));
    light[at] = light[at + 1] = light[at + 2] = value;
  }
  context(picture).putImageData(pixels, 0, 0);
  return picture;
}

/**
 * @param {Uint8ClampedArray} pixels
 * @param {number} at
 */
function grey(pixels, at) {
  const [red = 0, green = 0, blue = 0] = [pixels[at], pixels[at + 1], pixels[at + 2]];
  return (red * 306 + green * 601 + blue * 117) >> 10;
}

/** @param {OffscreenCanvas} picture */
function turned(picture) {
  const side = Math.ceil((picture.width + picture.height) * Math.SQRT1_2);
  const whole = new OffscreenCanvas(side, side);
  blank(whole);
  const pen = context(whole);
  pen.translate(side / 2, side / 2);
  pen.rotate(Math.PI / 4);
  pen.drawImage(picture, -picture.width / 2, -picture.height / 2);
  return whole;
}
