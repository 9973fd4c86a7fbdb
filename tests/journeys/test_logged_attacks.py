"""Attacks on what a verifier asks of the log: roots that give it up, proofs of something else, odd names."""

from __future__ import annotations

import copy
import zipfile
from pathlib import Path

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.network import logged, metadata, proposal, publish
from pratique.network.client import Sync
from pratique.network.metadata import sign
from pratique.store import network
from pratique.tlog import checkpoint
from pratique.tlog.checkpoint import MAX_WITNESSES, Checkpoint, Proof, Quorum, signed
from pratique.tlog.merkle import leaf_hash, root
from pratique.tlog.note import COSIGNATURE, MAX_SIGNATURES, NOTE, NoteKey
from pratique.tlog.tiles import Tiles, grown
from tests.logs import CarefulVerifier, LoggedAuthority
from tests.networks import AT, HOUR, Authority, State
from tests.unit.log import seen

Field = dict[str, object] | None


def town() -> tuple[LoggedAuthority, State]:
    authority, utopia = LoggedAuthority(), State("XUA")
    authority.admit(utopia)
    utopia.publish()
    return authority, utopia


def next_root(authority: LoggedAuthority, field: Field) -> None:
    """Publish what the seats sign with a tool of their own, logged and cosigned as it should be."""
    board, keys = authority.board, list(proposal.seat_keys(authority.view).values())
    drafted = proposal.root(authority.view, authority.now, board=board, seats=keys)
    fields = drafted.metadata["root"].signed.unrecognized_fields
    fields.pop(logged.FIELD)
    if field is not None:
        fields[logged.FIELD] = field
    for seat in authority.seats[: authority.board.threshold]:
        for document in drafted.metadata.values():
            sign(document, seat)
    authority.accept(drafted)


def policy(quorum: Quorum) -> dict[str, object]:
    found = logged.fields(quorum)[logged.FIELD]
    assert isinstance(found, dict)
    return dict(found)


# Roots


def test_other_witnesses_may_follow() -> None:
    """The positive control of those below."""
    authority, _ = town()
    old, fresh = CarefulVerifier(authority.anchor), CarefulVerifier(authority.anchor)
    assert old.take(authority.files) == ""
    next_root(authority, policy(seen.quorum(5, 3)))
    assert old.take(authority.files) == fresh.take(authority.files) == ""
    assert old.held == fresh.held


def other_log() -> dict[str, object]:
    name = "other.invented.example"
    return {
        **policy(seen.quorum()),
        "log": NoteKey(name, NOTE, seen.key(name).public_key).to_text(),
    }


def twice(kind: int) -> dict[str, object]:
    """Return a policy in which one key stands under two names, or two keys under one."""
    found = policy(seen.quorum(3, 2))
    first = seen.witness(0)
    again = (
        first._replace(name="w9.invented.example")
        if kind
        else first._replace(public=seen.witness(1).public)
    )
    found["witnesses"] = [first.to_text(), again.to_text(), seen.witness(2).to_text()]
    return found


@pytest.mark.parametrize(
    "field",
    [
        None,
        other_log(),
        {},
        {**policy(seen.quorum()), "quorum": 3},
        {**policy(seen.quorum()), "quorum": True},
        {**policy(seen.quorum()), "quorum": 10**40},
        {**policy(seen.quorum()), "more": 1},
        {**policy(seen.quorum()), "witnesses": None},
        {**policy(seen.quorum()), "witnesses": [[]]},
        {**policy(seen.quorum(0, 0))},
        twice(0),
        twice(1),
    ],
)
def test_a_root_that_gives_up_the_log_is_refused_by_old_and_new(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, _ = town()
    old, fresh = CarefulVerifier(authority.anchor), CarefulVerifier(authority.anchor)
    assert old.take(authority.files) == ""
    before = dict(old.held)
    with monkeypatch.context() as patched:
        # Their own tool looks at nothing.
        patched.setattr(logged, "policy_of", lambda root: authority.log.quorum)
        next_root(authority, field)
    for verifier in (old, fresh):
        assert verifier.take(authority.files) in {"log-policy", "log-key"}
    assert old.held == before
    assert not fresh.held
    # Buried under a later one that is as it should be, all the same.
    with monkeypatch.context() as patched:
        patched.setattr(logged, "policy_of", lambda root: authority.log.quorum)
        keys = list(proposal.seat_keys(authority.view).values())
        authority.publish(
            proposal.root(authority.view, authority.now, board=authority.board, seats=keys)
        )
    for verifier in (old, fresh):
        assert verifier.take(authority.files) in {"log-policy", "log-key"}


# Proofs


def test_no_proof_of_anything_else_will_do() -> None:
    authority, utopia = town()
    next_root(authority, policy(seen.quorum()))
    utopia.publish()
    files = dict(authority.files)
    proofs = sorted(name for name in files if name.endswith(".proof"))
    fresh = CarefulVerifier(authority.anchor)
    assert fresh.take(files) == ""
    needed = {name for name in fresh.held if name.endswith(".proof")}
    for name in needed:
        for other in proofs:
            if other != name:
                bent = {**files, name: files[other]}
                assert CarefulVerifier(authority.anchor).take(bent) == "log-inclusion"


def test_nothing_else_is_asked_for_before_the_list_is_proven() -> None:
    authority, _ = town()
    files = {n: d for n, d in authority.files.items() if not n.endswith(".snapshot.proof")}
    asked: list[str] = []
    run = Sync({}, anchor=authority.anchor, at=AT)

    def hand_in() -> None:
        while wanted := run.wanted():
            for one in wanted:
                asked.append(one.name)
                run.receive(one.name, files.get(one.name))

    with pytest.raises(DocumentRefused) as caught:
        hand_in()
    assert caught.value.code == "log-unproven"
    assert not [n for n in asked if n.startswith("targets/") or "XUA" in n or ".targets." in n]
    with pytest.raises(UsageError):
        run.outcome()


def test_a_mirror_that_mixes_two_proven_editions_is_refused_or_shows_one() -> None:
    authority, utopia = town()
    older = dict(authority.files)
    utopia.publish()
    newer = dict(authority.files)
    changed = [n for n in newer if newer[n] != older.get(n)]
    assert len(changed) >= 3
    for name in changed:
        mixed = {n: d for n, d in newer.items() if n != name}
        mixed |= {name: older[name]} if name in older else {}
        fresh = CarefulVerifier(authority.anchor)
        came = fresh.take(mixed)
        if not came:
            again = CarefulVerifier(authority.anchor)
            assert again.take(fresh.held) == ""


@pytest.mark.parametrize("kind", [LoggedAuthority, Authority])
def test_versions_that_stolen_online_keys_run_ahead_with_are_kept_by_nobody(
    kind: type[Authority],
) -> None:
    authority = kind()
    border = CarefulVerifier(authority.anchor)
    assert border.take(authority.files) == ""
    far = copy.deepcopy(authority.view.trusted.snapshot)
    far.version = metadata.MAX_VERSION - 1
    made = publish.listed(far, far.meta, authority.online, AT)
    made |= publish.timestamp(authority.files, made, authority.online, AT)
    authority.now += HOUR
    found = border.take({**authority.files, **made}, AT)
    # One of the thief's version would be taken for his.
    authority.refresh()
    authority.refresh()
    after = border.take(authority.files, authority.now)
    if kind is Authority:
        # The positive control: without a log, all who saw it are lost to the network.
        assert (found, after) == ("", "network-rollback")
    else:
        assert (found, after) == ("log-unproven", "")


# How many witnesses there may be


def many(first: int) -> tuple[NoteKey, ...]:
    """Return as many witnesses as a root may name, with names as long as they may be."""
    found = (
        f"{'w' * 190}{number:03}.example"[:200] for number in range(first, first + MAX_WITNESSES)
    )
    return tuple(NoteKey(name, COSIGNATURE, seen.key(name).public_key) for name in found)


def entered(*quorums: Quorum) -> dict[str, bytes]:
    """Return the proofs of an edition that every witness has cosigned."""
    made = {"metadata/2.root.json": b"r", "metadata/9.snapshot.json": b"s"}
    leaves = logged.entries(made)
    nothing: dict[str, bytes] = {}
    tiles = grown(nothing.get, 0, leaves)
    tree = Tiles(tiles.get, len(leaves))
    note = signed(Checkpoint(seen.ORIGIN, tree.size, root(tree, tree.size)), seen.key(seen.ORIGIN))
    witnesses = {one.name for quorum in quorums for one in quorum.witnesses}
    note = note.with_signatures(
        *(
            checkpoint.cosign(note.text, name, seen.key(name), at=seen.AT)
            for name in sorted(witnesses)
        )
    )
    return logged.proofs(made, tree, note, quorums)


def test_a_proof_names_those_whom_it_is_for_and_is_never_too_large() -> None:
    old, new = (Quorum(seen.log_key(), many(first), 32) for first in (0, 31))
    found = entered(old, new)
    assert found.keys() == {"log/2.root.proof", "log/9.snapshot.proof"}
    for name, quorum, other in (
        ("log/2.root.proof", old, new),
        ("log/9.snapshot.proof", new, old),
    ):
        assert len(found[name]) + 60 * 45 < logged.MAX_PROOF
        note = Proof.from_bytes(found[name]).note
        assert len(note.signatures) == MAX_WITNESSES + 1
        assert quorum.seen(note).floor == seen.AT
        with pytest.raises(DocumentRefused):
            other.seen(note)


@pytest.mark.parametrize("first", [0, 1, 31, 32])
def test_a_checkpoint_bears_all_old_and_all_new_witnesses(first: int) -> None:
    """Once it was logged and could not be read, nothing could be published any more."""
    old, new = (Quorum(seen.log_key(), many(number), 20) for number in (0, first))
    authority, _ = town()
    keys = list(proposal.seat_keys(authority.view).values())
    drafted = proposal.root(authority.view, AT, board=authority.board, seats=keys)
    logged.adopt(drafted.metadata, new)
    made = {"metadata/2.root.json": drafted.metadata["root"].to_bytes()}
    current = authority.view.root
    current.unrecognized_fields[logged.FIELD] = policy(old)
    assert logged.asked(made, current) == tuple(dict.fromkeys((old, new)))
    assert 1 + len({*old.witnesses, *new.witnesses}) <= MAX_SIGNATURES
    assert entered(old, new)


def test_what_is_lacking_is_told_of_old_and_new_witnesses_apart() -> None:
    old, new = seen.quorum(3, 2), Quorum(seen.log_key(), tuple(map(seen.witness, (7, 8, 9))), 2)
    note = seen.checkpoint(1, leaf_hash(b""))
    assert logged.lacking(note, (old, new)) == {
        "0 of 2 old witnesses have seen it": tuple(w.name for w in old.witnesses),
        "0 of 2 new witnesses have seen it": tuple(w.name for w in new.witnesses),
    }
    assert list(logged.lacking(note, (old,))) == ["0 of 2 witnesses have seen it"]


# Names

ODD = (
    "log/../metadata/1.root.json", "log/x/../1.root.proof", "log/1.root.proof/", "log//1.root.proof",
    "LOG/1.root.proof", "log/1.Root.proof", "log/01.root.proof", "log/0.root.proof", "log/1.targets.proof",
    "log/1.root.proof\n", "log/\u0661.root.proof", "/log/1.root.proof", "log\\1.root.proof", "log/.head",
    "log/.lock", "log/checkpoint/", "log/tile/64/000", "log/tile/0/../0/000", "log/tile/0/x000/../000",
    "log/tile/0/000.p/../000", "log/tile/entries/000.p/", "metadata/../log/checkpoint", "metadata/.lock",
    "waiting.zip", "../waiting.zip", "keys/log.pem", "../keys/log.pem",
)  # fmt: skip
GOOD = ("log/1.root.proof", "log/checkpoint", "log/tile/0/000", "log/tile/entries/x001/234.p/9")


def test_no_odd_name_is_one_of_a_repository(tmp_path: Path) -> None:
    assert all(map(network.is_name, GOOD))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/log.pem").write_text("secret")
    top = tmp_path / "repository"
    (top / "log").mkdir(parents=True)
    (top / "log/.head").write_text("not yet seen")
    shown = network.Repository(top)
    for name in ODD:
        assert not network.is_name(name), name
        assert name not in shown
        with pytest.raises(KeyError):
            shown[name]
        with pytest.raises(UsageError):
            network.write(top, {name: b""})


@pytest.mark.parametrize("name", [*ODD, *GOOD[1:]])
def test_an_archive_with_an_odd_name_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "stick.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(GOOD[0], b"")
    assert network.read_archive(path) == {GOOD[0]: b""}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(DocumentRefused):
        network.read_archive(path)


def test_what_somebody_left_in_a_repository_is_passed_over(tmp_path: Path) -> None:
    for name in (
        "metadata/1.root.json",
        "metadata/1.root.json~",
        "log/x.proof",
        "targets/XUA/.draft",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert dict(network.Repository(tmp_path)) == {"metadata/1.root.json": b""}
