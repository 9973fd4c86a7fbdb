"""One published rule: the envelope around a CertLogic expression.

    JSON -> issues() -> none -> read() -> Rule

1. The form is the EU gateway's (dgc-gateway rules specification; CertLogic 1.3.3): whatever it would
   refuse is an issue here, and more: the logic itself is checked too, which the gateway never did.
2. A rule names products, days and countries; what could name a person is refused with its place.
3. Times are seconds since the epoch; `valid_from` is inclusive, `valid_to` is not.
4. An instant is read in whatever spelling of ISO 8601 a state wrote it, and published in one alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused, Issue
from pratique.terms import Kind


class RuleType(StrEnum):
    """Whether a rule says what a destination accepts, or what an issuer declares void."""

    ACCEPTANCE = "Acceptance"
    INVALIDATION = "Invalidation"


class Rule(NamedTuple):
    """A rule as published.

    Attributes:
        identifier: "VR-FR-0001".
        country, region: whose rule it is; region is None for the whole country.
        version: (major, minor, patch).
        kind: which certificates it is about; None for all ("General") but passes.
        engine_version, schema_version: of CertLogic and of the data that it was written for.
        descriptions: (language, text), as published.
        valid_from, valid_to: when it is in force.
        logic: the expression, as JSON.
        fault: stable code of why it cannot be asked; it is OPEN then. Mostly empty.
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
    fault: str = ""

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
    "Pass": Kind.PASS,
}
LAST = 253_402_300_799
"""9999-12-31T23:59:59Z: what is later is as late as this."""
NEWEST = (999_999, 999_999, 999_999)
"""A version that none is newer than."""
_PREFIX = {
    "General": "GR", "Vaccination": "VR", "Test": "TR", "Recovery": "RR", "Exemption": "ER", "Pass": "PR",
}  # fmt: skip
PREFIXES = {prefix: kind for kind, prefix in _PREFIX.items()}
"""First letters of an identifier -> the kind of certificate that it is about."""
_IDENTIFIER = re.compile(r"(GR|VR|TR|RR|IR|ER|PR)-[A-Z]{2,3}-[0-9]{4}", re.ASCII)
_VERSION = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2,3}", re.ASCII)
_PUBLISHED_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,][0-9]{1,40})?"
    r" ?(?:([Zz])|([+-][0-9]{2})(?::?([0-9]{2}))?)?",
    re.ASCII,
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
SHORTEST_DESCRIPTION = 20

FOR_PUBLISHING = frozenset({"rule-description-short", "rule-description-en", "rule-time-spelling"})
"""Codes of issues that keep a rule from being published, and not from being read."""


def issues(document: object) -> list[Issue]:
    """Return what keeps a rule's envelope from being read; none if it can be."""
    if not isinstance(document, Mapping):
        return [Issue("", "rule-form", "a rule is an object")]
    found = [issue for name, check in _CHECKS.items() for issue in check(name, document)]
    if not any(issue.code not in FOR_PUBLISHING for issue in found):
        found += _contradictions(document)
    return found


def hindrances(document: object) -> list[Issue]:
    """Return what keeps a rule from being read, and not only from being published."""
    return [issue for issue in issues(document) if issue.code not in FOR_PUBLISHING]


def read(document: object) -> Rule:
    """Read a rule; DocumentRefused `rule-…` naming the first thing that is wrong with it."""
    if found := hindrances(document):
        raise _refused(found[0])
    assert isinstance(document, Mapping)
    return _rule(document)


def read_held(document: object) -> Rule:
    """Read a rule as a snapshot keeps it: it may be held with a fault, and its country respelled."""
    held = document if isinstance(document, Mapping) else {}
    fault = held.get("Fault", "")
    if type(fault) is not str or (fault and held.get("Logic") != {}):
        raise _refused(Issue("Fault", "rule-fault", "a rule with a fault has no logic"))
    # An identifier that is none is held as it was written; the others fit what was read once.
    passed = {"rule-country", *({"rule-prefix"} if fault else ())}
    for issue in hindrances(document):
        if issue.code in passed or (fault and issue.where == "Identifier"):
            continue
        raise _refused(issue)
    if type(held.get("Identifier")) is not str:
        raise _refused(Issue("Identifier", "rule-field", "it must be a text"))
    return _rule(held)._replace(fault=fault)


def _refused(first: Issue) -> DocumentRefused:
    return DocumentRefused(
        first.code, f"a rule is refused: {first.where}: {first.message}", "pratique rules check"
    )


def _rule(document: Mapping[str, Any]) -> Rule:
    return Rule(
        identifier=document["Identifier"],
        type=RuleType(document["Type"]),
        country=document["Country"],
        region=document.get("Region") or None,
        version=version(document["Version"]),
        kind=KINDS[document["CertificateType"]],
        engine=document["Engine"],
        engine_version=document["EngineVersion"],
        schema_version=document["SchemaVersion"],
        descriptions=tuple((row["lang"], row["desc"]) for row in document["Description"]),
        valid_from=instant(document["ValidFrom"]) or 0,
        valid_to=_end(document["ValidTo"]) or 0,
        affected_fields=tuple(document["AffectedFields"]),
        logic=document["Logic"],
    )


def good(name: str, document: Mapping[str, Any]) -> bool:
    """Tell whether one member of a rule can be read."""
    return all(issue.code in FOR_PUBLISHING for issue in _CHECKS[name](name, document))


def is_country(text: str) -> bool:
    """Tell whether a text has the form of a country's code."""
    return _COUNTRY.fullmatch(text) is not None


def version(text: str) -> tuple[int, int, int]:
    """Return the three numbers of a version."""
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch


def instant(value: object) -> int | None:
    """Read an instant in a spelling of ISO 8601, in seconds since the epoch; None if it is none.

    States write fractions of any length, "+0200", and no zone, which is UTC. A day is its first second.
    """
    return _spelt_instant(value) if type(value) is str else None


@lru_cache(maxsize=1_024)
def _spelt_instant(value: str) -> int | None:
    # Each is looked at several times, and most rules of a country begin and end together.
    text = value.strip()
    if _DAY.fullmatch(text):
        return _seconds(f"{text}T00:00:00+00:00")
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    day, minutes, seconds, _, hours, rest = found.groups()
    zone = f"{hours}:{rest or '00'}" if hours else "+00:00"
    return _seconds(f"{day}T{minutes}{seconds or ':00'}{zone}")


def day_end(value: object) -> int | None:
    """Read a day as the first second after it; None if it is no day. A rule until a day holds on it."""
    text = value.strip() if type(value) is str else ""
    begins = instant(text) if _DAY.fullmatch(text) else None
    return None if begins is None else min(begins + 86_400, LAST)


def _end(value: object) -> int | None:
    ends = day_end(value)
    return instant(value) if ends is None else ends


def _seconds(text: str) -> int | None:
    try:
        seconds = int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0), LAST)


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
    if instant(value) is None:
        return [Issue(name, "rule-time", "it must be a timestamp, as in 2026-12-01T00:00:00Z")]
    if _PUBLISHED_INSTANT.fullmatch(str(value)):
        return []
    spelled = "to be published it must be a timestamp with a zone and without fractions"
    return [Issue(name, "rule-time-spelling", spelled)]


def _region(name: str, rule: Mapping[str, Any]) -> list[Issue]:
    value = rule.get(name)
    fits = value is None or (type(value) is str and len(value) <= 10)
    return [] if fits else [Issue(name, "rule-field", "it must be a short text, or be left out")]


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
    fits = isinstance(value, list) and value and all(type(field) is str for field in value)
    return [] if fits else [Issue(name, "rule-field", "it must be a list of at least one field")]


def _logic(name: str, rule: Mapping[str, Any]) -> list[Issue]:
    fits = isinstance(rule.get(name), Mapping)
    return [] if fits else [Issue(name, "rule-field", "it must be a CertLogic expression")]


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


def _contradictions(rule: Mapping[str, Any]) -> list[Issue]:
    found = []
    prefix, country = rule["Identifier"].split("-")[:2]
    invalidates = rule["Type"] == RuleType.INVALIDATION
    if prefix != ("IR" if invalidates else _PREFIX[rule["CertificateType"]]):
        found.append(
            Issue("Identifier", "rule-prefix", "its first letters do not fit type and kind")
        )
    if country != rule["Country"]:
        found.append(Issue("Country", "rule-country", "it is not the country in the identifier"))
    if (instant(rule["ValidFrom"]) or 0) >= (_end(rule["ValidTo"]) or 0):
        found.append(Issue("ValidTo", "rule-time", "it must be later than ValidFrom"))
    return found
