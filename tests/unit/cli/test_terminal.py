"""The terminal's encoding, pipes that are closed, the last barrier, and a desk with a scanner."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from pratique import errors
from pratique.cli import terminal
from pratique.errors import UsageError
from pratique.store import sources
from tests.unit.formats.test_wrapping import GOOD, WRAPS, numbered
from tools import measure
from tools.vectors import content
from tools.vectors.layers import claims, text

ROOT = Path(__file__).parents[3]
AT = ["--at", "2026-06-01T12:00:00Z"]
GREEK = text(
    claims(content.vaccinated(nam={"fn": "\u03a3\u03b1\u03bc", "fnt": "SAM", "gn": "\U0001f600"}))
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that holds the kit's signers."""
    folder = tmp_path_factory.mktemp("home")
    sources.save_snapshot(folder, measure.snapshot())
    return folder


def run(
    home: Path, *words: str, variables: dict[str, str] | None = None, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PRATIQUE_", "PYTHON"))}
    return subprocess.run(
        [sys.executable, "-m", "pratique", *words],
        env={**inherited, "PRATIQUE_HOME": str(home), **(variables or {})},
        input=given, capture_output=True, check=False, cwd=ROOT,
    )  # fmt: skip


ENCODINGS = ["cp1252", "cp437", "cp1251", "cp932", "koi8-r", "latin-1", "ascii", "ascii:strict"]


@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-8:strict", "utf-16"])
def test_a_terminal_of_any_encoding_is_written_to(home: Path, encoding: str) -> None:
    done = run(home, "verify", GREEK, *AT, variables={"PYTHONIOENCODING": encoding})
    assert done.returncode == 3, done.stderr
    assert b"Traceback" not in done.stderr


def test_the_c_locale_is_written_to(home: Path) -> None:
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run(home, "verify", GREEK, "nowhere-\u00e9\u2714.png", *AT, variables=plain)
    assert done.returncode == 4
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "cp932", "latin-1"])
def test_json_stays_json_and_whole(home: Path, encoding: str) -> None:
    done = run(
        home, "verify", GREEK, *AT, "--format", "json", variables={"PYTHONIOENCODING": encoding}
    )
    (row,) = json.loads(done.stdout.decode(encoding))["results"]
    assert "\u03a3\u03b1\u03bc" in row["person"]["name"]
    assert "\U0001f600" in row["person"]["name"]


def test_what_an_encoding_lacks_is_an_escape() -> None:
    error = UnicodeEncodeError("ascii", "a\u2714\u0161\U0001f600\udc80", 1, 5, "lacking")
    assert terminal._escaped(error) == ("+\\u0161\\ud83d\\ude00\\udc80", 5)
    with pytest.raises(UnicodeDecodeError):
        terminal._escaped(UnicodeDecodeError("ascii", b"\xff", 0, 1, "lacking"))


def closed_pipe(home: Path, *words: str, errors_too: bool = False) -> tuple[int, bytes]:
    """Run with a standard output whose reader has gone before the first word."""
    gone, end = os.pipe()
    os.close(gone)
    with subprocess.Popen(
        [sys.executable, "-m", "pratique", *words],
        stdout=end,
        stderr=end if errors_too else subprocess.PIPE,
        env={**os.environ, "PRATIQUE_HOME": str(home)},
        cwd=ROOT,
    ) as process:
        os.close(end)
        said = b"" if process.stderr is None else process.stderr.read()
    return process.returncode, said


@pytest.mark.parametrize(
    "words",
    [
        ["verify", GOOD, *AT],
        ["verify", *[GOOD] * 30, *AT, "--format", "jsonl"],
        ["verify", GOOD, *AT, "--format", "json"],
        ["inspect", GOOD],
        ["--help"],
        ["verify", "--help"],
        ["--version"],
    ],
)
def test_a_closed_pipe_ends_quietly_and_never_as_accepted_or_refused(
    home: Path, words: list[str]
) -> None:
    code, said = closed_pipe(home, *words)
    assert code == terminal.PIPE_CLOSED
    assert said == b""


@pytest.mark.parametrize("words", [["verify", GOOD, *AT], ["verify", "nowhere", *AT], ["nonsense"]])
def test_closed_errors_end_quietly_too(home: Path, words: list[str]) -> None:
    code, _ = closed_pipe(home, *words, errors_too=True)
    assert code == terminal.PIPE_CLOSED


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_is_an_error_and_no_verdict(home: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pratique", "verify", GOOD, *AT],
            stdout=full, stderr=subprocess.PIPE, check=False, cwd=ROOT,
            env={**os.environ, "PRATIQUE_HOME": str(home)},
        )  # fmt: skip
    assert done.returncode == 4
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


PLANTED = """
import sys
from importlib import import_module
from pratique.cli import main
class Panic(BaseException): pass
def boom(*_, **__): raise {error}("Sampleova Testina HC1:NCFOXN")
import_module("{module}").{name} = boom
main.main(sys.argv[1:])
"""


def planted(
    home: Path, error: str, *words: str, module: str = "pratique.cli.verify", name: str = "held"
) -> subprocess.CompletedProcess[bytes]:
    program = PLANTED.format(module=module, error=error, name=name)
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True, check=False, cwd=ROOT, env={**os.environ, "PRATIQUE_HOME": str(home)},
    )  # fmt: skip


KINDS = [
    "RecursionError",
    "MemoryError",
    "UnicodeError",
    "ValueError",
    "KeyError",
    "AssertionError",
    "Panic",
]


@pytest.mark.parametrize("error", KINDS)
def test_a_planted_fault_is_one_line_that_names_no_content(home: Path, error: str) -> None:
    done = planted(home, error, "verify", GOOD, *AT)
    assert done.returncode == errors.EXIT_UNFORESEEN
    first, second = done.stderr.decode().splitlines()
    assert first.startswith(f"error: stopped by a fault of this program: {error} ")
    assert second.startswith("hint: ")
    assert b"Testina" not in done.stderr + done.stdout
    assert done.stdout == b""


@pytest.mark.parametrize("error", KINDS)
def test_a_fault_in_one_input_lets_the_others_be_judged(home: Path, error: str) -> None:
    done = planted(
        home, error, "verify", GOOD, numbered(1), *AT,
        module="pratique.parties.verifier", name="noted",
    )  # fmt: skip
    assert done.returncode == errors.EXIT_UNFORESEEN
    assert done.stdout.count(b"UNFORESEEN") == 2
    assert b"Testina" not in done.stderr
    assert b"HC1:" not in done.stdout + done.stderr


def test_an_interruption_stays_130(home: Path) -> None:
    done = planted(home, "KeyboardInterrupt", "verify", GOOD, *AT)
    assert done.returncode == 130
    assert done.stderr.strip() == b"error: interrupted"


def test_what_is_meant_is_no_fault() -> None:
    for meant in (KeyboardInterrupt(), SystemExit(1), UsageError("a", "b"), BrokenPipeError()):
        assert not errors.unforeseen(meant)
    assert errors.unforeseen(TypeError())


def test_a_place_is_short_and_names_no_content() -> None:
    with pytest.raises(TypeError) as found:
        terminal._escaped(None)  # type: ignore[arg-type]
    assert errors.place_of(found.value).startswith("TypeError terminal.py:")
    assert errors.place_of(KeyError(GOOD)) == "KeyError"


pty = pytest.importorskip("pty", reason="the system has no pseudo-terminals")


MOST_READS = 10_000
SILENCE = 600_000
"""Milliseconds: so that a run of all tests is not held up for ever. Nothing is told by it of how fast a desk is."""


class Desk:
    """A terminal with `verify -` running at it."""

    def __init__(self, home: Path, *words: str) -> None:
        self.terminal, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pratique", "verify", "-", *AT, *words],
            stdin=end, stdout=end, stderr=end, cwd=ROOT,
            env={**os.environ, "PRATIQUE_HOME": str(home), "TERM": "xterm", "NO_COLOR": "1"},
        )  # fmt: skip
        os.close(end)
        self.shown = ""
        self.seen = self.reads = 0

    def until(self, words: str) -> str:
        """Wait for words on the screen; return what was shown since the last that were waited for."""
        while (place := self.shown.find(words, self.seen)) < 0:
            self.shown += self._more(words)
        begun, self.seen = self.seen, place + len(words)
        return self.shown[begun : self.seen]

    def _more(self, words: str) -> str:
        """Return what comes next; a desk that has gone, or says nothing any more, is ended and not waited for."""
        self.reads += 1
        waiting = select.poll()
        waiting.register(self.terminal, select.POLLIN)
        data = b""
        if self.reads < MOST_READS and waiting.poll(SILENCE):
            # At a terminal whose other end is gone Linux says EIO, others an empty read.
            with contextlib.suppress(OSError):
                data = os.read(self.terminal, 65536)
        if not data:
            self.process.kill()
            code = self.process.wait()
            pytest.fail(f"the desk ended with {code} before it said {words!r}: {self.shown!r}")
        return data.decode(errors="replace")

    def scan(self, what: str, end: str = "\r") -> None:
        os.write(self.terminal, (what + end).encode())

    def left(self) -> int:
        """End the input, and return the exit code."""
        os.write(self.terminal, b"\x04")
        try:
            while data := os.read(self.terminal, 65536):
                self.shown += data.decode()
        except OSError:
            pass
        os.close(self.terminal)
        return self.process.wait()


def test_a_desk_that_is_gone_is_not_waited_for(home: Path) -> None:
    desk = Desk(home)
    desk.until("traveller 1")
    desk.process.kill()
    with pytest.raises(pytest.fail.Exception, match="before it said 'what never comes'"):
        desk.until("what never comes")
    os.close(desk.terminal)


def test_a_desk_that_says_the_same_for_ever_is_ended(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "MOST_READS", 1)
    desk = Desk(home)
    with pytest.raises(pytest.fail.Exception, match="before it said"):
        desk.until("what never comes")
    assert desk.process.poll() is not None
    os.close(desk.terminal)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r"])
def test_a_desk_sees_a_block_per_traveller_and_no_code(home: Path, end: str) -> None:
    desk = Desk(home)
    desk.until("traveller 1")
    for number in (1, 2):
        desk.scan(numbered(number), end)
        block = desk.until("NO_RULES")
        assert f"traveller 1, certificate {number}" in block
        desk.until("next:")
    assert terminal.CLEAR not in desk.shown
    desk.scan("", "\r")
    assert terminal.CLEAR in desk.until("traveller 2")
    desk.scan(numbered(3), end)
    assert "traveller 2, certificate 1" in desk.until("NO_RULES")
    assert desk.left() == 3
    assert "3 amber" in desk.shown
    for number in (1, 2, 3):
        assert numbered(number)[:20] not in desk.shown
    assert "HC1:NCF" not in desk.shown


def test_a_desk_is_told_of_a_bad_scan_and_of_the_scanner_s_layout(home: Path) -> None:
    desk = Desk(home)
    desk.until("traveller 1")
    desk.scan(numbered(1)[:150])
    desk.until("NOT READ  scan again")
    desk.scan(numbered(1).translate(str.maketrans("YZ*+-/:", "ZY(`\u00df-\u00d6")))
    assert "KEYBOARD_MAPPED (German)" in desk.until("NO_RULES")
    assert desk.left() == 4


def test_a_desk_reads_a_code_that_is_broken_over_lines(home: Path) -> None:
    desk = Desk(home)
    desk.until("traveller 1")
    for line in WRAPS["76 columns"](numbered(1)).split("\n"):
        desk.scan(line, "\n")
    assert "certificate 1" in desk.until("NO_RULES")
    desk.left()


def test_a_desk_is_told_of_another_holder(home: Path) -> None:
    desk = Desk(home)
    desk.until("traveller 1")
    desk.scan(numbered(1))
    desk.until("NO_RULES")
    desk.scan(GREEK)
    desk.until("HOLDER_")
    desk.left()


def test_a_desk_s_terminal_is_as_it_was(home: Path) -> None:
    import termios

    desk = Desk(home)
    before = termios.tcgetattr(desk.terminal)
    desk.until("traveller 1")
    quiet = termios.tcgetattr(desk.terminal)
    assert not quiet[3] & termios.ECHO
    os.write(desk.terminal, b"\x04")
    desk.until("nothing to verify")
    desk.process.wait()
    after = termios.tcgetattr(desk.terminal)
    assert before[3] & termios.ECHO
    assert after[3] & termios.ECHO
    os.close(desk.terminal)


def test_where_there_is_no_termios_nothing_is_echoed_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import getpass

    lines = iter([GOOD, ""])

    def asked(_prompt: str) -> str:
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setitem(sys.modules, "termios", None)
    monkeypatch.setattr(getpass, "getpass", asked)
    with terminal.unechoed() as lines_typed:
        assert list(lines_typed) == [[GOOD], [""]]
