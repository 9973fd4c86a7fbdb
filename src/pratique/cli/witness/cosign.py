"""`pratique witness cosign`: cosign a request in a file, or the log of a network.

    FILE, or - : C2SP's add-checkpoint, as the log has written it -> the lines of the cosignature
    URL or DIR: checkpoint and tiles are read, and the proof is made here

1. The clock cannot be set here: verifiers take the time of a cosignature for true.
2. Exit: 0 cosigned · 3 refused: what is held stays as it was.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import logs, unlock
from pratique.cli.witness import home as homes
from pratique.edges import files
from pratique.edges.ledger import Ledger
from pratique.journeys import witness as journey


@click.command()
@homes.folder
@click.argument("source", metavar="FILE|URL")
@unlock.secret_files
def cosign(*, folder: Path, source: str, password_file: Path | None, pin_file: Path | None) -> None:
    """Cosign with the witness in DIR, and print the lines to be put under the checkpoint."""
    found, ledger = homes.load(folder), Ledger(folder / homes.LEDGER)
    if source == "-":
        request = journey.Request.from_bytes(sys.stdin.buffer.read(logs.MAX_REQUEST + 1))
    elif Path(source).is_file():
        request = journey.Request.from_bytes(files.read_bytes(Path(source), logs.MAX_REQUEST))
    else:
        request = logs.request(source, found.logs, ledger)
    who = found.opened(folder, unlock.secrets(password_file, pin_file))
    now = int(datetime.now(UTC).timestamp())
    click.echo(journey.cosigned(request, who, ledger, at=now), nl=False)
