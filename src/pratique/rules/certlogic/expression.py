"""A checked CertLogic expression: its tree, and what it may cost.

    JSON -> parse -> Expression(root, cost) -> evaluate | describe | variables

1. Trees are values: equal by content, never changed. `parse` alone makes them, so that every tree
   has the right operands and keeps the limits.
2. Cost is counted before anything runs: a step for each node, `LISTED` more for a look into a list
   of the data. Only `reduce` costs at run time: its lambda's cost for each item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple
from typing import Literal as OneOf

DEPTH = 16
NODES = 500
"""Of 201 real rules the deepest has 7, the largest 72 (facts/security.md X21)."""
TEXT = 256
"""Characters of a literal text or a path; the longest in 84 real rules has 61."""
PARTS = 16
"""Parts of a path; the longest real one has four."""
NUMBER = 2**53 - 1
"""Beyond it JavaScript's numbers skip integers, so engines would disagree."""
AMOUNT = 100_000
"""Units of time that `plusTime` may add: eleven years in hours."""
BUDGET = 10_000
"""Steps of one evaluation."""
LISTED = 64
"""Steps for a look into a list of the data, which may have `evaluate.LONGEST` items."""

Comparison = OneOf[">", "<", ">=", "<="]
Order = OneOf["after", "before", "not-after", "not-before"]
Unit = OneOf["year", "month", "day", "hour"]
FLIPPED: dict[str, Order] = {
    "after": "before", "before": "after", "not-after": "not-before", "not-before": "not-after",
}  # fmt: skip
"""The same order, read from its other side."""


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A literal integer."""

    value: int


@dataclass(frozen=True, slots=True)
class Truth:
    """A literal true or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Items:
    """A list, each item evaluated by itself."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Var:
    """Data access; the empty path is the whole context."""

    path: str


@dataclass(frozen=True, slots=True)
class If:
    """One of two, by a guard."""

    guard: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class And:
    """The first falsy operand, or the last."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """`===`: equality without coercion."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class In:
    """Membership of a list."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Plus:
    """The sum of two integers."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """Two or three integers in order."""

    operator: Comparison
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Two or three date-times in order."""

    operator: Order
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    operand: Node


@dataclass(frozen=True, slots=True)
class PlusTime:
    """A date-time, so many units later."""

    operand: Node
    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A date of birth as the last day that it can be (`dccDateOfBirth`)."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Fragment:
    """A fragment of a certificate's identifier (`extractFromUVCI`)."""

    operand: Node
    index: int


@dataclass(frozen=True, slots=True)
class Reduce:
    """A left fold; `each` sees nothing but `current` and `accumulator`."""

    operand: Node
    each: Node
    initial: Node


Node = (
    Text | Number | Truth | Items | Var | If | And | Same | In | Plus | Compare | Ordered | Not
    | PlusTime | BirthDate | Fragment | Reduce
)  # fmt: skip


class Expression(NamedTuple):
    """An expression that may be evaluated.

    Attributes:
        root: its tree.
        cost: steps of one evaluation, without the rounds of its `reduce`s.
    """

    root: Node
    cost: int


_OPERATORS: dict[type[Any], str] = {
    If: "if", And: "and", Same: "===", In: "in", Plus: "+", Not: "!", PlusTime: "plusTime",
    BirthDate: "dccDateOfBirth", Fragment: "extractFromUVCI", Reduce: "reduce",
}  # fmt: skip
_BELOW: dict[type[Any], Callable[[Any], tuple[Node, ...]]] = {
    Items: attrgetter("items"),
    If: attrgetter("guard", "then", "otherwise"),
    **dict.fromkeys((And, Compare, Ordered), attrgetter("operands")),
    **dict.fromkeys((Same, In, Plus), attrgetter("left", "right")),
    **dict.fromkeys((Not, PlusTime, BirthDate, Fragment), lambda node: (node.operand,)),
    Reduce: attrgetter("operand", "each", "initial"),
}


def below(node: Node) -> tuple[Node, ...]:
    """Return what a node is made of, in order."""
    children = _BELOW.get(type(node))
    return () if children is None else children(node)


def operands(node: Node) -> Iterator[tuple[str, Node]]:
    """List what a node is made of, each with its place below the node (RFC 9535)."""
    operator = getattr(node, "operator", None) or _OPERATORS.get(type(node))
    for index, child in enumerate(below(node)):
        yield (f"['{operator}'][{index}]" if operator else f"[{index}]"), child


def cost(node: Node) -> int:
    """Count the steps of one evaluation of a node, without the rounds of its `reduce`s."""
    own = 1 + (LISTED if isinstance(node, In) and not isinstance(node.right, Items) else 0)
    each = node.each if isinstance(node, Reduce) else None
    return own + sum([cost(child) for child in below(node) if child is not each])


def most(node: Node, longest: int, beyond: int) -> int:
    """Count the steps that one evaluation takes at most, with the rounds of its `reduce`s.

    Args:
        node: the expression.
        longest: items of a list of the certificate.
        beyond: items of a list of anything else.
    """
    found = 1 + (LISTED if isinstance(node, In) and not isinstance(node.right, Items) else 0)
    for child in below(node):
        rounds = 1
        if isinstance(node, Reduce) and child is node.each:
            rounds = _items(node.operand, longest, beyond)
        found += rounds * most(child, longest, beyond)
    # A `reduce` that could take more ends the evaluation before its first round.
    return min(found, BUDGET)


def _items(node: Node, longest: int, beyond: int) -> int:
    if isinstance(node, Items):
        return len(node.items)
    own = isinstance(node, Var) and node.path.startswith("payload")
    return longest if own else beyond


def paths(node: Node) -> Iterator[str]:
    """List the paths that are read from the data context; those of lambdas are their own."""
    if isinstance(node, Var):
        yield node.path
    each = node.each if isinstance(node, Reduce) else None
    for child in below(node):
        if child is not each:
            yield from paths(child)
