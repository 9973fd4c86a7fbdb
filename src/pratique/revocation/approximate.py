"""Foreign lists that may hit the innocent: shortened hashes and Bloom filters. Never believed alone.

    file -> Slice -> may_hold(hash) -> confirmed by exact entries | refuted by them | check by hand

1. A hit proves nothing. It counts only where exact entries of the same country, key and kind of hash
   confirm it; it is refuted only where they explain it.
2. A file does not say what it is about: whoever imports it does.
3. The numbers are in network order. In a Bloom file the number of hashes stands before the strategy,
   as the gateway's code has it; its document says the reverse.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from pratique.errors import DocumentRefused
from pratique.revocation.foreign import LENGTH, Entries, Key

_VARHASH = struct.Struct(">hfib")
_BLOOM = struct.Struct(">hbbfiii")
_WORD = 32
MAX_HASHES = 100


class Form(StrEnum):
    """How a slice is written, as the gateway names it."""

    BLOOMFILTER = "BLOOMFILTER"
    VARHASHLIST = "VARHASHLIST"


class Slice(NamedTuple):
    """One file of an approximate list.

    Attributes:
        key: what it is about.
        form: how it is written.
        offset: bytes of each hash that were left out before its part: 0 in mode POINT, 1 in VECTOR,
            2 in COORDINATE.
        data: the file.
    """

    key: Key
    form: Form
    offset: int
    data: bytes

    @property
    def entries(self) -> int:
        """Return how many hashes were put in, as the file says."""
        reader, place = (_BLOOM, 5) if self.form is Form.BLOOMFILTER else (_VARHASH, 2)
        number: int = reader.unpack(self.data[: reader.size])[place]
        return number

    def may_hold(self, entry: bytes) -> bool:
        """Tell whether the hash, or another one that looks the same here, is in the list."""
        if self.form is Form.BLOOMFILTER:
            return _in_bloom(self.data, entry)
        size, parts = self.data[_VARHASH.size - 1], self.data[_VARHASH.size :]
        part = entry[self.offset : self.offset + size]
        count = len(parts) // size
        at = bisect_left(range(count), part, key=lambda i: parts[size * i : size * (i + 1)])
        return parts[size * at : size * (at + 1)] == part

    def refuted(self, entry: bytes, exact: Entries) -> bool:
        """Tell whether exact entries explain why a hash that is none of them hits.

        Shortened hashes: one of the entries looks the same. Bloom: the entries are all that were put in.
        """
        if self.form is Form.BLOOMFILTER:
            return sum(map(self.may_hold, exact)) >= max(1, self.entries)
        start, end = self.offset, self.offset + self.data[_VARHASH.size - 1]
        return any(other[start:end] == entry[start:end] for other in exact)


def read(data: bytes, key: Key, form: Form, offset: int = 0) -> Slice:
    """Read a slice; DocumentRefused `slice-malformed` if it is none of that form."""
    reader = _varhash if form is Form.VARHASHLIST else _bloom
    if not 0 <= offset <= 2 or not reader(data, offset):
        raise DocumentRefused(
            "slice-malformed",
            f"it is no revocation file of the form {form.value}",
            "its form stands in the list of partitions it was fetched by",
        )
    return Slice(key, form, offset, data)


def varhash(entries: Iterable[bytes], size: int, offset: int = 0) -> bytes:
    """Write a file of shortened hashes."""
    parts = sorted({entry[offset : offset + size] for entry in entries})
    return _VARHASH.pack(1, 2.0 ** (-8 * size), len(parts), size) + b"".join(parts)


def bloom(entries: Iterable[bytes], bits: int, count: int, probability: float = 1e-12) -> bytes:
    """Write a Bloom filter of so many bits, with so many hashes."""
    held = list(entries)
    words = [0] * -(-bits // _WORD)
    for entry in held:
        for index in _indexes(entry, count, len(words) * _WORD):
            words[index // _WORD] |= _bit(index)
    head = _BLOOM.pack(1, count, 1, probability, len(held), len(held), len(words))
    return head + b"".join(word.to_bytes(4, "big") for word in words)


def _varhash(data: bytes, offset: int) -> bool:
    if len(data) < _VARHASH.size:
        return False
    _version, _probability, count, size = _VARHASH.unpack(data[: _VARHASH.size])
    parts = data[_VARHASH.size :]
    if not (4 <= size <= LENGTH - offset and count >= 0 and len(parts) == count * size):
        return False
    rows = [parts[at : at + size] for at in range(0, len(parts), size)]
    return all(a < b for a, b in pairwise(rows))


def _bloom(data: bytes, _offset: int) -> bool:
    if len(data) < _BLOOM.size:
        return False
    _version, count, _strategy, _probability, _planned, current, words = _BLOOM.unpack(
        data[: _BLOOM.size]
    )
    long_enough = words > 0 and len(data) == _BLOOM.size + 4 * words
    return bool(long_enough and 0 < count <= MAX_HASHES and current >= 0)


def _in_bloom(data: bytes, entry: bytes) -> bool:
    _, count, _, _, _, _, words = _BLOOM.unpack(data[: _BLOOM.size])
    for index in _indexes(entry, count, words * _WORD):
        at = _BLOOM.size + 4 * (index // _WORD)
        if not int.from_bytes(data[at : at + 4], "big") & _bit(index):
            return False
    return True


def _indexes(entry: bytes, count: int, bits: int) -> Iterable[int]:
    # Java's BigInteger(digest) is signed, its mod is not negative: so is Python's.
    for seed in range(count):
        digest = sha256(entry + bytes([seed])).digest()
        yield int.from_bytes(digest, "big", signed=True) % bits


def _bit(index: int) -> int:
    # Java: Integer.MIN_VALUE >>> (index % 32) - 1, whose shift counts modulo 32.
    return 1 << 31 >> ((index % _WORD - 1) % _WORD)
