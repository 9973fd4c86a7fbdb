// What becomes new while a page is open, data and the site itself: fetched at any time, taken between two travellers.
//
//   keepSite() -> service worker          watch(engine) -> every quarter of an hour: newer data? newer edition?
//   between two travellers -> open the newer snapshot · take the newer edition -> load the page again
//
// 1. Nothing changes while `isFree()` is false: what is new waits until the page calls `between()`.
// 2. Nothing is fetched for a check, and none waits for anything here.
import { newerData } from "./data.js";
import { trustedURL } from "./policy.js";

const EVERY = 15 * 60 * 1000;

/** @typedef {import("./data.js").SiteData} SiteData */

/**
 * Have the site kept on this device. To be called when the page is ready: what it loads itself comes first.
 * @returns {Promise<boolean>} whether it works without a network from now on
 */
export async function keepSite() {
  if (!("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register(trustedURL("service-worker.js"), { scope: "./", updateViaCache: "none" });
    await navigator.serviceWorker.ready;
    return true;
  } catch {
    return false;
  }
}

/**
 * Have what is fetched only when it is needed kept too: the reader of PDF files, the wallet's parts.
 * @returns {Promise<void>}
 */
export async function keepAll() {
  const registration = await navigator.serviceWorker?.ready;
  if (!registration?.active) return;
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    registration.active?.postMessage({ type: "keep" }, [port2]);
  });
}

/**
 * @typedef {object} Updates
 * @property {() => Promise<void>} between take what is new, if anything is: to be called when nobody is checked
 * @property {() => Promise<void>} look look for something new now
 * @property {() => void} stop
 */

/**
 * Look for newer data and a newer edition of the site, now and then; take them when nobody is checked.
 * @param {object} given
 * @param {{open(data: Uint8Array): Promise<unknown>}} given.engine
 * @param {SiteData} given.data what the engine has open
 * @param {() => boolean} given.isFree whether nobody is checked, and no dialog is open
 * @param {(data: SiteData) => void} [given.onData] newer data was opened
 * @param {() => void} [given.reload]
 * @param {number} [given.every] milliseconds
 * @returns {Updates}
 */
export function watch({ engine, data, isFree, onData = () => undefined, reload = () => location.reload(), every = EVERY }) {
  let open = data;
  /** @type {SiteData | null} */
  let waiting = null;
  // A newer edition is in use already, of which this page is none: another page took it.
  let isOld = false;

  const registration = async () => (await navigator.serviceWorker?.getRegistration()) ?? null;

  const between = async () => {
    if (!isFree()) return;
    if (isOld) {
      reload();
      return;
    }
    if (waiting !== null) {
      const newer = waiting;
      waiting = null;
      await engine.open(newer.bytes);
      open = newer;
      onData(newer);
    }
    if (isFree()) (await registration())?.waiting?.postMessage({ type: "take" });
  };

  const look = async () => {
    try {
      waiting = (await newerData(waiting ?? open)) ?? waiting;
      await (await registration())?.update();
    } catch {
      // No network: the next look finds one, or the data's age tells.
    }
    await between();
  };

  // The first one that ever takes this page is no newer edition.
  let isTaken = Boolean(navigator.serviceWorker?.controller);
  const taken = () => {
    isOld = isTaken;
    isTaken = true;
    void between();
  };
  navigator.serviceWorker?.addEventListener("controllerchange", taken);
  const timer = setInterval(look, every);
  // A cable was plugged in again, or a device woke up.
  addEventListener("online", look);
  return {
    between,
    look,
    stop: () => {
      clearInterval(timer);
      removeEventListener("online", look);
      navigator.serviceWorker?.removeEventListener("controllerchange", taken);
    },
  };
}
