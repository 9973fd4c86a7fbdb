"""NZ COVID Pass (nzcovidpass-spec 1.0).

    NZCP:/1/ text -> base32 -> COSE_Sign1 (tag 18) -> `iss`, kid -> Sealed          (unwrap)
    Sealed -> CWT claims -> verifiable credential -> HealthCertificate of one Pass   (decode)

1. Of the claims only `iss` is looked at before the signature is known to be good: with the kid it names
   the key, in a store of pinned DID documents. No DID is resolved, no context is opened.
2. Both headers that decide are protected ones; a second say in the unprotected header is refused.
3. A pass says that New Zealand's policy of 2021-22 was met: no vaccine, no dose, no test. It is no event.
4. What is left out of a text by a scanner leaves nothing to tell damage by: base32 has no checksum. So a text
   that is cut off is "scan again"; a wrong letter is a wrong signature, which says the same first.

Apart because a format is a module of its own, with a row in `formats.SCHEMES`, and is loaded by its texts alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pratique.crypto import cose
from pratique.crypto.cbor import loads
from pratique.crypto.cose import SignedParts
from pratique.findings import Code, Finding
from pratique.formats import base32
from pratique.formats.fields import Decoded, FieldReader, Sealed, is_map, names_somebody
from pratique.formats.hcert import EXPIRES, IDENTIFIER, ISSUER, MAX_TEXT, NOT_BEFORE
from pratique.model import HealthCertificate, Pass, Person
from pratique.terms import COSE_ALGORITHMS, Kind, Scheme

COUNTRY = "NZ"
_TEXT = re.compile(r"nzcp:/([0-9]{1,4})/([A-Z2-7]*)(=*)", re.ASCII | re.IGNORECASE)
_TAG = b"\xd2"
_SIGNATURE = 64
_LONGEST_NAME = 512
_TAGGED_ID, _PLAIN_ID = b"\x07\xd8\x40\x50", b"\x07\x50"
"""`cti` as an early draft wrote it, with tag 64 (RFC 8746 §2.1: octets), and as the specification does."""


def unwrap(text: str) -> Sealed | Finding:
    """Take a text apart down to the signed message."""
    if len(text) > MAX_TEXT:
        return Finding(Code.TEXT_TOO_LONG)
    match = _TEXT.fullmatch(text)
    if match is None:
        return Finding(Code.TEXT_DAMAGED, "base32")
    version, body, padding = match.groups()
    if version != "1":
        return Finding(Code.FORMAT_NOT_READ, "another version of the NZ COVID Pass")
    notes: tuple[Finding, ...] = ()
    if body.islower():
        # All of it, as caps lock does; base32 has capitals alone (RFC 4648 §6), so nothing is guessed.
        body, notes = body.upper(), (Finding(Code.CASE_FLIPPED),)
    # Padding is left out (spec §4); what has all of it is read too.
    data = base32.decode(body) if len(padding) in {0, -len(body) % 8} else None
    if data is None:
        return Finding(Code.TEXT_DAMAGED, "base32")
    message = _signed(data)
    if isinstance(message, Finding):
        return message
    claims = _claims(message.payload)
    if isinstance(claims, Code):
        return Finding(claims, "payload")
    issuer = claims.get(ISSUER)
    if type(issuer) is not str or not 0 < len(issuer) <= _LONGEST_NAME:
        return Finding(Code.HEADER_REFUSED, "iss")
    return Sealed(
        Scheme.NZCP,
        issuer,
        message.protected[cose.KID],
        COSE_ALGORITHMS.get(message.protected[cose.ALGORITHM]),
        message.message,
        message.signature,
        message.payload,
        notes=notes,
    )


def _signed(data: bytes) -> SignedParts | Finding:
    """Take the signed message apart, and hold its head to the specification (§2.1)."""
    if data[:1] != _TAG:
        return Finding(Code.HEADER_REFUSED, "tag")
    message = cose.parts(data[1:])
    if isinstance(message, Code):
        damaged = message is Code.CBOR_MALFORMED
        return Finding(Code.TEXT_DAMAGED, "CBOR") if damaged else Finding(message)
    for label, name, kind in ((cose.ALGORITHM, "alg", int), (cose.KID, "kid", bytes)):
        if type(message.protected.get(label)) is not kind:
            return Finding(Code.HEADER_REFUSED, name)
        # RFC 9052 §3: a label may stand in one of the two headers only.
        if label in message.unprotected:
            return Finding(Code.HEADER_REFUSED, "unprotected")
    return message if len(message.signature) == _SIGNATURE else Finding(Code.SIGNATURE_FORM)


def _claims(payload: bytes) -> dict[Any, Any] | Code:
    read = loads(payload)
    if read is Code.CBOR_TAG and _TAGGED_ID in payload:
        read = loads(payload.replace(_TAGGED_ID, _PLAIN_ID, 1))
    if type(read) is Code:
        return read
    # Before the signature is known to be good, nothing says that it is laid out as claims.
    return read if isinstance(read, dict) else Code.COSE_INVALID


# ----------------------------------------------------------------------------------------------------
# The claims, and the credential in them (spec §2.2, §3).

_CONTEXT = "https://www.w3.org/2018/credentials/v1"
_TYPES = ["VerifiableCredential", "PublicCovidPass"]
_VERSION = "1.0.0"
_BIRTH = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ENDS_OF_TIME = 253_402_300_799
"""9999-12-31T23:59:59Z, in seconds since the epoch."""


def decode(sealed: Sealed, _countries: frozenset[str]) -> Decoded:
    """Read a payload whose signature is known to be good."""
    findings: list[Finding] = []
    claims = _claims(sealed.payload)
    assert isinstance(claims, dict), "unwrap has read it"
    begins, ends = (_instant(claims, claim, findings) for claim in (NOT_BEFORE, EXPIRES))
    identifier = _identifier(claims, findings)
    if _TAGGED_ID in sealed.payload and identifier is not None:
        findings.append(Finding(Code.SCHEMA_DEVIATION, "cti"))
    credential = claims.get("vc")
    if not is_map(credential):
        code = Code.FIELD_MISSING if credential is None else Code.FIELD_TYPE
        return Decoded(None, (*findings, Finding(code, "vc")))
    refused = _of_another_kind(credential)
    if refused is not None:
        return Decoded(None, (*findings, refused))
    person = _person(credential, findings)
    if person is None or begins is None or ends is None or identifier is None:
        return Decoded(None, tuple(findings))
    entry = Pass(None, None, COUNTRY, sealed.issuer, identifier)
    certificate = HealthCertificate(
        Scheme.NZCP.value, _VERSION, Kind.PASS, person, (entry,), COUNTRY, begins, ends, credential, begins,
    )  # fmt: skip
    return Decoded(certificate, (*findings, Finding(Code.STATES_NO_EVENT)))


def _instant(claims: Mapping[Any, Any], claim: int, findings: list[Finding]) -> int | None:
    """Read `nbf` or `exp`: the specification lets no fraction pass (spec §2.2.2)."""
    value, name = claims.get(claim), "exp" if claim == EXPIRES else "nbf"
    if value is None:
        findings.append(Finding(Code.FIELD_MISSING, name))
    elif type(value) is not int:
        findings.append(Finding(Code.FIELD_TYPE, name))
    elif not 0 <= value <= _ENDS_OF_TIME:
        # Milliseconds, for one: none of the passes that were issued has them.
        findings.append(Finding(Code.INSTANT_UNREADABLE, name))
    else:
        return value
    return None


def _identifier(claims: Mapping[Any, Any], findings: list[Finding]) -> str | None:
    value = claims.get(IDENTIFIER)
    if type(value) is bytes and len(value) == 16:
        # As the specification writes it for people (§2.2.1, RFC 4122 §3).
        text = value.hex()
        parts = text[:8], text[8:12], text[12:16], text[16:20], text[20:]
        return f"urn:uuid:{'-'.join(parts)}"
    findings.append(Finding(Code.FIELD_MISSING if value is None else Code.FIELD_TYPE, "cti"))
    return None


def _of_another_kind(credential: Mapping[Any, Any]) -> Finding | None:
    """Say why a credential is no pass of the version that is read; None if it is one."""
    contexts = credential.get("@context")
    if not isinstance(contexts, list) or contexts[:1] != [_CONTEXT]:
        return Finding(Code.CLAIM_UNKNOWN, "vc.@context")
    # What the same key signs of another type is genuine, and attests something else.
    if credential.get("type") != _TYPES:
        return Finding(Code.CLAIM_UNKNOWN, "vc.type")
    if credential.get("version") != _VERSION:
        return Finding(Code.VERSION_UNKNOWN, "vc.version")
    return None


def _person(credential: Mapping[Any, Any], findings: list[Finding]) -> Person | None:
    subject = credential.get("credentialSubject")
    if not is_map(subject):
        findings.append(Finding(Code.NAME_MISSING, "vc.credentialSubject"))
        return None
    fields = FieldReader(subject, "vc.credentialSubject.", findings)
    given, family = fields.text("givenName", required=True), fields.text("familyName")
    birth = fields.day("dob", required=True, shape=_BIRTH)
    if given is None:
        return None
    if not (names_somebody(given) or names_somebody(family)):
        fields.note(Code.NAME_MISSING, "givenName")
        return None
    return Person(family, given, None, None, birth)
