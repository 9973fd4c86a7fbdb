"""ICAO VDS-NC, proof of vaccination and of testing (Doc 9303-13, and ICAO's report on public health proofs).

    {"data": {"hdr", "msg"}, "sig": {"alg", "cer", "sigvl"}} -> unwrap -> Sealed -> decode -> HealthCertificate

1. What is signed is `data` as RFC 8785 writes it. The text is parsed once, strictly: fractions, great integers and
   a name that stands twice are refused, so that signer and reader see one content.
2. The certificate in it is handed on as bytes: `trust.seal` says whose it is.
3. A seal says each dose's number, never how many a course has; no manufacturer; of a test not the disease. What it
   does not say is named in the entry's `unmapped`, and never guessed.
4. A name with two blanks is surname and given names; another cannot be split, and stays one text.

Apart because a format is a module of its own, with a row in `formats.SCHEMES`, and is loaded by its texts alone.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.findings import Code, Finding
from pratique.formats import codes
from pratique.formats.fields import (
    Decoded,
    FieldReader,
    Sealed,
    is_map,
    names_somebody,
    strangers_json,
)
from pratique.model import KINDS, Entry, HealthCertificate, Moment, Person, Test, Vaccination
from pratique.terms import Algorithm, Scheme

LONGEST = 16_384
"""Octets of a text: those of states have 1,200 to 1,800, indented ones half as much again."""
MOST_VALUES = 2_000
VACCINATION, TEST = "icao.vacc", "icao.test"
VERSION = 1
_ALGORITHMS = {
    "ES256": (Algorithm.ES256, 64),
    "ES384": (Algorithm.ES384, 96),
    "ES512": (Algorithm.ES512, 132),
}
"""`sig.alg` -> the algorithm, and the octets of r and s."""
_ISSUER = re.compile(r"[A-Z]{3}|D", re.ASCII)
"""A code of Doc 9303-3: of three letters, but for Germany's."""
_PLAIN = str.maketrans("-_", "+/")
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]+={0,2}", re.ASCII)


def unwrap(text: str) -> Sealed | Finding:
    """Take a text apart down to the signed message."""
    document = strangers_json(text, longest=LONGEST, most=MOST_VALUES, plain=True)
    if document is Code.JSON_INVALID:
        # A picture read in part looks like this: no word against its holder.
        return Finding(Code.TEXT_DAMAGED)
    if isinstance(document, Code):
        return Finding(document, Scheme.VDS_NC.value)
    data = document.get("data") if is_map(document) else None
    if not is_map(data) or "hdr" not in data:
        return Finding(Code.FORMAT_NOT_READ, "ICAO VDS-NC")
    header, signature = data["hdr"], document.get("sig")
    if not is_map(header) or not is_map(data.get("msg")):
        return Finding(Code.HEADER_REFUSED, "hdr" if not is_map(header) else "msg")
    issuer = header.get("is")
    if type(issuer) is not str or not _ISSUER.fullmatch(issuer):
        return Finding(Code.HEADER_REFUSED, "hdr.is")
    if not is_map(signature):
        return Finding(Code.SIGNATURE_FORM, "sig")
    named = signature.get("alg")
    algorithm, size = _ALGORITHMS.get(named, (None, 0)) if type(named) is str else (None, 0)
    certificate, value = _octets(signature.get("cer")), _octets(signature.get("sigvl"))
    if certificate is None:
        return Finding(Code.SIGNATURE_FORM, "sig.cer")
    if value is None or (size and len(value) != size):
        return Finding(Code.SIGNATURE_FORM, "sig.sigvl")
    message = strict_json.canonical(data)
    return Sealed(Scheme.VDS_NC, issuer, b"", algorithm, message, value, message, certificate)


def _octets(text: object) -> bytes | None:
    """Decode base64 for URLs, with or without its end; also of the other alphabet. None if it is not."""
    if type(text) is not str or not _BASE64.fullmatch(text):
        return None
    bare = text.rstrip("=").translate(_PLAIN)
    try:
        return binascii.a2b_base64(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return None


# ----------------------------------------------------------------------------------------------------
# Read a seal whose signature is good.


def decode(sealed: Sealed, countries: frozenset[str]) -> Decoded:
    """Read a payload whose signature is known to be good, made by a key of these countries."""
    data = strangers_json(sealed.payload, longest=LONGEST, most=MOST_VALUES, plain=True)
    if isinstance(data, Code):
        return Decoded(None, (Finding(data, Scheme.VDS_NC.value),))
    header, message = data["hdr"], data["msg"]
    kind, version = header.get("t"), header.get("v")
    if version != VERSION or type(version) is not int:
        return Decoded(None, (Finding(Code.VERSION_UNKNOWN, "hdr.v"),))
    if kind not in (VACCINATION, TEST):
        return Decoded(None, (Finding(Code.CLAIM_UNKNOWN, "hdr.t"),))
    findings: list[Finding] = []
    pages = _Seal(message, findings, sealed.issuer, countries)
    entries: tuple[Entry, ...] = tuple(_doses(pages) if kind == VACCINATION else _tests(pages))
    person = _person(pages)
    if person is None:
        return Decoded(None, (*findings, Finding(Code.NAME_MISSING, "pid.n")))
    if not entries:
        return Decoded(None, (*findings, Finding(Code.NO_EVENT)))
    certificate = HealthCertificate(
        domain=Scheme.VDS_NC.value,
        version=str(version),
        kind=KINDS[type(entries[0])],
        person=person,
        entries=entries,
        # It is the certificate's country: `trust.seal` has compared them.
        issuer=next(iter(countries)) if len(countries) == 1 else sealed.issuer,
        issued_at=None,
        expires_at=None,
        payload=data,
    )
    return Decoded(certificate, tuple(dict.fromkeys(findings)))


class _Seal(NamedTuple):
    """A message while it is read."""

    message: dict[str, Any]
    findings: list[Finding]
    issuer: str
    countries: frozenset[str]

    def group(self, name: str) -> FieldReader:
        """Return the reader of a group of the message."""
        return self.reader(self.message.get(name), f"{name}.")

    def reader(self, value: object, where: str) -> FieldReader:
        """Return the reader of a group; one of another type is noted, and read as empty."""
        if value is not None and not is_map(value):
            self.findings.append(Finding(Code.SCHEMA_DEVIATION, where.rstrip(".")))
        return FieldReader(value if is_map(value) else {}, where, self.findings)

    def rows(self, value: object, where: str) -> Iterator[tuple[object, str]]:
        """Yield the rows of a list, each with where it stands; their number is bounded by `MOST_VALUES`."""
        if type(value) is not list:
            if value is not None:
                self.findings.append(Finding(Code.SCHEMA_DEVIATION, where))
            return
        for number, row in enumerate(value):
            yield row, f"{where}[{number}]."

    def place(self, code: str | None) -> str | None:
        """Return a country: the issuer's own under the code of its key, others as they are written."""
        return (
            next(iter(self.countries)) if code == self.issuer and len(self.countries) == 1 else code
        )

    def not_mapped(self, reason: str) -> None:
        """Say that something has no meaning in the DCC without a guess."""
        self.findings.append(Finding(Code.NOT_MAPPED, reason))


def _person(seal: _Seal) -> Person | None:
    fields = seal.group("pid")
    name = fields.text("n")
    if name is None or not names_somebody(name):
        return None
    surname, blanks, forename = name.strip().partition("  ")
    split = bool(blanks) and "  " not in forename.strip()
    surname, forename = (surname, forename.strip()) if split else (" ".join(name.split()), "")
    number, kind = fields.text("i"), "PPN"
    if not number:
        number, kind = fields.text("dn"), _DOCUMENTS.get(fields.text("dt") or "", "")
    return Person(
        surname=surname,
        forename=forename or None,
        surname_icao=_letters(surname),
        forename_icao=_letters(forename) if forename else None,
        birth_date=_birth(fields),
        sex=fields.text("sex"),
        identifier=number or None,
        identifier_type=kind or None if number else None,
    )


_DOCUMENTS = {"P": "PPN", "D": "DL"}
"""Type of a travel document (`dt`) -> HL7 v2-0203, where there is one."""


def _letters(text: str) -> str | None:
    """Return a name as a machine-readable zone has it, where its letters are those of one (9303-3 §4)."""
    parts = text.upper().replace("'", "").replace("-", " ").replace("<", " ").split()
    if not parts or not all(part.isascii() and part.isalpha() for part in parts):
        return None
    return "<".join(parts)


def _birth(fields: FieldReader) -> Moment | None:
    text = fields.group.get("dob")
    if type(text) is str and "X" in text.upper():
        # Unknown parts, as a machine-readable zone and some states write them.
        known = re.sub(r"(-XX)+$", "", text.upper())
        fields = FieldReader({"dob": known}, fields.where, fields.findings)
    return fields.day("dob", blank=True)


# ----------------------------------------------------------------------------------------------------
# Vaccinations: `ve` has vaccines, and each `vd` has doses of it.


def _doses(seal: _Seal) -> Iterator[Vaccination]:
    for group, where in seal.rows(seal.message.get("ve"), "ve"):
        vaccine = _vaccine(seal, seal.reader(group, where))
        doses = group.get("vd") if is_map(group) else None
        for row, place in seal.rows(doses, f"{where}vd"):
            if (dose := _dose(seal, vaccine, seal.reader(row, place))) is not None:
                yield dose


def _dose(seal: _Seal, vaccine: codes.Vaccine, fields: FieldReader) -> Vaccination | None:
    given = fields.day("dvc")
    if given is None:
        # When it was given nobody knows: no rule could judge it.
        if type(fields.group.get("dvc")) is not str:
            fields.note(Code.DATE_UNREADABLE, "dvc")
        return None
    number = fields.whole("seq", least=1)
    unsaid = ("sd",) if number is not None else ("dn", "sd")
    return Vaccination(
        disease=vaccine.disease,
        prophylaxis=vaccine.prophylaxis,
        product=vaccine.product,
        manufacturer=vaccine.manufacturer,
        dose=number,
        doses=None,
        given=given,
        country=seal.place(fields.text("ctr")),
        authority=None,
        identifier=_identifier(seal, "uvci"),
        lot=fields.text("lot"),
        site=fields.text("adm"),
        unmapped=(*vaccine.unmapped, *unsaid),
    )


def _identifier(seal: _Seal, name: str) -> str | None:
    value = seal.message.get(name)
    return value if type(value) is str and value else None


def _vaccine(seal: _Seal, fields: FieldReader) -> codes.Vaccine:
    """Return what `des` (ICD-11, mostly a class), `nam` (a brand) and `dis` say together."""
    code, name, target = fields.text("des"), fields.text("nam"), fields.text("dis")
    disease = codes.disease("ICD-11", target) if target else None
    by_code = codes.vaccine("ICD-11", code.strip(), countries=seal.countries) if code else None
    by_name = codes.named(name, Scheme.VDS_NC) if name else None
    vaccine, doubt = _agreed(by_code, by_name), codes.Vaccine(disease, None, None, None)
    if target and (disease is None or vaccine.disease not in {None, disease}):
        # Of a disease that is not known here, or of another than its vaccine is against.
        vaccine = codes.contradicted(vaccine, doubt)
    elif by_code is by_name is None and disease is not None:
        vaccine = doubt._replace(unmapped=_ALL[1:])
    if vaccine.unmapped:
        seal.not_mapped(vaccine.reason or "vaccine")
    return vaccine


_ALL = ("tg", "vp", "mp", "ma")


def _agreed(by_code: codes.Vaccine | None, by_name: codes.Vaccine | None) -> codes.Vaccine:
    """Return what a code and a name say; where they contradict each other, no more than the disease."""
    if by_code is None or by_name is None:
        return by_code or by_name or codes.Vaccine(None, None, None, None, _ALL, "vaccine")
    if codes.contradict(by_code, by_name):
        return codes.contradicted(by_code, by_name)._replace(reason="des, nam")
    # What names the product says more than its class.
    return by_name if by_name.product is not None or by_code.product is None else by_code


# ----------------------------------------------------------------------------------------------------
# Tests: one a seal.


def _tests(seal: _Seal) -> Iterator[Test]:
    place, dates, test = seal.group("sp"), seal.group("dat"), seal.group("tr")
    kind, outcome = test.text("tc"), test.text("r")
    if kind is not None and codes.is_serology(kind):
        # No proof of an infection, nor of none.
        seal.not_mapped("tr.tc")
        return
    sampled = dates.moment("sc")
    if sampled is None:
        if type(dates.group.get("sc")) is not str:
            dates.note(Code.DATE_UNREADABLE, "sc")
        return
    test_type = codes.test_named(kind) if kind else None
    # "Negative" of what is not known says nothing of an infection.
    result = codes.result("TEXT", outcome) if outcome and test_type else None
    unmapped = (
        "tg",
        *(name for name, value in (("tt", test_type), ("tr", result)) if value is None),
    )
    seal.not_mapped("tr")
    yield Test(
        disease=None,
        test_type=test_type,
        name=None,
        device=None,
        sampled=sampled,
        result=result,
        site=place.text("spn"),
        country=seal.place(place.text("ctr")),
        authority=None,
        identifier=_identifier(seal, "utci"),
        unmapped=unmapped,
    )
