"""Check the logic of a rule: its form, what it reads, what it costs, and what it can never do.

    JSON -> parse -> variables -> steps -> affected fields -> constant? -> thresholds

1. A field that is read and not listed in AffectedFields keeps a person from being told what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from pratique.rules.authoring import fold
from pratique.rules.authoring.constants import Constants
from pratique.rules.authoring.remarks import Checked, Remark, by_country, error, warning
from pratique.rules.authoring.windows import Window, bounds, narrow
from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import variables, words
from pratique.rules.certlogic.parse import parse
from pratique.rules.ruleset import NEWEST_ENGINE, SUPPORTED_ENGINE
from pratique.terms import Kind

MANY = 32
"""Items of a list of the data, as a `reduce` may meet them."""
_GROUPS = {Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e"}


def read_logic(
    name: str, logic: object, *, compatible: bool
) -> tuple[e.Expression | None, list[Remark]]:
    """Read an expression; None, and why, if it cannot be read."""
    parsed = parse(logic)
    if not isinstance(parsed, e.Expression):
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
    if steps > e.BUDGET:
        message = f"it may take {steps:,} steps, and is left open after {e.BUDGET:,}"
        found.append(warning(name, "Logic", "steps", message))
    return parsed, found


def alone(checked: Checked) -> Iterator[Remark]:
    """Yield what is wrong with a rule by itself."""
    rule, name = checked.rule, checked.rule.name
    version = tuple(map(int, rule.engine_version.split(".")))
    if rule.engine != SUPPORTED_ENGINE or version > NEWEST_ENGINE:
        newest = ".".join(map(str, NEWEST_ENGINE))
        message = f"verifiers know {SUPPORTED_ENGINE} up to {newest}, and leave others open"
        yield error(name, "Engine", "engine", message)
    yield from _affected(checked)
    always = fold.constant(checked.expression, given(checked))
    if always is not None:
        message = f"it is always {str(always).lower()}, whatever the certificate says"
        yield error(name, "Logic", "always-the-same", message)


def given(checked: Checked) -> tuple[str, ...]:
    """Return the paths that are there whenever the rule is asked."""
    kind = checked.rule.kind
    if kind is None:
        return ()
    return f"payload.{_GROUPS[kind]}", f"payload.{_GROUPS[kind]}.0"


def cuts(rules: list[Checked]) -> Iterator[Remark]:
    """Yield thresholds that leave no instant, or at most a day, in rules in force together."""
    for country, listed in by_country(rules):
        ordered = sorted(listed, key=lambda one: str(one.rule.kind))
        for kind, several in groupby(ordered, key=lambda one: one.rule.kind):
            newest = _newest(list(several))
            found = [
                bound
                for one in newest
                for bound in bounds(one.rule.name, one.expression.root, given(one))
            ]
            for window in narrow(found):
                yield _cut(window, f"ruleset {country}" if kind is None else window.lower.rule)


def _cut(window: Window, name: str) -> Remark:
    low, high = window.lower, window.upper
    other = "" if low.rule == high.rule else f" (with {high.rule})"
    what = f"{_said(low.key.date)}, as against {_said(low.key.anchor)},"
    if window.empty:
        message = f"nothing meets both thresholds of {what[:-1]}{other}"
        return error(name, "Logic", "window-empty", message)
    message = f"the thresholds of {what} leave at most one day{other}"
    return warning(name, "Logic", "window-one-day", message)


def _newest(rules: list[Checked]) -> list[Checked]:
    found: dict[tuple[str, str | None], Checked] = {}
    for one in sorted(rules, key=lambda checked: checked.rule.version):
        found[one.rule.identifier, one.rule.region] = one
    return list(found.values())


def _affected(checked: Checked) -> Iterator[Remark]:
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


def _steps(node: e.Node) -> int:
    rounds = 0
    if isinstance(node, e.Reduce):
        items = len(node.operand.items) if isinstance(node.operand, e.Items) else MANY
        rounds = items * _steps(node.each)
    below = (
        _steps(child)
        for _, child in e.operands(node)
        if not (isinstance(node, e.Reduce) and child is node.each)
    )
    return 1 + rounds + sum(below)


def _place(where: str) -> str:
    return "Logic" + where.removeprefix("$")


def _said(path: str) -> str:
    return words.noun(path) if path else "a fixed date"
