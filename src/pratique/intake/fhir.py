"""Read a FHIR R4 (or R4B) document: each Immunization and laboratory Observation is one event.

    Bundle -> entries -> resource + its Patient -> row -> rows.read_row -> Reading, ...

1. A resource becomes a row first, so that the same checks hold, and remarks name `entry[3].given_on`.
2. References are resolved inside the document only; no address in it is ever fetched.
3. What changes a resource's meaning and is not known here (`modifierExtension`, `implicitRules`)
   refuses it (FHIR R4 §2.4.0.1).
4. No document raises: what is not laid out as FHIR is a remark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pratique.intake import cells, fhir_codes, fhir_patient
from pratique.intake.catalogue import Catalogue
from pratique.intake.fhir_patient import Found, codings, entries, listed, mapped, worded
from pratique.intake.remarks import Remark, RemarkCode
from pratique.intake.rows import Reading, read_row
from pratique.model import Moment

_BESIDE = frozenset({
    "Patient", "Composition", "Organization", "Practitioner", "PractitionerRole", "Location", "Device",
    "Medication", "Specimen", "Provenance",
})  # fmt: skip
"""What stands in such documents without being an event."""
_DONE = {"Immunization": {"completed"}, "Observation": {"final", "amended", "corrected"}}
_PATIENT = {"Immunization": "patient", "Observation": "subject"}

Row = dict[str, Any]


def read(
    document: Found, catalogue: Catalogue, *, country: str = "", authority: str = ""
) -> list[Reading]:
    """Read every event of a parsed document; one that holds none is one reading that says so."""
    found = read_places(document, catalogue, country=country, authority=authority)
    return [reading for _, reading in found]


def read_places(
    document: Found, catalogue: Catalogue, *, country: str = "", authority: str = ""
) -> list[tuple[str, Reading]]:
    """Read every event, each with its place in the document: `entry[3]`."""
    patients = fhir_patient.patients(document)
    found = []
    for place, resource in entries(document):
        made = _event(place, resource, patients, catalogue)
        if isinstance(made, dict):
            record, remarks = read_row(made, catalogue, country=country, authority=authority)
            made = Reading(record, placed(place, remarks))
        if made:
            found.append((place, made))
    return found or [("", _refused("", RemarkCode.RESOURCE_UNREADABLE))]


def placed(place: str, remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Return remarks about an event with its place: `entry[3].given_on`."""
    return tuple(Remark(code, f"{place}.{column}") for code, column in remarks)


def _refused(place: str, code: RemarkCode) -> Reading:
    return Reading(None, (Remark(code, place),))


def _event(
    place: str, resource: Found, patients: Mapping[str, Found | None], catalogue: Catalogue
) -> Row | Reading | None:
    """Make a row of a resource; a reading if it is refused, None if it is no event."""
    kind = worded(resource, "resourceType")
    if kind not in _ROWS:
        return None if kind in _BESIDE else _refused(place, RemarkCode.RESOURCE_NOT_READ)
    row = _ROWS[kind](resource, catalogue)
    if row is None:
        return _refused(place, RemarkCode.RESOURCE_NOT_READ)
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        return _refused(place, RemarkCode.RESOURCE_UNREADABLE)
    if worded(resource, "status") not in _DONE[kind] or resource.get("isSubpotent") is True:
        return _refused(f"{place}.status", RemarkCode.EVENT_NOT_COMPLETED)
    column = _PATIENT[kind]
    patient = fhir_patient.find(patients, resource, worded(mapped(resource, column), "reference"))
    if patient is None:
        return _refused(f"{place}.{column}", RemarkCode.REFERENCE_UNRESOLVED)
    return row | fhir_patient.row(patient)


def _immunization(resource: Found, catalogue: Catalogue) -> Row:
    product, prophylaxis = _vaccine(resource, catalogue)
    course = next(iter(listed(resource, "protocolApplied")), {})
    diseases = [code for _, code in codings(course, "targetDisease")]
    maker = worded(mapped(mapped(resource, "manufacturer"), "identifier"), "value")
    known = catalogue.product_of.get(product)
    return {
        "kind": "vaccination",
        "domain": known.domain if known else "DCC",
        "disease": next((c for c in diseases if c in catalogue.sets.get("disease", ())), ""),
        "product": product,
        "prophylaxis": "" if known and known.prophylaxis else prophylaxis,
        "manufacturer": maker if maker in catalogue.sets.get("manufacturer", ()) else "",
        "dose": _number(course, "doseNumber"),
        "doses": _number(course, "seriesDoses"),
        "given_on": _day(resource.get("occurrenceDateTime")),
        "lot": resource.get("lotNumber"),
        "site": _place(resource),
    }


def _vaccine(resource: Found, catalogue: Catalogue) -> tuple[str, str]:
    """Return product and prophylaxis; a code that is not known stands as the product, to be told."""
    found = codings(resource, "vaccineCode")
    types = catalogue.sets.get("prophylaxis", {})
    product = prophylaxis = ""
    for coding in found:
        code = coding[1]
        product = product or (code if code in catalogue.product_of else "")
        product = product or fhir_codes.PRODUCTS.get(coding, "")
        prophylaxis = prophylaxis or (code if code in types else "")
        prophylaxis = prophylaxis or fhir_codes.PROPHYLAXIS.get(coding, "")
    if not product and not prophylaxis and found:
        product = found[0][1]
    return product, prophylaxis


def _observation(resource: Found, catalogue: Catalogue) -> Row | None:
    kinds = (fhir_codes.TESTS.get(coding) for coding in codings(resource, "code"))
    test_type = next(filter(None, kinds), None)
    if test_type is None:
        return None
    device = mapped(resource, "device")
    return {
        "kind": "test",
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
    # R4 and R4B: doseNumberPositiveInt or doseNumberString.
    found = course.get(f"{name}PositiveInt")
    return course.get(f"{name}String") if found is None else found


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
