"""A sync of a network with a log: what is asked for, what is kept, what stolen online keys can still do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest
from tuf.api.metadata import Snapshot

from pratique.compile import compiled
from pratique.errors import DocumentRefused
from pratique.network import logged, metadata, proposal, publish, view
from pratique.store import network
from pratique.tlog import checkpoint
from tests.logs import CarefulVerifier, LoggedAuthority, Watching
from tests.networks import AT, DAY, HOUR, Authority, State, Verifier, codes, key
from tests.unit.log import seen

Files = dict[str, bytes]


def town(kind: type[Authority] = LoggedAuthority) -> tuple[Authority, State]:
    """Return an authority, and a state with a signer that it has withdrawn in its second edition."""
    authority, utopia = kind(), State("XUA", signers=2)
    authority.admit(utopia)
    utopia.publish()
    return authority, utopia


def watched_town() -> tuple[Authority, State, Watching]:
    """Return a town in which the state has published twice, and its monitor."""
    authority, utopia = LoggedAuthority(), State("XUA", signers=2)
    authority.admit(utopia)
    watching = Watching(utopia, authority)
    watching.publish()
    watching.publish()
    return authority, utopia, watching


def newest(files: Mapping[str, bytes], role: str) -> int:
    numbers = [
        int(name.split("/")[1].split(".")[0]) for name in files if name.endswith(f".{role}.json")
    ]
    return max(numbers)


def rolled_back(authority: Authority, role: str, version: int) -> Files:
    """Announce an older edition of one role, with both online keys, over the newest of all else."""
    current, files = authority.view, authority.files
    described = {
        **current.trusted.snapshot.meta,
        f"{role}.json": logged.described(files, role, version),
    }
    made = publish.listed(current.trusted.snapshot, described, authority.online, authority.now)
    made |= publish.timestamp(files, made, authority.online, authority.now)
    return {**files, **made}


def asked(verifier: Verifier) -> set[str]:
    found, verifier.asked = set(verifier.asked), []
    return found


# What is asked for, and kept


def test_a_proof_is_fetched_once_and_goes_with_its_list() -> None:
    authority, utopia = town()
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    first = logged.proof_name(metadata.metadata("snapshot", newest(authority.files, "snapshot")))
    assert first in asked(verifier)
    assert first in verifier.held
    verifier.sync(authority.files)
    assert not {name for name in asked(verifier) if name.startswith("log/")}
    utopia.publish()
    verifier.sync(authority.files)
    second = logged.proof_name(metadata.metadata("snapshot", newest(authority.files, "snapshot")))
    assert {name for name in asked(verifier) if name.startswith("log/")} == {second}
    assert {name for name in verifier.held if name.startswith("log/")} == {second}


def test_a_network_without_a_log_asks_for_no_proof() -> None:
    authority, _ = town(Authority)
    verifier = Verifier(authority.anchor)
    assert verifier.sync(authority.files).view.proven is None
    assert not {name for name in asked(verifier) if name.startswith("log/")}


def test_what_is_exported_is_believed_where_it_is_imported() -> None:
    authority, _ = town()
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    packed = network.to_archive(verifier.held)
    again = Verifier(authority.anchor)
    again.sync(verifier.held)
    assert network.to_archive(again.held) == packed
    assert view.read(again.held, authority.anchor).proven is not None


@pytest.mark.parametrize("ending", [".proof", ".snapshot.json"])
def test_what_is_held_without_its_proof_is_not_believed_at_the_next_start(ending: str) -> None:
    authority, _ = town()
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    bare = {name: data for name, data in verifier.held.items() if not name.endswith(ending)}
    with pytest.raises(DocumentRefused) as caught:
        view.read(bare, authority.anchor)
    assert caught.value.code in {"log-unproven", "network-missing"}


def test_new_roots_are_proven_and_so_is_the_list_by_their_witnesses() -> None:
    authority, utopia = town()
    old, far = Verifier(authority.anchor), Verifier(authority.anchor)
    old.sync(authority.files)
    for _ in range(3):
        seats = list(proposal.seat_keys(authority.view).values())
        authority.publish(
            proposal.root(authority.view, authority.now, board=authority.board, seats=seats)
        )
    utopia.publish()
    for verifier in (old, far):
        verifier.sync(authority.files)
        proofs = {name for name in verifier.held if name.endswith(".root.proof")}
        assert proofs == {f"log/{number}.root.proof" for number in (2, 3, 4)}
    for number in (2, 3, 4):
        name = f"log/{number}.root.proof"
        bare = {n: d for n, d in authority.files.items() if n != name}
        assert CarefulVerifier(authority.anchor).take(bare) == "log-unproven"


# Stolen online keys


def test_an_older_edition_of_one_is_not_believed_by_somebody_new() -> None:
    authority, utopia = town()
    stolen = utopia.issue()
    utopia.withdrawn[0] = "key-compromise"
    utopia.publish()
    back = rolled_back(authority, "XUA", newest(authority.files, "XUA") - 1)
    fresh = CarefulVerifier(authority.anchor)
    assert fresh.take(back) == "log-unproven"
    assert not fresh.held
    # No proof that there ever was fits.
    name = logged.proof_name(metadata.metadata("snapshot", newest(back, "snapshot")))
    for data in [data for one, data in authority.files.items() if one.endswith(".proof")]:
        assert fresh.take({**back, name: data}) == "log-inclusion"
    assert fresh.take(authority.files) == ""
    assert "SIGNER_WITHDRAWN" in codes(fresh.verify(stolen))


def test_without_a_log_somebody_new_believes_it() -> None:
    """The positive control: the attack is a real one, and only those who synced before see it."""
    authority, utopia = town(Authority)
    stolen, old = utopia.issue(), Verifier(authority.anchor)
    utopia.withdrawn[0] = "key-compromise"
    utopia.publish()
    old.sync(authority.files)
    back = rolled_back(authority, "XUA", newest(authority.files, "XUA") - 1)
    fresh = Verifier(authority.anchor)
    fresh.sync(back)
    assert "SIGNER_WITHDRAWN" not in codes(fresh.verify(stolen))
    with pytest.raises(DocumentRefused):
        old.sync(back)


def test_with_the_logs_key_too_it_is_seen_by_the_state_and_by_the_authority() -> None:
    """Whoever has all three online keys can have it cosigned: then it cannot be hidden."""
    authority, utopia, watching = watched_town()
    assert isinstance(authority, LoggedAuthority)
    assert watching.look() == []
    honest = dict(authority.files)
    back = rolled_back(authority, "XUA", newest(honest, "XUA") - 1)
    authority.files = dict(back)
    authority.enter({name: data for name, data in back.items() if honest.get(name) != data})
    shown = dict(authority.files)
    assert CarefulVerifier(authority.anchor).take(shown) == ""
    fresh = Watching(utopia, authority)
    fresh.record = watching.record
    assert {"rolled-back", "edition-missing"} <= set(fresh.look(files=shown))
    # Shown to the victims alone: what all others see goes on over the honest edition, and the log tells.
    authority.files = {n: d for n, d in shown.items() if n not in back or n in honest}
    authority.files |= {n: honest[n] for n in honest}
    spread = dict(authority.files)
    assert watching.look(files={**spread, **honest}) == ["edition-hidden"]
    utopia.publish()
    assert "edition-double" in watching.look()


def test_lists_that_were_counted_far_ahead_are_told_until_the_keys_are_replaced() -> None:
    """Whoever stole the online keys and the log's can do it; new keys end it, and the alarms with it."""
    authority, _, watching = watched_town()
    assert isinstance(authority, LoggedAuthority)
    assert watching.look() == []
    trunk, honest = authority.view.trusted.snapshot, dict(authority.files)
    ahead = Snapshot(9_999, expires=trunk.expires)
    made = publish.listed(ahead, trunk.meta, authority.online, authority.now)
    authority.enter(made)
    authority.files = {**honest, **made}
    watching.publish()
    assert watching.look() == ["edition-double"]
    watching.publish()
    assert watching.look() == ["edition-double"]
    authority.online = publish.OnlineKeys(key("another list's"), key("another timestamp's"))
    kept = proposal.Online(*(one.public_key for one in authority.online))
    seats = list(proposal.seat_keys(authority.view).values())
    newer = proposal.root(
        authority.view, authority.now, board=authority.board, seats=seats, online=kept
    )
    authority.publish(newer)
    assert watching.look() == []
    watching.publish()
    assert watching.look() == []
    assert CarefulVerifier(authority.anchor).take(authority.files) == ""


def test_a_list_that_leaves_the_state_out_is_seen() -> None:
    authority, utopia, watching = watched_town()
    assert isinstance(authority, LoggedAuthority)
    assert watching.look() == []
    trunk = authority.view.trusted.snapshot
    described = {name: one for name, one in trunk.meta.items() if name != "XUA.json"}
    made = publish.listed(trunk, described, authority.online, authority.now)
    made |= publish.timestamp(authority.files, made, authority.online, authority.now)
    authority.files |= made
    authority.enter(made)
    assert "rolled-back" in watching.look()
    # A state that has published nothing yet has nothing that could be left out.
    assert utopia.code in authority.view.participants


# Clocks


def accepted_at(authority: LoggedAuthority, utopia: State, seconds: timedelta) -> None:
    """Publish an edition whose witnesses take it to be another time."""
    before = dict(authority.files)
    signed = authority.signed(utopia.draft(), utopia.roles[:2])
    Authority.accept(authority, signed)
    now = authority.now
    authority.now += seconds
    authority.enter({n: d for n, d in authority.files.items() if before.get(n) != d})
    authority.now = now


def test_witnesses_that_are_ahead_of_the_clock_are_not_believed() -> None:
    authority, utopia = town()
    assert isinstance(authority, LoggedAuthority)
    accepted_at(authority, utopia, HOUR)
    assert CarefulVerifier(authority.anchor).take(authority.files, AT) == ""
    accepted_at(authority, utopia, HOUR + timedelta(seconds=1))
    assert CarefulVerifier(authority.anchor).take(authority.files, AT) == "network-future"
    assert CarefulVerifier(authority.anchor).take(authority.files, AT + HOUR) == ""


def test_what_witnesses_have_said_is_a_floor_for_the_clock() -> None:
    authority, utopia = town()
    assert isinstance(authority, LoggedAuthority)
    text = utopia.issue()
    accepted_at(authority, utopia, HOUR)
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files, AT)
    roll = compiled(view.read(verifier.held, authority.anchor)).roll
    assert roll is not None
    assert roll.floor == int((AT + HOUR).timestamp()) > roll.published
    slack = timedelta(minutes=5)
    assert "CLOCK_BEHIND" in codes(verifier.verify(text, AT + HOUR - DAY))
    assert "CLOCK_BEHIND" not in codes(verifier.verify(text, AT + HOUR + slack))


@pytest.mark.parametrize("at", [1 << 40, (1 << 63) - 1])
def test_no_time_of_the_witnesses_raises_anything(at: int) -> None:
    authority, _ = town()
    name = logged.proof_name(metadata.metadata("snapshot", newest(authority.files, "snapshot")))
    head, _, note = authority.files[name].partition(b"\n\n")
    text = note.partition("\N{EM DASH}".encode())[0].decode().removesuffix("\n")
    own = next(
        line
        for line in note.decode().splitlines()
        if line.startswith(f"\N{EM DASH} {seen.ORIGIN} ")
    )
    lines = [own, *(_cosigned(text, number, at) for number in range(5))]
    bent = head + b"\n\n" + text.encode() + b"\n" + "".join(f"{one}\n" for one in lines).encode()
    found = CarefulVerifier(authority.anchor).take({**authority.files, name: bent})
    assert found in {"log-cosignature", "network-future"}


def _cosigned(text: str, number: int, at: int) -> str:
    name = seen.witness(number).name
    return checkpoint.cosign(text, name, seen.key(name), at=at).to_text().removesuffix("\n")


# Publishing


def parts(proposed: proposal.Proposal, authority: Authority) -> Iterable[Files]:
    made = publish.prepared(authority.files, proposed, authority.online, at=authority.now)
    yield made
    yield publish.announced(authority.files, made, authority.online, at=authority.now)


def test_what_is_prepared_is_not_in_force_before_it_is_announced() -> None:
    authority, utopia = town()
    before = dict(authority.files)
    signed = authority.signed(utopia.draft(), utopia.roles[:2])
    made, timestamp = parts(signed, authority)
    assert metadata.TIMESTAMP_FILE not in made
    assert set(timestamp) == {metadata.TIMESTAMP_FILE}
    version = newest(before, "snapshot")
    there = view.read({**before, **made}, authority.anchor)
    assert there.trusted.snapshot.version == version
    after = view.read({**before, **made, **timestamp}, authority.anchor, proven=False)
    assert after.trusted.snapshot.version == version + 1
    assert publish.relisted(authority.view, authority.online, at=AT) == {}
    late = AT + timedelta(days=5, seconds=1)
    relisted = publish.relisted(authority.view, authority.online, at=late)
    assert set(relisted) == {metadata.metadata("snapshot", version + 1)}
    assert set(publish.timed(authority.files, authority.online, at=late)) == {
        metadata.TIMESTAMP_FILE
    }


def test_a_root_that_has_ended_is_named() -> None:
    """The timestamp is made by the hour and has not ended: whoever reads it must look for the seats."""
    authority, _ = town()
    authority.now = AT + timedelta(days=366)
    with pytest.raises(DocumentRefused) as caught:
        Verifier(authority.anchor).sync(authority.files, authority.now)
    assert caught.value.code == "network-expired"
    assert caught.value.message.startswith("root ")
    assert "seats" in caught.value.message
