"""The process of a desk that hears requests: a child of ours, started anew with a memory that has seen nobody.

    keep(work) -> fork -> work(ready, is_first) -> AGAIN: fork once more · 0: the end · an error: raised here
    SIGTERM, SIGINT -> the child, which ends what it has begun -> we end

1. The parent hears no request: it holds what a person has typed in once (the keys' password) and the socket, and
   whatever a child has read goes with the child. Memory that is freed within a process may keep what stood in it.
2. Where we are killed, the child ends too (Linux): nobody goes on in our name.
3. A child that is killed is started anew, once it was ready; one that never was is an error.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import NamedTuple, NoReturn, Protocol

from pratique import errors
from pratique.errors import PratiqueError, Unreadable
from pratique.store.front import end_with

AGAIN = 75
"""Exit code of a child that wants to be started anew (EX_TEMPFAIL)."""


class DeskWork(Protocol):
    """What a child does."""

    def __call__(self, ready: Callable[[], None], *, is_first: bool) -> int:
        """Do it, calling `ready` when it answers; return the exit code."""


class _Ended(NamedTuple):
    code: int
    was_ready: bool
    error: PratiqueError | None


class _Child:
    """The child that works now; what ends us ends it."""

    def __init__(self) -> None:
        self.number = 0
        self._is_asked = False

    def __call__(self, _signal: int, _frame: object) -> None:
        """Hear a signal, and hand it on."""
        self._is_asked = True
        if self.number:
            with suppress(ProcessLookupError):
                os.kill(self.number, signal.SIGTERM)

    def is_asked(self) -> bool:
        """Tell whether we were told to end."""
        return self._is_asked


def keep(work: DeskWork, tell: Callable[[str], None]) -> None:
    """Have children do the work, one after the other, until it is done or we are told to end.

    Args:
        work: what a child does.
        tell: hears of a child that was killed.

    Raises:
        PratiqueError: what a child raised; Unreadable `desk-ended` where it ended in another way.
    """
    is_first = True
    with _handing_on() as child:
        while not child.is_asked():
            ended = _once(work, child, is_first=is_first)
            if ended.error is not None:
                raise ended.error
            if child.is_asked() or ended.code == 0:
                return
            if ended.code != AGAIN:
                if not (ended.was_ready and ended.code < 0):
                    raise Unreadable("desk-ended", "the desk has ended", "start it again")
                tell(f"the desk was ended by signal {-ended.code}: it is started anew")
            is_first = False


@contextmanager
def _handing_on() -> Iterator[_Child]:
    child = _Child()
    before = {each: signal.signal(each, child) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield child
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _once(work: DeskWork, child: _Child, *, is_first: bool) -> _Ended:
    hears, says = multiprocessing.Pipe(duplex=False)
    die_with = end_with(os.getpid())
    child.number = os.fork()
    if child.number == 0:
        if die_with is not None:
            die_with()
        hears.close()
        _work(work, says, is_first=is_first)
    says.close()
    if child.is_asked():
        child(signal.SIGTERM, None)
    said: list[PratiqueError | None] = []
    with hears, suppress(EOFError):
        while True:
            said.append(hears.recv())
    _, status = os.waitpid(child.number, 0)
    child.number = 0
    error = next((each for each in said if each is not None), None)
    return _Ended(os.waitstatus_to_exitcode(status), None in said, error)


def _work(work: DeskWork, says: Connection, *, is_first: bool) -> NoReturn:
    code = errors.EXIT_UNFORESEEN
    try:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        code = work(partial(says.send, None), is_first=is_first)
    except PratiqueError as error:
        says.send(error)
    except BaseException as error:  # noqa: BLE001 - the last barrier: it is told by kind and place
        says.send(Unreadable("desk-ended", f"the desk has ended: {errors.place_of(error)}"))
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        # Not by Python's own end: what the parent would do at its end is not ours to do.
        os._exit(code)
