"""Thresholds that cut on the same day: between which instants do rules let anything pass?

    arrival not before dose + 14 days, arrival not after dose + 14 days -> one instant

1. Only what must hold together is put together: the operands of `and`, a chain of dates, the rules
   of one country and kind under the same condition.
2. Days and hours are exact. Months and years are compared with their like only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic.dates import DAY, FIXED, instant
from pratique.rules.certlogic.values import Undecided

_FLIPPED: dict[str, e.Order] = {
    "after": "before", "before": "after", "not-after": "not-before", "not-before": "not-after",
}  # fmt: skip


class _Key(NamedTuple):
    """What is bounded: one date from another, in exact time or in months."""

    date: str
    anchor: str
    exact: bool


class Bound(NamedTuple):
    """`date` lies this far from `anchor`, at least or at most.

    Attributes:
        under: the conditions under which it must.
        amount: milliseconds, or months.
        lower: at least, rather than at most.
        strict: the amount itself is out.
        rule: which rule says so.
    """

    key: _Key
    under: frozenset[e.Node]
    amount: int
    lower: bool
    strict: bool
    rule: str


class Window(NamedTuple):
    """What two bounds leave: nothing, or at most a day."""

    lower: Bound
    upper: Bound
    empty: bool


def bounds(rule: str, node: e.Node, given: tuple[str, ...]) -> Iterator[Bound]:
    """Yield the bounds that an expression sets whenever the rule holds."""
    yield from _bounds(rule, node, frozenset(), {e.Var(path) for path in given})


def _bounds(
    rule: str, node: e.Node, under: frozenset[e.Node], given: set[e.Var]
) -> Iterator[Bound]:
    match node:
        case e.And(operands):
            for operand in operands:
                yield from _bounds(rule, operand, under, given)
        case e.If(guard, then, e.Truth(True)):
            within = under if guard in given else under | {guard}
            yield from _bounds(rule, then, within, given)
        case e.Ordered(operator, operands):
            for left, right in pairwise(operands):
                if (bound := _bound(rule, operator, left, right, under)) is not None:
                    yield bound


class _Date(NamedTuple):
    path: str
    amount: int
    exact: bool | None


def _date(node: e.Node) -> _Date | None:
    match node:
        case e.PlusTime(e.Var(path), amount, unit):
            if unit in FIXED:
                return _Date(path, amount * FIXED[unit], None if not amount else True)
            return _Date(
                path, amount * (12 if unit == "year" else 1), None if not amount else False
            )
        case e.PlusTime(e.Text(text), 0, _):
            try:
                return _Date("", instant(text), True)
            except Undecided:
                return None
    return None


def _bound(
    rule: str, operator: e.Order, left: e.Node, right: e.Node, under: frozenset[e.Node]
) -> Bound | None:
    one, other = _date(left), _date(right)
    if one is None or other is None or one.path == other.path:
        return None
    if None not in {one.exact, other.exact} and one.exact is not other.exact:
        return None
    if one.path < other.path:
        one, other, operator = other, one, _FLIPPED[operator]
    exact = one.exact is not False and other.exact is not False
    return Bound(
        _Key(one.path, other.path, exact),
        under,
        other.amount - one.amount,
        operator in {"not-before", "after"},
        operator in {"before", "after"},
        rule,
    )


def narrow(found: Iterable[Bound]) -> Iterator[Window]:
    """Yield each pair of bounds that leaves nothing, or at most one day of many days."""
    by_key: dict[_Key, list[Bound]] = {}
    for bound in found:
        by_key.setdefault(bound.key, []).append(bound)
    for key, several in sorted(by_key.items()):
        lower = [bound for bound in several if bound.lower]
        upper = [bound for bound in several if not bound.lower]
        for low in lower:
            for high in upper:
                if low.under <= high.under or high.under <= low.under:
                    yield from _left(key, low, high)


def _left(key: _Key, low: Bound, high: Bound) -> Iterator[Window]:
    width = high.amount - low.amount
    if width < 0 or (width == 0 and (low.strict or high.strict)):
        yield Window(low, high, empty=True)
    # A test of at most 24 hours is no cut: its window begins with the sample itself.
    elif width == 0 or (key.exact and width <= DAY and low.amount and high.amount):
        yield Window(low, high, empty=False)
