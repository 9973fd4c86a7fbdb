"""A DCC's fields arrive as they were written, whichever way they were read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import patch

import pytest

from pratique import model
from pratique.findings import Finding
from pratique.formats import CwtClaims, dcc, hcert
from pratique.model import Exemption, HealthCertificate, Recovery, Vaccination
from pratique.terms import Kind
from tools.vectors import content, keys
from tools.vectors.layers import cbor, claims


def both_ways(made: dict[str, Any]) -> HealthCertificate:
    """Read a clean content by the reference and by the quick way, which must be one."""
    findings: list[Finding] = []
    with patch.dict(dcc._PLAIN, clear=True):
        reference = dcc.lenient(made, CwtClaims("XU", keys.ISSUED, keys.EXPIRES), findings)
    assert findings == []
    assert reference is not None
    quick = dcc.read(made, "XU", keys.ISSUED, keys.EXPIRES)
    assert quick is None or quick == reference
    assert hcert.decode(cbor(claims(made))).certificate == reference
    return reference


def told(made: dict[str, Any], claim: int = 1) -> list[tuple[str, str]]:
    found = hcert.decode(cbor(claims(made, claim=claim)))
    return [(finding.code.name, finding.where) for finding in found.findings]


def test_a_dose_arrives_whole() -> None:
    found = both_ways(content.vaccinated())
    assert (found.domain, found.version, found.kind) == ("DCC", "1.3.0", Kind.VACCINATION)
    person = found.person
    assert (person.surname, person.forename) == ("Sampleová", "Testina")
    assert (person.surname_icao, person.forename_icao) == ("SAMPLEOVA", "TESTINA")
    assert person.birth_date is not None
    assert person.birth_date.first == date(1984, 2, 29)
    (dose,) = found.entries
    assert isinstance(dose, Vaccination)
    assert dose.given is not None
    assert dose.given.first == date(2026, 2, 20)
    assert dose._replace(given=None) == Vaccination(
        "840539006", "1119349007", "EU/1/20/1528", "ORG-100030215", 2, 2, None, "XU",
        "Ministry of Health of Utopia", "URN:UVCI:01:XU:7F3A9C51D2#E",
    )  # fmt: skip
    assert found.payload == content.vaccinated()


def test_a_test_arrives_whole() -> None:
    (one,) = both_ways(content.dcc("t", content.result(ma="1232"))).entries
    assert isinstance(one, model.Test)
    assert one.sampled is not None
    assert one.sampled.first == datetime(2026, 2, 28, 9, 30, tzinfo=UTC)
    assert one._replace(sampled=None) == model.Test(
        "840539006", "LP6464-4", "Sample NAAT", "1232", None, "260415000", "Harbour Test Site",
        "XU", "Ministry of Health of Utopia", "URN:UVCI:01:XU:11BC20E7A4#K",
    )  # fmt: skip


def test_a_recovery_arrives_whole() -> None:
    (one,) = both_ways(content.dcc("r", content.illness())).entries
    assert isinstance(one, Recovery)
    moments = one.first_positive, one.valid_from, one.valid_until
    assert [m.text() for m in moments if m] == ["2026-01-10", "2026-01-21", "2026-07-09"]
    assert (one.disease, one.country) == ("840539006", "XU")
    assert one.authority == "Ministry of Health of Utopia"
    assert one.identifier == "URN:UVCI:01:XU:90DD6E31B8#3"


@pytest.mark.parametrize("group", ["e", "ve"])
def test_an_exemption_arrives_whole_and_says_no_reason(group: str) -> None:
    made = content.dcc(group, content.exemption(diagnosis="secret", reason="secret"))
    found = both_ways(made)
    (one,) = found.entries
    assert isinstance(one, Exemption)
    assert found.kind is Kind.EXEMPTION
    assert [m.text() for m in (one.valid_from, one.valid_until) if m] == [
        "2026-02-01",
        "2027-02-01",
    ]
    assert (one.disease, one.country) == ("840539006", "XU")
    assert one.identifier == "URN:UVCI:01:XU:5A0E77C3F9#W"
    assert "secret" not in one


def test_an_italian_exemption_has_its_id_under_cu() -> None:
    made = content.dcc("e", content.exemption(ci=content.ABSENT, cu="01XU#W"))
    (one,) = both_ways(made).entries
    assert one.identifier == "01XU#W"


def test_a_swiss_exemption_is_no_test() -> None:
    made = content.dcc("t", content.result(tt="medicalExemption"))
    found = both_ways(made)
    (one,) = found.entries
    assert found.kind is Kind.EXEMPTION
    assert isinstance(one, Exemption)
    assert one.valid_from is not None
    assert one.valid_from.day() == date(2026, 2, 28)
    assert one.valid_until is None
    assert one.identifier == "URN:UVCI:01:XU:11BC20E7A4#K"
    assert dcc.read(made, "XU", 1, 2) is None


@pytest.mark.parametrize("given", [{"fn": "", "gn": "", "fnt": "", "gnt": ""}, {}, {"fn": ""}])
def test_a_certificate_of_nobody_is_refused_by_both_ways(given: dict[str, str]) -> None:
    made = content.vaccinated(nam=given)
    assert dcc.read(made, "XU", 1, 2) is None
    assert told(made)[0] == ("NAME_MISSING", "nam")


@pytest.mark.parametrize("present", ["fn", "gn", "fnt", "gnt"])
def test_one_name_is_enough(present: str) -> None:
    given = dict.fromkeys(("fn", "gn", "fnt", "gnt"), "") | {present: "A"}
    assert hcert.decode(cbor(claims(content.vaccinated(nam=given)))).certificate is not None
    only = content.vaccinated(nam={present: "A"})
    assert hcert.decode(cbor(claims(only))).certificate is not None


def test_an_early_schema_asks_for_the_test_centre_and_for_shorter_texts() -> None:
    early = content.dcc("t", content.result(tc=content.ABSENT), ver="1.0.0")
    assert told(early) == [("SCHEMA_DEVIATION", "t[0].tc")]
    assert told(content.dcc("t", content.result(tc=content.ABSENT))) == []
    for version, longest in (("1.0.0", 50), ("1.2.1", 50), ("1.3.0", 80)):
        fits = content.vaccinated(ver=version, nam=content.name(fn="a" * longest))
        assert told(fits) == []
        over = content.vaccinated(ver=version, nam=content.name(fn="a" * (longest + 1)))
        assert told(over) == [("SCHEMA_DEVIATION", "nam.fn")]


@pytest.mark.parametrize(
    ("version", "birth", "findings"),
    [
        ("1.0.0", "1984", ["SCHEMA_DEVIATION"]), ("1.2.0", "1984-02", ["SCHEMA_DEVIATION"]),
        ("1.2.1", "1984", []), ("1.3.0", "1984-02", []), ("1.3.0", "", []), ("1.0.0", "1984-02-29", []),
        ("1.3.0", "1884-02-29", ["SCHEMA_DEVIATION"]), ("1.0.0", "", ["SCHEMA_DEVIATION"]),
        ("1.3.3", "1984-02-29", []), ("1.4.0", "1984-02-29", ["VERSION_UNKNOWN"]),
        ("2.0.0", "1984", ["VERSION_UNKNOWN"]),
    ],
)  # fmt: skip
def test_each_version_of_the_schema_has_its_own_birth_dates(
    version: str, birth: str, findings: list[str]
) -> None:
    made = content.vaccinated(ver=version, dob=birth)
    assert [code for code, _ in told(made)] == findings


def test_every_entry_of_a_long_group_is_read() -> None:
    made = content.dcc("v", content.dose(), content.dose(dn="x", co=7))
    assert told(made) == [
        ("SCHEMA_DEVIATION", "v"), ("FIELD_TYPE", "v[1].dn"), ("FIELD_TYPE", "v[1].co"),
    ]  # fmt: skip
