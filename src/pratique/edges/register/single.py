"""Issue one certificate in a transaction of the register: its key, its signature, its line.

1. A request that was made before adds no line: its certificate is the one that is there.
"""

from __future__ import annotations

from collections.abc import Sequence

from pratique.edges.register.writing import Writing
from pratique.intake.record import Record
from pratique.journeys.issue import Asked, Keys, issue
from pratique.journeys.sign import Book, Signed
from pratique.trust.shards import Shard


def issued(
    book: Writing,
    record: Record,
    asked: Asked,
    *,
    shards: Sequence[Shard],
    keys: Keys,
    view: Book | None = None,
) -> Signed:
    """Issue a record with the first of `shards`, or again; `view` is the book as this node sees it."""
    book.enrol(shards[0])
    made = issue(record, asked, shards=shards, keys=keys, book=view if view is not None else book)
    if not made.repeated:
        book.add([made.line])
    return made
