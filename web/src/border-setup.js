/**
 * What a post is set up with, once: the only thing that a border post stores.
 *
 *     settings() <- localStorage "pratique.border" <- keep(settings)
 */
import { STX } from "./scanner.js";
import { chooser, countryName, locale, t } from "./words.js";

/**
 * @typedef {object} Settings
 * @property {string} country
 * @property {string | null} region
 * @property {string} zone a name of the IANA database
 * @property {number} clears seconds until a result clears itself
 * @property {boolean} camera
 * @property {string} prefix the key that the scanner sends first, "" for none
 * @property {boolean} sounds
 * @property {boolean} kiosk a gate without an officer
 * @property {string} device the camera, "" for any
 */

/** @typedef {{country: string, region: string | null}} Place */

const STORE = "pratique.border";
const CLEARS = { least: 3, usual: 10, most: 300 };

/** F-keys that no browser needs, and STX (Ctrl+B), which scanners send too. */
const PREFIXES = ["", "F4", "F6", "F7", "F8", "F9", "F10", STX];

/** @returns {Settings | null} null where nothing was set up, or what is stored is not ours */
export function settings() {
  try {
    const stored = JSON.parse(localStorage.getItem(STORE) ?? "null");
    return stored && isWhole(stored) ? stored : null;
  } catch {
    return null;
  }
}

/** @param {Settings} chosen */
export function keep(chosen) {
  try {
    localStorage.setItem(STORE, JSON.stringify(chosen));
  } catch {
    // Storage is forbidden here: the post works, and is set up anew each time.
  }
}

/** @param {Record<string, unknown>} stored */
function isWhole(stored) {
  const texts = ["country", "zone", "prefix", "device"].every((key) => typeof stored[key] === "string");
  const choices = ["camera", "sounds", "kiosk"].every((key) => typeof stored[key] === "boolean");
  const region = stored.region === null || typeof stored.region === "string";
  const clears = Number.isInteger(stored.clears) && Number(stored.clears) >= CLEARS.least;
  return texts && choices && region && clears;
}

/**
 * Wire the form of the set-up.
 *
 * @param {HTMLElement} screen
 * @param {{places: Place[], present: Settings | null, onKept: (settings: Settings) => void, onLanguage: () => void}} given
 */
export function wireSetup(screen, { places, present, onKept, onLanguage }) {
  const form = /** @type {HTMLFormElement} */ (screen.querySelector("form"));
  const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (screen.querySelector(`#${id}`));
  const select = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (screen.querySelector(`#${id}`));
  screen.querySelector("[data-part=language]")?.replaceChildren(chooser(onLanguage));

  const [place, region, zone] = [select("place"), select("region"), select("zone")];
  offer(place, countries(places), present?.country ?? "");
  offer(zone, zones(), present?.zone ?? "");
  offer(select("prefix"), PREFIXES.map((key) => [key, prefixName(key)]), present?.prefix ?? "");
  const regionsOf = () => {
    const codes = places.filter((row) => row.country === place.value && row.region !== null);
    offer(region, [["", t("border.no_region")], ...codes.map(({ region: code }) => /** @type {[string, string]} */ ([code, code]))],
      place.value === present?.country ? (present?.region ?? "") : "");
    /** @type {HTMLElement} */ (region.closest("p")).hidden = codes.length === 0;
  };
  regionsOf();
  place.addEventListener("change", () => {
    regionsOf();
    zone.value = zoneOf(place.value) || zone.value;
  });
  field("clears").value = String(present?.clears ?? CLEARS.usual);
  field("camera").checked = present?.camera ?? true;
  field("sounds").checked = present?.sounds ?? false;
  field("kiosk").checked = present?.kiosk ?? false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = [place, zone, field("clears")].find((control) => !control.checkValidity());
    tell(screen, wrong ? t("border.setup_missing") : "");
    for (const control of [place, zone, field("clears")]) control.setAttribute("aria-invalid", String(control === wrong));
    if (wrong) {
      wrong.focus();
      return;
    }
    onKept({
      country: place.value, region: region.value || null, zone: zone.value, clears: Number(field("clears").value),
      camera: field("camera").checked, prefix: select("prefix").value, sounds: field("sounds").checked,
      kiosk: field("kiosk").checked, device: present?.device ?? "",
    });
  });
}

/**
 * Say what is wrong with a form; "" takes it back.
 *
 * @param {HTMLElement} screen
 * @param {string} text
 */
export function tell(screen, text) {
  const wrong = /** @type {HTMLElement} */ (screen.querySelector("[data-part=wrong]"));
  wrong.textContent = text;
  wrong.hidden = !text;
}

/** @param {Place[]} places */
function countries(places) {
  const codes = [...new Set(places.map(({ country }) => country))];
  const byName = new Intl.Collator(locale());
  const rows = codes.map((code) => /** @type {[string, string]} */ ([code, countryName(code) === code ? code : `${countryName(code)} (${code})`]));
  return [["", ""], ...rows.sort(([, one], [, other]) => byName.compare(one, other))];
}

/** @returns {string[][]} */
function zones() {
  const names = Intl.supportedValuesOf("timeZone");
  return [["", ""], ...[...names, ...(names.includes("UTC") ? [] : ["UTC"])].map((name) => [name, name.replaceAll("_", " ")])];
}

/**
 * A country's only time zone; "" where it has several, or the browser does not know.
 *
 * @param {string} country
 */
export function zoneOf(country) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    const locale = /** @type {Intl.Locale & {getTimeZones?: () => string[], timeZones?: string[]}} */ (
      new Intl.Locale("und", { region: country })
    );
    const all = locale.getTimeZones?.() ?? locale.timeZones ?? [];
    if (all.length === 1) return all[0] ?? "";
    return all.includes(here) ? here : "";
  } catch {
    return "";
  }
}

/** @param {string} key */
function prefixName(key) {
  if (!key) return t("border.no_prefix");
  return key === STX ? "Ctrl+B (STX)" : key;
}

/**
 * @param {HTMLSelectElement} select
 * @param {string[][]} rows value and text
 * @param {string} chosen
 */
function offer(select, rows, chosen) {
  select.replaceChildren(...rows.map(([value, text]) => new Option(text, value)));
  if (rows.some(([value]) => value === chosen)) select.value = chosen;
}
