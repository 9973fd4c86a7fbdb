"""`pratique issuer issue`: sign certificates, one or a whole file of people.

1. A text is shown only after its line lies on the register's disk.
2. What is refused is never signed; what is doubted is asked about, or needs --yes.
3. A request that is made again gives the same certificate again.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer import paper, remarked, signed
from pratique.cli.issuer.records import accepted, columns, filled_of
from pratique.cli.issuer.where import desk_options, open_desk
from pratique.cli.issuer.work import DAY, work_options
from pratique.errors import UsageError
from pratique.journeys.issue import Asked, Work

_REQUEST = re.compile(r"[0-9a-fA-F-]{32,}|[A-Za-z0-9_-]{22,}")


@click.command()
@columns
@click.option("--from", "source", type=click.Path(path_type=Path, allow_dash=True),
              metavar="FILE", help="Records: CSV, JSON, Parquet, Excel, FHIR; columns fill in.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR|FILE",
              help="With --from: a new folder (CSV), or a file that ends in .parquet.")  # fmt: skip
@work_options
@click.option(
    "--request",
    metavar="UUID",
    help="A random name of this request: made again, it gives the same certificate.",
)
@click.option("--shard", metavar="LABEL", help="The signing key [default: the one with most room].")
@paper.paper_options
@click.option("--workers", type=click.IntRange(1, 64), metavar="N",
              help="Processes for a whole file [default: one a core].")  # fmt: skip
@click.option(
    "--pdf", type=click.Choice(["a4", "card", "large"]), help="Print each of a file's as PDF."
)
@click.option("--yes", is_flag=True, help="Issue what is doubted without asking.")
@options.at
@desk_options
def issue(
    *,
    given: tuple[str, ...],
    source: Path | None,
    out: Path | None,
    site: str,
    operator: str,
    valid_days: int,
    request: str | None,
    shard: str | None,
    workers: int | None,
    pdf: str | None,
    languages: tuple[str, ...],
    words: tuple[Path, ...],
    contact: str,
    fonts: tuple[Path, ...],
    yes: bool,
    at: datetime | None,
    **where: Any,
) -> int:
    """Sign a certificate from COLUMN=VALUE arguments or from answers, or a whole file with --from.

    Beside --from, columns of the event (doses=2) fill in what the file leaves empty.
    One text goes to standard output. A file's certificates go to --out, a killed job goes on where it
    was when the same command is given again, and report.csv names each refused row and column.
    """
    now = int(options.now_or(at).timestamp())
    work, validity = Work(site, operator), valid_days * DAY
    if out is not None:
        if source is None:
            raise UsageError("out-alone", "--out is for a file of records", "add --from FILE")
        if request:
            raise UsageError(
                "request-alone",
                "a job of --out draws its requests itself",
                "leave --request out: the same command given again goes on with the same job",
            )
        from pratique.cli.issuer import bulk  # noqa: PLC0415 - processes, progress

        return bulk.run(
            source, out, filled=filled_of(given), work=work, validity=validity, at=now, shard=shard, workers=workers,
            paper={"variant": pdf, "languages": languages, "words": words, "contact": contact,
                   "fonts": fonts},
            where=where,
        )  # fmt: skip
    if pdf or fonts or languages or words or contact:
        raise UsageError(
            "pdf-alone",
            "sheets are printed here for a file of records only",
            "add --from FILE --out DIR, or print the text that comes: pratique issuer print",
        )
    desk = open_desk(**where)
    day = options.now_or(at).date()
    records = remarked.confirmed(accepted(desk, given, source, at=day), yes=yes)
    # A key for each is chosen before the first is signed: all of a file is issued, or nothing.
    choice = desk.choice(now, label=shard)
    chosen = [choice.one(record.kind) for record in records]
    # By place and not by row: one row, a FHIR document, may hold several records.
    for number, (record, key) in enumerate(zip(records, chosen, strict=True), 1):
        one = Asked(_request(request, number), now, work, validity)
        made = signed.issued(desk, record, one, label=key.label)
        if made.repeated:
            click.echo(
                "note: this request was made before; this is its certificate again", err=True
            )
        click.echo(made.text)
    return 0


def _request(text: str | None, number: int) -> bytes:
    if text is None:
        return os.urandom(32)
    if not _REQUEST.fullmatch(text):
        raise UsageError(
            "request-short",
            "the request's name is no UUID and not random enough",
            "take a new random UUID for each certificate: uuidgen",
        )
    return hashlib.sha256(f"pratique-request {text.lower()} {number}".encode()).digest()
