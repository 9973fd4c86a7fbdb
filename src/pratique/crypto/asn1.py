"""Turn BER into DER where only the form of lengths differs: indefinite lengths, strings in pieces.

    BER -> to_der -> DER

1. What is DER already comes out as it went in, octet by octet.
2. Whatever is neither raises ValueError, and nothing else; depth, size and the number of values are limited.
3. Nothing else of BER is let through: a padded length, for one, is met nowhere and refused.

Seen: BouncyCastle writes CMS with indefinite lengths and its content in pieces (X.690 §8.1.3.6, §8.7.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# ----------------------------------------------------------------------------------------------------
# Walk DER, strictly and without recursion: just enough for an X.509 certificate.
#
#     bytes -> read_one -> Tlv -> children(body) -> Tlv, Tlv, ...
#
# 1. Whatever is not DER raises ValueError, and nothing else.
# 2. Every byte is accounted for: no trailing bytes, no indefinite lengths, no padded lengths.
# 3. Nothing is guessed: what a caller tolerates (explicit defaults) it tolerates by name.


BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31
MAX_LENGTH_OCTETS = 4
MAX_OID = 128
"""Octets of an object identifier; UUIDs in decimal (X.667) have 20. One arc of 700,000 would take minutes."""


class Tlv(NamedTuple):
    """One value: its identifier octet, its contents, and all its octets as they stand."""

    tag: int
    body: bytes
    raw: bytes

    def expect(self, tag: int) -> Tlv:
        """Return the value itself if it has the tag."""
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#x} where {tag:#x} belongs")
        return self


def read_one(data: bytes, tag: int) -> Tlv:
    """Read the one value that fills `data` and has this tag."""
    value, end = read_at(data, 0)
    if end != len(data):
        raise ValueError("trailing bytes")
    return value.expect(tag)


def children(body: bytes) -> list[Tlv]:
    """Read the values that fill the contents of a constructed value."""
    values, at = [], 0
    while at < len(body):
        value, at = read_at(body, at)
        values.append(value)
    return values


def oid(value: Tlv) -> str:
    """Read an object identifier in dotted form (X.690 §8.19)."""
    octets = value.expect(OID).body
    if not octets or octets[-1] & 0x80:
        raise ValueError("an object identifier is cut off")
    if len(octets) > MAX_OID:
        raise ValueError("an object identifier is too long")
    arcs: list[int] = []
    arc, fresh = 0, True
    for octet in octets:
        if fresh and octet == 0x80:
            raise ValueError("an object identifier is padded")
        arc, fresh = arc << 7 | octet & 0x7F, not octet & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def boolean(value: Tlv) -> bool:
    """Read a boolean, which DER writes as 00 or FF (X.690 §11.1)."""
    if value.expect(BOOLEAN).body not in {b"\x00", b"\xff"}:
        raise ValueError("a boolean is neither 00 nor FF")
    return value.body == b"\xff"


def integer(value: Tlv) -> int:
    """Read an integer, in its shortest form (X.690 §8.3.2)."""
    octets = value.expect(INTEGER).body
    if not octets or (len(octets) > 1 and octets[0] in (0, 0xFF) and _same_sign(octets)):
        raise ValueError("an integer is empty or padded")
    return int.from_bytes(octets, "big", signed=True)


def _same_sign(octets: bytes) -> bool:
    return (octets[0] == 0) == (octets[1] < 0x80)


def bits(value: Tlv) -> bytes:
    """Read a bit string; unused bits come out as zeros."""
    octets = value.expect(BIT_STRING).body
    if not octets or octets[0] > 7 or (octets[0] and len(octets) == 1):
        raise ValueError("a bit string is malformed")
    if octets[0] and octets[-1] & ((1 << octets[0]) - 1):
        raise ValueError("unused bits of a bit string are set")
    return octets[1:]


def read_at(data: bytes, at: int) -> tuple[Tlv, int]:
    """Read the value that begins at `at`; return it and where it ends."""
    if at + 2 > len(data):
        raise ValueError("cut off")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("a tag of several octets")
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= MAX_LENGTH_OCTETS:
            raise ValueError("an indefinite or enormous length")
        octets = data[start : start + count]
        length, start = int.from_bytes(octets, "big"), start + count
        if len(octets) != count or octets[0] == 0 or length < 0x80:
            raise ValueError("a padded length")
    end = start + length
    if end > len(data):
        raise ValueError("cut off")
    return Tlv(tag, data[start:end], data[at:end]), end


def write(tag: int, body: bytes) -> bytes:
    """Write one value (X.690 §10.1: the length in its shortest form)."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + body


def write_integer(value: int) -> bytes:
    """Write an integer that is not negative, in its shortest form (X.690 §8.3)."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


MAX_SIZE = 1024 * 1024
MAX_DEPTH = 32
MAX_VALUES = 20_000
"""Values of a document in BER: a message has some 200, a master list of 8 MiB in pieces 8,000."""
_INDEFINITE, _END = 0x80, b"\0\0"
_CONSTRUCTED = 0x20


def to_der(data: bytes, *, most: int = MAX_SIZE) -> bytes:
    """Return the one value that fills `data`, of so many octets at most, with definite lengths."""
    if len(data) > most:
        raise ValueError("too large")
    found, end = _one(data, 0, MAX_DEPTH, iter(range(MAX_VALUES)))
    if end != len(data):
        raise ValueError("trailing bytes")
    return found


def _one(data: bytes, at: int, depth: int, left: Iterator[int]) -> tuple[bytes, int]:
    if not depth or next(left, None) is None:
        raise ValueError("too deep, or too many values")
    if at + 2 > len(data):
        raise ValueError("cut off")
    tag = data[at]
    if data[at + 1] == _INDEFINITE:
        if not tag & _CONSTRUCTED or tag & 0x1F == 0x1F:
            raise ValueError("an indefinite length where none can be")
        parts, at = [], at + 2
        while data[at : at + 2] != _END:
            part, at = _one(data, at, depth - 1, left)
            parts.append(part)
        return _joined(tag, parts), at + 2
    value, end = read_at(data, at)
    if not tag & _CONSTRUCTED:
        return value.raw, end
    parts, inside = [], 0
    while inside < len(value.body):
        part, inside = _one(value.body, inside, depth - 1, left)
        parts.append(part)
    return _joined(tag, parts), end


def _joined(tag: int, parts: list[bytes]) -> bytes:
    if tag != OCTET_STRING | _CONSTRUCTED:
        return write(tag, b"".join(parts))
    pieces = (read_one(part, OCTET_STRING).body for part in parts)
    return write(OCTET_STRING, b"".join(pieces))
