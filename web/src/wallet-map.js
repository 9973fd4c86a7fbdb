/**
 * The map of all destinations: a picture of the list beside it, which says the same in words.
 *
 * Colour is never alone: green is plain, amber is striped, red is dotted, unknown is empty.
 */

import { fileURL } from "./policy.js";

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {{viewBox: string, countries: Record<string, string>, others: string}} Outlines */

/** @type {Promise<Outlines> | null} */
let loading = null;

/** @returns {Promise<Outlines>} */
function outlines() {
  loading ??= fetch(fileURL("map.json")).then((response) => response.json());
  return loading;
}

/**
 * Draw the map.
 *
 * @param {Map<string, {colour: string, words: string}>} places by ISO 3166-1 alpha-2
 * @param {string} label
 * @returns {Promise<SVGSVGElement>}
 */
export async function mapOf(places, label) {
  const { viewBox, countries, others } = await outlines();
  const svg = element("svg", { viewBox, class: "map", role: "img", "aria-label": label });
  svg.append(patterns(), element("path", { d: others, class: "land" }));
  for (const [code, outline] of Object.entries(countries)) {
    const place = places.get(code);
    const path = element("path", { d: outline, class: place ? `land ${place.colour}` : "land" });
    if (place) {
      path.setAttribute("fill", `url(#pattern-${place.colour})`);
      path.append(element("title", {}, place.words));
    }
    svg.append(path);
  }
  return /** @type {SVGSVGElement} */ (svg);
}

/** A swatch of one colour's pattern, for the key of the map. @param {string} colour */
export function swatch(colour) {
  const svg = element("svg", { viewBox: "0 0 24 16", class: "swatch", "aria-hidden": "true" });
  svg.append(element("rect", { width: "24", height: "16", fill: `url(#pattern-${colour})`, class: "land" }));
  return svg;
}

function patterns() {
  const defs = element("defs", {});
  const marks = {
    green: [],
    amber: [element("path", { d: "M-1 1L1-1M-1 7L7-1M5 7L7 5", class: "mark" })],
    red: [element("circle", { cx: "3", cy: "3", r: "1.3", class: "mark" })],
  };
  for (const [colour, drawn] of Object.entries(marks)) {
    const pattern = element("pattern", { id: `pattern-${colour}`, width: "6", height: "6", patternUnits: "userSpaceOnUse" });
    pattern.append(element("rect", { width: "6", height: "6", class: `ground ${colour}` }), ...drawn);
    defs.append(pattern);
  }
  return defs;
}

/** @param {string} tag @param {Record<string, string>} attributes @param {string} [text] */
function element(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
