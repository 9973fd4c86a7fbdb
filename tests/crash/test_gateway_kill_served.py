"""kill -9 of a gateway that is served: what a client has heard of is there after a restart, all else whole or absent.

    client, a process of its own -> HTTP over the socket -> the gateway, killed at any moment -> the next one, on the same file

The client goes on for all of the time; what it has no answer to it never sends again, as if it had ended too.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from pratique.gateway import endpoints, message
from pratique.gateway.call import Settings
from pratique.gateway.projection import Unkept
from pratique.gateway.wire import CMS, CMS_TEXT, WireAnswer, WireRequest
from pratique.parties.gateway_service import GatewayAnswers
from pratique.store import gateway_server
from pratique.store.gateway.mailbox import GatewayStore, SqlReading
from tests.gateway_sent import batch, octets, rule
from tests.gateway_stores import sqlite
from tests.gateway_world import AT, body, presented, pyca, world
from tests.journeys.gateway_front import OnSocket, ask
from tests.killing import killed_at_work
from tests.often import KILLS

MOMENTS = KILLS * 11 // 20
"""Of killing."""
AFTER = 0.02
"""Seconds after an answer within which it is killed: an answer on its way, or some acts of the next request."""
HASHES = 200
"""Of a batch: it takes several pages of the database."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

Answering = Callable[[WireRequest], WireAnswer]


class Heard(NamedTuple):
    """What a client was told: the status, and by what it knows what it has sent."""

    status: int
    kind: str
    name: str


# ----------------------------------------------------------------------------------------------------
# The client.


def canary(number: int) -> str:
    """Return the hash that the n-th request's batch is full of."""
    return base64.b64encode(hashlib.sha256(b"%d" % number).digest()[:16]).decode()


class Client:
    """Uploads signers, rules and batches, and deletes batches, one after the other."""

    def __init__(self, path: Path, note: int) -> None:
        self._path, self._note, self._xa = path, note, world().state("XA")
        self._batch = ""
        self._kinds: Mapping[int, Callable[[http.client.HTTPConnection, int], Heard]] = {
            0: self._signer, 1: self._rule, 2: self._upload, 3: self._delete,
        }  # fmt: skip

    def work(self) -> None:
        """Go on without end; note each answer once it has come."""
        number = 0
        while True:
            with closing(OnSocket(self._path)) as connection:
                try:
                    connection.connect()
                    while True:
                        number += 1
                        heard = self._kinds[number % 4](connection, number)
                        os.write(self._note, f"{' '.join(map(str, heard))}\n".encode())
                except (OSError, http.client.HTTPException):
                    time.sleep(0.001)

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, content: bytes
    ) -> tuple[int, str]:
        media = CMS if path == "/signerCertificate" else CMS_TEXT
        headers = {"Content-Type": media, **presented(self._xa.tls)}
        reply = ask(connection, method, path, body(pyca(content, self._xa.upload)), headers)
        return reply.status, reply.headers.get("etag", "-")

    def _signer(self, connection: http.client.HTTPConnection, number: int) -> Heard:
        signer = self._xa.signer("P-256", number)
        status, _ = self._send(connection, "POST", "/signerCertificate", signer.der)
        return Heard(status, "signer", signer.thumbprint)

    def _rule(self, connection: http.client.HTTPConnection, number: int) -> Heard:
        name = f"GR-XA-{number:04}"
        status, _ = self._send(connection, "POST", "/rules", octets(rule(Identifier=name)))
        return Heard(status, "rule", name)

    def _upload(self, connection: http.client.HTTPConnection, number: int) -> Heard:
        content = octets(batch(entries=[{"hash": canary(number)}] * HASHES))
        self._batch = ""
        status, self._batch = self._send(connection, "POST", "/revocation-list", content)
        return Heard(status, "batch", self._batch)

    def _delete(self, connection: http.client.HTTPConnection, number: int) -> Heard:
        del number
        if not self._batch:
            return Heard(0, "nothing", "-")
        content = octets({"batchId": self._batch})
        status, _ = self._send(connection, "DELETE", "/revocation-list", content)
        return Heard(status, "deletion", self._batch)


@contextmanager
def working(path: Path, note: Path) -> Iterator[None]:
    """Let a client work in a process of its own."""
    file = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    child = os.fork()
    if child == 0:
        try:
            Client(path, file).work()
        finally:
            os._exit(1)
    os.close(file)
    try:
        yield
    finally:
        ended, _ = os.waitpid(child, os.WNOHANG)
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert not ended, "the client ended by itself"


# ----------------------------------------------------------------------------------------------------
# The gateway.


def careful(store: GatewayStore) -> Answering:
    """Answer as the gateway does."""
    return GatewayAnswers(store, Settings(), lambda: AT)


def hasty(store: GatewayStore) -> Answering:
    """Answer before it is kept: each request is kept as soon as the next one comes."""
    answers, waiting = careful(store), list[WireRequest]()

    def answer(request: WireRequest) -> WireAnswer:
        while waiting:
            answers(waiting.pop())
        waiting.append(request)
        route = endpoints.find(request.method, request.path)
        assert not isinstance(route, WireAnswer)
        with store.reading() as box:
            return endpoints.answer(request, route, Unkept(box), Settings())

    return answer


def killed(
    folder: Path, kind: Callable[[GatewayStore], Answering], answers: int, pause: float
) -> None:
    """Serve in a process of its own, and kill it a moment after so many answers."""

    def work(tell: Callable[[bytes], object]) -> None:
        store = GatewayStore(sqlite(folder))
        answer = kind(store)

        def telling(request: WireRequest) -> WireAnswer:
            said = answer(request)
            tell(b"answered\n")
            return said

        served = gateway_server.application(telling, print, clock=lambda: AT)
        with gateway_server.listening(folder / "socket") as taken:
            gateway_server.serve(served, taken)

    killed_at_work(work, answers, pause)


def after_kills(
    folder: Path, kind: Callable[[GatewayStore], Answering], moments: int
) -> list[Heard]:
    """Kill a gateway that a client works with, so many times; return what the client has heard."""
    store = GatewayStore(sqlite(folder))
    with store.writing() as mailbox:
        for party in world().parties("XA"):
            mailbox.add_party(party)
    store.close()
    # Each signer's certificate is of one key, which the client has from here.
    world().state("XA").signer("P-256", 0)
    draw = random.Random(20261130)
    with working(folder / "socket", folder / "heard"):
        for _ in range(moments):
            killed(folder, kind, draw.randrange(1, 6), draw.uniform(0, AFTER))
    rows = [line.split() for line in (folder / "heard").read_text().splitlines()]
    return [Heard(int(status), kind, name) for status, kind, name in rows if kind != "nothing"]


# ----------------------------------------------------------------------------------------------------
# What is there.


class Kept(NamedTuple):
    """What is there after a restart, by what a client knows it by."""

    signer: set[str]
    rule: set[str]
    batch: set[str]
    deletion: set[str]


def kept(box: SqlReading) -> Kept:
    """Return what is there; it fails where something is there by half."""
    acts = [(row.act, row.digest) for row in box.audited()]
    assert len(set(acts)) == len(acts)
    signers, rules, changes = box.entries(), box.rules("XA"), box.batches(0, 1_000_000)
    seconds = [each.changed for each in changes]
    assert sorted(set(seconds)) == seconds
    for signer in signers:
        uploaded = message.read(signer.message.encode(), bad_signature="0")
        assert uploaded.content == signer.certificate
        assert box.was_used(uploaded.mark)
    for stored in rules:
        uploaded = message.read(stored.message.encode(), bad_signature="0")
        assert json.loads(uploaded.content)["Identifier"] == stored.identifier
    for each in box.batches_of("XA"):
        uploaded = message.read(each.message.encode(), bad_signature="0")
        assert len(json.loads(uploaded.content)["entries"]) == HASHES
    gone = {each.identifier for each in changes if each.is_deleted}
    for name in gone:
        deleted = box.batch(name)
        assert deleted is not None
        assert deleted.message == ""
    # Each row has its line of the audit, and each line its row.
    expected = [("signer-upload", signer.thumbprint) for signer in signers]
    expected += [("rule-upload", _digest(stored.message)) for stored in rules]
    expected += [("batch-upload", _digest(each.identifier)) for each in changes]
    expected += [("batch-delete", _digest(name)) for name in gone]
    assert sorted(acts) == sorted(expected)
    return Kept(
        {signer.thumbprint for signer in signers},
        {stored.identifier for stored in rules},
        {each.identifier for each in changes},
        gone,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lost(heard: list[Heard], there: Kept) -> list[Heard]:
    """Return what was acknowledged and is not there."""
    taken = {201, 204}
    return [
        each
        for each in heard
        if each.status in taken and each.name not in there._asdict()[each.kind]
    ]


def read(folder: Path) -> Kept:
    """Open the store again, and return what is there."""
    store = GatewayStore(sqlite(folder))
    with store.reading() as box:
        there = kept(box)
    store.close()
    return there


def test_what_a_client_has_heard_of_is_there_and_all_else_is_whole_or_absent(
    tmp_path: Path,
) -> None:
    heard = after_kills(tmp_path, careful, MOMENTS)
    there = read(tmp_path)
    counts = {name: len(names) for name, names in there._asdict().items()}
    print(f"{MOMENTS} kills, {len(heard)} answers heard, kept: {counts}", file=sys.stderr)
    assert {(each.kind, each.status) for each in heard} == {
        ("signer", 201), ("rule", 201), ("batch", 201), ("deletion", 204),
    }  # fmt: skip
    assert len(heard) > MOMENTS / 2
    assert lost(heard, there) == []
    # Some were kept, and killed before they could be told: it was in the middle of things.
    assert sum(counts.values()) > len(heard)


def test_control_a_gateway_that_answers_before_it_keeps_is_seen_to_lose(tmp_path: Path) -> None:
    heard = after_kills(tmp_path, hasty, 12)
    assert lost(heard, read(tmp_path)) != []


def test_control_what_is_there_by_half_is_seen(tmp_path: Path) -> None:
    after_kills(tmp_path, careful, 3)
    assert read(tmp_path)
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as mailbox:
        mailbox.add_rule(mailbox.rules("XA")[0]._replace(number=0, version="9.9.9"))
    store.close()
    with pytest.raises(AssertionError):
        read(tmp_path)
