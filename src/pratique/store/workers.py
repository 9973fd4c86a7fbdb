"""Processes of this machine that do a job's tasks, and are told of them by a pipe.

    tasks -> a process each core: perform(task) -> what came of it ...        a process that is gone -> another one

1. A worker hears no Ctrl-C: its parent does, and ends it. It ends by itself where the parent is gone.
2. A task whose worker is gone is given to a new one; one that ends several is told of.
3. What fails in a worker is told by the parent; of what was not foreseen its class, and no content.
4. A single worker is this process: nothing is gained by another.
5. Tasks that come as a stream are taken as workers are free, and what came of them comes in their order.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any, NamedTuple, NoReturn, Protocol, TypeVar

from pratique.errors import PratiqueError, Unreadable
from pratique.store import files

Task = TypeVar("Task")
Result = TypeVar("Result")
PATIENCE = 10
"""Seconds that a worker has to end before it is killed."""
TRIES = 3
"""Workers that a task may cost."""
GONE = (BrokenPipeError, ConnectionError, EOFError)
Step = Callable[[Any], None]
"""Is told what came of a task, as soon as it is known."""


class TaskEngine(Protocol):
    """What does a job's tasks: processes of this machine, or a cluster."""

    def run(
        self, perform: Callable[[Task], Result], tasks: Sequence[Task], step: Step
    ) -> list[Result]:
        """Do all tasks, each at least once, in any order; return what came of them, in any order.

        Args:
            perform: a function of a module, which gives the same outcome each time.
            tasks: all that a worker is told.
            step: is told of each outcome, or of None where only that a task is done is known.

        Raises:
            Unreadable: `job-worker`: a task was begun several times, and each time its worker was lost.
        """


class ProcessPool:
    """Processes that were started, each with the end of a pipe to it; all have ended when it is left."""

    def __init__(self) -> None:
        self.ends: dict[Any, Any] = {}
        self._context = multiprocessing.get_context("spawn")
        self._running: list[Any] = []

    def __enter__(self) -> ProcessPool:
        return self

    def start(self, target: Callable[..., None], *given: Any) -> Any:
        """Start a process with `target(its end of a pipe, *given)`; return the other end."""
        end, its = self._context.Pipe()
        process = self._context.Process(target=target, args=(its, *given), daemon=True)
        # Blocked, and so in the program that is started meanwhile: a worker never hears of Ctrl-C.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
            self._running.append(process)
        finally:
            # From here on Ctrl-C is heard again, one that came meanwhile as well.
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        its.close()
        self.ends[end] = process
        return end

    def value(self, kind: str, start: int) -> Any:
        """Return a number that all processes share."""
        return self._context.Value(kind, start)

    def __exit__(self, *_: object) -> None:
        ended = not self.ends
        for process in self._running:
            if not ended:
                process.terminate()
        for process in self._running:
            process.join(None if ended else PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()


def ready() -> None:
    """Make this process one that writes no core dump, and ends as a program does when it is told to."""
    files.core_dumps_off()
    # What is open is closed, and what is temporary removed: as at any end of a program.
    signal.signal(signal.SIGTERM, _ended)


def _ended(*_: object) -> NoReturn:
    sys.exit(0)


def tell(end: Any, said: Any) -> None:
    """Tell a worker something; one that is gone meanwhile is met where it is heard next."""
    with contextlib.suppress(*GONE):
        end.send(said)


def lost() -> Unreadable:
    """Return what to raise where a worker has ended before its work was done."""
    return Unreadable(
        "job-worker",
        "a worker ended before its work was done; what is done stays so",
        "is there enough memory? Give the same command again, and it goes on where it was",
    )


class Failed(NamedTuple):
    """What has failed in a worker, and was not foreseen: the name of its class."""

    kind: str


def guarded(perform: Callable[[Task], Result], task: Task) -> Result | PratiqueError | Failed:
    """Do a task; return what it raises, without a traceback: that may show somebody's record."""
    try:
        return perform(task)
    except PratiqueError as error:
        return error.with_traceback(None)
    except Exception as error:  # noqa: BLE001 - as above
        return Failed(type(error).__name__)


def outcome(said: Result | PratiqueError | Failed) -> Result:
    """Return what came of a task, or raise what it has failed by."""
    if isinstance(said, Failed):
        raise RuntimeError(f"a worker failed: {said.kind}")
    if isinstance(said, PratiqueError):
        raise said
    return said


class Processes:
    """An engine of this machine's own cores."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or os.cpu_count() or 1

    def run(
        self, perform: Callable[[Task], Result], tasks: Sequence[Task], step: Step
    ) -> list[Result]:
        """Do all tasks: in this process if it is the only one, else in as many as there are."""
        count = min(self.count, len(tasks))
        # Where no signal can be blocked, Ctrl-C would end a worker in the midst of a task.
        if count < 2 or not files.POSIX:
            said: Iterable[Result] = (outcome(guarded(perform, task)) for task in tasks)
        else:
            said = in_order(perform, tasks, count)
        results: list[Result] = []
        for result in said:
            results.append(result)
            step(result)
        return results


def _serve(talk: Any, perform: Callable[[Task], Result]) -> None:
    ready()
    with contextlib.suppress(*GONE):
        while True:
            talk.send(guarded(perform, talk.recv()))


AHEAD = 4
"""Tasks of a stream for each worker that are begun, or done and wait for an earlier one."""


def in_order(
    perform: Callable[[Task], Result], tasks: Iterable[Task], count: int
) -> Iterator[Result]:
    """Do tasks as they come, by so many processes; yield what came of each, in their order.

    Args:
        perform: is handed to each process once; it gives the same outcome each time.
        tasks: are taken one by one, as processes are free.
        count: of processes.
    """
    if count < 2 or not files.POSIX:
        yield from map(perform, tasks)
        return
    source, done, turn = enumerate(tasks), dict[int, Any](), 0
    with ProcessPool() as pool:
        free = [pool.start(_serve, perform) for _ in range(count)]
        given: dict[Any, tuple[int, Task, int]] = {}

        def hand_on(end: Any, number: int, task: Task, tries: int) -> None:
            given[end] = number, task, tries
            tell(end, task)

        while True:
            while free and len(given) + len(done) < AHEAD * count:
                if (some := next(source, None)) is None:
                    break
                hand_on(free.pop(), *some, 1)
            if not given:
                break
            ends: list[Any] = wait(list(given))
            for end in ends:
                number, task, tries = given.pop(end)
                try:
                    done[number] = end.recv()
                    free.append(end)
                except GONE:
                    if tries >= TRIES:
                        raise lost() from None
                    del pool.ends[end]
                    hand_on(pool.start(_serve, perform), number, task, tries + 1)
            while turn in done:
                yield outcome(done.pop(turn))
                turn += 1
        for end in list(pool.ends):
            del pool.ends[end]
            end.close()
