"""Ed25519 (RFC 8032): what logs and witnesses sign with. Health certificates are never signed with it.

    seed | from_pem -> Ed25519Key.sign(message) -> 64 bytes          checker(public key) -> Checker

1. Nothing is drawn here: whoever makes a key brings the 32 random bytes.
2. A private key never leaves as anything but an encrypted PEM, and is never pickled.
3. It is not among `terms.Algorithm`: a signer's record cannot name it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pratique.crypto import pbes2, sealed
from pratique.crypto.primitives import Checker
from pratique.errors import DocumentRefused

KEY_SIZE, SIGNATURE_SIZE = 32, 64
_WEAK = frozenset(
    map(
        bytes.fromhex,
        (
            "00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ),
    )
)  # fmt: skip
"""Points of an order of at most eight, in every spelling but for the sign."""


class Ed25519Key:
    """A private key in the memory of this process."""

    __slots__ = ("_private", "_public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._public = private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return "<a private key, Ed25519>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not handed on: hand on its URI")

    @property
    def public_key(self) -> bytes:
        """Return its public key, 32 bytes (RFC 8032 §5.1.5)."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        return self._private.sign(message)

    def to_pem(self, password: str, *, entropy: Callable[[int], bytes], note: str = "") -> bytes:
        """Write it as an encrypted PKCS#8 PEM (RFC 8410 §7), with a note before it."""
        der = self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        secret = sealed.secret_of(password)
        return note.encode() + pbes2.armour(
            pbes2.seal(der, secret, salt=entropy(16), iv=entropy(16))
        )


def from_seed(seed: bytes) -> Ed25519Key:
    """Make the key of 32 random bytes, which nobody else may ever have."""
    return Ed25519Key(Ed25519PrivateKey.from_private_bytes(seed))


def from_pem(data: bytes, password: str) -> Ed25519Key:
    """Read an encrypted PEM key.

    Raises:
        UsageError: `key-password`.
        DocumentRefused: `key-unreadable`, `key-unprotected`, `key-algorithm`.
    """
    private = sealed.opened(data, password)
    if not isinstance(private, Ed25519PrivateKey):
        raise DocumentRefused("key-algorithm", "the key is not of Ed25519")
    return Ed25519Key(private)


def is_weak(public_key: bytes) -> bool:
    """Tell whether anybody can sign for a key: a point of small order, which nobody's secret makes."""
    return public_key[:-1] + bytes((public_key[-1] & 0x7F,)) in _WEAK


def checker(public_key: bytes) -> Checker:
    """Make the checker of a public key; DocumentRefused `key-unreadable` unless of 32 bytes."""
    if len(public_key) != KEY_SIZE:
        raise DocumentRefused("key-unreadable", "a public key of Ed25519 has 32 bytes")
    key = Ed25519PublicKey.from_public_bytes(public_key)

    def check(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return check
