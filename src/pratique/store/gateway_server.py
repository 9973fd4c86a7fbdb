"""Serve a gateway's wire API on a UNIX socket, to the server in front that ends TLS.

    socket in a folder of ours -> head (bounded, in time) -> body (counted, in time) -> WireRequest, now, UUID
    -> thread -> answer: one transaction -> WireAnswer -> gzip, where it was asked for -> written
    SIGTERM -> the server in front ends what it has begun -> we end -> the socket goes

1. `X-SSL-…` say who calls, and only whoever can open the socket may say so: its owner, and of a socket that
   somebody asked for its group too. No other address is listened on.
2. A header that stands there twice has both values, and none whose name has an underscore goes on: servers take
   it for the one with a hyphen, or drop it.
3. What a request holds, and who sends it, is written nowhere: no access log, no address. Of what nobody foresaw the
   kind of error and our line are told, and not its words.
4. A body is counted while it comes, and none is longer than `LARGEST`. With a limit of connections this bounds the memory.
5. An answer with an ETag goes as it is: a server that packs it would change the tag, and clients send it back.
6. Now is read once for each request, when it is whole.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import socket
import stat
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pratique import errors
from pratique.errors import PratiqueError, UsageError
from pratique.gateway.wire import Refusal, WireAnswer, WireRequest
from pratique.store import server
from pratique.store.server import BodyRefused, Limits

# `server` says which extra is missing, if it is.
import uvicorn  # isort: skip
from starlette.applications import Starlette  # isort: skip
from starlette.requests import Request  # isort: skip
from starlette.responses import Response  # isort: skip
from starlette.routing import Route  # isort: skip

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LARGEST = 1_000_000
"""Bytes of a body; the largest message met has 50 kB."""
LIMITS = Limits(connections=256, headers=15, body=30, stalled=60, lingering=5, head=64 * 1024)
"""A certificate is handed on in a header; a national one has some 2 kB there."""
THREADS = 8
"""Requests that are answered at a time."""
PACKED_FROM = 512
"""Bytes from which an answer is worth packing."""
LONGEST_PATH = 97
"""Bytes of a UNIX socket's path; the system's own limit is 104 to 108, HAProxy's 97."""
IDENTITIES = ("identity", "base64", "")
"""Content-Encoding that is no packing: dgc-gateway's documentation asks for "base64", and nobody is to heed it."""
_DROPPED = 1.0
"""Seconds for which another process on the socket is asked whether it lives."""

Answering = Callable[[WireRequest], WireAnswer]
"""answer(request) -> what is said; it is called from several threads at once."""
TurnedAway = Callable[[WireRequest], WireAnswer | None]
"""turned_away(request without its body) -> what is said to whoever may not send it; None for all others."""
_BODILY = {"content-length", "transfer-encoding"}
"""Headers of a request with a body (RFC 9112 §6)."""
Tell = Callable[[str], None]
"""tell(line): to whoever keeps the gateway."""


class Front(Protocol):
    """The server in front, as this one needs it."""

    def stop(self) -> None:
        """Have it end what it has begun, and take nothing more; a second time, at once."""

    def has_ended(self) -> bool:
        """Tell whether it runs no more."""


class _Endpoint:
    """All of the API. No function: a route of one would itself answer what it takes for another's method."""

    def __init__(
        self,
        answer: Answering,
        tell: Tell,
        limits: Limits,
        clock: Callable[[], float],
        *,
        threads: ThreadPoolExecutor,
        turned_away: TurnedAway,
    ) -> None:
        self._answer, self._tell, self._limits = answer, tell, limits
        self._clock, self._threads, self._turned_away = clock, threads, turned_away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._response(Request(scope, receive))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        loop = asyncio.get_running_loop()
        if _BODILY & set(request.headers):
            # A stranger's body is not waited for: many who send theirs in drops would use up all connections.
            refused = await loop.run_in_executor(self._threads, self._said, request, None)
            if refused is not None:
                return refused
        try:
            server.check(request, LARGEST, measured=False, taken=IDENTITIES)
            data = await server.body(request, LARGEST, self._limits.body)
        except BodyRefused as error:
            refusal = Refusal(error.number, "0x001", f"the body: {error.why}")
            # Not closed at once: what is in front would hear of a broken pipe, and say 502.
            return _written(refusal.answer, packs=False)
        said = await loop.run_in_executor(self._threads, self._said, request, data)
        assert said is not None, "only without its body a request may have no answer yet"
        return said

    def _said(self, request: Request, data: bytes | None) -> Response | None:
        """Return what is said to a request; without its body, whether it is turned away."""
        try:
            now = int(self._clock())
            wire = _wire(request, data or b"", now)
            answer = self._turned_away(wire) if data is None else self._answer(wire)
            if answer is None:
                return None
            packs = _takes_gzip(request.headers.get("accept-encoding", ""))
            said = _written(answer, packs=packs)
        except BaseException as error:  # noqa: BLE001 - the last barrier: it is told by kind and place
            code = f"{error.code}, " if isinstance(error, PratiqueError) else ""
            self._tell(f"a request was answered with 500: {code}{errors.place_of(error)}")
            return _written(Refusal(500, "0x008", "a fault of the gateway").answer, packs=False)
        # By this clock a client asks for what has changed since; not each server in front has one.
        said.headers["Date"] = formatdate(now, usegmt=True)
        return said


def application(
    answer: Answering,
    tell: Tell,
    *,
    limits: Limits = LIMITS,
    clock: Callable[[], float] = time.time,
    turned_away: TurnedAway = lambda _request: None,
) -> Starlette:
    """Return the application of a gateway.

    Args:
        answer: one transaction.
        tell: hears of what nobody foresaw.
        turned_away: asked before a body is read.
        limits: of a body.
        clock: seconds since the epoch.
    """
    # Its own: nobody else's work may keep a request waiting.
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")

    @asynccontextmanager
    async def life(_application: Starlette) -> AsyncIterator[None]:
        with threads:
            yield

    endpoint = _Endpoint(answer, tell, limits, clock, threads=threads, turned_away=turned_away)
    return Starlette(routes=[Route("/{path:path}", endpoint)], lifespan=life)


def _wire(request: Request, data: bytes, at: int) -> WireRequest:
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in request.headers.items():
        if "_" not in name:
            headers[name] = (*headers.get(name, ()), value)
    query = request.scope["query_string"].decode("latin-1")
    # As it came: what is decoded here could be another path than the one that the server in front has let pass.
    path = request.scope["raw_path"].decode("latin-1")
    return WireRequest(
        request.method.upper(), path, query, headers, data, at, draw=str(uuid.uuid4())
    )


def _takes_gzip(accepted: str) -> bool:
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0.") != "q="
    return False


def _written(answer: WireAnswer, *, packs: bool) -> Response:
    data, headers = answer.body, dict(answer.headers)
    if data:
        headers["Content-Type"] = answer.content_type
    if not any(name.lower() == "etag" for name in headers):
        headers["Vary"] = "Accept-Encoding"
        if packs and len(data) >= PACKED_FROM:
            data = gzip.compress(data, 5, mtime=0)
            headers["Content-Encoding"] = "gzip"
    # What is in front keeps no copy: of batches, least of all.
    headers["Cache-Control"] = "no-store"
    return Response(data, answer.status, headers)


def bound(path: Path, mode: int = 0o600) -> socket.socket:
    """Take a UNIX socket; nobody is answered yet.

    Args:
        path: of the socket; one that a killed process has left is taken away.
        mode: who may open it.

    Raises:
        UsageError: `socket-path`: it is too long, or something else is there; `gateway-served`: somebody answers there.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise UsageError(
            "socket-path",
            f"{path}: the path is too long for a UNIX socket",
            "name a shorter one with --socket, or move the folder",
        )
    _make_room(path)
    taken = socket.socket(socket.AF_UNIX)
    # It must not be open to others for as much as a moment.
    before = os.umask(0o777 & ~mode)
    try:
        taken.bind(str(path))
        taken.listen(server.BACKLOG)
    except OSError as error:
        taken.close()
        raise UsageError(
            "socket-path",
            f"{path}: {error.strerror or 'it cannot be used'}",
            "is there such a folder, and may we write there?",
        ) from error
    finally:
        os.umask(before)
    return taken


@contextmanager
def room_for(wished: Path) -> Iterator[Path]:
    """Yield where a socket of ours can be: at a path, or in a folder of its own for a block if that path is too long."""
    if len(os.fsencode(wished)) <= LONGEST_PATH:
        yield wished
        return
    # For our user alone, as the gateway's folder is (mkdtemp).
    with tempfile.TemporaryDirectory(prefix="pratique-") as folder:
        yield Path(folder) / wished.name


@contextmanager
def listening(path: Path, mode: int = 0o600) -> Iterator[socket.socket]:
    """Take a UNIX socket, as `bound` does, for a block; it is gone at the end, however that comes."""
    with bound(path, mode) as taken:
        try:
            yield taken
        finally:
            path.unlink(missing_ok=True)


def _make_room(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(kind):
        raise UsageError("socket-path", f"{path}: something else is there", "name another path")
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_DROPPED)
        with suppress(OSError):
            asking.connect(str(path))
            raise UsageError(
                "gateway-served", f"{path}: a gateway is served there already", "stop it first"
            )
    path.unlink(missing_ok=True)


class StopSignal:
    """Whether somebody has asked us to end.

    SIGTERM is an exception to whatever runs, and in some places Python swallows one, as between two halves of a fork:
    what was asked must not be forgotten.
    """

    was_asked = False

    def __call__(self, _signal: int, _frame: object) -> None:
        """Hear a signal."""
        self.was_asked = True
        raise KeyboardInterrupt


class _GatewayServer(uvicorn.Server):
    front: Front | None = None
    ending: StopSignal | None = None

    def handle_exit(self, sig: int, frame: object) -> None:
        # What is in front still brings what it has begun, and only then are we no longer asked.
        self._captured_signals.append(sig)
        if self.front is None:
            self.should_exit = True
        else:
            self.front.stop()

    async def on_tick(self, counter: int) -> bool:
        if self.ending is not None and self.ending.was_asked:
            # Before these handlers were there.
            self.ending = None
            self.handle_exit(signal.SIGTERM, None)
        ended = self.front is not None and self.front.has_ended()
        return await super().on_tick(counter) or ended


def serve(
    served: Starlette,
    taken: socket.socket,
    *,
    front: Front | None = None,
    limits: Limits = LIMITS,
    ending: StopSignal | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until what is in front has ended; what was begun comes to its end.

    Args:
        served: as `application` returns it.
        taken: as `listening` yields it.
        front: what ends TLS, if it is ours.
        limits: of connections.
        ending: as `interruptible` yields it.
    """
    own = _GatewayServer(server.settings(served, limits))
    own.front, own.ending = front, ending
    own.run(sockets=[taken])


@contextmanager
def interruptible() -> Iterator[StopSignal]:
    """Let SIGTERM end a block in order, as SIGINT does; from the first thing on that must be cleared away."""
    # uvicorn hands a signal on, once all is done, to whoever had it before: it must not end us with a number.
    ending = StopSignal()
    before = signal.signal(signal.SIGTERM, ending)
    try:
        with suppress(KeyboardInterrupt):
            yield ending
    finally:
        signal.signal(signal.SIGTERM, before)
