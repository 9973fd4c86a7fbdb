"""`pratique witness init` and `show`: a witness's key, its logs, what it has cosigned."""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import unlock
from pratique.cli.witness import home as homes
from pratique.edges.keys.file import make_log_key
from pratique.edges.ledger import Ledger
from pratique.errors import UsageError
from pratique.log.note import COSIGNATURE, NoteKey


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
