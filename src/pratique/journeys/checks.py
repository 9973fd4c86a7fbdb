"""Judge an authentic certificate: the named steps after the signature.

    certificate, signer, environment, at -> claims' dates -> key's dates -> usage -> country
        -> environment -> findings

1. Each check stands alone and says all it finds; none relies on another having passed.
2. `nothing_bars` and `in_force` prove at once that checks would find nothing; tests hold them to
   what the checks say.
3. The signer's record decides; nothing that the certificate says can widen it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pratique.findings import Code
from pratique.model import HealthCertificate
from pratique.terms import Environment
from pratique.trust import countries
from pratique.trust.signer import Signer
from pratique.verdict import Finding

Check = Callable[[HealthCertificate, Signer, Environment, int], Iterator[Finding]]


def nothing_bars(certificate: HealthCertificate, signer: Signer, environment: Environment) -> bool:
    """Tell whether no check but those of dates would find anything; may say no where it would."""
    entries, countries = certificate.entries, signer.countries
    return (
        certificate.kind in signer.usages
        and certificate.issuer in countries
        and entries[0].country in countries
        and len(entries) == 1
        and signer.environment is environment
        and not signer.reason
    )


def in_force(certificate: HealthCertificate, signer: Signer, at: int) -> bool:
    """Tell whether no check of dates would find anything; exact."""
    issued_at, expires_at = certificate.issued_at, certificate.expires_at
    return (
        issued_at is not None
        and expires_at is not None
        and signer.not_before <= issued_at <= at <= expires_at <= signer.not_after
        and (signer.sca_not_after is None or at <= signer.sca_not_after)
    )


def judge(
    certificate: HealthCertificate, signer: Signer, environment: Environment, at: int
) -> list[Finding]:
    """Make every check; `at` is seconds since the epoch."""
    checks = DATE_CHECKS if nothing_bars(certificate, signer, environment) else CHECKS
    return [finding for check in checks for finding in check(certificate, signer, environment, at)]


def check_validity(
    certificate: HealthCertificate, _signer: Signer, _environment: Environment, at: int
) -> Iterator[Finding]:
    """Is the certificate in force? `exp` is inclusive (RFC 8392 §3.1.4 read with RFC 7519 §4.1.4)."""
    issued_at, expires_at = certificate.issued_at, certificate.expires_at
    if issued_at is None:
        yield Finding(Code.ISSUED_MISSING, "iat")
    elif issued_at > at:
        yield Finding(Code.NOT_YET_VALID, "iat")
    if expires_at is None:
        yield Finding(Code.EXPIRY_MISSING, "exp")
    elif at > expires_at:
        yield Finding(Code.EXPIRED, "exp")
    if issued_at is not None and expires_at is not None and expires_at < issued_at:
        yield Finding(Code.EXPIRES_BEFORE_ISSUE, "exp")


def check_key_validity(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, at: int
) -> Iterator[Finding]:
    """Did the key live when it signed, does it outlive what it signed (HCERT §3.3.5, §3.3.6)?"""
    issued_at, expires_at = certificate.issued_at, certificate.expires_at
    if at < signer.not_before:
        yield Finding(Code.SIGNER_NOT_YET)
    if at > signer.not_after:
        yield Finding(Code.SIGNER_EXPIRED)
    if issued_at is not None and issued_at < signer.not_before:
        yield Finding(Code.ISSUED_BEFORE_SIGNER, "iat")
    if expires_at is not None and expires_at > signer.not_after:
        yield Finding(Code.EXPIRES_AFTER_SIGNER, "exp")
    if signer.sca_not_after is not None and at > signer.sca_not_after:
        yield Finding(Code.SCA_DEAD)


def check_usage(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, _at: int
) -> Iterator[Finding]:
    """May this key sign this kind? What could not be read about a key never widens it."""
    if signer.reason:
        yield Finding(Code.SIGNER_UNREADABLE)
    elif certificate.kind not in signer.usages:
        yield Finding(Code.USAGE_WRONG)


def check_country(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, _at: int
) -> Iterator[Finding]:
    """Does the key belong to the country that the certificate names as its issuer?

    Forged codes of 2021 were signed by one state's key and named other states. The country of the
    event may differ lawfully (a dose given abroad), so alone it is a note; where the issuer claim
    says no country, it is what the key is bound to.
    """
    if not signer.countries:
        yield Finding(Code.SIGNER_WITHOUT_COUNTRY)
        return
    issuer = countries.code(certificate.issuer) if certificate.issuer else None
    events = {_country(entry.country) for entry in certificate.entries if entry.country}
    abroad = not events <= signer.countries
    if issuer is not None:
        if issuer not in signer.countries:
            yield Finding(Code.COUNTRY_WRONG, "iss")
        elif abroad:
            yield Finding(Code.EVENT_ABROAD, "co")
        return
    if certificate.issuer:
        yield Finding(Code.ISSUER_UNMAPPED, "iss")
    if abroad:
        yield Finding(Code.COUNTRY_WRONG, "co")
    if not events:
        # A key that may name no country could name any: what cannot be compared is not passed.
        yield Finding(Code.COUNTRY_MISSING, "co")


def check_environment(
    _certificate: HealthCertificate, signer: Signer, environment: Environment, _at: int
) -> Iterator[Finding]:
    """A key of the test environment never vouches where production is asked, nor the reverse."""
    if signer.environment is not environment:
        yield Finding(Code.ENVIRONMENT_WRONG)


def _country(text: str) -> str:
    return countries.code(text) or text


DATE_CHECKS: tuple[Check, ...] = (check_validity, check_key_validity)
CHECKS: tuple[Check, ...] = (
    *DATE_CHECKS,
    check_usage,
    check_country,
    check_environment,
)
