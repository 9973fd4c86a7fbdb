"""Say an expression in plain English, for whoever it is applied to.

    {"if": [vaccination there, not-before(…), true]}
        -> "the last dose was given at least 14 days before arrival"

1. The sentence says when the rule holds. Nothing of the rule is left out: what has no words of its
   own is shown by its operator and its paths.
2. A guard that asks only whether there is the kind of thing that the rule is about goes without
   saying; any other guard is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import times
from pratique.rules.certlogic import words as w

_MORE = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_OPPOSITE: dict[str, str] = {">=": "<", "<": ">=", ">": "<=", "<=": ">"}
_JOINT = "\x1f"
"""Marks a joint of clauses until the sentence is whole: lists have an "or" too."""
_GROUP = re.compile(r"payload\.([vtre])\b")


def describe(expression: e.Expression) -> str:
    """Say when an expression holds, without a capital or a period."""
    match expression.root:
        case e.If(e.Var(path), then, e.Truth(True)) if _about(path, then):
            said = _say(then, True)
        case root:
            said = _say(root, True)
    return said.replace(_JOINT, "")


def _about(guard: str, node: e.Node) -> bool:
    """Tell whether a guard asks for the one kind of thing that a node is about."""
    groups = {found[1] for path in e.paths(node) if (found := _GROUP.match(path))}
    return groups == {guard[8:9]} and guard == f"payload.{guard[8:9]}.0"


def _say(node: e.Node, holds: bool) -> str:
    match node:
        case e.Truth(value):
            return "always" if value is holds else "never"
        case e.Not(operand):
            return _say(operand, not holds)
        case e.Var(path):
            return _there(path, holds)
        case e.And(operands):
            return _joined([_say(one, holds) for one in operands], "and" if holds else "or")
        case e.If(guard, then, otherwise):
            return _choice(guard, then, otherwise, holds)
        case e.Same(left, right):
            return _same(left, right, holds)
        case e.In(left, right):
            return _in(left, right, holds)
        case e.Compare(operator, operands):
            return _pairs(operator, operands, holds)
        case e.Ordered(operator, operands):
            return _pairs(operator, operands, holds)
    said = _term(node)
    return said if holds else f"not ({said})"


def _there(path: str, holds: bool) -> str:
    if thing := w.presence(path):
        return f"there is {thing}" if holds else f"there is no {thing.split(' ', 1)[1]}"
    return f"{w.noun(path)} is {'given' if holds else 'not given'}"


def _choice(guard: e.Node, then: e.Node, otherwise: e.Node, holds: bool) -> str:
    match guard, then, otherwise:
        case e.Truth(value), _, _:
            return _say(then if value else otherwise, holds)
        case _, e.Truth(one), e.Truth(other):
            return _say(then, holds) if one is other else _say(guard, holds is one)
        case _, _, e.Truth(value) if value is holds:
            return _provided([guard], then, holds)
        case _, _, e.Truth():
            return _joined([_say(guard, True), _say(then, holds)], "and")
        case _, e.Truth(value), _ if value is holds:
            return _joined([_say(guard, True), _say(otherwise, holds)], "or")
        case _, e.Truth(), _:
            return _joined([_say(guard, False), _say(otherwise, holds)], "and")
    others = _say(otherwise, holds)
    return f"if{_JOINT} {_say(guard, True)}, {_say(then, holds)}; otherwise {others}"


def _provided(guards: list[e.Node], then: e.Node, holds: bool) -> str:
    """Say one condition or several, and what must hold under them."""
    match then:
        case e.If(guard, inner, e.Truth(value)) if value is holds and not isinstance(
            inner, e.Truth
        ):
            return _provided([*guards, guard], inner, holds)
    conditions = _joined([_say(guard, True) for guard in guards], "and")
    return f"if{_JOINT} {conditions}, {_say(then, holds)}"


def _joined(parts: list[str], joint: str) -> str:
    """Join clauses; those that have joints of their own are set apart."""
    if told := next((one for one in _HAPPENED if all(part.startswith(one) for part in parts)), ""):
        return told + f" {joint}{_JOINT} ".join(_once(part[len(told) :] for part in parts))
    if joint == "and":
        parts = [f"either {part}" if f" or{_JOINT} " in part else part for part in parts]
    own = f" {joint}{_JOINT} "
    plain = not any(_JOINT in part.replace(own, "") for part in parts)
    return own.join(parts) if plain else f",{own}".join(parts)


def _once(parts: Iterable[str]) -> list[str]:
    """Leave out what the last part says again: "at least 7 days and at most 365 days before …"."""
    *first, last = parts
    match = re.search(r" (before|after) [a-z ]+$", last)
    ending = match[0] if match else ""
    return [*(part.removesuffix(ending) for part in first), last]


_HAPPENED = [f"{event.noun} {event.verb} " for event in w.EVENTS.values()]


def _same(left: e.Node, right: e.Node, holds: bool) -> str:
    if (counted := _count(left)) and isinstance(right, e.Number):
        is_there = "there is" if holds else "there is not"
        number = "one" if right.value == 1 else f"{right.value:,}"
        return f"{is_there} exactly {number} of {counted}"
    return f"{_term(left)} is {'' if holds else 'not '}{_term(right)}"


def _count(node: e.Node) -> str | None:
    """Name what is counted: how many of some groups are there."""
    present = e.If(e.Var("current.0"), e.Number(1), e.Number(0))
    match node:
        case e.Reduce(e.Items(items), e.Plus(e.Var("accumulator"), each), e.Number(0)):
            groups = [w.presence(item.path) for item in items if isinstance(item, e.Var)]
            if each == present and len(groups) == len(items) and all(groups):
                return w.listing([group for group in groups if group], joint="and")
    return None


def _in(left: e.Node, right: e.Node, holds: bool) -> str:
    negated = "" if holds else "not "
    match right:
        case e.Items((only,)):
            return f"{_term(left)} is {negated}{_term(only)}"
        case e.Items(items):
            listed = w.listing([_term(item) for item in items], joint="or")
            return f"{_term(left)} is {negated}one of {listed}"
        case e.Var(path) if path.startswith("external.valueSets."):
            name = path.rpartition(".")[2]
            return f"{_term(left)} is {negated}on the list “{name}”"
    return f"{_term(left)} is {negated}in {_term(right)}"


def _pairs(operator: str, operands: tuple[e.Node, ...], holds: bool) -> str:
    said = [_pair(operator, left, right, holds) for left, right in pairwise(operands)]
    return _joined(said, "and" if holds else "or")


def _pair(operator: str, left: e.Node, right: e.Node, holds: bool) -> str:
    match operator:
        case "after" | "before" | "not-after" | "not-before":
            told = times.comparison(operator, left, right, holds=holds)
            negated = "" if holds else "not "
            return told or f"{_term(left)} is {negated}{operator.replace('-', ' ')} {_term(right)}"
    relation = _MORE[operator if holds else _OPPOSITE[operator]]
    return f"{_term(left)} is {relation} {_term(right)}"


def _term(node: e.Node) -> str:
    match node:
        case e.Text(value):
            return w.literal(value)
        case e.Number(value):
            return w.literal(value)
        case e.Truth(value):
            return "true" if value else "false"
        case e.Var(path):
            return w.noun(path)
        case e.PlusTime(operand, amount, unit):
            return _moved(_term(operand), amount, unit)
        case e.BirthDate(operand):
            return f"the last day that {_term(operand)} can be"
        case e.If(guard, then, otherwise):
            return f"({_term(then)} if {_say(guard, True)}, otherwise {_term(otherwise)})"
        case e.Items(()):
            return "an empty list"
        case e.Items(items):
            return w.listing([_term(item) for item in items], joint="and")
        case e.Plus(left, right):
            return f"{_term(left)} plus {_term(right)}"
        case e.Fragment(operand, index):
            return f"the {w.ordinal(max(index, 0))} part of {_term(operand)}"
        case e.Reduce(operand, each, initial):
            return (
                f"what remains of {_term(operand)}, from {_term(initial)} on, "
                f"by taking {_term(each)} for each"
            )
    return f"whether {_say(node, True)}"


def _moved(date: str, amount: int, unit: str) -> str:
    if not amount:
        return date
    side = "after" if amount > 0 else "before"
    return f"{w.units(abs(amount), unit)} {side} {date}"
