"""Whether an expression comes out the same whatever the data: found without trying anything.

    Expression, what is assumed -> True | False | None (it depends)

1. What an operand before has settled is known to those after it: `and(a, !a)` is never true.
2. A part that reads no data is evaluated once.
"""

from __future__ import annotations

from collections.abc import Mapping

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic.evaluate import evaluate
from pratique.rules.certlogic.values import Instant, Open

Assumed = Mapping[e.Node, bool]


def constant(expression: e.Expression, given: tuple[str, ...] = ()) -> bool | None:
    """Return what an expression always is; None if it depends on the data.

    Args:
        expression: any.
        given: paths that are known to be there.
    """
    return _truth(expression.root, {e.Var(path): True for path in given})


def _truth(node: e.Node, assumed: Assumed) -> bool | None:
    if node in assumed:
        return assumed[node]
    match node:
        case e.Not(operand):
            inner = _truth(operand, assumed)
            return None if inner is None else not inner
        case e.And(operands):
            return _all(operands, assumed)
        case e.If(guard, then, otherwise):
            return _chosen(guard, then, otherwise, assumed)
    return _evaluated(node)


def _all(operands: tuple[e.Node, ...], assumed: Assumed) -> bool | None:
    found: list[bool | None] = []
    for operand in operands:
        found.append(_truth(operand, assumed))
        if found[-1] is False:
            return False
        assumed = _with(assumed, operand, holds=True)
    return True if all(found) else None


def _chosen(guard: e.Node, then: e.Node, otherwise: e.Node, assumed: Assumed) -> bool | None:
    guarded = _truth(guard, assumed)
    if guarded is not None:
        return _truth(then if guarded else otherwise, assumed)
    one = _truth(then, _with(assumed, guard, holds=True))
    other = _truth(otherwise, _with(assumed, guard, holds=False))
    return one if one is other else None


def _with(assumed: Assumed, node: e.Node, *, holds: bool) -> Assumed:
    if isinstance(node, e.Not):
        return _with(assumed, node.operand, holds=not holds)
    if isinstance(node, e.And) and holds:
        for operand in node.operands:
            assumed = _with(assumed, operand, holds=True)
    return {**assumed, node: holds}


def _evaluated(node: e.Node) -> bool | None:
    if _reads(node):
        return None
    value = evaluate(e.Expression(node, e.cost(node)), {})
    return None if isinstance(value, Open | Instant) else bool(value)


def _reads(node: e.Node) -> bool:
    return isinstance(node, e.Var) or any(_reads(child) for _, child in e.operands(node))
