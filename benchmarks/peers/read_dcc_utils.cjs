// Let `dcc-utils` read texts under Node: texts and certificates on stdin, claims on stdout.
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const modules = path.join(process.argv[2], "node_modules");
const { DCC } = require(path.join(modules, "dcc-utils"));
const cbor = require(path.join(modules, "cbor"));
const given = JSON.parse(fs.readFileSync(0, "utf8"));

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: { name: "SHA-256" } };
const keys = Object.fromEntries(Object.entries(given.certificates).map(([kid, der]) => {
  const key = new crypto.X509Certificate(Buffer.from(der, "base64")).publicKey;
  const spki = key.export({ type: "spki", format: "der" }).toString("base64");
  return [kid, { publicKeyPem: spki, publicKeyAlgorithm: algorithm }];
}));

function plain(value) {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([k, v]) => [String(k), plain(v)]));
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  }
  return value;
}

async function read(text) {
  try {
    const dcc = await DCC.fromRaw(text);
    if (!await dcc.checkSignatureWithKeysList(keys)) return null;
    return plain(cbor.decodeFirstSync(cbor.decodeFirstSync(dcc._coseRaw).value[2]));
  } catch (error) {
    console.error(String(error));
    return null;
  }
}

(async () => {
  const found = [];
  for (const text of given.texts) found.push(await read(text));
  console.log(JSON.stringify(found));
})();
