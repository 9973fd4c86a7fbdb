"""Serve a repository: static files to whoever asks, and a place to hand editions in.

    GET /metadata/… /targets/…          POST /proposals (a signed proposal; optional)

1. Who asks for what is written nowhere: no access log, no cookie.
2. A file that is named by version or digest may be kept for ever; the timestamp, the log's checkpoint and
   its proofs for a minute.
3. What is handed in is judged by its signatures alone: being able to reach the server gives no right.
4. Any static web server does as well for reading; nothing here is needed for it.
5. What is sent is read up to a limit; whoever sends too much, or goes away, leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from pratique.errors import ExtraMissing, PratiqueError, Unreadable

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing

from pratique.edges.network.repository import is_name

TAKE_SIZE = 64 * 1024 * 1024
"""The largest proposal that is taken, in bytes."""
AT_ONCE, WAITING = 1, 8
"""Proposals that are judged at a time; those that are held in memory until it is their turn."""
BACKLOG = 2048
STOPPING = 30
"""Seconds that an answer which was begun has, when the server is told to stop."""
FOR_EVER = "public, max-age=31536000, immutable"
A_MINUTE = "public, max-age=60"
ANEW = ("metadata/timestamp.json", "log/checkpoint", ".proof")
"""How the names end of files that are written again: a proof, for other witnesses."""
Take = Callable[[bytes], dict[str, object]]
"""take(proposal) -> what came of it; raises PratiqueError."""


def application(folder: Path, take: Take | None = None) -> Starlette:
    """Return the application that serves a repository's folder.

    Args:
        folder: of the repository.
        take: what is done with a proposal that is handed in; None takes none.
    """
    routes = [Route("/{name:path}", _reader(folder), methods=["GET"])]
    if take is not None:
        routes.insert(0, Route("/proposals", _taker(take), methods=["POST"]))
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


def run(application: Starlette, taken: socket.socket) -> None:
    """Serve at an address that was taken, until it is interrupted; what was begun is brought to its end."""
    settings = uvicorn.Config(
        application, access_log=False, log_level="warning",
        server_header=False, date_header=False, timeout_graceful_shutdown=STOPPING,
    )  # fmt: skip
    # Its signals are its own, as before: the first one ends it in order.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(settings).run(sockets=[taken])


async def body(request: Request, longest: int, seconds: float | None = None) -> bytes | None:
    """Return what is sent with a request.

    Args:
        request: whose body is read.
        longest: bytes that it may have.
        seconds: in which it must come; None for as long as it takes.

    Returns:
        The body; None if it is longer, late, or the sender went away before its end.
    """
    data = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                data += chunk
                if len(data) > longest:
                    return None
    except (ClientDisconnect, TimeoutError):
        return None
    return bytes(data)


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


def _taker(take: Take) -> Callable[[Request], Awaitable[Response]]:
    # Threads of their own: while an edition waits for slow witnesses, everybody goes on reading.
    threads, held = ThreadPoolExecutor(AT_ONCE), 0

    async def handed_in(request: Request) -> Response:
        nonlocal held
        data = await body(request, TAKE_SIZE)
        if data is None:
            return _refused(413, "proposal-too-large", "it is too large, or broke off", "")
        if held >= WAITING:
            return _refused(503, "proposals-busy", "others wait here already", "try again later")
        held += 1
        try:
            loop = asyncio.get_running_loop()
            return JSONResponse(await loop.run_in_executor(threads, take, data))
        except PratiqueError as error:
            return _refused(400, error.code, error.message, error.hint)
        finally:
            held -= 1

    return handed_in


def _refused(number: int, code: str, message: str, hint: str) -> Response:
    return JSONResponse({"code": code, "message": message, "hint": hint}, number)
