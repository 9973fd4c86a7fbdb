"""Which certificates a clerk may put on paper: what somebody who is believed here signed.

    --trust | the issuer's own keys | the imported trust list -> Snapshot -> verify -> certificate | why not

1. What is taken back is not printed: by the lists that the snapshot holds, and by the issuer's own
   register, whether its newest list is published or not.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli.checking import held
from pratique.cli.inputs import Item
from pratique.cli.issuer import counted, options
from pratique.edges import files, issuer_home
from pratique.findings import Code, Weight
from pratique.journeys.verify import verify
from pratique.model import HealthCertificate
from pratique.snapshot import Snapshot
from pratique.verdict import refuses


def snapshot_of(
    sources: tuple[Path, ...],
    environment: str,
    home: Path | None,
    issuer_folder: Path | None,
    at: datetime,
    *,
    register: str | None = None,
) -> Snapshot:
    """Return whom to believe: --trust, else the issuer's own keys, else the imported trust list."""
    folder = options.folder(issuer_folder)
    if sources or not (folder / issuer_home.DOCUMENT).exists():
        return held(sources, environment, home, at)
    issuer = issuer_home.load(folder)
    own = files.trust_from([folder / "certificates"], at=at, environment=issuer.environment)
    taken_back = counted.revocations(folder, register, issuer.shards, at=int(at.timestamp()))
    return own.snapshot if taken_back is None else own.snapshot.replace(revocations=taken_back)


def authentic(
    item: Item, number: int, snapshot: Snapshot, at: datetime
) -> HealthCertificate | None:
    """Return what a text attests, or say why it is not put on paper."""
    if item.text is None or item.finding is not None:
        code = Code.INPUT_UNREADABLE if item.finding is None else item.finding.code
        why = item.remark or f"{code.name}: {code.meaning}"
        click.echo(f"error: certificate {number} is not printed: {why}", err=True)
        return None
    found = verify(item.text, snapshot=snapshot, at=at)
    refused = found.certificate is None or refuses(found.verdict.findings)
    weights = {Weight.FAULT, Weight.DOUBT} if refused else {Weight.DOUBT}
    # Nobody's rules are asked here: that they are not is no news.
    codes = [
        f"{finding.code.name}: {finding.code.meaning}"
        for finding in found.verdict.findings
        if finding.code.weight in weights and finding.code is not Code.NO_RULES
    ]
    for told in codes:
        what = "error: certificate %d is not printed" if refused else "note: certificate %d"
        click.echo(f"{what % number}: {told}", err=True)
    return None if refused else found.certificate
