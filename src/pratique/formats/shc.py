"""SMART Health Cards (SMART Health Cards Framework 1.4, spec.smarthealth.cards).

    shc:/567629… | shc:/2/3/… | eyJ… -> JWS -> head, claims' `iss` -> Sealed     (unwrap)
    Sealed -> claims -> FHIR bundle -> HealthCertificate                          (decode)

1. A key is looked up by the issuer and the kid, exactly as they are written; no address is ever opened.
2. Of the claims, only `iss` is looked at before the signature is known to be good: it names whose key it is.
3. The head may only say what every card's says: ES256, DEF, a kid. What would bring a key along is refused.
4. One chunk is no card: chunks are put together by number, and a doubt about one is "scan again".
5. A card says no country and mostly no end; it may hold vaccinations and tests at once.
"""

from __future__ import annotations

import re
import zlib
from binascii import a2b_base64
from collections.abc import Iterable
from math import floor
from typing import Any, NamedTuple

from pratique.findings import Code, Finding
from pratique.formats import fhir_events
from pratique.formats.fields import Decoded, Sealed, strangers_json
from pratique.model import KINDS, HealthCertificate
from pratique.terms import Algorithm, Scheme

# ----------------------------------------------------------------------------------------------------
# Text: digits and chunks.

LONGEST = 65_536
"""Characters of a text. A code holds at most 7,089 digits; the longest card seen has three chunks, 6.6 kB."""
MOST_PARTS = 64
"""Chunks of a card. Seen: 17."""
_CHUNK = re.compile(r"shc:/([0-9]{1,4})/([0-9]{1,4})/([0-9]*)", re.ASCII | re.IGNORECASE)
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_PLAIN = bytes.maketrans(b"-_", b"+/")
_LETTERS = bytearray(256)
for _pair in range(78):
    # Two digits are a letter's number less 45; read as hexadecimal they are one octet.
    _LETTERS[int(f"{_pair:02d}", 16)] = _pair + 45


class CardPart(NamedTuple):
    """One chunk of a card: which it is of how many, and its digits."""

    number: int
    of: int
    digits: str

    def __repr__(self) -> str:
        return f"<CardPart {self.number} of {self.of}: not shown>"


class AssembledCard(str):
    """The text of a card that was put together from several codes: whether of one card, its signature tells."""

    __slots__ = ()


def part(text: str) -> CardPart | None:
    """Read a chunk (`shc:/C/N/…`), whether its numbers can be or not; None of any other text."""
    match = _CHUNK.fullmatch(text) if len(text) <= LONGEST else None
    return None if match is None else CardPart(int(match[1]), int(match[2]), match[3])


def assemble(parts: Iterable[CardPart]) -> str | Finding:
    """Put a card's chunks together, in whatever order they come.

    Returns:
        The text of the whole card (`shc:/` and digits; of several chunks, an `AssembledCard`), or PARTS_MISSING ("2 of 3 read"), or
        PARTS_CONFLICT: of different counts, out of range, or of one number and different digits.
    """
    numbered: dict[int, str] = {}
    counts: set[int] = set()
    for index, count, digits in parts:
        counts.add(count)
        if len(counts) > 1 or not 1 <= index <= count <= MOST_PARTS:
            return Finding(Code.PARTS_CONFLICT)
        if index in numbered or not digits or len(digits) % 2:
            return Finding(Code.PARTS_CONFLICT)
        numbered[index] = digits
    if not numbered:
        return Finding(Code.PARTS_MISSING)
    count = counts.pop()
    if len(numbered) < count:
        return Finding(Code.PARTS_MISSING, f"{len(numbered)} of {count} read")
    whole = "shc:/" + "".join(numbered[index] for index in range(1, count + 1))
    return whole if count == 1 else AssembledCard(whole)


def _jws(text: str) -> bytes:
    """Return the JWS that a text holds; b"" if what it holds is none."""
    if text[:5].lower() != "shc:/":
        return text.encode() if text.isascii() else b""
    digits = text[5:]
    if len(digits) % 2 or not (digits.isascii() and digits.isdigit()):
        return b""
    return bytes.fromhex(digits).translate(_LETTERS)


# ----------------------------------------------------------------------------------------------------
# JWS: head, payload, signature (RFC 7515 §3, §4.1; SHC §"Signing Health Cards").

MAX_UNPACKED = 65_536
"""Bytes of a card's content. Seen: at most 6 kB; one code can hold 2.9 MB of zeros."""
_REFUSED = ("crit", "b64", "jwk", "jku", "x5c", "x5u")
"""What a head must not say: that it is to be read otherwise, or which key it brings along."""
_SIGNATURE = 64
_LONGEST_NAME = 1024


def unwrap(text: str) -> Sealed | Finding:
    """Take a text apart down to the signed message."""
    if len(text) > LONGEST:
        return Finding(Code.TEXT_TOO_LONG)
    chunk = part(text)
    if chunk is not None:
        whole = assemble((chunk,))
        if isinstance(whole, Finding):
            return whole
        text = whole
    jws = _jws(text)
    # Two dots are left of a JWS without its alphabet's letters. What is no letter's number has become a zero.
    pieces = jws.translate(_PLAIN).split(b".") if jws.translate(None, _ALPHABET) == b".." else []
    if not pieces or not all(pieces[:2]) or any(len(piece) % 4 == 1 for piece in pieces):
        return Finding(Code.TEXT_DAMAGED)
    head, packed, signature = (a2b_base64(piece + b"=" * (-len(piece) % 4)) for piece in pieces)
    kid = _kid(head)
    if isinstance(kid, Finding):
        return kid
    if len(signature) != _SIGNATURE:
        # A shorter one may have lost its end, as a copied text does; one that is not there was taken away.
        is_cut = 0 < len(signature) < _SIGNATURE
        return Finding(Code.TEXT_DAMAGED if is_cut else Code.SIGNATURE_FORM)
    payload = _inflated(packed)
    if isinstance(payload, Finding):
        return payload
    claims = strangers_json(payload)
    if isinstance(claims, Code):
        return Finding(claims, "payload")
    issuer = claims.get("iss") if type(claims) is dict else None
    if type(issuer) is not str or not 0 < len(issuer) <= _LONGEST_NAME:
        return Finding(Code.CLAIMS_INVALID, "iss")
    return Sealed(
        Scheme.SHC,
        issuer,
        kid,
        Algorithm.ES256,
        jws[: jws.rindex(b".")],
        signature,
        _ParsedPayload(payload, claims),
        assembled=isinstance(text, AssembledCard),
    )


class _ParsedPayload(bytes):
    """A payload that was parsed for its `iss`: it is not parsed again."""

    claims: Any

    def __new__(cls, payload: bytes, claims: Any) -> _ParsedPayload:
        self = super().__new__(cls, payload)
        self.claims = claims
        return self


def _kid(head: bytes) -> bytes | Finding:
    """Return which of its issuer's keys a head names, if it says nothing that it must not."""
    header = strangers_json(head, longest=4096, most=200)
    if isinstance(header, Code):
        return Finding(header, "header")
    if type(header) is not dict:
        return Finding(Code.HEADER_REFUSED, "header")
    for name in _REFUSED:
        if name in header:
            return Finding(Code.HEADER_REFUSED, name)
    if header.get("alg") != Algorithm.ES256.value:
        return Finding(Code.HEADER_REFUSED, "alg")
    if header.get("zip") != "DEF":
        return Finding(Code.HEADER_REFUSED, "zip")
    kid = header.get("kid")
    if type(kid) is not str or not 0 < len(kid) <= _LONGEST_NAME:
        return Finding(Code.HEADER_REFUSED, "kid")
    return kid.encode()


def _inflated(packed: bytes) -> bytes | Finding:
    # Raw DEFLATE (RFC 1951) has no checksum: what does not unpack may be damage.
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        payload = inflater.decompress(packed, MAX_UNPACKED)
    except zlib.error:
        return Finding(Code.COMPRESSION_INVALID)
    if not inflater.eof:
        bomb = len(payload) >= MAX_UNPACKED
        return Finding(Code.COMPRESSION_BOMB if bomb else Code.COMPRESSION_INVALID)
    return Finding(Code.COMPRESSION_TRAILING) if inflater.unused_data else payload


# ----------------------------------------------------------------------------------------------------
# Claims (SHC §"Health Cards are encoded as Compact Serialization JSON Web Signatures").

CARD = "https://smarthealth.cards#health-card"
LAST_INSTANT = 253_402_300_799
"""9999-12-31T23:59:59Z. What lies behind it was written in milliseconds, by mistake."""
_RID = re.compile(r"[A-Za-z0-9_-]{1,24}", re.ASCII)


def decode(sealed: Sealed, countries: frozenset[str]) -> Decoded:
    """Read a payload whose signature is known to be good."""
    payload = sealed.payload
    claims: Any = payload.claims if isinstance(payload, _ParsedPayload) else strangers_json(payload)
    if type(claims) is not dict:
        return _refused(claims if isinstance(claims, Code) else Code.CLAIMS_INVALID, "payload")
    findings: list[Finding] = []
    begins, ends = _instant(claims, "nbf", findings), _instant(claims, "exp", findings)
    credential = claims.get("vc")
    types = credential.get("type") if type(credential) is dict else None
    if type(credential) is not dict or type(types) is not list or CARD not in types:
        return _refused(Code.CLAIMS_INVALID, "vc.type", findings)
    subject = credential.get("credentialSubject")
    bundle = subject.get("fhirBundle") if type(subject) is dict else None
    if type(subject) is not dict or type(bundle) is not dict:
        return _refused(Code.CLAIMS_INVALID, "vc.credentialSubject.fhirBundle", findings)
    identifier = credential.get("rid")
    if identifier is not None and not (type(identifier) is str and _RID.fullmatch(identifier)):
        # What it could be revoked by cannot be looked up.
        findings.append(Finding(Code.REVOCATION_UNCONFIRMED, "rid"))
        identifier = None
    events = fhir_events.read(bundle, countries, findings)
    if events is None:
        return Decoded(None, tuple(dict.fromkeys(findings)))
    version = subject.get("fhirVersion")
    certificate = HealthCertificate(
        domain=Scheme.SHC.value,
        version=version if type(version) is str else "",
        kind=KINDS[type(events.entries[0])],
        person=events.person,
        entries=events.entries,
        # A card names no country, and its `iss` is an address: whoever pinned the key says whose it is.
        issuer=None,
        issued_at=begins,
        expires_at=ends,
        payload=claims,
        revocation_id=identifier,
    )
    # A card may hold many of what is not mapped: each is said once.
    return Decoded(certificate, tuple(dict.fromkeys(findings)))


def _refused(code: Code, where: str, findings: Iterable[Finding] = ()) -> Decoded:
    return Decoded(None, (*findings, Finding(code, where)))


def _instant(claims: dict[str, Any], name: str, findings: list[Finding]) -> int | None:
    # A fraction is allowed. The second that it lies in decides: no whole number lies between the two.
    value = claims.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= LAST_INSTANT:
        findings.append(Finding(Code.INSTANT_UNREADABLE, name))
        return None
    whole: int = floor(value)
    return whole
