"""A signed message before any signature is checked: bytes, and hints where to look.

1. An `Envelope` is not a certificate: its payload is unread and may be anybody's invention.
2. `kid` and `algorithm` are hints from a stranger; the signer's record decides.
"""

from __future__ import annotations

from typing import NamedTuple


class Envelope(NamedTuple):
    """A signed message, unread.

    Attributes:
        algorithm: COSE identifier that the message names, or None; compared, never obeyed.
        kid: hint for the look-up of signers, or None.
        kid_protected: whether the signature covers the kid.
        payload: the signed content, still encoded.
        message: the bytes that were signed.
        signature: in COSE's fixed-length form (RFC 9053 §2.1).
    """

    algorithm: int | None
    kid: bytes | None
    kid_protected: bool
    payload: bytes
    message: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "<Envelope: not shown>"
