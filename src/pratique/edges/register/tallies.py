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


def acts(book: Writing) -> list[Act]:
    """Return all acts of revocation, oldest first."""
    table = schema.act.c
    wanted = select(table.at, table.reason, table.selection, table.operator, table.count)
    return [Act(*row) for row in book.connection.execute(wanted.order_by(table.id))]
