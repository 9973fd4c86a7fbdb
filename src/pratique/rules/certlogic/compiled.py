"""Compile a whole ruleset into one Python function, through Python's own syntax trees.

    expressions -> shared nodes -> one function: read paths, then each rule -> build -> Compiled

1. What two rules have in common (a date read, a value looked up) is evaluated once for a data
   context, when the first of them asks; a rule that errs opens itself alone.
2. No text becomes Python: a rule's texts and numbers are constants of the tree, its names are
   ours. The generated module sees the functions of `NAMES` and no builtins.
3. Turning the tree into code is a primitive that the caller hands in, as signatures are: below the
   edges nothing is executed.
4. Every outcome is the interpreter's, reason for reason. Steps are counted where there is a
   `reduce`; all else is bounded by `Expression.cost`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import syntax as s
from pratique.rules.certlogic import values as v
from pratique.rules.certlogic.dates import birth_date, instant, later
from pratique.rules.certlogic.generate import Fold, Names, Writer
from pratique.rules.certlogic.reach import Reach
from pratique.rules.certlogic.shapes import hangs_on_data

Build = Callable[[ast.Module, dict[str, Any]], None]
"""Compile a module's tree and execute it in a namespace."""
Compiled = Callable[[Any], tuple[Any, ...]]
"""Data context -> the value of each expression, or `Open`, in their order. Never raises."""

ENTRY = "evaluate"


def compile_rules(expressions: Sequence[e.Expression], *, build: Build) -> Compiled:
    """Compile expressions that are evaluated together, on the same data."""
    namespace = dict(NAMES)
    build(module_of(expressions), namespace)
    compiled: Compiled = namespace[ENTRY]
    return compiled


def module_of(expressions: Sequence[e.Expression]) -> ast.Module:
    """Write the Python module of a ruleset."""
    fresh = (f"x{number}" for number in count())
    names = Names(fresh, [])
    shared = {node: next(fresh) for node in _repeated([one.root for one in expressions])}
    writer = Writer(names, shared)
    rules = [_rule(writer, f"r{index}", one) for index, one in enumerate(expressions)]
    results = [s.name(f"r{index}") for index in range(len(rules))]
    body = [*_prologue(writer, list(shared.values())), *rules]
    body.append(ast.Return(ast.Tuple(results, ast.Load())))
    folds = list(_folds(names))
    module = ast.Module([*folds, s.function(ENTRY, ["data"], body)], [])
    return ast.fix_missing_locations(module)


def _rule(writer: Writer, result: str, expression: e.Expression) -> ast.stmt:
    body = [s.assign([result], writer.value(expression.root).boxed())]
    if _folds_in(expression.root):
        body.insert(0, s.assign(["meter"], s.call("Meter", s.constant(expression.cost))))
    return s.attempt(body, result)


def _prologue(writer: Writer, unset: list[str]) -> list[ast.stmt]:
    reaches = [reach for reach, _ in writer.roots.values()]
    variables = [*unset, *(name for reach in reaches for name in reach.names())]
    begun = [s.assign(variables, s.constant(None))] if variables else []
    return begun + [statement for reach in reaches for statement in reach.statements()]


def _folds(names: Names) -> list[ast.stmt]:
    """Write the lambdas, and the lambdas within them."""
    written = []
    while names.folds:
        written.append(_fold(names, names.folds.pop()))
    return written


def _fold(names: Names, fold: Fold) -> ast.stmt:
    writer = Writer(names, {})
    writer.roots = {
        "accumulator": (Reach("accumulator"), fold.accumulator),
        "current": (Reach("current"), fold.current),
    }
    value = ast.Return(writer.value(fold.each).boxed())
    parameters = ["accumulator", "current", "meter"]
    return s.function(fold.name, parameters, [*_prologue(writer, []), value])


def _repeated(roots: list[e.Node]) -> list[e.Node]:
    """List the nodes worth keeping that are met more than once."""
    met: Counter[e.Node] = Counter()

    def meet(node: e.Node) -> None:
        if isinstance(node, e.PlusTime) and node.amount:
            meet(e.PlusTime(node.operand, 0, "day"))
        met[node] += 1
        if met[node] == 1 and not isinstance(node, e.Reduce):
            for _, child in e.operands(node):
                meet(child)

    for root in roots:
        meet(root)
    return [node for node, times in met.items() if times > 1 and _worth_keeping(node)]


def _worth_keeping(node: e.Node) -> bool:
    if not hangs_on_data(node) or _folds_in(node):
        return False
    match node:
        case e.PlusTime(_, amount, unit):
            return amount == 0 or unit in {"month", "year"}
        case e.Same(left, right):
            return isinstance(left, e.Var) and isinstance(right, e.Var)
        case e.BirthDate() | e.In() | e.Ordered() | e.Compare():
            return True
        case e.And() | e.If():
            return _is_truth(node)
    return False


def _is_truth(node: e.Node) -> bool:
    match node:
        case e.And(operands):
            return all(map(_is_truth, operands))
        case e.If(_, then, otherwise):
            return _is_truth(then) and _is_truth(otherwise)
    return isinstance(node, e.Truth | e.Not | e.Same | e.In | e.Ordered | e.Compare)


def _folds_in(node: e.Node) -> bool:
    return isinstance(node, e.Reduce) or any(_folds_in(child) for _, child in e.operands(node))


def _run(
    each: Callable[[Any, Any, v.Meter], Any],
    items: list[Any],
    accumulator: Any,
    meter: v.Meter,
    cost: int,
) -> Any:
    meter.pay(len(items) * cost)
    for item in items:
        accumulator = each(accumulator, item, meter)
    return accumulator


NAMES: dict[str, Any] = {
    "__builtins__": {},
    "Instant": v.Instant, "Meter": v.Meter, "Undecided": v.Undecided,
    "add": v.add, "compared": v.compared, "fragment": v.fragment, "listed": v.listed,
    "member": v.member, "ordered": v.ordered, "same": v.same, "settled": v.settled,
    "truth": v.truth, "birth_date": birth_date, "instant": instant, "later": later, "fold": _run,
    "dict": dict, "int": int, "len": len, "list": list, "str": str, "type": type,
}  # fmt: skip
"""All that a generated module can name."""
