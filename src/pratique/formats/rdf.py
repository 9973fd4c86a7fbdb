"""The canonical form of statements (RDF Dataset Normalization, URDNA2015): what a linked-data proof is over.

    {(subject, predicate, object)} -> canonical -> N-Quads, sorted, nodes without a name numbered | None

1. A node without a name is told by what is said of it: by its own statements, and where these are alike, by those
   around it. Telling many alike nodes apart takes time that grows with every arrangement of them: it is counted,
   and past a bound there is no answer.
2. Only the default graph is here. What a statement holds is written by whoever states it, and escaped there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from itertools import permutations
from typing import NamedTuple

Term = str | int
"""A name in angle brackets or a literal, as N-Quads writes it; or the number of a node that has no name."""


class Statement(NamedTuple):
    """Something is said of a node: it has a value, or it is linked to another."""

    subject: Term
    predicate: str
    object: Term


TRIES = 2_000
"""Looks at a node's surroundings: a certificate of four doses at one place takes some 20."""
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_XSD = "http://www.w3.org/2001/XMLSchema#"


def literal(value: str | int | bool, kind: str = "") -> str:
    """Write a value as N-Quads does; `kind` is a datatype of XML Schema other than its own ("dateTime")."""
    if isinstance(value, bool):
        return f'"{str(value).lower()}"^^<{_XSD}boolean>'
    if isinstance(value, int):
        return f'"{value}"^^<{_XSD}integer>'
    text = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace('"', '\\"')
    return f'"{text}"^^<{_XSD}{kind}>' if kind else f'"{text}"'


def canonical(statements: Iterable[Statement]) -> str | None:
    """Return the canonical form; None if nodes are too many alike to be told apart in `TRIES`."""
    work = _Canonical(statements)
    try:
        return work.form()
    except _TooMany:
        return None


class _TooMany(Exception):
    """More tries than any certificate takes."""


class _Names:
    """Gives nodes names in the order in which they are asked for."""

    def __init__(self, prefix: str, given: dict[int, str] | None = None) -> None:
        self.prefix, self.given = prefix, dict(given or {})

    def of(self, node: int) -> str:
        return self.given.setdefault(node, f"{self.prefix}{len(self.given)}")

    def copy(self) -> _Names:
        return _Names(self.prefix, self.given)


class _Canonical:
    """One run of the algorithm; its steps have the names of the specification's section 4."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.statements = frozenset(statements)
        self.about: dict[int, list[Statement]] = defaultdict(list)
        for statement in self.statements:
            for node in {statement.subject, statement.object}:
                if isinstance(node, int):
                    self.about[node].append(statement)
        self.names = _Names("_:c14n")
        self.left = TRIES
        self.first: dict[int, str] = {}

    def form(self) -> str:
        self.first = {node: self.hash_first_degree(node) for node in self.about}
        alike: dict[str, list[int]] = defaultdict(list)
        for node, hashed in self.first.items():
            alike[hashed].append(node)
        groups = [alike[hashed] for hashed in sorted(alike)]
        for group in groups:
            if len(group) == 1:
                self.names.of(group[0])
        for group in groups:
            if len(group) > 1:
                self.name_alike(group)
        return "".join(sorted(map(self.line, self.statements)))

    def name_alike(self, group: list[int]) -> None:
        paths = []
        for node in group:
            if node not in self.names.given:
                names = _Names("_:b")
                names.of(node)
                paths.append(self.hash_n_degree(node, names))
        for _, names in sorted(paths, key=lambda path: path[0]):
            for node in names.given:
                self.names.of(node)

    def line(self, statement: Statement) -> str:
        subject, predicate, value = statement
        ends = (self.names.of(end) if isinstance(end, int) else end for end in (subject, value))
        return "{0} {2} {1} .\n".format(*ends, predicate)

    def hash_first_degree(self, node: int) -> str:
        lines = []
        for subject, predicate, value in self.about[node]:
            ends = (
                ("_:a" if end == node else "_:z") if isinstance(end, int) else end
                for end in (subject, value)
            )
            lines.append("{0} {2} {1} .\n".format(*ends, predicate))
        return _hashed("".join(sorted(lines)))

    def hash_related(self, related: int, predicate: str, names: _Names, position: str) -> str:
        known = self.names.given.get(related) or names.given.get(related) or self.first[related]
        return _hashed(f"{position}{predicate}{known}")

    def hash_n_degree(self, node: int, names: _Names) -> tuple[str, _Names]:
        around: dict[str, list[int]] = defaultdict(list)
        for subject, predicate, value in self.about[node]:
            for end, position in ((subject, "s"), (value, "o")):
                if isinstance(end, int) and end != node:
                    around[self.hash_related(end, predicate, names, position)].append(end)
        data = ""
        for hashed in sorted(around):
            path, names = self.shortest(around[hashed], names)
            data += hashed + path
        return _hashed(data), names

    def shortest(self, group: list[int], names: _Names) -> tuple[str, _Names]:
        """Return the least of all paths through alike nodes, whatever their order."""
        paths = []
        for order in permutations(group):
            paths.append(self.path(order, names.copy()))
        return min(paths, key=lambda path: path[0])

    def path(self, order: tuple[int, ...], names: _Names) -> tuple[str, _Names]:
        self.left -= 1
        if self.left < 0:
            raise _TooMany
        path, unnamed = "", []
        for related in order:
            if related in self.names.given:
                path += self.names.given[related]
            else:
                if related not in names.given:
                    unnamed.append(related)
                path += names.of(related)
        for related in unnamed:
            hashed, after = self.hash_n_degree(related, names)
            path += f"{names.of(related)}<{hashed}>"
            names = after
        return path, names


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()
