"""A real web server in a thread of its own, on a port of this machine (extra `server`)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pratique.errors import ExtraMissing, Unreadable
from pratique.store import server as store_server

try:
    import uvicorn
    from starlette.applications import Starlette
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing

PATIENCE = 10
"""Seconds that a server may take to be there."""


def served(folder: Path, take: store_server.Take | None = None) -> AbstractContextManager[str]:
    """Serve a repository's folder while the block runs; the address is what it yields."""
    return running(store_server.network_application(folder, take))


@contextmanager
def running(application: Starlette) -> Iterator[str]:
    """Serve an application while the block runs; yield its address."""
    # With its protocol named, as asyncio asks for: else each answer waits for a delayed ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    settings = store_server.settings(application, log_config=None, lifespan="off")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        _await(server, thread)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()


def _await(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise Unreadable("server-unstarted", "the demo's web server did not come up")
        time.sleep(0.01)
