"""Audit an issuer: who issued how many where, and what stands out. The real frauds were insiders.

    Tally by site and operator -> outliers -> Mark, ...

1. What is counted is an operator's work under a pseudonym, never a holder.
2. A mark is a question for whoever supervises the site; it stops nothing and turns no code.
3. The marks compare with the others' usual day, so that a big site is no outlier for its size alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple

TIMES = 5
"""How many times the usual is far above it."""
LEAST = 50
"""Certificates on a day below which no day is a rush."""
FEW = 3
"""Operators below which nobody's usual day can be told."""


class Tally(NamedTuple):
    """One operator's work at one site.

    Attributes:
        issued, revoked: certificates, in all.
        days: on which at least one was issued.
        busiest: certificates on the day with the most.
        night: certificates issued between 22 and 5 o'clock UTC.
    """

    site: str
    operator: str
    issued: int
    revoked: int
    days: int
    busiest: int
    night: int


class Mark(StrEnum):
    """Why a tally stands out. There is no other reason."""

    MANY = "issues far more a day than the others"
    RUSH = "had a day far above its own usual one"
    REVOKED = "far more of it was revoked than of the others'"
    NIGHT = "issues mostly at night, and the others do not"


def outliers(tallies: Sequence[Tally]) -> dict[tuple[str, str], tuple[Mark, ...]]:
    """Return the marks of each site and operator that stands out."""
    found = {}
    for tally in tallies:
        others = [other for other in tallies if other is not tally]
        marks = tuple(mark for mark, stands_out in _TESTS.items() if stands_out(tally, others))
        if marks:
            found[tally.site, tally.operator] = marks
    return found


def _many(tally: Tally, others: Sequence[Tally]) -> bool:
    if len(others) < FEW - 1:
        return False
    usual = median(other.issued / other.days for other in others)
    mean = tally.issued / tally.days
    return mean >= LEAST and mean > TIMES * usual


def _rush(tally: Tally, _others: Sequence[Tally]) -> bool:
    if tally.days < FEW:
        return False
    usual = (tally.issued - tally.busiest) / (tally.days - 1)
    return tally.busiest >= LEAST and tally.busiest > TIMES * usual


def _revoked(tally: Tally, others: Sequence[Tally]) -> bool:
    issued = sum(other.issued for other in others)
    usual = sum(other.revoked for other in others) / issued if issued else 0.0
    share = tally.revoked / tally.issued
    return bool(others) and tally.revoked >= TIMES and share > max(TIMES * usual, 0.01)


def _night(tally: Tally, others: Sequence[Tally]) -> bool:
    issued = sum(other.issued for other in others)
    usual = sum(other.night for other in others) / issued if issued else 1.0
    return tally.night >= LEAST and tally.night > tally.issued / 2 and usual < 0.25


_TESTS = {Mark.MANY: _many, Mark.RUSH: _rush, Mark.REVOKED: _revoked, Mark.NIGHT: _night}
