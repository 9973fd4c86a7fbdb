"""WHO Digital Documentation of COVID-19 Certificates, claims 3 (vaccination) and 4 (test result).

    flat fields {name, birthDate, vaccine, date, ...} -> HealthCertificate

1. Coded values come as {code, system} or as text; the code is what is kept.
2. First-generation codes carry the same fields directly as claims (`flat`).
3. `valid_from` and `valid_until` say how long the certificate counts, `vaccine_valid` from when the
   dose does (DDCC core data set, "certificate valid from/until" and "vaccine valid from").

Apart because it is a document of its own: WHO's, with its own data dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.findings import Code, Finding
from pratique.formats.fields import CwtClaims, FieldReader, names_somebody
from pratique.model import HealthCertificate, Moment, Person, Test, Vaccination
from pratique.terms import Kind

DOMAIN = "DDCC"

_OF_A_TEST = ("test", "pathogen", "result")
_OF_A_DOSE = ("vaccine", "dose")


def is_flat(claims: Mapping[Any, Any]) -> bool:
    """Tell whether the claims themselves are a first-generation certificate."""
    return any(name in claims for name in ("hcid", *_OF_A_DOSE, *_OF_A_TEST))


def flat(
    claims: Mapping[Any, Any], head: CwtClaims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a first-generation certificate: it does not say whether it attests a dose or a test."""
    tested = any(name in claims for name in _OF_A_TEST)
    if tested and any(name in claims for name in _OF_A_DOSE):
        findings.append(Finding(Code.GROUPS_SEVERAL, "vaccine,test"))
        return None
    return (test if tested else vaccination)(claims, head, findings)


def vaccination(
    fields: Mapping[Any, Any], claims: CwtClaims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a DDCC:VS; None if it attests nothing that can be read."""
    top = FieldReader(fields, "", findings)
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
        top.day("date", required=True),
        _coded(top, "country", required=True),
        _coded(top, "pha"),
        top.text("hcid"),
        lot=top.text("lot"),
        site=top.text("centre"),
        valid_from=_later(_date(top, "vaccine_valid"), _date(top, "valid_from")),
        valid_until=_date(top, "valid_until"),
    )
    return HealthCertificate(
        DOMAIN, _version(top), Kind.VACCINATION, person, (dose,), *claims, fields
    )


def test(
    fields: Mapping[Any, Any], claims: CwtClaims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a DDCC:TR; None if it attests nothing that can be read."""
    top = FieldReader(fields, "", findings)
    person = _person(top)
    if person is None:
        return None
    group = fields.get("test")
    if isinstance(group, list | tuple) and len(group) == 1:
        (group,) = group
    inner = FieldReader(group, "test.", findings) if isinstance(group, Mapping) else top
    only_top = "country" in top.group and "country" not in inner.group
    result = Test(
        _coded(inner, "pathogen", required=True),
        _coded(inner, "type", required=True),
        _coded(inner, "brand"),
        _coded(inner, "manufacturer"),
        inner.moment("date", required=True),
        _coded(inner, "result", required=True),
        inner.text("centre"),
        _coded(top if only_top else inner, "country", required=True),
        _coded(top, "pha"),
        _identifier(top),
        valid_from=_date(top, "valid_from"),
        valid_until=_date(top, "valid_until"),
    )
    return HealthCertificate(DOMAIN, _version(top), Kind.TEST, person, (result,), *claims, fields)


def _person(top: FieldReader) -> Person | None:
    name = top.text("name", required=True)
    if name is None or not names_somebody(name):
        top.note(Code.NAME_MISSING, "name")
        return None
    birth = _date(top, "birthDate")
    return Person(
        name, None, None, None, birth, sex=_coded(top, "sex"), identifier=top.text("identifier")
    )


def _version(top: FieldReader) -> str:
    return top.text("version") or "" if "version" in top.group else ""


def _coded(fields: FieldReader, name: str, *, required: bool = False) -> str | None:
    value = fields.group.get(name)
    if isinstance(value, Mapping):
        return FieldReader(value, f"{fields.where}{name}.", fields.findings).text(
            "code", required=required
        )
    return fields.text(name, required=required)


def _date(top: FieldReader, name: str) -> Moment | None:
    return top.day(name) if name in top.group else None


def _later(one: Moment | None, other: Moment | None) -> Moment | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda moment: moment.day())


def _identifier(top: FieldReader) -> str | None:
    # Singapore's test certificates have no `hcid`: their number is `meta.reference`.
    meta = top.group.get("meta")
    if "hcid" not in top.group and isinstance(meta, Mapping):
        return FieldReader(meta, "meta.", top.findings).text("reference")
    return top.text("hcid")
