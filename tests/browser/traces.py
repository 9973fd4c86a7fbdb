"""What a browser has kept of somebody: its profile on disk, looked through as deep as its own files go.

    profile -> files -> as they lie; tables and logs of LevelDB unpacked (Snappy); IndexedDB's values unpacked
            -> `tests.harms.canary` -> where somebody was found, and how

1. Local storage, session storage and IndexedDB lie in LevelDB, whose blocks are packed; history and icons in
   SQLite, the HTTP cache and cache storage in files of their own: those hold what is kept as it is.
2. What cannot be unpacked is scanned as it lies. Each way of keeping has a control that finds what was kept.
3. Beside what `canary` finds: birth dates with the month in words, as screens write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.harms import canary

_WORDS = re.compile(
    rb"29[\s.\0]*\s*\0?f\0?e\0?b[a-z\0.]*[\s\0]*1\0?9\0?(?:0\0?8|1\0?2|1\0?6)", re.IGNORECASE
)
_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
_BLOCK = 32_768
_PACKED_VALUE = b"\xff\x11\x02"
"""How a value of IndexedDB begins that Blink has packed by Snappy."""


def found_in(profile: Path, people: Iterable[canary.Invented]) -> dict[str, set[str]]:
    """Scan every file of a profile; return where somebody was found, and how."""
    scanner = canary.Scanner(people)
    found: dict[str, set[str]] = {}
    for path in sorted(profile.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        name = str(path.relative_to(profile))
        ways = {f"file name > {way}" for way in scanner.scan(name.encode())}
        for layer, data in layers_of(path.name, path.read_bytes()):
            ways |= {f"{layer}{way}" for way in scan(scanner, data)}
        if ways:
            found[name] = ways
    return found


def scan(scanner: canary.Scanner, data: bytes) -> set[str]:
    """Return the ways in which somebody was found in bytes."""
    found = scanner.scan(data)
    if _WORDS.search(data):
        found.add("birth date in words")
    return found


def layers_of(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file as it lies, and what is packed in it by the browser's own ways."""
    yield "", data
    inner = b""
    if name.endswith(".ldb") and data.endswith(_TABLE_MAGIC):
        inner = b"\xff".join(_blocks(data))
        yield "LevelDB > ", inner
    elif name.endswith(".log"):
        inner = _records(data)
        yield "LevelDB > ", inner
    values = b"\xff".join(_values(data + inner))
    if values:
        yield "value > ", values


# LevelDB (doc/table_format.md, doc/log_format.md).


def _blocks(table: bytes) -> Iterator[bytes]:
    """Unpack every block of a table: of its data, found by its index, and the index itself."""
    footer = table[-48:]
    _, at = _handle(footer, 0)
    (offset, size), _ = _handle(footer, at)
    index = _block(table, offset, size)
    yield index
    for value in _entries(index):
        (offset, size), _ = _handle(value, 0)
        block = _block(table, offset, size)
        yield block
        # Keys lie without what they share with the one before: the values are whole.
        yield b"\xff".join(_entries(block))


def _block(table: bytes, offset: int, size: int) -> bytes:
    data, packed = table[offset : offset + size], table[offset + size]
    return unsnappy(data) if packed == 1 else data


def _entries(block: bytes) -> Iterator[bytes]:
    restarts = int.from_bytes(block[-4:], "little")
    at, end = 0, len(block) - 4 - 4 * restarts
    while at < end:
        _, at = _varint(block, at)
        unshared, at = _varint(block, at)
        size, at = _varint(block, at)
        at += unshared
        yield block[at : at + size]
        at += size


def _records(log: bytes) -> bytes:
    """Join the records of a log: a long one is cut at each 32 kB, with a head of seven bytes between."""
    out = bytearray()
    for start in range(0, len(log), _BLOCK):
        block, at = log[start : start + _BLOCK], 0
        while at + 7 <= len(block):
            size, kind = int.from_bytes(block[at + 4 : at + 6], "little"), block[at + 6]
            if kind not in {1, 2, 3, 4}:
                break
            out += block[at + 7 : at + 7 + size]
            if kind in {1, 4}:
                out += b"\xff"
            at += 7 + size
    return bytes(out)


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _values(data: bytes) -> Iterator[bytes]:
    start = data.find(_PACKED_VALUE)
    while start >= 0:
        yield unsnappy(data[start + len(_PACKED_VALUE) :])
        start = data.find(_PACKED_VALUE, start + 1)


def unsnappy(data: bytes) -> bytes:
    """Unpack Snappy (google/snappy, format_description.txt) as far as it goes."""
    out = bytearray()
    try:
        length, at = _varint(data, 0)
        while len(out) < length:
            tag = data[at]
            at += 1
            kind, size = tag & 3, (tag >> 2) + 1
            if kind == 0:
                if size > 60:
                    more = size - 60
                    size = int.from_bytes(data[at : at + more], "little") + 1
                    at += more
                if at + size > len(data):
                    break
                out += data[at : at + size]
                at += size
                continue
            if kind == 1:
                size, back = ((tag >> 2) & 7) + 4, (tag >> 5 << 8) | data[at]
                at += 1
            else:
                width = 2 if kind == 2 else 4
                back = int.from_bytes(data[at : at + width], "little")
                at += width
            if not 0 < back <= len(out):
                break
            for _ in range(size):
                out.append(out[-back])
    except IndexError:
        pass
    return bytes(out)
