// Keeps the site on the device: it installs as an app, and works with the network gone.
//
//   install: each file of EDITION -> this edition's cache        fetch: cache -> network
//   a newer edition: fetched in the background -> waits -> {type: "take"} from a page between two travellers -> in use
//
// Messages that a page may send:
//   {type: "take"}           to the edition that waits (registration.waiting): be used from now on. Pages then hear
//                            `controllerchange`, and load themselves again when it suits them (updates.js).
//   {type: "keep"}           to the one in use: fetch what is only fetched when it is needed (the reader of PDF files,
//                            the wallet's parts), so that it is there with the network gone. Answered on the port that
//                            comes with it: {kept: number}.
//
// 1. Nothing changes while somebody is checked: an edition is taken when a page says so, and never by itself.
// 2. What was cached is the file that the build made: names have digests, and pages are compared with theirs.
// 3. The edition before this one stays until the next: a page that was not loaded again finds its files.
// 4. Only files of this site are kept. The snapshot is kept by data.js, and of travellers nothing is.
// EDITION stands in front of this file; build.mjs puts it there.

/** @type {ServiceWorkerGlobalScope} */
const worker = /** @type {any} */ (self);
const PREFIX = "pratique-site-";
const CACHE = PREFIX + EDITION.id;
const DIGEST = /-[0-9a-f]{12}[./]/;

worker.addEventListener("install", (event) => {
  event.waitUntil(install());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  const name = nameOf(url);
  // The data's index is asked for anew each time, and its files are kept by data.js.
  if (name === null || name.startsWith("data/") || name === "service-worker.js") return;
  if (Object.hasOwn(EDITION.pages, name) || DIGEST.test(name)) event.respondWith(answer(name, request));
});

worker.addEventListener("message", (event) => {
  if (event.data?.type === "take") event.waitUntil(worker.skipWaiting());
  if (event.data?.type === "keep") {
    event.waitUntil(keep(EDITION.later).then((kept) => event.ports[0]?.postMessage({ kept })));
  }
});

async function install() {
  const cache = await caches.open(CACHE);
  for (const [page, digest] of Object.entries(EDITION.pages)) {
    const response = await fetch(page, { cache: "no-cache" });
    // The site was replaced while it was fetched: this edition is tried again with the next visit.
    if (!response.ok || (await sha256(response.clone())) !== digest) throw new Error(`${page} is of another edition`);
    await cache.put(page, response);
  }
  await keep(EDITION.files);
}

/** @param {string[]} names @returns {Promise<number>} how many there are now */
async function keep(names) {
  const cache = await caches.open(CACHE);
  // One after the other: the page that is being used comes first.
  for (const name of names) {
    if (await cache.match(name)) continue;
    // What did not change is copied from the edition before, or comes from the browser's own cache.
    const response = (await caches.match(name)) ?? (await fetch(name));
    if (!response.ok) throw new Error(`${name} cannot be fetched`);
    await cache.put(name, response);
  }
  return names.length;
}

async function activate() {
  const editions = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  // Keys come in the order in which the caches were made.
  for (const name of editions.slice(0, -1)) await caches.delete(name);
  await worker.clients.claim();
}

/** @param {string} name @param {Request} request */
async function answer(name, request) {
  const cache = await caches.open(CACHE);
  const kept = (await cache.match(name)) ?? (DIGEST.test(name) ? await caches.match(name) : undefined);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && DIGEST.test(name)) await cache.put(name, response.clone());
  return response;
}

/** @param {URL} url @returns {string | null} a file's name in this site */
function nameOf(url) {
  const scope = new URL(worker.registration.scope).pathname;
  if (!url.pathname.startsWith(scope)) return null;
  return decodeURIComponent(url.pathname.slice(scope.length)) || "index.html";
}

/** @param {Response} response */
async function sha256(response) {
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
