"""`pratique issuer print`: printable PDFs of signed certificates.

1. What is printed is authentic and in force: a forged, revoked or run-out text is not put on paper.
2. Neither a file's name nor a PDF's metadata tells whose certificate it is.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import inputs as read
from pratique.cli import options
from pratique.cli.issuer import options as issuers
from pratique.cli.issuer.paper import VARIANTS, paper_options, press
from pratique.cli.verify import held
from pratique.edges import disk, files, issuer_home
from pratique.errors import UsageError
from pratique.journeys.verify import Verification, verify
from pratique.snapshot import Snapshot
from pratique.verdict import refuses


@click.command("print")
@click.argument("inputs", nargs=-1, required=True, metavar="TEXT|FILE|-...")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR|FILE.pdf",
              help="A folder, or the file of one certificate.")  # fmt: skip
@click.option("--variant", type=click.Choice(VARIANTS), default="a4", show_default=True,
              help="A page, a card to cut and fold, or large print.")  # fmt: skip
@paper_options
@options.sources
@issuers.issuer
@options.at
@options.home
def print_(
    *,
    inputs: tuple[str, ...],
    out: Path,
    variant: str,
    sources: tuple[Path, ...],
    environment: str,
    issuer_folder: Path | None,
    at: datetime | None,
    home: Path | None,
    **paper: Any,
) -> None:
    """Print certificates: readable in several languages, with a code that scans.

    Each is verified first: by --trust, by the issuer's own keys, or by the imported trust list.
    """
    instant = options.now_or(at)
    snapshot = _snapshot(sources, environment, home, issuer_folder, instant)
    ready = press(variant=variant, **paper)
    found = [item for number, given in enumerate(inputs, 1) for item in read.items(given, number)]
    if out.suffix == ".pdf" and len(found) != 1:
        raise UsageError(
            "out-one",
            f"there are {len(found)} certificates for one file",
            "name a folder with --out",
        )
    for number, item in enumerate(found, 1):
        if item.text is None:
            raise UsageError("no-text", f"input {number}: {item.remark}")
        certificate = _authentic(verify(item.text, snapshot=snapshot, at=instant), number)
        path = out if out.suffix == ".pdf" else out / f"certificate-{number:04d}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        disk.replace(path, ready.pdf(certificate, item.text))
        click.echo(path)


def _snapshot(
    sources: tuple[Path, ...],
    environment: str,
    home: Path | None,
    issuer_folder: Path | None,
    at: datetime,
) -> Snapshot:
    folder = issuers.folder(issuer_folder)
    if sources or not (folder / issuer_home.DOCUMENT).exists():
        return held(sources, environment, home, at)
    issuer = issuer_home.load(folder)
    own = files.trust_from([folder / "certificates"], at=at, environment=issuer.environment)
    return own.snapshot


def _authentic(found: Verification, number: int) -> Any:
    if found.certificate is None or refuses(found.verdict.findings):
        codes = ", ".join(finding.code.name for finding in found.verdict.findings)
        raise UsageError(
            "not-authentic",
            f"certificate {number} is not printed: {codes}",
            "only what is authentic and in force here is put on paper; pratique verify says more",
        )
    return found.certificate
