/**
 * A hardware scanner, which types what it reads as a keyboard does.
 *
 *     [prefix key] key key key … Enter -> onText(text)
 *
 * 1. What is typed goes into a field of ours, out of sight: so the browser itself puts together what dead keys and
 *    AltGr make, and a typed blank cannot press the button that has the focus.
 * 2. With a prefix key, everything up to Enter is a text. Without one, a text begins with any character but a blank
 *    that is typed where no field has the focus, and is believed if it is long: nobody types that by hand there.
 * 3. Nothing is told by the pace of typing: on a busy machine a scanner's keys come as slowly as a person's.
 * 4. A field is used once. What undo would bring back goes with it.
 * 5. Which keyboard layout the text was garbled by is told in Python (`formats.keyboards`).
 */

/** Milliseconds of silence after which a text without an Enter is over: longer than a busy machine holds keys back. */
const SILENCE = 10_000;
/** Milliseconds in which what follows an Enter is the scanner's as well: many end with two keys. */
const AFTER = 300;
/** Characters from which a text without a prefix is a scanner's. A passport's line has 30 and more. */
const LEAST = 20;
/** Characters of one code with all that is around it (`wrapping.LONGEST`). */
const MOST = 20_000;

/** "Start of text", which scanners offer as a prefix: a keyboard types it as Ctrl+B. */
export const STX = "\x02";
/** Keys that end a text, by themselves and as a control character. */
const ENDS = new Set(["Enter", "Tab"]);
const CONTROL_ENDS = new Set(["m", "j"]);
/** The separators of 2D-DOC, as scanners type control characters: Ctrl and the key (ASCII + 64). */
const CONTROLS = /** @type {Record<string, string>} */ ({
  "\\": "\x1c", "]": "\x1d", "^": "\x1e", "6": "\x1e", _: "\x1f", "-": "\x1f",
});

export class Scanner {
  /** @type {HTMLTextAreaElement | null} */
  #field = null;
  /** @type {HTMLElement | null} what had the focus before */
  #before = null;
  #prefixed = false;
  #ended = -Infinity;
  /** A text whose Enter was pressed, and which is taken with the next key or turn, whichever comes first. */
  #ending = 0;
  #silence = 0;
  #listening = new AbortController();

  /**
   * @param {{prefix?: string, label?: () => string, onText: (text: string) => void}} options prefix: a
   *     `KeyboardEvent.key`, "" where the scanner sends none; label: what the field is called to a screen reader
   */
  constructor({ prefix = "", label = () => "Scanner", onText }) {
    this.prefix = prefix;
    this.label = label;
    this.onText = onText;
    const options = { capture: true, signal: this.#listening.signal };
    window.addEventListener("keydown", (event) => this.#pressed(event), options);
  }

  stop() {
    this.#listening.abort();
    this.#close();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // A busy machine hands on the next text's first key before any timer: it is no part of this one.
    if (this.#ending) this.#end();
    if (this.#field) this.#within(event);
    else if (this.#isPrefix(event)) this.#open(event, true);
    else if (event.timeStamp - this.#ended < AFTER && [...ENDS, " "].includes(event.key)) stopped(event);
    else if (begins(event)) this.#open(event, false);
  }

  /** @param {KeyboardEvent} event */
  #isPrefix(event) {
    if (this.prefix === STX) return event.ctrlKey && event.key.toLowerCase() === "b";
    return this.prefix !== "" && event.key === this.prefix;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {boolean} prefixed
   */
  #open(event, prefixed) {
    if (prefixed) stopped(event);
    const field = document.createElement("textarea");
    field.className = "scanner-field";
    field.tabIndex = -1;
    field.autocomplete = "off";
    field.spellcheck = false;
    // No keyboard comes up on a screen for what a scanner types.
    field.inputMode = "none";
    field.setAttribute("aria-label", this.label());
    field.setAttribute("autocapitalize", "off");
    this.#before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    // Within an open dialog nothing outside of it can have the focus.
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.focus({ preventScroll: true });
    this.#field = field;
    this.#prefixed = prefixed;
    this.#wait();
  }

  /** @param {KeyboardEvent} event */
  #within(event) {
    const field = /** @type {HTMLTextAreaElement} */ (this.#field);
    const control = event.ctrlKey && !event.altKey;
    if (event.key === "Escape") {
      // No scanner types it: a person takes back what was begun, and means the page.
      this.#close();
      return;
    }
    this.#wait();
    if (field.value.length > MOST) {
      stopped(event);
    } else if (ENDS.has(event.key) || (control && CONTROL_ENDS.has(event.key.toLowerCase()))) {
      stopped(event);
      this.#ended = event.timeStamp;
      // The character before it may still be on its way into the field.
      this.#ending = setTimeout(() => this.#end(), 0);
    } else if (control && CONTROLS[event.key] !== undefined) {
      stopped(event);
      field.setRangeText(/** @type {string} */ (CONTROLS[event.key]), field.value.length, field.value.length, "end");
    } else if (!types(event)) {
      stopped(event);
    }
  }

  #end() {
    clearTimeout(this.#ending);
    this.#ending = 0;
    const text = this.#field?.value ?? "";
    // A document goes on over lines until its braces are closed.
    if (opens(text)) {
      this.#field?.setRangeText("\n", text.length, text.length, "end");
      return;
    }
    const isScanned = this.#prefixed ? text.trim() !== "" : text.trim().length >= LEAST;
    this.#close();
    if (isScanned) this.onText(text);
  }

  #wait() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const text = this.#field?.value ?? "";
      const isScanned = text.trim().length >= LEAST;
      this.#close();
      if (isScanned) this.onText(text);
    }, SILENCE);
  }

  #close() {
    clearTimeout(this.#silence);
    clearTimeout(this.#ending);
    this.#ending = 0;
    const hadFocus = document.activeElement === this.#field;
    if (this.#field) this.#field.value = "";
    this.#field?.remove();
    this.#field = null;
    if (hadFocus && this.#before?.isConnected) this.#before.focus({ preventScroll: true });
    this.#before = null;
  }
}

/** @param {Event} event */
function stopped(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/**
 * Whether a key types something, by itself or with the next one.
 *
 * @param {KeyboardEvent} event
 */
function types(event) {
  const isAltGr = event.getModifierState("AltGraph") || (event.ctrlKey && event.altKey);
  if ((event.ctrlKey || event.metaKey) && !isAltGr) return false;
  const held = ["Shift", "CapsLock", "AltGraph", "Alt", "Control", "Process", "Unidentified"];
  return event.key.length === 1 || event.key === "Dead" || held.includes(event.key);
}

/**
 * Whether a key may be the first of a scanner without a prefix.
 *
 * @param {KeyboardEvent} event
 */
function begins(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return false;
  if (event.target instanceof Element && event.target.closest("input:not([type=checkbox], [type=radio], [type=file]), textarea:not(.scanner-field), select")) return false;
  return event.key.length === 1 && event.key !== " ";
}

/**
 * Whether a text is a JSON document (VDS-NC and others) that goes on.
 *
 * @param {string} text
 */
function opens(text) {
  return text.trimStart().startsWith("{") && text.split("{").length > text.split("}").length;
}
