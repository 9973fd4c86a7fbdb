"""One published rule: the envelope around a CertLogic expression.

    JSON -> issues() -> none -> read() -> Rule

1. The form is the EU gateway's (dgc-gateway rules specification; CertLogic 1.3.3): whatever it would
   refuse is an issue here, and more: the logic itself is checked too, which the gateway never did.
2. A rule names products, days and countries; what could name a person is refused with its place.
3. Times are seconds since the epoch; `valid_from` is inclusive, `valid_to` is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.terms import Kind


class RuleType(StrEnum):
    """Whether a rule says what a destination accepts, or what an issuer declares void."""

    ACCEPTANCE = "Acceptance"
    INVALIDATION = "Invalidation"


class Issue(NamedTuple):
    """Something that is wrong with a rule: where (a path in its JSON), a stable code, and words."""

    where: str
    code: str
    message: str


class Rule(NamedTuple):
    """A rule as published.

    Attributes:
        identifier: "VR-FR-0001".
        country, region: whose rule it is; region is None for the whole country.
        version: (major, minor, patch).
        kind: which certificates it is about; None for all ("General").
        engine_version, schema_version: of CertLogic and of the data that it was written for.
        descriptions: (language, text), as published.
        valid_from, valid_to: when it is in force.
        logic: the expression, as JSON.
    """

    identifier: str
    type: RuleType
    country: str
    region: str | None
    version: tuple[int, int, int]
    kind: Kind | None
    engine: str
    engine_version: str
    schema_version: str
    descriptions: tuple[tuple[str, str], ...]
    valid_from: int
    valid_to: int
    affected_fields: tuple[str, ...]
    logic: Any

    @property
    def name(self) -> str:
        """Return identifier and version: one id may be published in several versions."""
        return f"{self.identifier}@{'.'.join(map(str, self.version))}"

    def in_force(self, at: int) -> bool:
        """Tell whether the rule applies at `at`."""
        return self.valid_from <= at < self.valid_to


KINDS: dict[str, Kind | None] = {
    "General": None,
    "Vaccination": Kind.VACCINATION,
    "Test": Kind.TEST,
    "Recovery": Kind.RECOVERY,
    "Exemption": Kind.EXEMPTION,
}
_PREFIX = {"General": "GR", "Vaccination": "VR", "Test": "TR", "Recovery": "RR", "Exemption": "ER"}
_IDENTIFIER = re.compile(r"(GR|VR|TR|RR|IR|ER)-[A-Z]{2,3}-[0-9]{4}", re.ASCII)
_VERSION = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2,3}", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
SHORTEST_DESCRIPTION = 20

FOR_PUBLISHING = frozenset({"rule-description-short", "rule-description-en"})
"""Codes of issues that keep a rule from being published, and not from being read."""


def issues(document: object) -> list[Issue]:
    """Return what keeps a rule's envelope from being read; none if it can be."""
    if not isinstance(document, Mapping):
        return [Issue("", "rule-form", "a rule is an object")]
    found = [issue for name, check in _CHECKS.items() for issue in check(name, document)]
    if not any(issue.code not in FOR_PUBLISHING for issue in found):
        found += _together(document)
    return found


def read(document: object) -> Rule:
    """Read a rule; DocumentRefused `rule-…` naming the first thing that is wrong with it."""
    if found := [issue for issue in issues(document) if issue.code not in FOR_PUBLISHING]:
        first = found[0]
        raise DocumentRefused(
            first.code, f"a rule is refused: {first.where}: {first.message}", "pratique rules check"
        )
    assert isinstance(document, Mapping)
    version = tuple(map(int, document["Version"].split(".")))
    return Rule(
        identifier=document["Identifier"],
        type=RuleType(document["Type"]),
        country=document["Country"],
        region=document.get("Region") or None,
        version=(version[0], version[1], version[2]),
        kind=KINDS[document["CertificateType"]],
        engine=document["Engine"],
        engine_version=document["EngineVersion"],
        schema_version=document["SchemaVersion"],
        descriptions=tuple((row["lang"], row["desc"]) for row in document["Description"]),
        valid_from=_seconds(document["ValidFrom"]),
        valid_to=_seconds(document["ValidTo"]),
        affected_fields=tuple(document["AffectedFields"]),
        logic=document["Logic"],
    )


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _text_like(pattern: re.Pattern[str], what: str) -> Any:
    def check(name: str, rule: Mapping[str, Any]) -> list[Issue]:
        value = rule.get(name)
        if type(value) is str and pattern.fullmatch(value):
            return []
        return [Issue(name, "rule-field", f"it must be {what}")]

    return check


def _one_of(*values: str) -> Any:
    def check(name: str, rule: Mapping[str, Any]) -> list[Issue]:
        if rule.get(name) in values:
            return []
        return [Issue(name, "rule-field", f"it must be one of {', '.join(values)}")]

    return check


def _instant(name: str, rule: Mapping[str, Any]) -> list[Issue]:
    value = rule.get(name)
    try:
        if type(value) is str and _INSTANT.fullmatch(value):
            datetime.fromisoformat(value)
            return []
    except ValueError:
        pass
    return [Issue(name, "rule-time", "it must be an instant with a zone and without fractions")]


def _region(name: str, rule: Mapping[str, Any]) -> list[Issue]:
    value = rule.get(name)
    good = value is None or (type(value) is str and len(value) <= 10)
    return [] if good else [Issue(name, "rule-field", "it must be a short text, or be left out")]


def _descriptions(name: str, rule: Mapping[str, Any]) -> list[Issue]:
    rows = rule.get(name)
    if not isinstance(rows, list) or not rows:
        return [Issue(name, "rule-description", "it must be a list of {lang, desc}")]
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping) or not all(
            type(row.get(key)) is str for key in ("lang", "desc")
        ):
            return [Issue(f"{name}[{i}]", "rule-description", "it must be {lang, desc}")]
        if len(row["desc"]) < SHORTEST_DESCRIPTION:
            short = f"a description has at least {SHORTEST_DESCRIPTION} characters"
            return [Issue(f"{name}[{i}].desc", "rule-description-short", short)]
    if not any(row["lang"].split("-")[0] == "en" for row in rows):
        return [Issue(name, "rule-description-en", "there is no description in English (en)")]
    return []


def _affected(name: str, rule: Mapping[str, Any]) -> list[Issue]:
    value = rule.get(name)
    good = isinstance(value, list) and value and all(type(field) is str for field in value)
    return [] if good else [Issue(name, "rule-field", "it must be a list of at least one field")]


def _logic(name: str, rule: Mapping[str, Any]) -> list[Issue]:
    good = isinstance(rule.get(name), Mapping)
    return [] if good else [Issue(name, "rule-field", "it must be a CertLogic expression")]


_CHECKS: dict[str, Any] = {
    "Identifier": _text_like(_IDENTIFIER, "like VR-FR-0001"),
    "Type": _one_of(*RuleType),
    "Country": _text_like(_COUNTRY, "a country's code"),
    "Region": _region,
    "Version": _text_like(_VERSION, "like 1.0.0"),
    "SchemaVersion": _text_like(_VERSION, "like 1.3.0"),
    "Engine": _text_like(re.compile(r"[A-Za-z0-9]{1,20}"), "an engine's name"),
    "EngineVersion": _text_like(_VERSION, "like 1.3.3"),
    "CertificateType": _one_of(*KINDS),
    "Description": _descriptions,
    "ValidFrom": _instant,
    "ValidTo": _instant,
    "AffectedFields": _affected,
    "Logic": _logic,
}


def _together(rule: Mapping[str, Any]) -> list[Issue]:
    found = []
    prefix, country = rule["Identifier"].split("-")[:2]
    invalidates = rule["Type"] == RuleType.INVALIDATION
    if prefix != ("IR" if invalidates else _PREFIX[rule["CertificateType"]]):
        found.append(
            Issue("Identifier", "rule-prefix", "its first letters do not fit type and kind")
        )
    if country != rule["Country"]:
        found.append(Issue("Country", "rule-country", "it is not the country in the identifier"))
    if _seconds(rule["ValidFrom"]) >= _seconds(rule["ValidTo"]):
        found.append(Issue("ValidTo", "rule-time", "it must be later than ValidFrom"))
    return found
