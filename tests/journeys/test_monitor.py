"""Nobody is let in, swapped or claimed unseen: verifiers refuse what is not logged, monitors tell the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Metadata, Targets

from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network import logged, monitor, proposal, view
from pratique.network import metadata as network_metadata
from pratique.network.monitor import MonitorState, Observation, PublicationRecord
from pratique.tlog import witness
from pratique.tlog.checkpoint import Checkpoint, signed
from pratique.tlog.note import Note
from tests.logs import CarefulVerifier, LoggedAuthority, LogInMemory, Watching, swapped
from tests.networks import AT, DAY, HOUR, Authority, State, key
from tests.unit.log import seen


@dataclass
class World:
    authority: LoggedAuthority
    utopia: State
    ruritania: State
    watching: Watching

    def verifier(self) -> CarefulVerifier:
        return CarefulVerifier(self.authority.anchor)


@pytest.fixture
def world() -> World:
    return _founded_anew()


@lru_cache(maxsize=1)
def _founded() -> World:
    """Return one that nobody changes."""
    return _founded_anew()


def _founded_anew() -> World:
    authority = LoggedAuthority()
    utopia, ruritania = State("XUA"), State("XRB")
    authority.admit(utopia, ruritania)
    watching = Watching(utopia, authority)
    watching.publish()
    ruritania.publish()
    return World(authority, utopia, ruritania, watching)


def test_a_network_that_keeps_to_the_log_is_believed_and_raises_no_alarm(world: World) -> None:
    verifier = world.verifier()
    assert verifier.take(world.authority.files) == ""
    assert verifier.proven is not None
    assert verifier.proven.floor == AT
    assert world.watching.look() == []
    world.authority.now += DAY
    world.watching.publish()
    assert verifier.take(world.authority.files, AT + DAY) == ""
    assert verifier.proven.floor == AT + DAY
    assert world.watching.look() == []
    assert world.watching.look() == []


def test_an_unlogged_swap_is_refused_by_every_verifier_old_or_new(world: World) -> None:
    old = world.verifier()
    assert old.take(world.authority.files) == ""
    drafted = world.authority.signed(swapped(world.authority, "XUA", State("XTX")))
    world.authority.accept_unlogged(drafted)
    files = dict(world.authority.files)
    assert {v.take(files) for v in (old, world.verifier())} == {"log-unproven"}
    # Every proof that there ever was, put in its place, is of other bytes.
    snapshot = view.read(files, world.authority.anchor, proven=False).trusted.snapshot.version
    wanted = logged.proof_name(network_metadata.metadata("snapshot", snapshot))
    kept = [data for name, data in files.items() if name.endswith(".proof")]
    assert len(kept) > 3
    for data in kept:
        bent = {**files, wanted: data}
        assert {v.take(bent) for v in (old, world.verifier())} == {"log-inclusion"}
    assert "unlogged" in world.watching.look()


def test_a_logged_swap_is_told_at_the_next_checkpoint(world: World) -> None:
    assert world.watching.look() == []
    world.authority.publish(swapped(world.authority, "XUA", State("XTX")))
    assert world.verifier().take(world.authority.files) == ""
    assert set(world.watching.look()) == {"key-swapped"}
    assert "the keys that speak for us are not ours" in world.watching.told[0]


def test_a_swap_that_was_swapped_back_is_told_too(world: World) -> None:
    assert world.watching.look() == []
    world.authority.publish(swapped(world.authority, "XUA", State("XTX")))
    world.authority.publish(swapped(world.authority, "XUA", world.utopia))
    assert world.watching.look() == ["key-swapped"]
    assert world.watching.look() == []


def test_an_edition_in_our_name_by_stolen_keys_is_told(world: World) -> None:
    world.authority.now += HOUR
    world.utopia.publish()
    assert world.watching.look() == ["edition-unknown"]


def test_which_of_the_hands_signatures_a_file_carries_is_no_alarm(world: World) -> None:
    world.authority.now += HOUR
    drafted = world.utopia.draft()
    world.watching.record = world.watching.record.with_edition(drafted.metadata["XUA"])
    world.authority.publish(drafted, world.utopia.roles[1:])
    assert world.watching.look() == []


def test_an_edition_of_ours_that_is_held_back_is_told(world: World) -> None:
    drafted = world.utopia.draft()
    world.watching.record = world.watching.record.with_edition(drafted.metadata["XUA"])
    assert world.watching.look() == ["edition-missing"]


def test_an_edition_that_is_shown_beside_the_log_is_told(world: World) -> None:
    drafted = world.authority.signed(world.utopia.draft(), world.utopia.roles[:2])
    world.watching.record = world.watching.record.with_edition(drafted.metadata["XUA"])
    world.authority.accept_unlogged(drafted)
    assert world.watching.look().count("unlogged") == 2


def test_a_file_that_the_log_names_and_nobody_shows_is_told(world: World) -> None:
    files = dict(world.authority.files)
    assert Watching.look(world.watching, files=files) == []
    before = files
    world.authority.publish(swapped(world.authority, "XUA", State("XTX")))
    # The log has it; the mirror that is read does not, or shows the old one under the new name.
    assert world.watching.look(files=before) == ["edition-hidden"] * 2
    names_of = [n for n in world.authority.files if n.endswith(".targets.json") and n not in before]
    other = next(n for n in before if n.endswith("2.targets.json"))
    fresh = Watching(world.utopia, world.authority)
    fresh.record = world.watching.record
    assert "edition-hidden" in fresh.look(files={**before, names_of[0]: before[other]})


def test_a_file_that_is_shown_later_than_its_leaf_is_told_once(world: World) -> None:
    before = dict(world.authority.files)
    world.authority.now += HOUR
    world.watching.publish()
    assert "edition-hidden" in world.watching.look(files=before)
    assert world.watching.look() == []


def test_another_file_under_a_logged_name_is_told(world: World) -> None:
    assert world.watching.look() == []
    shown = dict(world.authority.files)
    hidden = LoggedAuthority.__new__(LoggedAuthority)
    hidden.__dict__ |= {**world.authority.__dict__, "files": dict(shown)}
    drafted = swapped(world.authority, "XUA", State("XTX"))
    hidden.accept_unlogged(hidden.signed(drafted))
    world.authority.publish(
        proposal.targets(world.authority.view, world.authority.now, "harmless", files={})
    )
    assert world.watching.look() == []
    assert {"key-swapped", "unlogged"} <= set(world.watching.look(files=hidden.files))


def test_a_claim_on_our_country_is_told(world: World) -> None:
    world.authority.admit(State("XTX", country="XA"))
    assert world.watching.look() == ["country-claimed"]
    assert ", XTX:" in world.watching.told[0]


def test_a_changed_listing_and_a_delisting_are_told(world: World) -> None:
    current, now = world.authority.view, world.authority.now
    listed = dict(current.participants)
    listed["XUA"] = listed["XUA"]._replace(countries=frozenset({"XA", "XZ"}))
    world.authority.publish(proposal.targets(current, now, "more", participants=listed))
    assert set(world.watching.look()) == {"listing-changed"}
    del listed["XUA"]
    world.authority.publish(
        proposal.targets(
            world.authority.view, now, "out", participants=listed, members={"XUA": None}
        )
    )
    assert {"delisted"} <= set(world.watching.look())


def test_a_suspension_is_told(world: World) -> None:
    world.authority.suspend("XUA", world.authority.seats[:3])
    assert world.watching.look() == ["suspended"]


def test_other_witnesses_are_told(world: World) -> None:
    assert world.watching.look() == []
    authority = world.authority
    current = authority.view
    seats = list(proposal.seat_keys(current).values())
    drafted = proposal.root(current, authority.now, board=current.board, seats=seats)
    assert logged.policy_of(drafted.metadata["root"].signed) == authority.log.quorum
    fewer = authority.log.quorum._replace(witnesses=authority.log.quorum.witnesses[:5], needed=3)
    logged.adopt(drafted.metadata, fewer)
    verifier = world.verifier()
    assert verifier.take(authority.files) == ""
    for one in authority.seats[:5]:
        proposal.sign(drafted, one, current)
    authority.accept(drafted)
    assert verifier.take(authority.files) == ""
    assert world.watching.look() == ["policy-changed"]


def test_a_new_root_is_proven_as_the_one_before_it_asks(world: World) -> None:
    """A majority that puts its own witnesses in must do it before the eyes of the old ones."""
    authority = world.authority
    current = authority.view
    seats = list(proposal.seat_keys(current).values())
    drafted = proposal.root(current, authority.now, board=current.board, seats=seats)
    own = LogInMemory()
    cronies = authority.log.quorum._replace(
        witnesses=tuple(seen.witness(n) for n in (20, 21, 22)), needed=2
    )
    logged.adopt(drafted.metadata, cronies)
    for one in authority.seats[:5]:
        proposal.sign(drafted, one, current)
    before = dict(authority.files)
    authority.accept_unlogged(drafted)
    leaves = logged.leaves({n: d for n, d in authority.files.items() if before.get(n) != d})
    own.quorum = cronies
    places = own.append(one.to_bytes() for one in leaves)
    own.note = seen.cosigned(own.checkpoint(), 20, 21, 22)
    files = dict(authority.files)
    for leaf, number in zip(leaves, places, strict=True):
        files[logged.proof_name(leaf.name)] = own.proof(number)
    assert world.verifier().take(files) == "log-quorum"
    files.pop("log/2.root.proof")
    assert world.verifier().take(files) == "log-unproven"


def test_a_list_of_versions_without_digests_is_refused(world: World) -> None:
    """By version alone the online key could show one edition to the log and another one here."""
    trusted = world.authority.view.trusted
    for meta in trusted.snapshot.meta.values():
        meta.hashes = None
    with pytest.raises(DocumentRefused) as refused:
        logged.check(world.authority.files, world.authority.anchor, trusted)
    assert refused.value.code == "log-unbound"


def test_a_fork_is_told_and_nothing_else_is_believed(world: World) -> None:
    assert world.watching.look() == []
    kept = world.watching.watched
    forked = LogInMemory()
    forked.append([b"0" * 64 + b"  metadata/1.root.json\n"] * (world.authority.log.size + 1))
    forked.cosign(AT)
    world.authority.publish(swapped(world.authority, "XUA", State("XTX")))
    assert world.watching.look(log=forked) == ["log-forked"]
    # Its leaves are kept from us, or a few of them.
    assert world.watching.look(forked.note) == ["log-incomplete"]
    assert world.watching.watched == kept
    small = LogInMemory()
    small.append([b"x"])
    small.cosign(AT)
    assert world.watching.look(log=small) == ["log-rollback"]
    assert world.watching.look(world.authority.log.checkpoint()) == ["log-unwitnessed"]
    assert world.watching.watched == kept


def test_a_version_that_stands_there_twice_and_a_leaf_of_nothing_are_told(world: World) -> None:
    assert world.watching.look() == []
    log = world.authority.log
    log.append([log.since(0)[0], b"whatever"])
    log.cosign(AT)
    assert world.watching.look() == ["edition-double", "leaf-unknown"]


def test_a_network_without_a_log_says_so() -> None:
    plain = Authority()
    state = State("XUA")
    plain.admit(state)
    state.publish()
    verifier = CarefulVerifier(plain.anchor)
    assert verifier.take(plain.files) == ""
    assert verifier.proven is None
    came = monitor.Log(b"x", lambda _start, _end: [], plain.files.get)
    record = PublicationRecord("XUA", frozenset({"XA"}), (), 2)
    found = monitor.watched(record, plain.view, came, MonitorState(), at=AT)
    assert [one.code for one in found.alarms] == ["log-none"]


def test_a_log_is_adopted_before_anybody_has_signed() -> None:
    plain = Authority()
    quorum = seen.quorum()
    with pytest.raises(UsageError):
        logged.adopt({}, quorum)
    with pytest.raises(DocumentRefused):
        logged.adopt({}, quorum._replace(needed=3))
    seats = list(proposal.seat_keys(plain.view).values())
    drafted = proposal.root(plain.view, plain.now, board=plain.board, seats=seats)
    proposal.sign(drafted, plain.seats[0], plain.view)
    with pytest.raises(UsageError):
        logged.adopt(drafted.metadata, quorum)


@pytest.mark.parametrize(
    "field",
    [None, [], "x", {}, {"log": "x", "witnesses": [], "quorum": 1}, {"log": 1, "witnesses": 1, "quorum": True}],
)  # fmt: skip
def test_a_root_that_does_not_say_which_log_is_refused(field: object) -> None:
    root = Authority().view.root
    root.unrecognized_fields[logged.FIELD] = field
    with pytest.raises(DocumentRefused) as refused:
        logged.policy_of(root)
    assert refused.value.code in {"log-policy", "log-key"}


def test_the_floor_is_where_the_witnesses_say(world: World) -> None:
    authority = world.authority
    authority.now += timedelta(minutes=90)
    before = dict(authority.files)
    Authority.accept(
        authority, authority.signed(world.ruritania.draft(), world.ruritania.roles[:2])
    )
    written = {n: d for n, d in authority.files.items() if before.get(n) != d}
    authority.enter(written, range(5))
    verifier = world.verifier()
    assert verifier.take(authority.files, authority.now) == ""
    assert verifier.proven is not None
    assert verifier.proven.floor == authority.now
    world.authority.enter({}, range(4))


def test_four_witnesses_of_five_are_not_enough(world: World) -> None:
    authority = world.authority
    before = dict(authority.files)
    Authority.accept(
        authority, authority.signed(world.ruritania.draft(), world.ruritania.roles[:2])
    )
    authority.enter({n: d for n, d in authority.files.items() if before.get(n) != d}, range(4))
    assert world.verifier().take(authority.files) == "log-quorum"


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"format": "pratique-published-1"}', b'{"format": "pratique-watched-1"}']
)  # fmt: skip
def test_a_damaged_record_is_refused(data: bytes) -> None:
    for kind in (PublicationRecord, MonitorState):
        with pytest.raises(DocumentRefused) as refused:
            kind.from_bytes(data)
        assert refused.value.code in {"record-malformed", "json-unreadable"}


def test_records_are_written_and_read(world: World) -> None:
    record = world.watching.record
    assert PublicationRecord.from_bytes(record.to_bytes()) == record
    world.watching.look()
    assert world.watching.watched.size == world.authority.log.size


# Drafts and keys


def test_every_draft_that_was_signed_is_ours_and_an_older_one_is_told(world: World) -> None:
    first = world.utopia.draft()
    world.authority.now += HOUR
    second = world.utopia.draft()
    record = world.watching.record
    for drafted in (first, second, second):
        record = record.with_edition(drafted.metadata["XUA"])
    version = second.versions()["XUA"]
    assert len(record.editions[version]) == 2
    world.watching.record = PublicationRecord.from_bytes(record.to_bytes())
    world.authority.publish(second, world.utopia.roles[:2])
    assert world.watching.look() == []
    other = Watching(world.utopia, world.authority)
    other.record = record.with_edition(first.metadata["XUA"])
    assert other.look() == ["edition-replaced"]


def _rekeyed(world: World, *names_: str) -> frozenset[str]:
    """Let the seats have other keys speak for Utopia."""
    public = tuple(key(f"XUA role {name}").public_key for name in names_)
    members = {"XUA": proposal.RoleKeys(public, 2)}
    current = world.authority.view
    world.authority.publish(proposal.targets(current, world.authority.now, "x", members=members))
    return frozenset(map(network_metadata.keyid, public))


def test_keys_that_follow_upon_keys_are_ours_and_old_ones_do_not_come_back(world: World) -> None:
    assert world.watching.look() == []
    old, both, new = "012", "012abc", "abc"
    kept = world.watching.record
    found = [
        frozenset(network_metadata.keyid(key(f"XUA role {n}").public_key) for n in one)
        for one in (both, new)
    ]
    # Whoever notes the new ones late knows of the time of both.
    assert kept.with_keys(found[1]) == kept.with_keys(*found)
    world.watching.record = PublicationRecord.from_bytes(kept.with_keys(*found).to_bytes())
    for one in (both, new):
        _rekeyed(world, *one)
        assert world.watching.look() == []
    _rekeyed(world, *old)
    assert set(world.watching.look()) == {"key-swapped"}


def test_keys_that_the_participant_has_not_noted_are_told(world: World) -> None:
    assert world.watching.look() == []
    _rekeyed(world, *"012abc")
    assert set(world.watching.look()) == {"key-swapped"}


def _entered(world: World, name: str, metadata: Metadata[Any] | bytes) -> None:
    """Have the log enter a file that no policy has seen."""
    data = metadata if isinstance(metadata, bytes) else metadata.to_bytes()
    world.authority.files[name] = data
    world.authority.log.append([logged.leaf(name, data).to_bytes()])
    world.authority.log.cosign(world.authority.now)


def test_another_key_under_our_identifier_is_told(world: World) -> None:
    assert world.watching.look() == []
    metadata = Metadata[Targets].from_bytes(_newest(world, "targets"))
    ours = metadata.signed.delegations
    assert ours is not None
    thief = network_metadata.public(key("thief").public_key)
    for keyid in list(ours.keys):
        if keyid in world.watching.record.keys[0]:
            ours.keys[keyid] = SSlibKey(keyid, thief.keytype, thief.scheme, thief.keyval)
            break
    _entered(world, "metadata/99.targets.json", metadata)
    assert "key-swapped" in world.watching.look()


def _newest(world: World, role: str) -> bytes:
    found = [name for name in world.authority.files if name.endswith(f".{role}.json")]
    return world.authority.files[max(found, key=lambda name: int(name[9:].partition(".")[0]))]


# A hostile log


def test_files_of_another_kind_under_a_logged_name_are_told(world: World) -> None:
    assert world.watching.look() == []
    version, kinds = 50, ("root", "snapshot", "targets", "XUA")
    there = {one: _newest(world, one) for one in kinds}
    there["timestamp"] = world.authority.files[network_metadata.TIMESTAMP_FILE]
    for role in ("targets", "root", "XUA"):
        for other, data in there.items():
            version += 1
            _entered(world, f"metadata/{version}.{role}.json", data)
            told = world.watching.look()
            # A participant's metadata is of the same kind as the authority's, but lists nobody.
            fits = role == other or (role, other) == ("XUA", "targets")
            assert ("edition-hidden" in told) is not fits, (role, other)
    for data in (b"", b"[]", b"{}", b"[" * 100_000, b"{" + b'"a":{' * 5000, b"\xff" * 99):
        version += 1
        _entered(world, f"metadata/{version}.targets.json", data)
        assert "edition-hidden" in world.watching.look()


def _bent(value: Any, draw: Random) -> Any:
    """Change something, anywhere."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice(sorted(value))
        value = dict(value)
        if draw.random() < 0.15:
            del value[name]
        else:
            value[name] = _bent(value[name], draw)
        return value
    if isinstance(value, list) and value and draw.random() < 0.8:
        at = draw.randrange(len(value))
        return [*value[:at], _bent(value[at], draw), *value[at + 1 :]]
    return draw.choice(
        [None, "", "x", "../../x", -1, 0, 2**70, 1.5, [], {}, True, ["x"], {"x": {}}]
    )


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(["targets", "root", "XUA"]), st.randoms(use_true_random=False))
def test_no_file_in_the_log_ends_the_looking(role: str, draw: Random) -> None:
    world = _founded()
    data = json.dumps(_bent(json.loads(_newest(world, role)), draw)).encode()
    leaf = logged.leaf(f"metadata/9999.{role}.json", data)
    files = {**world.authority.files, leaf.name: data}
    looked = Observation(world.watching.record, files.get, MonitorState())
    looked.look(leaf.to_bytes())
    looked.look(logged.leaf("metadata/1.XUA.json", b"").to_bytes())
    # Whatever the file was, the next leaf is looked at.
    assert "edition-hidden" in [one.code for one in looked.alarms]


def test_no_leaf_is_asked_for_before_the_witnesses_have_seen_so_many(world: World) -> None:
    def leaves(start: int, end: int) -> list[bytes]:
        raise AssertionError((start, end))

    def look(note: Note) -> list[str]:
        log = monitor.Log(note.to_bytes(), leaves, world.authority.files.get)
        found = monitor.watched(
            world.watching.record, world.authority.view, log, MonitorState(), at=world.authority.now
        )
        assert found.watched == MonitorState()
        return [one.code for one in found.alarms]

    at = int(AT.timestamp())
    huge = signed(Checkpoint(seen.ORIGIN, 2**62, bytes(32)), seen.key(seen.ORIGIN))
    assert look(huge) == ["log-unwitnessed"]
    assert look(seen.cosigned(huge, *range(5), at=at)) == ["log-flooded"]
    small = signed(Checkpoint(seen.ORIGIN, 5, bytes(32)), seen.key(seen.ORIGIN))
    assert look(small) == ["log-unwitnessed"]
    for data in (b"", b"x", b"\xff", small.to_bytes()[:-1], small.to_bytes() * 2000):
        log = monitor.Log(data, leaves, world.authority.files.get)
        found = monitor.watched(
            world.watching.record, world.authority.view, log, MonitorState(), at=world.authority.now
        )
        assert [one.code for one in found.alarms] == ["log-unwitnessed"]


def test_a_swap_is_not_buried_under_other_alarms(world: World) -> None:
    assert world.watching.look() == []
    log = world.authority.log
    log.append([b"junk %d" % number for number in range(3000)])
    log.append([f"{'0' * 64}  metadata/{n}.XUA.json\n".encode() for n in range(50, 1050)])
    world.authority.publish(swapped(world.authority, "XUA", State("XTX")))
    told = world.watching.look()
    assert "key-swapped" in told
    assert len(told) < 500
    assert "and more: the log holds a leaf that names no file of metadata" in world.watching.told


def test_a_look_that_is_cut_short_goes_on_from_there(world: World) -> None:
    """At whatever file the connection ends, or the time: nothing is passed over, nothing told for another."""
    world.authority.publish(swapped(world.authority, "XUA", State("XTX")))
    world.authority.publish(swapped(world.authority, "XUA", world.utopia))
    files, log = world.authority.files, world.authority.log
    held, left = world.authority.view.used, 0

    def read(name: str) -> bytes | None:
        nonlocal left
        # What was synced is at hand.
        left -= name not in held
        if left < 0 and name not in held:
            raise Unreadable("network-unreachable", "it broke off")
        return files.get(name)

    def look(kept: MonitorState) -> monitor.MonitorReport:
        came = monitor.Log(log.note.to_bytes(), log.between, read)
        found = monitor.watched(
            world.watching.record, world.authority.view, came, kept, at=world.authority.now
        )
        return found._replace(watched=MonitorState.from_bytes(found.watched.to_bytes()))

    left = 10_000
    whole = look(MonitorState())
    assert {one.code for one in whole.alarms} == {"key-swapped"}
    for most in range(2, 7):
        kept, told, looks = MonitorState(), set(), 0
        while kept.size < log.size:
            left, before = most, kept.size
            found = look(kept)
            kept, looks = found.watched, looks + 1
            assert kept.size > before
            assert (kept.size == log.size) or "log-unread" in {one.code for one in found.alarms}
            told |= set(found.alarms)
        assert looks > 1
        left = 10_000
        told |= set(look(kept).alarms)
        assert {one for one in told if one.code != "log-unread"} == set(whole.alarms)
        assert kept == whole.watched


# Held back


def test_a_monitor_that_is_held_back_alone_says_so(world: World) -> None:
    """It is shown yesterday's log and network, while the others see a swap."""
    authority, record = world.authority, world.watching.record
    assert world.watching.look() == []
    shown, kept = dict(authority.files), authority.log.note
    authority.now += DAY
    authority.publish(swapped(authority, "XUA", State("XTX")))
    old = Watching(world.utopia, authority)
    old.record, old.watched = record, world.watching.watched
    assert old.look(kept, shown, at=AT + DAY) == []
    assert old.look(kept, shown, at=AT + 3 * DAY) == ["network-old"]
    assert old.look(kept, shown, at=AT + 8 * DAY) == ["log-old", "network-old"]
    # The keys that are online can make its timestamp new; a witness that has seen more gives it no time.
    with pytest.raises(DocumentRefused) as refused:
        cosigned_again(authority, kept)
    assert refused.value.code in {"log-request", "log-conflict"}


def cosigned_again(authority: LoggedAuthority, note: Note) -> None:
    log = authority.log
    request = witness.CosignatureRequest(log.memories[0].held(seen.ORIGIN).size, (), note)
    at = int(authority.now.timestamp())
    witness.cosigned(request, log.witnesses[0], log.memories[0], at=at)


def test_a_log_that_is_cosigned_anew_is_young_again(world: World) -> None:
    authority = world.authority
    assert world.watching.look() == []
    authority.log.cosign(AT + 8 * DAY)
    assert "log-old" not in world.watching.look(at=AT + 8 * DAY)
    assert "log-ahead" in world.watching.look(at=AT)


@pytest.mark.parametrize(
    ("member", "bend"),
    [
        ("size", lambda size: size + 2**40),
        ("size", lambda _: -1),
        ("hashes", lambda _: []),
        ("hashes", lambda hashes: [one[:-2] for one in hashes]),
        ("keys", lambda _: None),
        ("listed", lambda _: 1),
        ("newest", lambda _: {"root": [1]}),
    ],
    ids=list("1234567"),
)
def test_a_state_that_was_damaged_is_refused(
    world: World, member: str, bend: Callable[[Any], Any]
) -> None:
    world.watching.look()
    row = json.loads(world.watching.watched.to_bytes())
    row[member] = bend(row[member])
    with pytest.raises(DocumentRefused) as refused:
        MonitorState.from_bytes(json.dumps(row).encode())
    assert refused.value.code == "record-malformed"
