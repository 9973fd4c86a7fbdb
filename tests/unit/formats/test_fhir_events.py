"""FHIR bundles of health cards: what happened, to whom, and nothing that is only guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import model
from pratique.findings import Code, Finding
from pratique.formats import fhir_events
from pratique.formats.fhir_events import FhirEvents
from pratique.model import Precision, Vaccination
from tests.schemes import shc
from tests.travellers import COMIRNATY, COVID, JO, NAAT, NOT_DETECTED, RAPID, dose, sample

Findings = list[Finding]


def read(bundle: dict[str, Any], *countries: str) -> tuple[FhirEvents | None, Findings]:
    findings: Findings = []
    return fhir_events.read(bundle, frozenset(countries), findings), findings


def bundle(*resources: dict[str, Any], **patient: Any) -> dict[str, Any]:
    made = shc.bundle(JO, [], **patient)
    made["entry"] += [
        {"fullUrl": f"resource:{number}", "resource": one}
        for number, one in enumerate(resources, 1)
    ]
    return made


def changed(resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**resource, **changes}.items() if value is not None}


SHOT, SWAB = shc.resource(dose()), shc.resource(sample())


def shot(*resources: dict[str, Any]) -> tuple[Vaccination, Findings]:
    found, findings = read(bundle(*resources))
    assert found is not None
    (entry,) = found.entries
    assert isinstance(entry, Vaccination)
    return entry, findings


def swab(**changes: Any) -> tuple[model.Test, Findings]:
    found, findings = read(bundle(changed(SWAB, **changes)))
    assert found is not None
    (entry,) = found.entries
    assert isinstance(entry, model.Test)
    return entry, findings


def no_event(resource: dict[str, Any], where: str) -> None:
    found, findings = read(bundle(resource))
    assert found is None
    assert findings == [Finding(Code.NOT_MAPPED, where), Finding(Code.NO_EVENT)]


def test_doses_and_tests_of_one_card_are_all_read() -> None:
    found, findings = read(bundle(SHOT, SHOT, SWAB))
    assert found is not None
    assert [type(entry) for entry in found.entries] == [Vaccination, Vaccination, model.Test]
    assert findings == []
    assert repr(found) == "<FhirEvents: not shown>"


def test_what_is_no_bundle_is_refused() -> None:
    made = {**bundle(SHOT), "resourceType": "List"}
    assert read(made) == (None, [Finding(Code.CLAIMS_INVALID, "resourceType")])


def test_who_gave_the_dose_and_took_the_sample_is_told() -> None:
    assert shot(SHOT)[0].site == "Harbour Clinic"
    assert swab()[0].site == "Harbour"
    assert swab(performer=[7, {"actor": 7}, {"display": ""}])[0].site is None


# Whose it is.


def test_an_event_of_another_is_none_of_the_holders() -> None:
    for reference in ("resource:9", "Patient/1", "", "resource:2", 7):
        found, findings = read(bundle(changed(SHOT, patient={"reference": reference}), SHOT))
        assert found is not None
        assert len(found.entries) == 1
        assert Finding(Code.NOT_MAPPED, "patient") in findings
    found, _ = read(bundle(changed(SWAB, subject={"reference": "resource:9"})))
    assert found is None


def test_an_event_that_names_nobody_is_the_only_patients() -> None:
    assert shot(changed(SHOT, patient=None))[0].product == COMIRNATY


def test_a_name_that_two_resources_have_names_nobody() -> None:
    made = bundle(SHOT)
    made["entry"][1]["fullUrl"] = "resource:0"
    assert read(made)[0] is None


def test_a_card_of_two_people_is_nobodys() -> None:
    made = bundle(SHOT)
    made["entry"].append({"fullUrl": "resource:5", "resource": {"resourceType": "Patient"}})
    assert read(made) == (None, [Finding(Code.SUBJECT_UNCLEAR, "Patient")])


def test_a_card_of_nobody_is_refused() -> None:
    made = bundle(changed(SHOT, patient=None))
    del made["entry"][0]
    assert read(made) == (None, [Finding(Code.NAME_MISSING, "Patient.name")])


def test_a_card_without_events_is_genuine_and_of_no_use() -> None:
    assert read(bundle()) == (None, [Finding(Code.NO_EVENT)])
    assert read({"resourceType": "Bundle"}) == (None, [Finding(Code.NO_EVENT)])


def test_more_resources_than_any_card_has_are_refused() -> None:
    found, findings = read(bundle(*[SHOT] * fhir_events.MOST_RESOURCES))
    assert (found, findings) == (None, [Finding(Code.JSON_LIMITS, "entry")])


# The person.


@pytest.mark.parametrize(
    ("names", "surname", "forename"),
    [
        ([{"family": "Ng", "given": ["Mei", "Li"]}], "Ng", "Mei Li"),
        ([{"use": "maiden", "family": "A"}, {"use": "official", "family": "B"}], "B", None),
        ([{"use": "nickname", "family": "A"}, {"use": "usual", "family": "B"}], "B", None),
        ([{"use": "temp", "family": "A"}, {"family": "B"}], "B", None),
        ([{"use": "old", "family": "A"}, {"use": "temp", "family": "B"}], "B", None),
        ([{"use": "old", "family": "A"}], "A", None),
        ([{"given": ["Jo", "", 7]}], None, "Jo"),
        ([{"text": "Jo Bloggs"}], "Jo Bloggs", None),
        ([{"given": ["Jo"], "text": "Jo Bloggs"}], None, "Jo"),
        ([{"family": "Ng", "suffix": ["Jr."], "prefix": ["Dr."]}], "Ng", None),
    ],
)
def test_the_name_that_counts_is_taken(
    names: list[Any], surname: str | None, forename: str | None
) -> None:
    found, _ = read(bundle(SHOT, name=names))
    assert found is not None
    assert (found.person.surname, found.person.forename) == (surname, forename)


@pytest.mark.parametrize(
    "names", [[], [{}], [{"family": " "}], [{"family": 7, "given": "Jo"}], "Jo", None]
)
def test_a_patient_without_a_name_is_nobody(names: Any) -> None:
    assert read(bundle(SHOT, name=names)) == (None, [Finding(Code.NAME_MISSING, "Patient.name")])


@pytest.mark.parametrize("member", ["family", "given", "text"])
def test_a_name_that_no_document_has_is_compared_with_none_and_never_cut(member: str) -> None:
    def named(size: int) -> FhirEvents | None:
        value: Any = ["A" * (size - 2), "B"] if member == "given" else "A" * size
        whole, findings = read(bundle(SHOT, name=[{"given": ["Jo"], member: value}]))
        unread = [Finding(Code.NOT_MAPPED, "Patient.name"), Finding(Code.NO_EVENT)]
        assert findings == ([] if whole is not None else unread)
        return whole

    longest = named(fhir_events.LONGEST)
    assert longest is not None
    if member != "text":
        names = (longest.person.surname or "", longest.person.forename or "")
        assert max(map(len, names)) == fhir_events.LONGEST
    assert named(fhir_events.LONGEST + 1) is None


def test_references_that_begin_alike_are_not_the_same() -> None:
    url = "urn:" + "a" * fhir_events.LONGEST
    content = bundle(changed(SHOT, patient={"reference": f"{url}b"}))
    content["entry"][0]["fullUrl"] = f"{url}c"
    assert read(content)[0] is None


@pytest.mark.parametrize(
    ("text", "precision"),
    [("1980", Precision.YEAR), ("1980-02", Precision.MONTH), ("1980-02-03", Precision.DAY)],
)
def test_a_birth_is_as_precise_as_it_is_said(text: str, precision: Precision) -> None:
    found, _ = read(bundle(SHOT, birthDate=text))
    assert found is not None
    assert found.person.birth_date is not None
    assert (found.person.birth_date.text(), found.person.birth_date.precision) == (text, precision)


@pytest.mark.parametrize("text", ["1980-13", "1980-02-30", "1980-02-03T00:00:00Z", "03.02.1980"])
def test_a_birth_that_cannot_be_read_is_a_doubt(text: str) -> None:
    found, findings = read(bundle(SHOT, birthDate=text))
    assert found is not None
    assert found.person.birth_date is None
    assert findings == [Finding(Code.DATE_UNREADABLE, "Patient.birthDate")]


def test_a_birth_that_is_not_said_is_unknown() -> None:
    found, findings = read(bundle(SHOT, birthDate=None, gender="female"))
    assert found is not None
    assert (found.person.birth_date, found.person.sex) == (None, "F")
    assert findings == [Finding(Code.SCHEMA_DEVIATION, "Patient.birthDate")]


# Doses.


@pytest.mark.parametrize("status", ["not-done", "entered-in-error", "COMPLETED", None, 7])
def test_only_a_dose_that_was_given_is_one(status: object) -> None:
    no_event(changed(SHOT, status=status), "Immunization.status")


@pytest.mark.parametrize(
    "changes",
    [
        {"occurrenceDateTime": None},
        {"occurrenceDateTime": None, "occurrenceString": "2021-01-01"},
        {"occurrenceString": "2021-01-01"},
        {"occurrenceDateTime": "early in 2021"},
        {"occurrenceDateTime": "2021-02-30"},
        {"occurrenceDateTime": 2021},
    ],
)
def test_a_dose_without_one_day_is_none(changes: dict[str, Any]) -> None:
    no_event(changed(SHOT, **changes), "Immunization.occurrence")


def test_a_dose_of_an_instant_counts_from_its_day_as_written() -> None:
    entry, _ = shot(changed(SHOT, occurrenceDateTime="2021-12-01T06:00:00+09:00"))
    assert entry.given is not None
    assert (entry.given.precision, entry.given.text()) == (Precision.DAY, "2021-12-01")


@pytest.mark.parametrize(
    ("course", "unmapped"),
    [
        (None, ("dn", "sd")),
        ([{"doseNumberPositiveInt": 1}], ("sd",)),
        ([{"doseNumberPositiveInt": 0, "seriesDosesPositiveInt": True}], ("dn", "sd")),
        ([{"doseNumberString": "1"}], ("dn", "sd")),
        ([{"doseNumberPositiveInt": 10**9, "seriesDosesPositiveInt": 2.0}], ("dn", "sd")),
        ("1", ("dn", "sd")),
    ],
)
def test_a_number_of_the_dose_that_is_not_said_stays_unknown(
    course: object, unmapped: tuple[str, ...]
) -> None:
    assert shot(changed(SHOT, protocolApplied=course))[0].unmapped == unmapped


def coded(*codings: tuple[str, str]) -> dict[str, Any]:
    rows = [{"system": system, "code": code} for system, code in codings]
    return changed(SHOT, vaccineCode={"coding": rows})


def test_a_code_of_two_products_names_none_of_them() -> None:
    entry, findings = shot(coded((shc.CVX, "210")))
    assert (entry.disease, entry.product, entry.manufacturer) == (COVID, None, None)
    assert {"mp", "ma"} <= set(entry.unmapped)
    assert findings == [Finding(Code.NOT_MAPPED, "CVX 210")]
    found, _ = read(bundle(coded((shc.CVX, "210"))), "FR")
    assert found is not None
    assert found.entries[0].unmapped == ()


def test_a_code_that_is_not_known_says_nothing() -> None:
    for codings in ([], [(shc.CVX, "999")], [("http://example.org", "208")]):
        entry, findings = shot(coded(*codings))
        assert (entry.disease, entry.product) == (None, None)
        assert set(entry.unmapped) == {"tg", "vp", "mp", "ma"}
        assert findings == [Finding(Code.NOT_MAPPED, "Immunization.vaccineCode")]


def test_the_first_code_that_is_known_counts() -> None:
    assert (
        shot(coded(("http://example.org", "x"), (shc.CVX, "999"), (f"{shc.CVX}/", "208")))[
            0
        ].product
        == COMIRNATY
    )


def test_codes_of_two_products_or_diseases_are_believed_in_nothing_but_what_they_share() -> None:
    entry, _ = shot(coded((shc.CVX, "208"), (shc.CVX, "207")))
    assert (entry.disease, entry.prophylaxis, entry.product) == (COVID, None, None)
    entry, _ = shot(coded((shc.CVX, "208"), (shc.CVX, "37")))
    assert (entry.disease, entry.product) == (None, None)
    assert "tg" in entry.unmapped


VECTOR, MRNA, ANY = "29061000087103", "1119349007", "28531000087107"
ATC, ICD = "http://www.whocc.no/atc", "http://id.who.int/icd/release/11/mms"


@pytest.mark.parametrize(
    "codings",
    [
        [(shc.CVX, "208"), (shc.SNOMED, VECTOR)],
        [(shc.CVX, "208"), (ATC, "J07BN02")],
        [(shc.CVX, "208"), (shc.CVX, "210")],
        [(shc.CVX, "208"), (shc.CVX, "213"), (shc.CVX, "210")],
        # A product that the value set has not is none of those that it has, though of their platform.
        [(shc.CVX, "502"), (shc.CVX, "501")],
        [(shc.CVX, "208"), (shc.CVX, "311")],
        [(shc.CVX, "208"), (ICD, "XM3CT4")],
        # Two of one platform: the code of Vaxzevria and Covishield is no other vector.
        [(shc.CVX, "212"), (shc.CVX, "210")],
        [(shc.CVX, "210"), (shc.CVX, "505"), (shc.SNOMED, VECTOR)],
        [(shc.SNOMED, MRNA), (shc.SNOMED, VECTOR)],
        [(shc.CVX, "501"), (shc.CVX, "516")],
        # Each fits the third, and the two do not fit each other.
        [(shc.SNOMED, ANY), (shc.SNOMED, VECTOR), (shc.CVX, "208")],
        [(shc.CVX, "208")] * 40 + [(shc.CVX, "207")],
    ],
)
def test_codes_that_contradict_each_other_name_no_vaccine_in_any_order(
    codings: list[tuple[str, str]],
) -> None:
    for order in (codings, codings[::-1]):
        entry, findings = shot(coded(*order))
        assert (entry.disease, entry.prophylaxis, entry.product) == (COVID, None, None)
        assert entry.manufacturer is None
        assert {"vp", "mp", "ma"} == set(entry.unmapped)
        assert findings == [Finding(Code.NOT_MAPPED, "Immunization.vaccineCode")]


@pytest.mark.parametrize(
    ("product", "codings"),
    [
        (COMIRNATY, [(shc.CVX, "208"), (shc.SNOMED, "28581000087106"), (ICD, "XM8NQ0")]),
        (COMIRNATY, [(shc.CVX, "208"), (shc.CVX, "217")]),
        (COMIRNATY, [(shc.CVX, "208"), (shc.SNOMED, MRNA), (ATC, "J07BN01")]),
        (COMIRNATY, [(shc.CVX, "208"), (shc.SNOMED, ANY), (ATC, "J07BX03"), (shc.CVX, "213")]),
        (COMIRNATY, [(shc.CVX, "208"), (shc.CVX, "999"), ("http://example.org", "207")]),
        ("Covishield", [(shc.CVX, "210"), (ICD, "XM97T2"), (shc.SNOMED, VECTOR)]),
        ("EpiVacCorona", [(shc.CVX, "509"), (ICD, "XM6SZ8"), (shc.SNOMED, ANY)]),
        (None, [(shc.CVX, "210"), (shc.SNOMED, VECTOR), (shc.SNOMED, ANY)]),
        (None, [(shc.SNOMED, VECTOR), (shc.SNOMED, ANY)]),
    ],
)
def test_a_coarser_code_that_fits_takes_nothing_away(
    product: str | None, codings: list[tuple[str, str]]
) -> None:
    for order in (codings, codings[::-1]):
        entry, _ = shot(coded(*order))
        assert (entry.disease, entry.product) == (COVID, product)
        assert (entry.prophylaxis is None) is (product == "EpiVacCorona")
        assert "vp" not in entry.unmapped or product == "EpiVacCorona"


def test_what_no_product_of_the_value_set_is_fits_its_own_class() -> None:
    whole, dna = "1157024006", "1187593009"
    for prophylaxis, codings in (
        (whole, [(shc.CVX, "501"), (shc.SNOMED, whole)]),
        (dna, [(shc.CVX, "514"), (shc.SNOMED, dna), (ICD, "XM6AT1")]),
    ):
        entry, _ = shot(coded(*codings))
        assert (entry.prophylaxis, entry.product) == (prophylaxis, None)


def test_codes_of_one_other_disease_keep_it() -> None:
    entry, _ = shot(coded((shc.CVX, "2"), (shc.CVX, "10")))
    assert (entry.disease, set(entry.unmapped)) == ("1C81", {"vp", "mp", "ma"})


@pytest.mark.parametrize("subpotent", [True, 1, "true", {}])
def test_a_dose_too_weak_is_none(subpotent: object) -> None:
    no_event(changed(SHOT, isSubpotent=subpotent), "Immunization.isSubpotent")
    assert shot(changed(SHOT, isSubpotent=False))[0].product == COMIRNATY


COURSE = {"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 2}


@pytest.mark.parametrize(
    "courses",
    [
        [COURSE, {**COURSE, "doseNumberPositiveInt": 1}],
        [COURSE, {**COURSE, "seriesDosesPositiveInt": 3}],
        [COURSE, {"doseNumberPositiveInt": 2}],
        [COURSE, {}],
    ],
)
def test_courses_that_differ_say_no_number(courses: list[dict[str, Any]]) -> None:
    for order in (courses, courses[::-1]):
        entry, findings = shot(changed(SHOT, protocolApplied=order))
        assert (entry.dose, entry.doses, entry.unmapped) == (None, None, ("dn", "sd"))
        assert findings == [Finding(Code.NOT_MAPPED, "Immunization.protocolApplied")]


def test_courses_that_agree_say_their_number() -> None:
    entry, findings = shot(changed(SHOT, protocolApplied=[{**COURSE, "series": "a"}, COURSE]))
    assert (entry.dose, entry.doses, entry.unmapped, findings) == (2, 2, (), [])


@pytest.mark.parametrize(
    ("change", "unmapped"),
    [
        ({"doseNumberString": "1"}, ("dn",)),
        ({"seriesDosesString": "3"}, ("sd",)),
        ({"modifierExtension": [{}]}, ("dn", "sd")),
    ],
)
def test_a_number_said_twice_or_modified_is_none(
    change: dict[str, Any], unmapped: tuple[str, ...]
) -> None:
    assert shot(changed(SHOT, protocolApplied=[{**COURSE, **change}]))[0].unmapped == unmapped


MODIFIED: list[dict[str, Any]] = [
    {"modifierExtension": [{"url": "https://example.org/not-given", "valueBoolean": True}]},
    {"implicitRules": "https://example.org/rules"},
]


@pytest.mark.parametrize("change", MODIFIED)
def test_what_must_not_be_ignored_leaves_no_event(change: dict[str, Any]) -> None:
    (member,) = change
    no_event({**SHOT, **change}, f"Immunization.{member}")
    no_event({**SWAB, **change}, f"Observation.{member}")
    assert shot({**SHOT, **change}, SHOT)[0].product == COMIRNATY
    unread = [Finding(Code.NO_EVENT)]
    assert read(bundle(SHOT, **change)) == (
        None,
        [Finding(Code.NOT_MAPPED, f"Patient.{member}"), *unread],
    )
    assert read({**bundle(SHOT), **change}) == (
        None,
        [Finding(Code.NOT_MAPPED, f"Bundle.{member}"), *unread],
    )


@pytest.mark.parametrize(("row", "kind"), [(0, "Patient"), (1, "Immunization")])
def test_what_modifies_an_entry_modifies_its_resource(row: int, kind: str) -> None:
    content = bundle(SHOT)
    content["entry"][row].update(MODIFIED[0])
    assert read(content) == (
        None,
        [Finding(Code.NOT_MAPPED, f"{kind}.modifierExtension"), Finding(Code.NO_EVENT)],
    )


def test_what_modifies_who_gave_it_names_nobody() -> None:
    performers = [{"actor": {"display": "A"}, **MODIFIED[0]}, {"actor": {"display": "B"}}]
    assert shot(changed(SHOT, performer=performers))[0].site == "B"


def test_an_extension_that_may_be_ignored_is() -> None:
    extension = [{"url": "https://example.org/colour", "valueString": "blue"}]
    assert shot(changed(SHOT, extension=extension))[0].product == COMIRNATY


# Tests.


@pytest.mark.parametrize(
    "status", ["preliminary", "registered", "cancelled", "entered-in-error", None]
)
def test_only_a_final_result_is_one(status: object) -> None:
    no_event(changed(SWAB, status=status), "Observation.status")


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_a_corrected_result_is_final(status: str) -> None:
    assert swab(status=status)[0].result == NOT_DETECTED


@pytest.mark.parametrize(
    "codings",
    [
        [("94507-1", shc.LOINC)],
        [("94500-6", shc.LOINC), ("94507-1", shc.LOINC)],
        [("94500-6", shc.LOINC), ("94558-4", shc.LOINC)],
        [("718-7", shc.LOINC)],
        [("94500-6", "http://example.org")],
        [],
    ],
)
def test_what_is_no_test_for_the_virus_is_no_event(codings: list[tuple[str, str]]) -> None:
    rows = [{"system": system, "code": code} for code, system in codings]
    no_event(changed(SWAB, code={"coding": rows}), "Observation.code")


def test_a_test_of_something_else_beside_it_leaves_open_whose_result_it_is() -> None:
    for order in (["94500-6", "92142-9"], ["92142-9", "94500-6"]):
        entry, findings = swab(
            code={"coding": [{"system": shc.LOINC, "code": code} for code in order]}
        )
        assert (entry.disease, entry.test_type, entry.result) == (None, None, None)
        assert {"tg", "tt", "tr"} <= set(entry.unmapped)
        assert Finding(Code.NOT_MAPPED, "Observation.code") in findings


def test_two_codes_of_one_test_are_one() -> None:
    rows = [
        {"system": shc.LOINC, "code": "94500-6"},
        {"system": shc.LOINC, "code": "94309-2"},
        {"system": "http://example.org", "code": "92142-9"},
    ]
    entry, findings = swab(code={"coding": rows})
    assert (entry.disease, entry.test_type, entry.result) == (COVID, NAAT, NOT_DETECTED)
    assert findings == []


@pytest.mark.parametrize(
    "member", ["component", "dataAbsentReason", "valueBoolean", "valueQuantity"]
)
def test_a_result_beside_others_or_beside_why_there_is_none_is_none(member: str) -> None:
    for result in (NOT_DETECTED, "260373001"):
        value = {"coding": [{"system": shc.SNOMED, "code": result}]}
        entry, findings = swab(valueCodeableConcept=value, **{member: [{}]})
        assert (entry.result, "tr" in entry.unmapped) == (None, True)
        assert findings == [Finding(Code.NOT_MAPPED, "Observation.value")]


@pytest.mark.parametrize(
    "changes",
    [
        {"effectiveDateTime": None},
        {"effectivePeriod": {"start": "2022-01-01"}},
        {"effectiveDateTime": None, "effectivePeriod": {"end": "2022-01-01"}},
        {"effectiveDateTime": None, "effectiveTiming": {"event": ["2022-01-01"]}},
        {"effectiveDateTime": "yesterday"},
    ],
)
def test_a_test_without_one_time_is_none(changes: dict[str, Any]) -> None:
    no_event(changed(SWAB, **changes), "Observation.effective")


@pytest.mark.parametrize(
    "changes",
    [
        {"effectivePeriod": {"start": "2022-01-01T08:00:00Z"}},
        {"effectiveInstant": "2022-01-01T08:00:00Z"},
    ],
)
def test_the_time_of_the_sample_may_be_a_periods_beginning(changes: dict[str, Any]) -> None:
    entry, _ = swab(effectiveDateTime=None, **changes)
    assert entry.sampled is not None
    assert entry.sampled.text() == "2022-01-01T08:00:00+00:00"


@pytest.mark.parametrize(
    ("codings", "text", "result"),
    [
        (["260415000"], None, NOT_DETECTED),
        (["260385009"], None, NOT_DETECTED),
        (["260373001"], None, "260373001"),
        (["10828004"], None, "260373001"),
        (["82334004"], None, None),
        (["260415000", "260373001"], None, None),
        (["260415000", "82334004"], None, None),
        ([], "Negative", NOT_DETECTED),
        ([], "not sure", None),
        (["260373001"], "Negative", "260373001"),
        (["82334004"], "Negative", None),
        (["260415000"], "Detected", None),
    ],
)
def test_a_result_is_one_or_none(codings: list[str], text: str | None, result: str | None) -> None:
    rows = [{"system": shc.SNOMED, "code": code} for code in codings]
    entry, findings = swab(valueCodeableConcept={"coding": rows}, valueString=text)
    assert entry.result == result
    assert ("tr" in entry.unmapped) is (result is None)
    assert (Finding(Code.NOT_MAPPED, "Observation.value") in findings) is (result is None)


def test_a_mark_of_another_result_leaves_it_open() -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    marks = [[{"coding": [{"system": system, "code": code}]}] for code in ("POS", "NEG", "A")]
    results = [swab(interpretation=mark)[0].result for mark in marks]
    assert results == [None, NOT_DETECTED, NOT_DETECTED]


def test_a_test_without_a_result_has_none() -> None:
    assert swab(valueCodeableConcept=None)[0].result is None


def test_the_device_of_an_antigen_test_is_not_said() -> None:
    assert swab()[0].test_type == NAAT
    assert swab()[0].unmapped == ("nm",)
    entry, _ = swab(code={"coding": [{"system": shc.LOINC, "code": "94558-4"}]})
    assert (entry.test_type, entry.unmapped) == (RAPID, ("nm", "ma"))


# Whatever is signed.

odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*SHOT, *SWAB, "coding", "system", "code", "start", "reference"]), inner
        )
    ),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.sampled_from([*SHOT, *SWAB]), odd), max_size=3), odd)
def test_nothing_raises(resources: list[dict[str, Any]], other: Any) -> None:
    rows = [{**base, **one} for one in resources for base in (SHOT, SWAB)]
    read(bundle(*rows, name=other))
    read({"resourceType": "Bundle", "entry": other})
    read({"resourceType": "Bundle", "entry": [other, {"fullUrl": other, "resource": other}]})
