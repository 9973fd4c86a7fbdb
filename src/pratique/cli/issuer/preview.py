"""`pratique issuer preview`: what would be signed, and what to look at; never a signature."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer.records import accepted, columns
from pratique.cli.issuer.remarked import skipped_text, told
from pratique.cli.issuer.where import open_desk, preview_options
from pratique.cli.safe import printable
from pratique.journeys.preview import preview as fields_of


@click.command()
@columns
@click.option("--from", "source", type=click.Path(path_type=Path, allow_dash=True),
              metavar="FILE", help="Records: CSV, JSON, Parquet, Excel, FHIR; columns fill in.")  # fmt: skip
@options.at
@preview_options
def preview(
    *, given: tuple[str, ...], source: Path | None, at: datetime | None, **where: Any
) -> int:
    """Show what certificates would say, with remarks. Nothing is signed, and no key is opened."""
    desk, day = open_desk(**where), options.now_or(at).date()
    refused = skipped = shown = 0
    for number, reading in accepted(desk, given, source, at=day):
        if reading.is_skipped:
            skipped += 1
            continue
        shown += 1
        click.echo(f"record {number}")
        for remark in reading.remarks:
            click.echo(f"  {told(remark)}")
        if reading.record is None:
            refused += 1
            continue
        for name, text in fields_of(reading.record).fields:
            click.echo(f"  {name.replace('_', ' '):<18} {printable(text)}")
    if not shown:
        click.echo("note: there is no record in it", err=True)
    if skipped:
        click.echo(f"note: {skipped_text(skipped)}", err=True)
    return 1 if refused else 0
