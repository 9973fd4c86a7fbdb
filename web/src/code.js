/**
 * Draw a QR code: the very text that was imported, black on white, as wide as its place.
 *
 *     text -> modules (ISO/IEC 18004) -> one path of an SVG
 *
 * 1. Level M where the text fits, else L: dense symbols are what readers fail at, and Q makes them denser.
 * 2. Black on white in every colour scheme, with a quiet zone of four modules (§6.3.8).
 * 3. Drawn as vectors: sharp on a screen and on paper, and no text of a certificate enters a URL.
 */

import { encodeQR } from "./vendor/qr.js";

/** Modules of the quiet zone. */
const QUIET = 4;
const SVG = "http://www.w3.org/2000/svg";

/**
 * Return the modules of a text with their quiet zone; null if it does not fit into one code.
 *
 * @param {string} text
 * @returns {boolean[][] | null}
 */
export function modules(text) {
  for (const ecc of /** @type {const} */ (["medium", "low"])) {
    try {
      return encodeQR(text, "raw", { ecc, border: QUIET });
    } catch {
      continue;
    }
  }
  return null;
}

/**
 * Return a drawing of a text.
 *
 * @param {string} text
 * @param {string} label what a screen reader says of it
 * @returns {SVGSVGElement | null}
 */
export function drawing(text, label) {
  const dark = modules(text);
  if (dark === null) return null;
  const size = String(dark.length);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("class", "code");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("width", size);
  ground.setAttribute("height", size);
  ground.setAttribute("fill", "#fff");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("fill", "#000");
  path.setAttribute("d", outline(dark));
  svg.append(ground, path);
  return svg;
}

/** One rectangle for each run of dark modules in a row. @param {boolean[][]} dark */
function outline(dark) {
  const runs = [];
  for (const [y, row] of dark.entries()) {
    let x = 0;
    while (x < row.length) {
      const begins = x;
      while (x < row.length && row[x]) x++;
      if (x > begins) runs.push(`M${begins} ${y}h${x - begins}v1h${begins - x}z`);
      else x++;
    }
  }
  return runs.join("");
}
