"""Draw CBOR by its grammar: values a certificate might hold, and bytes that no encoder would write.

Random -> value(depth) | changed(value) -> dumps -> bytes     octets(depth) -> bytes
"""

from __future__ import annotations

import math
from random import Random
from typing import Any

import cbor2

HEADS = (
    "a0", "80", "f6", "f5", "1bffffffffffffffff", "3bffffffffffffffff", "fb7ff8000000000000",
    "f97c00", "c4820a01", "c249010000000000000000", "d81c80", "d81d00", "d82340", "9f", "bf", "ff",
    "5f", "7f", "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "7a00ffffff",
    "d9d9f7", "d83d", "d2", "1bf09f9492e280a6ff", "f818", "fc", "1c", "a2f97e0001f97e0002",
    "a1f6f6", "a18001", "a1a00001", "61ff", "62c328",
    "81" * 20, "a101" * 20, "c1" * 40, "d83d" * 9,
)  # fmt: skip
"""Beginnings and wholes of items that readers have stumbled over, in hexadecimal."""

KEYS: tuple[object, ...] = (
    1, 3, 4, 5, 6, 7, -6, -7, -260, "1", "4", "6", "-260", "01", "ver", "nam", "dob", "fn", "gn",
    "fnt", "gnt", "v", "t", "r", "e", "ve", "vx", "tg", "vp", "mp", "ma", "dn", "sd", "dt", "co",
    "is", "ci", "tt", "sc", "tr", "tc", "nm", "fr", "df", "du", "dv", "n", "hcid", "name", "test",
    "vaccine", "date", "country", "code", 1.0, True, None, "", b"k", 2**63, -(2**64), math.nan,
)  # fmt: skip
TEXTS = (
    "", "XU", "xu", "XXU", "AT", "Ministry", "1.3.0", "1.0.0", "9.9.9", "1.3", "2026-02-20", "2026-02-30",
    "2026", "2026-02", "2026-00", "0000", "9999-12-31", "9999-12", "2026-02-28T09:30:00Z", "2026-02-28T09:30",
    "2026-02-28T09:30:00.123456789+14:00", "2026-02-28T24:00:00Z", "2026-02-28T09:30:60-99:99",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "\u0662\u0660\u0662\u0666", "840539006",
    "medicalExemption", "A<B", "\x1f", "\x1f\x1f\x1f", "\u202e", "\0", "a" * 81, "A" * 500, "\U0001f489",
    "-260", "1", "%s", "{0}", "2026-02-20\n", "\uff12\uff10\uff12\uff16-02-20",
)  # fmt: skip
NUMBERS = (
    0, 1, 2, -1, 9, 10, 1_772_352_000, 1_803_888_000, 1_772_352_000_000, 99_999_999_999,
    100_000_000_000, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), -(2**64), 2**64, 10**30,
    0.0, -0.0, 1.0, 1.5, 2.0, 1e308, -1e308, math.nan, math.inf, -math.inf, 1_780_315_200.5,
)  # fmt: skip


def plain(draw: Random) -> object:
    """Draw a value without parts."""
    match draw.randrange(8):
        case 0 | 1 | 2:
            return draw.choice(TEXTS)
        case 3 | 4:
            return draw.choice(NUMBERS)
        case 5:
            return draw.choice((None, True, False, cbor2.undefined, b"", b"\xff" * 9))
        case 6:
            return cbor2.CBORSimpleValue(draw.choice((0, 19, 32, 255)))
        case _:
            tag = draw.choice((0, 1, 2, 4, 18, 24, 28, 35, 36, 61, 98, 258, 55799))
            return cbor2.CBORTag(tag, draw.choice(("x", 1, [1, 2], b"\1", {})))


def value(draw: Random, depth: int) -> Any:
    """Draw a value of at most so many levels."""
    if depth == 0 or draw.random() < 0.4:
        return plain(draw)
    size = draw.choice((0, 1, 1, 2, 3, 5))
    if draw.random() < 0.3:
        return [value(draw, depth - 1) for _ in range(size)]
    return {draw.choice(KEYS): value(draw, depth - 1) for _ in range(size)}


def changed(found: Any, draw: Random) -> Any:
    """Change one place somewhere in a structure: replace, remove, add, wrap, repeat."""
    if isinstance(found, dict) and found and draw.random() < 0.85:
        key = draw.choice(list(found))
        match draw.randrange(14):
            case 0:
                return {k: v for k, v in found.items() if k != key}
            case 1:
                return {**found, draw.choice(KEYS): value(draw, 2)}
            case 2:
                return {(draw.choice(KEYS) if k == key else k): v for k, v in found.items()}
            case _:
                return {**found, key: changed(found[key], draw)}
    if isinstance(found, list) and found and draw.random() < 0.85:
        at = draw.randrange(len(found))
        if draw.random() < 0.2:
            return found + [found[at]] * draw.choice((1, 3, 40))
        return [*found[:at], changed(found[at], draw), *found[at + 1 :]]
    return _replaced(found, draw)


def _replaced(found: Any, draw: Random) -> Any:
    match draw.randrange(6):
        case 0:
            return value(draw, 2)
        case 1:
            for _ in range(draw.choice((1, 1, 12, 17, 300))):
                found = [found]
            return found
        case 2:
            return {draw.choice(KEYS): found}
        case 3 if isinstance(found, str):
            at = draw.randrange(len(found) + 1)
            return found[:at] + draw.choice(TEXTS) + found[at + 1 :]
        case 4 if isinstance(found, int):
            return found + draw.choice((-1, 1, 1000, -(10**6), 0.5))
        case _:
            return plain(draw)


def dumps(found: object) -> bytes:
    """Write a drawn value; what the encoder itself refuses becomes null."""
    try:
        return cbor2.dumps(found)
    except Exception:  # noqa: BLE001 - the encoder's limits are not what is tested
        return b"\xf6"


def octets(draw: Random, depth: int) -> bytes:
    """Draw bytes by RFC 8949's grammar, with lies about lengths among them."""
    if depth > 20 or draw.random() < 0.25:
        return bytes.fromhex(draw.choice(HEADS))
    major = draw.choice((0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 7))
    size = draw.choice((0, 1, 2, 3, 5))
    told = size if draw.random() < 0.95 else draw.choice((0, 7, 23, 200, 2**32))
    head = _head(
        major, told if major in (2, 3, 4, 5) else draw.choice((0, 1, 18, 23, 61, 260)), draw
    )
    if major in (2, 3):
        return head + draw.choice((b"a", b"\xff", b"\0"))[:1] * size
    if major in (4, 5):
        parts = size * (2 if major == 5 else 1)
        return head + b"".join(octets(draw, depth + 2) for _ in range(parts))
    return head + (octets(draw, depth + 1) if major == 6 else b"")


def _head(major: int, argument: int, draw: Random) -> bytes:
    if draw.random() < 0.05:
        return bytes([major << 5 | 31])
    if argument < 24 and draw.random() < 0.9:
        return bytes([major << 5 | argument])
    width = draw.choice([w for w in (1, 2, 4, 8) if argument < 1 << 8 * w])
    return bytes([major << 5 | 23 + width.bit_length()]) + argument.to_bytes(width, "big")
