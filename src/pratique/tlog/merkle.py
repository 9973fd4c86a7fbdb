"""The tree of RFC 6962 §2.1 (RFC 9162 §2.1): hashes, roots, proofs of inclusion and of consistency.

    leaf data -> leaf_hash -> Frontier.append -> root          Nodes -> inclusion | consistency -> path
    leaf hash, path -> root_of -> the root that it must be

1. A proof is made of hashes of complete subtrees, wherever they come from: a list here, tiles there.
2. Checking needs no tree. A path of a wrong length is refused, however good its hashes are.
3. An empty tree has a root too, and everything follows upon it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from pratique.errors import DocumentRefused

HASH_SIZE = 32
MAX_SIZE = (1 << 63) - 1
"""Leaves; what others keep sizes in has 63 bits."""
EMPTY = sha256(b"").digest()
"""The root of no leaves (RFC 9162 §2.1.1)."""

Nodes = Callable[[int, int], bytes]
"""nodes(height, index) -> hash of the complete subtree over 2^height leaves, the index-th of its height."""
Path = tuple[bytes, ...]


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf's data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees; a leaf can never pass for one, for its hash begins otherwise."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows, by its complete subtrees alone: from the left, the tallest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size, self.hashes = size, list(hashes)

    def append(self, leaf: bytes) -> None:
        """Take one more leaf's hash."""
        self.size += 1
        height = self.size
        while not height & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            height >>= 1
        self.hashes.append(leaf)

    def root(self) -> bytes:
        """Return the root."""
        return _folded(self.hashes)

    @classmethod
    def read(cls, nodes: Nodes, size: int) -> Frontier:
        """Return the frontier of a tree of `size`."""
        return cls(size, [nodes(*place) for place in complete(0, size)])


def listed(leaves: Sequence[bytes]) -> Nodes:
    """Return the nodes over leaf hashes in a list."""
    rows: list[list[bytes]] = [list(leaves)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([node_hash(row[n], row[n + 1]) for n in range(0, len(row) - 1, 2)])
    return lambda height, index: rows[height][index]


def complete(start: int, end: int) -> list[tuple[int, int]]:
    """Return (height, index) of the complete subtrees that make up a subtree of the tree."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the first `size` leaves."""
    return _over(nodes, 0, size)


def inclusion(nodes: Nodes, index: int, size: int) -> Path:
    """Return the path from a leaf to the root (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < size <= MAX_SIZE:
        raise ValueError("there is no such leaf")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_over(nodes, middle, end))
            end = middle
        else:
            path.append(_over(nodes, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency(nodes: Nodes, old: int, size: int) -> Path:
    """Return what proves that a tree grew out of an older one (RFC 9162 §2.1.4.1)."""
    if not 0 <= old <= size <= MAX_SIZE:
        raise ValueError("a tree does not shrink")
    if old in {0, size}:
        return ()
    path, start, end = [], 0, size
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_over(nodes, middle, end))
            end = middle
        else:
            path.append(_over(nodes, start, middle))
            start = middle
    if start:
        path.append(_over(nodes, start, end))
    return tuple(reversed(path))


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a leaf's path leads to (RFC 9162 §2.1.3.2).

    Raises:
        DocumentRefused: `log-inclusion`: the path is of the wrong length for that leaf.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise refused("inclusion", "the tree has no such leaf")
    found, last, rest = leaf, size - 1, index
    steps = iter(path)
    while last:
        if rest & 1 or rest < last:
            sibling = next(steps, None)
            if sibling is None:
                raise refused("inclusion", "the path is too short")
            found = node_hash(sibling, found) if rest & 1 else node_hash(found, sibling)
        rest, last = rest >> 1, last >> 1
    if next(steps, None) is not None:
        raise refused("inclusion", "the path is too long")
    return found


def check_consistency(
    old: int, old_root: bytes, size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """See to it that a tree grew out of an older one (RFC 9162 §2.1.4.2).

    Raises:
        DocumentRefused: `log-inconsistent`.
    """
    if not 0 <= old <= size <= MAX_SIZE:
        raise refused("inconsistent", "a tree does not shrink")
    if old in {0, size}:
        # RFC 9162 proves nothing of these two; C2SP's witnesses ask for an empty proof.
        same = old_root == (new_root if old else EMPTY) and (size > 0 or new_root == EMPTY)
        if path or not same:
            raise refused("inconsistent", "trees of one size, or of none, differ or need no proof")
        return
    first, second = _grown(old, size, [old_root, *path] if not old & (old - 1) else list(path))
    if first != old_root or second != new_root:
        raise refused("inconsistent", "the tree did not grow out of the older one")


def _grown(old: int, size: int, path: list[bytes]) -> tuple[bytes, bytes]:
    if not path:
        raise refused("inconsistent", "the proof is empty")
    rest, last = old - 1, size - 1
    while rest & 1:
        rest, last = rest >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if not last:
            raise refused("inconsistent", "the proof is too long")
        if rest & 1 or rest == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while rest and not rest & 1:
                rest, last = rest >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        rest, last = rest >> 1, last >> 1
    if last:
        raise refused("inconsistent", "the proof is too short")
    return first, second


_EVIDENCE = "keep it: it is evidence; tell the authority and others"
_COPIED = "get it anew: it was not copied whole, or is something else"
_HINTS = {
    "conflict": "have the log ask again from there: pratique authority log request --tree-size SIZE",
    "unknown": "is it the right log? a witness knows those that it was made for: pratique witness show DIR",
    "clock": "set this machine's clock",
    "policy": "the seats must sign one that is",
    "quorum": "more witnesses must cosign it",
    **dict.fromkeys(("inconsistent", "forked", "inclusion", "cosignature", "signature"), _EVIDENCE),
}


def refused(code: str, why: str) -> DocumentRefused:
    """Return the refusal of a piece of a log."""
    return DocumentRefused(f"log-{code}", why, _HINTS.get(code, _COPIED))


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _over(nodes: Nodes, start: int, end: int) -> bytes:
    return _folded([nodes(*place) for place in complete(start, end)])


def _folded(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY
    found = hashes[-1]
    for left in reversed(hashes[:-1]):
        found = node_hash(left, found)
    return found
