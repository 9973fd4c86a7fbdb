/**
 * What the wallet asks of the engine, and what it makes of the answers. See docs/reference/bridge.md.
 *
 * Nothing is kept of an answer but the last reading of what is held, and that goes when the wallet locks.
 */

import { joined } from "./holdings.js";
import { now, session } from "./session.js";
import { ownZone } from "./zones.js";

/**
 * @typedef {{year: number, month: number | null, day: number | null}} DateParts
 * @typedef {{epoch: number, local: string}} Instant
 * @typedef {{country: string, region: string | null}} Place
 * @typedef {{family: string, given: string, family_native: string, given_native: string, born: DateParts | null}} Person
 * @typedef {{reason: string, step: string}} Reason
 * @typedef {{kind: string, on: DateParts | null, at: Instant | null, valid_from: DateParts | null, valid_until: DateParts | null, fields: Record<string, unknown>}} Entry
 * @typedef {object} CardView
 * @property {string} id                 of the card that is held
 * @property {string[]} codes            the texts to show
 * @property {string} kind
 * @property {string} format
 * @property {"in-order" | "doubtful" | "refused" | "specimen" | "unread" | "more"} state
 * @property {Reason[]} reasons
 * @property {string} appeal             where its holder may appeal, "" where that is told nowhere
 * @property {{name: string, countries: string[]} | null} issuer
 * @property {Instant | null} issued
 * @property {Instant | null} readable_until
 * @property {Entry[]} entries
 * @property {Record<string, string>} holder
 * @property {Person | null} person
 *
 * @typedef {{id: string, person: Person | null, cards: CardView[]}} PersonView   `id`: of the first card
 * @typedef {{a: string, b: string}} Unclear                                    ids of a card of each
 * @typedef {{people: PersonView[], unclear: Unclear[]}} View
 */

/** @param {string} method @param {Record<string, unknown>} request @returns {Promise<any>} */
export async function call(method, request) {
  return (await session.engine).call(method, request);
}

/** @type {{held: import("./holdings.js").Holdings, view: Promise<View>} | null} */
let last = null;

export function forgetView() {
  last = null;
}

/** Read everything that is held, and group it by person. @returns {Promise<View>} */
export function view() {
  const held = session.held;
  if (held === null) return Promise.resolve({ people: [], unclear: [] });
  if (last?.held !== held) last = { held, view: viewed(held) };
  return last.view;
}

/** @param {import("./holdings.js").Holdings} held @returns {Promise<View>} */
async function viewed(held) {
  const owners = held.cards.flatMap((card) => card.texts.map(() => card));
  const texts = held.cards.flatMap((card) => card.texts);
  const answer = texts.length === 0 ? { people: [], others: [] } : await call("wallet.cards", { texts, zone: ownZone(), at: now() });
  /** @type {Map<string, CardView>} */
  const cards = new Map();
  /** @type {Map<string, Person>} */
  const persons = new Map();
  const groups = answer.people.map((/** @type {any} */ { person, cards: read }) => read.flatMap((/** @type {any} */ card) => {
    const owner = owners[card.texts[0]];
    if (owner === undefined || cards.has(owner.id)) return [];
    cards.set(owner.id, { ...card, id: owner.id, codes: owner.texts, person });
    persons.set(owner.id, person);
    return [owner.id];
  })).filter((/** @type {string[]} */ ids) => ids.length > 0);
  const unclear = answer.people.flatMap((/** @type {any} */ { unclear: others, cards: mine }) => others.map((/** @type {any} */ other) => ({
    a: owners[mine[0].texts[0]]?.id ?? "", b: owners[answer.people[other.person].cards[0].texts[0]]?.id ?? "",
  })));
  const others = held.cards.filter(({ id }) => !cards.has(id));
  for (const card of others) {
    const told = answer.others.find((/** @type {any} */ other) => owners[other.texts[0]] === card);
    cards.set(card.id, { ...unreadCard(card), state: told?.state ?? "unread", reasons: told?.reasons ?? [] });
  }
  const all = [...joined(groups, held.same), ...others.map(({ id }) => [id])];
  return { people: all.map((ids) => personView(ids, cards, persons)), unclear: stillUnclear(unclear, all, held.apart) };
}

/** What is shown of a card while the engine cannot read it, or has not started: its code. @param {import("./holdings.js").Card} card @returns {CardView} */
export function unreadCard({ id, texts }) {
  return { id, codes: texts, kind: "", format: "", state: "unread", reasons: [], appeal: "", issuer: null, issued: null, readable_until: null, entries: [], holder: {}, person: null };
}

/** @param {string[]} ids @param {Map<string, CardView>} cards @param {Map<string, Person>} persons @returns {PersonView} */
function personView(ids, cards, persons) {
  const mine = ids.flatMap((id) => cards.get(id) ?? []);
  const first = /** @type {string} */ (ids[0]);
  return { id: first, person: persons.get(first) ?? null, cards: mine };
}

/**
 * Each pair of people once, without those whom the holder told apart or put together.
 *
 * @param {Unclear[]} unclear
 * @param {string[][]} groups
 * @param {string[][]} apart
 */
function stillUnclear(unclear, groups, apart) {
  const groupOf = (/** @type {string} */ id) => groups.findIndex((ids) => ids.includes(id));
  const told = new Set(apart.map(([a = "", b = ""]) => pairKey(groupOf(a), groupOf(b))));
  return unclear.filter(({ a, b }) => {
    const [one, other] = [groupOf(a), groupOf(b)];
    if (one < 0 || other < 0 || one === other || told.has(pairKey(one, other))) return false;
    told.add(pairKey(one, other));
    return true;
  });
}

/** @param {number} a @param {number} b */
function pairKey(a, b) {
  return `${Math.min(a, b)}|${Math.max(a, b)}`;
}

/** All texts of one person's cards, as the engine is handed them. @param {PersonView} person @returns {string[]} */
export function textsOf(person) {
  return person.cards.flatMap((card) => card.codes);
}

/**
 * Read texts that were just handed in.
 *
 * @param {string[]} texts
 * @returns {Promise<{cards: string[][], waiting: string[], parts: {read: number, of: number} | null}>}
 *   `cards`: the codes of each certificate; `waiting`: the texts of one whose other codes are to come
 */
export async function read(texts) {
  const answer = await call("wallet.cards", { texts, zone: ownZone(), at: now() });
  // What is doubtful only because its issuer is not known here is kept: younger data may know it.
  const kept = [...answer.people.flatMap((/** @type {any} */ { cards: each }) => each), ...answer.others.filter((/** @type {any} */ { state }) => state === "doubtful")];
  const cards = kept.map(({ codes }) => codes);
  const part = answer.others.find((/** @type {any} */ { state }) => state === "more");
  const waiting = part === undefined ? [] : part.texts.map((/** @type {number} */ index) => texts[index]);
  return { cards, waiting, parts: part?.parts ?? null };
}

// Places.

/** A place as the engine names it: "FR", or "FR/IDF" where rules differ by region. @param {string} place @returns {Place} */
export function placeOf(place) {
  const [country = "", region = null] = place.split("/");
  return { country, region };
}
