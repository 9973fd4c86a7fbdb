/**
 * Renew, correct and revoke: one certificate that is scanned, or many by what the register knows.
 *
 *     code, picture, number -> certificate.open -> what it says -> renew | correct | count -> revoke
 *     lot, centre, operator, key, time, list -> revocation.count -> figures -> a second person -> revocation.revoke
 *
 * 1. Nothing is decided here: the desk says what may be done (parties/desk_renewal.py).
 * 2. Pictures are read in the page; the desk is sent texts.
 * 3. What was scanned is in this screen alone, and goes with it.
 */
import { Viewfinder } from "./border-viewfinder.js";
import { isLikeCertificate } from "./codes.js";
import { textsIn, Unreadable, whyUnread } from "./documents.js";
import { correct, leafOf, signed } from "./desk-issue.js";
import { startReader } from "./reader.js";
import { Scanner } from "./scanner.js";
import { isBusy, made, part, say } from "./shown.js";
import { formatDate, language, t, write } from "./words.js";

/** @import {DeskPage} from "./desk-page.js" */
/** @import {Leaf} from "./desk-issue.js" */
/** @import {Reader} from "./reader.js" */

/** @typedef {{kind: string, person: Record<string, string>, event: Record<string, string>, names: Record<string, string>}} Columns */
/** @typedef {{number: string, state: string, may: string[], until?: string, issued?: string, leaf?: Leaf, content?: Columns}} Opened */
/** @typedef {{plan: string, total: number, before: number, left_out: number, keys: {key: string, certificates: number}[], second: boolean}} Counted */

const REASONS = ["issue-error", "fraud", "key-compromise", "product-recall", "holder-request", "duplicate"];
const SELECTED = ["lot", "site", "operator", "key", "since", "until"];

/** Show it. @param {DeskPage} page */
export function open(page) {
  new Change(page).begin();
}

class Change {
  /** @type {HTMLElement} */
  #screen = document.body;
  /** @type {Reader | null} */
  #reader = null;
  /** @type {Viewfinder | null} */
  #viewfinder = null;
  /** @type {Scanner | null} */
  #scanner = null;

  /** @param {DeskPage} page */
  constructor(page) {
    this.page = page;
  }

  begin() {
    this.#clear();
    const screen = this.#screen = this.page.show("desk-change", () => this.#clear());
    part(screen, "one").hidden = !this.page.may("issue");
    part(screen, "many").hidden = !this.page.may("revoke");
    if (this.page.may("issue")) this.#one(screen);
    if (this.page.may("revoke")) void this.#many(screen);
  }

  // ---------------------------------------------------------------------------------------------------------
  // One certificate.

  /** @param {HTMLElement} screen */
  #one(screen) {
    const code = /** @type {HTMLTextAreaElement} */ (part(screen, "code"));
    part(screen, "one-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#open(code.value);
    });
    code.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      void this.#open(code.value);
    });
    const file = /** @type {HTMLInputElement} */ (part(screen, "file"));
    part(screen, "choose").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      const files = [...(file.files ?? [])];
      // Its name may be somebody's.
      file.value = "";
      void this.#files(files);
    });
    screen.addEventListener("dragover", (event) => event.preventDefault());
    screen.addEventListener("drop", (event) => {
      event.preventDefault();
      void this.#files([...(event.dataTransfer?.files ?? [])]);
    });
    this.#scanner = new Scanner({ label: () => t("desk_change.code"), onText: (text) => void this.#open(text) });
    part(screen, "finder").addEventListener("click", () => void this.#camera(screen));
    code.focus();
  }

  /** Show the viewfinder, and turn the camera on. @param {HTMLElement} screen */
  async #camera(screen) {
    const reader = await this.#read();
    if (screen !== this.#screen || this.#viewfinder) return;
    part(screen, "finder").hidden = true;
    part(screen, "camera").hidden = false;
    this.#viewfinder = new Viewfinder(reader, {
      onTexts: (texts) => void this.#seen(texts),
      onDevice: () => undefined,
      staysOn: () => false,
    });
    this.#viewfinder.show(screen, { device: "", start: true });
  }

  /** @param {string[]} texts */
  async #seen(texts) {
    const text = texts.find(isLikeCertificate);
    if (text) await this.#open(text);
  }

  /** @param {File[]} files */
  async #files(files) {
    const [file] = files;
    if (!file) return;
    const screen = this.#screen;
    this.page.say("");
    try {
      const texts = await textsIn(file, await this.#read());
      if (screen === this.#screen) await this.#open(texts.find(isLikeCertificate) ?? texts[0] ?? "");
    } catch (error) {
      if (screen === this.#screen) this.page.say(() => whyUnread(error instanceof Unreadable ? error.reason : "kind"));
    }
  }

  async #read() {
    this.#reader ??= await startReader();
    return this.#reader;
  }

  /** @param {string} given */
  async #open(given) {
    const text = given.trim();
    const screen = this.#screen;
    if (!text) return;
    this.page.say("");
    const opened = await this.#ask("certificate.open", { text });
    if (opened && screen === this.#screen) this.#show(text, opened);
  }

  /** @param {string} text @param {Opened} opened */
  #show(text, opened) {
    const screen = this.#screen = this.page.show("desk-certificate", () => this.#clear());
    let { content } = opened;
    part(screen, "state").dataset.state = opened.state;
    say(screen, "state", () => t(`desk_change.state_${opened.state}`));
    say(screen, "number", opened.number);
    const { issued, until } = opened;
    say(screen, "issued", issued ? () => t("desk_change.issued", { date: formatDate(new Date(issued)) }) : "");
    say(screen, "until", until ? () => t("desk_issue.until", { date: formatDate(new Date(until)) }) : "");
    say(screen, "no-content", opened.leaf ? "" : () => t("desk_change.no_content"));
    if (opened.leaf) part(screen, "leaf").append(leafOf(opened.leaf));
    this.page.onLanguage = async () => {
      const again = await this.#ask("certificate.open", { text });
      if (!again?.leaf || screen !== this.#screen) return;
      content = again.content;
      part(screen, "leaf").replaceChildren(leafOf(again.leaf));
    };
    for (const act of ["renew", "correct", "revoke"]) part(screen, act).hidden = !opened.may.includes(act);
    part(screen, "renew").addEventListener("click", () => void this.#renew(text));
    part(screen, "correct").addEventListener("click", () => {
      if (content) correct(this.page, text, { kind: content.kind, person: content.person, events: [content.event], names: content.names, confirmed: [] });
    });
    part(screen, "revoke").addEventListener("click", () => this.#reason(screen, text));
    part(screen, "back").addEventListener("click", () => this.begin());
  }

  /** @param {string} text */
  async #renew(text) {
    const screen = this.#screen;
    const renewed = await this.#ask("certificate.renew", { text });
    if (renewed && screen === this.#screen) signed(this.page, renewed.certificates);
  }

  /** @param {HTMLElement} screen @param {string} text */
  #reason(screen, text) {
    part(screen, "acts").hidden = true;
    const form = /** @type {HTMLFormElement} */ (part(screen, "reason-form"));
    form.hidden = false;
    const reason = /** @type {HTMLSelectElement} */ (part(screen, "reason"));
    reasons(reason);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const counted = await this.#ask("certificate.count", { text, reason: reason.value });
      if (counted && screen === this.#screen) this.#plan(counted, "certificate.revoke");
    });
    reason.focus();
  }

  // ---------------------------------------------------------------------------------------------------------
  // Many certificates.

  /** @param {HTMLElement} screen */
  async #many(screen) {
    const choices = await this.#ask("revocation.choices", {});
    if (!choices || screen !== this.#screen) return;
    const key = /** @type {HTMLSelectElement} */ (part(screen, "key"));
    key.add(write(new Option("", ""), () => t("desk_change.any")));
    for (const label of choices.keys) key.add(new Option(label, label));
    reasons(/** @type {HTMLSelectElement} */ (part(screen, "many-reason")));
    const form = /** @type {HTMLFormElement} */ (part(screen, "many-form"));
    const file = /** @type {HTMLInputElement} */ (part(screen, "list-file"));
    const value = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (part(form, name)).value;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const selection = Object.fromEntries(SELECTED.map((name) => [name, value(name)]));
      const counted = await this.#ask("revocation.count", { reason: value("many-reason"), selection, list: value("list") });
      if (counted && screen === this.#screen) this.#plan(counted, "revocation.revoke");
    });
    part(form, "list-choose").addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      const [chosen] = file.files ?? [];
      file.value = "";
      if (!chosen) return;
      this.page.say("");
      try {
        const counted = await this.page.send("revocation.count_file", chosen, { ...shared(), reason: value("many-reason") });
        if (screen === this.#screen) this.#plan(counted, "revocation.revoke");
      } catch (error) {
        this.page.tell(error);
      }
    });
    if (!this.page.may("issue")) part(form, "lot").focus();
  }

  // ---------------------------------------------------------------------------------------------------------
  // What was counted, and the yes.

  /** @param {Counted} counted @param {string} act */
  #plan(counted, act) {
    const screen = this.#screen = this.page.show("desk-change-plan", () => this.#clear());
    say(screen, "total", () => t(counted.total ? "desk_change.total" : "desk_change.none", { n: counted.total }));
    say(screen, "renewals", act === "certificate.revoke" && counted.total > 1 ? () => t("desk_change.renewals") : "");
    say(screen, "before", counted.before ? () => t("desk_change.before", { n: counted.before }) : "");
    say(screen, "left-out", counted.left_out ? () => t("desk_change.left_out", { n: counted.left_out }) : "");
    part(screen, "keys").append(...counted.keys.map(({ key, certificates }) => {
      const row = made("desk-change-key");
      part(row, "label").textContent = key;
      part(row, "count").textContent = String(certificates);
      return row;
    }));
    part(screen, "table").hidden = counted.keys.length === 0;
    const form = /** @type {HTMLFormElement} */ (part(screen, "yes"));
    form.hidden = !counted.plan;
    part(screen, "second").hidden = !counted.second;
    const input = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (part(form, name));
    input("pseudonym").required = input("passphrase").required = counted.second;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const go = part(form, "go");
      if (isBusy(go)) return;
      this.page.say("");
      const second = counted.second ? { pseudonym: input("pseudonym").value, passphrase: input("passphrase").value } : {};
      const revoked = await this.#ask(act, { plan: counted.plan, ...second });
      if (screen !== this.#screen) return;
      input("passphrase").value = "";
      go.removeAttribute("aria-disabled");
      if (revoked) this.#done(revoked);
      else if (counted.second) input("passphrase").focus();
    });
    part(screen, "back").addEventListener("click", () => this.begin());
    if (counted.plan) (counted.second ? input("pseudonym") : part(form, "go")).focus();
  }

  /** @param {{revoked: number, operators: string}} revoked */
  #done({ revoked, operators }) {
    const screen = this.#screen = this.page.show("desk-change-done", () => this.#clear());
    say(screen, "done", () => t("desk_change.done", { n: revoked, operators: operators.replace("+", ", ") }));
    part(screen, "back").addEventListener("click", () => this.begin());
    part(screen, "back").focus();
  }

  /** Ask the desk; null where it refuses, which is said. @param {string} name @param {Record<string, unknown>} asked */
  async #ask(name, asked) {
    try {
      return await this.page.ask(name, { ...shared(), ...asked });
    } catch (error) {
      this.page.tell(error);
      return null;
    }
  }

  #clear() {
    this.#viewfinder?.close();
    this.#viewfinder = null;
    this.#scanner?.stop();
    this.#scanner = null;
  }
}

function shared() {
  return { zone: Intl.DateTimeFormat().resolvedOptions().timeZone, language: language() };
}

/** @param {HTMLSelectElement} select */
function reasons(select) {
  select.replaceChildren(new Option("", "", true, true), ...REASONS.map((reason) => {
    const name = reason.replace("-", "_");
    return write(new Option("", reason), () => t(`desk_change.reason_${name}`));
  }));
}
