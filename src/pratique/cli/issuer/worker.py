"""A worker of a bulk job: a process that makes every part that is its own.

    rows -> part -> ("ask", number, wanted) -> keys -> part made -> ("done", counts) ... -> ("end",)

1. The parent chooses the keys, in the order of the file: what a row is signed with does not depend on how
   many workers there are. A part is read ahead, so that nobody waits for the next answer.
2. A worker hears no Ctrl-C: the parent does, and ends it. It ends by itself where the parent is gone.
3. What fails in a worker is told by the parent; of what was not foreseen its class, and no content.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, NoReturn, Protocol

from pratique.cli import quiet
from pratique.cli.issuer import opening
from pratique.cli.issuer.job import Job
from pratique.cli.issuer.part import Part, Parts
from pratique.edges import tables
from pratique.errors import PratiqueError

AHEAD = 1
"""Parts that a worker reads before the one is made whose keys it waits for."""

_GONE = (BrokenPipeError, ConnectionError, EOFError)


class Exchange(Protocol):
    """How a worker and its parent talk: a pipe's end, or calls where there is one process."""

    def send(self, said: Any) -> None:
        """Tell the parent."""

    def recv(self) -> Any:
        """Return the keys of the oldest part that was asked for."""


def work(
    parts: Parts, talk: Exchange, worker: int, workers: int, count: Callable[[int], None]
) -> None:
    """Make all parts of one worker: those whose way is its own. `count` is told of rows that are done."""
    waiting: deque[tuple[Part, int]] = deque()

    def finish() -> None:
        part, size = waiting.popleft()
        done = parts.make(part, talk.recv())
        count(size)
        talk.send(("done", done))

    rows, number = tables.rows(parts.job.source), 0
    while some := list(islice(rows, parts.job.size)):
        if number % parts.job.ways % workers == worker:
            part = parts.read(number, some)
            talk.send(("ask", number, part.wanted))
            waiting.append((part, len(some)))
            if len(waiting) > AHEAD:
                finish()
        number += 1
    while waiting:
        finish()
    talk.send(("end",))


def run(
    talk: Any,
    job: Job,
    place: opening.Place,
    secrets: dict[str, str],
    own: tuple[int, int, Any],
) -> None:
    """Open the desk in a process of its own, and work: `own` is its number, of how many, what counts."""
    worker, workers, counted = own
    quiet.begin()
    # What is open is closed, and what is temporary removed: as at any end of a program.
    signal.signal(signal.SIGTERM, _ended)

    def count(rows: int) -> None:
        with counted.get_lock():
            counted.value += rows

    # A parent that is gone is told nothing: its job goes on when it is called again.
    with contextlib.suppress(*_GONE):
        try:
            desk = opening.opened(place, secrets.__getitem__)
            # What is opened stays: the collector of circles need not look through it for every part.
            gc.freeze()
            work(Parts(job, desk), talk, worker, workers, count)
        except PratiqueError as error:
            talk.send(("failed", error))
        except _GONE:
            raise
        except Exception as error:  # noqa: BLE001 - a traceback may show somebody's record
            talk.send(("broken", type(error).__name__))


def _ended(*_: object) -> NoReturn:
    sys.exit(0)
