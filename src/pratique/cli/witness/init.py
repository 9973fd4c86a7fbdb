"""`pratique witness init` and `show`: a witness's key, its logs, what it has cosigned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import unlock
from pratique.cli.safe import printable
from pratique.cli.witness import home as homes
from pratique.edges.keys.file import make_log_key
from pratique.edges.ledger import Ledger
from pratique.errors import UsageError
from pratique.journeys.witness import Refused, Request
from pratique.log.note import COSIGNATURE, NoteKey

LONGEST = 2_000
WHY = {
    "log-forked": "the log has signed another tree of a size that was cosigned here",
    "log-inconsistent": "no proof came that it grew out of what was cosigned here",
}


@click.command()
@homes.folder
@click.option("--name", required=True, help="Of the witness, as a host is named: w.example.org")
@click.option("--log", "lines", multiple=True, required=True, metavar="KEY",
              help="The key of a log that it watches: NAME+ID+BASE64. Repeatable.")  # fmt: skip
@unlock.secret_files
def init(
    *,
    folder: Path,
    name: str,
    lines: tuple[str, ...],
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Make a witness in DIR: a new key, and an empty ledger."""
    logs = tuple(map(NoteKey.from_text, lines))
    if (folder / homes.FILE).exists():
        raise UsageError("witness-exists", f"{folder}: there is a witness already")
    if len({log.name for log in logs}) < len(logs):
        raise UsageError("log-double", "two keys are of one log")
    NoteKey.from_text(logs[0]._replace(name=name).to_text())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = unlock.secrets(password_file, pin_file, new=True)
    key = make_log_key(folder / homes.KEY, lambda: secret("file:"), f"key of the witness {name}\n")
    Ledger.make(folder / homes.LEDGER)
    own = NoteKey(name, COSIGNATURE, key.public_key)
    homes.save(folder, homes.Home(own, logs))
    click.echo(own.to_text())


@click.command()
@homes.folder
def show(*, folder: Path) -> None:
    """Show the key of the witness in DIR, and what it has cosigned."""
    found, ledger = homes.load(folder), Ledger(folder / homes.LEDGER)
    click.echo(found.own.to_text())
    for log in found.logs:
        held = ledger.held(log.name)
        click.echo(f"{log.name}: {held.size} leaves, root {held.root.hex()}")
        for one in ledger.refused(log.name):
            for line in _told(one):
                click.echo(printable(line, LONGEST))


def _told(one: Refused) -> Iterator[str]:
    """Yield what was refused, with the checkpoint as the log has signed it: whoever reads it can check it."""
    when = datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield f"  refused {when}, {one.code}: {WHY[one.code]}, {one.size} leaves, root {one.root.hex()}"
    for line in Request.from_bytes(one.request).note.to_bytes().decode().splitlines():
        yield f"    {line}"
