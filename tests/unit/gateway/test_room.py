"""How much a country may keep: so many of each kind, none longer than so, and an answer that fits into memory."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from pratique.gateway import message, migration
from pratique.gateway.call import Settings
from pratique.gateway.wire import JSON, WireAnswer
from tests.gateway_sent import Sender, batch, octets, refusal, rule
from tests.gateway_world import body, pyca, world

MOST = 3
SETTINGS = Settings(most_entries=MOST, most_rules=MOST, most_batches=MOST)


def sender(code: str = "XA", settings: Settings = SETTINGS) -> Sender:
    return Sender(code, world().box(settings))


def identifier(number: int) -> str:
    return str(UUID(int=number))


@cache
def certificate(code: str, number: int) -> bytes:
    """Return the n-th signer of a country, which is signed anew each time that it is made."""
    return world().state(code).signer("P-256", number).der


class Kind:
    """One kind of upload: how the n-th is made, sent and taken back."""

    def __init__(self, name: str, path: str, code: str) -> None:
        self.name, self.path, self.code = name, path, code

    def __repr__(self) -> str:
        return self.name

    def content(self, of: Sender, number: int) -> bytes:
        """Return the content of the n-th."""
        if self.name == "rule":
            return octets(rule(Identifier=f"GR-{of.state.code}-{number:04}", Country=of.state.code))
        if self.name == "batch":
            return octets(batch(country=of.state.code))
        return certificate(of.state.code, number)

    def upload(self, of: Sender, number: int) -> WireAnswer:
        """Send the n-th."""
        sent = body(pyca(self.content(of, number), of.state.upload))
        if self.name == "trusted":
            document = json.dumps({"cms": sent.decode(), "kid": f"kid {number}"}).encode()
            return of.send("POST", self.path, document, content_type=JSON)
        return of.send("POST", self.path, sent, draw=identifier(number))

    def delete(self, of: Sender, number: int) -> WireAnswer:
        """Take the n-th back."""
        content: Any = self.content(of, number)
        if self.name == "rule":
            content = f"GR-{of.state.code}-{number:04}"
        if self.name == "batch":
            content = {"batchId": identifier(number)}
        path = "/signerCertificate" if self.name == "trusted" else self.path
        return of.send("DELETE", path, of.signed(content))


KINDS = [
    Kind("signer", "/signerCertificate", "0x004"),
    Kind("trusted", "/trustedCertificate", "0x004"),
    Kind("rule", "/rules", "0x200"),
    Kind("batch", "/revocation-list", "0x000"),
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=repr)


@kinds
def test_a_country_has_no_more_of_a_kind_than_it_may(kind: Kind) -> None:
    xa = sender()
    for number in range(MOST):
        assert kind.upload(xa, number).status == 201
    answer = kind.upload(xa, MOST)
    assert refusal(answer) == (400, kind.code)
    assert "as many of these as there may be" in json.loads(answer.body)["problem"]
    # Another country has room of its own, and what is taken back makes room.
    assert kind.upload(Sender("DX", xa.box), MOST + 1).status == 201
    assert kind.delete(xa, 0).status == 204
    assert kind.upload(xa, MOST).status == 201
    assert refusal(kind.upload(xa, MOST + 2)) == (400, kind.code)


@kinds
def test_a_message_that_is_too_long_is_not_kept(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    xa = sender()
    length = len(body(pyca(kind.content(xa, 1), xa.state.upload)))
    # A signature of EC has some octets more or fewer each time.
    monkeypatch.setattr(message, "LONGEST_KEPT", length - 64)
    answer = kind.upload(xa, 1)
    assert refusal(answer) == (400, kind.code)
    assert "too long to be kept" in json.loads(answer.body)["problem"]
    monkeypatch.setattr(message, "LONGEST_KEPT", length + 64)
    assert kind.upload(xa, 1).status == 201


def test_a_full_batch_is_kept_however_it_is_written() -> None:
    entries = [{"hash": "A" * 22 + "=="}] * 1000
    xa = sender()
    sent = json.dumps(batch(entries=entries), indent=4)
    assert len(xa.signed(sent)) > 80_000
    assert xa.post("/revocation-list", sent).status == 201


def test_no_message_grows_by_a_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    xa = sender()
    kind = KINDS[2]
    assert kind.upload(xa, 1).status == 201
    (row,) = xa.json("/cms-migration")
    again = body(pyca(kind.content(xa, 1), xa.state.upload_again)).decode()
    monkeypatch.setattr(message, "LONGEST_KEPT", len(row["cms"]) - 64)
    answer = xa.send("POST", "/cms-migration", octets({**row, "cms": again}), content_type=JSON)
    assert refusal(answer) == (400, "0x004")


def test_whoever_migrates_more_than_an_answer_holds_gets_the_rest_by_asking_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 7
    xa = sender(settings=SETTINGS._replace(most_batches=count))
    kind = KINDS[3]
    for number in range(count):
        assert kind.upload(xa, number).status == 201
    length = len(xa.json("/cms-migration")[0]["cms"])
    monkeypatch.setattr(migration, "MOST_OCTETS", 2 * length)
    seen = set[int]()
    for _ in range(count):
        rows = xa.json("/cms-migration")
        assert 1 <= len(rows) <= 3
        for row in rows:
            content = kind.content(xa, 0)
            again = body(pyca(content, xa.state.upload_again)).decode()
            document = octets({**row, "cms": again})
            answer = xa.send("POST", "/cms-migration", document, content_type=JSON)
            assert answer.status == 204
            seen.add(row["entityId"])
        if len(seen) == count:
            break
        xa.at += 60
    assert len(seen) == count
