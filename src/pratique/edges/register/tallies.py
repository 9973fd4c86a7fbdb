"""Count the register's lines, for audits and for the public."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import case, distinct, func, select

from pratique.edges.register import schema
from pratique.edges.register.writing import Writing
from pratique.journeys.audit import Tally

DAY, HOUR = 86_400, 3_600
NIGHT_FROM, NIGHT_TO = 22, 5
"""Hours, UTC."""


class Act(NamedTuple):
    """One act of revocation, as it is counted in public."""

    at: int
    reason: str
    selection: str
    operator: str
    certificates: int


def tallies(book: Writing) -> list[Tally]:
    """Count by site and operator, in the order of their names."""
    lines, origin, revoked = schema.certificate.c, schema.origin.c, schema.revocation.c
    day = lines.issued_at.op("/")(DAY)
    hour = (lines.issued_at.op("%")(DAY)).op("/")(HOUR)
    by_day = (
        select(
            origin.site,
            origin.operator,
            day.label("day"),
            func.count().label("issued"),
            func.count(revoked.tag).label("revoked"),
            func.sum(case(((hour >= NIGHT_FROM) | (hour < NIGHT_TO), 1), else_=0)).label("night"),
        )
        .join_from(schema.certificate, schema.origin, origin.id == lines.origin_id)
        .join(
            schema.revocation,
            (revoked.shard_id == lines.shard_id) & (revoked.tag == lines.tag),
            isouter=True,
        )
        .group_by(origin.site, origin.operator, day)
        .subquery()
    )
    wanted = (
        select(
            by_day.c.site,
            by_day.c.operator,
            func.sum(by_day.c.issued),
            func.sum(by_day.c.revoked),
            func.count(distinct(by_day.c.day)),
            func.max(by_day.c.issued),
            func.sum(by_day.c.night),
        )
        .group_by(by_day.c.site, by_day.c.operator)
        .order_by(by_day.c.site, by_day.c.operator)
    )
    rows = book.connection.execute(wanted)
    return [Tally(row[0], row[1], *map(int, row[2:])) for row in rows]


class Double(NamedTuple):
    """A certificate whose request has another one, too: its key, tag, and whether it was taken back."""

    kid: bytes
    tag: int
    is_revoked: bool


def doubles(book: Writing) -> list[Double]:
    """Return the certificates of requests that have several, those of one request side by side.

    There are none but in a register in which writers met before the database refused it.
    """
    lines, revoked = schema.certificate.c, schema.revocation.c
    mark = func.substr(lines.request, 1, 8)
    several = select(mark).group_by(mark).having(func.count() > 1)
    wanted = (
        select(schema.shard.c.kid, lines.tag, revoked.tag)
        .join_from(schema.certificate, schema.shard, schema.shard.c.id == lines.shard_id)
        .join(
            schema.revocation,
            (revoked.shard_id == lines.shard_id) & (revoked.tag == lines.tag),
            isouter=True,
        )
        .where(mark.in_(several))
        .order_by(mark, lines.issued_at, lines.shard_id, lines.tag)
    )
    return [Double(row[0], row[1], row[2] is not None) for row in book.connection.execute(wanted)]


def acts(book: Writing) -> list[Act]:
    """Return all acts of revocation, oldest first."""
    table = schema.act.c
    wanted = select(table.at, table.reason, table.selection, table.operator, table.count)
    return [Act(*row) for row in book.connection.execute(wanted.order_by(table.id))]
