"""One key's revoked certificates, exactly: a head and sorted tags.

    tags -> TagList.build -> to_bytes -> file | wire -> from_bytes -> tag in list

1. A list does not change. A later one holds all that this one holds.
2. The same tags and head make the same bytes, so a list can be named by its digest.
3. To look one tag up, one block is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from pratique.errors import UsageError
from pratique.revocation.head import Head, read
from pratique.revocation.rice import Coded, encode, encode_ordered

FORMAT = b"pratique-revocation-1\n"
"""How a file of this format begins."""


class TagList:
    """The tags of all certificates that were revoked under one key. Immutable."""

    __slots__ = ("_coded", "head")

    head: Head
    _coded: Coded

    def __init__(self, head: Head, coded: Coded) -> None:
        object.__setattr__(self, "head", head)
        object.__setattr__(self, "_coded", coded)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a revocation list does not change: {name}")

    @classmethod
    def build(
        cls,
        tags: Iterable[int],
        *,
        participant: str,
        kid: bytes,
        width: int,
        version: int,
        created: int,
        expires: int,
    ) -> TagList:
        """Make a list; UsageError `revocation-…` if it could not be written.

        Args:
            tags: in any order; one that is there twice counts once.
            participant: 1 to 64 ASCII characters, as the trust list spells it.
            kid: 1 to 64 bytes.
            width: bits of a tag, 1 to 64.
            version: from 1.
            created, expires: seconds since the epoch.
        """
        return of(Head(participant, kid, width, version, created, expires), tags)

    @classmethod
    def from_bytes(cls, data: bytes, *, whole: bool = True) -> TagList:
        """Read a list; DocumentRefused `revocation-malformed` if it is not exactly one.

        Args:
            data: the file.
            whole: read every block now. Otherwise only head and directory are; a wrong block is then
                refused when a tag is looked up in it.
        """
        head, count, rest = read(data, FORMAT)
        coded = Coded(rest, count, head.width)
        if whole:
            coded.check()
        return cls(head, coded)

    def to_bytes(self) -> bytes:
        """Write the list."""
        return self.head.to_bytes(FORMAT, len(self)) + self._coded.data

    @property
    def digest(self) -> bytes:
        """Return SHA-256 of the bytes: the list's name in a chain of deltas."""
        return sha256(self.to_bytes()).digest()

    def __len__(self) -> int:
        return self._coded.count

    def __contains__(self, tag: object) -> bool:
        return tag in self._coded

    def contains_many(self, tags: Iterable[int]) -> set[int]:
        """Return those of the tags that are in the list; each block is read at most once."""
        return self._coded.among(tags)

    def holds(self, other: TagList) -> bool:
        """Tell whether all tags of another list are in this one; of both, a block is read at a time."""
        one, two = self._coded, other._coded
        same = (one.width, one.count, one.data) == (two.width, two.count, two.data)
        return same or one.holds(iter(two))

    def with_added(self, tags: Sequence[int]) -> Iterator[int]:
        """Yield the tags and, each in its place, others that come in their order."""
        return self._coded.with_added(tags)

    def tags(self) -> Iterator[int]:
        """Yield the tags in order."""
        return iter(self._coded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TagList) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash((self.head, self._coded.data))

    def __repr__(self) -> str:
        return (
            f"<TagList {self.head.participant} {self.head.kid.hex()}, version {self.head.version}>"
        )


def of(head: Head, tags: Iterable[int]) -> TagList:
    """Make a list with this head; UsageError `revocation-…` if it could not be written."""
    if not head.fits():
        raise UsageError(
            "revocation-head",
            "a revocation list cannot say this about itself",
            "participant and kid have 1 to 64 bytes, a tag 1 to 64 bits, a version is at least 1",
        )
    try:
        count, data = encode(tags, head.width)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "revocation-tag", "a tag is wider than the list's tags", "make it with the key's width"
        ) from error
    return TagList(head, Coded(data, count, head.width))


def of_ordered(head: Head, tags: Iterator[int], count: int) -> TagList:
    """Make a list of so many tags that come in their order; ValueError if they do not."""
    return TagList(head, Coded(encode_ordered(tags, count, head.width), count, head.width))
