"""`pratique sync` and `pratique snapshot`: bring what is held of the network up to date, and hand it on as one file.

Exit: 0 in step · 3 refused · 4 not reached.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.lazy import Group
from pratique.cli.terminal import LONGEST, say
from pratique.parties import sync as parties_sync
from pratique.text import as_json, printable

root = options.option(
    "--root", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="The network's root, from a trusted source; needed once, the first time.",
)  # fmt: skip


@click.command()
@click.argument("source", required=False)
@root
@options.at
@options.home
@options.output_format
@options.quiet
def sync(
    *,
    source: str | None,
    root: Path | None,
    at: datetime | None,
    home: Path | None,
    output_format: str,
) -> None:
    """Bring what is held of the network up to date.

    SOURCE is a web address, a folder (a mirror, a stick), or a file from `pratique snapshot export`
    [default: where the last sync came from].
    """
    instant = options.now_or(at)
    found = parties_sync.sync(home, source, root=root, at=instant)
    if output_format == "json":
        click.echo(as_json(parties_sync.as_json(found, instant), indent=1, sort_keys=True))
        return
    for line in parties_sync.lines(found, instant):
        say(printable(line, LONGEST))


@click.group(cls=Group)
def snapshot() -> None:
    """Hand on what is held of the network as one file."""


@snapshot.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@options.home
@options.quiet
def export(*, file: Path, home: Path | None) -> None:
    """Write what is held to FILE, after checking it anew."""
    say(parties_sync.export(home, file))


@snapshot.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@root
@options.at
@options.home
@options.quiet
def import_(*, file: Path, root: Path | None, at: datetime | None, home: Path | None) -> None:
    """Take over what FILE holds, if it is no older than what is held."""
    instant = options.now_or(at)
    found = parties_sync.import_archive(home, file, root=root, at=instant)
    for line in parties_sync.lines(found, instant):
        say(printable(line, LONGEST))
