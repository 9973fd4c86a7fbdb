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
