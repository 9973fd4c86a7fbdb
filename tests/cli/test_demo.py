"""The demo: a network in a minute, from a clean folder; what it leaves, and that it shows what it found.

How long it takes is measured by `make demo`, which tells it, and not here.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import pypdfium2
import pytest
from PIL import Image

from demo import acts, held_keys, telling
from demo.cast import PRINTED, STATES
from demo.stage import Stage
from pratique.crypto import keys
from pratique.errors import UsageError
from pratique.parties.inputs import items
from pratique.store.keys import make_key, open_key
from tests.steps import LONGEST

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
COLOURS = ("GREEN", "AMBER", "RED")
REFUSED = {
    "Four seats, with both online keys": ["proposal-unsigned", "log-unproven"],
    "Freedonia signs an edition": ["key-not-asked", "proposal-unsigned"],
    "Freedonia signs a certificate": ["COUNTRY_WRONG"],
    "A server hands out the edition of an earlier hour": ["network-rollback"],
    "A server hands out the same edition": ["network-expired"],
    "A server swaps the list": ["network-differs"],
    "A server swaps one state": ["network-incomplete"],
    "Five seats give Utopia keys of their own, beside the log": ["log-unproven"],
}
CODE = re.compile(r"refused, (?:✖ RED )?([A-Za-z_-]+)")


class Run(NamedTuple):
    """One run of the demo, from a clean folder."""

    text: str
    errors: str
    code: int
    out: Path
    left: list[str]

    def step(self, begins: str) -> list[str]:
        """Return the lines of the step whose title begins so."""
        lines = iter(self.text.splitlines())
        for line in lines:
            if line.startswith(f"  {begins}"):
                return list(iter(lambda: next(lines), ""))
        raise AssertionError(f"there is no step {begins}")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the demo as a person does, with its output in a pipe."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "tmp").mkdir()
    out = folder / "results"
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--out", out],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder / "tmp"),
            "HOME": str(folder / "home"),
        },
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    left = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if out not in p.parents)
    return Run(done.stdout, done.stderr, done.returncode, out, left)


def test_a_network_stands_and_is_tried(ran: Run) -> None:
    assert (ran.code, ran.errors) == (0, "")


def test_plain_output_has_no_control_codes(ran: Run) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", ran.text)


def test_nothing_is_left_but_the_results(ran: Run) -> None:
    assert ran.left == ["results", "tmp"]


def test_each_cheat_is_refused_with_the_code_that_was_found(ran: Run) -> None:
    found = {title: CODE.findall("\n".join(ran.step(title))) for title in REFUSED}
    assert found == REFUSED


def test_too_few_seats_found_and_suspend_nothing(ran: Run) -> None:
    for title in ("The seats sign it", "Seats suspend Sylvania"):
        assert CODE.findall("\n".join(ran.step(title))) == ["proposal-unsigned"]


def test_one_sync_tells_all_borders_of_the_recall_and_the_theft(ran: Run) -> None:
    before, after = (
        [line.split()[1] for line in ran.step(title) if line.startswith("      ")]
        for title in ("Before: all five borders", "After: all five borders")
    )
    assert before == ["GREEN"] * 5
    assert after == ["RED", "GREEN", "RED", "RED", "GREEN"]
    told = "\n".join(ran.step("After: all five borders"))
    assert (told.count("REVOKED"), told.count("SIGNER_WITHDRAWN")) == (1, 2)


def test_what_is_new_of_a_list_is_less_than_the_list(ran: Run) -> None:
    told = "\n".join(ran.step("Arcadia recalls the lot"))
    sizes = re.search(r"whole list ([\d,]+) bytes, what is new of it ([\d,]+) bytes", told)
    assert sizes is not None
    whole, new = (int(size.replace(",", "")) for size in sizes.groups())
    assert 0 < new < whole


def test_a_queue_is_judged_where_no_socket_can_be_had(ran: Run) -> None:
    tried, counts = ran.step("A queue of")[1:]
    assert tried.endswith("refused: socket.connect")
    assert sum(map(int, re.findall(r"\d+", counts))) == sum(s.travellers for s in STATES)


def test_a_suspended_states_traveller_sees_why_and_until_when(ran: Run) -> None:
    told = " ".join(" ".join(ran.step("What Sylvania's traveller sees")).split())
    assert "now: ▲ AMBER" in told
    assert re.search(r"PARTICIPANT_SUSPENDED \(XXS until 2027-03-15T12:30Z, keys-lost\)", told)


def test_more_proof_opens_more_borders(ran: Run) -> None:
    alone, both = ran.step("With Utopia's certificate"), ran.step("With a laboratory test")
    assert sum("✔ GREEN" in line for line in alone) == 2
    assert any("would help" in line for line in alone)
    assert sum("✔ GREEN" in line for line in both) == len(STATES)


def test_a_majority_is_seen_by_the_monitor_of_the_state_it_cheats(ran: Run) -> None:
    assert "nothing" in " ".join(ran.step("Before: what five ministries"))
    told = " ".join(" ".join(ran.step("What Utopia's monitor sees")).split())
    assert re.search(r"alert: key-swapped: metadata/\d+\.targets\.json", told)
    assert "believes Utopia as before" in " ".join(ran.step("Five others, who are told of it"))


def test_who_ends_when_is_told_and_a_calendar(ran: Run) -> None:
    table = ran.step("Who ends when")
    assert sum(any(f"{state.code} " in line for line in table) for state in STATES) == len(STATES)
    calendar = (ran.out / "ends.ics").read_bytes()
    assert calendar.startswith(b"BEGIN:VCALENDAR\r\n")
    assert calendar.count(b"\n") == calendar.count(b"\r\n")
    assert calendar.count(b"BEGIN:VEVENT") == calendar.count(b"END:VEVENT") > len(STATES)


def test_what_is_printed_is_pdf_and_scans(ran: Run) -> None:
    assert {path.name for path in ran.out.glob("*.pdf")} == {
        f"{name}.pdf" for name, _, _ in PRINTED
    }
    for path in ran.out.glob("*.pdf"):
        document = pypdfium2.PdfDocument(path)
        assert len(document) >= 1
        document.close()
        (found, *_) = items(str(path))
        assert (found.text or "").startswith("HC1:"), path.name


def test_the_picture_says_in_words_what_the_table_says(ran: Run) -> None:
    tree = ET.parse(ran.out / "who-accepts-whom.svg")
    words = [found.text for found in tree.iter(f"{SVG}text")]
    table = ran.text.partition("Who accepts whom\n")[2].partition("\n\n")[0]
    for colour in COLOURS:
        # One more is the legend's.
        assert words.count(colour) == table.count(f" {colour}") + 1 > 1
    assert {state.name for state in STATES} <= set(words)
    assert "suspended until 2027-03-15" in words


def test_the_picture_is_a_picture(ran: Run) -> None:
    with Image.open(ran.out / "who-accepts-whom.png") as picture:
        picture.load()
        assert picture.size >= (1500, 1000)
        assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 50


def test_the_timeline_names_every_step_with_its_time(ran: Run) -> None:
    table = ran.text.partition("What took how long\n")[2].partition("\n\n")[0]
    rows = table.splitlines()[1:]
    steps = re.findall(r"^  (\S.*?) +\d+\.\d\d s$", ran.text, re.MULTILINE)
    assert len(rows) == len(steps) > 30
    assert all(re.match(r" +\d+\.\d\d s +\d+\.\d\d s ", row) for row in rows)
    assert all(any(row.endswith(step.strip()) for row in rows) for step in steps)


def test_the_kit_of_examples_is_still_shown(ran: Run) -> None:
    assert "0 not as the kit expects" in ran.text


def test_a_step_that_fails_ends_the_demo_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def play(stage: Stage) -> None:
        with stage.step("A stone is thrown upwards"):
            stage.must(False, "it does not come down")

    monkeypatch.setattr(acts, "_play", play)
    with pytest.raises(UsageError, match="it does not come down"):
        acts.play(tmp_path, tmp_path, tmp_path, telling.Plain(1))
    assert "ended at the step “A stone is thrown upwards”" in capsys.readouterr().out


def test_what_is_accepted_by_mistake_ends_it_too(tmp_path: Path) -> None:
    stage = Stage(tmp_path, tmp_path, tmp_path, telling.Plain(1))
    with pytest.raises(UsageError, match="it was not refused"):
        stage.refused("network-rollback", lambda: None)

    def refuse() -> None:
        raise UsageError("network-unreachable", "no cable")

    with pytest.raises(UsageError, match="refused as network-unreachable, and not as"):
        stage.refused("network-rollback", refuse)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _told(teller: telling.Teller) -> None:
    teller.opening("OPENING", ["first words"])
    teller.act(1, "An act", ["what it is about"])
    teller.doing("A step")
    teller.done(telling.Done("A step", "sync URL", ("▲ AMBER  refused, network-x",), 0.5, 12))
    teller.table("A table", [["who", "what"], ["Ada", "✔ GREEN"]])
    teller.close(["1,234 bytes", "last words"])


FACTS = (
    "OPENING", "first words", "an act", "what it is about", "A step", "$ pratique sync URL", "0.50 s",
    "▲ AMBER  refused, network-x", "A table", "Ada", "✔ GREEN", "1,234 bytes", "last words",
)  # fmt: skip


@pytest.mark.parametrize("colours", [True, False])
def test_a_terminal_is_told_the_same_facts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, colours: bool
) -> None:
    _told(telling.Plain(1))
    plain = capsys.readouterr().out
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    _told(telling.Screen(1))
    shown = terminal.getvalue()
    seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    for fact in FACTS:
        assert fact.lower() in plain.lower()
        assert fact.lower() in seen.lower()
    assert ("\x1b[1;32m" in shown) is colours
    assert bool(re.search(r"\x1b\[(\d+;)*(3\d|9\d)m", shown)) is colours


def test_a_held_key_opens_with_its_own_password_only(tmp_path: Path) -> None:
    def secret(uri: str) -> str:
        return f"one for {uri}"

    opened = []
    real = keys.key_from_pem

    def counted(data: bytes, password: str) -> keys.SoftwareKey:
        opened.append(password)
        return real(data, password)

    with pytest.MonkeyPatch.context() as patched, held_keys.held():
        patched.setattr(keys, "key_from_pem", counted)
        made = make_key("file:a.pem", folder=tmp_path, secret=secret)
        assert open_key("file:a.pem", folder=tmp_path, secret=secret) is made
        assert opened == []
        with pytest.raises(UsageError):
            open_key("file:a.pem", folder=tmp_path, secret=lambda _: "another")
        assert opened == ["another"]
    again = open_key("file:a.pem", folder=tmp_path, secret=secret)
    assert again is not made
    assert again.public_key == made.public_key
