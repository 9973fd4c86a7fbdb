"""Say an expression in plain English, for whoever it is applied to.

    {"if": [vaccination there, not-before(…), true]}
        -> "the last dose was given at least 14 days before arrival"

1. The sentence says when the rule holds. Nothing of the rule is left out: what has no words of its
   own is shown by its operator and its paths.
2. A guard that asks only whether there is the kind of thing that the rule is about goes without
   saying; any other guard is said.
3. A code without a name here is shown as it is: nothing is guessed.
4. A comparison of dates is turned so that what happened is told from arrival, or from another event.
   "At least" and "at most" include the instant itself, "more than" and "less than" do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from pratique.rules.certlogic.expression import (
    FLIPPED,
    And,
    BirthDate,
    Compare,
    Expression,
    Fragment,
    If,
    In,
    Items,
    Node,
    Not,
    Number,
    Ordered,
    Plus,
    PlusTime,
    Reduce,
    Same,
    Text,
    Truth,
    Var,
    paths,
)
from pratique.rules.products import PRODUCTS
from pratique.text import plural

GROUPS = {"v": "vaccination", "t": "test", "r": "recovery", "e": "exemption", "p": "pass"}
CLOCK = {"external.validationClock": "arrival", "external.arrivalDate": "the day of arrival"}
ORDINALS = ("first", "second", "third", "fourth", "fifth")


EVENTS = {
    "payload.v.0.dt": "the last dose was given",
    "payload.t.0.sc": "the sample for the test was taken",
    "payload.r.0.fr": "the first positive test was made",
    "payload.r.0.df": "the validity of the recovery certificate begins",
    "payload.r.0.du": "the validity of the recovery certificate ends",
    "payload.v.0.df": "the validity of the vaccination certificate begins",
    "payload.v.0.du": "the validity of the vaccination certificate ends",
    "payload.t.0.df": "the validity of the test certificate begins",
    "payload.t.0.du": "the validity of the test certificate ends",
    "payload.e.0.df": "the exemption begins",
    "payload.e.0.du": "the exemption ends",
    "payload.p.0.df": "the validity of the pass begins",
    "payload.p.0.du": "the validity of the pass ends",
    "external.iat": "the certificate was issued",
    "external.exp": "the certificate expires",
    "external.nbf": "the use of the certificate begins",
    "external.departureDate": "the journey begins",
}
"""A date of the data -> what happened on it."""
DISEASES = {
    "v": "the disease vaccinated against", "t": "the disease tested for",
    "r": "the disease recovered from", "e": "the disease of the exemption",
}  # fmt: skip
NOUNS = {
    "vp": "the kind of vaccine", "mp": "the vaccine",
    "dn": "the number of the dose", "sd": "the number of doses in the course",
    "tt": "the kind of test", "tr": "the test result", "is": "the issuing body",
    "ci": "the certificate’s identifier", "co": "the country of the event",
    "scheme": "the scheme of the pass",
}  # fmt: skip
MAKERS = {"v": "the maker of the vaccine", "t": "the test product"}
EXTERNAL = {
    "holder.ageYears": "the traveller’s age",
    "payload.dob": "the traveller’s date of birth",
    "external.countryCode": "the country of arrival",
    "external.issuerCountryCode": "the issuing country",
    "external.region": "the region of arrival",
}

CODES = {
    "840539006": "COVID-19",
    "260415000": "“not detected”",
    "260373001": "“detected”",
    "LP6464-4": "an NAA test (such as PCR)",
    "LP217198-3": "a rapid antigen test",
    **{code: facts.name for code, facts in PRODUCTS.items() if code.startswith("EU/")},
    "EU/1/20/1525": "Jcovden (Janssen)",
}
"""From the value sets of the EU's eHealth Network."""

_FIELD = re.compile(r"payload\.([vtrep])\.([0-9]+)(?:\.([a-z]+))?")


def noun(path: str) -> str:
    """Call a path by its name."""
    if path in EVENTS:
        return f"the date on which {EVENTS[path]}"
    if path in EXTERNAL or path in CLOCK:
        return EXTERNAL.get(path) or CLOCK[path]
    found = _FIELD.fullmatch(path)
    if found and found[3]:
        by_group = {"ma": MAKERS, "tg": DISEASES}.get(found[3])
        named = by_group.get(found[1]) if by_group else NOUNS.get(found[3])
        if named:
            index = int(found[2])
            return named if not index else f"{named} of the {ordinal(index)} {GROUPS[found[1]]}"
    return f"“{path}”"


def presence(path: str) -> str | None:
    """Call an entry, or a group, by its name, as something that may be there: "a second test"."""
    if found := _FIELD.fullmatch(path):
        if found[3]:
            return None
        index, group = int(found[2]), GROUPS[found[1]]
        return with_article(group) if not index else f"a {ordinal(index)} {group}"
    group = path.removeprefix("payload.")
    return with_article(GROUPS[group]) if group in GROUPS and group != path else None


def ordinal(index: int) -> str:
    """Say an index as a number in a row."""
    return ORDINALS[index] if index < len(ORDINALS) else f"{index + 1}th"


def with_article(word: str) -> str:
    """Put the article before a word."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def literal(value: str | int) -> str:
    """Say a code, a text or a number."""
    return CODES.get(value, f"“{value}”") if isinstance(value, str) else f"{value:,}"


def listing(parts: list[str], *, joint: str, most: int = 12) -> str:
    """Say a list: "a, b or c"."""
    if len(parts) > most:
        parts = [*parts[:most], f"{len(parts) - most} others"]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {joint} {parts[-1]}"


_OPPOSITE = {
    "after": "not-after", "not-after": "after", "before": "not-before", "not-before": "before",
    ">=": "<", "<": ">=", ">": "<=", "<=": ">",
}  # fmt: skip
_DISTANCE = {
    "not-before": "at least", "after": "more than", "not-after": "at most", "before": "less than",
}  # fmt: skip
_SIDE = {
    "not-before": "no earlier than", "after": "after", "not-after": "no later than", "before": "before",
}  # fmt: skip


class _Date(NamedTuple):
    path: str
    amount: int
    unit: str


def comparison(operator: str, left: Node, right: Node, *, holds: bool = True) -> str | None:
    """Say one comparison, or its opposite; None where a side is no plain date."""
    one, other = _date(left), _date(right)
    if one is None or other is None or (one.amount and other.amount and one.unit != other.unit):
        return None
    operator = operator if holds else _OPPOSITE[operator]
    if one.path not in CLOCK and (other.path in CLOCK or not other.path):
        one, other, operator = other, one, FLIPPED[operator]
    if one.path in CLOCK or not one.path:
        return _from_anchor(one, other, operator)
    if one.path not in EVENTS or other.path not in EVENTS:
        return None
    event, than = EVENTS[one.path], EVENTS[other.path]
    amount, unit = other.amount - one.amount, other.unit if other.amount else one.unit
    if not amount:
        return f"{event} {_SIDE[operator]} {than}"
    if amount > 0:
        return f"{event} {_DISTANCE[operator]} {plural(amount, unit)} after {than}"
    return f"{event} {_DISTANCE[FLIPPED[operator]]} {plural(-amount, unit)} before {than}"


def _from_anchor(anchor: _Date, event: _Date, operator: str) -> str | None:
    """Say: anchor + a OPERATOR event + b, which is: anchor - event OPERATOR b - a."""
    if event.path == "payload.dob" and not event.amount and anchor.unit == "year":
        return f"the traveller is {_DISTANCE[operator]} {-anchor.amount} years old"
    if event.path not in EVENTS:
        return None
    happened = EVENTS[event.path]
    where = CLOCK.get(anchor.path, anchor.unit if not anchor.path else "")
    amount = event.amount - (anchor.amount if anchor.path else 0)
    unit = event.unit if event.amount else anchor.unit
    if not amount or not anchor.path:
        return f"{happened} {_SIDE[FLIPPED[operator]]} {where}"
    if amount > 0:
        return f"{happened} {_DISTANCE[operator]} {plural(amount, unit)} before {where}"
    return f"{happened} {_DISTANCE[FLIPPED[operator]]} {plural(-amount, unit)} after {where}"


def _date(node: Node) -> _Date | None:
    match node:
        case PlusTime(Var(path), amount, unit):
            return _Date(path, amount, unit)
        case BirthDate(Var(path)):
            return _Date(path, 0, "day")
        case PlusTime(Text(value), 0):
            return _Date("", 0, value)
    return None


_MORE = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_JOINT = "\x1f"
"""Marks a joint of clauses until the sentence is whole: lists have an "or" too."""
_GROUP = re.compile(r"payload\.([vtrep])\b")


def describe(expression: Expression) -> str:
    """Say when an expression holds, without a capital or a period."""
    match expression.root:
        case If(Var(path), then, Truth(True)) if _about(path, then):
            said = _say(then, True)
        case root:
            said = _say(root, True)
    return said.replace(_JOINT, "")


def _about(guard: str, node: Node) -> bool:
    """Tell whether a guard asks for the one kind of thing that a node is about."""
    groups = {found[1] for path in paths(node) if (found := _GROUP.match(path))}
    return groups == {guard[8:9]} and guard == f"payload.{guard[8:9]}.0"


def _say(node: Node, holds: bool) -> str:
    match node:
        case Truth(value):
            return "always" if value is holds else "never"
        case Not(operand):
            return _say(operand, not holds)
        case Var(path):
            return _there(path, holds)
        case And(operands):
            return _joined([_say(one, holds) for one in operands], "and" if holds else "or")
        case If(guard, then, otherwise):
            return _choice(guard, then, otherwise, holds)
        case Same(left, right):
            return _same(left, right, holds)
        case In(left, right):
            return _in(left, right, holds)
        case Compare(operator, operands):
            return _pairs(operator, operands, holds)
        case Ordered(operator, operands):
            return _pairs(operator, operands, holds)
    said = _term(node)
    return said if holds else f"not ({said})"


def _there(path: str, holds: bool) -> str:
    if thing := presence(path):
        return f"there is {thing}" if holds else f"there is no {thing.split(' ', 1)[1]}"
    return f"{noun(path)} is {'given' if holds else 'not given'}"


def _choice(
    guard: Node,
    then: Node,
    otherwise: Node,
    holds: bool,
) -> str:
    match guard, then, otherwise:
        case Truth(value), _, _:
            return _say(then if value else otherwise, holds)
        case _, Truth(one), Truth(other):
            return _say(then, holds) if one is other else _say(guard, holds is one)
        case _, _, Truth(value) if value is holds:
            return _provided([guard], then, holds)
        case _, _, Truth():
            return _joined([_say(guard, True), _say(then, holds)], "and")
        case _, Truth(value), _ if value is holds:
            return _joined([_say(guard, True), _say(otherwise, holds)], "or")
        case _, Truth(), _:
            return _joined([_say(guard, False), _say(otherwise, holds)], "and")
    others = _say(otherwise, holds)
    return f"if{_JOINT} {_say(guard, True)}, {_say(then, holds)}; otherwise {others}"


def _provided(guards: list[Node], then: Node, holds: bool) -> str:
    """Say one condition or several, and what must hold under them."""
    match then:
        case If(guard, inner, Truth(value)) if value is holds and not isinstance(inner, Truth):
            return _provided([*guards, guard], inner, holds)
    conditions = _joined([_say(guard, True) for guard in guards], "and")
    return f"if{_JOINT} {conditions}, {_say(then, holds)}"


def _joined(parts: list[str], joint: str) -> str:
    """Join clauses; those that have joints of their own are set apart."""
    events = (f"{event} " for event in EVENTS.values())
    if event := next((one for one in events if all(part.startswith(one) for part in parts)), ""):
        return event + f" {joint}{_JOINT} ".join(_once(part[len(event) :] for part in parts))
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


def _same(left: Node, right: Node, holds: bool) -> str:
    if (counted := _count(left)) and isinstance(right, Number):
        is_there = "there is" if holds else "there is not"
        number = "one" if right.value == 1 else f"{right.value:,}"
        return f"{is_there} exactly {number} of {counted}"
    return f"{_term(left)} is {'' if holds else 'not '}{_term(right)}"


def _count(node: Node) -> str | None:
    """Name what is counted: how many of some groups are there."""
    present = If(
        Var("current.0"),
        Number(1),
        Number(0),
    )
    match node:
        case Reduce(
            Items(items),
            Plus(Var("accumulator"), each),
            Number(0),
        ):
            groups = [presence(item.path) for item in items if isinstance(item, Var)]
            if each == present and len(groups) == len(items) and all(groups):
                return listing([group for group in groups if group], joint="and")
    return None


def _in(left: Node, right: Node, holds: bool) -> str:
    negated = "" if holds else "not "
    match right:
        case Items((only,)):
            return f"{_term(left)} is {negated}{_term(only)}"
        case Items(items):
            listed = listing([_term(item) for item in items], joint="or")
            return f"{_term(left)} is {negated}one of {listed}"
        case Var(path) if path.startswith("external.valueSets."):
            name = path.rpartition(".")[2]
            return f"{_term(left)} is {negated}on the list “{name}”"
    return f"{_term(left)} is {negated}in {_term(right)}"


def _pairs(operator: str, operands: tuple[Node, ...], holds: bool) -> str:
    said = [_pair(operator, left, right, holds) for left, right in pairwise(operands)]
    return _joined(said, "and" if holds else "or")


def _pair(operator: str, left: Node, right: Node, holds: bool) -> str:
    match operator:
        case "after" | "before" | "not-after" | "not-before":
            negated = "" if holds else "not "
            said = comparison(operator, left, right, holds=holds)
            return said or f"{_term(left)} is {negated}{operator.replace('-', ' ')} {_term(right)}"
    relation = _MORE[operator if holds else _OPPOSITE[operator]]
    return f"{_term(left)} is {relation} {_term(right)}"


def _term(node: Node) -> str:
    match node:
        case Text(value) | Number(value):
            return literal(value)
        case Truth(value):
            return "true" if value else "false"
        case Var(path):
            return noun(path)
        case PlusTime(operand, amount, unit):
            side = "after" if amount > 0 else "before"
            moved = f"{plural(abs(amount), unit)} {side} " if amount else ""
            return moved + _term(operand)
        case BirthDate(operand):
            return f"the last day that {_term(operand)} can be"
        case If(guard, then, otherwise):
            return f"({_term(then)} if {_say(guard, True)}, otherwise {_term(otherwise)})"
        case Items(items):
            return listing([_term(item) for item in items], joint="and") or "an empty list"
        case Plus(left, right):
            return f"{_term(left)} plus {_term(right)}"
        case Fragment(operand, index):
            return f"the {ordinal(max(index, 0))} part of {_term(operand)}"
        case Reduce(operand, each, initial):
            return (
                f"what remains of {_term(operand)}, from {_term(initial)} on, "
                f"by taking {_term(each)} for each"
            )
    return f"whether {_say(node, True)}"
