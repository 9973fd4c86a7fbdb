"""What expressions compare the data with: the constants at which an outcome can turn.

    Expression, ... -> walk -> Constants(paths, literals, value sets, offsets of dates, …)

1. Nothing is evaluated here.
2. In the lambda of a `reduce`, `current` stands for what the `reduce` goes through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pratique.rules import codes
from pratique.rules.certlogic import expression as e

_VALUE_SET = "external.valueSets."


class Constants:
    """The constants of some expressions, by the path that they are compared with.

    Attributes:
        paths: all that are read, value sets left out.
        literals: texts and numbers that a path is compared with.
        value_sets: names of the value sets that a path is looked up in.
        offsets: (amount, unit) by which a date is moved before it is compared.
        dates: texts of dates that a path, or the clock, is compared with.
        asked: paths of which it is asked whether they are there.
    """

    def __init__(
        self,
        expressions: Iterable[e.Expression],
        value_sets: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Take expressions; a value set that is not at hand gets a stand-in."""
        self._known = {name: list(listed) for name, listed in (value_sets or {}).items()}
        self.paths: set[str] = set()
        self.literals: dict[str, set[str | int]] = defaultdict(set)
        self.value_sets: dict[str, set[str]] = defaultdict(set)
        self.offsets: dict[str, set[tuple[int, e.Unit]]] = defaultdict(set)
        self.dates: dict[str, set[str]] = defaultdict(set)
        self.asked: set[str] = set()
        for expression in expressions:
            self._walk(expression.root, None)

    def members(self, name: str) -> list[str]:
        """Return the codes of a value set, or a stand-in for them."""
        return self._known.get(name) or codes.STAND_INS.get(name) or [f"{name}-1"]

    def sets(self) -> dict[str, list[str]]:
        """Return every value set that some expression looks into."""
        read = {name for names in self.value_sets.values() for name in names}
        return {name: self.members(name) for name in sorted(read | set(self._known))}

    def _walk(self, node: e.Node, current: list[str] | None) -> None:
        match node:
            case e.Var():
                self.paths |= set(_plain(_named(node, current)))
            case e.If(guard, _, _):
                self._asked(guard, current)
            case e.Not(operand):
                self._asked(operand, current)
            case e.And(operands):
                for operand in operands:
                    self._asked(operand, current)
            case e.Same(left, right) | e.In(left, right):
                self._compared([left, right], current)
            case e.Compare(_, operands):
                self._compared(operands, current)
            case e.Ordered():
                self._ordered(node, current)
        for _, child in e.operands(node):
            within = current
            if isinstance(node, e.Reduce) and child is node.each:
                within = list(_gone_through(node.operand, current))
            self._walk(child, within)

    def _asked(self, node: e.Node, current: list[str] | None) -> None:
        if isinstance(node, e.Var):
            self.asked |= set(_plain(_named(node, current)))

    def _compared(self, operands: Iterable[e.Node], current: list[str] | None) -> None:
        nodes = list(operands)
        literals = {value for node in nodes for value in _literals(node)}
        listed = {
            node.path.removeprefix(_VALUE_SET)
            for node in nodes
            if isinstance(node, e.Var) and node.path.startswith(_VALUE_SET)
        }
        for node in nodes:
            if isinstance(node, e.Fragment) and isinstance(node.operand, e.Var):
                made = {f"{'0:' * max(node.index, 0)}{value}" for value in literals}
                for path in _plain(_named(node.operand, current)):
                    self.literals[path] |= made
            elif isinstance(node, e.Var):
                for path in _plain(_named(node, current)):
                    self.literals[path] |= literals
                    self.value_sets[path] |= listed

    def _ordered(self, node: e.Ordered, current: list[str] | None) -> None:
        inner = list(_below(node))
        paths = {path for one in inner if isinstance(one, e.Var) for path in _named(one, current)}
        moved = {(one.amount, one.unit) for one in inner if isinstance(one, e.PlusTime)}
        dates = {
            one.operand.value
            for one in inner
            if isinstance(one, e.PlusTime | e.BirthDate) and isinstance(one.operand, e.Text)
        }
        for path in paths:
            self.offsets[path] |= moved
            self.dates[path] |= dates


def _below(node: e.Node) -> Iterator[e.Node]:
    yield node
    for _, child in e.operands(node):
        yield from _below(child)


def _literals(node: e.Node) -> Iterator[str | int]:
    match node:
        case e.Text(value) | e.Number(value):
            yield value
        case e.Items(items):
            for item in items:
                yield from _literals(item)


def _named(node: e.Var, current: list[str] | None) -> list[str]:
    if current is None:
        return [node.path]
    head, _, rest = node.path.partition(".")
    if head != "current":
        return []
    return [f"{path}.{rest}" if rest else path for path in current]


def _gone_through(operand: e.Node, current: list[str] | None) -> Iterator[str]:
    if isinstance(operand, e.Items):
        for item in operand.items:
            if isinstance(item, e.Var):
                yield from _named(item, current)
    elif isinstance(operand, e.Var):
        yield from (f"{path}.0" for path in _named(operand, current))


def _plain(paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if path and not path.startswith(_VALUE_SET))
