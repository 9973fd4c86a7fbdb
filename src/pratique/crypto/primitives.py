"""The signature primitive: a public key and an algorithm become a function that checks.

    (algorithm, SPKI) -> load -> check(signature, message) -> bool

1. Signatures are in COSE's form: r and s of fixed length for ECDSA (RFC 9053 §2.1).
2. The algorithm is the signer's, never the text's; a key of another type, or of a curve that
   is not NIST's, is refused.
3. A checker never raises for a bad signature: it says False.
4. The primitive is injected; `pratique.crypto.awslc` is a faster one with the same outcomes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

Checker = Callable[[bytes, bytes], bool]
"""check(signature, message) -> is it good."""

Primitive = Callable[[Algorithm, bytes], Checker]
"""load(algorithm, SubjectPublicKeyInfo DER) -> Checker; raises DocumentRefused if they do not fit."""

_DIGESTS: dict[Algorithm, tuple[hashes.HashAlgorithm, Callable[[bytes], hashlib._Hash]]] = {
    Algorithm.ES256: (hashes.SHA256(), hashlib.sha256),
    Algorithm.ES384: (hashes.SHA384(), hashlib.sha384),
    Algorithm.ES512: (hashes.SHA512(), hashlib.sha512),
}
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
RSA_BITS = range(2048, 8193)


def load(algorithm: Algorithm, spki: bytes) -> Checker:
    """Make the checker of one public key with `cryptography` (OpenSSL)."""
    try:
        key = load_der_public_key(spki)
    except Exception as error:  # OpenSSL's own classes differ by kind of damage
        raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
    if isinstance(key, rsa.RSAPublicKey) and algorithm is Algorithm.PS256:
        if key.key_size not in RSA_BITS:
            raise DocumentRefused("key-size", f"an RSA key has {key.key_size} bits")
        return _rsa_checker(key)
    # RFC 9053 §2.1 binds the digest to the name and leaves the curve to the key.
    digest = _DIGESTS.get(algorithm)
    if digest and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return _ecdsa_checker(key, *digest)
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


def _ecdsa_checker(
    key: ec.EllipticCurvePublicKey,
    digest: hashes.HashAlgorithm,
    hashed: Callable[[bytes], hashlib._Hash],
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
