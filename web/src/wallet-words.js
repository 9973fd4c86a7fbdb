/** What the engine states, in the holder's language: names, dates, places, reasons. */

import { placeOf } from "./wallet-engine.js";
import { countryName, formatBirthDate, formatDate, formatInstant, locale, t } from "./words.js";

/** A date as far as it is known, its month in words. @param {import("./wallet-engine.js").DateParts | null} date */
export function dateInWords(date) {
  return date === null ? "" : formatBirthDate(date);
}

/** An instant, on the clock that the engine wrote it by. @param {import("./wallet-engine.js").Instant} instant */
export function instantInWords({ local }) {
  // The clock's own digits, taken as if they were UTC's: no zone is applied a second time.
  return formatInstant(new Date(`${local.slice(0, 19)}Z`));
}

/** The day of an instant. @param {import("./wallet-engine.js").Instant} instant */
export function dayInWords({ local }) {
  return formatDate(new Date(`${local.slice(0, 10)}T00:00:00Z`));
}

/** "201 days ago"; nothing for a date that is not known to the day. @param {import("./wallet-engine.js").DateParts | null} date */
export function daysAgo(date) {
  if (date === null || date.month === null || date.day === null) return "";
  const here = new Date();
  const today = Date.UTC(here.getFullYear(), here.getMonth(), here.getDate());
  const days = Math.round((today - Date.UTC(date.year, date.month - 1, date.day)) / 86_400_000);
  return new Intl.RelativeTimeFormat(`${locale()}-u-nu-latn`, { numeric: "auto" }).format(-days, "day");
}

/** A person's name, family name first as in a passport. @param {import("./wallet-engine.js").Person | null} person */
export function nameOf(person) {
  if (person === null) return t("wallet.person_unknown");
  return [person.family || person.family_native, person.given || person.given_native].filter(Boolean).join(" ");
}

/** @param {string} place "FR", or "FR/IDF" with a region */
export function placeName(place) {
  const { country, region } = placeOf(place);
  return region === null ? countryName(country) : `${countryName(country)}, ${region}`;
}

/** A reason and what to do about it. @param {import("./wallet-engine.js").Reason} reason @returns {[string, string]} */
export function reasonInWords({ reason, step }) {
  return [t(`reasons.${reason}`), step === "nothing" ? "" : t(`steps.${step}`)];
}

/** Sort names as the language does. @template T @param {T[]} rows @param {(row: T) => string} name @returns {T[]} */
export function byName(rows, name) {
  const { compare } = new Intl.Collator(locale());
  return rows.toSorted((a, b) => compare(name(a), name(b)));
}
