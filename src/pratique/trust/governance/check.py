"""Check a participant's key material before it is sent, or after it has come in.

    {name: bytes}, participant, environment -> dossier -> upstream, weak, together -> Report

1. No bytes raise: whatever is wrong with a file is a finding in its row.
2. The instant, and what is known of other keys and of the network's participants, are the caller's.
3. A finding holds numbers and codes, and nothing else of a certificate's text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from pratique.crypto.features import Features
from pratique.errors import UsageError
from pratique.terms import Environment
from pratique.trust import countries
from pratique.trust.governance import applied, dossier, together, upstream, weak
from pratique.trust.governance.known import KnownKey
from pratique.trust.governance.report import Finding, Report, Row, finding

_UNREAD = {
    "key-algorithm": "its curve or its kind is none that is read",
    "key-size": "its size is none that is read",
}
_VERIFIED = {dossier.SCA, dossier.DSC}
"""Roles whose signatures verifiers check: what no verifier can read there is of no use to anybody."""


class Listed(NamedTuple):
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
    listed: Listed | None = None,
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
    further: dict[str, list[Finding]] = defaultdict(list)
    said, seconds = listed or Listed(), int(at.timestamp())
    chains = together.chains(papers, at=seconds, within=_within(code, said))
    for name, one in (*chains, *together.keys(papers, own, known)):
        further[name].append(one)
    for name in dossier.with_private_keys(files):
        further[name].append(finding("private_key"))
    for name, is_certificate in dossier.unread(files).items():
        further[name].append(finding("certificate_unread" if is_certificate else "file_unread"))
    application = None
    if dossier.APPLICATION in files:
        application = applied.read(files[dossier.APPLICATION])
        further[dossier.APPLICATION] += _applied(application, code, environment, said)
    rows = [
        _row(paper, [*_alone(paper, code, environment, seconds), *further.pop(paper.name, ())])
        for paper in papers
    ]
    rows += [Row(name, "", findings=tuple(found)) for name, found in further.items() if found]
    rows += [
        Row(name, name.split("/")[-2], is_there=False, findings=(finding("file_missing"),))
        for name in dossier.missing(papers)
    ]
    return Report(
        participant=code,
        environment=environment,
        at=at,
        rows=tuple(sorted(rows, key=lambda row: row.name)),
        findings=(*_as_a_whole(code, environment, said, application), *_without_sca(papers)),
        keys=tuple(sorted({key for _, key in together.seen(papers, own)})),
    )


def _within(participant: str, said: Listed) -> frozenset[str]:
    """Return the countries that its signing CAs may name, as a network says; empty where nobody knows."""
    subject = said.subject or countries.subject(participant)
    own = countries.may_sign_for(participant) if said.countries is None else said.countries
    return own | {subject} if subject else frozenset()


def _as_a_whole(
    participant: str, environment: Environment, said: Listed, application: applied.Applied | None
) -> Iterator[Finding]:
    kind = countries.kind(participant)
    if kind is None and said.countries is None:
        yield _unlisted(participant, said, application)
    if kind == countries.TEST_STATE and environment is Environment.PRODUCTION:
        yield finding("test_participant", participant=participant)


def _unlisted(participant: str, said: Listed, application: applied.Applied | None) -> Finding:
    # States are in ISO's table. Organisations and territories get their codes from the network, which may
    # know of them before any table here does: its seats compare the code with the letter.
    is_own = application is not None and application.code == participant
    kind = said.kind or (application.kind if application is not None and is_own else None)
    told = participant if participant.isalnum() and len(participant) <= 8 else "that was named"
    if kind in {countries.TERRITORY, countries.ORGANISATION} and told == participant:
        return finding("participant_new", participant=told, kind=kind)
    return finding("participant_unknown", participant=told)


def _without_sca(papers: tuple[dossier.Paper, ...]) -> Iterator[Finding]:
    if not any(paper.role == dossier.SCA for paper in papers):
        yield finding("sca_missing")


def _applied(
    application: applied.Applied | None, participant: str, environment: Environment, said: Listed
) -> list[Finding]:
    if application is None:
        return [finding("application_unread")]
    own = countries.may_sign_for(participant) | (said.countries or frozenset())
    return list(applied.failed(application, participant, environment, own))


def _alone(
    paper: dossier.Paper, participant: str, environment: Environment, at: int
) -> Iterator[Finding]:
    if paper.number > 1 and paper.role != dossier.TLS_CA:
        yield finding("several_certificates", count=paper.number)
    if not paper.readable:
        yield finding("valid_pem")
        return
    found = list(upstream.failed(paper.first, paper.role, participant, at))
    yield from found
    if all(one.code != "key_length" for one in found):
        yield from _unread(paper.first, paper.role)
    yield from weak.failed(paper.first)
    if environment is Environment.PRODUCTION and paper.first.record.is_test:
        yield finding("test_mark")


def _unread(certificate: Features, role: str) -> Iterator[Finding]:
    # The authority's checks count bits: a key on a brainpool curve has enough of them, and every text that it
    # signs is refused at every border.
    record = certificate.record
    if record.algorithm is None and not certificate.explicit_curve:
        why = _UNREAD.get(record.reason, "it is none that is read")
        yield finding("key_unread" if role in _VERIFIED else "key_unusual", why=why)


def _row(paper: dossier.Paper, findings: list[Finding]) -> Row:
    if not paper.readable:
        return Row(paper.name, paper.role, findings=tuple(findings))
    first = paper.first
    return Row(
        name=paper.name,
        role=paper.role,
        certificate=first.record.thumbprint,
        key=first.key_digest,
        not_after=first.record.not_after,
        findings=tuple(findings),
    )
