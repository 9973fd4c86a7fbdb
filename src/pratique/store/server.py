"""Serve a repository and a place to hand editions in, a witness (C2SP tlog-witness), or a site of pages.

    GET /metadata/… /targets/…              POST /proposals (a signed proposal; optional)
    POST /add-checkpoint, the request -> answer -> 200 lines · 400 · 403 · 404 · 409 size · 422 · 503
    GET /border.html … -> Host, Origin -> file (.br, .gz) -> 200 · 304 · 403 · 404 · 421
    accepted -> (deadline) headers -> (permit, deadline) body -> answer -> (stalled?) written -> again | closed

1. Who asks for what is written nowhere: no access log, no cookie. What is handed in is judged by its signatures
   alone: being able to reach the server gives no right.
2. What is unfinished is dropped: headers that do not come, a body after its answer, a reader that stands still.
3. At the limit of connections the one goes that has waited longest without asking for anything; only where
   all are being answered is the new one turned away.
4. Memory is a count of bytes: what was announced is known before it is read, and read after a permit only.
5. A file that is named by version or digest may be kept for ever; the timestamp, the log's checkpoint and
   its proofs for a minute. For reading, any static web server does as well.
6. What a witness cannot keep is not cosigned: where the answer fails, the log hears 503 and may ask again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import time
from collections.abc import Awaitable, Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
from typing import Any, NamedTuple

from pratique.errors import ExtraMissing, PratiqueError, Unreadable, UsageError
from pratique.store import site
from pratique.store.network import is_name
from pratique.tlog.note import MAX_NOTE

try:
    import h11
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route
    from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing

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
ADD = "/add-checkpoint"
PATIENCE = 20
"""Seconds in which a request must have come."""
_TEXT = "text/plain; charset=utf-8"
_BAD_REQUEST, _LATE, _UNMEASURED, _TOO_LARGE, _PACKED, _UNAVAILABLE = 400, 408, 411, 413, 415, 503
Take = Callable[[bytes], dict[str, object]]
"""take(proposal) -> what came of it; raises PratiqueError."""

Answer = Callable[[bytes], tuple[int, str, bytes]]
"""answer(request) -> number, kind and body; raises PratiqueError where it cannot."""
Told = Callable[[PratiqueError], None]
"""told(error): tell whoever keeps the witness."""


class Limits(NamedTuple):
    """What a server gives to those whom it does not know.

    Attributes:
        connections: that are open at once.
        headers: seconds in which a request's headers must have come.
        body: seconds in which a body must have come.
        stalled: seconds for which a reader may leave its answer unread.
        lingering: seconds for which a body is still let come that was refused, so that its sender hears why.
        head: bytes that a request's headers may have.
    """

    connections: int = 400
    headers: float = 15
    body: float = 60
    stalled: float = 60
    lingering: float = 5
    head: int = 16_384


DEFAULT = Limits()


class _Door:
    """A connection as whoever answers on it has it: it does not close under a body that is still being sent.

    Who is told to close (`Connection: close`) closes after its answer. A sender that is not done by then would hear of
    a broken pipe and not of the answer, and a server in front would make it a 502.
    """

    def __init__(self, transport: asyncio.Transport, ended: Callable[[], bool]) -> None:
        self._transport, self._ended = transport, ended
        self.waits = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        self.waits = not self._ended()
        if not self.waits:
            self._transport.close()


class _Bounded(H11Protocol):
    limits: Limits
    waiting: dict[_Bounded, None]
    """Those that have asked for nothing yet, or nothing more; the longest waiting first. Of one server."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._due: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._door = _Door(transport, lambda: self.conn.their_state is not h11.SEND_BODY)
        self.transport = self._door  # type: ignore[assignment]
        self._watch(self.limits.headers)
        if len(self.connections) > self.limits.connections:
            next(iter(self.waiting)).drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._go_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._door.waits:
            self._throw_away()
        between = self._is_between()
        if not between:
            self._unwatch()
        elif self._due is None and not self.transport.is_closing():
            self._watch(self.limits.headers)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self._is_between():
            # What still comes of a body is thrown away, and not for ever.
            rest = self.conn.their_state is h11.SEND_BODY
            self._watch(self.limits.lingering if rest else self.limits.headers)

    def _throw_away(self) -> None:
        # It is answered, and waits to be closed; what came of its body since is not to grow.
        cycle: RequestResponseCycle = self.cycle
        cycle.body = bytearray()
        self.flow.resume_reading()
        self._door.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._go_on()
        self._stalled = self.loop.call_later(self.limits.stalled, self.drop)

    def resume_writing(self) -> None:
        self._go_on()
        super().resume_writing()

    def drop(self) -> None:
        """Close it at once, whatever the other side does."""
        self._unwatch()
        self._go_on()
        self.transport.abort()
        # Counted out now, and not when the loop comes to it: the next one is let in.
        self.connections.discard(self)

    def _is_between(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _watch(self, seconds: float) -> None:
        self._unwatch()
        self._due = self.loop.call_later(seconds, self.drop)
        self.waiting[self] = None

    def _unwatch(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self.waiting.pop(self, None)

    def _go_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = None


class BodyRefused(Exception):
    """A body that is not taken: with which number of HTTP, and why."""

    def __init__(self, number: int, code: str, why: str) -> None:
        super().__init__(why)
        self.number, self.code, self.why = number, code, why


def check(
    request: Request,
    longest: int,
    *,
    measured: bool = True,
    taken: Container[str] = ("identity",),
) -> None:
    """See to it, by its headers alone, that a body may be read.

    Args:
        request: whose body it is.
        longest: bytes that it may have.
        measured: refuse one that does not say how long it is.
        taken: words for a coding that packs nothing.

    Raises:
        BodyRefused: it is packed, too long, or does not say how long it is.
    """
    # A small body that is packed may be a large one; nobody has to pack.
    if request.headers.get("content-encoding", "identity").strip().lower() not in taken:
        raise BodyRefused(_PACKED, "packed", "it is compressed, which is not taken")
    said = request.headers.get("content-length")
    if said is None:
        if measured:
            raise BodyRefused(_UNMEASURED, "unmeasured", "it does not say how long it is")
    elif not (said.isascii() and said.isdecimal() and len(said) < 20) or int(said) > longest:
        raise BodyRefused(_TOO_LARGE, "too-large", f"it is larger than {longest} bytes")


async def body(request: Request, longest: int, seconds: float) -> bytes:
    """Return what is sent with a request; to be called with a permit.

    Args:
        request: whose body is read, `check`ed before.
        longest: bytes that it may have.
        seconds: in which it must come.

    Raises:
        BodyRefused: it is longer or late, or the sender went away before its end.
    """
    data = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                data += chunk
                if len(data) > longest:
                    raise BodyRefused(_TOO_LARGE, "too-large", f"it is larger than {longest} bytes")
    except TimeoutError:
        raise BodyRefused(_LATE, "late", "it did not come in time") from None
    except ClientDisconnect:
        raise BodyRefused(_BAD_REQUEST, "broken-off", "it broke off") from None
    return bytes(data)


def network_application(
    folder: Path, take: Take | None = None, limits: Limits = DEFAULT
) -> Starlette:
    """Return the application that serves a repository's folder.

    Args:
        folder: of the repository.
        take: what is done with a proposal that is handed in; None takes none.
        limits: of a body.
    """
    routes = [Route("/{name:path}", _reader(folder), methods=["GET"])]
    if take is not None:
        routes.insert(0, Route("/proposals", _proposals(take, limits), methods=["POST"]))
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=256)])


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


def _proposals(take: Take, limits: Limits) -> Callable[[Request], Awaitable[Response]]:
    # Threads of their own: while an edition waits for slow witnesses, everybody goes on reading.
    threads, held = ThreadPoolExecutor(AT_ONCE), 0

    async def handed_in(request: Request) -> Response:
        nonlocal held
        if held >= WAITING:
            return _refused(503, "proposals-busy", "others wait here already", "try again later")
        # From here on, before a byte of it is read.
        held += 1
        try:
            check(request, TAKE_SIZE)
            data = await body(request, TAKE_SIZE, limits.body)
            loop = asyncio.get_running_loop()
            return JSONResponse(await loop.run_in_executor(threads, take, data))
        except BodyRefused as error:
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


def witness_application(answer: Answer, told: Told) -> Starlette:
    """Return the application that serves a witness.

    Args:
        answer: what is said to a request; it is called from several threads at once.
        told: hears of what could not be answered.
    """
    return Starlette(routes=[Route(ADD, _checkpoints(answer, told), methods=["POST"])])


def _checkpoints(answer: Answer, told: Told) -> Callable[[Request], Awaitable[Response]]:
    async def handed_in(request: Request) -> Response:
        try:
            # Logs of other makers may send it in chunks: it is short, and counted as it comes.
            check(request, MAX_NOTE, measured=False)
            data = await body(request, MAX_NOTE, PATIENCE)
        except BodyRefused as error:
            # The rest is not waited for.
            return _said(_BAD_REQUEST, _TEXT, f"log-request: {error.why}\n".encode(), ended=True)
        try:
            return _said(*await run_in_threadpool(answer, data))
        except PratiqueError as error:
            told(error)
            # The message may name a place on this machine.
            return _said(_UNAVAILABLE, _TEXT, f"{error.code}\n".encode())

    return handed_in


def _said(number: int, kind: str, told: bytes, *, ended: bool = False) -> Response:
    # The kind goes as a header: elsewhere a character set would be added to it, which C2SP's has not.
    headers = {"Content-Type": kind, **({"Connection": "close"} if ended else {})}
    return Response(told, number, headers)


# ----------------------------------------------------------------------------------------------------
# A site of pages (store.site), for the machine that it runs on, or behind a server that ends TLS.
#
# A name that is not this server's is refused: a foreign page may have let its own name lead here (DNS
# rebinding), and would read what is answered as its own.


_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def site_application(
    folder: Path, hosts: frozenset[str], clock: Callable[[], float] = time.time
) -> Starlette:
    """Return the application that serves a site.

    Args:
        folder: where it lies.
        hosts: under which it is asked for, as the header Host has it: "localhost:8080".
        clock: seconds since the epoch; pages compare it with their device's.
    """
    origins = {f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")}

    async def answer(request: Request) -> Response:
        if request.headers.get("host", "").lower() not in hosts:
            return _turned_away(421, "this server has another name")
        # A page of ours sends none with a GET, or this one.
        if request.headers.get("origin", next(iter(origins))).lower() not in origins:
            return _turned_away(403, "for pages of this site alone")
        name, served = request.path_params["name"] or "index.html", None
        accepted = request.headers.get("accept-encoding", "")
        if site.is_name(name):
            served = await run_in_threadpool(site.read, folder, name, accepted)
        if served is None:
            return _turned_away(404, "no such file")
        data, encoding = served
        # A tag is of the bytes as they go over the wire (RFC 9110 §8.8.3).
        said = {
            **site.headers(name),
            "ETag": f'"{hashlib.sha256(data).hexdigest()[:24]}"',
            "Vary": "Accept-Encoding",
            "Date": formatdate(clock(), usegmt=True),
        }
        if said["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=said)
        return Response(
            data, headers={**said, **({"Content-Encoding": encoding} if encoding else {})}
        )

    return Starlette(routes=[Route("/{name:path}", answer, methods=["GET"])])


def _turned_away(number: int, why: str) -> Response:
    said = {**site.headers("why.txt"), "Cache-Control": "no-store"}
    return Response(f"{why}\n", number, said)


def names_of(host: str, port: int, others: Iterable[str] = ()) -> frozenset[str]:
    """Return under which names a site that listens there is asked for: its own, and what stands in front of it."""
    own = host.lower() if ":" not in host else f"[{host.lower()}]"
    names = {own, *(_LOOPBACK if own in _LOOPBACK else ())}
    return frozenset({f"{name}:{port}" for name in names} | {name.lower() for name in others})


def bound(host: str, port: int, *, listens: bool = True) -> socket.socket:
    """Take an address, before anything is signed or said to be served; nobody is answered yet.

    Without `listens` whoever connects is turned away: it is only seen that the address can be had.

    Raises:
        Unreadable: `address-unusable`: it cannot listen there.
        UsageError: `platform-unfit`.
    """
    if not hasattr(os, "fork"):
        # How a server ends in order, and what two processes do to one folder, was tried there only.
        raise UsageError(
            "platform-unfit",
            "serving works on Linux and macOS only",
            "on Windows: in WSL; or hand out the folder's files with any web server",
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, number, _, address = found[0]
        taken = socket.socket(family, kind, number)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
            if listens:
                # From here on who connects waits for its turn, and is not turned away.
                taken.listen(BACKLOG)
        except OSError:
            taken.close()
            raise
    except OSError as error:
        raise Unreadable(
            "address-unusable",
            f"{host}, port {port}: it is not possible to listen there",
            "is another server there already? name another address or port",
        ) from error
    return taken


def settings(application: Starlette, limits: Limits = DEFAULT, **more: Any) -> uvicorn.Config:
    """Return the settings of every server of ours."""
    return uvicorn.Config(
        application, access_log=False, log_level="warning", server_header=False, date_header=False,
        timeout_graceful_shutdown=STOPPING, http=type("Limited", (_Bounded,), {"limits": limits, "waiting": {}}), ws="none",
        h11_max_incomplete_event_size=limits.head, **more,
    )  # fmt: skip


def serve(application: Starlette, taken: socket.socket, limits: Limits = DEFAULT) -> None:
    """Serve at an address that was taken, until it is interrupted; what was begun is brought to its end."""
    # Its signals are its own, as before: the first one ends it in order.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(settings(application, limits)).run(sockets=[taken])
