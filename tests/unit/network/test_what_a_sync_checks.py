"""Single checks of a sync and of a start, each with what goes wrong without it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Root, TargetFile, Targets, Timestamp

from pratique.errors import DocumentRefused
from pratique.network import logged, metadata, proposal, trusted, view
from pratique.network.client import RoleFiles, TopLevel
from tests.cheats import Files, by_hand, network, newest, refused, spread
from tests.logs import LoggedAuthority
from tests.networks import AT, HOUR, Authority, State, Verifier, key

SHA256 = "5" * 64


@pytest.fixture(scope="module")
def town() -> tuple[Authority, State]:
    authority, (state,) = network("XUA")
    return authority, state


def driven(trunk: TopLevel, files: Files) -> None:
    asking = trunk.run()
    try:
        wanted = next(asking)
        while True:
            wanted = asking.send({one.name: files.get(one.name) for one in wanted})
    except StopIteration:
        return


def test_an_earlier_edition_that_is_held_is_one_that_its_keys_have_signed(
    town: tuple[Authority, State],
) -> None:
    authority, state = town
    files = spread(authority, {}, {"XUA": 99})
    assert view.read(files, authority.anchor).roles["XUA"].version == 1
    name = newest(authority.files, "XUA")
    for by in ([], state.roles[:1], [key("nobody 1"), key("nobody 2")]):
        forged = {**files, name: by_hand(files[name], None, by)}
        assert view.read(forged, authority.anchor).roles["XUA"].version == 0
    again = {**files, name: by_hand(files[name], None, state.roles[1:])}
    assert view.read(again, authority.anchor).roles["XUA"].version == 1


def test_the_proof_that_is_held_is_dropped_after_a_new_root() -> None:
    """It was good for the witnesses that the root before has asked for."""
    authority, state = LoggedAuthority(), State("XUA")
    authority.admit(state)
    state.publish()
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    seats = list(proposal.seat_keys(authority.view).values())
    authority.publish(
        proposal.root(authority.view, authority.now, board=authority.board, seats=seats)
    )
    before = {n for n in verifier.held if n.endswith(".snapshot.json")}
    verifier.asked.clear()
    verifier.sync(authority.files)
    (listed,) = (n for n in verifier.held if n.endswith(".snapshot.json"))
    assert logged.proof_name(listed) in verifier.asked
    # What follows holds too where the list stayed the same.
    trunk = TopLevel(
        {**verifier.held, logged.proof_name(listed): b"of other witnesses"}, authority.anchor, AT
    )
    trunk.changed.append("root")
    driven(trunk, authority.files)
    assert trunk.files[logged.proof_name(listed)] == authority.files[logged.proof_name(listed)]
    assert before


def test_a_version_that_the_timestamp_announces_fits_into_a_name(
    town: tuple[Authority, State],
) -> None:
    authority, _ = town

    def announcing(version: int) -> Files:
        def change(signed: Any) -> None:
            signed.version += 1
            signed.snapshot_meta.version = version

        data = by_hand(
            authority.files[metadata.TIMESTAMP_FILE], change, [authority.online.timestamp]
        )
        return {**authority.files, metadata.TIMESTAMP_FILE: data}

    far = refused(Verifier(authority.anchor), announcing(metadata.MAX_VERSION + 1))
    assert far == "network-malformed"
    assert (
        refused(Verifier(authority.anchor), announcing(metadata.MAX_VERSION)) == "network-missing"
    )


@pytest.mark.parametrize(
    ("life", "is_one"),
    [(timedelta(seconds=-1), False), (timedelta(0), False), (timedelta(seconds=1), True),
     (metadata.TIMESTAMP_LIFE, True), (metadata.TIMESTAMP_LIFE + timedelta(seconds=1), False)],
)  # fmt: skip
def test_a_timestamp_ends_after_it_was_made_and_soon(life: timedelta, is_one: bool) -> None:
    one = Timestamp(expires=AT + life)
    one.unrecognized_fields[trusted.PUBLISHED] = AT.strftime("%Y-%m-%dT%H:%M:%SZ")
    if is_one:
        assert trusted.published(one) == AT
        return
    with pytest.raises(DocumentRefused) as caught:
        trusted.published(one)
    assert caught.value.code == "network-malformed"


def test_a_root_ends_at_its_end_and_nothing_is_asked_for_after_it(
    town: tuple[Authority, State],
) -> None:
    authority, _ = town
    end: datetime = Metadata[Root].from_bytes(authority.anchor).signed.expires
    for at in (end, end + HOUR):
        verifier = Verifier(authority.anchor)
        with pytest.raises(DocumentRefused, match="the seats must sign the next one") as caught:
            verifier.sync(authority.files, at)
        assert caught.value.code == "network-expired"
        assert verifier.asked == ["metadata/2.root.json"]
    # A second before it is the timestamp that has ended, which is asked for.
    verifier = Verifier(authority.anchor)
    with pytest.raises(DocumentRefused):
        verifier.sync(authority.files, end - timedelta(seconds=1))
    assert metadata.TIMESTAMP_FILE in verifier.asked


@pytest.mark.parametrize("where", ["came", "held"])
def test_the_authoritys_own_file_is_the_one_that_it_has_signed(
    town: tuple[Authority, State], where: str
) -> None:
    authority, _ = town
    name = next(n for n in authority.files if n.startswith("targets/network/"))
    data = authority.files[name]
    for wrong in (data[:-1] + b" ", data + b" ", data[:-1], b""):
        spoiled = {**authority.files, name: wrong}
        if where == "came":
            with pytest.raises(DocumentRefused) as caught:
                driven(TopLevel({}, authority.anchor, AT), spoiled)
            assert caught.value.code == "network-differs"
        else:
            trunk = TopLevel({name: wrong}, authority.anchor, AT)
            driven(trunk, authority.files)
            assert trunk.files[name] == data
        with pytest.raises(DocumentRefused) as caught:
            view.read(spoiled, authority.anchor)
        assert caught.value.code == "network-differs"


def test_a_file_is_the_one_of_its_length_and_its_digest() -> None:
    file = TargetFile.from_data("XUA/rules.json", b"rules", ["sha256"])
    assert view.is_file(b"rules", file)
    assert not view.is_file(b"rulez", file)
    assert not view.is_file(b"rules", TargetFile(4, file.hashes, "XUA/rules.json"))
    assert not view.is_file(b"rules", TargetFile(5, {"sha512": "0" * 128}, "XUA/rules.json"))
    assert not view.is_file(b"rules", TargetFile(5, {"sha256": SHA256}, "XUA/rules.json"))


@pytest.mark.parametrize("wrong", [b"other", b"rules more", b""])
def test_a_roles_file_that_came_or_is_held_is_the_one_that_is_signed(wrong: bytes) -> None:
    file = TargetFile.from_data("XUA/rules.json", b"rules", ["sha256"])
    targets = Targets(expires=AT)
    targets.targets["XUA/rules.json"] = file
    name = view.target_name("XUA/rules.json", file)
    came = RoleFiles("XUA", targets, {})
    came.take({one[0]: wrong for one in came.wanted()})
    with pytest.raises(DocumentRefused):
        came.files()
    held = RoleFiles("XUA", targets, {name: wrong})
    assert [one[0] for one in held.wanted()] == [name]
    held.take({name: b"rules"})
    assert held.files() == {name: b"rules"}


@pytest.mark.parametrize(
    "hashes",
    [{"sha512": "5" * 128}, {"sha256": SHA256, "sha512": "5" * 128}, {"sha256": SHA256.upper() + "A"},
     {"sha256": "A" * 64}, {"sha256": "5" * 63}, {"sha256": "../" + "5" * 61}, {"SHA256": SHA256}],
)  # fmt: skip
def test_a_file_is_named_by_exactly_sha256(
    town: tuple[Authority, State], hashes: dict[str, str]
) -> None:
    authority, _ = town
    now = authority.view.trusted
    role = Targets(expires=AT)
    role.targets["XUA/rules.json"] = TargetFile(5, {"sha256": SHA256}, "XUA/rules.json")
    metadata.check_role("XUA", role)
    role.targets["XUA/rules.json"] = TargetFile(5, hashes, "XUA/rules.json")
    with pytest.raises(DocumentRefused) as caught:
        metadata.check_role("XUA", role)
    assert caught.value.code == "policy-file"
    own = Metadata[Targets].from_bytes(authority.files[newest(authority.files, "targets")]).signed
    metadata.check_targets(own, now.root, now.board)
    own.targets[metadata.VALUE_SETS] = TargetFile(5, hashes, metadata.VALUE_SETS)
    with pytest.raises(DocumentRefused) as caught:
        metadata.check_targets(own, now.root, now.board)
    assert caught.value.code == "policy-file"
