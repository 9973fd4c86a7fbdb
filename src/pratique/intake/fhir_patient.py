"""Find a FHIR document's parts, and read whom a resource is about.

1. A value of the wrong type is read as if it were not there; the row's own checks tell of what misses.
2. A name for official use comes first; one that is old, or that hides somebody, comes never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Found = Mapping[Any, Any]

_NATIONALITY = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_USES = ("official", "usual", None, "temp", "maiden")
_PARENTS = frozenset({"GUARD", "PRN", "MTH", "FTH"})
"""HL7 v3 RoleCode."""
_DOCUMENTS = ("PPN", "NI")
"""HL7 v2-0203, best first: passport number, national identifier."""


def mapped(found: Found, name: str) -> Found:
    """Return the object under a name; an empty one if there is none."""
    value = found.get(name)
    return value if isinstance(value, Mapping) else {}


def listed(found: Found, name: str) -> list[Found]:
    """Return the objects of the list under a name."""
    value = found.get(name)
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def worded(found: Found, name: str) -> str:
    """Return the text under a name, or "" if there is none."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def codings(found: Found, name: str) -> list[tuple[str, str]]:
    """Return (system, code) of every coding of a CodeableConcept, or of a list of them."""
    concepts = [mapped(found, name), *listed(found, name)]
    return [
        (worded(coding, "system").rstrip("/"), worded(coding, "code"))
        for concept in concepts
        for coding in listed(concept, "coding")
        if worded(coding, "code")
    ]


def entries(document: Found) -> Iterator[tuple[str, Found]]:
    """Name and return every resource of a document."""
    if worded(document, "resourceType") != "Bundle":
        return
    value = document.get("entry")
    for place, entry in enumerate(value if isinstance(value, list) else ()):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        yield f"entry[{place}]", resource if isinstance(resource, Mapping) else {}


def patients(document: Found) -> dict[str, Found | None]:
    """Return every Patient by what a reference can call it; None where two have the same name."""
    found: dict[str, Found | None] = {}
    for entry in listed(document, "entry"):
        patient = mapped(entry, "resource")
        if _is_patient(patient):
            for name in _names(worded(entry, "fullUrl"), worded(patient, "id")):
                found[name] = None if name in found else patient
    return found


def _names(url: str, own: str) -> set[str]:
    # FHIR R4 bundle.html#references: the fullUrl itself, or relative as Patient/id.
    names = {url, f"Patient/{own}" if own else ""}
    head, mark, tail = url.rpartition("/Patient/")
    return (names | {f"Patient/{tail}"} if mark and head and tail else names) - {""}


def find(known: Mapping[str, Found | None], resource: Found, reference: str) -> Found | None:
    """Find the Patient that a reference names: inside the resource or in the same document."""
    if not reference.startswith("#"):
        return known.get(reference)
    inside = [part for part in listed(resource, "contained") if part.get("id") == reference[1:]]
    return inside[0] if len(inside) == 1 and _is_patient(inside[0]) else None


def _is_patient(resource: Found) -> bool:
    return resource.get("resourceType") == "Patient"


def row(patient: Found) -> dict[str, Any]:
    """Return the columns that tell of the person."""
    name = _name(patient)
    document = _document(patient)
    kind = codings(document, "type")
    return {
        "surname": worded(name, "family") or worded(name, "text"),
        "forename": _given(name) if worded(name, "family") else "",
        "birth_date": _birth(patient),
        "sex": patient.get("gender"),
        "nationality": _nationality(patient),
        "document": document.get("value"),
        "document_type": kind[0][1] if kind else None,
        "guardian": _guardian(patient),
    }


def _name(found: Found) -> Found:
    names = listed(found, "name") or [mapped(found, "name")]
    for use in _USES:
        for name in names:
            if name.get("use") == use:
                return name
    return {}


def _given(name: Found) -> str:
    value = name.get("given")
    return (
        " ".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else ""
    )


def _birth(patient: Found) -> Any:
    if patient.get("birthDate") is None:
        for extension in listed(mapped(patient, "_birthDate"), "extension"):
            if extension.get("url") == _ABSENT and extension.get("valueCode") == "unknown":
                return "unknown"
    return patient.get("birthDate")


def _document(patient: Found) -> Found:
    found = [part for part in listed(patient, "identifier") if part.get("value")]
    for wanted in _DOCUMENTS:
        for part in found:
            if any(code == wanted for _, code in codings(part, "type")):
                return part
    return {}


def _nationality(patient: Found) -> str:
    for extension in listed(patient, "extension"):
        if extension.get("url") == _NATIONALITY:
            for part in listed(extension, "extension"):
                if part.get("url") == "code" and (found := codings(part, "valueCodeableConcept")):
                    return found[0][1]
    return ""


def _guardian(patient: Found) -> str:
    for contact in listed(patient, "contact"):
        if any(code in _PARENTS for _, code in codings(contact, "relationship")):
            name = _name(contact)
            return f"{_given(name)} {worded(name, 'family')}".strip() or worded(name, "text")
    return ""
