"""What ends, as a calendar (RFC 5545) that any diary reads.

    {source: Row, ...} -> written -> text/calendar

1. One event for each need of each participant, on the day of its end, with alarms 90, 60 and 30 days before; of
   the seats' list, which lasts 90, 30 days before.
   Many diaries leave alarms of others out: so each day of warning is an event of its own as well.
2. A UID is of source, participant, domain, need and warning alone: when a key was renewed and the file is taken
   in again, the event moves, and no stale one stays.
3. What has ended is an event on the day of asking: it must not lie where nobody looks any more.
4. The same rows at the same instant make the same bytes: DTSTAMP is the instant of asking, SEQUENCE counts
   days since 1970.
5. An edition, made anew by a clock every day, is in no calendar unless it has ended; a key without an end is
   in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from pratique import diary
from pratique.diary import DiaryEvent
from pratique.trust.certificates import FOREVER
from pratique.trust.expiry import (
    DAY,
    EDITION,
    MEASURES,
    SUSPENSION,
    WARNINGS,
    ExpiryChain,
    ExpiryState,
    ParticipantExpiry,
    instant,
    last,
    says,
)

PRODUCT = "-//Pratique//network status//EN"


def written(sources: Mapping[str, Iterable[ParticipantExpiry]], *, at: int) -> bytes:
    """Write a calendar.

    Args:
        sources: participants' rows, computed at `at`, by the name of their list or network; it shows as the
            calendar's name, and tells UIDs of two apart.
        at: seconds since the epoch.
    """
    events = (
        event
        for name, rows in sources.items()
        for row in rows
        for one in row.strands
        for event in _events(row, one, at, name)
    )
    return diary.written(events, product=PRODUCT, name=" ".join(sources), at=at)


def _events(row: ParticipantExpiry, one: ExpiryChain, at: int, name: str) -> Iterator[DiaryEvent]:
    who = f"{row.participant or '?'}{' ' + row.domain if row.domain else ''}"
    if one.need == SUSPENSION and one.until is not None:
        told = f"{who}: the suspension ends ({one.about})"
        yield _event(_uid(name, row, one, "end"), told, one.until)
        return
    if one.state in {ExpiryState.LAPSED, ExpiryState.UNVERIFIABLE}:
        since = "" if one.until is None else f" since {instant(one.until)[:10]}"
        told = f"{who}: {one.state}{since}, {says(one)}"
        yield _event(_uid(name, row, one, "end"), told, at)
        return
    if one.until is None or one.until >= FOREVER or one.need == EDITION:
        return
    warnings = MEASURES.get(one.need, WARNINGS)
    ends = f"{last(one.need)} ends"
    yield _event(_uid(name, row, one, "end"), f"{who}: {ends}", one.until, warnings)
    for days in warnings:
        # A day of warning that is over is no event: the end itself, and this table, still tell it.
        when = one.until - days * DAY
        if when >= at:
            told = f"{who}: renew, {ends} in {days} days"
            yield _event(_uid(name, row, one, str(days)), told, when)


def _event(uid: str, told: str, when: int, alarms: tuple[int, ...] = ()) -> DiaryEvent:
    return DiaryEvent(uid, told, datetime.fromtimestamp(when, UTC).date(), alarms)


def _uid(name: str, row: ParticipantExpiry, one: ExpiryChain, what: str) -> str:
    return diary.uid_of(name, row.participant, row.domain, one.need, what)
