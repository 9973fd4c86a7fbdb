"""Base32 without padding (RFC 4648 §6), as NZ COVID Passes and 2D-DOC have it.

1. A number in base 32 is read by native code; its digits are the alphabet's, in other letters.
2. What is left of the last character is zero (§3.5), so that one byte string has exactly one text.
"""

from __future__ import annotations

import re

_is_base32 = re.compile(r"[A-Z2-7]+", re.ASCII).fullmatch
_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_LEFT = {0, 2, 4, 5, 7}
"""Characters beyond whole groups of eight that mean whole octets."""


def decode(text: str) -> bytes | None:
    """Decode capital letters and digits, without padding; None if it is none, or its end is missing."""
    if len(text) % 8 not in _LEFT or _is_base32(text) is None:
        return None
    size = 5 * len(text) // 8
    spare = 5 * len(text) - 8 * size
    number = int(text.translate(_DIGITS), 32)
    return (number >> spare).to_bytes(size, "big") if not number & ((1 << spare) - 1) else None
