/**
 * The border post: one traveller after the other.
 *
 *     starting -> setup (once) -> ready -> checking -> result -> (cleared) -> ready
 *                                   ^                    |
 *                                   +-- another certificate, or another code of the same one
 *
 * 1. Of a traveller there is one object, `this.#traveller`: its texts. With the next traveller it is another object,
 *    the screen is another element, and the reader of codes another worker.
 * 2. Nothing of a traveller is stored, logged, put into an address or a title, or counted.
 * 3. An answer that comes late, for the traveller before, is not shown.
 * 4. The page changes itself (a newer edition of the data or of the page) between two travellers only.
 */
import { showData } from "./border-bar.js";
import { likenessOf, resultOf, showOutcome } from "./border-result.js";
import { keep, settings, wireSetup } from "./border-setup.js";
import { Viewfinder } from "./border-viewfinder.js";
import { isLikeCertificate, isPassportLine, isWholePassport, passportLines } from "./codes.js";
import { Countdown } from "./countdown.js";
import { clockBehind } from "./data.js";
import { textsIn, Unreadable, whyUnread } from "./documents.js";
import { EngineError, startEngine } from "./engine.js";
import { startReader } from "./reader.js";
import { Scanner } from "./scanner.js";
import { made, part, say, showTrouble } from "./shown.js";
import { play } from "./tones.js";
import { keepSite, watch } from "./updates.js";
import { loadWords, t, translate } from "./words.js";

/** @import {Engine} from "./engine.js" */
/** @import {Reader} from "./reader.js" */
/** @import {Screen} from "./border-result.js" */
/** @import {Place, Settings} from "./border-setup.js" */

/** Seconds for which a traveller's further code is waited for. */
const WAITS = 60;
/** Seconds after which "scan again" goes back to the viewfinder. */
const AGAIN = 4;
/** How many times longer a result stays when it is asked for (WCAG 2.2.1 asks for ten). */
const LONGER = 10;
/** Milliseconds between two looks at the age of the data. */
const MINUTE = 60_000;
/** Seconds that this device's clock may differ from the server's. */
const CLOCK_DIFFERS = 300;
const KEYS = { next: "Escape", keep: "F2", help: "F1" };

/** What is known of the traveller at the desk. */
class Traveller {
  /** @type {string[]} */
  texts = [];
  /** @type {string[]} */
  passport = [];
  keyboard = false;
  /** Whether the certificates alone are GREEN. */
  passes = false;
}

class Post {
  #traveller = new Traveller();
  /** @type {Settings | null} */
  #settings = settings();
  /** @type {HTMLElement} */
  #screen = part(document, "main");
  /** @type {HTMLDialogElement | null} */
  #dialog = null;
  /** A file is being chosen: on a phone that hides the page. */
  #choosing = false;
  #countdown = new Countdown({ onTick: (left, whole) => this.#count(left, whole), onEnd: () => this.#ended() });

  /**
   * @param {Engine} engine
   * @param {Reader} reader
   */
  constructor(engine, reader) {
    this.engine = engine;
    this.reader = reader;
    this.viewfinder = new Viewfinder(reader, {
      onTexts: (texts) => this.#seen(texts),
      onDevice: (device) => this.#keepDevice(device),
      staysOn: () => this.#settings?.kiosk === true,
    });
    this.scanner = new Scanner({ onText: (text) => this.#scanned(text) });
    this.updates = engine.data && watch({
      engine,
      data: engine.data,
      isFree: () => this.#isFree(),
      onData: () => void this.#age(),
    });
  }

  start() {
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    document.addEventListener("visibilitychange", () => this.#hidden());
    window.addEventListener("pagehide", () => this.#forget());
    window.addEventListener("dragover", (event) => event.preventDefault());
    window.addEventListener("drop", (event) => this.#dropped(event));
    document.addEventListener("paste", (event) => this.#pasted(event));
    setInterval(() => void this.#age(), MINUTE);
    if (this.#settings) this.#begin(this.#settings);
    else this.#setup();
  }

  // -------------------------------------------------------------------------------------------------------
  // Screens.

  /**
   * @param {string} name
   * @param {HTMLElement} element
   */
  #show(name, element) {
    const main = document.createElement("main");
    main.id = "main";
    main.dataset.part = "main";
    main.append(element);
    this.#screen.replaceWith(main);
    this.#screen = main;
    document.body.dataset.screen = name;
    part(document, "bar").hidden = name === "setup" || this.#settings?.kiosk === true;
  }

  #setup() {
    this.#forget();
    const element = made("screen-setup");
    const places = /** @type {string[]} */ (this.engine.facts.destinations ?? []).map(placeOf);
    wireSetup(element, {
      places,
      present: this.#settings,
      onKept: (chosen) => {
        keep(chosen);
        this.#begin(chosen);
        // Full screen may be asked for by a press only: this one.
        if (chosen.kiosk) void full(true);
      },
      onLanguage: () => {
        worded();
        this.#setup();
      },
    });
    this.#show("setup", element);
    focus(element, "h1");
  }

  /** @param {Settings} chosen */
  #begin(chosen) {
    this.#settings = chosen;
    this.scanner.prefix = chosen.prefix;
    document.body.classList.toggle("kiosk", chosen.kiosk);
    void awake();
    void this.#age();
    this.#ready();
  }

  /** @param {string} [note] */
  #ready(note = "") {
    const element = made("screen-ready");
    const { kiosk, camera, device } = /** @type {Settings} */ (this.#settings);
    const waits = this.#traveller.texts.length > 0;
    say(element, "title", t(kiosk ? "border.kiosk_ready" : "border.ready"));
    say(element, "hint", kiosk ? "" : t("border.ready_hint"));
    this.#show("ready", element);
    this.#note(note);
    /** @type {HTMLElement} */ (element.querySelector("[data-act=next]")).hidden = !waits;
    for (const act of ["file", "text", "camera"]) {
      /** @type {HTMLElement} */ (element.querySelector(`[data-act=${act}]`)).hidden = kiosk && camera;
    }
    const file = /** @type {HTMLInputElement} */ (element.querySelector("#file"));
    file.addEventListener("change", () => void this.#files([...(file.files ?? [])]));
    file.addEventListener("cancel", () => (this.#choosing = false));
    this.viewfinder.show(element, { device, start: camera && !document.hidden });
    if (waits) this.#countdown.start(WAITS);
    else this.#countdown.stop();
    focus(element, "h1");
  }

  /** Say something above the viewfinder; "" takes it back. @param {string} text */
  #note(text) {
    if (document.body.dataset.screen === "ready") say(this.#screen, "note", text);
  }

  // -------------------------------------------------------------------------------------------------------
  // What is handed in: by camera, scanner, file, paste or hand.

  /** What the camera sees; what is no certificate is passed over. @param {string[]} texts */
  #seen(texts) {
    if (document.body.dataset.screen !== "ready") return;
    const certificates = texts.filter(isLikeCertificate);
    if (certificates.length) this.#handIn(certificates);
    else this.#note(`${t("reasons.no-health-code")} ${t("steps.ask-health-code")}`);
  }

  /** @param {string} text */
  #scanned(text) {
    const where = document.body.dataset.screen;
    if (where === "setup" || !this.#settings) return;
    if (isPassportLine(text)) {
      this.#passportScanned(text);
      return;
    }
    // A code that is scanned beside a result is the next traveller's: whoever adds one says so first.
    if (where === "result" || where === "checking") this.#next();
    this.#handIn([text], !isLikeCertificate(text));
  }

  /** @param {File[]} files */
  async #files(files) {
    this.#choosing = false;
    if (!files.length) return;
    if (document.body.dataset.screen === "result") this.#next();
    if (document.body.dataset.screen !== "ready") return;
    const traveller = this.#traveller;
    this.viewfinder.close();
    this.#note(t("page.reading"));
    /** @type {string[]} */
    const texts = [];
    for (const file of files) {
      try {
        texts.push(...(await textsIn(file, this.reader)));
      } catch (error) {
        if (this.#traveller !== traveller) return;
        this.#ready(whyUnread(error instanceof Unreadable ? error.reason : "kind"));
        return;
      }
    }
    if (this.#traveller !== traveller) return;
    // Beside a certificate a sheet may bear other codes, an address for instance.
    const certificates = texts.filter(isLikeCertificate);
    this.#handIn(certificates.length ? certificates : texts);
  }

  /** @param {DragEvent} event */
  #dropped(event) {
    event.preventDefault();
    const text = event.dataTransfer?.getData("text/plain") ?? "";
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) void this.#files(files);
    else if (text) this.#scanned(text);
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    if (event.target instanceof Element && event.target.closest("input, textarea, select")) return;
    const files = [...(event.clipboardData?.files ?? [])];
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (files.length) void this.#files(files);
    else if (text) this.#scanned(text);
  }

  /**
   * @param {string[]} texts
   * @param {boolean} [keyboard] a scanner typed what does not begin as a certificate does
   */
  #handIn(texts, keyboard = false) {
    const fresh = texts.filter((text) => !this.#traveller.texts.includes(text));
    if (!fresh.length) {
      this.#note(t("border.already_read"));
      return;
    }
    this.#traveller.texts.push(...fresh);
    this.#traveller.keyboard ||= keyboard;
    void this.#check(fresh);
  }

  // -------------------------------------------------------------------------------------------------------
  // Check, and result.

  /** @param {string[]} fresh what was handed in now */
  async #check(fresh) {
    const traveller = this.#traveller;
    this.viewfinder.close();
    this.#closeDialog();
    this.#countdown.stop();
    this.#show("checking", made("screen-checking"));
    const screen = await this.#ask("border.check", { texts: traveller.texts, place: this.#place }).catch(() => null);
    if (this.#traveller !== traveller) return;
    if (screen === null) {
      this.#forget();
      this.#trouble(t("page.failed"));
      return;
    }
    this.#data(screen.data);
    if (screen.outcome === "more") {
      this.#ready(t("border.more", { have: screen.parts.read, of: screen.parts.of }));
      this.#announce([t("border.more", { have: screen.parts.read, of: screen.parts.of }), t("border.more_hint")]);
      return;
    }
    // What was not read is nothing of the traveller's: it is left out of the next question.
    if (screen.outcome === "again") traveller.texts = traveller.texts.filter((text) => !fresh.includes(text));
    this.#result(screen);
  }

  /**
   * Ask the engine, about this post and this instant.
   *
   * @param {string} method
   * @param {Record<string, unknown>} request
   */
  #ask(method, request) {
    const { zone } = /** @type {Settings} */ (this.#settings);
    return this.engine.call(method, { ...request, zone, at: Math.floor(Date.now() / 1000) });
  }

  get #place() {
    const { country, region } = /** @type {Settings} */ (this.#settings);
    return region ? `${country}/${region}` : country;
  }

  /** @param {Screen} screen */
  #result(screen) {
    const { clears, sounds, kiosk } = /** @type {Settings} */ (this.#settings);
    const isAgain = screen.outcome === "again";
    const keyboard = this.#traveller.keyboard && !isAgain;
    const { element, spoken } = resultOf(screen, { kiosk, count: this.#traveller.texts.length, keyboard });
    this.#show("result", element);
    document.body.dataset.outcome = screen.outcome;
    this.#traveller.passes = screen.outcome === "green";
    this.#announce(spoken);
    if (sounds) play(screen.outcome);
    this.#countdown.start(isAgain ? Math.min(AGAIN, clears) : clears);
    focus(element, "[data-part=next]");
  }

  /**
   * Have a screen reader say it: the first line first.
   *
   * @param {string[]} lines
   */
  #announce(lines) {
    const live = part(document, "live");
    live.replaceChildren(...lines.map((text) => {
      const line = document.createElement("p");
      line.textContent = text;
      return line;
    }));
  }

  /**
   * @param {number} left seconds
   * @param {number} whole
   */
  #count(left, whole) {
    if (document.body.dataset.screen !== "result") return;
    say(this.#screen, "seconds", t("border.clears", { seconds: left }));
    const bar = /** @type {HTMLProgressElement} */ (part(this.#screen, "left"));
    bar.max = whole;
    bar.value = left;
  }

  #ended() {
    const isAgain = document.body.dataset.outcome === "again" && document.body.dataset.screen === "result";
    if (isAgain && this.#traveller.texts.length) this.#ready();
    else this.#next();
  }

  // -------------------------------------------------------------------------------------------------------
  // The passport's lines.

  /** @param {string} text */
  #passportScanned(text) {
    if (document.body.dataset.screen !== "result") {
      this.#note(t("border.passport_first"));
      return;
    }
    this.#traveller.passport.push(...passportLines(text));
    this.#countdown.start(/** @type {Settings} */ (this.#settings).clears);
    if (isWholePassport(this.#traveller.passport)) void this.#identify(this.#traveller.passport);
    else say(this.#screen, "line", t("border.passport_line"));
  }

  #openPassport() {
    const dialog = this.#open("dialog-passport");
    const field = /** @type {HTMLTextAreaElement} */ (dialog.querySelector("textarea"));
    dialog.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      const lines = passportLines(field.value);
      if (!isWholePassport(lines)) {
        say(dialog, "wrong", t("border.mrz_unread"));
        field.focus();
        return;
      }
      this.#closeDialog();
      void this.#identify(lines);
    });
  }

  /** @param {string[]} mrz */
  async #identify(mrz) {
    const traveller = this.#traveller;
    traveller.passport = [];
    this.#countdown.halt();
    const likeness = await this.#ask("border.identify", { texts: traveller.texts, mrz }).catch(() => null);
    if (this.#traveller !== traveller || document.body.dataset.screen !== "result") return;
    this.#countdown.start(/** @type {Settings} */ (this.#settings).clears);
    say(this.#screen, "line", "");
    if (!likeness) {
      this.#announce([t("page.failed")]);
      return;
    }
    const { element, spoken } = likenessOf(likeness);
    part(this.#screen, "likeness").replaceChildren(element);
    this.#announce([...this.#doubted(likeness.outcome), ...spoken]);
  }

  /**
   * GREEN is for the passport's holder: where the passport is another's, or may be, the screen does not say both.
   *
   * @param {string} likeness
   * @returns {string[]} the word that is shown now, if it is another
   */
  #doubted(likeness) {
    const result = /** @type {HTMLElement} */ (this.#screen.querySelector("[data-outcome]"));
    const outcome = likeness === "same" ? "green" : "amber";
    if (!this.#traveller.passes || document.body.dataset.outcome === outcome) return [];
    document.body.dataset.outcome = outcome;
    return [showOutcome(result, outcome)];
  }

  // -------------------------------------------------------------------------------------------------------
  // Clearing.

  /** Forget the traveller, and be ready for the next. */
  #next() {
    this.#forget();
    if (this.#settings && document.body.dataset.screen !== "setup") this.#ready();
    void this.updates?.between();
  }

  /** Nobody is at the desk: nothing was scanned or typed, and nothing is open. */
  #isFree() {
    const { texts, passport } = this.#traveller;
    return document.body.dataset.screen === "ready" && !texts.length && !passport.length && this.#dialog === null;
  }

  #forget() {
    this.#traveller = new Traveller();
    this.#countdown.stop();
    this.viewfinder.close();
    this.reader.renew();
    this.#closeDialog();
    delete document.body.dataset.outcome;
    const live = document.createElement("div");
    live.dataset.part = "live";
    live.className = "unseen";
    live.setAttribute("role", "alert");
    part(document, "live").replaceWith(live);
  }

  #hidden() {
    if (!document.hidden) {
      void awake();
      if (document.body.dataset.screen === "ready") this.#ready();
    } else if (!this.#choosing && this.#settings && document.body.dataset.screen !== "setup") {
      this.#next();
    }
  }

  // -------------------------------------------------------------------------------------------------------
  // Buttons, keys, dialogs.

  /** @param {Event} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    const act = button?.getAttribute("data-act") ?? "";
    const acts = /** @type {Record<string, () => void>} */ ({
      next: () => this.#next(),
      again: () => this.#ended(),
      second: () => this.#ready(t("border.second")),
      keep: () => this.#keep(),
      passport: () => this.#openPassport(),
      help: () => this.#help(),
      setup: () => this.#setup(),
      full: () => void full(!document.fullscreenElement),
      close: () => this.#closeDialog(),
      restart: () => location.reload(),
      text: () => this.#openText(),
      file: () => {
        this.#choosing = true;
        /** @type {HTMLInputElement} */ (this.#screen.querySelector("#file")).click();
      },
    });
    acts[act]?.();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // The way out of a gate, where nothing leads to the settings.
    if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "l" && this.#settings?.kiosk) {
      event.preventDefault();
      void full(false);
      document.body.classList.remove("kiosk");
      this.#settings = { ...this.#settings, kiosk: false };
      this.#setup();
      return;
    }
    const result = document.body.dataset.screen === "result";
    const waits = document.body.dataset.screen === "ready" && this.#traveller.texts.length > 0;
    if (this.#dialog || !(result || waits || event.key === KEYS.help)) return;
    if (event.key === KEYS.next) this.#next();
    else if (event.key === KEYS.keep && result) this.#keep();
    else if (event.key === KEYS.help && this.#settings && !this.#settings.kiosk) this.#help();
    else return;
    event.preventDefault();
  }

  #keep() {
    const { clears } = /** @type {Settings} */ (this.#settings);
    if (document.body.dataset.outcome !== "again") this.#countdown.start(clears * LONGER);
  }

  #openText() {
    const dialog = this.#open("dialog-text");
    const field = /** @type {HTMLTextAreaElement} */ (dialog.querySelector("textarea"));
    dialog.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value;
      this.#closeDialog();
      if (text.trim()) this.#handIn([text]);
    });
  }

  #help() {
    const keys = { next: "Esc", keep: KEYS.keep, help: KEYS.help };
    say(this.#open("dialog-help"), "keys", t("border.help_keys", keys));
  }

  /**
   * @param {string} id
   * @returns {HTMLDialogElement}
   */
  #open(id) {
    this.#closeDialog();
    const dialog = /** @type {HTMLDialogElement} */ (made(id));
    // What was typed goes with the dialog, however it is closed.
    dialog.addEventListener("close", () => {
      this.#countdown.go();
      dialog.remove();
      if (this.#dialog === dialog) this.#dialog = null;
    });
    document.body.append(dialog);
    this.#countdown.halt();
    this.#dialog = dialog;
    dialog.showModal();
    return dialog;
  }

  #closeDialog() {
    this.#dialog?.close();
  }

  // -------------------------------------------------------------------------------------------------------
  // The data, and what failed.

  async #age() {
    if (!this.#settings || document.body.dataset.screen === "checking") return;
    const screen = await this.#ask("border.check", { texts: [], place: this.#place }).catch(() => null);
    if (screen) this.#data(screen.data);
  }

  /** @param {Screen["data"]} data */
  #data(data) {
    const differs = Math.abs(clockBehind() ?? 0) > CLOCK_DIFFERS;
    if (this.#settings) showData(this.#settings, differs ? { ...data, clock: "differs" } : data);
  }

  /** @param {string} device */
  #keepDevice(device) {
    if (!this.#settings || this.#settings.device === device) return;
    this.#settings = { ...this.#settings, device };
    keep(this.#settings);
  }

  /** @param {string} what */
  #trouble(what) {
    const element = made("screen-trouble");
    say(element, "what", what);
    this.#show("trouble", element);
    focus(element, "h1");
  }
}

/** @param {string} text "FR", or "FR/BRE" @returns {Place} */
function placeOf(text) {
  const [country = "", region = null] = text.split("/");
  return { country, region };
}

/**
 * @param {HTMLElement} root
 * @param {string} selector
 */
function focus(root, selector) {
  /** @type {HTMLElement | null} */ (root.querySelector(selector))?.focus({ preventScroll: true });
}

/** @param {boolean} on */
async function full(on) {
  try {
    if (on) await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    else if (document.fullscreenElement) await document.exitFullscreen();
  } catch {
    // Refused by the browser: the page is as good in a window.
  }
}

/** Keep the screen on while the page is in sight, where the browser can. */
async function awake() {
  await navigator.wakeLock?.request("screen").catch(() => undefined);
}

/** Start the engine and the reader; say in words why not. */
async function start() {
  const screen = made("screen-starting");
  part(document, "main").append(screen);
  const bar = /** @type {HTMLProgressElement} */ (part(screen, "progress"));
  const reader = startReader();
  const engine = startEngine({ onProgress: (share) => (bar.value = 100 * share) });
  const parts = await Promise.all([engine, reader]).catch((error) => failed(error));
  if (!parts) return;
  new Post(...parts).start();
  // Only now: what the page itself needs comes first.
  void keepSite();
}

/** @param {unknown} error */
function failed(error) {
  const noData = error instanceof EngineError && error.code === "no-data";
  showTrouble(t(noData ? "page.no_data" : "page.start_failed"));
}

/** Write what stands around the screens in the chosen language: the title too, which is the same for everybody. */
function worded() {
  document.title = `Pratique – ${t("page.border")}`;
  translate(document.body);
}

if (await loadWords().catch(() => null)) {
  worded();
  await start();
} else {
  // Without words there is nothing to say it with: the first visit broke off.
  part(document, "main").textContent = "This page could not be loaded. Load it again.";
}
