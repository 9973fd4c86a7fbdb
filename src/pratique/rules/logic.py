"""Check the logic of a rule: its form, what it reads, what it costs, and what it can never do.

    JSON -> parse -> variables -> steps -> affected fields -> constant? -> thresholds -> Diagnostic, ...
    Expression, ... -> Constants(paths, literals, value sets, offsets of dates, …)

1. Nothing is tried here: whatever is found is proved. A part that reads no data is evaluated once.
2. A field that is read and not listed in AffectedFields keeps a person from being told what counts.
3. What an operand before has settled is known to those after it: `and(a, !a)` is never true.
4. Thresholds are put together only where they must hold together: the operands of `and`, a chain of
   dates, the rules of one country and kind under the same condition. Days and hours are exact; months
   and years are compared with their like only.
5. In the lambda of a `reduce`, `current` stands for what the `reduce` goes through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from typing import NamedTuple

from pratique.rules import policy
from pratique.rules.certlogic import describe, variables
from pratique.rules.certlogic.evaluate import (
    DAY,
    FIXED,
    Instant,
    Open,
    Undecided,
    evaluate,
    instant,
)
from pratique.rules.certlogic.expression import (
    BUDGET,
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
    Order,
    Ordered,
    PlusTime,
    Reduce,
    Same,
    Text,
    Truth,
    Unit,
    Var,
    below,
    cost,
)
from pratique.rules.certlogic.parse import parse
from pratique.rules.rule import Rule, RuleType
from pratique.rules.ruleset import NEWEST_ENGINE, SUPPORTED_ENGINE
from pratique.terms import Kind


class Diagnostic(NamedTuple):
    """Something that is wrong, or that the author should know.

    Attributes:
        rule: identifier and version, or "ruleset XX".
        error: it must not be published so; otherwise a warning.
        where: a path in the rule's JSON; empty for the whole.
        code: stable, for machines.
        message: for the author of the rule.
    """

    rule: str
    error: bool
    where: str
    code: str
    message: str


class ParsedRule(NamedTuple):
    """A rule of which envelope and logic could be read."""

    rule: Rule
    expression: Expression


def error(rule: str, where: str, code: str, message: str) -> Diagnostic:
    """Return a remark that keeps the rule from being published."""
    return Diagnostic(rule, True, where, code, message)


def warning(rule: str, where: str, code: str, message: str) -> Diagnostic:
    """Return a remark that the author should know."""
    return Diagnostic(rule, False, where, code, message)


def by_country(rules: list[ParsedRule]) -> Iterator[tuple[str, list[ParsedRule]]]:
    """Yield each country's rules."""
    for country in sorted({one.rule.country for one in rules}):
        yield country, [one for one in rules if one.rule.country == country]


def accepting(rules: list[ParsedRule]) -> list[ParsedRule]:
    """Return the rules that say what a destination accepts."""
    return [one for one in rules if one.rule.type is RuleType.ACCEPTANCE]


_VALUE_SET = "external.valueSets."


class Constants:
    """The constants of some expressions, by the path that they are compared with.

    Attributes:
        paths: all that are read, value sets left out.
        literals: texts and numbers that a path is compared with.
        value_sets: names of the value sets that a path is looked up in.
        offsets: (amount, unit) by which a date is moved before it is compared.
        dates: texts of dates that a path, or the clock, is compared with.
        asked: paths of which it is asked whether they are there.
    """

    def __init__(
        self,
        expressions: Iterable[Expression],
        value_sets: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Take expressions; a value set that is not at hand gets a stand-in."""
        self._known = {name: list(listed) for name, listed in (value_sets or {}).items()}
        self.paths: set[str] = set()
        self.literals: dict[str, set[str | int]] = defaultdict(set)
        self.value_sets: dict[str, set[str]] = defaultdict(set)
        self.offsets: dict[str, set[tuple[int, Unit]]] = defaultdict(set)
        self.dates: dict[str, set[str]] = defaultdict(set)
        self.asked: set[str] = set()
        for expression in expressions:
            self._read(expression.root, None)

    def members(self, name: str) -> list[str]:
        """Return the codes of a value set, or a stand-in for them."""
        return self._known.get(name) or policy.STAND_INS.get(name) or [f"{name}-1"]

    def sets(self) -> dict[str, list[str]]:
        """Return every value set that some expression looks into."""
        read = {name for names in self.value_sets.values() for name in names}
        return {name: self.members(name) for name in sorted(read | set(self._known))}

    def _read(self, node: Node, current: list[str] | None) -> None:
        match node:
            case Var():
                self.paths |= set(_plain(_named(node, current)))
            case If(guard, _, _):
                self._asked(guard, current)
            case Not(operand):
                self._asked(operand, current)
            case And(operands):
                for operand in operands:
                    self._asked(operand, current)
            case Same(left, right) | In(left, right):
                self._compared([left, right], current)
            case Compare(_, operands):
                self._compared(operands, current)
            case Ordered():
                self._ordered(node, current)
        for child in below(node):
            within = current
            if isinstance(node, Reduce) and child is node.each:
                within = list(_gone_through(node.operand, current))
            self._read(child, within)

    def _asked(self, node: Node, current: list[str] | None) -> None:
        if isinstance(node, Var):
            self.asked |= set(_plain(_named(node, current)))

    def _compared(self, operands: Iterable[Node], current: list[str] | None) -> None:
        nodes = list(operands)
        literals = {value for node in nodes for value in _literals(node)}
        listed = {
            node.path.removeprefix(_VALUE_SET)
            for node in nodes
            if isinstance(node, Var) and node.path.startswith(_VALUE_SET)
        }
        for node in nodes:
            if isinstance(node, Fragment) and isinstance(node.operand, Var):
                made = {f"{'0:' * max(node.index, 0)}{value}" for value in literals}
                for path in _plain(_named(node.operand, current)):
                    self.literals[path] |= made
            elif isinstance(node, Var):
                for path in _plain(_named(node, current)):
                    self.literals[path] |= literals
                    self.value_sets[path] |= listed

    def _ordered(self, node: Ordered, current: list[str] | None) -> None:
        inner = list(_walk(node))
        paths = {path for one in inner if isinstance(one, Var) for path in _named(one, current)}
        moved = {(one.amount, one.unit) for one in inner if isinstance(one, PlusTime)}
        dates = {
            one.operand.value
            for one in inner
            if isinstance(one, PlusTime | BirthDate) and isinstance(one.operand, Text)
        }
        for path in paths:
            self.offsets[path] |= moved
            self.dates[path] |= dates


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in below(node):
        yield from _walk(child)


def _literals(node: Node) -> Iterator[str | int]:
    match node:
        case Text(value) | Number(value):
            yield value
        case Items(items):
            for item in items:
                yield from _literals(item)


def _named(node: Var, current: list[str] | None) -> list[str]:
    if current is None:
        return [node.path]
    head, _, rest = node.path.partition(".")
    if head != "current":
        return []
    return [f"{path}.{rest}" if rest else path for path in current]


def _gone_through(operand: Node, current: list[str] | None) -> Iterator[str]:
    if isinstance(operand, Items):
        for item in operand.items:
            if isinstance(item, Var):
                yield from _named(item, current)
    elif isinstance(operand, Var):
        yield from (f"{path}.0" for path in _named(operand, current))


def _plain(paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if path and not path.startswith(_VALUE_SET))


Assumed = Mapping[Node, bool]


def constant(expression: Expression, given: tuple[str, ...] = ()) -> bool | None:
    """Return what an expression always is; None if it depends on the data.

    Args:
        expression: any.
        given: paths that are known to be there.
    """
    return _truth(expression.root, {Var(path): True for path in given})


def _truth(node: Node, assumed: Assumed) -> bool | None:
    if node in assumed:
        return assumed[node]
    match node:
        case Not(operand):
            inner = _truth(operand, assumed)
            return None if inner is None else not inner
        case And(operands):
            return _all(operands, assumed)
        case If(guard, then, otherwise):
            guarded = _truth(guard, assumed)
            if guarded is not None:
                return _truth(then if guarded else otherwise, assumed)
            one = _truth(then, _with(assumed, guard, holds=True))
            other = _truth(otherwise, _with(assumed, guard, holds=False))
            return one if one is other else None
    if _reads(node):
        return None
    value = evaluate(Expression(node, cost(node)), {})
    return None if isinstance(value, Open | Instant) else bool(value)


def _all(operands: tuple[Node, ...], assumed: Assumed) -> bool | None:
    found: list[bool | None] = []
    for operand in operands:
        found.append(_truth(operand, assumed))
        if found[-1] is False:
            return False
        assumed = _with(assumed, operand, holds=True)
    return True if all(found) else None


def _with(assumed: Assumed, node: Node, *, holds: bool) -> Assumed:
    if isinstance(node, Not):
        return _with(assumed, node.operand, holds=not holds)
    if isinstance(node, And) and holds:
        for operand in node.operands:
            assumed = _with(assumed, operand, holds=True)
    return {**assumed, node: holds}


def _reads(node: Node) -> bool:
    return isinstance(node, Var) or any(map(_reads, below(node)))


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
    under: frozenset[Node]
    amount: int
    lower: bool
    strict: bool
    rule: str


class Window(NamedTuple):
    """What two bounds leave: nothing, or at most a day."""

    lower: Bound
    upper: Bound
    empty: bool


def bounds(rule: str, node: Node, given: tuple[str, ...]) -> Iterator[Bound]:
    """Yield the bounds that an expression sets whenever the rule holds."""
    yield from _bounds(rule, node, frozenset(), {Var(path) for path in given})


def _bounds(
    rule: str,
    node: Node,
    under: frozenset[Node],
    given: set[Var],
) -> Iterator[Bound]:
    match node:
        case And(operands):
            for operand in operands:
                yield from _bounds(rule, operand, under, given)
        case If(guard, then, Truth(True)):
            within = under if guard in given else under | {guard}
            yield from _bounds(rule, then, within, given)
        case Ordered(operator, operands):
            for left, right in pairwise(operands):
                if (bound := _bound(rule, operator, left, right, under)) is not None:
                    yield bound


class _Term(NamedTuple):
    """A date that is moved: in milliseconds, or in months; `exact` is None where it is not."""

    path: str
    amount: int
    exact: bool | None


def _date(node: Node) -> _Term | None:
    match node:
        case PlusTime(Var(path), amount, unit):
            if unit in FIXED:
                return _Term(path, amount * FIXED[unit], None if not amount else True)
            months = amount * (12 if unit == "year" else 1)
            return _Term(path, months, None if not amount else False)
        case PlusTime(Text(text), 0, _):
            try:
                return _Term("", instant(text), True)
            except Undecided:
                return None
    return None


def _bound(
    rule: str,
    operator: Order,
    left: Node,
    right: Node,
    under: frozenset[Node],
) -> Bound | None:
    one, other = _date(left), _date(right)
    if one is None or other is None or one.path == other.path:
        return None
    if None not in {one.exact, other.exact} and one.exact is not other.exact:
        return None
    if one.path < other.path:
        one, other, operator = other, one, FLIPPED[operator]
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
                if not (low.under <= high.under or high.under <= low.under):
                    continue
                width = high.amount - low.amount
                if width < 0 or (width == 0 and (low.strict or high.strict)):
                    yield Window(low, high, empty=True)
                # A test of at most 24 hours is no cut: its window begins with the sample itself.
                elif width == 0 or (key.exact and width <= DAY and low.amount and high.amount):
                    yield Window(low, high, empty=False)


MANY = 32
"""Items of a list of the data, as a `reduce` may meet them."""
GROUPS = {
    Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e", Kind.PASS: "p",
}  # fmt: skip


def read_logic(
    name: str, logic: object, *, compatible: bool
) -> tuple[Expression | None, list[Diagnostic]]:
    """Read an expression; None, and why, if it cannot be read."""
    parsed = parse(logic)
    if not isinstance(parsed, Expression):
        return None, [error(name, _place(where), code, text) for where, code, text in parsed]
    found = [
        error(name, _place(where), code, text)
        for where, code, text in variables.check(parsed, compatible=compatible)
    ]
    if compatible:
        found += [
            warning(
                name, "Logic", "compatibility", f"it reads {what}: {variables.COMPATIBLE[what]}"
            )
            for what in variables.needs(parsed)
        ]
    steps = _steps(parsed.root)
    if steps > BUDGET:
        message = f"it may take {steps:,} steps, and is left open after {BUDGET:,}"
        found.append(warning(name, "Logic", "steps", message))
    return parsed, found


def alone(checked: ParsedRule) -> Iterator[Diagnostic]:
    """Yield what is wrong with a rule by itself."""
    rule, name = checked.rule, checked.rule.name
    version = tuple(map(int, rule.engine_version.split(".")))
    if rule.engine != SUPPORTED_ENGINE or version > NEWEST_ENGINE:
        newest = ".".join(map(str, NEWEST_ENGINE))
        message = f"verifiers know {SUPPORTED_ENGINE} up to {newest}, and leave others open"
        yield error(name, "Engine", "engine", message)
    yield from _affected(checked)
    always = constant(checked.expression, given(checked))
    if always is not None:
        message = f"it is always {str(always).lower()}, whatever the certificate says"
        yield error(name, "Logic", "always-the-same", message)


def given(checked: ParsedRule) -> tuple[str, ...]:
    """Return the paths that are there whenever the rule is asked."""
    kind = checked.rule.kind
    if kind is None:
        return ()
    return f"payload.{GROUPS[kind]}", f"payload.{GROUPS[kind]}.0"


def cuts(rules: list[ParsedRule]) -> Iterator[Diagnostic]:
    """Yield thresholds that leave no instant, or at most a day, in rules in force together."""
    for country, listed in by_country(rules):
        ordered = sorted(listed, key=lambda one: str(one.rule.kind))
        for kind, several in groupby(ordered, key=lambda one: one.rule.kind):
            by_version = sorted(several, key=lambda one: one.rule.version)
            newest = {(one.rule.identifier, one.rule.region): one for one in by_version}
            found = [
                bound
                for one in newest.values()
                for bound in bounds(one.rule.name, one.expression.root, given(one))
            ]
            for window in narrow(found):
                yield _cut(window, f"ruleset {country}" if kind is None else window.lower.rule)


def _cut(window: Window, name: str) -> Diagnostic:
    low, high = window.lower, window.upper
    other = "" if low.rule == high.rule else f" (with {high.rule})"
    what = f"{_said(low.key.date)}, as against {_said(low.key.anchor)},"
    if window.empty:
        message = f"nothing meets both thresholds of {what[:-1]}{other}"
        return error(name, "Logic", "window-empty", message)
    message = f"the thresholds of {what} leave at most one day{other}"
    return warning(name, "Logic", "window-one-day", message)


def _affected(checked: ParsedRule) -> Iterator[Diagnostic]:
    name = checked.rule.name
    read = {
        path.removeprefix("payload.")
        for path in Constants([checked.expression]).paths
        if path.startswith(("payload.", "holder."))
    }
    listed = set(checked.rule.affected_fields)
    for field in sorted(read - listed):
        # A container is listed by any field within it, and a group says that its entries count.
        group, _, index = field.partition(".")
        entry_of_listed = index.isdecimal() and group in listed
        if not entry_of_listed and not any(
            other.startswith(field + ".") for other in listed | read
        ):
            message = f"{field} is read and not listed"
            yield error(name, "AffectedFields", "affected-missing", message)
    for field in sorted(listed - read):
        if not any(other.startswith(field + ".") for other in read):
            message = f"{field[:40]} is listed and not read"
            yield warning(name, "AffectedFields", "affected-unused", message)


def _steps(node: Node) -> int:
    if not isinstance(node, Reduce):
        return 1 + sum(map(_steps, below(node)))
    rounds = len(node.operand.items) if isinstance(node.operand, Items) else MANY
    return 1 + rounds * _steps(node.each) + _steps(node.operand) + _steps(node.initial)


def _place(where: str) -> str:
    return "Logic" + where.removeprefix("$")


def _said(path: str) -> str:
    return describe.noun(path) if path else "a fixed date"
