"""Read a FHIR R4 (or R4B) document: each Immunization and laboratory Observation is one event.

    Bundle | resource alone -> resource + its Patient -> row -> rows.read_row -> Reading, ...
    lines of a Bulk Data export -> Patients -> with_patient -> resource alone

1. A resource becomes a row first, so that the same checks hold, and remarks name `entry[3].given_on`.
2. References are resolved inside the document only; no address in it is ever fetched.
3. What changes a resource's meaning and is not known here (`modifierExtension`, `implicitRules`)
   refuses it (FHIR R4 §2.4.0.1).
4. No document raises: what is not laid out as FHIR is a remark.
5. What is no event, or never was one, is skipped and told of; it refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from pratique.intake import cells, fhir_codes, fhir_patient
from pratique.intake.catalogue import Catalogue
from pratique.intake.catalogue_codes import DISEASES_OF
from pratique.intake.fhir_patient import Found, Patients, codings, entries, listed, mapped, worded
from pratique.intake.remarks import Remark, RemarkCode
from pratique.intake.rows import NOTHING, Reading, fill, read_row
from pratique.model import Moment

_BESIDE = frozenset({
    "Patient", "Composition", "Organization", "Practitioner", "PractitionerRole", "Location", "Device",
    "Medication", "Specimen", "Provenance", "OperationOutcome", "RelatedPerson",
})  # fmt: skip
"""What stands in such documents without being an event."""
_DONE = {"Immunization": {"completed"}, "Observation": {"final", "amended", "corrected"}}
_NEVER_WAS = frozenset({"not-done", "entered-in-error", "cancelled"})
_PATIENT = {"Immunization": "patient", "Observation": "subject"}
_PRODUCT_ID = "/StructureDefinition/ProductID"
"""WHO's map of an ICVP to an IPS (smart-icvp, ICVPLMToIPS) tells the product in an extension."""
_PREQUALIFIED = "/CodeSystem/PreQual"

Row = dict[str, Any]


def read(
    document: Found,
    catalogue: Catalogue,
    *,
    country: str = "",
    authority: str = "",
    at: date | None = None,
) -> list[Reading]:
    """Read every event of a parsed document; one that holds none is one reading that says so."""
    found = read_places(document, catalogue, country=country, authority=authority, at=at)
    return [reading for _, reading in found]


def read_places(
    document: Found,
    catalogue: Catalogue,
    *,
    country: str = "",
    authority: str = "",
    at: date | None = None,
    filled: Mapping[str, Any] = NOTHING,
) -> list[tuple[str, Reading]]:
    """Read every event, each with its place in the document: `entry[3]`, or "" of one alone.

    Args:
        at: the day as of which a name is in force.
        filled: columns by which what the document leaves open is filled in.
    """
    patients = fhir_patient.patients(document)
    found = []
    for place, url, resource in entries(document):
        made = _event(place, url, resource, patients=patients, catalogue=catalogue, at=at)
        if made is None:
            continue
        if not isinstance(made, Reading):
            row, more = made
            if row["domain"] != "ICVP" and row["surname"] and not row["forename"]:
                more.append(Remark(RemarkCode.NAME_UNDIVIDED, "surname"))
            read = read_row(fill(row, filled), catalogue, country=country, authority=authority)
            made = Reading(read.record, placed(place, (*more, *read.remarks)))
        found.append((place, made))
    if found:
        return found
    is_laid_out = bool(worded(document, "resourceType")) and (
        isinstance(document.get("entry", []), list)
    )
    code = RemarkCode.NO_EVENT if is_laid_out else RemarkCode.RESOURCE_UNREADABLE
    return [("", _refused("", code))]


def placed(place: str, remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Return remarks about an event with its place: `entry[3].given_on`."""
    if not place:
        return remarks
    return tuple(Remark(code, f"{place}.{column}" if column else place) for code, column in remarks)


def with_patient(resource: Found, patients: Patients) -> Found | None:
    """Return a resource of a Bulk Data export with its Patient in it; None if it is no event.

    Bulk Data (FHIR Asynchronous Bulk Data Request) gives one resource a line, Patients in lines or
    files of their own.
    """
    kind = worded(resource, "resourceType")
    if kind in _BESIDE:
        return None
    if kind not in _PATIENT:
        return resource
    column = _PATIENT[kind]
    patient = patients.find(resource, mapped(resource, column))
    if patient is None:
        return resource
    inside = [part for part in listed(resource, "contained") if worded(part, "id") != _JOINED]
    return {
        **resource,
        "contained": [*inside, {**patient, "id": _JOINED}],
        column: {"reference": f"#{_JOINED}"},
    }


_JOINED = "joined-by-pratique"


def _refused(place: str, code: RemarkCode) -> Reading:
    return Reading(None, (Remark(code, place),))


def _event(
    place: str,
    url: str,
    resource: Found,
    *,
    patients: Patients,
    catalogue: Catalogue,
    at: date | None,
) -> tuple[Row, list[Remark]] | Reading | None:
    """Make a row of a resource; a reading if it is not issued, None if it is no event."""
    kind = worded(resource, "resourceType")
    if kind not in _ROWS:
        is_beside = kind in _BESIDE or (not place and not kind) or kind == "Bundle"
        return None if is_beside else _refused(place, RemarkCode.RESOURCE_NOT_READ)
    row = _ROWS[kind](resource, catalogue)
    if row is None:
        return _refused(place, RemarkCode.RESOURCE_NOT_READ)
    above = f"{place}." if place else ""
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        return _refused(place, RemarkCode.RESOURCE_UNREADABLE)
    if worded(resource, "status") in _NEVER_WAS:
        return _refused(f"{above}status", RemarkCode.EVENT_NOT_DONE)
    if worded(resource, "status") not in _DONE[kind] or resource.get("isSubpotent") is True:
        return _refused(f"{above}status", RemarkCode.EVENT_NOT_COMPLETED)
    column = _PATIENT[kind]
    patient = patients.find(resource, mapped(resource, column), url)
    if patient is None:
        return _refused(f"{above}{column}", RemarkCode.REFERENCE_UNRESOLVED)
    person, remarks = fhir_patient.read(patient, at)
    return row | person, remarks


def _immunization(resource: Found, catalogue: Catalogue) -> Row:
    product, prophylaxis, is_prequalified = _vaccine(resource, catalogue)
    known = catalogue.product_of.get(product)
    courses = listed(resource, "protocolApplied")
    diseases = [
        _disease(coding) for course in courses for coding in codings(course, "targetDisease")
    ]
    disease = next((code for code in diseases if code in catalogue.sets.get("disease", ())), "")
    maker = worded(mapped(mapped(resource, "manufacturer"), "identifier"), "value")
    if known:
        domain = known.domain
    else:
        domain = "ICVP" if is_prequalified or disease in DISEASES_OF["ICVP"] else "DCC"
    course = _course(courses, known.disease if known else disease)
    return {
        "kind": "vaccination",
        "domain": domain,
        # A vaccine against several diseases is told with all of them; the product says which counts.
        "disease": "" if known and known.disease in diseases else disease,
        "product": product,
        "prophylaxis": "" if known and known.prophylaxis else prophylaxis,
        "manufacturer": maker if maker in catalogue.sets.get("manufacturer", ()) else "",
        "dose": _number(course, "doseNumber"),
        "doses": _number(course, "seriesDoses"),
        "given_on": _day(resource.get("occurrenceDateTime")),
        "lot": resource.get("lotNumber"),
        "site": _place(resource),
    }


def _disease(coding: tuple[str, str]) -> str:
    return fhir_codes.DISEASES.get(coding, coding[1])


def _course(courses: list[Found], disease: str) -> Found:
    """Return the course that a dose is counted in: that of its disease, where several are told."""
    for course in courses:
        if disease in map(_disease, codings(course, "targetDisease")):
            return course
    return next(iter(courses), {})


def _vaccine(resource: Found, catalogue: Catalogue) -> tuple[str, str, bool]:
    """Return product and prophylaxis, and whether WHO's catalogue names the vaccine.

    A code that is not known stands as the product, to be told.
    """
    declared = [
        (worded(coding, "system").rstrip("/"), worded(coding, "code"))
        for extension in listed(resource, "extension")
        if worded(extension, "url").endswith(_PRODUCT_ID)
        for coding in (
            mapped(extension, "valueCoding"),
            *listed(mapped(extension, "valueCodeableConcept"), "coding"),
        )
        if worded(coding, "code")
    ]
    found = codings(resource, "vaccineCode")
    types = catalogue.sets.get("prophylaxis", {})
    product = prophylaxis = ""
    for coding in (*declared, *found):
        code = coding[1]
        product = product or (code if code in catalogue.product_of else "")
        product = product or fhir_codes.PRODUCTS.get(coding, "")
        prophylaxis = prophylaxis or (code if code in types else "")
        prophylaxis = prophylaxis or fhir_codes.PROPHYLAXIS.get(coding, "")
    # What the extension says is the product: a type of vaccine beside it does not fill in for it.
    if declared and not product:
        product = declared[0][1]
    is_prequalified = any(_PREQUALIFIED in system for system, _ in (*declared, *found))
    if not product and not prophylaxis:
        # WHO's code of a type of vaccine is no product; that one is asked for.
        others = [code for system, code in found if f"{_PREQUALIFIED}VaccineType" not in system]
        product = others[0] if others else ""
    return product, prophylaxis, is_prequalified


def _observation(resource: Found, catalogue: Catalogue) -> Row | None:
    kinds = (fhir_codes.TESTS.get(coding) for coding in codings(resource, "code"))
    test_type = next(filter(None, kinds), None)
    if test_type is None:
        return None
    device = mapped(resource, "device")
    return {
        "kind": "test",
        "domain": "DCC",
        "test_type": test_type,
        "test_name": device.get("display"),
        "device": mapped(device, "identifier").get("value"),
        "sampled_at": resource.get("effectiveDateTime") or resource.get("effectiveInstant"),
        "result": _result(resource),
        "site": _place(resource),
    }


def _result(resource: Found) -> str:
    """Return the result; a code that is not known stands as it is, to be told."""
    found = codings(resource, "valueCodeableConcept") or codings(resource, "interpretation")
    results = {fhir_codes.RESULTS[coding] for coding in found if coding in fhir_codes.RESULTS}
    if len(results) == 1:
        return results.pop()
    # Two codings that contradict each other are no result.
    return "" if results or not found else found[0][1]


def _number(course: Found, name: str) -> Any:
    # R4 and R4B: doseNumberPositiveInt or doseNumberString; R5 has doseNumber.
    names = (f"{name}PositiveInt", f"{name}String", name)
    return next((course[each] for each in names if course.get(each) is not None), None)


def _day(value: Any) -> Any:
    """Return the day of a dateTime in its own zone."""
    if isinstance(value, str) and "T" in value[:11]:
        found = cells.instant(value)
        if isinstance(found, Moment):
            return found.day()
    return value


def _place(resource: Found) -> Any:
    return next(_places(resource), None)


def _places(resource: Found) -> Iterator[str]:
    for found in (mapped(resource, "location"), *listed(resource, "performer")):
        for place in (found, mapped(found, "actor")):
            if display := worded(place, "display"):
                yield display


_ROWS: dict[str, Callable[[Found, Catalogue], Row | None]] = {
    "Immunization": _immunization,
    "Observation": _observation,
}
