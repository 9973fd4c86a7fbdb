"""When would it change? The exact seconds at which rules' answers over fixed facts can turn.

    dates in facts and rules x offsets in rules -> every second where a comparison can flip
        -> asked at each -> the stretches in which the answer is yes

1. Nothing is sampled: a comparison of date-times flips only where clock + offset passes date + offset.
   Months and years overflow as in JavaScript, so for them the days around are listed too.
2. The list may hold seconds where nothing changes; it holds all where something does.
3. A search is paid for before it is made: its turns, and at each of them the steps of the rules.
4. Facts are written on the wall clock of the port (see `facts`), so the zone's changes are listed too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from pratique.rules.certlogic.dates import instant, later
from pratique.rules.certlogic.values import Undecided
from pratique.rules.rule import Rule

_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[^ ]{1,30})?)?)?", re.ASCII)
_DAY = 86_400
_SLACK = 7
"""Days by which overflows of months ("31 February" is 3 March), there and back, can be off at most."""

LAST = 253_402_041_600
"""9999-12-29: from here on a day more, or another zone's clock, may lie beyond the calendar."""

MOST_STEPS = 800_000
"""Steps that are searched for one health code, and as many more for each claim that it is made of: by
real rules one certificate takes 780,000 at most, and three take 1,700,000."""
_FLIP = 64
"""Steps that one turn costs to be found: a zone's offsets are looked up around it."""


class TooLong(Exception):
    """A search would take more steps than it may."""


class Purse:
    """The steps that the searches for one health code have left, made of so many claims."""

    __slots__ = ("left",)

    def __init__(self, claims: int) -> None:
        self.left = MOST_STEPS * (1 + claims)

    def pay(self, steps: int) -> None:
        """Take steps; TooLong if there are too few."""
        self.left -= steps
        if self.left < 0:
            raise TooLong


class Stretch(NamedTuple):
    """Seconds since the epoch between which the answer is yes, both inclusive.

    `begins` or `ends` is None where no change is in sight on that side.
    """

    begins: int | None
    ends: int | None

    def holds(self, at: int) -> bool:
        """Tell whether `at` lies in it."""
        return (self.begins is None or self.begins <= at) and (self.ends is None or at <= self.ends)


def stretches(
    turns: Iterable[int], answer: Callable[[int], bool], purse: Purse | None = None, steps: int = 1
) -> list[Stretch]:
    """Return the stretches of yes; `turns` holds every second at which the answer can change.

    TooLong if the purse does not hold `steps` for each answer.
    """
    places = sorted({turn for turn in turns if 0 <= turn <= LAST})
    if purse is not None:
        purse.pay(steps * (len(places) + 1))
    if not places:
        return [Stretch(None, None)] if answer(0) else []
    found: list[Stretch] = []
    begins: int | None = None
    open_ = answer(places[0] - 1)
    for place in places:
        if answer(place) is not open_:
            if open_:
                found.append(Stretch(begins, place - 1))
            open_, begins = not open_, place
    if open_:
        found.append(Stretch(begins, None))
    return found


def turns(
    rules: Iterable[Rule], data: Mapping[str, Any], zone: tzinfo, purse: Purse | None = None
) -> set[int]:
    """Return every second at which one of the rules can change its answer over these facts.

    TooLong if the purse does not hold what there is to be looked at.
    """
    found: set[int] = set()
    for rule in rules:
        found |= {rule.valid_from, rule.valid_to}
        moved = _offsets(rule.logic) | {(0, "day")}
        texts = _dates(rule.logic) | _dates(data.get("payload")) | _dates(data.get("external"))
        if purse is not None:
            purse.pay(
                _FLIP * len(texts) * len(moved) * sum(_DAYS.get(unit, 1) for _, unit in moved)
            )
        for wall in _flips(texts, moved):
            found |= _instants(wall, zone)
    return found


def birthdays(born: date, zone: tzinfo) -> set[int]:
    """Return the seconds at which the age in years grows, up to 120."""
    found = set()
    for year in range(born.year, min(born.year + 121, 9999)):
        leap = born.month == 2 and born.day == 29
        day = date(year, 3, 1) if leap and not _is_leap(year) else born.replace(year=year)
        local = datetime(day.year, day.month, day.day, tzinfo=zone)
        found.add(int(local.timestamp()))
    return {second for second in found if second >= 0}


def midnights(day: date, zone: tzinfo) -> set[int]:
    """Return the seconds at which a day begins and ends on the clock of a zone."""
    wall = (day - date(1970, 1, 1)).days * _DAY * 1000
    return _instants(wall, zone) | _instants(wall + _DAY * 1000, zone)


def _flips(texts: set[str], moved: set[tuple[int, str]]) -> Iterator[int]:
    # Wall-clock milliseconds at which clock + one offset can pass a date + another.
    for text in texts:
        try:
            read = instant(text)
        except Undecided:
            continue
        for amount, unit in moved:
            for back, back_unit in moved:
                yield from _solve(later(read, amount, unit), back, back_unit)  # type: ignore[arg-type]


def _solve(target: int, amount: int, unit: str) -> Iterator[int]:
    if unit in {"hour", "day"}:
        yield target - amount * (3_600_000 if unit == "hour" else _DAY * 1000)
        return
    # Back by the same calendar, not by a mean length: near at any distance, so few days are listed
    # for a rule that adds a hundred thousand years too.
    middle = later(target, -amount, unit)  # type: ignore[arg-type]
    time = target % (_DAY * 1000)
    first = middle // (_DAY * 1000) - _SLACK
    for day in range(first, first + 2 * _SLACK + 1):
        yield day * _DAY * 1000
        yield day * _DAY * 1000 + time


def _instants(wall: int, zone: tzinfo) -> set[int]:
    second = wall // 1000
    if not _DAY < second < LAST:
        return set()
    around = {_offset(second + shift, zone) for shift in (-_DAY, 0, _DAY)}
    found = {second - offset + step for offset in around for step in (0, 1)}
    if len(around) > 1:
        found.add(_change(second - _DAY, second + _DAY, zone))
    return found


def _offset(second: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _change(low: int, high: int, zone: tzinfo) -> int:
    before = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def _offsets(logic: object) -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for node in walk(logic):
        if isinstance(node, Mapping) and isinstance(node.get("plusTime"), list):
            operands = node["plusTime"]
            if len(operands) == 3 and type(operands[1]) is int and operands[2] in _UNITS:
                found.add((operands[1], operands[2]))
    return found


_UNITS = ("hour", "day", "month", "year")
_DAYS = dict.fromkeys(("month", "year"), 2 * (2 * _SLACK + 1))
"""Turns of one comparison, where a unit is of no fixed length."""


def _dates(value: object) -> set[str]:
    return {text for text in walk(value) if type(text) is str and _DATE.fullmatch(text)}


def walk(value: object) -> Iterator[object]:
    """Yield every value of a JSON document, but those of value sets."""
    stack = [value]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Mapping):
            stack.extend(inner for name, inner in node.items() if name != "valueSets")
        elif isinstance(node, list | tuple):
            stack.extend(node)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
