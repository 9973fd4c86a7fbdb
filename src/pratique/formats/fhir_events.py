"""FHIR R4 Bundles as health cards hold them: one person's vaccinations and tests.

    Bundle -> Patient, Immunization, Observation -> FhirEvents(person, entries) | None

1. One Patient. What refers to another, or to nothing in the bundle, is no event of the holder's.
2. Only what was done and is final counts: `completed` doses, `final`, `amended` and `corrected` results.
3. An event without a day, or with two ways of saying it, is none: no rule could judge it.
4. Codes of the card become those of the value sets by `codes`; what they leave open is `unmapped`, and said.
5. A number of the dose that is not said stays unknown: how many doses one card shows proves no course.

Apart because it is a document of its own, HL7's, that any card may hold.

Sources: HL7 FHIR R4 (Bundle, Patient, Immunization, Observation); HL7 SMART Health Cards Vaccination and
Testing IG.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pratique.findings import Code, Finding
from pratique.formats import codes
from pratique.formats.fields import moment, names_somebody
from pratique.model import Moment, Person, Precision, Test, Vaccination

MOST_RESOURCES = 200
"""Of a bundle. The largest card seen has 10."""
LONGEST = 512
"""Characters of a text that is read. A longer one is none: two that are cut would be alike."""

_Object = Mapping[Any, Any]
_DAY = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?", re.ASCII)
_FINAL = {"final", "amended", "corrected"}
_NAMES = ("official", "usual", None)
"""`use` of a name, the best first (FHIR R4 HumanName.use); others are used where there is none of these."""
_MODIFIERS = ("modifierExtension", "implicitRules")
"""What can turn a resource into its opposite: whoever does not know it is not to use the resource (FHIR R4)."""
_NO_NAMES = {"old", "maiden", "nickname", "anonymous"}


class FhirEvents(NamedTuple):
    """Whom a bundle is about, and what happened to them."""

    person: Person
    entries: tuple[Vaccination | Test, ...]

    def __repr__(self) -> str:
        return "<FhirEvents: not shown>"


def read(bundle: _Object, countries: frozenset[str], findings: list[Finding]) -> FhirEvents | None:
    """Read a bundle, adding to `findings` what is odd; None if it names nobody or holds no event.

    Args:
        bundle: parsed JSON.
        countries: for which its issuer's key may sign, ISO 3166-1 alpha-2: some codes name a product by them.
        findings: taken on.
    """
    if bundle.get("resourceType") != "Bundle":
        findings.append(Finding(Code.CLAIMS_INVALID, "resourceType"))
        return None
    rows = _objects(bundle.get("entry"))
    if len(rows) > MOST_RESOURCES:
        findings.append(Finding(Code.JSON_LIMITS, "entry"))
        return None
    if _is_modified(bundle, findings):
        findings.append(Finding(Code.NO_EVENT))
        return None
    # What modifies an entry of the bundle modifies the resource in it.
    resources = [
        (
            _text(row, "fullUrl"),
            {**_object(row, "resource"), **{name: row[name] for name in _MODIFIERS if name in row}},
        )
        for row in rows
    ]
    patients = [
        (url, resource) for url, resource in resources if resource.get("resourceType") == "Patient"
    ]
    # What Patients are called; a name that another resource has too says nothing.
    urls = [url for url, _ in resources]
    known = {url for url, _ in patients if url is not None and urls.count(url) == 1}
    entries: list[Vaccination | Test] = []
    for _, resource in resources:
        reader = _READERS.get(_text(resource, "resourceType") or "")
        if reader is None:
            continue
        if _is_modified(resource, findings):
            continue
        member, kind = reader
        if not _is_about(resource, member, known):
            findings.append(Finding(Code.NOT_MAPPED, member))
            continue
        event = kind(resource, countries, findings)
        if event is not None:
            entries.append(event)
    if not entries:
        findings.append(Finding(Code.NO_EVENT))
        return None
    if len(patients) > 1:
        findings.append(Finding(Code.SUBJECT_UNCLEAR, "Patient"))
        return None
    person = _person(patients[0][1] if patients else {}, findings)
    return None if person is None else FhirEvents(person, tuple(entries))


def _is_modified(resource: _Object, findings: list[Finding]) -> bool:
    modifiers = [name for name in _MODIFIERS if name in resource]
    findings += [
        Finding(Code.NOT_MAPPED, f"{resource['resourceType']}.{name}") for name in modifiers
    ]
    return bool(modifiers)


def _is_about(resource: _Object, member: str, known: set[str]) -> bool:
    reference = resource.get(member)
    if reference is None:
        # Cards leave it out where there is one Patient: nobody else is there whose it could be.
        return True
    return isinstance(reference, dict) and _text(reference, "reference") in known


# ----------------------------------------------------------------------------------------------------
# The person.


def _person(patient: _Object, findings: list[Finding]) -> Person | None:
    if _is_modified(patient, findings):
        findings.append(Finding(Code.NO_EVENT))
        return None
    name = _name(_objects(patient.get("name")))
    surname, given = _text(name, "family"), name.get("given")
    forename = " ".join(
        part for part in (given if type(given) is list else []) if type(part) is str and part
    )
    texts = (forename, name.get("family"), name.get("text"))
    if any(type(text) is str and len(text) > LONGEST for text in texts):
        # Nobody's name: what is left of it without this part, or with its beginning, may be another's.
        findings += [Finding(Code.NOT_MAPPED, "Patient.name"), Finding(Code.NO_EVENT)]
        return None
    if surname is None and not forename:
        # One text that nobody can split: kept whole, as a seal's (VDS-NC) is.
        surname = _text(name, "text")
    if not any(map(names_somebody, (surname, forename))):
        findings.append(Finding(Code.NAME_MISSING, "Patient.name"))
        return None
    birth = _birth(patient, findings)
    sex = {"male": "M", "female": "F"}.get(_text(patient, "gender") or "")
    return Person(surname, forename or None, None, None, birth, sex)


def _name(names: list[_Object]) -> _Object:
    for use in _NAMES:
        for name in names:
            if name.get("use") == use:
                return name
    return next(
        (name for name in names if _text(name, "use") not in _NO_NAMES), names[0] if names else {}
    )


def _birth(patient: _Object, findings: list[Finding]) -> Moment | None:
    text = _text(patient, "birthDate")
    if text is None:
        findings.append(Finding(Code.SCHEMA_DEVIATION, "Patient.birthDate"))
        return None
    birth = moment(text) if _DAY.fullmatch(text) else None
    if birth is None:
        findings.append(Finding(Code.DATE_UNREADABLE, "Patient.birthDate"))
    return birth


# ----------------------------------------------------------------------------------------------------
# Doses.


def _immunization(
    resource: _Object, countries: frozenset[str], findings: list[Finding]
) -> Vaccination | None:
    if resource.get("status") != "completed":
        findings.append(Finding(Code.NOT_MAPPED, "Immunization.status"))
        return None
    if resource.get("isSubpotent", False) is not False:
        # A dose too weak to count, or nobody knows whether it was.
        findings.append(Finding(Code.NOT_MAPPED, "Immunization.isSubpotent"))
        return None
    given = _when(resource, ("occurrenceDateTime",), ("occurrenceString",))
    if given is None:
        findings.append(Finding(Code.NOT_MAPPED, "Immunization.occurrence"))
        return None
    # A dose counts from its day as written, as a DCC's does: not from an hour, nor from another zone's day.
    if given.precision is Precision.INSTANT:
        given = Moment(Precision.DAY, given.day())
    vaccine = codes.agreed(_codings(resource.get("vaccineCode")), countries=countries) or _UNKNOWN
    unmapped = vaccine.unmapped
    if unmapped:
        findings.append(Finding(Code.NOT_MAPPED, vaccine.reason or "Immunization.vaccineCode"))
    courses = {
        (_number(course, "doseNumber"), _number(course, "seriesDoses"))
        for course in _objects(resource.get("protocolApplied"))
    }
    if len(courses) > 1:
        findings.append(Finding(Code.NOT_MAPPED, "Immunization.protocolApplied"))
    dose, doses = courses.pop() if len(courses) == 1 else (None, None)
    unsaid = tuple(name for name, number in (("dn", dose), ("sd", doses)) if number is None)
    return Vaccination(
        disease=vaccine.disease,
        prophylaxis=vaccine.prophylaxis,
        product=vaccine.product,
        manufacturer=vaccine.manufacturer,
        dose=dose,
        doses=doses,
        given=given,
        country=None,
        authority=None,
        identifier=None,
        lot=_text(resource, "lotNumber"),
        site=_site(resource),
        unmapped=(*unmapped, *unsaid),
    )


_UNKNOWN = codes.Vaccine(None, None, None, None, ("tg", "vp", "mp", "ma"))


def _number(course: _Object, name: str) -> int | None:
    value = course.get(f"{name}PositiveInt")
    if f"{name}String" in course or any(modifier in course for modifier in _MODIFIERS):
        return None
    return value if type(value) is int and 0 < value < 1000 else None


# ----------------------------------------------------------------------------------------------------
# Tests.


def _observation(
    resource: _Object, _countries: frozenset[str], findings: list[Finding]
) -> Test | None:
    if _text(resource, "status") not in _FINAL:
        findings.append(Finding(Code.NOT_MAPPED, "Observation.status"))
        return None
    tests = [code for system, code in _codings(resource.get("code")) if system == "LOINC"]
    kinds = {kind for code in tests if (kind := codes.test_type(code)) is not None}
    if len(kinds) != 1 or any(map(codes.is_antibody, tests)):
        # An antibody is no proof of an infection, nor of none; other laboratory values are no tests of a traveller.
        findings.append(Finding(Code.NOT_MAPPED, "Observation.code"))
        return None
    sampled = _when(
        resource,
        ("effectiveDateTime", "effectiveInstant", "effectivePeriod"),
        ("effectiveTiming",),
    )
    if sampled is None:
        findings.append(Finding(Code.NOT_MAPPED, "Observation.effective"))
        return None
    (kind,) = kinds
    result = _result(resource)
    unmapped = ["nm"] if kind == codes.NAAT else ["nm", "ma"]
    is_other = any(codes.test_type(code) is None for code in tests)
    if is_other:
        # Another test beside it, for influenza or for several viruses: whose result it is, is not said.
        unmapped += ["tg", "tt"]
        findings.append(Finding(Code.NOT_MAPPED, "Observation.code"))
        result = None
    if result is None:
        unmapped.append("tr")
        findings.append(Finding(Code.NOT_MAPPED, "Observation.value"))
    return Test(
        disease=None if is_other else codes.COVID,
        test_type=None if is_other else kind,
        name=None,
        device=None,
        sampled=sampled,
        result=result,
        site=_site(resource),
        country=None,
        authority=None,
        identifier=None,
        unmapped=tuple(unmapped),
    )


_VALUES = ("valueCodeableConcept", "valueString")


def _result(resource: _Object) -> str | None:
    """Return what was found; None where it is neither, is not known, or is said in two ways that differ."""
    if "component" in resource or "dataAbsentReason" in resource:
        # Several results, of which this would be none; or there is none, and why.
        return None
    if any(re.match("value[A-Z]", name) for name in resource if name not in _VALUES):
        # A second way of saying it, which is not read.
        return None
    concept = resource.get("valueCodeableConcept")
    coded = [codes.result(system, code) for system, code in _codings(concept)]
    texts = (
        _text(resource, "valueString"),
        _text(concept if type(concept) is dict else {}, "text"),
    )
    worded = [codes.result("TEXT", text) for text in texts if text is not None]
    marks = [
        mark for meaning in _objects(resource.get("interpretation")) for mark in _codings(meaning)
    ]
    beside = [
        result
        for result in (*worded, *(codes.result(*mark) for mark in marks))
        if result is not None
    ]
    # A code that is no result ("indeterminate") is none, whatever is written beside it. Nor is what is not detected
    # by its code, and detected by a word or a mark; a code that says detected is a doubt in any case.
    said = coded or worded
    results = {*said, *beside} if said and set(coded) != {codes.DETECTED} else set(coded)
    return results.pop() if len(results) == 1 else None


_READERS = {"Immunization": ("patient", _immunization), "Observation": ("subject", _observation)}
"""Kind of resource -> the member that names whose it is, and its reader."""


# ----------------------------------------------------------------------------------------------------
# Members, read leniently: what is not of its type is not there.


def _objects(value: object) -> list[_Object]:
    return [item for item in value if type(item) is dict] if type(value) is list else []


def _object(group: _Object, name: str) -> _Object:
    value = group.get(name)
    return value if type(value) is dict else {}


def _text(group: _Object, name: str) -> str | None:
    value = group.get(name)
    return value if type(value) is str and 0 < len(value) <= LONGEST else None


def _codings(concept: object) -> list[tuple[str, str]]:
    """Return (system, code) of the codings of systems that are known: all, for the last may contradict the first."""
    rows = _objects(concept.get("coding") if type(concept) is dict else None)
    return [
        (system, code)
        for row in rows
        if (system := codes.SYSTEMS.get((_text(row, "system") or "").rstrip("/"))) is not None
        and (code := _text(row, "code")) is not None
    ]


def _when(resource: _Object, read: tuple[str, ...], others: tuple[str, ...]) -> Moment | None:
    """Return when it was; None if it is said in no way that is read, or in two (FHIR R4: `[x]`, one of them)."""
    said = [name for name in (*read, *others) if name in resource]
    if len(said) != 1 or said[0] not in read:
        return None
    value = resource[said[0]]
    text = value.get("start") if type(value) is dict else value
    return moment(text) if type(text) is str else None


def _site(resource: _Object) -> str | None:
    """Return who gave the dose or took the sample, by name."""
    for performer in _objects(resource.get("performer")):
        if any(modifier in performer for modifier in _MODIFIERS):
            continue
        for actor in (_object(performer, "actor"), performer):
            if name := _text(actor, "display"):
                return name
    return None
