"""`pratique issuer print`: printable PDFs of signed certificates.

    arguments -> inputs.every -> journeys.verify -> all of them good -> Press -> certificate-0001.pdf, ...

1. What is printed is authentic and in force: a forged or run-out text is not put on paper, and beside
   one nothing is: a pile of sheets has no gap that nobody noticed.
2. Neither a file's name nor a PDF's metadata tells whose certificate it is. Files are their owner's alone.
3. In a folder no sheet takes another's place; a file that is named is written anew.
4. A sheet that cannot be set, for a script without a font, costs itself only and is told by number.
5. Exit: 4 if something could not be read, else 1 if a certificate was refused or not printed.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import inputs as read
from pratique.cli import options
from pratique.cli.issuer import believed, counted
from pratique.cli.issuer import options as issuers
from pratique.cli.issuer.opening import catalogue_of
from pratique.cli.issuer.paper import VARIANTS, paper_options, press
from pratique.cli.issuer.where import catalogue_option
from pratique.edges import disk, issuer_home
from pratique.errors import UsageError

REFUSED, INPUT_OUTPUT = 1, 4


@click.command("print")
@click.argument("inputs", nargs=-1, required=True, metavar="TEXT|FILE|-...")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR|FILE.pdf",
              help="A folder, or the file of one certificate.")  # fmt: skip
@click.option("--variant", type=click.Choice(VARIANTS), default="a4", show_default=True,
              help="A page, a card to cut and fold, or large print.")  # fmt: skip
@paper_options
@catalogue_option
@options.sources
@issuers.issuer
@counted.register_option
@options.at
@options.home
def print_(
    *,
    inputs: tuple[str, ...],
    out: Path,
    variant: str,
    value_sets: tuple[Path, ...],
    sources: tuple[Path, ...],
    environment: str,
    issuer_folder: Path | None,
    register: str | None,
    at: datetime | None,
    home: Path | None,
    **paper: Any,
) -> int:
    """Print certificates: readable in several languages, with a code that scans.

    Each is verified first: by --trust, by the issuer's own keys, or by the imported trust list.
    """
    instant = options.now_or(at)
    snapshot = believed.snapshot_of(
        sources, environment, home, issuer_folder, instant, register=register
    )
    own = issuers.folder(issuer_folder)
    if not paper["contact"] and not sources and (own / issuer_home.DOCUMENT).exists():
        paper["contact"] = issuer_home.load(own).contact
    ready = press(variant=variant, catalogue=catalogue_of(value_sets), **paper)
    found = list(read.every(inputs))
    single = out.suffix.lower() == ".pdf"
    if single and len(found) != 1:
        raise UsageError(
            "out-one",
            f"there are {len(found)} certificates for one file",
            "name a folder with --out",
        )
    good = [
        believed.authentic(item, number, snapshot, instant) for number, item in enumerate(found, 1)
    ]
    if None in good:
        click.echo("hint: nothing was printed; pratique verify says more", err=True)
        return INPUT_OUTPUT if any(item.finding is not None for item in found) else REFUSED
    folder = out.parent if single else out
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    refused = 0
    for number, (item, certificate) in enumerate(zip(found, good, strict=True), 1):
        assert item.text is not None
        assert certificate is not None
        try:
            pdf = ready.pdf(certificate, item.text)
        except UsageError as error:
            # A name that no font here can write costs its own sheet; the gap is told of.
            if len(found) == 1:
                raise
            click.echo(f"error: certificate {number} is not printed: {error.message}", err=True)
            click.echo(f"hint: {error.hint}", err=True)
            refused = REFUSED
            continue
        path = out if single else out / f"certificate-{number:04d}.pdf"
        _write(path, pdf, anew=single)
        click.echo(path)
    return refused


def _write(path: Path, pdf: bytes, *, anew: bool) -> None:
    try:
        (disk.replace if anew else disk.create)(path, pdf)
    except FileExistsError as error:
        raise UsageError(
            "out-taken", f"{path.name} is in that folder already", "name another folder with --out"
        ) from error
