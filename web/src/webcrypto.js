// Signatures checked by the browser: questions in, answers out. What is asked, and how, Python says (crypto/webcrypto.py).
//
//   question {id, name, curve, hash, salt, key, signature?, message?} -> importKey -> verify -> {id: true | false | null}
//
// 1. null: this browser cannot use the key. It is never taken for a bad signature, nor for a good one.
// 2. Keys are kept, imported; they are signers', and no traveller's. Signatures and messages are not.
// 3. Runs in a worker, in a page and under Node: nothing but WebCrypto is needed.

/**
 * One check, in WebCrypto's terms.
 * @typedef {object} Question
 * @property {string} id
 * @property {"ECDSA" | "RSA-PSS" | "RSASSA-PKCS1-v1_5" | "Ed25519"} name
 * @property {string | null} curve of ECDSA
 * @property {string | null} hash of all but Ed25519
 * @property {number | null} salt octets, of RSA-PSS
 * @property {string} key SubjectPublicKeyInfo, DER, in base64
 * @property {string} [signature] base64; without one the key is only imported
 * @property {string} [message] base64
 */

/** @typedef {Record<string, boolean | null>} Answers */

const MOST_KEYS = 2000;

/** @type {Map<string, Promise<CryptoKey | null>>} */
const keys = new Map();

/**
 * Answer what is asked, all at once.
 * @param {Question[]} questions
 * @returns {Promise<Answers>}
 */
export async function answer(questions) {
  const answered = questions.map(async (question) => [question.id, await check(question)]);
  return Object.fromEntries(await Promise.all(answered));
}

/**
 * @param {Question} question
 * @returns {Promise<boolean | null>}
 */
async function check(question) {
  const key = await imported(question);
  if (key === null) return null;
  if (question.signature === undefined || question.message === undefined) return true;
  try {
    return await crypto.subtle.verify(
      /** @type {any} */ (algorithm(question)), key, octets(question.signature), octets(question.message),
    );
  } catch {
    return null;
  }
}

/**
 * @param {Question} question
 * @returns {Promise<CryptoKey | null>}
 */
function imported(question) {
  const name = [question.name, question.curve, question.hash, question.key].join(" ");
  let key = keys.get(name);
  if (key === undefined) {
    key = crypto.subtle
      .importKey("spki", octets(question.key), /** @type {any} */ (algorithm(question)), false, ["verify"])
      .catch(() => null);
    if (keys.size >= MOST_KEYS) keys.clear();
    keys.set(name, key);
  }
  return key;
}

/**
 * What importKey and verify are to know; each takes its own of it.
 * @param {Question} question
 * @returns {object}
 */
function algorithm({ name, curve, hash, salt }) {
  return {
    name,
    ...(curve === null ? {} : { namedCurve: curve }),
    ...(hash === null ? {} : { hash }),
    ...(salt === null ? {} : { saltLength: salt }),
  };
}

/**
 * @param {string} text base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
function octets(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
