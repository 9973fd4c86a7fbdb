// The first page: border post or wallet. It asks the engine nothing.
import { chooser, loadWords, translate } from "./words.js";

await loadWords();
const show = () => {
  translate(document);
  document.getElementById("language")?.replaceChildren(chooser(show));
};
show();
