"""Tiles (C2SP tlog-tiles): a log as static files, each written once and good for ever.

    tile/TIER/N[.p/W]: W hashes of a tier, 256 when full          tile/entries/N[.p/W]: their leaves

    Read, size, leaves -> grown -> files to write          Read, size -> Tiles -> nodes, entries

1. A hash of tier t is the root of 256^t leaves. Each tile of a tier below makes one hash of the next.
2. A partial tile is of one size of the log; when the full one is there, it serves as well.
3. What is read here is not believed: a proof made of it, or a root, is checked by whoever asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pratique.errors import DocumentRefused
from pratique.tlog.merkle import HASH_SIZE, leaf_hash, listed, refused

HEIGHT, WIDTH = 8, 256
MAX_ENTRY = 0xFFFF
"""Bytes of a leaf: its length is written in two."""
ENTRIES = -1
"""Stands for a tier where the leaves themselves are meant."""
CHECKPOINT = "checkpoint"
MAX_TIER = 63

Read = Callable[[str], bytes | None]
"""read("tile/0/000.p/5") -> the file, or None where there is none."""
_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


class Tile(NamedTuple):
    """Where a tile is.

    Attributes:
        tier: 0 over the leaves; ENTRIES for the leaves.
        number: in its tier.
        width: hashes that it has, from 1 to 256.
    """

    tier: int
    number: int
    width: int = WIDTH

    def path(self) -> str:
        """Return its path: `x001/x234/067` is 1234067, `.p/5` is a partial one of five."""
        digits = f"{self.number:d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        place = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        tier = "entries" if self.tier == ENTRIES else str(self.tier)
        return f"tile/{tier}/{place}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @classmethod
    def from_path(cls, path: str) -> Tile:
        """Read a path; DocumentRefused `log-path` unless it is the only spelling."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise refused("path", "it is no tile's path")
        tier = ENTRIES if match[1] == "entries" else int(match[1])
        number = int(match[2].replace("x", "").replace("/", ""))
        found = cls(tier, number, int(match[3] or WIDTH))
        if tier > MAX_TIER or not 1 <= found.width <= WIDTH or found.path() != path:
            raise refused("path", "it is no tile's path")
        return found


def is_path(path: str) -> bool:
    """Tell whether a log may have a file of this path: its checkpoint, or a tile."""
    try:
        return path == CHECKPOINT or bool(Tile.from_path(path))
    except DocumentRefused:
        return False


def grown(read: Read, size: int, leaves: Sequence[bytes]) -> dict[str, bytes]:
    """Return the files that a log of `size` gets with these leaves.

    Args:
        read: reads the log's files.
        size: leaves that are there.
        leaves: data of those that come.

    Raises:
        DocumentRefused: `log-tile`: what is there is damaged.
    """
    if any(len(data) > MAX_ENTRY for data in leaves):
        raise ValueError("a leaf is larger than its length can say")
    found: dict[str, bytes] = {}
    for tile, (before, new) in _filled(ENTRIES, size, leaves):
        held = _read(read, tile._replace(width=before)) if before else b""
        unpack(held, before)
        found[tile.path()] = held + pack(new)
    hashes, start, tier = [leaf_hash(data) for data in leaves], size, 0
    while hashes:
        above = []
        for tile, (before, new) in _filled(tier, start, hashes):
            held = _read(read, tile._replace(width=before)) if before else b""
            data = found[tile.path()] = _whole(held, before) + b"".join(new)
            if tile.width == WIDTH:
                above.append(listed(_cut(data))(HEIGHT, 0))
        hashes, start, tier = above, start // WIDTH, tier + 1
    return found


class Tiles:
    """The tree of a log, read from its tiles as far as is asked for."""

    def __init__(self, read: Read, size: int) -> None:
        self._read, self._size = read, size
        self._held: dict[tuple[int, int], list[bytes]] = {}

    @property
    def size(self) -> int:
        """Return how many leaves there are."""
        return self._size

    def __call__(self, height: int, index: int) -> bytes:
        """Return the hash of a complete subtree; DocumentRefused `log-tile` if it is not there."""
        tier, rest = divmod(height, HEIGHT)
        number, at = divmod(index << rest, WIDTH)
        hashes = self._tile(tier, number)[at : at + (1 << rest)]
        if len(hashes) != 1 << rest:
            raise refused("tile", "a subtree is asked for that the log does not have yet")
        return listed(hashes)(rest, 0)

    def entries(self, start: int, end: int) -> list[bytes]:
        """Return the data of leaves; DocumentRefused `log-tile` if they are not there."""
        if not 0 <= start <= end <= self._size:
            raise refused("tile", "leaves are asked for that the log does not have yet")
        found: list[bytes] = []
        for number in range(start // WIDTH, -(-end // WIDTH)):
            data = _wide(self._read, Tile(ENTRIES, number, self._width(0, number)))
            first = number * WIDTH
            found += data[max(start - first, 0) : end - first]
        return found

    def _tile(self, tier: int, number: int) -> list[bytes]:
        if (tier, number) not in self._held:
            width = self._width(tier, number)
            self._held[tier, number] = _wide(self._read, Tile(tier, number, width))
        return self._held[tier, number]

    def _width(self, tier: int, number: int) -> int:
        width = min(WIDTH, (self._size >> HEIGHT * tier) - number * WIDTH)
        if width < 1:
            raise refused("tile", "a tile is asked for that the log does not have yet")
        return width


def pack(leaves: Sequence[bytes]) -> bytes:
    """Write leaves one after the other, each after its length."""
    return b"".join(len(data).to_bytes(2, "big") + data for data in leaves)


def unpack(data: bytes, count: int) -> list[bytes]:
    """Read leaves; DocumentRefused `log-tile` unless there are just so many."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) < count:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        found.append(data[start:at])
    if at != len(data) or len(found) != count:
        raise refused("tile", "a tile of leaves is damaged")
    return found


def _filled(
    tier: int, start: int, new: Sequence[bytes]
) -> list[tuple[Tile, tuple[int, Sequence[bytes]]]]:
    """Return each tile that gets something: how many it had, and what comes."""
    found, end = [], start + len(new)
    for number in range(start // WIDTH, -(-end // WIDTH)):
        first = number * WIDTH
        low, high = max(start, first), min(end, first + WIDTH)
        more = low - first, new[low - start : high - start]
        found.append((Tile(tier, number, high - first), more))
    return found


def _read(read: Read, tile: Tile) -> bytes:
    data = read(tile.path())
    if data is None:
        raise refused("tile", f"{tile.path()} is missing")
    return data


def _wide(read: Read, tile: Tile) -> list[bytes]:
    """Read a tile's hashes or leaves, from the full tile where the partial one is gone."""
    data, width = read(tile.path()), tile.width
    if data is None and width < WIDTH:
        data, width = read(tile._replace(width=WIDTH).path()), WIDTH
    if data is None:
        raise refused("tile", f"{tile.path()} is missing")
    rows = unpack(data, width) if tile.tier == ENTRIES else _cut(_whole(data, width))
    return rows[: tile.width]


def _whole(data: bytes, width: int) -> bytes:
    if len(data) != width * HASH_SIZE:
        raise refused("tile", "a tile is damaged")
    return data


def _cut(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]
