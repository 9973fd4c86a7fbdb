/**
 * The form of an issue: which fields a kind has, what stands in them, and what the desk remarks of it.
 *
 *     kind -> fields -> content() -> the desk: issue.check -> remarks(…) -> sentences beside the fields, doubts to tick
 *
 * 1. Which field belongs to which kind is all that the page knows; whether what is typed will do, only the desk tells.
 * 2. A field says that it is empty once it was left, or when all is to be shown to the patient: not before.
 * 3. No field has a name, and none is completed by the browser: it remembers nobody.
 */
import { Combo } from "./desk-issue-combo.js";
import { made, part, say } from "./shown.js";
import { formatBirthDate, known, t, write } from "./words.js";

/** @import {Suggestion} from "./desk-issue-combo.js" */

/**
 * @typedef {{id: string, place: string, column: string, code: string, refuses: boolean, meaning: string, next: string}} Remark
 * @typedef {{remarks: Remark[], latin: Record<string, string>, dates: Record<string, string>[]}} Checked
 * @typedef {{kind: string, person: Record<string, string>, events: Record<string, string>[], names: Record<string, string>, confirmed: string[]}} Content
 * @typedef {{columns: Record<string, string>, names: Record<string, string>}} Given
 * @typedef {"text" | "date" | "time" | "number" | "latin" | "search" | "earlier" | "choice"} Way
 * @typedef {{column: string, label: string, way: Way, hint?: string, choices?: string[], wide?: boolean}} Field
 * @typedef {{look: (field: string, text: string, product: string) => Promise<Suggestion[]>, onChange: () => void, onLine: (text: string) => void}} Listeners
 */

const NAMES = /** @type {Field[]} */ ([
  { column: "surname", label: "border.family_name", way: "text" },
  { column: "forename", label: "border.given_names", way: "text" },
  { column: "surname_icao", label: "border.family_name", way: "latin" },
  { column: "forename_icao", label: "border.given_names", way: "latin" },
  { column: "birth_date", label: "labels.born", way: "date", hint: "desk_issue.birth_hint", wide: true },
]);
const TRAVELLER = /** @type {Field[]} */ ([
  { column: "sex", label: "labels.sex", way: "choice", choices: ["", "female", "male", "other"] },
  { column: "nationality", label: "labels.nationality", way: "search" },
  { column: "document", label: "labels.document", way: "text" },
  { column: "guardian", label: "labels.guardian", way: "text" },
]);
const PERSON = /** @type {Record<string, Field[]>} */ ({ icvp: [...NAMES, ...TRAVELLER] });
/** What the passport's lines fill in and no field shows. */
const UNSEEN = ["document_type"];

const DAY_HINT = "desk_issue.day_hint";
const DOSE = /** @type {Field[]} */ ([
  { column: "product", label: "labels.vaccine", way: "search", hint: "desk_issue.vaccine_hint", wide: true },
  { column: "lot", label: "labels.lot", way: "earlier" },
  { column: "given_on", label: "labels.given", way: "date", hint: DAY_HINT },
]);
const EVENT = /** @type {Record<string, Field[]>} */ ({
  vaccination: [
    ...DOSE,
    { column: "dose", label: "labels.dose", way: "number" },
    { column: "doses", label: "desk_issue.doses", way: "number" },
  ],
  icvp: [
    ...DOSE,
    { column: "clinician", label: "labels.clinician", way: "text", wide: true },
    { column: "authority", label: "desk_issue.centre", way: "earlier", wide: true },
  ],
  test: [
    { column: "test_type", label: "labels.test_type", way: "search", wide: true },
    { column: "test_name", label: "labels.test_name", way: "text" },
    { column: "device", label: "labels.device", way: "text", hint: "desk_issue.device_hint" },
    { column: "sampled_at", label: "labels.sampled", way: "time", hint: "desk_issue.time_hint" },
    { column: "result", label: "labels.result", way: "search" },
    { column: "site", label: "labels.site", way: "earlier", wide: true },
  ],
  recovery: [
    { column: "disease", label: "labels.disease", way: "search" },
    { column: "first_positive_on", label: "labels.first_positive", way: "date", hint: DAY_HINT },
    { column: "valid_from", label: "labels.certified_from", way: "date", hint: DAY_HINT },
    { column: "valid_until", label: "labels.certified_until", way: "date", hint: DAY_HINT },
  ],
  exemption: [
    { column: "disease", label: "labels.disease", way: "search", wide: true },
    { column: "valid_from", label: "labels.certified_from", way: "date", hint: DAY_HINT },
    { column: "valid_until", label: "labels.certified_until", way: "date", hint: DAY_HINT },
  ],
});
/** Of which several are given at once. */
const SERIES = new Set(["vaccination", "icvp"]);

/** One field of the form. */
class Cell {
  /** @type {Combo | null} */
  combo = null;
  touched = false;

  /** @param {Field} field @param {string} place @param {HTMLElement} element @param {HTMLInputElement | HTMLSelectElement} input */
  constructor(field, place, element, input) {
    this.field = field;
    this.place = place;
    this.element = element;
    this.input = input;
  }

  get value() {
    return this.combo ? this.combo.value : this.input.value.trim();
  }

  /** @param {string} value @param {string} [name] */
  put(value, name = value) {
    if (this.combo) this.combo.put(value, name);
    else this.input.value = value;
  }

  /** @param {Remark | undefined} remark @param {boolean} all */
  remark(remark, all) {
    const isShown = remark && (all || this.touched || this.value !== "");
    say(this.element, "wrong", isShown ? () => sentence(remark) : "");
    this.input.toggleAttribute("data-doubted", Boolean(isShown && !remark.refuses));
    if (isShown && remark.refuses) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}

/** What is remarked, in the clerk's language. @param {{code: string, meaning: string, next: string}} remark */
export function sentence(remark) {
  const code = remark.code.toLowerCase();
  return known(`remarks.${code}`) ? t(`remarks.${code}`) : `${remark.meaning}. ${remark.next}`;
}

export class IssueForm {
  /** @type {Cell[]} */
  #cells = [];
  #count = 0;
  /** @type {Record<string, string>} */
  #unseen = {};
  /** @type {string[]} */
  #confirmed = [];
  #number = 0;
  #today = "";

  /**
   * @param {HTMLElement} screen
   * @param {string} kind
   * @param {Listeners} listeners
   */
  constructor(screen, kind, listeners) {
    this.screen = screen;
    this.kind = kind;
    this.listeners = listeners;
    this.#fields(part(screen, "person"), PERSON[kind] ?? NAMES, "person");
    part(screen, "more").hidden = !SERIES.has(kind);
    this.more();
  }

  /** The day at the clinic. @param {string} day */
  set today(day) {
    this.#today = day;
  }

  /** Add an entry. */
  more() {
    const place = String(this.#count++);
    const element = made("desk-issue-event");
    const number = this.#count;
    const title = part(element, "title");
    write(title, () => t("desk_issue.event", { n: number }));
    title.hidden = !SERIES.has(this.kind);
    const less = /** @type {HTMLButtonElement} */ (part(element, "less"));
    less.hidden = number === 1;
    write(less, () => t("desk_issue.less", { n: number }));
    less.addEventListener("click", () => this.#less());
    const fields = EVENT[this.kind] ?? [];
    part(this.screen, "events").append(element);
    this.#fields(part(element, "fields"), fields, place);
    for (const other of this.screen.querySelectorAll("[data-part=less]")) {
      /** @type {HTMLElement} */ (other).hidden = number === 1 || other !== less;
    }
    if (number > 1) this.#again(place);
    return place;
  }

  /** Go on with what the entry before says, one dose later. @param {string} place */
  #again(place) {
    const before = String(Number(place) - 1);
    for (const column of ["product", "doses", "lot", "authority"]) {
      const from = this.#cell(before, column);
      if (from?.value) this.#cell(place, column)?.put(from.value, from.input.value);
    }
    this.#cells.find((cell) => cell.place === place)?.input.focus();
  }

  #less() {
    if (this.#count < 2) return;
    const place = String(--this.#count);
    this.#cells = this.#cells.filter((cell) => cell.place !== place);
    const events = [...part(this.screen, "events").children];
    events.at(-1)?.remove();
    const last = /** @type {HTMLElement | null | undefined} */ (events.at(-2)?.querySelector("[data-part=less]"));
    if (last) last.hidden = this.#count < 2;
    part(this.screen, "more").focus();
    this.listeners.onChange();
  }

  /** What is filled in. @returns {Content} */
  content() {
    const rows = Array.from({ length: this.#count }, (_, place) => this.#row(String(place)));
    const names = Object.fromEntries(this.#cells.filter(({ combo, value }) => combo && value)
      .map(({ place, field, input }) => [`${place}.${field.column}`, input.value]));
    const person = { ...this.#row("person"), ...(this.kind === "icvp" ? this.#unseen : {}) };
    return { kind: this.kind, person, events: rows, names, confirmed: this.#confirmed };
  }

  /** Codes that were chosen, by place and column: what their names are depends on the language. */
  get codes() {
    /** @type {Record<string, Record<string, string>>} */ const codes = {};
    for (const { combo, field, place, input } of this.#cells) {
      // What stands there as a code, as of a passport, stays one.
      if (combo?.chosen && field.way === "search" && input.value !== combo.chosen) (codes[place] ??= {})[field.column] = combo.chosen;
    }
    return codes;
  }

  /** Call the codes by other names, where they still are the chosen ones. @param {IssueForm["codes"]} names @param {IssueForm["codes"]} codes */
  rename(names, codes) {
    for (const { combo, field, place } of this.#cells) {
      const name = names[place]?.[field.column];
      const code = codes[place]?.[field.column];
      if (name && code && combo?.chosen === code) combo.put(code, name);
    }
  }

  /** @param {string} place */
  #row(place) {
    return Object.fromEntries(this.#cells.filter((cell) => cell.place === place && cell.value)
      .map((cell) => [cell.field.column, cell.value]));
  }

  /** Fill in again what was filled in before. @param {Content} content */
  restore(content) {
    while (this.#count < content.events.length) this.more();
    this.fill("person", content.person, content.names);
    for (const [place, row] of content.events.entries()) this.fill(String(place), row, content.names);
    this.#confirmed = [...content.confirmed];
  }

  /**
   * Fill in columns of the person, or of an entry; what has no field here is left out.
   *
   * @param {string} place
   * @param {Record<string, string>} columns
   * @param {Record<string, string>} [names] of codes, by place and column
   */
  fill(place, columns, names = {}) {
    for (const [column, value] of Object.entries(columns)) {
      this.#cell(place, column)?.put(value, names[`${place}.${column}`] ?? value);
      if (UNSEEN.includes(column)) this.#unseen[column] = value;
    }
  }

  /** Fill in what was given today, into the last entry. @param {Given} given */
  again(given) {
    const place = String(this.#count - 1);
    const names = Object.fromEntries(Object.entries(given.names).map(([column, name]) => [`${place}.${column}`, name]));
    this.fill(place, given.columns, names);
    this.listeners.onChange();
    const next = this.#cells.find((cell) => cell.place === place && !cell.value);
    next?.input.focus();
  }

  /** @param {string} place @param {string} column */
  #cell(place, column) {
    return this.#cells.find((cell) => cell.place === place && cell.field.column === column);
  }

  /**
   * Show what the desk remarks.
   *
   * @param {Checked} checked
   * @param {boolean} all also of fields that nobody has touched
   * @returns {{refused: boolean, open: boolean}} whether anything refuses; whether a doubt is not confirmed
   */
  remarks(checked, all) {
    for (const cell of this.#cells) {
      const own = checked.remarks.filter(({ place, column }) => place === cell.place && column === cell.field.column);
      cell.remark(own.find(({ refuses }) => refuses) ?? own[0], all);
      if (cell.field.way === "date") this.#inWords(cell, checked);
      const proposed = checked.latin[cell.field.column] ?? "";
      if (cell.field.way === "latin") /** @type {HTMLInputElement} */ (cell.input).placeholder = proposed;
    }
    const doubts = checked.remarks.filter(({ refuses }) => !refuses);
    this.#confirmed = this.#confirmed.filter((id) => doubts.some((doubt) => doubt.id === id));
    this.#doubts(doubts.filter((doubt) => all || this.#isSeen(doubt)));
    return {
      refused: checked.remarks.some(({ refuses }) => refuses),
      open: doubts.some(({ id }) => !this.#confirmed.includes(id)),
    };
  }

  /** A doubt about what nobody has come to yet is not asked. @param {Remark} doubt */
  #isSeen(doubt) {
    const cell = this.#cell(doubt.place, doubt.column);
    return !cell || cell.touched || cell.value !== "" || this.#confirmed.includes(doubt.id);
  }

  /** @param {Cell} cell @param {Checked} checked */
  #inWords(cell, checked) {
    const row = cell.place === "person" ? 0 : Number(cell.place);
    const day = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(checked.dates[row]?.[cell.field.column] ?? "");
    const [year, month, date] = day ? day.slice(1).map((part) => (part ? Number(part) : null)) : [];
    const isDate = year && !cell.input.hasAttribute("aria-invalid");
    say(cell.element, "meant", isDate ? () => formatBirthDate({ year, month: month ?? null, day: date ?? null }) : "");
  }

  /** @param {Remark[]} doubts */
  #doubts(doubts) {
    const panel = part(this.screen, "doubts");
    panel.hidden = doubts.length === 0;
    const focused = document.activeElement?.id ?? "";
    part(panel, "list").replaceChildren(...doubts.map((doubt) => this.#doubt(doubt)));
    if (focused.startsWith("doubt-")) document.getElementById(focused)?.focus();
  }

  /** @param {Remark} doubt */
  #doubt(doubt) {
    const element = made("desk-issue-doubt");
    const box = /** @type {HTMLInputElement} */ (element.querySelector("input"));
    const label = /** @type {HTMLLabelElement} */ (element.querySelector("label"));
    box.id = `doubt-${doubt.id.replaceAll(".", "-")}`;
    label.htmlFor = box.id;
    const isOfSeveral = doubt.place !== "person" && this.#count > 1;
    const place = () => (isOfSeveral ? `${t("desk_issue.event", { n: Number(doubt.place) + 1 })}: ` : "");
    write(label, () => place() + this.#about(doubt) + sentence(doubt));
    box.checked = this.#confirmed.includes(doubt.id);
    box.addEventListener("change", () => this.#confirm([doubt.id], box.checked));
    return element;
  }

  /** @param {Remark} doubt */
  #about(doubt) {
    const cell = this.#cell(doubt.place, doubt.column);
    return cell ? `${t(cell.field.label)}: ` : "";
  }

  /** @param {string[]} ids @param {boolean} isRight */
  #confirm(ids, isRight) {
    this.#confirmed = this.#confirmed.filter((id) => !ids.includes(id));
    if (isRight) this.#confirmed.push(...ids);
    this.listeners.onChange();
  }

  /** Confirm every doubt that is shown. */
  allRight() {
    for (const box of part(this.screen, "doubts").querySelectorAll("input")) {
      if (!box.checked) box.click();
    }
  }

  /** Go to the first field that is marked, or to the first doubt that is open. */
  toWhatIsOpen() {
    const wrong = /** @type {HTMLElement | null} */ (this.screen.querySelector("[aria-invalid=true]"));
    const doubt = /** @type {HTMLElement | null} */ (part(this.screen, "doubts").querySelector("input:not(:checked)"));
    (wrong ?? doubt)?.focus();
  }

  // ---------------------------------------------------------------------------------------------------------
  // Fields.

  /** @param {HTMLElement} into @param {Field[]} fields @param {string} place */
  #fields(into, fields, place) {
    for (const field of fields) {
      const cell = this.#made(field, place);
      const where = field.way === "latin" ? into.querySelector("[data-part=latin]") : into.querySelector("[data-part=native]");
      const isName = field.column.startsWith("surname") || field.column.startsWith("forename");
      ((isName && where) || into).append(cell.element);
      this.#cells.push(cell);
    }
  }

  /** @param {Field} field @param {string} place */
  #made(field, place) {
    const element = made(field.way === "choice" ? "desk-issue-choice" : "desk-issue-field");
    const input = /** @type {HTMLInputElement | HTMLSelectElement} */ (element.querySelector("input, select"));
    const id = `issue-${++this.#number}`;
    input.id = id;
    const label = /** @type {HTMLLabelElement} */ (element.querySelector("label"));
    label.htmlFor = id;
    write(label, () => t(field.label));
    element.classList.toggle("wide", field.wide === true);
    element.dataset.column = field.column;
    const { hint } = field;
    say(element, "hint", hint ? () => t(hint) : "");
    const about = ["hint", "meant", "wrong"].map((name) => {
      part(element, name).id = `${id}-${name}`;
      return `${id}-${name}`;
    });
    input.setAttribute("aria-describedby", about.join(" "));
    const cell = new Cell(field, place, element, input);
    this.#wayOf(cell);
    input.addEventListener("input", () => this.listeners.onChange());
    input.addEventListener("change", () => this.listeners.onChange());
    input.addEventListener("blur", () => {
      cell.touched = cell.touched || cell.value !== "";
    });
    return cell;
  }

  /** @param {Cell} cell */
  #wayOf(cell) {
    const { field, input, place } = cell;
    if (input instanceof HTMLSelectElement) {
      for (const code of field.choices ?? []) input.add(write(new Option("", code), code ? () => t(`codes.${code}`) : ""));
      return;
    }
    if (field.way === "number") input.inputMode = "numeric";
    if (field.way === "latin") input.autocapitalize = "characters";
    if (field.way === "date" || field.way === "time") this.#now(cell);
    if (field.way === "search" || field.way === "earlier") {
      cell.combo = new Combo(input, {
        look: (text) => this.listeners.look(field.column, text, this.#cell(place, "product")?.value ?? ""),
        onChosen: (suggestion) => this.#chosen(cell, suggestion),
        takesAll: field.way === "earlier",
      });
    }
    // After the list's own: an Enter that chooses from it goes no further, and the field keeps its focus until it has.
    input.addEventListener("keydown", (event) => this.#pressed(event, cell));
    input.addEventListener("entered", () => this.#after(cell));
  }

  /** @param {Cell} cell @param {Suggestion} suggestion */
  #chosen(cell, suggestion) {
    cell.touched = true;
    const doses = this.#cell(cell.place, "doses");
    if (cell.field.column === "product" && suggestion.doses && doses) doses.put(String(suggestion.doses));
    this.#after(cell);
  }

  /** A button for the day or the minute that it is now. @param {Cell} cell */
  #now(cell) {
    if (cell.field.column === "birth_date" || cell.field.column === "valid_until") return;
    const button = /** @type {HTMLButtonElement} */ (part(cell.element, "now"));
    const isTime = cell.field.way === "time";
    const now = () => t(isTime ? "desk_issue.now" : "desk_issue.today");
    write(button, now);
    write(button, () => `${now()}: ${t(cell.field.label)}`, "aria-label");
    button.hidden = false;
    button.addEventListener("click", () => {
      cell.put(isTime ? `${this.#today} ${clock()}` : this.#today);
      cell.touched = true;
      this.listeners.onChange();
      this.#after(cell);
    });
  }

  /** @param {KeyboardEvent} event @param {Cell} cell */
  #pressed(event, cell) {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey) return;
    event.preventDefault();
    const text = cell.input.value;
    // A scanner was used while another field had the focus: what it typed belongs to the passport's.
    if (text.includes("<<") || text.length > 80) {
      cell.put("");
      this.listeners.onLine(text);
      return;
    }
    this.#after(cell);
  }

  /** Go on to the field after one. @param {Cell} cell */
  #after(cell) {
    const after = this.#cells[this.#cells.indexOf(cell) + 1];
    (after?.input ?? part(this.screen, "show")).focus();
  }
}

/** The minute that it is, on this computer's clock. */
function clock() {
  const now = new Date();
  return [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}
