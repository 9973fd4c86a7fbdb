"""What was believed before a refusal, or an interruption, is the next sync's floor; in force it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pratique.errors import DocumentRefused
from pratique.network import logged, metadata, proposal, publish, view
from pratique.network.client import Sync
from tests.cheats import Files, by_hand, network, newest, put, refused, synced
from tests.logs import LoggedAuthority
from tests.networks import AT, HOUR, Authority, State, Verifier, codes, key

SPOILED = b"{}"


def states(kind: type[Authority] = Authority, times: int = 3) -> tuple[Authority, list[Files]]:
    """Return a network, and its repository after each of the editions of its one state."""
    authority, state = kind(), State("XUA")
    authority.admit(state)
    state.publish()
    found = [dict(authority.files)]
    for _ in range(times):
        authority.now += HOUR
        state.publish()
        found.append(dict(authority.files))
    return authority, found


def rotated(authority: Authority, name: str) -> None:
    """Have the seats replace the online keys."""
    online = publish.OnlineKeys(key(f"{name} snapshot"), key(f"{name} timestamp"))
    kept = proposal.Online(online.snapshot.public_key, online.timestamp.public_key)
    seats = [seat.public_key for seat in authority.seats]
    drafted = proposal.root(
        authority.view, authority.now, board=authority.board, seats=seats, online=kept
    )
    authority.signed(drafted)
    authority.online = online
    authority.accept(drafted)


def holding(authority: Authority, files: Files) -> Verifier:
    verifier = Verifier(authority.anchor)
    verifier.sync(files, authority.now)
    return verifier


def spoil(files: Files, *ending: str) -> Files:
    """Return the repository with the newest metadata of roles spoiled."""
    return {**files, **{newest(files, role): SPOILED for role in ending}}


@pytest.mark.parametrize("kind", [Authority, LoggedAuthority])
@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_an_older_timestamp_is_refused_after_a_newer_one_that_came_with_spoiled_company(
    role: str, kind: type[Authority]
) -> None:
    authority, editions = states(kind)
    verifier = holding(authority, editions[0])
    # What is spoiled is the version that the newest names, so that none of it is held.
    fresh = Verifier(authority.anchor)
    for one in (verifier, fresh):
        files = spoil(editions[2], role)
        if role == "targets" and one is verifier:
            # The same targets as are held: they are not asked for again.
            assert one.sync(files, authority.now).view.trusted.timestamp.version
            continue
        refused(one, files, authority.now)
        before = dict(one.held)
        assert refused(one, editions[1], authority.now) == "network-rollback"
        assert one.held == before
        one.sync(editions[3], authority.now)
        assert not one.believed


def test_without_what_was_believed_the_older_one_would_be_taken() -> None:
    """The control."""
    authority, editions = states()
    verifier = holding(authority, editions[0])
    refused(verifier, spoil(editions[2], "snapshot"), authority.now)
    verifier.believed = {}
    verifier.sync(editions[1], authority.now)


def test_what_is_in_force_is_the_last_whole_state() -> None:
    authority, (state,) = network("XUA")
    text, verifier = state.issue(), synced(authority)
    held = dict(verifier.held)
    state.revoke(text)
    state.publish()
    refused(verifier, spoil(authority.files, "snapshot"))
    assert verifier.held == held
    assert metadata.TIMESTAMP_FILE in verifier.believed
    assert codes(verifier.verify(text)) == ["NO_RULES"]
    verifier.sync(authority.files)
    assert codes(verifier.verify(text)) == ["REVOKED"]


@pytest.mark.parametrize("kind", [Authority, LoggedAuthority])
def test_a_root_that_was_verified_stays_the_root(kind: type[Authority]) -> None:
    authority, editions = states(kind, 1)
    verifier = holding(authority, editions[1])
    authority.now += HOUR
    rotated(authority, "new")
    after = dict(authority.files)
    refused(verifier, {**after, metadata.TIMESTAMP_FILE: SPOILED}, authority.now)
    assert "metadata/2.root.json" in verifier.believed
    assert "metadata/2.root.json" not in verifier.held
    # The keys that it has replaced sign nothing any more, though the root is withheld now.
    assert refused(verifier, editions[1], authority.now) == "network-unsigned"
    found = verifier.sync(after, authority.now)
    assert "root" in found.changed
    assert "metadata/2.root.json" in verifier.held
    assert view.read(verifier.held, authority.anchor).root.version == 2


def test_a_root_that_its_witnesses_have_not_seen_is_not_kept() -> None:
    authority, editions = states(LoggedAuthority, 1)
    verifier = holding(authority, editions[1])
    rotated(authority, "new")
    name = logged.proof_name("metadata/2.root.json")
    bare = {n: d for n, d in authority.files.items() if n != name}
    assert refused(verifier, bare, authority.now) == "log-unproven"
    assert not verifier.believed
    verifier.sync(editions[1], authority.now)


def test_the_first_of_two_new_roots_is_kept_where_the_second_is_spoiled() -> None:
    authority, editions = states(times=1)
    verifier = holding(authority, editions[1])
    for name in ("new", "newer"):
        rotated(authority, name)
    refused(verifier, {**authority.files, "metadata/3.root.json": SPOILED}, authority.now)
    assert verifier.believed.keys() == {"metadata/2.root.json"}
    verifier.sync(authority.files, authority.now)


def test_a_list_of_versions_that_was_verified_is_a_floor() -> None:
    """Nobody who has the timestamp's key alone goes back behind it."""
    authority, editions = states()
    fresh = Verifier(authority.anchor)
    assert refused(fresh, spoil(editions[2], "targets"), authority.now) == "network-malformed"
    assert newest(editions[2], "snapshot") in fresh.believed
    older = newest(editions[1], "snapshot")
    version = int(older.split("/")[1].split(".")[0])

    def back(signed: object) -> None:
        put(version=100)(signed)
        put(version=version, length=None, hashes=None)(signed.snapshot_meta)  # type: ignore[attr-defined]

    made = by_hand(editions[2][metadata.TIMESTAMP_FILE], back, [authority.online.timestamp])
    forged = {**editions[1], metadata.TIMESTAMP_FILE: made}
    assert refused(fresh, forged, authority.now) == "network-rollback"


def test_metadata_of_a_role_that_was_verified_is_not_asked_for_again() -> None:
    authority, editions = states(times=1)
    fresh = Verifier(authority.anchor)

    class Cut(Exception):
        pass

    class Breaking(dict[str, bytes]):
        def get(self, name: str, default: object = None) -> bytes | None:  # type: ignore[override]
            if name.startswith("targets/XUA/"):
                raise Cut
            return super().get(name)

    with pytest.raises(Cut):
        fresh.sync(Breaking(editions[1]), authority.now)
    kept = {newest(editions[1], role) for role in ("snapshot", "targets", "XUA")}
    assert fresh.believed.keys() >= kept | {metadata.TIMESTAMP_FILE}
    fresh.asked.clear()
    assert "XUA" in fresh.sync(editions[1], authority.now).changed
    assert not kept & {*fresh.asked}


def run_ahead(authority: Authority, files: Files) -> Files:
    """Return what a thief of the online keys makes of an edition: its timestamp of the highest version."""

    def far(signed: object) -> None:
        put(version=metadata.MAX_VERSION - 1)(signed)
        put(version=metadata.MAX_VERSION - 1)(signed.snapshot_meta)  # type: ignore[attr-defined]

    made = by_hand(files[metadata.TIMESTAMP_FILE], far, [authority.online.timestamp])
    return {**files, metadata.TIMESTAMP_FILE: made}


def test_new_online_keys_take_back_what_a_thief_has_run_ahead_with() -> None:
    authority, editions = states(times=1)
    verifier = holding(authority, editions[0])
    refused(verifier, run_ahead(authority, editions[0]), authority.now)
    assert refused(verifier, editions[1], authority.now) == "network-rollback"
    rotated(authority, "new")
    verifier.sync(authority.files, authority.now)


def test_where_there_is_a_log_a_thief_is_overtaken_within_hours() -> None:
    authority, editions = states(LoggedAuthority, 1)
    verifier = holding(authority, editions[0])
    refused(verifier, run_ahead(authority, editions[1]), authority.now)
    # It was made at the same instant as the newest: what was made before is still refused.
    assert refused(verifier, editions[0], authority.now) == "network-rollback"
    verifier.sync(editions[1], authority.now)


def test_a_server_that_stands_still_is_told_from_one_that_goes_back() -> None:
    authority, editions = states(LoggedAuthority, 1)
    verifier = holding(authority, editions[0])
    refused(verifier, run_ahead(authority, editions[1]), authority.now)
    assert refused(verifier, editions[0], authority.now) == "network-rollback"
    later = authority.now + timedelta(days=3)
    assert refused(verifier, editions[0], later) == "network-expired"


@pytest.mark.parametrize("kind", [Authority, LoggedAuthority])
@pytest.mark.parametrize("how", ["empty", "cut", "flipped"])
def test_damage_of_what_was_believed_is_fetched_anew(how: str, kind: type[Authority]) -> None:
    authority, editions = states(kind, times=1)
    verifier = holding(authority, editions[0])
    rotated(authority, "new")
    after = dict(authority.files)
    refused(verifier, spoil(after, "snapshot"), authority.now)
    for name in verifier.believed:
        other = Verifier(authority.anchor)
        other.held = dict(verifier.held)
        data = verifier.believed[name]
        at = data.index(b'"sig"') + 10 if b'"sig"' in data else len(data) // 2
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        damaged = {"empty": b"", "cut": data[:-9], "flipped": flipped}[how]
        other.believed = {**verifier.believed, name: damaged}
        other.sync(after, authority.now)
        assert view.read(other.held, authority.anchor).root.version == 2


def test_what_ends_too_late_or_too_early_is_not_kept() -> None:
    authority, editions = states(times=1)
    verifier = holding(authority, editions[0])
    made = by_hand(
        editions[1][metadata.TIMESTAMP_FILE],
        put(version=50, expires=AT + timedelta(minutes=1)),
        [authority.online.timestamp],
    )
    late = {**editions[1], metadata.TIMESTAMP_FILE: made}
    with pytest.raises(DocumentRefused):
        verifier.sync(late, authority.now + HOUR)
    assert not verifier.believed
    verifier.sync(editions[1], authority.now)


def test_a_sync_tells_what_it_believed_whatever_became_of_it() -> None:
    authority, editions = states(times=1)
    run = Sync({}, anchor=authority.anchor, at=authority.now)
    assert run.believed() == {}
    while wanted := run.wanted():
        for name, _ in wanted:
            run.receive(name, editions[1].get(name))
    assert run.believed().items() <= run.outcome().files.items()
