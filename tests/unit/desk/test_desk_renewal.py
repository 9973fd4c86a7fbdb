"""Renewing, correcting and revoking at a desk: what may be done, who may do it, and what is refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.findings import Code
from pratique.formats.keyboards import LAYOUTS
from pratique.parties import (
    desk_issuing,
    desk_operators,
    desk_renewal,
    desk_service,
    inputs,
    issuing,
)
from pratique.parties import issuer as issuer_folder
from pratique.parties.desk import Right
from pratique.snapshot import Snapshot
from pratique.verification import verify
from tests import issuing_desks
from tests.browser.desk import US, typed_by
from tests.desk_forms import confirmed, correction, issued
from tests.issuers import AT
from tests.issuing_desks import AUDITOR, CLERK, PASSPHRASES, SECOND, Client, OpenDesk

SAYS_SECOND = {"pseudonym": SECOND, "passphrase": PASSPHRASES[SECOND]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path) as opened:
        yield opened


@pytest.fixture
def clerk(desk: OpenDesk) -> Client:
    return desk.client()


def codes(desk: OpenDesk, text: str) -> set[Code]:
    """Verify a text by this issuer's keys and what its register has revoked."""
    session = issuing.opened(desk.place, issuing_desks.secret)
    lists = issuer_folder.revocations(desk.place.folder, desk.place.register, session.shards, at=AT)
    own = session.snapshot(AT)
    snapshot = Snapshot(
        number=1, created=AT, environment=own.environment, trust=own.trust, revocations=lists
    )
    at = datetime.fromtimestamp(AT, UTC)
    return {each.code for each in verify(text, snapshot=snapshot, at=at).verdict.findings}


def test_a_scanned_certificate_tells_what_it_says_and_what_may_be_done(clerk: Client) -> None:
    text = issued(clerk)
    opened = clerk.good("certificate.open", {"text": f"  {text}\n"})
    assert opened["state"] == "good"
    assert opened["may"] == ["renew", "correct", "revoke"]
    assert "Doe" in str(opened["leaf"])
    assert opened["content"]["person"]["surname"] == "Doe"


def test_a_number_tells_its_standing_and_nothing_of_the_person(clerk: Client) -> None:
    number = clerk.good("certificate.open", {"text": issued(clerk)})["number"]
    opened = clerk.good("certificate.open", {"text": number})
    assert opened == {"number": number, "state": "good", "may": ["revoke"]}
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert clerk.refused("certificate.open", {"text": wrong}) == "number-mistyped"


def test_a_text_is_never_taken_for_a_file(clerk: Client, desk: OpenDesk, tmp_path: Path) -> None:
    """A page's text that is the path of a file with a good certificate gets nothing out of it."""
    path = tmp_path / "certificate.txt"
    path.write_text(issued(clerk))
    assert issuing.own_certificate(
        issuing.opened(desk.place, issuing_desks.secret), inputs.every([str(path)]), at=AT
    )
    for text in (str(path), f"file://{path}", f"@{path}", "-"):
        assert clerk.refused("certificate.open", {"text": text}) == "old-unread"
        assert clerk.refused("certificate.renew", {"text": text}) == "old-unread"
        listed = {"reason": "fraud", "list": text, "selection": {}}
        assert clerk.refused("revocation.count", listed) in {
            "old-unread",
            "certificate-unread",
            "old-refused",
        }
        assert clerk.refused("certificate.count", {"reason": "fraud", "text": text}) == "old-unread"


def test_renewed_twice_it_is_the_same_new_certificate(clerk: Client) -> None:
    text = issued(clerk)
    first = clerk.good("certificate.renew", {"text": text})["certificates"][0]
    again = clerk.good("certificate.renew", {"text": text})["certificates"][0]
    assert first["text"] == again["text"] != text
    assert not first["repeated"]
    assert again["repeated"]


def test_a_correction_takes_the_wrong_ones_place(clerk: Client, desk: OpenDesk) -> None:
    wrong = issued(clerk, surname="Deo")
    asked = correction(clerk, wrong, surname="Doe", surname_icao="")
    right = clerk.good("certificate.correct", asked)["certificates"][0]
    assert Code.REVOKED in codes(desk, wrong)
    assert Code.REVOKED not in codes(desk, right["text"])
    # An answer that was lost is asked for again.
    again = clerk.good("certificate.correct", asked)["certificates"][0]
    assert again["text"] == right["text"]
    # Under another name it is another correction, and the wrong one is gone.
    other = asked | {"request": uuid.uuid4().hex}
    assert clerk.refused("certificate.correct", other) == "old-revoked"
    assert clerk.good("certificate.open", {"text": wrong})["state"] == "revoked"
    assert clerk.refused("issue.pdf", {"text": wrong, "layout": "a4"}) == "old-revoked"


def test_what_is_corrected_is_what_was_read_back(clerk: Client, desk: OpenDesk) -> None:
    wrong = issued(clerk, surname="Deo")
    asked = correction(clerk, wrong, surname="Doe", surname_icao="")
    other = asked | {"person": asked["person"] | {"forename": "Joan"}}
    assert clerk.refused("certificate.correct", other) == "reading-changed"
    assert clerk.refused("certificate.correct", correction(clerk, wrong)) == "nothing-corrected"
    assert Code.REVOKED not in codes(desk, wrong)


def test_a_requests_name_that_was_used_leaves_no_wrong_certificate_good(
    clerk: Client, desk: OpenDesk
) -> None:
    """Neither issuing nor another correction under the same name passes for this correction."""
    first, second = issued(clerk, surname="Deo"), issued(clerk, surname="Doee")
    asked = correction(clerk, first, surname="Doe", surname_icao="")
    clerk.good("issue.sign", {name: cell for name, cell in asked.items() if name != "text"})
    right = clerk.good("certificate.correct", asked)["certificates"][0]["text"]
    assert Code.REVOKED in codes(desk, first)
    clerk.good("certificate.correct", asked | {"text": second})
    assert Code.REVOKED in codes(desk, second)
    assert Code.REVOKED not in codes(desk, right)


def test_one_certificate_is_revoked_by_one_person(clerk: Client, desk: OpenDesk) -> None:
    text, other = issued(clerk), issued(clerk, surname="Roe")
    counted = clerk.good("certificate.count", {"text": text, "reason": "holder-request"})
    assert (counted["total"], counted["second"]) == (1, False)
    assert Code.REVOKED not in codes(desk, text)
    done = clerk.good("certificate.revoke", {"plan": counted["plan"]})
    assert done == {"revoked": 1, "before": 0, "operators": CLERK}
    assert Code.REVOKED in codes(desk, text)
    assert Code.REVOKED not in codes(desk, other)
    assert clerk.refused("certificate.revoke", {"plan": counted["plan"]}) == "plan-unknown"
    assert clerk.refused("certificate.count", {"text": text, "reason": "fraud"}) == "old-revoked"


WRAPPED: dict[str, Callable[[str], str]] = {
    "in quotes": lambda text: f'"{text}"',
    "broken over lines": lambda text: f"{text[:60]}\n{text[60:]}",
    "quoted in a mail": lambda text: f"> {text}",
    "typed with caps lock on": str.swapcase,
    "typed on a German keyboard": lambda text: typed_by(text, US, LAYOUTS["German"]),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_what_could_be_opened_can_be_revoked(clerk: Client, desk: OpenDesk, how: str) -> None:
    text = issued(clerk)
    handed = WRAPPED[how](text)
    assert "revoke" in clerk.good("certificate.open", {"text": handed})["may"]
    counted = clerk.good("certificate.count", {"text": handed, "reason": "duplicate"})
    assert counted["total"] == 1
    clerk.good("certificate.revoke", {"plan": counted["plan"]})
    assert Code.REVOKED in codes(desk, text)


def test_its_renewal_goes_with_it_and_needs_no_second_person(clerk: Client, desk: OpenDesk) -> None:
    text = issued(clerk)
    renewed = clerk.good("certificate.renew", {"text": text})["certificates"][0]["text"]
    counted = clerk.good("certificate.count", {"text": text, "reason": "fraud"})
    assert (counted["total"], counted["second"]) == (2, False)
    clerk.good("certificate.revoke", {"plan": counted["plan"]})
    assert Code.REVOKED in codes(desk, renewed)


def test_several_codes_in_one_text_are_not_one_certificate(clerk: Client) -> None:
    texts = "\n".join(issued(clerk, surname=name) for name in ("Doe", "Roe"))
    assert clerk.refused("certificate.count", {"text": texts, "reason": "fraud"}) == "old-count"


def many(clerk: Client, **selection: str) -> Any:
    asked = {"reason": "product-recall", "selection": selection, "list": "", "zone": "UTC"}
    return clerk.good("revocation.count", asked)


def test_many_are_revoked_by_two_people(clerk: Client, desk: OpenDesk) -> None:
    texts = [issued(clerk, surname=name) for name in ("Doe", "Roe", "Poe")]
    counted = many(clerk, lot="LOT-9")
    assert (counted["total"], counted["second"]) == (3, True)
    assert sum(key["certificates"] for key in counted["keys"]) == 3
    assert "Doe" not in str(counted)
    plan = {"plan": counted["plan"]}
    assert clerk.refused("revocation.revoke", plan) == "second-missing"
    same = plan | {"pseudonym": CLERK, "passphrase": PASSPHRASES[CLERK]}
    assert clerk.refused("revocation.revoke", same) == "second-same"
    wrong = plan | SAYS_SECOND | {"passphrase": "another passphrase"}
    assert clerk.refused("revocation.revoke", wrong) == "operator-unknown"
    without = plan | {"pseudonym": AUDITOR, "passphrase": PASSPHRASES[AUDITOR]}
    assert clerk.refused("revocation.revoke", without) == "second-may-not"
    assert clerk.refused("certificate.revoke", plan | SAYS_SECOND) == "right-missing"
    # A plan is whose it is.
    assert desk.client(SECOND).refused("revocation.revoke", plan | SAYS_SECOND) == "plan-unknown"
    assert not any(Code.REVOKED in codes(desk, text) for text in texts)
    done = clerk.good("revocation.revoke", plan | SAYS_SECOND)
    assert done == {"revoked": 3, "before": 0, "operators": f"{CLERK}+{SECOND}"}
    assert all(Code.REVOKED in codes(desk, text) for text in texts)
    # Said again, nothing is done again.
    assert clerk.refused("revocation.revoke", plan | SAYS_SECOND) == "plan-unknown"
    session = issuing.opened(desk.place, issuing_desks.secret)
    (act,) = issuing.audit(session).acts
    assert (act.operator, act.certificates) == (f"{CLERK}+{SECOND}", 3)


def test_second_after_second_is_no_way_round_the_second_person(
    clerk: Client, desk: OpenDesk
) -> None:
    """Who may revoke many, alone, chooses times so short that each meets one certificate."""
    texts, plan = [], {}
    for name in ("Doe", "Roe"):
        texts.append(issued(clerk, surname=name))
        desk.clock.at += 60
    for began in (AT, AT + 60):
        since, until = (
            datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat()
            for at in (began, began + 1)
        )
        counted = many(clerk, since=since, until=until)
        assert (counted["total"], counted["second"]) == (1, True)
        plan = {"plan": counted["plan"]}
        assert clerk.refused("revocation.revoke", plan) == "second-missing"
        assert clerk.refused("certificate.revoke", plan) == "right-missing"
    assert not any(Code.REVOKED in codes(desk, text) for text in texts)
    # The control: with a second person it is revoked.
    clerk.good("revocation.revoke", plan | SAYS_SECOND)
    assert Code.REVOKED in codes(desk, texts[1])


def test_what_changed_since_it_was_counted_is_counted_again(clerk: Client, desk: OpenDesk) -> None:
    texts = [issued(clerk, surname=name) for name in ("Doe", "Roe")]
    counted = many(clerk, site=issuing_desks.SITE)
    texts.append(issued(clerk, surname="Poe"))
    asked = {"plan": counted["plan"]} | SAYS_SECOND
    assert clerk.refused("revocation.revoke", asked) == "plan-changed"
    assert not any(Code.REVOKED in codes(desk, text) for text in texts)
    assert many(clerk, site=issuing_desks.SITE)["total"] == 3


def test_a_plan_of_long_ago_is_counted_again(clerk: Client, desk: OpenDesk) -> None:
    issued(clerk)
    issued(clerk, surname="Roe")
    asked = {"plan": many(clerk, lot="LOT-9")["plan"]} | SAYS_SECOND
    for _ in range(2):
        desk.clock.at += desk_renewal.LASTS // 2 + 1
        clerk.good("revocation.choices")
    assert clerk.refused("revocation.revoke", asked) == "plan-unknown"


def test_a_list_names_certificates_by_number_and_by_text(clerk: Client, desk: OpenDesk) -> None:
    first, second, third = (issued(clerk, surname=name) for name in ("Doe", "Roe", "Poe"))
    number = clerk.good("certificate.open", {"text": second})["number"]
    asked = {"reason": "duplicate", "selection": {}, "list": f"{number}\n{first}\nnothing\n"}
    counted = clerk.good("revocation.count", asked)
    assert (counted["total"], counted["left_out"], counted["second"]) == (2, 1, True)
    reply = clerk.send("revocation.count_file", f"uvci\n{number}\n".encode(), {"reason": "fraud"})
    assert reply.document["total"] == 1
    assert not reply.document["second"]
    clerk.good("revocation.revoke", {"plan": counted["plan"]} | SAYS_SECOND)
    assert Code.REVOKED in codes(desk, first) & codes(desk, second)
    assert Code.REVOKED not in codes(desk, third)


def test_a_list_that_is_none_is_refused(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    number = clerk.good("certificate.open", {"text": issued(clerk)})["number"]
    data, asked = f"uvci\n{number}\n".encode(), {"reason": "fraud"}
    monkeypatch.setattr(desk_renewal, "LARGEST_FILE", len(data))
    for sent, code in ((data + b"\n", "list-too-large"), (b"\x81\x8d\x00\xd8", "list-damaged")):
        assert clerk.send("revocation.count_file", sent, asked).document["code"] == code
    monkeypatch.setattr(desk_renewal, "LONGEST_LIST", len(number))
    longer = {"reason": "fraud", "selection": {}, "list": f"{number}\n"}
    assert clerk.refused("revocation.count", longer) == "form-unread"
    # The control: what is not longer is counted.
    assert clerk.send("revocation.count_file", data, asked).document["total"] == 1
    assert clerk.good("revocation.count", longer | {"list": number})["total"] == 1


def test_two_pseudonyms_that_the_register_cannot_keep_together_revoke_nothing(
    clerk: Client, desk: OpenDesk
) -> None:
    texts, long = [issued(clerk, surname=name) for name in ("Doe", "Roe")], "op-" + "7" * 75
    rights = frozenset({Right.ISSUE, Right.REVOKE})
    desk_operators.add(desk.place.folder, long, rights, PASSPHRASES[SECOND] + "!", None)
    plan = {"plan": many(clerk, lot="LOT-9")["plan"]}
    second = {"pseudonym": long, "passphrase": PASSPHRASES[SECOND] + "!"}
    assert clerk.refused("revocation.revoke", plan | second) == "second-too-long"
    assert not any(Code.REVOKED in codes(desk, text) for text in texts)
    # The control: the plan waits for somebody else's yes.
    assert clerk.good("revocation.revoke", plan | SAYS_SECOND)["revoked"] == 2


def test_one_certificate_is_corrected_to_one(clerk: Client, desk: OpenDesk) -> None:
    wrong = issued(clerk, surname="Deo")
    asked = correction(clerk, wrong, surname="Doe", surname_icao="")
    event = asked["events"][0]
    both = asked | {"events": [event, event | {"dose": "2", "given_on": "2026-03-15"}]}
    assert clerk.refused("certificate.correct", confirmed(clerk, both)) == "correction-one"
    assert Code.REVOKED not in codes(desk, wrong)


@pytest.mark.parametrize(
    ("selection", "code"),
    [
        ({}, "selection-empty"),
        ({"surname": "Doe"}, "form-unread"),
        ({"name": "Doe"}, "form-unread"),
        ({"lot": 9}, "form-unread"),
        ({"lot": "x" * 81}, "form-unread"),
        ({"key": "nobody"}, "shard-unknown"),
        ({"since": "yesterday"}, "time-unreadable"),
        ("LOT-9", "form-unread"),
    ],
)
def test_nothing_but_what_the_register_knows_selects(
    clerk: Client, selection: Any, code: str
) -> None:
    asked = {"reason": "fraud", "selection": selection, "list": ""}
    assert clerk.refused("revocation.count", asked) == code


def test_a_name_finds_nobody(clerk: Client) -> None:
    """Neither as a code, nor as a number, a lot, a list or an operator."""
    issued(clerk)
    for name in ("Doe", "DOE", "Jane Doe", "Doe, Jane 1980-02-03"):
        assert clerk.refused("certificate.open", {"text": name}).startswith("old-")
        for part in ("lot", "site", "operator"):
            counted = many(clerk, **{part: name})
            assert (counted["total"], counted["before"], counted["plan"]) == (0, 0, "")
    # The control: what the register does know is found.
    assert many(clerk, lot="LOT-9")["total"] == 1


def test_only_whoever_may_revokes(desk: OpenDesk, clerk: Client) -> None:
    text = issued(clerk)
    auditor = desk.client(AUDITOR)
    for name in (*desk_renewal.ACTS, "issue.sign"):
        assert auditor.ask(name, {"text": text}).status == 403
    assert {act.right.value for act in desk_renewal.ACTS.values()} == {"issue", "revoke"}
    assert not set(desk_renewal.ACTS) & set(desk_issuing.ACTS)


NEEDS = {
    Right.REVOKE: {"revocation.choices", "revocation.count", "revocation.count_file", "revocation.revoke"},
    Right.AUDIT: {"day.show", "day.ending", "day.end"},
}  # fmt: skip
"""All else is for whoever may issue."""


def test_each_act_of_the_desk_needs_its_right(desk: OpenDesk) -> None:
    may_issue = frozenset({Right.ISSUE})
    desk_operators.add(desk.place.folder, SECOND, may_issue, PASSPHRASES[SECOND], None)
    one, auditor, nobody = desk.client(SECOND), desk.client(AUDITOR), Client(desk.port)
    beyond = NEEDS[Right.REVOKE] | NEEDS[Right.AUDIT]
    assert beyond < set(desk_service.ACTS)
    for name in desk_service.ACTS:
        assert nobody.refused(name) == "signed-out"
        # A file's act, too: who may not is turned away before what is sent is looked at.
        whoever = one if name in beyond else auditor
        reply = whoever.ask(name)
        assert (name, reply.status, reply.document["code"]) == (name, 403, "right-missing")
        # The control: whoever may is heard.
        if name != "day.end":
            whoever = auditor if name in NEEDS[Right.AUDIT] else desk.client(CLERK)
            assert whoever.ask(name).status != 403


def test_who_may_issue_alone_is_no_second_person(clerk: Client, desk: OpenDesk) -> None:
    texts = [issued(clerk, surname=name) for name in ("Doe", "Roe")]
    plan = {"plan": many(clerk, lot="LOT-9")["plan"]}
    may_issue = frozenset({Right.ISSUE})
    desk_operators.add(desk.place.folder, SECOND, may_issue, PASSPHRASES[SECOND], None)
    assert clerk.refused("revocation.revoke", plan | SAYS_SECOND) == "second-may-not"
    assert not any(Code.REVOKED in codes(desk, text) for text in texts)
    # The control: one that was handed over she revokes by herself.
    one = desk.client(SECOND)
    counted = one.good("certificate.count", {"text": texts[0], "reason": "fraud"})
    one.good("certificate.revoke", {"plan": counted["plan"]})
    assert Code.REVOKED in codes(desk, texts[0])
