/**
 * The result of a check, as an officer sees it, and that of a comparison with the passport.
 *
 *     Screen (docs/reference/bridge.md) -> resultOf -> element, and what a screen reader says: the word, then the name
 *
 * Only what is written here is taken out of a Screen: a field that came by mistake would not be shown.
 */
import { formatBirthDate, t } from "./words.js";
import { made, part, say, shape } from "./shown.js";

/**
 * @typedef {object} Person
 * @property {string} family in Latin letters, as signed
 * @property {string} given
 * @property {string} family_native
 * @property {string} given_native
 * @property {{year: number, month: number | null, day: number | null} | null} born
 */

/**
 * @typedef {object} Screen
 * @property {"green" | "amber" | "red" | "specimen" | "again" | "more"} outcome
 * @property {Person | null} person
 * @property {{reason: string, step: string}[]} reasons
 * @property {string[]} appeal
 * @property {{read: number, of: number} | null} parts
 * @property {{number: number, created: number, age_seconds: number, level: string, clock: string}} data
 */

/**
 * @typedef {object} Given
 * @property {boolean} kiosk no officer stands there
 * @property {number} count certificates of this traveller so far
 * @property {boolean} keyboard the scanner's keyboard is set wrongly
 */

/**
 * @param {Screen} screen
 * @param {Given} given
 * @returns {{element: HTMLElement, spoken: string[]}}
 */
export function resultOf(screen, { kiosk, count, keyboard }) {
  const element = made("screen-result");
  const word = showOutcome(element, screen.outcome);
  const name = named(element, screen.person);
  const passes = screen.outcome === "green";
  // At a gate others look on: why somebody does not pass, an officer tells them.
  const reasons = kiosk && screen.outcome !== "again" ? [] : inWords(screen.reasons);
  listed(part(element, "reasons"), reasons);
  part(element, "compare").hidden = kiosk || !screen.person || screen.outcome === "specimen";
  say(element, "gate", gateText(kiosk, screen.outcome));
  say(element, "appeal", kiosk || !screen.appeal.length ? "" : t("border.appeal", { contact: screen.appeal.join(", ") }));
  say(element, "keyboard", keyboard && !kiosk ? `${t("reasons.scanner-setting")} ${t("steps.set-scanner")}` : "");
  say(element, "count", count > 1 ? t("border.second_count", { n: count }) : "");
  button(element, "passport").hidden = !screen.person || kiosk;
  button(element, "second").hidden = passes || screen.outcome === "again";
  button(element, "keep").hidden = screen.outcome === "again";
  button(element, "help").hidden = kiosk;
  if (screen.outcome === "again") {
    // Nothing was read: the same traveller shows it again.
    const next = button(element, "next");
    next.dataset.act = "again";
    next.textContent = t("page.again");
  }
  const said = reasons.map(({ reason, step }) => `${reason} ${step}`);
  return { element, spoken: [word, ...name, ...(passes ? [t("border.compare")] : said)] };
}

/**
 * Show an outcome: its word, its colour and its shape.
 *
 * @param {HTMLElement} element
 * @param {string} outcome
 * @returns {string} the word
 */
export function showOutcome(element, outcome) {
  const word = t(`border.${outcome}`);
  element.dataset.outcome = outcome;
  shape(element, outcome);
  say(element, "word", word);
  return word;
}

/**
 * @param {boolean} kiosk
 * @param {string} outcome
 */
function gateText(kiosk, outcome) {
  if (!kiosk || outcome === "again") return "";
  return t(outcome === "green" ? "border.kiosk_green" : "border.kiosk_officer");
}

/** @param {HTMLElement} element @param {string} act */
function button(element, act) {
  return /** @type {HTMLButtonElement} */ (element.querySelector(`[data-act="${act}"]`));
}

/**
 * Write whose certificate it is: family and given name apart, as the passport has them.
 *
 * @param {HTMLElement} element
 * @param {Person | null} person
 * @returns {string[]} the same, for a screen reader
 */
function named(element, person) {
  part(element, "person").hidden = !person;
  if (!person) return [];
  say(element, "family", person.family);
  say(element, "given", person.given);
  say(element, "family_native", person.family_native);
  say(element, "given_native", person.given_native);
  const born = person.born ? t("border.born", { date: formatBirthDate(person.born) }) : "";
  say(element, "born", born);
  row(element, "family").hidden = !person.family && !person.family_native;
  row(element, "given").hidden = !person.given && !person.given_native;
  const family = person.family || person.family_native;
  const given = person.given || person.given_native;
  return [
    family && `${t("border.family_name")}: ${family}`, given && `${t("border.given_names")}: ${given}`, born,
  ].filter(Boolean);
}

/** @param {HTMLElement} element @param {string} name */
function row(element, name) {
  return /** @type {HTMLElement} */ (element.querySelector(`[data-row="${name}"]`));
}

/** @param {{reason: string, step: string}[]} reasons */
function inWords(reasons) {
  return reasons.map(({ reason, step }) => ({ reason: t(`reasons.${reason}`), step: t(`steps.${step}`) }));
}

/**
 * @param {HTMLElement} list
 * @param {{reason: string, step: string}[]} reasons
 */
function listed(list, reasons) {
  list.hidden = !reasons.length;
  list.replaceChildren(...reasons.map(({ reason, step }) => {
    const item = made("row-reason");
    say(item, "reason", reason);
    say(item, "step", step);
    return item;
  }));
}

const LIKENESS_SHAPES = { same: "green", unlike: "red", unsure: "amber" };

/**
 * @param {{outcome: "same" | "unlike" | "unsure", reasons: string[]}} likeness of `border.identify`
 * @returns {{element: HTMLElement, spoken: string[]}}
 */
export function likenessOf({ outcome, reasons }) {
  const element = made("part-likeness");
  const word = t(`border.${outcome}`);
  const why = reasons.map((reason) => t(`likeness.${reason}`));
  element.dataset.outcome = outcome;
  shape(element, LIKENESS_SHAPES[outcome]);
  say(element, "word", word);
  part(element, "why").replaceChildren(...why.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  return { element, spoken: [word, ...why] };
}
