/**
 * How a result is shown: a small mark of a shape, a word, place and time in one line.
 *
 * Never a field of colour: a screen that is green all over could be held up for a proof.
 */

import { make } from "./wallet-parts.js";
import { instantInWords } from "./wallet-words.js";
import { t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {"green" | "amber" | "red"} Colour */

/** Tick in a circle, triangle, octagon: told apart without colour. @param {string} colour */
export function mark(colour) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `mark ${colour}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("viewBox", "0 0 48 48");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#shape-${colour}`);
  svg.append(use);
  return svg;
}

/** @param {string} colour */
export function wordOf(colour) {
  return t(`wallet.enter_${colour}`);
}

/** @param {string} colour @param {...(Node | string)} rest */
export function resultLine(colour, ...rest) {
  return make("p", { class: `result ${colour}` }, mark(colour), make("strong", {}, wordOf(colour)), ...rest);
}

/**
 * From when until when it is green.
 *
 * @param {import("./wallet-engine.js").Instant | null} from
 * @param {import("./wallet-engine.js").Instant | null} until
 */
export function stretch(from, until) {
  if (from !== null && until !== null) return t("wallet.enter_between", { from: instantInWords(from), until: instantInWords(until) });
  if (from !== null) return t("wallet.enter_from", { date: instantInWords(from) });
  if (until !== null) return t("wallet.enter_until", { date: instantInWords(until) });
  return "";
}
