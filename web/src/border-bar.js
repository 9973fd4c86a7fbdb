/**
 * The line that is always in sight: the place, which edition of the data, and how old it is.
 *
 *     data (docs/reference/bridge.md) -> showData -> "Utopia · Edition 41 · Data 2 hours old"
 */
import { part, say } from "./shown.js";
import { countryName, formatAge, formatDate, t } from "./words.js";

/** @typedef {{number: number, created: number, age_seconds: number, level: string, clock: string}} HeldData */

/**
 * @param {{country: string, region: string | null}} place
 * @param {HeldData} data
 */
export function showData(place, data) {
  const line = /** @type {HTMLElement} */ (document.querySelector(".data-line"));
  const clock = part(document, "clock");
  const age = formatAge(data.age_seconds);
  const key = /** @type {Record<string, string>} */ ({ old: "page.data_old", stale: "page.data_stale" })[data.level];
  line.dataset.level = data.level;
  part(line, "shape").setAttribute("href", `#mark-${data.level}`);
  say(line, "place", place.region ? `${countryName(place.country)}, ${place.region}` : countryName(place.country));
  say(line, "number", t("page.data_number", { number: data.number, date: formatDate(data.created) }));
  say(line, "age", t(key ?? "page.data", { age }));
  const text = data.clock === "ok" ? "" : t("page.clock_behind");
  // An alert is read out when its text changes, and only then.
  if (clock.textContent !== text) say(document, "clock", text);
}
