// Measure `dcc-utils` under Node: texts on stdin, one JSON object on stdout.
// Its own bare reference is Node's ES256 check with key objects, DER and messages ready.
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const { DCC } = require(path.join(process.argv[2], "node_modules", "dcc-utils"));
const given = JSON.parse(fs.readFileSync(0, "utf8"));
const ROUNDS = 5;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: { name: "SHA-256" } };
const keys = Object.fromEntries(
  Object.entries(given.keys).map(([kid, spki]) => [
    kid, { publicKeyPem: spki, publicKeyAlgorithm: algorithm },
  ]),
);
const objects = {};
const ready = given.signed.map(([spki, der, message]) => {
  objects[spki] ??= crypto.createPublicKey({
    key: Buffer.from(spki, "base64"), format: "der", type: "spki",
  });
  return [objects[spki], Buffer.from(der, "base64"), Buffer.from(message, "base64")];
});

async function bare() {
  for (const [key, der, message] of ready) crypto.verify("sha256", message, key, der);
}

async function peer() {
  let good = 0;
  for (const text of given.texts) {
    try {
      const dcc = await DCC.fromRaw(text);
      if (await dcc.checkSignatureWithKeysList(keys)) good += 1;
    } catch { continue; }
  }
  return good;
}

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

(async () => {
  const accepted = await peer();
  const times = { bare: [], peer: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of [["bare", bare], ["peer", peer]]) {
      const start = cpu();
      await run();
      times[name].push(cpu() - start);
    }
  }
  const ratios = times.peer.map((t, i) => t / times.bare[i]).sort((a, b) => a - b);
  const best = Math.min(...times.peer);
  console.log(JSON.stringify({
    best_us: best / ready.length,
    best_ratio: best / Math.min(...times.bare),
    median_ratio: ratios[ROUNDS >> 1],
    accepted,
  }));
})();
