"""`pratique authority serve`: hand out the repository; with --accept, take editions in too.

    GET the files · POST /proposals -> checked by its signatures -> published -> the answer

1. Nothing is written of who asks for what.
2. With --accept the online keys are in this process. What ran out while it was off is signed anew before it
   serves, and the timestamp by the hour: who asks in that hour would be refused by its own clock.
3. It says that it serves when the address is its own, and not before. Exit: 4 if it cannot listen there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import unlock
from pratique.cli.authority import place, publish
from pratique.cli.safe import printable
from pratique.edges.keys import Secret
from pratique.edges.network import repository
from pratique.edges.network import serve as server
from pratique.errors import PratiqueError
from pratique.journeys import publish as journey
from pratique.network import proposal

MOST = 400_000
"""Values in a proposal that comes from a stranger: 2,000 participants of six keys each are half of them."""


@click.command()
@place.folder
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8017, show_default=True, type=click.IntRange(1, 65535))
@click.option("--accept", is_flag=True, help="Take signed proposals, and publish them.")
@click.option("--refresh-minutes", default=60, show_default=True, type=click.IntRange(1, 24 * 60),
              help="How often the timestamp is signed anew, with --accept.")  # fmt: skip
@unlock.secret_files
def serve(
    *,
    folder: Path,
    host: str,
    port: int,
    accept: bool,
    refresh_minutes: int,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Serve the repository in DIR. Any static web server does as well, for reading."""
    served, take = place.repository_of(folder), None
    secret = unlock.secrets(password_file, pin_file)
    if accept:
        place.online_keys(folder, secret)
    listening = server.bound(host, port)
    if accept:
        lock = threading.Lock()
        _refresh(folder, secret, lock)

        def take(data: bytes) -> dict[str, object]:
            with lock:
                return taken(folder, data, secret, datetime.now(UTC))

        _keep_fresh(folder, secret, lock, refresh_minutes * 60)
    click.echo(f"serving {served} on http://{host}:{port}", err=True)
    server.run(server.application(served, take), listening)


def taken(folder: Path, data: bytes, secret: Secret, at: datetime) -> dict[str, object]:
    """Publish a proposal that was handed in; return the answer."""
    found = proposal.from_bytes(data, most=MOST)
    journey.check_known(repository.Repository(place.repository_of(folder)), found)
    came = publish.published(folder, found, secret, at)
    return {"published": found.title, "files": sorted(came.files), "waits": bool(came.lacking)}


def _keep_fresh(folder: Path, secret: Secret, lock: threading.Lock, seconds: float) -> None:
    def again() -> None:
        try:
            _refresh(folder, secret, lock)
        finally:
            _after(seconds, again)

    _after(seconds, again)


def _refresh(folder: Path, secret: Secret, lock: threading.Lock) -> None:
    try:
        with lock:
            came = publish.refreshed(folder, secret, datetime.now(UTC))
        for line in came.told():
            click.echo(f"note: {printable(line)}", err=True)
    except PratiqueError as error:
        # Told, and tried again next time: what is published stays, and grows old visibly.
        click.echo(f"error: {printable(error.message)}", err=True)


def _after(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
