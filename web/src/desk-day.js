/**
 * The day: who issued how many where, what ends when, how the register is, what is due; and the day's end.
 *
 *     day.show -> tables, a chart · day.ending -> a dialog -> day.end -> the desk starts anew, with a memory that has seen nobody
 *
 * 1. A chart says what the table beside it says: it is drawn of the same figures, in one colour.
 * 2. Of a person there is nothing to be shown: operators stand under their pseudonyms.
 */
import { made, part, say } from "./shown.js";
import { formatInstant, locale, t } from "./words.js";

/** @import {DeskPage} from "./desk-page.js" */

/** @typedef {{site: string, operator: string, issued: number, revoked: number, days: number, busiest: number, marks: string[]}} Work */
/** @typedef {{label: string, state: string, days_to_sign: number, days_to_be_verified: number, issued: number, planned: number, due: boolean}} Key */
/**
 * @typedef {{
 *   work: Work[], acts: {at: string, reason: string, operator: string, certificates: number}[], doubles: number, keys: Key[],
 *   register: {database: string, is_sound: boolean, size: number, certificates: number, revoked: number, listed_at: string, unlisted: number},
 *   backup: {at: string, behind: number}, due: string[]
 * }} Day
 */

const SVG = "http://www.w3.org/2000/svg";
/** Of a row of the chart, and how long the longest bar is. */
const ROW = 34;
const WIDTH = 640;
const LABEL = 240;
/** Of a label, that fit beside a bar. */
const LETTERS = 28;

/** Show it. @param {DeskPage} page */
export function open(page) {
  const screen = page.show("desk-day");
  void fill(page, screen);
}

/** @param {DeskPage} page @param {HTMLElement} screen */
async function fill(page, screen) {
  /** @type {Day} */ let day;
  try {
    day = await page.ask("day.show");
  } catch (error) {
    page.tell(error);
    return;
  }
  if (!screen.isConnected) return;
  part(screen, "print").addEventListener("click", () => print());
  part(screen, "end").addEventListener("click", () => void asked(page, screen));
  page.onLanguage = () => shown(screen, day);
  shown(screen, day);
}

/** @param {HTMLElement} screen @param {Day} day */
function shown(screen, day) {
  const due = [...day.due, ...(day.keys.some((key) => key.due) ? ["keys"] : []), ...(day.doubles ? ["doubles"] : [])];
  part(screen, "due").hidden = due.length === 0;
  part(screen, "due-list").replaceChildren(...due.map((name) => line(t(`desk_day.due_${name}`))));
  part(screen, "chart").replaceChildren(chart(day.work));
  part(screen, "work").replaceChildren(...day.work.map(({ site, operator, issued, revoked, days, busiest, marks }) =>
    row([site, operator], [issued, revoked, days, busiest], marks.map((mark) => {
      const name = mark.toLowerCase();
      return t(`desk_day.mark_${name}`);
    }).join("; "))));
  part(screen, "keys").replaceChildren(...day.keys.map((key) =>
    row([key.label, stateOf(key.state)], [key.days_to_sign, key.days_to_be_verified, key.issued, key.planned])));
  part(screen, "no-acts").hidden = day.acts.length > 0;
  part(screen, "acts-table").hidden = day.acts.length === 0;
  part(screen, "acts").replaceChildren(...day.acts.map(({ at, reason, operator, certificates }) => {
    const name = reason.replace("-", "_");
    return row([when(at), t(`desk_change.reason_${name}`), operator], [certificates]);
  }));
  const { register, backup } = day;
  part(screen, "register").replaceChildren(...[
    t(register.is_sound ? "desk_day.sound" : "desk_day.due_unsound"),
    t("desk_day.knows", { certificates: number(register.certificates), revoked: number(register.revoked), size: number(Math.ceil(register.size / 1000)) }),
    register.listed_at ? t("desk_day.listed", { when: when(register.listed_at) }) : t("desk_day.never_listed"),
    backup.at ? t("desk_day.backed_up", { when: when(backup.at), behind: number(backup.behind) }) : t("desk_day.never_backed_up"),
  ].map(line));
}

/** Words for a file that lies at the desk. @type {Record<string, string>} */
const FILES = {
  reading: "desk_day.file_waits", columns: "desk_day.file_waits", checking: "desk_day.file_waits", checked: "desk_day.file_waits",
  issuing: "desk_day.file_stops", done: "desk_day.file_unsaved",
};

/** Ask once, and say what will be forgotten and what goes on. @param {DeskPage} page @param {HTMLElement} screen */
async function asked(page, screen) {
  /** @type {{given: number, file: string, begun: number}} */ let ending;
  try {
    ending = await page.ask("day.ending");
  } catch (error) {
    page.tell(error);
    return;
  }
  if (!screen.isConnected) return;
  const dialog = /** @type {HTMLDialogElement} */ (made("dialog-desk-day-end"));
  const file = FILES[ending.file];
  say(dialog, "given", t("desk_day.forgets", { n: number(ending.given) }));
  say(dialog, "file", file ? t(file) : "");
  say(dialog, "begun", ending.begun ? t("desk_day.begun", { n: number(ending.begun) }) : "");
  say(dialog, "finished", file || ending.begun ? "" : t("desk_day.finished"));
  // In the screen, so that it goes with it. Closed, it gives the focus back to the button that was pressed.
  screen.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  part(dialog, "no").addEventListener("click", () => dialog.close());
  part(dialog, "yes").addEventListener("click", () => {
    dialog.close();
    void end(page);
  });
  dialog.showModal();
  part(dialog, "no").focus();
}

/** @param {DeskPage} page */
async function end(page) {
  try {
    await page.ask("day.end");
  } catch (error) {
    page.tell(error);
    return;
  }
  page.session = "";
  page.show("desk-day-ended");
}

/** @param {string} text */
function line(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}

/** @param {string[]} texts @param {number[]} figures @param {string} [last] */
function row(texts, figures, last) {
  const element = document.createElement("tr");
  const cells = [...texts, ...figures.map(number), ...(last === undefined ? [] : [last])];
  element.append(...cells.map((text, place) => {
    const cell = document.createElement(place === 0 ? "th" : "td");
    if (place === 0) cell.setAttribute("scope", "row");
    if (place >= texts.length && place < texts.length + figures.length) cell.className = "figure";
    const isolated = document.createElement("bdi");
    isolated.textContent = text;
    cell.append(isolated);
    return cell;
  }));
  return element;
}

/** Bars of what was issued, the longest first of all; the same figures stand in the table. @param {Work[]} work */
function chart(work) {
  const most = Math.max(1, ...work.map(({ issued }) => issued));
  const drawing = element("svg", { viewBox: `0 0 ${LABEL + WIDTH + 90} ${Math.max(1, work.length) * ROW}`, role: "img", "aria-label": t("desk_day.chart"), class: "bars" });
  for (const [place, { site, operator, issued, marks }] of work.entries()) {
    const top = place * ROW;
    const name = element("text", { x: String(LABEL - 10), y: String(top + 22), "text-anchor": "end" });
    const whole = `${operator} · ${site}`;
    name.textContent = whole.length > LETTERS ? `${whole.slice(0, LETTERS - 1)}…` : whole;
    const bar = element("rect", { x: String(LABEL), y: String(top + 6), width: String(Math.max(2, (issued / most) * WIDTH)), height: String(ROW - 12), class: marks.length ? "bar outlier" : "bar" });
    const figure = element("text", { x: String(LABEL + Math.max(2, (issued / most) * WIDTH) + 8), y: String(top + 22) });
    figure.textContent = number(issued) + (marks.length ? " !" : "");
    drawing.append(name, bar, figure);
  }
  return drawing;
}

/** @param {string} name @param {Record<string, string>} attributes */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** @param {string} state */
function stateOf(state) {
  const name = state.replace(" ", "_");
  return t(`desk_day.state_${name}`);
}

/** @param {string} text an instant, RFC 3339 */
function when(text) {
  return formatInstant(new Date(text), Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** @param {number} value */
function number(value) {
  return new Intl.NumberFormat(`${locale()}-u-nu-latn`).format(value);
}
