"""`pratique witness`: what a witness of a log does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique import text
from pratique.cli import options
from pratique.errors import PratiqueError, UsageError
from pratique.parties import witness as parties_witness
from pratique.store import server, sources
from pratique.store.keys import make_log_key
from pratique.store.ledger import Ledger
from pratique.store.server import bound
from pratique.text import printable
from pratique.tlog import witness
from pratique.tlog.note import COSIGNATURE, NoteKey
from pratique.tlog.witness import Refused, Request

# ----------------------------------------------------------------------------------------------------
# `pratique witness cosign`: cosign a request in a file, or the log of a network.
#
#     FILE, or - : C2SP's add-checkpoint, as the log has written it -> the lines of the cosignature
#     URL or DIR: checkpoint and tiles are read, and the proof is made here
#
# 1. The clock cannot be set here: verifiers take the time of a cosignature for true.
# 2. Exit: 0 cosigned · 3 refused: what is held stays as it was.


@click.command()
@parties_witness.folder
@click.argument("source", metavar="FILE|URL")
@options.secret_files
def cosign(*, folder: Path, source: str, password_file: Path | None, pin_file: Path | None) -> None:
    """Cosign with the witness in DIR, and print the lines to be put under the checkpoint."""
    found, ledger = parties_witness.load(folder), Ledger(folder / parties_witness.LEDGER)
    if source == "-":
        request = witness.Request.from_bytes(sys.stdin.buffer.read(parties_witness.MAX_REQUEST + 1))
    elif Path(source).is_file():
        request = witness.Request.from_bytes(
            sources.read_bytes(Path(source), parties_witness.MAX_REQUEST)
        )
    else:
        request = parties_witness.request(source, found.logs, ledger)
    who = found.opened(folder, options.secrets(password_file, pin_file))
    now = int(datetime.now(UTC).timestamp())
    click.echo(witness.cosigned(request, who, ledger, at=now), nl=False)


# ----------------------------------------------------------------------------------------------------
# `pratique witness init` and `show`: a witness's key, its logs, what it has cosigned.


LONGEST = 2_000
WHY = {
    "log-forked": "the log has signed another tree of a size that was cosigned here",
    "log-inconsistent": "no proof came that it grew out of what was cosigned here",
}


@click.command()
@parties_witness.folder
@click.option("--name", required=True, help="Of the witness, as a host is named: w.example.org")
@click.option("--log", "lines", multiple=True, required=True, metavar="KEY",
              help="The key of a log that it watches: NAME+ID+BASE64. Repeatable.")  # fmt: skip
@options.secret_files
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
    if (folder / parties_witness.FILE).exists():
        raise UsageError("witness-exists", f"{folder}: there is a witness already")
    if len({log.name for log in logs}) < len(logs):
        raise UsageError("log-double", "two keys are of one log")
    NoteKey.from_text(logs[0]._replace(name=name).to_text())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = options.secrets(password_file, pin_file, new=True)
    key = make_log_key(
        folder / parties_witness.KEY, lambda: secret("file:"), f"key of the witness {name}\n"
    )
    Ledger.make(folder / parties_witness.LEDGER)
    own = NoteKey(name, COSIGNATURE, key.public_key)
    parties_witness.save(folder, parties_witness.Home(own, logs))
    click.echo(own.to_text())


@click.command()
@parties_witness.folder
def show(*, folder: Path) -> None:
    """Show the key of the witness in DIR, and what it has cosigned."""
    found, ledger = parties_witness.load(folder), Ledger(folder / parties_witness.LEDGER)
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


# ----------------------------------------------------------------------------------------------------
# `pratique witness serve`: cosign what logs post (C2SP tlog-witness).
#
#     POST /add-checkpoint -> journeys.witness.answered, over the ledger -> the answer
#
# 1. Nothing is written of who asks. The key is opened once, at the start.
# 2. One request is answered after the other: the clock is read when its turn has come, so that a time
#    never goes back. Another process, as `cosign`, may use the same ledger meanwhile.
# 3. Exit: 0 or by the signal, when it is told to stop; 4 if it cannot listen there.


@click.command()
@parties_witness.folder
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8018, show_default=True, type=click.IntRange(1, 65535))
@options.secret_files
def serve(
    *, folder: Path, host: str, port: int, password_file: Path | None, pin_file: Path | None
) -> None:
    """Serve the witness in DIR."""
    found, ledger = parties_witness.load(folder), Ledger(folder / parties_witness.LEDGER)
    for log in found.logs:
        # A ledger that is damaged is told now, and not to the first log that asks.
        ledger.held(log.name)
    who = found.opened(folder, options.secrets(password_file, pin_file))
    lock = threading.Lock()

    def answer(data: bytes) -> witness.Answer:
        with lock:
            now = int(datetime.now(UTC).timestamp())
            return witness.answered(data, who, ledger, at=now)

    taken = bound(host, port)
    click.echo(f"serving witness {who.name} on http://{host}:{port}", err=True)
    server.serve(server.witness_application(answer, _tell), taken)


def _tell(error: PratiqueError) -> None:
    click.echo(text.printable(f"error: {error.message}"), err=True)
