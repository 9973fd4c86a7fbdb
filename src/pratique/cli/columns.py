"""How a command works through whole files of columns: its options, how far it is, what came of it.

1. The options mean the same in every command, and `--engine` changes nothing of what comes out.
2. What is told are counts; no row's content is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from pratique.cli.terminal import ProgressLine, say
from pratique.errors import UsageError
from pratique.text import plural

Command = TypeVar("Command", bound=Callable[..., Any])
INTERRUPTED = 130
WORTH_TELLING = 20_000
"""Rows from which on it is worth to tell how far it is."""


class Crowd(NamedTuple):
    """Who does the work: so many processes of this machine, or an engine at an address."""

    workers: int | None = None
    engine: str | None = None
    address: str = ""


class ColumnOptions(NamedTuple):
    """What a command is told of files of columns.

    Attributes:
        out: the folder for the outcome; None where no such files are worked through.
        column: that holds the texts.
        keep: columns that are handed on.
    """

    out: Path | None
    column: str
    keep: tuple[str, ...]
    crowd: Crowd


def crowd_options(command: Command) -> Command:
    """Add --workers, --engine and --address."""
    workers = click.option("--workers", type=click.IntRange(1, 64), metavar="N",
                           help="Processes for whole files [default: one a core].")  # fmt: skip
    engine = click.option("--engine", type=click.Choice(["spark"]),
                          help="Work on a cluster instead; needs the extra dist.")  # fmt: skip
    address = click.option("--address", default="", metavar="URL",
                           help="The cluster's: spark://HOST:7077, yarn, k8s://… [default: Spark's own settings].")  # fmt: skip
    return workers(engine(address(command)))


def options(command: Command) -> Command:
    """Add --out, --column and --keep, and those of `crowd_options`."""
    out = click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
                       help="Work through files of columns (Parquet, Arrow, CSV) into a new folder.")  # fmt: skip
    column = click.option("--column", default="text", show_default=True, metavar="NAME",
                          help="With --out: the column that holds the texts.")  # fmt: skip
    keep = click.option("--keep", multiple=True, metavar="NAME",
                        help="With --out: a column to hand on, such as your reference. Repeatable.")  # fmt: skip
    return out(column(keep(crowd_options(command))))


def crowd_of(named: dict[str, Any]) -> Crowd:
    """Take what `crowd_options` has added out of what a command was called with."""
    crowd = Crowd(named.pop("workers"), named.pop("engine"), named.pop("address"))
    if crowd.address and crowd.engine is None:
        raise UsageError("address-alone", "--address is an engine's", "add --engine spark")
    return crowd


def taken(named: dict[str, Any]) -> ColumnOptions:
    """Take what `options` has added out of what a command was called with."""
    crowd = crowd_of(named)
    given = ColumnOptions(named.pop("out"), named.pop("column"), named.pop("keep"), crowd)
    if given.out is None and (given.keep or given.column != "text" or crowd != Crowd()):
        raise UsageError(
            "columns-alone", "these options are for files of columns", "add --out DIR, a new folder"
        )
    return given


def work(ask: Any, inputs: Sequence[str | Path], columns: ColumnOptions, label: str) -> Any:
    """Do a job, tell how far it is and what came of it; None where it was interrupted."""
    from pratique.parties import columnar  # noqa: PLC0415 - a check starts fast

    assert columns.out is not None
    begun = time.monotonic()
    crowd = columns.crowd
    engine = columnar.engine_of(crowd.workers, crowd.engine, crowd.address)
    try:
        with ProgressLine(label) as progress:

            def show(rows: int, total: int) -> None:
                if total >= WORTH_TELLING:
                    progress.show(rows, total)

            worked = columnar.work(ask, list(map(Path, inputs)), columns.out, engine, show)
    except KeyboardInterrupt:
        say("error: interrupted; the parts that are done stay\nhint: give the same command again, "
            "and it goes on where it was", err=True)  # fmt: skip
        return None
    rows = sum(worked.counts.values())
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(worked.counts.items()))
    before = f", {worked.before} of them were there before" if worked.before else ""
    parts = f"{plural(worked.parts, 'part')}{before}"
    say(f"{plural(rows, 'row')}: {counts or 'nothing'}")
    say(f"{parts}, in {time.monotonic() - begun:.1f} s: {columns.out}")
    return worked
