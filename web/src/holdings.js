/**
 * What a wallet holds, and how it changes: pure functions over one document.
 *
 * 1. A card is the very texts that were imported; everything shown of it is read anew by the engine.
 * 2. A card's id is a digest of its texts: the same code imported twice is one card.
 * 3. Who belongs together is the engine's judgement. Where it is unsure, the holder's answer is kept.
 */
import { sha256 } from "./data.js";

/**
 * @typedef {{id: string, texts: string[], added: number}} Card         `added`: seconds since the epoch
 * @typedef {{id: string, place: string, zone: string, at: number, person: string}} Trip  `person`: a card's id
 * @typedef {object} Holdings
 * @property {1} version
 * @property {string} seed         random: by it a calendar knows this wallet's events again
 * @property {Card[]} cards
 * @property {Trip[]} trips
 * @property {string[][]} same     pairs of cards that the holder said are one person's
 * @property {string[][]} apart    pairs that are not
 * @property {number} changes      since the last backup
 * @property {number | null} saved when the last backup was made, seconds since the epoch
 * @property {number} lockAfter    minutes out of sight
 */

/** Codes that a wallet holds: what one request of the engine takes (`bridge.MOST_TEXTS`). */
export const MOST_TEXTS = 64;

/** Tell whether cards still find room; those that are here already need none. @param {Holdings} held @param {{texts: string[]}[]} cards */
export function hasRoom(held, cards) {
  const counts = new Map([...held.cards, ...cards].map(({ texts }) => [texts.join("\n"), texts.length]));
  return [...counts.values()].reduce((sum, count) => sum + count, 0) <= MOST_TEXTS;
}

/** @param {string} seed @returns {Holdings} */
export function emptyHoldings(seed) {
  return { version: 1, seed, cards: [], trips: [], same: [], apart: [], changes: 0, saved: null, lockAfter: 2 };
}

/** @param {string[]} texts */
export async function cardId(texts) {
  return (await sha256(new TextEncoder().encode(JSON.stringify(texts)))).slice(0, 32);
}

/** @param {Card[]} cards @returns {(held: Holdings) => Holdings} */
export function withCards(cards) {
  return (held) => {
    const fresh = cards.filter((card) => !held.cards.some(({ id }) => id === card.id));
    return { ...held, cards: [...held.cards, ...fresh], changes: held.changes + fresh.length };
  };
}

/**
 * @param {string} id
 * @param {string | null} heir another card of the same person, which the trips then name
 * @returns {(held: Holdings) => Holdings}
 */
export function withoutCard(id, heir) {
  const others = (/** @type {string[]} */ pair) => !pair.includes(id);
  return (held) => ({
    ...held,
    cards: held.cards.filter((card) => card.id !== id),
    trips: held.trips.flatMap((trip) => (trip.person !== id ? [trip] : heir === null ? [] : [{ ...trip, person: heir }])),
    same: held.same.filter(others),
    apart: held.apart.filter(others),
    changes: held.changes + 1,
  });
}

/** @param {Trip} trip @returns {(held: Holdings) => Holdings} */
export function withTrip(trip) {
  return (held) => ({ ...held, trips: [...held.trips, trip].sort((a, b) => a.at - b.at), changes: held.changes + 1 });
}

/** @param {string} id @returns {(held: Holdings) => Holdings} */
export function withoutTrip(id) {
  return (held) => ({ ...held, trips: held.trips.filter((trip) => trip.id !== id), changes: held.changes + 1 });
}

/** Keep the holder's answer about two cards. @param {string} a @param {string} b @param {boolean} same */
export function withAnswer(a, b, same) {
  return (/** @type {Holdings} */ held) => ({
    ...held, [same ? "same" : "apart"]: [...held[same ? "same" : "apart"], [a, b]], changes: held.changes + 1,
  });
}

/** @param {number} at @returns {(held: Holdings) => Holdings} */
export function asSaved(at) {
  return (held) => ({ ...held, saved: at, changes: 0 });
}

/** What goes into a backup. @param {Holdings} held @returns {import("./age.js").Backup} */
export function backupOf({ cards, trips, same, apart }) {
  return { cards: cards.map(({ texts }) => ({ texts })), trips: trips.map(({ id: _, ...trip }) => trip), same, apart };
}

/**
 * Take in a backup: what is here already stays as it is.
 *
 * @param {import("./age.js").Backup} backup
 * @param {number} at seconds since the epoch
 * @returns {Promise<(held: Holdings) => Holdings>}
 */
export async function withBackup(backup, at) {
  const cards = await Promise.all(backup.cards.map(async ({ texts }) => ({ id: await cardId(texts), texts, added: at })));
  const trips = backup.trips.map((trip) => ({ person: "", ...trip, id: crypto.randomUUID() }));
  return (held) => {
    const known = new Set(held.trips.map(tripKey));
    const more = withCards(cards)(held);
    return {
      ...more,
      trips: [...held.trips, ...trips.filter((trip) => !known.has(tripKey(trip)))].sort((a, b) => a.at - b.at),
      same: [...held.same, ...backup.same],
      apart: [...held.apart, ...backup.apart],
    };
  };
}

/** @param {Trip} trip */
function tripKey({ place, zone, at, person }) {
  return [place, zone, at, person].join(" ");
}

/**
 * Join groups of cards by the holder's answers.
 *
 * @param {string[][]} groups ids of cards, as the engine grouped them
 * @param {string[][]} same
 * @returns {string[][]}
 */
export function joined(groups, same) {
  let joinedGroups = groups;
  for (const pair of same) {
    const touched = joinedGroups.filter((group) => pair.some((id) => group.includes(id)));
    if (touched.length < 2) continue;
    joinedGroups = joinedGroups.flatMap((group) => (group === touched[0] ? [touched.flat()] : touched.includes(group) ? [] : [group]));
  }
  return joinedGroups;
}

/** When a backup should be made. @param {Holdings} held @param {boolean} persisted the browser promised to keep it */
export function backupDue(held, persisted) {
  if (held.cards.length === 0 || held.changes === 0) return false;
  return held.saved === null || held.changes >= 5 || !persisted;
}
