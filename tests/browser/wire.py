"""All that a browser sends, to the byte: a proxy that lets only one origin through and notes everything.

    browser -> Wire (a proxy) -> the site            everything else: noted, and refused

1. Loopback goes through it too, and so does what a service worker or the browser itself sends.
2. A name is noted as it is asked for: with a proxy the browser looks no name up.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.steps import LONGEST


class Sent(NamedTuple):
    """One request as it came over the wire: method, where to, and all of its bytes."""

    method: str
    where: str
    data: bytes


class Wire:
    """What went through.

    Attributes:
        sent: each request, in the order in which they came.
        server: the proxy's address.
        proxy: the arguments that a browser is started with.
    """

    def __init__(self, origin: str, address: str) -> None:
        self.origin, self.server, self.sent = origin, address, list[Sent]()
        self.proxy = (f"--proxy-server={address}", "--proxy-bypass-list=<-loopback>")

    def elsewhere(self) -> set[str]:
        """Return where else something was sent than to the site."""
        return {one.where for one in self.sent if not one.where.startswith(f"{self.origin}/")}


@contextmanager
def recorded(origin: str) -> Iterator[Wire]:
    """Run a proxy that lets the site alone through, and note what is sent."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    wire = Wire(origin, f"http://127.0.0.1:{server.server_address[1]}")
    _Handler.wires[server.server_address[1]] = wire
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        del _Handler.wires[server.server_address[1]]


_HOP = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


class _Handler(BaseHTTPRequestHandler):
    wires: dict[int, Wire] = {}  # noqa: RUF012 - by the port of each proxy
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        wire = self.wires[self.server.server_address[1]]  # type: ignore[index]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        head = f"{self.requestline}\r\n".encode("latin-1") + self.headers.as_bytes()
        wire.sent.append(Sent(self.command, self.path, head + body))
        site = urlsplit(wire.origin)
        if self.command == "CONNECT" or not self.path.startswith(f"{wire.origin}/"):
            self.send_error(502)
            return
        kept = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        upstream = http.client.HTTPConnection(site.hostname or "", site.port or 80, timeout=LONGEST)
        upstream.request(self.command, self.path[len(wire.origin) :], body or None, kept)
        answer = upstream.getresponse()
        data = answer.read()
        self.send_response(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in {*_HOP, "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        upstream.close()

    def log_message(self, *_: Any) -> None:
        """Say nothing: what is sent is noted, not printed."""


for _method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT"):
    setattr(_Handler, f"do_{_method}", _Handler._pass)
