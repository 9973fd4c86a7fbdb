"""References to services, and value sets: taken from whose they are, listed as they were signed."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from pratique.gateway import references
from pratique.gateway.mailbox import ValueSet
from pratique.gateway.wire import CMS, CMS_TEXT, JSON
from tests.gateway_sent import Sender, reference, refusal
from tests.gateway_world import AT, DRAW, body, bouncy, world

PATH, LIST = "/trust/reference", "/trustList/references"
OTHER = "6a1b9a44-0000-4000-8000-0123456789ab"


def sender(code: str = "XA", box: Any = None) -> Sender:
    return Sender(code, box or world().box())


def test_a_reference_is_taken_listed_and_had_with_its_signature() -> None:
    xa = sender()
    sent = xa.signed(reference())
    answer = xa.send("POST", PATH, sent)
    assert (answer.status, dict(answer.headers)) == (201, {"ETag": DRAW})
    row = {"uuid": DRAW, **reference()}
    assert json.loads(answer.body) == row
    dx = sender("DX", xa.box)
    assert dx.json(f"{PATH}/{DRAW}") == row
    assert dx.json(LIST) == [row]
    for media in (CMS, CMS_TEXT):
        message = dx.get(f"{PATH}/{DRAW}", accept=media)
        assert (message.body, message.content_type) == (sent, media)


def test_a_reference_in_indefinite_lengths_is_taken() -> None:
    xa = sender()
    sent = body(bouncy(json.dumps(reference()).encode(), xa.state.upload))
    assert refusal(xa.send("POST", PATH, sent)) == (201, "")


def test_a_second_reference_to_a_service_takes_the_place_of_the_first() -> None:
    xa = sender()
    xa.post(PATH, reference())
    changed = xa.post(PATH, reference(name="Renamed"), draw=OTHER)
    assert dict(changed.headers) == {"ETag": DRAW}
    xa.post(PATH, reference(service="Other"), draw=OTHER)
    names = {row["uuid"]: row["name"] for row in xa.json(LIST)}
    assert names == {DRAW: "Renamed", OTHER: "Value sets"}


@pytest.mark.parametrize(
    "members",
    [
        *({name: ...} for name in ("url", "country", "type", "service", "name", "signatureType")),
        {"url": "javascript:alert(1)"},
        {"url": "https://service.example/a b"},
        {"url": "https://" + "x" * 1_001},
        {"url": 1},
        {"type": "VCI"},
        {"signatureType": "GPG"},
        {"thumbprint": "ab" * 31},
        {"thumbprint": None},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "two\nlines"},
        {"service": "\x1b[2J"},
        {"sslPublicKey": "x" * 8_001},
        {"contentType": "text/html\r\nX: y"},
        {"referenceVersion": "1 0"},
        {"country": "xa"},
        {"more": "1"},
    ],
    ids=lambda members: str(members)[:60],
)
def test_a_reference_is_of_the_form(members: dict[str, Any]) -> None:
    assert refusal(sender().post(PATH, reference(**members))) == (400, "0x000")


@pytest.mark.parametrize("name", ["thumbprint", "sslPublicKey", "contentType", "referenceVersion"])
def test_some_members_may_be_left_out(name: str) -> None:
    xa = sender()
    assert refusal(xa.post(PATH, reference(**{name: ...}))) == (201, "")
    assert name not in xa.json(f"{PATH}/{DRAW}")


def test_the_size_and_number_of_references_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    xa = sender()
    padded = json.dumps(reference()).encode() + b" " * references.LONGEST
    assert refusal(xa.post(PATH, padded)) == (400, "0x000")
    monkeypatch.setattr(references, "MOST_REFERENCES", 2)
    for number in range(2):
        draw = str(uuid.UUID(int=number))
        assert xa.post(PATH, reference(service=f"{number}"), draw=draw).status == 201
    assert refusal(xa.post(PATH, reference(service="2"))) == (400, "0x000")
    assert refusal(xa.post(PATH, reference(service="1", name="Renamed"))) == (201, "")
    dx = sender("DX", xa.box)
    assert refusal(dx.post(PATH, reference(country="DX"))) == (201, "")


def test_a_reference_is_its_owners() -> None:
    xa = sender()
    dx = sender("DX", xa.box)
    assert refusal(dx.post(PATH, reference())) == (403, "0x000")
    assert refusal(dx.send("POST", PATH, xa.signed(reference()))) == (403, "0x000")
    wrong = xa.signed(reference())
    wrong = wrong.replace(wrong[-12:-8], b"AAAA")
    assert refusal(xa.send("POST", PATH, wrong)) == (400, "0x260")
    xa.post(PATH, reference())
    for sent in (dx.signed({"uuid": DRAW}), xa.signed({"uuid": DRAW})):
        assert refusal(dx.send("DELETE", PATH, sent)) == (403, "0x000")
    assert len(dx.json(LIST)) == 1


@pytest.mark.parametrize("name", [DRAW.upper(), DRAW[:-1], "x"])
def test_a_reference_is_named_by_a_uuid_in_lower_case(name: str) -> None:
    xa = sender()
    xa.post(PATH, reference())
    assert refusal(xa.get(f"{PATH}/{name}")) == (400, "0x001")


def test_a_reference_is_deleted_by_a_body_in_a_delete() -> None:
    """Trap 9."""
    xa = sender()
    xa.post(PATH, reference())
    for document in ("", DRAW, {}, {"uuid": 1}, {"uuid": DRAW.upper()}, {"uuid": DRAW, "x": 1}):
        assert refusal(xa.send("DELETE", PATH, xa.signed(document))) == (400, "0x000")
    assert refusal(xa.send("DELETE", PATH, xa.signed({"uuid": OTHER}))) == (404, "0x000")
    assert refusal(xa.send("DELETE", PATH, xa.signed({"uuid": DRAW}))) == (204, "")
    assert refusal(xa.get(f"{PATH}/{DRAW}")) == (404, "0x000")
    assert xa.json(LIST) == []
    acts = [row.act for row in xa.box.audited]
    assert acts == ["reference-upload", "reference-delete"]


@pytest.mark.parametrize(
    ("query", "services"),
    [
        ("", "abc"),
        ("country=XA", "ab"),
        ("country=DX", "c"),
        ("country=XA&country=DX", "abc"),
        ("country=XA,DX", "abc"),
        ("country=ZZ", ""),
        ("type=DCC", "b"),
        ("type=DCC&country=DX", ""),
        ("service=a", "a"),
        ("signatureType=CMS", "abc"),
        ("signatureType=JWS", ""),
        ("withFederation=true&somethingElse=1", "abc"),
    ],
)
def test_the_list_has_what_fits_each_filter(query: str, services: str) -> None:
    xa = sender()
    dx = sender("DX", xa.box)
    names = [str(uuid.UUID(int=number)) for number in range(3)]
    xa.post(PATH, reference(service="a"), draw=names[0])
    xa.post(PATH, reference(service="b", type="DCC"), draw=names[1])
    dx.post(PATH, reference(service="c", country="DX"), draw=names[2])
    assert [row["service"] for row in dx.json(LIST, query)] == list(services)


@pytest.mark.parametrize("query", ["", "country=XA", "country=ZZ", "country=XA&country=DE"])
def test_there_are_no_issuers(query: str) -> None:
    """Trap 14: the originals sign an issuer's text with and without a last semicolon, so each refuses the other's."""
    assert sender().json("/trustList/issuers", query) == []


def test_value_sets_are_listed_and_served_as_they_were_loaded() -> None:
    xa = sender()
    document = b'{"valueSetId": "disease-agent-targeted", "valueSetValues":  {}}'
    xa.box.put_value_set(ValueSet("disease-agent-targeted", document))
    xa.box.put_value_set(ValueSet("country-2-codes", b"{}"))
    assert xa.json("/valuesets") == ["country-2-codes", "disease-agent-targeted"]
    answer = xa.get("/valuesets/disease-agent-targeted")
    assert (answer.status, answer.content_type, answer.body) == (200, JSON, document)
    assert refusal(xa.get("/valuesets/Disease-Agent-Targeted")) == (404, "0x100")
    assert refusal(xa.get("/valuesets/other")) == (404, "0x100")


def test_paths_are_taken_in_any_case_and_what_stands_behind_them_as_it_is() -> None:
    """Trap 1."""
    xa = sender()
    xa.post(PATH, reference())
    assert len(xa.json("/TRUSTLIST/References")) == 1
    assert xa.json(f"/Trust/Reference/{DRAW}")["uuid"] == DRAW
    assert xa.json("/ValueSets") == []


def test_no_refusal_echoes_an_upload() -> None:
    canary = "Ursula-1962"
    xa = sender()
    for members in ({canary: "1"}, {"url": canary}, {"country": canary}, {"thumbprint": canary}):
        assert canary.encode() not in xa.post(PATH, reference(**members)).body
    assert canary.encode() in xa.post(PATH, reference(name=canary)).body
    assert xa.at == AT
