"""Which characters a font file can write (OpenType specification, table `cmap`).

    bytes -> (collection -> first font) -> table directory -> cmap -> formats 4 and 12 -> characters

1. A file that cannot be read so far can write nothing: it is left aside, and raises nothing.
2. A glyph may be there and be empty; that is not looked for.
"""

from __future__ import annotations

import struct
from struct import unpack_from

Characters = frozenset[int]


def characters(data: bytes) -> Characters:
    """Return the code points that the (first) font of a file has glyphs for."""
    try:
        return frozenset(_characters(data))
    except (struct.error, ValueError):
        return frozenset()


def _characters(data: bytes) -> set[int]:
    start = unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    found: set[int] = set()
    for number in range(unpack_from(">H", data, start + 4)[0]):
        tag, _, where = unpack_from(">4sII", data, start + 12 + 16 * number)
        if tag == b"cmap":
            for record in range(unpack_from(">H", data, where + 2)[0]):
                platform, encoding, offset = unpack_from(">HHI", data, where + 4 + 8 * record)
                # Unicode, and Windows' Unicode; a symbol font's own numbers are no characters.
                if platform == 0 or (platform == 3 and encoding in {1, 10}):
                    found |= _subtable(data, where + offset)
    return found


def _subtable(data: bytes, at: int) -> set[int]:
    form = unpack_from(">H", data, at)[0]
    if form == 12:
        (count,) = unpack_from(">I", data, at + 12)
        numbers = unpack_from(f">{3 * count}I", data, at + 16)
        ranges = zip(numbers[::3], numbers[1::3], strict=True)
        return {c for first, last in ranges if last <= 0x10FFFF for c in range(first, last + 1)}
    return _segments(data, at) if form == 4 else set()


def _segments(data: bytes, at: int) -> set[int]:
    """Read format 4; a segment may hold characters that it maps to no glyph."""
    segments = unpack_from(">H", data, at + 6)[0] // 2
    columns = at + 14
    end, start, delta, offset = (
        unpack_from(f">{segments}H", data, columns + 2 * segments * n + (2 if n else 0))
        for n in range(4)
    )
    glyphs = columns + 2 + 6 * segments
    found = set()
    for i in range(segments):
        for char in range(start[i], end[i] + 1):
            glyph = char
            if offset[i]:
                (glyph,) = unpack_from(
                    ">H", data, glyphs + 2 * i + offset[i] + 2 * (char - start[i])
                )
            if (glyph + delta[i]) & 0xFFFF and not (offset[i] and not glyph):
                found.add(char)
    return found - {0xFFFF}
