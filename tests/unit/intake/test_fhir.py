"""A FHIR R4 document is read event by event; what is not resolved inside it is refused. All invented."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import model
from pratique.intake import accept as intake_accept
from pratique.intake import fhir
from pratique.intake.accept import accept
from pratique.intake.remarks import refuses
from pratique.intake.rows import Reading
from tests.unit.intake.handed_in import BUILTIN, DOSE, NAUGHTY, ODD, STAMARIL, record, told

CVX = "http://hl7.org/fhir/sid/cvx"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [
        {"use": "old", "family": "Former", "given": ["Old"]},
        {"use": "usual", "family": "Blogs", "given": ["Joey"]},
        {"use": "official", "family": "Bloggs", "given": ["Jo"]},
    ],
    "gender": "female",
    "birthDate": "1980-02-03",
}
IMMUNIZATION = {
    "resourceType": "Immunization",
    "status": "completed",
    "vaccineCode": {"coding": [{"system": CVX, "code": "208"}]},
    "patient": {"reference": "Patient/p1"},
    "occurrenceDateTime": "2022-01-10T23:30:00+01:00",
    "lotNumber": "FE1234",
    "performer": [{"actor": {"display": "Clinic 7"}}],
    "protocolApplied": [{"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 2}],
}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": LOINC, "code": "94500-6"}]},
    "subject": {"reference": "urn:uuid:4b1d7a52-0000-4000-8000-000000000001"},
    "effectiveDateTime": "2022-05-31T09:30:00+02:00",
    "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "260415000"}]},
}


def document(*resources: Any) -> dict[str, Any]:
    urn = "urn:uuid:4b1d7a52-0000-4000-8000-000000000001"
    entries = [{"fullUrl": urn, "resource": PATIENT}, *({"resource": r} for r in resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": copy.deepcopy(entries)}


def read(*resources: Any) -> list[Reading]:
    return fhir.read(
        document(*resources), BUILTIN, country="XA", authority="Ministry of Health of Arcadia"
    )


def test_an_immunization_makes_the_record_that_its_row_would() -> None:
    (found,) = read(IMMUNIZATION)
    assert found.remarks == ()
    assert found.record == record(DOSE)


def test_an_observation_of_the_laboratory_is_a_test() -> None:
    (found,) = read(OBSERVATION)
    assert found.record is not None
    test = found.record.entry
    assert isinstance(test, model.Test)
    assert (test.test_type, test.result) == ("LP6464-4", "260415000")
    assert test.sampled is not None
    assert test.sampled.first == datetime(2022, 5, 31, 7, 30, tzinfo=UTC)


def test_a_yellow_fever_dose_goes_into_the_yellow_booklet() -> None:
    patient = PATIENT | {
        "birthDate": "2012-02-03",
        "identifier": [
            {"value": "x"},
            {"type": {"coding": [{"code": "PPN"}]}, "value": "P1234567"},
        ],
        "extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/patient-nationality",
            "extension": [{"url": "code", "valueCodeableConcept": {"coding": [{"code": "XXA"}]}}],
        }],
        "contact": [{"relationship": [{"coding": [{"code": "MTH"}]}], "name": {"family": "Bloggs", "given": ["Ann"]}}],
    }  # fmt: skip
    dose = IMMUNIZATION | {"vaccineCode": {"coding": [{"code": STAMARIL}]}}
    made = document(dose)
    made["entry"][0]["resource"] = patient
    (found,) = intake_accept.read(made, BUILTIN, authority="Ministry of Health")
    assert found.record is not None
    assert found.record.domain == "ICVP"
    assert found.record.person[5:10] == ("female", "XXA", "P1234567", "PPN", "Ann Bloggs")


def test_the_day_of_a_dose_is_the_day_where_it_was_given() -> None:
    (found,) = read(IMMUNIZATION | {"occurrenceDateTime": "2022-01-10T23:30:00-10:00"})
    assert found.record is not None
    assert isinstance(found.record.entry, model.Vaccination)
    assert found.record.entry.given == model.Moment(model.Precision.DAY, date(2022, 1, 10))


@pytest.mark.parametrize(
    ("codings", "product", "prophylaxis"),
    [
        ([{"system": CVX, "code": "207"}], "EU/1/20/1507", "1119349007"),
        ([{"system": "elsewhere", "code": "1"}, {"system": CVX + "/", "code": "212"}], "EU/1/20/1525", "29061000087103"),
        ([{"system": SNOMED, "code": "1119349007"}, {"code": "EU/1/20/1528"}], "EU/1/20/1528", "1119349007"),
        ([{"system": CVX, "code": "229"}], "EU/1/20/1507", "1119349007"),
        ([{"system": CVX, "code": "300"}], "EU/1/20/1528", "1119349007"),
        ([{"system": CVX, "code": "512"}], "Covifenz", "30141000087107"),
        ([{"system": CVX, "code": "521"}], "EU/1/21/1580", "1162643001"),
        ([{"system": SNOMED, "code": "28581000087106"}], "EU/1/20/1528", "1119349007"),
    ],
)  # fmt: skip
def test_a_vaccine_is_known_by_any_of_its_codings(
    codings: list[dict[str, str]], product: str, prophylaxis: str
) -> None:
    (found,) = read(IMMUNIZATION | {"vaccineCode": {"coding": codings}})
    assert found.record is not None
    dose = found.record.entry
    assert isinstance(dose, model.Vaccination)
    assert (dose.product, dose.prophylaxis) == (product, prophylaxis)


@pytest.mark.parametrize(("country", "product"), [("FR", "EU/1/21/1529"), ("IN", ""), ("", "")])
def test_a_code_of_two_products_is_the_one_that_the_issuing_country_gave(
    country: str, product: str
) -> None:
    coded = IMMUNIZATION | {"vaccineCode": {"coding": [{"system": CVX, "code": "210"}]}}
    filled = {"product": "Covishield"}
    (found,) = fhir.read(
        document(coded), BUILTIN, country=country or "XA", authority="A", filled=filled
    )
    assert found.record is not None
    assert isinstance(found.record.entry, model.Vaccination)
    # Where it is open, it is filled in by whoever knows.
    assert found.record.entry.product == (product or "Covishield")


@pytest.mark.parametrize("number", [("94558-4", "LP217198-3"), ("94500-6", "LP6464-4")])
def test_the_test_type_is_told_by_loinc(number: tuple[str, str]) -> None:
    coded = {"code": {"coding": [{"system": LOINC, "code": number[0]}]}}
    device = {"device": {"identifier": {"value": "1065"}, "display": "Arcadia test"}}
    (found,) = read(OBSERVATION | coded | device)
    assert found.record is not None
    test = found.record.entry
    assert isinstance(test, model.Test)
    assert (test.test_type, test.device, test.name) == (number[1], "1065", "Arcadia test")


def _result(*codes: tuple[str, str]) -> dict[str, Any]:
    return {"valueCodeableConcept": {"coding": [{"system": s, "code": c} for s, c in codes]}}


@pytest.mark.parametrize(
    ("resource", "remarks"),
    [
        (IMMUNIZATION | {"status": "not-done"}, [("EVENT_NOT_DONE", "entry[1].status")]),
        (IMMUNIZATION | {"status": "entered-in-error"}, [("EVENT_NOT_DONE", "entry[1].status")]),
        (IMMUNIZATION | {"status": None}, [("EVENT_NOT_COMPLETED", "entry[1].status")]),
        (IMMUNIZATION | {"isSubpotent": True}, [("EVENT_NOT_COMPLETED", "entry[1].status")]),
        (OBSERVATION | {"status": "preliminary"}, [("EVENT_NOT_COMPLETED", "entry[1].status")]),
        (IMMUNIZATION | {"modifierExtension": [{"url": "x"}]}, [("RESOURCE_UNREADABLE", "entry[1]")]),
        (IMMUNIZATION | {"implicitRules": "http://x"}, [("RESOURCE_UNREADABLE", "entry[1]")]),
        (IMMUNIZATION | {"patient": {"reference": "Patient/p2"}}, [("REFERENCE_UNRESOLVED", "entry[1].patient")]),
        (IMMUNIZATION | {"patient": {"reference": "http://evil.example/Patient/p1"}},
         [("REFERENCE_UNRESOLVED", "entry[1].patient")]),
        (IMMUNIZATION | {"patient": {"reference": "#p1"}}, [("REFERENCE_UNRESOLVED", "entry[1].patient")]),
        (IMMUNIZATION | {"patient": {"display": "Jo"}}, [("REFERENCE_UNRESOLVED", "entry[1].patient")]),
        (IMMUNIZATION | {"vaccineCode": {"coding": [{"system": CVX, "code": "9999"}]}},
         [("CODE_UNKNOWN", "entry[1].product")]),
        (IMMUNIZATION | {"vaccineCode": {"coding": [{"system": ATC, "code": "J07BN01"}]}},
         [("FIELD_MISSING", "entry[1].product")]),
        (IMMUNIZATION | {"vaccineCode": {"text": "some vaccine"}}, [("FIELD_MISSING", "entry[1].product")]),
        # Vaxzevria or Covishield: the issuing country (XA) does not tell.
        (IMMUNIZATION | {"vaccineCode": {"coding": [{"system": CVX, "code": "210"}]}},
         [("FIELD_MISSING", "entry[1].product")]),
        (OBSERVATION | {"code": {"coding": [{"system": LOINC, "code": "94563-4"}]}}, [("RESOURCE_NOT_READ", "entry[1]")]),
        (IMMUNIZATION | {"occurrenceDateTime": "2022-01"}, [("DATE_INCOMPLETE", "entry[1].given_on")]),
        (IMMUNIZATION | {"occurrenceDateTime": "2022-01-10Tnoon"}, [("DATE_UNREADABLE", "entry[1].given_on")]),
        (IMMUNIZATION | {"protocolApplied": [{"doseNumberString": "two", "seriesDosesString": "2"}]},
         [("NUMBER_UNREADABLE", "entry[1].dose")]),
        (OBSERVATION | {"effectiveDateTime": "2022-05-31"}, [("INSTANT_UNREADABLE", "entry[1].sampled_at")]),
        (OBSERVATION | _result((SNOMED, "260415000"), (SNOMED, "260373001")), [("FIELD_MISSING", "entry[1].result")]),
        (OBSERVATION | {"code": {"coding": [{"system": LOINC, "code": "8310-5"}]}}, [("RESOURCE_NOT_READ", "entry[1]")]),
        ({"resourceType": "Condition"}, [("RESOURCE_NOT_READ", "entry[1]")]),
        ({}, [("RESOURCE_NOT_READ", "entry[1]")]),
    ],
    ids=range(24),
)  # fmt: skip
def test_what_is_not_issued_says_why(
    resource: dict[str, Any], remarks: list[tuple[str, str]]
) -> None:
    (found,) = read(resource)
    assert found.record is None
    assert told(found.remarks) == remarks


@pytest.mark.parametrize(
    "codes",
    [((SNOMED, "260385009"),), ((LOINC, "LA6577-6"),), ((SNOMED, "260415000"), (LOINC, "LA11883-8")), (("x", "y"), (SNOMED, "260415000"))],
    ids=range(4),
)  # fmt: skip
def test_a_negative_result_is_one_in_every_code(codes: tuple[tuple[str, str], ...]) -> None:
    (found,) = read(OBSERVATION | _result(*codes))
    assert found.record is not None
    assert isinstance(found.record.entry, model.Test)
    assert found.record.entry.result == "260415000"


def test_two_patients_of_one_name_are_nobody() -> None:
    made = document(IMMUNIZATION)
    made["entry"].append({"resource": PATIENT | {"birthDate": "1999-01-01"}})
    (found,) = fhir.read(made, BUILTIN)
    assert told(found.remarks) == [("REFERENCE_UNRESOLVED", "entry[1].patient")]


def test_a_patient_inside_the_resource_is_found() -> None:
    inside = {"contained": [PATIENT], "patient": {"reference": "#p1"}}
    assert read(IMMUNIZATION | inside)[0].record == read(IMMUNIZATION)[0].record


def test_a_patient_is_found_by_the_end_of_the_full_address() -> None:
    made = document(IMMUNIZATION)
    made["entry"][0] = {
        "fullUrl": "https://clinic.example/fhir/Patient/p1",
        "resource": {**PATIENT, "id": "else"},
    }
    assert fhir.read(made, BUILTIN, country="XA", authority="A")[0].record is not None


@pytest.mark.parametrize(
    ("patient", "names"),
    [
        ({"name": [{"family": "Bloggs", "given": ["Jo", "Ann"]}]}, ("Bloggs", "Jo Ann")),
        ({"name": [{"text": "Jo Bloggs"}]}, ("Jo Bloggs", None)),
        ({"name": [{"use": "nickname", "family": "X"}, {"family": "Y"}]}, ("Y", None)),
    ],
)
def test_a_name_is_chosen(patient: dict[str, Any], names: tuple[str, str | None]) -> None:
    made = document(IMMUNIZATION)
    made["entry"][0]["resource"] |= patient
    (found,) = fhir.read(made, BUILTIN, country="XA", authority="A")
    assert found.record is not None
    assert found.record.person[:2] == names


def test_a_birth_date_that_is_said_to_be_unknown_is() -> None:
    made = document(IMMUNIZATION)
    del made["entry"][0]["resource"]["birthDate"]
    assert told(fhir.read(made, BUILTIN, country="XA", authority="A")[0].remarks) == [
        ("FIELD_MISSING", "entry[1].birth_date")
    ]
    absent = {
        "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
        "valueCode": "unknown",
    }
    made["entry"][0]["resource"]["_birthDate"] = {"extension": [absent]}
    assert told(fhir.read(made, BUILTIN, country="XA", authority="A")[0].remarks) == [
        ("BIRTH_UNKNOWN", "entry[1].birth_date")
    ]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({}, "RESOURCE_UNREADABLE"),
        ({"resourceType": "Bundle", "entry": {}}, "RESOURCE_UNREADABLE"),
        ({"resourceType": "Patient"}, "NO_EVENT"),
        ({"resourceType": "Bundle", "type": "searchset", "total": 0}, "NO_EVENT"),
    ],
)
def test_a_document_without_an_event_says_so(made: dict[str, Any], code: str) -> None:
    assert told(fhir.read(made, BUILTIN)[0].remarks) == [(code, "")]


def test_what_is_found_on_examining_names_the_resource_too() -> None:
    made = document(IMMUNIZATION | {"lotNumber": ""}, OBSERVATION)
    found = accept(made, BUILTIN, at=date(2022, 1, 9), country="XA", authority="A")
    assert [told(reading.remarks) for reading in found] == [
        [("LOT_MISSING", "entry[1].lot"), ("DATE_IN_FUTURE", "entry[1].given_on")],
        [("DATE_IN_FUTURE", "entry[2].sampled_at")],
    ]


def test_many_patients_and_doses_are_read_in_linear_time() -> None:
    patients = [{"resource": PATIENT | {"id": f"q{n}"}} for n in range(5000)]
    doses = [
        {"resource": IMMUNIZATION | {"patient": {"reference": f"Patient/q{n}"}}}
        for n in range(5000)
    ]
    made = {"resourceType": "Bundle", "entry": [*patients, *doses]}
    assert len(fhir.read(made, BUILTIN)) == 5000


def _paths(found: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = (
        found.keys()
        if isinstance(found, dict)
        else range(len(found))
        if isinstance(found, list)
        else ()
    )
    return [place] * bool(place) + [
        path for key in keys for path in _paths(found[key], (*place, key))
    ]


SAMPLE = document(IMMUNIZATION, OBSERVATION)
VALUES = st.sampled_from([*NAUGHTY, *ODD]) | st.recursive(
    st.none() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["coding", "code", "family"]), inner)
    ),
    max_leaves=6,
)


@given(st.sampled_from(_paths(SAMPLE)), VALUES)
def test_no_document_raises(path: tuple[Any, ...], value: Any) -> None:
    made = copy.deepcopy(SAMPLE)
    place: Any = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    for found in fhir.read(made, BUILTIN):
        assert found.record is None or not refuses(found.remarks)


def test_what_is_read_is_never_shown() -> None:
    found = read(IMMUNIZATION | {"lotNumber": "=QZXKVJQ"}, OBSERVATION)
    assert "QZXKVJQ" not in repr(found) + repr([reading.remarks for reading in found])
