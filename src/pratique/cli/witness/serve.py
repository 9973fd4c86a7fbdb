"""`pratique witness serve`: cosign what logs post (C2SP tlog-witness).

    POST /add-checkpoint -> journeys.witness.answered, over the ledger -> the answer

1. Nothing is written of who asks. The key is opened once, at the start.
2. One request is answered after the other: the clock is read when its turn has come, so that a time
   never goes back. Another process, as `cosign`, may use the same ledger meanwhile.
3. Exit: 0 or by the signal, when it is told to stop; 4 if it cannot listen there.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import safe, unlock
from pratique.cli.witness import home as homes
from pratique.edges.ledger import Ledger
from pratique.edges.network import witness as server
from pratique.edges.network.serve import bound
from pratique.errors import PratiqueError
from pratique.journeys import witness as journey


@click.command()
@homes.folder
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8018, show_default=True, type=click.IntRange(1, 65535))
@unlock.secret_files
def serve(
    *, folder: Path, host: str, port: int, password_file: Path | None, pin_file: Path | None
) -> None:
    """Serve the witness in DIR."""
    found, ledger = homes.load(folder), Ledger(folder / homes.LEDGER)
    for log in found.logs:
        # A ledger that is damaged is told now, and not to the first log that asks.
        ledger.held(log.name)
    who = found.opened(folder, unlock.secrets(password_file, pin_file))
    lock = threading.Lock()

    def answer(data: bytes) -> journey.Answer:
        with lock:
            now = int(datetime.now(UTC).timestamp())
            return journey.answered(data, who, ledger, at=now)

    taken = bound(host, port)
    click.echo(f"serving witness {who.name} on http://{host}:{port}", err=True)
    server.run(answer, _tell, taken)


def _tell(error: PratiqueError) -> None:
    click.echo(safe.printable(f"error: {error.message}"), err=True)
