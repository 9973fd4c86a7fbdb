"""What one revocation list adds to the one before, chained by digest.

    older, newer -> make -> Delta -> to_bytes -> wire -> from_bytes -> apply(older) -> newer

1. A delta adds; there is no way to write one that takes something away.
2. It names its parent and its result by SHA-256. Of another parent, or with another result, it is
   refused, and the list stays as it was.
3. Versions only grow, so no chain returns to where it was.
4. `follow` takes files in whatever order they come, and refuses gaps, forks and losses.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from pratique.errors import DocumentRefused, UsageError
from pratique.revocation.head import Head, read
from pratique.revocation.rice import MAX_COUNT, Coded, encode, malformed
from pratique.revocation.tag_list import TagList, of_ordered

FORMAT = b"pratique-revocation-delta-1\n"
"""How a file of this format begins."""
_CHAIN = struct.Struct(">I32s32s")


class Delta(NamedTuple):
    """The step from one list to a later one of the same key.

    Attributes:
        head: of the list that results.
        parent_version, parent, result: which list it is for; digests of both lists.
        added: the tags that are new, in order.
    """

    head: Head
    parent_version: int
    parent: bytes
    result: bytes
    added: tuple[int, ...]

    def to_bytes(self) -> bytes:
        """Write the delta."""
        count, data = encode(self.added, self.head.width)
        chain = _CHAIN.pack(self.parent_version, self.parent, self.result)
        return self.head.to_bytes(FORMAT, count) + chain + data

    @classmethod
    def from_bytes(cls, data: bytes, *, most: int = MAX_COUNT) -> Delta:
        """Read a delta of at most so many tags; DocumentRefused `revocation-…` if it is not exactly one."""
        head, count, rest = read(data, FORMAT)
        if count > most:
            raise _refused("large", "it adds more than can be compared")
        if len(rest) < _CHAIN.size:
            raise malformed("it is cut off")
        version, parent, result = _CHAIN.unpack(rest[: _CHAIN.size])
        if not 0 < version < head.version:
            raise _refused("order", "it does not lead from an earlier version to a later one")
        added = tuple(Coded(rest[_CHAIN.size :], count, head.width))
        return cls(head, version, parent, result, added)


def make(old: TagList, new: TagList) -> Delta:
    """Make the delta between two lists of one key; UsageError `revocation-…` if there is none."""
    code = _difference(old, new.head)
    if code is None and not new.holds(old):
        code = "removed"
    if code is not None:
        raise UsageError(
            f"revocation-{code}",
            "no delta leads from the one list to the other",
            "a later list is of the same key, and holds all that the earlier one holds",
        )
    added = sorted(set(new.tags()).difference(old.tags()))
    return Delta(new.head, old.head.version, old.digest, new.digest, tuple(added))


def apply(held: TagList, delta: Delta) -> TagList:
    """Return the list that a delta leads to; DocumentRefused `revocation-…` if it is for another."""
    code = _difference(held, delta.head)
    if code is not None:
        raise _refused(code, "it is for another key, or for a version that is behind")
    if delta.parent_version != held.head.version or delta.parent != held.digest:
        raise _refused("parent", "it follows another list than the one held here")
    if held.contains_many(delta.added):
        raise _refused("twice", "it adds what is in the list already")
    later = leap(held, [delta])
    if later.digest != delta.result:
        raise _refused("result", "it does not lead to the list that it says")
    return later


def leap(held: TagList, chain: Iterable[Delta]) -> TagList:
    """Return what a chain of deltas makes of a list, by its additions alone; ValueError if that is none.

    Whoever calls it knows the list that must result, to the byte: each step between is not looked at,
    and the list is written once, not once for each step.
    """
    steps = sorted(chain, key=lambda delta: delta.head.version)
    count = len(held) + sum(len(delta.added) for delta in steps)
    added = sorted(tag for delta in steps for tag in delta.added)
    return of_ordered(steps[-1].head, held.with_added(added), count)


def follow(held: TagList, deltas: Iterable[Delta]) -> TagList:
    """Apply a chain of deltas, in whatever order they come; all of it or, by DocumentRefused, none.

    Those up to the version held must add nothing that is not held: they were applied before.
    """
    ahead: dict[bytes, Delta] = {}
    for delta in set(deltas):
        if delta.head.version <= held.head.version:
            _behind(held, delta)
        elif delta.parent in ahead:
            raise _refused("fork", "two deltas follow the same list")
        else:
            ahead[delta.parent] = delta
    while ahead:
        step = ahead.pop(held.digest, None)
        if step is None:
            raise _refused("gap", "a delta between the list held here and this one is missing")
        held = apply(held, step)
    return held


def _behind(held: TagList, delta: Delta) -> None:
    if _same_key(held, delta.head) is not None:
        raise _refused("key", "it is for another key")
    if len(held.contains_many(delta.added)) != len(delta.added):
        raise _refused("lost", "the list held here lacks what an earlier delta has added")


def _difference(held: TagList, later: Head) -> str | None:
    if later.version <= held.head.version:
        return "order"
    if later.created < held.head.created:
        return "order"
    return _same_key(held, later)


def _same_key(held: TagList, later: Head) -> str | None:
    same = (later.participant, later.kid, later.width)
    return None if same == (held.head.participant, held.head.kid, held.head.width) else "key"


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"revocation-{code}",
        f"the delta of a revocation list was refused: {why}",
        "fetch the whole list; the one in use was left as it was",
    )
