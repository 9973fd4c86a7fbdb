/**
 * The words of the pages in the reader's language; dates, ages and countries as that language writes them.
 *
 *     words/<language>.json (tools/page_words.py) -> loadWords -> t("border.next") -> text
 *
 * 1. A word is text and never markup; what is filled into it is kept apart from its direction, so that a Latin name in
 *    an Arabic line moves nothing.
 * 2. Digits are Latin in every language, months are in words: dates are compared with those of a passport.
 * 3. The language is chosen in the page and kept in this browser; nothing else is, and no address tells it.
 */
import { fileURL } from "./policy.js";

/** Language -> its own name, and the locale that its dates are written by (a day before its month). */
export const LANGUAGES = Object.freeze({
  ar: { name: "العربية", locale: "ar" },
  zh: { name: "中文", locale: "zh" },
  en: { name: "English", locale: "en-GB" },
  fr: { name: "Français", locale: "fr" },
  ru: { name: "Русский", locale: "ru" },
  es: { name: "Español", locale: "es" },
  de: { name: "Deutsch", locale: "de" },
  pt: { name: "Português", locale: "pt-PT" },
  hi: { name: "हिन्दी", locale: "hi" },
  sw: { name: "Kiswahili", locale: "sw" },
});

/** @typedef {keyof typeof LANGUAGES} Language */
/** @typedef {Record<string, string>} Table */

const KEPT = "pratique.language";
const HOUR = 3600;
const DAY = 24 * HOUR;
/** Letters of scripts that run from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko and their forms. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

/** @type {Record<string, Table>} */
let tables = {};
/** @type {Language} */
let current = "en";

/**
 * Load a language, and set the page's language and direction by it.
 *
 * @param {string} [language] the kept one, else the first that the browser asks for and that is there, else English
 * @returns {Promise<Language>}
 */
export async function loadWords(language) {
  const wanted = [language, kept(), ...navigator.languages.map((tag) => tag.split("-")[0])];
  const chosen = /** @type {Language} */ (wanted.find((tag) => tag && Object.hasOwn(LANGUAGES, tag)) ?? "en");
  const answer = await fetch(fileURL(`words/${chosen}.json`));
  if (!answer.ok) throw new Error(`no words: ${chosen}`);
  const { direction: way, language: _, ...words } = await answer.json();
  tables = words;
  current = chosen;
  document.documentElement.lang = LANGUAGES[chosen].locale;
  document.documentElement.dir = way;
  return chosen;
}

/** The language of the page. */
export function language() {
  return current;
}

/** "ltr" or "rtl": where the page's lines begin. */
export function direction() {
  return document.documentElement.dir === "rtl" ? "rtl" : "ltr";
}

/**
 * A word in the reader's language.
 *
 * @param {string} key "border.next"
 * @param {Record<string, string | number>} [values] for the {names} in it
 */
export function t(key, values = {}) {
  const word = wordOf(key);
  if (word === undefined) return key;
  return word.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? apart(values[name] ?? "") : whole));
}

/** Whether there is such a word. @param {string} key */
export function known(key) {
  return wordOf(key) !== undefined;
}

/** Texts that were made of words, of the elements that have them: attribute ("" for the content) -> what makes it. @type {WeakMap<Element, Map<string, () => string>>} */
const made = new WeakMap();

/**
 * Write a text into an element, or into one of its attributes.
 *
 * @template {Element} Kind
 * @param {Kind} element
 * @param {string | (() => string)} text what makes it of words, and makes it anew where the language is changed
 * @param {string} [attribute]
 * @returns {Kind}
 */
export function write(element, text, attribute = "") {
  const texts = made.get(element) ?? new Map();
  if (typeof text === "string") {
    texts.delete(attribute);
  } else {
    made.set(element, texts.set(attribute, text));
    element.setAttribute("data-made", "");
  }
  put(element, typeof text === "string" ? text : text(), attribute);
  return element;
}

/** @param {Element} element @param {string} text @param {string} attribute */
function put(element, text, attribute) {
  if (attribute) element.setAttribute(attribute, text);
  else element.textContent = text;
}

/**
 * Write the words into what is marked with their keys: `data-t` as text, `data-label` as the name of a control; and
 * what `write` was given.
 *
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-made]")) {
    for (const [attribute, text] of made.get(element) ?? []) put(element, text(), attribute);
  }
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(element.getAttribute("data-t") ?? "");
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.getAttribute("data-label") ?? ""));
  }
}

/**
 * A list of the languages by their own names; the one that is chosen is kept and loaded.
 *
 * @param {(language: Language) => void} onLanguage called when its words are there
 * @returns {HTMLSelectElement}
 */
export function chooser(onLanguage) {
  const list = document.createElement("select");
  list.setAttribute("data-label", "page.language");
  list.setAttribute("aria-label", t("page.language"));
  list.autocomplete = "off";
  for (const [tag, { name, locale }] of Object.entries(LANGUAGES)) {
    const option = new Option(name, tag, tag === current, tag === current);
    option.lang = locale;
    list.append(option);
  }
  list.addEventListener("change", async () => {
    keep(list.value);
    onLanguage(await loadWords(list.value));
  });
  return list;
}

// -----------------------------------------------------------------------------------------------------------
// Dates, ages, countries.

/**
 * A birth date as far as it is known, its month in words.
 *
 * @param {{year: number, month?: number | null, day?: number | null}} born
 */
export function formatBirthDate({ year, month = null, day = null }) {
  const at = new Date(Date.UTC(year, (month ?? 1) - 1, day ?? 1));
  // Date.UTC takes the years 0 to 99 as 1900 to 1999.
  at.setUTCFullYear(year);
  if (month === null) return dated({ year: "numeric" }, at);
  if (day === null) return dated({ year: "numeric", month: "long" }, at);
  return dated({ year: "numeric", month: "long", day: "numeric" }, at);
}

/** A day. @param {Date | number} when a date, or seconds since the epoch @param {string} [zone] */
export function formatDate(when, zone = "UTC") {
  return dated({ year: "numeric", month: "long", day: "numeric", timeZone: zone }, instant(when));
}

/** A day and the minute of it. @param {Date | number} when a date, or seconds since the epoch @param {string} [zone] */
export function formatInstant(when, zone = "UTC") {
  return dated({ dateStyle: "long", timeStyle: "short", hourCycle: "h23", timeZone: zone }, instant(when));
}

/** How long something lasts or is past: minutes, hours up to two days, then days. @param {number} seconds */
export function formatAge(seconds) {
  const [unit, size] = seconds < HOUR ? ["minute", 60] : seconds < 2 * DAY ? ["hour", HOUR] : ["day", DAY];
  const amount = Math.max(0, Math.floor(seconds / Number(size)));
  return new Intl.NumberFormat(latin(), { style: "unit", unit: String(unit), unitDisplay: "long" }).format(amount);
}

/** A country's name; its code where it has none, as invented ones. @param {string} code of two letters */
export function countryName(code) {
  // CLDR has names for what nobody is from: XA and XB are languages under test.
  if (!/^[A-Z]{2}$/.test(code) || /^(X[ABZ]|ZZ)$/.test(code)) return code;
  return new Intl.DisplayNames([locale()], { type: "region", fallback: "code" }).of(code) ?? code;
}

/** The locale that the page's dates and names are written by. */
export function locale() {
  return LANGUAGES[current].locale;
}

function latin() {
  return `${locale()}-u-ca-gregory-nu-latn`;
}

/** @param {Intl.DateTimeFormatOptions} options @param {Date} at */
function dated(options, at) {
  return new Intl.DateTimeFormat(latin(), { timeZone: "UTC", ...options }).format(at);
}

/** @param {Date | number} when */
function instant(when) {
  return typeof when === "number" ? new Date(when * 1000) : when;
}

// -----------------------------------------------------------------------------------------------------------

/** @param {string} key */
function wordOf(key) {
  const [table = "", name = ""] = key.split(/\.(.*)/s);
  const words = Object.hasOwn(tables, table) ? tables[table] : undefined;
  return words && Object.hasOwn(words, name) ? words[name] : undefined;
}

/** What is filled in, with its direction kept to itself (UAX #9, isolates) where another could meet it. @param {string | number} value */
function apart(value) {
  const text = String(value);
  return direction() === "rtl" || RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

function kept() {
  try {
    return localStorage.getItem(KEPT) ?? undefined;
  } catch {
    // Storage is refused: the browser's own languages are asked.
    return undefined;
  }
}

/** @param {string} chosen */
function keep(chosen) {
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // Storage is refused: it holds until the page is closed.
  }
}
