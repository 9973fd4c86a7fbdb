"""Processes that do tasks of a stream: in order, as many as are free, and none lost with a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.errors import Unreadable
from pratique.store import workers
from pratique.store.workers import in_order


class Squares:
    """Squares a number; one of them ends its process where there is a file for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, number: int) -> int:
        for path in self._folder.glob(f"{number}-*"):
            path.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 99:
            raise RuntimeError("QZXKVJQ")
        return number * number


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_comes_of_tasks_comes_in_their_order(tmp_path: Path, count: int) -> None:
    assert list(in_order(Squares(tmp_path), range(30), count)) == [n * n for n in range(30)]


def test_a_stream_is_taken_as_it_is_worked_through(tmp_path: Path) -> None:
    taken = list[int]()

    def stream() -> Iterator[int]:
        for number in range(1_000):
            taken.append(number)
            yield number

    results = in_order(Squares(tmp_path), stream(), 2)
    assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert len(taken) <= 5 + 2 * workers.AHEAD + 1
    results.close()  # type: ignore[attr-defined]


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "7-1").touch()
    assert list(in_order(Squares(tmp_path), range(12), 2)) == [n * n for n in range(12)]


class Ending:
    """Ends its process at the third task."""

    def __call__(self, number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number


def test_a_task_that_ends_each_of_its_processes_is_told_of() -> None:
    with pytest.raises(Unreadable) as error:
        list(in_order(Ending(), range(6), 2))
    assert error.value.code == "job-worker"


def test_what_fails_in_a_process_names_no_content(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as error:
        list(in_order(Squares(tmp_path), [1, 99, 2], 2))
    assert "QZXKVJQ" not in str(error.value)
