"""Checks of a network that another check stands behind: each refuses by itself, at its own place.

What a later check would refuse too was fetched, parsed or believed meanwhile; and the later one may go.
"""

from __future__ import annotations

import copy
import random
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata, MetaFile, TargetFile, Targets, Timestamp

from pratique.errors import DocumentRefused
from pratique.network import client, logged, proposal, trusted, view
from pratique.network import metadata as network_metadata
from pratique.network.client import MAX_TAGS, RoleFiles, TopLevel
from pratique.network.view import check as check_enclosed
from pratique.network.view import is_file, target_name
from pratique.revocation.tag_list import Delta
from tests.cheats import Files, by_hand, named, network, newest, put, spread, synced
from tests.logs import CarefulVerifier, LoggedAuthority
from tests.networks import AT, HOUR, State, Verifier, key
from tests.unit.network import test_pieces
from tests.unit.network.test_pieces import chain, path, role, steps

SECOND = timedelta(seconds=1)


def code(refused: pytest.ExceptionInfo[DocumentRefused]) -> str:
    return refused.value.code


# Signatures of what is held


def test_an_earlier_edition_that_is_held_is_its_own_keys_or_none() -> None:
    """The newest is missing: what a disk or a stick holds under an earlier number is asked who signed it."""
    authority, (utopia,) = network("XUA")
    first = newest(authority.files, "XUA")
    utopia.publish()
    held = synced(authority).held
    held.pop(newest(held, "XUA"))
    honest = authority.files[first]
    files = {**authority.files, **held, first: honest}
    files.pop(newest(authority.files, "XUA"))
    assert view.read(files, authority.anchor).roles["XUA"].version == 1

    mallory = [key("mallory 0"), key("mallory 1")]
    for forged in (by_hand(honest, None, mallory), by_hand(honest, None, utopia.roles[:1])):
        found = view.read({**files, first: forged}, authority.anchor).roles["XUA"]
        assert (found.version, found.files) == (0, {})
        with pytest.raises(DocumentRefused) as refused:
            view.read(files, authority.anchor).trusted.earlier_role("XUA", forged)
        assert code(refused) == "network-unsigned"


# Digests of files


def test_a_file_of_the_authoritys_own_is_compared_when_it_comes() -> None:
    authority, _ = network("XUA")
    trunk = view.read(authority.files, authority.anchor).trusted
    name = target_name(
        network_metadata.PARTICIPANTS, trunk.targets.targets[network_metadata.PARTICIPANTS]
    )
    other = bytes(len(authority.files[name]))
    verifier = Verifier(authority.anchor)
    with pytest.raises(DocumentRefused) as refused:
        verifier.sync({**authority.files, name: other})
    assert code(refused) == "network-differs"
    # Nothing is asked for after it: its role's metadata was not looked at in its light.
    assert verifier.asked[-1] == name


def test_a_file_of_the_authoritys_own_that_was_damaged_here_is_asked_for_again() -> None:
    authority, _ = network("XUA")
    held = synced(authority).held
    targets = view.read(authority.files, authority.anchor).trusted.targets.targets
    name = target_name(network_metadata.PARTICIPANTS, targets[network_metadata.PARTICIPANTS])
    held[name] = bytes(len(held[name]))
    trunk = TopLevel(held, authority.anchor, AT)
    walk, asked = trunk.run(), list[str]()
    wanted = next(walk)
    while wanted:
        asked += [one for one, _ in wanted]
        try:
            wanted = walk.send({one: authority.files.get(one) for one, _ in wanted})
        except StopIteration:
            break
    assert name in asked
    assert trunk.files[name] == authority.files[name]


def test_a_file_that_is_held_and_is_another_is_refused_when_it_is_read() -> None:
    authority, _ = network("XUA")
    held = synced(authority).held
    found = view.read(held, authority.anchor)
    name = target_name(
        network_metadata.PARTICIPANTS, found.trusted.targets.targets[network_metadata.PARTICIPANTS]
    )
    for other in (bytes(len(held[name])), held[name] + b" "):
        with pytest.raises(DocumentRefused) as refused:
            view.read({**held, name: other}, authority.anchor)
        assert code(refused) == "network-differs"
    own = target_name(
        "XUA/signers.json",
        TargetFile.from_data(
            "XUA/signers.json", found.roles["XUA"].files["XUA/signers.json"], ["sha256"]
        ),
    )
    there = view.read({**held, own: bytes(len(held[own]))}, authority.anchor).roles["XUA"]
    assert (there.problem, there.files) == ("network-differs", {})


def test_a_file_is_the_target_s_by_its_length_and_its_digest() -> None:
    data = b"a signed file"
    file = TargetFile.from_data("XUA/rules.json", data, ["sha256"])
    assert is_file(data, file)
    assert not is_file(b"a signed filf", file)
    assert not is_file(data, TargetFile(len(data) + 1, file.hashes, "XUA/rules.json"))
    sha512 = TargetFile.from_data("XUA/rules.json", data, ["sha512"])
    assert not is_file(data, sha512)


def test_a_delta_that_did_not_come_as_signed_is_not_even_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists = chain(random.Random(1), 2)
    files = {path(2): lists[1].to_bytes(), **steps(lists)}
    (delta,) = (p for p in files if p.endswith(".delta"))
    before = named({path(1): lists[0].to_bytes()})
    read: list[bytes] = []

    class Reading(Delta):
        @classmethod
        def from_bytes(cls, data: bytes, *, most: int = MAX_TAGS) -> Delta:
            read.append(data)
            return Delta.from_bytes(data, most=most)

    monkeypatch.setattr(client, "Delta", Reading)
    there = named(files)
    (name,) = (n for n in there if n.endswith(".delta"))
    for came, is_read in ((bytes(len(files[delta])), False), (files[delta], True)):
        read.clear()
        found = RoleFiles("XUA", role(files), before)
        test_pieces.fetched(found, {**there, name: came})
        assert bool(read) is is_read
        assert found.by_path()[path(2)] == files[path(2)]


@pytest.mark.parametrize("kinds", [["sha512"], ["sha256", "sha512"], []])
def test_a_file_is_named_by_sha_256_and_by_nothing_else(kinds: list[str]) -> None:
    """By another digest beside it, two who look at one each would hold two files for the same."""
    authority, _ = network("XUA")
    at = view.read(authority.files, authority.anchor).published
    metadata = by_hand(authority.files[newest(authority.files, "XUA")], None, [])
    one = Metadata[Targets].from_bytes(metadata).signed
    network_metadata.check_role("XUA", one, published=at)
    data = b"{}"
    file = TargetFile.from_data("XUA/signers.json", data, kinds or ["sha256"])
    if not kinds:
        file.hashes = {"sha256": file.hashes["sha256"].upper()}
    one.targets["XUA/signers.json"] = file
    with pytest.raises(DocumentRefused) as refused:
        network_metadata.check_role("XUA", one, published=at)
    assert code(refused) == "policy-file"


@pytest.mark.parametrize("hashes", [None, {}, {"sha512": "00" * 64}, {"sha256": "", "sha512": ""}])
def test_a_list_of_versions_that_is_logged_binds_by_sha_256_alone(
    hashes: dict[str, str] | None,
) -> None:
    authority = LoggedAuthority()
    utopia = State("XUA")
    authority.admit(utopia)
    utopia.publish()
    found = view.read(authority.files, authority.anchor).trusted
    assert logged.check(authority.files, authority.anchor, found) is not None
    bound = found.snapshot.meta["XUA.json"]
    found.snapshot.meta["XUA.json"] = MetaFile(bound.version)
    found.snapshot.meta["XUA.json"].hashes = hashes
    with pytest.raises(DocumentRefused) as refused:
        logged.check(authority.files, authority.anchor, found)
    assert code(refused) == "log-unbound"


def test_a_file_with_another_set_of_digests_is_not_the_one_that_is_known() -> None:
    """A proposal may leave out what the network has: the same bytes, by every digest that is signed."""
    authority, _ = network("XUA")
    current = view.read(authority.files, authority.anchor)
    name = newest(authority.files, "targets")
    proposed = Metadata[Targets].from_bytes(authority.files[name])
    check_enclosed({"targets": proposed}, {}, current)
    file = proposed.signed.targets[network_metadata.VALUE_SETS]
    for change in (
        {"hashes": {**file.hashes, "sha512": "00" * 64}},
        {"hashes": {"sha256": "00" * 32}},
        {"length": file.length + 1},
    ):
        other = copy.deepcopy(proposed)
        for field, value in change.items():
            setattr(other.signed.targets[network_metadata.VALUE_SETS], field, value)
        with pytest.raises(DocumentRefused) as refused:
            check_enclosed({"targets": other}, {}, current)
        assert code(refused) == "proposal-files"


# Times and versions


@pytest.mark.parametrize(
    ("life", "good"),
    [
        (-SECOND, False), (0 * SECOND, False), (SECOND, True),
        (network_metadata.TIMESTAMP_LIFE, True), (network_metadata.TIMESTAMP_LIFE + SECOND, False),
    ],
)  # fmt: skip
def test_a_timestamp_ends_after_it_was_made_and_before_long(life: timedelta, good: bool) -> None:
    made = {trusted.PUBLISHED: AT.strftime("%Y-%m-%dT%H:%M:%SZ")}
    one = Timestamp(1, expires=AT + life, snapshot_meta=MetaFile(1), unrecognized_fields=made)
    if good:
        assert trusted.published(one) == AT
        return
    with pytest.raises(DocumentRefused) as refused:
        trusted.published(one)
    assert code(refused) == "network-malformed"


@pytest.mark.parametrize("version", [network_metadata.MAX_VERSION + 1, 1 << 70])
def test_a_timestamp_announces_no_version_beyond_all_names(version: int) -> None:
    authority, _ = network()
    data = authority.files[network_metadata.TIMESTAMP_FILE]
    change = put(snapshot_meta=MetaFile(version))
    forged = by_hand(data, change, [authority.online.timestamp])
    found = view.read(authority.files, authority.anchor).trusted
    for believe in (trusted.Trusted(authority.anchor, AT).take_timestamp, found.take_timestamp):
        with pytest.raises(DocumentRefused) as refused:
            believe(forged)
        assert code(refused) == "network-malformed"


def test_a_list_of_versions_is_the_one_that_the_timestamp_announces() -> None:
    authority, (utopia,) = network("XUA")
    earlier = authority.files[newest(authority.files, "snapshot")]
    utopia.publish()
    name = newest(authority.files, "snapshot")
    verifier = Verifier(authority.anchor)
    with pytest.raises(DocumentRefused) as refused:
        verifier.sync({**authority.files, name: earlier})
    assert code(refused) in {"network-differs", "network-rollback"}
    assert verifier.asked[-1] == name


@pytest.mark.parametrize(("after", "code_of"), [(-SECOND, ""), (0 * SECOND, "network-expired")])
def test_a_root_counts_until_the_second_of_its_end(after: timedelta, code_of: str) -> None:
    """Beside a timestamp that has not ended: the online keys alone do not keep a root alive."""
    authority, _ = network()
    end = authority.view.root.expires
    authority.now = end - HOUR
    files: Files = spread(authority, {}, {})
    verifier = Verifier(authority.anchor)
    if not code_of:
        with pytest.raises(DocumentRefused) as late:
            verifier.sync(files, end + after)
        assert "root" not in late.value.message
        return
    with pytest.raises(DocumentRefused) as refused:
        verifier.sync(files, end + after)
    assert (code(refused), refused.value.message.startswith("root ")) == (code_of, True)


# Proofs


def test_a_proof_that_is_held_is_asked_for_anew_after_a_new_root() -> None:
    """It was good for the witnesses that the last root has asked for, and is good no more if they changed."""
    authority = LoggedAuthority()
    verifier = CarefulVerifier(authority.anchor)
    assert verifier.take(authority.files) == ""
    listed, before = newest(authority.files, "snapshot"), dict(authority.files)
    seats = list(proposal.seat_keys(authority.view).values())
    authority.publish(
        proposal.root(authority.view, authority.now, board=authority.board, seats=seats)
    )
    # The moment between the root and the next list, or a mirror that stays in it.
    verifier.asked = []
    root_alone = {name: data for name, data in authority.files.items() if ".root." in name}
    assert verifier.take({**before, **root_alone}) == ""
    assert logged.proof_name(listed) in verifier.asked
