"""Which tags are in use under one key, in memory: a bit for each that there can be.

    register -> Bitmap -> find(kid, tag) -> ANOTHERS | None, and then it is taken

1. For bulk issuing: a look-up costs no query. At 25 bits a key's map has 4 MB.
2. It may be older than the register: the primary key decides, and then it is loaded anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from pratique.journeys.sign import ANOTHERS, Line


class Bitmap:
    """The tags in use under one key; a `Book` for signing what is surely new."""

    def __init__(self, width: int, tags: Iterable[int] = ()) -> None:
        self._bits = bytearray(max(1, 1 << width >> 3))
        for tag in tags:
            self.find(b"", tag)

    def find(self, _kid: bytes, tag: int) -> Line | None:
        """Return `ANOTHERS` if the tag is in use; one that is free is taken by who asked."""
        byte, bit = tag >> 3, 1 << (tag & 7)
        if self._bits[byte] & bit:
            return ANOTHERS
        self._bits[byte] |= bit
        return None
