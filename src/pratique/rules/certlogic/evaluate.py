"""Evaluate checked expressions: each becomes closures once, and what they read is read once.

    Expression -> Engine.asking -> Asking          data -> Engine.values -> each asking's value | Open

1. A closure takes a frame: the data, the meter of steps, and a place for each path and date that any
   expression of the engine reads. Whoever asks first fills the place; the others find it.
2. A date-time is a bare number of milliseconds where a node says that it is one, and an `Instant` wherever
   it may meet other values: no two of them are equal, as no two of JavaScript's are.
3. Operands are evaluated in their order, then checked. What has no answer raises `Undecided`, which opens
   that expression alone.
4. Steps are counted before anything runs (`Expression.cost`); a `reduce` pays for all its rounds before the
   first.
5. Nothing of an expression becomes code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import values as v
from pratique.rules.certlogic.dates import FIXED, birth_date, instant, later

Frame = list[Any]
Asking = Callable[[Frame], Any]
"""What one expression asks of a frame: its value, or `Open`. Never raises."""

_DATA, _METER, _CURRENT = 0, 1, 2
"""Where a frame holds the data (in a `reduce`: the accumulator), the steps left, and a `reduce`'s item."""
_UNREAD = object()
_Closure = Callable[[Frame], Any]


class Engine:
    """Expressions that are asked of the same data.

    It grows with each expression that it is given, and keeps no data.
    """

    def __init__(self) -> None:
        self._width = 2
        self._made: dict[e.Node, _Closure] = {}

    def asking(self, expression: e.Expression) -> Asking:
        """Make what one expression asks."""
        root, cost = _Maker(self).value(expression.root), expression.cost
        folds = _folds_in(expression.root)

        def ask(frame: Frame) -> Any:
            if folds:
                frame[_METER] = v.Meter(cost)
            try:
                return root(frame)
            except v.Undecided as undecided:
                return undecided.open

        return ask

    def values(self, asked: Iterable[Asking], data: Any) -> list[Any]:
        """Ask one set of JSON data; `Open` stands for what has no value."""
        frame = [_UNREAD] * self._width
        frame[_DATA] = data
        return [ask(frame) for ask in asked]

    def kept(self, node: e.Node, make: Callable[[], _Closure]) -> _Closure:
        """Return the closure of a node whose value is kept in the frame, and make it if it is new."""
        found = self._made.get(node)
        if found is None:
            found = self._made[node] = _kept(make(), self._width)
            self._width += 1
        return found


def _kept(read: _Closure, place: int) -> _Closure:
    def once(frame: Frame) -> Any:
        found = frame[place]
        if found is _UNREAD:
            found = frame[place] = read(frame)
        return found

    return once


def evaluator(expression: e.Expression) -> Callable[[Any], Any]:
    """Make one expression's function of JSON data: its value, or `Open`. Never raises."""
    engine = Engine()
    asked = [engine.asking(expression)]
    return lambda data: engine.values(asked, data)[0]


def evaluate(expression: e.Expression, data: Any) -> Any:
    """Evaluate one expression once."""
    return evaluator(expression)(data)


class _Maker:
    """Makes the closures of one expression, or, without an engine, of a `reduce`'s lambda."""

    def __init__(self, engine: Engine | None) -> None:
        self._engine = engine

    def value(self, node: e.Node) -> _Closure:
        """Make the closure of a node's value."""
        if isinstance(node, e.PlusTime | e.BirthDate):
            return _boxed(self._moment(node))
        return _MAKERS[type(node)](self, node)

    def _keep(self, node: e.Node, make: Callable[[], _Closure]) -> _Closure:
        return make() if self._engine is None else self._engine.kept(node, make)

    def _moment(self, node: e.PlusTime | e.BirthDate) -> _Closure:
        """Make the closure of a date-time in milliseconds."""
        operand = node.operand
        if isinstance(node, e.BirthDate):
            return self._keep(node, lambda: _after(birth_date, self.value(operand)))
        amount, unit = node.amount, node.unit
        bare = e.PlusTime(operand, 0, "day")
        read = self._keep(bare, lambda: _after(instant, self.value(operand)))
        if not amount:
            return read
        if unit in FIXED:
            added = amount * FIXED[unit]
            return lambda frame: read(frame) + added
        return self._keep(node, lambda: lambda frame: later(read(frame), amount, unit))

    def _truth(self, node: e.Node) -> _Closure:
        """Make the closure of a value that is only asked whether it counts as true."""
        made = self.value(node)
        return _after(v.truth, made) if self._may_be_instant(node) else made

    def _may_be_instant(self, node: e.Node) -> bool:
        match node:
            case e.PlusTime() | e.BirthDate() | e.Reduce():
                return True
            case e.Var():
                return self._engine is None
            case e.If(_, then, otherwise):
                return self._may_be_instant(then) or self._may_be_instant(otherwise)
            case e.And(operands):
                return any(map(self._may_be_instant, operands))
        return False

    def literal(self, node: e.Text | e.Number | e.Truth) -> _Closure:
        value = node.value
        return lambda _: value

    def items(self, node: e.Items) -> _Closure:
        items = [self.value(one) for one in node.items]
        return lambda frame: [item(frame) for item in items]

    def var(self, node: e.Var) -> _Closure:
        if self._engine is None:
            return _of_lambda(node.path)
        if not node.path:
            return lambda frame: frame[_DATA]
        # What stands above it is read once as well: most paths of a rule begin alike.
        above, _, part = node.path.rpartition(".")
        return self._keep(node, lambda: _member(self.var(e.Var(above)), part))

    def choice(self, node: e.If) -> _Closure:
        guard = self._truth(node.guard)
        then, otherwise = self.value(node.then), self.value(node.otherwise)
        return lambda frame: then(frame) if guard(frame) else otherwise(frame)

    def conjunction(self, node: e.And) -> _Closure:
        made = [
            _after(v.settled, self.value(one)) if self._may_be_instant(one) else self.value(one)
            for one in node.operands
        ]
        if len(made) == 2:
            left, right = made
            return lambda frame: left(frame) and right(frame)

        def both(frame: Frame) -> Any:
            value: Any = True
            for one in made:
                value = one(frame)
                if not value:
                    break
            return value

        return both

    def negation(self, node: e.Not) -> _Closure:
        operand = self._truth(node.operand)
        return lambda frame: not operand(frame)

    def same(self, node: e.Same) -> _Closure:
        one, other = node.left, node.right
        if isinstance(one, e.Text):
            one, other = other, one
        left = self.value(one)
        if isinstance(other, e.Text):
            # A literal is too short to cost anything, and a text is equal to texts alone.
            text = other.value
            return lambda frame: left(frame) == text
        right = self.value(other)
        return lambda frame: v.same(left(frame), right(frame))

    def member(self, node: e.In) -> _Closure:
        left = self.value(node.left)
        if isinstance(node.right, e.Items) and all(
            isinstance(one, e.Text) for one in node.right.items
        ):
            texts = frozenset(one.value for one in node.right.items if isinstance(one, e.Text))

            def among(frame: Frame) -> bool:
                value = left(frame)
                return type(value) is str and value in texts

            return among
        right = self.value(node.right)

        def found(frame: Frame) -> bool:
            return v.member(left(frame), right(frame))

        if isinstance(node.left, e.Var) and isinstance(node.right, e.Var):
            # A value set is long, and several rules look into it for the same.
            return self._keep(node, lambda: found)
        return found

    def added(self, node: e.Plus) -> _Closure:
        left, right = self.value(node.left), self.value(node.right)
        return lambda frame: v.add(left(frame), right(frame))

    def compared(self, node: e.Compare) -> _Closure:
        made = [self.value(one) for one in node.operands]
        operator, holds = node.operator, v.ORDERS[node.operator]
        if len(made) != 2:
            return lambda frame: v.compared(operator, *[one(frame) for one in made])
        left, right = made

        def in_order(frame: Frame) -> bool:
            one, other = left(frame), right(frame)
            if type(one) is int and type(other) is int:
                return bool(holds(one, other))
            return v.compared(operator, one, other)

        return in_order

    def ordered(self, node: e.Ordered) -> _Closure:
        operator, holds = node.operator, v.ORDERS[node.operator]
        dates = [one for one in node.operands if isinstance(one, e.PlusTime | e.BirthDate)]
        if len(dates) < len(node.operands):
            made = [self.value(one) for one in node.operands]
            return lambda frame: v.ordered(operator, *[one(frame) for one in made])
        moments = [self._moment(one) for one in dates]
        if len(moments) == 2:
            left, right = moments
            return lambda frame: holds(left(frame), right(frame))
        first, second, third = moments

        def in_order(frame: Frame) -> bool:
            # All are read, whatever comes of the first two: one may be no date.
            one, two, three = first(frame), second(frame), third(frame)
            return bool(holds(one, two) and holds(two, three))

        return in_order

    def fragment(self, node: e.Fragment) -> _Closure:
        operand, index = self.value(node.operand), node.index
        return lambda frame: v.fragment(operand(frame), index)

    def fold(self, node: e.Reduce) -> _Closure:
        operand, initial = self.value(node.operand), self.value(node.initial)
        each, cost = _Maker(None).value(node.each), e.cost(node.each)

        def folded(frame: Frame) -> Any:
            items = v.listed(operand(frame))
            accumulator, meter = initial(frame), frame[_METER]
            meter.pay(len(items) * cost)
            for item in items:
                accumulator = each([accumulator, meter, item])
            return accumulator

        return folded


_MAKERS: dict[type[Any], Callable[[_Maker, Any], _Closure]] = {
    **dict.fromkeys((e.Text, e.Number, e.Truth), _Maker.literal),
    e.Items: _Maker.items,
    e.Var: _Maker.var,
    e.If: _Maker.choice,
    e.And: _Maker.conjunction,
    e.Not: _Maker.negation,
    e.Same: _Maker.same,
    e.In: _Maker.member,
    e.Plus: _Maker.added,
    e.Compare: _Maker.compared,
    e.Ordered: _Maker.ordered,
    e.Fragment: _Maker.fragment,
    e.Reduce: _Maker.fold,
}


def _boxed(moment: _Closure) -> _Closure:
    return lambda frame: v.Instant(moment(frame))


def _after(change: Callable[[Any], Any], made: _Closure) -> _Closure:
    return lambda frame: change(made(frame))


def _member(above: _Closure, part: str) -> _Closure:
    """Make the closure of one part of a path (`values.access`)."""
    index = v.index_of(part)
    name = part if index is None else str(index)

    def read(frame: Frame) -> Any:
        data = above(frame)
        if type(data) is dict:
            return data.get(name)
        if type(data) is list and index is not None and 0 <= index < len(data):
            return data[index]
        return None

    return read


def _of_lambda(path: str) -> _Closure:
    """Make the closure of a path in a `reduce`: it sees nothing but its item and what it has so far."""
    head, _, rest = path.partition(".")
    if not path:
        return lambda frame: {"accumulator": frame[_DATA], "current": frame[_CURRENT]}
    if head not in {"accumulator", "current"}:
        return lambda _: None
    place = _DATA if head == "accumulator" else _CURRENT
    found: _Closure = lambda frame: frame[place]  # noqa: E731 - one closure of many
    for part in rest.split(".") if rest else ():
        found = _member(found, part)
    return found


def _folds_in(node: e.Node) -> bool:
    return isinstance(node, e.Reduce) or any(map(_folds_in, e.below(node)))
