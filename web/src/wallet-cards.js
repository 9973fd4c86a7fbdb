/**
 * The cards: by person, each with what it says in short, its code, and its details for the holder alone.
 *
 * 1. In short: the kind, how long ago, and until when the code can be read, which is the code's date and no
 *    medical one. Nothing here says "valid": for what, only a destination's rules say.
 * 2. Details come after a warning: a screen reader reads them to whoever stands near.
 * 3. The code is shown white in every colour scheme. A page cannot make a screen brighter: it says so.
 */

import { drawing } from "./code.js";
import { withAnswer, withoutCard } from "./holdings.js";
import { change, session } from "./session.js";
import { unreadCard, view } from "./wallet-engine.js";
import { ask, button, byId, make, shown } from "./wallet-parts.js";
import { dateInWords, dayInWords, daysAgo, instantInWords, nameOf, reasonInWords } from "./wallet-words.js";
import { countryName, known, language, t } from "./words.js";

/** @typedef {import("./wallet-engine.js").CardView} CardView */
/** @typedef {import("./wallet-engine.js").PersonView} PersonView */

/** Which field of an entry is called what; in this order, and others are not shown. */
const LABELS = /** @type {[string, string][]} */ ([
  ["disease", "disease"], ["prophylaxis", "vaccine"], ["product", "vaccine"], ["manufacturer", "manufacturer"], ["lot", "lot"],
  ["test_type", "test_type"], ["name", "test_name"], ["device", "device"], ["result", "result"], ["site", "site"],
  ["country", "country"], ["authority", "authority"], ["identifier", "identifier"],
]);
/** What an entry's date is called. */
const DATED = /** @type {Record<string, string>} */ ({ vaccination: "given", test: "sampled", recovery: "first_positive" });
const HOLDER = ["sex", "nationality", "document", "guardian"];

/** What the cards that are drawn say. */
let drawn = "";

export function clearCards() {
  drawn = "";
  byId("people").replaceChildren();
  byId("showing-code").replaceChildren();
  byId("detail-list", "dl").replaceChildren();
  byId("print").replaceChildren();
}

export function wireCards() {
  byId("print-all", "button").addEventListener("click", async () => print((await view()).people.flatMap(({ cards }) => cards)));
  addEventListener("afterprint", () => byId("print").replaceChildren());
}

/** Draw the cards. Until the engine has read them, their codes are at hand. */
export async function drawCards() {
  const held = session.held;
  if (held === null) return;
  const place = byId("people");
  if (held.cards.length === 0) {
    drawn = "";
    place.replaceChildren(make("p", {}, t("wallet.empty")));
  }
  else if (place.childElementCount === 0) bare(held);
  const { people, unclear } = await view().catch(() => (bare(held), { people: [], unclear: [] }));
  if (session.held !== held || people.length === 0) return;
  // What says the same is left standing: whoever is on one of its buttons stays there.
  const shows = JSON.stringify([language(), people, unclear]);
  if (shows === drawn) return;
  drawn = shows;
  const named = new Map(people.flatMap((person) => person.cards.map(({ id }) => [id, person])));
  place.replaceChildren(
    ...unclear.map(({ a, b }) => question(named.get(a), named.get(b), a, b)),
    ...people.map(group),
  );
}

/** The codes alone: the engine has not started, or cannot. @param {import("./holdings.js").Holdings} held */
function bare(held) {
  drawn = "";
  byId("people").replaceChildren(...held.cards.map((card) => cardOf(unreadCard(card))));
}

/** Ask whether two are one person: never decided for the holder, twins have one birth date.
 *
 * @param {PersonView | undefined} one
 * @param {PersonView | undefined} other
 * @param {string} a
 * @param {string} b
 */
function question(one, other, a, b) {
  const rows = [one, other].map((each) => {
    const born = dateInWords(each?.person?.born ?? null);
    return make("li", {}, make("bdi", {}, nameOf(each?.person ?? null)), born === "" ? "" : ` · ${born}`);
  });
  return make("div", { class: "notice", role: "group" },
    make("p", {}, t("wallet.same_person")),
    make("ul", {}, ...rows),
    make("p", { class: "actions" },
      button(t("wallet.same_yes"), () => void change(withAnswer(a, b, true))),
      button(t("wallet.same_no"), () => void change(withAnswer(a, b, false)))));
}

/** @param {PersonView} person */
function group(person) {
  const born = dateInWords(person.person?.born ?? null);
  return make("section", { class: "person" },
    make("h3", {}, make("bdi", {}, nameOf(person.person))),
    born === "" ? null : make("p", { class: "hint" }, t("border.born", { date: born })),
    ...person.cards.map(cardOf));
}

/** @param {CardView} card */
function cardOf(card) {
  return make("article", { class: `card ${card.state}`, "data-card": card.id },
    make("h4", {}, titleOf(card)),
    ...card.entries.map(inShort),
    ...codeDates(card),
    ...card.reasons.map((reason) => {
      const [why, next] = reasonInWords(reason);
      return make("p", { class: "warning" }, [why, next].filter(Boolean).join(" "));
    }),
    card.appeal === "" ? null : make("p", {}, `${t("wallet.appeal")}: `, make("bdi", {}, card.appeal)),
    make("p", { class: "actions" },
      button(t("wallet.show_code"), () => void show(card), { class: "main" }),
      card.entries.length === 0 ? null : button(t("wallet.details"), () => void details(card)),
      button(t("wallet.print"), () => print([card])),
      button(t("wallet.remove"), () => void remove(card), { class: "quiet" })));
}

/** @param {CardView} card */
function titleOf({ kind, format }) {
  if (format === "ICVP") return t("labels.icvp");
  return known(`labels.${kind}`) ? t(`labels.${kind}`) : t("wallet.certificate");
}

/** When it was, and how long ago. @param {import("./wallet-engine.js").Entry} entry */
function inShort({ on }) {
  return on === null ? null : make("p", { class: "when" }, `${dateInWords(on)} (${daysAgo(on)})`.replace(" ()", ""));
}

/** The technical date, in its own words. @param {CardView} card */
function codeDates({ readable_until: until }) {
  if (until === null) return [];
  const ended = until.epoch * 1000 < Date.now();
  return [
    make("p", { class: "code-date" }, t(ended ? "wallet.code_ended" : "wallet.code_until", { date: dayInWords(until) })),
    make("p", { class: "hint" }, t("wallet.code_not_medical")),
  ];
}

// The code.

/** @param {CardView} card */
async function show(card) {
  byId("showing-title", "h2").textContent = titleOf(card);
  let at = 0;
  const { length } = card.codes;
  const draw = () => {
    const label = t("wallet.code_part", { n: String(at + 1), of: String(length) });
    const drawn = drawing(card.codes[at] ?? "", label);
    byId("showing-code").replaceChildren(drawn ?? make("p", {}, t("wallet.code_too_long")));
    byId("showing-part").textContent = label;
  };
  byId("showing-parts", "p").hidden = length < 2;
  const turn = (/** @type {number} */ step) => () => { at = (at + step + length) % length; draw(); };
  byId("showing-back", "button").onclick = turn(-1);
  byId("showing-next", "button").onclick = turn(1);
  draw();
  const awake = stayAwake();
  await shown("showing");
  awake();
  byId("showing-code").replaceChildren();
}

/** Keep the screen on while a code is shown; where the browser cannot, nothing is lost. @returns {() => void} */
function stayAwake() {
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  let wanted = true;
  const take = async () => {
    // The system lets go of it whenever the page is out of sight.
    if (!wanted || document.hidden) return;
    lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    if (!wanted) void lock?.release();
  };
  void take();
  document.addEventListener("visibilitychange", take);
  return () => {
    wanted = false;
    document.removeEventListener("visibilitychange", take);
    void lock?.release();
  };
}

// Details.

/** @param {CardView} card */
async function details(card) {
  let agreed = false;
  byId("warning-go", "button").onclick = () => {
    agreed = true;
    byId("warning", "dialog").close();
  };
  await shown("warning");
  if (!agreed || session.held === null) return;
  byId("detail-list", "dl").replaceChildren(...lines(card).flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, make("bdi", {}, value))]));
  await shown("detail");
  byId("detail-list", "dl").replaceChildren();
}

/** Everything that a card says, for its holder and on paper. @param {CardView} card @returns {[string, string][]} */
function lines(card) {
  const { person, holder } = card;
  const native = person === null ? "" : [person.family_native, person.given_native].filter(Boolean).join(" ");
  return /** @type {[string, string][]} */ ([
    ["name", person === null ? "" : nameOf(person)],
    ["name", native],
    ["born", dateInWords(person?.born ?? null)],
    ...HOLDER.map((field) => [field, coded(holder[field])]),
    ...card.entries.flatMap(entryLines),
    ["authority", card.entries.some(({ fields }) => fields["authority"]) ? "" : (card.issuer?.name ?? "")],
    ["readable", card.readable_until === null ? "" : dayInWords(card.readable_until)],
  ]).filter(([, value]) => value !== "").map(([label, value]) => [t(`labels.${label}`), value]);
}

/** @param {import("./wallet-engine.js").Entry} entry @returns {[string, string][]} */
function entryLines({ kind, on, at, valid_from: from, valid_until: until, fields }) {
  const vaccinated = kind === "vaccination";
  const doses = fields["doses"] === undefined ? "" : t("labels.dose_of", { dose: String(fields["dose"]), doses: String(fields["doses"]) });
  return [
    [DATED[kind] ?? "given", at === null ? [dateInWords(on), daysAgo(on)].filter(Boolean).join(", ") : instantInWords(at)],
    ["dose", doses || (fields["dose"] === undefined ? "" : String(fields["dose"]))],
    ...LABELS.map(([field, label]) => /** @type {[string, string]} */ ([label, field === "country" ? countryName(String(fields[field] ?? "")) : coded(fields[field])])),
    [vaccinated ? "vaccinated_from" : "certified_from", dateInWords(from)],
    [vaccinated ? "vaccinated_until" : "certified_until", dateInWords(until)],
  ];
}

/** A code in words, where there are any. @param {unknown} value */
function coded(value) {
  if (value === undefined || value === null) return "";
  const code = String(value);
  return known(`codes.${code}`) ? t(`codes.${code}`) : code;
}

// Paper.

/** Print cards: the code at 60 mm, what it says beside it, and both dates. @param {CardView[]} cards */
function print(cards) {
  byId("print").replaceChildren(...cards.map((card) => make("article", { class: "sheet" },
    make("h1", {}, titleOf(card)),
    ...card.codes.map((code) => make("div", { class: "sheet-code" }, drawing(code, t("labels.alt")))),
    make("dl", {}, ...lines(card).flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, make("bdi", {}, value))])),
    make("p", {}, t("labels.notice")),
    make("p", {}, t("labels.scan")))));
  globalThis.print();
}

/** @param {CardView} card */
async function remove(card) {
  const sure = await ask({ title: t("wallet.remove"), text: t("wallet.remove_sure"), go: t("wallet.remove"), danger: true });
  if (sure === null) return;
  const { people } = await view().catch(() => ({ people: [] }));
  const own = people.find(({ cards }) => cards.some(({ id }) => id === card.id));
  const heir = own?.cards.find(({ id }) => id !== card.id)?.id ?? null;
  await change(withoutCard(card.id, heir));
}
