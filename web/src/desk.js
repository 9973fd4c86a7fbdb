/**
 * The issuer's desk: sign in, then one of its screens.
 *
 *     #token of the address -> sign in (pseudonym, passphrase) -> Issue · Certificate · Files · Day
 *     the session is over, or the desk was started anew -> sign in, over the screen -> the same operator goes on
 *                                                                                  -> another one: the screen is cleared
 *
 * 1. The token stands after the # of the address, where no request has it; it is taken out as soon as it is read.
 * 2. The page has no logic of its own: each screen asks the desk.
 * 3. The session's secret is in this page's memory alone: neither the profile on the disk nor a second tab has it, and
 *    whoever loads the page anew signs in anew. Nothing of a form is lost when a session ends: it lies under the dialog,
 *    which covers it, since nobody may be there. It is the operator's who began it: another one never sees it.
 * 4. Whoever leaves the page leaves nothing in it: a browser may keep it whole, and show it to who goes back.
 * 5. Where the desk knows its operators by certificates, there is nothing to type in: it is tried first.
 */
import * as changes from "./desk-change.js";
import * as day from "./desk-day.js";
import * as files from "./desk-files.js";
import * as issue from "./desk-issue.js";
import { DeskPage, Refused, inWords } from "./desk-page.js";
import { made, part, say } from "./shown.js";
import { chooser, loadWords, t, translate } from "./words.js";

const SCREENS = { issue, changes, files, day };
/** The right that each screen needs; "" for any. @type {Record<keyof typeof SCREENS, "issue" | "revoke" | "audit" | "">} */
const RIGHTS = { issue: "issue", changes: "", files: "issue", day: "audit" };

/** @typedef {{isFirst: boolean, other: string}} Before whether nobody had signed in; who was here before, if another one */

/** On a network, where alone there is TLS, a desk knows its operators by their certificates: nothing is typed. */
const BY_CERTIFICATE = location.protocol === "https:";

await loadWords();
const page = new DeskPage();
/** What the address brought; used once. */
let token = taken(location.hash);
history.replaceState(null, "", location.pathname);
part(document, "language").append(chooser(() => {
  translate(document);
  describe();
  page.onLanguage();
}));
translate(document);
document.addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("[data-open]") : null;
  const name = pressed?.getAttribute("data-open") ?? "";
  if (name in SCREENS) open(/** @type {keyof typeof SCREENS} */ (name));
});
part(document, "out").addEventListener("click", () => signOut());
// A new address may be pasted where the page is open already: it is the same page to the browser.
addEventListener("hashchange", () => {
  token = taken(location.hash) || token;
  history.replaceState(null, "", location.pathname);
  if (page.session) return;
  const form = document.querySelector("form[data-part=sign-in]");
  if (form) shown(/** @type {HTMLFormElement} */ (form));
});
page.onSignedOut = (stands) => ask(stands);
// A page that is left may be kept whole by the browser, for who goes back: nobody's form and no session are kept with it.
addEventListener("pagehide", () => left());
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});
await begin();

/** Sign in by the operator's certificate where the desk knows them by it; else show the form. */
async function begin() {
  if (BY_CERTIFICATE) {
    try {
      goOn(await signIn({}));
      return;
    } catch (error) {
      page.tell(error);
    }
  }
  form(page.show("desk-sign-in"), goOn);
}

/** Open a screen. @param {keyof typeof SCREENS} name */
function open(name) {
  for (const button of document.querySelectorAll("[data-open]")) {
    if (button.getAttribute("data-open") === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  SCREENS[name].open(page);
}

/** The screens that the operator may see, in the bar. */
function describe() {
  const about = page.about;
  part(document, "bar").hidden = !about;
  if (!about) return;
  for (const [name, right] of Object.entries(RIGHTS)) {
    const button = /** @type {HTMLElement} */ (document.querySelector(`[data-open="${name}"]`));
    button.hidden = !(right ? page.may(right) : page.may("issue") || page.may("revoke"));
  }
  part(document, "about").textContent = `${about.operator.pseudonym} · ${about.site} · ${about.participant}`
    + (about.environment === "test" ? ` · ${t("desk.test")}` : "");
}

/**
 * Sign in.
 *
 * @param {{token?: string, pseudonym?: string, passphrase?: string}} asked
 * @returns {Promise<Before>}
 */
async function signIn(asked) {
  const isFirst = !page.about;
  const { session, about } = await page.ask("session", asked);
  const other = page.signedIn(session, about);
  token = "";
  describe();
  return { isFirst, other };
}

/** Go on where one was; whoever comes after somebody else begins anew. @param {Before} before */
function goOn({ isFirst, other }) {
  if (!isFirst && !other) return;
  const name = /** @type {(keyof typeof SCREENS)[]} */ (Object.keys(SCREENS)).find((screen) => {
    const right = RIGHTS[screen];
    return right ? page.may(right) : page.may("revoke");
  });
  open(name ?? "changes");
  if (other) page.say(() => t("desk.removed", { operator: other }));
}

async function signOut() {
  const element = page.show("desk-sign-in");
  const ended = page.signedOut();
  describe();
  // What is over stands for a token, once: the next operator needs no new address.
  token = await ended || token;
  form(element, goOn);
}

/** Forget who is signed in, and what is shown. */
function left() {
  page.session = "";
  page.about = null;
  document.querySelector("dialog[data-part=again]")?.remove();
  describe();
  page.show("desk-sign-in");
  part(document, "about").textContent = "";
}

/** Ask to sign in again, over the screen that is shown. @param {boolean} stands whether the session's secret stands for a token */
function ask(stands) {
  if (!page.about) return;
  if (stands && !token) token = page.session;
  page.session = "";
  if (document.querySelector("dialog[data-part=again]")) return;
  const back = document.activeElement;
  const dialog = /** @type {HTMLDialogElement} */ (made("dialog-desk-sign-in"));
  document.body.append(dialog);
  // Escape would leave a screen that nobody answers.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  const fields = form(dialog, (before) => {
    dialog.close();
    dialog.remove();
    page.say("");
    // A button that waits for its answer has no focus to be given back.
    const place = back instanceof HTMLElement && back !== document.body && back.isConnected ? back : page.main.querySelector("h1");
    place?.focus();
    // Behind a dialog nothing takes the focus: it is gone before another screen comes.
    goOn(before);
  });
  const pseudonym = /** @type {HTMLInputElement} */ (part(fields, "pseudonym"));
  pseudonym.value = page.about.operator.pseudonym;
  part(fields, BY_CERTIFICATE ? "go" : token ? "passphrase" : "address").focus();
}

/**
 * Put the form that signs in at the end of an element.
 *
 * @param {HTMLElement} element
 * @param {(before: Before) => void} done
 */
function form(element, done) {
  const fields = /** @type {HTMLFormElement} */ (made("desk-sign-in"));
  element.append(fields);
  const input = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (part(fields, name));
  shown(fields);
  fields.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (part(fields, "go"));
    button.disabled = true;
    say(fields, "refused", "");
    try {
      const asked = { token: taken(input("address").value) || token, pseudonym: input("pseudonym").value.trim(), passphrase: input("passphrase").value };
      const before = await signIn(asked);
      input("passphrase").value = "";
      done(before);
    } catch (error) {
      refuse(fields, error);
    } finally {
      button.disabled = false;
    }
  });
  return fields;
}

/** Say why nobody was signed in, and have what is wrong typed again. @param {HTMLFormElement} fields @param {unknown} error */
function refuse(fields, error) {
  const code = error instanceof Refused ? error.code : "no-answer";
  say(fields, "refused", () => (error instanceof Refused ? inWords(error) : t("desk.no_answer")));
  const wrong = code === "token-unknown" || code === "desk-locked" ? "address" : "passphrase";
  if (wrong === "address") token = "";
  shown(fields);
  const input = /** @type {HTMLInputElement} */ (part(fields, wrong));
  input.value = "";
  (BY_CERTIFICATE ? part(fields, "go") : input).focus();
}

/** The address is asked for only where none was brought, and nothing where a certificate says who it is. @param {HTMLFormElement} fields */
function shown(fields) {
  if (BY_CERTIFICATE) {
    for (const label of fields.querySelectorAll("label")) {
      label.hidden = true;
      /** @type {HTMLInputElement} */ (label.control).required = false;
    }
    return;
  }
  part(fields, "address-field").hidden = Boolean(token);
  /** @type {HTMLInputElement} */ (part(fields, "address")).required = !token;
}

/** The token of an address, or of what somebody copied of it. @param {string} text */
function taken(text) {
  return text.trim().replace(/^.*#/s, "");
}
