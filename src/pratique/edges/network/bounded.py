"""A connection that is bounded: in number, in how long it may take, in what it may send.

    accepted -> (deadline) headers -> (permit, deadline) body -> answer -> (stalled?) written -> again | closed

1. What is unfinished is dropped: headers that do not come, a body after its answer, a reader that stands still.
2. At the limit of connections the one goes that has waited longest without asking for anything; only where
   all are being answered is the new one turned away.
3. Memory is a count of bytes: what was announced is known before it is read, and read after a permit only.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from pratique.errors import ExtraMissing

try:
    import h11
    from starlette.requests import ClientDisconnect, Request
    from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing


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
_TOO_LARGE, _LATE, _UNMEASURED, _PACKED, _BROKEN = 413, 408, 411, 415, 400


def protocol(limits: Limits) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol of HTTP, with these limits."""
    return type("Limited", (_Bounded,), {"limits": limits, "waiting": {}})


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
        self._watch(self.limits.headers)
        if len(self.connections) > self.limits.connections:
            next(iter(self.waiting)).drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._go_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
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


def check(request: Request, longest: int, *, measured: bool = True) -> None:
    """See to it, by its headers alone, that a body may be read.

    Args:
        request: whose body it is.
        longest: bytes that it may have.
        measured: refuse one that does not say how long it is.

    Raises:
        BodyRefused: it is packed, too long, or does not say how long it is.
    """
    # A small body that is packed may be a large one; nobody has to pack.
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
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
        raise BodyRefused(_BROKEN, "broken-off", "it broke off") from None
    return bytes(data)
