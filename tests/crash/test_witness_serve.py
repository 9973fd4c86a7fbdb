"""A witness's server as it is run: posted to, killed, started again. It cosigns no second tree."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli.main import witness
from pratique.errors import Unreadable
from pratique.store import http
from pratique.store.ledger import Ledger
from pratique.tlog import checkpoint, merkle
from pratique.tlog.checkpoint import Checkpoint, signed
from pratique.tlog.merkle import leaf_hash, listed
from pratique.tlog.note import NoteKey, read_signatures
from pratique.tlog.witness import CosignatureRequest
from tests import ports
from tests.often import KILLS
from tests.steps import LONGEST
from tests.unit.log import seen
from tests.unit.log.seen import ORIGIN

TIMES = max(3, KILLS // 40)
PASSWORD = "four words in a row"
NODES = listed([leaf_hash(b"%d" % number) for number in range(4000)])
OTHERS = listed([leaf_hash(b"x%d" % number) for number in range(4000)])


def request(old: int, size: int, nodes: merkle.Nodes = NODES) -> bytes:
    note = signed(Checkpoint(ORIGIN, size, merkle.root(nodes, size)), seen.key(ORIGIN))
    return CosignatureRequest(old, merkle.consistency(nodes, old, size), note).to_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = CliRunner(env={"PRATIQUE_KEY_PASSWORD": PASSWORD}).invoke(
        witness,
        ["init", str(tmp_path / "w"), "--name", "w.example", "--log", seen.log_key().to_text()],
    )
    assert made.exit_code == 0, made.output
    (tmp_path / "key").write_text(made.output.strip())
    return tmp_path / "w"


def own(folder: Path) -> NoteKey:
    return NoteKey.from_text((folder.parent / "key").read_text())


class Running:
    """The command, and where it listens."""

    def __init__(self, folder: Path) -> None:
        port = ports.free()
        self.url = f"http://127.0.0.1:{port}"
        self.said = folder.parent / f"said-{port}"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pratique", "witness", "serve", str(folder), "--port", str(port)],
                env=os.environ | {"PRATIQUE_KEY_PASSWORD": PASSWORD},
                stdout=said, stderr=said,
            )  # fmt: skip
        ports.wait_for(port, self.process)

    def stop(self, by: int) -> int:
        """End it by a signal; return how it ended."""
        self.process.send_signal(by)
        return self.process.wait(LONGEST)


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    one = Running(folder)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)


def test_what_was_cosigned_holds_when_it_is_killed_and_started_again(folder: Path) -> None:
    with running(folder) as first:
        before = int(time.time())
        number, body = http.request_cosignature(first.url, request(0, 70))
        after = int(time.time())
        assert number == 200
        note = CosignatureRequest.from_bytes(request(0, 70)).note
        at = checkpoint.check_cosignature(
            note.with_signatures(*read_signatures(body.decode())), own(folder)
        )
        assert at is not None
        assert before <= at <= after
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with running(folder) as second:
        assert http.request_cosignature(second.url, request(0, 80, OTHERS)) == (409, b"70\n")
        assert http.request_cosignature(second.url, request(70, 70, OTHERS))[0] == 409
        assert http.request_cosignature(second.url, request(70, 80, OTHERS))[0] == 422
        assert http.request_cosignature(second.url, request(70, 80))[0] == 200


@pytest.mark.parametrize(("by", "ended"), [(signal.SIGTERM, {0, -15}), (signal.SIGINT, {0, 130})])
def test_it_stops_when_it_is_told_to_and_has_written_of_nobody(
    folder: Path, by: int, ended: set[int]
) -> None:
    with running(folder) as one:
        http.request_cosignature(one.url, request(0, 70))
        http.request_cosignature(one.url, b"nonsense")
        # Somebody who never ends their request does not hold it up.
        waiting = socket.create_connection(("127.0.0.1", int(one.url.rpartition(":")[2])))
        waiting.sendall(b"POST /add-checkpoint HTTP/1.1\r\n")
        assert one.stop(by) in ended
        waiting.close()
    assert one.said.read_text() == f"serving witness w.example on {one.url}\n"


def test_an_address_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "pratique", "witness", "serve", str(folder), "--port", str(port)],
            env=os.environ | {"PRATIQUE_KEY_PASSWORD": PASSWORD}, capture_output=True, text=True, timeout=LONGEST, check=False,
        )  # fmt: skip
    assert ended.returncode == 4
    assert f"error: 127.0.0.1, port {port}: it is not possible to listen there" in ended.stderr
    assert "hint: " in ended.stderr
    assert "Traceback" not in ended.stderr


def kill_after(enough: threading.Event, one: Running, pause: float) -> None:
    enough.wait()
    time.sleep(pause)
    one.process.kill()


def test_killed_at_any_moment_it_has_forgotten_no_cosignature_that_it_gave(folder: Path) -> None:
    draw, ledger, given = random.Random(3), Ledger(folder / "ledger.db"), 0
    for _ in range(TIMES):
        with running(folder) as one:
            size = begun = ledger.held(ORIGIN).size
            enough, so_many = threading.Event(), draw.randrange(1, 12)
            killing = threading.Thread(target=kill_after, args=(enough, one, draw.uniform(0, 0.02)))
            killing.start()
            # Every other time the log shows its other face.
            with suppress(Unreadable):
                while True:
                    number, _ = http.request_cosignature(one.url, request(size, size + 1))
                    assert number == 200
                    size, given = size + 1, given + 1
                    if size - begun >= so_many:
                        enough.set()
                    assert http.request_cosignature(one.url, request(size, size, OTHERS))[0] == 409
            killing.join()
            one.process.wait(LONGEST)
        held = ledger.held(ORIGIN)
        assert held.size in {size, size + 1}
        assert held.root == merkle.root(NODES, held.size)
        assert held.size >= begun
    assert given > 0


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no prlimit on this system")
def test_on_a_full_disk_it_cosigns_nothing_and_goes_on_when_there_is_room(folder: Path) -> None:
    with running(folder) as one:
        assert http.request_cosignature(one.url, request(0, 70))[0] == 200
        # No file of that process may grow from now on.
        resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, (512, resource.RLIM_INFINITY))
        assert http.request_cosignature(one.url, request(70, 71)) == (503, b"ledger-unusable\n")
        # Its proof cannot be kept either: it is refused all the same.
        assert http.request_cosignature(one.url, request(70, 71, OTHERS)) == (
            503,
            b"ledger-unusable\n",
        )
        assert "error: " in one.said.read_text()
        assert Ledger(folder / "ledger.db").held(ORIGIN).size == 70
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert http.request_cosignature(one.url, request(70, 71))[0] == 200


def test_a_ledger_that_goes_away_meanwhile_is_not_begun_anew(folder: Path) -> None:
    with running(folder) as one:
        assert http.request_cosignature(one.url, request(0, 70))[0] == 200
        (folder / "ledger.db").rename(folder / "elsewhere")
        assert http.request_cosignature(one.url, request(0, 80, OTHERS)) == (
            503,
            b"ledger-unusable\n",
        )
        assert not (folder / "ledger.db").exists()
        (folder / "elsewhere").rename(folder / "ledger.db")
        assert http.request_cosignature(one.url, request(70, 71))[0] == 200


def test_two_processes_over_one_ledger_cosign_one_tree(folder: Path) -> None:
    with running(folder) as first, running(folder) as second:
        asked = [(one.url, nodes) for one in (first, second) for nodes in (NODES, OTHERS)] * 5
        came: list[tuple[bool, int]] = []

        def ask(url: str, nodes: merkle.Nodes) -> None:
            came.append((nodes is NODES, http.request_cosignature(url, request(0, 70, nodes))[0]))

        threads = [threading.Thread(target=ask, args=one) for one in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(came) == len(asked)
    assert {number for _, number in came} <= {200, 409}
    assert len({face for face, number in came if number == 200}) == 1
