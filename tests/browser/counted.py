"""A site that is served, with what goes over the wire counted: by name, in bytes of headers and body.

folder -> counting(site_application) -> served -> Traffic: names asked for, bytes sent
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pratique.store import server
from tests.web import serving


class Traffic:
    """What a server has sent.

    Attributes:
        names: what was asked for, in order.
        size: bytes of all answers' headers and bodies.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.size = 0

    def begin(self) -> None:
        """Count anew."""
        self.names.clear()
        self.size = 0


@contextmanager
def counted(folder: Path, clock: float, port: int = 0) -> Iterator[tuple[str, Traffic]]:
    """Serve a folder's site; yield its address, and what is sent."""
    listening = socket.create_server(("127.0.0.1", port))
    port = listening.getsockname()[1]
    names = server.names_of("localhost", port)
    application: Any = server.site_application(folder, names, clock=lambda: clock)
    traffic = Traffic()

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                traffic.names.append(scope["path"].removeprefix("/"))
                traffic.size += sum(
                    len(name) + len(value) + 4 for name, value in message["headers"]
                )
            traffic.size += len(message.get("body", b""))
            await send(message)

        await application(scope, receive, sent if scope["type"] == "http" else send)

    wrapped: Any = counting
    with serving(wrapped, listening=listening):
        yield f"http://localhost:{port}", traffic
