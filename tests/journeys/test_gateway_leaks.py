"""Thousands of requests leave nothing behind in the process that serves them: no descriptor, no thread, no connection."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from pratique.gateway.call import Settings
from pratique.gateway.wire import CMS, CMS_TEXT, WireAnswer, WireRequest
from pratique.parties.gateway_service import GatewayAnswers
from pratique.store.gateway.mailbox import GatewayStore
from pratique.store.gateway_server import THREADS
from tests.gateway_sent import batch, octets, rule
from tests.gateway_stores import sqlite
from tests.gateway_world import body, presented, pyca
from tests.journeys.gateway_front import NOW, OnSocket, ask, served, world
from tests.steps import LONGEST

REQUESTS, FEW = 2_000, 400
EACH = 20
"""Requests of one connection; a hundred connections come and go."""
DESCRIPTORS = Path("/proc/self/fd")

pytestmark = pytest.mark.skipif(
    not DESCRIPTORS.exists(), reason="this system does not tell which descriptors are open"
)

Answering = Callable[[WireRequest], WireAnswer]


class Open(NamedTuple):
    """What a process has open: what its descriptors are of, and how many threads."""

    descriptors: tuple[str, ...]
    threads: int


def opened() -> Open:
    """Look at this process."""
    names = []
    for each in DESCRIPTORS.iterdir():
        # The one that looks is gone by now.
        with suppress(OSError):
            name = str(each.readlink())
            names.append(name.partition(":")[0] if name.startswith("socket:") else name)
    return Open(tuple(sorted(names)), threading.active_count())


def more(after: Open, before: Open) -> list[str]:
    """Return what is open that was not open before; what closes late may be gone meanwhile."""
    left = Counter(after.descriptors) - Counter(before.descriptors)
    return [*left.elements(), *["thread"] * (after.threads - before.threads)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GatewayStore]:
    """Open a gateway's store, with two countries."""
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as mailbox:
        for party in (party for code in ("XA", "DX") for party in world().parties(code)):
            mailbox.add_party(party)
    yield store
    store.close()


def answers_of(store: GatewayStore) -> GatewayAnswers:
    """Return what answers from a store."""
    return GatewayAnswers(store, Settings(), lambda: NOW)


class Crowd:
    """Clients of every kind, one after the other."""

    def __init__(self, path: Path) -> None:
        self._path, self.statuses = path, dict[int, int]()
        self._xa = world().state("XA")
        self._known = presented(self._xa.tls)

    def one_alone(self) -> int:
        """Ask for something on a connection of its own; return the status."""
        with closing(OnSocket(self._path)) as connection:
            return ask(connection, "GET", "/trustList", headers=self._known).status

    def come(self, requests: int) -> None:
        """Send so many requests, by connections that are closed, and some that are broken off."""
        for first in range(0, requests, EACH):
            with closing(OnSocket(self._path)) as connection:
                for number in range(first, first + EACH):
                    status = self._one(connection, number)
                    self.statuses[status] = self.statuses.get(status, 0) + 1
            with closing(OnSocket(self._path)) as broken:
                broken.putrequest("POST", "/rules")
                for name, value in {**self._known, "Content-Type": CMS}.items():
                    broken.putheader(name, value)
                broken.putheader("Content-Length", "5000")
                broken.endheaders(b"AAAA")

    def _one(self, connection: OnSocket, number: int) -> int:
        match number % EACH:
            case 0:
                content = octets(rule(NOW, Identifier=f"GR-XA-{number % 10_000:04}"))
                sent = "POST", "/rules", self._signed(content), CMS_TEXT
            case 1:
                sent = "POST", "/revocation-list", self._signed(octets(batch(NOW))), CMS_TEXT
            case 2:
                sent = "POST", "/rules", b"no message", CMS
            case 3:
                return ask(connection, "GET", "/trustList").status
            case 4:
                return ask(connection, "GET", "/nothing", headers=self._known).status
            case _:
                path = ("/trustList", "/countrylist", "/rules/XA", "/cms-migration")[number % 4]
                return ask(connection, "GET", path, headers=self._known).status
        method, path, data, media = sent
        headers = {**self._known, "Content-Type": media}
        return ask(connection, method, path, data, headers).status

    def _signed(self, content: bytes) -> bytes:
        return body(pyca(content, self._xa.upload))


def grown(
    path: Path, store: GatewayStore, answer: Answering, requests: int, patience: int
) -> tuple[Open, Open, dict[int, int]]:
    """Return what is open after some requests, and after many more; and what was answered.

    Args:
        path: of the socket.
        store: of the gateway.
        answer: answers.
        requests: how many.
        patience: how often it is looked again: that a client has gone is noticed a moment later.
    """
    crowd, told, together = Crowd(path), list[str](), threading.Barrier(THREADS)
    waits = [True]

    def first_together(request: WireRequest) -> WireAnswer:
        if waits[0]:
            with store.reading() as box:
                assert box.countries()
                together.wait(LONGEST)
        return answer(request)

    with served(path, first_together, told.append, turned_away=answers_of(store).turned_away):
        # As many at once as there may be: each thread is there then, and has a connection to the database.
        with ThreadPoolExecutor(THREADS) as clients:
            assert set(clients.map(lambda _: crowd.one_alone(), range(THREADS))) == {200}
        waits[0] = False
        crowd.come(10 * EACH)
        before, pause = opened(), threading.Event()
        crowd.statuses.clear()
        crowd.come(requests)
        for _ in range(patience):
            if not more(opened(), before):
                break
            pause.wait(0.005)
        after = opened()
    assert told == []
    return before, after, crowd.statuses


def test_two_thousand_requests_leave_nothing_open(store: GatewayStore, tmp_path: Path) -> None:
    answers = answers_of(store)
    before, after, statuses = grown(tmp_path / "socket", store, answers, REQUESTS, 2_000)
    assert more(after, before) == []
    assert sum(statuses.values()) == REQUESTS
    # Taken, shown, refused, of strangers, and of no path.
    assert {201, 200, 400, 401, 404} <= statuses.keys()
    assert 500 not in statuses


@pytest.mark.parametrize("what", ["descriptors", "threads"])
def test_control_what_is_left_open_is_seen(what: str, store: GatewayStore, tmp_path: Path) -> None:
    answers = answers_of(store)
    left, ending = list[int](), threading.Event()
    threads = list[threading.Thread]()

    def leaking(request: WireRequest) -> WireAnswer:
        if request.path == "/countrylist":
            if what == "descriptors":
                left.append(os.open(os.devnull, os.O_RDONLY))
            else:
                threads.append(threading.Thread(target=ending.wait))
                threads[-1].start()
        return answers(request)

    try:
        before, after, _ = grown(tmp_path / "socket", store, leaking, FEW, 1)
    finally:
        ending.set()
        for each in left:
            os.close(each)
        for thread in threads:
            thread.join()
    expected = os.devnull if what == "descriptors" else "thread"
    assert more(after, before).count(expected) > FEW / EACH
