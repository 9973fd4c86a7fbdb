"""Text from outside, made safe for a terminal."""

from __future__ import annotations

import unicodedata

_MASKED = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def printable(text: str, longest: int = 200) -> str:
    """Return the text without anything that moves the cursor, turns the direction or hides.

    Such a character becomes its number: a name must not be able to repaint the verdict above it.
    """
    shown = "".join(
        f"\\u{{{ord(c):x}}}" if unicodedata.category(c) in _MASKED else c for c in text[:longest]
    )
    return shown + ("…" if len(text) > longest else "")
