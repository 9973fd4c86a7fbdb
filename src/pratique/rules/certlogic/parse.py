"""Read a CertLogic expression: a checked tree, or every issue with its place.

    JSON -> the shape of each operation -> limits -> Expression | issues

1. The shape is what the specification's validation suite calls valid (certlogic-js 1.2.2), issue
   for issue. What we refuse beyond it is a limit, and its code begins with `limit-`.
2. Reading stops at the first limit of depth or size: a bomb costs no more than a rule.
3. An issue quotes nothing of the text but operators that exist.
"""

from __future__ import annotations

import re
from typing import Any

from pratique.errors import Issue
from pratique.rules.certlogic import expression

_COMPARISONS: tuple[expression.Comparison, ...] = (">", "<", ">=", "<=")
_ORDERS: tuple[expression.Order, ...] = ("after", "before", "not-after", "not-before")
_UNITS: tuple[expression.Unit, ...] = ("year", "month", "day", "hour")
_COUNTS: dict[str, tuple[int, int]] = {
    "if": (3, 3), "===": (2, 2), "in": (2, 2), "+": (2, 2), "and": (2, expression.NODES), "!": (1, 1),
    "plusTime": (3, 3), "reduce": (3, 3), "extractFromUVCI": (2, 2), "dccDateOfBirth": (1, 1),
    **dict.fromkeys((*_COMPARISONS, *_ORDERS), (2, 3)),
}  # fmt: skip
"""Operator -> how many operands it takes, at least and at most."""
_PLAIN = {"plusTime": 1, "extractFromUVCI": 1}
"""Operators of which only so many operands are expressions; the others are plain arguments."""
_PATH = re.compile(r"[^.]+(?:\.[^.]+)*")


def parse(logic: object) -> expression.Expression | tuple[Issue, ...]:
    """Read an expression, or say what is wrong with it."""
    reader = _Reader()
    try:
        root = reader.node(logic, "$", 1, False)
    except _Full:
        root = None
    if root is None or reader.issues:
        return tuple(reader.issues)
    steps = expression.cost(root)
    if steps > expression.BUDGET:
        return (
            Issue(
                "$", "limit-steps", f"one evaluation takes more than {expression.BUDGET:,} steps"
            ),
        )
    return expression.Expression(root, steps)


class _Full(Exception):
    """A limit of size: there is no use in reading on."""


class _Reader:
    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.count = 0

    def issue(self, where: str, code: str, message: str) -> None:
        self.issues.append(Issue(where, code, message))

    def node(self, logic: Any, where: str, depth: int, each: bool) -> expression.Node | None:
        """Read a node; None if it has issues.

        Args:
            logic: the JSON.
            where: its place.
            depth: how many expressions it lies in, with itself.
            each: it lies in the lambda of a `reduce`.
        """
        self.count += 1
        if self.count > expression.NODES:
            self.issue(
                where, "limit-nodes", f"the expression has more than {expression.NODES} parts"
            )
            raise _Full
        if depth > expression.DEPTH:
            self.issue(where, "limit-depth", f"the expression is deeper than {expression.DEPTH}")
            raise _Full
        match logic:
            case bool():
                return expression.Truth(logic)
            case str():
                return self.text(logic, where)
            case int():
                return self.number(logic, where)
            case float() if logic.is_integer():
                return self.number(int(logic), where)
            case float():
                self.issue(where, "not-an-integer", "a number is not an integer")
                return None
            case list():
                return self.items(logic, where, depth, each)
            case dict():
                return self.operation(logic, where, depth, each)
        self.issue(where, "not-an-expression", "this is not an expression")
        return None

    def text(self, logic: str, where: str) -> expression.Node | None:
        if len(logic) > expression.TEXT:
            self.issue(where, "limit-text", f"a text has more than {expression.TEXT} characters")
            return None
        return expression.Text(logic)

    def number(self, logic: int, where: str) -> expression.Node | None:
        if not -expression.NUMBER <= logic <= expression.NUMBER:
            self.issue(where, "limit-number", "a number is too large")
            return None
        return expression.Number(logic)

    def items(self, logic: list[Any], where: str, depth: int, each: bool) -> expression.Node | None:
        # The attack: a lambda that returns [acc, acc] doubles what it holds at every round.
        if each and any(isinstance(item, list | dict) for item in logic):
            self.issue(where, "limit-list-in-reduce", "a lambda of reduce may not build a list")
            return None
        read = [self.node(x, f"{where}[{i}]", depth + 1, each) for i, x in enumerate(logic)]
        items = tuple(item for item in read if item is not None)
        return expression.Items(items) if len(items) == len(logic) else None

    def operation(
        self, logic: dict[Any, Any], where: str, depth: int, each: bool
    ) -> expression.Node | None:
        if len(logic) != 1:
            self.issue(where, "not-one-operator", f"an operation has one key, not {len(logic)}")
            return None
        ((operator, values),) = logic.items()
        if operator == "var":
            return self.var(values, f"{where}['var']", each)
        if not isinstance(values, list):
            self.issue(where, "no-operands", "an operator's operands are a list")
            return None
        if not isinstance(operator, str) or operator not in _COUNTS:
            self.issue(where, "unknown-operator", "there is no such operator")
            return None
        return self.known(operator, values, f"{where}['{operator}']", depth, each)

    def known(
        self, operator: str, values: list[Any], where: str, depth: int, each: bool
    ) -> expression.Node | None:
        before = len(self.issues)
        least, most = _COUNTS[operator]
        if not least <= len(values) <= most:
            count = f"{least}" if least == most else f"{least} to {most}"
            self.issue(
                where, "operand-count", f"{operator} takes {count} operands, not {len(values)}"
            )
            if operator == "!":
                return None
        read = [
            self.node(x, f"{where}[{i}]", depth + 1, each or (operator == "reduce" and i == 1))
            for i, x in enumerate(values[: _PLAIN.get(operator, most)])
        ]
        self.plain(operator, values, where)
        nodes = [node for node in read if node is not None]
        if len(self.issues) > before or len(nodes) < len(read):
            return None
        return _made(operator, nodes, values)

    def var(self, path: Any, where: str, each: bool) -> expression.Node | None:
        if not isinstance(path, str):
            self.issue(where, "path-form", "a path is a text")
        elif len(path) > expression.TEXT:
            self.issue(where, "limit-text", f"a path has more than {expression.TEXT} characters")
        elif path and not _PATH.fullmatch(path):
            self.issue(where, "path-form", "a path is parts with a period between each two")
        elif path.count(".") >= expression.PARTS:
            self.issue(where, "limit-path", f"a path has more than {expression.PARTS} parts")
        elif not path and each:
            # As with lists: a context within the context grows with every round.
            self.issue(where, "limit-list-in-reduce", "a lambda of reduce may not keep its context")
        else:
            return expression.Var(path)
        return None

    def plain(self, operator: str, values: list[Any], where: str) -> None:
        """Check the arguments that are no expressions."""
        if operator == "plusTime" and len(values) > 1:
            self.amount(values[1], f"{where}[1]", expression.AMOUNT)
        if operator == "extractFromUVCI" and len(values) > 1:
            self.amount(values[1], f"{where}[1]", expression.NUMBER)
        if operator == "plusTime" and len(values) > 2 and values[2] not in _UNITS:
            units = ", ".join(_UNITS)
            self.issue(f"{where}[2]", "unit-form", f"the unit of time is one of {units}")

    def amount(self, value: Any, where: str, most: int) -> None:
        whole = isinstance(value, int | float) and not isinstance(value, bool)
        if not whole or (isinstance(value, float) and not value.is_integer()):
            self.issue(where, "amount-form", "the second operand is an integer, written as such")
        elif not -most <= value <= most:
            self.issue(where, "limit-number", "a number is too large")


def _made(operator: str, nodes: list[expression.Node], values: list[Any]) -> expression.Node:
    first = nodes[0]
    match operator:
        case "if":
            return expression.If(*nodes)
        case "and":
            return expression.And(tuple(nodes))
        case "!":
            return expression.Not(first)
        case "plusTime":
            # Nothing of whatever unit is the same date read.
            return expression.PlusTime(first, int(values[1]), values[2] if values[1] else "day")
        case "extractFromUVCI":
            return expression.Fragment(first, int(values[1]))
        case "dccDateOfBirth":
            return expression.BirthDate(first)
        case "reduce":
            return expression.Reduce(*nodes)
        case ">" | "<" | ">=" | "<=":
            return expression.Compare(operator, tuple(nodes))
        case "after" | "before" | "not-after" | "not-before":
            return expression.Ordered(operator, tuple(nodes))
        case "===":
            return expression.Same(*nodes)
        case "in":
            return expression.In(*nodes)
    return expression.Plus(*nodes)
