"""WHO Digital Documentation of COVID-19 Certificates, claims 3 (vaccination) and 4 (test result).

    flat fields {name, birthDate, vaccine, date, ...} -> HealthCertificate

1. Coded values come as {code, system} or as text; the code is what is kept.
2. First-generation codes carry the same fields directly as claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.findings import Code
from pratique.formats.fields import Claims, Fields
from pratique.model import HealthCertificate, Person, Test, Vaccination
from pratique.terms import Kind
from pratique.verdict import Finding

DOMAIN = "DDCC"


def vaccination(
    fields: Mapping[Any, Any], claims: Claims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a DDCC:VS; None if it attests nothing that can be read."""
    top = Fields(fields, "", findings)
    person = _person(top)
    if person is None:
        return None
    dose = Vaccination(
        _coded(top, "disease"),
        _coded(top, "vaccine", required=True),
        _coded(top, "brand"),
        _coded(top, "manufacturer") or _coded(top, "ma_holder"),
        top.whole("dose", required=True, least=1),
        top.whole("total_doses", least=1),
        top.moment("date", required=True),
        _coded(top, "country", required=True),
        _coded(top, "pha"),
        top.text("hcid"),
        lot=top.text("lot"),
        site=top.text("centre"),
        valid_from=top.moment("vaccine_valid") if "vaccine_valid" in fields else None,
    )
    return HealthCertificate(
        DOMAIN,
        _version(top),
        Kind.VACCINATION,
        person,
        (dose,),
        *claims,
        fields,
    )


def test(
    fields: Mapping[Any, Any], claims: Claims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a DDCC:TR; None if it attests nothing that can be read."""
    top = Fields(fields, "", findings)
    person = _person(top)
    if person is None:
        return None
    group = fields.get("test")
    one = Fields(group, "test.", findings) if isinstance(group, Mapping) else top
    result = Test(
        _coded(one, "pathogen", required=True),
        _coded(one, "type", required=True),
        _coded(one, "brand"),
        _coded(one, "manufacturer"),
        one.moment("date", required=True),
        _coded(one, "result", required=True),
        one.text("centre"),
        _coded(one, "country", required=True),
        _coded(top, "pha"),
        top.text("hcid"),
    )
    return HealthCertificate(DOMAIN, _version(top), Kind.TEST, person, (result,), *claims, fields)


def _person(top: Fields) -> Person | None:
    name = top.text("name", required=True)
    if not name:
        top.note(Code.NAME_MISSING, "name")
        return None
    birth = top.moment("birthDate") if "birthDate" in top.group else None
    return Person(
        name, None, None, None, birth, sex=_coded(top, "sex"), identifier=top.text("identifier")
    )


def _version(top: Fields) -> str:
    return top.text("version") or "" if "version" in top.group else ""


def _coded(fields: Fields, name: str, *, required: bool = False) -> str | None:
    value = fields.group.get(name)
    if isinstance(value, Mapping):
        return Fields(value, f"{fields.where}{name}.", fields.findings).text(
            "code", required=required
        )
    return fields.text(name, required=required)
