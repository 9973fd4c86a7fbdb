"""Serve a repository: static files to whoever asks, and a place to hand editions in.

    GET /metadata/… /targets/…          POST /proposals (a signed proposal; optional)

1. Who asks for what is written nowhere: no access log, no cookie.
2. A file that is named by version or digest may be kept for ever; the timestamp, the log's checkpoint and
   its proofs for a minute.
3. What is handed in is judged by its signatures alone: being able to reach the server gives no right.
4. Any static web server does as well for reading; nothing here is needed for it.
5. What is sent is read up to a limit, and after a permit; whoever sends too much, too slowly, or goes away,
   leaves nothing behind (see `bounded`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from pratique.errors import ExtraMissing, PratiqueError, Unreadable

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.requests import Request
    from starlette.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing

from pratique.edges.network import bounded
from pratique.edges.network.repository import is_name

TAKE_SIZE = 16 * 1024 * 1024
"""The largest proposal that is taken, in bytes. A list of a million revocations and what it adds to the last
one are 2.6 MB of it, and an edition has all lists of a participant; a larger one is published from its file."""
AT_ONCE, WAITING = 1, 8
"""Proposals that are judged at a time; those that are held in memory, whole or in part."""
BACKLOG = 2048
STOPPING = 30
"""Seconds that an answer which was begun has, when the server is told to stop."""
FOR_EVER = "public, max-age=31536000, immutable"
A_MINUTE = "public, max-age=60"
ANEW = ("metadata/timestamp.json", "log/checkpoint", ".proof")
"""How the names end of files that are written again: a proof, for other witnesses."""
HINT = "whole, as it is, with its length; what is larger is published from its file: pratique authority publish"
Take = Callable[[bytes], dict[str, object]]
"""take(proposal) -> what came of it; raises PratiqueError."""


def application(
    folder: Path, take: Take | None = None, limits: bounded.Limits = bounded.DEFAULT
) -> Starlette:
    """Return the application that serves a repository's folder.

    Args:
        folder: of the repository.
        take: what is done with a proposal that is handed in; None takes none.
        limits: of a body.
    """
    routes = [Route("/{name:path}", _reader(folder), methods=["GET"])]
    if take is not None:
        routes.insert(0, Route("/proposals", _taker(take, limits), methods=["POST"]))
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=256)])


def bound(host: str, port: int) -> socket.socket:
    """Take an address, before anything is signed or said to be served; nobody is answered yet.

    Raises:
        Unreadable: `address-unusable`: it cannot listen there.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, number, _, address = found[0]
        taken = socket.socket(family, kind, number)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
            # From here on who connects waits for its turn, and is not turned away.
            taken.listen(BACKLOG)
        except OSError:
            taken.close()
            raise
    except OSError as error:
        raise Unreadable(
            "address-unusable",
            f"{host}, port {port}: it is not possible to listen there",
            "is another server there already? name another --port or --host",
        ) from error
    return taken


def run(
    application: Starlette, taken: socket.socket, limits: bounded.Limits = bounded.DEFAULT
) -> None:
    """Serve at an address that was taken, until it is interrupted; what was begun is brought to its end."""
    # Its signals are its own, as before: the first one ends it in order.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(settings(application, limits)).run(sockets=[taken])


def settings(
    application: Starlette, limits: bounded.Limits = bounded.DEFAULT, **more: Any
) -> uvicorn.Config:
    """Return the settings of every server of ours."""
    return uvicorn.Config(
        application, access_log=False, log_level="warning", server_header=False, date_header=False,
        timeout_graceful_shutdown=STOPPING, http=bounded.protocol(limits), ws="none",
        h11_max_incomplete_event_size=limits.head, **more,
    )  # fmt: skip


def _reader(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    async def read(request: Request) -> Response:
        name = request.path_params["name"]
        path = folder / name
        if not is_name(name) or not path.is_file():
            return Response(status_code=404)
        # A proof may be made anew, for other witnesses.
        kept = A_MINUTE if name.endswith(ANEW) else FOR_EVER
        kind = "application/json" if name.endswith(".json") else "application/octet-stream"
        return FileResponse(path, media_type=kind, headers={"Cache-Control": kept})

    return read


def _taker(take: Take, limits: bounded.Limits) -> Callable[[Request], Awaitable[Response]]:
    # Threads of their own: while an edition waits for slow witnesses, everybody goes on reading.
    threads, held = ThreadPoolExecutor(AT_ONCE), 0

    async def handed_in(request: Request) -> Response:
        nonlocal held
        if held >= WAITING:
            return _refused(503, "proposals-busy", "others wait here already", "try again later")
        # From here on, before a byte of it is read.
        held += 1
        try:
            bounded.check(request, TAKE_SIZE)
            data = await bounded.body(request, TAKE_SIZE, limits.body)
            loop = asyncio.get_running_loop()
            return JSONResponse(await loop.run_in_executor(threads, take, data))
        except bounded.BodyRefused as error:
            return _refused(
                error.number, f"proposal-{error.code}", f"the proposal: {error.why}", HINT
            )
        except PratiqueError as error:
            return _refused(400, error.code, error.message, error.hint)
        finally:
            held -= 1

    return handed_in


def _refused(number: int, code: str, message: str, hint: str) -> Response:
    return JSONResponse({"code": code, "message": message, "hint": hint}, number)
