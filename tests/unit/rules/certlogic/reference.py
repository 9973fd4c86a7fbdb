"""Evaluate an expression by walking its tree: the reference that the engine is held to, in as few words as can be.

    Expression, data -> value | Open

1. Operands are evaluated in their order, then checked.
2. A `reduce` pays for all its rounds before the first.
"""

from __future__ import annotations

from typing import Any

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import values as v
from pratique.rules.certlogic.dates import birth_date, instant, later


def interpret(expression: e.Expression, data: Any) -> Any:
    """Evaluate an expression on JSON data; `Open` if it has no value. Never raises."""
    meter = v.Meter(expression.cost)
    try:
        return _value(expression.root, data, meter)
    except v.Undecided as undecided:
        return undecided.open


def _value(node: e.Node, data: Any, meter: v.Meter) -> Any:
    match node:
        case e.Var(path):
            return v.access(data, path)
        case e.Text(value) | e.Number(value) | e.Truth(value):
            return value
        case e.If(guard, then, otherwise):
            chosen = then if v.truth(_value(guard, data, meter)) else otherwise
            return _value(chosen, data, meter)
        case e.And(operands):
            return _first_falsy(operands, data, meter)
        case e.Not(operand):
            return not v.truth(_value(operand, data, meter))
        case e.Same(left, right):
            return v.same(_value(left, data, meter), _value(right, data, meter))
        case e.In(left, right):
            return v.member(_value(left, data, meter), _value(right, data, meter))
        case e.Plus(left, right):
            return v.add(_value(left, data, meter), _value(right, data, meter))
        case e.Reduce():
            return _reduced(node, data, meter)
    return _compared_or_made(node, data, meter)


def _compared_or_made(node: e.Node, data: Any, meter: v.Meter) -> Any:
    match node:
        case e.Compare(operator, operands):
            return v.compared(operator, *[_value(one, data, meter) for one in operands])
        case e.Ordered(operator, operands):
            return v.ordered(operator, *[_value(one, data, meter) for one in operands])
        case e.PlusTime(operand, amount, unit):
            return v.Instant(later(instant(_value(operand, data, meter)), amount, unit))
        case e.BirthDate(operand):
            return v.Instant(birth_date(_value(operand, data, meter)))
        case e.Fragment(operand, index):
            return v.fragment(_value(operand, data, meter), index)
        case e.Items(items):
            return [_value(item, data, meter) for item in items]
    raise v.Undecided(v.Reason.WRONG_TYPE)


def _first_falsy(operands: tuple[e.Node, ...], data: Any, meter: v.Meter) -> Any:
    value: Any = True
    for operand in operands:
        value = v.settled(_value(operand, data, meter))
        if not value:
            break
    return value


def _reduced(node: e.Reduce, data: Any, meter: v.Meter) -> Any:
    items = v.listed(_value(node.operand, data, meter))
    accumulator = _value(node.initial, data, meter)
    meter.pay(len(items) * e.cost(node.each))
    for item in items:
        context = {"accumulator": accumulator, "current": item}
        accumulator = _value(node.each, context, meter)
    return accumulator
