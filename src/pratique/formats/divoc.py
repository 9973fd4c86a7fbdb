"""DIVOC: a W3C verifiable credential in a zip archive (CoWIN of India, and others).

    B64: | base64 -> zip -> certificate.json -> JSON -> credential (JSON-LD) and proof -> Sealed -> HealthCertificate

1. Signed is, after the header of the proof's JWS: SHA-256 of the canonical statements of the proof's options, and
   of those of the document (Linked Data Proofs, RsaSignature2018 and Ed25519Signature2018; RFC 7797).
2. The proof's type, the JWS's algorithm and the key's must agree; a proof has five members, and no more.
3. What states nothing under the contexts is not signed: a genuine certificate with such a member is refused, and
   none is read (`credential`).
4. Terms of one address can be changed round under the same signature. Each is read only where the others could
   not have stood there; else it is left open, or told.
5. `id` of a holder may be a national identity number: it is never kept. A passport's number is, from its own form.
6. A number of doses alone, and "1 of 1", may be either of two numbers: both are left open.

Apart because a format is a module of its own, with a row in `formats.SCHEMES`, and is loaded by its texts alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from pratique.findings import Code, Finding
from pratique.formats import archive, codes, credential, rdf
from pratique.formats.fields import (
    Decoded,
    FieldReader,
    Sealed,
    moment,
    names_somebody,
    strangers_json,
)
from pratique.model import HealthCertificate, Moment, Person, Precision, Vaccination
from pratique.terms import Algorithm, Kind, Scheme

PREFIX = "B64:"
FILE = "certificate.json"
MAX_TEXT = 65_536
"""Characters; certificates that were seen have 1,600."""
MAX_FILE = 65_536
"""Octets that it may unpack to; certificates that were seen have 1,900."""
MAX_DEPTH, MAX_VALUES = 12, 2_000

_PROOFS: Mapping[str, tuple[Algorithm, range]] = {
    "RsaSignature2018": (Algorithm.PS256, range(256, 1025)),
    "Ed25519Signature2018": (Algorithm.EDDSA, range(64, 65)),
}
"""Type of a proof -> its algorithm, and how many octets its signature has."""
_PROOF = {"type", "created", "verificationMethod", "proofPurpose", "jws"}
_PURPOSE = "assertionMethod"
_SECURITY = "https://w3id.org/security#"
_CREATED = "<http://purl.org/dc/terms/created>"
_PASSPORT = "did:in.gov.passport:"
_SEX = {"male": "M", "female": "F"}


def unwrap(text: str) -> Sealed | Finding:
    """Take a text that begins with `PREFIX` apart down to the signed message."""
    content = _content(text)
    if isinstance(content, Finding):
        return content
    document = _document(content)
    if isinstance(document, Finding):
        return document
    stated = credential.stated(document)
    if isinstance(stated, Finding):
        return stated
    if not isinstance(document.get("issuer"), str):
        return Finding(Code.FIELD_MISSING, "issuer")
    proof = document.get("proof")
    if not isinstance(proof, dict) or set(proof) != _PROOF:
        return Finding(Code.HEADER_REFUSED, "proof")
    if not all(isinstance(value, str) for value in proof.values()):
        return Finding(Code.HEADER_REFUSED, "proof")
    signature = _signature(proof)
    if isinstance(signature, Finding):
        return signature
    form = rdf.canonical(stated.statements)
    if form is None:
        return Finding(Code.JSON_LIMITS)
    options = rdf.canonical(_options(proof))
    assert options is not None
    head = proof["jws"].partition(".")[0].encode()
    digests = b"".join(hashlib.sha256(part.encode()).digest() for part in (options, form))
    return Sealed(
        Scheme.DIVOC,
        document["issuer"],
        proof["verificationMethod"].encode(),
        _PROOFS[proof["type"]][0],
        head + b"." + digests,
        signature,
        content,
    )


def _content(text: str) -> bytes | Finding:
    if len(text) > MAX_TEXT:
        return Finding(Code.TEXT_TOO_LONG)
    try:
        body = "".join(text.removeprefix(PREFIX).split()).rstrip("=")
        data = binascii.a2b_base64(body + "=" * (-len(body) % 4), strict_mode=True)
    except ValueError:
        return Finding(Code.TEXT_DAMAGED)
    return archive.only_file(data, FILE, longest=MAX_FILE)


def _document(content: bytes) -> dict[str, Any] | Finding:
    # What is signed of a number is its value, in one writing of several: fractions are not read.
    document = strangers_json(
        content, longest=MAX_FILE, most=MAX_VALUES, deepest=MAX_DEPTH, plain=True
    )
    if isinstance(document, Code):
        return Finding(document)
    return document if isinstance(document, dict) else Finding(Code.JSON_INVALID)


def _signature(proof: Mapping[str, str]) -> bytes | Finding:
    """Return the signature of a proof of which all fits together."""
    kind = _PROOFS.get(proof["type"])
    if kind is None:
        return Finding(Code.HEADER_REFUSED, "proof.type")
    if proof["proofPurpose"] != _PURPOSE:
        return Finding(Code.HEADER_REFUSED, "proof.proofPurpose")
    if not credential.is_address(proof["verificationMethod"]):
        return Finding(Code.HEADER_REFUSED, "proof.verificationMethod")
    algorithm, sizes = kind
    head, _, rest = proof["jws"].partition(".")
    header = strangers_json(_octets(head) or b"", longest=256)
    # RFC 7797 §6: `b64` counts only where `crit` names it. No other member is known, so none is passed over.
    wanted: dict[str, object] = {"alg": algorithm.value, "b64": False, "crit": ["b64"]}
    if header != wanted or header["b64"] is not False or rest[:1] != ".":
        return Finding(Code.HEADER_REFUSED, "proof.jws")
    signature = _octets(rest[1:])
    if signature is None or len(signature) not in sizes:
        return Finding(Code.SIGNATURE_FORM, "proof.jws")
    return signature


_is_base64url = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?").fullmatch


def _octets(text: str) -> bytes | None:
    """Decode base64url without padding (RFC 7515 §2); None if it is none."""
    if not _is_base64url(text):
        return None
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _options(proof: Mapping[str, str]) -> Iterable[rdf.Statement]:
    """Yield what a proof states of itself under https://w3id.org/security/v2, but for its signature."""
    security = f"<{_SECURITY}{{}}>".format
    yield rdf.Statement(0, rdf.TYPE, security(proof["type"]))
    yield rdf.Statement(0, _CREATED, rdf.literal(proof["created"], "dateTime"))
    yield rdf.Statement(0, security("proofPurpose"), security(_PURPOSE))
    yield rdf.Statement(0, security("verificationMethod"), f"<{proof['verificationMethod']}>")


# ----------------------------------------------------------------------------------------------------
# Read a credential whose signature is known to be good.


def decode(sealed: Sealed, _countries: frozenset[str]) -> Decoded:
    """Read a payload whose signature is known to be good."""
    document = _document(sealed.payload)
    assert isinstance(document, dict)
    stated = credential.stated(document)
    assert isinstance(stated, credential.Stated)
    if stated.unsigned:
        return Decoded(None, tuple(Finding(Code.TERM_UNSIGNED, where) for where in stated.unsigned))
    findings: list[Finding] = []
    holder = document.get("credentialSubject")
    evidence = document.get("evidence") or []
    rows: list[dict[str, Any]] = evidence if isinstance(evidence, list) else [evidence]
    if not isinstance(holder, dict):
        return Decoded(None, (Finding(Code.FIELD_MISSING, "credentialSubject"),))
    person = _person(FieldReader(holder, "credentialSubject.", findings))
    if person is None:
        return Decoded(None, tuple(findings))
    entries = tuple(
        _dose(FieldReader(row, f"evidence[{at}].", findings), sealed.issuer)
        for at, row in enumerate(rows)
    )
    if not entries:
        return Decoded(None, (*findings, Finding(Code.NO_EVENT)))
    issued = _seconds(document, "issuanceDate", findings)
    ends = [_seconds(document, term, findings) for term in ("expirationDate", "validUntil")]
    begins = _seconds(document, "validFrom", findings)
    # Of two ends the earlier one counts.
    expires = min((end for end in ends if end is not None), default=None)
    certificate = HealthCertificate(
        Scheme.DIVOC.value, "", Kind.VACCINATION, person, entries, None, issued, expires,
        _shown(holder, rows), begins,
    )  # fmt: skip
    return Decoded(certificate, tuple(dict.fromkeys(findings)))


def _person(fields: FieldReader) -> Person | None:
    name = fields.text("name")
    if name is None or not names_somebody(name):
        fields.note(Code.NAME_MISSING, "name")
        return None
    sex = fields.group.get("gender") or fields.group.get("sex")
    holder = fields.group.get("id")
    passport = None
    if isinstance(holder, str) and holder.startswith(_PASSPORT):
        passport = holder.removeprefix(_PASSPORT).strip() or None
    return Person(
        name,
        None,
        None,
        None,
        # "" stands for what is not known. An age in years says no date.
        fields.day("dob", blank=True) if fields.group.get("dob") else None,
        sex=_SEX.get(sex.strip().casefold()) if isinstance(sex, str) else None,
        identifier=passport,
        identifier_type="PPN" if passport else None,
    )


def _dose(fields: FieldReader, issuer: str) -> Vaccination:
    facility = fields.group.get("facility")
    facility = facility if isinstance(facility, dict) else {}
    address = facility.get("address")
    country = address.get("addressCountry") if isinstance(address, dict) else None
    vaccine, open_ = _vaccine(fields)
    number, total = _numbers(fields)
    if number is None:
        open_ = (*open_, "dn")
    if total is None:
        open_ = (*open_, "sd")
    return Vaccination(
        vaccine.disease,
        vaccine.prophylaxis,
        vaccine.product,
        vaccine.manufacturer,
        number,
        total,
        _given(fields),
        _text(country),
        issuer,
        # Whoever changes `certificateId` and `batch` round could escape a revocation of that identifier.
        None,
        lot=_text(fields.group.get("batch")),
        site=_text(facility.get("name")),
        unmapped=open_,
    )


_UNSAID = codes.Vaccine(None, None, None, None, ("tg", "vp", "mp", "ma"))


def _vaccine(fields: FieldReader) -> tuple[codes.Vaccine, tuple[str, ...]]:
    """Return what surely is said of the vaccine, and the fields of the DCC that are left open."""
    texts = {term: _text(fields.group.get(term)) for term in credential.ALIKE[0]}
    meant = {
        term: said
        for term, text in texts.items()
        if text is not None
        and (said := codes.named(text, Scheme.DIVOC) or codes.vaccine("ICD-11", text)) is not None
    }
    # The attack: the maker's name in place of the vaccine's makes another vaccine of it.
    if any(codes.contradict(one, other) for one, other in combinations(meant.values(), 2)):
        fields.note(Code.TERMS_ALIKE, "vaccine")
        doubt = codes.contradicted(*meant.values())
        return doubt, doubt.unmapped
    if codes.is_maker_alone(texts["vaccine"] or ""):
        # It may have stood as the maker of a vaccine that is not known.
        meant.pop("vaccine", None)
    own = meant.get("vaccine") or meant.get("icd11Code")
    if own is None:
        fields.note(Code.NOT_MAPPED, "vaccine")
        return _UNSAID, _UNSAID.unmapped
    if own.unmapped:
        fields.note(Code.NOT_MAPPED, "vaccine")
    return own, own.unmapped


def _numbers(fields: FieldReader) -> tuple[int | None, int | None]:
    """Return number and total of doses, where both are stated and could not have stood the other way round."""
    number, total = (_whole(fields.group.get(term)) for term in ("dose", "totalDoses"))
    if number is not None and total is not None:
        if number > total:
            fields.note(Code.TERMS_ALIKE, "dose")
            return None, None
        if number >= 1 and total > 1:
            return number, total
    fields.note(Code.NOT_MAPPED, "dose")
    return None, None


def _whole(value: object) -> int | None:
    if isinstance(value, str) and len(value) <= 2 and value.isascii() and value.isdecimal():
        return int(value)
    return value if type(value) is int and 0 <= value < 100 else None


def _given(fields: FieldReader) -> Moment | None:
    """Return the day of the dose, where none of the dates beside it could have stood in its place."""
    given = fields.day("date", required=True)
    if given is None:
        return None
    own = moment(fields.group["date"])
    others = [moment(text) for term in ("effectiveStart", "effectiveUntil") if (text := _text(fields.group.get(term)))]  # fmt: skip
    known = [other for other in others if other is not None]
    # A dose counts from its day on, never from before. An instant and a day are told in two zones, at times.
    only_instant = (
        own is not None
        and own.precision is Precision.INSTANT
        and all(other.precision is not Precision.INSTANT for other in known)
    )
    slack = 1 if only_instant else 0
    # Nor is it known which is which where one of them cannot be read.
    if len(known) < len(others) or any(
        other.last_day().toordinal() + slack < given.day().toordinal() for other in known
    ):
        fields.note(Code.TERMS_ALIKE, "date")
        return None
    return given


def _seconds(document: Mapping[str, Any], term: str, findings: list[Finding]) -> int | None:
    text = document.get(term)
    if text is None:
        return None
    read = moment(text)
    if read is None:
        findings.append(Finding(Code.INSTANT_UNREADABLE, term))
        return None
    if isinstance(read.first, datetime):
        return int(read.first.timestamp())
    return int(datetime(read.first.year, read.first.month, read.first.day, tzinfo=UTC).timestamp())


_OF_HOLDER = ("name", "dob", "age", "gender", "sex")
_OF_DOSE = (
    "certificateId", "vaccine", "manufacturer", "batch", "date", "icd11Code", "prophylaxis", "dose",
    "totalDoses", "effectiveStart", "effectiveUntil",
)  # fmt: skip


def _shown(holder: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the fields that are kept: no identity number, address, nor who gave the dose."""
    return {
        "credentialSubject": {term: holder[term] for term in _OF_HOLDER if term in holder},
        "evidence": [{term: row[term] for term in _OF_DOSE if term in row} for row in rows],
    }


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
