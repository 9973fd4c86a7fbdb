"""kill -9 of a desk in the midst of a whole file: it goes on with the same file where it was, signs no row twice, and leaves nobody.

The desk waits once so many rows are issued as the test has written (`hold`): each kill is in the midst of things.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import desk_files
from pratique.parties.issuing import Place
from pratique.store import memory
from tests import issuing_desks
from tests.desk_processes import PART, DeskProcess, desks, hold
from tests.harms import canary
from tests.issuing_desks import AUDITOR, Client
from tests.journeys.test_desk_files import checked, registered, table, texts, waited
from tests.steps import until

ROWS = 300
NEVER = ROWS + 1

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(),
    reason="this system does not tell which child a process has",
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return issuing_desks.issuer_of(tmp_path / "issuer")


@pytest.fixture
def desk(place: Place) -> Iterator[DeskProcess]:
    hold(place, NEVER)
    with desks(place, place.folder.parent, 1, kind="held") as (running,):
        yield running


def left(process: int) -> list[Path]:
    """Return what lies in memory of a desk's process."""
    return [
        path for each in memory._places() for path in each.glob(f"{desk_files.NAME}-{process}-*")
    ]


def workers(process: int) -> list[int]:
    """Return the processes that issue a desk's file."""
    found = []
    for each in Path(f"/proc/{process}/task").iterdir():
        for number in (each / "children").read_text().split():
            words = Path(f"/proc/{number}/cmdline").read_bytes()
            if b"spawn_main" in words:
                found.append(int(number))
    return found


def begun(clerk: Client, data: bytes) -> None:
    """Hand a file in, and have it begun."""
    assert checked(clerk, data)["phase"] == "checked"
    clerk.good("files.start", {"doubts": True})


def told(clerk: Client) -> dict[str, Any]:
    said: dict[str, Any] = clerk.good("files.state")
    return said


def test_killed_again_and_again_it_goes_on_where_it_was(desk: DeskProcess, place: Place) -> None:
    data, before = table(ROWS), 0
    for rows in (1, 4 * PART, 8 * PART):
        hold(place, rows)
        clerk = desk.client()
        begun(clerk, data)
        until(lambda: told(clerk)["rows"] >= rows)  # noqa: B023
        assert told(clerk)["phase"] == "issuing"
        killed = desk.child()
        # The control: it does lie there meanwhile.
        assert left(killed)
        desk.kill()
        again = desk.client()
        # A desk that begins knows nothing of the file but that it was begun, and has swept what lay there.
        assert (told(again)["phase"], told(again)["begun"]) == ("none", 1)
        assert left(killed) == []
        there = registered(place.folder)
        assert before < there < ROWS + 1
        before = there
    hold(place, NEVER)
    clerk = desk.client()
    begun(clerk, data)
    said = waited(clerk)
    assert said["phase"] == "done", said["error"]
    assert said["done"] == {"issued": ROWS, "refused": 0, "skipped": 0, "unprinted": 0}
    found = texts(clerk.ask("files.archive").body)
    assert len(found) == len(set(found)) == registered(place.folder) == ROWS
    for text in (found[0], found[-1]):
        assert clerk.good("certificate.open", {"text": text})["state"] == "good"
    assert clerk.good("files.finish") == {"phase": "none", "begun": 0}
    # The control: what is finished is finished, and the same file is another one.
    begun(clerk, data)
    assert waited(clerk)["phase"] == "done"
    assert registered(place.folder) == 2 * ROWS


def test_a_killed_worker_is_told_of_and_its_file_goes_on(desk: DeskProcess, place: Place) -> None:
    hold(place, 2 * PART)
    clerk = desk.client()
    begun(clerk, table(ROWS))
    until(lambda: told(clerk)["rows"] >= 2 * PART)
    (*_, worker) = workers(desk.child())
    os.kill(worker, signal.SIGKILL)
    hold(place, NEVER)
    said = waited(clerk)
    assert (said["phase"], said["error"]["code"]) == ("stopped", "job-worker")
    # What is done may be had, and is no more than what was signed.
    some = texts(clerk.ask("files.archive").body)
    assert len(some) <= registered(place.folder) < ROWS
    clerk.good("files.start")
    said = waited(clerk)
    assert said["phase"] == "done", said["error"]
    found = texts(clerk.ask("files.archive").body)
    assert len(found) == len(set(found)) == registered(place.folder) == ROWS
    assert set(some) <= set(found)


def test_after_the_days_end_nobody_of_a_file_is_left(desk: DeskProcess, place: Place) -> None:
    people = canary.people(40)
    hold(place, 1)
    data, scanner, folder = table(40, people=people), canary.Scanner(people), place.folder.parent
    clerk = desk.client()
    begun(clerk, data)
    until(lambda: told(clerk)["rows"] >= 1)
    first = desk.child()
    (working,) = left(first)
    # The control: they lie there meanwhile.
    assert scanner.scan_files(canary.files_of(working), under=working)
    desk.kill()
    # And another one is only looked through when the day ends.
    assert checked(desk.client(), data)["phase"] == "checked"
    second = desk.child()
    assert left(second)
    assert desk.client(AUDITOR).good("day.end") == {"ended": True}
    desk.restarted()
    assert desk.child() not in {first, second}
    assert [*left(first), *left(second), *left(desk.child())] == []
    # What its terminal shows has the texts, by which a test knows what was signed: nobody else's has.
    beside = [path for path in canary.files_of(folder) if path != desk.log]
    assert scanner.scan_files(beside, under=folder) == {}


def test_one_file_at_two_desks_at_once_gives_each_row_one_certificate(place: Place) -> None:
    hold(place, 1)
    data = table(ROWS)
    with desks(place, place.folder.parent, 2, kind="held") as two:
        clerks = [desk.client() for desk in two]
        for clerk in clerks:
            assert checked(clerk, data)["phase"] == "checked"
        # What the first one does is swept by nobody who begins.
        assert all(left(desk.child()) for desk in two)
        for clerk in clerks:
            clerk.good("files.start", {"doubts": True})
        # Each is at work before either goes on.
        until(lambda: all(told(clerk)["rows"] >= 1 for clerk in clerks))
        hold(place, NEVER)
        said = [waited(clerk) for clerk in clerks]
        assert [each["phase"] for each in said] == ["done", "done"], said
        found = [texts(clerk.ask("files.archive").body) for clerk in clerks]
    assert found[0] == found[1]
    assert len(set(found[0])) == registered(place.folder) == ROWS
