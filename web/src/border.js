// The border post: a text is pasted, and its colour is shown.
import { startEngine } from "./engine.js";

/** @param {string} id */
const element = (id) => /** @type {any} */ (document.getElementById(id));
const state = element("state");

try {
  const engine = await startEngine({ onProgress: (share) => { state.textContent = `${Math.round(share * 100)} %`; } });
  state.textContent = `ready: edition ${engine.facts.number}`;
  element("check").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const screen = await engine.call("border.check", {
      texts: [element("text").value], place: element("place").value, zone: "UTC", at: Math.floor(Date.now() / 1000),
    });
    element("outcome").textContent = screen.outcome;
  });
} catch (error) {
  state.textContent = String(error);
}
