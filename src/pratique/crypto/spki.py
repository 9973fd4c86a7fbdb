"""A public key: from any spelling of SubjectPublicKeyInfo to the one spelling kept here.

    DER -> load -> (algorithm, canonical DER)

1. The algorithm follows from the key alone: curve or RSA (RFC 9053 §2.1, RFC 8230 §2).
2. A key that spells out its curve's parameters becomes the named curve, if it is one.
   Seen: about 40 of 255 CSCA keys in the ICAO master list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from pratique.crypto import der as _der
from pratique.crypto.primitives import RSA_BITS
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

_BY_CURVE = {
    "secp256r1": Algorithm.ES256,
    "secp384r1": Algorithm.ES384,
    "secp521r1": Algorithm.ES512,
}
CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
"""Curves by the name that JSON Web Keys use (RFC 7518 §6.2.1.1)."""


class PublicKey(NamedTuple):
    """A public key as it is kept: one algorithm, one spelling.

    Attributes:
        algorithm: the only algorithm that this key is used with.
        spki: SubjectPublicKeyInfo, DER, with a named curve.
    """

    algorithm: Algorithm
    spki: bytes


class Point(NamedTuple):
    """A point on a named curve."""

    curve: str
    x: int
    y: int


class Modulus(NamedTuple):
    """An RSA key's numbers."""

    n: int
    e: int


def numbers(key: PublicKey) -> Point | Modulus:
    """Return what a key is made of."""
    loaded: Any = load_der_public_key(key.spki)
    found = loaded.public_numbers()
    if isinstance(loaded, rsa.RSAPublicKey):
        return Modulus(found.n, found.e)
    name = next(name for name, curve in CURVES.items() if curve.name == loaded.curve.name)
    return Point(name, found.x, found.y)


def read_der(der: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo; DocumentRefused `key-unreadable`, `key-size`, `key-algorithm`."""
    try:
        key = load_der_public_key(der)
    except Exception as error:  # OpenSSL's own classes differ by kind of damage
        raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
    return of_key(key)


def read_pem(pem: bytes) -> PublicKey:
    """Read one PEM public key; refuses as `read_der` does."""
    try:
        key = load_pem_public_key(pem)
    except Exception as error:
        raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
    return of_key(key)


def of_key(key: object) -> PublicKey:
    """Name the algorithm of a key and write it in the one spelling."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in RSA_BITS:
            raise DocumentRefused("key-size", f"an RSA key has {key.key_size} bits")
        return PublicKey(Algorithm.PS256, _write(key))
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _BY_CURVE:
        return PublicKey(_BY_CURVE[key.curve.name], _write(key))
    raise DocumentRefused("key-algorithm", "a public key is of a kind that signs nothing here")


def unusable(der: bytes) -> str:
    """Name a key that `read_der` has refused for its size or kind, as a stable code: "rsa-1024"."""
    key = load_der_public_key(der)
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"curve-{key.curve.name}"
    return "key-of-no-curve"


def is_one(der: bytes) -> bool:
    """Tell whether DER begins as a SubjectPublicKeyInfo does, and no certificate: with an algorithm."""
    # SEQUENCE { SEQUENCE { OBJECT IDENTIFIER ...; a certificate has a third SEQUENCE there.
    try:
        first = _der.children(_der.read_one(der, _der.SEQUENCE).body)[0].expect(_der.SEQUENCE)
        return first.body[:1] == b"\x06"
    except (ValueError, IndexError):
        return False


def of_point(curve: str, x: int, y: int) -> PublicKey:
    """Make the key of a point on a named curve; the point must lie on it."""
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, CURVES[curve]).public_key()
    except (KeyError, ValueError) as error:
        raise DocumentRefused("key-unreadable", "a point is not on its curve") from error
    return of_key(key)


def of_modulus(n: int, e: int) -> PublicKey:
    """Make the RSA key of a modulus and an exponent."""
    try:
        key = rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError as error:
        raise DocumentRefused("key-unreadable", "an RSA key cannot be read") from error
    return of_key(key)


def _write(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
