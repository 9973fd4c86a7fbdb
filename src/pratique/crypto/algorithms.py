"""A public key: from any spelling of SubjectPublicKeyInfo to the one spelling kept here.

    DER -> load -> (algorithm, canonical DER)

1. The algorithm follows from the key alone: curve or RSA (RFC 9053 §2.1, RFC 8230 §2).
2. A key that spells out its curve's parameters becomes the named curve, if it is one.
   Seen: about 40 of 255 CSCA keys in the ICAO master list.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from pratique.crypto import asn1
from pratique.crypto.spki import (
    MOST_EXPONENT,
    RSA_BITS,
    SHA256,
    SHA384,
    SHA512,
    Family,
    Modulus,
    Point,
    PublicKey,
    is_small_order,
    signature_of,
)
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

# ----------------------------------------------------------------------------------------------------
# Check a signature whose algorithm an AlgorithmIdentifier names, as in X.509 and CMS.
#
#     AlgorithmIdentifier, SPKI, signature, message -> check -> True | False | None
#
# 1. SHA-1 and MD5 prove nothing here: the answer is None, "cannot tell".
# 2. An algorithm that does not fit the key, or the digest that was announced, proves nothing either.
# 3. An RSA-PSS has as much salt as its parameters say (RFC 4055 §3.1): other salt is another signature.


Hashed = Callable[[bytes], Any]
"""Makes a digest of `hashlib`."""


class Ecdsa(NamedTuple):
    """One algorithm of ECDSA, with all that any standard says of it.

    Attributes:
        digest, hashed: its digest, as `cryptography` and as `hashlib` have it.
        curve: the one that a key made here has (RFC 9053 §2.1 leaves it to the key).
        crv: that curve as JSON Web Keys name it (RFC 7518 §6.2.1.1).
        hash_oid: of the digest (RFC 5754 §2).
        head: how SubjectPublicKeyInfo of an uncompressed point on it begins (RFC 5480 §2).
    """

    digest: hashes.HashAlgorithm
    hashed: Hashed
    curve: ec.EllipticCurve
    crv: str
    hash_oid: str
    head: bytes

    @property
    def size(self) -> int:
        """Return the octets of a coordinate, and of r and s."""
        return (self.curve.key_size + 7) // 8


ECDSA: dict[Algorithm, Ecdsa] = {
    Algorithm.ES256: Ecdsa(
        hashes.SHA256(), hashlib.sha256, ec.SECP256R1(), "P-256",
        SHA256,
        bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
    ),
    Algorithm.ES384: Ecdsa(
        hashes.SHA384(), hashlib.sha384, ec.SECP384R1(), "P-384",
        SHA384,
        bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"),
    ),
    Algorithm.ES512: Ecdsa(
        hashes.SHA512(), hashlib.sha512, ec.SECP521R1(), "P-521",
        SHA512,
        bytes.fromhex("30819b301006072a8648ce3d020106052b810400230381860004"),
    ),
}  # fmt: skip
"""The one table of them. PS256 beside it has SHA-256, MGF1 with SHA-256 and 32 octets of salt (RFC 8230 §2)."""
HASHED: dict[str, Hashed] = {one.hash_oid: one.hashed for one in ECDSA.values()}
HASHES = {one.hash_oid: one.digest for one in ECDSA.values()}


def check(
    identifier: bytes, spki: bytes, signature: bytes, message: bytes, *, announced: str = ""
) -> bool | None:
    """Check a signature.

    Args:
        identifier: AlgorithmIdentifier, DER.
        spki: a key that `crypto.spki` has read.
        signature: as X.509 and CMS hold it: ECDSA's in DER.
        message: what was signed.
        announced: object identifier of the digest that stands beside it, which must be the same.

    Returns:
        True or False; None where the algorithm is not one that proves anything here.
    """
    kind = signature_of(identifier)
    if kind is None or kind.salt is None:
        return None
    digest = HASHES.get(kind.digest)
    if announced:
        stated = HASHES.get(announced)
        digest = digest or (None if kind.digest else stated)
        if digest is None or stated is None or digest.name != stated.name:
            return None
    key = load_der_public_key(spki)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and digest and kind.family is Family.ECDSA:
            key.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and digest and kind.family is Family.PSS:
            pss = padding.PSS(padding.MGF1(digest), kind.salt)
            key.verify(signature, message, pss, digest)
        elif isinstance(key, rsa.RSAPublicKey) and digest and kind.family is Family.RSA:
            key.verify(signature, message, padding.PKCS1v15(), digest)
        else:
            return None
    except InvalidSignature:
        return False
    return True


# ----------------------------------------------------------------------------------------------------
# The signature primitive: a public key and an algorithm become a function that checks.
#
#     (algorithm, SPKI) -> load -> check(signature, message) -> bool
#
# 1. Signatures are in COSE's form: r and s of fixed length for ECDSA (RFC 9053 §2.1).
# 2. The algorithm is the signer's, never the text's; a key of another type, or of a curve that
#    is not NIST's, is refused.
# 3. A checker never raises for a bad signature: it says False.
# 4. The primitive is injected; `pratique.crypto.awslc` is a faster one with the same outcomes.


Checker = Callable[[bytes, bytes], bool]
"""check(signature, message) -> is it good."""

Primitive = Callable[[Algorithm, bytes], Checker]
"""load(algorithm, SubjectPublicKeyInfo DER) -> Checker; raises DocumentRefused if they do not fit."""


def load(algorithm: Algorithm, spki: bytes) -> Checker:
    """Make the checker of one public key with `cryptography` (OpenSSL)."""
    try:
        key = load_der_public_key(spki)
    except Exception as error:  # OpenSSL's own classes differ by kind of damage
        raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
    if isinstance(key, rsa.RSAPublicKey) and algorithm is Algorithm.PS256:
        if key.key_size not in RSA_BITS:
            raise DocumentRefused("key-size", f"an RSA key has {key.key_size} bits")
        if key.public_numbers().e.bit_length() > MOST_EXPONENT:
            raise DocumentRefused("key-unreadable", "an RSA key's exponent is too large")
        return _rsa_checker(key)
    if isinstance(key, Ed25519PublicKey) and algorithm is Algorithm.EDDSA:
        _refuse_small_order(key)
        return edwards_checker(key)
    # RFC 9053 §2.1 binds the digest to the name and leaves the curve to the key.
    own = ECDSA.get(algorithm)
    if own and isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _BY_CURVE:
        return _ecdsa_checker(key, own.digest, own.hashed)
    raise DocumentRefused("key-algorithm", f"a public key cannot be used with {algorithm}")


def _rsa_checker(key: rsa.RSAPublicKey) -> Checker:
    pss, digest = padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()

    def check(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message, pss, digest)
        except InvalidSignature:
            return False
        return True

    return check


def _refuse_small_order(key: Ed25519PublicKey) -> None:
    if is_small_order(key.public_bytes_raw()):
        raise DocumentRefused("key-unreadable", "anybody can sign for this public key")


def edwards_checker(key: Ed25519PublicKey) -> Checker:
    """Make the check of signatures of Ed25519 (RFC 8032 §5.1.7)."""

    def check(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return check


def _ecdsa_checker(
    key: ec.EllipticCurvePublicKey,
    digest: hashes.HashAlgorithm,
    hashed: Hashed,
) -> Checker:
    # One hash made here costs less than one that the check of the key has OpenSSL look up each time.
    ecdsa, size = ec.ECDSA(Prehashed(digest)), (key.key_size + 7) // 8
    verify = key.verify

    def check(signature: bytes, message: bytes) -> bool:
        if len(signature) != 2 * size:
            return False
        try:
            verify(to_der(signature), hashed(message).digest(), ecdsa)
        except InvalidSignature:
            return False
        return True

    return check


def to_der(signature: bytes) -> bytes:
    """Turn r and s of equal fixed length into the DER that OpenSSL asks for (X.690 §8.3)."""
    if len(signature) == 64 and signature[0] and signature[32]:
        # Of P-256, nearly all are of one of four shapes: only a high first octet asks for a zero before.
        begins, joins = _SHAPES[signature[0] >> 7 << 1 | signature[32] >> 7]
        return begins + signature[:32] + joins + signature[32:]
    size = len(signature) // 2
    r, s = signature[:size].lstrip(b"\0"), signature[size:].lstrip(b"\0")
    if not r or r[0] > 0x7F:
        r = b"\0" + r
    if not s or s[0] > 0x7F:
        s = b"\0" + s
    body = _INTEGER[len(r)] + r + _INTEGER[len(s)] + s
    return _SEQUENCE[len(body)] + body


_SHAPES = (
    (b"\x30\x44\x02\x20", b"\x02\x20"),
    (b"\x30\x45\x02\x20", b"\x02\x21\0"),
    (b"\x30\x45\x02\x21\0", b"\x02\x20"),
    (b"\x30\x46\x02\x21\0", b"\x02\x21\0"),
)
"""What stands before r and before s of 32 octets: neither high, s, r, both."""
_INTEGER = [bytes((2, size)) for size in range(68)]
_SEQUENCE = [bytes((0x30, n)) if n < 0x80 else bytes((0x30, 0x81, n)) for n in range(0x100)]
"""How a value of so many octets begins: from 128 on the length takes an octet of its own (X.690 §8.1.3)."""


_BY_CURVE = {one.curve.name: algorithm for algorithm, one in ECDSA.items()}
CURVES = {one.crv: one.curve for one in ECDSA.values()}
"""Curves by the name that JSON Web Keys use."""


def numbers(key: PublicKey) -> Point | Modulus:
    """Return what a key is made of."""
    loaded: Any = load_der_public_key(key.spki)
    found = loaded.public_numbers()
    if isinstance(loaded, rsa.RSAPublicKey):
        return Modulus(found.n, found.e)
    name = next(name for name, curve in CURVES.items() if curve.name == loaded.curve.name)
    return Point(name, found.x, found.y)


def read_der(der: bytes, *, edwards: bool = False) -> PublicKey:
    """Read a SubjectPublicKeyInfo; DocumentRefused `key-unreadable`, `key-size`, `key-algorithm`.

    Ed25519 is read where `edwards` says so: an X.509 certificate's key of it signs nothing here.
    """
    try:
        key = load_der_public_key(der)
    except Exception as error:  # OpenSSL's own classes differ by kind of damage
        raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
    return of_key(key, edwards=edwards)


def read_pem(pem: bytes, *, edwards: bool = False) -> PublicKey:
    """Read one PEM public key; reads and refuses as `read_der` does."""
    try:
        key = load_pem_public_key(pem)
    except Exception as error:
        raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
    return of_key(key, edwards=edwards)


def of_key(key: object, *, edwards: bool = False) -> PublicKey:
    """Name the algorithm of a key and write it in the one spelling."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in RSA_BITS:
            raise DocumentRefused("key-size", f"an RSA key has {key.key_size} bits")
        return PublicKey(Algorithm.PS256, _write(key))
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _BY_CURVE:
        return PublicKey(_BY_CURVE[key.curve.name], _write(key))
    if edwards and isinstance(key, Ed25519PublicKey):
        _refuse_small_order(key)
        return PublicKey(Algorithm.EDDSA, _write(key))
    raise DocumentRefused("key-algorithm", "a public key is of a kind that signs nothing here")


def unusable(der: bytes) -> str:
    """Name a key that `read_der` has refused for its size or kind, as a stable code ("rsa-1024"); "" if it is none."""
    try:
        key = load_der_public_key(der)
    except Exception:  # noqa: BLE001 - OpenSSL's own classes differ by kind of damage
        return ""
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"curve-{key.curve.name}"
    return "key-of-no-curve"


def is_one(der: bytes) -> bool:
    """Tell whether DER begins as a SubjectPublicKeyInfo does, and no certificate: with an algorithm."""
    # SEQUENCE { SEQUENCE { OBJECT IDENTIFIER ...; a certificate has a third SEQUENCE there.
    try:
        first = asn1.children(asn1.read_one(der, asn1.SEQUENCE).body)[0].expect(asn1.SEQUENCE)
        return first.body[:1] == b"\x06"
    except (ValueError, IndexError):
        return False


def usual(der: bytes) -> Algorithm | None:
    """Return the algorithm of a key in the one usual form, a named curve and an uncompressed point; else None."""
    for algorithm, one in ECDSA.items():
        if der.startswith(one.head) and len(der) == len(one.head) + 2 * one.size:
            return algorithm
    return None


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


def of_edwards(point: bytes) -> PublicKey:
    """Make the key of a point of Ed25519, 32 bytes (RFC 8032 §5.1.5)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(point)
    except ValueError as error:
        raise DocumentRefused("key-unreadable", "a public key of Ed25519 has 32 bytes") from error
    return of_key(key, edwards=True)


def _write(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def to_pem(label: str, der: bytes) -> str:
    """Write DER as PEM (RFC 7468 §2)."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
