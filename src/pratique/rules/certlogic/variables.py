"""What a rule may read: a closed list, so that no rule can name a person.

    Expression -> every path and operator -> issues, each with its place and the reason

1. Health fields, the clock, value sets, travel dates and countries are on the list. Names, dates of
   birth, identifiers, issuers' texts and keys are not. An age is there as whole years only.
2. A container (an entry, a group) may be asked for, as rules ask whether there is one; into it leads
   a path only, and the lambda of a `reduce` sees the same list through `current`.
3. What real rules read beyond the list is in `COMPATIBLE`, each with its reason: for the import of
   existing rules when that is asked for, never for publishing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pratique.errors import Issue
from pratique.rules.certlogic.expression import (
    BirthDate,
    Expression,
    Fragment,
    Items,
    Node,
    Number,
    Reduce,
    Text,
    Truth,
    Var,
    operands,
    paths,
)

FIELDS: dict[str, frozenset[str]] = {
    "v": frozenset({"tg", "vp", "mp", "ma", "dn", "sd", "dt", "df", "du"}),
    "t": frozenset({"tg", "tt", "ma", "sc", "tr", "df", "du"}),
    "r": frozenset({"tg", "fr", "df", "du"}),
    "e": frozenset({"tg", "df", "du"}),
    "p": frozenset({"scheme", "df", "du"}),
}
"""Group of the payload -> its health fields; as in eu-dcc-schema, `e` for exemptions, and `p` for passes.

`scheme` is whose pass it is ("NZCP", "CH-LIGHT"): all that a pass says beside its validity.

`df` and `du` are what a certificate says of its own validity, in every group: an ICVP's `vls` and
`vle`, a DDCC's `valid_from` and `valid_until`.
"""
EXTERNAL = frozenset({
    "validationClock", "iat", "exp", "nbf",
    "arrivalDate", "departureDate",
    "countryCode", "issuerCountryCode", "region",
})  # fmt: skip
"""The clock, travel dates, and ISO countries."""
AGE = "holder.ageYears"
"""Whole years, supplied by whoever decides; the date of birth never reaches a rule."""

_OPERATORS = {
    Fragment: "extractFromUVCI",
    BirthDate: "dccDateOfBirth",
}

COMPATIBLE = {
    "payload.dob": "an exact date of birth narrows down to a person; write holder.ageYears",
    "payload.*.#.ci": "an identifier is one person's; rules that read it took it for the issuer's name",
    "payload.*.#.is": "an issuer's text is free; that it is there is the schema's concern",
    "payload.*.#.co": "the country of the event is not on the list; the issuer's is",
    "extractFromUVCI": "parts of an identifier lead to places and persons",
    "dccDateOfBirth": "an exact date of birth narrows down to a person; write holder.ageYears",
}
"""What existing rules read beyond the list -> why it is not on it."""

_REFUSED = "this is not on the list of what a rule may read"
_CONTAINER = "what is in it depends on the document; name the field itself"
_VALUE_SET = re.compile(r"external\.valueSets\.[A-Za-z0-9_-]+")
_ENTRY = re.compile(r"payload\.([vtrep])(?:\.[0-9]{1,2}(?:\.([A-Za-z]+))?)?")
_ENTRY_OF_ANY = re.compile(r"payload\.[A-Za-z]+\.[0-9]{1,2}\.([A-Za-z]+)")


class _Scope(NamedTuple):
    """What `current` is in a lambda: the paths that it may stand for; none if it cannot be told."""

    current: tuple[str, ...] | None


def check(expression: Expression, *, compatible: bool = False) -> tuple[Issue, ...]:
    """List what an expression reads that it may not.

    Args:
        expression: any.
        compatible: let pass what is in `COMPATIBLE`; for the import of existing rules alone.
    """
    return tuple(
        Issue(where, "variable-not-listed", f"{what}: {COMPATIBLE.get(what, _REFUSED)}")
        for where, what in _beyond(expression.root, "$", None)
        if not (compatible and what in COMPATIBLE)
    )


def needs(expression: Expression) -> tuple[str, ...]:
    """List the rows of `COMPATIBLE` that an expression needs, for the record of an import."""
    found = {what for _, what in _beyond(expression.root, "$", None) if what in COMPATIBLE}
    return tuple(sorted(found))


def value_sets(expression: Expression) -> tuple[str, ...]:
    """List the value sets that an expression looks into: where one is missing, it cannot decide."""
    prefix = "external.valueSets."
    read = {path.removeprefix(prefix) for path in paths(expression.root) if path.startswith(prefix)}
    return tuple(sorted(read))


def _beyond(node: Node, where: str, scope: _Scope | None) -> Iterator[tuple[str, str]]:
    """Find what is not on the list: its place, and its name or its row of `COMPATIBLE`."""
    if isinstance(node, Var):
        yield from ((f"{where}['var']", what) for what in _paths(node.path, scope))
    elif type(node) in _OPERATORS:
        yield where, _OPERATORS[type(node)]
    for place, child in operands(node):
        if isinstance(child, Number | Text | Truth):
            continue
        within = scope
        if isinstance(node, Reduce) and child is node.each and place.endswith("[1]"):
            within = _Scope(_items(node.operand, scope))
        yield from _beyond(child, where + place, within)


def _paths(path: str, scope: _Scope | None) -> Iterator[str]:
    if scope is None:
        if not _listed(path):
            yield _row(path)
        return
    head, _, rest = path.partition(".")
    if head == "accumulator":
        if rest:
            yield path
    elif head != "current":
        # Nothing else is there: null.
        yield path
    elif rest:
        if scope.current is None:
            yield path
        else:
            stands_for = [f"{place}.{rest}" for place in scope.current]
            yield from {_row(one) for one in stands_for if not _listed_for_some(one)}


def _items(operand: Node, scope: _Scope | None) -> tuple[str, ...] | None:
    """Name the paths that a `reduce` over an operand goes through, where they can be told."""
    if isinstance(operand, Items):
        named = [_named(item, scope) for item in operand.items]
        return None if None in named else tuple(path for one in named if one for path in one)
    found = _named(operand, scope)
    return None if found is None else tuple(f"{path}.0" for path in found)


def _named(node: Node, scope: _Scope | None) -> tuple[str, ...] | None:
    if isinstance(node, Text | Number | Truth):
        return ()
    if not isinstance(node, Var):
        return None
    if scope is None:
        return (node.path,)
    head, _, rest = node.path.partition(".")
    if head != "current" or scope.current is None:
        return None
    return tuple(f"{place}.{rest}" if rest else place for place in scope.current)


@lru_cache(maxsize=1_024)
def _listed(path: str) -> bool:
    if path == AGE or _VALUE_SET.fullmatch(path):
        return True
    if path.startswith("external."):
        return path.removeprefix("external.") in EXTERNAL
    found = _ENTRY.fullmatch(path)
    return found is not None and (found[2] is None or found[2] in FIELDS[found[1]])


def _listed_for_some(path: str) -> bool:
    """Tell whether a path is listed, of whichever group its entry is: in the others it is null."""
    found = _ENTRY.fullmatch(path)
    if found and found[2]:
        return any(found[2] in fields for fields in FIELDS.values())
    return _listed(path)


def _row(path: str) -> str:
    found = _ENTRY_OF_ANY.fullmatch(path)
    row = f"payload.*.#.{found[1]}" if found else path
    return row if row in COMPATIBLE else path
