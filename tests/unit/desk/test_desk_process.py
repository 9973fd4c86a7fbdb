"""`pratique desk` as a process: it ends in order, is started anew when it is killed, and never signs twice for one request."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pratique.errors import PratiqueError, UsageError
from pratique.parties import desk_files
from pratique.store import desk_process
from tests import issuing_desks, memory, ports
from tests.desk_forms import correction, form, issued
from tests.forked import ROOT
from tests.harms import canary
from tests.issuing_desks import AUDITOR, CLERK, PASSPHRASES, PASSWORD, Client
from tests.journeys.test_desk_files import checked, table
from tests.steps import until

SECRETS = (PASSWORD, *PASSPHRASES.values())
PAGE = b"the page of " + uuid.uuid4().hex.encode()
"""What a desk holds in memory all day, of no person."""


class Running:
    """A desk in a process of its own; `lines` is what its terminal shows so far."""

    def __init__(self, words: list[str], folder: Path, port: int) -> None:
        self.port, self.log = port, folder / f"desk-{uuid.uuid4().hex[:8]}.log"
        environment = {
            **os.environ, "PRATIQUE_KEY_PASSWORD": PASSWORD, "PRATIQUE_DATA_DIR": str(folder / "home"),
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=out, stderr=out, env=environment, cwd=folder
            )

    @property
    def lines(self) -> str:
        return self.log.read_text()

    def token(self, number: int = 0) -> str:
        """Wait for an address, and return its token."""

        def shown() -> list[str]:
            assert self.process.poll() is None or self.tokens()[number:], self.lines
            return self.tokens()[number:]

        until(shown)
        return shown()[0]

    def tokens(self) -> list[str]:
        return re.findall(r"#([\w-]{43})\n", self.lines)

    def child(self) -> int:
        """Return the number of the process that hears requests."""
        number = self.process.pid
        return int(Path(f"/proc/{number}/task/{number}/children").read_text().split()[0])

    def enter(self) -> str:
        """Press Enter in the terminal; return the token that it draws."""
        count = len(self.tokens())
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.token(count)

    def sign_in(self, token: str, pseudonym: str = CLERK) -> Client:
        asked = {"token": token, "pseudonym": pseudonym, "passphrase": PASSPHRASES[pseudonym]}
        said = Client(self.port).good("session", asked)
        return Client(self.port, said["session"])

    def end_the_day(self) -> str:
        """Have the auditor end the day; return the token of the next."""
        auditor, count = self.sign_in(self.enter(), AUDITOR), len(self.tokens())
        assert auditor.good("day.end") == {"ended": True}
        return self.token(count)


@pytest.fixture
def issuer(tmp_path: Path) -> Path:
    issuing_desks.issuer_of(tmp_path / "issuer")
    return tmp_path / "issuer"


@pytest.fixture
def running(issuer: Path, tmp_path: Path) -> Iterator[Running]:
    with running_desk(["-m", "pratique"], issuer, tmp_path) as desk:
        yield desk


@contextlib.contextmanager
def running_desk(
    program: list[str], issuer: Path, folder: Path, pages: Path | None = None
) -> Iterator[Running]:
    """Run a desk, as a person does or by a program of the test's; without pages it has one of the test's."""
    if pages is None:
        pages = folder / "pages"
        pages.mkdir()
        (pages / "desk.html").write_bytes(PAGE)
    port = ports.free()
    words = [
        sys.executable, *program, "desk", "--site", "harbour", "--issuer", str(issuer), "--no-browser",
        "--listen", f"localhost:{port}", "--site-archive", str(pages), "--contact", "here",
    ]  # fmt: skip
    desk = Running(words, folder, port)
    try:
        yield desk
    finally:
        desk.process.kill()
        desk.process.communicate()


def test_it_shows_its_address_signs_in_and_ends_in_order(running: Running) -> None:
    clerk = running.sign_in(running.token())
    assert clerk.ask("nothing").status == 404
    child = running.child()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait() == 0
    assert not Path(f"/proc/{child}").exists()
    assert not any(secret in running.lines for secret in (*SECRETS, clerk.session))
    assert len(running.lines.splitlines()) == 1


def test_enter_in_the_terminal_draws_another_address(running: Running) -> None:
    first, second = running.token(), running.enter()
    assert first != second
    running.sign_in(second)
    running.sign_in(first)


def test_what_hears_requests_is_started_anew_where_it_is_killed(running: Running) -> None:
    clerk, child = running.sign_in(running.token()), running.child()
    os.kill(child, signal.SIGKILL)
    again = running.token(1)
    assert running.child() != child
    assert clerk.ask("nothing").status == 401
    running.sign_in(again)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells a child of its parent's end")
def test_nobody_goes_on_where_the_desk_is_killed(running: Running) -> None:
    running.token()
    child = running.child()
    running.process.kill()
    running.process.wait()
    until(lambda: not Path(f"/proc/{child}/exe").exists())


def test_an_address_beyond_this_machine_needs_tls(issuer: Path) -> None:
    words = ["desk", "--site", "x", "--issuer", str(issuer), "--listen", "0.0.0.0:8455"]
    ended = subprocess.run(
        [sys.executable, "-m", "pratique", *words], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "TLS" in ended.stderr


SERVES = """
import os, signal, sys
from pathlib import Path
from pratique.issue import Work
from pratique.parties import issuing
from pratique.parties.desk import DeskAct, Right
from pratique.parties.issuing import Signing
from tests import issuing_desks
from tests.issuers import RECORDS

folder, port, marked = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])

def sign(call):
    how = Signing(call.at, Work(call.desk.site, call.operator.pseudonym), 86400, request=call.asked["request"])
    (signed,) = issuing.sign_records(call.desk.session, [RECORDS["vaccination"]], how)
    if marked.exists():
        marked.unlink()
        # It is signed, it is on the register's disk, and nobody has heard of it.
        os.kill(os.getpid(), signal.SIGKILL)
    return {"text": signed.text, "repeated": signed.repeated}

issuing_desks.keep(folder, port, acts={"sign": DeskAct(Right.ISSUE, sign)})
"""


def test_killed_between_signature_and_answer_the_same_request_gives_the_same_certificate(
    issuer: Path, tmp_path: Path
) -> None:
    port, marked, request = ports.free(), tmp_path / "marked", {"request": str(uuid.uuid4())}
    marked.touch()
    words = [sys.executable, "-c", textwrap.dedent(SERVES), str(issuer), str(port), str(marked)]
    running = Running(words, tmp_path, port)
    try:
        clerk = running.sign_in(running.token())
        with pytest.raises(ConnectionError):
            clerk.ask("sign", request)
        assert not marked.exists()
        clerk = running.sign_in(running.token(1))
        first = clerk.good("sign", request)
        assert first["repeated"]
        assert clerk.good("sign", request) == first
        # Another request is another certificate.
        other = clerk.good("sign", {"request": str(uuid.uuid4())})
        assert not other["repeated"]
        assert other["text"] != first["text"]
    finally:
        running.process.terminate()
        running.process.communicate()


# ----------------------------------------------------------------------------------------------------
# The one who starts it anew.


def test_work_is_done_by_one_process_after_the_other_until_it_is_done(tmp_path: Path) -> None:
    note, seen = tmp_path / "note", []  # type: ignore[var-annotated]

    def work(ready: Any, *, is_first: bool) -> int:
        ready()
        with note.open("a") as file:
            file.write(f"{os.getpid()} {is_first} {len(seen)}\n")
        seen.append("somebody")
        return desk_process.AGAIN if note.read_text().count("\n") < 3 else 0

    desk_process.keep(work, lambda _: None)
    rows = [line.split() for line in note.read_text().splitlines()]
    assert [row[1:] for row in rows] == [["True", "0"], ["False", "0"], ["False", "0"]]
    assert len({row[0] for row in rows} | {str(os.getpid())}) == 4


def test_what_a_child_raises_is_raised_here_as_it_was() -> None:
    def work(ready: Any, *, is_first: bool) -> int:
        raise UsageError("some-code", "what happened", "what to do")

    with pytest.raises(UsageError) as raised:
        desk_process.keep(work, lambda _: None)
    assert (raised.value.code, raised.value.hint) == ("some-code", "what to do")


def test_what_nobody_foresaw_in_a_child_is_told_by_its_kind_alone() -> None:
    def work(ready: Any, *, is_first: bool) -> int:
        raise RuntimeError("Wilhelmina Canary")

    with pytest.raises(PratiqueError) as raised:
        desk_process.keep(work, lambda _: None)
    assert raised.value.code == "desk-ended"
    assert "Canary" not in raised.value.message
    assert "RuntimeError" in raised.value.message


def test_a_child_that_never_was_ready_is_not_started_again(tmp_path: Path) -> None:
    note = tmp_path / "note"

    def work(ready: Any, *, is_first: bool) -> int:
        with note.open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    with pytest.raises(PratiqueError):
        desk_process.keep(work, lambda _: None)
    assert note.read_text() == "x"


SHOWN = """
from pratique.store import files
files.core_dumps_off = lambda: None
from pratique.cli.main import main
main()
"""
"""The program, but that whoever runs it may read its memory: else root alone could."""
PEOPLE = canary.people(8)
SCANNER = canary.Scanner(PEOPLE)


def worked(clerk: Client, people: Sequence[canary.Invented]) -> None:
    """Have a clerk's day, in which everything is done that a desk does of people; of a whole file the half."""
    texts = [issued(clerk, **_cells(one)) for one in people[:3]]
    clerk.good("certificate.renew", {"text": texts[0]})
    clerk.good("certificate.correct", correction(clerk, texts[1], forename=people[3].forename))
    counted = clerk.good("certificate.count", {"text": texts[2], "reason": "fraud"})
    clerk.good("certificate.revoke", {"plan": counted["plan"]})
    line = f"P<UTO{people[3].surname}<<{people[3].forename}".ljust(44, "<")
    clerk.good("issue.passport", {"lines": [line, "L898902C36UTO7408122F1204159ZE184226B<<<<<10"]})
    assert clerk.ask("issue.pdf", {"text": texts[0], "layout": "a4"}).status == 200
    clerk.refused("certificate.open", {"text": people[4].surname})
    clerk.refused("issue.read_back", form(birth_date=people[4].document))
    clerk.post("issue.check", people[4].surname.encode(), {"Content-Type": "application/json"})
    assert checked(clerk, table(3, people=list(people[4:])))["phase"] == "checked"
    clerk.good("files.start", {"doubts": True})


def in_memory(process: int) -> list[Path]:
    """Return the files that a desk has where files lie in memory alone."""
    folders = Path("/dev/shm").glob(f"{desk_files.NAME}-{process}-*")
    return [path for folder in folders for path in canary.files_of(folder)]


def _cells(one: canary.Invented) -> dict[str, str]:
    return {"surname": one.surname, "forename": one.forename, "birth_date": one.birth_date}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone shows a process's memory so")
def test_after_the_days_end_nobody_is_left_in_memory(
    issuer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that has seen people is gone: neither its successor nor the parent, nor a disk, has a name."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with running_desk(["-c", SHOWN], issuer, tmp_path) as running:
        clerk, before = running.sign_in(running.token()), running.child()
        worked(clerk, PEOPLE[:-1])
        # The control: whoever looks while the day lasts finds them.
        assert "letters" in SCANNER.scan(memory.of(before), deep=0)
        assert in_memory(before)
        token = running.end_the_day()
        assert running.child() != before
        assert not Path(f"/proc/{before}").exists()
        assert memory.below(running.process.pid) == [running.child()]
        for process in (running.process.pid, running.child()):
            held = memory.of(process)
            # It was read: what both hold all day is found in it.
            assert PAGE in held
            assert SCANNER.scan(held, deep=1) == set()
        assert SCANNER.scan(running.lines.encode()) == set()
        assert SCANNER.scan_files(canary.files_of(tmp_path), under=tmp_path) == {}
        assert in_memory(before) == []
        # The other control: of somebody who comes now, the successor's memory tells.
        issued(running.sign_in(token), **_cells(PEOPLE[-1]))
        assert "letters" in SCANNER.scan(memory.of(running.child()), deep=0)
