/**
 * A camera that looks for codes, frame by frame, until it is stopped.
 *
 *     start(device) -> <video> -> frame -> Reader -> onTexts(texts)
 *
 * 1. One frame is looked at, at a time: a slow machine skips frames, it does not fall behind.
 * 2. Stopped means off: the light beside the lens goes out, and the last frame leaves the <video>.
 * 3. The page says when the camera runs; nothing starts it by itself.
 */

/** @import {Reader} from "./reader.js" */

/** Milliseconds until a frame is awaited no longer (a camera that was unplugged gives none). */
const STALLED = 5_000;

/** What a camera's failure is called (Media Capture §10.2) -> a key of the words. */
const TROUBLES = /** @type {Record<string, string>} */ ({
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
});

export class CameraTrouble extends Error {
  /** @param {string} reason denied, none, busy, insecure or other */
  constructor(reason) {
    super(reason);
    this.name = "CameraTrouble";
    this.reason = reason;
  }
}

export class Camera {
  /** @type {MediaStream | null} */
  #stream = null;
  /** Frames of an earlier start are not listened to. */
  #run = 0;

  /**
   * @param {Reader} reader
   * @param {{onTexts: (texts: string[]) => void, onTrouble: (trouble: CameraTrouble) => void}} listeners
   */
  constructor(reader, { onTexts, onTrouble }) {
    this.reader = reader;
    this.onTexts = onTexts;
    this.onTrouble = onTrouble;
  }

  get running() {
    return this.#stream !== null;
  }

  /** The camera in use, "" where none is. */
  get device() {
    return this.#track?.getSettings().deviceId ?? "";
  }

  /**
   * Show a camera's picture, and look for codes in it.
   *
   * @param {HTMLVideoElement} video
   * @param {string} device of `cameras`; "" takes the one that looks away from the screen, if there is one
   * @throws {CameraTrouble}
   */
  async start(video, device = "") {
    this.stop();
    const run = ++this.#run;
    const stream = await opened(device);
    if (run !== this.#run) {
      end(stream);
      return;
    }
    this.#stream = stream;
    this.#track?.addEventListener("ended", () => this.#failed(run, "busy"));
    video.srcObject = stream;
    video.muted = true;
    await video.play().catch(() => undefined);
    void this.#watch(video, run);
  }

  stop() {
    this.#run++;
    if (this.#stream) end(this.#stream);
    this.#stream = null;
  }

  /** Whether the camera has a lamp that the page may switch. */
  get hasTorch() {
    const can = /** @type {{torch?: boolean} | undefined} */ (this.#track?.getCapabilities?.());
    return can?.torch === true;
  }

  /** @param {boolean} on */
  async light(on) {
    const wanted = /** @type {MediaTrackConstraintSet} */ ({ torch: on });
    await this.#track?.applyConstraints({ advanced: [wanted] });
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {number} run
   */
  async #watch(video, run) {
    while (run === this.#run) {
      const isThere = await frame(video);
      if (run !== this.#run) break;
      if (!isThere) continue;
      const texts = await this.reader.read(await createImageBitmap(video)).catch(() => null);
      if (run !== this.#run) break;
      if (texts === null) this.#failed(run, "other");
      else if (texts.length) this.onTexts(texts);
    }
    if (video.srcObject && !this.#stream) video.srcObject = null;
  }

  /**
   * @param {number} run
   * @param {string} reason
   */
  #failed(run, reason) {
    if (run !== this.#run) return;
    this.stop();
    this.onTrouble(new CameraTrouble(reason));
  }
}

/**
 * List the cameras: `label` is empty until one was started (Media Capture §9.1).
 *
 * @returns {Promise<{device: string, label: string}[]>}
 */
export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind }) => kind === "videoinput")
    .map(({ deviceId, label }) => ({ device: deviceId, label }));
}

/** @param {string} device */
async function opened(device) {
  // No camera is given to a page that came over plain http from another machine.
  if (!navigator.mediaDevices) throw new CameraTrouble("insecure");
  const size = { width: { ideal: 1920 }, height: { ideal: 1080 } };
  const which = device ? { deviceId: { exact: device } } : { facingMode: { ideal: "environment" } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...size, ...which } });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    // The camera that was chosen is not there any more: another one will do.
    if (device && name === "OverconstrainedError") return opened("");
    throw new CameraTrouble(TROUBLES[name] ?? "other");
  }
}

/** @param {MediaStream} stream */
function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/**
 * Wait for the next frame; false where none came.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<boolean>}
 */
function frame(video) {
  return new Promise((resolve) => {
    const stalled = setTimeout(() => resolve(false), STALLED);
    const shown = () => {
      clearTimeout(stalled);
      resolve(video.videoWidth > 0);
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(shown);
    else setTimeout(shown, 60);
  });
}
