"""Read a FHIR R4 (or R4B) document: each Immunization and laboratory Observation is one event.

    Bundle | resource alone -> resource + its Patient -> row -> rows.read_row -> Reading, ...
    lines of a Bulk Data export -> Patients -> with_patient -> resource alone

1. A resource becomes a row first, so that the same checks hold, and remarks name `entry[3].given_on`.
2. References are resolved inside the document only; no address in it is ever fetched.
3. What changes a resource's meaning and is not known here (`modifierExtension`, `implicitRules`)
   refuses it (FHIR R4 §2.4.0.1).
4. No document raises: what is not laid out as FHIR is a remark.
5. What is no event, or never was one, is skipped and told of; it refuses nothing.
6. Only a code that names one product alone is taken for that product. A code for a whole type of vaccine
   fills in the type, and the product stays a question for the clerk (`formats.codes`).
7. A value of the wrong type is read as if it were not there; the row's own checks tell of what misses.
8. A name for official use comes first, as of a day; one that is old, or that hides somebody, comes never.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from pratique.formats import codes
from pratique.intake import rows
from pratique.intake.catalogue import DISEASES_OF, Catalogue
from pratique.intake.remarks import Remark, RemarkCode, placed
from pratique.intake.rows import NOTHING, Reading, fill, read_row
from pratique.model import Moment

Resource = Mapping[Any, Any]

_NATIONALITY = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_USES = ("official", "usual", None, "temp", "maiden")
_PARENTS = frozenset({"GUARD", "PRN", "MTH", "FTH"})
"""HL7 v3 RoleCode."""
_LOINC = "http://loinc.org"
_WEB = ("http://", "https://")
_VERSION = "/_history/"
_CONDITIONAL = "Patient?identifier="
"""FHIR R4 http.html#trules: what a transaction's server would search for."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DEEPEST = 3
"""Bundles in Bundles that are looked into."""
_DOCUMENTS = ("PPN", "NI")
"""HL7 v2-0203, best first: passport number, national identifier."""


def mapped(found: Resource, name: str) -> Resource:
    """Return the object under a name; an empty one if there is none."""
    value = found.get(name)
    return value if isinstance(value, Mapping) else {}


def listed(found: Resource, name: str) -> list[Resource]:
    """Return the objects of the list under a name."""
    value = found.get(name)
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def worded(found: Resource, name: str) -> str:
    """Return the text under a name, or "" if there is none."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def codings(found: Resource, name: str) -> list[tuple[str, str]]:
    """Return (system, code) of every coding of a CodeableConcept, or of a list of them."""
    concepts = [mapped(found, name), *listed(found, name)]
    return [
        (worded(coding, "system").rstrip("/"), worded(coding, "code"))
        for concept in concepts
        for coding in listed(concept, "coding")
        if worded(coding, "code")
    ]


def entries(document: Resource) -> Iterator[tuple[str, str, Resource]]:
    """Name every resource of a document: its place, its full address, and itself.

    A document is a Bundle of any type (document, collection, searchset, transaction, and Bundles
    in a Bundle, as servers answer page by page), or one resource alone, whose place is "".
    """
    if worded(document, "resourceType") != "Bundle":
        yield "", "", document
        return
    yield from _entries(document, "", _DEEPEST)


def _entries(document: Resource, above: str, depth: int) -> Iterator[tuple[str, str, Resource]]:
    value = document.get("entry")
    for number, entry in enumerate(value if isinstance(value, list) else ()):
        place = f"{above}entry[{number}]"
        # What was deleted, or only asked about, has no resource.
        if isinstance(entry, Mapping) and "resource" in entry:
            resource = mapped(entry, "resource")
            if depth and worded(resource, "resourceType") == "Bundle":
                yield from _entries(resource, f"{place}.", depth - 1)
            else:
                yield place, worded(entry, "fullUrl"), resource
        elif not isinstance(entry, Mapping):
            yield place, "", {}


class Patients:
    """The Patients of a document or an export, by whatever a reference can call them.

    1. What two different Patients are called finds neither: nobody gets another's certificate.
    2. A version in a reference is looked for; where it is not there, the Patient is who it is.
    3. An absolute address finds a Patient of that address, or one whose address nobody tells (Bulk
       Data has none). It never finds that of another server.
    """

    def __init__(self) -> None:
        self._by: dict[str, Resource | None] = {}

    def add(self, patient: Resource, url: str = "") -> None:
        """Take in a Patient, with its full address if it has one."""
        own, version = worded(patient, "id"), worded(mapped(patient, "meta"), "versionId")
        url = _bare(url)
        # FHIR R4 bundle.html#references: the fullUrl itself, or relative as Patient/id.
        names = {url, f"Patient/{own}" if own else ""}
        head, mark, tail = url.rpartition("/Patient/")
        names |= {f"Patient/{tail}" if mark and head and tail else ""}
        if own and not url:
            names |= {f"*/Patient/{own}"}
        if own and not url.startswith(_WEB):
            names |= {f"~/Patient/{own}"}
        if _UUID.fullmatch(own):
            names |= {f"urn:uuid:{own.lower()}"}
        names -= {""}
        if version:
            names |= {f"{name}{_VERSION}{version}" for name in names}
        names |= {
            f"?{worded(part, 'system')}|{worded(part, 'value')}"
            for part in listed(patient, "identifier")
            if worded(part, "system") and worded(part, "value")
        }
        for name in names:
            held = self._by.setdefault(name, patient)
            if held is not patient and held != patient:
                self._by[name] = None

    def find(self, resource: Resource, reference: Resource, url: str = "") -> Resource | None:
        """Find the Patient that a reference names; None for nobody, or for more than one.

        Args:
            resource: what refers; a Patient may be contained in it.
            url: the full address of the resource, which says whose server a relative one means.
        """
        text = worded(reference, "reference")
        if text.startswith("#"):
            inside = [
                part
                for part in listed(resource, "contained")
                if worded(part, "id") in (text[1:], text)
            ]
            return inside[0] if len(inside) == 1 and _is_patient(inside[0]) else None
        if not text:
            named = mapped(reference, "identifier")
            system, value = worded(named, "system"), worded(named, "value")
            return self._by.get(f"?{system}|{value}") if system and value else None
        if text.startswith(_CONDITIONAL):
            return self._by.get(f"?{text.removeprefix(_CONDITIONAL)}")
        return self._found(text, url)

    def _found(self, text: str, url: str) -> Resource | None:
        bare = _bare(text)
        absolute = bare.startswith((*_WEB, "urn:"))
        if not absolute and url.startswith(_WEB):
            # FHIR R4 bundle.html#references: it means the server that its own resource is of. One of the
            # same name on another server is somebody else; one that no server is told of may be the one.
            server = _bare(url).rsplit("/", 2)[0]
            for name in (f"{server}/{text}", f"{server}/{bare}", f"~/{text}", f"~/{bare}"):
                if name in self._by:
                    return self._by[name]
            return None
        if _VERSION in text and text in self._by:
            return self._by[text]
        if bare in self._by or not absolute:
            return self._by.get(bare)
        _, mark, tail = bare.rpartition("/Patient/")
        return self._by.get(f"*/Patient/{tail}") if mark else None


_READ = frozenset({
    "resourceType", "id", "meta", "name", "birthDate", "_birthDate", "gender", "identifier", "extension",
    "contact", "deceasedBoolean", "deceasedDateTime",
})  # fmt: skip


def kept_of(patient: Resource) -> Resource:
    """Return what is read of a Patient: an export's are all held, without their photographs."""
    return {name: value for name, value in patient.items() if name in _READ}


def _bare(address: str) -> str:
    """Return an address without its version; the letters of a URN's UUID have no case."""
    bare = address.partition(_VERSION)[0]
    return bare.lower() if bare[:9].lower() == "urn:uuid:" else bare


def patients_of(document: Resource) -> Patients:
    """Return every Patient of a document."""
    found = Patients()
    for _, url, resource in entries(document):
        if _is_patient(resource):
            found.add(resource, url)
    return found


def _is_patient(resource: Resource) -> bool:
    return resource.get("resourceType") == "Patient"


def read_patient(patient: Resource, at: date | None = None) -> tuple[dict[str, Any], list[Remark]]:
    """Return the columns that tell of the person as of a day, and what is to be looked at."""
    name, is_sure = _name(patient, at)
    document = _document(patient)
    kind = codings(document, "type")
    family = worded(name, "family")
    remarks = [] if is_sure else [Remark(RemarkCode.NAME_UNCLEAR, "surname")]
    if patient.get("deceasedBoolean") is True or worded(patient, "deceasedDateTime"):
        remarks.append(Remark(RemarkCode.PERSON_DECEASED, "patient"))
    row = {
        "surname": family or _text(name),
        "forename": _given(name) if family else "",
        "birth_date": _birth(patient),
        "sex": patient.get("gender"),
        "nationality": _nationality(patient),
        "document": document.get("value"),
        "document_type": kind[0][1] if kind else None,
        "guardian": _guardian(patient, at),
    }
    return row, remarks


def _name(found: Resource, at: date | None) -> tuple[Resource, bool]:
    """Choose the name that is in force; and tell whether nothing speaks for another one.

    An `official` name stays in a record when it has ended, with the end in its period (FHIR R4
    datatypes.html#HumanName): the first one would be the name before a marriage.
    """
    names = [
        name
        for name in listed(found, "name") or [mapped(found, "name")]
        if name.get("use") in _USES and (worded(name, "family") or worded(name, "text"))
    ]
    present = [name for name in names if _is_in_force(mapped(name, "period"), at)]
    for use in _USES:
        same = [name for name in present if name.get("use") == use]
        if same:
            # Of two in force the younger one; without a beginning, nothing tells them apart.
            same.sort(key=_start, reverse=True)
            first, others = same[0], same[1:]
            is_sure = all(
                _start(other) < _start(first)
                or all(other.get(part) == first.get(part) for part in ("family", "given", "text"))
                for other in others
            )
            # What was before a marriage is what it was, wherever it is the only one.
            return first, is_sure and use != "maiden"
    names.sort(key=lambda name: worded(mapped(name, "period"), "end"), reverse=True)
    return (names[0], False) if names else ({}, True)


def _start(name: Resource) -> str:
    return worded(mapped(name, "period"), "start")[:10]


def _is_in_force(period: Resource, at: date | None) -> bool:
    begin, end = (worded(period, name)[:10] for name in ("start", "end"))
    if at is None:
        return not end
    day = at.isoformat()[:10]
    # A month or a year counts whole: it is compared as far as it is written.
    return (not begin or begin <= day[: len(begin)]) and (not end or day[: len(end)] <= end)


def _text(name: Resource) -> str:
    """Return a name that is not divided, without its titles (Dr, Jr) where they are told apart."""
    words = worded(name, "text").split()
    for part, place in (("prefix", 0), ("suffix", -1)):
        value = name.get(part)
        titles = " ".join(map(str, value)).split() if isinstance(value, list) else []
        while len(words) > 1 and words[place].strip(",") in titles:
            words.pop(place)
    return " ".join(words).rstrip(",")


def _given(name: Resource) -> str:
    value = name.get("given")
    return (
        " ".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else ""
    )


def _birth(patient: Resource) -> Any:
    if patient.get("birthDate") is None:
        for extension in listed(mapped(patient, "_birthDate"), "extension"):
            if extension.get("url") == _ABSENT and extension.get("valueCode") == "unknown":
                return "unknown"
    return patient.get("birthDate")


def _document(patient: Resource) -> Resource:
    found = [part for part in listed(patient, "identifier") if part.get("value")]
    for wanted in _DOCUMENTS:
        for part in found:
            if any(code == wanted for _, code in codings(part, "type")):
                return part
    return {}


def _nationality(patient: Resource) -> str:
    for extension in listed(patient, "extension"):
        if extension.get("url") == _NATIONALITY:
            for part in listed(extension, "extension"):
                if part.get("url") == "code" and (found := codings(part, "valueCodeableConcept")):
                    return found[0][1]
    return ""


def _guardian(patient: Resource, at: date | None) -> str:
    for contact in listed(patient, "contact"):
        if any(code in _PARENTS for _, code in codings(contact, "relationship")):
            name, _ = _name(contact, at)
            return f"{_given(name)} {worded(name, 'family')}".strip() or _text(name)
    return ""


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
    document: Resource,
    catalogue: Catalogue,
    *,
    country: str = "",
    authority: str = "",
    at: date | None = None,
    filled: Mapping[str, Any] = NOTHING,
) -> list[Reading]:
    """Read every event of a document, with its place (`entry[3]`); one that holds none is one reading that says so.

    Args:
        at: the day as of which a name is in force.
        filled: columns by which what the document leaves open is filled in.
    """
    patients = patients_of(document)
    readings = []
    for place, url, resource in entries(document):
        event = _event(
            place, url, resource, patients=patients, catalogue=catalogue, country=country, at=at
        )
        if event is None:
            continue
        if not isinstance(event, Reading):
            row, more = event
            if row["domain"] != "ICVP" and row["surname"] and not row["forename"]:
                more.append(Remark(RemarkCode.NAME_UNDIVIDED, "surname"))
            read = read_row(fill(row, filled), catalogue, country=country, authority=authority)
            event = Reading(read.record, placed(place, (*more, *read.remarks)))
        readings.append(event._replace(place=place))
    if readings:
        return readings
    is_laid_out = bool(worded(document, "resourceType")) and (
        isinstance(document.get("entry", []), list)
    )
    code = RemarkCode.NO_EVENT if is_laid_out else RemarkCode.RESOURCE_UNREADABLE
    return [_refused("", code)]


def with_patient(resource: Resource, patients: Patients) -> Resource | None:
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
    resource: Resource,
    *,
    patients: Patients,
    catalogue: Catalogue,
    country: str,
    at: date | None,
) -> tuple[Row, list[Remark]] | Reading | None:
    """Make a row of a resource; a reading if it is not issued, None if it is no event."""
    kind = worded(resource, "resourceType")
    if kind not in _ROWS:
        is_beside = kind in _BESIDE or (not place and not kind) or kind == "Bundle"
        return None if is_beside else _refused(place, RemarkCode.RESOURCE_NOT_READ)
    row = _ROWS[kind](resource, catalogue, country)
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
    person, remarks = read_patient(patient, at)
    return row | person, remarks


def _immunization(resource: Resource, catalogue: Catalogue, country: str) -> Row:
    product, prophylaxis, is_prequalified = _vaccine(resource, catalogue, country)
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
    system, code = coding
    return codes.disease(codes.SYSTEMS.get(system, ""), code) or code


def _course(courses: list[Resource], disease: str) -> Resource:
    """Return the course that a dose is counted in: that of its disease, where several are told."""
    for course in courses:
        if disease in map(_disease, codings(course, "targetDisease")):
            return course
    return next(iter(courses), {})


def _vaccine(resource: Resource, catalogue: Catalogue, country: str) -> tuple[str, str, bool]:
    """Return product and prophylaxis, and whether WHO's catalogue names the vaccine.

    A code that is not known stands as the product, to be told. One of two makers' products (CVX 210) is that
    of the country that issues, where only one of them was given there.
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
    countries = frozenset({country} - {""})
    for system, code in (*declared, *found):
        product = product or (code if code in catalogue.product_of else "")
        prophylaxis = prophylaxis or (code if code in types else "")
        said = codes.vaccine(codes.SYSTEMS.get(system, ""), code, countries=countries)
        if said is not None and said.disease == codes.COVID:
            product = product or said.product or ""
            prophylaxis = prophylaxis or said.prophylaxis or ""
    # What the extension says is the product: a type of vaccine beside it does not fill in for it.
    if declared and not product:
        product = declared[0][1]
    is_prequalified = any(_PREQUALIFIED in system for system, _ in (*declared, *found))
    if not product and not prophylaxis:
        # WHO's code of a type of vaccine is no product; that one is asked for.
        others = [code for system, code in found if f"{_PREQUALIFIED}VaccineType" not in system]
        product = others[0] if others else ""
    return product, prophylaxis, is_prequalified


def _observation(resource: Resource, _catalogue: Catalogue, _country: str) -> Row | None:
    named = codings(resource, "code")
    kinds = (codes.test_type(code) for system, code in named if system == _LOINC)
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


def _result(resource: Resource) -> str:
    """Return the result; a code that is not known stands as it is, to be told."""
    found = codings(resource, "valueCodeableConcept") or codings(resource, "interpretation")
    said = (codes.result(codes.SYSTEMS.get(system, ""), code) for system, code in found)
    results = set(filter(None, said))
    if len(results) == 1:
        return results.pop()
    # Two codings that contradict each other are no result.
    return "" if results or not found else found[0][1]


def _number(course: Resource, name: str) -> Any:
    # R4 and R4B: doseNumberPositiveInt or doseNumberString; R5 has doseNumber.
    names = (f"{name}PositiveInt", f"{name}String", name)
    return next((course[each] for each in names if course.get(each) is not None), None)


def _day(value: Any) -> Any:
    """Return the day of a dateTime in its own zone."""
    if isinstance(value, str) and "T" in value[:11]:
        found = rows.instant(value)
        if isinstance(found, Moment):
            return found.day()
    return value


def _place(resource: Resource) -> Any:
    return next(_places(resource), None)


def _places(resource: Resource) -> Iterator[str]:
    for found in (mapped(resource, "location"), *listed(resource, "performer")):
        for place in (found, mapped(found, "actor")):
            if display := worded(place, "display"):
                yield display


_ROWS: dict[str, Callable[[Resource, Catalogue, str], Row | None]] = {
    "Immunization": _immunization,
    "Observation": _observation,
}
