"""Revocations of SMART Health Cards: an issuer's lists of `rid`, one of each of its keys.

    {kid, method: "rid", ctr, rids: ["rid" | "rid.instant"]}, whose it is -> read -> RidList
    a directory's snapshot (VCI) -> of_directory -> RidList, ...
    RidList, a card's rid and time of issue -> find -> Code | None

1. A list counts for the cards of one issuer's one key, by the full names of both.
2. An entry with an instant revokes what was issued before it, one without revokes whatever has that rid.
3. What of a list cannot be read makes it a list that cannot clear a card: its cards are "not assessed" then.
   So does a key set that names a later list than the one held.
4. What is held only grows: a later list adds, and takes nothing back.
5. A card without a rid cannot be revoked in this way.

Source: SMART Health Cards Framework 1.4 §"Revocation".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.findings import Code

MOST_ENTRIES = 500_000
"""Of a list. Seen: 771."""
LONGEST_NAME = 1024
_ENTRY = re.compile(r"([A-Za-z0-9_-]{1,24})(?:\.([0-9]{1,12}))?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
CardKey = tuple[str, str]
"""An issuer's `iss` and a kid, as cards write them."""


class RidList(NamedTuple):
    """What an issuer has revoked of one key's cards.

    Attributes:
        issuer, kid: whose, as cards write them.
        version: the list's number (`ctr`); 0 if none is held.
        stated: the newest number that the issuer's key set has named (`crlVersion`); 0 if none.
        whole: every entry was read.
        entries: rid -> seconds since the epoch, before which what was issued is revoked; None: whenever.
    """

    issuer: str
    kid: str
    version: int
    stated: int
    whole: bool
    entries: Mapping[str, int | None]

    @property
    def key(self) -> CardKey:
        """Return whose cards it is about."""
        return self.issuer, self.kid

    def joined(self, other: RidList) -> RidList:
        """Return it with what another list of the same key adds."""
        entries = dict(self.entries)
        for rid, before in other.entries.items():
            entries[rid] = _wider(entries.get(rid, before), before)
        newest = max(self.version, other.version)
        return self._replace(
            version=newest,
            stated=max(self.stated, other.stated),
            whole=any(rid_list.whole for rid_list in (self, other) if rid_list.version == newest),
            entries=entries,
        )

    def find(self, rid: str, issued_at: int | None) -> Code | None:
        """Tell whether a card was revoked, or why that cannot be told; None if it was not.

        Args:
            rid: as the card has it.
            issued_at: the second in which it was issued; None if it does not say.
        """
        if rid in self.entries:
            before = self.entries[rid]
            if before is None or (issued_at is not None and issued_at < before):
                return Code.REVOKED
            if issued_at is None:
                return Code.REVOCATION_UNCONFIRMED
        if not self.whole:
            return Code.REVOCATION_UNCONFIRMED
        return Code.REVOCATION_LIST_EXPIRED if self.version < self.stated else None


def _wider(own: int | None, other: int | None) -> int | None:
    return None if own is None or other is None else max(own, other)


def is_one(document: object) -> bool:
    """Tell whether a parsed document is a list of this kind."""
    return isinstance(document, dict) and document.keys() >= {"kid", "rids"}


def kid_of(document: object) -> str:
    """Return of which key a list is; DocumentRefused `cards-malformed` if it names none."""
    kid = document.get("kid") if isinstance(document, dict) else None
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_NAME:
        raise DocumentRefused(
            "cards-malformed", "the list of revoked SMART Health Cards does not name its key"
        )
    return kid


def read(document: object, issuer: str) -> RidList:
    """Read a list from parsed JSON; DocumentRefused `cards-malformed` if it does not name its key.

    Args:
        document: what the issuer publishes beside its keys.
        issuer: its `iss`: a list names the key alone.
    """
    kid = kid_of(document)
    assert isinstance(document, dict)
    # What another method writes there, nobody here can read.
    rows = document.get("rids") if document.get("method") == "rid" else None
    version = _number(document.get("ctr"))
    whole = version is not None and isinstance(rows, list)
    entries: dict[str, int | None] = {}
    for row in rows[:MOST_ENTRIES] if isinstance(rows, list) else ():
        match = _ENTRY.fullmatch(row) if isinstance(row, str) else None
        if match is None:
            whole = False
            continue
        rid, instant = match.groups()
        before = None if instant is None else int(instant)
        # One that is there twice says two things; the wider one is taken, and the list is in doubt.
        whole = whole and rid not in entries
        entries[rid] = _wider(entries.get(rid, before), before)
    if isinstance(rows, list) and len(rows) > MOST_ENTRIES:
        whole = False
    return RidList(issuer, kid, version or 0, 0, whole, entries)


def of_keys(issuer: str, keys: object) -> Iterator[RidList]:
    """Yield, of a parsed list of JWKs, which of them name a list of revocations, as lists without entries."""
    for row in keys if isinstance(keys, list) else ():
        kid = row.get("kid") if isinstance(row, dict) else None
        stated = _number(row.get("crlVersion")) if isinstance(row, dict) else None
        if stated and isinstance(kid, str) and 0 < len(kid) <= LONGEST_NAME:
            yield RidList(issuer, kid, 0, stated, whole=True, entries={})


def of_directory(document: Any) -> tuple[RidList, ...]:
    """Return the lists that a directory's snapshot holds, one of each key; what is none of them is left out."""
    lists: list[RidList] = []
    rows = document.get("issuerInfo") if isinstance(document, dict) else None
    for row in rows if isinstance(rows, list) else ():
        named = row.get("issuer") if isinstance(row, dict) else None
        issuer = named.get("iss") if isinstance(named, dict) else None
        if not isinstance(issuer, str) or not 0 < len(issuer) <= LONGEST_NAME:
            continue
        lists += of_keys(issuer, row.get("keys"))
        crls = row.get("crls")
        lists += (read(crl, issuer) for crl in (crls if isinstance(crls, list) else ()) if is_one(crl)
                  and isinstance(crl["kid"], str) and 0 < len(crl["kid"]) <= LONGEST_NAME)  # fmt: skip
    return tuple(joined({}, lists).values())


def joined(lists: Mapping[CardKey, RidList], added: Iterable[RidList]) -> dict[CardKey, RidList]:
    """Return lists by key, with others added to those of their keys."""
    by_key = dict(lists)
    for rid_list in added:
        by_key[rid_list.key] = (
            by_key[rid_list.key].joined(rid_list) if rid_list.key in by_key else rid_list
        )
    return by_key


def _number(value: object) -> int | None:
    # Seen: the Northwest Territories' lists have it as a text.
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    return value if type(value) is int and 0 <= value < 10**12 else None


# ----------------------------------------------------------------------------------------------------
# As a snapshot holds them: sorted, so that the same lists make the same rows.


class CardRow(NamedTuple):
    """A list's row in a snapshot."""

    issuer: str
    kid: str
    version: int
    stated: int
    whole: bool
    entries: tuple[str, ...]


def to_row(rid_list: RidList) -> CardRow:
    """Return how a snapshot holds a list."""
    written = (
        rid if before is None else f"{rid}.{before}" for rid, before in rid_list.entries.items()
    )
    return CardRow(*rid_list[:5], tuple(sorted(written)))


def from_row(row: CardRow) -> RidList:
    """Return the list of a row; ValueError if it is none. Who reads it compares what it makes with the row."""
    entries: dict[str, int | None] = {}
    for text in row.entries:
        match = _ENTRY.fullmatch(text)
        if match is None:
            raise ValueError("not entries of a list")
        entries[match[1]] = None if match[2] is None else int(match[2])
    return RidList(*row[:5], entries)
