"""Revocation as the EU's gateway has it: batches of truncated hashes, by country, key and kind of hash.

    batch JSON -> read -> Batch -> Entries            certificate -> hashes -> in Entries?
    hashes of whoever knows the identifiers -> batches -> document -> batch JSON

1. A hash is the first 16 bytes of SHA-256 of the identifier, of country and identifier, or of the
   signature (EU DCC Revocation §2).
2. Of an ECDSA signature only r counts: (r, n-s) is a signature too, and anybody can make it.
3. A tag does not tell its identifier: batches are written from hashes that were kept beside the tags.
"""

from __future__ import annotations

import base64
import re
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

UNKNOWN_KID = "UNKNOWN_KID"
"""What a batch names as kid where its publisher does not know the key."""
LENGTH = 16
MAX_ENTRIES = 1000
_HASH = re.compile(r"[A-Za-z0-9+/]{22}==")
_COUNTRY = re.compile(r"[A-Z]{2}")


class HashType(StrEnum):
    """What is hashed."""

    SIGNATURE = "SIGNATURE"
    UCI = "UCI"
    COUNTRYCODEUCI = "COUNTRYCODEUCI"


def hashes(
    *, identifiers: Iterable[str], country: str | None, signature: bytes, algorithm: Algorithm
) -> dict[HashType, frozenset[bytes]]:
    """Return all by which a certificate could have been revoked.

    Args:
        identifiers: as the certificate spells them, with `URN:UVCI:`.
        country: the issuer claim.
        signature: in COSE's form: r and s for ECDSA.
        algorithm: of the signer's record.
    """
    texts = list(identifiers)
    signed = signature if algorithm is Algorithm.PS256 else signature[: len(signature) // 2]
    named = [country + text for text in texts] if country else []
    return {
        HashType.SIGNATURE: frozenset({_digest(signed)}),
        HashType.UCI: frozenset(_digest(text.encode("utf-8", "surrogatepass")) for text in texts),
        HashType.COUNTRYCODEUCI: frozenset(
            _digest(text.encode("utf-8", "surrogatepass")) for text in named
        ),
    }


class Key(NamedTuple):
    """What a batch is about: a country's certificates under a key (None: any), by a kind of hash."""

    country: str
    kid: bytes | None
    hash_type: HashType


class Batch(NamedTuple):
    """Up to 1000 revoked certificates.

    Attributes:
        key: what they have in common.
        expires: seconds since the epoch; when all of them will have expired themselves.
        hashes: 16 bytes each.
    """

    key: Key
    expires: int
    hashes: tuple[bytes, ...]

    def document(self) -> dict[str, Any]:
        """Return the batch as JSON holds it."""
        kid = self.key.kid
        return {
            "country": self.key.country,
            "expires": datetime.fromtimestamp(self.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "kid": UNKNOWN_KID if kid is None else base64.b64encode(kid).decode(),
            "hashType": self.key.hash_type.value,
            "entries": [{"hash": base64.b64encode(entry).decode()} for entry in self.hashes],
        }


def read(document: object) -> Batch:
    """Read a batch from parsed JSON; DocumentRefused `batch-malformed` if it is not exactly one."""
    try:
        if not isinstance(document, dict):
            raise TypeError("no object")
        entries = document["entries"]
        if type(entries) is not list or not 0 < len(entries) <= MAX_ENTRIES:
            raise ValueError("entries")
        key = Key(
            _matching(_COUNTRY, document["country"]),
            _kid(document["kid"]),
            HashType(document["hashType"]),
        )
        found = {base64.b64decode(_matching(_HASH, entry["hash"])) for entry in entries}
        return Batch(key, _instant(document["expires"]), tuple(sorted(found)))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DocumentRefused(
            "batch-malformed",
            "it is no batch of revocations: a member is missing or of the wrong kind",
            "a batch has country, expires, kid, hashType, and 1 to 1000 entries",
        ) from error


def batches(key: Key, expires: int, entries: Iterable[bytes]) -> Iterator[Batch]:
    """Yield the batches that hold these hashes, sorted, each once."""
    ordered = sorted(set(entries))
    if any(len(entry) != LENGTH for entry in ordered):
        raise ValueError("a hash has 16 bytes")
    for at in range(0, len(ordered), MAX_ENTRIES):
        yield Batch(key, expires, tuple(ordered[at : at + MAX_ENTRIES]))


class Entries:
    """A set of hashes, kept as sorted bytes. Immutable."""

    __slots__ = ("data",)

    def __init__(self, entries: Iterable[bytes] = (), *, data: bytes | None = None) -> None:
        self.data = b"".join(sorted(set(entries))) if data is None else data
        strictly = data is None or all(a < b for a, b in pairwise(self))
        if len(self.data) % LENGTH or not strictly:
            raise ValueError("not sorted hashes of 16 bytes")

    def __len__(self) -> int:
        return len(self.data) // LENGTH

    def __iter__(self) -> Iterator[bytes]:
        return (self._at(index) for index in range(len(self)))

    def __contains__(self, entry: object) -> bool:
        if type(entry) is not bytes or len(entry) != LENGTH:
            return False
        index = bisect_left(range(len(self)), entry, key=self._at)
        return index < len(self) and self._at(index) == entry

    def _at(self, index: int) -> bytes:
        return self.data[LENGTH * index : LENGTH * (index + 1)]


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()[:LENGTH]


def _matching(pattern: re.Pattern[str], text: object) -> str:
    if type(text) is not str or not pattern.fullmatch(text):
        raise ValueError("not of its form")
    return text


def _kid(text: object) -> bytes | None:
    if type(text) is not str:
        raise TypeError("kid")
    if text == UNKNOWN_KID:
        return None
    # The gateway takes a kid of 11 or 12 characters: base64 of 8 bytes, padded or not.
    kid = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    if not 0 < len(kid) <= 64:
        raise ValueError("kid")
    return kid


def _instant(text: object) -> int:
    if type(text) is not str:
        raise TypeError("expires")
    found = datetime.fromisoformat(text)
    at = (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    if at < 0:
        raise ValueError("expires")
    return int(at)


# ----------------------------------------------------------------------------------------------------
# Foreign lists that may hit the innocent: shortened hashes and Bloom filters. Never believed alone.
#
#     file -> Slice -> may_hold(hash) -> confirmed by exact entries | refuted by them | check by hand
#
# 1. A hit proves nothing. It counts only where exact entries of the same country, key and kind of hash
#    confirm it; it is refuted only where they explain it.
# 2. A file does not say what it is about: whoever imports it does.
# 3. The numbers are in network order. In a Bloom file the number of hashes stands before the strategy,
#    as the gateway's code has it; its document says the reverse.


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


def read_filter(data: bytes, key: Key, form: Form, offset: int = 0) -> Slice:
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
