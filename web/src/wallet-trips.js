/**
 * "Can I enter X, at Y o'clock, at port Z?": asked once, kept as a trip, answered anew whenever it is seen.
 *
 *     person, place, day, time, zone -> trip (kept) -> wallet.enter -> colour, reasons, rules, from, until, help
 */

import { withoutTrip, withTrip } from "./holdings.js";
import { change, now, session } from "./session.js";
import { call, placeOf, textsOf, view } from "./wallet-engine.js";
import { button, byId, choices, make } from "./wallet-parts.js";
import { resultLine, stretch, wordOf } from "./wallet-results.js";
import { byName, instantInWords, nameOf, placeName, reasonInWords } from "./wallet-words.js";
import { formatAge, language, t } from "./words.js";
import { allZones, likelyZone, ownZone, wallClock, instantOf, zonesOf } from "./zones.js";

/** Signs beside a rule's sentence: a word for who cannot see the mark. */
const RULES = /** @type {Record<string, string>} */ ({ passed: "green", failed: "red", open: "amber" });

export function wireTrips() {
  byId("trip-form", "form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const place = byId("trip-place", "select").value;
    const zone = byId("trip-zone", "select").value;
    const at = instantOf(byId("trip-day", "input").value, byId("trip-time", "input").value, zone);
    await change(withTrip({ id: crypto.randomUUID(), place, zone, at, person: byId("trip-person", "select").value }));
  });
  byId("trip-place", "select").addEventListener("change", offerZones);
}

export function clearTrips() {
  byId("trip-list").replaceChildren();
  byId("trip-person", "select").replaceChildren();
}

/** Fill a select with the people of the wallet. @param {HTMLSelectElement} select */
export async function offerPeople(select) {
  const { people } = await view();
  choices(select, people.map((person) => [person.id, nameOf(person.person)]));
}

export async function drawTrips() {
  const held = session.held;
  if (held === null) return;
  await offerPeople(byId("trip-person", "select"));
  const engine = await session.engine;
  const place = byId("trip-place", "select");
  const places = byName(/** @type {string[]} */ (engine.facts.destinations), placeName);
  choices(place, [["", ""], ...places.map((each) => /** @type {[string, string]} */ ([each, placeName(each)]))]);
  if (byId("trip-day", "input").value === "") {
    const { day, time } = wallClock(now(), ownZone());
    byId("trip-day", "input").value = day;
    byId("trip-time", "input").value = time;
    offerZones();
  }
  const list = byId("trip-list");
  const drawn = [];
  for (const trip of held.trips) drawn.push(await tripOf(trip));
  if (session.held === held) list.replaceChildren(...drawn);
}

/** The zones of the country first, then all. */
function offerZones() {
  const { country } = placeOf(byId("trip-place", "select").value);
  const near = zonesOf(country);
  const names = near.length > 0 ? near : allZones();
  choices(byId("trip-zone", "select"), [["", ""], ...names.map((zone) => /** @type {[string, string]} */ ([zone, zone.replaceAll("_", " ")]))], likelyZone(country));
}

/** @param {import("./holdings.js").Trip} trip */
async function tripOf(trip) {
  const { people } = await view();
  const person = people.find(({ cards }) => cards.some(({ id }) => id === trip.person));
  const drop = button(t("wallet.trip_remove"), () => void change(withoutTrip(trip.id)), { class: "quiet" });
  const answer = person === undefined ? null : await entered(person, trip);
  const title = make("h3", {}, placeName(trip.place));
  if (answer === null) return make("article", { class: "trip" }, title, make("p", {}, t("page.failed")), drop);
  return make("article", { class: "trip", "data-trip": trip.id },
    title,
    make("p", {}, make("bdi", {}, nameOf(answer.person ?? person?.person ?? null)), " · ", make("time", {}, instantInWords(answer.at)), " · ", trip.zone.replaceAll("_", " ")),
    resultLine(answer.colour),
    make("p", { class: "insist" }, t("wallet.enter_no_proof")),
    stretchOf(answer),
    ...listed(t("wallet.enter_why"), answer.reasons.map((/** @type {any} */ reason) => reasonInWords(reason).filter(Boolean).join(" "))),
    ...rulesOf(answer.rules),
    ...(answer.unaccepted.length === 0 ? [] : [make("p", { class: "insist" }, t("wallet.enter_unaccepted", { vaccines: answer.unaccepted.join(", ") }))]),
    ...listed(t("wallet.enter_helps"), waysOf(answer)),
    ...listed(t("wallet.appeal"), answer.appeal ?? []),
    make("p", { class: "hint" }, await sourceOf(answer.snapshot)),
    drop);
}

/** @param {import("./wallet-engine.js").PersonView} person @param {import("./holdings.js").Trip} trip */
async function entered(person, { place, zone, at }) {
  try {
    return await call("wallet.enter", { texts: textsOf(person), place, zone, at, now: now(), language: language() });
  } catch {
    return null;
  }
}

/** @param {any} answer */
function stretchOf({ colour, from, until }) {
  const words = stretch(from, until);
  if (words !== "") return make("p", {}, `${wordOf("green")}: ${words}`);
  return colour === "green" ? make("p", {}, t("wallet.enter_open")) : null;
}

/** @param {string} title @param {string[]} rows */
function listed(title, rows) {
  return rows.length === 0 ? [] : [make("h4", {}, title), make("ul", {}, ...rows.map((row) => make("li", {}, row)))];
}

/** The destination's own sentences, each with what came of it. @param {{result: string, says: string}[]} rules */
function rulesOf(rules) {
  if (rules.length === 0) return [];
  return [make("details", {}, make("summary", {}, t("wallet.rules")),
    make("ul", { class: "rules" }, ...rules.map(({ result, says }) => make("li", { class: RULES[result] ?? "amber" },
      make("strong", {}, `${t(`wallet.rule_${result}`)}: `), make("bdi", {}, says)))))];
}

/** The ways to green; where the vaccine is not accepted, what the first takes. @param {any} answer */
function waysOf({ helps, unaccepted }) {
  return helps.map((/** @type {any} */ way, /** @type {number} */ place) => {
    const words = helpInWords(way);
    if (place > 0 || unaccepted.length === 0) return words;
    const { tests, doses, documents, days } = way;
    return `${words} · ${t("wallet.enter_cheapest", { tests: String(tests), doses: String(doses), documents: String(documents), days: String(days) })}`;
  });
}

/** What would help, in the holder's language. @param {{help: string, amount: number | null, strictly: boolean, says: string, vaccines: string[]}} help */
function helpInWords({ help, amount, strictly, says, vaccines }) {
  if (help === "WAIT") return amount === null ? says : t("help.WAIT", { date: instantInWords({ epoch: amount, local: localOf(amount) }) });
  if (help === "DOSE") return amount === null ? t("help.DOSE") : t("help.dose_from", { n: String(amount) });
  if (help === "OTHER_DOSE") {
    const names = { vaccines: vaccines.join(", ") };
    return amount === null ? t("help.OTHER_DOSE", names) : t("help.other_dose_from", { ...names, n: String(amount) });
  }
  if (amount === null || help === "EXEMPTION") return t(`help.${help}`);
  return t(strictly ? "help.test_under" : "help.test_at_most", { test: t(`help.${help}`), n: String(amount) });
}

/** @param {number} at seconds since the epoch */
function localOf(at) {
  const { day, time } = wallClock(at, ownZone());
  return `${day}T${time}:00`;
}

/** @param {number} number */
async function sourceOf(number) {
  const { created } = (await session.engine).facts;
  return t("wallet.enter_source", { number: String(number), age: formatAge(now() - created) });
}
