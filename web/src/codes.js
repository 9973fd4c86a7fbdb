/**
 * How the texts of health certificates begin, as far as a page has to know it: a boarding pass before the camera is
 * passed over, and a scanner that types something else is set wrongly. What a text is, only Python tells.
 */

const BEGINNINGS =
  /HC[0-9]:|shc:\\?\/|shlink:\/|NZCP:\\?\/|DC0[1-4]|(?:NL|LT|CH|AT|EX|HCFR)[0-9] ?:|B64:|PK\x03\x04|eyJ[\w-]{8}|V[CP]1-|mdoc:|\/wallet(?:2d)?\?v=|"(?:data|hdr|verifiableCredential|resourceType|credentialSubject)"|^\xdc/i;
const LOOKED_AT = 2_000;

/** @param {string} text */
export function isLikeCertificate(text) {
  return BEGINNINGS.test(text.slice(0, LOOKED_AT));
}

/** Characters of a passport's lines (ICAO Doc 9303-3): two of 36 or 44, three of 30, each by itself or together. */
const LEAST_LINE = 28;
const MOST_LINES = 94;

/** Whether a scanner's text is a passport's line: every certificate is longer. @param {string} text */
export function isPassportLine(text) {
  const length = text.replace(/\s/g, "").length;
  return length >= LEAST_LINE && length <= MOST_LINES && !isLikeCertificate(text);
}

/**
 * The lines of a passport that were typed or scanned, apart.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function passportLines(text) {
  const lines = text.split(/[\r\n\t]+/).map((line) => line.trim()).filter(Boolean);
  const whole = lines[0] ?? "";
  const width = /** @type {Record<number, number>} */ ({ 72: 36, 88: 44, 90: 30 })[whole.length];
  if (lines.length !== 1 || !width) return lines;
  return Array.from({ length: whole.length / width }, (_, row) => whole.slice(row * width, (row + 1) * width));
}

/** Whether all of a passport's lines are there. @param {string[]} lines */
export function isWholePassport(lines) {
  return lines.join("").replace(/\s/g, "").length >= 70;
}
