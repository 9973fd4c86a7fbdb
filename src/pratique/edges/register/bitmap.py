"""Which tags are in use under one key, in memory: a bit for each that there can be.

    register -> Bitmap -> find(kid, tag) -> TAKEN | None

1. For bulk issuing: a look-up costs no query. At 25 bits a key's map has 4 MB.
2. It may be older than the register: the primary key decides, and then it is loaded anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from pratique.journeys.sign import Line, Occasion, Origin
from pratique.trust.shards import Shard

TAKEN = Line(b"", 0, b"", b"", "", Occasion(0, 0, Origin("", "", "")))
"""Stands for any line: its request is nobody's."""


class Bitmap:
    """The tags in use under one shard's key; a `Book` for signing what is surely new."""

    def __init__(self, shard: Shard, tags: Iterable[int] = ()) -> None:
        self._bits = bytearray(max(1, 1 << shard.width >> 3))
        for tag in tags:
            self.take(tag)

    def find(self, _kid: bytes, tag: int) -> Line | None:
        """Return `TAKEN` if the tag is in use."""
        return TAKEN if self._bits[tag >> 3] >> (tag & 7) & 1 else None

    def take(self, tag: int) -> None:
        """Note that a tag is in use."""
        self._bits[tag >> 3] |= 1 << (tag & 7)
