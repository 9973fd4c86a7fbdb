"""Evaluate checked expressions: each becomes closures once, and what they read is read once.

    Expression -> Engine.query -> Query          data -> Engine.values -> each query's value | Open

1. A closure takes a frame: the data, the meter of steps, and a place for each path and date that any
   expression of the engine reads. Whoever asks first fills the place; the others look there first.
2. A date-time is a bare number of milliseconds where a node says that it is one, and an `Instant` wherever
   it may meet other values: no two of them are equal, as no two of JavaScript's are.
3. Operands are evaluated in their order, then checked. What has no answer raises `Undecided`, which opens
   that expression alone.
4. Steps are counted before anything runs (`Expression.cost`); a `reduce` pays for all its rounds before the
   first. So nothing with a `reduce` in it is kept for others: each pays its own.
5. Nothing of an expression becomes code.
6. Truth, equality and integers are JavaScript's, as the specification's suite has them: 2.0 is an
   integer and true is none; lists, objects and instants are equal to nothing but themselves.
7. Work is bounded by the steps counted for it: lists and texts that would take more end the evaluation
   as a spent budget does.
8. Dates are the specification's and ECMA-262's (§21.4). A partial date is the last day that it can be; a
   missing zone is Z; decimals beyond the third are dropped; months and years overflow as in JavaScript:
   2020-02-29 and a year is 2021-03-01. No machine's clock, zone or locale has a part in it.
9. A text that is no date stops the evaluation. The specification leaves it undefined; JavaScript makes an
   Invalid Date, of which every comparison is false, so that a negated one would pass: "2021-09-99" is not
   let through. Nor is "2021-02-30", which V8 alone reads as 2 March.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from pratique.rules.certlogic import expression
from pratique.rules.certlogic.expression import BUDGET, NUMBER, Expression, Unit

LONGEST = 2048
"""Items of a list that `in` looks through; the longest real value set has 249."""
LONGEST_TEXT = 4096
"""Characters of a text of the data that is compared or taken apart."""


class OpenReason(StrEnum):
    """Why an evaluation has no value."""

    NO_TRUTH = "a date-time is neither true nor false"
    WRONG_TYPE = "an operand is of the wrong type"
    NO_DATE = "a text is not a date or date-time"
    NUMBER_TOO_LARGE = "a number is too large"
    BUDGET = "the evaluation takes too many steps"
    NOT_MAPPED = "a field is not said in the terms of rules"


class Open(NamedTuple):
    """An evaluation without a value: it can neither be passed nor failed.

    `unmapped` is the field that was read and is not said in the terms of rules; "" if it was not for that.
    """

    reason: OpenReason
    unmapped: str = ""


class Undecided(Exception):
    """The evaluation stops here; never leaves this package."""

    def __init__(self, reason: OpenReason, unmapped: str = "") -> None:
        super().__init__(reason)
        self.open = Open(reason, unmapped)


class PartlySaid(dict[str, Any]):
    """An entry of which some fields (`unmapped`) have a value that its format does not say in the terms of rules.

    Null would be an answer: "not in the list" fails, and its negation passes. Whoever reads one is left open; who
    does not come to it decides.
    """

    def __init__(self, fields: Mapping[str, Any], unmapped: frozenset[str]) -> None:
        super().__init__(fields)
        self.unmapped = unmapped

    def __bool__(self) -> bool:
        """Tell that there is an entry, whatever it says."""
        return True

    def __repr__(self) -> str:
        """Hide what is attested."""
        return "PartlySaid(…)"


class Instant:
    """A date-time, in milliseconds since 1970-01-01T00:00:00Z.

    In JavaScript each evaluation makes a new Date, equal to no other: so here too.
    """

    __slots__ = ("milliseconds",)

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def __repr__(self) -> str:
        """Hide the instant, which may be a date of birth."""
        return "Instant(…)"


class Meter:
    """The steps that an evaluation has left."""

    __slots__ = ("left",)

    def __init__(self, cost: int) -> None:
        self.left = BUDGET - cost

    def pay(self, steps: int) -> None:
        """Take steps, or stop the evaluation."""
        self.left -= steps
        if self.left < 0:
            raise Undecided(OpenReason.BUDGET)


def truth(value: Any) -> bool:
    """Tell whether a value counts as true; Python and CertLogic agree on all of JSON."""
    if type(value) is Instant:
        raise Undecided(OpenReason.NO_TRUTH)
    return bool(value)


def settled(value: Any) -> Any:
    """Return a value that counts as true or false."""
    if type(value) is Instant:
        raise Undecided(OpenReason.NO_TRUTH)
    return value


def is_integer(value: Any) -> bool:
    """Tell whether JavaScript's `Number.isInteger` holds."""
    return type(value) is int or (type(value) is float and value.is_integer())


def same(left: Any, right: Any) -> bool:
    """Compare as `===` does."""
    kind, other = type(left), type(right)
    if kind is str:
        if other is not str or len(left) != len(right):
            return False
        if len(left) > LONGEST_TEXT:
            raise Undecided(OpenReason.BUDGET)
        return bool(left == right)
    if kind is int or kind is float:
        return (other is int or other is float) and bool(left == right)
    if kind is Instant:
        return False
    return left is right


def member(value: Any, listed: Any) -> bool:
    """Tell whether a list holds a value.

    The README calls a right operand that is no list an error; the suite (ins-with-nulls) wants
    false where it is null, and the suite wins.
    """
    if listed is None:
        return False
    if type(listed) is not list:
        raise Undecided(OpenReason.WRONG_TYPE)
    if len(listed) > LONGEST:
        raise Undecided(OpenReason.BUDGET)
    if type(value) is str and len(value) <= LONGEST_TEXT:
        return value in listed
    if type(value) in {str, int, float}:
        return any(same(item, value) for item in listed)
    return any(item is value for item in listed)


def add(left: Any, right: Any) -> int | float:
    """Add two integers."""
    if not (is_integer(left) and is_integer(right)):
        raise Undecided(OpenReason.WRONG_TYPE)
    # Before the sum: an integer too large for a float cannot be added to one.
    if not (-NUMBER <= left <= NUMBER and -NUMBER <= right <= NUMBER):
        raise Undecided(OpenReason.NUMBER_TOO_LARGE)
    total: int | float = left + right
    if not -NUMBER <= total <= NUMBER:
        raise Undecided(OpenReason.NUMBER_TOO_LARGE)
    return total


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": gt, "<": lt, ">=": ge, "<=": le,
    "after": gt, "before": lt, "not-before": ge, "not-after": le,
}  # fmt: skip


def compared(operator: str, *values: Any) -> bool:
    """Tell whether two or three integers are in order."""
    if not all(map(is_integer, values)):
        raise Undecided(OpenReason.WRONG_TYPE)
    return _in_order(operator, values)


def ordered(operator: str, *values: Any) -> bool:
    """Tell whether two or three date-times are in order."""
    if not all(type(value) is Instant for value in values):
        raise Undecided(OpenReason.WRONG_TYPE)
    return _in_order(operator, [value.milliseconds for value in values])


def _in_order(operator: str, values: Sequence[Any]) -> bool:
    holds = ORDERS[operator]
    return all(holds(left, right) for left, right in pairwise(values))


def listed(value: Any) -> list[Any]:
    """Return what a `reduce` goes through; null is nothing to go through."""
    if value is None:
        return []
    if type(value) is not list:
        raise Undecided(OpenReason.WRONG_TYPE)
    return value


_SEPARATORS = re.compile(r"[/#:]")


def fragment(text: Any, index: int) -> str | None:
    """Return a fragment of a certificate's identifier (`extractFromUVCI`)."""
    if text is None:
        return None
    if type(text) is not str:
        raise Undecided(OpenReason.WRONG_TYPE)
    if len(text) > LONGEST_TEXT:
        raise Undecided(OpenReason.BUDGET)
    parts = _SEPARATORS.split(text.removeprefix("URN:UVCI:"))
    return parts[index] if 0 <= index < len(parts) else None


_INDEX = re.compile(r"\s*[+-]?[0-9]+")


def index_of(part: str) -> int | None:
    """Read the head of a path's part as JavaScript's `parseInt` does."""
    found = _INDEX.match(part)
    return int(found[0]) if found else None


HOUR = 3_600_000
DAY = 24 * HOUR
FIXED = {"day": DAY, "hour": HOUR}
"""Units that are the same length everywhere: UTC knows no daylight saving."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MILLISECOND = timedelta(milliseconds=1)
_MARKS = ("-", "-", "T", ":", ":", "Z")
_LONGEST = 64
_FORM = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{1,2}):?([0-9]{2})?)?"
)
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def instant(text: Any) -> int:
    """Read a date or date-time as `plusTime` does."""
    if type(text) is not str:
        raise Undecided(OpenReason.WRONG_TYPE)
    try:
        # The two common forms; fixed separators keep fromisoformat from reading weeks.
        if len(text) == 10 and text[4] == text[7] == "-":
            return (date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL) * DAY
        if len(text) == 20 and (text[4], text[7], text[10], text[13], text[16], text[19]) == _MARKS:
            return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
    except ValueError:
        # Still to be read: the year 0000, and 24:00:00 (ECMA-262 §21.4.1.32).
        pass
    return _any_form(text)


def birth_date(text: Any) -> int:
    """Read a date of birth, `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as the last day that it can be."""
    if type(text) is not str:
        raise Undecided(OpenReason.WRONG_TYPE)
    if len(text) > 10:
        raise Undecided(OpenReason.NO_DATE)
    return _any_form(text)


def later(milliseconds: int, amount: int, unit: Unit) -> int:
    """Add so many units; months and years as `setUTCMonth` and `setUTCFullYear` do."""
    if unit == "day":
        return milliseconds + amount * DAY
    if unit == "hour":
        return milliseconds + amount * HOUR
    days, time = divmod(milliseconds, DAY)
    year, month, day = _civil(days)
    months = year * 12 + month - 1 + amount * (12 if unit == "year" else 1)
    return (_days(months // 12, months % 12 + 1) + day - 1) * DAY + time


def _any_form(text: str) -> int:
    if len(text) > _LONGEST:
        raise Undecided(OpenReason.NO_DATE)
    if found := _PARTIAL.fullmatch(text):
        year, month = int(found[1]), int(found[2] or 12)
        if not 1 <= month <= 12:
            raise Undecided(OpenReason.NO_DATE)
        return (_days(year, month) + _length(year, month) - 1) * DAY
    if found := _FORM.fullmatch(text if len(text) > 10 else f"{text}T00:00:00"):
        return _read(found)
    raise Undecided(OpenReason.NO_DATE)


def _read(found: re.Match[str]) -> int:
    year, month, day, hours, minutes, seconds = (int(found[group]) for group in range(1, 7))
    fraction = int((found[7] or "").ljust(3, "0")[:3])
    ahead, behind = int(found[9] or 0), int(found[10] or 0)
    time = hours * HOUR + minutes * 60_000 + seconds * 1_000 + fraction
    if (
        not (1 <= month <= 12 and 1 <= day <= _length(year, month))
        or minutes > 59
        or seconds > 59
        or time > DAY
        or ahead > 23
        or behind > 59
    ):
        raise Undecided(OpenReason.NO_DATE)
    offset = (ahead * HOUR + behind * 60_000) * (-1 if found[8] == "-" else 1)
    return (_days(year, month) + day - 1) * DAY + time - offset


def _length(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _MONTHS[month - 1] + (month == 2 and leap)


def _days(year: int, month: int) -> int:
    """Count the days from 1970-01-01 to the first of a month, in any year."""
    if month <= 2:
        year -= 1
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (9 if month <= 2 else -3)) + 2) // 5
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _civil(days: int) -> tuple[int, int, int]:
    """Return the year, month and day that lie so many days after 1970-01-01."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + (3 if shifted < 10 else -9)
    return year + era * 400 + (month <= 2), month, day


Frame = list[Any]
_Closure = Callable[[Frame], Any]
_Slot = tuple[int, _Closure]
"""Where a value is kept once it is read, and what reads it."""

_DATA, _METER, _CURRENT, _NOWHERE, _SPARE = range(5)
"""Where a frame holds the data (in a `reduce`: the accumulator), the steps left, a `reduce`'s item, nothing
at all (here what is not kept is looked for), and what nobody looks for (here it is left)."""
WIDEST = 4096
"""Places of a frame, which is made for each certificate; what would need more is read each time."""
_UNREAD = object()
_SMALL = NUMBER // 2
"""The sum of two smaller integers is within the limit."""
_LITERALS = expression.Text | expression.Number | expression.Truth


class Query(NamedTuple):
    """What one expression asks of a frame; `cost` where the steps that it has left must be counted."""

    root: _Closure
    cost: int | None


class Engine:
    """Expressions that are asked of the same data.

    It grows with each expression that it is given, and keeps no data.
    """

    def __init__(self) -> None:
        self._maker = _Maker(of_lambda=False)

    def query(self, expression: Expression) -> Query:
        """Make what one expression asks."""
        root = expression.root
        return Query(self._maker.value(root), expression.cost if _folds_in(root) else None)

    def values(self, queries: Iterable[Query], data: Any) -> list[Any]:
        """Ask one set of JSON data; `Open` stands for what has no value. Never raises."""
        frame = [_UNREAD] * self._maker.width
        frame[_DATA] = data
        found = []
        for root, cost in queries:
            if cost is not None:
                frame[_METER] = Meter(cost)
            try:
                found.append(root(frame))
            except Undecided as undecided:
                found.append(undecided.open)
        return found


def evaluator(expression: Expression) -> Callable[[Any], Any]:
    """Make one expression's function of JSON data: its value, or `Open`. Never raises."""
    engine = Engine()
    queries = [engine.query(expression)]
    return lambda data: engine.values(queries, data)[0]


def evaluate(expression: Expression, data: Any) -> Any:
    """Evaluate one expression once."""
    return evaluator(expression)(data)


class _Maker:
    """Makes the closures of expressions that share a frame, or of a `reduce`'s lambda, whose frame is its own."""

    def __init__(self, *, of_lambda: bool) -> None:
        self.width = _SPARE + 1
        self._of_lambda = of_lambda
        self._kept: dict[expression.Node, _Slot] = {}

    def value(self, node: expression.Node) -> _Closure:
        """Make the closure of a node's value."""
        place, read = self._slot(node)
        if place == _NOWHERE:
            return read

        def found(frame: Frame) -> Any:
            value = frame[place]
            return read(frame) if value is _UNREAD else value

        return found

    def _slot(self, node: expression.Node) -> _Slot:
        match node:
            case expression.Var(path):
                return self._path(path)
            case expression.In(expression.Var(), expression.Var()):
                # A value set is long, and several rules look into it for the same.
                return self._keep(node, lambda place: _filling(self.member(node), place))
            case expression.PlusTime() | expression.BirthDate():
                moment = self._moment(node)
                return _NOWHERE, lambda frame: Instant(moment(frame))
        return _NOWHERE, _MAKERS[type(node)](self, node)

    def _keep(self, node: expression.Node, make: Callable[[int], _Closure]) -> _Slot:
        """Return the slot of a node; it is made, to fill a place of its own, if it is new."""
        found = self._kept.get(node)
        if found is not None:
            return found
        if self.width >= WIDEST or _folds_in(node):
            return _NOWHERE, make(_SPARE)
        place, self.width = self.width, self.width + 1
        found = self._kept[node] = place, make(place)
        return found

    def _path(self, path: str) -> _Slot:
        above, _, part = path.rpartition(".")
        if self._of_lambda and not above:
            # It sees nothing but its item and what it has so far.
            return _OF_LAMBDA.get(part, (_NOWHERE, lambda _: None))
        if not path:
            return _DATA, lambda frame: frame[_DATA]
        # What stands above it is read once as well: most paths of a rule begin alike.
        return self._keep(
            expression.Var(path), lambda place: _member(self._path(above), part, place)
        )

    def _moment(self, node: expression.PlusTime | expression.BirthDate) -> _Closure:
        """Make the closure of a date-time in milliseconds."""
        (place, read), added = self._date(node)

        def moment(frame: Frame) -> int:
            found = frame[place]
            if found is _UNREAD:
                found = read(frame)
            return int(found + added)

        return moment

    def _date(self, node: expression.PlusTime | expression.BirthDate) -> tuple[_Slot, int]:
        """Return where a date-time is kept, in milliseconds, and how many are to be added to it."""
        if isinstance(node, expression.BirthDate):
            return self._keep(
                node, lambda place: _dated(birth_date, self._slot(node.operand), place)
            ), 0
        amount, unit = node.amount, node.unit
        bare = self._keep(
            expression.PlusTime(node.operand, 0, "day"),
            lambda place: _dated(instant, self._slot(node.operand), place),
        )
        if unit in FIXED or not amount:
            return bare, amount * FIXED.get(unit, 0)
        return self._keep(
            node, lambda place: _dated(lambda at: later(at, amount, unit), bare, place)
        ), 0

    def _truth(self, node: expression.Node) -> _Slot:
        """Make the slot of a value that is only asked whether it counts as true."""
        if self._may_be_instant(node):
            return _NOWHERE, _after(truth, self.value(node))
        return self._slot(node)

    def _may_be_instant(self, node: expression.Node) -> bool:
        match node:
            case expression.PlusTime() | expression.BirthDate() | expression.Reduce():
                return True
            case expression.Var():
                return self._of_lambda
            case expression.If(_, then, otherwise):
                return self._may_be_instant(then) or self._may_be_instant(otherwise)
            case expression.And(operands):
                return any(map(self._may_be_instant, operands))
        return False

    def literal(self, node: expression.Text | expression.Number | expression.Truth) -> _Closure:
        value = node.value
        return lambda _: value

    def items(self, node: expression.Items) -> _Closure:
        items = [self.value(one) for one in node.items]
        return lambda frame: [item(frame) for item in items]

    def choice(self, node: expression.If) -> _Closure:
        place, guard = self._truth(node.guard)
        then = self.value(node.then)
        if isinstance(node.otherwise, _LITERALS):
            value = node.otherwise.value

            def guarded(frame: Frame) -> Any:
                held = frame[place]
                if held is _UNREAD:
                    held = guard(frame)
                return then(frame) if held else value

            return guarded
        otherwise = self.value(node.otherwise)

        def chosen(frame: Frame) -> Any:
            held = frame[place]
            if held is _UNREAD:
                held = guard(frame)
            return then(frame) if held else otherwise(frame)

        return chosen

    def conjunction(self, node: expression.And) -> _Closure:
        made = [
            _after(settled, self.value(one)) if self._may_be_instant(one) else self.value(one)
            for one in node.operands
        ]
        if len(made) == 2:
            left, right = made
            return lambda frame: left(frame) and right(frame)

        def both(frame: Frame) -> Any:
            value: Any = True
            for one in made:
                value = one(frame)
                if not value:
                    break
            return value

        return both

    def negation(self, node: expression.Not) -> _Closure:
        place, operand = self._truth(node.operand)

        def negated(frame: Frame) -> bool:
            found = frame[place]
            return not (operand(frame) if found is _UNREAD else found)

        return negated

    def same(self, node: expression.Same) -> _Closure:
        one, other = node.left, node.right
        if isinstance(one, expression.Text | expression.Number):
            one, other = other, one
        place, read = self._slot(one)
        if not isinstance(other, expression.Text | expression.Number):
            left, right = self.value(one), self.value(other)
            return lambda frame: same(left(frame), right(frame))
        # A literal is too short to cost anything; a text is equal to texts alone, true is no number.
        literal, kinds = other.value, (str,) if isinstance(other, expression.Text) else (int, float)

        def equal(frame: Frame) -> bool:
            value = frame[place]
            if value is _UNREAD:
                value = read(frame)
            return value == literal and type(value) in kinds

        return equal

    def member(self, node: expression.In) -> _Closure:
        place, read = self._slot(node.left)
        if isinstance(node.right, expression.Items) and all(
            isinstance(one, expression.Text) for one in node.right.items
        ):
            texts = frozenset(
                one.value for one in node.right.items if isinstance(one, expression.Text)
            )

            def among(frame: Frame) -> bool:
                value = frame[place]
                if value is _UNREAD:
                    value = read(frame)
                return type(value) is str and value in texts

            return among
        left, right = self.value(node.left), self.value(node.right)
        return lambda frame: member(left(frame), right(frame))

    def added(self, node: expression.Plus) -> _Closure:
        (left, read_left), (right, read_right) = self._slot(node.left), self._slot(node.right)

        def total(frame: Frame) -> int | float:
            one = frame[left]
            if one is _UNREAD:
                one = read_left(frame)
            other = frame[right]
            if other is _UNREAD:
                other = read_right(frame)
            if (
                type(one) is int
                and type(other) is int
                and -_SMALL < one < _SMALL
                and -_SMALL < other < _SMALL
            ):
                return one + other
            return add(one, other)

        return total

    def compared(self, node: expression.Compare) -> _Closure:
        operator, holds = node.operator, ORDERS[node.operator]
        if len(node.operands) != 2:
            made = [self.value(one) for one in node.operands]
            return lambda frame: compared(operator, *[one(frame) for one in made])
        (left, read_left), (right, read_right) = map(self._slot, node.operands)

        def in_order(frame: Frame) -> bool:
            one = frame[left]
            if one is _UNREAD:
                one = read_left(frame)
            other = frame[right]
            if other is _UNREAD:
                other = read_right(frame)
            if type(one) is int and type(other) is int:
                return bool(holds(one, other))
            return compared(operator, one, other)

        return in_order

    def ordered(self, node: expression.Ordered) -> _Closure:
        operator, holds = node.operator, ORDERS[node.operator]
        dates = [
            one
            for one in node.operands
            if isinstance(one, expression.PlusTime | expression.BirthDate)
        ]
        if len(dates) < len(node.operands):
            made = [self.value(one) for one in node.operands]
            return lambda frame: ordered(operator, *[one(frame) for one in made])
        if len(dates) == 3:
            first, second, third = map(self._moment, dates)

            def both_in_order(frame: Frame) -> bool:
                # All are read, whatever comes of the first two: one may be no date.
                one, two, three = first(frame), second(frame), third(frame)
                return bool(holds(one, two) and holds(two, three))

            return both_in_order
        ((left, read_left), before), ((right, read_right), after) = map(self._date, dates)
        apart = after - before

        def in_order(frame: Frame) -> bool:
            one = frame[left]
            if one is _UNREAD:
                one = read_left(frame)
            other = frame[right]
            if other is _UNREAD:
                other = read_right(frame)
            return bool(holds(one, other + apart))

        return in_order

    def fragment(self, node: expression.Fragment) -> _Closure:
        operand, index = self.value(node.operand), node.index
        return lambda frame: fragment(operand(frame), index)

    def fold(self, node: expression.Reduce) -> _Closure:
        operand, initial = self.value(node.operand), self.value(node.initial)
        maker = _Maker(of_lambda=True)
        each, cost = maker.value(node.each), expression.cost(node.each)
        blank = [_UNREAD] * (maker.width - _NOWHERE)

        def folded(frame: Frame) -> Any:
            items = listed(operand(frame))
            accumulator, meter = initial(frame), frame[_METER]
            meter.pay(len(items) * cost)
            for item in items:
                accumulator = each([accumulator, meter, item, *blank])
            return accumulator

        return folded


_MAKERS: dict[type[Any], Callable[[_Maker, Any], _Closure]] = {
    **dict.fromkeys((expression.Text, expression.Number, expression.Truth), _Maker.literal),
    expression.Items: _Maker.items,
    expression.If: _Maker.choice,
    expression.And: _Maker.conjunction,
    expression.Not: _Maker.negation,
    expression.Same: _Maker.same,
    expression.In: _Maker.member,
    expression.Plus: _Maker.added,
    expression.Compare: _Maker.compared,
    expression.Ordered: _Maker.ordered,
    expression.Fragment: _Maker.fragment,
    expression.Reduce: _Maker.fold,
}

_OF_LAMBDA: dict[str, _Slot] = {
    "accumulator": (_DATA, lambda frame: frame[_DATA]),
    "current": (_CURRENT, lambda frame: frame[_CURRENT]),
}


def _after(change: Callable[[Any], Any], made: _Closure) -> _Closure:
    return lambda frame: change(made(frame))


def _filling(read: _Closure, place: int) -> _Closure:
    def fill(frame: Frame) -> Any:
        found = frame[place] = read(frame)
        return found

    return fill


def _dated(change: Callable[[Any], int], slot: _Slot, place: int) -> _Closure:
    """Make the closure of a date-time from what is read in a slot."""
    where, read = slot

    def fill(frame: Frame) -> int:
        value = frame[where]
        if value is _UNREAD:
            value = read(frame)
        found = frame[place] = change(value)
        return found

    return fill


def _member(slot: _Slot, part: str, place: int) -> _Closure:
    """Make the closure of one part of a path; what is not there is null.

    Only members of objects and items of lists are data: JavaScript would also give a text's
    length and letters, and the functions of its own objects.
    """
    where, above = slot
    index = index_of(part)
    name = part if index is None else str(index)

    def fill(frame: Frame) -> Any:
        data = frame[where]
        if data is _UNREAD:
            data = above(frame)
        if type(data) is dict:
            value = data.get(name)
        elif type(data) is list and index is not None and 0 <= index < len(data):
            value = data[index]
        elif type(data) is PartlySaid:
            if name in data.unmapped:
                raise Undecided(OpenReason.NOT_MAPPED, name)
            value = data.get(name)
        else:
            value = None
        frame[place] = value
        return value

    return fill


def _folds_in(node: expression.Node) -> bool:
    return isinstance(node, expression.Reduce) or any(map(_folds_in, expression.below(node)))
