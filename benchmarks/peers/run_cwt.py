"""Measure `cwt` in its own environment: texts on stdin, one JSON object on stdout."""

# mypy: ignore-errors

from __future__ import annotations

import json
import statistics
import sys
import time
import zlib
from base64 import b64decode

import base45
import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cwt import COSE, COSEKey

ROUNDS = 9


def main() -> None:
    """Run both in rounds."""
    given = json.load(sys.stdin)
    keys = []
    for kid, spki in given["keys"].items():
        key = load_der_public_key(b64decode(spki))
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
            pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            keys.append(COSEKey.from_pem(pem, kid=b64decode(kid)))
    by_kid = {key.kid: [key] for key in keys}
    loaded = {spki: load_der_public_key(b64decode(spki)) for spki, _, _ in given["signed"]}
    ready = [(loaded[spki], b64decode(der), b64decode(m)) for spki, der, m in given["signed"]]
    ecdsa, cose = ec.ECDSA(hashes.SHA256()), COSE.new()

    def bare() -> int:
        for key, signature, message in ready:
            key.verify(signature, message, ecdsa)
        return len(ready)

    def peer() -> int:
        good = 0
        for text in given["texts"]:
            try:
                data = zlib.decompress(base45.b45decode(text[4:]))
                protected, unprotected = cbor2.loads(data).value[:2]
                kid = cbor2.loads(protected).get(4) or unprotected.get(4)
                payload = cbor2.loads(cose.decode(data, by_kid[kid]))
                good += -260 in payload
            except Exception:  # noqa: BLE001 - whatever a peer refuses by
                continue
        return good

    accepted = peer()
    times: dict[str, list[float]] = {"bare": [], "peer": []}
    for _ in range(ROUNDS):
        for name, run in (("bare", bare), ("peer", peer)):
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    ratios = [a / b for a, b in zip(times["peer"], times["bare"], strict=True)]
    told = {
        "best_us": min(times["peer"]) / len(ready) * 1e6,
        "best_ratio": min(times["peer"]) / min(times["bare"]),
        "median_ratio": statistics.median(ratios),
        "accepted": accepted,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
