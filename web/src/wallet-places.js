/**
 * All destinations at once: the same question of each, as a map and as the list that says it in words.
 *
 * The list is the result; the map is its picture, and a screen reader is told so.
 */

import { now, session } from "./session.js";
import { call, placeOf, textsOf, view } from "./wallet-engine.js";
import { mapOf, swatch } from "./wallet-map.js";
import { byId, make } from "./wallet-parts.js";
import { resultLine, stretch, wordOf } from "./wallet-results.js";
import { offerPeople } from "./wallet-trips.js";
import { byName, placeName, reasonInWords } from "./wallet-words.js";
import { t } from "./words.js";
import { instantOf, ownZone, wallClock } from "./zones.js";

/** Destinations asked in one call: some seconds on a slow phone, with progress between. */
const AT_ONCE = 12;
const COLOURS = ["green", "amber", "red"];

/** @typedef {{place: string, colour: string, from: any, until: any, reason: any}} Row */

/** An answer that comes after the wallet was locked, or after another question, is not shown. */
let question = 0;

export function wirePlaces() {
  byId("everywhere-form", "form").addEventListener("submit", (event) => {
    event.preventDefault();
    void ask();
  });
  byId("everywhere-filter", "input").addEventListener("input", filter);
}

export function clearPlaces() {
  question++;
  byId("everywhere-result").hidden = true;
  byId("everywhere-list", "ul").replaceChildren();
  byId("map").replaceChildren();
  byId("everywhere-person", "select").replaceChildren();
}

export async function drawPlaces() {
  await offerPeople(byId("everywhere-person", "select"));
  if (byId("everywhere-day", "input").value !== "") return;
  const { day, time } = wallClock(now(), ownZone());
  byId("everywhere-day", "input").value = day;
  byId("everywhere-time", "input").value = time;
}

async function ask() {
  const mine = ++question;
  const { people } = await view();
  const person = people.find(({ id }) => id === byId("everywhere-person", "select").value);
  if (person === undefined) return;
  const at = instantOf(byId("everywhere-day", "input").value, byId("everywhere-time", "input").value, ownZone());
  const count = byId("everywhere-count", "p");
  byId("everywhere-result").hidden = false;
  byId("everywhere-list", "ul").replaceChildren();
  byId("map").replaceChildren();
  /** @type {Row[]} */
  const rows = [];
  for (let begin = 0; ;) {
    const page = await call("wallet.everywhere", { texts: textsOf(person), zone: ownZone(), at, now: now(), begin, most: AT_ONCE });
    if (mine !== question || session.held === null) return;
    rows.push(...page.rows);
    count.textContent = t("wallet.transfer_progress", { have: String(rows.length), of: String(page.all) });
    if (page.next === null) break;
    begin = page.next;
  }
  count.textContent = t("wallet.everywhere_count", Object.fromEntries(COLOURS.map((colour) => [colour, String(rows.filter((row) => row.colour === colour).length)])));
  byId("everywhere-list", "ul").replaceChildren(...byName(rows, ({ place }) => placeName(place)).map(rowOf));
  filter();
  await draw(rows, mine);
}

/** @param {Row} row */
function rowOf({ place, colour, from, until, reason }) {
  const met = stretch(from, until);
  const more = [met === "" ? "" : `${wordOf("green")}: ${met}.`, ...(reason === null ? [] : reasonInWords(reason))].filter(Boolean).join(" ");
  return make("li", { "data-place": place },
    make("strong", { class: "place" }, placeName(place)),
    resultLine(colour),
    more === "" ? null : make("p", { class: "hint" }, more));
}

/** @param {Row[]} rows @param {number} mine */
async function draw(rows, mine) {
  /** @type {Map<string, {colour: string, words: string}>} */
  const places = new Map();
  // A country's own rules before those of its regions.
  for (const { place, colour } of rows.toSorted((a, b) => a.place.length - b.place.length)) {
    const { country } = placeOf(place);
    if (!places.has(country)) places.set(country, { colour, words: `${placeName(place)}: ${wordOf(colour)}` });
  }
  const map = await mapOf(places, t("wallet.everywhere_map_label"));
  if (mine !== question) return;
  byId("map").replaceChildren(make("figure", {},
    make("figcaption", {}, make("h3", {}, t("wallet.everywhere_map")),
      make("ul", { class: "key" }, ...COLOURS.map((colour) => make("li", {}, swatch(colour), wordOf(colour))))),
    map,
    make("p", { class: "hint" }, t("wallet.everywhere_map_note"))));
}

function filter() {
  const typed = byId("everywhere-filter", "input").value.trim().toLocaleLowerCase();
  for (const row of byId("everywhere-list", "ul").children) {
    const name = row.querySelector(".place")?.textContent?.toLocaleLowerCase() ?? "";
    /** @type {HTMLElement} */ (row).hidden = typed !== "" && !name.includes(typed);
  }
}
