/** What the wallet's screens are made of: elements, dialogs, questions, downloads. */

import { t } from "./words.js";

/**
 * Return an element of the page; its absence is a fault of the page.
 *
 * @template {keyof HTMLElementTagNameMap} [K="div"]
 * @param {string} id
 * @param {K} [_tag] what it is, for the types
 * @returns {HTMLElementTagNameMap[K]}
 */
export function byId(id, _tag) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element ${id}`);
  return /** @type {HTMLElementTagNameMap[K]} */ (/** @type {unknown} */ (element));
}

/**
 * Make an element. Texts become text nodes: nothing is ever parsed as markup.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | EventListener>} [attributes] a function is a listener by the event's name
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button. @param {string} text @param {EventListener} act @param {Record<string, string>} [attributes] */
export function button(text, act, attributes = {}) {
  return make("button", { type: "button", click: act, ...attributes }, text);
}

/**
 * Fill a select, and keep what was chosen where it is still there.
 *
 * @param {HTMLSelectElement} select
 * @param {[string, string][]} options value and text
 * @param {string} [chosen]
 */
export function choices(select, options, chosen = select.value) {
  select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

/** Say something that passes; a screen reader reads it out. @param {string} text */
export function notify(text) {
  byId("notice", "p").textContent = text;
}

// Dialogs.

/**
 * Show a dialog; resolves when it is closed, by whatever.
 *
 * @param {string} id
 * @returns {Promise<void>}
 */
export function shown(id) {
  const dialog = byId(id, "dialog");
  dialog.showModal();
  const title = dialog.querySelector("h2");
  if (title instanceof HTMLElement) title.focus();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(), { once: true }));
}

/** Close a dialog, if it is open. @param {string} id */
export function hide(id) {
  const dialog = byId(id, "dialog");
  if (dialog.open) dialog.close();
}

/** Close whatever is open, as locking does. */
export function hideAll() {
  for (const dialog of document.querySelectorAll("dialog")) if (dialog.open) dialog.close();
}

/** Every button of class `close` closes its dialog. */
export function wireDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    for (const closer of dialog.querySelectorAll(".close")) closer.addEventListener("click", () => dialog.close());
  }
}

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} [type]
 * @property {string} [hint]
 * @property {string} [autocomplete]
 */

/**
 * Ask in a dialog. The answer is the fields' values; null where it was cancelled.
 *
 * @param {object} question
 * @param {string} question.title
 * @param {string} [question.text]
 * @param {string} question.go the button that does it
 * @param {Field[]} [question.fields]
 * @param {boolean} [question.danger]
 * @param {(values: Record<string, string>) => Promise<string | null>} [question.check] does it; words of what is wrong keep the dialog open
 * @returns {Promise<Record<string, string> | null>}
 */
export async function ask({ title, text = "", go, fields = [], danger = false, check }) {
  byId("asking-title", "h2").textContent = title;
  byId("asking-text", "p").textContent = text;
  byId("asking-error", "p").textContent = "";
  byId("asking-fields").replaceChildren(...fields.flatMap(inputs));
  const doer = byId("asking-go", "button");
  doer.textContent = go;
  doer.className = danger ? "danger" : "main";
  /** @type {Record<string, string> | null} */
  let answer = null;
  const form = byId("asking-form", "form");
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (doer.disabled) return;
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    byId("asking-error", "p").textContent = "";
    doer.disabled = true;
    try {
      const wrong = check ? await check(values) : null;
      if (wrong !== null) byId("asking-error", "p").textContent = wrong;
      else {
        answer = values;
        hide("asking");
      }
    } finally {
      doer.disabled = false;
    }
  };
  const closed = shown("asking");
  byId("asking-fields").querySelector("input")?.focus();
  await closed;
  // A passphrase does not stay in a field.
  byId("asking-fields").replaceChildren();
  return answer;
}

/** @param {Field} field @returns {HTMLElement[]} */
function inputs({ name, label, type = "text", hint, autocomplete = "off" }) {
  const id = `asking-${name}`;
  const input = make("input", { id, name, type, autocomplete, required: true, ...(hint ? { "aria-describedby": `${id}-hint` } : {}) });
  return [make("label", { for: id }, label), input, ...(hint ? [make("p", { id: `${id}-hint`, class: "hint" }, hint)] : [])];
}

// Files.

/**
 * Hand the person a file. Its name says what it is, never whose.
 *
 * @param {string} name
 * @param {string} type
 * @param {Uint8Array<ArrayBuffer> | string} content
 */
export function download(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = make("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Let the person choose one file; null where none was. @param {string} accept @returns {Promise<File | null>} */
export function chosenFile(accept) {
  return new Promise((resolve) => {
    const input = make("input", { type: "file", accept, hidden: true });
    input.addEventListener("change", () => { resolve(input.files?.[0] ?? null); input.remove(); });
    input.addEventListener("cancel", () => { resolve(null); input.remove(); });
    document.body.append(input);
    input.click();
  });
}

// A passphrase.

export const LEAST_CHARACTERS = 10;

/**
 * Say in one word how hard a passphrase is to guess: a rough count of bits, for advice only.
 *
 * @param {string} passphrase
 * @returns {"short" | "weak" | "fair" | "good"}
 */
export function strength(passphrase) {
  const letters = [...passphrase];
  if (letters.length < LEAST_CHARACTERS) return "short";
  const classes = [/\p{Ll}|\p{Lo}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}\s]/u].filter((each) => each.test(passphrase)).length;
  // Words have about 2.5 bits a letter; mixed characters more. What repeats adds little.
  const bits = Math.min(letters.length, new Set(letters).size * 2) * (classes > 2 ? 4 : 2.5);
  return bits < 45 ? "weak" : bits < 65 ? "fair" : "good";
}

/** @param {string} passphrase */
export function strengthInWords(passphrase) {
  const level = strength(passphrase);
  return level === "short" ? t("wallet.passphrase_short") : t(`wallet.strength_${level}`);
}
