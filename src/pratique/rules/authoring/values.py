"""The values that a field is tried with: its plain one, and those around which rules turn.

path, constants -> plain, literals and their neighbours, members of value sets, dates around
thresholds
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pratique.rules import codes
from pratique.rules.authoring.constants import Constants
from pratique.rules.certlogic.dates import instant
from pratique.rules.certlogic.values import Undecided

HOURS = {"hour": 1, "day": 24, "month": 730, "year": 8766}
"""Months and years in their mean length; the days around are tried too."""
UNKNOWN = "unknown-code"
MEMBERS = 6
"""Codes of a value set that are tried."""
THERE = "there"
"""A further entry is there: a copy of the first."""
BOTH_WAYS = {"df", "du", "iat", "exp", "nbf", "departureDate"}
"""Dates that may lie before arrival or after it."""
DATES = BOTH_WAYS | {"dt", "sc", "fr", "dob"}
NUMBERS = {"dn": (2, 1, 3), "sd": (2, 1, 3), "ageYears": (30, 5, 70)}
ALWAYS: dict[str, tuple[str, ...]] = {
    "tt": (codes.NAAT, codes.RAPID), "tr": (codes.NOT_DETECTED, codes.DETECTED),
}  # fmt: skip


class Ago(NamedTuple):
    """So many hours before arrival; below zero, after it."""

    hours: int


Value = str | int | Ago | None
"""None: the field is not there."""


def candidates(path: str, plain: Value, constants: Constants) -> list[Value]:
    """List what a path is tried with, its plain value first."""
    name = path.rpartition(".")[2]
    found: list[Value] = []
    if name in DATES:
        found = _dates(path, name, plain, constants)
    elif name in NUMBERS:
        found = _numbers(path, name, constants)
    elif name.isdecimal():
        return [None, THERE]
    else:
        found = [plain, *_texts(path, name, constants)]
    if path in constants.asked:
        found.append(None)
    return list(dict.fromkeys(found))


def _texts(path: str, name: str, constants: Constants) -> list[Value]:
    literals = sorted(constants.literals.get(path, ()), key=str)
    members = [
        code
        for listed in sorted(constants.value_sets.get(path, ()))
        for code in constants.members(listed)[:MEMBERS]
    ]
    return [*ALWAYS.get(name, ()), *literals, *members, UNKNOWN]


def _numbers(path: str, name: str, constants: Constants) -> list[Value]:
    literals = {value for value in constants.literals.get(path, ()) if isinstance(value, int)}
    around = {value + step for value in literals for step in (-1, 0, 1)}
    least = 1 if name == "sd" else 0
    return [*NUMBERS[name], *sorted(value for value in around if value >= least)]


def _dates(path: str, name: str, plain: Value, constants: Constants) -> list[Value]:
    if name == "dob":
        return [*_births(path, constants)]
    step = 1 if name == "sc" else 24
    found = {Ago(-step), Ago(0), Ago(400 * 24)}
    for amount, unit in constants.offsets.get(path, ()):
        hours = abs(amount) * HOURS[unit]
        for turned in (hours, -hours) if name in BOTH_WAYS else (hours,):
            whole = turned // step * step
            reach = 3 if unit in {"month", "year"} else 1
            found |= {Ago(whole + step * n) for n in range(-reach, reach + 1)}
    fixed = [text for day in _literal_days(path, constants) for text in _written(day, name)]
    return [plain or Ago(30 * 24), *sorted(found, key=lambda ago: abs(ago.hours)), *fixed]


def _births(path: str, constants: Constants) -> list[Value]:
    years = {amount for amount, unit in constants.offsets.get(path, ()) if unit == "year"}
    ages = sorted({30, *(abs(year) for year in years)})
    return ["1980-06-15", *(f"{2022 - age}-06-15" for age in ages), "2019-06-15"]


def _literal_days(path: str, constants: Constants) -> list[datetime]:
    found = []
    for text in sorted(constants.dates.get(path, ())):
        try:
            seconds = instant(text) // 1000
        except Undecided:
            continue
        if 86_400 < seconds < 250_000_000_000:
            day = datetime.fromtimestamp(seconds, UTC)
            found += [day + timedelta(days=step) for step in (-1, 0, 1)]
    return found


def _written(day: datetime, name: str) -> list[str]:
    return [day.strftime("%Y-%m-%dT%H:%M:%S.000Z" if name == "sc" else "%Y-%m-%d")]
