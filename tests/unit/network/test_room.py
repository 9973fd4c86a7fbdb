"""What all publish together fits into what a verifier can hold, and nobody takes another's share of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.edges.network import held
from pratique.journeys import publish
from pratique.network import names, policy, view
from pratique.network.policy import Room
from tests.cheats import edition, network, synced
from tests.networks import Verifier, codes

HOGS = {f"H{number:02}": Room(1 + names.MAX_FILES_OF_ROLE, 1000) for number in range(25)}


def test_the_parts_fit_into_the_whole() -> None:
    assert names.MAX_PARTICIPANTS * names.SHARE_FILES < names.MAX_FILES
    assert names.MAX_PARTICIPANTS * names.SHARE_SIZE < names.MAX_NETWORK
    # Beside them: the trunk, with a year's roots and their proofs, and the authority's own files.
    assert names.MAX_FILES + 2 * names.MAX_ROOTS + 1000 < held.MAX_FILES
    assert (
        names.MAX_NETWORK + names.MAX_ROOTS * names.MAX_ROOT + 10 * names.MAX_FILE < held.MAX_SIZE
    )


def test_a_few_who_publish_all_that_they_may_stop_themselves() -> None:
    honest = {f"S{number:04}": Room(4, 30_000) for number in range(1_900)}
    found = policy.without_room({}, {**HOGS, **honest})
    assert found
    assert found < HOGS.keys()
    # Held by now, they are refused what is more; and who comes last has a share yet.
    held_now = {role: room for role, room in {**HOGS, **honest}.items() if role not in found}
    late = {"LATE": Room(names.SHARE_FILES, names.SHARE_SIZE)}
    assert policy.without_room(held_now, {**HOGS, **honest, **late}) == found
    more = {role: Room(3_000, 1000) for role in HOGS}
    full = policy.without_room(held_now, {**HOGS, **honest, **more})
    assert found < full <= HOGS.keys()


def test_bytes_are_counted_as_files_are() -> None:
    large = {f"H{number:02}": Room(3, names.MAX_EDITION) for number in range(25)}
    found = policy.without_room({}, {**large, "S": Room(3, 1000)})
    assert "S" not in found
    kept = sum(room.size for role, room in large.items() if role not in found)
    assert kept <= names.MAX_NETWORK < kept + 2 * names.MAX_EDITION


ROOMS = st.builds(Room, st.integers(1, 2_049), st.integers(0, names.MAX_EDITION))
MANY = st.dictionaries(st.sampled_from([f"R{n:02}" for n in range(60)]), ROOMS, max_size=60)


@settings(max_examples=60)
@given(st.lists(MANY, min_size=1, max_size=4))
def test_however_it_goes_it_can_be_held(editions: list[dict[str, Room]]) -> None:
    kept: dict[str, Room] = {}
    for newer in editions:
        found = policy.without_room(kept, newer)
        for role, room in newer.items():
            if room.files <= names.SHARE_FILES and room.size <= names.SHARE_SIZE:
                assert role not in found
        kept |= {role: room for role, room in newer.items() if role not in found}
        assert sum(room.files for room in kept.values()) <= names.MAX_FILES
        assert sum(room.size for room in kept.values()) <= names.MAX_NETWORK


def test_one_that_finds_no_room_stays_as_it_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    authority, (a, b) = network("XUA", "XUB")
    text, other = a.issue(), b.issue()
    verifier = synced(authority)
    monkeypatch.setattr(names, "SHARE_FILES", 4)
    monkeypatch.setattr(names, "MAX_FILES", 40)
    many = {f"XUA/revocations-{n:04x}-1.tags": b"x" for n in range(50)}
    files = edition(authority, "XUA", {**a.contents(), **many}, a.roles)
    before = len(verifier.asked)
    assert verifier.sync(files).problems == {"XUA": "network-full"}
    # Nothing of it was fetched.
    assert not any("revocations" in name for name in verifier.asked[before:])
    assert codes(verifier.verify(text)) == ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]
    assert codes(verifier.verify(other)) == ["NO_RULES"]
    assert view.read(verifier.held, authority.anchor).roles["XUA"].version == 1
    # The control: with room for it, its files are fetched, and found to be no lists.
    monkeypatch.setattr(names, "MAX_FILES", 400)
    assert Verifier(authority.anchor).sync(files).problems == {"XUA": "revocation-malformed"}


def test_what_is_held_at_the_limit_is_written_and_read(tmp_path: Path) -> None:
    files = {f"targets/XUA/{n:064x}.list.json": b"" for n in range(names.MAX_FILES)}
    (tmp_path / held.ANCHOR).write_bytes(b"{}")
    held.save(tmp_path, files, "here")
    kept = held.load(tmp_path)
    assert kept is not None
    assert len(kept.files) == names.MAX_FILES


def test_who_publishes_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    authority, (state,) = network("XUA")
    monkeypatch.setattr(names, "MAX_FILES", authority.view.room.files)
    state.publish()
    state.revoke(state.issue())
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its code is what is asked
        state.publish()
    assert getattr(caught.value, "code", "") == "policy-network-large"
    assert publish.ANCHOR in authority.files
