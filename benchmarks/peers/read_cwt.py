"""Let `cwt` read texts in its own environment: texts and certificates on stdin, claims on stdout."""

# mypy: ignore-errors

from __future__ import annotations

import json
import sys
import zlib
from base64 import b64decode

import base45
import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSE, COSEKey


def main() -> None:
    """Write the claims of each text, or null where its signature is refused."""
    given = json.load(sys.stdin)
    keys = {b64decode(kid): _key(b64decode(kid), b64decode(der))
            for kid, der in given["certificates"].items()}  # fmt: skip
    json.dump([_read(text, keys) for text in given["texts"]], sys.stdout, default=bytes.hex)


def _key(kid: bytes, der: bytes) -> COSEKey:
    key = x509.load_der_x509_certificate(der).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    alg = {"alg": "PS256"} if isinstance(key, rsa.RSAPublicKey) else {}
    return COSEKey.from_pem(pem, kid=kid, **alg)


def _read(text: str, keys: dict[bytes, COSEKey]) -> object:
    try:
        data = zlib.decompress(base45.b45decode(text[4:]))
        protected, unprotected = cbor2.loads(data).value[:2]
        kid = cbor2.loads(protected).get(4) or unprotected.get(4)
        return cbor2.loads(COSE.new().decode(data, [keys[kid]]))
    except Exception as error:  # noqa: BLE001 - whatever a peer refuses by
        print(type(error).__name__, error, file=sys.stderr)
        return None


if __name__ == "__main__":
    main()
