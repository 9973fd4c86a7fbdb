"""Another origin, which takes and gives whatever it is asked: what a page must not reach.

elsewhere() -> Elsewhere(url, asked)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SHAPE = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_ANSWERS = {
    "/script.js": ("text/javascript", b"globalThis.ran?.();"),
    "/style.css": ("text/css", b""),
    "/picture.svg": ("image/svg+xml", _SHAPE),
    "/frame.html": ("text/html", b"<script>parent.postMessage('framed', '*')</script>"),
    "/data.json": ("application/json", b"{}"),
    "/events": ("text/event-stream", b"data: x\n\n"),
}


class Elsewhere:
    """What was asked of the other origin.

    Attributes:
        url: of it.
        asked: the paths, in order.
        pages: what it serves beside its own.
    """

    def __init__(self, url: str) -> None:
        self.url, self.asked, self.pages = url, list[str](), dict[str, bytes]()


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Run another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    _Handler.origins[port] = Elsewhere(f"http://127.0.0.1:{port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield _Handler.origins[port]
    finally:
        server.shutdown()
        server.server_close()
        del _Handler.origins[port]


class _Handler(BaseHTTPRequestHandler):
    origins: dict[int, Elsewhere] = {}  # noqa: RUF012 - by the port of each

    def _answer(self) -> None:
        own = self.origins[self.server.server_address[1]]  # type: ignore[index]
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        own.asked.append(self.path)
        kind, data = _ANSWERS.get(self.path, ("text/plain", b"x"))
        if self.path in own.pages:
            kind, data = "text/html", own.pages[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


for _method in ("GET", "HEAD", "POST", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler._answer)
