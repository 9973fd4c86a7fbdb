"""Lists of kid and certificate, as national back ends and test suites write them.

    [{kid, certificate}] | {"certificates": [{kid, country, rawData, certificateType}]}
    | {kid: certificate} | {"TESTCTX": {"CERTIFICATE": …}} -> Reading

1. One entry that cannot be read costs that entry, never the list.
2. An entry without a certificate is a tombstone (the gateway's deltas have them): it is skipped.
3. Keys for TLS and for uploading sign nothing that a traveller carries: they are skipped.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from pratique.crypto import x509
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.trust.certificates import Listed, Reading
from pratique.trust.json_text import octets

MAX_KID = 64
_SIGNERS, _AUTHORITIES = {"DSC", ""}, {"CSCA", "SCA"}


class _Entry(NamedTuple):
    kid: bytes | None
    certificate: bytes
    country: str
    purpose: str


def read(document: object) -> Reading:
    """Read a parsed list; DocumentRefused `kid-list-unreadable` if it is none of these forms."""
    rows = _rows(document)
    entries = [entry for row in rows if (entry := _entry(row)) is not None]
    listed: list[Listed] = []
    authorities: list[X509Record] = []
    for entry in entries:
        if entry.purpose in _SIGNERS:
            record = x509.read(entry.certificate)
            listed.append(Listed(record, kid=entry.kid, participant=entry.country))
        elif entry.purpose in _AUTHORITIES:
            authorities.append(x509.read(entry.certificate))
    skipped = len(rows) - len(listed) - len(authorities)
    return Reading("kid list", tuple(listed), tuple(authorities), skipped=skipped)


def is_one(document: object) -> bool:
    """Say whether a parsed document has one of the forms read here."""
    if isinstance(document, list):
        return all(isinstance(row, dict) for row in document)
    if not isinstance(document, dict):
        return False
    named = isinstance(document.get("certificates"), list) or "TESTCTX" in document
    return named or (bool(document) and all(octets(text) for text in document.values()))


def _rows(document: object) -> list[object]:
    if not is_one(document):
        raise DocumentRefused(
            "kid-list-unreadable",
            "it is not a list of kid and certificate",
            'each entry needs "kid" and "certificate" (or "rawData"), both in base64',
        )
    if isinstance(document, list):
        return document
    found = cast("dict[str, Any]", document)
    if "TESTCTX" in found:
        context = found["TESTCTX"]
        text = context.get("CERTIFICATE") if isinstance(context, dict) else None
        return [{"certificate": text}]
    if "certificates" in found:
        return list(found["certificates"])
    return [{"kid": kid, "certificate": text} for kid, text in found.items()]


def _entry(row: object) -> _Entry | None:
    if not isinstance(row, dict):
        return None
    certificate = octets(row.get("certificate") or row.get("rawData"))
    if not certificate:
        return None
    kid = octets(row.get("kid"))
    country, purpose = row.get("country"), row.get("certificateType")
    return _Entry(
        kid if kid and len(kid) <= MAX_KID else None,
        certificate,
        country.strip().upper() if isinstance(country, str) else "",
        purpose.strip().upper() if isinstance(purpose, str) else "",
    )
