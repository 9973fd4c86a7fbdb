/**
 * What the desk's screens share: asking the desk, showing a screen, saying what is wrong.
 *
 *     screen -> page.ask("issue.check", {...}) -> POST /api/issue.check -> the desk (parties/desk_*.py)
 *
 * 1. The session's secret is in this tab alone, and goes out as a header: no cookie, no address has it.
 * 2. What the desk refuses comes as a `Refused`: its code, message and hint. Nothing of a person is stored here.
 * 3. What only reads waits where the session is over, and is asked again once the same operator has signed in. What
 *    changes something is never asked again by the page: the operator presses again, and sees what for.
 */
import { made, part, say } from "./shown.js";
import { known, t } from "./words.js";

/** @typedef {{pseudonym: string, rights: string[]}} Operator */
/** @typedef {{operator: Operator, site: string, country: string, participant: string, environment: string, layouts: string[], layout: string, languages: string[], idle: number}} About */

/** What changes nothing. */
const READS = new Set([
  "issue.today", "issue.search", "issue.names", "issue.passport", "issue.check", "issue.read_back", "issue.sheet",
  "certificate.open", "certificate.count", "revocation.choices", "revocation.count", "files.state", "day.show", "day.ending",
]);
/** Code of a refusal: the session is over, and its secret stands for a token once. */
const OVER = "session-over";
/** Seconds after which the desk, too, has counted its last one. */
const MARGIN = 1;

/** The desk refused: `code` is stable; `message` and `hint` are for the operator. */
export class Refused extends Error {
  /** @param {number} status @param {{code: string, message: string, hint?: string}} said */
  constructor(status, { code, message, hint = "" }) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

function nothingUsual() {
  return { kind: "", patients: "", layout: "" };
}

/** Why the desk refused, in the page's words where it has some. @param {{code: string, message: string, hint?: string}} refused */
export function inWords({ code, message, hint = "" }) {
  const name = code.replaceAll("-", "_");
  return known(`desk_refused.${name}`) ? t(`desk_refused.${name}`) : [message, hint].filter(Boolean).join(". ");
}

/** What every screen is given. */
export class DeskPage {
  /** @type {HTMLElement} */
  #main = part(document, "main");
  /** @type {(() => void) | null} */
  #leaves = null;
  /** @type {string} */
  session = "";
  /** @type {About | null} */
  about = null;
  /** What the operator has chosen for whoever comes next, "" where nothing: of a person it has nothing. */
  usual = nothingUsual();
  /** Called when nobody is signed in any more; with whether the session's secret stands for a token. @type {(stands: boolean) => void} */
  onSignedOut = () => undefined;
  /** Called in another language, once all words are written: what the desk itself has said is asked for anew. @type {() => void} */
  onLanguage = () => undefined;
  #idle = 0;
  /** What is asked again once the same operator has signed in. @type {(() => void)[]} */
  #waiting = [];

  /**
   * Show a template's screen; what was shown before is gone with its content.
   *
   * @param {string} name of `<template id="screen-NAME">`
   * @param {() => void} [leaves] called when another screen takes its place
   * @returns {HTMLElement} the screen's one element
   */
  show(name, leaves) {
    this.#leaves?.();
    this.#leaves = leaves ?? null;
    this.onLanguage = () => undefined;
    const main = document.createElement("main");
    main.id = "main";
    main.dataset.part = "main";
    const element = made(`screen-${name}`);
    main.append(element);
    this.#main.replaceWith(main);
    this.#main = main;
    document.body.dataset.screen = name;
    say(document, "notice", "");
    const title = /** @type {HTMLElement | null} */ (element.querySelector("h1"));
    title?.focus();
    return element;
  }

  /**
   * Somebody has signed in.
   *
   * @param {string} session its secret
   * @param {About} about
   * @returns {string} the operator before, if it was another one: what waited for that one is not asked
   */
  signedIn(session, about) {
    const before = this.about?.operator.pseudonym ?? "";
    const isSame = before === about.operator.pseudonym;
    this.session = session;
    this.about = about;
    if (!isSame) this.usual = nothingUsual();
    this.#rest();
    for (const goOn of this.#waiting.splice(0)) if (isSame) goOn();
    return isSame ? "" : before;
  }

  /** Sign out. @returns {Promise<string>} a secret that stands for a token; "" where the desk knows none */
  async signedOut() {
    const session = this.session;
    // Nobody is asked to come back.
    this.about = null;
    this.#waiting = [];
    clearTimeout(this.#idle);
    const stands = await this.ask("session.end").then(() => true, (error) => error instanceof Refused && error.code === OVER);
    this.session = "";
    return stands ? session : "";
  }

  /** Nothing was asked for as long as a session lasts: nobody may be there any more. */
  async #rested() {
    try {
      await this.ask("session.end");
    } catch (error) {
      // Where the desk refuses, the session is over already, and that was said.
      if (error instanceof Refused) return;
    }
    this.onSignedOut(true);
  }

  #rest() {
    clearTimeout(this.#idle);
    if (this.about) this.#idle = window.setTimeout(() => void this.#rested(), (this.about.idle + MARGIN) * 1000);
  }

  /** The screen that is shown. */
  get main() {
    return this.#main;
  }

  /** Say something to the operator, above the screen; "" takes it back. @param {string | (() => string)} text as `write` takes it */
  say(text) {
    say(document, "notice", text);
  }

  /** Say why something failed, in the page's words where it has some. @param {unknown} error */
  tell(error) {
    if (!(error instanceof Refused)) {
      this.say(() => t("desk.no_answer"));
      return;
    }
    this.say(() => inWords(error));
  }

  /** Whether the operator may. @param {"issue" | "revoke" | "audit"} right */
  may(right) {
    return this.about?.operator.rights.includes(right) ?? false;
  }

  /**
   * Ask the desk.
   *
   * @param {string} name of the act
   * @param {Record<string, unknown>} [asked]
   * @returns {Promise<any>} its answer
   */
  async ask(name, asked = {}) {
    return (await this.#post(name, JSON.stringify(asked), { "Content-Type": "application/json" })).json();
  }

  /**
   * Ask the desk for a file.
   *
   * @param {string} name
   * @param {Record<string, unknown>} [asked]
   * @returns {Promise<{name: string, blob: Blob}>}
   */
  async file(name, asked = {}) {
    const answer = await this.#post(name, JSON.stringify(asked), { "Content-Type": "application/json" });
    return { name: answer.headers.get("X-Desk-Name") ?? "file", blob: await answer.blob() };
  }

  /**
   * Send a file to the desk.
   *
   * @param {string} name
   * @param {Blob} content
   * @param {Record<string, unknown>} [asked]
   * @returns {Promise<any>}
   */
  async send(name, content, asked = {}) {
    const headers = { "Content-Type": "application/octet-stream", "X-Desk-Asked": encodeURIComponent(JSON.stringify(asked)) };
    return (await this.#post(name, content, headers)).json();
  }

  /** @param {string} name @param {BodyInit} body @param {Record<string, string>} headers @returns {Promise<Response>} */
  async #post(name, body, headers) {
    const operator = this.about?.operator.pseudonym;
    const waits = operator !== undefined && READS.has(name);
    if (waits) await this.#back(operator);
    const session = this.session;
    const answer = await fetch(`api/${name}`, {
      method: "POST", body, headers: { ...headers, "X-Desk-Session": session },
      cache: "no-store", credentials: "omit", redirect: "error",
    });
    if (answer.ok) {
      if (session) this.#rest();
      return answer;
    }
    const said = await answer.json().catch(() => ({ code: "no-answer", message: t("desk.no_answer") }));
    if (answer.status === 401 && session) {
      // Of several at once the first one is enough; and whoever has signed in since is not signed out by it.
      if (session === this.session) this.onSignedOut(said.code === OVER);
      if (waits) return this.#post(name, body, headers);
    }
    throw new Refused(answer.status, said);
  }

  /** Wait until an operator is signed in: for ever, where another one comes instead. @param {string} operator */
  #back(operator) {
    return new Promise((/** @type {(value?: undefined) => void} */ goOn) => {
      if (!this.session) this.#waiting.push(goOn);
      else if (this.about?.operator.pseudonym === operator) goOn();
    });
  }
}
