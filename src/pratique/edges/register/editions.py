"""Editions of the revocation lists: each is in the register before it is published.

    acts since the last edition -> TagList version n+1, Delta n -> n+1

1. Tags are only added: an edition holds all acts up to one, and acts are never removed.
2. Any edition can be made again, byte for byte, from what the register keeps of it.
3. A key that has signed has a list, if only an empty one: its absence is never good news.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import func, select

from pratique.edges.register import schema
from pratique.edges.register.writing import Writing
from pratique.errors import Unreadable
from pratique.revocation import delta
from pratique.revocation.tag_list import TagList
from pratique.trust.shards import Shard

_edition, _revocation = schema.edition.c, schema.revocation.c


class Published(NamedTuple):
    """A key's newest list, and what it adds to the one before; `is_new` if it was made just now."""

    shard: Shard
    listed: TagList
    delta: delta.Delta | None
    is_new: bool


def publish(book: Writing, shards: Iterable[Shard], *, at: int, lasting: int) -> list[Published]:
    """Return the newest edition of every key that has signed.

    A new one is made where something was taken back since, or where less than half of the last one's
    time is left.

    Args:
        at: seconds since the epoch.
        lasting: seconds for which a new edition is meant to be used.
    """
    return [
        _newest(book, shard, number, at, lasting)
        for shard in shards
        if (number := book.shard_id(shard.kid)) is not None
    ]


class _Edition(NamedTuple):
    """What the register keeps of one edition."""

    version: int
    created: int
    expires: int
    last_act: int | None
    digest: str = ""

    @property
    def half(self) -> int:
        """Return the instant from which a new one is due."""
        return self.created + (self.expires - self.created) // 2


def _newest(book: Writing, shard: Shard, number: int, at: int, lasting: int) -> Published:
    rows = book.connection.execute(
        select(*(_edition[name] for name in _Edition._fields))
        .where(_edition.shard_id == number)
        .order_by(_edition.version.desc())
        .limit(2)
    )
    editions = [_Edition(*row) for row in rows]
    lists = [_made_again(book, shard, number, edition) for edition in editions]
    held = lists[0] if lists else None
    last_act = _last_act(book, number)
    if held is not None and editions[0].last_act == last_act and at < editions[0].half:
        before = lists[1] if len(lists) > 1 else None
        return Published(
            shard, held, None if before is None else delta.make(before, held), is_new=False
        )
    edition = _Edition(1 if held is None else held.head.version + 1, at, at + lasting, last_act)
    made = _listed(book, shard, number, edition)
    row = {**edition._asdict(), "shard_id": number, "digest": made.digest.hex()}
    book.connection.execute(schema.edition.insert().values(row))
    return Published(shard, made, None if held is None else delta.make(held, made), is_new=True)


def _last_act(book: Writing, number: int) -> int | None:
    wanted = select(func.max(_revocation.act_id)).where(_revocation.shard_id == number)
    found: int | None = book.connection.scalar(wanted)
    return found


def _listed(book: Writing, shard: Shard, number: int, edition: _Edition) -> TagList:
    wanted = select(_revocation.tag).where(
        _revocation.shard_id == number, _revocation.act_id <= (edition.last_act or 0)
    )
    return TagList.build(
        book.connection.scalars(wanted),
        participant=shard.participant,
        kid=shard.kid,
        width=shard.width,
        version=edition.version,
        created=edition.created,
        expires=edition.expires,
    )


def _made_again(book: Writing, shard: Shard, number: int, edition: _Edition) -> TagList:
    found = _listed(book, shard, number, edition)
    if found.digest.hex() != edition.digest:
        raise Unreadable(
            "register-edition",
            "the register no longer gives the revocation list that was published",
            "restore the register from its backup; publish nothing from it",
        )
    return found


def current(book: Writing, shards: Iterable[Shard], *, at: int) -> list[TagList]:
    """Return all that is taken back now, published or not; for this issuer's own use only."""
    return [
        _listed(book, shard, number, _Edition(1, at, at, _last_act(book, number)))
        for shard in shards
        if (number := book.shard_id(shard.kid)) is not None
    ]


def ucis(book: Writing, shard: Shard) -> list[tuple[bytes, int]]:
    """Return hash and end of every certificate of a key that was taken back, for other networks."""
    lines = schema.certificate.c
    wanted = (
        select(lines.uci, lines.expires_at)
        .join_from(
            schema.revocation,
            schema.certificate,
            (_revocation.shard_id == lines.shard_id) & (_revocation.tag == lines.tag),
        )
        .where(lines.shard_id == book.shard_id(shard.kid))
    )
    return [(row[0], row[1]) for row in book.connection.execute(wanted)]
