"""The site of the pages: its files on the disk, how they are served, and under which policy.

    folder | pratique-site-….tar.gz -> files          GET /name -> Host, Origin -> file (.br, .gz) -> headers -> 200 · 304

1. There is one policy, and it is here: the server sends it, and `pratique web headers` prints it for others.
2. Every response has it, whatever it is: a worker's script has no policy of its page's, but its own.
3. A name with a digest is kept for ever; what has none (pages, the service worker, the data's index) is asked for
   anew each time, and answered 304 where nothing is new.
4. Who asks for what is written nowhere. A name that is not this server's is refused: a foreign page may have had
   its own name lead here (DNS rebinding), and would read the answers as its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import NamedTuple

from pratique.errors import ExtraMissing
from pratique.store import files

try:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing

LARGEST = 64 * 1024 * 1024
"""Bytes of one file of a site."""

CONTENT_POLICY: Mapping[str, str] = {
    # Nothing but what is named below, from nowhere but the site itself.
    "default-src": "'none'",
    # WebAssembly is compiled; a text is never run.
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "style-src": "'self'",
    # Frames of the camera and codes that were drawn are made in the page.
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    # No other page shows this one within itself, with something of its own on top.
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "pratique",
}
ASKED = (
    "camera",
    "fullscreen",
    "screen-wake-lock",
    "publickey-credentials-create",
    "publickey-credentials-get",
)
"""What of a device the pages ask for."""
REFUSED = (
    "accelerometer", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(
        f"{name} {value}" for name, value in CONTENT_POLICY.items()
    ),
    "Permissions-Policy": ", ".join(
        [*(f"{name}=(self)" for name in ASKED), *(f"{name}=()" for name in REFUSED)]
    ),
    # What is clicked on tells nobody where from.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every response says."""
FOR_EVER, ANEW = "public, max-age=31536000, immutable", "no-cache"
DIGEST = "-[0-9a-f]{12}[./]"
"""How a name with a digest is told from others, as a regular expression of Python, nginx and Caddy alike."""
KINDS: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".delta": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".zip": "application/zip",
    ".so": "application/octet-stream",
    ".bin": "application/octet-stream",
}
"""What a site consists of: by how a name ends, of what kind it is."""
PACKED: Mapping[str, str] = {"br": ".br", "gzip": ".gz"}
"""Encodings in which a file may lie beside itself, the smallest first."""
_NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)*[A-Za-z0-9][\w.-]*", re.ASCII)
_LOCAL = {"localhost", "127.0.0.1", "[::1]"}


def is_name(name: str) -> bool:
    """Say whether a site may have a file of this name: none that is hidden, none that leads upward."""
    return _NAME.fullmatch(name) is not None and Path(name).suffix in KINDS


def headers(name: str) -> dict[str, str]:
    """Return what a file is served with."""
    kept = FOR_EVER if re.search(DIGEST, name) else ANEW
    return {**HEADERS, "Content-Type": KINDS[Path(name).suffix], "Cache-Control": kept}


class Served(NamedTuple):
    """A file as it goes over the wire: its bytes, and how they are packed."""

    data: bytes
    encoding: str

    @property
    def tag(self) -> str:
        """Return its entity tag (RFC 9110 §8.8.3), which differs where the packing does."""
        return f'"{hashlib.sha256(self.data).hexdigest()[:24]}"'


def read(folder: Path, name: str, accepted: str = "") -> Served | None:
    """Return a file of a site, packed as whoever asks can take it; None if there is none."""
    taken = {part.partition(";")[0].strip() for part in accepted.lower().split(",")}
    for encoding, ending in [*((e, PACKED[e]) for e in PACKED if e in taken), ("", "")]:
        try:
            path = files.within(folder, name + ending)
            return Served(files.read(path, LARGEST, named=False), encoding)
        except OSError:
            continue
    return None


def application(folder: Path, hosts: frozenset[str]) -> Starlette:
    """Return the application that serves a site.

    Args:
        folder: where it lies.
        hosts: under which it is asked for: "localhost:8080".
    """
    origins = {f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")}

    async def answer(request: Request) -> Response:
        if request.headers.get("host", "").lower() not in hosts:
            return _refused(421, "this server has another name")
        # A page of this site sends none with a GET, or this site's own.
        if request.headers.get("origin", next(iter(origins))).lower() not in origins:
            return _refused(403, "for pages of this site alone")
        name = request.path_params["name"] or "index.html"
        served = None
        if is_name(name):
            served = await run_in_threadpool(
                read, folder, name, request.headers.get("accept-encoding", "")
            )
        if served is None:
            return _refused(404, "no such file")
        # Pages compare it with the device's clock.
        said = {
            **headers(name),
            "ETag": served.tag,
            "Vary": "Accept-Encoding",
            "Date": formatdate(usegmt=True),
        }
        if served.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=said)
        if served.encoding:
            said["Content-Encoding"] = served.encoding
        return Response(served.data, headers=said)

    endpoint: Callable[[Request], Awaitable[Response]] = answer
    return Starlette(routes=[Route("/{name:path}", endpoint, methods=["GET", "HEAD"])])


def _refused(number: int, why: str) -> Response:
    said = {**HEADERS, "Content-Type": KINDS[".txt"], "Cache-Control": "no-store"}
    return Response(f"{why}\n", number, said)


def names_of(host: str, port: int) -> frozenset[str]:
    """Return the names under which a server that listens there is asked for."""
    own = {host.lower()} | (_LOCAL if host.lower() in _LOCAL | {"::1"} else set())
    return frozenset(f"{name}:{port}" for name in own) | (own if port in {80, 443} else set())
