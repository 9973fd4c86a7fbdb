"""Rows told: to a person as a table that can be checked by hand, to a machine as JSON.

    Row, ... -> table -> lines          Row, ... -> as_json

1. Days are whole days; a date is a day in UTC, in JSON an instant.
2. Words are here alone; a reason in JSON is its code.
3. What others have named is shown through what the caller gives: a name as long as a page must not push
   everybody's state off the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pratique.trust.enduring.states import (
    MEASURES,
    NETWORK,
    ROOT,
    SUSPENSION,
    TARGETS,
    Row,
    Standing,
    Strand,
    Why,
)

FORMAT = "pratique-standing-1"
_HEADERS = ("PARTICIPANT", "DOMAIN", "STATE", "UNTIL", "DAYS", "LIVE", "WHY")
_WORDS = {
    Why.NONE: "",
    Why.ENDS: "the {last} ends within {warned} days",
    Why.ENDED: "the {last} has ended",
    Why.SCA_ENDED: "the {last}'s signing CA has ended",
    Why.NOTHING: "there is no {need}",
    Why.UNREADABLE: "no {need} can be read or believed",
    Why.WITHDRAWN: "every {need} was withdrawn",
    Why.NOT_YET: "no {need} has begun",
    Why.SCA_UNKNOWN: "no {need} was issued by a signing CA of its participant's",
    Why.SELF_SIGNED: "a {need} has signed itself, and no signing CA has",
    Why.SCA_WRONG: "no {need} was signed by the signing CA that it names",
    Why.SCA_UNREAD: "the signing CA above a {need} cannot be judged",
    Why.SCA_NOT_CERTIFYING: "the signing CA above a {need} may not sign certificates",
    Why.SCA_FOREIGN: "the signing CA above a {need} is another country's",
    Why.SCA_PATH: "the signing CA above a {need} may not stand below its own",
    Why.OTHER_USE: "no {need} is for signing documents",
    Why.BROKEN: "its newest edition is broken",
    Why.NO_EDITION: "it has published nothing",
    Why.INACTIVE: "it has no {need} for a domain that it is active for",
    Why.SUSPENDED: "suspended by seats of the authority until {until}: {about}",
}


_SEATS = {ROOT: "seats' root", TARGETS: "seats' list of participants"}


def last(need: str) -> str:
    """Return the words for the last piece of a need."""
    return _SEATS.get(need, f"last {need}")


def says(one: Strand) -> str:
    """Say why a strand is as it is."""
    until = "" if one.until is None else instant(one.until + 1)
    told = _WORDS[one.why].format(
        need=one.need, last=last(one.need), warned=one.warned, until=until, about=one.about
    )
    if one.why is Why.ENDS and one.above is not None and one.above == one.until:
        told += ", by its signing CA"
    return told


def table(rows: Sequence[Row], shown: Callable[[str], str] = str) -> Iterator[str]:
    """Yield the lines of a table, the worst strand of each row deciding, the others noted."""
    cells = [_HEADERS, *(_cells(row, shown) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADERS))]
    for line in cells:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()


def counted(rows: Sequence[Row]) -> str:
    """Count the rows by state, and the participants for whom something is live."""
    rows = [row for row in rows if row.participant != NETWORK]
    states = Counter(row.state for row in rows)
    people = {row.participant for row in rows}
    serving = {r.participant for r in rows if r.state in {Standing.LIVE, Standing.EXPIRING}}
    told = ", ".join(f"{states[state]} {state}" for state in Standing if states[state])
    word = "participant" if len(people) == 1 else "participants"
    serve = f"{len(people)} {word}, {len(serving)} of them live or expiring"
    return f"{serve}; of {len(rows)} rows {told}" if rows else f"{serve}; no rows"


def within(rows: Iterable[Row], days: int) -> tuple[Row, ...]:
    """Return the rows of which something has ended, or ends within so many days."""
    return tuple(row for row in rows if any(is_due(one, days) for one in row.strands))


def is_due(one: Strand, days: int) -> bool:
    """Tell whether a strand has ended, is unverifiable or suspended, or ends within so many days.

    What never lasts long is due by its own measure: an edition, and the seats' list of participants.
    """
    if one.state in {Standing.LAPSED, Standing.UNVERIFIABLE, Standing.SUSPENDED}:
        return True
    if one.need in MEASURES:
        return one.warned is not None
    return one.left is not None and one.left <= days


def as_json(rows: Iterable[Row], source: str) -> list[dict[str, Any]]:
    """Return what JSON holds of the rows of a source."""
    return [
        {
            "source": source,
            "participant": row.participant,
            "domain": row.domain,
            "state": row.state.value,
            "strands": [_strand(one) for one in row.strands],
        }
        for row in rows
    ]


def instant(seconds: int) -> str:
    """Write an instant as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _strand(one: Strand) -> dict[str, Any]:
    return {
        "need": one.need,
        "pieces": one.pieces,
        "live": one.live,
        "state": one.state.value,
        "why": one.why.value,
        "until": None if one.until is None else instant(one.until),
        "signing_ca_until": None if one.above is None else instant(one.above),
        "days_left": one.left,
        "warned": one.warned,
        **({"reason": one.about} if one.about else {}),
    }


def _cells(row: Row, shown: Callable[[str], str]) -> tuple[str, ...]:
    worst = row.worst
    counted = [one for one in row.strands if one.need != SUSPENSION]
    live = ", ".join(f"{one.live} of {one.pieces} {one.need}" for one in counted)
    why = [says(worst), *(says(o) for o in row.strands if o is not worst)]
    return (
        shown(row.participant) or "?",
        shown(row.domain) or "-",
        row.state.value,
        "-" if worst.until is None else instant(worst.until)[:10],
        "-" if worst.left is None else str(worst.left),
        live,
        "; ".join(dict.fromkeys(filter(None, why))),
    )
