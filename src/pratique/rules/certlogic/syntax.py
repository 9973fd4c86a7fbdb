"""Python syntax trees, in short: what generated rules are made of.

1. Names are ours: a prefix and a number. Text of a rule is only ever a constant, a value in the
   tree; it is never parsed as Python.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

_OPERATORS: dict[str, ast.cmpop] = {
    ">": ast.Gt(), "<": ast.Lt(), ">=": ast.GtE(), "<=": ast.LtE(), "==": ast.Eq(),
    "is": ast.Is(), "is not": ast.IsNot(), "in": ast.In(),
}  # fmt: skip
_TYPE_PARAMETERS: dict[str, Any] = (
    {"type_params": []} if "type_params" in ast.FunctionDef._fields else {}
)
"""A field of functions since Python 3.12, which must be there."""


def name(identifier: str) -> ast.expr:
    """Read a variable."""
    return ast.Name(identifier, ast.Load())


def constant(value: str | int | tuple[str, ...] | frozenset[str] | None) -> ast.expr:
    """Make a constant."""
    found: Any = value  # typeshed names neither tuples nor frozensets
    return ast.Constant(found)


def call(function: str, *arguments: ast.expr) -> ast.expr:
    """Call a function by its name."""
    return ast.Call(name(function), list(arguments), [])


def member(owner: ast.expr, attribute: str, *arguments: ast.expr) -> ast.expr:
    """Call a method."""
    return ast.Call(ast.Attribute(owner, attribute, ast.Load()), list(arguments), [])


def compare(left: ast.expr, *rest: str | ast.expr) -> ast.expr:
    """Chain comparisons: operator, operand, operator, operand, and so on."""
    operators = [_OPERATORS[part] for part in rest if isinstance(part, str)]
    operands = [part for part in rest if not isinstance(part, str)]
    return ast.Compare(left, operators, operands)


def is_type(value: ast.expr, kind: str) -> ast.expr:
    """Test a value's exact type."""
    return compare(call("type", value), "is", name(kind))


def both(*tests: ast.expr) -> ast.expr:
    """Join by `and`; one test is itself."""
    return ast.BoolOp(ast.And(), list(tests)) if len(tests) > 1 else tests[0]


def negation(value: ast.expr) -> ast.expr:
    """Negate."""
    return ast.UnaryOp(ast.Not(), value)


def choice(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    """Choose one of two values."""
    return ast.IfExp(test, then, otherwise)


def kept(identifier: str, value: ast.expr) -> ast.expr:
    """Assign within an expression."""
    return ast.NamedExpr(ast.Name(identifier, ast.Store()), value)


def items(values: Sequence[ast.expr]) -> ast.expr:
    """Build a list."""
    return ast.List(list(values), ast.Load())


def plus(left: ast.expr, right: ast.expr) -> ast.expr:
    """Add."""
    return ast.BinOp(left, ast.Add(), right)


def subscript(value: ast.expr, index: int) -> ast.expr:
    """Take an item."""
    return ast.Subscript(value, constant(index), ast.Load())


def assign(identifiers: Sequence[str], value: ast.expr) -> ast.stmt:
    """Assign one value to one variable or several."""
    return ast.Assign([ast.Name(one, ast.Store()) for one in identifiers], value)


def when(test: ast.expr, body: list[ast.stmt], otherwise: list[ast.stmt]) -> ast.stmt:
    """Branch."""
    return ast.If(test, body, otherwise)


def function(identifier: str, parameters: Sequence[str], body: list[ast.stmt]) -> ast.stmt:
    """Define a function."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(parameter) for parameter in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    return ast.FunctionDef(identifier, arguments, body, [], **_TYPE_PARAMETERS)


def attempt(body: list[ast.stmt], identifier: str) -> ast.stmt:
    """Run statements; what cannot be decided leaves `Open` in a variable."""
    opened = ast.Attribute(name("undecided"), "open", ast.Load())
    handler = ast.ExceptHandler(name("Undecided"), "undecided", [assign([identifier], opened)])
    return ast.Try(body, [handler], [], [])
