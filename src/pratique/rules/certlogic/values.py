"""What CertLogic computes with: JSON values, and instants that are never taken for numbers.

1. Truth, equality and integers are JavaScript's, as the specification's suite has them: 2.0 is an
   integer and true is none; lists, objects and instants are equal to nothing but themselves.
2. What has no answer raises `Undecided`; `evaluate` catches it and returns `Open`.
   An error is never passed.
3. Work is bounded by the steps counted for it: lists and texts that would take more end the
   evaluation as a spent budget does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from pratique.rules.certlogic.expression import BUDGET, NUMBER

LONGEST = 2048
"""Items of a list that `in` looks through; the longest real value set has 249."""
LONGEST_TEXT = 4096
"""Characters of a text of the data that is compared or taken apart."""


class Reason(StrEnum):
    """Why an evaluation has no value."""

    NO_TRUTH = "a date-time is neither true nor false"
    WRONG_TYPE = "an operand is of the wrong type"
    NO_DATE = "a text is not a date or date-time"
    NUMBER_TOO_LARGE = "a number is too large"
    BUDGET = "the evaluation takes too many steps"


class Open(NamedTuple):
    """An evaluation without a value: it can neither be passed nor failed."""

    reason: Reason


class Undecided(Exception):
    """The evaluation stops here; never leaves this package."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.open = Open(reason)


class Instant:
    """A date-time, in milliseconds since 1970-01-01T00:00:00Z.

    In JavaScript each evaluation makes a new Date, equal to no other: so here too.
    """

    __slots__ = ("milliseconds",)

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def __repr__(self) -> str:
        """Hide the instant, which may be a date of birth."""
        return "Instant(…)"


class Meter:
    """The steps that an evaluation has left."""

    __slots__ = ("left",)

    def __init__(self, cost: int) -> None:
        self.left = BUDGET - cost

    def pay(self, steps: int) -> None:
        """Take steps, or stop the evaluation."""
        self.left -= steps
        if self.left < 0:
            raise Undecided(Reason.BUDGET)


def truth(value: Any) -> bool:
    """Tell whether a value counts as true; Python and CertLogic agree on all of JSON."""
    if type(value) is Instant:
        raise Undecided(Reason.NO_TRUTH)
    return bool(value)


def settled(value: Any) -> Any:
    """Return a value that counts as true or false."""
    if type(value) is Instant:
        raise Undecided(Reason.NO_TRUTH)
    return value


def is_integer(value: Any) -> bool:
    """Tell whether JavaScript's `Number.isInteger` holds."""
    return type(value) is int or (type(value) is float and value.is_integer())


def same(left: Any, right: Any) -> bool:
    """Compare as `===` does."""
    kind, other = type(left), type(right)
    if kind is str:
        if other is not str or len(left) != len(right):
            return False
        if len(left) > LONGEST_TEXT:
            raise Undecided(Reason.BUDGET)
        return bool(left == right)
    if kind is int or kind is float:
        return (other is int or other is float) and bool(left == right)
    if kind is Instant:
        return False
    return left is right


def member(value: Any, listed: Any) -> bool:
    """Tell whether a list holds a value.

    The README calls a right operand that is no list an error; the suite (ins-with-nulls) wants
    false where it is null, and the suite wins.
    """
    if listed is None:
        return False
    if type(listed) is not list:
        raise Undecided(Reason.WRONG_TYPE)
    if len(listed) > LONGEST:
        raise Undecided(Reason.BUDGET)
    if type(value) is str and len(value) <= LONGEST_TEXT:
        return value in listed
    if type(value) in {str, int, float}:
        return any(same(item, value) for item in listed)
    return any(item is value for item in listed)


def add(left: Any, right: Any) -> int | float:
    """Add two integers."""
    if not (is_integer(left) and is_integer(right)):
        raise Undecided(Reason.WRONG_TYPE)
    # Before the sum: an integer too large for a float cannot be added to one.
    if not (-NUMBER <= left <= NUMBER and -NUMBER <= right <= NUMBER):
        raise Undecided(Reason.NUMBER_TOO_LARGE)
    total: int | float = left + right
    if not -NUMBER <= total <= NUMBER:
        raise Undecided(Reason.NUMBER_TOO_LARGE)
    return total


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": gt, "<": lt, ">=": ge, "<=": le,
    "after": gt, "before": lt, "not-before": ge, "not-after": le,
}  # fmt: skip


def compared(operator: str, *values: Any) -> bool:
    """Tell whether two or three integers are in order."""
    if not all(map(is_integer, values)):
        raise Undecided(Reason.WRONG_TYPE)
    return _in_order(operator, values)


def ordered(operator: str, *values: Any) -> bool:
    """Tell whether two or three date-times are in order."""
    if not all(type(value) is Instant for value in values):
        raise Undecided(Reason.WRONG_TYPE)
    return _in_order(operator, [value.milliseconds for value in values])


def _in_order(operator: str, values: Sequence[Any]) -> bool:
    holds = ORDERS[operator]
    return all(holds(left, right) for left, right in pairwise(values))


def listed(value: Any) -> list[Any]:
    """Return what a `reduce` goes through; null is nothing to go through."""
    if value is None:
        return []
    if type(value) is not list:
        raise Undecided(Reason.WRONG_TYPE)
    return value


_SEPARATORS = re.compile(r"[/#:]")


def fragment(text: Any, index: int) -> str | None:
    """Return a fragment of a certificate's identifier (`extractFromUVCI`)."""
    if text is None:
        return None
    if type(text) is not str:
        raise Undecided(Reason.WRONG_TYPE)
    if len(text) > LONGEST_TEXT:
        raise Undecided(Reason.BUDGET)
    parts = _SEPARATORS.split(text.removeprefix("URN:UVCI:"))
    return parts[index] if 0 <= index < len(parts) else None


_INDEX = re.compile(r"\s*[+-]?[0-9]+")


def index_of(part: str) -> int | None:
    """Read the head of a path's part as JavaScript's `parseInt` does."""
    found = _INDEX.match(part)
    return int(found[0]) if found else None


def access(data: Any, path: str) -> Any:
    """Follow a path into JSON data; what is not there is null.

    Only members of objects and items of lists are data: JavaScript would also give a text's
    length and letters, and the functions of its own objects.
    """
    if path == "":
        return data
    for part in path.split("."):
        index = index_of(part)
        if type(data) is dict:
            data = data.get(part if index is None else str(index))
        elif type(data) is list and index is not None and 0 <= index < len(data):
            data = data[index]
        else:
            return None
    return data
