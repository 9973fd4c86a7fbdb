"""Batches of revocation hashes: who gets them, what is taken, and lists that end and lose nothing."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.crypto import asn1
from pratique.gateway import batches
from pratique.gateway.mailbox import CallerRole, CertificateGroup, StoredBatch
from pratique.gateway.wire import CMS, CMS_TEXT
from pratique.text import rfc3339
from tests.der_trees import edited
from tests.gateway_box import Box
from tests.gateway_sent import Sender, batch, details, octets, refusal
from tests.gateway_world import AT, DAY, DRAW, body, bouncy, indefinite, pyca, world
from tests.unit.crypto.test_cms import SIGNED_DATA, SIGNER_INFO, with_mirrored_s

LIST = "/revocation-list"
OTHER = "6a1b9a44-0000-4000-8000-0123456789ab"


def sender(code: str = "XA", box: Box | None = None) -> Sender:
    return Sender(code, box or world().box())


def since(at: int) -> str:
    return rfc3339(at)


def deleted(identifier: str) -> dict[str, str]:
    return {"batchId": identifier}


@pytest.mark.parametrize("media", [CMS, CMS_TEXT])
@pytest.mark.parametrize("sign", [pyca, bouncy])
def test_a_batch_is_taken_and_handed_on_to_the_byte(media: str, sign: Callable[..., bytes]) -> None:
    """Trap 7: BER of the old clients too."""
    xa = sender()
    sent = body(sign(octets(batch()), xa.state.upload))
    answer = xa.send("POST", LIST, sent, content_type=media)
    assert (answer.status, answer.body, dict(answer.headers)) == (201, b"", {"ETag": DRAW})
    taken = sender("DX", xa.box).get(f"{LIST}/{DRAW}", accept=media)
    assert (taken.status, taken.body, taken.content_type) == (200, sent, media)


@pytest.mark.parametrize("accept", ["*/*", "text/html", f"{CMS}, {CMS_TEXT}", f"{CMS_TEXT};q=1"])
def test_a_batch_comes_as_text_unless_cms_alone_is_asked_for(accept: str) -> None:
    xa = sender()
    xa.post(LIST, batch())
    assert xa.get(f"{LIST}/{DRAW}", accept=accept).content_type == CMS_TEXT
    assert xa.get(f"{LIST}/{DRAW}").content_type == CMS_TEXT


@pytest.mark.parametrize("encoding", ["content_encoding", "content_transfer_encoding"])
def test_headers_that_say_base64_change_nothing(encoding: str) -> None:
    """Trap 6."""
    xa = sender()
    sent = xa.signed(batch())
    assert xa.send("POST", LIST, sent, **{encoding: "base64"}).status == 201
    assert xa.get(f"{LIST}/{DRAW}").body == sent


REQUESTS = [
    ("GET", LIST, CallerRole.READER),
    ("GET", f"{LIST}/{DRAW}", CallerRole.READER),
    ("POST", LIST, CallerRole.UPLOADER),
    ("DELETE", LIST, CallerRole.DELETER),
    ("POST", f"{LIST}/delete", CallerRole.DELETER),
]


@pytest.mark.parametrize(("method", "path", "role"), REQUESTS)
def test_only_a_caller_with_the_role_is_let_in(method: str, path: str, role: CallerRole) -> None:
    for roles, expected in ((frozenset(CallerRole) - {role}, (403, "0x403")), ({role}, None)):
        xa = sender()
        tls = xa.box.party(xa.state.tls.thumbprint, "XA", CertificateGroup.AUTHENTICATION)
        assert tls is not None
        xa.box.add_party(tls._replace(roles=frozenset(roles)))
        sent = xa.signed(batch()) if method != "GET" else b""
        answer = xa.send(method, path, sent, if_modified_since=since(AT))
        assert (refusal(answer) == expected) == (expected is not None), answer


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"country": "XB"}, 403),
        ({"country": "xa"}, 403),
        ({"country": "XAX"}, 400),
        ({"country": ...}, 400),
        ({"country": 1}, 400),
        ({"kid": "x" * 10}, 400),
        ({"kid": "x" * 13}, 400),
        ({"kid": 12345678901}, 400),
        ({"kid": "x" * 12}, 201),
        ({"kid": ...}, 201),
        ({"kid": None}, 201),
        ({"hashType": "MD5"}, 400),
        ({"hashType": ["UCI"]}, 400),
        ({"hashType": ...}, 400),
        ({"hashType": "UCI"}, 201),
        ({"hashType": "COUNTRYCODEUCI"}, 201),
        ({"entries": ...}, 400),
        ({"entries": []}, 400),
        ({"entries": {}}, 400),
        ({"entries": ["AAAAAAAAAAAAAAAAAAAAAA=="]}, 400),
        ({"entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAAA"}]}, 400),
        ({"entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAAA==\n"}]}, 400),
        ({"entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAA-=="}]}, 400),
        ({"entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAAA==", "uci": "x"}]}, 400),
        ({"entries": [{"hash": None}]}, 400),
        ({"entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAAA=="}] * 1000}, 201),
        ({"entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAAA=="}] * 1001}, 400),
        ({"name": "Ursula"}, 400),
        ({"expires": ...}, 400),
        ({"expires": "2027-02-01"}, 400),
        ({"expires": "2027-02-01T00:00:00"}, 400),
        ({"expires": AT + 10}, 400),
        ({"expires": rfc3339(AT)}, 400),
        ({"expires": rfc3339(AT + 1)}, 201),
        ({"expires": "2027-02-01T00:00:00+05:00"}, 201),
        ({"expires": "2027-02-01T00:00:00.123456Z"}, 201),
    ],
    ids=str,
)
def test_a_batch_is_of_the_form(members: dict[str, Any], code: int) -> None:
    expected = (code, "0x000" if code >= 400 else "")
    assert refusal(sender().post(LIST, batch(**members))) == expected


@pytest.mark.parametrize("text", ["", "{}", "[]", "no JSON", b"\xff", octets(batch()) + b"{}"])
def test_what_is_no_batch_is_refused(text: str | bytes) -> None:
    assert refusal(sender().post(LIST, text)) == (400, "0x000")


def test_the_first_failure_is_told() -> None:
    """Trap 11: codes stand for several faults, so the order is what a client can count upon."""
    xa = sender()
    stranger = world().state("XB").upload
    wrong = xa.signed("no JSON")
    ended = batch(expires=rfc3339(AT - 1), hashType="MD5", country="XB")
    steps = [
        (wrong[:-8], (400, "0x402")),
        (wrong.replace(wrong[-12:-8], b"AAAA"), (400, "0x260")),
        (xa.signed("no JSON", stranger), (403, "0x000")),
        (xa.signed("no JSON"), (400, "0x000")),
        (xa.signed(ended), (400, "0x000")),
        (xa.signed({**ended, "expires": rfc3339(AT + 1)}), (400, "0x000")),
        (xa.signed(batch(country="XB")), (403, "0x000")),
    ]
    for sent, expected in steps:
        assert refusal(xa.send("POST", LIST, sent)) == expected
    assert xa.box.all_batches == []


@pytest.mark.parametrize(
    ("members", "named"),
    [({"kid": 1}, "kid"), ({"entries": [{"Ursula": 1}]}, "entries"), ({"Ursula": 1}, "")],
    ids=str,
)
def test_a_refusal_names_a_member_of_the_form_and_no_other(
    members: dict[str, Any], named: str
) -> None:
    assert details(sender().post(LIST, batch(**members))) == named


def test_a_message_with_two_certificates_is_no_batch() -> None:
    """Trap 8."""
    certificates = (*SIGNED_DATA, 3)
    xa = sender()
    good = pyca(octets(batch()), xa.state.upload)

    def doubled(raw: bytes) -> bytes:
        return asn1.write(0xA0, asn1.read_at(raw, 0)[0].body + xa.state.tls.der)

    assert refusal(xa.send("POST", LIST, body(edited(good, certificates, doubled)))) == (
        400,
        "0x402",
    )
    assert refusal(xa.send("POST", LIST, body(good))) == (201, "")


@pytest.mark.parametrize(("method", "path"), [("DELETE", LIST), ("POST", f"{LIST}/delete")])
def test_a_deleted_batch_is_told_of_and_its_message_is_gone(method: str, path: str) -> None:
    """Traps 9 and 10: a body in a DELETE, and its alias; 404 where there never was one, 410 where there was."""
    xa, other = sender(), "6a1b9a44-0000-4000-8000-0123456789ab"
    xa.post(LIST, batch())
    xa.at = AT + 60
    assert refusal(xa.send(method, path, xa.signed(deleted(other)))) == (404, "0x000")
    answer = xa.send(method, path, xa.signed(deleted(DRAW)))
    assert (answer.status, answer.body) == (204, b"")
    assert refusal(xa.send(method, path, xa.signed(deleted(DRAW)))) == (410, "0x000")
    assert refusal(xa.get(f"{LIST}/{DRAW}")) == (410, "0x000")
    assert refusal(xa.get(f"{LIST}/{other}")) == (404, "0x000")
    assert xa.box.all_batches[0].message == ""
    told = xa.json(LIST, if_modified_since=since(AT))["batches"]
    date = datetime.fromtimestamp(AT + 60, UTC).isoformat()
    assert told == [{"batchId": DRAW, "country": "XA", "date": date, "deleted": True}]


@pytest.mark.parametrize("name", [DRAW.upper(), DRAW[:-1], "delete", "x" * 36, DRAW + "0"])
def test_a_batch_is_named_by_a_uuid_in_lower_case(name: str) -> None:
    xa = sender()
    xa.post(LIST, batch())
    assert refusal(xa.get(f"{LIST}/{name}")) == (400, "0x001")
    assert refusal(xa.send("DELETE", LIST, xa.signed(deleted(name)))) == (400, "0x000")


@pytest.mark.parametrize("text", [DRAW, "{}", '{"batchId": 1}', f'{{"batchId": "{DRAW}", "x": 1}}'])
def test_a_deletion_is_json_of_a_batchs_identifier(text: str) -> None:
    xa = sender()
    xa.post(LIST, batch())
    assert refusal(xa.send("DELETE", LIST, xa.signed(text))) == (400, "0x000")


def test_another_countrys_batch_is_not_deleted() -> None:
    xa = sender()
    xa.post(LIST, batch())
    xb = sender("XB", xa.box)
    assert refusal(xb.send("DELETE", LIST, xb.signed(deleted(DRAW)))) == (403, "0x000")
    signed_by_its_owner = xa.signed(deleted(DRAW))
    assert refusal(xb.send("DELETE", LIST, signed_by_its_owner)) == (403, "0x000")
    assert not xa.box.all_batches[0].is_deleted
    assert refusal(xa.send("DELETE", LIST, signed_by_its_owner)) == (204, "")


def replayed(message: bytes) -> dict[str, bytes]:
    """Return a message as anybody can write it again, whose key he has not."""
    return {
        "as it was": message,
        "in BER": indefinite(message),
        "with n - s": edited(message, SIGNER_INFO, with_mirrored_s),
    }


@pytest.mark.parametrize("way", replayed(pyca(b"{}", world().state("XA").upload)))
def test_a_deleted_batch_does_not_come_back_in_its_old_message(way: str) -> None:
    xa = sender()
    message = pyca(octets(batch()), xa.state.upload)
    again = body(replayed(message)[way])
    assert xa.send("POST", LIST, body(message)).status == 201
    # While it is live it may be sent again, as dgc-gateway lets it.
    assert xa.send("POST", LIST, body(message), draw=OTHER).status == 201
    xa.send("DELETE", LIST, xa.signed(deleted(DRAW)))
    assert refusal(xa.send("POST", LIST, again, draw=str(uuid.uuid4()))) == (409, "0x000")
    # Who has the key may sign the same anew.
    anew = xa.send("POST", LIST, xa.signed(batch()), draw=str(uuid.uuid4()))
    assert refusal(anew) == (201, "")


def test_an_ended_batch_does_not_come_back_in_its_old_message() -> None:
    xa = sender()
    sent = xa.signed(batch(expires=rfc3339(AT + 60)))
    assert xa.send("POST", LIST, sent).status == 201
    xa.at = AT + 60
    assert xa.box.purge(xa.at) == 1
    assert refusal(xa.send("POST", LIST, sent, draw=OTHER)) == (400, "0x000")


@pytest.mark.parametrize("date", ["", "yesterday", "2027-01-15", "2027-01-15T08:00:00"])
def test_a_list_is_of_what_changed_after_an_instant(date: str) -> None:
    xa = sender()
    xa.post(LIST, batch())
    given = {"if_modified_since": date} if date else {}
    assert refusal(xa.get(LIST, **given)) == (400, "0x001")
    assert xa.get(LIST, if_modified_since=since(AT - 1)).status == 200


@pytest.mark.parametrize(
    "date", ["2027-01-15T07:59:59Z", "2027-01-15T08:59:59+01:00", "Fri, 15 Jan 2027 07:59:59 GMT",
             "Fri, 5 Feb 2021 07:59:59 GMT", "2021-06-01T00:00:00.999Z"],
)  # fmt: skip
def test_the_instant_is_read_in_both_forms(date: str) -> None:
    """Trap 3: ISO, and RFC 1123 with a day of one digit."""
    xa = sender()
    xa.post(LIST, batch())
    assert len(xa.json(LIST, if_modified_since=date)["batches"]) == 1


def test_an_instant_in_the_future_is_refused() -> None:
    xa = sender()
    assert refusal(xa.get(LIST, if_modified_since=since(AT + 1))) == (400, "")
    assert xa.get(LIST, if_modified_since=since(AT)).status == 204


def test_an_instant_ahead_of_now_is_none_of_the_future_if_something_changed_then() -> None:
    """Three uploads in one second: the last has a date that is two seconds ahead."""
    xa = sender()
    for number in range(3):
        xa.post(LIST, batch(), draw=str(uuid.UUID(int=number)))
    assert xa.get(LIST, if_modified_since=since(AT + 1)).status == 200
    last = xa.get(LIST, if_modified_since=since(AT + 2))
    assert (last.status, last.body) == (204, b"")
    assert refusal(xa.get(LIST, if_modified_since=since(AT + 3))) == (400, "")


def test_a_date_is_a_whole_second_with_an_offset() -> None:
    xa = sender()
    xa.post(LIST, batch())
    (row,) = xa.json(LIST, if_modified_since=since(AT - 1))["batches"]
    assert row == {
        "batchId": DRAW,
        "country": "XA",
        "date": "2027-01-15T08:00:00+00:00",
        "deleted": False,
    }


def test_a_list_has_a_thousand_batches_and_says_that_there_are_more() -> None:
    xa = sender()
    xa.box.all_batches = [
        StoredBatch(n, str(uuid.UUID(int=n)), "XA", AT + DAY, "", AT - 2000 + n)
        for n in range(1001)
    ]
    page = xa.json(LIST, if_modified_since=since(AT - 3000))
    assert (page["more"], len(page["batches"])) == (True, 1000)
    rest = xa.json(LIST, if_modified_since=page["batches"][-1]["date"])
    assert (rest["more"], len(rest["batches"])) == (False, 1)
    exact = xa.json(LIST, if_modified_since=since(AT - 2000))
    assert (exact["more"], len(exact["batches"])) == (False, 1000)


def test_no_hash_is_outside_of_the_message() -> None:
    canary = "Y2FuYXJ5LWNhbmFyeS0xMg=="
    rows = {"entries": [{"hash": canary}]}
    xa = sender()
    sent = xa.signed(batch(**rows))
    accepted = xa.send("POST", LIST, sent)
    refused = [
        xa.post(LIST, batch(**{**rows, **wrong}))
        for wrong in (
            {"country": "XB"},
            {"hashType": canary},
            {"expires": canary},
            {canary: 1},
            {"entries": [{"hash": canary}, {"hash": canary + "="}]},
        )
    ]
    shown = [accepted, xa.get(LIST, if_modified_since=since(AT - 1)), *refused]
    for answer in shown:
        assert canary not in repr(answer)
    (kept,) = xa.box.all_batches
    assert canary not in repr(kept._replace(message=""))
    assert canary not in repr(xa.box.audited)
    # What is looked for can be found: the message, undone, has it.
    assert canary.encode() in base64.b64decode(kept.message)


def test_what_is_done_is_audited_without_the_batch() -> None:
    xa = sender()
    xa.post(LIST, batch())
    xa.post(LIST, batch(hashType="MD5"))
    xa.get(f"{LIST}/{DRAW}")
    xa.send("DELETE", LIST, xa.signed(deleted(DRAW)))
    acts = [(row.country, row.act) for row in xa.box.audited]
    assert acts == [("XA", "batch-upload"), ("XA", "batch-delete")]
    assert len({row.digest for row in xa.box.audited}) == 1


# ----------------------------------------------------------------------------------------------------
# The law of deltas: a client that asks again with the last date that it saw ends, and has seen everything.

Step = tuple[str, int]
steps = st.lists(
    st.tuples(st.sampled_from(["upload", "delete", "wait", "purge"]), st.integers(0, 5)), max_size=8
)


@cache
def signed_batch(number: int) -> bytes:
    """Return the message of a batch; every other one ends soon. It is signed once: that takes longer than all else."""
    return sender().signed(batch(expires=rfc3339(AT + (3 if number % 2 else 7 * DAY))))


@cache
def signed_deletion(name: str) -> bytes:
    return sender().signed(deleted(name))


class Gateway:
    """A mailbox whose batches change between a client's calls, and what became of each."""

    def __init__(self) -> None:
        self.box = world().box()
        self.reader, self.writer = sender("DX", self.box), sender("XA", self.box)
        self.changes: list[tuple[str, bool]] = []

    def step(self, act: str, number: int) -> None:
        """Upload, delete one that is live, purge, or let seconds pass."""
        before = {one.identifier: one for one in self.box.all_batches if not one.is_deleted}
        if act == "wait":
            self.reader.at = self.writer.at = self.reader.at + number
        elif act == "purge":
            self.box.purge(self.reader.at)
        elif act == "upload":
            name = str(uuid.UUID(int=len(self.changes)))
            self.writer.send("POST", LIST, signed_batch(number), draw=name)
        elif before:
            name = sorted(before)[number % len(before)]
            assert self.writer.send("DELETE", LIST, signed_deletion(name)).status == 204
        live = {one.identifier for one in self.box.all_batches if not one.is_deleted}
        self.changes += [(name, False) for name in live - set(before)]
        self.changes += [(name, True) for name in set(before) - live]

    def page(self, date: str) -> list[dict[str, Any]]:
        """Return what a client gets that asks with a date; nothing for 204."""
        answer = self.reader.get(LIST, if_modified_since=date)
        if answer.status == 204:
            return []
        rows: list[dict[str, Any]] = self.reader.json(LIST, if_modified_since=date)["batches"]
        return rows


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=1, max_size=6), st.integers(1, 3))
def test_a_client_that_asks_with_the_last_date_ends_and_has_seen_each_change_once(
    between: Sequence[Sequence[Step]], most: int
) -> None:
    """dgc-lib's loop. What was deleted before it was seen is seen as deleted only: one batch, one row."""
    gateway = Gateway()
    date, seen = since(AT - 1), list[tuple[str, bool]]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "MOST_LISTED", most)
        for acts in between:
            for act in acts:
                gateway.step(*act)
            # One page, then the next changes come.
            if rows := gateway.page(date):
                seen += [(row["batchId"], row["deleted"]) for row in rows]
                date = rows[-1]["date"]
        calls = 0
        while rows := gateway.page(date):
            seen += [(row["batchId"], row["deleted"]) for row in rows]
            date = rows[-1]["date"]
            calls += 1
            assert calls <= len(gateway.changes), "it does not end"
    assert len(set(seen)) == len(seen), "something came twice"
    final = {one.identifier: one.is_deleted for one in gateway.box.all_batches}
    assert dict(seen) == final, "something was missed"
    assert set(seen) <= set(gateway.changes)


@settings(max_examples=40, deadline=None)
@given(steps.filter(bool), st.integers(1, 3))
def test_each_change_has_a_second_of_its_own_and_pages_are_in_their_order(
    acts: Sequence[Step], most: int
) -> None:
    gateway = Gateway()
    for act in acts:
        gateway.step(*act)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "MOST_LISTED", most)
        rows = gateway.page(since(AT - 1))
    dates = [row["date"] for row in rows]
    assert dates == sorted(set(dates))
    assert len(rows) == min(most, len(gateway.box.all_batches))
