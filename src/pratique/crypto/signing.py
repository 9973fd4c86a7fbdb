"""Private keys: what signs. A key in this process here; a device's in `edges.keys`.

    SigningKey.sign(message) -> signature in COSE's form (r and s of fixed length, RFC 9053 §2.1)
    generate | from_pem -> SoftwareKey -> to_pem -> a note, and an encrypted PEM

1. A private key never leaves as anything but an encrypted PEM, and is never pickled: hand its URI
   to another process.
2. No message, no `repr` and no cause of an error holds a password or a key.
3. ECDSA is deterministic (RFC 6979): a request that is repeated gets the same bytes. PS256 is not.
4. Nothing here says what may be signed: see `journeys.issue`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NoReturn, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pratique.crypto import pbes2, sealed, spki
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

RSA_SIZE = 3072
"""Bits of an RSA key made here: the network's checks ask for at least 3000."""

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Sign = Callable[[bytes], bytes]

_DIGESTS: dict[Algorithm, tuple[hashes.HashAlgorithm, Callable[[bytes], hashlib._Hash]]] = {
    Algorithm.ES256: (hashes.SHA256(), hashlib.sha256),
    Algorithm.ES384: (hashes.SHA384(), hashlib.sha384),
    Algorithm.ES512: (hashes.SHA512(), hashlib.sha512),
}
_CURVES: dict[Algorithm, ec.EllipticCurve] = {
    Algorithm.ES256: ec.SECP256R1(),
    Algorithm.ES384: ec.SECP384R1(),
    Algorithm.ES512: ec.SECP521R1(),
}


class SigningKey(Protocol):
    """What an issuer signs with: a file's key, a device's, a test's."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm that it signs with."""

    @property
    def public_key(self) -> bytes:
        """Return its SubjectPublicKeyInfo, DER."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, in COSE's fixed-length form."""


class SoftwareKey:
    """A private key in the memory of this process."""

    __slots__ = ("_private", "_public", "_sign")

    def __init__(self, private: Private) -> None:
        self._public = spki.of_key(private.public_key())
        self._private = private
        self._sign = _signer(private, self._public.algorithm)

    def __repr__(self) -> str:
        return f"<a private key, {self.algorithm}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not handed on: hand on its URI")

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm that it signs with."""
        return self._public.algorithm

    @property
    def public_key(self) -> bytes:
        """Return its SubjectPublicKeyInfo, DER."""
        return self._public.spki

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, in COSE's fixed-length form."""
        return self._sign(message)

    def to_pem(self, password: str, *, entropy: Callable[[int], bytes], note: str = "") -> bytes:
        """Write it as an encrypted PKCS#8 PEM (RFC 7468 §11), with a note before it.

        Args:
            password: not empty.
            entropy: random bytes, as many as asked for.
            note: explanatory text for whoever opens the file (RFC 7468 §5.2).
        """
        der = self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        boxed = pbes2.seal(der, sealed.secret_of(password), salt=entropy(16), iv=entropy(16))
        return note.encode() + pbes2.armour(boxed)


def generate(algorithm: Algorithm = Algorithm.ES256) -> SoftwareKey:
    """Make a new key; what it is drawn from is the generator of `cryptography` (OpenSSL)."""
    if algorithm is Algorithm.PS256:
        return SoftwareKey(rsa.generate_private_key(public_exponent=65537, key_size=RSA_SIZE))
    return SoftwareKey(ec.generate_private_key(_CURVES[algorithm]))


def from_pem(data: bytes, password: str) -> SoftwareKey:
    """Read an encrypted PEM key.

    Raises:
        UsageError: `key-password`.
        DocumentRefused: `key-unreadable`, `key-unprotected`, `key-algorithm`, `key-size`.
    """
    private = sealed.opened(data, password)
    if isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return SoftwareKey(private)
    raise DocumentRefused("key-algorithm", "the key is of a kind that signs nothing here")


def to_raw(der: bytes, size: int) -> bytes:
    """Turn OpenSSL's DER signature into r and s of `size` bytes each (RFC 9053 §2.1).

    Written by hand, for DER that OpenSSL itself has made: every certificate pays for it.
    """
    at = 4 if der[1] < 0x80 else 5
    end = at + der[at - 1]
    return der[at:end][-size:].rjust(size, b"\0") + der[end + 2 :][-size:].rjust(size, b"\0")


def _signer(private: Private, algorithm: Algorithm) -> Sign:
    if isinstance(private, rsa.RSAPrivateKey):
        pss, digest = padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
        return lambda message: private.sign(message, pss, digest)
    named, hashed = _DIGESTS[algorithm]
    ecdsa = ec.ECDSA(Prehashed(named), deterministic_signing=True)
    size, sign = (private.key_size + 7) // 8, private.sign
    return lambda message: to_raw(sign(hashed(message).digest(), ecdsa), size)
