"""Take certificates back in the register, and count; who they belong to is not in it.

    Selection -> chosen, and what they renew or are renewed by -> act, revocations -> counts

1. A certificate that is revoked stays so: rows are added, and the database refuses all else.
2. Acts are counted in public: reason, by what was selected, how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import CTE, Select, and_, exists, func, insert, literal, select, tuple_, union_all

from pratique.edges.register import schema
from pratique.edges.register.writing import Writing
from pratique.journeys.revoke import CERTIFICATE, Reason, Revoked, Selection

_certificate, _revocation = schema.certificate.c, schema.revocation.c
AT_ONCE = 5_000
"""Certificates of one statement: each is two of its values, of which SQLite takes 32,766."""


class _Act(NamedTuple):
    """What is noted of an act of revocation, beside its count."""

    reason: Reason
    selection: str
    at: int
    operator: str


def revoke(
    book: Writing, selection: Selection, reason: Reason, *, at: int, operator: str
) -> Revoked:
    """Take back all that is selected, in the book's transaction; see `Register.rehearse` for a trial."""
    act = _Act(reason, selection.name, at, operator)
    return _take_back(book, _first(selection, book), act)


def revoke_each(
    book: Writing, entries: Sequence[tuple[bytes, int]], reason: Reason, *, at: int, operator: str
) -> Revoked:
    """Take back certificates by key and tag, as `revoke` does; one act for some thousand."""
    act = _Act(reason, CERTIFICATE, at, operator)
    counted: Counter[bytes] = Counter()
    before = 0
    for start in range(0, len(entries), AT_ONCE):
        pairs = [(book.shard_id(kid), tag) for kid, tag in entries[start : start + AT_ONCE]]
        wanted = select(_certificate.shard_id, _certificate.tag).where(
            tuple_(_certificate.shard_id, _certificate.tag).in_(pairs)
        )
        found = _take_back(book, wanted, act)
        counted.update(dict(found.by_kid))
        before += found.before
    return Revoked(tuple(sorted(counted.items())), before)


def _take_back(book: Writing, first: Select[Any], act: _Act) -> Revoked:
    chosen = _chosen(first)
    gone = exists().where(
        _revocation.shard_id == chosen.c.shard_id, _revocation.tag == chosen.c.tag
    )
    run = book.connection.execute
    before = run(select(func.count()).select_from(chosen).where(gone)).scalar_one()
    counted = run(
        select(schema.shard.c.kid, func.count())
        .join_from(chosen, schema.shard, schema.shard.c.id == chosen.c.shard_id)
        .where(~gone)
        .group_by(schema.shard.c.kid)
        .order_by(schema.shard.c.kid)
    )
    found = Revoked(tuple((row[0], row[1]) for row in counted), before)
    if found.total:
        number = book.key_of(
            schema.act.insert().values(
                reason=act.reason.value,
                selection=act.selection,
                at=act.at,
                operator=act.operator,
                count=found.total,
            )
        )
        rows = select(chosen.c.shard_id, chosen.c.tag, literal(number)).where(~gone)
        run(insert(schema.revocation).from_select(["shard_id", "tag", "act_id"], rows))
    return found


def _chosen(first: Select[Any]) -> CTE:
    chosen = first.cte("chosen", recursive=True)
    renewed = _certificate.parent_tag.is_not(None)
    link = union_all(
        select(
            _certificate.parent_shard.label("from_shard"), _certificate.parent_tag.label("from_tag"),
            _certificate.shard_id.label("to_shard"), _certificate.tag.label("to_tag"),
        ).where(renewed),
        select(
            _certificate.shard_id, _certificate.tag, _certificate.parent_shard, _certificate.parent_tag,
        ).where(renewed),
    ).subquery("link")  # fmt: skip
    return chosen.union(
        select(link.c.to_shard, link.c.to_tag).join(
            chosen,
            and_(link.c.from_shard == chosen.c.shard_id, link.c.from_tag == chosen.c.tag),
        )
    )


def _first(selection: Selection, book: Writing) -> Select[Any]:
    wanted = select(_certificate.shard_id, _certificate.tag)
    origin = schema.origin.c
    named = {"lot": origin.lot, "site": origin.site, "operator": origin.operator}
    parts = [
        column == getattr(selection, part)
        for part, column in named.items()
        if getattr(selection, part) is not None
    ]
    if parts:
        wanted = wanted.join(schema.origin, origin.id == _certificate.origin_id).where(*parts)
    if selection.kid is not None:
        wanted = wanted.where(_certificate.shard_id == book.shard_id(selection.kid))
    if selection.tag is not None:
        wanted = wanted.where(_certificate.tag == selection.tag)
    if selection.since is not None:
        wanted = wanted.where(_certificate.issued_at >= selection.since)
    if selection.until is not None:
        wanted = wanted.where(_certificate.issued_at <= selection.until)
    return wanted
