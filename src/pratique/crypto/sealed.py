"""Open an encrypted PEM key, of whatever kind; what kind is for whoever asked.

    PEM, password -> the private key of `cryptography`'s

1. Only an encrypted key is opened: one that lies open may have been read by anybody.
2. No message and no cause of an error holds a password or a key.
"""

from __future__ import annotations

import binascii

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pratique.crypto import der
from pratique.errors import DocumentRefused, UsageError

_LABEL = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_WRONG = object()


def opened(data: bytes, password: str) -> object:
    """Open an encrypted PEM key.

    Raises:
        UsageError: `key-password`.
        DocumentRefused: `key-unreadable`, `key-unprotected`.
    """
    if _LABEL not in data:
        if b"PRIVATE KEY-----" in data:
            raise DocumentRefused(
                "key-unprotected",
                "the private key is not encrypted",
                "encrypt it: openssl pkcs8 -topk8 -scrypt -in KEY -out NEW; then destroy the old file",
            )
        raise DocumentRefused("key-unreadable", "there is no encrypted private key in it")
    secret = secret_of(password)
    try:
        private: object = load_pem_private_key(data, secret)
    except UnsupportedAlgorithm:
        private = None
    except Exception:  # noqa: BLE001 - OpenSSL's own classes differ by kind of damage
        private = _WRONG if _is_whole(data) else None
    # Raised here and not above: a cause could tell what was tried.
    if private is _WRONG:
        raise UsageError(
            "key-password",
            "the password does not open the key",
            "try again; if it is the right one, the file is damaged: restore a copy of it",
        )
    if private is None:
        raise DocumentRefused(
            "key-unreadable", "the private key cannot be read", "restore a copy of it"
        )
    return private


def secret_of(password: str) -> bytes:
    """Return a password's bytes; UsageError `key-password` if there are none."""
    if not password:
        raise UsageError("key-password", "the password is empty", "choose one, and keep it apart")
    return password.encode()


def _is_whole(data: bytes) -> bool:
    """Say whether it is well-formed up to what is encrypted.

    A wrong password passes for damage otherwise: one in 256 leaves a padding that is right.
    """
    armoured = data.partition(_LABEL)[2].partition(b"-----END")[0]
    try:
        parts = der.children(der.read_one(binascii.a2b_base64(armoured), der.SEQUENCE).body)
    except ValueError:
        return False
    return len(parts) == 2
