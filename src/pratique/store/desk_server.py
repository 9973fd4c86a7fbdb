"""Serve an issuer's desk: its page, and what the page asks for.

    GET  /          -> Host · Origin -> a file of the built site, from memory
    POST /api/NAME  -> Host · Origin · kind -> admit (session, right) -> permit -> body, counted -> JSON, gated
                    -> thread -> reply -> written | the last one: told, and the desk starts anew

1. A name that is not this desk's is refused (421): a foreign page may have let its own name lead here (DNS rebinding).
2. A page of another origin is refused (403), whatever it sends; so is a request that does not say where it is from.
   No form of a foreign page can send either of the two kinds of content, and no cookie exists that it could use.
3. Who is not signed in, and who may not, is turned away before a byte of the body is read.
4. What a request holds is written nowhere: no access log. Of what nobody foresaw the kind of error and our line are
   told, and not its words, neither to the page nor to the terminal.
5. Acts are done one after the other, in one thread: a register on SQLite and open keys are nobody else's meanwhile.
6. Only what the desk's page needs is served: a service worker, which another page of the site would register, could
   keep the desk's page and what it says.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from pratique import errors, strict_json
from pratique.errors import PratiqueError
from pratique.model import silent
from pratique.store import front, server, site
from pratique.store.server import BodyRefused, Limits

# `server` says which extra is missing, if it is.
from starlette.applications import Starlette  # isort: skip
from starlette.background import BackgroundTask  # isort: skip
from starlette.requests import Request  # isort: skip
from starlette.responses import Response  # isort: skip
from starlette.routing import Route  # isort: skip

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LARGEST_JSON, LARGEST_FILE = 256_000, front.FILES
"""Bytes of a request's JSON, and of a file: a million rows of CSV have some 100 MB."""
MOST_VALUES, DEEPEST = 20_000, 16
"""Values of a request's JSON, and its levels."""
LIMITS = Limits(connections=128, headers=15, body=120, stalled=120, lingering=5, head=32 * 1024)
FILES = 2
"""Files that are in memory at a time."""
PAGE, BEGIN = "desk.html", "session"
"""The page; what begins a session, which whoever may sign in may ask for."""
_REFUSED = 400
_JSON, _FILE = "application/json", "application/octet-stream"
_NOT_SERVED = re.compile(r"service-worker\.js|manifest-.*|data/.*|(?!desk\.)[\w-]+\.html", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@silent
class RequestHead(NamedTuple):
    """What is known of a request before its body is read.

    Attributes:
        name: of what is asked for.
        session: secret of the session, as the page sends it.
        certificate: SHA-256 of the client's certificate, in hex; "" where there is none.
        at: seconds since the epoch.
    """

    name: str
    session: str
    certificate: str
    at: int


@silent
class DeskReply(NamedTuple):
    """What is said to a page: JSON, or a file with its kind and its name; `is_last`: the desk starts anew after it."""

    data: bytes
    kind: str = _JSON
    name: str = ""
    is_last: bool = False


class DeskRefusal(NamedTuple):
    """What is said to a page instead: a number of HTTP, a stable code, and words for the operator."""

    status: int
    code: str
    message: str
    hint: str = ""


class Admitted(NamedTuple):
    """A request whose body is read.

    Attributes:
        do: does what is asked for, with the JSON and the file; raises PratiqueError.
        takes_file: whether a file is sent.
        alone: whether it is done in its turn, after all others.
    """

    do: Callable[[Mapping[str, Any], bytes], DeskReply]
    takes_file: bool = False
    alone: bool = True


Admit = Callable[[RequestHead], Admitted | DeskRefusal]
"""admit(head) -> who may send the rest; called before it is read."""


class DeskPlace(NamedTuple):
    """Where a desk is.

    Attributes:
        site: the built site's files by their names.
        hosts: under which it is asked for, as the header Host has it.
        scheme: http on this machine, https behind a server that ends TLS.
        certificate: reads the SHA-256 of the client's certificate off the headers of the server in front, ValueError
            where there is none; None where no certificate is asked for.
    """

    site: Mapping[str, bytes]
    hosts: frozenset[str]
    scheme: str = "http"
    certificate: Callable[[Mapping[str, tuple[str, ...]]], str] | None = None


class _DeskEndpoint:
    """All of the desk. No function: a route of one would itself answer what it takes for another's method."""

    def __init__(
        self,
        place: DeskPlace,
        admit: Admit,
        tell: Callable[[str], None],
        ended: Callable[[], None],
        *,
        threads: tuple[ThreadPoolExecutor, ThreadPoolExecutor],
        clock: Callable[[], float],
    ) -> None:
        self._place, self._admit, self._tell, self._ended = place, admit, tell, ended
        self._threads, self._clock = threads, clock
        self._origins = {f"{place.scheme}://{host}" for host in place.hosts}
        self._files = asyncio.Semaphore(FILES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self._response(request)
        if response.status_code >= _REFUSED and self._place.certificate is not None:
            # What is in front would hear of a broken pipe, and say 502 in place of what we say.
            with suppress(BodyRefused, RuntimeError):
                await server.body(request, LARGEST_JSON, LIMITS.lingering)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        if request.headers.get("host", "").lower() not in self._place.hosts:
            return _refused(DeskRefusal(421, "host-other", "this desk has another name"))
        path = request.path_params["path"]
        if (refusal := self._origin(request)) is not None:
            return _refused(refusal)
        try:
            certificate = self._certificate(request)
        except ValueError:
            refusal = DeskRefusal(
                401, "certificate-unknown", "no certificate of an operator's came with it"
            )
            return _refused(refusal)
        is_act = path.startswith("api/")
        head = RequestHead(
            path.removeprefix("api/") if is_act else BEGIN,
            request.headers.get("x-desk-session", ""), certificate, int(self._clock()),
        )  # fmt: skip
        try:
            if is_act:
                return await self._asked(request, head)
            if certificate:
                # On a network even the page is for those alone who could sign in.
                loop = asyncio.get_running_loop()
                admitted = await loop.run_in_executor(self._threads[0], self._admit, head)
                if isinstance(admitted, DeskRefusal):
                    return _refused(admitted)
            return self._file(request, path)
        except BodyRefused as error:
            return _refused(DeskRefusal(error.number, error.code, f"what was sent: {error.why}"))
        except PratiqueError as error:
            return _refused(DeskRefusal(400, error.code, error.message, error.hint))
        except Exception as error:  # noqa: BLE001 - the last barrier: it is told by kind and place
            place = errors.place_of(error)
            self._tell(f"a request was answered with 500: {place}")
            return _refused(DeskRefusal(500, "desk-fault", f"a fault of the desk: {place}"))

    def _origin(self, request: Request) -> DeskRefusal | None:
        """Return why a request is not one of the desk's own page."""
        origins = request.headers.getlist("origin")
        if request.method not in {"GET", "HEAD", "POST"}:
            return DeskRefusal(405, "method-unknown", "this is not done here")
        if origins:
            is_own = len(origins) == 1 and origins[0].lower() in self._origins
        else:
            # A browser sends it with each POST, and each has had this for years (Fetch Metadata).
            sites = request.headers.getlist("sec-fetch-site")
            is_own = request.method != "POST" or sites == ["same-origin"]
        return None if is_own else DeskRefusal(403, "origin-other", "for the desk's own page alone")

    def _certificate(self, request: Request) -> str:
        """Return the SHA-256 of the client's certificate; ValueError where one is asked for and none is usable."""
        if self._place.certificate is None:
            return ""
        headers: dict[str, tuple[str, ...]] = {}
        for name, value in request.headers.items():
            headers[name] = (*headers.get(name, ()), value)
        digest = self._place.certificate(headers)
        if not _SHA256.fullmatch(digest):
            raise ValueError("no certificate")
        return digest

    def _file(self, request: Request, path: str) -> Response:
        name = path or PAGE
        if request.method == "POST":
            return _refused(DeskRefusal(405, "method-unknown", "this is not done here"))
        data = None if _NOT_SERVED.fullmatch(name) else self._place.site.get(name)
        if data is None or not site.is_name(name):
            return _refused(DeskRefusal(404, "file-unknown", "there is no such file"))
        said = site.headers(name)
        packed = self._place.site.get(f"{name}{site.PACKED['br']}")
        if packed is not None and "br" in request.headers.get("accept-encoding", ""):
            data, said = packed, {**said, "Content-Encoding": "br"}
        return Response(data, headers={**said, "Vary": "Accept-Encoding"})

    async def _asked(self, request: Request, head: RequestHead) -> Response:
        if request.method != "POST":
            return _refused(DeskRefusal(405, "method-unknown", "it is asked for by POST"))
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {_JSON, _FILE}:
            return _refused(DeskRefusal(415, "kind-unknown", "it is neither JSON nor a file"))
        loop = asyncio.get_running_loop()
        admitted = await loop.run_in_executor(self._threads[0], self._admit, head)
        if isinstance(admitted, DeskRefusal):
            return _refused(admitted)
        if (kind == _FILE) is not admitted.takes_file:
            return _refused(DeskRefusal(415, "kind-other", "it takes the other kind of content"))
        if admitted.takes_file:
            server.check(request, LARGEST_FILE)
            asked = _parsed(_unquoted(request.headers.get("x-desk-asked", "%7B%7D")))
            async with self._files:
                data = await server.body(request, LARGEST_FILE, LIMITS.body)
                return await self._done(admitted, asked, data)
        server.check(request, LARGEST_JSON)
        return await self._done(
            admitted, _parsed(await server.body(request, LARGEST_JSON, LIMITS.body)), b""
        )

    async def _done(self, admitted: Admitted, asked: Mapping[str, Any], data: bytes) -> Response:
        loop = asyncio.get_running_loop()
        threads = self._threads[1 if admitted.alone else 0]
        reply = await loop.run_in_executor(threads, admitted.do, asked, data)
        return _written(reply, BackgroundTask(self._ended) if reply.is_last else None)


def application(
    place: DeskPlace,
    admit: Admit,
    *,
    tell: Callable[[str], None],
    ended: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Return the application of a desk.

    Args:
        place: what it serves, and under which names.
        admit: says who may ask for what, and does it.
        tell: hears of what nobody foresaw.
        ended: called after the last reply, when it is written.
        clock: seconds since the epoch.
    """
    # Who signs in does not wait for a whole file's rows.
    signing_in = ThreadPoolExecutor(2, thread_name_prefix="desk-door")
    acting = ThreadPoolExecutor(1, thread_name_prefix="desk-act")

    @asynccontextmanager
    async def life(_application: Starlette) -> AsyncIterator[None]:
        with signing_in, acting:
            yield

    endpoint = _DeskEndpoint(place, admit, tell, ended, threads=(signing_in, acting), clock=clock)
    return Starlette(routes=[Route("/{path:path}", endpoint)], lifespan=life)


def document(value: Mapping[str, Any], *, is_last: bool = False) -> DeskReply:
    """Return the reply of a JSON object."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return DeskReply(data, is_last=is_last)


def _unquoted(text: str) -> bytes:
    try:
        return unquote(text, errors="strict").encode()
    except UnicodeDecodeError:
        return b""


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        asked = strict_json.strangers(data, longest=LARGEST_JSON, most=MOST_VALUES, deepest=DEEPEST)
    except ValueError as error:
        raise BodyRefused(400, "json-unreadable", "it is no JSON that is taken here") from error
    if not isinstance(asked, dict):
        raise BodyRefused(400, "json-unreadable", "it is no JSON object")
    return asked


def _refused(refusal: DeskRefusal) -> Response:
    said = {"code": refusal.code, "message": refusal.message, "hint": refusal.hint}
    response = _written(document(said))
    response.status_code = refusal.status
    return response


def _written(reply: DeskReply, after: BackgroundTask | None = None) -> Response:
    headers = {**site.HEADERS, "Cache-Control": "no-store", "Content-Type": reply.kind}
    if reply.name:
        # It goes into a header, and becomes the name of a file on the operator's machine.
        name = reply.name if _FILE_NAME.fullmatch(reply.name) else "file"
        headers |= {"X-Desk-Name": name, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(reply.data, headers=headers, background=after)
