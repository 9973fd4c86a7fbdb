"""Serve a repository: static files to whoever asks, and a place to hand editions in.

    GET /metadata/… /targets/…          POST /proposals (a signed proposal; optional)

1. Who asks for what is written nowhere: no access log, no cookie.
2. A file that is named by version or digest may be kept for ever, the timestamp for a minute.
3. What is handed in is judged by its signatures alone: being able to reach the server gives no right.
4. Any static web server does as well for reading; nothing here is needed for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from pratique.errors import ExtraMissing, PratiqueError

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.requests import Request
    from starlette.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing

from pratique.edges.network.repository import is_name

TAKE_SIZE = 64 * 1024 * 1024
"""The largest proposal that is taken, in bytes."""
FOR_EVER = "public, max-age=31536000, immutable"
A_MINUTE = "public, max-age=60"
ANEW = frozenset({"metadata/timestamp.json", "log/checkpoint"})
"""Files that are written again under the same name."""
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


def run(application: Starlette, *, host: str, port: int) -> None:
    """Serve until it is interrupted."""
    uvicorn.run(
        application, host=host, port=port, access_log=False, log_level="warning",
        server_header=False, date_header=False,
    )  # fmt: skip


def _reader(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    async def read(request: Request) -> Response:
        name = request.path_params["name"]
        path = folder / name
        if not is_name(name) or not path.is_file():
            return Response(status_code=404)
        kept = A_MINUTE if name in ANEW else FOR_EVER
        kind = "application/json" if name.endswith(".json") else "application/octet-stream"
        return FileResponse(path, media_type=kind, headers={"Cache-Control": kept})

    return read


def _taker(take: Take) -> Callable[[Request], Awaitable[Response]]:
    async def handed_in(request: Request) -> Response:
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > TAKE_SIZE:
                return JSONResponse({"code": "proposal-too-large"}, 413)
        try:
            return JSONResponse(await run_in_threadpool(take, bytes(data)))
        except PratiqueError as error:
            told = {"code": error.code, "message": error.message, "hint": error.hint}
            return JSONResponse(told, 400)

    return handed_in
