"""Harm: a job over a folder of Parquet files says who was given a certificate, in what it spills, writes beside or shows.

It is ended in the midst of its parts, of what is compared and of the file that all goes into, and before each act of a small
one; each time every byte that is left is scanned, but what was handed in and what was asked for, and the same command
goes on. Rows are refused, files are damaged, the program fails. Each channel has a leak that is made on purpose.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests import killing
from tests.harms import bureau, canary
from tests.harms.bureau import WORK, Bureau
from tests.often import WHOLE, share

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COUNT, FILES = 1600, 3
PEOPLE = canary.people(COUNT + 20)
LAST = PEOPLE[-1]
SCANNER = canary.Scanner(PEOPLE)
ISSUE = ("issuer", "issue", *WORK)
KEEP = ("--keep", "surname")
DOSE = {**bureau.DOSE, "surname": LAST.surname, "forename": LAST.forename, "birth_date": "1980-02-03"}  # fmt: skip
HOSTILE = (
    ("birth_date", LAST.document), ("given_on", LAST.surname), ("product", LAST.surname), ("kind", LAST.surname),
    ("surname", f"={LAST.surname}"), ("forename", f"{LAST.forename}\u202e"), ("forename", LAST.forename * 20_000),
    ("domain", LAST.surname), ("surname", LAST.surname.encode() + b"\xff"),
)  # fmt: skip
"""Cells of rows that cannot be issued, each for a reason of its own; the last is no text."""

SMALL = """
from pratique.cli.main import main
from pratique.parties import bulk
bulk.LARGEST_COMPARED = 4096
whole = bulk.issue_file
bulk.issue_file = lambda place, secret, order, **how: whole(place, secret, order._replace(size=200), **how)
{planted}
main()
"""
"""Parts and pieces of what is compared are small, so that few people make many."""
IN_WHAT_IS_COMPARED = """
import os
compared = bulk._between_records
def abort(entries, catalogue, seen=[]):
    seen.append(1)
    return compared(entries, catalogue) if len(seen) < 3 else os.abort()
bulk._between_records = abort
"""
IN_THE_FILE = """
import os
from pyarrow.parquet import ParquetWriter
write = ParquetWriter.write_table
def abort(writer, table, *more, seen=[]):
    seen.append(1)
    return write(writer, table, *more) if len(seen) < 3 else os.abort()
bulk_merge = bulk.merge
def merge(job, out):
    ParquetWriter.write_table = abort
    bulk_merge(job, out)
bulk.merge = merge
"""


def program(planted: str = "") -> str:
    return SMALL.replace("{planted}", planted)


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as Parquet; a cell of bytes stands there as it is, though the column is one of text."""
    lines = list(rows)
    columns = {}
    for name in bureau.COLUMNS:
        cells = [line.get(name) for line in lines]
        data = [cell.encode() if isinstance(cell, str) else cell for cell in cells]
        columns[name] = arrow.array(data, arrow.binary()).view(arrow.string())
    parquet.write_table(arrow.table(columns), path)


def folder_of(box: Bureau, name: str, people: list[canary.Invented], files: int) -> Path:
    """Write a folder of files of people, each named after one of them, with rows that are refused."""
    folder = box.folder / "given" / name
    folder.mkdir()
    rows: list[dict[str, Any]] = [
        *bureau.rows(people),
        *({**DOSE, column: value} for column, value in HOSTILE),
    ]
    for number in range(files):
        write(folder / f"{number}-{people[number].surname}.parquet", rows[number::files])
    return folder


def is_asked_for(path: Path) -> bool:
    return path.name.lstrip(".").startswith(("certificates-", "signed.parquet"))


def found(box: Bureau) -> dict[str, set[str]]:
    """Return where somebody is, but in what is asked for; that is its owner's alone."""
    files = box.files_to_scan()
    asked = {path for path in canary.files_of(box.folder / "out") if is_asked_for(path)}
    assert {oct(path.stat().st_mode)[-3:] for path in asked} <= {"600"}
    return SCANNER.scan_files((path for path in files if path not in asked), under=box.folder)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def issue(box: Bureau, source: Path, planted: str = "", *, code: int) -> None:
    command = (*ISSUE, "--from", str(source), "--out", str(box.folder / "out" / "signed.parquet"))
    box.run(*command, *KEEP, "--workers", "2", program=program(planted), code=code)


@pytest.fixture
def box(tmp_path: Path) -> Bureau:
    made = Bureau(tmp_path / "box")
    (made.folder / "out").mkdir()
    return made


def test_nobody_is_left_wherever_a_job_is_ended(box: Bureau) -> None:
    source = folder_of(box, "people", PEOPLE[:COUNT], FILES)
    out, parts = box.folder / "out" / "signed.parquet", box.folder / "out" / "signed.parts"
    box.issue_aborted(source, out, *KEEP, parts=2, program=program())
    assert not out.exists()
    assert found(box) == {}
    issue(box, source, IN_WHAT_IS_COMPARED, code=-6)
    spilt = [path for path in parts.glob(".compared-*") if path.stat().st_size]
    assert len(spilt) > 3
    assert found(box) == {}
    issue(box, source, IN_THE_FILE, code=-6)
    assert names(out.parent) == {".signed.parquet.draft", "signed.parts"}
    assert found(box) == {}
    issue(box, source, code=1)
    assert found(box) == {}
    # The control: it was all done, with the rows refused that were meant.
    assert names(out.parent) == {"signed.parquet", "signed.parts"}
    assert names(parts) == {"job.json", "report.csv"}
    signed = parquet.read_table(out)
    assert signed.num_rows == COUNT
    surnames = [
        name
        for path in canary.files_of(source)
        for name in parquet.read_table(path)["surname"].cast("binary").to_pylist()
    ]
    kept = signed["surname"].cast("binary").to_pylist()
    assert kept == [surnames[row - 1] for row in signed["row"].to_pylist()]
    told = (parts / "report.csv").read_text()
    assert told.count(",yes,") >= len(HOSTILE)
    assert "ROW_MALFORMED" in told
    # And the scan sees them where they are.
    for path in (*canary.files_of(source), out):
        assert SCANNER.scan(path.read_bytes(), deep=1), path
    assert names(box.folder / "tmp") == names(box.folder / "cwd") == set()
    where = [box.folder / name for name in ("issuer", "out")]
    stray = {
        path for path in box.written()
        if not any(path.is_relative_to(place) for place in where) and not path.is_relative_to("/dev")
        and ".issuer-" not in str(path)
    }  # fmt: skip
    assert stray == set()


def test_nobody_is_left_by_a_job_that_is_killed_before_any_act(box: Bureau) -> None:
    source, note = folder_of(box, "few", PEOPLE[:6], 2), box.folder / "watch" / "acts"

    def command(place: str) -> list[str]:
        out = box.folder / "out" / place / "signed.parquet"
        return [*ISSUE, "--from", str(source), "--out", str(out)]

    cwd = box.folder / "cwd"
    _, count, said = killing.acts(command("whole"), note, box.environment, cwd)
    assert "6 issued, 9 refused" in said
    assert count > 20
    drafts: set[str] = set()
    for act in range(1, count + 1, share(1, 3)):
        out = box.folder / "out" / str(act)
        cut, before = killing.killed(command(out.name), act, note, box.environment, cwd)
        assert cut
        assert found(box) == {}, act
        assert not SCANNER.scan(before.encode())
        half = {path.name for path in out.rglob(".*")}
        if not half:
            continue
        drafts |= half
        _, _, after = killing.acts(command(out.name), note, box.environment, cwd)
        assert "6 issued, 9 refused" in after, (act, after)
        assert not SCANNER.scan(after.encode())
        assert names(out) == {"signed.parquet", "signed.parts"}, act
        assert names(out / "signed.parts") == {"job.json", "report.csv"}, act
    # The control: files were left half written, certificates among them.
    whole = {".cert", "..rem", ".rema", ".job.", ".repo", ".sign"}
    seen = {name[:5] for name in drafts}
    assert seen == whole if WHOLE else seen & whole


def test_files_that_cannot_be_read_show_nobody(box: Bureau) -> None:
    given = box.folder / "given"
    rows = list(bureau.rows(PEOPLE[:4]))
    surnames = [row["surname"] for row in rows]
    tables = {
        "no-column": {LAST.surname: surnames},
        "lists": {"surname": [[name] for name in surnames], "kind": ["vaccination"] * 4},
        "twice": {"surname": surnames, "Surname": surnames},
    }
    codes: dict[tuple[str, ...], int] = {}
    for name in (*tables, "cut", "overwritten"):
        folder = given / name
        folder.mkdir()
        write(folder / f"0-{LAST.surname}.parquet", rows)
        last = folder / f"1-{LAST.surname}.parquet"
        write(last, rows)
        data = last.read_bytes()
        if name in tables:
            parquet.write_table(arrow.table(tables[name]), last)
        elif name == "cut":
            last.write_bytes(data[:-40])
        else:
            half = len(data) // 2
            last.write_bytes(data[: half - 200] + LAST.surname.encode() * 40 + data[half + 80 :])
        codes[*ISSUE, "--from", str(folder), "--out", str(box.folder / "out" / f"{name}.parquet")] = 4  # fmt: skip
    box.several(codes)
    said = b"".join(path.read_bytes() for path in sorted((box.folder / "said").iterdir()))
    for phrase in (b"the table is damaged", b"names no column that is known", b"a column holds lists",
                   b"a column is there twice"):  # fmt: skip
        assert phrase in said
    assert found(box) == {}


FAULT = """
from pratique.parties import bulk
def fault(record, *_, **__):
    raise RuntimeError(record.person.surname)
bulk.context_of = fault
"""


@pytest.mark.parametrize("count", [4, 400], ids=["in-this-process", "in-a-worker"])
def test_a_fault_of_the_program_shows_nobody(box: Bureau, count: int) -> None:
    # In every process that the command starts, too.
    with (box.folder / "watch" / "sitecustomize.py").open("a") as file:
        file.write(FAULT)
    issue(box, folder_of(box, "people", PEOPLE[:count], 2), code=70)
    said = b"".join(path.read_bytes() for path in sorted((box.folder / "said").iterdir()))
    assert b"a fault of this program" in said
    assert found(box) == {}
    assert names(box.folder / "tmp") == names(box.folder / "cwd") == set()


LEAK = """
import logging, tempfile
read, remarked, line = bulk.Parts.read, bulk.remarked, bulk._line
def leak(parts, number, rows):
    part = read(parts, number, rows)
    named = next(one.reading.record.person.surname for one in part.read if one.reading.record)
    {leak}
    return part
bulk.Parts.read = leak
"""


@pytest.mark.parametrize(
    ("leak", "code", "channel"),
    [
        ("logging.getLogger('pratique').warning('read %s', named)", 1, "said/"),
        ("open(tempfile.mkstemp()[1], 'w').write(named)", 1, "tmp/"),
        ("open(named, 'w')", 1, "cwd/"),
        ("import sys; sys.excepthook(ValueError, ValueError(named), None)", 1, "said/"),
        ("bulk.remarked = lambda *a: [(1, 0, named, 'ROW_MALFORMED'), *remarked(*a)]", 1, "out/signed.parts/report"),
        ("bulk._line = lambda entries: line([named]) ; import os; bulk._lines_of = lambda _: os.abort()", -6,
         "out/signed.parts/.compared-"),
        ("import os; open(parts.job.folder / '.remarks-00009.json', 'w').write(named); os.abort()", -6,
         "out/signed.parts/.remarks-"),
    ],
    ids=["log", "temporary", "name-of-a-file", "traceback", "report", "spill", "draft"],
)  # fmt: skip
def test_a_planted_leak_is_found_in_each_channel(
    box: Bureau, leak: str, code: int, channel: str
) -> None:
    # One part, which is made in this process.
    source = folder_of(box, "people", PEOPLE[:100], 2)
    issue(box, source, LEAK.replace("{leak}", leak), code=code)
    leaks = found(box)
    assert leaks, sys.stderr
    assert all(name.startswith(channel) for name in leaks), leaks
