/**
 * A field with suggestions: what is typed is looked up at the desk by the names that people use.
 *
 *     keys -> look(text) -> suggestions -> Arrow keys, Enter, Tab or a click -> code
 *
 * 1. As ARIA's combobox with a list (ARIA APG, "editable combobox with list autocomplete"): the focus stays in the field.
 * 2. What is typed and not chosen stays as it is typed: the desk says whether it is a code.
 * 3. The list is made when it opens and gone when it closes.
 */

/** @typedef {{code: string, name: string, beside?: string, doses?: number}} Suggestion */

/** Milliseconds after a key until what is typed is looked up. */
const PAUSE = 120;

export class Combo {
  #code = "";
  /** What the field says while its code is a chosen one's. */
  #name = "";
  /** @type {Suggestion[]} */
  #shown = [];
  #active = -1;
  #asked = 0;
  #pause = 0;
  /** @type {HTMLElement | null} */
  #list = null;

  /**
   * @param {HTMLInputElement} field
   * @param {{look: (text: string) => Promise<Suggestion[]>, onChosen: (suggestion: Suggestion) => void, takesAll?: boolean}} given
   *     takesAll: any text will do, as a batch's number does; suggestions are only what was typed before
   */
  constructor(field, { look, onChosen, takesAll = false }) {
    this.takesAll = takesAll;
    this.field = field;
    this.look = look;
    this.onChosen = onChosen;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-expanded", "false");
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("keydown", (event) => this.#pressed(event));
    field.addEventListener("blur", () => this.close());
    field.addEventListener("pointerdown", () => this.#list ?? void this.#open());
  }

  /** The chosen code, or what is typed. */
  get value() {
    const text = this.field.value.trim();
    return text && text === this.#name ? this.#code : text;
  }

  /** Put a code in, as if it had been chosen. @param {string} code @param {string} name */
  put(code, name) {
    this.#code = code;
    this.#name = name;
    this.field.value = name;
  }

  /** The code that was chosen; "" where something else is typed. */
  get chosen() {
    return this.#isChosen ? this.#code : "";
  }

  /** Take the list away, and look nothing up that was typed before. */
  close() {
    clearTimeout(this.#pause);
    this.#asked++;
    this.#hide();
  }

  /** Take the list away; what is being typed is looked up all the same. */
  #hide() {
    this.#list?.remove();
    this.#list = null;
    this.#shown = [];
    this.#active = -1;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-controls");
    this.field.removeAttribute("aria-activedescendant");
  }

  #typed() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#open(), PAUSE);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return;
    const moves = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 });
    const by = moves[event.key];
    if (by !== undefined) {
      event.preventDefault();
      if (this.#list) this.#move(by);
      else void this.#open();
    } else if (event.key === "Escape" && this.#list) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "Enter" || event.key === "Tab") {
      const chosen = this.#shown[this.#active];
      if (chosen) {
        if (event.key === "Enter") {
          event.preventDefault();
          event.stopImmediatePropagation();
        }
        this.#choose(chosen);
      } else if (event.key === "Enter" && this.field.value.trim() && !this.#isChosen && !this.takesAll) {
        // Typed faster than the desk answers: the likeliest is taken, and read by the clerk.
        event.preventDefault();
        event.stopImmediatePropagation();
        void this.#likeliest();
      }
    }
  }

  get #isChosen() {
    return this.#name !== "" && this.field.value.trim() === this.#name;
  }

  async #likeliest() {
    const text = this.field.value.trim();
    this.close();
    const [first] = await this.look(text).catch(() => []);
    if (this.field.value.trim() !== text) return;
    if (first) this.#choose(first);
    else this.#next();
  }

  async #open() {
    const asked = ++this.#asked;
    const text = this.#isChosen ? "" : this.field.value.trim();
    const suggestions = await this.look(text).catch(() => []);
    if (asked !== this.#asked || document.activeElement !== this.field) return;
    this.#hide();
    this.#shown = suggestions;
    if (!suggestions.length) return;
    const list = document.createElement("ul");
    list.id = `${this.field.id}-list`;
    list.className = "suggestions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", this.field.labels?.[0]?.textContent ?? "");
    list.append(...suggestions.map((suggestion, place) => this.#option(suggestion, place)));
    this.field.after(list);
    this.#list = list;
    this.field.setAttribute("aria-expanded", "true");
    this.field.setAttribute("aria-controls", list.id);
    if (text && !this.takesAll) this.#move(1);
  }

  /** @param {Suggestion} suggestion @param {number} place */
  #option(suggestion, place) {
    const option = document.createElement("li");
    option.id = `${this.field.id}-option-${place}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    const name = document.createElement("span");
    name.textContent = suggestion.name;
    option.append(name);
    if (suggestion.beside) {
      const beside = document.createElement("small");
      beside.textContent = suggestion.beside;
      option.append(" ", beside);
    }
    // Before the field loses its focus.
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.#choose(suggestion);
    });
    return option;
  }

  /** @param {number} by */
  #move(by) {
    const count = this.#shown.length;
    this.#active = this.#active < 0 && by < 0 ? count - 1 : (this.#active + by + count) % count;
    for (const [place, option] of [...(this.#list?.children ?? [])].entries()) {
      const isActive = place === this.#active;
      option.setAttribute("aria-selected", String(isActive));
      if (isActive) {
        this.field.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      }
    }
  }

  /** @param {Suggestion} suggestion */
  #choose(suggestion) {
    this.close();
    this.put(suggestion.code, suggestion.name);
    this.onChosen(suggestion);
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #next() {
    this.field.dispatchEvent(new CustomEvent("entered", { bubbles: true }));
  }
}
