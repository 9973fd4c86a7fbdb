/**
 * The issuer's desk: sign in, then one of its screens.
 *
 *     #token of the address -> sign in (pseudonym, passphrase) -> Issue · Certificate · Files · Day
 *
 * 1. The token stands after the # of the address, where no request has it; it is taken out as soon as it is read.
 * 2. The page has no logic of its own: each screen asks the desk.
 */
import * as changes from "./desk-change.js";
import * as day from "./desk-day.js";
import * as files from "./desk-files.js";
import * as issue from "./desk-issue.js";
import { DeskPage } from "./desk-page.js";
import { part } from "./shown.js";
import { chooser, loadWords, translate } from "./words.js";

const SCREENS = { issue, changes, files, day };

await loadWords();
const page = new DeskPage();
part(document, "language").append(chooser(() => translate(document)));
translate(document);
document.addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("[data-open]") : null;
  const name = pressed?.getAttribute("data-open") ?? "";
  if (name in SCREENS) SCREENS[/** @type {keyof typeof SCREENS} */ (name)].open(page);
});
