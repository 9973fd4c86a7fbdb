"""Serve a witness (C2SP tlog-witness): a log posts its checkpoint, and gets the cosignature.

    POST /add-checkpoint, the request -> answer -> 200 lines · 400 · 403 · 404 · 409 size · 422 · 503

1. A request is judged by the log's signature alone: who sends it is not asked, and written nowhere.
2. What cannot be kept is not cosigned: where the answer fails, the log hears 503 and may ask again.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

from pratique.edges.network import bounded, serve
from pratique.errors import ExtraMissing, PratiqueError
from pratique.log.note import MAX_NOTE

try:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing

ADD = "/add-checkpoint"
PATIENCE = 20
"""Seconds in which a request must have come."""
_TEXT, _BAD_REQUEST, _UNAVAILABLE = "text/plain; charset=utf-8", 400, 503
Answer = Callable[[bytes], tuple[int, str, bytes]]
"""answer(request) -> number, kind and body; raises PratiqueError where it cannot."""
Told = Callable[[PratiqueError], None]
"""told(error): tell whoever keeps the witness."""


def application(answer: Answer, told: Told) -> Starlette:
    """Return the application that serves a witness.

    Args:
        answer: what is said to a request; it is called from several threads at once.
        told: hears of what could not be answered.
    """
    return Starlette(routes=[Route(ADD, _taker(answer, told), methods=["POST"])])


def run(answer: Answer, told: Told, taken: socket.socket) -> None:
    """Serve a witness at an address that was taken, until it is told to stop."""
    serve.run(application(answer, told), taken)


def _taker(answer: Answer, told: Told) -> Callable[[Request], Awaitable[Response]]:
    async def handed_in(request: Request) -> Response:
        try:
            # Logs of other makers may send it in chunks: it is short, and counted as it comes.
            bounded.check(request, MAX_NOTE, measured=False)
            data = await bounded.body(request, MAX_NOTE, PATIENCE)
        except bounded.BodyRefused as error:
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
