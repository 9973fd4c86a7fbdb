"""Clients that ask for what is new learn of everything, while two processes write to one database at once.

writers (processes of their own): upload, delete, upload again, through the endpoints
clients: /trustList by the clock, as back ends do; /revocation-list by the last date, as dgc-lib does
"""

from __future__ import annotations

import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.gateway.call import Settings
from pratique.gateway.wire import WireAnswer, instant
from pratique.parties.gateway_service import GatewayAnswers
from pratique.store.gateway.mailbox import GatewayStore
from pratique.strict_json import loads
from pratique.text import rfc3339
from tests.gateway_sent import batch
from tests.gateway_stores import sqlite
from tests.gateway_world import Keyed, World, body, pyca, request, world

NOW = int(time.time())
WRITERS = ("XA", "XB")
ACTS = 30
"""Of each writer."""
LEEWAY = 2
"""Seconds by which a client goes back: a change has the second in which its turn came, and is seen when it is on the disk."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a gateway's database, in which all take part."""
    url: str = (
        sqlite(tmp_path) if request.param == "sqlite" else request.getfixturevalue("new_database")()
    )
    store = GatewayStore(url)
    with store.writing() as mailbox:
        for code in ("XA", "XB", "DX"):
            for party in world(NOW).parties(code):
                mailbox.add_party(party)
    store.close()
    return url


class Caller:
    """A country's back end, at a database."""

    def __init__(self, url: str, code: str) -> None:
        self.store, self.state = GatewayStore(url), world(NOW).state(code)
        self._answers = GatewayAnswers(self.store, Settings())

    def ask(
        self, method: str, path: str, data: bytes = b"", since: int | None = None, query: str = ""
    ) -> WireAnswer:
        """Send a request, now."""
        headers = {} if since is None else {"If-Modified-Since": rfc3339(since)}
        return self._answers(
            request(
                method, path, by=self.state.tls, body=data, query=query, headers=headers,
                at=int(time.time()), draw=str(uuid.uuid4()),
            )
        )  # fmt: skip

    def send(self, method: str, path: str, content: bytes) -> WireAnswer:
        """Send a content, signed."""
        return self.ask(method, path, body(pyca(content, self.state.upload)))


def write(url: str, code: str, signers: list[Keyed]) -> None:
    """Upload and delete signers and batches, in any order."""
    own, draw = Caller(url, code), random.Random(code)
    live: set[str] = set()
    batches: list[str] = []
    for _ in range(ACTS):
        signer = draw.choice(signers)
        if signer.thumbprint in live:
            assert own.send("DELETE", "/signerCertificate", signer.der).status == 204
            live.remove(signer.thumbprint)
        else:
            assert own.send("POST", "/signerCertificate", signer.der).status == 201
            live.add(signer.thumbprint)
        if batches and draw.random() < 0.4:
            gone = json.dumps({"batchId": batches.pop()}).encode()
            assert own.send("DELETE", "/revocation-list", gone).status == 204
        else:
            sent = json.dumps(batch(NOW, country=code)).encode()
            taken = own.send("POST", "/revocation-list", sent)
            assert taken.status == 201
            batches.append(dict(taken.headers)["ETag"])
    own.store.close()


def begun(work: Callable[[], None]) -> int:
    """Do something in a process of its own; return its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


class Client(Caller):
    """One that reads, and keeps what it has learned."""

    def __init__(self, url: str, size: int | None) -> None:
        super().__init__(url, "DX")
        self.size = size
        self.since, self.last = 0, 0
        self.signers: dict[str, bool] = {}
        self.batches: dict[str, bool] = {}

    def read(self) -> None:
        """Ask for what is new of both lists, once."""
        asked = int(time.time())
        for row in self._delta():
            self.signers[row["thumbprint"]] = row["rawData"] is not None
        self.since = asked - LEEWAY
        while (answer := self.ask("GET", "/revocation-list", since=self.last)).status != 204:
            for row in loads(answer.body)["batches"]:
                self.batches[row["batchId"]] = row["deleted"]
                date = instant(row["date"])
                assert date > self.last, "a date comes again"
                self.last = date

    def _delta(self) -> Iterator[dict[str, Any]]:
        if self.size is None:
            yield from loads(self.ask("GET", "/trustList/DSC", since=self.since).body)
            return
        page = 0
        while rows := loads(
            self.ask("GET", "/trustList/DSC", since=self.since, query=f"page={page}&pagesize={self.size}").body
        ):  # fmt: skip
            yield from rows
            page += 1


def test_each_client_knows_the_last_state_of_everything(url: str) -> None:
    place: World = world(NOW)
    pools = {
        code: [place.state(code).signer("P-256", number) for number in range(1, 6)]
        for code in WRITERS
    }
    pids = [
        begun(lambda code=code: write(url, code, pools[code]))  # type: ignore[misc]
        for code in WRITERS
    ]
    clients, rounds = [Client(url, None), Client(url, 3)], 0
    left = set(pids)
    while left:
        clients[0].read()
        rounds += 1
        for pid in list(left):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                left.remove(pid)
                assert status == 0, "a writer was refused"
    # A list that changes while its pages come is asked for again: the one with pages begins when all is quiet.
    for client in clients:
        client.read()
    assert rounds > 3
    with clients[0].store.reading() as box:
        entries = box.entries(since=0)
        states = {row.thumbprint: row.deleted is None for row in entries}
        known = {row.identifier: row.is_deleted for row in box.batches(0, 9_999)}
        seconds = [row.changed for row in box.batches(0, 9_999)]
        acts = [row.act for row in box.audited()]
    assert len(acts) == 2 * 2 * ACTS, "each act of each writer, and no other"
    assert len(set(seconds)) == len(seconds), "two changes of batches share a second"
    assert {True, False} == set(states.values()) == set(known.values())
    for client in clients:
        assert client.signers == states
        assert client.batches == known
        client.store.close()
