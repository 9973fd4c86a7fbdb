"""What can be seen only of several certificates together: chains, and keys that serve twice.

    Paper, ... -> chains | keys -> (name of a file, Finding), ...

1. A signature makes an issuer, not a name; nothing outlives its issuer (shell model).
2. What stands above a document signer is judged as the network's verifiers judge it once it is published.
3. The same certificate in several domains of a participant is one certificate, and no key twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pratique.crypto import chain
from pratique.crypto.features import Features
from pratique.crypto.x509 import X509Record
from pratique.trust.certificates import chain_in_network
from pratique.trust.governance.dossier import DSC, SCA, TLS, TLS_CA, Paper
from pratique.trust.governance.known import KnownKey
from pratique.trust.governance.report import Finding, finding
from pratique.trust.signer import SCA_WRONG

DAY = 24 * 3600
LEEWAY = 300
"""Seconds by which clocks differ, as at a check."""
Place = tuple[str, Finding]


_UNFIT = {
    SCA_WRONG: "has not signed it",
    "sca-signature-unread": "has signed it in a way that proves nothing",
    "sca-critical": "has a critical extension that no verifier here knows",
    "sca-not-certifying": "may not sign certificates, by its key usage",
    "sca-foreign": "names another country in its C than the participant's",
    "sca-path": "may not stand below its own, by a path length there",
}


def chains(
    papers: Iterable[Paper], *, at: int, within: frozenset[str] = frozenset()
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
) -> Finding | None:
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


def keys(papers: Iterable[Paper], own: KnownKey, known: Iterable[KnownKey]) -> Iterator[Place]:
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


def seen(papers: Iterable[Paper], own: KnownKey) -> list[tuple[str, KnownKey]]:
    """Name the keys of a dossier, each with the file that it is in."""
    return [
        (paper.name, own._replace(
            key=paper.first.key_digest, role=paper.role, certificate=paper.first.record.thumbprint
        ))
        for paper in papers
        # An issuer of TLS certificates may be anybody's: its key is no key of the participant.
        if paper.readable and paper.role != TLS_CA
    ]  # fmt: skip


def _conflict(key: KnownKey, other: KnownKey) -> Finding | None:
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
        elif chain.may_have_issued(one.record, leaf.record) and chain.issued_by(
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
