"""Evaluate an expression by walking its tree: the reference that the engine is held to, in as few words as can be.

    Expression, data -> value | Open

1. Operands are evaluated in their order, then checked.
2. A `reduce` pays for all its rounds before the first.
"""

from __future__ import annotations

from typing import Any

from pratique.rules.certlogic import evaluate, expression
from pratique.rules.certlogic.evaluate import birth_date, instant, later


def interpret(expression: expression.Expression, data: Any) -> Any:
    """Evaluate an expression on JSON data; `Open` if it has no value. Never raises."""
    meter = evaluate.Meter(expression.cost)
    try:
        return _value(expression.root, data, meter)
    except evaluate.Undecided as undecided:
        return undecided.open


def _value(node: expression.Node, data: Any, meter: evaluate.Meter) -> Any:
    match node:
        case expression.Var(path):
            return _access(data, path)
        case expression.Text(value) | expression.Number(value) | expression.Truth(value):
            return value
        case expression.If(guard, then, otherwise):
            chosen = then if evaluate.truth(_value(guard, data, meter)) else otherwise
            return _value(chosen, data, meter)
        case expression.And(operands):
            return _first_falsy(operands, data, meter)
        case expression.Not(operand):
            return not evaluate.truth(_value(operand, data, meter))
        case expression.Same(left, right):
            return evaluate.same(_value(left, data, meter), _value(right, data, meter))
        case expression.In(left, right):
            return evaluate.member(_value(left, data, meter), _value(right, data, meter))
        case expression.Plus(left, right):
            return evaluate.add(_value(left, data, meter), _value(right, data, meter))
        case expression.Reduce():
            return _reduced(node, data, meter)
    return _compared_or_made(node, data, meter)


def _compared_or_made(node: expression.Node, data: Any, meter: evaluate.Meter) -> Any:
    match node:
        case expression.Compare(operator, operands):
            return evaluate.compared(operator, *[_value(one, data, meter) for one in operands])
        case expression.Ordered(operator, operands):
            return evaluate.ordered(operator, *[_value(one, data, meter) for one in operands])
        case expression.PlusTime(operand, amount, unit):
            return evaluate.Instant(later(instant(_value(operand, data, meter)), amount, unit))
        case expression.BirthDate(operand):
            return evaluate.Instant(birth_date(_value(operand, data, meter)))
        case expression.Fragment(operand, index):
            return evaluate.fragment(_value(operand, data, meter), index)
        case expression.Items(items):
            return [_value(item, data, meter) for item in items]
    raise evaluate.Undecided(evaluate.OpenReason.WRONG_TYPE)


def _first_falsy(operands: tuple[expression.Node, ...], data: Any, meter: evaluate.Meter) -> Any:
    value: Any = True
    for operand in operands:
        value = evaluate.settled(_value(operand, data, meter))
        if not value:
            break
    return value


def _reduced(node: expression.Reduce, data: Any, meter: evaluate.Meter) -> Any:
    items = evaluate.listed(_value(node.operand, data, meter))
    accumulator = _value(node.initial, data, meter)
    meter.pay(len(items) * expression.cost(node.each))
    for item in items:
        context = {"accumulator": accumulator, "current": item}
        accumulator = _value(node.each, context, meter)
    return accumulator


def _access(data: Any, path: str) -> Any:
    """Follow a path into JSON data; what is not there is null."""
    if path == "":
        return data
    for part in path.split("."):
        index = evaluate.index_of(part)
        if type(data) is dict:
            data = data.get(part if index is None else str(index))
        elif type(data) is list and index is not None and 0 <= index < len(data):
            data = data[index]
        else:
            return None
    return data
