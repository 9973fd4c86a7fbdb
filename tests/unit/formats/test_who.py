"""WHO's forms: DDCC under claims 3 and 4, the yellow booklet in its four shapes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pratique import model
from pratique.formats import hcert
from pratique.formats.fields import Decoded
from pratique.model import HealthCertificate, Vaccination
from pratique.terms import Kind
from tools.vectors import content, keys
from tools.vectors.layers import cbor, claims


def read(made: dict[str, Any], claim: int) -> HealthCertificate:
    found = hcert.decode(cbor(claims(made, claim=claim)))
    assert found.findings == ()
    assert found.certificate is not None
    return found.certificate


def told(made: dict[str, Any], claim: int) -> list[tuple[str, str]]:
    found = hcert.decode(cbor(claims(made, claim=claim)))
    return [(finding.code.name, finding.where) for finding in found.findings]


def test_a_ddcc_dose_arrives_whole() -> None:
    found = read(content.ddcc_dose(vaccine_valid="2026-03-06"), 3)
    assert (found.domain, found.version, found.kind) == ("DDCC", "RC-2-draft", Kind.VACCINATION)
    assert (found.person.surname, found.person.forename) == ("Testina Sampleová", None)
    assert (found.person.sex, found.person.identifier) == ("female", "XU-000-TEST")
    (dose,) = found.entries
    assert isinstance(dose, Vaccination)
    assert dose.given is not None
    assert dose.given.first == date(2026, 2, 20)
    assert dose.valid_from is not None
    assert dose.valid_from.first == date(2026, 3, 6)
    assert dose._replace(given=None, valid_from=None) == Vaccination(
        "RA01", "XM1NL1", "XM4YL8", "ORG-100030215", 1, 2, None, "XU", "wA69g8VD512TfTTdkTNSsG",
        "XU-1234567890", "LOT-0001", "Harbour Clinic",
    )  # fmt: skip


def test_a_coded_value_may_be_written_as_text() -> None:
    plain = content.ddcc_dose(vaccine="XM1NL1", country="XU", brand="XM4YL8", disease="RA01")
    assert read(plain, 3).entries == read(content.ddcc_dose(), 3).entries


def test_the_maker_is_its_holder_where_no_maker_is_named() -> None:
    made = content.ddcc_dose(manufacturer=content.ABSENT, ma_holder={"code": "HOLDER"})
    (dose,) = read(made, 3).entries
    assert isinstance(dose, Vaccination)
    assert dose.manufacturer == "HOLDER"


@pytest.mark.parametrize("grouped", [True, False])
def test_a_ddcc_test_arrives_whole_in_a_group_or_flat(grouped: bool) -> None:
    made = content.ddcc_result()
    if not grouped:
        made |= made.pop("test")
    found = read(made, 4)
    (one,) = found.entries
    assert found.kind is Kind.TEST
    assert isinstance(one, model.Test)
    assert one.sampled is not None
    assert one.sampled.first == datetime(2026, 2, 28, 9, 30, tzinfo=UTC)
    assert one._replace(sampled=None) == model.Test(
        "XN109", "94558-4", "Sample", None, None, "260415000", "Harbour Test Site", "XU", None,
        "XU-1234567891",
    )  # fmt: skip


def test_what_is_missing_is_told_with_its_place() -> None:
    assert told(content.ddcc_dose(vaccine={}), 3) == [("FIELD_MISSING", "vaccine.code")]
    assert told(content.ddcc_dose(dose=content.ABSENT), 3) == [("FIELD_MISSING", "dose")]
    assert told(content.ddcc_result(test={}), 4) == [
        ("FIELD_MISSING", f"test.{name}")
        for name in ("pathogen", "type", "date", "result", "country")
    ]
    assert told(content.icvp("d", vx={}), -6) == [
        ("FIELD_MISSING", "vx.vp"), ("FIELD_MISSING", "vx.dt"),
    ]  # fmt: skip


@pytest.mark.parametrize("shape", ["a", "b", "c", "d"])
def test_each_shape_of_the_yellow_booklet_tells_the_same(shape: str) -> None:
    found = read(content.icvp(shape), -6)
    assert (found.domain, found.kind) == ("ICVP", Kind.VACCINATION)
    assert found.version == {"a": "a", "b": "1.0.0", "c": "c", "d": "1.0.0"}[shape]
    person = found.person
    assert (person.surname, person.sex) == ("Testina Sampleová", "female")
    assert (person.nationality, person.identifier) == ("UTO", "TEST123456")
    assert person.birth_date is not None
    assert person.birth_date.text() == "1984-02-29"
    (dose,) = found.entries
    assert isinstance(dose, Vaccination)
    assert dose.disease == "1D47"
    assert dose.lot == "LOT-0002"
    assert (dose.clinician, dose.site) == ("Harbour Clinic", None)
    moments = dose.given, dose.valid_from, dose.valid_until
    assert [m.text() for m in moments if m] == ["2026-01-15", "2026-01-25", "2086-01-25"]
    assert dose.country is None
    assert dose.authority == ("Dr. Sample" if shape == "d" else None)
    assert dose.manufacturer == ("Sample Works" if shape in "ac" else None)


@pytest.mark.parametrize(
    ("product", "disease"),
    [("YellowFeverProduct1", "1D47"), ("PolioVaccine1", "1C81"), ("Other", None)],
)
def test_the_disease_follows_from_who_s_product(product: str, disease: str | None) -> None:
    made = content.icvp("d")
    made["vx"] |= {"vp": product}
    (dose,) = read(made, -6).entries
    assert isinstance(dose, Vaccination)
    assert dose.disease == disease


@pytest.mark.parametrize(
    ("version", "findings"),
    [("1.0.0", []), ("0.9", []), (1, []), (1.0, []), ("2.0.0", ["VERSION_UNKNOWN"]), ("", ["VERSION_UNKNOWN"]),
     (None, ["VERSION_UNKNOWN"]), ([], ["VERSION_UNKNOWN"]), ("10", ["VERSION_UNKNOWN"])],
)  # fmt: skip
def test_a_template_version_that_is_not_known_is_a_doubt(
    version: object, findings: list[str]
) -> None:
    made = content.icvp("d", v=version)
    assert [code for code, _ in told(made, -6)] == findings


def flat(made: dict[str, Any], **claims_: Any) -> Decoded:
    return hcert.decode(cbor({1: "XU", 4: keys.EXPIRES, 6: keys.ISSUED} | made | claims_))


def test_a_first_generation_test_is_read_without_a_claim_around_it() -> None:
    made = content.ddcc_result(hcid=content.ABSENT)
    for fields in (
        made,
        {key: value for key, value in made.items() if key != "test"} | made["test"],
    ):
        found = flat(fields).certificate
        assert found is not None
        assert (found.domain, found.kind, found.issuer) == ("DDCC", Kind.TEST, "XU")
        assert found.entries[0].country == "XU"
        assert found.entries[0].identifier is None


def test_the_number_of_a_first_generation_test_may_be_its_reference() -> None:
    made = content.ddcc_result(hcid=content.ABSENT, meta={"reference": "REF-1", "url": "x"})
    found = flat(made).certificate
    assert found is not None
    assert found.entries[0].identifier == "REF-1"


def test_the_country_of_a_test_may_stand_beside_it() -> None:
    inner = {key: value for key, value in content.ddcc_result()["test"].items() if key != "country"}
    found = flat(content.ddcc_result(test=inner, country={"code": "XU"})).certificate
    assert found is not None
    assert found.entries[0].country == "XU"


def test_what_attests_a_dose_and_a_test_is_refused() -> None:
    found = flat(content.ddcc_dose() | {"test": content.ddcc_result()["test"]})
    assert found.certificate is None
    assert [finding.code.name for finding in found.findings] == ["GROUPS_SEVERAL"]


def test_a_ddcc_says_from_when_until_when_it_counts() -> None:
    made = content.ddcc_dose(
        valid_from="2026-02-21", valid_until="2027-02-20", vaccine_valid="2026-03-06"
    )
    (dose,) = read(made, 3).entries
    assert dose.valid_from is not None
    assert dose.valid_until is not None
    # The later of the two: the certificate counts before the dose does.
    assert (dose.valid_from.text(), dose.valid_until.text()) == ("2026-03-06", "2027-02-20")
    (test,) = read(content.ddcc_result(valid_until="2026-03-07"), 4).entries
    assert test.valid_until is not None
    assert test.valid_until.text() == "2026-03-07"
