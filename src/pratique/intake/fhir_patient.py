"""Find a FHIR document's parts, and read whom a resource is about.

1. A value of the wrong type is read as if it were not there; the row's own checks tell of what misses.
2. A name for official use comes first, as of a day; one that is old, or that hides somebody, comes never.
3. Whom a reference means is told by what was handed in; no address is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pratique.intake.remarks import Remark, RemarkCode

Found = Mapping[Any, Any]

_NATIONALITY = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_USES = ("official", "usual", None, "temp", "maiden")
_PARENTS = frozenset({"GUARD", "PRN", "MTH", "FTH"})
"""HL7 v3 RoleCode."""
_WEB = ("http://", "https://")
_VERSION = "/_history/"
_CONDITIONAL = "Patient?identifier="
"""FHIR R4 http.html#trules: what a transaction's server would search for."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DEEPEST = 3
"""Bundles in Bundles that are looked into."""
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


def entries(document: Found) -> Iterator[tuple[str, str, Found]]:
    """Name every resource of a document: its place, its full address, and itself.

    A document is a Bundle of any type (document, collection, searchset, transaction, and Bundles
    in a Bundle, as servers answer page by page), or one resource alone, whose place is "".
    """
    if worded(document, "resourceType") != "Bundle":
        yield "", "", document
        return
    yield from _entries(document, "", _DEEPEST)


def _entries(document: Found, above: str, depth: int) -> Iterator[tuple[str, str, Found]]:
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
        self._by: dict[str, Found | None] = {}

    def add(self, patient: Found, url: str = "") -> None:
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

    def find(self, resource: Found, reference: Found, url: str = "") -> Found | None:
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

    def _found(self, text: str, url: str) -> Found | None:
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


def kept_of(patient: Found) -> Found:
    """Return what is read of a Patient: an export's are all held, without their photographs."""
    return {name: value for name, value in patient.items() if name in _READ}


def _bare(address: str) -> str:
    """Return an address without its version; the letters of a URN's UUID have no case."""
    bare = address.partition(_VERSION)[0]
    return bare.lower() if bare[:9].lower() == "urn:uuid:" else bare


def patients(document: Found) -> Patients:
    """Return every Patient of a document."""
    found = Patients()
    for _, url, resource in entries(document):
        if _is_patient(resource):
            found.add(resource, url)
    return found


def _is_patient(resource: Found) -> bool:
    return resource.get("resourceType") == "Patient"


def read(patient: Found, at: date | None = None) -> tuple[dict[str, Any], list[Remark]]:
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


def _name(found: Found, at: date | None) -> tuple[Found, bool]:
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
            is_sure = all(_start(one) < _start(first) or _alike(one, first) for one in others)
            # What was before a marriage is what it was, wherever it is the only one.
            return first, is_sure and use != "maiden"
    names.sort(key=lambda name: worded(mapped(name, "period"), "end"), reverse=True)
    return (names[0], False) if names else ({}, True)


def _alike(one: Found, other: Found) -> bool:
    return all(one.get(part) == other.get(part) for part in ("family", "given", "text"))


def _start(name: Found) -> str:
    return worded(mapped(name, "period"), "start")[:10]


def _is_in_force(period: Found, at: date | None) -> bool:
    begin, end = (worded(period, name)[:10] for name in ("start", "end"))
    if at is None:
        return not end
    day = at.isoformat()[:10]
    # A month or a year counts whole: it is compared as far as it is written.
    return (not begin or begin <= day[: len(begin)]) and (not end or day[: len(end)] <= end)


def _text(name: Found) -> str:
    """Return a name that is not divided, without its titles (Dr, Jr) where they are told apart."""
    words = worded(name, "text").split()
    for part, place in (("prefix", 0), ("suffix", -1)):
        value = name.get(part)
        titles = " ".join(map(str, value)).split() if isinstance(value, list) else []
        while len(words) > 1 and words[place].strip(",") in titles:
            words.pop(place)
    return " ".join(words).rstrip(",")


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


def _guardian(patient: Found, at: date | None) -> str:
    for contact in listed(patient, "contact"):
        if any(code in _PARENTS for _, code in codings(contact, "relationship")):
            name, _ = _name(contact, at)
            return f"{_given(name)} {worded(name, 'family')}".strip() or _text(name)
    return ""
