"""What is known of a value before it is there.

1. ANY alone may be, or hold, an `Instant`; JSON is whatever the data holds.
"""

from __future__ import annotations

import ast
from enum import Enum, auto
from typing import NamedTuple

from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic import syntax as s


class Shape(Enum):
    """What a value is known to be; ANY alone may be, or hold, an `Instant`."""

    TRUTH = auto()
    NUMBER = auto()
    TEXT = auto()
    MOMENT = auto()
    JSON = auto()
    ANY = auto()


UNSETTLED = {Shape.MOMENT, Shape.ANY}
NO_NUMBER = {Shape.MOMENT, Shape.TRUTH, Shape.TEXT, Shape.ANY}


class Code(NamedTuple):
    """A Python expression and the shape of its value; a MOMENT is in milliseconds."""

    code: ast.expr
    shape: Shape

    def boxed(self) -> ast.expr:
        """Return the expression of a value that may go anywhere."""
        return s.call("Instant", self.code) if self.shape is Shape.MOMENT else self.code


def hangs_on_data(node: e.Node) -> bool:
    """Tell whether a node reads data, or folds: then it is evaluated with the data only."""
    if isinstance(node, e.Var | e.Reduce):
        return True
    return any(hangs_on_data(child) for _, child in e.operands(node))


def reading(node: e.Node) -> e.Node:
    """Return the bare reading of a date to which a node adds."""
    return e.PlusTime(node.operand, 0, "day") if isinstance(node, e.PlusTime) else node


def shape_of(value: object) -> Shape:
    """Return a literal's shape."""
    if isinstance(value, bool):
        return Shape.TRUTH
    return Shape.NUMBER if isinstance(value, int) else Shape.TEXT


def joined(shapes: list[Shape]) -> Shape:
    """Return what is known of a value that has one of these shapes, or holds them."""
    return Shape.ANY if UNSETTLED & set(shapes) else Shape.JSON
