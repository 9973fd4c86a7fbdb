/**
 * Add a certificate: camera, picture, PDF or text -> texts -> the engine reads them -> cards.
 *
 * 1. What the engine cannot read as a certificate is not kept. What it reads and does not trust is: the
 *    holder may have it on paper, and the data may be younger tomorrow.
 * 2. One certificate in several codes is one card: its parts are held back until all are there.
 */

import { textsIn, Unreadable } from "./documents.js";
import { cardId, hasRoom, MOST_TEXTS, withCards } from "./holdings.js";
import { change, changed, now, session } from "./session.js";
import { read } from "./wallet-engine.js";
import { forgetPictures, lookThrough, reader } from "./wallet-camera.js";
import { byId, notify, shown } from "./wallet-parts.js";
import { t } from "./words.js";

/** Texts of codes of which others are to come. @type {string[]} */
let parts = [];
/** What was looked at in this dialog: a camera sees a code many times. @type {Set<string>} */
const seen = new Set();
/** One text after another, so that two frames do not add one card twice. */
let turn = Promise.resolve();

export function wireAdd() {
  byId("add", "button").addEventListener("click", open);
  byId("adding-file", "input").addEventListener("change", async () => {
    const input = byId("adding-file", "input");
    const files = [...(input.files ?? [])];
    input.value = "";
    for (const file of files) await fromFile(file);
  });
  byId("adding-form", "form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const area = byId("adding-text", "textarea");
    const text = area.value;
    if (text.trim() === "") return;
    seen.delete(text);
    await take([text]);
    area.value = "";
  });
  const drop = byId("adding", "dialog");
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    for (const file of event.dataTransfer?.files ?? []) await fromFile(file);
  });
}

async function open() {
  parts = [];
  seen.clear();
  say("");
  let stop = () => {};
  const start = byId("adding-start", "button");
  start.hidden = false;
  start.onclick = async () => {
    start.hidden = true;
    stop = await lookThrough(byId("adding-camera"), (texts) => void take(texts), (words) => {
      say(words);
      start.hidden = false;
    });
    if (!byId("adding", "dialog").open) stop();
  };
  await shown("adding");
  stop();
  byId("adding-text", "textarea").value = "";
  seen.clear();
  parts = [];
  void forgetPictures();
  // Asked after the first import: a browser that sees the site used says yes sooner.
  if (session.held?.cards.length && !session.persisted) {
    session.persisted = (await navigator.storage?.persist?.()) ?? false;
    if (session.persisted) await changed();
  }
}

/** @param {File} file */
async function fromFile(file) {
  say(t("page.reading"));
  try {
    await take(await textsIn(file, await reader()));
  } catch (error) {
    say(t(error instanceof Unreadable ? "page.file_no_code" : "page.failed"));
  }
}

/** @param {string[]} texts @returns {Promise<void>} */
function take(texts) {
  const fresh = texts.filter((text) => !seen.has(text));
  for (const text of fresh) seen.add(text);
  turn = turn.then(async () => { for (const text of fresh) await takeText(text); }).catch(() => say(t("page.failed")));
  return turn;
}

/** @param {string} text */
async function takeText(text) {
  if (session.held === null) return;
  const reading = await read([...parts, text]);
  parts = reading.waiting;
  const cards = await Promise.all(reading.cards.map(async (texts) => ({ id: await cardId(texts), texts, added: now() })));
  if (cards.length === 0) {
    say(reading.parts === null ? t("wallet.add_refused") : t("border.more", { have: String(reading.parts.read), of: String(reading.parts.of) }));
    return;
  }
  if (!hasRoom(session.held, cards)) {
    say(t("wallet.full", { n: MOST_TEXTS }));
    return;
  }
  const before = session.held.cards.length;
  await change(withCards(cards));
  const words = t((session.held?.cards.length ?? before) > before ? "wallet.added" : "wallet.add_known");
  say(words);
  notify(words);
}

/** @param {string} words */
function say(words) {
  byId("adding-state", "p").textContent = words;
}
