"""FHIR as servers, Bulk Data and WHO's own maps write it: who is meant, by which name, and what is none."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import model
from pratique.intake import fhir
from pratique.intake.accept import accept
from pratique.intake.fhir import Patients, with_patient
from pratique.intake.remarks import refuses
from tests.unit.intake.handed_in import BUILTIN, STAMARIL, told
from tests.unit.intake.test_fhir import IMMUNIZATION, PATIENT, VALUES, _paths

TODAY = date(2022, 6, 1)
SERVER = "https://clinic.example/fhir"
UUID = "4b1d7a52-0000-4000-8000-00000000000A"


def found_by(
    reference: dict[str, Any],
    url: str = "",
    patient: dict[str, Any] | None = None,
    *,
    own: str = "",
) -> bool:
    """Tell whether a dose's Patient is found by a reference, where the Patient has an address."""
    entries = [
        {"resource": IMMUNIZATION | {"patient": reference}} | ({"fullUrl": own} if own else {}),
        {"resource": PATIENT | (patient or {})} | ({"fullUrl": url} if url else {}),
    ]
    made = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    (reading,) = fhir.read(made, BUILTIN, country="XA", authority="A")
    assert reading.record is not None or told(reading.remarks) == [
        ("REFERENCE_UNRESOLVED", "entry[0].patient")
    ]
    return reading.record is not None


@pytest.mark.parametrize("version", ["", "/_history/1", "/_history/3"])
@pytest.mark.parametrize(
    ("text", "url", "patient"),
    [
        ("Patient/p1", "", {}),
        ("Patient/p1", f"{SERVER}/Patient/p1", {}),
        (f"{SERVER}/Patient/p1", f"{SERVER}/Patient/p1", {}),
        (f"{SERVER}/Patient/p1", f"{SERVER}/Patient/p1/_history/3", {}),
        (f"{SERVER}/Patient/p1", "", {}),
        (f"urn:uuid:{UUID}", f"urn:uuid:{UUID.lower()}", {}),
        (f"urn:uuid:{UUID.lower()}", "", {"id": UUID}),
        ("Patient/p1", f"{SERVER}/Patient/p1", {"meta": {"versionId": "3"}}),
    ],
)
def test_a_patient_is_found_however_the_reference_is_written(
    text: str, url: str, patient: dict[str, Any], version: str
) -> None:
    assert found_by({"reference": text + version}, url, patient)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://other.example/fhir/Patient/p1", f"{SERVER}/Patient/p1"),
        ("http://clinic.example/fhir/Patient/p1", f"{SERVER}/Patient/p1"),
        ("https://other.example/fhir/Patient/p2", ""),
        ("Patient/p2/_history/1", f"{SERVER}/Patient/p1"),
        ("Group/p1", f"{SERVER}/Patient/p1"),
        ("urn:uuid:00000000-0000-4000-8000-000000000000", f"urn:uuid:{UUID}"),
        ("", f"{SERVER}/Patient/p1"),
        ("#p1", f"{SERVER}/Patient/p1"),
    ],
)
def test_nobody_elses_patient_is_found(text: str, url: str) -> None:
    assert not found_by({"reference": text}, url)


def test_a_patient_is_found_by_an_identifier_that_only_one_has() -> None:
    patient = {"identifier": [{"system": "https://registry.example", "value": "4711"}]}
    identifier = {"identifier": {"system": "https://registry.example", "value": "4711"}}
    assert found_by(identifier, "", patient)
    search = {"reference": "Patient?identifier=https://registry.example|4711"}
    assert found_by(search, "", patient)
    assert not found_by(
        {"identifier": {"system": "https://else.example", "value": "4711"}}, "", patient
    )
    assert not found_by({"identifier": {"value": "4711"}}, "", patient)


def test_a_relative_reference_means_the_server_of_what_refers() -> None:
    others = PATIENT | {"birthDate": "1999-01-01"}
    for server, born in ((SERVER, "1980-02-03"), ("https://b.example", "1999-01-01")):
        entries = [
            {"fullUrl": f"{SERVER}/Patient/p1", "resource": PATIENT},
            {"fullUrl": "https://b.example/Patient/p1", "resource": others},
            {"fullUrl": f"{server}/Immunization/i1", "resource": IMMUNIZATION},
        ]
        (reading,) = fhir.read(
            {"resourceType": "Bundle", "entry": entries}, BUILTIN, country="XA", authority="A"
        )
        assert reading.record is not None
        assert reading.record.person.birth_date is not None
        assert reading.record.person.birth_date.text() == born


@pytest.mark.parametrize("version", ["", "/_history/3"])
def test_a_relative_reference_finds_nobody_of_another_server(version: str) -> None:
    reference = {"reference": f"Patient/p1{version}"}
    own = "https://b.example/Immunization/i1"
    assert not found_by(reference, f"{SERVER}/Patient/p1{version}", own=own)
    assert found_by(reference, f"https://b.example/Patient/p1{version}", own=own)
    assert found_by(reference, "", own=own)
    assert found_by(reference, f"urn:uuid:{UUID}", own=own)


def test_of_two_versions_the_one_that_is_named_is_meant() -> None:
    versions = [
        {"fullUrl": f"{SERVER}/Patient/p1", "resource": PATIENT | {"meta": {"versionId": str(n)}, "birthDate": f"198{n}-02-03"}}
        for n in (1, 2)
    ]  # fmt: skip
    for text, born in (("Patient/p1/_history/2", "1982-02-03"), ("Patient/p1", None)):
        dose = {"resource": IMMUNIZATION | {"patient": {"reference": text}}}
        made = {"resourceType": "Bundle", "entry": [*versions, dose]}
        (reading,) = fhir.read(made, BUILTIN, country="XA", authority="A")
        assert (reading.record is None) == (born is None)
        if reading.record is not None and reading.record.person.birth_date is not None:
            assert reading.record.person.birth_date.text() == born


def name_of(*names: Any, at: date | None = TODAY, **patient: Any) -> tuple[str | None, list[Any]]:
    made = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": PATIENT | {"name": list(names)} | patient},
            {"resource": IMMUNIZATION},
        ],
    }
    (reading,) = fhir.read(made, BUILTIN, country="XA", authority="A", at=at)
    surname = reading.record.person.surname if reading.record else None
    return surname, told(reading.remarks)


def named(family: str, start: str = "", end: str = "", use: str = "official") -> dict[str, Any]:
    period = {"start": start} if start else {}
    period |= {"end": end} if end else {}
    return {"use": use, "family": family, "given": ["Jo"], "period": period}


UNCLEAR = [("NAME_UNCLEAR", "entry[1].surname")]


@pytest.mark.parametrize(
    ("names", "surname", "remarks"),
    [
        ([named("Before", end="2015-06-30"), named("Now", "2015-07-01")], "Now", []),
        ([named("Now", "2015-07-01"), named("Before", end="2015-06-30")], "Now", []),
        ([named("Before", "1980", "2015"), named("Now", "2016")], "Now", []),
        ([named("Before", end="2022-05"), named("Now")], "Now", []),
        ([named("Now", end="2022-06"), named("Then", "2022-07-01")], "Now", []),
        ([named("Now", end="2022-06-01"), named("Then", "2022-06-02T00:00:00Z")], "Now", []),
        ([named("Before", end="2015"), named("Now", use="usual")], "Now", []),
        ([named("Before", "1980"), named("Now", "2015")], "Now", []),
        ([named("One"), named("Two")], "One", UNCLEAR),
        ([named("Same"), named("Same")], "Same", []),
        ([named("First", end="2001"), named("Last", end="2010")], "Last", UNCLEAR),
        ([named("Born", use="maiden")], "Born", UNCLEAR),
        ([named("Born", use="maiden"), named("Now", use="usual")], "Now", []),
        ([{"use": "official", "period": {"start": "2015"}}, named("Now", use="usual")], "Now", []),
        ([{"use": "official", "text": "Dr. Jo Bloggs, MD", "prefix": ["Dr."], "suffix": ["MD"]}],
         "Jo Bloggs", [("NAME_UNDIVIDED", "entry[1].surname")]),
    ],
    ids=range(15),
)  # fmt: skip
def test_the_name_in_force_is_taken_or_asked_for(
    names: list[Any], surname: str, remarks: list[Any]
) -> None:
    assert name_of(*names) == (surname, remarks)


def test_a_name_that_was_and_one_that_hides_are_never_taken() -> None:
    names = [named("Was", use="old"), named("Nick", use="nickname"), named("X", use="anonymous")]
    assert name_of(*names) == (None, [("FIELD_MISSING", "entry[1].surname")])


DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))


@given(st.permutations(range(3)), st.lists(DAYS, min_size=2, max_size=2, unique=True), DAYS)
@settings(deadline=None)
def test_names_that_follow_each_other_are_told_apart_on_every_day(
    order: list[int], changes: list[date], at: date
) -> None:
    first, second = sorted(changes)
    names = [
        named("One", end=first.isoformat()),
        named("Two", date.fromordinal(first.toordinal() + 1).isoformat(), second.isoformat()),
        named("Three", date.fromordinal(second.toordinal() + 1).isoformat()),
    ]
    expected = "One" if at <= first else "Two" if at <= second else "Three"
    surname, remarks = name_of(*(names[place] for place in order), at=at)
    assert (surname, remarks) == (expected, [])


@pytest.mark.parametrize("dead", [{"deceasedBoolean": True}, {"deceasedDateTime": "2022-05-01"}])
def test_a_persons_death_is_asked_about(dead: dict[str, Any]) -> None:
    assert name_of(named("Now"), **dead)[1] == [("PERSON_DECEASED", "entry[1].patient")]
    assert name_of(named("Now"), deceasedBoolean=False)[1] == []


def test_one_resource_alone_is_read_with_the_patient_inside() -> None:
    inside = PATIENT | {"id": "x"}
    dose = IMMUNIZATION | {"contained": [inside], "patient": {"reference": "#x"}, "lotNumber": ""}
    (reading,) = accept(dose, BUILTIN, at=TODAY, country="XA", authority="A")
    assert reading.record is not None
    assert told(reading.remarks) == [("LOT_MISSING", "lot")]
    (reading,) = fhir.read(IMMUNIZATION, BUILTIN)
    assert told(reading.remarks) == [("REFERENCE_UNRESOLVED", "patient")]


@pytest.mark.parametrize("kind", ["searchset", "collection", "document", "transaction", "history"])
def test_a_bundle_of_any_type_is_read_and_bundles_in_it(kind: str) -> None:
    page = {"resourceType": "Bundle", "type": kind, "entry": [
        {"resource": IMMUNIZATION, "request": {"method": "PUT", "url": "Immunization/i1"}},
        {"request": {"method": "DELETE", "url": "Immunization/i0"}},
        {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}},
    ]}  # fmt: skip
    made = {"resourceType": "Bundle", "entry": [{"resource": page}, {"resource": PATIENT}]}
    for document in (made, {**page, "entry": [*page["entry"], {"resource": PATIENT}]}):
        (reading,) = fhir.read(document, BUILTIN, country="XA", authority="A")
        assert reading.record is not None


def test_what_is_no_event_is_skipped_and_refuses_nothing() -> None:
    others = [
        {"resourceType": kind}
        for kind in ("AllergyIntolerance", "Condition", "MedicationStatement")
    ]
    never = [IMMUNIZATION | {"status": status} for status in ("not-done", "entered-in-error")]
    made = {"resourceType": "Bundle", "entry": [
        {"resource": each} for each in (PATIENT, *others, *never, IMMUNIZATION)
    ]}  # fmt: skip
    found = fhir.read(made, BUILTIN, country="XA", authority="A")
    assert [reading.is_skipped for reading in found] == [True] * 5 + [False]
    assert found[-1].record is not None


WHO = "http://smart.who.int/pcmt-vaxprequal/CodeSystem"


@pytest.mark.parametrize(
    ("code", "remarks"),
    [
        (STAMARIL, [("FIELD_MISSING", "entry[1].nationality")]),
        ("YellowFeverProduct" + "0" * 32, [("FIELD_MISSING", "entry[1].nationality"), ("CODE_UNKNOWN", "entry[1].product")]),
        ("", [("FIELD_MISSING", "entry[1].nationality"), ("FIELD_MISSING", "entry[1].product")]),
    ],
)  # fmt: skip
def test_whos_own_map_tells_the_product_in_an_extension(code: str, remarks: list[Any]) -> None:
    patient = PATIENT | {"birthDate": "1980-02-03"}
    dose = copy.deepcopy(IMMUNIZATION) | {
        "vaccineCode": {"coding": [{"system": f"{WHO}/PreQualVaccineType", "code": "YellowFever"}]},
        "protocolApplied": [{"doseNumberPositiveInt": 1, "targetDisease": [{"coding": [{"code": "1D47"}]}]}],
    }  # fmt: skip
    if code:
        dose["extension"] = [{
            "url": "http://smart.who.int/pcmt/StructureDefinition/ProductID",
            "valueCoding": {"system": f"{WHO}/PreQualProductIds", "code": code},
        }]  # fmt: skip
    made = {"resourceType": "Bundle", "entry": [{"resource": patient}, {"resource": dose}]}
    (reading,) = accept(made, BUILTIN, at=TODAY, country="XA", authority="A")
    # What misses in the row is told at once; the product is looked up once the row is whole.
    assert told(reading.remarks) == remarks[: len(reading.remarks)]
    assert all("doses" not in column for _, column in told(reading.remarks))


def test_doses_that_nobody_wrote_are_filled_in_where_they_are_missing() -> None:
    dose = IMMUNIZATION | {"protocolApplied": [{"doseNumberPositiveInt": 2}]}
    made = {
        "resourceType": "Bundle",
        "entry": [{"resource": r} for r in (PATIENT, dose, IMMUNIZATION)],
    }
    (bare, _) = accept(made, BUILTIN, at=TODAY, country="XA", authority="A")
    assert told(bare.remarks) == [("FIELD_MISSING", "entry[1].doses")]
    found = accept(made, BUILTIN, at=TODAY, country="XA", authority="A", filled={"doses": "3"})
    entries = [reading.record.entry for reading in found if reading.record is not None]
    assert [e.doses for e in entries if isinstance(e, model.Vaccination)] == [3, 2]


def test_a_line_of_an_export_gets_its_patient_and_no_other() -> None:
    patients = Patients()
    patients.add(PATIENT)
    patients.add(PATIENT | {"id": "p2"})
    patients.add(PATIENT | {"id": "p2", "birthDate": "1999-01-01"})
    joined = with_patient(IMMUNIZATION, patients)
    assert joined is not None
    (reading,) = fhir.read(joined, BUILTIN, country="XA", authority="A")
    assert reading.record is not None
    unclear = IMMUNIZATION | {"patient": {"reference": "Patient/p2"}}
    assert with_patient(unclear, patients) == unclear
    assert with_patient(PATIENT, patients) is None


ALONE: dict[str, Any] = IMMUNIZATION | {
    "contained": [PATIENT | {"name": [named("Now", "2015", "2099"), {"text": "Dr Jo", "prefix": ["Dr"]}]}],
    "patient": {"reference": "#p1", "identifier": {"system": "s", "value": "v"}},
    "extension": [{"url": "x/StructureDefinition/ProductID", "valueCoding": {"code": STAMARIL}}],
    "protocolApplied": [{"doseNumber": "1", "targetDisease": [{"coding": [{"code": "1D47"}]}]}],
}  # fmt: skip


@given(st.sampled_from(_paths(ALONE)), VALUES)
@settings(deadline=None)
def test_no_resource_alone_or_in_lines_raises(path: tuple[Any, ...], value: Any) -> None:
    made = copy.deepcopy(ALONE)
    place: Any = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    patients = Patients()
    for part in made["contained"] if isinstance(made["contained"], list) else ():
        if isinstance(part, dict):
            patients.add(part, "https://s.example/Patient/p1")
    documents = [made, {"resourceType": "Bundle", "entry": [{"resource": made}]}]
    joined = with_patient(made, patients)
    for document in (*documents, *([joined] if joined else [])):
        for reading in accept(document, BUILTIN, at=TODAY, filled={"doses": "2"}):
            assert reading.record is None or not refuses(reading.remarks)
