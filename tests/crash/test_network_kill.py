"""kill -9 while publishing, syncing and onboarding: what is there holds, and the same command finishes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from pratique.network import metadata, proposal, publish, view
from pratique.onboarding.steps import OnboardingRecord
from pratique.parties import authority_home
from pratique.store import network
from pratique.store.network import Repository
from tests.killing import acts, killed
from tests.networks import HOUR, Authority, State
from tests.often import KILLS

TIMES = max(2, KILLS // 16)
"""How often each command is killed; each takes a second or two to begin and to be finished."""
PASSWORD = "four invented plain words"
COUNTER = count(1_000_000)
"""Of certificates, of which none is issued twice."""


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that a command runs with."""
    return os.environ | {
        "PRATIQUE_KEY_PASSWORD": PASSWORD, "PRATIQUE_HOME": str(folder / "home"), "NO_COLOR": "1",
    }  # fmt: skip


def run(arguments: Sequence[object], folder: Path) -> tuple[str, int]:
    """Run a command to its end; return what it says, and how many acts it makes."""
    code, made, said = acts(list(map(str, arguments)), folder / "note", environment(folder), folder)
    assert code == 0, said
    return said, made


def kill(arguments: Sequence[object], folder: Path, before: int) -> None:
    """Run a command, and kill it before an act of its own."""
    killed(list(map(str, arguments)), before, folder / "note", environment(folder), folder)


def moments(made: int) -> Iterator[int]:
    """Yield the acts before which a command is killed, spread over all; last one that it never makes."""
    kills = min(TIMES, made + 1)
    for number in range(kills - 1):
        yield 1 + number * made // (kills - 1)
    yield 1_000_000


class Founded(NamedTuple):
    """An authority, and its participant."""

    authority: Authority
    state: State


@pytest.fixture
def founded(tmp_path: Path) -> Founded:
    """Put an authority with one participant into a folder, as its commands leave it."""
    made, state = Authority(), State("XXA")
    made.admit(state)
    state.publish()
    folder = tmp_path / "net"
    network.write(folder / "repository", made.files)
    noted = {}
    for name, key in made.online._asdict().items():
        path = folder / "keys" / f"{name}.pem"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(key.to_pem(PASSWORD, entropy=os.urandom))
        noted[metadata.keyid(key.public_key)] = f"file:keys/{name}.pem"
    authority_home.save_online(folder, noted)
    (tmp_path / "root.json").write_bytes(made.anchor)
    return Founded(made, state)


def drafted(founded: Founded, folder: Path) -> tuple[Path, int]:
    """Write the next edition of the participant as a proposal, signed."""
    authority, state = founded
    state.revoke(state.issue(nth=len(state.lists) + next(COUNTER)))
    authority.now += HOUR / 60
    signed = authority.signed(state.draft(), state.roles[:2])
    path = folder / "next.proposal"
    path.write_bytes(proposal.to_bytes(signed))
    return path, signed.versions()["XXA"]


def seen(folder: Path) -> view.View:
    files = Repository(folder / "net" / "repository")
    return view.read(files, files[publish.ANCHOR])


def at(authority: Authority) -> str:
    return authority.now.isoformat()


def test_publishing(founded: Founded, tmp_path: Path) -> None:
    authority = founded.authority
    path, version = drafted(founded, tmp_path)
    _, made = run(["authority", "publish", "net", path, "--at", at(authority)], tmp_path)
    found = set()
    for moment in moments(made):
        authority.files = dict(Repository(tmp_path / "net" / "repository"))
        path, version = drafted(founded, tmp_path)
        command = ["authority", "publish", "net", path, "--at", at(authority)]
        kill(command, tmp_path, moment)
        after = seen(tmp_path).roles["XXA"]
        assert after.problem == ""
        assert after.version in {version - 1, version}
        found.add(after.version == version)
        said, _ = run(command, tmp_path)
        assert ("published already" in said) is (after.version == version)
        assert seen(tmp_path).roles["XXA"].version == version
    # The first kill comes before anything is done, the last after all is.
    assert found == {False, True}


def test_syncing(founded: Founded, tmp_path: Path) -> None:
    authority = founded.authority
    border = network.folder_of(tmp_path / "home")
    sync = ["sync", tmp_path / "net", "--root", tmp_path / "root.json", "--at", at(authority)]
    _, made = run(sync, tmp_path)
    (border / network.HELD).unlink()
    interrupted = 0
    for moment in moments(made):
        authority.files = dict(Repository(tmp_path / "net" / "repository"))
        path, version = drafted(founded, tmp_path)
        run(["authority", "publish", "net", path, "--at", at(authority)], tmp_path)
        sync[-1] = at(authority)
        before = network.load_held(border)
        kill(sync, tmp_path, moment)
        kept = network.load_held(border)
        if before is not None and before.files:
            assert kept is not None
        if kept is not None and metadata.TIMESTAMP_FILE in kept.files:
            now = view.read(kept.files, kept.anchor).roles["XXA"]
            assert now.problem == ""
            assert now.version in {version - 1, version}
            interrupted += now.version == version - 1
        else:
            interrupted += 1
        run(sync, tmp_path)
        kept = network.load_held(border)
        assert kept is not None
        assert view.read(kept.files, kept.anchor).roles["XXA"].version == version
        assert not (border / network.ARRIVING).exists()
    assert interrupted


def test_onboarding(founded: Founded, tmp_path: Path) -> None:
    authority = founded.authority
    seat = tmp_path / "seat.pem"
    seat.write_bytes(authority.seats[1].to_pem(PASSWORD, entropy=os.urandom))
    steps = ["letter-received", "identity-proven", "keys-submitted", "qa-failed", "keys-submitted",
             "qa-passed", "anchor-signed", "admitted", "self-test-running", "self-test-failed",
             "self-test-running", "self-test-passed", "active"]  # fmt: skip

    def records() -> tuple[OnboardingRecord, ...]:
        net = tmp_path / "net"
        return authority_home.records(net, "XXB", authority_home.current(net))

    _, made = run(
        ["authority", "onboard", "net", "XXB", steps[0], "--key", f"file:{seat}"], tmp_path
    )
    for number, (step, moment) in enumerate(zip(steps[1:], moments(made), strict=False), 2):
        command = ["authority", "onboard", "net", "XXB", step, "--key", f"file:{seat}"]
        command += ["--domain", "DCC"] if step == "self-test-passed" else []
        kill(command, tmp_path, moment)
        assert len(records()) in {number - 1, number}
        run(command, tmp_path)
        assert [one.step.value for one in records()] == steps[:number]
