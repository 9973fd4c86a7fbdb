"""What one place's rules say of a dose: by product, course, and day on which it was given.

    Ruleset, place, at -> DoseQuestions -> accepted(vaccine, course, given)      -> bool
                                        -> windows(vaccine, course, first, last) -> runs of days, each accepted
                                        -> limit(vaccine, course)                -> days, or None for without end

1. Nothing is read off a rule's text: it is asked. Its constants only say which days need asking, since a
   comparison of dates flips where clock + offset passes date + offset, and nowhere else.
2. Products between which no rule can tell are one class: of each class one is asked about every day.
3. Accepted is what `rules.cases.judge` calls passed: every rule that applies passed, and one is the place's own.
4. A dose is nobody's: a product, a number, a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from pratique.impact.traveller import NOBODY, Border, vaccination
from pratique.impact.world import VaccineFacts
from pratique.rules.certlogic.evaluate import DAY, FIXED, Undecided, instant, later
from pratique.rules.certlogic.expression import (
    Expression,
    In,
    Items,
    Node,
    Number,
    Same,
    Text,
    Truth,
    Unit,
    Var,
    below,
)
from pratique.rules.logic import Constants
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Ruleset
from pratique.terms import Kind

CLOCK, ARRIVAL, DOSE = "external.validationClock", "external.arrivalDate", "payload.v.0.dt"
VALIDITY = "2021-01-01T00:00:00Z", "2030-01-01T00:00:00Z"
"""From when until when a traveller's certificate is valid."""
OLDEST = 3_650
"""Days: a dose that is accepted at this age is accepted without end."""
SLACK = 7
"""Days by which months of different lengths, there and back, can be off at most."""
_PRODUCT = ("mp", "ma", "vp")
_EPOCH = date(1970, 1, 1)
_CALENDAR = -700_000, 2_900_000
"""Days around 1970 that are dates of the calendar."""


class Course(StrEnum):
    """Which dose is shown: the last one of a complete course, or one after it."""

    PRIMARY = "complete course"
    BOOSTER = "booster"


class DoseWindow(NamedTuple):
    """Days on which doses were given, both inclusive."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1


class DoseQuestions:
    """The rules of one place at one instant, asked about doses.

    Attributes:
        ruleset, place, at: whose rules, where, and when (seconds since the epoch).
        day: that of the instant, in UTC.
        rules: that are asked.
        asked: to how many rules a question was put, so far, counted again for each question.
    """

    def __init__(
        self, ruleset: Ruleset, place: Destination, at: int, *, issuer: str = NOBODY
    ) -> None:
        self._border = Border(ruleset, place, datetime.fromtimestamp(at, UTC), issuer)
        self.ruleset, self.place, self.at, self.asked = ruleset, place, at, 0
        self.day = self._border.day
        self.rules: tuple[Rule, ...] = ruleset.select(place, issuer, Kind.VACCINATION, at)
        self.state = self._border.state().word
        self._classes: dict[tuple[VaccineFacts, Course], tuple[object, ...]] = {}

    @property
    def answers(self) -> bool:
        """Tell whether there are rules by which a vaccination could be accepted."""
        return self.state == "rules"

    def accepted(self, vaccine: VaccineFacts, course: Course, given: date) -> bool:
        """Tell whether one entry with this dose is accepted, of an adult."""
        if not self.answers:
            return False
        self.asked += len(self.rules)
        return self._border.passes(Kind.VACCINATION, _entry(vaccine, course, given))

    def refused_by(self, vaccine: VaccineFacts, course: Course, given: date) -> tuple[Rule, ...]:
        """Return the rules that this dose does not pass, OPEN ones among them."""
        self.asked += len(self.rules)
        against = self._border.judge(Kind.VACCINATION, _entry(vaccine, course, given)).against
        return tuple(rule for rule in self.rules if rule.identifier in against)

    def product_class(self, vaccine: VaccineFacts, course: Course) -> tuple[object, ...]:
        """Return what is the same of two products exactly where no rule of these can tell them apart."""
        key = vaccine, course
        known = self._classes.get(key)
        if known is None:
            entry = _entry(vaccine, course, self.day)
            seen = (self._seen(name, entry[name]) for name in _PRODUCT)
            known = self._classes[key] = (*seen, entry["dn"], entry["sd"])
        return known

    def _seen(self, name: str, text: str) -> tuple[object, ...]:
        if self._compares_products:
            return (text,)
        literals, sets = self._told_apart[name]
        return (text if text in literals else None, *(text in codes for codes in sets))

    @cached_property
    def _told_apart(self) -> dict[str, tuple[set[str | int], list[frozenset[str]]]]:
        """The texts, and the lists of them, by which rules tell the values of a field apart."""
        constants, sets = self._constants, self._border.value_sets
        return {
            name: (
                constants.literals.get(f"payload.v.0.{name}", set()),
                [
                    frozenset(sets.get(listed, ()))
                    for listed in sorted(constants.value_sets.get(f"payload.v.0.{name}", ()))
                ],
            )
            for name in _PRODUCT
        }

    def windows(
        self, vaccine: VaccineFacts, course: Course, first: date, last: date
    ) -> tuple[DoseWindow, ...]:
        """Return the runs of days in which doses are accepted, from `first` to `last`."""
        if not self.answers or first > last:
            return ()
        starts = sorted({first, *(day for day in self.dose_turns if first < day <= last)})
        runs: list[DoseWindow] = []
        for start, following in zip(starts, [*starts[1:], last + timedelta(1)], strict=True):
            if not self.accepted(vaccine, course, start):
                continue
            end = following - timedelta(1)
            if runs and runs[-1].last + timedelta(1) == start:
                start = runs.pop().first  # noqa: PLW2901 - the run goes on
            runs.append(DoseWindow(start, end))
        return tuple(runs)

    def limit(self, vaccine: VaccineFacts, course: Course) -> DoseLimit | None:
        """Return how old a dose may be; None where it is not accepted at any age up to `OLDEST` days."""
        runs = self.windows(vaccine, course, self.day - timedelta(OLDEST), self.day)
        if not runs:
            return None
        # A dose ages through the runs from the last to the first: the oldest one is where acceptance ends.
        oldest = (self.day - runs[0].first).days
        return DoseLimit(course, None if oldest >= OLDEST else oldest)

    @cached_property
    def _expressions(self) -> list[Expression]:
        known = self.ruleset.evaluator.expressions if self.rules else {}
        return [known[id(rule)] for rule in self.rules if id(rule) in known]

    @cached_property
    def _constants(self) -> Constants:
        return Constants(self._expressions)

    @cached_property
    def _compares_products(self) -> bool:
        return any(
            mixes(node, _PRODUCT) for asked in self._expressions for node in nodes(asked.root)
        )

    @cached_property
    def dose_turns(self) -> frozenset[date]:
        """Return every day such that the answer may differ between doses of that day and of the day before."""
        constants = self._constants
        moved: set[tuple[int, Unit]] = {(0, "day"), *constants.offsets.get(DOSE, ())}
        dates = {
            *constants.dates.get(DOSE, ()),
            *map(str, constants.literals.get(DOSE, ())),
            *VALIDITY,
        }
        fixed = [self.at * 1_000, *milliseconds(dates)]
        # A dose is of a whole day: the flip lies at the beginning of the day that is hit, or of the next.
        days = {moment // DAY + step for moment in flips(fixed, moved) for step in (0, 1)}
        return frozenset(
            _EPOCH + timedelta(day) for day in days if _CALENDAR[0] < day < _CALENDAR[1]
        )


class DoseLimit(NamedTuple):
    """How old a dose may be: whole days, or None for without end."""

    course: Course
    days: int | None


def _entry(vaccine: VaccineFacts, course: Course, given: date) -> dict[str, Any]:
    return vaccination(vaccine, given, vaccine.doses + (course is Course.BOOSTER))


def milliseconds(texts: Iterable[str]) -> Iterator[int]:
    """Yield those of some texts that are dates or date-times, in milliseconds since the epoch."""
    for text in sorted(texts):
        try:
            yield instant(text)
        except Undecided:
            continue


def flips(fixed: Iterable[int], moved: Iterable[tuple[int, Unit]]) -> set[int]:
    """Return every millisecond at which something, moved by one offset, can pass one of these, moved by another."""
    offsets = list(moved)
    return {
        moment
        for start, (amount, unit), (back, back_unit) in product(fixed, offsets, offsets)
        for moment in _before(later(start, amount, unit), back, back_unit)
    }


def _before(target: int, amount: int, unit: Unit) -> Iterator[int]:
    """Yield every millisecond that may lie `amount` units before a target: of months, all days around."""
    if unit in FIXED:
        yield target - amount * FIXED[unit]
        return
    middle, time = later(target, -amount, unit), target % DAY
    for step in range(-SLACK, SLACK + 1):
        day = (middle // DAY + step) * DAY
        yield day
        yield day + time


def nodes(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in below(node):
        yield from nodes(child)


def mixes(node: Node, names: Sequence[str]) -> bool:
    """Tell whether one of these fields is compared with what is not a constant: no two values are one class then."""
    if not isinstance(node, Same | In):
        return False
    sides = (node.left, node.right)
    reading = [
        side
        for side in sides
        if any(
            isinstance(part, Var) and part.path.rpartition(".")[2] in names for part in nodes(side)
        )
    ]
    if not reading:
        return False
    is_plain = len(reading) == 1 and isinstance(reading[0], Var)
    return not (is_plain and all(side is reading[0] or _is_constant(side) for side in sides))


def _is_constant(node: Node) -> bool:
    if isinstance(node, Items):
        return all(map(_is_constant, node.items))
    if isinstance(node, Var):
        return node.path.startswith("external.valueSets.")
    return isinstance(node, Text | Number | Truth)


def by_class(
    questions: Iterable[DoseQuestions], vaccines: Mapping[str, VaccineFacts], course: Course
) -> dict[tuple[object, ...], list[VaccineFacts]]:
    """Group products that none of some questions can tell apart."""
    asked = list(questions)
    grouped: dict[tuple[object, ...], list[VaccineFacts]] = {}
    for vaccine in vaccines.values():
        key = tuple(each.product_class(vaccine, course) for each in asked)
        grouped.setdefault(key, []).append(vaccine)
    return grouped
