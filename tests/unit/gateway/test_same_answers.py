"""The same requests get the same answers from a mailbox in memory, in SQLite and in PostgreSQL, byte for byte."""

from __future__ import annotations

import random
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pratique.crypto import cms
from pratique.gateway.call import Settings
from pratique.gateway.wire import JSON, WireAnswer, WireRequest
from pratique.parties.gateway_service import GatewayAnswers
from pratique.store.gateway.mailbox import GatewayStore
from pratique.strict_json import loads
from pratique.text import as_json, rfc3339
from tests.gateway_sent import batch, octets, reference, rule
from tests.gateway_stores import sqlite
from tests.gateway_world import AT, DAY, ONBOARDED, State, body, pyca, request, world

REQUESTS = 150


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GatewayStore]:
    """Return a store in which the countries are onboarded."""
    is_file = request.param == "sqlite"
    url = sqlite(tmp_path) if is_file else request.getfixturevalue("new_database")()
    opened = GatewayStore(url)
    with opened.writing() as box:
        for code in ONBOARDED:
            for party in world().parties(code):
                box.add_party(party)
    yield opened
    opened.close()


@cache
def signed(content: bytes, code: str, number: int) -> bytes:
    """Return a message by a country's first or second upload key: the same, whenever it is asked for."""
    state = world().state(code)
    return body(pyca(content, (state.upload, state.upload_again)[number]))


class Back:
    """Back ends of two countries, which send what comes to their minds; most of it is in order."""

    def __init__(self, seed: int) -> None:
        self.dice, self.at = random.Random(seed), AT
        self.known: tuple[str, ...] = ()

    def ask(self) -> WireRequest:
        """Return the next request."""
        self.at += self.dice.choice([0, 0, 1, 3_600])
        code = self.dice.choice(["XA", "XA", "XB"])
        make = self.dice.choice([self._rule, self._batch, self._signer, self._reference, self._own, self._read])  # fmt: skip
        return make(code, world().state(code))

    def _send(self, method: str, path: str, content: bytes, code: str) -> WireRequest:
        signer = self.dice.choice(["XA", "XB", code, code, code, code])
        sent = signed(content, signer, self.dice.randrange(2))
        tls, draw = world().state(code).tls, str(uuid.UUID(int=self.dice.getrandbits(128)))
        return request(method, path, by=tls, body=sent, at=self.at, draw=draw)

    def _rule(self, code: str, state: State) -> WireRequest:
        del state
        identifier = f"GR-{code}-000{self.dice.randrange(2)}"
        if self.dice.random() < 0.2:
            return self._send("DELETE", "/rules", identifier.encode(), code)
        begins = AT + self.dice.randrange(2, 6) * DAY
        document = rule(
            Identifier=identifier,
            Country=code,
            Version=f"1.0.{self.dice.randrange(12)}",
            ValidFrom=rfc3339(begins),
        )
        return self._send("POST", "/rules", octets(document), code)

    def _batch(self, code: str, state: State) -> WireRequest:
        del state
        if self.dice.random() < 0.4 and self.known:
            name = self.dice.choice(self.known)
            return self._send("DELETE", "/revocation-list", octets({"batchId": name}), code)
        expires = AT + self.dice.randrange(1, 9) * DAY
        document = batch(country=code, expires=rfc3339(expires))
        return self._send("POST", "/revocation-list", octets(document), code)

    def _signer(self, code: str, state: State) -> WireRequest:
        certificate = state.signer(number=self.dice.randrange(3)).der
        method = self.dice.choice(["POST", "POST", "DELETE"])
        return self._send(method, "/signerCertificate", certificate, code)

    def _reference(self, code: str, state: State) -> WireRequest:
        del state
        service = self.dice.choice("abc")
        document = reference(country=code, service=service)
        return self._send("POST", "/trust/reference", octets(document), code)

    def _own(self, code: str, state: State) -> WireRequest:
        del code
        return request("GET", "/cms-migration", by=state.tls, at=self.at)

    def migration(self, rows: list[dict[str, Any]]) -> WireRequest:
        """Return a request to migrate what is listed, with a number in it that its store will have to know."""
        row = self.dice.choice(rows)
        code = self.dice.choice(["XA", "XB"])
        again = signed(cms.signed(b64decode(row["cms"])).content, code, self.dice.randrange(2))
        document = {**row, "cms": again.decode()}
        sent, tls = as_json(document).encode(), world().state(code).tls
        headers = {"Content-Type": JSON}
        return request("POST", "/cms-migration", by=tls, body=sent, headers=headers, at=self.at)

    def _read(self, code: str, state: State) -> WireRequest:
        paths = [
            "/rules/XA",
            "/remarks/rules/XB",
            "/revocation-list",
            "/trustList/DSC",
            "/trustList/references",
            *(f"/revocation-list/{name}" for name in self.known[-3:]),
        ]
        headers = {"If-Modified-Since": rfc3339(AT - self.dice.randrange(2))}
        path = self.dice.choice(paths)
        del code
        return request("GET", path, by=state.tls, headers=headers, at=self.at)


@pytest.mark.parametrize("seed", range(3))
def test_a_database_answers_requests_as_the_memory_does(store: GatewayStore, seed: int) -> None:
    box, back = world().box(), Back(seed)
    stored: Callable[[WireRequest], WireAnswer] = GatewayAnswers(store, Settings())
    statuses = set[tuple[str, str, int]]()

    def both(asked: WireRequest, other: WireRequest | None = None) -> WireAnswer:
        expected, answer = box.ask(other or asked), stored(asked)
        assert _comparable(answer) == _comparable(expected), asked
        statuses.add((asked.method, asked.path.split("/")[1], answer.status))
        return answer

    for _ in range(REQUESTS):
        asked = back.ask()
        listed = loads(box.ask(asked).body) if asked.path == "/cms-migration" else []
        answer = both(asked)
        if "ETag" in dict(answer.headers) and asked.path == "/revocation-list":
            back.known = (*back.known, asked.draw)
        if listed:
            again = back.migration(listed)
            number = loads(again.body)["entityId"]
            place = [row["entityId"] for row in listed].index(number)
            same = {**loads(again.body), "entityId": loads(answer.body)[place]["entityId"]}
            both(again._replace(body=as_json(same).encode()), again)
    # The walk has been where it matters.
    assert {("POST", "rules", 201), ("DELETE", "revocation-list", 204)} <= statuses
    assert {("POST", "cms-migration", 204), ("POST", "signerCertificate", 201)} <= statuses


def _comparable(answer: WireAnswer) -> WireAnswer:
    """Return an answer without the numbers of rows: a database may count each table by itself."""
    if not answer.body.startswith(b'[{"cms"'):
        return answer
    rows = loads(answer.body)
    body = as_json([{**row, "entityId": 0} for row in rows]).encode()
    return answer._replace(body=body)
