/**
 * Wall clocks: which zones a country has, and which instant a date and a time mean there.
 *
 * The zones are the browser's own (IANA, CLDR). Where it does not know a country's, all are offered.
 */

/** @returns {string} the zone of this device */
export function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** The zones of a country, ISO 3166-1 alpha-2; [] where the browser knows none. @param {string} place @returns {string[]} */
export function zonesOf(place) {
  if (!/^[A-Z]{2}$/.test(place)) return [];
  const locale = /** @type {any} */ (new Intl.Locale("und", { region: place }));
  return [...(locale.getTimeZones?.() ?? locale.timeZones ?? [])];
}

export function allZones() {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
}

/**
 * The zone that a country's port is most likely in: its only one, or this device's if it is one of them.
 *
 * @param {string} place
 * @returns {string} "" where the person has to say
 */
export function likelyZone(place) {
  const zones = zonesOf(place);
  if (zones.length === 1) return /** @type {string} */ (zones[0]);
  return zones.length === 0 || zones.includes(ownZone()) ? ownZone() : "";
}

/**
 * The instant at which clocks in a zone show a date and a time, in seconds since the epoch.
 *
 * A time that is skipped in spring means as long after the skip; one that comes twice in autumn means the first.
 *
 * @param {string} day 2026-12-01
 * @param {string} time 09:30
 * @param {string} zone
 */
export function instantOf(day, time, zone) {
  const wall = Date.parse(`${day}T${time.slice(0, 5)}:00Z`);
  const offsets = [wall - 86_400_000, wall + 86_400_000].map((at) => offset(at, zone));
  const guesses = offsets.map((shift) => wall - shift);
  const right = guesses.filter((at) => at + offset(at, zone) === wall);
  return Math.floor((right.length > 0 ? Math.min(...right) : Math.max(...guesses)) / 1000);
}

/** What a zone's clocks show at an instant. @param {number} at seconds @param {string} zone @returns {{day: string, time: string}} */
export function wallClock(at, zone) {
  const shown = new Date(at * 1000 + offset(at * 1000, zone)).toISOString();
  return { day: shown.slice(0, 10), time: shown.slice(11, 16) };
}

/** @param {number} at milliseconds @param {string} zone @returns {number} milliseconds east of UTC */
function offset(at, zone) {
  const parts = new Intl.DateTimeFormat("en-u-ca-iso8601-nu-latn", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(at);
  const [year, month, day, hour, minute, second] = ["year", "month", "day", "hour", "minute", "second"].map(
    (type) => Number(parts.find((part) => part.type === type)?.value),
  );
  return Date.UTC(/** @type {number} */ (year), /** @type {number} */ (month) - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
