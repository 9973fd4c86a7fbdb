"""Write JSON Web Keys and detached signatures, as trust lists have them.

    PublicKey -> write_jwk -> JWK          SigningKey, message -> detached_jws -> header..signature

1. Apart from `jose`: whoever reads has no need of what signs.
"""

from __future__ import annotations

import base64
import json

from pratique.crypto import primitives, spki
from pratique.crypto.signing import SigningKey
from pratique.terms import Algorithm


def write_jwk(key: spki.PublicKey) -> dict[str, str]:
    """Write a public key as a JWK, its coordinates in full size (RFC 7518 §6.2.1.2)."""
    numbers = spki.numbers(key)
    if isinstance(numbers, spki.Modulus):
        parts = {name: number.to_bytes((number.bit_length() + 7) // 8, "big")
                 for name, number in numbers._asdict().items()}  # fmt: skip
        return {"kty": "RSA", **{name: _base64url(octets) for name, octets in parts.items()}}
    size = (spki.CURVES[numbers.curve].key_size + 7) // 8
    x, y = (_base64url(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": numbers.curve, "x": x, "y": y}


def detached_jws(key: SigningKey, payload: bytes) -> str:
    """Sign a payload that lies elsewhere, unencoded (RFC 7797), with DER as the published lists have it."""
    header = {"b64": False, "crit": ["b64"], "alg": key.algorithm.value}
    head = _base64url(json.dumps(header, separators=(",", ":")).encode())
    signature = key.sign(head.encode() + b"." + payload)
    if key.algorithm is not Algorithm.PS256:
        signature = primitives.to_der(signature)
    return f"{head}..{_base64url(signature)}"


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
