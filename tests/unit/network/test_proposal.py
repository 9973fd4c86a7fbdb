"""A proposal on its way: what is signed does not change, and who is missing can be told."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.signer import Signature

from pratique.errors import DocumentRefused, UsageError
from pratique.network import metadata, proposal, publish, view
from pratique.network.participants import write_participants
from pratique.network.proposal import Proposal
from tests.cheats import network, newest
from tests.networks import AT, Authority, State, key

TOWN, (STATE, OTHER) = network("XUA", "XUB")
VIEW = TOWN.view


def copied(one: Proposal) -> Proposal:
    return proposal.from_bytes(proposal.to_bytes(one))


def drafted() -> Proposal:
    return proposal.role(VIEW, AT, "XUA", STATE.contents())


def admitting() -> Proposal:
    new = State("XUC")
    listed = {**VIEW.participants, "XUC": new.participant}
    return proposal.targets(
        VIEW, AT, "admit", participants=listed, members={"XUC": new.role_keys()}
    )


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises((DocumentRefused, UsageError)) as caught:
        ask()
    return caught.value.code


def publishing(one: Proposal, at: Any = AT) -> str:
    return refused(lambda: publish.published(TOWN.files, one, TOWN.online, at=at))


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 8)), st.text(max_size=20).filter(str.isprintable))
def test_it_comes_back_as_it_was(seats: set[int], title: str) -> None:
    one = TOWN.signed(admitting(), [TOWN.seats[n] for n in seats])._replace(title=title)
    again = copied(one)
    assert again == one
    assert proposal.to_bytes(again) == proposal.to_bytes(one)
    (need,) = proposal.needs(again, VIEW)
    assert len(need.signed) == len(seats)
    assert need.is_met is (len(seats) >= 5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(st.integers(0, 8)), min_size=1, max_size=5), st.randoms())
def test_copies_come_together_in_any_order(hands: list[set[int]], chance: Any) -> None:
    whole = admitting()
    copies = [TOWN.signed(copied(whole), [TOWN.seats[n] for n in some]) for some in hands]
    chance.shuffle(copies)
    (need,) = proposal.needs(proposal.merged(copies, VIEW), VIEW)
    signed = {f"seat-{n} (XX{chr(65 + n)})" for n in set().union(*hands)}
    assert set(need.signed) == signed
    assert set(need.missing) == {f"seat-{n} (XX{chr(65 + n)})" for n in range(9)} - signed


@pytest.mark.parametrize("order", [1, -1])
def test_a_copy_with_garbage_in_others_names_displaces_no_signature(order: int) -> None:
    whole = admitting()
    honest = TOWN.signed(copied(whole), TOWN.seats[:4])
    spoilt = TOWN.signed(copied(whole), TOWN.seats[4:5])
    for keyid, signature in honest.metadata["targets"].signatures.items():
        garbage = Signature(keyid, "00" * len(bytes.fromhex(signature.signature)))
        spoilt.metadata["targets"].signatures[keyid] = garbage
    both = [honest, spoilt][::order]
    (need,) = proposal.needs(proposal.merged(map(copied, both), VIEW), VIEW)
    assert len(need.signed) == 5
    # The control: garbage it is, and taken for what is newer it would stand in the place of four.
    honest.metadata["targets"].signatures.update(spoilt.metadata["targets"].signatures)
    (need,) = proposal.needs(honest, VIEW)
    assert len(need.signed) == 1


def test_copies_of_different_proposals_do_not_come_together() -> None:
    one, data = admitting(), write_participants(())
    for other in (
        one._replace(title="another"),
        one._replace(files={**one.files, "network/x.json": b""}),
        one._replace(files={metadata.PARTICIPANTS: data}),
        proposal.targets(VIEW, AT, "admit"),
        drafted(),
    ):
        assert refused(partial(proposal.merged, [one, other], VIEW)) == "proposal-differs"
    assert proposal.merged([one], VIEW) == one


def test_who_must_sign_is_told_by_name() -> None:
    lacking = publish.missing(TOWN.signed(admitting(), TOWN.seats[:4]), VIEW)
    names_of = ", ".join(f"seat-{n} (XX{chr(65 + n)})" for n in range(4, 9))
    assert lacking == [f"targets, asked by root 1: 4 of 5; needs 1 more of {names_of}"]
    assert publish.missing(TOWN.signed(admitting()), VIEW) == []


def test_a_new_root_is_asked_of_both_boards() -> None:
    mine = [key(f"new seat {n}") for n in range(9)]
    board = TOWN.board._replace(seats=Authority.rows(mine))
    made = proposal.root(VIEW, AT, board=board, seats=[one.public_key for one in mine])
    needs = {(need.role, need.by): need.threshold for need in proposal.needs(made, VIEW)}
    assert needs == {("root", "root 1"): 5, ("root", "root 2"): 5, ("targets", "root 2"): 5}
    for by in (TOWN.seats, mine):
        one = TOWN.signed(copied(made), by)
        assert publishing(one) == "proposal-unsigned"
    publish.published(
        TOWN.files, TOWN.signed(copied(made), [*TOWN.seats, *mine]), TOWN.online, at=AT
    )


def test_a_key_signs_only_what_it_is_asked_for() -> None:
    for one in (*OTHER.roles, *TOWN.seats, *TOWN.online, key("nobody")):
        made = drafted()
        assert refused(partial(proposal.sign, made, one, VIEW)) == "key-not-asked"
        assert not made.metadata["XUA"].signatures
    made = drafted()
    assert proposal.sign(made, STATE.roles[0], VIEW) == ("XUA",)
    # The same hand again is no second one.
    proposal.sign(made, STATE.roles[0], VIEW)
    (need,) = proposal.needs(made, VIEW)
    assert len(need.signed) == 1


def test_a_signature_of_other_content_counts_for_nobody() -> None:
    signed, made = TOWN.signed(drafted(), STATE.roles), proposal.role(VIEW, AT, "XUA", {})
    made.metadata["XUA"].signatures.update(signed.metadata["XUA"].signatures)
    (need,) = proposal.needs(made, VIEW)
    assert need.signed == ()
    assert publishing(made) == "proposal-unsigned"


def test_a_role_that_nobody_knows_is_asked_of_nobody() -> None:
    (found,) = drafted().metadata.values()
    for role in ("XUZ", "snapshot", "timestamp"):
        one = Proposal("x", {role: found}, STATE.contents())
        assert refused(partial(proposal.needs, one, VIEW)) == "proposal-role"
    # And before there is a network, a participant has nobody to ask.
    assert refused(lambda: proposal.needs(drafted(), None)) == "proposal-role"


def changed(**members: Any) -> bytes:
    document = json.loads(proposal.to_bytes(drafted()))
    return json.dumps({**document, **members}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"x", changed(format="x"), changed(more=1), changed(metadata=[]),
        changed(metadata={"XUA": {}}), changed(files=[]), changed(files={"x": "not base64!"}),
        changed(files={"x": 7}), changed(title=7), changed(title="\ud800"),
        changed(metadata={"XUA": json.loads(TOWN.anchor)}),
        changed(metadata={"root": json.loads(TOWN.files[newest(TOWN.files, "XUA")])}),
        changed(metadata={"XUA": json.loads(TOWN.files[newest(TOWN.files, "snapshot")])}),
        b'{"format": "x", "format": "x"}',
    ],
)  # fmt: skip
def test_what_is_no_proposal_is_refused(data: bytes) -> None:
    assert refused(lambda: proposal.from_bytes(data)) in {"proposal-malformed", "json-unreadable"}
    assert proposal.from_bytes(changed()) == drafted()


def test_its_files_are_those_that_are_signed() -> None:
    one = drafted()
    path = "XUA/signers.json"
    for files in ({}, {path: b"x"}, {**one.files, "XUA/more": b""}, {"XUA/more": one.files[path]}):
        assert publishing(one._replace(files=files)) == "proposal-files"
    assert publishing(Proposal("nothing", {}, {})) == "proposal-empty"
    for role in ("XUA", "targets"):
        made = {"XUA": drafted(), "targets": admitting()}[role]
        view.check(made.metadata, made.files, VIEW)
        assert refused(partial(view.check, made.metadata, {}, VIEW)) == "proposal-files"
    # What the authority has published already need not come again.
    kept = proposal.targets(VIEW, AT, "as it is")
    assert kept.files == {}
    view.check(kept.metadata, {}, VIEW)


def test_it_follows_upon_what_is_published() -> None:
    stale = TOWN.signed(drafted(), STATE.roles)
    for version in (1, 3, 9):
        made = proposal.role(VIEW, AT + timedelta(seconds=1), "XUA", STATE.contents())
        made.metadata["XUA"].signed.version = version
        assert publishing(TOWN.signed(made, STATE.roles)) == "proposal-version"
    assert publishing(stale, AT + timedelta(days=7)) == "proposal-expired"
    assert publish.published(TOWN.files, stale, TOWN.online, at=AT)
    held = dict(TOWN.files)
    files = {**held, **publish.published(held, stale, TOWN.online, at=AT)}
    other = TOWN.signed(proposal.role(VIEW, AT, "XUA", {}), STATE.roles)
    assert (
        refused(lambda: publish.published(files, other, TOWN.online, at=AT)) == "proposal-version"
    )


def test_a_damaged_repository_is_told_in_words() -> None:
    one = TOWN.signed(drafted(), STATE.roles)
    files = {**TOWN.files, **publish.published(TOWN.files, one, TOWN.online, at=AT)}
    assert publish.published(files, one, TOWN.online, at=AT) == {}
    for damaged in (b"", b"x", TOWN.anchor):
        hurt = {**files, metadata.metadata("XUA", 2): damaged}
        found = refused(partial(publish.published, hurt, one, TOWN.online, at=AT))
        assert found.startswith(("proposal-", "network-"))


def test_a_clock_that_is_behind_publishes_nothing() -> None:
    one = TOWN.signed(drafted(), STATE.roles)
    early = AT - timedelta(minutes=30)
    assert publishing(one, early) == "clock-behind"
    assert publish.published(TOWN.files, one, TOWN.online, at=AT)


class TestDrafts:
    def test_what_is_not_there_cannot_be_changed(self) -> None:
        one = proposal.RoleKeys(tuple(k.public_key for k in STATE.roles), 2)
        for ask, found in (
            (lambda: proposal.role(VIEW, AT, "XUZ", {}), "participant-unknown"),
            (lambda: proposal.targets(VIEW, AT, "x", participants={}), "participants-differ"),
            (lambda: proposal.targets(VIEW, AT, "x", members={"XUZ": one}), "participants-differ"),
            (lambda: proposal.root(VIEW, AT, board=TOWN.board, seats=[]), "seat-keys"),
        ):
            assert refused(ask) == found

    def test_a_draft_breaks_no_policy(self) -> None:
        single = proposal.RoleKeys((STATE.roles[0].public_key,), 1)
        assert refused(
            lambda: proposal.targets(VIEW, AT, "x", members={"XUA": single})
        ) == "policy-threshold"  # fmt: skip
        assert refused(lambda: proposal.role(VIEW, AT, "XUA", {"x": b""})) == "policy-foreign-path"

    def test_keys_are_found_again(self) -> None:
        assert proposal.role_keys(VIEW)["XUA"] == STATE.role_keys()
        assert proposal.online_of(VIEW) == (
            TOWN.online.snapshot.public_key, TOWN.online.timestamp.public_key,
        )  # fmt: skip
        assert {*proposal.seat_keys(VIEW).values()} == {one.public_key for one in TOWN.seats}


def test_every_refusal_of_a_proposal_is_tried_above() -> None:
    own = Path(__file__)
    tried = (own, own.with_name("test_network_name.py"))
    here = "".join(path.read_text(encoding="utf-8") for path in tried)
    for module in (proposal, view, publish):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        known = set(re.findall(r'_refused\(\s*"([a-z-]+)"', text))
        known |= set(re.findall(r'"proposal-([a-z-]+)"', text))
        assert known
        assert [one for one in known if f'"proposal-{one}"' not in here] == []


def test_what_is_enclosed_is_base64() -> None:
    document = json.loads(proposal.to_bytes(drafted()))
    assert (
        base64.b64decode(document["files"]["XUA/signers.json"])
        == STATE.contents()["XUA/signers.json"]
    )
