"""A whole file at a desk: mapped, looked through, stopped, gone on with; nothing of it is left but the archive."""

from __future__ import annotations

import csv
import errno
import io
import multiprocessing
import os
import shutil
import sqlite3
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import bulk, desk_files
from pratique.parties.desk_files import DeskFile, Phase
from pratique.store import files, memory
from tests import issuing_desks
from tests.desk_forms import issued
from tests.harms import canary
from tests.issuing_desks import SECOND, Client
from tests.steps import until

COLUMNS = {
    "Last name": "surname", "First name": "forename", "Date of birth": "birth_date", "Vaccine": "product",
    "Dose": "dose", "Doses": "doses", "Vaccination date": "given_on", "Batch no.": "lot",
}  # fmt: skip
HEADER = ",".join(COLUMNS)


def table(count: int, *more: str, people: list[canary.Invented] | None = None) -> bytes:
    """Return a clinic's table: its own headers, its own dates."""
    lines = [HEADER]
    for number in range(count):
        who = (
            people[number]
            if people
            else canary.Invented(f"Bloggs{_letters(number)}", "Jo", "1980-02-03", "")
        )
        year, month, day = who.birth_date.split("-")
        lines.append(
            f"{who.surname},{who.forename},{day}/{month}/{year},EU/1/20/1528,2,2,01/10/2026,LOT-1"
        )
    return "\r\n".join([*lines, *more]).encode()


def _letters(number: int) -> str:
    return "".join(chr(97 + number // 26**place % 26) for place in (2, 1, 0))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    with issuing_desks.serving(tmp_path) as opened:
        yield opened
        desk_files.leave()


def waited(clerk: Client) -> dict[str, Any]:
    """Wait until the desk's own work is done; return what it says."""
    until(lambda: clerk.good("files.state", {})["phase"] not in desk_files.BUSY)
    said: dict[str, Any] = clerk.good("files.state", {})
    return said


def checked(clerk: Client, data: bytes) -> dict[str, Any]:
    """Hand a file in, and have its rows looked at."""
    assert clerk.send("files.put", data, {}).status == 200
    said = waited(clerk)
    assert said["phase"] == "columns", said["error"]
    mapped = {each["header"]: each["column"] for each in said["look"]["columns"]}
    clerk.good("files.check", {"columns": mapped, "dates": "dmy"})
    return waited(clerk)


def texts(archive: bytes) -> list[str]:
    """Return the certificates of an archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        rows = csv.DictReader(io.StringIO(opened.read("certificates.csv").decode()))
        return [row["text"] for row in rows]


def registered(place: Path) -> int:
    register = sqlite3.connect(place / "register.sqlite")
    try:
        return int(register.execute("SELECT count(*) FROM certificate").fetchone()[0])
    finally:
        register.close()


def left() -> list[Path]:
    """Return what lies in memory of this process's files."""
    return [
        path
        for place in memory._places()
        for path in place.glob(f"{desk_files.NAME}-{os.getpid()}-*")
    ]


def test_a_file_is_mapped_looked_through_issued_and_gone(desk: Any) -> None:
    clerk = desk.client()
    assert (
        clerk.send(
            "files.put", table(3, "Doe,,31/12/1990,EU/1/20/1528,x,2,01/10/2026,LOT-1"), {}
        ).status
        == 200
    )
    said = waited(clerk)
    assert {each["header"]: each["column"] for each in said["look"]["columns"]} == COLUMNS
    assert said["look"]["columns"][2]["dates"] == ["dmy"]
    clerk.good("files.check", {"columns": COLUMNS, "dates": "dmy"})
    said = waited(clerk)["checked"]
    assert (said["rows"], said["ready"], said["refused"]) == (4, 3, 1)
    assert {(each["row"], each["column"]) for each in said["remarks"] if each["refuses"]} == {
        (5, "dose")
    }
    clerk.good("files.start", {"doubts": True, "layout": "a4"})
    said = waited(clerk)
    assert said["phase"] == "done", said["error"]
    assert said["done"] == {"issued": 3, "refused": 1, "skipped": 0, "unprinted": 0}
    archive = clerk.ask("files.archive", {})
    with zipfile.ZipFile(io.BytesIO(archive.body)) as opened:
        assert sum(name.endswith(".pdf") for name in opened.namelist()) == 3
        assert "report.csv" in opened.namelist()
    assert len(set(texts(archive.body))) == 3
    assert left()
    assert clerk.good("files.finish", {}) == {"phase": "none", "begun": 0}
    assert left() == []
    assert not list((desk.place.folder / desk_files.FOLDER).glob("*.json"))


def test_ten_thousand_rows_are_stopped_and_gone_on_with(desk: Any) -> None:
    clerk, count = desk.client(), 10_000
    assert checked(clerk, table(count))["checked"]["ready"] == count
    clerk.good("files.start", {"doubts": True})
    until(lambda: clerk.good("files.state", {})["rows"] > 0)
    clerk.good("files.stop", {})
    said = clerk.good("files.state", {})
    assert said["phase"] == "stopped", said["error"]
    assert 0 < (some := registered(desk.place.folder)) < count
    # The desk goes on with other work meanwhile, and the page was loaded again.
    again = desk.client()
    again.good("files.start", {})
    assert waited(again)["phase"] == "done"
    found = texts(again.ask("files.archive", {}).body)
    assert len(found) == len(set(found)) == registered(desk.place.folder) == count > some
    again.good("files.finish", {})


def test_a_desk_that_was_killed_gives_nothing_twice(desk: Any, tmp_path: Path) -> None:
    clerk, data = desk.client(), table(600)
    checked(clerk, data)
    clerk.good("files.start", {"doubts": True})
    until(lambda: clerk.good("files.state", {})["rows"] > 0)
    clerk.good("files.stop", {})
    before = registered(desk.place.folder)
    # What a kill leaves: the register, and what lies beside the keys; the folder in memory is swept.
    desk_files.leave()
    assert before
    assert left() == []
    assert clerk.good("files.state", {})["begun"] == 1
    checked(clerk, data)
    clerk.good("files.start", {"doubts": True})
    assert waited(clerk)["phase"] == "done"
    found = texts(clerk.ask("files.archive", {}).body)
    assert len(set(found)) == registered(desk.place.folder) == 600
    clerk.good("files.finish", {})
    assert clerk.good("files.state", {})["begun"] == 0


def test_what_was_begun_goes_on_with_the_same_columns_only(desk: Any) -> None:
    clerk, data = desk.client(), table(3)
    checked(clerk, data)
    clerk.good("files.start", {"doubts": True})
    assert waited(clerk)["phase"] == "done"
    desk_files.leave()
    clerk.send("files.put", data, {})
    waited(clerk)
    clerk.good("files.check", {"columns": {**COLUMNS, "Batch no.": ""}, "dates": "dmy"})
    waited(clerk)
    assert clerk.refused("files.start", {"doubts": True}) == "file-begun-otherwise"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " ="])
def test_no_cell_of_the_rows_to_mend_is_a_formula(desk: Any, start: str) -> None:
    clerk = desk.client()
    written = io.StringIO()
    csv.writer(written).writerow([*list(COLUMNS)[:-1], f"{start}cmd|' /C calc'!A0"])
    csv.writer(written).writerow(
        [
            f"{start}HYPERLINK(1)",
            "Jo",
            "03/02/1980",
            f"{start}1+1",
            "2",
            "2",
            "01/10/2026",
            f"{start}1",
        ]
    )
    clerk.send("files.put", written.getvalue().encode(), {})
    header = waited(clerk)["look"]["columns"][-1]["header"]
    clerk.good(
        "files.check",
        {"columns": {**dict(list(COLUMNS.items())[:-1]), header: "lot"}, "dates": "dmy"},
    )
    assert waited(clerk)["checked"]["refused"] == 1
    report = clerk.ask("files.errors", {}).body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(report)))
    assert len(rows) > 2
    cells = [cell for row in rows for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert any("cmd|" in cell for cell in cells), "the control: the header is in it"
    assert "HYPERLINK" not in report


def bomb() -> bytes:
    """Return a workbook that unpacks to two thousand million bytes."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(600):
            part.write(bytes(1 << 20))
    return written.getvalue()


def forged() -> dict[str, tuple[bytes, str]]:
    truncated = b"PAR1" + bytes(64) + struct.pack("<I", 1 << 30) + b"PAR1"
    return {
        "a bomb": (bomb(), "table-too-large"),
        "an archive that is no workbook": (b"PK\x03\x04" + bytes(64), "table-damaged"),
        "a truncated Parquet file": (truncated, "table-damaged"),
        "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), "table-encoding"),
        "a page": (b"<!doctype html><p>x", "table-format"),
        "broken JSON": (b'[{"surname": "x", ', "table-damaged"),
        "nothing": (b"\n", "table-header"),
    }


@pytest.mark.parametrize("name", forged())
def test_a_forged_file_is_refused_in_words(desk: Any, name: str) -> None:
    data, code = forged()[name]
    clerk = desk.client()
    assert clerk.send("files.put", data, {}).status == 200
    said = waited(clerk)
    assert (said["phase"], said["error"]["code"]) == ("refused", code)
    assert said["error"]["message"]
    assert "/dev/shm" not in str(said)
    # And the desk takes the next one.
    assert checked(clerk, table(1))["phase"] == "checked"


def code_of(reply: Any) -> str:
    assert reply.status == 400, reply
    return str(reply.document["code"])


def test_what_is_no_file_of_a_desks_is_refused(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, data = desk.client(), table(1)
    assert code_of(clerk.send("files.put", b"")) == "file-empty"
    monkeypatch.setattr(desk_files, "LARGEST", len(data))
    assert code_of(clerk.send("files.put", data + b"\n")) == "file-large"
    assert clerk.good("files.state")["phase"] == "none"
    # The control: what is not larger is read.
    assert checked(clerk, data)["phase"] == "checked"


def test_nothing_is_filled_in_that_tells_of_one_person_or_that_nobody_knows(desk: Any) -> None:
    clerk = desk.client()
    checked(clerk, table(2))
    for filled in ({"surname": "Doe"}, {"birth_date": "1980-02-03"}, {"nonsense": "x"}):
        asked = {"columns": COLUMNS, "dates": "dmy", "filled": filled}
        assert clerk.refused("files.check", asked) == "columns-of-a-person"
    odds: tuple[dict[str, Any], ...] = (
        {"columns": []}, {"columns": {"Dose": 2}}, {"filled": {"lot": None}},
    )  # fmt: skip
    for odd in odds:
        assert clerk.refused("files.check", {"columns": COLUMNS} | odd) == "asked-unreadable"
    # The control: what holds of an event is filled in.
    clerk.good("files.check", {"columns": COLUMNS, "dates": "dmy", "filled": {"disease": ""}})
    assert waited(clerk)["checked"]["ready"] == 2


def test_no_step_of_a_file_is_left_out(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, asked = desk.client(), {"columns": COLUMNS, "dates": "dmy"}
    assert clerk.refused("files.start", {"doubts": True}) == "file-none"
    doubted = "Doe,Jane,31/12/1990,EU/1/20/1528,3,2,01/10/2026,LOT-1"
    clerk.send("files.put", table(2, doubted))
    assert waited(clerk)["phase"] == "columns"
    assert clerk.refused("files.start", {"doubts": True}) == "file-phase"
    assert clerk.refused("files.archive") == "file-phase"
    clerk.good("files.check", asked)
    assert waited(clerk)["checked"]["doubted"] == 1
    # Doubts are confirmed, a layout is one of ours, and sheets are so many at most.
    for doubts in ({}, {"doubts": False}, {"doubts": 1}, {"doubts": "yes"}):
        assert clerk.refused("files.start", doubts) == "file-doubts"
    layout = {"doubts": True, "layout": "../a4"}
    assert clerk.refused("files.start", layout) == "layout-unknown"
    monkeypatch.setattr(desk_files, "MOST_SHEETS", 2)
    assert clerk.refused("files.start", layout | {"layout": "a4"}) == "file-sheets"
    assert registered(desk.place.folder) == 0
    clerk.good("files.start", {"doubts": True})
    assert waited(clerk)["phase"] == "done"
    assert registered(desk.place.folder) == 3


def test_a_file_of_which_nothing_can_be_issued_is_not_begun(desk: Any) -> None:
    clerk = desk.client()
    said = checked(clerk, table(0, "Doe,,31/12/1990,EU/1/20/1528,x,2,01/10/2026,LOT-1"))
    assert said["checked"]["ready"] == 0
    assert clerk.refused("files.start", {"doubts": True}) == "file-nothing"
    assert clerk.good("files.state")["begun"] == 0


def test_while_a_file_is_worked_on_no_other_takes_its_place(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, other, go_on = desk.client(), desk.client(SECOND), threading.Event()
    progress = DeskFile.progress

    def held(file: DeskFile, rows: int, total: int | None = None) -> None:
        progress(file, rows, total)
        if file.phase is Phase.ISSUING:
            go_on.wait()

    monkeypatch.setattr(DeskFile, "progress", held)
    checked(clerk, table(3))
    try:
        clerk.good("files.start", {"doubts": True})
        for each in (clerk, other):
            assert code_of(each.send("files.put", table(1))) == "file-busy"
        assert clerk.refused("files.check", {"columns": COLUMNS}) == "file-phase"
        assert clerk.refused("files.start", {"doubts": True}) == "file-phase"
        assert other.refused("files.stop") == "file-none"
    finally:
        go_on.set()
    assert waited(clerk)["phase"] == "done"
    assert registered(desk.place.folder) == 3


def test_a_machine_without_a_place_in_memory_takes_no_file(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = desk.client()
    monkeypatch.setattr(memory, "_places", lambda: iter(()))
    assert code_of(clerk.send("files.put", table(1))) == "memory-missing"
    assert clerk.good("files.state")["phase"] == "none"


def test_a_worker_that_is_lost_before_it_is_answered_is_told_of(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    label, clerk = bulk.Planner._label, desk.client()

    def lost(planner: bulk.Planner, wanted: Any) -> str | None:
        for worker in multiprocessing.active_children():
            worker.kill()
            worker.join()
        return label(planner, wanted)

    checked(clerk, table(40))
    monkeypatch.setattr(bulk.Planner, "_label", lost)
    clerk.good("files.start", {"doubts": True})
    said = waited(clerk)
    assert (said["phase"], said["error"]["code"]) == ("stopped", "job-worker")
    monkeypatch.undo()
    clerk.good("files.start")
    assert waited(clerk)["done"]["issued"] == 40


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "no space"), "memory-full"),
        (OSError(errno.EDQUOT, "no quota"), "memory-full"),
        (OSError(errno.ENOMEM, "no memory"), "memory-full"),
        (BrokenPipeError(errno.EPIPE, "Canary Doe"), "desk-fault"),
        (PermissionError(errno.EACCES, "Canary Doe"), "desk-fault"),
    ],
    ids=["space", "quota", "memory", "pipe", "permission"],
)
def test_only_a_full_memory_is_called_so(
    desk: Any, monkeypatch: pytest.MonkeyPatch, error: OSError, code: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    clerk = desk.client()
    checked(clerk, table(2))
    monkeypatch.setattr(bulk, "issue_file", failing)
    clerk.good("files.start", {"doubts": True})
    said = waited(clerk)
    assert (said["phase"], said["error"]["code"]) == ("stopped", code)
    assert "Canary" not in str(said["error"])


def test_nobody_of_a_file_is_left_behind(desk: Any) -> None:
    people = canary.people(40)
    clerk, scanner = desk.client(), canary.Scanner(people)
    checked(clerk, table(40, people=people))
    clerk.good("files.start", {"doubts": True})
    assert waited(clerk)["phase"] == "done"
    (folder,) = left()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert scanner.scan_files(canary.files_of(folder), under=folder), (
        "the control: they lie there meanwhile"
    )
    beside = canary.files_of(desk.place.folder)
    assert any(path.parent.name == desk_files.FOLDER for path in beside)
    assert scanner.scan_files(beside, under=desk.place.folder) == {}
    archive = clerk.ask("files.archive", {}).body
    assert scanner.scan("\n".join(texts(archive)).encode()), "the control: it is what was asked for"
    clerk.good("files.finish", {})
    assert left() == []
    assert scanner.scan_files(canary.files_of(desk.place.folder), under=desk.place.folder) == {}
    assert scanner.scan("\n".join(map(str, desk.told)).encode()) == set()


def test_what_a_killed_desk_left_in_memory_is_swept(tmp_path: Path) -> None:
    held, dead = memory.make(desk_files.NAME), memory.make(desk_files.NAME)
    (dead.path / "source").write_bytes(b"somebody")
    dead.lock.close()
    assert desk_files.sweep() >= 1
    assert left() == [held.path]
    held.close()
    assert left() == []


def test_a_folder_that_is_removed_is_out_of_reach_of_who_still_writes_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a desk that was killed a worker is in the midst of a part: what it writes must not keep the folder."""
    folder, remove, refused = memory.make(desk_files.NAME), shutil.rmtree, list[bool]()
    (folder.path / "source").write_bytes(b"somebody")

    def removed(path: Path, **how: Any) -> None:
        for name in ("certificates-00003.csv", "source"):
            with pytest.raises(FileNotFoundError):
                (folder.path / name).write_bytes(b"somebody")
            refused.append(True)
        remove(path, **how)

    monkeypatch.setattr(shutil, "rmtree", removed)
    folder.close()
    assert refused
    assert left() == []


def test_the_same_file_is_begun_once_whoever_hands_it_in_at_once(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, data, create, held = desk.client(), table(3), files.create, list[bool]()
    checked(clerk, data)
    folder = desk.place.folder / desk_files.FOLDER

    def created(path: Path, content: bytes) -> None:
        if path.parent == folder:
            # Between looking for a job that was begun and keeping a new one nobody else looks.
            with pytest.raises(BlockingIOError):
                files.hold(folder, wait=False)
            held.append(True)
        create(path, content)

    monkeypatch.setattr(files, "create", created)
    clerk.good("files.start", {"doubts": True})
    assert waited(clerk)["phase"] == "done"
    assert held == [True]
    files.hold(folder, wait=False).close()


def test_a_clerk_issues_while_a_whole_file_is_issued(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is not done before three certificates are, and the clerk goes on until all of its rows are registered."""
    count, clerk, other, go_on = 300, desk.client(), desk.client(SECOND), threading.Event()
    progress = DeskFile.progress

    def held(file: DeskFile, rows: int, total: int | None = None) -> None:
        progress(file, rows, total)
        if file.phase is Phase.ISSUING and rows == count:
            go_on.wait()

    monkeypatch.setattr(desk_files, "PART", 25)
    monkeypatch.setattr(DeskFile, "progress", held)
    checked(clerk, table(count))
    signed: list[str] = []
    try:
        clerk.good("files.start", {"doubts": True})
        while clerk.good("files.state")["rows"] < count or len(signed) < 3:
            signed.append(issued(other, surname=f"Roe{_letters(len(signed))}"))
            assert clerk.good("files.state")["phase"] == "issuing"
    finally:
        go_on.set()
    assert waited(clerk)["phase"] == "done"
    found = texts(clerk.ask("files.archive").body)
    assert len({*found, *signed}) == count + len(signed) == registered(desk.place.folder)


def test_a_file_is_its_operators_alone(desk: Any) -> None:
    """Whoever else may issue neither sees it, nor has another file issued in her name."""
    clerk, other = desk.client(), desk.client(SECOND)
    assert checked(clerk, table(3))["phase"] == "checked"
    seen = other.ask("files.state", {})
    assert seen.document["phase"] == "none"
    assert b"Bloggs" not in seen.body
    # The control: she does see it.
    assert b"Bloggs" in clerk.ask("files.state", {}).body
    for name in ("check", "start", "stop", "errors", "archive", "finish"):
        assert other.refused(f"files.{name}", {"doubts": True}) == "file-none"
    assert clerk.good("files.state", {})["phase"] == "checked"
    # Put in its place, it is not what she had looked at.
    assert checked(other, table(2))["rows"] == 2
    assert clerk.refused("files.start", {"doubts": True, "layout": ""}) == "file-none"
    assert registered(desk.place.folder) == 0
    other.good("files.start", {"doubts": True, "layout": ""})
    assert waited(other)["phase"] == "done"
    assert clerk.refused("files.archive", {}) == "file-none"
    first = texts(other.ask("files.archive", {}).body)
    # What somebody went away from blocks nobody, and the same file gives the same again.
    assert checked(clerk, table(1))["phase"] == "checked"
    assert checked(other, table(2))["phase"] == "checked"
    other.good("files.start", {"doubts": True, "layout": ""})
    assert waited(other)["phase"] == "done"
    assert texts(other.ask("files.archive", {}).body) == first
