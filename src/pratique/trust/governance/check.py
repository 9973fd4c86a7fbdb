"""Check a participant's key material before it is sent, or after it has come in.

    {name: bytes}, participant, environment -> dossier -> upstream, weak, together -> Report

1. No bytes raise: whatever is wrong with a file is a finding in its row.
2. The instant, and what is known of other keys, are the caller's.
3. A finding holds numbers and codes, and nothing else of a certificate's text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pratique.errors import UsageError
from pratique.terms import Environment
from pratique.trust import countries
from pratique.trust.governance import dossier, together, upstream, weak
from pratique.trust.governance.known import KnownKey
from pratique.trust.governance.report import Finding, Report, Row, finding


def check(
    files: Mapping[str, bytes],
    *,
    participant: str,
    environment: Environment,
    at: datetime,
    known: Iterable[KnownKey] = (),
) -> Report:
    """Check a dossier.

    Args:
        files: name within the dossier ("TLS/TLS.pem", "DCC/UP/UP.pem") to content.
        participant: code of three letters, as its folder has it.
        environment: for which the dossier is.
        at: when; with a zone.
        known: keys that were seen before.

    Raises:
        UsageError: `instant-without-zone`.
    """
    if at.tzinfo is None:
        raise UsageError("instant-without-zone", "the instant has no zone", "say in which zone")
    code = participant.strip().upper()
    papers = dossier.read(files)
    own = KnownKey("", code, environment, "", "")
    further: dict[str, list[Finding]] = defaultdict(list)
    for name, one in (*together.chains(papers), *together.keys(papers, own, known)):
        further[name].append(one)
    for name in dossier.with_private_keys(files):
        further[name].append(finding("private_key"))
    seconds = int(at.timestamp())
    rows = [
        _row(paper, [*_alone(paper, code, environment, seconds), *further.pop(paper.name, ())])
        for paper in papers
    ]
    rows += [Row(name, "", findings=tuple(found)) for name, found in further.items()]
    rows += [
        Row(name, name.split("/")[-2], is_there=False, findings=(finding("file_missing"),))
        for name in dossier.missing(papers)
    ]
    return Report(
        participant=code,
        environment=environment,
        at=at,
        rows=tuple(sorted(rows, key=lambda row: row.name)),
        findings=tuple(_as_a_whole(code, environment)),
        keys=tuple(sorted({key for _, key in together.seen(papers, own)})),
    )


def _as_a_whole(participant: str, environment: Environment) -> Iterator[Finding]:
    kind = countries.kind(participant)
    if kind is None:
        told = participant if participant.isalnum() and len(participant) <= 8 else "that was named"
        yield finding("participant_unknown", participant=told)
    if kind == countries.TEST_STATE and environment is Environment.PRODUCTION:
        yield finding("test_participant", participant=participant)


def _alone(
    paper: dossier.Paper, participant: str, environment: Environment, at: int
) -> Iterator[Finding]:
    if paper.number > 1 and paper.role != dossier.TLS_CA:
        yield finding("several_certificates", count=paper.number)
    if not paper.readable:
        yield finding("valid_pem")
        return
    yield from upstream.failed(paper.first, paper.role, participant, at)
    yield from weak.failed(paper.first)
    if environment is Environment.PRODUCTION and paper.first.record.is_test:
        yield finding("test_mark")


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
