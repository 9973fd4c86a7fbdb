"""Attack: by a flight's list an airline, its crew or its machines learn what somebody was vaccinated or tested for.

1. By type the result holds no name, no date and nothing of health: each field is named here, and each word of a reason.
2. Of a refusal, a doubt and a lapse the results are the same bytes: which it was, only the traveller's wallet tells.
3. A whole run, with workers, with broken rows and with a fault of the program, leaves names nowhere: not in what is
   shown, not in files that it writes, opens to write or leaves, nor in temporary ones. What it writes is watched as the
   system sees it.
Each has its control: the same look finds a name that was let out on purpose.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from pratique import manifest as m
from pratique.manifest import BoardingCheck, BookingRow, Journeys, ManifestCheck, booking_of
from pratique.model import Person
from pratique.parties import manifest as parties_manifest
from pratique.store import words
from tests import flights
from tests.harms import canary
from tests.issuers import RECORDS
from tests.steps import LONGEST
from tests.travellers import day

AT = "2026-11-22T10:00:00Z"
PEOPLE = canary.people(60)
HEALTH = (
    "vaccin", "test", "recover", "dose", "immun", "disease", "covid", "positiv", "negativ", "exempt", "illness",
    "expired", "revoked", "forged",
)  # fmt: skip


def test_a_result_has_these_fields_and_no_other() -> None:
    assert get_type_hints(BoardingCheck).keys() == {
        "reference",
        "seat",
        "outcome",
        "reasons",
        "leg",
    }
    assert set(m.FIELDS) == set(BoardingCheck._fields)
    one = BoardingCheck("PQ1", "1A", m.BoardingOutcome.OK)
    assert m.row_of(one).keys() == set(m.FIELDS)


def test_no_word_of_a_result_speaks_of_health() -> None:
    table = words.table(words.builtin("en"), "manifest")
    spoken = {key: table[key] for key in (*m.BoardingOutcome, *m.BoardingReason)}
    for key, word in spoken.items():
        assert not [term for term in HEALTH if term in f"{key} {word}".casefold()], key
    # The control: an officer's words do.
    officers = words.table(words.builtin("en"), "reasons")
    assert [term for term in HEALTH if term in " ".join(officers.values()).casefold()]


def test_whatever_is_amiss_with_content_is_the_same_bytes() -> None:
    made = flights.certified(3, seed=5)
    state, check = made.states[0], ManifestCheck(made.held, now=flights.NOW)
    person = RECORDS["vaccination"].person

    def result(text: str) -> BoardingCheck:
        row = {
            "reference": "PQ1", "seat": "1A", "surname": "BLOGGS", "forename": "JO", "birth_date": "1980-02-03",
            "code": text, "destination": "XC", "arrival": "2026-12-22T18:00Z",
        }  # fmt: skip
        return check.check(booking_of([BookingRow(2, row)], Journeys()))

    def issued(kind: str, nth: int, **entry: Any) -> str:
        record = RECORDS[kind]._replace(person=person)
        return state.issue(record._replace(entry=record.entry._replace(**entry)), nth=nth)

    # Too few doses, doses too long ago, a sample too old, and a kind that has no rule.
    amiss = [
        issued("vaccination", 700, dose=1),
        issued("vaccination", 701, given=day("2025-10-01")),
        issued("test", 702),
        issued("recovery", 703),
        issued("exemption", 704),
    ]
    assert {result(text) for text in amiss} == {
        BoardingCheck(
            "PQ1", "1A", m.BoardingOutcome.CHECK, (m.BoardingReason.RULES_UNCONFIRMED,), 1
        )
    }
    assert result(issued("vaccination", 705)).outcome is m.BoardingOutcome.OK


# Names.


def listed() -> list[dict[str, str]]:
    """Return a list of people who were invented to be found, with certificates of theirs."""
    state = flights.certified(3, seed=5).states[0]
    rows = []
    for number, one in enumerate(PEOPLE):
        person = Person(one.surname, one.forename, one.surname, one.forename, day(one.birth_date))
        record = RECORDS["vaccination"]._replace(person=person)
        rows.append({
            "reference": f"PQ{number}", "seat": f"{number}A", "surname": one.surname, "forename": one.forename,
            "birth_date": one.birth_date, "code": state.issue(record, nth=2_000 + number),
            "destination": "XB", "arrival": "2026-11-22T18:00", "zone": "Europe/Paris",
        })  # fmt: skip
    rows[7]["surname"] += "X"
    rows[9]["code"] = rows[9]["code"][:-30]
    return rows


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return listed()


def table(rows: list[dict[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    lines = text.getvalue().split("\r\n")
    # A quote that is never closed, and a row of too many cells.
    lines[12] = lines[12].replace(canary.MARK, f'"{canary.MARK}', 1)
    lines[15] += f",{PEOPLE[14].surname},{PEOPLE[14].forename}"
    return "\r\n".join(lines)


RUN = """
import sys
{planted}
from pratique.cli.main import main
if __name__ == "__main__":
    main()
"""
FAULT = """
import pratique.manifest
def fault(found, **_):
    raise RuntimeError(found[0].certificate.person.surname if found[0].certificate else "")
pratique.manifest.decide = fault
"""
LEAK = """
import os
import pratique.manifest
real = pratique.manifest.booking_of
def leaking(rows, journeys):
    with open(os.path.join(os.environ["TMPDIR"], "seen.log"), "a") as file:
        file.write(rows[0].cells.get("surname") or "")
    return real(rows, journeys)
pratique.parties = __import__("pratique.parties.manifest").parties
pratique.parties.manifest.booking_of = leaking
"""


class Left:
    """What a run has shown and written.

    Attributes:
        shown: on both streams.
        files: what lies in its folders afterwards, but what it was given.
        written: files that it opened to write, as the system tells it; None where nothing watches.
    """

    def __init__(self, shown: bytes, files: list[Path], written: set[str] | None) -> None:
        self.shown, self.files, self.written = shown, files, written

    def found(self, scanner: canary.Scanner) -> set[str]:
        """Return in which ways somebody was found."""
        ways = scanner.scan(self.shown)
        for path in self.files:
            ways |= scanner.scan(path.read_bytes()) | scanner.scan(path.name.encode())
        return ways


def run(folder: Path, content: str, *options: str, planted: str = "") -> Left:
    """Check a list in a process of its own, with a home and a temporary folder of its own."""
    for name in ("home", "tmp", "given", "out"):
        (folder / name).mkdir()
    held, source, script = (folder / "given" / name for name in ("held.json", "list.csv", "run.py"))
    held.write_bytes(flights.certified(3, seed=5).held.to_bytes())
    source.write_text(content, encoding="utf-8", newline="")
    script.write_text(RUN.replace("{planted}", planted))
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"),
        "XDG_DATA_HOME": str(folder / "home"), "XDG_STATE_HOME": str(folder / "home"),
    }  # fmt: skip
    trace = folder / "given" / "trace"
    strace = shutil.which("strace")
    watch = (
        [strace, "-f", "-qq", "-e", "trace=openat,open,creat", "-o", str(trace)] if strace else []
    )
    command = [
        *watch, sys.executable, str(script), "manifest", "check", str(source), "--trust", str(held),
        "--environment", "test", "--at", AT, *options,
    ]  # fmt: skip
    done = subprocess.run(
        command, env=env, cwd=folder / "out", capture_output=True, timeout=LONGEST, check=False
    )
    assert done.returncode in (3, 70), done.stderr
    files = [
        path for name in ("home", "tmp", "out") for path in (folder / name).rglob("*") if path.is_file()
    ]  # fmt: skip
    return Left(done.stdout + done.stderr, files, _written(trace) if strace else None)


def _written(trace: Path) -> set[str]:
    opened = re.compile(r'"([^"]+)", [^)]*O_(?:WRONLY|RDWR|CREAT)')
    lines = (
        line for line in trace.read_text(errors="replace").splitlines() if " = -1 " not in line
    )
    return {match[1] for line in lines if (match := opened.search(line))}


SCANNER = canary.Scanner(PEOPLE)
MINE = re.compile(r"/dev/(null|tty|shm/.*)|/proc/.*")


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--format", "json"),
        ("--out", "result.csv", "--workers", "2"),
        ("--out", "result.parquet"),
        ("--grouped", "--format", "jsonl"),
    ],
    ids=" ".join,
)
def test_a_run_leaves_nobodys_name(
    tmp_path: Path, rows: list[dict[str, str]], options: tuple[str, ...]
) -> None:
    left = run(tmp_path, table(rows), *options)
    assert left.found(SCANNER) == set()
    out = {options[1]} if "--out" in options else set()
    assert {path.name for path in left.files} == out
    if left.written is not None:
        strange = {name for name in left.written if not MINE.fullmatch(name)}
        assert {Path(name).name for name in strange} <= out | {f".{name}.draft" for name in out}


def test_a_fault_of_the_program_shows_nobody(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    left = run(tmp_path, table(rows), planted=FAULT)
    assert b"A fault of this program" in left.shown
    assert left.found(SCANNER) == set()


def test_the_scan_finds_a_name_that_was_let_out(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    left = run(tmp_path, table(rows), planted=LEAK)
    assert left.found(SCANNER)
    assert [path.name for path in left.files] == ["seen.log"]
    if left.written is not None:
        assert any(name.endswith("seen.log") for name in left.written)


def test_a_name_in_the_reference_is_what_the_scan_would_see(tmp_path: Path, rows: list[dict[str, str]]) -> None:  # fmt: skip
    # What an airline calls a reference is echoed: a name there is its own doing, and the scan is no blind one.
    named = [{**row, "reference": row["surname"]} for row in rows]
    assert run(tmp_path, table(named)).found(SCANNER)


def test_no_repr_shows_anybody(rows: list[dict[str, str]]) -> None:
    row: Mapping[str, Any] = rows[0]
    numbered = BookingRow(2, row)
    booking = booking_of([numbered], Journeys())
    shown = " ".join(map(repr, (numbered, booking, booking.legs, parties_manifest.ManifestDesk)))
    assert canary.MARK not in shown
    assert canary.MARK in repr(rows[0])
