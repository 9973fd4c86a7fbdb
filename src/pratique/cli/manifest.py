"""`pratique manifest`: check a flight's list before boarding, by what is held here, and nothing else.

    FILE -> parties.manifest -> lines for the crew | CSV, JSON, Parquet -> exit code

1. No network; no file is written but that of --out; nothing is kept of anybody.
2. Nothing that is shown holds a name, a state of health or a kind of certificate.
3. Exit: 70 after a fault of this program, else 3 if anybody is to be checked at the desk or has no certificate, else 0;
   4 if the list could not be read, 2 usage.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options, terminal
from pratique.cli.lazy import Group
from pratique.cli.terminal import say
from pratique.errors import EXIT_UNFORESEEN, UsageError
from pratique.manifest import COLUMNS, BoardingCheck, BoardingOutcome, BoardingReason
from pratique.parties import manifest as parties_manifest
from pratique.parties import verifier
from pratique.parties.manifest import OUTPUTS, ManifestOrder, ManifestSummary
from pratique.snapshot import Snapshot
from pratique.store.words import LANGUAGES
from pratique.text import printable

CHECK = 3


@click.group(cls=Group)
def manifest() -> None:
    """Check a flight's list before boarding, offline."""


@manifest.command()
@click.argument("file", metavar="FILE|-")
@click.option("--to", metavar="COUNTRY[/REGION]", help="Where legs lead that name no destination.")
@click.option(
    "--arrival", metavar="INSTANT",
    help="When they arrive, where rows do not say: as the port's clock shows it, or with its offset.",
)  # fmt: skip
@options.option(
    "--timezone", "zones", was=("--zone",), multiple=True, metavar="[COUNTRY=]ZONE",
    help="Clock of all ports, or of one country's (FR=Europe/Paris). Repeatable.",
)  # fmt: skip
@click.option(
    "--ports", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="A table of your own airport codes: port, destination, zone.",
)  # fmt: skip
@click.option(
    "--columns", metavar="NAME,...", help="The columns in their order, of a list without a header."
)
@click.option(
    "--column", "renamed", multiple=True, metavar="NAME=THEIRS",
    help="A column by the name that the list gives it. Repeatable.",
)  # fmt: skip
@click.option(
    "--without-names", is_flag=True,
    help="The list names nobody: whose the certificates are is compared at the gate.",
)  # fmt: skip
@click.option(
    "--grouped", is_flag=True,
    help="The rows of a passenger stand together: a list of any length is read in bounded memory.",
)  # fmt: skip
@options.crowd_options
@click.option(
    "--backend", type=click.Choice(["openssl", "aws-lc"]), default="openssl", show_default=True,
    help="Library that checks signatures; aws-lc is faster, and needs the extra fast.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE|DIR",
    help="Write the result here too; how, its ending tells: .csv, .json, .jsonl, .parquet. With --engine: a new folder.",
)  # fmt: skip
@click.option(
    "--format", "output", type=click.Choice(OUTPUTS), metavar="|".join(OUTPUTS),
    help="How to write the result [default: as --out ends, else text].",
)  # fmt: skip
@click.option(
    "--language", type=click.Choice(sorted(LANGUAGES)), default="en", show_default=True, metavar="CODE",
    help="Language of what the crew reads.",
)  # fmt: skip
@options.sources
@options.at
@options.home
@options.quiet
def check(
    *,
    file: str,
    to: str | None,
    arrival: str | None,
    zones: tuple[str, ...],
    ports: Path | None,
    columns: str | None,
    renamed: tuple[str, ...],
    without_names: bool,
    grouped: bool,
    backend: str,
    out: Path | None,
    output: str | None,
    language: str,
    sources: tuple[Path, ...],
    environment: str,
    at: datetime | None,
    home: Path | None,
    **more: Any,
) -> int:
    """Say of each passenger in FILE: OK, CHECK AT DESK, or NO CERTIFICATE.

    FILE is CSV, JSON, JSON lines, Excel or Parquet, with a row a passenger, a leg or a code; rows of
    one reference and seat are one passenger's. The handbook's page Manifest lists the columns.

    With --engine FILE is a file of columns, or a folder of them, in which each row is a whole
    passenger; what is said of each goes into parts in the folder of --out.

    Exit code: 0 all OK, 2 usage, 3 somebody is to be checked, 4 the list could not be read.
    """
    crowd = options.crowd_of(more)
    now = options.now_or(at)
    snapshot = verifier.held(sources, environment, home, now)
    order = ManifestOrder(
        source=None if file == "-" else Path(file),
        journeys=parties_manifest.journeys(snapshot, to, arrival, zones, ports),
        names=not without_names,
        columns=tuple(name.strip() for name in (columns or "").split(",") if name.strip()),
        renamed=dict(map(_renamed, renamed)),
        grouped=grouped,
        workers=crowd.workers,
        primitive=backend,
    )
    if crowd.engine is not None:
        return _on_an_engine(order, snapshot, now, options.ColumnOptions(out, "", (), crowd))
    if out is not None and out.is_dir():
        raise UsageError("out-folder", "--out is a folder", "name a file, or add --engine")
    wanted = parties_manifest.output_of(output, out)
    summary = ManifestSummary()
    with terminal.ProgressLine("checking") as progress:
        results = parties_manifest.checked(order, snapshot, now=now, progress=progress.show)
        beside = parties_manifest.head(snapshot, now)
        if out is not None and wanted != "text":
            parties_manifest.write_file(out, results, wanted, beside, summary)
        elif wanted != "text":
            terminal.flush()
            parties_manifest.written(results, wanted, sys.stdout.buffer, beside, summary)
        else:
            for one in summary.counting(results):
                _tell(one, language)
    for line in summary.lines(language):
        say(line, err=out is None and wanted != "text")
    if summary.reasons[BoardingReason.PROGRAM_FAULT]:
        return EXIT_UNFORESEEN
    return 0 if summary.outcomes[BoardingOutcome.OK] == summary.outcomes.total() else CHECK


def _on_an_engine(
    order: ManifestOrder, snapshot: Snapshot, now: datetime, wanted: options.ColumnOptions
) -> int:
    """Check files of columns on a cluster."""
    from pratique.parties import columnar  # noqa: PLC0415 - a list of one flight needs none of it

    if order.source is None or wanted.out is None or order.columns:
        raise UsageError(
            "engine-files", "an engine works on files of columns, into a folder",
            "name a file or a folder of Parquet, and --out DIR; leave --columns out",
        )  # fmt: skip
    ask = columnar.manifest_ask(order, snapshot, [order.source], now)
    worked = options.work_through(ask, [order.source], wanted, "checking")
    if worked is None:
        return options.INTERRUPTED
    return 0 if set(worked.counts) <= {BoardingOutcome.OK.value} else CHECK


def _tell(one: BoardingCheck, language: str) -> None:
    if one.outcome is not BoardingOutcome.OK:
        say(parties_manifest.crew_line(one, language))


def _renamed(text: str) -> tuple[str, str]:
    ours, _, theirs = text.partition("=")
    name = ours.strip().lower().replace("-", "_")
    if (name.rpartition("_")[0] not in COLUMNS and name not in COLUMNS) or not theirs.strip():
        known = ", ".join(COLUMNS)
        raise UsageError("column-unknown", f"{printable(text)}: it names no column", f"NAME=THEIRS, of {known}")  # fmt: skip
    return name, theirs
