"""Register a bulk job part by part: each is committed once, and can be made again from its requests.

    make(book) -> signed -> lines and the part's own row in one transaction -> signed

1. A part that the register has is not registered again: its texts are made again, the same.
2. Two processes may meet at one part or at one tag: the primary keys decide, and who was late starts
   that part over.
3. What is returned is committed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import select

from pratique.edges.register import schema
from pratique.edges.register.bitmap import Bitmap
from pratique.edges.register.register import Register
from pratique.edges.register.writing import Writing
from pratique.errors import Unreadable
from pratique.journeys.sign import Book, Line
from pratique.trust.shards import Shard

TRIES = 8
T = TypeVar("T")
Make = Callable[[Book], tuple[T, list[Line]]]
"""Sign a part's records; return what came of it, and the lines."""


class Bulk:
    """A register that is written part by part; keeps a map of used tags per key."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._bitmaps: dict[bytes, Bitmap] = {}

    def commit(self, job: bytes, number: int, shard: Shard, *, at: int, make: Make[T]) -> T:
        """Make and register one part, or make it again if it is registered.

        Raises:
            Unreadable: `register-…`.
        """
        for _ in range(TRIES):
            if self._register.read(lambda book: _is_done(book, job, number)):
                return self._register.read(lambda book: make(book)[0])
            made, lines = make(self._bitmaps.get(shard.kid) or self._load(shard))
            try:
                self._register.write(
                    partial(_add, part=(job, number), shard=shard, at=at, lines=lines), tries=1
                )
            except Unreadable as error:
                if error.code != "register-contended":
                    raise
                # Others have issued with this key, or have made this very part.
                self._bitmaps.pop(shard.kid, None)
            else:
                return made
        raise Unreadable(
            "register-contended", "others keep issuing with the same shard", "try again"
        )

    def _load(self, shard: Shard) -> Bitmap:
        self._register.write(lambda book: book.enrol(shard))
        bitmap = self._register.read(lambda book: Bitmap(shard.width, book.tags(shard.kid)))
        self._bitmaps[shard.kid] = bitmap
        return bitmap


def _is_done(book: Writing, job: bytes, number: int) -> bool:
    table = schema.job.c
    wanted = select(table.issued).where(table.id == job, table.number == number)
    return book.connection.scalar(wanted) is not None


def _add(
    book: Writing, *, part: tuple[bytes, int], shard: Shard, at: int, lines: list[Line]
) -> None:
    row = {
        "id": part[0],
        "number": part[1],
        "shard_id": book.enrol(shard),
        "issued_at": at,
        "issued": len(lines),
    }
    book.connection.execute(schema.job.insert().values(row))
    book.add(lines)
