/** Encrypt or decrypt one age file under a passphrase, away from the page's own thread. */

import { armor, Decrypter, Encrypter } from "./vendor/age.js";

const ARMOUR = "-----BEGIN AGE ENCRYPTED FILE-----";

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ bytes: data.act === "seal" ? await sealed(data) : await opened(data) });
  } catch (error) {
    self.postMessage({ error: reason(error) });
  }
};

/** @param {{bytes: Uint8Array<ArrayBuffer>, passphrase: string, work: number}} order */
async function sealed({ bytes, passphrase, work }) {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(work);
  return encrypter.encrypt(bytes);
}

/** @param {{bytes: Uint8Array<ArrayBuffer>, passphrase: string}} order */
async function opened({ bytes, passphrase }) {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64)).trimStart();
  const file = head.startsWith(ARMOUR) ? armor.decode(new TextDecoder().decode(bytes)) : bytes;
  if (!new TextDecoder("latin1").decode(file.subarray(0, 22)).startsWith("age-encryption.org/v1\n")) throw new Error("no age file");
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return decrypter.decrypt(file);
}

/** @param {unknown} error */
function reason(error) {
  const message = error instanceof Error ? error.message : "";
  // age-encryption 0.3.1 has no classes of errors: its words are all there is to go by.
  if (message.includes("no identity matched")) return "wrong-passphrase";
  return "no-backup";
}
