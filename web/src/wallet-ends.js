/**
 * What ends or begins soon: codes, what they attest, rules of the trips that were kept; also for a calendar.
 *
 * The calendar's events name neither a person nor a destination: calendars lie on other people's servers.
 */

import { now, session } from "./session.js";
import { call, textsOf, view } from "./wallet-engine.js";
import { button, byId, download, make } from "./wallet-parts.js";
import { wordOf } from "./wallet-results.js";
import { instantInWords, nameOf, placeName } from "./wallet-words.js";
import { formatAge, t } from "./words.js";
import { ownZone } from "./zones.js";

const DAYS = 180;
/** Trips that the engine looks at in one call: the nearest. */
const MOST_TRIPS = 16;
/** What ends or begins -> its words here, and in a calendar, where no destination is named. */
const KINDS = /** @type {Record<string, [string, string]>} */ ({
  "code-ends": ["ends_code", "ends_code"], "stated-ends": ["ends_stated", "ends_stated"],
  "green-begins": ["ends_rules_begin", "calendar_begin"], "green-ends": ["ends_rules_met", "calendar_met"],
  "rules-turn": ["ends_rules_change", "calendar_change"],
});

export function clearEnds() {
  byId("ends-list").replaceChildren();
}

export async function drawEnds() {
  const held = session.held;
  if (held === null) return;
  const { people } = await view();
  const groups = [];
  for (const person of people) groups.push(await endsOf(person, held));
  if (session.held !== held) return;
  byId("ends-list").replaceChildren(...(groups.length > 0 ? groups : [make("p", {}, t("wallet.empty"))]));
}

/** @param {import("./wallet-engine.js").PersonView} person @param {import("./holdings.js").Holdings} held */
async function endsOf(person, held) {
  const trips = held.trips
    .filter((trip) => person.cards.some(({ id }) => id === trip.person))
    .filter(({ at }) => at > now())
    .slice(0, MOST_TRIPS)
    .map(({ place, zone, at }) => ({ place, zone, at }));
  const request = { texts: textsOf(person), zone: ownZone(), at: now(), days: DAYS, trips };
  const { ends } = await call("wallet.ends", request);
  const rows = ends.map((/** @type {any} */ end) => make("li", {}, make("time", {}, instantInWords(end.at)), " ", sentence(end)));
  return make("section", { class: "person" },
    make("h3", {}, make("bdi", {}, nameOf(person.person))),
    rows.length > 0 ? make("ol", { class: "ends" }, ...rows) : make("p", {}, t("wallet.ends_none", { days: formatAge(DAYS * 86_400) })),
    rows.length > 0 ? button(t("wallet.ends_calendar"), () => void calendar({ ...request, seed: held.seed })) : null);
}

/** @param {any} end */
function sentence({ kind, place, colour }) {
  const country = place === null ? "" : placeName(place);
  return [t(`wallet.${KINDS[kind]?.[0] ?? "ends"}`, { country }), colour ? wordOf(colour) : ""].filter(Boolean).join(": ");
}

/** @param {Record<string, unknown>} request */
async function calendar(request) {
  const words = Object.fromEntries(Object.entries(KINDS).map(([kind, [, key]]) => [kind, t(`wallet.${key}`)]));
  const { calendar: text } = await call("wallet.calendar", { ...request, words, title: t("wallet.ends"), names: false });
  download("pratique-wallet.ics", "text/calendar", text);
}
