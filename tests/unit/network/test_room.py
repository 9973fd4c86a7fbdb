"""What all publish together fits into what a verifier can hold, and nobody takes another's share of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.network import metadata, publish, view
from pratique.network.metadata import Room
from pratique.store import network as store_network
from tests.cheats import edition, network, synced
from tests.networks import Verifier, codes

HOGS = {f"H{number:02}": Room(1 + metadata.MAX_FILES_OF_ROLE, 1000) for number in range(25)}


def test_the_parts_fit_into_the_whole() -> None:
    assert metadata.MAX_PARTICIPANTS * metadata.SHARE_FILES < metadata.MAX_FILES
    assert metadata.MAX_PARTICIPANTS * metadata.SHARE_SIZE < metadata.MAX_NETWORK
    # Beside them: the trunk, with a year's roots and their proofs, and the authority's own files.
    assert metadata.MAX_FILES + 2 * metadata.MAX_ROOTS + 1000 < store_network.MAX_FILES
    assert (
        metadata.MAX_NETWORK + metadata.MAX_ROOTS * metadata.MAX_ROOT + 10 * metadata.MAX_FILE
        < store_network.MAX_SIZE
    )


def test_a_few_who_publish_all_that_they_may_stop_themselves() -> None:
    honest = {f"S{number:04}": Room(4, 30_000) for number in range(1_900)}
    found = metadata.without_room({}, {**HOGS, **honest})
    assert found
    assert found < HOGS.keys()
    # Held by now, they are refused what is more; and who comes last has a share yet.
    held_now = {role: room for role, room in {**HOGS, **honest}.items() if role not in found}
    late = {"LATE": Room(metadata.SHARE_FILES, metadata.SHARE_SIZE)}
    assert metadata.without_room(held_now, {**HOGS, **honest, **late}) == found
    more = {role: Room(3_000, 1000) for role in HOGS}
    full = metadata.without_room(held_now, {**HOGS, **honest, **more})
    assert found < full <= HOGS.keys()


def test_bytes_are_counted_as_files_are() -> None:
    large = {f"H{number:02}": Room(3, metadata.MAX_EDITION) for number in range(25)}
    found = metadata.without_room({}, {**large, "S": Room(3, 1000)})
    assert "S" not in found
    kept = sum(room.size for role, room in large.items() if role not in found)
    assert kept <= metadata.MAX_NETWORK < kept + 2 * metadata.MAX_EDITION


ROOMS = st.builds(Room, st.integers(1, 2_049), st.integers(0, metadata.MAX_EDITION))
MANY = st.dictionaries(st.sampled_from([f"R{n:02}" for n in range(60)]), ROOMS, max_size=60)


@settings(max_examples=60)
@given(st.lists(MANY, min_size=1, max_size=4))
def test_however_it_goes_it_can_be_held(editions: list[dict[str, Room]]) -> None:
    kept: dict[str, Room] = {}
    for newer in editions:
        found = metadata.without_room(kept, newer)
        for role, room in newer.items():
            if room.files <= metadata.SHARE_FILES and room.size <= metadata.SHARE_SIZE:
                assert role not in found
        kept |= {role: room for role, room in newer.items() if role not in found}
        assert sum(room.files for room in kept.values()) <= metadata.MAX_FILES
        assert sum(room.size for room in kept.values()) <= metadata.MAX_NETWORK


def test_one_that_finds_no_room_stays_as_it_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    authority, (a, b) = network("XUA", "XUB")
    text, other = a.issue(), b.issue()
    verifier = synced(authority)
    monkeypatch.setattr(metadata, "SHARE_FILES", 4)
    monkeypatch.setattr(metadata, "MAX_FILES", 40)
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
    monkeypatch.setattr(metadata, "MAX_FILES", 400)
    assert Verifier(authority.anchor).sync(files).problems == {"XUA": "revocation-malformed"}


def test_what_is_held_at_the_limit_is_written_and_read(tmp_path: Path) -> None:
    files = {f"targets/XUA/{n:064x}.list.json": b"" for n in range(metadata.MAX_FILES)}
    (tmp_path / store_network.ANCHOR).write_bytes(b"{}")
    store_network.save_held(tmp_path, files, "here")
    kept = store_network.load_held(tmp_path)
    assert kept is not None
    assert len(kept.files) == metadata.MAX_FILES


def test_who_publishes_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    authority, (state,) = network("XUA")
    monkeypatch.setattr(metadata, "MAX_FILES", authority.view.room.files)
    state.publish()
    state.revoke(state.issue())
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its code is what is asked
        state.publish()
    assert getattr(caught.value, "code", "") == "policy-network-large"
    assert publish.ANCHOR in authority.files
