"""Turn BER into DER where only the form of lengths differs: indefinite lengths, strings in pieces.

    BER -> to_der -> DER

1. What is DER already comes out as it went in, octet by octet.
2. Whatever is neither raises ValueError, and nothing else; depth and size are limited.
3. Nothing else of BER is let through: a padded length, for one, is met nowhere and refused.

Seen: BouncyCastle writes CMS with indefinite lengths and its content in pieces (X.690 §8.1.3.6, §8.7.3).
"""

from __future__ import annotations

from pratique.crypto import der

MAX_SIZE = 1024 * 1024
MAX_DEPTH = 32
_INDEFINITE, _END = 0x80, b"\0\0"
_CONSTRUCTED = 0x20


def to_der(data: bytes) -> bytes:
    """Return the one value that fills `data`, with definite lengths."""
    if len(data) > MAX_SIZE:
        raise ValueError("too large")
    found, end = _one(data, 0, MAX_DEPTH)
    if end != len(data):
        raise ValueError("trailing bytes")
    return found


def _one(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
    if not depth:
        raise ValueError("too deep")
    if at + 2 > len(data):
        raise ValueError("cut off")
    tag = data[at]
    if data[at + 1] == _INDEFINITE:
        if not tag & _CONSTRUCTED or tag & 0x1F == 0x1F:
            raise ValueError("an indefinite length where none can be")
        parts, at = [], at + 2
        while data[at : at + 2] != _END:
            part, at = _one(data, at, depth - 1)
            parts.append(part)
        return _joined(tag, parts), at + 2
    value, end = der.read_at(data, at)
    if not tag & _CONSTRUCTED:
        return value.raw, end
    parts, inside = [], 0
    while inside < len(value.body):
        part, inside = _one(value.body, inside, depth - 1)
        parts.append(part)
    return _joined(tag, parts), end


def _joined(tag: int, parts: list[bytes]) -> bytes:
    if tag != der.OCTET_STRING | _CONSTRUCTED:
        return der.write(tag, b"".join(parts))
    pieces = (der.read_one(part, der.OCTET_STRING).body for part in parts)
    return der.write(der.OCTET_STRING, b"".join(pieces))
