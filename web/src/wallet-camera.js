/** The camera inside a dialog: it runs while the dialog is open, and is off with it. */

import { Camera } from "./camera.js";
import { startReader } from "./reader.js";
import { make } from "./wallet-parts.js";
import { t } from "./words.js";

/** @type {Promise<import("./reader.js").Reader> | null} */
let starting = null;

/** The one reader of codes, started when it is first asked for. */
export function reader() {
  starting ??= startReader();
  return starting;
}

/** Let go of every picture and text that the reader has seen. */
export async function forgetPictures() {
  (await starting)?.renew();
}

/**
 * Look through the camera, shown in a place, until it is told to stop.
 *
 * @param {HTMLElement} place
 * @param {(texts: string[]) => void} onTexts
 * @param {(words: string) => void} onTrouble
 * @returns {Promise<() => void>} what stops it
 */
export async function lookThrough(place, onTexts, onTrouble) {
  const video = make("video", { playsinline: true, muted: true, "aria-label": t("page.camera_frame") });
  const frame = make("div", { class: "viewfinder" }, video, make("div", { class: "corners", "aria-hidden": "true" }));
  place.replaceChildren(frame, make("p", { class: "hint" }, t("page.camera_frame")));
  const trouble = (/** @type {unknown} */ error) => {
    const reason = /** @type {{reason?: string}} */ (error)?.reason;
    onTrouble(t(reason === "denied" ? "page.camera_denied" : "page.camera_none"));
    place.replaceChildren();
  };
  const camera = new Camera(await reader(), { onTexts, onTrouble: trouble });
  await camera.start(video).catch(trouble);
  return () => {
    camera.stop();
    place.replaceChildren();
    void forgetPictures();
  };
}
