/**
 * The wallet's store on this device: one sealed document, and one or more locks that hold its key.
 *
 *     wallet -> JSON, padded -> AES-256-GCM under the data key -> IndexedDB
 *     data key <- AES-256-GCM <- passphrase (PBKDF2) | passkey (WebAuthn PRF, HKDF)
 *
 * 1. Names and certificates never reach the disk in clear: the whole wallet is one sealed document, so
 *    that not even the number of cards can be counted, and its size is padded to a power of two.
 * 2. Every sealing draws a fresh nonce. The data key is random and lives in memory only while open; the
 *    page cannot export it: who adds a lock shows the key of another lock again.
 * 3. Each ciphertext names in its authenticated data what it is, so none can stand in for another.
 * 4. A lost passphrase opens nothing: no second key is kept anywhere. The backup is the only way back.
 * 5. Two open tabs change the wallet by turns (Web Locks), each upon what the other wrote.
 *
 * Not prevented: who can write to the profile can put back an older sealed document.
 */

/** PBKDF2-HMAC-SHA-256 rounds (OWASP Password Storage Cheat Sheet, 2023); written beside each lock. */
export const ROUNDS = 600_000;
/** The least size of the sealed document in bytes: about 20 certificates look like none. */
export const LEAST = 32_768;
/** More than this no wallet holds: some 1,000 certificates. */
const MOST = 4_194_304;

const DATABASE = "pratique-wallet";
const STORE = "sealed";
const DOCUMENT = "wallet";
const PURPOSE = "pratique-wallet-1";

/**
 * @typedef {object} PassphraseLock
 * @property {"passphrase"} kind
 * @property {Uint8Array<ArrayBuffer>} salt      16 bytes
 * @property {number} rounds
 * @property {Uint8Array<ArrayBuffer>} nonce     12 bytes
 * @property {Uint8Array<ArrayBuffer>} wrapped   the data key, sealed
 *
 * @typedef {object} PasskeyLock
 * @property {"passkey"} kind
 * @property {Uint8Array<ArrayBuffer>} credential   the credential's id
 * @property {Uint8Array<ArrayBuffer>} salt         32 bytes, evaluated by the authenticator
 * @property {Uint8Array<ArrayBuffer>} nonce
 * @property {Uint8Array<ArrayBuffer>} wrapped
 *
 * @typedef {PassphraseLock | PasskeyLock} Lock
 * @typedef {{kind: "passphrase", passphrase: string} | {kind: "passkey"}} Proof
 */

/** Why a vault did not open; `code` chooses the words. */
export class VaultError extends Error {
  /** @param {"wrong-passphrase"|"passkey-refused"|"passkey-unfit"|"damaged"|"locked"|"too-large"|"no-lock"} code */
  constructor(code) {
    super(code);
    this.name = "VaultError";
    this.code = code;
  }
}

/** @typedef {ReturnType<typeof openVault> extends Promise<infer V> ? V : never} Vault */

/** Open the database and say what is in it; nothing is decrypted. */
export async function openVault() {
  const database = await openDatabase();
  return new SealedStore(database);
}

/** The sealed document and its locks. */
class SealedStore {
  /** @type {CryptoKey | null} */
  #key = null;
  /** @type {IDBDatabase} */
  #database;

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  get isOpen() {
    return this.#key !== null;
  }

  /** Return the kinds of locks that there are; none: there is no wallet yet. @returns {Promise<string[]>} */
  async locks() {
    return (await this.#locks()).map((lock) => lock.kind);
  }

  /**
   * Make a wallet: draw the data key, put the first lock around it, seal the document.
   *
   * @param {Proof} proof
   * @param {unknown} wallet
   */
  async create(proof, wallet) {
    const raw = random(32);
    const lock = await newLock(proof, raw);
    const key = await dataKey(raw);
    const sealed = await seal(key, wallet);
    await this.#write({ [lock.kind]: lock, [DOCUMENT]: sealed });
    this.#key = key;
  }

  /** Open one lock. VaultError if the passphrase or the passkey does not fit. @param {Proof} proof */
  async unlock(proof) {
    const raw = await this.#raw(proof);
    this.#key = await dataKey(raw);
  }

  /** Forget the key. What the page still shows is the page's to clear. */
  lock() {
    this.#key = null;
  }

  /**
   * Add a lock, or put a new one in the place of one of its kind (a changed passphrase).
   *
   * @param {Proof} proof of a lock that there is
   * @param {Proof} added
   */
  async addLock(proof, added) {
    const raw = await this.#raw(proof);
    const lock = await newLock(added, raw);
    await this.#write({ [lock.kind]: lock });
  }

  /** Return the wallet. @returns {Promise<any>} */
  async read() {
    const sealed = await request(this.#store("readonly").get(DOCUMENT));
    return unseal(this.#opened(), sealed);
  }

  /**
   * Change the wallet, upon what lies on the disk now.
   *
   * @template W
   * @param {(wallet: any) => W} edit returns the new wallet
   * @returns {Promise<W>}
   */
  async change(edit) {
    return navigator.locks.request(DATABASE, async () => {
      const wallet = edit(await this.read());
      await this.#write({ [DOCUMENT]: await seal(this.#opened(), wallet) });
      return wallet;
    });
  }

  /** Delete everything: locks and document. A lost wallet does not come back without a backup. */
  async erase() {
    this.#key = null;
    const transaction = this.#database.transaction(STORE, "readwrite");
    transaction.objectStore(STORE).clear();
    await settled(transaction);
    this.#database.close();
    await removeDatabase();
    this.#database = await openDatabase();
  }

  #opened() {
    if (this.#key === null) throw new VaultError("locked");
    return this.#key;
  }

  /** @returns {Promise<Lock[]>} */
  async #locks() {
    const store = this.#store("readonly");
    const locks = await Promise.all([request(store.get("passphrase")), request(store.get("passkey"))]);
    return locks.filter(Boolean);
  }

  /** @param {Proof} proof @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async #raw(proof) {
    const lock = (await this.#locks()).find((each) => each.kind === proof.kind);
    if (lock === undefined) throw new VaultError("no-lock");
    const wrapping = await wrappingKey(lock, proof);
    try {
      return await decrypt(wrapping, lock.nonce, lock.wrapped, `lock|${lock.kind}`);
    } catch {
      throw new VaultError(lock.kind === "passphrase" ? "wrong-passphrase" : "passkey-refused");
    }
  }

  /** @param {IDBTransactionMode} mode */
  #store(mode) {
    return this.#database.transaction(STORE, mode).objectStore(STORE);
  }

  /** @param {Record<string, unknown>} values written together or not at all */
  async #write(values) {
    const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
    for (const [key, value] of Object.entries(values)) transaction.objectStore(STORE).put(value, key);
    await settled(transaction);
  }
}

// The document: sealed and padded.

/** @param {CryptoKey} key @param {unknown} wallet */
async function seal(key, wallet) {
  const nonce = random(12);
  return { nonce, sealed: await encrypt(key, nonce, padded(wallet), "document") };
}

/** @param {CryptoKey} key @param {{nonce: Uint8Array<ArrayBuffer>, sealed: Uint8Array<ArrayBuffer>}} document */
async function unseal(key, document) {
  try {
    const bytes = await decrypt(key, document.nonce, document.sealed, "document");
    const length = new DataView(bytes.buffer).getUint32(0);
    return JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  } catch {
    throw new VaultError("damaged");
  }
}

/** Length, text, zeros up to a power of two. @param {unknown} wallet */
export function padded(wallet) {
  const text = new TextEncoder().encode(JSON.stringify(wallet));
  let size = LEAST;
  while (size < text.length + 4) size *= 2;
  if (size > MOST) throw new VaultError("too-large");
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, text.length);
  bytes.set(text, 4);
  return bytes;
}

// The locks.

/** @param {Proof} proof @param {Uint8Array<ArrayBuffer>} raw @returns {Promise<Lock>} */
async function newLock(proof, raw) {
  const nonce = random(12);
  const lock =
    proof.kind === "passphrase"
      ? { kind: proof.kind, salt: random(16), rounds: ROUNDS, nonce, wrapped: new Uint8Array() }
      : { kind: proof.kind, ...(await newPasskey()), nonce, wrapped: new Uint8Array() };
  lock.wrapped = await encrypt(await wrappingKey(lock, proof), nonce, raw, `lock|${lock.kind}`);
  return lock;
}

/** @param {Lock} lock @param {Proof} proof @returns {Promise<CryptoKey>} */
async function wrappingKey(lock, proof) {
  if (lock.kind === "passphrase" && proof.kind === "passphrase") {
    // One passphrase has many spellings in Unicode: keyboards differ, people do not.
    const typed = new TextEncoder().encode(proof.passphrase.normalize("NFKC"));
    const base = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveKey"]);
    return crypto.subtle.deriveKey(
      { name: "PBKDF2", hash: "SHA-256", salt: lock.salt, iterations: lock.rounds },
      base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
    );
  }
  if (lock.kind !== "passkey") throw new VaultError("no-lock");
  const secret = await evaluated(lock.credential, lock.salt);
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: lock.salt, info: about("passkey") },
    base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
  );
}

/** Tell whether this browser may have passkeys that evaluate a secret; creating one tells for certain. */
export async function passkeysOffered() {
  if (!globalThis.PublicKeyCredential) return false;
  const capabilities = await PublicKeyCredential.getClientCapabilities?.().catch(() => null);
  return capabilities?.["extension:prf"] !== false;
}

/**
 * Create a passkey on this device. It names no one: whoever lists the passkeys reads "Pratique wallet".
 *
 * @returns {Promise<{credential: Uint8Array<ArrayBuffer>, salt: Uint8Array<ArrayBuffer>}>}
 */
async function newPasskey() {
  const salt = random(32);
  const credential = /** @type {PublicKeyCredential | null} */ (
    await asked(() => navigator.credentials.create({
      publicKey: {
        rp: { name: "Pratique wallet" },
        user: { id: random(16), name: "Pratique wallet", displayName: "Pratique wallet" },
        // Nothing is signed with it; ES256 and RS256 are what authenticators offer (WebAuthn §5.4).
        pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
        challenge: random(32),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        extensions: { prf: { eval: { first: salt } } },
      },
    }))
  );
  if (credential === null) throw new VaultError("passkey-refused");
  if (!credential.getClientExtensionResults().prf?.enabled) throw new VaultError("passkey-unfit");
  return { credential: new Uint8Array(credential.rawId), salt };
}

/** Have the authenticator evaluate its PRF; the person confirms by finger, face or PIN.
 *
 * @param {Uint8Array<ArrayBuffer>} credential
 * @param {Uint8Array<ArrayBuffer>} salt
 * @returns {Promise<Uint8Array<ArrayBuffer>>} 32 bytes that this passkey and this salt give alone
 */
async function evaluated(credential, salt) {
  const assertion = /** @type {PublicKeyCredential | null} */ (
    await asked(() => navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: [{ type: "public-key", id: credential }],
        userVerification: "required",
        extensions: { prf: { eval: { first: salt } } },
      },
    }))
  );
  const secret = assertion?.getClientExtensionResults().prf?.results?.first;
  if (secret === undefined) throw new VaultError("passkey-unfit");
  return ArrayBuffer.isView(secret)
    ? new Uint8Array(/** @type {ArrayBuffer} */ (secret.buffer), secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
}

/** @template T @param {() => Promise<T>} ceremony @returns {Promise<T>} */
async function asked(ceremony) {
  try {
    return await ceremony();
  } catch {
    // Cancelled, timed out or not allowed: WebAuthn hides which on purpose (§14.5).
    throw new VaultError("passkey-refused");
  }
}

// AES-GCM, randomness.

/** @param {number} length @returns {Uint8Array<ArrayBuffer>} */
function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** @param {string} what @returns {Uint8Array<ArrayBuffer>} */
function about(what) {
  return new TextEncoder().encode(`${PURPOSE}|${what}`);
}

/** Import the data key and wipe the bytes. @param {Uint8Array<ArrayBuffer>} raw */
async function dataKey(raw) {
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  raw.fill(0);
  return key;
}

/** @param {CryptoKey} key @param {Uint8Array<ArrayBuffer>} nonce @param {Uint8Array<ArrayBuffer>} bytes @param {string} what */
async function encrypt(key, nonce, bytes, what) {
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: about(what) };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, bytes));
}

/** @param {CryptoKey} key @param {Uint8Array<ArrayBuffer>} nonce @param {Uint8Array<ArrayBuffer>} bytes @param {string} what */
async function decrypt(key, nonce, bytes, what) {
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: about(what) };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, bytes));
}

// IndexedDB.

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return request(opening).then((database) => {
    // Another tab that deletes everything must not wait for this one.
    database.onversionchange = () => database.close();
    return database;
  });
}

/** @returns {Promise<unknown>} */
function removeDatabase() {
  return new Promise((resolve, reject) => {
    const removing = indexedDB.deleteDatabase(DATABASE);
    removing.onsuccess = resolve;
    // Cleared above already: an open tab only delays the empty files.
    removing.onblocked = resolve;
    removing.onerror = () => reject(removing.error);
  });
}

/** @template T @param {IDBRequest<T>} asking @returns {Promise<T>} */
function request(asking) {
  return new Promise((resolve, reject) => {
    asking.onsuccess = () => resolve(asking.result);
    asking.onerror = () => reject(asking.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<unknown>} */
function settled(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}
