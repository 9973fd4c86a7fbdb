"""Files of rules and value sets, as states and gateways publish them, and as a snapshot keeps them.

    {rule} | [rule, ...] | {"rules": [...]} -> Rule, ...
    {name: [code, ...]} | {valueSetId, valueSetDate, valueSetValues} -> value sets
    {"2022-01-31": {name: [code, ...]}, ...} -> value sets, in editions by the day they begin
    JSON, JSON, ... from elsewhere -> arrived -> ImportedRules(rules, value sets, remarks)

1. One document is one kind; what is neither is refused.
2. By default every rule keeps to the closed list of variables; `compatible` lets a rule in that
   reads more, for importing what exists, never for publishing.
3. Of rules that come from elsewhere, one that cannot be asked is never dropped in silence: its
   destination asked for something, and GREEN without it would be wrong. It is held with a fault, and is
   OPEN for all that it concerns.
4. What it concerns is taken from what can be read of it. What cannot be read is taken as wide as it
   can be: every kind, every instant, every country of its file.
5. What names no country, in a file in which nothing else does, can be held for nobody, and is told.
6. Of its logic nothing is kept where that is no CertLogic: a bomb goes no further than its reader.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused, Issue
from pratique.rules import rule as form
from pratique.rules.evaluator import refusal
from pratique.rules.rule import KINDS, LAST, NEWEST, PREFIXES, Rule, RuleType, good
from pratique.rules.ruleset import Editions, Ruleset
from pratique.terms import Kind
from pratique.text import rfc3339

Sets = dict[str, list[str]]


class RuleDocument(NamedTuple):
    """What a document holds."""

    rules: tuple[Rule, ...] = ()
    value_sets: Mapping[str, list[str]] = MappingProxyType({})
    editions: Editions = MappingProxyType({})


def read(document: object) -> RuleDocument:
    """Read one parsed document; DocumentRefused if it is of no kind that is known here."""
    if isinstance(document, list):
        return RuleDocument(rules=tuple(map(form.read, document)))
    if isinstance(document, Mapping):
        if isinstance(document.get("rules"), list):
            return RuleDocument(rules=tuple(map(form.read, document["rules"])))
        if "Identifier" in document:
            return RuleDocument(rules=(form.read(document),))
        if (found := value_sets(document)) is not None:
            return found
    raise _unknown()


def value_sets(document: object) -> RuleDocument | None:
    """Read the value sets of one parsed document; None if it holds none."""
    if not isinstance(document, Mapping):
        return None
    if isinstance(document.get("valueSetValues"), Mapping):
        name = str(document.get("valueSetId", ""))
        codes = sorted(map(str, document["valueSetValues"]))
        begins = _day(document.get("valueSetDate"))
        return RuleDocument((), {name: codes}, {} if begins is None else {name: {begins: codes}})
    if document and all(map(_is_edition, document.items())):
        editions = (
            (sets, {name: {_day(day) or 0: codes} for name, codes in sets.items()})
            for day, sets in sorted(document.items())
        )
        return RuleDocument((), *joined(editions))
    if document and all(_is_codes(value) for value in document.values()):
        return RuleDocument((), {str(name): list(codes) for name, codes in document.items()})
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


def merged(parts: Iterable[RuleDocument]) -> RuleDocument:
    """Return everything that several documents hold; of one rule's version the last counts."""
    parts = list(parts)
    rules = {(rule.country, rule.name, rule.region): rule for part in parts for rule in part.rules}
    sets, editions = joined((part.value_sets, part.editions) for part in parts)
    return RuleDocument(tuple(rules[key] for key in sorted(rules, key=str)), sets, editions)


def ruleset_of(
    rows: Iterable[object],
    value_sets: Sets,
    *,
    compatible: bool,
    editions: Editions | None = None,
) -> Ruleset:
    """Return the ruleset of rules' documents, as a snapshot keeps them: some may be held OPEN."""
    return Ruleset(
        map(form.read_held, rows),
        value_sets,
        compatible=compatible,
        hold_open=True,
        editions=editions,
    )


def write_sets(found: RuleDocument) -> dict[str, Any]:
    """Return value sets as one document that `read` takes, in editions where they are dated."""
    if not found.editions:
        return dict(found.value_sets)
    days: dict[str, dict[str, list[str]]] = {}
    for name, codes in found.value_sets.items():
        for begins, listed in found.editions.get(name, {0: codes}).items():
            days.setdefault(rfc3339(begins)[:10], {})[name] = list(listed)
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
        "ValidFrom": rfc3339(rule.valid_from),
        "ValidTo": rfc3339(rule.valid_to),
        "AffectedFields": list(rule.affected_fields),
        "Logic": rule.logic,
        "Fault": rule.fault or None,
    }
    return {name: value for name, value in found.items() if value is not None}


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


_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_PARTS = re.compile(r"(GR|VR|TR|RR|IR|ER|PR)-([A-Z]{2,3})-", re.ASCII)
_UNSAID = (("en", "This rule cannot be read here, so that nobody knows whether it is met."),)

_OWN = frozenset({"Identifier", "Logic", "ValidFrom", "AffectedFields", "CertificateType"})
"""Members by which something is a rule, however much of it is missing."""

Spelling = Callable[[str], str | None]
"""Any spelling of a country's code -> the one that is used here, or None."""


class ImportIssue(NamedTuple):
    """What is wrong with something that arrived: which rule, and why; `held` if it is OPEN now."""

    name: str
    issue: Issue
    held: bool


class ImportedRules(NamedTuple):
    """What one document holds, and what is wrong with it."""

    rules: tuple[Rule, ...] = ()
    value_sets: Mapping[str, list[str]] = {}
    remarks: tuple[ImportIssue, ...] = ()
    editions: Editions = MappingProxyType({})


def arrived(document: object, country: Spelling) -> ImportedRules:
    """Read one parsed document; DocumentRefused `rules-unknown` if there is nothing of ours in it."""
    sets: list[RuleDocument] = []
    rows: list[tuple[int, Mapping[str, Any]]] = []
    strange: list[ImportIssue] = []
    for number, row in enumerate(_rows(document), 1):
        if (found := value_sets(row)) is not None:
            sets.append(found)
        elif isinstance(row, Mapping) and row.keys() & _OWN:
            rows.append((number, row))
        else:
            issue = Issue("", "rule-form", "it is neither a rule nor a value set")
            strange.append(ImportIssue(f"entry {number}", issue, held=False))
    if not rows and not sets:
        raise _unknown()
    beside = {code for _, row in rows for code in _countries(row, country)}
    rules: list[Rule] = []
    for number, row in rows:
        read, remark = _read(row, number, beside, country)
        rules += read
        strange += [] if remark is None else [remark]
    named, editions = joined((each.value_sets, each.editions) for each in sets)
    return ImportedRules(tuple(rules), named, tuple(strange), editions)


def together(parts: Iterable[ImportedRules]) -> ImportedRules:
    """Return what several documents hold.

    One rule in one version with two contents is OPEN: nobody can tell which of them counts.
    """
    parts = list(parts)
    rules: dict[tuple[str, str, str | None, RuleType], Rule] = {}
    remarks: list[ImportIssue] = []
    for part in parts:
        remarks += part.remarks
        for rule in part.rules:
            held = rules.setdefault(_key(rule), rule)
            if held != rule:
                issue = Issue("Identifier", "rule-twice", "it is there twice, with two contents")
                if not held.fault:
                    remarks.append(ImportIssue(rule.name, issue, held=True))
                rules[_key(rule)] = _either(held, rule, issue.code)
    sets, editions = joined((part.value_sets, part.editions) for part in parts)
    return ImportedRules(tuple(rules.values()), sets, tuple(remarks), editions)


def beside(held: RuleDocument, found: ImportedRules) -> RuleDocument:
    """Return what was held and what arrived; of one rule's version what arrived counts."""
    mended = {(rule.country, rule.identifier) for rule in found.rules}
    kept = (r for r in held.rules if not (r.fault and (r.country, r.identifier) in mended))
    rules = {_key(rule): rule for rule in (*kept, *found.rules)}
    return RuleDocument(
        tuple(rules[key] for key in sorted(rules, key=str)),
        *joined([(held.value_sets, held.editions), (found.value_sets, found.editions)]),
    )


def _rows(document: object) -> list[object]:
    if isinstance(document, list):
        return document
    if isinstance(document, Mapping):
        listed = document.get("rules")
        return listed if isinstance(listed, list) else [document]
    raise _unknown()


def _read(
    row: Mapping[str, Any], number: int, beside: set[str], country: Spelling
) -> tuple[list[Rule], ImportIssue | None]:
    wrong = form.hindrances(row)
    if not wrong:
        read = form.read(row)
        refused = refusal(read)
        if refused is None:
            # A destination is asked for by its code of two letters.
            return [read._replace(country=country(read.country) or read.country)], None
        wrong = [refused]
    issue = wrong[0]
    name = row.get("Identifier")
    named = name if type(name) is str and _IDENTIFIER.fullmatch(name) else ""
    opened = list(_opened(row, named or _unnamed(row), issue.code, beside, country))
    said = f"{named or 'a rule without a name'} (entry {number})"
    return opened, ImportIssue(said, issue, held=bool(opened))


def _opened(
    row: Mapping[str, Any], identifier: str, fault: str, beside: set[str], country: Spelling
) -> Iterator[Rule]:
    """Make the rules that stand for one that cannot be asked: for every country and type it may be of."""
    begins, ends = form.instant(row.get("ValidFrom")), form.instant(row.get("ValidTo"))
    begins, ends = begins or 0, form.day_end(row.get("ValidTo")) if ends is None else ends
    if ends is None or begins >= ends:
        begins, ends = 0, LAST
    region = row.get("Region")
    version = row.get("Version")
    for code in sorted(_countries(row, country) or beside):
        for kind_of_rule in sorted(_types(row)):
            yield Rule(
                identifier=identifier,
                type=kind_of_rule,
                country=code,
                region=region or None if good("Region", row) and type(region) is str else None,
                # Nobody can say of which versions it is newer: it steps behind none.
                version=form.version(str(version)) if good("Version", row) else NEWEST,
                kind=_kind(row),
                engine="CERTLOGIC",
                engine_version="1.3.3",
                schema_version="1.3.0",
                descriptions=(
                    tuple((one["lang"], one["desc"]) for one in row["Description"])
                    if good("Description", row)
                    else _UNSAID
                ),
                valid_from=begins,
                valid_to=ends,
                affected_fields=("-",),
                logic={},
                fault=fault,
            )


def _countries(row: Mapping[str, Any], country: Spelling) -> set[str]:
    # Where name and country disagree, either may be the slip of the pen.
    own = row.get("Country")
    found = _PARTS.match(str(row.get("Identifier", "")).upper())
    named = {str(own).strip().upper()} if type(own) is str else set()
    said = {country(code) or code for code in named | ({found[2]} if found else set())}
    return {code for code in said if form.is_country(code)}


def _types(row: Mapping[str, Any]) -> set[RuleType]:
    found = _PARTS.match(str(row.get("Identifier", "")).upper())
    said = {RuleType(row["Type"])} if good("Type", row) else set()
    if found:
        said.add(RuleType.INVALIDATION if found[1] == "IR" else RuleType.ACCEPTANCE)
    return said or {RuleType.ACCEPTANCE}


def _kind(row: Mapping[str, Any]) -> Kind | None:
    # Where name and kind disagree, it may be about every kind.
    found = _PARTS.match(str(row.get("Identifier", "")).upper())
    said = {row["CertificateType"]} if good("CertificateType", row) else set()
    said |= {PREFIXES[found[1]]} if found and found[1] in PREFIXES else set()
    return KINDS[said.pop()] if len(said) == 1 else None


def _unnamed(row: Mapping[str, Any]) -> str:
    # The same entry has the same name in each import.
    try:
        written = json.dumps(row, sort_keys=True).encode()
    except RecursionError:
        written = b"too deep to be written"
    return f"UNNAMED-{hashlib.sha256(written).hexdigest()[:8]}"


def _either(one: Rule, other: Rule, fault: str) -> Rule:
    return one._replace(
        kind=one.kind if one.kind is other.kind else None,
        valid_from=min(one.valid_from, other.valid_from),
        valid_to=max(one.valid_to, other.valid_to),
        logic={},
        fault=one.fault or fault,
    )


def _key(rule: Rule) -> tuple[str, str, str | None, RuleType]:
    return rule.country, rule.name, rule.region, rule.type


def _unknown() -> DocumentRefused:
    return DocumentRefused(
        "rules-unknown",
        "it holds neither rules nor value sets",
        "a rule, a list of rules, or value sets: {name: [code, ...]}",
    )
