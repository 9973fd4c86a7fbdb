"""Check a participant's key material before it is sent, or after it has come in.

    {name: bytes}, participant, environment -> dossier -> upstream, weak, together -> Report

1. No bytes raise: whatever is wrong with a file is a finding in its row.
2. The instant, and what is known of other keys and of the network's participants, are the caller's.
3. A finding holds numbers and codes, and nothing else of a certificate's text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from math import gcd, isqrt, prod
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.crypto import chain, x509
from pratique.crypto.x509 import X509Record
from pratique.crypto.x509_details import (
    DSA,
    EC,
    RSA,
    SIGNS,
    SIGNS_CERTIFICATES,
    SIGNS_CRLS,
    Features,
)
from pratique.errors import DocumentRefused, UsageError
from pratique.onboarding import dossier
from pratique.onboarding.dossier import DECA, DESC, DSC, SCA, TLS, TLS_CA, UP, DossierFile
from pratique.onboarding.report import DossierFinding, FileReport, KnownKey, Report, finding
from pratique.strict_json import array, text
from pratique.terms import Environment, Scheme
from pratique.trust import countries
from pratique.trust.certificates import chain_in_network
from pratique.trust.signer import SCA_WRONG

# ----------------------------------------------------------------------------------------------------
# What can be seen only of several certificates together: chains, and keys that serve twice.
#
#     Paper, ... -> chains | keys -> (name of a file, Finding), ...
#
# 1. A signature makes an issuer, not a name; nothing outlives its issuer (shell model).
# 2. What stands above a document signer is judged as the network's verifiers judge it once it is published.
# 3. The same certificate in several domains of a participant is one certificate, and no key twice.


DAY = 24 * 3600
LEEWAY = 300
"""Seconds by which clocks differ, as at a check."""
Place = tuple[str, DossierFinding]


_UNFIT = {
    SCA_WRONG: "has not signed it",
    "sca-signature-unread": "has signed it in a way that proves nothing",
    "sca-critical": "has a critical extension that no verifier here knows",
    "sca-not-certifying": "may not sign certificates, by its key usage",
    "sca-foreign": "names another country in its C than the participant's",
    "sca-path": "may not stand below its own, by a path length there",
}


def chains_of(
    papers: Iterable[DossierFile], *, at: int, within: frozenset[str] = frozenset()
) -> Iterator[Place]:
    """Find TLS certificates that do not chain to TLS/CA.pem, and document signers that do not to SCA.

    Args:
        papers: the dossier's.
        at: when; seconds since the epoch.
        within: countries that the participant's signing CAs may name; empty where nobody knows.
    """
    papers = [paper for paper in papers if paper.readable]
    for leaf in papers:
        above = {TLS: TLS_CA, DSC: SCA}.get(leaf.role)
        found = [p for p in papers if p.role == above and p.domain == leaf.domain]
        if above is None or not (found or leaf.role == DSC):
            continue
        candidates = [certificate for paper in found for certificate in paper.certificates]
        issuer = _issuer(leaf.first, candidates)
        if leaf.role == DSC:
            records = [one.record for one in candidates]
            doubt = above_signer(leaf.first.record, records, at=at, within=within)
            yield from [] if doubt is None else [(leaf.name, doubt)]
        elif issuer is None or not _comes_to_a_root(leaf.first, candidates):
            yield leaf.name, finding("tls_chain")
            continue
        if issuer is not None and leaf.first.record.not_after > issuer.record.not_after:
            late = leaf.first.record.not_after - issuer.record.not_after
            yield leaf.name, finding("outlives_issuer", days=-(-late // DAY))


def above_signer(
    record: X509Record,
    authorities: Iterable[X509Record],
    *,
    at: int,
    within: frozenset[str] = frozenset(),
) -> DossierFinding | None:
    """Find what verifiers of a network would have against what stands above a signer; None if nothing.

    Args:
        record: the signer's certificate.
        authorities: its participant's signing CAs.
        at: when; seconds since the epoch.
        within: as for `chains`.
    """
    above = tuple(authorities)
    named = within or frozenset(country for ca in above for country in ca.countries)
    found = chain_in_network(record, above, within=named)
    if found.fault == "self-signed":
        return finding("dsc_self_signed")
    if found.fault:
        why = _UNFIT.get(found.fault)
        return finding("sca_unfit", why=why) if why else finding("dsc_chain")
    if found.begin is not None and found.begin > at + LEEWAY:
        return finding("sca_not_yet", days=-(-(found.begin - at) // DAY))
    return None


def keys(
    papers: Iterable[DossierFile], own: KnownKey, known: Iterable[KnownKey]
) -> Iterator[Place]:
    """Find keys that serve elsewhere too.

    Args:
        papers: the dossier's.
        own: whose dossier it is, and of which environment; its other members are not looked at.
        known: keys seen before, of whomever.
    """
    found = seen(papers, own)
    elsewhere: dict[str, list[KnownKey]] = {}
    for key in {*known, *(key for _, key in found)}:
        elsewhere.setdefault(key.key, []).append(key)
    for name, key in found:
        codes = {_conflict(key, other) for other in sorted(elsewhere[key.key])}
        for code in sorted(codes, key=lambda one: one.code if one else ""):
            if code is not None:
                yield name, code


def seen(papers: Iterable[DossierFile], own: KnownKey) -> list[tuple[str, KnownKey]]:
    """Name the keys of a dossier, each with the file that it is in."""
    return [
        (paper.name, own._replace(
            key=paper.first.key_digest, role=paper.role, certificate=paper.first.record.thumbprint
        ))
        for paper in papers
        # An issuer of TLS certificates may be anybody's: its key is no key of the participant.
        if paper.readable and paper.role != TLS_CA
    ]  # fmt: skip


def _conflict(key: KnownKey, other: KnownKey) -> DossierFinding | None:
    if other.participant != key.participant:
        return finding("key_other_participant", other=other.participant)
    if other.environment != key.environment:
        return finding("key_other_environment", other=other.environment)
    if other.role != key.role:
        return finding("key_two_roles", other=other.role)
    return finding("key_again") if other.certificate != key.certificate else None


def _issuer(leaf: Features, candidates: list[Features]) -> Features | None:
    """Return who issued it; a self-signed certificate that is a candidate itself has done so."""
    for one in candidates:
        if one.record.thumbprint == leaf.record.thumbprint:
            if one.self_signed:
                return one
        elif x509.may_have_issued(one.record, leaf.record) and chain.issued_by(
            leaf.record, one.record
        ):
            return one
    return None


def _comes_to_a_root(leaf: Features, candidates: list[Features]) -> bool:
    here: Features | None = leaf
    for _ in range(len(candidates) + 1):
        here = _issuer(here, candidates) if here is not None else None
        if here is None or here.self_signed:
            break
    return here is not None and here.self_signed


# ----------------------------------------------------------------------------------------------------
# The checks that the network's authority runs on each certificate, by its own names.
#
#     Features, role, participant -> failed -> Finding, ...
#
# 1. A year has 365 days where it is a least, and 366 where it is a most. Seen: of 1,461 and 1,462 days
#    for "four years" neither fails; 360 fail "one year".
# 2. Where the extensions cannot be read, what depends on them is not asked.
# 3. A C is compared as it stands: "de" is not DE.


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


def upstream_failed(
    certificate: Features, role: str, participant: str, at: int
) -> Iterator[DossierFinding]:
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


def _dates(certificate: Features, role: str, at: int) -> Iterator[DossierFinding]:
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


def _country(certificate: Features, participant: str) -> Iterator[DossierFinding]:
    wanted = countries.subject(participant)
    if wanted is not None and certificate.countries != (wanted,):
        found = certificate.countries
        # What else stands there is a stranger's text, and is not repeated.
        told = found[0] if len(found) == 1 and _is_code(found[0]) else f"{len(found)} times there"
        yield finding("country_flag", found=told, participant=participant, wanted=wanted)


def _is_code(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha()


def _usage(certificate: Features, role: str) -> Iterator[DossierFinding]:
    usages = certificate.usages or frozenset()
    if role in {TLS, UP} and (SIGNS not in usages or SIGNS_CRLS in usages):
        yield finding("key_usage", wanted="digitalSignature, without cRLSign")
    if role == DSC and SIGNS not in usages:
        yield finding("key_usage", wanted="digitalSignature")
    if role == SCA and SIGNS_CERTIFICATES not in usages:
        yield finding("key_usage", wanted="keyCertSign")
    if role == TLS and CLIENT not in certificate.purposes:
        yield finding("eku_client")


# ----------------------------------------------------------------------------------------------------
# Keys that are known to be weak, found by arithmetic alone.
#
#     Features -> failed -> Finding, ...
#
# 1. Each check is quick for any key of the size that is looked at; a larger one is not looked at.
# 2. Not looked for: the keys of Debian's broken generator of 2008. Their list has many megabytes, and all
#    of those of 1024 and 2048 bits are too small here anyway.


MOST_BITS = 16_384
EXPONENT = 65_537
TINY = 2_000
"""Prime factors below this are looked for."""
FERMAT_STEPS = 64
_ROCA_PRIMES = 167
"""The fingerprint looks at the primes from 3 to this one."""


def weak_failed(certificate: Features) -> Iterator[DossierFinding]:
    """Find weaknesses of a certificate's key."""
    if certificate.explicit_curve:
        yield finding("ec_parameters")
    if certificate.key_kind != RSA:
        return
    if certificate.exponent < EXPONENT or certificate.exponent % 2 == 0:
        yield finding("rsa_exponent")
    if certificate.key_bits > MOST_BITS or _falls_apart(certificate.modulus):
        yield finding("rsa_modulus")
    elif is_roca(certificate.modulus):
        yield finding("rsa_roca")


def is_roca(modulus: int) -> bool:
    """Say whether a modulus has the fingerprint of Infineon's RSALib (Nemec and others, CCS 2017, §2.3).

    Modulo each small prime it is a power of 65537; of other moduli, one in 2^27 or fewer.
    """
    return all(modulus % prime in powers for prime, powers in _roca_powers().items())


def _falls_apart(modulus: int) -> bool:
    return gcd(modulus, _product()) != 1 or _fermat(modulus)


def _fermat(modulus: int) -> bool:
    """Say whether the modulus is a product of two numbers that lie close together (CVE-2022-26320)."""
    middle = isqrt(modulus - 1) + 1
    for step in range(middle, middle + FERMAT_STEPS):
        rest = step * step - modulus
        if isqrt(rest) ** 2 == rest:
            return True
    return False


def _primes(least: int, most: int) -> list[int]:
    return [n for n in range(least, most + 1) if all(n % d for d in range(2, isqrt(n) + 1))]


@cache
def _product() -> int:
    return prod(_primes(2, TINY))


@cache
def _roca_powers() -> dict[int, frozenset[int]]:
    return {
        prime: frozenset(pow(EXPONENT, power, prime) for power in range(prime))
        for prime in _primes(3, _ROCA_PRIMES)
    }


# ----------------------------------------------------------------------------------------------------
# What a dossier's application says of itself, held against what is known of the participant.
#
#     application.json, participant, environment -> read -> Applied -> failed -> Finding, ...
#
# 1. It is a stranger's document: whatever is wrong with it is a finding, and its texts are repeated only where they
#    are codes.
# 2. Which countries are a participant's is a table; of a participant that is in no table nobody knows, and each
#    country is told. The seats decide: a finding on a country is a warning, so that it is seen before they sign.


DOMAINS = frozenset({"DCC", "DDCC", "ICVP", "DICVP", "PH4H", "IPS-PILGRIMAGE"}) | set(Scheme)
"""Trust domains of the world's networks, as their lists name them. What a certificate is of is DCC, DDCC, ICVP.
A scheme beside HCERT is a domain of its own name."""
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}")
_FORMAT = "pratique-application-1"


class Applied(NamedTuple):
    """An application, as far as it is held against something.

    Attributes:
        code: of the participant.
        kind: state, territory, organisation.
        countries: that it would sign for.
    """

    code: str
    kind: str
    countries: tuple[str, ...]
    domains: tuple[str, ...]
    environment: str


def read(data: bytes) -> Applied | None:
    """Read an application; None if it is none."""
    try:
        found: Any = strict_json.parse(data)
        if found["format"] != _FORMAT:
            return None
        one = found["participant"]
        return Applied(
            text(one["code"]),
            text(one["kind"]),
            tuple(map(text, array(one["countries"]))),
            tuple(map(text, array(found["domains"]))),
            text(found["environment"]),
        )
    except (DocumentRefused, KeyError, TypeError, ValueError, AttributeError):
        return None


def application_failed(
    one: Applied, participant: str, environment: Environment, own: frozenset[str]
) -> Iterator[DossierFinding]:
    """Find what an application says otherwise than it should.

    Args:
        one: the application.
        participant: whose it is to be.
        environment: for which it is to be.
        own: the countries that are known to be the participant's.
    """
    for what, found, wanted in (
        ("code", one.code, participant),
        ("environment", one.environment, environment.value),
    ):
        if found != wanted:
            shown = found if _CODE.fullmatch(found.upper()) else "another"
            yield finding("application_differs", what=what, found=shown, wanted=wanted)
    for country in sorted(set(one.countries)):
        if country not in own:
            shown = country if _CODE.fullmatch(country) else "what is no code"
            yield finding("country_foreign", country=shown, participant=participant)
    if not set(one.domains) <= DOMAINS:
        yield finding("domain_unknown")


_UNREAD = {
    "key-algorithm": "its curve or its kind is none that is read",
    "key-size": "its size is none that is read",
}
_VERIFIED = {dossier.SCA, dossier.DSC}
"""Roles whose signatures verifiers check: what no verifier can read there is of no use to anybody."""


class NetworkListing(NamedTuple):
    """What a network lists of a participant, or what is said of one that is not listed yet.

    Attributes:
        kind: state, territory or organisation; None where nobody says so.
        countries: that it signs for, as the network lists them; None where it does not list it.
        subject: C of its own certificates, as the network lists it; empty where it does not.
    """

    kind: str | None = None
    countries: frozenset[str] | None = None
    subject: str = ""


def check(
    files: Mapping[str, bytes],
    *,
    participant: str,
    environment: Environment,
    at: datetime,
    known: Iterable[KnownKey] = (),
    listed: NetworkListing | None = None,
) -> Report:
    """Check a dossier.

    Args:
        files: name within the dossier ("TLS/TLS.pem", "DCC/UP/UP.pem") to content.
        participant: code of three letters, as its folder has it.
        environment: for which the dossier is.
        at: when; with a zone.
        known: keys that were seen before.
        listed: what the network lists of the participant, or what is said of it.

    Raises:
        UsageError: `instant-without-zone`.
    """
    if at.tzinfo is None:
        raise UsageError("instant-without-zone", "the instant has no zone", "say in which zone")
    code = participant.strip().upper()
    papers = dossier.read(files)
    own = KnownKey("", code, environment, "", "")
    further: dict[str, list[DossierFinding]] = defaultdict(list)
    said, seconds = listed or NetworkListing(), int(at.timestamp())
    chains = chains_of(papers, at=seconds, within=_within(code, said))
    for name, one in (*chains, *keys(papers, own, known)):
        further[name].append(one)
    for name in dossier.with_private_keys(files):
        further[name].append(finding("private_key"))
    for name, is_certificate in dossier.unread(files).items():
        further[name].append(finding("certificate_unread" if is_certificate else "file_unread"))
    application = None
    if dossier.APPLICATION in files:
        application = read(files[dossier.APPLICATION])
        further[dossier.APPLICATION] += _applied(application, code, environment, said)
    rows = [
        _row(paper, [*_alone(paper, code, environment, seconds), *further.pop(paper.name, ())])
        for paper in papers
    ]
    rows += [
        FileReport(name, "", findings=tuple(found)) for name, found in further.items() if found
    ]
    rows += [
        FileReport(name, name.split("/")[-2], is_there=False, findings=(finding("file_missing"),))
        for name in dossier.missing(papers)
    ]
    return Report(
        participant=code,
        environment=environment,
        at=at,
        rows=tuple(sorted(rows, key=lambda row: row.name)),
        findings=(*_as_a_whole(code, environment, said, application), *_without_sca(papers)),
        keys=tuple(sorted({key for _, key in seen(papers, own)})),
    )


def _within(participant: str, said: NetworkListing) -> frozenset[str]:
    """Return the countries that its signing CAs may name, as a network says; empty where nobody knows."""
    subject = said.subject or countries.subject(participant)
    own = countries.may_sign_for(participant) if said.countries is None else said.countries
    return own | {subject} if subject else frozenset()


def _as_a_whole(
    participant: str, environment: Environment, said: NetworkListing, application: Applied | None
) -> Iterator[DossierFinding]:
    kind = countries.kind(participant)
    if kind is None and said.countries is None:
        yield _unlisted(participant, said, application)
    if kind == countries.TEST_STATE and environment is Environment.PRODUCTION:
        yield finding("test_participant", participant=participant)


def _unlisted(
    participant: str, said: NetworkListing, application: Applied | None
) -> DossierFinding:
    # States are in ISO's table. Organisations and territories get their codes from the network, which may
    # know of them before any table here does: its seats compare the code with the letter.
    is_own = application is not None and application.code == participant
    kind = said.kind or (application.kind if application is not None and is_own else None)
    told = participant if participant.isalnum() and len(participant) <= 8 else "that was named"
    if kind in {countries.TERRITORY, countries.ORGANISATION} and told == participant:
        return finding("participant_new", participant=told, kind=kind)
    return finding("participant_unknown", participant=told)


def _without_sca(papers: tuple[dossier.DossierFile, ...]) -> Iterator[DossierFinding]:
    if not any(paper.role == dossier.SCA for paper in papers):
        yield finding("sca_missing")


def _applied(
    application: Applied | None, participant: str, environment: Environment, said: NetworkListing
) -> list[DossierFinding]:
    if application is None:
        return [finding("application_unread")]
    own = countries.may_sign_for(participant) | (said.countries or frozenset())
    return list(application_failed(application, participant, environment, own))


def _alone(
    paper: dossier.DossierFile, participant: str, environment: Environment, at: int
) -> Iterator[DossierFinding]:
    if paper.number > 1 and paper.role != dossier.TLS_CA:
        yield finding("several_certificates", count=paper.number)
    if not paper.readable:
        yield finding("valid_pem")
        return
    found = list(upstream_failed(paper.first, paper.role, participant, at))
    yield from found
    if "key_length" not in {one.code for one in found}:
        yield from _unread(paper.first, paper.role)
    yield from weak_failed(paper.first)
    if environment is Environment.PRODUCTION and paper.first.record.is_test:
        yield finding("test_mark")


def _unread(certificate: Features, role: str) -> Iterator[DossierFinding]:
    # The authority's checks count bits: a key on a brainpool curve has enough of them, and every text that it
    # signs is refused at every border.
    record = certificate.record
    if record.algorithm is None and not certificate.explicit_curve:
        why = _UNREAD.get(record.reason, "it is none that is read")
        yield finding("key_unread" if role in _VERIFIED else "key_unusual", why=why)


def _row(paper: dossier.DossierFile, findings: list[DossierFinding]) -> FileReport:
    if not paper.readable:
        return FileReport(paper.name, paper.role, findings=tuple(findings))
    first = paper.first
    return FileReport(
        name=paper.name,
        role=paper.role,
        certificate=first.record.thumbprint,
        key=first.key_digest,
        not_after=first.record.not_after,
        findings=tuple(findings),
    )
