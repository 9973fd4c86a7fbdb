/**
 * Issue: a form that is checked while it is typed, read back to the patient, signed, scanned and printed.
 *
 *     form -> issue.check … -> issue.read_back -> the patient confirms -> issue.sign -> code, paper -> next person
 *
 * 1. Whatever may be wrong, the desk says (parties/desk_issuing.py); the page shows it.
 * 2. A request's name is drawn once for what was read back: an answer that got lost is asked for again under the same
 *    name, and gives the same certificate.
 * 3. Of a person nothing is kept but in this screen, and "next person" makes a new one: fields, lists, pictures and the
 *    addresses of files are gone. What is attested, the language and the paper stay chosen: a clinic does the same all day.
 */
import { drawing } from "./code.js";
import { isWholePassport, passportLines } from "./codes.js";
import { Refused } from "./desk-page.js";
import { IssueForm } from "./desk-issue-form.js";
import { Scanner } from "./scanner.js";
import { isBusy, part, say } from "./shown.js";
import { LANGUAGES, formatDate, known, language, locale, t, write } from "./words.js";

/** @import {DeskPage} from "./desk-page.js" */
/** @import {Content, Given} from "./desk-issue-form.js" */

/** @typedef {{title: string, lines: {name: string, label: string, value: string, direction: string, latin: string}[]}} Leaf */
/** @typedef {{digest: string, language: string, direction: string, phrases: Record<string, string>, leaves: Leaf[]}} Reading */
/** @typedef {{number: string, until: string, text: string}} Certificate */
/** @typedef {{today: string, languages: string[], kinds: string[], given: Record<string, Given[]>}} Today */

/** Milliseconds after a key until the desk is asked. */
const PAUSE = 250;
const LAYOUTS = ["a4", "card", "large"];

/** Show it. @param {DeskPage} page */
export function open(page) {
  new Issue(page).begin();
}

/**
 * Show a certificate's content to be corrected: what is signed then takes the wrong one's place.
 *
 * @param {DeskPage} page
 * @param {string} wrong the certificate's text
 * @param {Content} content
 */
export function correct(page, wrong, content) {
  new Issue(page, wrong).begin(content);
}

/** Show certificates that were signed: to be scanned, and printed. @param {DeskPage} page @param {Certificate[]} certificates */
export function signed(page, certificates) {
  new Issue(page).signed(certificates);
}

class Issue {
  /** @type {HTMLElement} */
  #screen = document.body;
  /** @type {IssueForm | null} */
  #form = null;
  /** @type {Today} */
  #today = { today: "", languages: [], kinds: [], given: {} };
  #kind = "vaccination";
  #patients = "";
  #layout = "";
  #asked = 0;
  #readings = 0;
  #pause = 0;
  #wantsAll = false;
  /** What a scanner has read of a passport so far. @type {string[]} */
  #lines = [];
  /** @type {Scanner | null} */
  #scanner = null;
  /** Addresses of pictures and files, to be given back. @type {string[]} */
  #addresses = [];

  /** @param {DeskPage} page @param {string} [wrong] text of the certificate that is corrected */
  constructor(page, wrong = "") {
    this.page = page;
    this.wrong = wrong;
    const { kind, patients, layout } = page.usual;
    this.#kind = kind || this.#kind;
    this.#patients = patients;
    this.#layout = layout || page.about?.layout || "a4";
  }

  /** A new person. @param {Content | null} [content] what was filled in before the patient said that something is wrong */
  begin(content = null) {
    this.#clear();
    this.#screen = this.page.show("desk-issue", () => this.#clear());
    this.page.onLanguage = () => void this.#inLanguage();
    this.#patients ||= language();
    this.#scanner = new Scanner({ label: () => t("desk_issue.passport"), onText: (text) => this.#line(text) });
    const form = /** @type {HTMLFormElement} */ (part(this.#screen, "form"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#show();
    });
    part(this.#screen, "more").addEventListener("click", () => {
      this.#form?.more();
      this.#changed();
    });
    part(this.#screen, "all-right").addEventListener("click", () => this.#form?.allRight());
    this.#listen(this.#passport);
    if (content) this.#kind = content.kind;
    if (this.wrong) retitle(this.#screen, "desk_change.correct");
    say(this.#screen, "correcting", this.wrong ? () => t("desk_change.correcting") : "");
    part(this.#screen, "kinds-of").hidden = this.wrong !== "";
    void this.#start(content);
  }

  get #passport() {
    return /** @type {HTMLTextAreaElement} */ (this.#screen.querySelector("#issue-passport"));
  }

  /** @param {Content | null} content */
  async #start(content) {
    const screen = this.#screen;
    const today = await this.#ask("issue.today", {});
    if (!today || screen !== this.#screen) return;
    this.#today = today;
    this.#kinds();
    this.#languages();
    this.#fields(content);
    if (this.wrong) part(this.#screen, "more").hidden = true;
    if (content) void this.#check();
    else this.#passport.focus();
  }

  /** Have the desk say in another language what it has said. */
  async #inLanguage() {
    const form = this.#form;
    if (!form) return;
    const { codes } = form;
    const said = await this.#ask("issue.names", { kind: form.kind, codes });
    const today = await this.#ask("issue.today", {});
    if (form !== this.#form) return;
    if (said) form.rename(said.names, codes);
    if (!today) return;
    this.#today = today;
    this.#given();
  }

  #kinds() {
    part(this.#screen, "kinds").replaceChildren(...this.#today.kinds.map((kind) => {
      const label = document.createElement("label");
      const radio = document.createElement("input");
      radio.type = "radio";
      radio.name = "kind";
      radio.value = kind;
      radio.autocomplete = "off";
      radio.checked = kind === this.#kind;
      radio.addEventListener("change", () => {
        const content = this.#form?.content() ?? null;
        this.#kind = this.page.usual.kind = kind;
        this.page.say("");
        this.#fields(content && { ...content, kind, events: [{}], names: {}, confirmed: [] });
        this.#changed();
      });
      label.append(radio, " ", words(() => t(`desk_issue.${kind}`)));
      return label;
    }));
  }

  #languages() {
    const select = /** @type {HTMLSelectElement} */ (this.#screen.querySelector("#issue-language"));
    for (const code of this.#today.languages) {
      const { name } = LANGUAGES[/** @type {keyof typeof LANGUAGES} */ (code)];
      const option = new Option(name, code, false, code === this.#patients);
      option.lang = code;
      select.add(option);
    }
    select.addEventListener("change", () => {
      this.#patients = this.page.usual.patients = select.value;
    });
  }

  /** @param {Content | null} content */
  #fields(content) {
    this.#wantsAll = false;
    for (const element of this.#screen.querySelectorAll("[data-part=person] [data-column], [data-part=events] > *")) element.remove();
    this.#form = new IssueForm(this.#screen, this.#kind, {
      look: (field, text, product) => this.#look(field, text, product),
      onChange: () => this.#changed(),
      onLine: (text) => this.#line(text),
    });
    this.#form.today = this.#today.today;
    if (content) this.#form.restore(content);
    this.#given();
  }

  #given() {
    const given = this.#today.given[this.#kind] ?? [];
    const place = part(this.#screen, "given");
    for (const button of place.querySelectorAll("button")) button.remove();
    place.hidden = given.length === 0;
    place.append(...given.map((each) => {
      const button = document.createElement("button");
      button.type = "button";
      const { lot, site, authority, test_name: name } = each.columns;
      button.textContent = [each.names["product"] ?? each.names["test_type"], name, lot, site, authority].filter(Boolean).join(" · ");
      button.addEventListener("click", () => this.#form?.again(each));
      return button;
    }));
  }

  /** @param {string} field @param {string} text @param {string} product */
  async #look(field, text, product) {
    const { choices } = await this.page.ask("issue.search", { ...this.#shared, kind: this.#kind, field, text, product });
    return choices;
  }

  get #shared() {
    return { zone: Intl.DateTimeFormat().resolvedOptions().timeZone, language: language() };
  }

  /** Ask the desk; null where it refuses, which is said. @param {string} name @param {Record<string, unknown>} asked */
  async #ask(name, asked) {
    try {
      return await this.page.ask(name, { ...this.#shared, ...asked });
    } catch (error) {
      this.#tell(error);
      return null;
    }
  }

  /** @param {unknown} error */
  #tell(error) {
    const code = error instanceof Refused ? error.code.replaceAll("-", "_") : "";
    if (known(`desk_issue.refused_${code}`)) this.page.say(() => t(`desk_issue.refused_${code}`));
    else this.page.tell(error);
  }

  // ---------------------------------------------------------------------------------------------------------
  // Checked while it is typed.

  #changed() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#check(), PAUSE);
  }

  /** Have the desk look at the form. @returns {Promise<{refused: boolean, open: boolean} | null>} null if it was overtaken */
  async #check() {
    clearTimeout(this.#pause);
    const form = this.#form;
    if (!form) return null;
    const asked = ++this.#asked;
    const checked = await this.#ask("issue.check", { ...asIssue(form.content()) });
    if (!checked || asked !== this.#asked || form !== this.#form) return null;
    const state = form.remarks(checked, this.#wantsAll);
    if (this.#wantsAll) this.#sayOpen(state);
    return state;
  }

  /** Say what keeps it from the patient, until nothing does; what stands there is not said again. @param {{refused: boolean, open: boolean}} state */
  #sayOpen({ refused, open }) {
    const key = refused ? "desk_issue.open_fields" : open ? "desk_issue.open_doubts" : "";
    if (part(document, "notice").textContent !== (key && t(key))) this.page.say(key ? () => t(key) : "");
  }

  // ---------------------------------------------------------------------------------------------------------
  // The passport's lines.

  /** Read what is typed into the passport's field: at its last line's Enter, or once lines of the right length stand there. @param {HTMLTextAreaElement} field */
  #listen(field) {
    let pause = 0;
    field.addEventListener("keydown", (event) => {
      const lines = passportLines(field.value);
      if (event.key !== "Enter" || !isWholePassport(lines)) return;
      event.preventDefault();
      clearTimeout(pause);
      void this.#read(lines);
    });
    field.addEventListener("input", () => {
      clearTimeout(pause);
      const lines = passportLines(field.value);
      // A scanner's own Enter is on its way: read before it, the Enter would press something else.
      if (isEven(lines)) pause = setTimeout(() => void this.#read(lines), PAUSE);
    });
  }

  /** A line that a scanner has typed, one or all of them. @param {string} text */
  #line(text) {
    this.#lines.push(...passportLines(text));
    this.#passport.value = this.#lines.join("\n");
    if (isWholePassport(this.#lines)) void this.#read(this.#lines);
  }

  /** @param {string[]} lines */
  async #read(lines) {
    this.#lines = [];
    const form = this.#form;
    const asked = ++this.#readings;
    const read = await this.#ask("issue.passport", { lines });
    // The same lines may come twice, by the field and by their Enter: what was overtaken moves nothing.
    if (!read || form !== this.#form || asked !== this.#readings) return;
    const before = document.activeElement;
    const isHere = before === this.#passport || before === document.body || before?.tagName === "H1";
    const said = [`desk_issue.passport_${read.outcome}`];
    if (read.outcome === "read" && !read.columns.birth_date) said.push("desk_issue.passport_births");
    if (read.cut) said.push("desk_issue.passport_cut");
    say(this.#screen, "passport-said", () => said.map((key) => t(key)).join(" "));
    part(this.#screen, "passport-said").dataset.outcome = read.outcome;
    if (!Object.keys(read.columns).length) {
      if (isHere) this.#passport.select();
      return;
    }
    // What was read is in the fields now: the lines are not kept beside them, nor in what undo brings back.
    const fresh = /** @type {HTMLTextAreaElement} */ (this.#passport.cloneNode(false));
    // A copy has its text, too.
    fresh.value = "";
    this.#passport.replaceWith(fresh);
    this.#listen(fresh);
    this.#form?.fill("person", read.columns, read.names ?? {});
    if (isHere) this.#firstEmpty();
    this.#changed();
  }

  /** Go on where the first field of what was done is empty. */
  #firstEmpty() {
    const fields = /** @type {NodeListOf<HTMLInputElement>} */ (this.#screen.querySelectorAll("[data-part=given] button, [data-part=events] input"));
    const next = [...fields].find((field) => field.checkVisibility() && !field.value);
    next?.focus();
  }

  // ---------------------------------------------------------------------------------------------------------
  // Read back.

  async #show() {
    this.page.say("");
    this.#wantsAll = true;
    const state = await this.#check();
    if (!state || !this.#form) return;
    if (state.refused || state.open) {
      this.#form.toWhatIsOpen();
      return;
    }
    const content = this.#form.content();
    const asked = { ...this.#shared, ...asIssue(content), language: this.#patients };
    const reading = await this.#ask("issue.read_back", asked);
    if (reading) this.#readBack(content, asked, reading);
  }

  /** @param {Content} content @param {Record<string, unknown>} asked @param {Reading} reading */
  #readBack(content, asked, reading) {
    const screen = this.page.show("desk-issue-reading", () => this.#clear());
    this.#screen = screen;
    screen.lang = reading.language;
    screen.dir = reading.direction;
    const { read_back_title: title, read_back_hint: hint, read_back_right: right, read_back_wrong: wrong } = reading.phrases;
    part(screen, "title").textContent = title ?? "";
    part(screen, "hint").textContent = hint ?? "";
    part(screen, "right").textContent = right ?? "";
    part(screen, "wrong").textContent = wrong ?? "";
    const turn = write(part(screen, "turn"), locale, "lang");
    part(screen, "leaves").append(...reading.leaves.map(leafOf));
    turn.addEventListener("click", () => screen.classList.toggle("turned"));
    part(screen, "wrong").addEventListener("click", () => this.begin(content));
    const request = drawn();
    const confirm = part(screen, "right");
    confirm.addEventListener("click", async () => {
      if (isBusy(confirm)) return;
      this.page.say(() => t("desk_issue.signing"));
      const signed = await this.#ask(this.wrong ? "certificate.correct" : "issue.sign", { ...asked, digest: reading.digest, request, ...(this.wrong && { text: this.wrong }) });
      if (this.#screen !== screen) return;
      confirm.removeAttribute("aria-disabled");
      if (signed) this.signed(signed.certificates);
    });
    confirm.focus();
  }

  // ---------------------------------------------------------------------------------------------------------
  // Signed: the code, and paper.

  /** @param {Certificate[]} certificates */
  signed(certificates) {
    const screen = this.page.show("desk-issue-signed", () => this.#clear());
    this.#screen = screen;
    part(screen, "codes").append(...certificates.map((certificate, place) => {
      const figure = document.createElement("figure");
      const label = () => t("desk_issue.code_label", { n: place + 1 });
      const code = drawing(certificate.text, label());
      const caption = document.createElement("figcaption");
      const number = document.createElement("bdi");
      number.dir = "ltr";
      number.textContent = certificate.number;
      const lines = [
        ...(certificates.length > 1 ? [[words(() => t("desk_issue.code_of", { n: place + 1, of: certificates.length }))]] : []),
        [words(() => `${t("labels.identifier")}: `), number],
        ...(certificate.until ? [[words(() => t("desk_issue.until", { date: formatDate(new Date(certificate.until)) }))]] : []),
      ];
      caption.append(...lines.map((line) => {
        const element = document.createElement("p");
        element.append(...line);
        return element;
      }));
      figure.append(...(code ? [write(code, label, "aria-label")] : []), caption);
      return figure;
    }));
    const layout = /** @type {HTMLSelectElement} */ (screen.querySelector("#issue-layout"));
    for (const each of LAYOUTS) layout.add(write(new Option("", each, false, each === this.#layout), () => t(`desk_issue.${each}`)));
    layout.addEventListener("change", () => {
      this.#layout = this.page.usual.layout = layout.value;
    });
    part(screen, "print").addEventListener("click", () => void this.#print(certificates));
    part(screen, "save").addEventListener("click", () => void this.#save(certificates));
    part(screen, "next").addEventListener("click", () => open(this.page));
    part(screen, "print").focus();
  }

  /** Print the sheets as the desk has laid them out. @param {Certificate[]} certificates */
  async #print(certificates) {
    const screen = this.#screen;
    this.page.say("");
    /** @type {string[]} */ const drawings = [];
    for (const { text } of certificates) {
      const sheet = await this.#ask("issue.sheet", { text, layout: this.#layout, language: this.#patients });
      if (!sheet || screen !== this.#screen) return;
      drawings.push(...sheet.pages);
    }
    this.#giveBack();
    const pages = drawings.map((drawing, place) => this.#picture(drawing, place));
    part(screen, "pages").replaceChildren(...pages);
    await Promise.all(pages.map((picture) => picture.decode().catch(() => undefined)));
    if (screen !== this.#screen) return;
    print();
    part(screen, "pages").dataset.printed = String(pages.length);
  }

  /** @param {string} drawing @param {number} place */
  #picture(drawing, place) {
    const picture = new Image();
    picture.src = this.#address(new Blob([drawing], { type: "image/svg+xml" }));
    return write(picture, () => t("desk_issue.sheet_page", { n: place + 1 }), "alt");
  }

  /** @param {Certificate[]} certificates */
  async #save(certificates) {
    this.page.say("");
    for (const { text } of certificates) {
      try {
        const { name, blob } = await this.page.file("issue.pdf", { ...this.#shared, text, layout: this.#layout, language: this.#patients });
        const link = document.createElement("a");
        link.href = this.#address(blob);
        link.download = name;
        link.click();
      } catch (error) {
        this.#tell(error);
        return;
      }
    }
  }

  /** @param {Blob} blob */
  #address(blob) {
    const address = URL.createObjectURL(blob);
    this.#addresses.push(address);
    return address;
  }

  #giveBack() {
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
  }

  #clear() {
    clearTimeout(this.#pause);
    this.#asked++;
    this.#scanner?.stop();
    this.#scanner = null;
    this.#form = null;
    this.#lines = [];
    this.#giveBack();
  }
}

/** What the desk is sent of a form. @param {Content} content */
function asIssue({ kind, person, events, confirmed }) {
  return { kind, person, events, confirmed };
}

/** What a certificate says, as an element. @param {Leaf} leaf */
export function leafOf({ title, lines }) {
  const element = document.createElement("article");
  const heading = document.createElement("h2");
  heading.textContent = title;
  const list = document.createElement("dl");
  for (const { name, label, value, direction, latin } of lines) {
    const term = document.createElement("dt");
    term.textContent = label;
    const said = document.createElement("dd");
    said.textContent = value;
    said.dir = direction;
    said.dataset.name = name;
    list.append(term, said);
    if (latin) {
      const letters = document.createElement("dd");
      letters.textContent = latin;
      letters.dir = "ltr";
      letters.dataset.name = "latin";
      list.append(letters);
    }
  }
  element.append(heading, list);
  return element;
}

/** Words within a line. @param {() => string} text */
function words(text) {
  return write(document.createElement("bdi"), text);
}

/** Name a screen anew, in every language. @param {HTMLElement} screen @param {string} key */
function retitle(screen, key) {
  const title = /** @type {HTMLElement} */ (screen.querySelector("h1"));
  title.dataset["t"] = key;
  title.textContent = t(key);
}

/** Whether lines are of one length, as a document's are. @param {string[]} lines */
function isEven(lines) {
  const [first = ""] = lines;
  return isWholePassport(lines) && lines.length > 1 && lines.every(({ length }) => length === first.length) && [30, 36, 44].includes(first.length)
    && (lines.length === 3) === (first.length === 30);
}

/** A request's name: 128 random bits. */
function drawn() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
