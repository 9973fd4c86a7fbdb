"""Sixty-four back ends use a gateway at once, over TLS: each change is told of once, and each of a batch in a second of its own.

    32 that upload and delete + 16 that read pages + 16 that ask for what is new, behind nginx, on each database

1. Nothing here measures time: who reads goes on until all uploads are acknowledged, and then once more.
2. A page is cut out of the list as it is: an entry that comes meanwhile moves those behind it, so that one may be seen
   twice. One that goes would have one behind it passed over: those that go here stand behind all others.
3. That a loss or a second telling would be seen is shown with lists that have them.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from tests.gateway_world import Keyed, State, body, pyca
from tests.journeys.gateway_front import world
from tests.journeys.gateway_suites import (
    CMS_TEXT,
    JSON,
    WITH_ROLES,
    Gateway,
    bare,
    batch,
    command,
    stamp,
    thumbprints,
)

UPLOADERS, PAGERS, FOLLOWERS = 32, 16, 16
BEGINNING = "2026-01-01T00:00:00Z"


class BackEnd:
    """One that uploads two signers and two batches, and deletes one of each; all is signed beforehand."""

    def __init__(self, number: int) -> None:
        self.state = world().state(WITH_ROLES[number % len(WITH_ROLES)])
        self.kept, self.dropped = bare(self.state, "P-256"), bare(self.state, "P-256")
        trusted = {
            "cms": body(pyca(self.dropped.der, self.state.upload)).decode(),
            # Behind all others in the list.
            "kid": f"zzzzzzzzzzzz{number:02}",
        }
        self._trusted = json.dumps(trusted).encode()
        self._upload, self._deletion = (
            pyca(one.der, self.state.upload) for one in (self.kept, self.dropped)
        )
        self._batches = [json.dumps(batch(self.state.code)).encode() for _ in range(2)]
        self.batch_kept = self.batch_dropped = ""

    def work(self, gateway: Gateway) -> None:
        """Send all of it, one after the other; each is acknowledged."""
        tls = self.state.tls
        headers = {"Content-Type": JSON}
        assert (
            gateway.call(tls, "POST", "/trustedCertificate", self._trusted, headers).status == 201
        )
        assert gateway.send(tls, "POST", "/signerCertificate", self._upload).status == 201
        assert gateway.send(tls, "DELETE", "/trustedCertificate", self._deletion).status == 204
        names = []
        for content in self._batches:
            message = pyca(content, self.state.upload)
            reply = gateway.send(tls, "POST", "/revocation-list", message, CMS_TEXT)
            assert reply.status == 201, reply
            names.append(reply.headers["etag"])
        self.batch_kept, self.batch_dropped = names
        assert gateway.drop_batch(self.batch_dropped, self.state).status == 204


def paged(gateway: Gateway, by: Keyed, size: int) -> list[str]:
    """Return the thumbprints of all pages, in the order in which they came."""
    seen: list[str] = []
    page = 0
    while rows := gateway.rows(by, f"/trustList?page={page}&pagesize={size}"):
        assert len(rows) <= size
        seen += thumbprints(rows)
        page += 1
    return seen


def follow(gateway: Gateway, by: Keyed, since: str, seen: list[tuple[str, bool, str]]) -> str:
    """Ask for what has changed of batches, again with the last date, until nothing has; return that date."""
    while True:
        reply = gateway.get(by, "/revocation-list", since)
        if reply.status == 204:
            return since
        assert reply.status == 200, reply
        rows = json.loads(reply.body)["batches"]
        seen += [(row["batchId"], row["deleted"], row["date"]) for row in rows]
        since = stamp(datetime.fromisoformat(rows[-1]["date"]).timestamp())


def faults(seen: list[tuple[str, bool, str]], wanted: dict[str, bool]) -> list[str]:
    """Return what is wrong with what a client was told of batches, one change after the other."""
    told = Counter((name, is_deleted) for name, is_deleted, _ in seen)
    last = {name: is_deleted for name, is_deleted, _ in seen}
    wrong = [f"twice: {name}" for (name, _), times in told.items() if times > 1]
    wrong += [f"not as it is: {name}" for name in wanted if last.get(name) is not wanted[name]]
    wrong += [f"unknown: {name}" for name in last if name not in wanted]
    dates = [date for _, _, date in seen]
    wrong += [] if dates == sorted(set(dates)) else ["two changes of one second"]
    return wrong


def test_sixty_four_at_once_lose_nothing_and_are_told_nothing_twice(gateway: Gateway) -> None:
    ends = [BackEnd(number) for number in range(UPLOADERS)]
    readers = [world().state(code).tls for code in WITH_ROLES]
    standing = set(thumbprints(gateway.rows(readers[0], "/trustList")))
    told: list[list[tuple[str, bool, str]]] = [[] for _ in range(FOLLOWERS)]
    dates = [BEGINNING] * FOLLOWERS
    done = threading.Event()
    passes: list[list[str]] = []

    def page(number: int) -> None:
        while not done.is_set():
            passes.append(paged(gateway, readers[number % 3], 5 + number))

    def ask(number: int) -> None:
        while not done.is_set():
            dates[number] = follow(gateway, readers[number % 3], dates[number], told[number])

    with ThreadPoolExecutor(UPLOADERS + PAGERS + FOLLOWERS) as pool:
        reading = [pool.submit(page, number) for number in range(PAGERS)]
        reading += [pool.submit(ask, number) for number in range(FOLLOWERS)]
        try:
            for writing in [pool.submit(end.work, gateway) for end in ends]:
                writing.result()
        finally:
            done.set()
        for each in reading:
            each.result()

    # Pages: what was there all the time was on each of them, and now each is there once.
    assert len(passes) >= PAGERS
    for seen in passes:
        assert standing <= set(seen)
        assert set(seen) - standing <= {one.thumbprint for e in ends for one in (e.kept, e.dropped)}
    final = paged(gateway, readers[0], 7)
    assert Counter(final) == Counter(standing | {end.kept.thumbprint for end in ends})
    assert final == thumbprints(gateway.rows(readers[0], "/trustList"))

    # Deltas: each of those who asked all the while has been told of each change that there is, and of none twice.
    wanted = {end.batch_kept: False for end in ends} | {end.batch_dropped: True for end in ends}
    for number, seen_of in enumerate(told):
        follow(gateway, readers[0], dates[number], seen_of)
        assert faults(seen_of, wanted) == []

    # Each change of a batch has its own second; those of signers are in the order of what somebody may have seen.
    rows = gateway.rows(readers[0], "/trustList/DSC", BEGINNING)
    assert len(rows) == 6 + 2 * UPLOADERS
    whole = list[tuple[str, bool, str]]()
    follow(gateway, readers[0], BEGINNING, whole)
    seconds = [datetime.fromisoformat(date) for _, _, date in whole]
    assert len(seconds) == len(set(seconds)) == 2 * UPLOADERS

    # The record has each act once.
    acts = Counter(line.split()[2] for line in command("audit", gateway.folder).splitlines())
    expected = {"signer-upload": 6 + UPLOADERS, "trusted-upload": UPLOADERS, "signer-delete": UPLOADERS, "batch-upload": 2 * UPLOADERS, "batch-delete": UPLOADERS}  # fmt: skip
    assert {act: acts[act] for act in expected} == expected


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda seen: seen[:-1], "not as it is: b"),
        (lambda seen: [*seen, seen[-1]], "twice: b"),
        (lambda seen: [*seen, ("c", False, "3")], "unknown: c"),
        (lambda seen: [(name, gone, "1") for name, gone, _ in seen], "two changes of one second"),
        (lambda seen: seen[::-1], "two changes of one second"),
    ],
    ids=["lost", "twice", "unknown", "one second", "backwards"],
)
def test_a_client_that_was_told_too_little_or_too_much_is_noticed(
    damage: Callable[[list[tuple[str, bool, str]]], list[tuple[str, bool, str]]], fault: str
) -> None:
    seen = [("a", False, "1"), ("b", True, "2")]
    wanted = {"a": False, "b": True}
    assert faults(seen, wanted) == []
    assert fault in faults(damage(seen), wanted)


def test_the_same_upload_by_many_at_once_is_taken_once(gateway: Gateway) -> None:
    state: State = world().state("XA")
    signer = bare(state, "P-256")
    messages = [pyca(signer.der, state.upload) for _ in range(8)]
    messages += [messages[0]] * 8
    random.Random(7).shuffle(messages)
    with ThreadPoolExecutor(len(messages)) as pool:
        replies = list(
            pool.map(
                lambda message: gateway.send(state.tls, "POST", "/signerCertificate", message),
                messages,
            )
        )
    assert Counter(reply.status for reply in replies) == {201: 1, 409: 15}
    rows = gateway.rows(state.tls, "/trustList/DSC/XA")
    assert Counter(thumbprints(rows))[signer.thumbprint] == 1
    replies = [gateway.drop(signer, state) for _ in range(2)]
    assert [reply.status for reply in replies] == [204, 404]
