"""Read each path of a function once, before anything else: the hoisted data accesses.

    {"payload.v.0.dt", "payload.v.0.mp"} -> if type(data) is dict: p1 = data.get("payload") …

1. Reading a path never fails, so reading it early changes nothing.
2. An object in the way of a path costs one test, whatever lies behind it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pratique.rules.certlogic import syntax as s
from pratique.rules.certlogic.values import index_of


class Reach:
    """A place in the data, and the places behind it.

    Args:
        name: the variable that holds what is there.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.behind: dict[str, Reach] = {}

    def to(self, parts: list[str], fresh: Iterator[str]) -> str:
        """Return the variable that will hold what a path leads to."""
        place = self
        for part in parts:
            if part not in place.behind:
                place.behind[part] = Reach(next(fresh))
            place = place.behind[part]
        return place.name

    def names(self) -> Iterator[str]:
        """List the variables behind this place."""
        for place in self.behind.values():
            yield place.name
            yield from place.names()

    def statements(self) -> list[ast.stmt]:
        """Write the accesses; a variable of a place that is not there stays None."""
        if not self.behind:
            return []
        by_key = [_assigned(place, self._got(part)) for part, place in self.behind.items()]
        deeper = [
            s.when(s.compare(s.name(place.name), "is not", s.constant(None)), inner, [])
            for place in self.behind.values()
            if (inner := place.statements())
        ]
        indexed = [
            (index, place)
            for part, place in self.behind.items()
            if (index := index_of(part)) is not None and index >= 0
        ]
        if not indexed:
            return [s.when(s.is_type(s.name(self.name), "dict"), by_key + deeper, [])]
        there = s.is_type(s.name(self.name), "dict")
        by_index = [self._item(index, place) for index, place in indexed]
        listed = s.is_type(s.name(self.name), "list")
        return [s.when(listed, by_index, [s.when(there, by_key, [])]), *deeper]

    def _got(self, part: str) -> ast.expr:
        index = index_of(part)
        key = part if index is None else str(index)
        return s.member(s.name(self.name), "get", s.constant(key))

    def _item(self, index: int, place: Reach) -> ast.stmt:
        long_enough = s.compare(s.call("len", s.name(self.name)), ">", s.constant(index))
        return s.when(long_enough, [_assigned(place, s.subscript(s.name(self.name), index))], [])


def _assigned(place: Reach, value: ast.expr) -> ast.stmt:
    return s.assign([place.name], value)
