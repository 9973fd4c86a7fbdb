"""`pratique witness`: what a witness of a log does.

1. The clock cannot be set for a cosignature: verifiers take its time for true.
2. Exit of `cosign`: 0 cosigned · 3 refused. Of `serve`: 0 or by the signal, when it is told to stop; 4 if it cannot listen
   there. Nothing is written of who asks.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.lazy import PartyCommand
from pratique.errors import PratiqueError
from pratique.parties import witness
from pratique.store import server, sources
from pratique.store.keys import Secret
from pratique.text import plural, printable, rfc3339
from pratique.tlog.note import NoteKey
from pratique.tlog.witness import CosignatureRequest

LONGEST = 2_000
WHY = {
    "log-forked": "the log has signed another tree of a size that was cosigned here",
    "log-inconsistent": "no proof came that it grew out of what was cosigned here",
}


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


@click.command(cls=PartyCommand)
@options.witness
@click.argument("source", metavar="FILE|URL")
@options.secret
def cosign(*, folder: Path, source: str, secret: Secret) -> None:
    """Cosign a request in FILE, or "-", or the log at URL; print the lines to be put under the checkpoint."""
    request: bytes | str = source
    if source == "-":
        request = sys.stdin.buffer.read(witness.MAX_REQUEST + 1)
    elif Path(source).is_file():
        request = sources.read_bytes(Path(source), witness.MAX_REQUEST)
    click.echo(witness.cosign(folder, request, secret, at=_now()), nl=False)


@click.command(cls=PartyCommand)
@options.witness
@click.option("--name", required=True, help="Of the witness, as a host is named: w.example.org")
@click.option("--log", "lines", multiple=True, required=True, metavar="KEY",
              help="The key of a log that it watches: NAME+ID+BASE64. Repeatable.")  # fmt: skip
@options.new_secret
def init(*, folder: Path, name: str, lines: tuple[str, ...], secret: Secret) -> None:
    """Make a witness: a new key, and an empty ledger."""
    logs = tuple(map(NoteKey.from_text, lines))
    click.echo(witness.init(folder, name, logs, secret).to_text())


@click.command(cls=PartyCommand)
@options.witness
def show(*, folder: Path) -> None:
    """Show the witness's key, and what it has cosigned."""
    own, logs = witness.status(folder)
    click.echo(own.to_text())
    for log in logs:
        size = plural(log.held.size, "entry")
        click.echo(f"{log.name}: {size}, root {log.held.root.hex()}")
        for one in log.refused:
            when = rfc3339(one.at)
            size = plural(one.size, "entry")
            click.echo(
                printable(
                    f"  refused {when}, {one.code}: {WHY[one.code]}, {size}, root {one.root.hex()}",
                    LONGEST,
                )
            )
            # The checkpoint as the log has signed it: whoever reads it can check it.
            for line in (
                CosignatureRequest.from_bytes(one.request).note.to_bytes().decode().splitlines()
            ):
                click.echo(printable(f"    {line}", LONGEST))


@click.command(cls=PartyCommand)
@options.witness
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8018, show_default=True, type=click.IntRange(1, 65535))
@options.secret
def serve(*, folder: Path, host: str, port: int, secret: Secret) -> None:
    """Cosign what logs post (C2SP tlog-witness)."""
    service = witness.Service(folder, secret, _now)
    listening = server.bound(host, port)
    click.echo(f"serving witness {service.name} on http://{host}:{port}", err=True)
    server.serve(server.witness_application(service.answer, _echo_error), listening)


def _echo_error(error: PratiqueError) -> None:
    click.echo(printable(f"error: {error.message}"), err=True)
