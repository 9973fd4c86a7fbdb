// What becomes new while a page is open, data and the site itself: fetched at any time, taken between two travellers.
//
//   keepSite() -> service worker          watch(engine) -> every quarter of an hour: newer data? newer edition?
//   updates.between() -> open the newer snapshot · take the newer edition, and load the page again
//
// 1. Only `between()` changes anything: the page calls it when nobody is being checked, and nobody is called up yet.
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
 * @property {() => Promise<boolean>} between take what is new, if anything is; true: the page is about to be loaded again
 * @property {() => Promise<boolean>} look look for something new now; true: newer data waits
 * @property {() => void} stop
 */

/**
 * Look for newer data and a newer edition of the site, now and then.
 * @param {object} given
 * @param {{open(data: Uint8Array): Promise<unknown>}} given.engine
 * @param {SiteData} given.data what the engine has open
 * @param {(data: SiteData) => void} [given.onData] newer data was opened
 * @param {(found: {data: boolean, site: boolean}) => void} [given.onWaiting] something waits for `between`
 * @param {() => void} [given.reload]
 * @param {number} [given.every] milliseconds
 * @returns {Updates}
 */
export function watch({ engine, data, onData = () => undefined, onWaiting = () => undefined,
  reload = () => location.reload(), every = EVERY }) {
  let open = data;
  /** @type {SiteData | null} */
  let waiting = null;

  /** @returns {Promise<ServiceWorker | null>} */
  const edition = async () => (await navigator.serviceWorker?.getRegistration())?.waiting ?? null;

  const look = async () => {
    try {
      waiting = (await newerData(waiting ?? open)) ?? waiting;
      await (await navigator.serviceWorker?.getRegistration())?.update();
    } catch {
      // No network: the next look finds one, or the data's age tells.
    }
    const found = { data: waiting !== null, site: (await edition()) !== null };
    if (found.data || found.site) onWaiting(found);
    return found.data;
  };

  const between = async () => {
    if (waiting !== null) {
      const newer = waiting;
      waiting = null;
      await engine.open(newer.bytes);
      open = newer;
      onData(newer);
    }
    const newer = await edition();
    if (newer === null) return false;
    navigator.serviceWorker.addEventListener("controllerchange", () => reload(), { once: true });
    newer.postMessage({ type: "take" });
    return true;
  };

  const timer = setInterval(look, every);
  // A device that slept, or a cable that was plugged in again.
  addEventListener("online", look);
  return {
    between,
    look,
    stop: () => { clearInterval(timer); removeEventListener("online", look); },
  };
}
