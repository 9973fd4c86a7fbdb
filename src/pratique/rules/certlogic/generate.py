"""Write one function's expressions in Python: a rule's, or those of a `reduce`'s lambda.

    Node -> (Python expression, shape of its value)

1. What is known of a value before it is there (its shape) decides which tests are written.
2. A date-time is a bare integer only where its shape says so; elsewhere it is an `Instant`.
3. Operands are evaluated in the interpreter's order, and raise what it raises.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import shapes as k
from pratique.rules.certlogic import syntax as s
from pratique.rules.certlogic.dates import FIXED
from pratique.rules.certlogic.interpret import interpret
from pratique.rules.certlogic.reach import Reach
from pratique.rules.certlogic.shapes import Code, Shape
from pratique.rules.certlogic.values import LONGEST, LONGEST_TEXT, Instant

_PLAIN = (e.Text, e.Number, e.Truth, e.Var, e.Items)
_FEW = 4
"""So many texts are sooner looked through than looked up."""
_SIGNS = {"after": ">", "before": "<", "not-before": ">=", "not-after": "<="}


class Fold(NamedTuple):
    """A lambda that is still to be written as a function."""

    name: str
    each: e.Node
    current: Shape
    accumulator: Shape


class Names(NamedTuple):
    """The names of one module: fresh ones, and the lambdas that are still to be written."""

    fresh: Iterator[str]
    folds: list[Fold]


class Writer:
    """The expressions of one function.

    Args:
        names: of the module.
        shared: nodes that are evaluated once in this function, and the variable of each.
    """

    def __init__(self, names: Names, shared: dict[e.Node, str]) -> None:
        self.names = names
        self.shared = shared
        self.roots: dict[str, tuple[Reach, Shape]] = {"": (Reach("data"), Shape.JSON)}

    def value(self, node: e.Node) -> Code:
        """Write a node; evaluate it here and now if it hangs on no data."""
        if not isinstance(node, _PLAIN) and not k.hangs_on_data(node):
            found = interpret(e.Expression(node, 0), None)
            if type(found) is Instant:
                return Code(s.constant(found.milliseconds), Shape.MOMENT)
            if isinstance(found, bool | int | str):
                return Code(s.constant(found), k.shape_of(found))
        variable = self.shared.get(node)
        if variable is None:
            return self._written(node)
        # The value of a shared node is never None, which stands for "not yet".
        written = self._written(node)
        there = s.compare(s.name(variable), "is not", s.constant(None))
        once = s.choice(there, s.name(variable), s.kept(variable, written.code))
        return Code(once, written.shape)

    def _written(self, node: e.Node) -> Code:
        """Write a node, whether it is shared or not."""
        match node:
            case e.Text(value) | e.Number(value) | e.Truth(value):
                return Code(s.constant(value), k.shape_of(value))
            case e.Var(path):
                return self._var(path)
            case e.If(guard, then, otherwise):
                return self._choice(guard, then, otherwise)
            case e.And(operands):
                return self._conjunction(operands)
            case e.Plus(left, right):
                added = s.call("add", self.value(left).boxed(), self.value(right).boxed())
                return Code(added, Shape.NUMBER)
            case e.PlusTime():
                return self._plus_time(node)
            case e.BirthDate(operand):
                return Code(s.call("birth_date", self.value(operand).boxed()), Shape.MOMENT)
            case e.Fragment(operand, index):
                taken = s.call("fragment", self.value(operand).boxed(), s.constant(index))
                return Code(taken, Shape.JSON)
            case e.Items(items):
                return self._items(items)
            case e.Reduce():
                return self._reduced(node)
        return Code(self._test(node), Shape.TRUTH)

    def _test(self, node: e.Node) -> ast.expr:
        """Write a comparison."""
        match node:
            case e.Not(operand):
                return s.negation(self._truth(self.value(operand)))
            case e.Same(left, right):
                return self._same(self.value(left), self.value(right))
            case e.In(left, right):
                return self._member(self.value(left), right)
            case e.Compare(operator, operands):
                return self._compared(operator, operands)
            case e.Ordered(operator, operands):
                return self._ordered(operator, operands)
        raise TypeError(type(node))

    def _var(self, path: str) -> Code:
        head, _, rest = path.partition(".")
        if "" in self.roots:
            head, rest = "", path
        if head not in self.roots:
            return Code(s.constant(None), Shape.JSON)
        reach, shape = self.roots[head]
        parts = rest.split(".") if rest else []
        if parts and shape is not Shape.ANY:
            shape = Shape.JSON
        return Code(s.name(reach.to(parts, self.names.fresh)), shape)

    def _truth(self, value: Code) -> ast.expr:
        return s.call("truth", value.boxed()) if value.shape in k.UNSETTLED else value.code

    def _choice(self, guard: e.Node, then: e.Node, otherwise: e.Node) -> Code:
        tested = self.value(guard)
        if isinstance(tested.code, ast.Constant) and tested.shape is not Shape.MOMENT:
            return self.value(then if tested.code.value else otherwise)
        one, other = self.value(then), self.value(otherwise)
        if one.shape is other.shape:
            return Code(s.choice(self._truth(tested), one.code, other.code), one.shape)
        chosen = s.choice(self._truth(tested), one.boxed(), other.boxed())
        return Code(chosen, k.joined([one.shape, other.shape]))

    def _conjunction(self, operands: tuple[e.Node, ...]) -> Code:
        values = [self.value(operand) for operand in operands]
        settled = [
            s.call("settled", value.boxed()) if value.shape in k.UNSETTLED else value.code
            for value in values
        ]
        plain = all(value.shape is Shape.TRUTH for value in values)
        holds_any = any(value.shape is Shape.ANY for value in values)
        shape = Shape.TRUTH if plain else Shape.ANY if holds_any else Shape.JSON
        return Code(s.both(*settled), shape)

    def _same(self, left: Code, right: Code) -> ast.expr:
        if isinstance(left.code, ast.Constant):
            # A constant has no effect, so that the order of the two does not matter.
            left, right = right, left
        if not isinstance(right.code, ast.Constant) or right.shape is Shape.MOMENT:
            return s.call("same", left.boxed(), right.boxed())
        value = right.code.value
        if isinstance(value, bool):
            return s.compare(left.boxed(), "is", right.code)
        if value in {0, 1} and left.shape is not Shape.NUMBER:
            # In Python, but not in JavaScript, True is equal to 1.
            if not isinstance(left.code, ast.Name):
                return s.call("same", left.boxed(), right.code)
            equal = s.compare(left.code, "==", right.code)
            return s.both(equal, s.compare(left.code, "is not", s.constant(bool(value))))
        return s.compare(left.boxed(), "==", right.code)

    def _member(self, left: Code, right: e.Node) -> ast.expr:
        value = left.boxed()
        if isinstance(right, e.Items) and all(isinstance(item, e.Text) for item in right.items):
            texts = tuple(item.value for item in right.items if isinstance(item, e.Text))
            if len(texts) <= _FEW or not isinstance(value, ast.Name):
                return s.compare(value, "in", s.constant(texts))
            return s.both(
                s.is_type(value, "str"), s.compare(value, "in", s.constant(frozenset(texts)))
            )
        listed = self.value(right).boxed()
        slow = s.call("member", value, listed)
        if not (isinstance(value, ast.Name) and isinstance(listed, ast.Name)):
            return slow
        short = s.compare(s.call("len", listed), "<=", s.constant(LONGEST))
        fast = s.both(
            s.is_type(value, "str"), s.is_type(listed, "list"), short,
            s.compare(s.call("len", value), "<=", s.constant(LONGEST_TEXT)),
        )  # fmt: skip
        return s.choice(fast, s.compare(value, "in", listed), slow)

    def _compared(self, operator: str, operands: tuple[e.Node, ...]) -> ast.expr:
        values = [self.value(operand) for operand in operands]
        codes = [value.boxed() for value in values]
        slow = s.call("compared", s.constant(operator), *codes)
        if not all(isinstance(code, ast.Name | ast.Constant) for code in codes):
            return slow
        if any(value.shape in k.NO_NUMBER for value in values):
            return slow
        fast = self._chain(operator, codes)
        tests = [s.is_type(one.code, "int") for one in values if one.shape is not Shape.NUMBER]
        return s.choice(s.both(*tests), fast, slow) if tests else fast

    def _ordered(self, operator: str, operands: tuple[e.Node, ...]) -> ast.expr:
        values = [self.value(operand) for operand in operands]
        if not all(value.shape is Shape.MOMENT for value in values):
            boxed = [value.boxed() for value in values]
            return s.call("ordered", s.constant(operator), *boxed)
        codes = [value.code for value in values]
        if len(codes) == 3 and k.reading(operands[2]) not in map(k.reading, operands[:2]):
            # Python leaves out the third where the first two are not in order; the interpreter
            # evaluates it, and may find that it is no date.
            held = [next(self.names.fresh) for _ in codes]
            made = [s.kept(name, code) for name, code in zip(held, codes, strict=True)]
            codes = [s.name(name) for name in held]
            return s.both(ast.Tuple(made, ast.Load()), self._chain(operator, codes))
        return self._chain(operator, codes)

    def _chain(self, operator: str, codes: list[ast.expr]) -> ast.expr:
        sign = _SIGNS.get(operator, operator)
        return s.compare(codes[0], *(part for code in codes[1:] for part in (sign, code)))

    def _plus_time(self, node: e.PlusTime) -> Code:
        if not node.amount:
            return Code(s.call("instant", self.value(node.operand).boxed()), Shape.MOMENT)
        # One k.reading of a date serves whatever is added to it.
        read = self.value(k.reading(node)).code
        if node.unit in FIXED:
            return Code(s.plus(read, s.constant(node.amount * FIXED[node.unit])), Shape.MOMENT)
        moved = s.call("later", read, s.constant(node.amount), s.constant(node.unit))
        return Code(moved, Shape.MOMENT)

    def _items(self, items: tuple[e.Node, ...]) -> Code:
        values = [self.value(item) for item in items]
        shape = k.joined([Shape.JSON, *(value.shape for value in values)])
        return Code(s.items([value.boxed() for value in values]), shape)

    def _reduced(self, node: e.Reduce) -> Code:
        listed, initial = self.value(node.operand), self.value(node.initial)
        counts = initial.shape is Shape.NUMBER and isinstance(node.each, e.Plus)
        shape = Shape.NUMBER if counts else Shape.ANY
        current = Shape.JSON if listed.shape is Shape.JSON else Shape.ANY
        fold = Fold(next(self.names.fresh), node.each, current, shape)
        self.names.folds.append(fold)
        what = s.name(fold.name), s.call("listed", listed.boxed()), initial.boxed()
        return Code(s.call("fold", *what, s.name("meter"), s.constant(e.cost(node.each))), shape)
