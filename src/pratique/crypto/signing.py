"""Private keys: what signs. A software key here; a token's in `edges.keys`.

    SigningKey.sign(message) -> signature in COSE's form (r and s of fixed length, RFC 9053 §2.1)

1. A private key never leaves as anything but an encrypted PEM.
2. Nothing here says what may be signed: see `journeys.issue`.
"""

from __future__ import annotations

from typing import Protocol

from pratique.terms import Algorithm


class SigningKey(Protocol):
    """What an issuer signs with: a file's key, a token's, a test's."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm that it signs with."""

    @property
    def public_key(self) -> bytes:
        """Return its SubjectPublicKeyInfo, DER."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, in COSE's fixed-length form."""
