"""The harm: whoever runs the network learns who was vaccinated, or who was checked where.

People who were invented to be found are issued certificates, some are taken back, all are checked at a border
that syncs over a real server. Scanned is all that the authority holds and hands out, all that went over the
wire, and all that the border keeps. Each channel has a leak that is made on purpose.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from pratique import model
from pratique.compile import compiled
from pratique.network import logged, overview, page, view
from pratique.onboarding import steps
from pratique.parties import authority_home, network_page
from pratique.parties.network_page import WantedPage
from pratique.store import network
from pratique.store.ledger import Ledger
from pratique.tlog.checkpoint import Checkpoint
from pratique.tlog.note import Note
from pratique.tlog.tiles import Tiles
from pratique.tlog.witness import LastCosigned
from tests import issuers, ports
from tests.harms import canary
from tests.harms.test_the_lab_counts_countries_not_people import fields, personal
from tests.logs import LoggedAuthority, Watching
from tests.networks import AT, HOUR, Authority, State
from tests.travellers import day

PEOPLE = canary.people(200)
SERVE = """
import sys, uvicorn
from pathlib import Path
from pratique.store.server import network_application
uvicorn.run(network_application(Path(sys.argv[1])), port=int(sys.argv[2]), log_level="info", access_log=False)
"""


class Wire(threading.Thread):
    """Stand between a border and its server, and keep every byte."""

    def __init__(self, to: int) -> None:
        super().__init__(daemon=True)
        self.said: list[bytes] = []
        self._to, self._door = to, socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]

    def run(self) -> None:
        while True:
            border, _ = self._door.accept()
            server = socket.create_connection(("127.0.0.1", self._to))
            for a, b in ((border, server), (server, border)):
                threading.Thread(target=self._carry, args=(a, b), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                self.said.append(data)
                target.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, target):
                one.close()


class Day(NamedTuple):
    """A day of the network: its folder, what went over the wire, and what was issued."""

    folder: Path
    wire: Wire
    texts: list[str]


def invented(number: int) -> str:
    """Issue a certificate of one of the invented people."""
    one = PEOPLE[number]
    person = issuers.JO._replace(
        surname=one.surname, forename=one.forename, surname_icao=one.surname,
        forename_icao=one.forename, birth_date=day(one.birth_date),
    )  # fmt: skip
    return STATE.issue(issuers.RECORDS["vaccination"]._replace(person=person), nth=number)


STATE = State("XXA")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Day:
    pytest.importorskip("uvicorn", reason="the extra 'server' is not installed")
    folder = tmp_path_factory.mktemp("network")
    authority = LoggedAuthority()
    authority.admit(STATE)
    watching = Watching(STATE, authority)
    watching.publish()
    texts = [invented(number) for number in range(len(PEOPLE))]
    STATE.revoke(*texts[::3])
    authority.now += HOUR
    watching.publish()
    assert watching.look() == []
    network.write(folder / "net" / "repository", authority.files)
    _watched(folder / "watch", authority, watching)
    tree = {f"log/{name}": data for name, data in authority.log.files.items()}
    tree["log/checkpoint"] = authority.log.note.to_bytes()
    network.write(folder / "net" / "repository", tree)
    _recorded(folder / "net", authority)
    port = ports.free()
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder / "net" / "repository"), str(port)],
            stdout=log, stderr=log,
        )  # fmt: skip
        ports.wait_for(port, server)
        wire = Wire(port)
        wire.start()
        (folder / "root.json").write_bytes(authority.anchor)
        (folder / "texts").write_text("\n".join(texts), encoding="utf-8")
        instant = authority.now.isoformat()
        home = ("--home", str(folder / "border"), "--at", instant)
        root = ("--root", str(folder / "root.json"))
        _said(folder, "sync", f"http://127.0.0.1:{wire.port}", *root, *home)
        _said(folder, "verify", str(folder / "texts"), *home, "--format", "jsonl", code={1})
        _said(folder, "sync", *home)
        server.terminate()
        server.wait()
    return Day(folder, wire, texts)


def _watched(folder: Path, authority: LoggedAuthority, watching: Watching) -> None:
    """Keep what a witness and a monitor keep."""
    folder.mkdir()
    ledger = Ledger.make(folder / "ledger.db")
    note = authority.log.note
    found = Checkpoint.from_text(note.text)
    assert ledger.swap(
        found.origin, ledger.held(found.origin), LastCosigned(found.size, found.root, 1)
    )
    (folder / "published.json").write_bytes(watching.record.to_bytes())
    (folder / "watched.json").write_bytes(watching.watched.to_bytes())


def _recorded(folder: Path, authority: Authority) -> None:
    """Record a step with a letter as evidence that names somebody."""
    letter = f"We, {PEOPLE[0].forename} {PEOPLE[0].surname}, minister, apply.".encode()
    seat = steps.Seated("seat-1", authority.seats[1].public_key)
    one = steps.recorded(
        (), steps.OnboardingStep.LETTER_RECEIVED, participant="XXB", at=AT, seat=seat,
        key=authority.seats[1], evidence=[letter],
    )  # fmt: skip
    path = authority_home.records_path(folder, "XXB")
    path.parent.mkdir(parents=True)
    path.write_bytes(one.to_line())


def _said(folder: Path, *words: str, code: frozenset[int] | set[int] = frozenset({0})) -> None:
    variables = os.environ | {"NO_COLOR": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "pratique", *words], env=variables, capture_output=True, check=False
    )
    assert run.returncode in code, run.stderr
    # What the desk sees is the traveller's own; what is said beside it is nobody's.
    with (folder / "said").open("ab") as file:
        file.write(run.stderr if words[0] == "verify" else run.stdout + run.stderr)
    with (folder / "shown").open("ab") as file:
        file.write(run.stdout if words[0] == "verify" else b"")


@pytest.fixture(scope="module")
def scanner() -> canary.Scanner:
    return canary.Scanner(PEOPLE)


def test_the_authority_and_its_server_hold_nobody(busy: Day, scanner: canary.Scanner) -> None:
    files = [*canary.files_of(busy.folder / "net"), busy.folder / "server.log"]
    assert any(path.suffix == ".jsonl" for path in files)
    assert any(path.suffix == ".tags" for path in files)
    assert any("log/tile/entries" in path.as_posix() for path in files)
    assert scanner.scan_files(files, under=busy.folder) == {}


def test_the_log_its_witnesses_and_monitors_hold_nobody(busy: Day, scanner: canary.Scanner) -> None:
    """A leaf is the digest of a file that everybody may read, and its name."""
    files = canary.files_of(busy.folder / "watch")
    assert {"ledger.db", "published.json", "watched.json"} <= {path.name for path in files}
    assert scanner.scan_files(files, under=busy.folder) == {}
    net = busy.folder / "net/repository"
    note = Note.from_bytes((net / "log/checkpoint").read_bytes())
    size = Checkpoint.from_text(note.text).size
    shown = network.Repository(net)
    leaves = Tiles(lambda path: shown.get(f"log/{path}"), size).entries(0, size)
    assert len(leaves) == size > 4
    for leaf in map(logged.MetadataLeaf.from_bytes, leaves):
        assert sha256(shown[leaf.name]).hexdigest() == leaf.sha256


def test_nobody_goes_over_the_wire(busy: Day, scanner: canary.Scanner) -> None:
    said = b"".join(busy.wire.said)
    assert b"GET /metadata/timestamp.json" in said
    assert scanner.scan(said) == set()


def test_the_border_keeps_nobody(busy: Day, scanner: canary.Scanner) -> None:
    kept = network.load_held(network.folder_of(busy.folder / "border"))
    assert kept is not None
    assert scanner.scan(b"\n".join(kept.files.values())) == set()
    # Nor does what is made of it at a start, which names states and keys only.
    made = compiled(view.read(kept.files, kept.anchor))
    assert scanner.scan(made.to_bytes()) == set()
    assert scanner.scan_files(canary.files_of(busy.folder / "border"), under=busy.folder) == {}
    assert scanner.scan((busy.folder / "said").read_bytes()) == set()


def test_the_page_of_the_network_shows_nobody(busy: Day, scanner: canary.Scanner) -> None:
    """It is public, and made of what the authority and the border hold."""
    shown = busy.folder / "page"
    at = AT + 2 * HOUR
    for wanted, home in (
        (WantedPage(shown / "mirror", repository=busy.folder / "net"), None),
        (WantedPage(shown / "border"), busy.folder / "border"),
    ):
        network_page.write(wanted, home, at=at)
    files = canary.files_of(shown)
    assert len([path for path in files if path.name == "network.json"]) == 2
    assert b"XXA" in (shown / "border/index.html").read_bytes()
    assert scanner.scan_files(files, under=busy.folder) == {}


def test_no_type_of_the_page_can_hold_a_person() -> None:
    looked = [overview, page]
    assert [name for of in looked for name in personal(of)] == []
    assert sum(len(list(fields(of))) for of in looked) > 40
    # The control: a person's own types are found by the same look.
    assert "Person.surname" in personal(model)


def test_everybody_is_in_what_was_checked(busy: Day, scanner: canary.Scanner) -> None:
    """The control of the scan: it sees them where they are, and all were there."""
    shown = (busy.folder / "shown").read_bytes()
    assert all(one.surname.encode() in shown for one in PEOPLE)
    assert scanner.scan((busy.folder / "texts").read_bytes())
    assert b"REVOKED" in shown


@pytest.mark.parametrize(
    "where",
    [
        "net/repository/targets/XXA/leak.json",
        "net/onboarding/XXB.jsonl",
        "server.log",
        "watch/ledger.db",
        "net/repository/log/tile/entries/000.p/7",
        "page/mirror/index.html",
    ],
)
def test_a_planted_leak_is_found(busy: Day, scanner: canary.Scanner, where: str) -> None:
    path = busy.folder / where
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else None
    path.write_bytes((before or b"") + f"by {PEOPLE[7].forename.lower()}".encode())
    try:
        assert where in scanner.scan_files([path], under=busy.folder)
    finally:
        path.write_bytes(before) if before is not None else path.unlink()


def test_a_leak_on_the_wire_is_found(busy: Day, scanner: canary.Scanner) -> None:
    asked = f"GET /metadata/1.root.json?for={PEOPLE[3].surname} HTTP/1.1\r\n".encode()
    assert scanner.scan(b"".join([*busy.wire.said, asked]))
    assert scanner.scan(b"".join(busy.wire.said) + busy.texts[5].encode())
