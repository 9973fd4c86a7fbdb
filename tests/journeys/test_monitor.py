"""Nobody is let in, swapped or claimed unseen: verifiers refuse what is not logged, monitors tell the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.journeys import monitor
from pratique.log.note import Note
from pratique.network import drafts, logged, names, proposal, view
from pratique.network.record import Record, Watched
from tests.logs import CarefulVerifier, LoggedAuthority, LogInMemory, Watching, swapped
from tests.networks import AT, DAY, HOUR, Authority, State
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
    wanted = logged.proof_name(names.metadata("snapshot", snapshot))
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
    assert world.watching.look(files=before) == ["edition-hidden"]
    names_of = [n for n in world.authority.files if n.endswith(".targets.json") and n not in before]
    other = next(n for n in before if n.endswith("2.targets.json"))
    fresh = Watching(world.utopia, world.authority)
    fresh.record = world.watching.record
    assert "edition-hidden" in fresh.look(files={**before, names_of[0]: before[other]})


def test_another_file_under_a_logged_name_is_told(world: World) -> None:
    assert world.watching.look() == []
    shown = dict(world.authority.files)
    hidden = LoggedAuthority.__new__(LoggedAuthority)
    hidden.__dict__ |= {**world.authority.__dict__, "files": dict(shown)}
    drafted = swapped(world.authority, "XUA", State("XTX"))
    hidden.accept_unlogged(hidden.signed(drafted))
    world.authority.publish(
        drafts.targets(world.authority.view, world.authority.now, "harmless", files={})
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
    world.authority.publish(drafts.targets(current, now, "more", participants=listed))
    assert set(world.watching.look()) == {"listing-changed"}
    del listed["XUA"]
    world.authority.publish(
        drafts.targets(world.authority.view, now, "out", participants=listed, members={"XUA": None})
    )
    assert {"delisted"} <= set(world.watching.look())


def test_a_suspension_is_told(world: World) -> None:
    world.authority.suspend("XUA", world.authority.seats[:3])
    assert world.watching.look() == ["suspended"]


def test_other_witnesses_are_told(world: World) -> None:
    assert world.watching.look() == []
    authority = world.authority
    current = authority.view
    seats = list(drafts.seat_keys(current).values())
    drafted = drafts.root(current, authority.now, board=current.board, seats=seats)
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
    seats = list(drafts.seat_keys(current).values())
    drafted = drafts.root(current, authority.now, board=current.board, seats=seats)
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
    note = forked.cosign(AT)
    world.authority.publish(swapped(world.authority, "XUA", State("XTX")))
    assert world.watching.look(note) == ["log-forked"]
    assert world.watching.watched == kept
    small = LogInMemory()
    small.append([b"x"])
    assert world.watching.look(small.cosign(AT)) == ["log-rollback"]
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
    came = monitor.Log(Note("x\n", ()), [], plain.files.get)
    record = Record("XUA", frozenset({"XA"}), frozenset(), 2)
    found = monitor.watched(record, plain.view, came, Watched())
    assert [one.code for one in found.alarms] == ["log-none"]


def test_a_log_is_adopted_before_anybody_has_signed() -> None:
    plain = Authority()
    quorum = seen.quorum()
    with pytest.raises(UsageError):
        logged.adopt({}, quorum)
    with pytest.raises(DocumentRefused):
        logged.adopt({}, quorum._replace(needed=3))
    seats = list(drafts.seat_keys(plain.view).values())
    drafted = drafts.root(plain.view, plain.now, board=plain.board, seats=seats)
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
    for kind in (Record, Watched):
        with pytest.raises(DocumentRefused) as refused:
            kind.from_bytes(data)
        assert refused.value.code in {"record-malformed", "json-unreadable"}


def test_records_are_written_and_read(world: World) -> None:
    record = world.watching.record
    assert Record.from_bytes(record.to_bytes()) == record
    world.watching.look()
    assert world.watching.watched.size == world.authority.log.size
