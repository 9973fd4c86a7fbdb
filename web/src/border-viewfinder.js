/**
 * The viewfinder: the camera, its lamp and which one it is; off when nobody shows a code for a while.
 */
import { Camera, CameraTrouble, cameras } from "./camera.js";
import { part, say } from "./shown.js";
import { t, write } from "./words.js";

/** @import {Reader} from "./reader.js" */

/** Milliseconds without a code after which the camera goes off. */
const IDLE = 120_000;

const TROUBLES = /** @type {Record<string, string>} */ ({
  denied: "page.camera_denied",
  none: "page.camera_none",
  busy: "border.camera_busy",
  insecure: "border.camera_insecure",
  other: "border.camera_busy",
});

export class Viewfinder {
  /** @type {HTMLElement | null} */
  #screen = null;
  #idle = 0;
  /** @type {Camera} */
  #camera;

  /**
   * @param {Reader} reader
   * @param {{onTexts: (texts: string[]) => void, onDevice: (device: string) => void, staysOn: () => boolean}} listeners
   */
  constructor(reader, { onTexts, onDevice, staysOn }) {
    this.onDevice = onDevice;
    this.staysOn = staysOn;
    this.#camera = new Camera(reader, {
      onTexts: (texts) => {
        this.#rest();
        onTexts(texts);
      },
      onTrouble: (trouble) => this.#off(TROUBLES[trouble.reason] ?? "border.camera_busy"),
    });
  }

  /**
   * Take a new screen's <video> and buttons in use.
   *
   * @param {HTMLElement} screen
   * @param {{device: string, start: boolean}} given
   */
  show(screen, { device, start }) {
    this.#screen = screen;
    this.#off("border.camera_off");
    this.#button("camera").addEventListener("click", () => {
      if (this.#camera.running) this.close("border.camera_off");
      else void this.#on(device);
    });
    this.#button("torch").addEventListener("click", () => void this.#light());
    this.#choice.addEventListener("change", () => void this.#on(this.#choice.value));
    if (start) void this.#on(device);
  }

  /** Turn the camera off, and say so. @param {string} [why] name of a word */
  close(why = "") {
    this.#camera.stop();
    clearTimeout(this.#idle);
    if (this.#screen?.isConnected) this.#off(why);
  }

  /** @param {string} device */
  async #on(device) {
    const screen = this.#screen;
    if (!screen) return;
    const video = /** @type {HTMLVideoElement} */ (screen.querySelector("video"));
    try {
      await this.#camera.start(video, device);
    } catch (error) {
      this.#off(TROUBLES[error instanceof CameraTrouble ? error.reason : "other"] ?? "border.camera_busy");
      return;
    }
    if (!this.#camera.running) return;
    screen.dataset.camera = "on";
    say(screen, "camera-off", "");
    write(this.#button("camera"), () => t("page.camera_stop"));
    this.#button("torch").hidden = !this.#camera.hasTorch;
    await this.#offer();
    this.#rest();
  }

  /** Offer the cameras that there are: their names are known once one was allowed. */
  async #offer() {
    const rows = await cameras();
    this.#choice.replaceChildren(...rows.map(({ device, label }, place) => new Option(label || `${place + 1}`, device)));
    this.#choice.value = this.#camera.device;
    /** @type {HTMLElement} */ (this.#choice.closest("p")).hidden = rows.length < 2;
    if (this.#camera.device) this.onDevice(this.#camera.device);
  }

  async #light() {
    const button = this.#button("torch");
    const on = button.getAttribute("aria-pressed") !== "true";
    await this.#camera.light(on);
    button.setAttribute("aria-pressed", String(on));
  }

  /** @param {string} why name of a word */
  #off(why) {
    const screen = this.#screen;
    if (!screen) return;
    screen.dataset.camera = "off";
    say(screen, "camera-off", () => (why ? t(why) : ""));
    write(this.#button("camera"), () => t("page.camera_start"));
    this.#button("torch").hidden = true;
    part(screen, "camera-off").setAttribute("role", "status");
  }

  #rest() {
    clearTimeout(this.#idle);
    if (!this.staysOn()) this.#idle = setTimeout(() => this.close("border.camera_off"), IDLE);
  }

  /** @param {string} act */
  #button(act) {
    return /** @type {HTMLButtonElement} */ (this.#screen?.querySelector(`[data-act="${act}"]`));
  }

  get #choice() {
    return /** @type {HTMLSelectElement} */ (this.#screen?.querySelector("#camera-choice"));
  }
}
