"""`pratique authority log`, and publishing through it: witnesses by HTTP, by hand, and none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pratique.crypto import keys
from pratique.errors import DocumentRefused
from pratique.network import logged, view
from pratique.store import files, network
from pratique.store.log import LogFolder
from pratique.tlog.note import NoteKey
from pratique.tlog.witness import CosignatureRequest, Witness, cosigned
from tests import witnesses
from tests.ceremonies import AT, LATER, SEATS, Desk, begun, edition, joined
from tests.logs import Memory
from tests.unit.log import seen
from tests.witnesses import Served

ORIGIN = "log.invented.example/network"


WAITS, FORKED = 3, 1
"""How a command ends where an edition waits for its witnesses, and where they have seen another log."""


class Logged(Desk):
    """A desk whose network has a log and three witnesses, two of which must have seen an edition."""

    def __init__(self, folder: Path, served: list[Served]) -> None:
        super().__init__(folder)
        self.witnesses = served

    def begin(self, count: int = 2) -> None:
        """Found the network; its first root asks for the log."""
        own = NoteKey.from_text(
            self.run("authority", "log", "init", "net", "--name", ORIGIN).strip()
        )
        for one in self.witnesses:
            one.logs[own.name] = own
            self.run("authority", "log", "witness", "net", one.name, one.url)
        for number, name in enumerate(SEATS):
            self.run("authority", "seat", name, "--holder", f"XS{number}", "--region", f"R{number}")
        cards = [word for name in SEATS for word in ("--seat", f"{name}.json")]
        asked = [word for one in self.witnesses for word in ("--witness", one.key.to_text())]
        self.run("authority", "init", "net", "--network", "invented", *cards, "-k", 2, "--suspend", 2,
                 "--environment", "test", *asked, "--quorum", count, "--at", AT)  # fmt: skip

    @property
    def log(self) -> LogFolder:
        """Return the log in the repository."""
        key = self.run("authority", "log", "show", "net").splitlines()[0]
        return LogFolder(Path("net/repository/log"), NoteKey.from_text(key))

    def entries(self) -> list[str]:
        """Return the names of the files that the log holds."""
        log = self.log
        return [
            logged.MetadataLeaf.from_bytes(data).name for data in log.tree().entries(0, log.size())
        ]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logged]:
    monkeypatch.chdir(tmp_path)
    # What a password is worth is asked elsewhere; here some hundred keys are opened.
    monkeypatch.setattr(keys, "COST", 2)
    with witnesses.serving(("w1.example", "w2.example", "w3.example"), _instant(AT)) as served:
        yield Logged(tmp_path, served)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_what_is_published_is_seen_by_the_witnesses_first(desk: Logged) -> None:
    desk.begin()
    assert "1.root.json" not in "".join(p.name for p in Path("net/repository").rglob("*"))
    assert "files, " in desk.publish("net/root-1.proposal")
    joined(desk)
    said = desk.run("sync", "net", "--at", LATER)
    assert "note" not in said
    names = desk.entries()
    assert len(names) == len(set(names))
    assert not [name for name in names if "timestamp" in name]
    published = {
        f"metadata/{p.name}" for p in Path("net/repository/metadata").iterdir()
    } - {"metadata/timestamp.json"}  # fmt: skip
    assert set(names) == published
    told = desk.run("authority", "log", "show", "net")
    assert f"{len(names)} entries" in told
    assert "w1.example" in desk.run("authority", "status", "net", "--at", AT)


def test_without_enough_witnesses_the_old_edition_stays_and_nothing_is_logged_twice(
    desk: Logged,
) -> None:
    desk.begin()
    desk.publish("net/root-1.proposal")
    joined(desk)
    before = desk.entries()
    for one in desk.witnesses[:2]:
        one.is_up = False
    said = edition(desk, code=WAITS)
    assert "waits for its witnesses" in said
    assert "1 of 2 witnesses have seen it; missing: w1.example, w2.example" in said
    assert "witness w1.example: it answers 503: closed today" in said
    assert "published already" not in said
    # The old edition stays in force, and is confirmed by the hour.
    after = desk.entries()
    assert len(after) > len(before)
    said = desk.run("authority", "refresh", "net", "--at", LATER, code=WAITS)
    assert "timestamp" in said
    assert "1 of 2 witnesses have seen it" in said
    assert "note" not in desk.run("sync", "net", "--at", LATER)
    # Others wait for it; the same is no second edition.
    again = desk.run("authority", "publish", "net", "own.proposal", "--at", LATER, code=WAITS)
    assert "waits for its witnesses" in again
    draft = desk.propose("renew")
    desk.sign(draft)
    assert desk.refused("authority", "publish", "net", draft, "--at", AT).code == "edition-waiting"
    assert desk.entries() == after
    desk.witnesses[0].is_up = True
    said = desk.run("authority", "refresh", "net", "--at", LATER)
    assert "own.proposal" not in said
    assert "snapshot.json" in said
    assert not network.load_waiting(Path("net"))
    assert "published already" in desk.run(
        "authority", "publish", "net", "own.proposal", "--at", LATER
    )
    assert desk.entries() == after
    assert "note" not in desk.run("sync", "net", "--at", LATER)


def test_a_call_that_was_killed_anywhere_is_finished_by_the_next(
    desk: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write to the disk is, once, the last one that happens."""
    desk.begin()
    desk.publish("net/root-1.proposal")
    joined(desk)
    count, whole = 0, files.replace

    class Killed(BaseException):
        pass

    while True:
        left = count

        def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            whole(path, data, mode)

        before = desk.entries()
        desk.run(
            "participant", "publish", "--out", "own.proposal", "--at", AT, "--repository", "net"
        )
        monkeypatch.setattr(files, "replace", replace)
        try:
            desk.run("authority", "publish", "net", "own.proposal", "--at", AT)
        except Killed:
            monkeypatch.setattr(files, "replace", whole)
            desk.run("sync", "net", "--at", LATER)
            desk.run("authority", "publish", "net", "own.proposal", "--at", AT)
            names = desk.entries()
            assert len(names) == len(set(names)) == len(before) + 2
            assert "note" not in desk.run("sync", "net", "--at", LATER)
            count += 1
            continue
        monkeypatch.setattr(files, "replace", whole)
        break
    assert count > 8


LINE = "\N{EM DASH} w1.example "


ANSWERS = (
    (409, b"9" * 5000), (409, b"999999"), (409, b"-1"), (409, b""), (200, b""), (200, b"\xff" * 90),
    (200, b"\n" * 500), (200, f"{LINE}AAAA\n".encode()), (500, b"\x1b[2J"), (200, b"x" * 100_000),
    (200, f"{LINE}{'A' * 104}\n".encode()), (302, b""),
)  # fmt: skip


def test_no_answer_of_one_witness_stops_the_others(desk: Logged) -> None:
    desk.begin()
    desk.publish("net/root-1.proposal")
    joined(desk)
    for answer in ANSWERS:
        desk.witnesses[0].says = answer
        said = edition(desk)
        assert "files, " in said
        assert "witness w1.example: " in said
        assert "\x1b" not in said
    assert "note" not in desk.run("sync", "net", "--at", AT)


def test_a_head_that_is_gone_or_older_begins_no_second_tree(desk: Logged) -> None:
    desk.begin()
    desk.publish("net/root-1.proposal")
    joined(desk)
    head, before = Path("net/repository/log/.head"), desk.entries()
    older = head.read_bytes()
    # As in a mirror's copy: it goes on from what everybody reads.
    head.unlink()
    edition(desk)
    assert desk.entries()[: len(before)] == before
    assert len(set(desk.entries())) == len(before) + 2
    assert "note" not in desk.run("sync", "net", "--at", AT)
    tiles = _files(Path("net/repository/log/tile"))
    desk.run("participant", "publish", "--out", "own.proposal", "--at", AT, "--repository", "net")
    for damaged in (older, b""):
        newest = head.read_bytes()
        head.write_bytes(damaged)
        error = desk.refused("authority", "publish", "net", "own.proposal", "--at", AT)
        assert error.code in {"log-backwards", "log-note"}
        assert _files(Path("net/repository/log/tile")) == tiles
        head.write_bytes(newest)
    desk.run("authority", "publish", "net", "own.proposal", "--at", AT)
    assert len(desk.entries()) == len(before) + 4


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_cosignatures_are_carried_by_hand(desk: Logged) -> None:
    for one in desk.witnesses:
        one.is_up = False
    desk.begin()
    said = desk.publish("net/root-1.proposal", code=WAITS)
    assert "0 of 2 witnesses have seen it" in said
    request = desk.run("authority", "log", "request", "net").encode()
    for number, one in enumerate(desk.witnesses[:2]):
        who = Witness(one.name, seen.key(one.name), one.logs)
        lines = cosigned(
            CosignatureRequest.from_bytes(request), who, Memory(), at=int(one.at.timestamp())
        )
        answer = Path(f"answer-{number}")
        answer.write_text(lines.replace(one.name, "somebody"))
        words = ("authority", "log", "add", "net", answer, "--at", AT)
        assert desk.refused(*words).code == "witness-unknown"
        answer.write_text(lines[:60] + ("A" if lines[60] != "A" else "B") + lines[61:])
        assert desk.refused(*words).code in {"witness-other", "witness-answer"}
        answer.write_text(lines)
        said = desk.run(*words, code=0 if number else WAITS)
        assert f"{one.name} has seen it" in said
    assert "published anew" in said
    desk.run("sync", "net", "--root", "net/repository/metadata/1.root.json", "--at", AT)


def test_witnesses_are_replaced_before_the_eyes_of_the_old_ones(desk: Logged) -> None:
    desk.begin()
    desk.publish("net/root-1.proposal")
    joined(desk)
    with witnesses.serving(("n1.example", "n2.example"), _instant(AT)) as newer:
        for one in newer:
            one.logs = desk.witnesses[0].logs
            desk.run("authority", "log", "witness", "net", one.name, one.url)
        asked = [word for one in newer for word in ("--witness", one.key.to_text())]
        draft = desk.propose("log", *asked)
        for one in desk.witnesses:
            one.is_up = False
        assert "0 of 2 old witnesses have seen it; missing: w1.example" in desk.publish(
            draft, code=WAITS
        )
        assert "note" not in desk.run("sync", "net", "--at", AT)
        for one in desk.witnesses:
            one.is_up = True
        assert "2.root.json" in desk.run("authority", "refresh", "net", "--at", AT)
        assert "note" not in desk.run("sync", "net", "--at", AT)
        for one in desk.witnesses:
            one.asked = 0
        edition(desk)
        assert [one.asked for one in desk.witnesses] == [0, 0, 0]
        assert "note" not in desk.run("sync", "net", "--at", AT)
        fresh = desk.run(
            "sync", "net", "--root", "net/repository/metadata/1.root.json", "--at", AT,
            PRATIQUE_HOME=str(desk.folder / "new"),
        )  # fmt: skip
        assert "note" not in fresh


def test_an_edition_beside_the_log_is_refused_by_old_and_new(desk: Logged) -> None:
    desk.begin()
    desk.publish("net/root-1.proposal")
    joined(desk)
    edition(desk)
    proofs = sorted(
        Path("net/repository/log").glob("*.snapshot.proof"), key=lambda p: int(p.name.split(".")[0])
    )
    last = proofs[-1]
    kept = last.read_bytes()
    last.write_bytes(proofs[0].read_bytes())
    for home in ("home", "new"):
        words = ("sync", "net", "--root", "net/repository/metadata/1.root.json", "--at", AT)
        error = desk.refused(*words, PRATIQUE_HOME=str(desk.folder / home))
        assert error.code == "log-inclusion"
    last.unlink()
    assert desk.refused("sync", "net", "--at", AT).code == "log-unproven"
    last.write_bytes(kept)
    assert "note" not in desk.run("sync", "net", "--at", AT)
    # What is held is checked at every start.
    found = network.load_held(Path("home/network"))
    assert found is not None
    bare = {n: d for n, d in found.files.items() if not n.endswith(".proof")}
    with pytest.raises(DocumentRefused) as caught:
        view.read(bare, found.anchor)
    assert caught.value.code == "log-unproven"


def test_a_network_takes_up_a_log_and_keeps_it(desk: Logged) -> None:
    begun(desk)
    joined(desk)
    assert (
        desk.refused("authority", "propose", "log", "net", "--witness", "x", "--out", "l").code
        == "log-key"
    )
    key = desk.witnesses[0].key.to_text()
    words = (
        "authority",
        "propose",
        "log",
        "net",
        "--witness",
        key,
        "--out",
        "l.proposal",
        "--at",
        AT,
    )
    assert desk.refused(*words).code == "log-none"
    own = NoteKey.from_text(desk.run("authority", "log", "init", "net", "--name", ORIGIN).strip())
    assert desk.refused("authority", "log", "init", "net", "--name", ORIGIN).code == "log-exists"
    for one in desk.witnesses:
        one.logs[own.name] = own
        desk.run("authority", "log", "witness", "net", one.name, one.url)
    asked = [word for one in desk.witnesses for word in ("--witness", one.key.to_text())]
    few = ("--quorum", 1)
    assert (
        desk.refused("authority", "propose", "log", "net", *asked, *few, "--out", "x").code
        == "quorum-unfit"
    )
    draft = desk.propose("log", *asked)
    assert "w2.example" in desk.run("authority", "show", draft, "--repository", "net")
    desk.publish(draft)
    edition(desk)
    assert "note" not in desk.run("sync", "net", "--at", AT)
    assert desk.entries()[0] != "metadata/1.root.json"
