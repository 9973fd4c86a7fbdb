"""JSON Web Keys and detached signatures, as trust lists really spell them.

    JWK -> read_jwk -> PublicKey
    header..signature + message -> good_detached_jws -> bool

1. Coordinates may be too long by a zero or too short (RFC 7518 §6.2.1.2 wants the full size).
   Seen: 377 of 501 keys of the production list.
2. A signature may be r and s, as RFC 7518 §3.4 wants, or DER, as the published lists have it.
3. The algorithm is the key's; the header may only agree with it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pratique import strict_json
from pratique.crypto import algorithms, spki
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

_RSA_OCTETS = 1024


class JwkKey(NamedTuple):
    """The key of a JWK, and stable codes of what was odd in it."""

    key: spki.PublicKey
    notes: tuple[str, ...]


def read_jwk(jwk: Mapping[str, object], *, edwards: bool = False) -> JwkKey:
    """Read the public key of a JWK (RFC 7518 §6); DocumentRefused `jwk-unreadable` or `key-…`.

    Ed25519 (RFC 8037 §2) is read where `edwards` says so.
    """
    if edwards and (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
        return JwkKey(algorithms.of_edwards(_octets(jwk, "x")), ())
    if jwk.get("kty") == "RSA":
        n, e = _octets(jwk, "n"), _octets(jwk, "e")
        if len(n) > _RSA_OCTETS + 1 or len(e) > 8:
            raise DocumentRefused("key-size", "an RSA key is larger than any that is read here")
        return JwkKey(algorithms.of_modulus(int.from_bytes(n, "big"), int.from_bytes(e, "big")), ())
    curve = jwk.get("crv")
    if jwk.get("kty") != "EC" or not isinstance(curve, str) or curve not in algorithms.CURVES:
        raise DocumentRefused("jwk-unreadable", "a JWK is of a kind that is not read here")
    size = (algorithms.CURVES[curve].key_size + 7) // 8
    x, y = _octets(jwk, "x"), _octets(jwk, "y")
    notes = []
    if max(len(x), len(y)) > size:
        notes.append("jwk-padded")
    if min(len(x), len(y)) < size:
        notes.append("jwk-short")
    if max(len(x.lstrip(b"\0")), len(y.lstrip(b"\0"))) > size:
        raise DocumentRefused("jwk-unreadable", "a coordinate of a JWK is too long for its curve")
    key = algorithms.of_point(curve, int.from_bytes(x, "big"), int.from_bytes(y, "big"))
    return JwkKey(key, tuple(notes))


def good_signature(key: spki.PublicKey, signature: bytes, message: bytes) -> bool:
    """Check a signature that is r and s of fixed length, or DER (ECDSA); PSS for RSA."""
    check = algorithms.load(key.algorithm, key.spki)
    own = algorithms.ECDSA.get(key.algorithm)
    if own is not None and len(signature) != 2 * own.size:
        size = own.size
        try:
            r, s = decode_dss_signature(signature)
            signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
        except (ValueError, OverflowError):
            return False
    return check(signature, message)


def good_detached_jws(key: spki.PublicKey, jws: str, payload: bytes) -> bool:
    """Check a JWS whose payload lies elsewhere, unencoded (RFC 7797: `b64` false, in `crit`)."""
    parts = jws.split(".")
    if len(parts) != 3 or parts[1]:
        return False
    try:
        header = strict_json.loads(base64url(parts[0]))
        signature = base64url(parts[2])
    except ValueError:
        return False
    if not isinstance(header, dict) or header.get("alg") != key.algorithm.value:
        return False
    # RFC 7515 §4.1.11: whatever `crit` names must be understood, and only `b64` is.
    if header.get("b64") is not False or header.get("crit") != ["b64"]:
        return False
    return good_signature(key, signature, parts[0].encode() + b"." + payload)


def base64url(text: str) -> bytes:
    """Decode base64url with or without padding; ValueError if it is neither."""
    octets = text.rstrip("=").encode("ascii")
    if len(octets) % 4 == 1 or b"+" in octets or b"/" in octets:
        raise ValueError("not base64url")
    return base64.b64decode(octets + b"=" * (-len(octets) % 4), altchars=b"-_", validate=True)


def _octets(jwk: Mapping[str, object], name: str) -> bytes:
    text = jwk.get(name)
    try:
        found = base64url(text) if isinstance(text, str) else b""
    except ValueError:
        found = b""
    if not found:
        raise DocumentRefused("jwk-unreadable", f"the member '{name}' of a JWK cannot be read")
    return found


# ----------------------------------------------------------------------------------------------------
# Write JSON Web Keys and detached signatures, as trust lists have them.
#
#     PublicKey -> write_jwk -> JWK          SigningKey, message -> detached_jws -> header..signature
#
# 1. Apart from `jose`: whoever reads has no need of what signs.


def write_jwk(key: spki.PublicKey) -> dict[str, str]:
    """Write a public key as a JWK, its coordinates in full size (RFC 7518 §6.2.1.2)."""
    numbers = algorithms.numbers(key)
    if isinstance(numbers, spki.Modulus):
        parts = {name: number.to_bytes((number.bit_length() + 7) // 8, "big")
                 for name, number in numbers._asdict().items()}  # fmt: skip
        return {"kty": "RSA", **{name: _base64url(octets) for name, octets in parts.items()}}
    size = (algorithms.CURVES[numbers.curve].key_size + 7) // 8
    x, y = (_base64url(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": numbers.curve, "x": x, "y": y}


def thumbprint(key: spki.PublicKey) -> str:
    """Return a key's SHA-256 thumbprint, base64url without padding (RFC 7638 §3)."""
    text = json.dumps(write_jwk(key), sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(text.encode()).digest())


def detached_jws(key: SigningKey, payload: bytes) -> str:
    """Sign a payload that lies elsewhere, unencoded (RFC 7797), with DER as the published lists have it."""
    header = {"b64": False, "crit": ["b64"], "alg": key.algorithm.value}
    head = _base64url(json.dumps(header, separators=(",", ":")).encode())
    signature = key.sign(head.encode() + b"." + payload)
    if key.algorithm is not Algorithm.PS256:
        signature = algorithms.to_der(signature)
    return f"{head}..{_base64url(signature)}"


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
