"""Base45 (RFC 9285): decode strictly, encode canonically.

    "NCFOXN" -> one large integer of 3-byte lanes -> each lane c0 + 45*c1 + 45*45*c2 -> bytes

1. Only the 45 characters; no line end, no lower case, no look-alike (RFC 9285 §4.2, §6).
2. Three characters above 65535, a pair above 255 and a single last character are refused (§4.3),
   so that one byte string has exactly one text.
3. All loops run inside the interpreter's big integers: this step once cost as much as a signature.
"""

from __future__ import annotations

ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
"""Table 1 of RFC 9285; a character's value is its place."""

MAX_CHARACTERS = 16384

_NONE = 0xFF
_VALUE = bytes(ALPHABET.find(c) if c in ALPHABET else _NONE for c in range(256))
_LANES = MAX_CHARACTERS // 3 + 1
_LOW = int.from_bytes(b"\0\0\xff" * _LANES, "big")
_OVER = int.from_bytes(b"\xff\0\0" * _LANES, "big")


def decode(text: str) -> bytearray | None:
    """Return the bytes, or None if `text` is not the canonical Base45 of any bytes."""
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        return None
    tail = len(raw) % 3
    if len(raw) > MAX_CHARACTERS or tail == 1:
        return None
    if tail:
        raw += b"0"
    values = raw.translate(_VALUE)
    if _NONE in values:
        return None
    lanes = int.from_bytes(values, "big")
    # In every lane at once. It holds 24 bits and the largest sum is 91124, so none reaches into its
    # neighbour.
    lanes = (lanes >> 16 & _LOW) + (lanes >> 8 & _LOW) * 45 + (lanes & _LOW) * 2025
    if lanes & _OVER:
        return None
    out = bytearray(lanes.to_bytes(len(values), "big"))
    del out[::3]
    if tail:
        # The pair's two characters make one byte, in the lane's low half.
        if out[-2]:
            return None
        del out[-2]
    return out


# 45s and 2025s in the lanes of `encode`: n // 45 has 11 bits, n // 2025 has 6.
_TENS = int.from_bytes(b"\0\0\x07\xff" * _LANES, "big")
_HUNDREDS = int.from_bytes(b"\0\0\0\x3f" * _LANES, "big")


def encode(data: bytes) -> str:
    """Return the Base45 text of `data` (RFC 9285 §4)."""
    if len(data) > 2 * _LANES:
        parts = (data[i : i + 2 * _LANES] for i in range(0, len(data), 2 * _LANES))
        return "".join(map(encode, parts))
    pairs = len(data) // 2
    spread = bytearray(4 * pairs)
    spread[2::4], spread[3::4] = data[0 : 2 * pairs : 2], data[1::2]
    number = int.from_bytes(spread, "big")
    # In every 32-bit lane at once: n // 45 and n // 2025 by multiplication, exact for 16-bit n
    # (46604 = 2**21 / 45 and 2913 = 2**17 / 45, rounded up). No product leaves its lane; what the
    # shifts bring in from the lane above is masked off.
    tens = (number * 46604 >> 21) & _TENS
    hundreds = (tens * 2913 >> 17) & _HUNDREDS
    digits = (number - tens * 45 << 16) | (tens - hundreds * 45 << 8) | hundreds
    out = bytearray(digits.to_bytes(4 * pairs, "big"))
    del out[::4]
    if len(data) % 2:
        tens, ones = divmod(data[-1], 45)
        out += bytes((ones, tens))
    return out.translate(_CHARACTER).decode("ascii")


_CHARACTER = ALPHABET + bytes(256 - len(ALPHABET))
