"""Events for a diary: text/calendar (RFC 5545) that any calendar program reads.

    Event, ... -> written -> text/calendar

1. Each event is of whole days, and takes no time of anybody's day.
2. Nothing here knows what an event is about. Whoever writes one sees to it that its UID tells nothing.
3. The same events at the same instant make the same bytes: DTSTAMP is the instant of asking, SEQUENCE counts
   days since 1970.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

FOLD = 75
"""Octets of a line, without its break (RFC 5545 §3.1)."""
_DAY = 86_400


class DiaryEvent(NamedTuple):
    """One event.

    Attributes:
        uid: tells it from all others; the same in a later file, which then moves it.
        summary: what is shown.
        day: on which it is.
        alarms: days before, on which a calendar program may remind.
    """

    uid: str
    summary: str
    day: date
    alarms: tuple[int, ...] = ()


def written(events: Iterable[DiaryEvent], *, product: str, name: str, at: int) -> bytes:
    """Write a calendar.

    Args:
        events: in their order.
        product: which program writes it.
        name: as it is shown.
        at: seconds since the epoch.
    """
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{product}", "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH", f"X-WR-CALNAME:{_text(name)}",
    ]  # fmt: skip
    for event in events:
        lines += _lines(event, at)
    return b"".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def uid_of(*parts: str) -> str:
    """Return a UID that is of these parts alone, and tells none of them."""
    told = "\0".join(parts)
    return f"{hashlib.sha256(told.encode(errors='surrogatepass')).hexdigest()[:32]}@pratique"


def _lines(event: DiaryEvent, at: int) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"
    yield f"SEQUENCE:{max(0, at // _DAY)}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(event.summary)}"
    yield "TRANSP:TRANSPARENT"
    for days in event.alarms:
        yield from (
            "BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(event.summary)}",
            f"TRIGGER:-P{days}D", "END:VALARM",
        )  # fmt: skip
    yield "END:VEVENT"


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
