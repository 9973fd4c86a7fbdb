"""kill -9 over a line: a sync from a slow server, and an edition on its way to one.

What had arrived is not fetched again, what was said to be published is, and the same command finishes.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from pratique.network import metadata, proposal, view
from pratique.parties.authority import receive
from pratique.store import network as store_network
from pratique.store import server
from pratique.store.network import Repository
from tests import ceremonies, forked, killing, web
from tests.ceremonies import AT, LATER, PASSWORD, Desk
from tests.networks import HOUR, Authority, State
from tests.often import KILLS

TIMES = max(3, KILLS // 40)
"""How often each command is killed."""
SLOW = 0.02
"""Seconds that the slow server takes for a file."""


def command(desk: Path, *words: object) -> subprocess.Popen[str]:
    variables = os.environ | Desk(desk).variables
    return subprocess.Popen(
        [sys.executable, "-m", "pratique", *map(str, words)], env=variables, text=True, cwd=desk,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def syncing(url: str, folder: Path, network: Authority) -> tuple[object, ...]:
    """Return the words of a sync of a network, whose first root lies in a folder."""
    return "sync", url, "--root", folder / "root.json", "--at", network.now.isoformat()


def killed(desk: Path, *words: object, when: Callable[[], bool]) -> bool:
    """Run a command, and kill it as soon as something is so; tell whether it came to that."""
    with command(desk, *words) as process:
        while process.poll() is None and not when():
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


def has_heard(server: web.Raw, enough: int) -> bool:
    return len(server.heard) >= enough


def finished(desk: Path, *words: object) -> str:
    """Run a command that must come to its end."""
    variables = os.environ | Desk(desk).variables
    ran = forked.run(list(map(str, words)), folder=desk, environment=variables, together=True)
    assert ran.code == 0, ran.out
    return ran.out


def slowly(files: Mapping[str, bytes]) -> web.Answer:
    """Serve files, each after a while."""

    def answer(request: bytes, connection: socket.socket) -> None:
        time.sleep(SLOW)
        data = files.get(request.split(b" ")[1].decode().removeprefix("/"))
        status = "200 OK" if data is not None else "404 Not Found"
        head = (
            f"HTTP/1.1 {status}\r\nContent-Length: {len(data or b'')}\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + (data or b""))

    return answer


def asked(server: web.Raw) -> list[str]:
    return [request.split(b" ")[1].decode().removeprefix("/") for request in server.heard]


@pytest.fixture
def network() -> Authority:
    """Found a network of a dozen states."""
    authority = Authority(seats=3, threshold=2, suspend=2)
    states = [State(f"XX{letter}") for letter in "ABCDEFGHIJKL"]
    authority.admit(*states)
    for state in states:
        state.publish()
    return authority


def test_a_first_sync_goes_on_from_what_had_arrived(network: Authority, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(network.anchor)
    draw, spared = random.Random(20261122), 0
    for number in range(TIMES):
        desk = tmp_path / f"border-{number}"
        desk.mkdir()
        folder = store_network.folder_of(desk / "home")
        with web.raw(slowly(network.files)) as server:
            sync = syncing(server.url, tmp_path, network)
            enough = draw.randrange(1, 30)
            killed(desk, *sync, when=partial(has_heard, server, enough))
            kept, arriving = store_network.load_held(folder), folder / store_network.ARRIVING
            if kept is not None and kept.files:
                view.read(kept.files, kept.anchor)
            arrived = len(list(arriving.glob("[0-9a-f]*"))) if arriving.exists() else 0
            before = asked(server)
            server.heard.clear()
            finished(desk, *sync)
            twice = (
                set(before) & set(asked(server)) & network.files.keys() - {metadata.TIMESTAMP_FILE}
            )
        # What was on its way when it was killed, eight at a time, may be asked for again; no more.
        spared += arrived
        assert len(twice) <= len(before) - arrived
        kept = store_network.load_held(folder)
        assert kept is not None
        assert len(view.read(kept.files, kept.anchor).roles) == 12
        assert not arriving.exists()
    assert spared, "no kill came late enough to show anything"


def test_a_later_sync_leaves_the_old_or_the_new(network: Authority, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(network.anchor)
    folder = store_network.folder_of(tmp_path / "home")
    draw, old = random.Random(20261123), 0
    for number in range(TIMES):
        network.now += HOUR / 60
        state = State(f"XZ{number:02}", "XZ")
        network.admit(state)
        with web.raw(slowly(network.files)) as server:
            sync = syncing(server.url, tmp_path, network)
            enough = draw.randrange(1, 6)
            before = store_network.load_held(folder)
            killed(tmp_path, *sync, when=partial(has_heard, server, enough))
            kept = store_network.load_held(folder)
            if before is not None and before.files:
                assert kept is not None
                now = view.read(kept.files, kept.anchor).trusted.snapshot.version
                then = view.read(before.files, before.anchor).trusted.snapshot.version
                assert now in {then, network.view.trusted.snapshot.version}
                old += now == then
            finished(tmp_path, *sync)
        kept = store_network.load_held(folder)
        assert kept is not None
        assert state.code in view.read(kept.files, kept.anchor).participants
    assert old, "no kill came early enough to show anything"


@pytest.fixture
def utopia(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Desk, str, list[int]]]:
    """Serve a network that takes editions; yield its desk, its address, and what it has published."""
    monkeypatch.chdir(tmp_path)
    desk, lock, done = Desk(tmp_path), threading.Lock(), list[int]()
    ceremonies.begun(desk)
    ceremonies.joined(desk)

    def take(data: bytes) -> dict[str, object]:
        with lock:
            answer = receive(tmp_path / "net", data, lambda _: PASSWORD, at=web.instant(LATER))
            done.append(proposal.from_bytes(data).versions()["XXU"])
        time.sleep(SLOW)
        return answer

    with web.serving(server.network_application(tmp_path / "net/repository", take)) as url:
        yield desk, url, done


def test_an_edition_on_its_way_is_published_whole_once_or_not_at_all(
    utopia: tuple[Desk, str, list[int]],
) -> None:
    desk, url, done = utopia
    words = ("participant", "publish", "--to", url, "--at", LATER)
    note, environment = desk.folder / "note", os.environ | desk.variables
    code, made, said = killing.acts([*words], note, environment, desk.folder)
    assert code == 0
    assert "published: XXU 2" in said
    draw, cut = random.Random(20261124), 0
    for _ in range(TIMES):
        # The edition is handed in by the last of its acts but a few.
        before, act = done[-1], made - draw.randrange(min(made, 8))
        was_killed, _ = killing.killed([*words], act, note, environment, desk.folder)
        cut += was_killed
        files = Repository(desk.folder / "net/repository")
        time.sleep(3 * SLOW)
        now = view.read(files, files[metadata.metadata("root", 1)]).roles["XXU"]
        assert now.problem == ""
        assert now.version in {before, before + 1}
        said, version = finished(desk.folder, *words), done[-1]
        assert said.endswith(f"published: XXU {version}\n")
        # What was on its way may still have come, on a busy machine after it was looked for.
        assert version in {now.version + 1, before + 2}
        assert done == list(range(2, version + 1))
    assert cut
    assert "XXU" in finished(desk.folder, "sync", url, "--at", LATER)
    assert AT < LATER
