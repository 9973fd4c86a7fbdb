/**
 * The wallet's page.
 *
 *     words, vault -> make it or open it          engine, data (beside) -> cards, trips, places, ends, backup
 *
 * 1. No request leaves but to this page's own origin, and none carries data: what is asked of the engine stays
 *    in this browser.
 * 2. Nothing is kept but the sealed document, and the language in clear.
 * 3. A wallet opens without the engine: the codes are at hand, only what they say is not.
 * 4. A newer edition of the site, and newer data, are taken while the wallet is locked: nobody is interrupted.
 */

import { clockBehind } from "./data.js";
import { EngineError, startEngine } from "./engine.js";
import { changed, now, onChange, session } from "./session.js";
import { keepAll, keepSite, watch } from "./updates.js";
import { openVault } from "./vault.js";
import { wireAdd } from "./wallet-add.js";
import { clearCards, drawCards, wireCards } from "./wallet-cards.js";
import { clearEnds, drawEnds } from "./wallet-ends.js";
import { forgetView } from "./wallet-engine.js";
import { wireKeep } from "./wallet-keep.js";
import { first, onLock, screen, wireLock } from "./wallet-lock.js";
import { byId, button, LEAST_CHARACTERS, notify, wireDialogs } from "./wallet-parts.js";
import { clearPlaces, drawPlaces, wirePlaces } from "./wallet-places.js";
import { wireTransfer } from "./wallet-transfer.js";
import { clearTrips, drawTrips, wireTrips } from "./wallet-trips.js";
import { chooser, formatAge, loadWords, t, translate } from "./words.js";

/** The wallet's parts, in the order of its menu. */
const PARTS = /** @type {Record<string, {word: string, draw: () => Promise<void>}>} */ ({
  cards: { word: "wallet.certificates", draw: drawCards },
  trips: { word: "wallet.trips", draw: drawTrips },
  everywhere: { word: "wallet.everywhere", draw: drawPlaces },
  ends: { word: "wallet.ends", draw: drawEnds },
  keep: { word: "wallet.backup", draw: async () => undefined },
});

/** Seconds by which a device's clock may be wrong without a word. */
const CLOCK_SLACK = 300;

let shownPart = "cards";
/** @type {import("./updates.js").Updates | null} */
let updates = null;

await loadWords();
words();
wireDialogs();
wireLock();
wireAdd();
wireCards();
wireTrips();
wirePlaces();
wireKeep();
wireTransfer();
onChange(() => { void draw(); });
onLock(() => { clearCards(); clearTrips(); clearPlaces(); clearEnds(); forgetView(); shownPart = "cards"; void updates?.between(); });
byId("language").append(chooser(() => { words(); void changed(); }));
session.engine = started();
// What is asked of it tells the person; here its failure is nobody's.
session.engine.catch(() => undefined);
session.vault = await openVault();
await first();

/** Start the engine beside; a fault of it closes no wallet. */
async function started() {
  try {
    const engine = await startEngine();
    const age = () => { byId("age", "p").textContent = t("page.data", { age: formatAge(now() - engine.facts.created) }); };
    age();
    setInterval(age, 60_000);
    if (Math.abs(clockBehind() ?? 0) > CLOCK_SLACK) notify(t("page.clock_behind"));
    updates = engine.data && watch({ engine, data: engine.data, isFree, onData: age });
    // Only now: what the page itself needs comes first.
    void keepSite().then((kept) => (kept ? keepAll() : undefined));
    return engine;
  } catch (error) {
    notify(t(error instanceof EngineError && error.code === "no-data" ? "page.no_data" : "page.start_failed"));
    throw error;
  }
}

/** Nobody's wallet is open, and nothing is typed. */
function isFree() {
  const typed = [...document.querySelectorAll("input")].some(({ type, value }) => type === "password" && value !== "");
  return !session.vault?.isOpen && !typed && document.querySelector("dialog[open]") === null;
}

/** Put the page's own words into their places, in the language chosen. */
function words() {
  translate(document);
  byId("create-hint", "p").textContent = t("wallet.passphrase_hint", { n: LEAST_CHARACTERS });
  menu();
}

function menu() {
  byId("places", "nav").replaceChildren(...Object.entries(PARTS).map(([part, { word }]) =>
    button(t(word), () => { void go(part); }, part === shownPart ? { "aria-current": "page" } : {})));
}

/** Show one part. @param {string} part */
async function go(part) {
  shownPart = part;
  notify("");
  await draw();
  byId(`${part}-title`, "h2").focus();
}

/** Draw the part that is shown. */
async function draw() {
  if (!session.vault.isOpen) return;
  menu();
  for (const part of Object.keys(PARTS)) byId(part).hidden = part !== shownPart;
  await PARTS[shownPart]?.draw().catch(() => undefined);
}
