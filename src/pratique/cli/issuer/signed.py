"""Sign at the desk: in one transaction of its register, and nothing is returned before its commit."""

from __future__ import annotations

import click

from pratique.cli.issuer.desk import Desk
from pratique.edges.register import Writing
from pratique.edges.register.recall import revoke
from pratique.errors import UsageError
from pratique.intake.record import Record
from pratique.journeys.issue import Asked, check_room, registered
from pratique.journeys.revoke import Reason, Selection
from pratique.journeys.sign import Line, Signed, check_good

TRIES = 8


def issued(
    desk: Desk, record: Record, asked: Asked, *, label: str | None = None, wrong: Line | None = None
) -> Signed:
    """Issue one record with the shard of a label, or with the one that has most room.

    A request that was made before gives its certificate again. With `wrong`, that certificate is
    taken back as an issue error in the same transaction.
    """
    for _ in range(TRIES):
        try:
            return _issued(desk, record, asked, label=label, wrong=wrong)
        except UsageError as error:
            # Another desk took the last that was planned; who is asked for by name is told so.
            if error.code != "key-full":
                raise
    return _issued(desk, record, asked, label=label, wrong=wrong)


def _issued(
    desk: Desk, record: Record, asked: Asked, *, label: str | None, wrong: Line | None
) -> Signed:
    first = desk.choose(record.kind, at=asked.at, label=label)
    shards = (first, *(shard for shard in desk.shards if shard != first))
    # Whatever its opening asks for, it is not asked while others wait for the register.
    desk.keys(first)

    def act(book: Writing) -> Signed:
        if wrong is not None:
            check_good(wrong, book)
        made = registered(
            record, asked, shards=shards, keys=desk.keys, book=book, view=desk.own(book)
        )
        if not made.repeated and made.line.kid == first.kid:
            # Its own line is counted by now; tags run out before what was planned may.
            check_room(first, book.issued(first.kid) - 1, first.capacity)
        if wrong is not None:
            selection = Selection(wrong.kid, wrong.tag)
            revoke(book, selection, Reason.ISSUE_ERROR, at=asked.at, operator=asked.work.operator)
        return made

    made = desk.register.write(act)
    desk.note()
    (signer,) = (shard for shard in shards if shard.kid == made.line.kid)
    if (doubt := desk.doubt(signer, record.domain)) is not None:
        click.echo(f"note: {doubt}", err=True)
    return made
