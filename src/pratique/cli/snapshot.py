"""`pratique snapshot`: what is held of the network as one file, for a stick or a mirror.

    held -> export -> FILE -> import -> journeys.sync -> held

1. A file that is imported is judged like a server: it may be newer than what is held, never older.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, output, sync
from pratique.cli.safe import printable
from pratique.edges import files
from pratique.edges.network import held
from pratique.errors import UsageError
from pratique.network import names, view


@click.group()
def snapshot() -> None:
    """Hand on what is held of the network as one file."""


@snapshot.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@options.home
def export(*, file: Path, home: Path | None) -> None:
    """Write what is held to FILE, after checking it anew."""
    kept = held.load(held.folder_of(files.home(home)))
    if kept is None or names.TIMESTAMP_FILE not in kept.files:
        raise UsageError("nothing-held", "nothing was synced yet", "pratique sync SOURCE")
    seen = view.read(kept.files, kept.anchor)
    data = held.to_archive(kept.files)
    output.write(file, data)
    click.echo(
        f"{seen.board.network}, edition {seen.trusted.snapshot.version}, {len(data)} bytes: {file}"
    )


@snapshot.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The network's root, from a hand that you trust; needed once, the first time.",
)
@options.at
@options.home
def import_(*, file: Path, root: Path | None, at: datetime | None, home: Path | None) -> None:
    """Take over what FILE holds, if it is no older than what is held."""
    instant = options.now_or(at)
    folder = held.folder_of(files.home(home))
    with held.locked(folder):
        if root is not None:
            sync.anchor(folder, root)
        before = held.source_of(folder)
        found = sync.synced(folder, sync.whole(str(file)), instant)
        if before is not None:
            # The next sync goes where the last one went, and not to a stick.
            held.save(folder, found.files, before)
    for line in sync.told(found, instant):
        click.echo(printable(line, 2_000))
