"""What a change of rules changes, in words: rules added, removed and changed.

before, after -> by identifier, each in its highest version -> Change ...
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from pratique.rules.authoring.remarks import written
from pratique.rules.explain import described, sentence
from pratique.rules.rule import Rule


class Way(StrEnum):
    """What became of a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(NamedTuple):
    """What became of a rule, and what of it is different: (what, before, after)."""

    way: Way
    name: str
    said: str
    parts: tuple[tuple[str, str, str], ...] = ()


def changes(before: Sequence[Rule], after: Sequence[Rule]) -> Iterator[Change]:
    """Yield what became of each rule; those that are the same are left out."""
    old, new = _newest(before), _newest(after)
    for key in sorted(old.keys() | new.keys(), key=str):
        if key not in old:
            yield Change(Way.ADDED, new[key].name, sentence(new[key]))
        elif key not in new:
            yield Change(Way.REMOVED, old[key].name, sentence(old[key]))
        elif parts := tuple(_parts(old[key], new[key])):
            name = old[key].name
            named = name if name == new[key].name else f"{name} → {new[key].name.partition('@')[2]}"
            yield Change(Way.CHANGED, named, sentence(new[key]), parts)


def _newest(rules: Sequence[Rule]) -> dict[tuple[str, str | None], Rule]:
    found: dict[tuple[str, str | None], Rule] = {}
    for rule in sorted(rules, key=lambda one: one.version):
        found[rule.identifier, rule.region] = rule
    return found


def _parts(old: Rule, new: Rule) -> Iterator[tuple[str, str, str]]:
    if old.logic != new.logic:
        one, other = sentence(old), sentence(new)
        if one == other:
            one = "the same, written otherwise"
        yield "logic", one, other
    for name, before, after in (
        ("type", old.type.value, new.type.value),
        ("kind", str(old.kind or "all"), str(new.kind or "all")),
        ("in force from", written(old.valid_from), written(new.valid_from)),
        ("in force until before", written(old.valid_to), written(new.valid_to)),
        ("affected fields", ", ".join(old.affected_fields), ", ".join(new.affected_fields)),
        ("description", described(old, "en")[1], described(new, "en")[1]),
    ):
        if before != after:
            yield name, before, after
