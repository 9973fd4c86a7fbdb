"""Publishing can stop after any file: what is in force stays in force, and the same call finishes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pratique.errors import DocumentRefused
from pratique.network import metadata as network_metadata
from pratique.network import proposal, publish, view
from pratique.network.metadata import Seat
from pratique.network.proposal import Proposal
from pratique.trust.registry import Suspension
from tests.networks import DAY, HOUR, Authority, State, Verifier, codes, key


def founded() -> tuple[Authority, State]:
    authority, state = Authority(), State("XXA")
    authority.admit(state)
    state.publish()
    authority.now += HOUR
    return authority, state


def edition(authority: Authority, state: State) -> Proposal:
    state.revoke(state.issue())
    return authority.signed(state.draft(), state.roles[:2])


def admission(authority: Authority, _: State) -> Proposal:
    current, other = authority.view, State("XXB")
    listed = {**current.participants, "XXB": other.participant}
    drafted = proposal.targets(
        current, authority.now, "admit XXB", participants=listed, members={"XXB": other.role_keys()}
    )
    return authority.signed(drafted)


def another_seat(authority: Authority, _: State) -> Proposal:
    newer = key("a new seat")
    seats = [newer, *authority.seats[1:]]
    named = Seat("seat-0", "XXZ", "AFR", network_metadata.keyid(newer.public_key))
    board = authority.board._replace(seats=(named, *authority.board.seats[1:]))
    public = [one.public_key for one in seats]
    drafted = proposal.root(authority.view, authority.now, board=board, seats=public)
    return authority.signed(drafted, authority.seats[1:6])


def other_online_keys(authority: Authority, _: State) -> Proposal:
    online = publish.OnlineKeys(key("snapshot 2"), key("timestamp 2"))
    kept = proposal.Online(online.snapshot.public_key, online.timestamp.public_key)
    public = [one.public_key for one in authority.seats]
    drafted = proposal.root(
        authority.view, authority.now, board=authority.board, seats=public, online=kept
    )
    signed = authority.signed(drafted)
    authority.online = online
    return signed


def suspension(authority: Authority, _: State) -> Proposal:
    since = int(authority.now.timestamp())
    one = Suspension(since, since + 86400, "keys-lost")
    drafted = proposal.suspension(authority.view, authority.now, "XXA", one)
    return authority.signed(drafted, authority.seats[:3])


CHANGES = [edition, admission, another_seat, other_online_keys, suspension]


@pytest.mark.parametrize("change", CHANGES)
def test_an_interrupted_publication_is_finished_by_the_same_call(
    change: Callable[[Authority, State], Proposal],
) -> None:
    authority, state = founded()
    text = state.issue(nth=7)
    signed = change(authority, state)
    before = dict(authority.files)
    made = publish.published(before, signed, authority.online, at=authority.now)
    assert list(made)[-1] == network_metadata.TIMESTAMP_FILE
    for stop in range(len(made) + 1):
        half = before | dict(list(made.items())[:stop])
        whole = stop == len(made)
        border = Verifier(before[publish.ANCHOR])
        border.sync(before, authority.now)
        held = dict(border.held)
        try:
            border.sync(half, authority.now)
        except DocumentRefused:
            # A new root is seen before what it asks for: the border goes on with what it held.
            assert border.held == held
            assert change in {another_seat, other_online_keys}
            assert not whole
        assert codes(border.verify(text, authority.now))[-1:] == ["NO_RULES"]
        again = publish.published(half, signed, authority.online, at=authority.now + DAY / 24)
        assert (not again) is whole
        finished = half | again
        assert view.read(finished, finished[publish.ANCHOR]).roles["XXA"].problem == ""
        border.sync(finished, authority.now + HOUR)
        assert border.held.keys() == {n for n in finished if n in border.held}
        assert publish.published(finished, signed, authority.online, at=authority.now + HOUR) == {}


def test_what_was_published_meanwhile_is_not_taken_for_the_same() -> None:
    authority, state = founded()
    signed = edition(authority, state)
    other = authority.signed(state.draft(), state.roles[1:])
    other.metadata["XXA"].signed.expires -= HOUR
    other.metadata["XXA"].signatures.clear()
    authority.signed(other, state.roles[1:])
    authority.accept(other)
    with pytest.raises(DocumentRefused) as refused:
        publish.published(authority.files, signed, authority.online, at=authority.now)
    assert refused.value.code == "proposal-version"


def test_a_network_grows_no_larger_than_every_verifier_can_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some twenty states with as much as each may have would stop all verifiers together."""
    authority, state = Authority(), State("XUA")
    authority.admit(state)
    state.publish()
    monkeypatch.setattr(network_metadata, "MAX_NETWORK", authority.view.size)
    state.publish()
    state.revoke(state.issue())
    with pytest.raises(DocumentRefused) as caught:
        state.publish()
    assert caught.value.code == "policy-network-large"
    # The control: it is the size of all, and there is room for it elsewhere.
    monkeypatch.setattr(network_metadata, "MAX_NETWORK", authority.view.size + 1000)
    state.publish()
    # What is too large already may stay as it is.
    monkeypatch.setattr(network_metadata, "MAX_NETWORK", 10)
    state.publish()


class Noted(dict[str, bytes]):
    """Files that note which of them were read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> bytes:
        self.read.add(name)
        return super().__getitem__(name)


def test_for_a_stranger_the_network_is_not_read() -> None:
    """Whoever reaches a server with a proposal that nobody has signed costs it its trunk, and no more."""
    authority, state = Authority(seats=3, threshold=2, suspend=2), State("XXA")
    authority.admit(state)
    state.publish()
    stranger = [key("a stranger's"), *State("XXB").roles]
    title, participants = "x", authority.view.participants
    targets = proposal.targets(authority.view, authority.now, title, participants=participants)
    for drafted, asked in ((state.draft(), state.roles[0]), (targets, authority.seats[0])):
        for one in stranger:
            network_metadata.sign(next(iter(drafted.metadata.values())), one)
        files = Noted(authority.files)
        with pytest.raises(DocumentRefused, match="too few have signed"):
            publish.check_known(files, drafted)
        assert not [name for name in files.read if "XXA" in name or "targets/" in name]
        # A signature of another's, and one that does not hold, are none.
        (metadata,) = drafted.metadata.values()
        metadata.signatures[network_metadata.keyid(asked.public_key)] = next(
            iter(metadata.signatures.values())
        )
        with pytest.raises(DocumentRefused, match="too few have signed"):
            publish.check_known(files, drafted)
        network_metadata.sign(metadata, asked)
        publish.check_known(files, drafted)


def test_before_there_is_a_network_its_first_proposal_is_nobodys_to_refuse() -> None:
    authority = Authority(seats=3, threshold=2, suspend=2)
    drafted = proposal.targets(authority.view, authority.now, "x")
    publish.check_known({}, drafted)
