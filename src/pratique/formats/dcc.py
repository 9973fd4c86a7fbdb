"""EU Digital COVID Certificate, claim 1 (schema 1.0.0 to 1.3.3).

    {ver, nam, dob, v | t | r | e: [entry]} -> HealthCertificate

1. `lenient` is the reference: it reads every field and says what is odd.
2. `dcc_plain` proves in one match that nothing is odd, and builds the same value at a fraction of
   the cost; whatever it cannot prove it leaves to `lenient`. Tests hold the two equal.
3. The schema is that of the version the certificate states: 1.3 allows 80 characters and partial
   birth dates (from 1.2.1), earlier ones 50 and none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pratique.findings import Code
from pratique.formats import exemption
from pratique.formats.fields import Claims, Fields, is_map, names_somebody
from pratique.model import (
    Entry,
    HealthCertificate,
    Person,
    Recovery,
    Test,
    Vaccination,
)
from pratique.terms import Kind
from pratique.verdict import Finding

DOMAIN = "DCC"

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+", re.ASCII)
_VERSION_READ = re.compile(r"1\.[0-3]\.[0-9]+", re.ASCII)
_EARLY = re.compile(r"1\.(?:[01]\.|2\.0)")
_LONG_TEXTS = re.compile(r"1\.[3-9]\.")
_UPPER = re.compile(r"[A-Z]")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT = _DATE + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_BIRTH_FULL = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BIRTH_PARTIAL = re.compile(r"(?:(?:19|20)[0-9]{2}(?:-[0-9]{2}){0,2})?", re.ASCII)
_DAY = re.compile(_DATE, re.ASCII)
_DAY_TIME = re.compile(_INSTANT, re.ASCII)
_ICAO = re.compile(r"[A-Z<]*", re.ASCII)


def lenient(
    fields: Mapping[Any, Any], claims: Claims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a DCC, adding to `findings` what is odd; None if it attests nothing that can be read."""
    top = Fields(fields, "", findings)
    version = top.text("ver", required=True) or ""
    if not _VERSION.fullmatch(version):
        top.note(Code.SCHEMA_DEVIATION, "ver")
    elif not _VERSION_READ.fullmatch(version):
        top.note(Code.VERSION_UNKNOWN, "ver")
    modern = not _EARLY.match(version)
    longest = 80 if _LONG_TEXTS.match(version) else 50
    person = _person(top, modern=modern, longest=longest)
    found = _entries(fields, findings, longest, early=not modern)
    if found is None or person is None:
        return None
    kind, entries = found
    return HealthCertificate(DOMAIN, version, kind, person, entries, *claims, fields)


def _person(top: Fields, *, modern: bool, longest: int) -> Person | None:
    birth = top.day(
        "dob", required=True, shape=_BIRTH_PARTIAL if modern else _BIRTH_FULL, blank=True
    )
    group = top.group.get("nam")
    if not is_map(group):
        top.note(Code.NAME_MISSING, "nam")
        return None
    name = Fields(group, "nam.", top.findings)
    texts = [name.text(key, longest=longest) for key in ("fn", "gn")]
    for key in ("fnt", "gnt"):
        text = name.text(key, longest=longest)
        if text is not None and not _ICAO.fullmatch(text):
            name.note(Code.SCHEMA_DEVIATION, key)
        texts.append(text)
    if not any(map(names_somebody, texts)):
        top.note(Code.NAME_MISSING, "nam")
        return None
    # Up to 1.3.1 the schema asks for fnt, from 1.3.2 for fnt or gnt.
    if texts[2] is None and texts[3] is None:
        top.note(Code.SCHEMA_DEVIATION, "nam.fnt")
    return Person(texts[0], texts[1], texts[2], texts[3], birth)


def _entries(
    fields: Mapping[Any, Any], findings: list[Finding], longest: int, *, early: bool
) -> tuple[Kind, tuple[Entry, ...]] | None:
    # Empty and null groups beside the real one are met ("v": [...], "t": null, "r": []).
    named = [key for key in _GROUPS if key in fields]
    present = [key for key in named if fields[key]]
    if len(present) != len(named):
        findings.extend(Finding(Code.SCHEMA_DEVIATION, key) for key in named if not fields[key])
    if len(present) != 1:
        code = Code.GROUPS_SEVERAL if present else Code.GROUP_MISSING
        findings.append(Finding(code, ",".join(present)))
        return None
    (key,) = present
    group = fields[key]
    if not isinstance(group, (list, tuple)) or not all(map(is_map, group)):
        findings.append(Finding(Code.FIELD_TYPE, key))
        return None
    if len(group) > 1:
        findings.append(Finding(Code.SCHEMA_DEVIATION, key))
    kind, read = _GROUPS[key]
    if key == "t" and group[0].get("tt") == exemption.SWISS_TEST_TYPE:
        kind, read = Kind.EXEMPTION, exemption.from_test_entry
    return kind, tuple(
        read(Fields(entry, f"{key}[{i}].", findings), longest, early)
        for i, entry in enumerate(group)
    )


def _country(entry: Fields) -> str | None:
    country = entry.text("co", required=True)
    if country is not None and not _UPPER.search(country):
        entry.note(Code.SCHEMA_DEVIATION, "co")
    return country


def _vaccination(entry: Fields, longest: int, early: bool) -> Vaccination:
    return Vaccination(
        entry.text("tg", required=True),
        entry.text("vp", required=True),
        entry.text("mp", required=True),
        entry.text("ma", required=True),
        entry.whole("dn", required=True, least=1),
        entry.whole("sd", required=True, least=1),
        entry.day("dt", required=True, shape=_DAY),
        _country(entry),
        entry.text("is", required=True, longest=longest),
        entry.text("ci", required=True, longest=longest),
    )


def _test(entry: Fields, longest: int, early: bool) -> Test:
    if early and "tc" not in entry.group:
        entry.note(Code.SCHEMA_DEVIATION, "tc")
    return Test(
        entry.text("tg", required=True),
        entry.text("tt", required=True),
        entry.text("nm", longest=longest),
        entry.text("ma"),
        entry.moment("sc", required=True, shape=_DAY_TIME),
        entry.text("tr", required=True),
        entry.text("tc", longest=longest),
        _country(entry),
        entry.text("is", required=True, longest=longest),
        entry.text("ci", required=True, longest=longest),
    )


def _recovery(entry: Fields, longest: int, early: bool) -> Recovery:
    return Recovery(
        entry.text("tg", required=True),
        entry.day("fr", required=True, shape=_DAY),
        _country(entry),
        entry.text("is", required=True, longest=longest),
        entry.day("df", required=True, shape=_DAY),
        entry.day("du", required=True, shape=_DAY),
        entry.text("ci", required=True, longest=longest),
    )


_GROUPS: dict[str, tuple[Kind, Any]] = {
    "v": (Kind.VACCINATION, _vaccination),
    "t": (Kind.TEST, _test),
    "r": (Kind.RECOVERY, _recovery),
    "e": (Kind.EXEMPTION, exemption.entry),
    "ve": (Kind.EXEMPTION, exemption.entry),
}
