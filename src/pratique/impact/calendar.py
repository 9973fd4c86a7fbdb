"""What is coming to destinations' rules, for people and programs: a table, JSON, a calendar (RFC 5545).

    ComingChange, ... -> rows | as_json | written -> table | JSON | text/calendar

1. One row, and one event of a whole day, for each instant at which a destination's rules become others.
2. A UID is of the destination and of what happens: when a rule's beginning is moved and the file is taken in again,
   the event moves. The same changes at the same instant make the same bytes (`pratique.diary`).
3. People are a range. "Nobody" is said only where no dose turns; a place whose doses nobody tells is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pratique import diary
from pratique.diary import DiaryEvent
from pratique.impact.timeline import MANY, Affected, ComingChange, affected_as_json, is_cliff
from pratique.impact.world import Provenance
from pratique.text import amount, plural, rfc3339

FORMAT = "pratique-policy-calendar-1"
PRODUCT = "-//Pratique//policy calendar//EN"
ALARMS = (30, 7)
"""Days before a day on which many turn RED."""
SHOWN = 6
"""Products that are named; of more it is told how many."""


def rows(
    changes: Iterable[ComingChange], names: Mapping[str, str], many: int = MANY
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield day, destination, what happens, what it does to how many, and whose doses are meant."""
    for change in changes:
        why = "; ".join(change.why)
        nothing = "other proofs may turn" if change.ways else "no dose turns"
        effects = [
            (_said(affected, word, many), who(affected, names))
            for affected, word in ((change.lost, "refused"), (change.gained, "accepted"))
            if affected.groups
        ]
        for effect, whose in effects or [(nothing, "")]:
            yield change.day.isoformat(), change.place.text, why, effect, whose


def who(affected: Affected, names: Mapping[str, str]) -> str:
    """Say whose doses are meant: products by name, the course, and the days on which they were given."""
    parts = []
    for group in affected.groups:
        shown = [names.get(code, code) for code in group.products]
        products = ", ".join(shown[:SHOWN])
        if len(shown) > SHOWN:
            products += f" and {len(shown) - SHOWN} more"
        given = f"given {group.given.first} to {group.given.last}"
        parts.append(f"{group.course} of {products}, {given}")
    return "; ".join(parts)


def _said(affected: Affected, word: str, many: int) -> str:
    low, high = affected.people
    people = f"{amount(low, high)} people" if high >= many else f"at most {high:,} people"
    if not high:
        people = "nobody who is counted"
    untold = f", and those of {plural(len(affected.untold), 'country')} that tell no doses"
    return f"{word}: {people}{untold if affected.untold else ''}"


def as_json(
    changes: Sequence[ComingChange], *, at: int, days: int, many: int, data: Provenance
) -> dict[str, Any]:
    """Return what is coming as a JSON document.

    Args:
        changes: as `timeline.coming` returns them.
        at: when it was asked, in seconds since the epoch.
        days: how far was looked ahead.
        many: people from which on a day is a cliff.
        data: which the people are of.
    """
    return {
        "format": FORMAT,
        "at": rfc3339(at),
        "days": days,
        "many": many,
        "data": data._asdict(),
        "changes": [
            {
                "country": change.place.country,
                "region": change.place.region,
                "at": rfc3339(change.at),
                "why": list(change.why),
                "cliff": is_cliff(change, many),
                "other_proofs": change.ways,
                "refused": affected_as_json(change.lost) if change.lost.groups else None,
                "accepted": affected_as_json(change.gained) if change.gained.groups else None,
            }
            for change in changes
        ],
    }


def written(changes: Iterable[ComingChange], *, name: str, at: int, many: int = MANY) -> bytes:
    """Write a calendar.

    Args:
        changes: as `timeline.coming` returns them.
        name: as a calendar program shows it.
        at: seconds since the epoch.
        many: people from which on a day is a cliff, of which a program may remind.
    """
    return diary.written(_events(changes, many), product=PRODUCT, name=name, at=at)


def _events(changes: Iterable[ComingChange], many: int) -> Iterator[DiaryEvent]:
    earlier: Counter[tuple[str, ...]] = Counter()
    for change in changes:
        key = (change.place.text, *change.why)
        earlier[key] += 1
        parts = [
            _said(affected, word, many)
            for affected, word in ((change.lost, "refused"), (change.gained, "accepted"))
            if affected.groups
        ]
        summary = (
            f"{change.place.text}: {'; '.join(parts) or 'rules change'} ({'; '.join(change.why)})"
        )
        # The same may happen twice: a date of the logic passes for the one, and later for the other.
        uid = diary.uid_of("policy", *key, str(earlier[key]))
        yield DiaryEvent(uid, summary, change.day, ALARMS if is_cliff(change, many) else ())
