"""HCERT, the `HC1:` text in the QR code (eHealth Network, Electronic Health Certificate Spec. 1).

    HC1: text -> Base45 -> zlib -> COSE_Sign1 -> Envelope     (unwrap)
    payload -> CWT claims -> -260 -> claim 1 | 3 | 4 | -6 | 5 -> HealthCertificate     (decode)
    payload -> COSE_Sign1 -> zlib -> Base45 -> HC1: text                                 (encode)

1. `decode` is for payloads whose signature was checked; nothing in `unwrap` looks into them.
2. Every refusal is a `Finding`; no text raises.
3. The payload is CWT (RFC 8392 §3) with the health certificate claim -260. A claim that is not known is
   named, not crashed on; a link (claim 5, Verifiable Health Link) is recognised and never followed.
4. Keys written as text and instants in milliseconds are met in real codes: read, and noted.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from typing import Any

from pratique.crypto import cose
from pratique.crypto.cbor import loads
from pratique.crypto.cose import Envelope
from pratique.findings import Code, Finding
from pratique.formats import base45, dcc, ddcc, icvp
from pratique.formats.fields import CwtClaims, Decoded, is_map
from pratique.model import HealthCertificate
from pratique.terms import Algorithm

PREFIX = "HC1:"

MAX_TEXT = 4296
"""Characters; a version 40 QR code holds no more in alphanumeric mode (ISO/IEC 18004 §7)."""

MAX_UNPACKED = 16384
"""Bytes; real certificates unpack to at most 870. One code can hold 2.9 MB of zeros."""


def unwrap(text: str) -> Envelope | Finding:
    """Take a text that starts with `PREFIX` apart down to the signed message."""
    if len(text) > MAX_TEXT:
        return Finding(Code.TEXT_TOO_LONG)
    packed = base45.decode(text[4:])
    if packed is None:
        return Finding(Code.BASE45_INVALID)
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, MAX_UNPACKED)
    except zlib.error:
        return Finding(Code.COMPRESSION_INVALID)
    if not inflater.eof:
        bomb = len(data) >= MAX_UNPACKED
        return Finding(Code.COMPRESSION_BOMB if bomb else Code.COMPRESSION_INVALID)
    if inflater.unused_data:
        return Finding(Code.COMPRESSION_TRAILING)
    message = cose.sign1(data)
    return Finding(message) if isinstance(message, Code) else message


ISSUER, EXPIRES, NOT_BEFORE, ISSUED, IDENTIFIER, HCERT = 1, 4, 5, 6, 7, -260
_KNOWN = {ISSUER, EXPIRES, NOT_BEFORE, ISSUED, IDENTIFIER, HCERT}
_NAMES = {"iss", "sub", "aud", "exp", "nbf", "iat", "cti", "jti", "vc"}
"""Names of claims by which JSON Web Tokens write them: met as keys, and never read as such."""
DCC, DDCC_VS, DDCC_TR, VHL, ICVP, EXEMPTION = 1, 3, 4, 5, -6, -7

MILLISECONDS_FROM = 100_000_000_000
"""An instant from here on is milliseconds: as seconds it would lie in the year 5138."""

_NUMBER = re.compile(r"-?[1-9][0-9]{0,5}", re.ASCII)

_READERS = {
    DCC: dcc.either,
    DDCC_VS: ddcc.vaccination,
    DDCC_TR: ddcc.test,
    ICVP: icvp.lenient,
    EXEMPTION: dcc.lenient,
}


def decode(payload: bytes) -> Decoded:
    """Read the claims of a payload whose signature is known to be good."""
    claims = loads(payload)
    if type(claims) is not dict:
        code = claims if type(claims) is Code else Code.CLAIMS_INVALID
        return Decoded(None, (Finding(code, "payload"),))
    plain = _plain(claims)
    if plain is None:
        return _lenient(claims)
    certificate = dcc.read(*plain)
    if certificate is not None:
        return tuple.__new__(Decoded, (certificate, ()))
    findings: list[Finding] = []
    certificate = dcc.lenient(plain[0], CwtClaims(*plain[1:]), findings)
    return Decoded(certificate, tuple(findings))


def _plain(claims: dict[Any, Any]) -> tuple[dict[Any, Any], str, int, int] | None:
    # The claims as nearly all certificates have them, proved clean at once: content, iss, iat, exp.
    # `_lenient` is the reference.
    try:
        issuer, issued_at, expires_at = claims[ISSUER], claims[ISSUED], claims[EXPIRES]
        content = claims[HCERT]
        fields = content[DCC]
    except (KeyError, TypeError, IndexError):
        return None
    if (
        len(claims) == 4
        and type(fields) is type(content) is dict
        and len(content) == 1
        and type(issuer) is str
        and type(issued_at) is type(expires_at) is int
        and issued_at < MILLISECONDS_FROM > expires_at
    ):
        return fields, issuer, issued_at, expires_at
    return None


def _lenient(claims: Mapping[Any, Any]) -> Decoded:
    findings: list[Finding] = []
    numbered = _numbered(claims)
    if numbered is not claims:
        findings.append(Finding(Code.CLAIM_KEY_TEXT))
    if len(numbered) < len(claims):
        findings.append(Finding(Code.CBOR_DUPLICATE_KEY, "payload"))
        return Decoded(None, tuple(findings))
    claims = numbered
    head = _head(claims, findings)
    # By its name it is not CWT's claim, but it only takes away: whoever signed it meant it.
    begins = claims.get(NOT_BEFORE, claims.get("nbf"))
    not_before = instant(begins, "nbf", findings)
    content = claims.get(HCERT)
    # First-generation WHO codes carry the DDCC fields directly as claims, by their names.
    flat = content is None and ddcc.is_flat(claims)
    findings.extend(
        Finding(Code.CLAIM_IGNORED, str(claim) if claim in _NAMES else _shown(claim))
        for claim in claims
        if claim in _NAMES or (type(claim) is int and claim not in _KNOWN)
    )
    if flat:
        certificate = ddcc.flat(claims, head, findings)
        return Decoded(_dated(certificate, not_before), tuple(findings))
    if not is_map(content) or not content:
        findings.append(Finding(Code.CLAIMS_INVALID, "-260"))
        return Decoded(None, tuple(findings))
    numbered = _numbered(content)
    if len(numbered) < len(content):
        findings.append(Finding(Code.CBOR_DUPLICATE_KEY, "-260"))
        return Decoded(None, tuple(findings))
    certificate = _dated(_content(numbered, head, findings), not_before)
    return Decoded(_identified(certificate, claims.get(IDENTIFIER)), tuple(findings))


def _dated(
    certificate: HealthCertificate | None, not_before: int | None
) -> HealthCertificate | None:
    if certificate is None or not_before is None:
        return certificate
    return certificate._replace(not_before=not_before)


def _identified(
    certificate: HealthCertificate | None, identifier: object
) -> HealthCertificate | None:
    # An ICVP has no field for an identifier of its own: it travels as the CWT's (RFC 8392 §3.1.7).
    if certificate is None or type(identifier) is not bytes:
        return certificate
    text = identifier.decode("utf-8", "backslashreplace")
    entries = tuple(
        entry if entry.identifier is not None else entry._replace(identifier=text)
        for entry in certificate.entries
    )
    return certificate._replace(entries=entries)


def _content(
    content: Mapping[Any, Any], head: CwtClaims, findings: list[Finding]
) -> HealthCertificate | None:
    known = [claim for claim in content if claim in _READERS]
    for claim in content:
        if claim == VHL:
            findings.append(Finding(Code.LINK_NOT_FOLLOWED, "-260.5"))
        elif claim not in _READERS:
            findings.append(Finding(Code.CLAIM_UNKNOWN, f"-260.{_shown(claim)}"))
    if len(known) > 1:
        findings.append(Finding(Code.GROUPS_SEVERAL, "-260"))
        return None
    if not known:
        return None
    fields = content[known[0]]
    if not is_map(fields):
        findings.append(Finding(Code.FIELD_TYPE, f"-260.{known[0]}"))
        return None
    return _READERS[known[0]](fields, head, findings)


def _head(claims: Mapping[Any, Any], findings: list[Finding]) -> CwtClaims:
    issuer = claims.get(ISSUER)
    if issuer is not None and type(issuer) is not str:
        findings.append(Finding(Code.SCHEMA_DEVIATION, "iss"))
        issuer = None
    return CwtClaims(
        issuer,
        instant(claims.get(ISSUED), "iat", findings),
        instant(claims.get(EXPIRES), "exp", findings),
    )


def instant(value: object, where: str, findings: list[Finding]) -> int | None:
    """Read a NumericDate (RFC 8392 §2) in seconds since the epoch, adding to `findings` what is odd; None if it is none."""
    if value is None:
        return None
    if type(value) is float and math.isfinite(value):
        # RFC 8392 §2 allows a fraction; the second it lies in decides.
        findings.append(Finding(Code.INSTANT_FRACTION, where))
        value = math.floor(value)
    if type(value) is not int:
        findings.append(Finding(Code.INSTANT_UNREADABLE, where))
        return None
    if value >= MILLISECONDS_FROM:
        findings.append(Finding(Code.INSTANT_MILLISECONDS, where))
        value //= 1000
        if value >= MILLISECONDS_FROM:
            findings.append(Finding(Code.INSTANT_UNREADABLE, where))
            return None
    return value


def _numbered(group: Mapping[Any, Any]) -> Mapping[Any, Any]:
    # A number has one spelling as text ("1", not "01"), or two readers could see two contents: so
    # could they where "1" and 1 are both there, which makes the result smaller than the group.
    if not any(type(key) is str and _NUMBER.fullmatch(key) for key in group):
        return group
    return {
        int(key) if type(key) is str and _NUMBER.fullmatch(key) else key: value
        for key, value in group.items()
    }


def _shown(claim: object) -> str:
    # A claim's key comes from outside: only a short number is repeated.
    return str(claim) if type(claim) is int and abs(claim) < 10_000 else "?"


def to_sign(payload: bytes, *, kid: bytes, algorithm: Algorithm) -> bytes:
    """Return the bytes that are to be signed for a payload."""
    return cose.message_of(cose.protected(algorithm, kid), payload)


def encode(payload: bytes, signature: bytes, *, kid: bytes, algorithm: Algorithm) -> str:
    """Return the text of a signed payload; `signature` is in COSE's fixed-length form."""
    message = cose.encode_sign1(cose.protected(algorithm, kid), payload, signature)
    # The window stays that of every zlib (first byte 0x78): readers look for it. A small `memLevel`
    # packs as well at this size, and is set up in a sixth of the time.
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 4)
    return PREFIX + base45.encode(packer.compress(message) + packer.flush())
