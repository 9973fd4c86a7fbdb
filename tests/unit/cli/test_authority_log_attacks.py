"""Publishing through a log when things go wrong: killed, full disks, hostile witnesses, old copies."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pratique.cli import authority as commands
from pratique.crypto import keys
from pratique.errors import PratiqueError, Unreadable
from pratique.parties import authority, log, proposals
from pratique.store import files, network
from pratique.tlog import checkpoint, note
from pratique.tlog.witness import CosignatureRequest, Witness, cosigned
from tests import web, witnesses
from tests.ceremonies import AT, LATER, PASSWORD, Desk, edition, joined
from tests.logs import Memory
from tests.unit.cli.test_authority_log import FORKED, WAITS, Logged
from tests.unit.log import seen
from tests.witnesses import Served

LATE = "2026-12-01T09:00:00Z"
Act = Callable[[Desk], object]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logged]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keys, "COST", 2)
    at = datetime.fromisoformat(AT)
    with witnesses.serving(("w1.example", "w2.example", "w3.example"), at) as served:
        yield Logged(tmp_path, served)


def founded(desk: Logged) -> None:
    desk.begin()
    desk.publish("net/root-1.proposal")


def synced(desk: Logged, at: str = LATER, home: str = "fresh") -> str:
    """Sync somebody new."""
    shutil.rmtree(desk.folder / home, ignore_errors=True)
    words = ("sync", "net", "--root", "net/repository/metadata/1.root.json", "--at", at)
    return desk.run(*words, PRATIQUE_HOME=str(desk.folder / home))


# Killed, and a full disk


class Killed(BaseException):
    """The process is gone."""


def full(path: Path) -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def stopped_everywhere(
    desk: Logged,
    monkeypatch: pytest.MonkeyPatch,
    act: Act,
    end: Callable[[Path], BaseException],
    at: str = LATER,
) -> int:
    """Have every write of an act be, once, the first that does not happen; finish each; count them."""
    kept = desk.folder / "kept"
    shutil.copytree("net", kept)
    memories = [Memory(one.memory) for one in desk.witnesses]
    had = Path("net/repository/metadata/timestamp.json").exists()
    whole, clear, count, ended = files.replace, network.clear, 0, False
    while not ended:
        shutil.rmtree("net")
        shutil.copytree(kept, "net")
        for one, memory in zip(desk.witnesses, memories, strict=True):
            one.memory = Memory(memory)
        left = count

        def step(path: Path) -> None:
            nonlocal left
            if left == 0:
                raise end(path)
            left -= 1

        def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
            step(path)
            whole(path, data, mode)

        def cleared(folder: Path) -> None:
            step(folder)
            clear(folder)

        with monkeypatch.context() as patched:
            patched.setattr(files, "replace", replace)
            patched.setattr(network, "clear", cleared)
            try:
                act(desk)
            except (Killed, OSError, Unreadable):
                count += 1
            else:
                ended = True
        if had:
            # Whatever of it can be read by now: somebody else's sync is not held up.
            assert "note" not in synced(desk, at)
        act(desk)
        names = desk.entries()
        assert len(names) == len(set(names))
        assert not network.load_waiting(Path("net"))
        assert "note" not in synced(desk, at)
    return count


def of_proposal(name: str) -> Act:
    return lambda desk: desk.run("authority", "publish", "net", name, "--at", AT)


@pytest.mark.parametrize("end", [lambda path: Killed(), full], ids=["killed", "disk full"])
def test_a_first_edition_that_was_stopped_anywhere_is_finished(
    desk: Logged, monkeypatch: pytest.MonkeyPatch, end: Callable[[Path], BaseException]
) -> None:
    desk.begin()
    desk.sign("net/root-1.proposal")
    assert stopped_everywhere(desk, monkeypatch, of_proposal("net/root-1.proposal"), end) > 10


def test_a_root_with_other_witnesses_that_was_stopped_anywhere_is_finished(
    desk: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    founded(desk)
    with witnesses.serving(("n1.example", "n2.example"), desk.witnesses[0].at) as newer:
        for one in newer:
            one.logs = desk.witnesses[0].logs
            desk.run("authority", "log", "witness", "net", one.name, one.url)
        desk.witnesses += newer
        asked = [word for one in newer for word in ("--witness", one.key.to_text())]
        draft = desk.propose("log", *asked)
        desk.sign(draft)
        act = of_proposal(draft)
        assert stopped_everywhere(desk, monkeypatch, act, lambda path: Killed()) > 10


def test_a_list_made_anew_that_was_stopped_anywhere_is_finished(
    desk: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    founded(desk)
    desk.run("authority", "refresh", "net", "--at", "2026-11-27T08:00:00Z")
    late = "2026-11-27T10:00:00Z"
    for one in desk.witnesses:
        one.at += timedelta(days=5)

    def act(desk: Desk) -> object:
        return desk.run("authority", "refresh", "net", "--at", late)

    assert stopped_everywhere(desk, monkeypatch, act, lambda path: Killed(), late) > 8


def test_two_who_publish_at_once_log_it_once(desk: Logged) -> None:
    desk.begin()
    desk.sign("net/root-1.proposal")
    found = proposals.load(Path("net/root-1.proposal"))
    at = datetime.fromisoformat(AT)

    def go(_: int) -> int:
        return len(authority.publish(Path("net"), found, lambda uri: PASSWORD, at=at).files)

    with ThreadPoolExecutor(4) as pool:
        assert len([n for n in pool.map(go, range(4)) if n]) == 1
    names = desk.entries()
    assert len(names) == len(set(names)) == 3
    assert "note" not in synced(desk)


# Witnesses


HOSTILE = (
    (409, b"9" * 5000), (409, b"9" * 19), (409, b"-1"), (409, b"\xb2"), (409, b""), (409, b"1 1"),
    (200, b""), (200, b"\xff" * 100), (200, b"\n" * 100), (200, "\N{EM DASH} w1.example AAAA\n".encode()),
    (200, "\N{EM DASH} w1.example\n".encode() * 70), (200, b"x" * 20_000), (302, b""), (500, b"\x1b[2J"),
    (204, b""),
)  # fmt: skip


def test_whatever_a_witness_answers_the_others_are_enough(desk: Logged) -> None:
    _, second, third = desk.witnesses
    desk.begin()
    for one in (second, third):
        one.is_up = False
    assert "1 of 2 witnesses have seen it; missing: w2" in desk.publish(
        "net/root-1.proposal", code=WAITS
    )
    request = CosignatureRequest.from_bytes(desk.run("authority", "log", "request", "net").encode())
    who = Witness("w3.example", seen.key("w3.example"), third.logs)
    lines = cosigned(request, who, Memory(), at=int(third.at.timestamp()))
    second.is_up = True
    # Another's cosignature under its own name and under the other's; its own of something else.
    mine = note.Signature("w2.example", second.key.id, bytes(72))
    other = lines.replace("w3.example", "w2.example")
    for answer in (
        *HOSTILE,
        (200, lines.encode()),
        (200, other.encode()),
        (200, mine.to_text().encode()),
    ):
        second.says = answer
        said = desk.run("authority", "refresh", "net", "--at", AT, code=WAITS)
        assert "1 of 2 witnesses have seen it" in said
        assert "witness w2.example: " in said
        assert "\x1b" not in said
    second.says, third.is_up = None, True
    assert "published anew" in desk.run("authority", "refresh", "net", "--at", AT)
    assert len(desk.entries()) == 3
    assert "note" not in synced(desk)


def test_a_witness_that_hangs_holds_nobody_up(
    desk: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PATIENCE", 0.2)
    let_go = threading.Event()
    with web.raw(lambda request, connection: (let_go.wait(), None)[1]) as silent:
        desk.witnesses[0].url = silent.url
        desk.begin()
        said = desk.publish("net/root-1.proposal")
        assert "files, " in said
        assert "witness w1.example: it did not answer at once" in said
        assert silent.heard
        assert "note" not in synced(desk)
        let_go.set()


def test_an_answer_to_an_older_request_is_refused_in_words(desk: Logged) -> None:
    founded(desk)
    request = CosignatureRequest.from_bytes(desk.run("authority", "log", "request", "net").encode())
    third = desk.witnesses[2]
    who = Witness("w3.example", seen.key("w3.example"), third.logs)
    answer = Path("answer")
    answer.write_text(cosigned(request, who, Memory(), at=int(third.at.timestamp())))
    for one in desk.witnesses:
        one.is_up = False
    draft = desk.propose("renew")
    assert "0 of 2" in desk.publish(draft, code=WAITS)
    error = desk.refused("authority", "log", "add", "net", answer, "--at", AT)
    assert error.code == "witness-other"
    assert "the newest, of 5 entries" in error.message
    assert "log request" in error.hint
    for one in desk.witnesses:
        one.is_up = True
    assert "published anew" in desk.run("authority", "refresh", "net", "--at", AT)


def test_a_root_whose_new_witnesses_are_silent_blocks_nothing(desk: Logged) -> None:
    """Once it was in the log it would wait for ever, and a suspension behind it."""
    founded(desk)
    joined_up = [Served(name, desk.witnesses[0].at) for name in ("n1.example", "n2.example")]
    asked = [word for one in joined_up for word in ("--witness", one.key.to_text())]
    desk.run("authority", "log", "witness", "net", "n1.example", "http://127.0.0.1:9")
    draft, before = desk.propose("log", *asked), desk.entries()
    desk.sign(draft)
    error = desk.refused("authority", "publish", "net", draft, "--at", AT)
    assert error.code == "witnesses-silent"
    assert "witness n1.example: " in error.message
    assert "--skip-witness-check" in error.hint
    assert not network.load_waiting(Path("net"))
    assert desk.entries() == before
    desk.publish(desk.propose("renew"))
    assert "note" not in synced(desk)
    # The positive control: without the question it waits, and what comes after it waits too.
    draft = desk.propose("log", *asked)
    desk.sign(draft)
    said = desk.run(
        "authority", "publish", "net", draft, "--at", AT, "--skip-witness-check", code=WAITS
    )
    assert "0 of 2 new witnesses have seen it; missing: n1.example, n2.example" in said
    # It has another targets of that version: it is not what waits, and nobody is told that it is.
    other = desk.propose("renew", at=LATER)
    desk.sign(other)
    error = desk.refused("authority", "publish", "net", other, "--at", LATER)
    assert error.code == "edition-waiting"
    assert "another edition of that version waits" in error.message
    assert "n1.example, n2.example" in error.message


# Time


def test_an_edition_that_ended_while_it_waited_is_followed_by_one_that_lasts(desk: Logged) -> None:
    founded(desk)
    joined(desk)
    for one in desk.witnesses:
        one.is_up = False
    assert "waits for its witnesses" in edition(desk, code=WAITS)
    said = desk.run("authority", "refresh", "net", "--at", LATE, code=WAITS)
    assert "0 of 2 witnesses" in said
    for one in desk.witnesses:
        one.is_up, one.at = True, datetime.fromisoformat(LATE)
    desk.run("authority", "refresh", "net", "--at", LATE)
    assert not network.load_waiting(Path("net"))
    said = synced(desk, LATE)
    assert "published within the last two hours" in said
    assert desk.run("sync", "net", "--at", LATE)
    desk.run("participant", "publish", "--out", "own.proposal", "--at", LATE, "--repository", "net")
    desk.run("authority", "publish", "net", "own.proposal", "--at", LATE)
    assert "note" not in synced(desk, LATE)


def test_a_server_finishes_what_waits_by_the_hour_and_says_what_it_waits_for(
    desk: Logged, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.sign("net/root-1.proposal")
    data, at = Path("net/root-1.proposal").read_bytes(), datetime.fromisoformat(AT)
    for one in desk.witnesses:
        one.is_up = False
    told = authority.receive(Path("net"), data, lambda uri: PASSWORD, at=at)
    assert told["waits"] is True
    assert not told["files"]
    # Handed in again: it waits on, and is not said to be published.
    assert authority.receive(Path("net"), data, lambda uri: PASSWORD, at=at)["waits"] is True
    hours: list[Callable[[], None]] = []
    monkeypatch.setattr(commands, "_after", lambda seconds, act: hours.append(act))
    commands._keep_fresh(Path("net"), lambda uri: PASSWORD, threading.Lock(), 3600)
    hours.pop()()
    assert "note: 0 of 2 witnesses have seen it; missing: w1.example" in capsys.readouterr().err
    with monkeypatch.context() as patched:
        patched.setattr(authority, "refresh", lambda *words, at: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            hours.pop()()
    for one in desk.witnesses:
        one.is_up = True
    hours.pop()()
    assert not network.load_waiting(Path("net"))
    told = authority.receive(Path("net"), data, lambda uri: PASSWORD, at=at)
    assert told["waits"] is False


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        ("net/keys/log.pem", "key-missing"),
        ("net/log.json", "log-none"),
        ("net/waiting.zip", "archive-malformed"),
        ("net/repository/log/tile/0/000.p/5", "log-tile"),
    ],
)
def test_what_is_lost_while_an_edition_waits_does_not_let_the_network_run_out(
    desk: Logged, lost: str, code: str
) -> None:
    founded(desk)
    for one in desk.witnesses:
        one.is_up = False
    assert "waits" in desk.publish(desk.propose("renew"), code=WAITS)
    kept = Path(lost).read_bytes()
    Path(lost).write_bytes(b"") if lost.endswith(".zip") else Path(lost).unlink()
    late = "2026-11-25T09:00:00Z"
    error = desk.refused("authority", "refresh", "net", "--at", late)
    assert error.code == code
    assert error.hint
    assert "within the last two hours" in synced(desk, late)
    Path(lost).write_bytes(kept)
    for one in desk.witnesses:
        one.is_up = True
    assert "2.targets.json" in desk.run("authority", "refresh", "net", "--at", late)


# Copies


def mirrored(top: Path) -> None:
    """Leave of a repository what anybody could have fetched."""
    for path in top.rglob(".*"):
        path.unlink()


def test_a_log_goes_on_from_a_mirrors_copy(desk: Logged) -> None:
    founded(desk)
    before = desk.entries()
    mirrored(Path("net/repository"))
    assert desk.entries() == before
    desk.publish(desk.propose("renew"))
    assert desk.entries()[: len(before)] == before
    assert len(desk.entries()) == len(before) + 2
    assert "note" not in synced(desk)


def test_what_waited_is_finished_on_a_mirrors_copy_by_witnesses_that_have_seen_it(
    desk: Logged,
) -> None:
    founded(desk)
    for one in desk.witnesses[:2]:
        one.is_up = False
    assert "1 of 2 witnesses have seen it" in desk.publish(desk.propose("renew"), code=WAITS)
    mirrored(Path("net/repository"))
    desk.witnesses[0].is_up = True
    said = desk.run("authority", "refresh", "net", "--at", AT)
    assert "published anew: metadata/2.targets.json" in said
    assert desk.witnesses[2].memory == desk.witnesses[0].memory
    assert "note" not in synced(desk)


def test_a_head_that_is_older_than_what_was_published_is_not_gone_on_from(desk: Logged) -> None:
    founded(desk)
    old = Path("net/repository/log/.head").read_bytes()
    desk.publish(desk.propose("renew"))
    newest = Path("net/repository/log/.head").read_bytes()
    Path("net/repository/log/.head").write_bytes(old)
    draft = desk.propose("renew")
    desk.sign(draft)
    error = desk.refused("authority", "publish", "net", draft, "--at", AT)
    assert error.code == "log-backwards"
    assert "restore" in error.hint
    Path("net/repository/log/.head").write_bytes(newest)
    desk.run("authority", "publish", "net", draft, "--at", AT)
    assert "note" not in synced(desk)


def test_an_older_copy_of_the_whole_is_told_by_every_witness(desk: Logged) -> None:
    founded(desk)
    shutil.copytree("net", "copy")
    desk.publish(desk.propose("renew"))
    shutil.copytree("net", "newest")
    for longer in (False, True):
        shutil.rmtree("net")
        shutil.copytree("copy", "net")
        if longer:
            for one in desk.witnesses:
                held = one.memory.held("log.invented.example/network")
                one.memory["log.invented.example/network"] = held._replace(size=held.size + 9)
        said = desk.publish(desk.propose("renew", at=LATER), at=LATER, code=FORKED)
        assert "0 of 2 witnesses have seen it" in said
        words = "this log is an older copy" if longer else "it has seen another tree of this log"
        assert said.count(words) == 3
        assert "it will never be: this log is a copy" in said
        assert "waits for its witnesses" not in said
        # By the hour it is told again, and the edition in force is confirmed as long as that helps.
        said = desk.run("authority", "refresh", "net", "--at", LATER, code=FORKED)
        assert "it will never be" in said
        assert "metadata/timestamp.json" in said
    # Each witness has kept what it refused, with the log's signature on it: the proof that there were two.
    for one in desk.witnesses:
        kept = one.memory.kept
        assert {each.code for each in kept} == {"log-forked"}
        for each in kept:
            note_ = CosignatureRequest.from_bytes(each.request).note
            assert (
                checkpoint.opened(note_, one.logs["log.invented.example/network"]).root == each.root
            )


def test_a_lost_log_json_is_made_anew_out_of_the_key(desk: Logged) -> None:
    founded(desk)
    key = desk.run("authority", "log", "show", "net").splitlines()[0]
    Path("net/log.json").unlink()
    draft = desk.propose("renew")
    desk.sign(draft)
    error = desk.refused("authority", "publish", "net", draft, "--at", AT)
    assert isinstance(error, PratiqueError)
    assert error.code == "log-none"
    assert (
        desk.run("authority", "log", "init", "net", "--name", key.partition("+")[0]).strip() == key
    )
    for one in desk.witnesses:
        desk.run("authority", "log", "witness", "net", one.name, one.url)
    desk.run("authority", "publish", "net", draft, "--at", AT)
    assert not network.load_waiting(Path("net"))
    assert "note" not in synced(desk)
