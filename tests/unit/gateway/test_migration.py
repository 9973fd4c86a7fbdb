"""A country signs again what it has uploaded: its own, the same content, in the old message's place."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any, NamedTuple

import pytest

from pratique.crypto import cms
from pratique.gateway.wire import JSON, WireAnswer
from pratique.text import rfc3339
from tests.gateway_sent import Sender, batch, octets, refusal, rule
from tests.gateway_world import AT, DRAW, Keyed, body, bouncy, indefinite, pyca, world

PATH = "/cms-migration"
SIGNER = world().state("XA").signer()
DSC, LIST, RULE = "DSC", "REVOCATION_LIST", "VALIDATION_RULE"
CONTENTS = {DSC: SIGNER.der, LIST: octets(batch()), RULE: octets(rule())}
UNKNOWN = {DSC: "0x010", LIST: "0x020", RULE: "0x030"}
COUNTRY = {DSC: "0x004", LIST: "0x021", RULE: "0x031"}
CONTENT = {DSC: "0x004", LIST: "0x022", RULE: "0x032"}


class Place(NamedTuple):
    """A mailbox that has one of each of XA's, by its old upload key."""

    xa: Sender
    numbers: dict[str, int]

    def signed(self, kind: str, by: Keyed | None = None, content: bytes | None = None) -> bytes:
        """Return a message over the content of one of them, by the new key."""
        return body(pyca(content or CONTENTS[kind], by or self.xa.state.upload_again))

    def migrate(
        self, kind: str, message: bytes, *, by: Sender | None = None, **more: Any
    ) -> WireAnswer:
        stated = {"cms": message.decode(), "entityId": self.numbers[kind], "type": kind, **more}
        sent = json.dumps({name: v for name, v in stated.items() if v is not ...}).encode()
        return (by or self.xa).send("POST", PATH, sent, content_type=JSON)


@pytest.fixture
def place() -> Place:
    xa = Sender("XA", world().box())
    paths = {DSC: "/signerCertificate", LIST: "/revocation-list", RULE: "/rules"}
    for kind, path in paths.items():
        assert xa.post(path, CONTENTS[kind]).status == 201
    return Place(xa, {row["type"]: row["entityId"] for row in xa.json(PATH)})


kinds = pytest.mark.parametrize("kind", CONTENTS)


def test_a_country_gets_its_own_live_messages_with_their_content(place: Place) -> None:
    rows = place.xa.json(PATH)
    contents = {row["type"]: cms.signed(b64decode(row["cms"])).content for row in rows}
    assert contents == CONTENTS
    assert all(row.keys() == {"cms", "entityId", "type"} for row in rows)
    assert Sender("DX", place.xa.box).json(PATH) == []


def test_what_is_deleted_is_not_to_be_migrated(place: Place) -> None:
    xa = place.xa
    xa.send("DELETE", "/signerCertificate", body(pyca(SIGNER.der, xa.state.upload)))
    xa.send("DELETE", "/revocation-list", xa.signed({"batchId": DRAW}))
    xa.send("DELETE", "/rules", xa.signed("GR-XA-0001"))
    assert xa.json(PATH) == []
    for kind in CONTENTS:
        answer = place.migrate(kind, place.signed(kind))
        assert refusal(answer) == (409, UNKNOWN[kind])


def test_what_came_with_the_network_has_no_message_to_be_replaced(place: Place) -> None:
    (entry,) = place.xa.box.all_entries
    place.xa.box.change_entry(entry._replace(message="", is_published=True))
    assert {row["type"] for row in place.xa.json(PATH)} == {LIST, RULE}
    assert refusal(place.migrate(DSC, place.signed(DSC))) == (409, "0x010")


@kinds
@pytest.mark.parametrize("sign", [pyca, bouncy])
def test_a_new_message_takes_the_place_of_the_old(kind: str, sign: Any, place: Place) -> None:
    message = body(sign(CONTENTS[kind], place.xa.state.upload_again))
    assert refusal(place.migrate(kind, message)) == (204, "")
    now = {row["type"]: row["cms"] for row in place.xa.json(PATH)}
    assert now[kind] == message.decode()
    assert {row["type"]: row["entityId"] for row in place.xa.json(PATH)} == place.numbers


def test_a_signers_new_signature_is_listed_under_its_old_date(place: Place) -> None:
    path = "/trustList/DSC/XA"
    (before,) = place.xa.json(path)
    place.xa.at = AT + 60
    assert place.migrate(DSC, place.signed(DSC)).status == 204
    (after,) = place.xa.json(path)
    assert after["signature"] != before["signature"]
    assert {**after, "signature": ""} == {**before, "signature": ""}
    signed = cms.signed(b64decode(after["signature"]), content=SIGNER.der)
    assert signed.certificate == place.xa.state.upload_again.der


def test_only_a_batchs_date_becomes_now(place: Place) -> None:
    xa = place.xa
    rule_before = xa.json("/rules/XA")["GR-XA-0001"][0]
    (stored,) = xa.box.all_rules
    xa.at = AT + 60
    for kind in CONTENTS:
        assert place.migrate(kind, place.signed(kind)).status == 204
    rows = xa.json("/revocation-list", if_modified_since=rfc3339(AT + 59))["batches"]
    assert [(row["batchId"], row["date"]) for row in rows] == [
        (DRAW, rfc3339(AT + 60).replace("Z", "+00:00"))
    ]
    rule_after = xa.json("/rules/XA")["GR-XA-0001"][0]
    assert {**rule_after, "cms": ""} == {**rule_before, "cms": ""}
    assert rule_after["cms"] != rule_before["cms"]
    assert xa.box.all_rules[0].created == stored.created


@kinds
def test_another_countrys_entity_is_not_replaced(kind: str, place: Place) -> None:
    """In dgc-gateway any country can put its message in the place of any other's signer."""
    before = list(place.xa.box.all_entries), list(place.xa.box.all_rules)
    dx = Sender("DX", place.xa.box)
    own = place.signed(kind, dx.state.upload)
    assert refusal(place.migrate(kind, own, by=dx)) == (400, COUNTRY[kind])
    owners = place.signed(kind)
    assert refusal(place.migrate(kind, owners, by=dx)) == (400, "0x004")
    assert (place.xa.box.all_entries, place.xa.box.all_rules) == before


OTHER_CONTENTS = {
    DSC: world().state("XA").signer(number=2).der,
    LIST: octets(batch(hashType="UCI")),
    RULE: octets(rule(Version="1.0.1")),
}


@kinds
def test_another_content_is_refused(kind: str, place: Place) -> None:
    """A signer's content is compared too: dgc-gateway lets another certificate take its place."""
    for content in (OTHER_CONTENTS[kind], CONTENTS[kind] + b" "):
        message = place.signed(kind, content=content)
        assert refusal(place.migrate(kind, message)) == (400, CONTENT[kind])


@kinds
def test_an_unknown_number_is_told(kind: str, place: Place) -> None:
    for number in (1_000, (1 << 63) - 1):
        answer = place.migrate(kind, place.signed(kind), entityId=number)
        assert refusal(answer) == (409, UNKNOWN[kind])
    others = {DSC: LIST, LIST: RULE, RULE: DSC}
    answer = place.migrate(kind, place.signed(kind), type=others[kind])
    assert refusal(answer) == (409, UNKNOWN[others[kind]])


@pytest.mark.parametrize(
    "members",
    [
        {"entityId": 0},
        {"entityId": -1},
        {"entityId": 1 << 63},
        {"entityId": "1"},
        {"entityId": True},
        {"entityId": 1.0},
        {"entityId": ...},
        {"type": "UPLOAD"},
        {"type": None},
        {"type": ...},
        {"cms": None},
        {"cms": ...},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_not_of_the_form_is_refused(members: dict[str, Any], place: Place) -> None:
    assert refusal(place.migrate(DSC, place.signed(DSC), **members)) == (400, "0x004")
    for sent in (b"", b"[]", b"no JSON"):
        answer = place.xa.send("POST", PATH, sent, content_type=JSON)
        assert refusal(answer) == (400, "0x004")


@kinds
def test_a_wrong_signature_and_a_strangers_are_refused(kind: str, place: Place) -> None:
    good = place.signed(kind)
    wrong = good.replace(good[-12:-8], b"AAAA")
    assert refusal(place.migrate(kind, wrong)) == (400, "0x260")
    assert refusal(place.migrate(kind, good[:-4])) == (400, "0x402")
    for stranger in (world().state("DX").upload, place.xa.state.tls):
        assert refusal(place.migrate(kind, place.signed(kind, stranger))) == (400, "0x004")
    assert refusal(place.migrate(kind, good)) == (204, "")


def test_neither_message_of_a_migrated_signer_brings_it_back_once_it_is_deleted(
    place: Place,
) -> None:
    xa, new = place.xa, pyca(SIGNER.der, place.xa.state.upload_again)
    old = b64decode(xa.json(PATH)[0]["cms"])
    assert place.migrate(DSC, body(new)).status == 204
    deletion = body(pyca(SIGNER.der, xa.state.upload))
    assert xa.send("DELETE", "/signerCertificate", deletion).status == 204
    for message in (old, new, indefinite(new)):
        answer = xa.send("POST", "/signerCertificate", body(message))
        assert refusal(answer) == (400, "0x004")
    assert xa.post("/signerCertificate", SIGNER.der).status == 201


def test_neither_message_of_a_migrated_batch_brings_it_back_once_it_is_deleted(
    place: Place,
) -> None:
    xa, new = place.xa, pyca(CONTENTS[LIST], place.xa.state.upload_again)
    old = b64decode(next(row["cms"] for row in xa.json(PATH) if row["type"] == LIST))
    assert place.migrate(LIST, body(new)).status == 204
    other = "6a1b9a44-0000-4000-8000-0123456789ab"
    # Of a live batch too the old message is no second one: its key may have ended.
    answer = xa.send("POST", "/revocation-list", body(old), draw=other)
    assert refusal(answer) == (409, "0x000")
    assert xa.send("DELETE", "/revocation-list", xa.signed({"batchId": DRAW})).status == 204
    for message in (old, new, indefinite(new)):
        answer = xa.send("POST", "/revocation-list", body(message), draw=other)
        assert refusal(answer) == (409, "0x000")
    anew = xa.send("POST", "/revocation-list", xa.signed(batch()), draw=other)
    assert refusal(anew) == (201, "")


@kinds
def test_an_old_message_does_not_come_back_by_a_migration(kind: str, place: Place) -> None:
    """Whoever kept it could put the retired key's signature back in its place."""
    old = next(row["cms"] for row in place.xa.json(PATH) if row["type"] == kind).encode()
    assert place.migrate(kind, place.signed(kind)).status == 204
    assert refusal(place.migrate(kind, old)) == (400, "0x004")


@kinds
def test_a_migration_is_audited_and_echoes_nothing(kind: str, place: Place) -> None:
    before = len(place.xa.box.audited)
    canary = "Ursula-1962"
    more: dict[str, Any] = {canary: canary}
    answer = place.migrate(kind, place.signed(kind), **more)
    assert canary.encode() not in answer.body
    assert len(place.xa.box.audited) == before
    place.migrate(kind, place.signed(kind))
    assert [row.act for row in place.xa.box.audited[before:]] == ["migration"]
