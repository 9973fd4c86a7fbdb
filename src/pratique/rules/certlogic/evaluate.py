"""Evaluate checked expressions: each becomes closures once, and what they read is read once.

    Expression -> Engine.asking -> Asking          data -> Engine.values -> each asking's value | Open

1. A closure takes a frame: the data, the meter of steps, and a place for each path and date that any
   expression of the engine reads. Whoever asks first fills the place; the others look there first.
2. A date-time is a bare number of milliseconds where a node says that it is one, and an `Instant` wherever
   it may meet other values: no two of them are equal, as no two of JavaScript's are.
3. Operands are evaluated in their order, then checked. What has no answer raises `Undecided`, which opens
   that expression alone.
4. Steps are counted before anything runs (`Expression.cost`); a `reduce` pays for all its rounds before the
   first. So nothing with a `reduce` in it is kept for others: each pays its own.
5. Nothing of an expression becomes code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import values as v
from pratique.rules.certlogic.dates import FIXED, birth_date, instant, later

Frame = list[Any]
_Closure = Callable[[Frame], Any]
_Slot = tuple[int, _Closure]
"""Where a value is kept once it is read, and what reads it."""

_DATA, _METER, _CURRENT, _NOWHERE, _SPARE = range(5)
"""Where a frame holds the data (in a `reduce`: the accumulator), the steps left, a `reduce`'s item, nothing
at all (here what is not kept is looked for), and what nobody looks for (here it is left)."""
WIDEST = 4096
"""Places of a frame, which is made for each certificate; what would need more is read each time."""
_UNREAD = object()
_SMALL = e.NUMBER // 2
"""The sum of two smaller integers is within the limit."""
_LITERALS = e.Text | e.Number | e.Truth


class Asking(NamedTuple):
    """What one expression asks of a frame; `cost` where the steps that it has left must be counted."""

    root: _Closure
    cost: int | None


class Engine:
    """Expressions that are asked of the same data.

    It grows with each expression that it is given, and keeps no data.
    """

    def __init__(self) -> None:
        self._maker = _Maker(of_lambda=False)

    def asking(self, expression: e.Expression) -> Asking:
        """Make what one expression asks."""
        root = expression.root
        return Asking(self._maker.value(root), expression.cost if _folds_in(root) else None)

    def values(self, asked: Iterable[Asking], data: Any) -> list[Any]:
        """Ask one set of JSON data; `Open` stands for what has no value. Never raises."""
        frame = [_UNREAD] * self._maker.width
        frame[_DATA] = data
        found = []
        for root, cost in asked:
            if cost is not None:
                frame[_METER] = v.Meter(cost)
            try:
                found.append(root(frame))
            except v.Undecided as undecided:
                found.append(undecided.open)
        return found


def evaluator(expression: e.Expression) -> Callable[[Any], Any]:
    """Make one expression's function of JSON data: its value, or `Open`. Never raises."""
    engine = Engine()
    asked = [engine.asking(expression)]
    return lambda data: engine.values(asked, data)[0]


def evaluate(expression: e.Expression, data: Any) -> Any:
    """Evaluate one expression once."""
    return evaluator(expression)(data)


class _Maker:
    """Makes the closures of expressions that share a frame, or of a `reduce`'s lambda, whose frame is its own."""

    def __init__(self, *, of_lambda: bool) -> None:
        self.width = _SPARE + 1
        self._of_lambda = of_lambda
        self._kept: dict[e.Node, _Slot] = {}

    def value(self, node: e.Node) -> _Closure:
        """Make the closure of a node's value."""
        place, read = self._slot(node)
        if place == _NOWHERE:
            return read

        def found(frame: Frame) -> Any:
            value = frame[place]
            return read(frame) if value is _UNREAD else value

        return found

    def _slot(self, node: e.Node) -> _Slot:
        match node:
            case e.Var(path):
                return self._path(path)
            case e.In(e.Var(), e.Var()):
                # A value set is long, and several rules look into it for the same.
                return self._keep(node, lambda place: _filling(self.member(node), place))
            case e.PlusTime() | e.BirthDate():
                moment = self._moment(node)
                return _NOWHERE, lambda frame: v.Instant(moment(frame))
        return _NOWHERE, _MAKERS[type(node)](self, node)

    def _keep(self, node: e.Node, make: Callable[[int], _Closure]) -> _Slot:
        """Return the slot of a node; it is made, to fill a place of its own, if it is new."""
        found = self._kept.get(node)
        if found is not None:
            return found
        if self.width >= WIDEST or _folds_in(node):
            return _NOWHERE, make(_SPARE)
        place, self.width = self.width, self.width + 1
        found = self._kept[node] = place, make(place)
        return found

    def _path(self, path: str) -> _Slot:
        above, _, part = path.rpartition(".")
        if self._of_lambda and not above:
            # It sees nothing but its item and what it has so far.
            return _OF_LAMBDA.get(part, (_NOWHERE, lambda _: None))
        if not path:
            return _DATA, lambda frame: frame[_DATA]
        # What stands above it is read once as well: most paths of a rule begin alike.
        return self._keep(e.Var(path), lambda place: _member(self._path(above), part, place))

    def _moment(self, node: e.PlusTime | e.BirthDate) -> _Closure:
        """Make the closure of a date-time in milliseconds."""
        (place, read), added = self._date(node)

        def moment(frame: Frame) -> int:
            found = frame[place]
            if found is _UNREAD:
                found = read(frame)
            return int(found + added)

        return moment

    def _date(self, node: e.PlusTime | e.BirthDate) -> tuple[_Slot, int]:
        """Return where a date-time is kept, in milliseconds, and how many are to be added to it."""
        if isinstance(node, e.BirthDate):
            return self._keep(
                node, lambda place: _dated(birth_date, self._slot(node.operand), place)
            ), 0
        amount, unit = node.amount, node.unit
        bare = self._keep(
            e.PlusTime(node.operand, 0, "day"),
            lambda place: _dated(instant, self._slot(node.operand), place),
        )
        if unit in FIXED or not amount:
            return bare, amount * FIXED.get(unit, 0)
        return self._keep(
            node, lambda place: _dated(lambda at: later(at, amount, unit), bare, place)
        ), 0

    def _truth(self, node: e.Node) -> _Slot:
        """Make the slot of a value that is only asked whether it counts as true."""
        if self._may_be_instant(node):
            return _NOWHERE, _after(v.truth, self.value(node))
        return self._slot(node)

    def _may_be_instant(self, node: e.Node) -> bool:
        match node:
            case e.PlusTime() | e.BirthDate() | e.Reduce():
                return True
            case e.Var():
                return self._of_lambda
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

    def choice(self, node: e.If) -> _Closure:
        place, guard = self._truth(node.guard)
        then = self.value(node.then)
        if isinstance(node.otherwise, _LITERALS):
            value = node.otherwise.value

            def guarded(frame: Frame) -> Any:
                held = frame[place]
                if held is _UNREAD:
                    held = guard(frame)
                return then(frame) if held else value

            return guarded
        otherwise = self.value(node.otherwise)

        def chosen(frame: Frame) -> Any:
            held = frame[place]
            if held is _UNREAD:
                held = guard(frame)
            return then(frame) if held else otherwise(frame)

        return chosen

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
        place, operand = self._truth(node.operand)

        def negated(frame: Frame) -> bool:
            found = frame[place]
            return not (operand(frame) if found is _UNREAD else found)

        return negated

    def same(self, node: e.Same) -> _Closure:
        one, other = node.left, node.right
        if isinstance(one, e.Text | e.Number):
            one, other = other, one
        place, read = self._slot(one)
        if not isinstance(other, e.Text | e.Number):
            left, right = self.value(one), self.value(other)
            return lambda frame: v.same(left(frame), right(frame))
        # A literal is too short to cost anything; a text is equal to texts alone, true is no number.
        literal, kinds = other.value, (str,) if isinstance(other, e.Text) else (int, float)

        def equal(frame: Frame) -> bool:
            value = frame[place]
            if value is _UNREAD:
                value = read(frame)
            return value == literal and type(value) in kinds

        return equal

    def member(self, node: e.In) -> _Closure:
        place, read = self._slot(node.left)
        if isinstance(node.right, e.Items) and all(
            isinstance(one, e.Text) for one in node.right.items
        ):
            texts = frozenset(one.value for one in node.right.items if isinstance(one, e.Text))

            def among(frame: Frame) -> bool:
                value = frame[place]
                if value is _UNREAD:
                    value = read(frame)
                return type(value) is str and value in texts

            return among
        left, right = self.value(node.left), self.value(node.right)
        return lambda frame: v.member(left(frame), right(frame))

    def added(self, node: e.Plus) -> _Closure:
        (left, read_left), (right, read_right) = self._slot(node.left), self._slot(node.right)

        def total(frame: Frame) -> int | float:
            one = frame[left]
            if one is _UNREAD:
                one = read_left(frame)
            other = frame[right]
            if other is _UNREAD:
                other = read_right(frame)
            if (
                type(one) is int
                and type(other) is int
                and -_SMALL < one < _SMALL
                and -_SMALL < other < _SMALL
            ):
                return one + other
            return v.add(one, other)

        return total

    def compared(self, node: e.Compare) -> _Closure:
        operator, holds = node.operator, v.ORDERS[node.operator]
        if len(node.operands) != 2:
            made = [self.value(one) for one in node.operands]
            return lambda frame: v.compared(operator, *[one(frame) for one in made])
        (left, read_left), (right, read_right) = map(self._slot, node.operands)

        def in_order(frame: Frame) -> bool:
            one = frame[left]
            if one is _UNREAD:
                one = read_left(frame)
            other = frame[right]
            if other is _UNREAD:
                other = read_right(frame)
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
        if len(dates) == 3:
            first, second, third = map(self._moment, dates)

            def both_in_order(frame: Frame) -> bool:
                # All are read, whatever comes of the first two: one may be no date.
                one, two, three = first(frame), second(frame), third(frame)
                return bool(holds(one, two) and holds(two, three))

            return both_in_order
        ((left, read_left), before), ((right, read_right), after) = map(self._date, dates)
        apart = after - before

        def in_order(frame: Frame) -> bool:
            one = frame[left]
            if one is _UNREAD:
                one = read_left(frame)
            other = frame[right]
            if other is _UNREAD:
                other = read_right(frame)
            return bool(holds(one, other + apart))

        return in_order

    def fragment(self, node: e.Fragment) -> _Closure:
        operand, index = self.value(node.operand), node.index
        return lambda frame: v.fragment(operand(frame), index)

    def fold(self, node: e.Reduce) -> _Closure:
        operand, initial = self.value(node.operand), self.value(node.initial)
        maker = _Maker(of_lambda=True)
        each, cost = maker.value(node.each), e.cost(node.each)
        blank = [_UNREAD] * (maker.width - _NOWHERE)

        def folded(frame: Frame) -> Any:
            items = v.listed(operand(frame))
            accumulator, meter = initial(frame), frame[_METER]
            meter.pay(len(items) * cost)
            for item in items:
                accumulator = each([accumulator, meter, item, *blank])
            return accumulator

        return folded


_MAKERS: dict[type[Any], Callable[[_Maker, Any], _Closure]] = {
    **dict.fromkeys((e.Text, e.Number, e.Truth), _Maker.literal),
    e.Items: _Maker.items,
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

_OF_LAMBDA: dict[str, _Slot] = {
    "accumulator": (_DATA, lambda frame: frame[_DATA]),
    "current": (_CURRENT, lambda frame: frame[_CURRENT]),
}


def _after(change: Callable[[Any], Any], made: _Closure) -> _Closure:
    return lambda frame: change(made(frame))


def _filling(read: _Closure, place: int) -> _Closure:
    def fill(frame: Frame) -> Any:
        found = frame[place] = read(frame)
        return found

    return fill


def _dated(change: Callable[[Any], int], slot: _Slot, place: int) -> _Closure:
    """Make the closure of a date-time from what is read in a slot."""
    where, read = slot

    def fill(frame: Frame) -> int:
        value = frame[where]
        if value is _UNREAD:
            value = read(frame)
        found = frame[place] = change(value)
        return found

    return fill


def _member(slot: _Slot, part: str, place: int) -> _Closure:
    """Make the closure of one part of a path (`values.access`)."""
    where, above = slot
    index = v.index_of(part)
    name = part if index is None else str(index)

    def fill(frame: Frame) -> Any:
        data = frame[where]
        if data is _UNREAD:
            data = above(frame)
        if type(data) is dict:
            found = data.get(name)
        elif type(data) is list and index is not None and 0 <= index < len(data):
            found = data[index]
        else:
            found = None
        frame[place] = found
        return found

    return fill


def _folds_in(node: e.Node) -> bool:
    return isinstance(node, e.Reduce) or any(map(_folds_in, e.below(node)))
