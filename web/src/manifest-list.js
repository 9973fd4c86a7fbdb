/**
 * A flight's list as a file: CSV by whatever separator, JSON, or JSON lines -> rows.
 *
 *     File -> text -> {number, cells, whole}, ...
 *
 * 1. What the columns mean, Python tells. Here they have the names that the list gives them.
 * 2. No row is lost: one of too many cells, or with a quote that is never closed, comes with what was read of it.
 * 3. Of a file that is no list nothing is said but that.
 */

/** @typedef {{number: number, cells: Record<string, unknown>, whole: boolean}} Row */

/** Bytes of a file: the engine takes some thousand rows. */
const LARGEST = 16 * 1024 * 1024;
const WRAPPERS = ["passengers", "bookings", "manifest", "rows"];
export const MOST_ROWS = 5_000;

export class ListError extends Error {
  /** @param {"unread" | "too_large" | "empty"} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** @param {File} file @returns {Promise<Row[]>} */
export async function rowsOf(file) {
  if (file.size > LARGEST) throw new ListError("too_large");
  const text = decoded(new Uint8Array(await file.arrayBuffer()));
  const rows = /^\s*[[{]/.test(text) ? ofJson(text) : ofTable(text);
  if (!rows.length) throw new ListError("empty");
  if (rows.length > MOST_ROWS) throw new ListError("too_large");
  return rows;
}

/** @param {Uint8Array} bytes */
function decoded(bytes) {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe && "utf-16le") || (bytes[0] === 0xfe && bytes[1] === 0xff && "utf-16be");
  try {
    return new TextDecoder(wide || "utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ListError("unread");
  }
}

/** @param {string} text @returns {Row[]} */
function ofJson(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    // One object a line: a line that is none is a row of its own.
    return text.split(/\r?\n/).flatMap((line, place) => (line.trim() ? [row(place + 1, parsed(line))] : []));
  }
  if (Array.isArray(found)) return found.map((one, place) => row(place + 1, one));
  const name = WRAPPERS.find((wrapper) => Array.isArray(found[wrapper]));
  if (!name) return [row(1, found)];
  const { [name]: listed, ...above } = found;
  return listed.map((/** @type {unknown} */ one, /** @type {number} */ place) =>
    row(place + 1, one && typeof one === "object" && !Array.isArray(one) ? { ...above, ...one } : null));
}

/** @param {string} line */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** @param {number} number @param {unknown} found @returns {Row} */
function row(number, found) {
  const whole = found !== null && typeof found === "object" && !Array.isArray(found);
  return { number, cells: whole ? /** @type {Record<string, unknown>} */ (found) : {}, whole };
}

/** @param {string} text @returns {Row[]} */
function ofTable(text) {
  if (text.includes("\0")) throw new ListError("unread");
  const lines = (text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? []).filter((line, place, all) => place > 0 || line.trim() || !all[1]);
  const first = lines[0] ?? "";
  const mark = [",", ";", "\t", "|"].reduce((best, sign) => (first.split(sign).length > first.split(best).length ? sign : best));
  const header = cellsOf(first, mark);
  /** @type {Row[]} */
  const rows = [];
  let begun = "";
  let beginning = "";
  let number = 1;
  const take = (/** @type {string[]} */ cells, /** @type {boolean} */ fits) => {
    number += 1;
    if (!cells.some((cell) => cell.trim())) return;
    const whole = fits && !cells.slice(header.length).some(Boolean);
    rows.push({ number, cells: Object.fromEntries(header.map((name, place) => [name, cells[place] ?? ""])), whole });
  };
  for (const line of lines.slice(1)) {
    if (begun && even(line) && cellsOf(line, mark).length >= header.length) {
      // Within a cell that is open a whole row: the quote was never closed, and what follows are rows.
      const lost = begun.slice(beginning.length).match(/[^\r\n]*(?:\r\n|\r|\n)/g) ?? [];
      take(roughly(beginning, mark), false);
      for (const one of lost) take(roughly(one, mark), false);
      begun = "";
    }
    if (!begun) beginning = line;
    begun += line;
    if (!even(begun)) continue;
    take(cellsOf(begun, mark), true);
    begun = "";
  }
  if (begun) take(roughly(beginning, mark), false);
  return rows;
}

/** Whether each quote has its other. @param {string} text */
function even(text) {
  return text.split('"').length % 2 === 1;
}

/** Without regard to quotes: how a row begins says whose it is. @param {string} line @param {string} mark */
function roughly(line, mark) {
  return line.split(mark).map((cell) => cell.replace(/^[" ]+|[" \r\n]+$/g, ""));
}

/** The cells of a row (RFC 4180). @param {string} text @param {string} mark */
function cellsOf(text, mark) {
  /** @type {string[]} */
  const cells = [];
  let cell = "";
  let quoted = false;
  const row = text.replace(/\r?\n$|\r$/, "");
  for (let at = 0; at < row.length; at += 1) {
    const sign = row[at] ?? "";
    if (quoted && sign === '"' && row[at + 1] === '"') {
      cell += sign;
      at += 1;
    } else if (sign === '"' && (quoted || !cell)) quoted = !quoted;
    else if (sign === mark && !quoted) {
      cells.push(cell);
      cell = "";
    } else cell += sign;
  }
  return [...cells, cell];
}
