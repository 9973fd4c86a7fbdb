"""Files of rules and value sets, as states and gateways publish them, and as a snapshot keeps them.

    {rule} | [rule, ...] | {"rules": [...]} -> Rule, ...
    {name: [code, ...]} | {valueSetId, valueSetDate, valueSetValues} -> value sets
    {"2022-01-31": {name: [code, ...]}, ...} -> value sets, in editions by the day they begin

1. One document is one kind; what is neither is refused.
2. By default every rule keeps to the closed list of variables; `compatible` lets a rule in that
   reads more, for importing what exists, never for publishing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.rules import rule as envelope
from pratique.rules.rule import KINDS, Rule
from pratique.rules.ruleset import Editions, Ruleset

Sets = dict[str, list[str]]


class Published(NamedTuple):
    """What a document holds."""

    rules: tuple[Rule, ...] = ()
    value_sets: Mapping[str, list[str]] = MappingProxyType({})
    editions: Editions = MappingProxyType({})


def read(document: object) -> Published:
    """Read one parsed document; DocumentRefused if it is of no kind that is known here."""
    if isinstance(document, list):
        return Published(rules=tuple(map(envelope.read, document)))
    if isinstance(document, Mapping):
        if isinstance(document.get("rules"), list):
            return Published(rules=tuple(map(envelope.read, document["rules"])))
        if "Identifier" in document:
            return Published(rules=(envelope.read(document),))
        if (found := value_sets(document)) is not None:
            return found
    raise DocumentRefused(
        "rules-unknown",
        "it holds neither rules nor value sets",
        "a rule, a list of rules, or value sets: {name: [code, ...]}",
    )


def value_sets(document: object) -> Published | None:
    """Read the value sets of one parsed document; None if it holds none."""
    if not isinstance(document, Mapping):
        return None
    if isinstance(document.get("valueSetValues"), Mapping):
        name = str(document.get("valueSetId", ""))
        codes = sorted(map(str, document["valueSetValues"]))
        begins = _day(document.get("valueSetDate"))
        return Published((), {name: codes}, {} if begins is None else {name: {begins: codes}})
    if document and all(map(_is_edition, document.items())):
        editions = (
            (sets, {name: {_day(day) or 0: codes} for name, codes in sets.items()})
            for day, sets in sorted(document.items())
        )
        return Published((), *joined(editions))
    if document and all(_is_codes(value) for value in document.values()):
        return Published((), {str(name): list(codes) for name, codes in document.items()})
    return None


def joined(
    parts: Iterable[tuple[Mapping[str, list[str]], Editions]],
) -> tuple[dict[str, list[str]], dict[str, dict[int, Iterable[str]]]]:
    """Return the newest value sets of several documents, and their dated editions.

    Every dated edition is kept. A set without a date stands at all times: it takes the place of what
    was there before it, and is followed by what is dated after it.
    """
    sets: dict[str, list[str]] = {}
    editions: dict[str, dict[int, Iterable[str]]] = {}
    for value_sets, dated in parts:
        for name, codes in value_sets.items():
            if name not in dated:
                editions.pop(name, None)
                sets[name] = codes
                continue
            earlier = editions.get(name) or ({0: sets[name]} if name in sets else {})
            editions[name] = {**earlier, **dated[name]}
            sets[name] = list(editions[name][max(editions[name])])
    return sets, editions


def merged(parts: Iterable[Published]) -> Published:
    """Return everything that several documents hold; of one rule's version the last counts."""
    parts = list(parts)
    rules: dict[tuple[str, str, str | None], Rule] = {}
    for part in parts:
        rules |= {(rule.country, rule.name, rule.region): rule for rule in part.rules}
    sets, editions = joined((part.value_sets, part.editions) for part in parts)
    return Published(tuple(rules[key] for key in sorted(rules, key=str)), sets, editions)


def ruleset_of(
    rows: Iterable[object],
    value_sets: Sets,
    *,
    compatible: bool,
    editions: Editions | None = None,
) -> Ruleset:
    """Return the ruleset of rules' documents, as a snapshot keeps them: some may be held OPEN."""
    return Ruleset(
        map(envelope.read_held, rows),
        value_sets,
        compatible=compatible,
        hold_open=True,
        editions=editions,
    )


def write_sets(found: Published) -> dict[str, Any]:
    """Return value sets as one document that `read` takes, in editions where they are dated."""
    if not found.editions:
        return dict(found.value_sets)
    days: dict[str, dict[str, list[str]]] = {}
    for name, codes in found.value_sets.items():
        for begins, listed in found.editions.get(name, {0: codes}).items():
            days.setdefault(_instant(begins)[:10], {})[name] = list(listed)
    return days


def write(rule: Rule) -> dict[str, Any]:
    """Return the document of a rule."""
    kinds = {kind: name for name, kind in KINDS.items()}
    found = {
        "Identifier": rule.identifier,
        "Type": rule.type.value,
        "Country": rule.country,
        "Region": rule.region,
        "Version": ".".join(map(str, rule.version)),
        "SchemaVersion": rule.schema_version,
        "Engine": rule.engine,
        "EngineVersion": rule.engine_version,
        "CertificateType": kinds[rule.kind],
        "Description": [{"lang": lang, "desc": text} for lang, text in rule.descriptions],
        "ValidFrom": _instant(rule.valid_from),
        "ValidTo": _instant(rule.valid_to),
        "AffectedFields": list(rule.affected_fields),
        "Logic": rule.logic,
        "Fault": rule.fault or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _instant(seconds: int) -> str:
    # Not by strftime, which writes the year 5 with one digit.
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19] + "Z"


def _day(text: object) -> int | None:
    # `valueSetDate` is the day from which an edition is in force; a time beside it is not told apart.
    if type(text) is not str:
        return None
    try:
        first = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return max(int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()), 0)


def _is_edition(row: tuple[object, object]) -> bool:
    day, sets = row
    return (
        _day(day) is not None and isinstance(sets, Mapping) and all(map(_is_codes, sets.values()))
    )


def _is_codes(value: object) -> bool:
    return isinstance(value, list) and all(type(code) is str for code in value)
