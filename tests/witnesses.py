"""Witnesses that answer by HTTP on this machine, by a clock that a test sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pratique.tlog import witness
from pratique.tlog.note import COSIGNATURE, NoteKey
from tests import web
from tests.logs import Memory
from tests.unit.log import seen


class Served:
    """A witness: what it holds, whether and what it answers, and what time it takes it to be."""

    def __init__(self, name: str, at: datetime) -> None:
        self.name, self.at, self.memory = name, at, Memory()
        self.key = NoteKey(name, COSIGNATURE, seen.key(name).public_key)
        self.logs: dict[str, NoteKey] = {}
        self.url, self.is_up, self.asked = "", True, 0
        self.says: tuple[int, bytes] | None = None

    def application(self) -> Starlette:
        """Return what serves it."""

        async def add(request: Request) -> Response:
            self.asked += 1
            if not self.is_up:
                return Response("closed today", 503)
            if self.says is not None:
                return Response(self.says[1], self.says[0])
            who = witness.Witness(self.name, seen.key(self.name), self.logs)
            body, at = await request.body(), int(self.at.timestamp())
            found = witness.answered(body, who, self.memory, at=at)
            return Response(found.body, found.number, media_type=found.kind)

        return Starlette(routes=[Route("/add-checkpoint", add, methods=["POST"])])


@contextmanager
def serving(names: Sequence[str], at: datetime) -> Iterator[list[Served]]:
    """Serve witnesses; yield them."""
    with ExitStack() as stack:
        found = [Served(name, at) for name in names]
        for one in found:
            one.url = stack.enter_context(web.serving(one.application()))
        yield found
