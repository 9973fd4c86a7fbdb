"""Say in words how two dates of a rule lie to each other.

    not-before(arrival, last dose + 14 days) -> "the last dose was given at least 14 days before arrival"

1. A comparison is turned so that what happened is told from arrival, or from another event.
2. "At least" and "at most" include the instant itself, "more than" and "less than" do not.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import words as w

_FLIPPED: dict[str, e.Order] = {
    "after": "before", "before": "after", "not-after": "not-before", "not-before": "not-after",
}  # fmt: skip
_OPPOSITE: dict[str, e.Order] = {
    "after": "not-after", "not-after": "after", "before": "not-before", "not-before": "before",
}  # fmt: skip
_LONGER = {
    "not-before": "at least",
    "after": "more than",
    "not-after": "at most",
    "before": "less than",
}


class _Date(NamedTuple):
    path: str
    amount: int
    unit: str


def comparison(operator: e.Order, left: e.Node, right: e.Node, *, holds: bool = True) -> str | None:
    """Say one comparison, or its opposite; None where a side is no plain date."""
    one, other = _date(left), _date(right)
    if one is None or other is None or (one.amount and other.amount and one.unit != other.unit):
        return None
    operator = operator if holds else _OPPOSITE[operator]
    if one.path not in w.CLOCK and (other.path in w.CLOCK or not other.path):
        one, other, operator = other, one, _FLIPPED[operator]
    if one.path in w.CLOCK or not one.path:
        return _from_anchor(one, other, operator)
    return _between(one, other, operator)


def _from_anchor(anchor: _Date, event: _Date, operator: e.Order) -> str | None:
    """Say: anchor + a OPERATOR event + b, which is: anchor - event OPERATOR b - a."""
    if event.path == "payload.dob" and not event.amount and anchor.unit == "year":
        return _age(-anchor.amount, operator)
    if event.path not in w.EVENTS:
        return None
    told = f"{w.EVENTS[event.path].noun} {w.EVENTS[event.path].verb}"
    where = w.CLOCK.get(anchor.path, anchor.unit if not anchor.path else "")
    amount = event.amount - (anchor.amount if anchor.path else 0)
    unit = event.unit if event.amount else anchor.unit
    if not amount or not anchor.path:
        relation = {
            "not-before": "no later than", "after": "before", "not-after": "no earlier than", "before": "after",
        }[operator]  # fmt: skip
        return f"{told} {relation} {where}"
    if amount > 0:
        return f"{told} {_LONGER[operator]} {w.units(amount, unit)} before {where}"
    return f"{told} {_LONGER[_FLIPPED[operator]]} {w.units(-amount, unit)} after {where}"


def _age(years: int, operator: e.Order) -> str:
    """Say: arrival - years OPERATOR birth."""
    relation = {
        "not-before": "at least", "after": "more than", "not-after": "at most", "before": "less than",
    }[operator]  # fmt: skip
    return f"the traveller is {relation} {years} years old"


def _between(one: _Date, other: _Date, operator: e.Order) -> str | None:
    if one.path not in w.EVENTS or other.path not in w.EVENTS:
        return None
    told = f"{w.EVENTS[one.path].noun} {w.EVENTS[one.path].verb}"
    noun, verb = w.EVENTS[other.path]
    than = f"{noun} {verb}"
    amount, unit = other.amount - one.amount, other.unit if other.amount else one.unit
    if not amount:
        relation = {
            "not-before": "no earlier than", "after": "after", "not-after": "no later than", "before": "before",
        }[operator]  # fmt: skip
        return f"{told} {relation} {than}"
    if amount > 0:
        return f"{told} {_LONGER[operator]} {w.units(amount, unit)} after {than}"
    return f"{told} {_LONGER[_FLIPPED[operator]]} {w.units(-amount, unit)} before {than}"


def _date(node: e.Node) -> _Date | None:
    match node:
        case e.PlusTime(e.Var(path), amount, unit):
            return _Date(path, amount, unit)
        case e.BirthDate(e.Var(path)):
            return _Date(path, 0, "day")
        case e.PlusTime(e.Text(value), 0):
            return _Date("", 0, value)
    return None
