"""`pratique witness` and `pratique monitor`: from a folder, as a cron job runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import witness
from pratique.cli.monitor import monitor
from pratique.errors import PratiqueError
from pratique.parties import participant
from pratique.parties import witness as parties_witness
from pratique.store import network
from pratique.store.log import LogFolder
from pratique.tlog import checkpoint
from pratique.tlog.merkle import consistency
from pratique.tlog.note import Note, NoteKey, read_signatures
from pratique.tlog.witness import CosignatureRequest
from tests.logs import LoggedAuthority, Watching, swapped
from tests.networks import State, Verifier
from tests.unit.log import seen

LEAVES = [b"leaf %d" % number for number in range(300)]
KEY = seen.key(seen.ORIGIN)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", "four words in a row")


def run(command: Any, *words: str | Path, feed: bytes | None = None) -> Result:
    result = CliRunner().invoke(command, [str(w) for w in words], input=feed, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def _witness(folder: Path) -> NoteKey:
    made = run(witness, "init", folder, "--name", "w.example", "--log", seen.log_key().to_text())
    return NoteKey.from_text(made.output.strip())


def _code(*words: str | Path, feed: bytes | None = None) -> str:
    with pytest.raises(PratiqueError) as refused:
        run(witness, *words, feed=feed)
    return refused.value.code


def test_a_witness_cosigns_the_log_of_a_folder_as_it_grows(tmp_path: Path) -> None:
    own, log = _witness(tmp_path / "w"), LogFolder(tmp_path / "net/log", seen.log_key())
    for end in (3, 3, 300):
        log.publish(log.append(LEAVES[log.size() : end], KEY))
        found = run(witness, "cosign", tmp_path / "w", tmp_path / "net").output
        note = log.published()
        assert note is not None
        assert checkpoint.check_cosignature(note.with_signatures(*read_signatures(found)), own)
    shown = run(witness, "show", tmp_path / "w").output
    assert shown.splitlines()[0] == own.to_text()
    assert f"{seen.ORIGIN}: 300 entries" in shown


def test_a_request_comes_as_a_file_or_through_a_pipe(tmp_path: Path) -> None:
    own, log = _witness(tmp_path / "w"), LogFolder(tmp_path / "log", seen.log_key())
    note = log.append(LEAVES[:3], KEY)
    (tmp_path / "request").write_bytes(CosignatureRequest(0, (), note).to_bytes())
    found = run(witness, "cosign", tmp_path / "w", tmp_path / "request").output
    assert checkpoint.check_cosignature(note.with_signatures(*read_signatures(found)), own)
    note = log.append(LEAVES[3:9], KEY)
    request = CosignatureRequest(3, consistency(log.tree(), 3, 9), note).to_bytes()
    found = run(witness, "cosign", tmp_path / "w", "-", feed=request).output
    assert checkpoint.check_cosignature(note.with_signatures(*read_signatures(found)), own)


def test_a_log_that_forked_shrank_or_is_not_known_is_not_cosigned(tmp_path: Path) -> None:
    _witness(tmp_path / "w")
    log = LogFolder(tmp_path / "a/log", seen.log_key())
    log.publish(log.append(LEAVES[:9], KEY))
    run(witness, "cosign", tmp_path / "w", tmp_path / "a")
    for count, code in ((8, "log-request"), (9, "log-forked"), (20, "log-inconsistent")):
        other = LogFolder(tmp_path / f"{count}/log", seen.log_key())
        other.publish(other.append(LEAVES[1 : count + 1], KEY))
        assert _code("cosign", tmp_path / "w", tmp_path / str(count)) == code
    strange = NoteKey("strange", 1, seen.key("strange").public_key)
    unknown = LogFolder(tmp_path / "b/log", strange)
    unknown.publish(unknown.append(LEAVES[:1], seen.key("strange")))
    assert _code("cosign", tmp_path / "w", tmp_path / "b") == "log-unknown"
    (tmp_path / "c").mkdir()
    assert _code("cosign", tmp_path / "w", tmp_path / "c") == "source-unknown"


def test_what_was_refused_is_shown_with_the_logs_signature(tmp_path: Path) -> None:
    _witness(tmp_path / "w")
    log = LogFolder(tmp_path / "a/log", seen.log_key())
    log.publish(log.append(LEAVES[:9], KEY))
    run(witness, "cosign", tmp_path / "w", tmp_path / "a")
    assert "refused" not in run(witness, "show", tmp_path / "w").output
    other = LogFolder(tmp_path / "b/log", seen.log_key())
    note = other.append(LEAVES[1:10], KEY)
    other.publish(note)
    for _ in range(3):
        assert _code("cosign", tmp_path / "w", tmp_path / "b") == "log-forked"
    shown = run(witness, "show", tmp_path / "w").output
    assert shown.count("log-forked") == 1
    assert "9 entries" in shown
    lines = [line.removeprefix("    ") for line in shown.splitlines() if line.startswith("    ")]
    assert Note.from_bytes(("\n".join(lines) + "\n").encode()) == note


def test_a_witness_without_its_ledger_cosigns_nothing(tmp_path: Path) -> None:
    _witness(tmp_path / "w")
    (tmp_path / "w/ledger.db").unlink()
    assert _code("show", tmp_path / "w") == "ledger-missing"
    assert (
        _code("init", tmp_path / "w", "--name", "w", "--log", seen.log_key().to_text())
        == "witness-exists"
    )
    assert _code("show", tmp_path) == "no-witness"
    (tmp_path / "w/witness.json").write_text("{}")
    assert _code("show", tmp_path / "w") == "witness-file"


class Posted:
    """A network in a folder, and a participant that watches it."""

    def __init__(self, place: Path) -> None:
        self.place, self.authority, self.state = place, LoggedAuthority(), State("XUA")
        self.authority.admit(self.state)
        self.watching = Watching(self.state, self.authority)
        self.watching.publish()
        self.show()

    def show(self) -> None:
        log = self.authority.log
        files = {**log.files, "checkpoint": log.note.to_bytes()}
        network.write(self.place / "net", self.authority.files)
        network.write(self.place / "net", {f"log/{name}": d for name, d in files.items()})
        post = Verifier(self.authority.anchor)
        post.sync(self.authority.files)
        folder = network.folder_of(self.place / "home")
        network.begin(folder, self.authority.anchor)
        network.save_held(folder, post.held, str(self.place / "net"))
        (self.place / "own").mkdir(exist_ok=True)
        (self.place / "own" / participant.PUBLISHED).write_bytes(self.watching.record.to_bytes())

    def swap(self) -> None:
        """Let a majority of the seats give the participant's name to somebody else's keys."""
        self.authority.publish(swapped(self.authority, "XUA", State("XTX")))
        self.show()

    def look(self, *words: str) -> Result:
        return run(
            monitor, "--home", self.place / "home", "--participant", self.place / "own",
            "--at", self.authority.now.isoformat(), *words,
        )  # fmt: skip


def test_a_monitor_is_quiet_until_something_is_wrong(tmp_path: Path) -> None:
    posted = Posted(tmp_path)
    for _ in range(2):
        result = posted.look()
        assert result.output.endswith(", no alerts\n")
        assert result.return_value == 0
        assert (posted.look("--quiet").output, posted.look("--quiet").return_value) == ("", 0)
    posted.swap()
    result = posted.look("--quiet")
    assert result.return_value == 1
    where = "metadata/3.targets.json"
    words = "the keys that speak for us are not ours, are old ones, or another number of them"
    assert result.output.splitlines()[0] == f"alert: key-swapped: {where}: {words}"
    assert '"code": "key-swapped"' in posted.look("--format", "json", "--quiet").output
    assert "Traceback" not in result.output


def test_who_was_killed_before_it_was_told_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = Posted(tmp_path)
    posted.look()
    posted.authority.publish(swapped(posted.authority, "XUA", State("XTX")))
    posted.authority.publish(swapped(posted.authority, "XUA", posted.state))
    posted.show()
    with monkeypatch.context() as killed:

        def dies(*_: object) -> None:
            raise RuntimeError("killed")

        killed.setattr("pratique.cli.monitor._echo", dies)
        with pytest.raises(RuntimeError):
            posted.look()
    # What came and went in the meantime stands in the log once: it must not be lost.
    assert "key-swapped" in posted.look().output
    assert posted.look("--quiet").output == ""


def test_a_log_that_is_never_read_to_its_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = Posted(tmp_path)
    monkeypatch.setattr(parties_witness.patient, "__defaults__", (-1.0,))
    with pytest.raises(PratiqueError) as refused:
        posted.look()
    assert refused.value.code == "log-slow"


def test_a_tile_that_is_too_large_or_gone_is_an_alarm(tmp_path: Path) -> None:
    posted = Posted(tmp_path)
    tile = tmp_path / f"net/log/tile/entries/000.p/{posted.authority.log.size}"
    data = tile.read_bytes()
    for bent in (data + b"x" * 70_000, data[:-1], None):
        tile.unlink() if bent is None else tile.write_bytes(bent)
        result = posted.look()
        assert result.return_value == 1
        assert "alert: log-incomplete: " in result.output
    tile.write_bytes(data)
    assert posted.look("--quiet").output == ""


def test_a_monitor_needs_a_network_and_its_log(tmp_path: Path) -> None:
    with pytest.raises(PratiqueError) as refused:
        run(monitor, "--home", tmp_path, "--participant", tmp_path)
    assert refused.value.code == "no-network"
    posted = Posted(tmp_path)
    (tmp_path / "net/log/checkpoint").unlink()
    with pytest.raises(PratiqueError) as refused:
        posted.look()
    assert refused.value.code == "log-missing"


def test_a_checkpoint_nobody_has_signed_is_an_alarm(tmp_path: Path) -> None:
    posted = Posted(tmp_path)
    note = posted.authority.log.note
    bare = Note(note.text, note.signatures[:1]).to_bytes()
    (tmp_path / "net/log/checkpoint").write_bytes(bare)
    result = posted.look()
    assert result.return_value == 1
    assert "log-unwitnessed" in result.output
