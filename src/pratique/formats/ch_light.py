"""Swiss certificate light, the `LT1:` text (admin-ch, CovidCertificate; for Switzerland alone, 2021-22).

    LT1: text -> Base45 -> zlib -> COSE_Sign1 -> `iss`, kid -> Sealed    (unwrap, as HCERT's)
    Sealed -> CWT claims -> -250 -> claim 1 -> HealthCertificate of one Pass    (decode)

1. Its keys are of its own store (`use` "l" in Switzerland's list): none of them vouches for an HC1 text, and no
   key for HC1 texts vouches here.
2. It is made from a certificate of the holder's, for a day or two, so that a door learns name and birth date and
   nothing else. It states no event.

Apart because a format is a module of its own, with a row in `formats.SCHEMES`, and is loaded by its texts alone.
"""

from __future__ import annotations

from pratique.crypto.cbor import loads
from pratique.findings import Code, Finding
from pratique.formats import dcc, hcert
from pratique.formats.fields import Decoded, FieldReader, Sealed, is_map
from pratique.model import HealthCertificate, Pass
from pratique.terms import COSE_ALGORITHMS, Kind, Scheme

COUNTRY = "CH"
_CONTENT, _LIGHT = -250, 1
_LONGEST_NAME = 80
_LONGEST_LIFE = 48 * 3600
"""Seconds for which one is made, at most."""


def unwrap(text: str) -> Sealed | Finding:
    """Take a text apart down to the signed message."""
    # Its prefix is as long as HCERT's; what follows is written the same.
    message = hcert.unwrap(text)
    if isinstance(message, Finding):
        return message
    if message.kid is None:
        return Finding(Code.HEADER_REFUSED, "kid")
    claims = loads(message.payload)
    if isinstance(claims, Code):
        return Finding(claims, "payload")
    issuer = claims.get(hcert.ISSUER) if isinstance(claims, dict) else None
    if type(issuer) is not str or not 0 < len(issuer) <= _LONGEST_NAME:
        return Finding(Code.HEADER_REFUSED, "iss")
    return Sealed(
        Scheme.CH_LIGHT,
        issuer,
        message.kid,
        COSE_ALGORITHMS.get(message.algorithm or 0),
        message.message,
        message.signature,
        message.payload,
        notes=() if message.kid_protected else (Finding(Code.KID_UNPROTECTED, "kid"),),
    )


def decode(sealed: Sealed, _countries: frozenset[str]) -> Decoded:
    """Read a payload whose signature is known to be good."""
    claims = loads(sealed.payload)
    assert isinstance(claims, dict), "unwrap has read it"
    findings: list[Finding] = []
    issued_at, expires_at, not_before = (
        hcert.instant(claims.get(claim), name, findings)
        for claim, name in ((hcert.ISSUED, "iat"), (hcert.EXPIRES, "exp"), (hcert.NOT_BEFORE, "nbf"))
    )  # fmt: skip
    if issued_at is not None and expires_at is not None and expires_at - issued_at > _LONGEST_LIFE:
        findings.append(Finding(Code.SCHEMA_DEVIATION, "exp"))
    content = claims.get(_CONTENT)
    light = content.get(_LIGHT) if is_map(content) else None
    if not is_map(light):
        return Decoded(None, (*findings, Finding(Code.CLAIMS_INVALID, str(_CONTENT))))
    fields = FieldReader(light, "", findings)
    version = fields.text("ver", required=True)
    holder = dcc.person(fields, modern=True, longest=_LONGEST_NAME)
    if version is None or holder is None:
        return Decoded(None, tuple(findings))
    if not version.startswith("1."):
        fields.note(Code.VERSION_UNKNOWN, "ver")
    entry = Pass(None, None, COUNTRY, sealed.issuer, None)
    certificate = HealthCertificate(
        Scheme.CH_LIGHT.value, version, Kind.PASS, holder, (entry,), COUNTRY, issued_at, expires_at, light, not_before,
    )  # fmt: skip
    return Decoded(certificate, (*findings, Finding(Code.STATES_NO_EVENT)))
