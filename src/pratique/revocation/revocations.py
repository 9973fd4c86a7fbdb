"""Revocations as JSON holds them in a snapshot, both ways; strict.

    Revocations -> to_rows -> {"lists": [...], "batches": [...], "slices": [...]} -> from_rows

1. The rows have exactly these members, each of its own type; anything else is a ValueError, a TypeError
   or a DocumentRefused, which the document's reader turns into its refusal.
2. Of a list, head and directory are read; its blocks are read when a certificate asks for one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.findings import Code
from pratique.revocation import cards, foreign
from pratique.revocation.cards import CardKey, CardRow, RidList
from pratique.revocation.foreign import Batch, Entries, HashType, Key, Slice, hashes
from pratique.revocation.tag_list import Delta, TagList, follow, tag
from pratique.strict_json import ARRAY, SPARSE, Base64
from pratique.terms import Algorithm

# ----------------------------------------------------------------------------------------------------
# What is asked about one certificate, and what can answer. Loads no list and no hash.
#
# Query -> Revocations.find -> Code | None


class RevocationQuery:
    """A certificate as its signer and its content show it; nothing here is the text's to choose.

    Attributes:
        kids: every kid under which the key is listed.
        participants: whose lists count for the key, in every spelling.
        countries, algorithm: of the signer's record.
        identifiers: as the entries spell them.
        issuer: the issuer claim.
        signature: in COSE's form.
        at: seconds since the epoch.
    """

    __slots__ = (
        "algorithm", "at", "countries", "identifiers", "issuer", "kids", "participants",
        "signature",
    )  # fmt: skip

    def __init__(
        self,
        *,
        kids: frozenset[bytes],
        participants: frozenset[str],
        countries: frozenset[str],
        algorithm: Algorithm,
        identifiers: tuple[str, ...],
        issuer: str | None,
        signature: bytes,
        at: int,
    ) -> None:
        self.kids, self.participants, self.countries = kids, participants, countries
        self.algorithm, self.identifiers, self.issuer = algorithm, identifiers, issuer
        self.signature, self.at = signature, at

    def __repr__(self) -> str:
        return "<Query: not shown>"


# ----------------------------------------------------------------------------------------------------
# All revocations that a verifier holds, and the one question it asks of them.
#
#     lists, deltas, batches, slices -> Revocations -> find(Query) -> Code | None
#     lists of SMART Health Cards    -> Revocations -> of_card(...) -> Code | None
#
# 1. What is held only grows: an older list, or one that lacks a tag held here, is refused, and so is a
#    list of another width. Nothing here takes a revocation back.
# 2. A list counts for a key only if its participant is the signer's: nobody revokes for another.
# 3. Exact says REVOKED. What only may be so is told as such, and a person looks.


Name = tuple[bytes, str]
"""A list's key: kid, participant."""


class Revocations:
    """Lists by key, exact foreign entries, approximate foreign slices. Immutable.

    Attributes:
        lists: the one that counts of each key; deltas follow upon it.
        beside: what another source holds under the same names. It adds revocations, and no doubt of age.
        cards: lists of SMART Health Cards, by issuer and kid.
    """

    __slots__ = ("_by_kid", "beside", "cards", "exact", "lists", "slices")

    query = RevocationQuery
    """What is asked: whoever holds no revocations does not load it."""
    lists: Mapping[Name, TagList]
    beside: tuple[TagList, ...]
    exact: Mapping[Key, Entries]
    slices: tuple[Slice, ...]
    cards: Mapping[CardKey, RidList]
    _by_kid: Mapping[bytes, tuple[TagList, ...]]

    def __init__(
        self,
        lists: Iterable[TagList] = (),
        exact: Mapping[Key, Entries] | None = None,
        slices: Iterable[Slice] = (),
        beside: Iterable[TagList] = (),
        card_lists: Iterable[RidList] = (),
    ) -> None:
        rid_lists = tuple(card_lists)
        named = {_name(held): held for held in lists}
        others = {held for held in beside if named.get(_name(held)) != held}
        ordered = tuple(sorted(others, key=lambda held: (_name(held), -held.head.version)))
        by_kid: dict[bytes, tuple[TagList, ...]] = {}
        for held in (*(named[name] for name in sorted(named)), *ordered):
            by_kid[held.head.kid] = (*by_kid.get(held.head.kid, ()), held)
        values = {
            "beside": ordered, "lists": MappingProxyType(named), "exact": MappingProxyType(dict(exact or {})),
            "slices": tuple(sorted(set(slices), key=_order)), "_by_kid": by_kid,
            "cards": MappingProxyType(cards.joined({}, rid_lists) if rid_lists else {}),
        }  # fmt: skip
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"revocations do not change: {name}")

    def __bool__(self) -> bool:
        return bool(self.lists or self.exact or self.slices or self.cards)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Revocations) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[object, ...]:
        exact = frozenset((key, entries.data) for key, entries in self.exact.items())
        card_rows = frozenset(map(cards.to_row, self.cards.values()))
        return frozenset(self.lists.values()), exact, self.slices, self.beside, card_rows

    def _with(self, **changes: Any) -> Revocations:
        parts: dict[str, Any] = {
            "lists": self.lists.values(), "exact": self.exact, "slices": self.slices,
            "beside": self.beside, "card_lists": self.cards.values(),
        }  # fmt: skip
        return Revocations(**{**parts, **changes})

    def with_others(self, other: Revocations) -> Revocations:
        """Return them with those of another source: what either has revoked is revoked.

        Of two lists of one key the later edition is the one that ages.
        """
        lists, beside = dict(self.lists), [*self.beside, *other.beside]
        for name, held in other.lists.items():
            own = lists.setdefault(name, held)
            if own != held:
                older, lists[name] = sorted((held, own), key=lambda one: one.head.version)
                beside.append(older)
        exact = dict(self.exact)
        for key, entries in other.exact.items():
            exact[key] = Entries({*entries, *exact[key]}) if key in exact else entries
        return Revocations(
            lists.values(),
            exact,
            (*self.slices, *other.slices),
            beside,
            (*self.cards.values(), *other.cards.values()),
        )

    def with_list(self, later: TagList) -> Revocations:
        """Return them with a list; DocumentRefused `revocation-…` if it is behind the one held."""
        name = later.head.kid, later.head.participant
        held = self.lists.get(name)
        if held is not None:
            if held == later:
                return self
            _follows(held, later)
        return self._with(lists={**self.lists, name: later}.values())

    def with_deltas(self, deltas: Iterable[Delta]) -> Revocations:
        """Return them with deltas applied, in whatever order they come; all or, if refused, none."""
        chains: dict[Name, list[Delta]] = {}
        for delta in deltas:
            chains.setdefault((delta.head.kid, delta.head.participant), []).append(delta)
        lists = dict(self.lists)
        for name, chain in chains.items():
            if name not in lists:
                raise _refused("unheld", "no list of this key is held that it could follow")
            lists[name] = follow(lists[name], chain)
        return self._with(lists=lists.values())

    def with_batches(self, batches: Iterable[Batch]) -> Revocations:
        """Return them with foreign batches; entries are only added."""
        added: dict[Key, set[bytes]] = {}
        for batch in batches:
            added.setdefault(batch.key, set()).update(batch.hashes)
        exact = dict(self.exact)
        for key, entries in added.items():
            exact[key] = Entries(entries.union(exact.get(key, ())))
        return self._with(exact=exact)

    def with_slices(self, slices: Iterable[Slice]) -> Revocations:
        """Return them with approximate foreign lists."""
        return self._with(slices=(*self.slices, *slices))

    def with_cards(self, lists: Iterable[RidList]) -> Revocations:
        """Return them with lists of SMART Health Cards; entries are only added."""
        return self._with(card_lists=(*self.cards.values(), *lists))

    def find(self, asked: RevocationQuery) -> Code | None:
        """Tell whether the certificate was revoked, or why that cannot be told; None if it was not."""
        found = {*self._own(asked), *self._foreign(asked)}
        return next((code for code in _GRAVITY if code in found), None)

    def of_card(self, key: CardKey, rid: str, issued_at: int | None) -> Code | None:
        """Tell whether a SMART Health Card was revoked, or why that cannot be told; None if it was not.

        Args:
            key: the issuer and kid by which its signer was found.
            rid: by which its issuer revokes it.
            issued_at: seconds since the epoch; None if it does not say.
        """
        rid_list = self.cards.get(key)
        return None if rid_list is None else rid_list.find(rid, issued_at)

    def _own(self, asked: RevocationQuery) -> Iterator[Code]:
        for kid in asked.kids:
            for held in self._by_kid.get(kid, ()):
                head = held.head
                if head.participant not in asked.participants:
                    continue
                if asked.at > head.expires and self.lists.get(_name(held)) is held:
                    yield Code.REVOCATION_LIST_EXPIRED
                if not asked.identifiers:
                    # What has no identifier cannot be looked up.
                    yield Code.REVOCATION_UNCONFIRMED
                try:
                    if any(tag(kid, text, head.width) in held for text in asked.identifiers):
                        yield Code.REVOKED
                except DocumentRefused:
                    # A block that was never read whole is damaged.
                    yield Code.REVOCATION_UNCONFIRMED

    def _foreign(self, asked: RevocationQuery) -> Iterator[Code]:
        if not self.exact and not self.slices:
            return
        made = hashes(
            identifiers=asked.identifiers,
            country=asked.issuer,
            signature=asked.signature,
            algorithm=asked.algorithm,
        )
        for country in asked.countries:
            for kid in (None, *asked.kids):
                for hash_type in HashType:
                    held = self.exact.get(Key(country, kid, hash_type), ())
                    if any(entry in held for entry in made[hash_type]):
                        yield Code.REVOKED
        for part in self.slices:
            if part.key.country in asked.countries and part.key.kid in {None, *asked.kids}:
                exact = self.exact.get(part.key, Entries())
                if any(_open(part, entry, exact) for entry in made[part.key.hash_type]):
                    yield Code.REVOCATION_UNCONFIRMED


_GRAVITY = (Code.REVOKED, Code.REVOCATION_UNCONFIRMED, Code.REVOCATION_LIST_EXPIRED)


def _name(held: TagList) -> Name:
    return held.head.kid, held.head.participant


def _open(part: Slice, entry: bytes, exact: Entries) -> bool:
    return part.may_hold(entry) and not part.refuted(entry, exact)


def _order(part: Slice) -> tuple[str, bytes, str, str, int, bytes]:
    country, kid, hash_type = part.key
    return country, kid or b"", hash_type.value, part.form.value, part.offset, part.data


def _follows(held: TagList, later: TagList) -> None:
    if later.head.width != held.head.width:
        raise _refused("key", "its tags have another width than those of the list held here")
    if later.head.version <= held.head.version or later.head.created < held.head.created:
        raise _refused("rollback", "it is not later than the one held here")
    if not later.holds(held):
        raise _refused("removed", "it lacks certificates that the one held here has revoked")


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"revocation-{code}",
        f"the revocation list was refused: {why}",
        "tell the participant; the one in use was left as it was",
    )


class BatchRow(NamedTuple):
    """A batch of a foreign list: entries of a key, whole."""

    country: str
    kid: Base64
    hash_type: HashType
    entries: Base64


class SliceRow(NamedTuple):
    """A filter of a foreign list."""

    country: str
    kid: Base64
    hash_type: HashType
    form: foreign.Form
    offset: int
    data: Base64


class RevocationRows(NamedTuple):
    """Revocations as a snapshot holds them."""

    lists: tuple[Base64, ...]
    batches: tuple[Annotated[BatchRow, ARRAY], ...]
    slices: tuple[Annotated[SliceRow, ARRAY], ...]
    # Rows of before there were such lists stay what they were.
    cards: Annotated[tuple[Annotated[CardRow, ARRAY], ...], SPARSE] = ()


def to_rows(held: Revocations | None) -> dict[str, Any] | None:
    """Return what JSON holds of revocations: the same content, the same rows; None of none."""
    if held is None:
        return None
    # Those beside only where two sources hold lists of one key; the first of a name is the one that counts.
    lists = (*(held.lists[name] for name in sorted(held.lists)), *held.beside)
    batches = (BatchRow(*_names(key), entries.data) for key, entries in held.exact.items())
    slices = (SliceRow(*_names(one.key), one.form, one.offset, one.data) for one in held.slices)
    rows = RevocationRows(
        tuple(one.to_bytes() for one in lists),
        tuple(
            sorted(batches, key=lambda row: (row.country, b64encode(row.kid), row.hash_type.value))
        ),
        tuple(slices),
        tuple(sorted(map(cards.to_row, held.cards.values()))),
    )
    return strict_json.write(rows)


def from_rows(rows: Any) -> Revocations:
    """Return the revocations of rows; ValueError, TypeError or DocumentRefused if they are none."""
    stored = strict_json.read(RevocationRows, rows)
    lists = [TagList.from_bytes(row, whole=False) for row in stored.lists]
    exact = {_key(row): Entries(data=row.entries) for row in stored.batches}
    slices = [
        foreign.read_filter(row.data, _key(row), row.form, row.offset) for row in stored.slices
    ]
    first: dict[tuple[bytes, str], TagList] = {}
    beside = [
        listed
        for listed in lists
        if first.setdefault((listed.head.kid, listed.head.participant), listed) is not listed
    ]
    revocations = Revocations(
        first.values(), exact, slices, beside, map(cards.from_row, stored.cards)
    )
    if to_rows(revocations) != rows:
        raise ValueError("revocations that are not sorted, or there twice")
    return revocations


def _names(key: Key) -> tuple[str, bytes, HashType]:
    return key.country, key.kid or b"", key.hash_type


def _key(row: BatchRow | SliceRow) -> Key:
    return Key(row.country, row.kid or None, row.hash_type)
