/**
 * Whole files at the desk: drop one, say what its columns are, look at what is wrong, start, stop, go on, save the archive.
 *
 *     files.put -> columns -> files.check -> rows to mend -> files.start <-> files.stop -> files.archive -> files.finish
 *
 * 1. The desk knows how far it is: a page that was loaded again shows the same. This page only asks and shows.
 * 2. A file's name is not sent: it may be somebody's.
 * 3. What is saved is received whole before the desk is told to remove its own.
 */
import { sentence } from "./desk-issue-form.js";
import { Refused, inWords } from "./desk-page.js";
import { made, part, say } from "./shown.js";
import { known, locale, t, write } from "./words.js";

/** @import {DeskPage} from "./desk-page.js" */
/** @typedef {{header: string, column: string, cells: string[], repeated: boolean, dates: string[]}} Column */
/** @typedef {{row: number, column: string, header: string, code: string, refuses: boolean, meaning: string, next_step: string}} Remark */
/** @typedef {{rows: number, ready: number, refused: number, skipped: number, doubted: number, told: number, remarks: Remark[]}} Checked */
/** @typedef {{phase: string, begun: number, rows: number, total: number, most_sheets: number, look: {columns: Column[], is_data: boolean, ours: string[]}, checked: Checked, done: {issued: number, refused: number, unprinted: number}, error?: {code?: string, message?: string, hint?: string}, notes: Record<string, string | number>[]}} State */

const BUSY = new Set(["reading", "checking", "issuing"]);
const PAUSE = 400;
const ORDERS = ["dmy", "mdy", "ymd"];
/** Columns of ours that paper has a name for. @type {Record<string, string>} */
const NAMED = {
  birth_date: "born", sex: "sex", nationality: "nationality", document: "document", guardian: "guardian", disease: "disease",
  product: "vaccine", manufacturer: "manufacturer", dose: "dose", lot: "lot", given_on: "given", test_type: "test_type",
  test_name: "test_name", device: "device", sampled_at: "sampled", result: "result", first_positive_on: "first_positive",
  valid_from: "certified_from", valid_until: "certified_until", site: "site", country: "country", authority: "authority",
};
/** What may be said for all rows of a file. */
const FOR_ALL = ["kind", "product", "dose", "doses", "given_on", "lot", "site", "disease", "country", "authority", "domain"];

/** Show it. @param {DeskPage} page */
export function open(page) {
  const screen = new FileScreen(page);
  void screen.ask("files.state");
}

/** The name of a column of ours. @param {string} column */
export function columnName(column) {
  if (NAMED[column]) return t(`labels.${NAMED[column]}`);
  return known(`desk_files.c_${column}`) ? t(`desk_files.c_${column}`) : column;
}

class FileScreen {
  /** @type {DeskPage} */ #page;
  /** @type {HTMLElement} */ #root;
  /** @type {string} */ #shown = "";
  #over = false;
  #timer = 0;

  /** @param {DeskPage} page */
  constructor(page) {
    this.#page = page;
    this.#root = page.show("desk-files", () => {
      this.#over = true;
      clearTimeout(this.#timer);
    });
    page.onLanguage = () => this.#root.querySelectorAll("select[data-header]").forEach((list) => ordered(/** @type {HTMLSelectElement} */ (list)));
  }

  /** Ask the desk, and show how far the file is. @param {string} name @param {Record<string, unknown>} [asked] */
  async ask(name, asked = {}) {
    clearTimeout(this.#timer);
    this.#page.say("");
    await this.#try(async () => this.#show(await this.#page.ask(name, asked)));
  }

  /** @param {() => Promise<void>} work */
  async #try(work) {
    try {
      await work();
    } catch (error) {
      if (this.#over) return;
      this.#page.tell(error);
      if (!(error instanceof Refused)) this.#later();
    }
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#poll(), PAUSE);
  }

  async #poll() {
    if (!this.#over) await this.#try(async () => this.#show(await this.#page.ask("files.state")));
  }

  /** @param {State} state */
  #show(state) {
    if (this.#over) return;
    const kind = BUSY.has(state.phase) ? `busy-${state.phase}` : state.phase;
    const isNew = kind !== this.#shown;
    if (isNew) {
      this.#shown = kind;
      const name = BUSY.has(state.phase) ? "busy" : ["none", "refused"].includes(state.phase) ? "drop" : state.phase;
      const element = made(`part-desk-files-${name}`);
      part(this.#root, "phase").replaceChildren(element);
      this.#root.dataset["phase"] = state.phase;
      /** @type {Record<string, (element: HTMLElement, state: State) => void>} */ ({
        drop: (e, s) => this.#drop(e, s), columns: (e, s) => this.#columns(e, s), checked: (e, s) => this.#checked(e, s),
        busy: (e, s) => this.#busy(e, s), stopped: (e, s) => this.#stopped(e, s), done: (e, s) => this.#done(e, s),
      })[name]?.(element, state);
      // What had the focus is gone; where nothing is headed anew, the screen's own title takes it.
      const title = /** @type {HTMLElement | null} */ (element.querySelector("h2") ?? this.#root.querySelector("h1"));
      title?.focus();
    }
    this.#error(state);
    if (BUSY.has(state.phase)) {
      this.#counted(part(this.#root, "phase"), state);
      this.#later();
    }
  }

  /** @param {State} state */
  #error({ error: { code, message = "", hint = "" } = {} }) {
    say(this.#root, "wrong", code ? () => inWords({ code, message, hint }) : "");
  }

  // ------------------------------------------------------------------------------------------ a file is dropped

  /** @param {HTMLElement} element @param {State} state */
  #drop(element, state) {
    const input = /** @type {HTMLInputElement} */ (part(element, "file"));
    part(element, "choose").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      input.value = "";
      this.#put(file);
    });
    element.addEventListener("dragover", (event) => {
      event.preventDefault();
      element.classList.add("over");
    });
    element.addEventListener("dragleave", () => element.classList.remove("over"));
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#put(event.dataTransfer?.files[0]);
    });
    say(element, "begun", state.begun ? () => t("desk_files.begun") : "");
  }

  /** @param {File | undefined} file */
  #put(file) {
    if (!file) return;
    this.#page.say("");
    this.#shown = "";
    void this.#try(async () => this.#show(await this.#page.send("files.put", file)));
  }

  // ------------------------------------------------------------------------------------------ its columns

  /** @param {HTMLElement} element @param {State} state */
  #columns(element, { look }) {
    part(element, "table").hidden = look.columns.length === 0;
    say(element, "fhir", look.columns.length ? "" : () => t("desk_files.fhir"));
    say(element, "data", look.is_data ? () => t("desk_files.is_data") : "");
    const rows = part(element, "rows");
    for (const column of look.columns) rows.append(this.#column(column, look.ours));
    const orders = new Set(look.columns.flatMap(({ dates }) => dates));
    const asked = part(element, "order");
    asked.hidden = orders.size === 0;
    // Proven by the file itself (a day above 12), it is proposed; else nobody guesses.
    const proven = look.columns.map(({ dates }) => dates).filter((dates) => dates.length).reduce(
      (left, dates) => left.filter((order) => dates.includes(order)), ORDERS);
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (asked.querySelectorAll("input"))) {
      input.required = orders.size > 0;
      input.checked = proven.length === 1 && proven[0] === input.value;
    }
    const list = /** @type {HTMLSelectElement} */ (part(element, "all-column"));
    for (const column of FOR_ALL) list.append(write(new Option("", column), () => columnName(column)));
    part(element, "all-add").addEventListener("click", () => this.#addForAll(element));
    part(element, "other").addEventListener("click", () => void this.ask("files.finish"));
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#check(/** @type {HTMLFormElement} */ (element));
    });
  }

  /** @param {Column} column @param {string[]} ours */
  #column({ header, column, cells, repeated }, ours) {
    const row = made("part-desk-files-column");
    part(row, "header").textContent = header || "–";
    part(row, "cells").textContent = cells.filter(Boolean).join(" · ");
    const list = /** @type {HTMLSelectElement} */ (part(row, "column"));
    list.dataset["header"] = header;
    write(list, () => t("desk_files.column_of", { header }), "aria-label");
    list.append(write(new Option("", ""), () => t("desk_files.not_read")));
    for (const name of ours) list.append(write(new Option("", name), () => columnName(name)));
    list.value = column;
    ordered(list);
    list.disabled = repeated;
    say(row, "repeated", repeated ? () => t("desk_files.repeated") : "");
    return row;
  }

  /** @param {HTMLElement} element */
  #addForAll(element) {
    const list = /** @type {HTMLSelectElement} */ (part(element, "all-column"));
    const value = /** @type {HTMLInputElement} */ (part(element, "all-value"));
    if (!value.value.trim()) {
      value.focus();
      return;
    }
    const line = made("part-desk-files-value");
    const column = list.value;
    const text = value.value.trim();
    line.dataset["column"] = column;
    line.dataset["value"] = text;
    write(part(line, "text"), () => `${columnName(column)}: ${text}`);
    write(part(line, "remove"), () => `${t("desk_files.remove")}: ${columnName(column)}`, "aria-label");
    part(line, "remove").addEventListener("click", () => {
      line.remove();
      list.focus();
    });
    part(element, "all").querySelector(`[data-column="${column}"]`)?.remove();
    part(element, "all").append(line);
    value.value = "";
  }

  /** @param {HTMLFormElement} form */
  #check(form) {
    /** @type {Record<string, string>} */ const columns = {};
    for (const list of /** @type {NodeListOf<HTMLSelectElement>} */ (form.querySelectorAll("select[data-header]"))) {
      if (!list.disabled) columns[list.dataset["header"] ?? ""] = list.value;
    }
    /** @type {Record<string, string>} */ const filled = {};
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-value]"))) {
      filled[line.dataset["column"] ?? ""] = line.dataset["value"] ?? "";
    }
    void this.ask("files.check", { columns, filled, dates: new FormData(form).get("order") ?? "" });
  }

  // ------------------------------------------------------------------------------------------ what is wrong with it

  /** @param {HTMLElement} element @param {State} state */
  #checked(element, { checked, most_sheets: most }) {
    say(element, "ready", () => t("desk_files.ready", { n: checked.ready, of: checked.rows }));
    say(element, "refused", checked.refused ? () => t("desk_files.refused", { n: checked.refused }) : "");
    say(element, "doubted", checked.doubted ? () => t("desk_files.doubted", { n: checked.doubted }) : "");
    part(element, "table").hidden = checked.remarks.length === 0;
    part(element, "errors").hidden = checked.remarks.length === 0;
    for (const remark of checked.remarks) part(element, "rows").append(remarkRow(remark));
    say(element, "more", checked.told > checked.remarks.length ? () => t("desk_files.more", { n: checked.told - checked.remarks.length }) : "");
    const doubts = /** @type {HTMLInputElement} */ (part(element, "doubts"));
    part(element, "doubts-asked").hidden = checked.doubted === 0;
    doubts.required = checked.doubted > 0;
    const sheets = /** @type {HTMLSelectElement} */ (part(element, "sheets"));
    for (const layout of this.#page.about?.layouts ?? []) sheets.append(write(new Option("", layout), () => t(`desk_files.sheet_${layout}`)));
    sheets.disabled = checked.ready > most;
    /** @type {HTMLButtonElement} */ (part(element, "start")).disabled = checked.ready === 0;
    part(element, "errors").addEventListener("click", () => void this.#save("files.errors"));
    part(element, "other").addEventListener("click", () => void this.ask("files.finish"));
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.ask("files.start", { layout: sheets.value, doubts: doubts.checked });
    });
  }

  // ------------------------------------------------------------------------------------------ it is worked on

  /** @param {HTMLElement} element @param {State} state */
  #busy(element, { phase }) {
    write(part(element, "title"), () => t(`desk_files.${phase}`));
    part(element, "stop").hidden = phase !== "issuing";
    part(element, "meanwhile").hidden = phase !== "issuing";
    part(element, "stop").addEventListener("click", () => void this.ask("files.stop"));
  }

  /** @param {HTMLElement} element @param {State} state */
  #counted(element, { rows, total }) {
    const bar = /** @type {HTMLProgressElement} */ (part(element, "bar"));
    if (total) {
      bar.max = total;
      bar.value = rows;
    }
    write(part(element, "count"), () => (total ? t("desk_files.rows_of", { n: rows, of: total }) : t("desk_files.rows", { n: rows })));
  }

  /** @param {HTMLElement} element @param {State} state */
  #stopped(element, { rows, total }) {
    write(part(element, "count"), () => t("desk_files.rows_of", { n: rows, of: total }));
    part(element, "on").addEventListener("click", () => void this.ask("files.start"));
    part(element, "archive").addEventListener("click", () => void this.#save("files.archive"));
    part(element, "cancel").addEventListener("click", () => {
      part(element, "sure").hidden = false;
      part(element, "sure-yes").focus();
    });
    part(element, "sure-yes").addEventListener("click", () => void this.ask("files.finish", { forget: true }));
    part(element, "sure-no").addEventListener("click", () => {
      part(element, "sure").hidden = true;
      part(element, "cancel").focus();
    });
  }

  /** @param {HTMLElement} element @param {State} state */
  #done(element, { done, notes }) {
    write(part(element, "issued"), () => t("desk_files.issued", { n: done.issued }));
    say(element, "refused", done.refused ? () => t("desk_files.refused", { n: done.refused }) : "");
    say(element, "unprinted", done.unprinted ? () => t("desk_files.unprinted", { n: done.unprinted }) : "");
    say(element, "notes", () => notes.map(({ name, ...values }) => t(`desk_files.note_${name}`, values)).join(" "));
    const button = part(element, "archive");
    button.addEventListener("click", async () => {
      if (await this.#save("files.archive")) part(element, "finish").focus();
      part(element, "saved").hidden = false;
    });
    part(element, "finish").addEventListener("click", async () => {
      await this.ask("files.finish");
      if (!this.#over) this.#page.say(() => t("desk_files.removed"));
    });
  }

  /** Receive a file whole, then have the browser save it. @param {string} name @returns {Promise<boolean>} */
  async #save(name) {
    try {
      const { name: file, blob } = await this.#page.file(name);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      return true;
    } catch (error) {
      this.#page.tell(error);
      return false;
    }
  }
}

/** Put a list's choices into the order of their names, what is not read first. @param {HTMLSelectElement} list */
function ordered(list) {
  const { value } = list;
  const [first, ...others] = list.options;
  others.sort((a, b) => a.text.localeCompare(b.text, locale()));
  if (first) list.replaceChildren(first, ...others);
  list.value = value;
}

/** @param {Remark} remark */
function remarkRow({ row, column, header, code, refuses, meaning, next_step: next }) {
  const line = made("part-desk-files-remark");
  part(line, "row").textContent = String(row);
  const name = () => columnName(column.split(".").at(-1) ?? "");
  write(part(line, "column"), () => (header ? `${name()} (${header})` : name()));
  write(part(line, "kind"), () => t(refuses ? "desk_files.is_refused" : "desk_files.is_doubted"));
  write(part(line, "what"), () => sentence({ code, meaning, next }));
  line.classList.toggle("refuses", refuses);
  return line;
}
