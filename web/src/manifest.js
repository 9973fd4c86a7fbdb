/**
 * The gate agent's page: a flight's list is dropped, checked on this device, and gone again.
 *
 *     starting -> choose -> checking -> result -> (cleared) -> choose
 *
 * 1. The list is in one variable while it is checked, and let go as soon as it is; what is shown has no name in it.
 * 2. Nothing is stored, sent, put into an address or a title, and nothing of a list outlives its screen.
 * 3. An answer that comes late, of a list that was cleared, is not shown.
 */
import { showData } from "./border-bar.js";
import { EngineError, startEngine } from "./engine.js";
import { ListError, rowsOf } from "./manifest-list.js";
import { made, part, say, shape, showTrouble } from "./shown.js";
import { keepSite, watch } from "./updates.js";
import { chooser, countryName, known, loadWords, t, translate } from "./words.js";
import { allZones, zonesOf } from "./zones.js";

/** @import {Engine} from "./engine.js" */
/** @import {Row} from "./manifest-list.js" */
/** @typedef {{reference: string, seat: string, outcome: string, reasons: string[], leg: number | null}} Checked */

const OUTCOMES = ["ok", "check-at-desk", "no-certificate"];
/** Passengers of one question: often enough told how far it is, seldom enough asked. */
const AT_ONCE = 25;
const MINUTE = 60_000;

class Gate {
  /** Which list: an answer for another one is late. */
  #list = 0;
  /** @type {HTMLElement} */
  #screen = part(document, "main");
  /** @type {Checked[]} */
  #results = [];

  /** @param {Engine} engine */
  constructor(engine) {
    this.engine = engine;
    if (engine.data) watch({ engine, data: engine.data, isFree: () => document.body.dataset.screen === "choose", onData: () => void this.#age() });
  }

  start() {
    document.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("dragover", (event) => event.preventDefault());
    window.addEventListener("drop", (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file && document.body.dataset.screen === "choose") void this.#check(file);
    });
    window.addEventListener("pagehide", () => this.#clear());
    setInterval(() => void this.#age(), MINUTE);
    this.#choose();
    void this.#age();
  }

  /** @param {string} name @param {HTMLElement} element */
  #show(name, element) {
    const main = document.createElement("main");
    main.id = "main";
    main.dataset.part = "main";
    main.append(element);
    this.#screen.replaceWith(main);
    this.#screen = main;
    document.body.dataset.screen = name;
    element.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** @param {string} [note] */
  #choose(note = "") {
    const element = made("screen-choose");
    const destinations = /** @type {string[]} */ (this.engine.facts.destinations ?? []);
    const [place, zone] = [select(element, "place"), select(element, "zone")];
    offer(place, [["", ""], ...destinations.map((text) => [text, nameOf(text)])]);
    offer(zone, [["", ""], ...allZones().map((name) => [name, name.replaceAll("_", " ")])]);
    place.addEventListener("change", () => {
      const [only, other] = zonesOf(place.value.split("/")[0] ?? "");
      if (only && !other) zone.value = only;
    });
    const file = /** @type {HTMLInputElement} */ (element.querySelector("#file"));
    file.addEventListener("change", () => file.files?.[0] && void this.#check(file.files[0]));
    part(document, "language").replaceChildren(chooser(() => {
      worded();
      this.#choose();
    }));
    this.#show("choose", element);
    say(element, "note", note);
  }

  /** @param {File} file */
  async #check(file) {
    const list = (this.#list += 1);
    const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (this.#screen.querySelector(`#${id}`));
    const [place = "", arrival = "", zone = ""] = ["place", "arrival", "zone"].map((id) => field(id).value);
    const asked = { place, arrival, zone, nameless: field("nameless").checked };
    this.#show("checking", made("screen-checking"));
    part(document, "language").replaceChildren();
    try {
      const results = await this.#checked(await rowsOf(file), asked, list);
      if (this.#list !== list) return;
      this.#results = results;
      this.#result();
    } catch (error) {
      if (this.#list !== list) return;
      this.#clear();
      this.#choose(error instanceof ListError ? t(`manifest.${error.reason}`) : t("page.failed"));
    }
  }

  /**
   * Ask the engine, some passengers at a time.
   *
   * @param {Row[]} rows
   * @param {Record<string, unknown>} asked
   * @param {number} list
   * @returns {Promise<Checked[]>}
   */
  async #checked(rows, asked, list) {
    const byNumber = new Map(rows.map((row) => [row.number, row]));
    /** @type {number[][]} */
    const bookings = (await this.engine.call("manifest.join", { rows })).bookings;
    /** @type {Checked[]} */
    const results = [];
    for (let begin = 0; begin < bookings.length; begin += AT_ONCE) {
      if (this.#list !== list) return [];
      this.#tell(begin, bookings.length);
      const some = bookings.slice(begin, begin + AT_ONCE).flat().map((number) => byNumber.get(number));
      const at = Math.floor(Date.now() / 1000);
      results.push(...(await this.engine.call("manifest.check", { ...asked, rows: some, at })).results);
    }
    return results;
  }

  /** @param {number} done @param {number} all */
  #tell(done, all) {
    if (document.body.dataset.screen !== "checking") return;
    say(this.#screen, "done", t("manifest.checking", { done, all }));
    const bar = /** @type {HTMLProgressElement} */ (part(this.#screen, "progress"));
    bar.max = all;
    bar.value = done;
  }

  #result() {
    const element = made("screen-result");
    const counts = OUTCOMES.map((outcome) => this.#results.filter((one) => one.outcome === outcome).length);
    OUTCOMES.forEach((outcome, place) => say(element, `count-${outcome}`, String(counts[place])));
    this.#show("result", element);
    this.#rows(counts[0] === this.#results.length);
    part(document, "live").textContent = OUTCOMES.map((outcome, place) => `${counts[place]} ${t(`manifest.${outcome}`)}`).join(", ");
  }

  /** @param {boolean} every whether those who are OK are shown too */
  #rows(every) {
    const shown = this.#results.filter((one) => every || one.outcome !== "ok");
    part(this.#screen, "rows").replaceChildren(...shown.map(rowOf));
    const button = /** @type {HTMLElement} */ (this.#screen.querySelector("[data-act=every]"));
    button.setAttribute("aria-pressed", String(every));
  }

  #clear() {
    this.#list += 1;
    this.#results = [];
    part(document, "live").textContent = "";
    if (document.body.dataset.screen === "result") this.#choose(t("manifest.cleared"));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const act = event.target instanceof Element ? event.target.closest("[data-act]")?.getAttribute("data-act") : null;
    if (act === "file") /** @type {HTMLElement} */ (this.#screen.querySelector("#file")).click();
    if (act === "clear") this.#clear();
    if (act === "restart") location.reload();
    if (act === "every") this.#rows(this.#screen.querySelector("[data-act=every]")?.getAttribute("aria-pressed") !== "true");
  }

  async #age() {
    if (document.body.dataset.screen === "checking") return;
    const [place = ""] = /** @type {string[]} */ (this.engine.facts.destinations ?? []);
    if (!place) return;
    const asked = { texts: [], place, zone: "UTC", at: Math.floor(Date.now() / 1000) };
    const screen = await this.engine.call("border.check", asked).catch(() => null);
    if (!screen) return;
    showData({ country: "", region: null }, screen.data);
    say(document, "place", t("manifest.title"));
  }
}

/** @param {Checked} one */
function rowOf(one) {
  const row = made("row-passenger");
  row.dataset.outcome = one.outcome;
  say(row, "seat", one.seat);
  say(row, "reference", one.reference);
  shape(row, one.outcome);
  say(row, "outcome", t(`manifest.${one.outcome}`));
  say(row, "leg", one.leg === null ? "" : t("manifest.leg", { number: one.leg }));
  const why = one.reasons.map((reason) => (known(`manifest.${reason}`) ? t(`manifest.${reason}`) : reason));
  part(row, "why").textContent = why.join(" ");
  return row;
}

/** @param {ParentNode} root @param {string} id */
function select(root, id) {
  return /** @type {HTMLSelectElement} */ (root.querySelector(`#${id}`));
}

/** @param {HTMLSelectElement} list @param {string[][]} rows value and text */
function offer(list, rows) {
  list.replaceChildren(...rows.map(([value, text]) => new Option(text, value)));
}

/** @param {string} text "FR", or "FR/BRE" */
function nameOf(text) {
  const [country = "", region] = text.split("/");
  const name = countryName(country);
  return `${name === country ? name : `${name} (${country})`}${region ? `, ${region}` : ""}`;
}

/** Start the engine; say in words why not. */
async function start() {
  const screen = made("screen-starting");
  part(document, "main").append(screen);
  const bar = /** @type {HTMLProgressElement} */ (part(screen, "progress"));
  const engine = await startEngine({ onProgress: (share) => (bar.value = 100 * share) }).catch((error) => failed(error));
  if (!engine) return;
  new Gate(engine).start();
  void keepSite();
}

/** @param {unknown} error */
function failed(error) {
  const noData = error instanceof EngineError && error.code === "no-data";
  showTrouble(t(noData ? "page.no_data" : "page.start_failed"));
}

function worded() {
  document.title = `Pratique – ${t("manifest.title")}`;
  translate(document.body);
}

if (await loadWords().catch(() => null)) {
  worded();
  await start();
} else {
  part(document, "main").textContent = "This page could not be loaded. Load it again.";
}
