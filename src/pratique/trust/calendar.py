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

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

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
FOLD = 75
"""Octets of a line, without its break (RFC 5545 §3.1)."""


def written(sources: Mapping[str, Iterable[ParticipantExpiry]], *, at: int) -> bytes:
    """Write a calendar.

    Args:
        sources: participants' rows, computed at `at`, by the name of their list or network; it shows as the
            calendar's name, and tells UIDs of two apart.
        at: seconds since the epoch.
    """
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH", f"X-WR-CALNAME:{_text(' '.join(sources))}",
    ]  # fmt: skip
    for name, rows in sources.items():
        for row in rows:
            for one in row.strands:
                lines += _events(row, one, at, name)
    return b"".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _events(row: ParticipantExpiry, one: ExpiryChain, at: int, name: str) -> Iterator[str]:
    who = f"{row.participant or '?'}{' ' + row.domain if row.domain else ''}"
    if one.need == SUSPENSION and one.until is not None:
        told = f"{who}: the suspension ends ({one.about})"
        yield from _event(_uid(name, row, one, "end"), told, one.until, at)
        return
    if one.state in {ExpiryState.LAPSED, ExpiryState.UNVERIFIABLE}:
        since = "" if one.until is None else f" since {instant(one.until)[:10]}"
        told = f"{who}: {one.state}{since}, {says(one)}"
        yield from _event(_uid(name, row, one, "end"), told, at, at)
        return
    if one.until is None or one.until >= FOREVER or one.need == EDITION:
        return
    warnings = MEASURES.get(one.need, WARNINGS)
    ends = f"{last(one.need)} ends"
    yield from _event(_uid(name, row, one, "end"), f"{who}: {ends}", one.until, at, alarms=warnings)
    for days in warnings:
        # A day of warning that is over is no event: the end itself, and this table, still tell it.
        when = one.until - days * DAY
        if when >= at:
            told = f"{who}: renew, {ends} in {days} days"
            yield from _event(_uid(name, row, one, str(days)), told, when, at)


def _event(
    uid: str, told: str, when: int, at: int, *, alarms: tuple[int, ...] = ()
) -> Iterator[str]:
    day = datetime.fromtimestamp(when, UTC).date()
    yield "BEGIN:VEVENT"
    yield f"UID:{uid}"
    yield f"DTSTAMP:{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"
    yield f"SEQUENCE:{max(0, at // DAY)}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(told)}"
    yield "TRANSP:TRANSPARENT"
    for days in alarms:
        yield from (
            "BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(told)}",
            f"TRIGGER:-P{days}D", "END:VALARM",
        )  # fmt: skip
    yield "END:VEVENT"


def _uid(name: str, row: ParticipantExpiry, one: ExpiryChain, what: str) -> str:
    told = "\0".join((name, row.participant, row.domain, one.need, what))
    return f"{hashlib.sha256(told.encode(errors='surrogatepass')).hexdigest()[:32]}@pratique"


def _text(value: str) -> str:
    """Escape a TEXT (RFC 5545 §3.3.11); control characters are left out."""
    kept = "".join(" " if char in "\r\n\t" else char for char in value)
    kept = "".join(char for char in kept if char.isprintable())
    return kept.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> bytes:
    """Fold a line at 75 octets, never within a character (RFC 5545 §3.1)."""
    parts, part, size = [], "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > FOLD:
            parts.append(part)
            part, size = " ", 1
        part, size = part + char, size + octets
    return "\r\n".join([*parts, part]).encode() + b"\r\n"
