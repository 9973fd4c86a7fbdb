"""Files of rules and value sets, as states and gateways publish them, and as a snapshot keeps them.

    {rule} | [rule, ...] | {"rules": [...]} -> Rule, ...
    {name: [code, ...]} | {valueSetId, valueSetValues} -> value sets

1. One document is one kind; what is neither is refused.
2. By default every rule keeps to the closed list of variables; `compatible` lets a rule in that
   reads more, for importing what exists, never for publishing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.rules import rule as envelope
from pratique.rules.rule import KINDS, Rule
from pratique.rules.ruleset import Build, Ruleset

Sets = dict[str, list[str]]


class Published(NamedTuple):
    """What a document holds."""

    rules: tuple[Rule, ...] = ()
    value_sets: Mapping[str, list[str]] = MappingProxyType({})


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
            return Published(value_sets=found)
    raise DocumentRefused(
        "rules-unknown",
        "it holds neither rules nor value sets",
        "a rule, a list of rules, or value sets: {name: [code, ...]}",
    )


def value_sets(document: object) -> Sets | None:
    """Read the value sets of one parsed document; None if it holds none."""
    if not isinstance(document, Mapping):
        return None
    if isinstance(document.get("valueSetValues"), Mapping):
        return {str(document.get("valueSetId", "")): sorted(document["valueSetValues"])}
    if document and all(_is_codes(value) for value in document.values()):
        return {str(name): list(codes) for name, codes in document.items()}
    return None


def merged(parts: Iterable[Published]) -> Published:
    """Return everything that several documents hold; of one rule's version the last counts."""
    rules: dict[tuple[str, str, str | None], Rule] = {}
    value_sets: dict[str, list[str]] = {}
    for part in parts:
        rules |= {(rule.country, rule.name, rule.region): rule for rule in part.rules}
        value_sets.update(part.value_sets)
    return Published(tuple(rules[key] for key in sorted(rules, key=str)), value_sets)


def ruleset_of(
    rows: Iterable[object], value_sets: Sets, *, compatible: bool, build: Build | None
) -> Ruleset:
    """Return the ruleset of rules' documents, as a snapshot keeps them: some may be held OPEN."""
    rules = map(envelope.read_held, rows)
    return Ruleset(rules, value_sets, compatible=compatible, build=build, hold_open=True)


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
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_codes(value: object) -> bool:
    return isinstance(value, list) and all(type(code) is str for code in value)
