"""Web servers on this machine, in a thread: ours as it is, and others that answer whatever a test wants."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvicorn
from starlette.applications import Starlette

from pratique.store import server as store_server
from pratique.store.server import DEFAULT, Limits
from tests.steps import LONGEST, until

Answer = Callable[[bytes, socket.socket], None]
"""answer(request, connection): write what is to be said; the connection is closed then."""


def instant(text: str) -> datetime:
    """Return the instant that a text names."""
    return datetime.fromisoformat(text)


@contextmanager
def serving(
    application: Starlette, limits: Limits = DEFAULT, listening: socket.socket | None = None
) -> Iterator[str]:
    """Serve an application as our commands do, on a free port or where it listens; yield its address."""
    listening = listening or socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(store_server.settings(application, limits))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _is_whole(request: bytes) -> bool:
    head, ended, body = request.partition(b"\r\n\r\n")
    said = re.search(rb"(?im)^content-length: *(\d+)", head)
    return bool(ended) and len(body) >= int(said[1] if said else 0)


class Raw:
    """A server that notes every byte that it is sent, and answers as it is told.

    Attributes:
        url: where it listens.
        heard: each request, to the byte.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer, self._listening = answer, socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.heard: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        request = b""
        with connection, contextlib.suppress(OSError):
            connection.settimeout(LONGEST)
            while not _is_whole(request):
                more = connection.recv(65536)
                if not more:
                    return
                request += more
            self.heard.append(request)
            self._answer(request, connection)

    def close(self) -> None:
        """Hear no more."""
        # A thread that waits in accept() is woken by this alone.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def raw(answer: Answer) -> Iterator[Raw]:
    """Serve, byte by byte, as told."""
    server = Raw(answer)
    try:
        yield server
    finally:
        server.close()
