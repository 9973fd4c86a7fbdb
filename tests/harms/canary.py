"""People who were invented to be found, and a scanner that finds them in raw bytes.

    bytes -> marks, dates, digests -> what is packed or encoded in them -> the same again, three deep

1. Every name, and every number of a document, holds `MARK`; every birth date is one of `BIRTHS`.
2. Found is: the mark in letters of any case, backwards, in UTF-16 and UTF-32, in hexadecimal, Base64 and
   Base45 at any alignment; what is deflated, and a whole certificate's text; and SHA-256 and MD5 of names
   and dates, which are personal data too: whoever has the name has the hash. Eight bytes of one suffice.
3. A scan that finds nothing shows something only beside a leak that it does find.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Container, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MARK = "QZXKVJQ"
BIRTHS = ("1908-02-29", "1912-02-29", "1916-02-29")
DEEP = 3

BASE45 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {character: value for value, character in enumerate(BASE45)}
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_ZIPPED = b"PK\x03\x04"
_HEX = re.compile(rb"[0-9a-fA-F]{14,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
_BORN = re.compile(
    rb"(?:1908|1912|1916)[-/.]?02[-/.]?29|29[-/.]?02[-/.]?(?:1908|1912|1916)"
    rb"|1\x009\x00(?:0\x008|1\x002|1\x006)\x00-\x000\x002\x00-\x002\x009"
)
_MOST = 1 << 20
"""Bytes that a packed piece is unpacked to at most."""


class Invented(NamedTuple):
    """Somebody who does not exist."""

    surname: str
    forename: str
    birth_date: str
    document: str


def people(count: int) -> list[Invented]:
    """Invent people, each with names of their own."""
    return [
        Invented(
            f"{MARK}{_letters(number)}A",
            f"{MARK}{_letters(number)}B",
            BIRTHS[number % len(BIRTHS)],
            f"{MARK}{number:04d}",
        )
        for number in range(count)
    ]


def _letters(number: int) -> str:
    return "".join(chr(65 + number // 26**place % 26) for place in (3, 2, 1, 0))


class Scanner:
    """Looks for invented people."""

    def __init__(self, wanted: Iterable[Invented]) -> None:
        self._digests = np.unique(np.fromiter(_digests(wanted), "<u8"))
        self._sieve = np.zeros(1 << 24, bool)
        self._sieve[self._digests & 0xFFFFFF] = True

    def scan(self, data: bytes, deep: int = DEEP) -> set[str]:
        """Return the ways in which somebody was found."""
        low = data.lower()
        found = {way for way, mark in _ANY_CASE if mark in low}
        found |= {way for way, mark in _EXACT if mark in data}
        if _BORN.search(data):
            found.add("birth date")
        if self._hashed(data):
            found.add("hash")
        if deep:
            for way, layer in _layers(data):
                found |= {f"{way} > {inner}" for inner in self.scan(layer, deep - 1)}
        return found

    def _hashed(self, data: bytes) -> bool:
        for start in range(min(8, max(0, len(data) - 7))):
            words = np.frombuffer(data, "<u8", (len(data) - start) // 8, start)
            likely = words[self._sieve[words & 0xFFFFFF] & (words != 0)]
            near = np.searchsorted(self._digests, likely) % self._digests.size
            if (self._digests[near] == likely).any():
                return True
        return False

    def scan_files(
        self, paths: Iterable[Path], *, under: Path, deep: int = DEEP, may_go: Container[str] = ()
    ) -> dict[str, set[str]]:
        """Scan files and their names; return where somebody was found, and how.

        A file that is not there is an error, but for the names that `may_go` lists: those that a server
        which runs drops of itself.
        """
        found = {}
        for path in paths:
            name = str(path.relative_to(under))
            ways = {f"file name > {way}" for way in self.scan(name.encode())}
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                if path.name not in may_go:
                    raise
                data = b""
            if ways | (more := self.scan(data, deep)):
                found[name] = ways | more
        return found


def files_of(folder: Path) -> list[Path]:
    """Name all files of a folder, and of the folders in it."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _digests(wanted: Iterable[Invented]) -> Iterator[int]:
    for one in wanted:
        for surname, forename in (one[:2], (one.surname.lower(), one.forename.lower())):
            texts = [surname, forename, one.document]
            for mark in ("|", "", " ", ";"):
                texts += map(
                    mark.join,
                    (
                        (surname, forename, one.birth_date), (forename, surname, one.birth_date),
                        (surname, one.birth_date), (surname, forename), (forename, surname),
                    ),
                )  # fmt: skip
            for text in texts:
                data = text.encode()
                yield int.from_bytes(hashlib.sha256(data).digest()[:8], "little")
                yield int.from_bytes(
                    hashlib.md5(data, usedforsecurity=False).digest()[:8], "little"
                )


def _layers(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is packed or encoded in the bytes, all of one way together."""
    pieces = {
        "deflate": _inflated(data),
        "hex": (bytes.fromhex(run[: len(run) & ~1].decode()) for run in _runs(_HEX, data, 2)),
        "Base64": (_base64(run) for run in _runs(_BASE64, data, 4)),
        "Base45": _unpacked(data),
    }
    for way, found in pieces.items():
        if layer := b"\xff".join(found):
            yield way, layer


def _runs(pattern: re.Pattern[bytes], data: bytes, alignments: int) -> Iterator[bytes]:
    for run in pattern.findall(data):
        for start in range(alignments):
            yield run[start:]


def _base64(run: bytes) -> bytes:
    whole = run[: len(run) & ~3].translate(bytes.maketrans(b"+/", b"-_"))
    tail = run[len(whole) :]
    return urlsafe_b64decode(whole + (tail + b"=" * (4 - len(tail)) if len(tail) > 1 else b""))


def _inflated(data: bytes) -> Iterator[bytes]:
    for match in _PACKED.finditer(data):
        yield inflate(data[match.start() : match.start() + _MOST])
    start = data.find(_ZIPPED)
    while start >= 0:
        # A file of an archive (APPNOTE §4.3.7): its head, its name, what else there is, and it, without zlib's head.
        lengths = data[start + 26 : start + 30]
        start += 30 + sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
        yield inflate(data[start : start + _MOST], -15)
        start = data.find(_ZIPPED, start)


def inflate(data: bytes, head: int = 47) -> bytes:
    """Unpack zlib or gzip as far as it goes; -15 for what has no head."""
    packed: Any = zlib.decompressobj(head)
    out = bytearray()
    try:
        # In small steps: what was unpacked before the damage is kept.
        for start in range(0, len(data), 64):
            out += packed.decompress(data[start : start + 64], _MOST)
            if packed.eof or len(out) > _MOST:
                break
    except zlib.error:
        pass
    return bytes(out)


def base45(data: bytes) -> bytes:
    """Write Base45 (RFC 9285); here anew, so that the scanner leans on nothing that it looks at."""
    out = bytearray()
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, value = divmod(number, 45)
            out.append(BASE45[value])
    return bytes(out)


def _unbase45(text: bytes) -> bytes:
    out = bytearray()
    for start in range(0, len(text) - 2, 3):
        first, second, third = (
            _VALUE.get(character, 91125) for character in text[start : start + 3]
        )
        number = first + 45 * second + 2025 * third
        if number > 0xFFFF:
            break
        out += number.to_bytes(2, "big")
    return bytes(out)


_HEADS = re.compile(b"|".join(re.escape(base45(head)) for head in _ZLIB))


def _unpacked(data: bytes) -> Iterator[bytes]:
    for match in _HEADS.finditer(data):
        yield inflate(_unbase45(data[match.start() : match.start() + 4096]))


_CASES = [case.encode() for case in (MARK, MARK.lower(), MARK.title())]


def _in_any_case() -> Iterator[tuple[str, bytes]]:
    for way, mark in (("letters", _CASES[1]), ("backwards", _CASES[1][::-1])):
        yield way, mark
        # Big-endian ones hold these too.
        yield f"UTF-16 {way}", mark.decode().encode("utf-16-le")[:-1]
        yield f"UTF-32 {way}", mark.decode().encode("utf-32-le")[:-3]
    for case, gap in product(_CASES, ("", " ", ":", "\\x")):
        yield "hex", gap.join(f"{byte:02x}" for byte in case).encode()


def _exactly() -> Iterator[tuple[str, bytes]]:
    for case in _CASES:
        for start in range(3):
            # Characters that hold bits of the mark alone: whatever is around it, these are the same.
            text = b64encode(bytes(start) + case + bytes(2))
            yield "Base64", text[-(-start * 8 // 6) : (start + len(case)) * 8 // 6]
        yield "Base45", base45(case[:6])
        yield "Base45", base45(case[1:])


_ANY_CASE = tuple(_in_any_case())
_EXACT = tuple(_exactly())
