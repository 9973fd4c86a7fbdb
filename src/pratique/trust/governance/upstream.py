"""The checks that the network's authority runs on each certificate, by its own names.

    Features, role, participant -> failed -> Finding, ...

1. A year has 365 days where it is a least, and 366 where it is a most. Seen: of 1,461 and 1,462 days
   for "four years" neither fails; 360 fail "one year".
2. Where the extensions cannot be read, what depends on them is not asked.
3. A C is compared as it stands: "de" is not DE.
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.crypto.features import (
    DSA,
    EC,
    RSA,
    SIGNS,
    SIGNS_CERTIFICATES,
    SIGNS_CRLS,
    Features,
)
from pratique.trust import countries
from pratique.trust.governance.dossier import DECA, DESC, DSC, SCA, TLS, UP
from pratique.trust.governance.report import Finding, finding

DAY = 24 * 3600
LEFT = 30 * DAY
YEARS = {SCA: (2, 4), DECA: (2, 4), DESC: (2, 4), UP: (1, 2), TLS: (1, 2)}
"""Least and most years of life."""
BITS = {EC: 250, RSA: 3000, DSA: 3000}
DSC_RSA_BITS = 2048
"""A document signer's RSA key may be smaller: its signature stands in every code."""
ALGORITHMS = {
    "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3",  # ECDSA with SHA-256, SHA-384
    "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.11",  # RSASSA-PSS, RSA with SHA-256
    "2.16.840.1.101.3.4.3.2",  # DSA with SHA-256
}  # fmt: skip
CLIENT = "1.3.6.1.5.5.7.3.2"


def failed(certificate: Features, role: str, participant: str, at: int) -> Iterator[Finding]:
    """Find what the authority would find in one certificate."""
    yield from _dates(certificate, role, at)
    least = DSC_RSA_BITS if (role, certificate.key_kind) == (DSC, RSA) else None
    least = least or BITS.get(certificate.key_kind, BITS[EC])
    if not certificate.key_kind or certificate.key_bits < least:
        yield finding("key_length", bits=certificate.key_bits, limit=least)
    if certificate.signature_algorithm not in ALGORITHMS:
        yield finding("sig_alg")
    yield from _country(certificate, participant)
    if not certificate.strict:
        yield finding("ext_parse")
        return
    yield from _usage(certificate, role)
    if role == SCA and not (certificate.is_ca and certificate.path_length in {None, 0}):
        yield finding("basic_constraints")


def _dates(certificate: Features, role: str, at: int) -> Iterator[Finding]:
    record = certificate.record
    left, life = record.not_after - at, record.not_after - record.not_before
    if left < LEFT:
        days = abs(left) // DAY
        told = f"it has {days} days left" if left >= 0 else f"it ended {days} days ago"
        yield finding("validity_30d_now", told=told)
    if role in YEARS:
        least, most = YEARS[role][0] * 365, YEARS[role][1] * 366
        if life < least * DAY:
            yield finding("validity_min", days=max(life // DAY, 0), limit=least)
        if life > most * DAY:
            yield finding("validity_max", days=life // DAY, limit=most)


def _country(certificate: Features, participant: str) -> Iterator[Finding]:
    wanted = countries.subject(participant)
    if wanted is not None and certificate.countries != (wanted,):
        found = certificate.countries
        # What else stands there is a stranger's text, and is not repeated.
        told = found[0] if len(found) == 1 and _is_code(found[0]) else f"{len(found)} times there"
        yield finding("country_flag", found=told, participant=participant, wanted=wanted)


def _is_code(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha()


def _usage(certificate: Features, role: str) -> Iterator[Finding]:
    usages = certificate.usages or frozenset()
    if role in {TLS, UP} and (SIGNS not in usages or SIGNS_CRLS in usages):
        yield finding("key_usage", wanted="digitalSignature, without cRLSign")
    if role == DSC and SIGNS not in usages:
        yield finding("key_usage", wanted="digitalSignature")
    if role == SCA and SIGNS_CERTIFICATES not in usages:
        yield finding("key_usage", wanted="keyCertSign")
    if role == TLS and CLIENT not in certificate.purposes:
        yield finding("eku_client")
