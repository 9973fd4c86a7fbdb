"""Sign at the desk: in one transaction of its register, and nothing is returned before its commit."""

from __future__ import annotations

from pratique.cli.issuer.desk import Desk
from pratique.edges.register import Writing
from pratique.edges.register.recall import revoke
from pratique.intake.record import Record
from pratique.journeys.issue import Asked, registered
from pratique.journeys.revoke import Reason, Selection
from pratique.journeys.sign import Line, Signed


def issued(
    desk: Desk, record: Record, asked: Asked, *, label: str | None = None, wrong: Line | None = None
) -> Signed:
    """Issue one record with the shard of a label, or with the one that has most room.

    A request that was made before gives its certificate again. With `wrong`, that certificate is
    taken back as an issue error in the same transaction.
    """
    first = desk.choose(record.kind, at=asked.at, label=label)
    shards = (first, *(shard for shard in desk.shards if shard != first))

    def act(book: Writing) -> Signed:
        made = registered(
            record, asked, shards=shards, keys=desk.keys, book=book, view=desk.own(book)
        )
        if wrong is not None:
            selection = Selection(wrong.kid, wrong.tag)
            revoke(book, selection, Reason.ISSUE_ERROR, at=asked.at, operator=asked.work.operator)
        return made

    made = desk.register.write(act)
    desk.note()
    return made
