"""Issue whole files at a desk: columns are mapped, rows are told of, and what comes out is one archive.

    file -> READING -> COLUMNS -> CHECKING -> CHECKED -> ISSUING <-> STOPPED -> DONE -> archive -> nothing
    killed at any moment -> the same file dropped again -> the same certificates, and the others

1. What lies in the working folder lies in memory and on no disk, and goes with the archive's receipt, with a cancelled
   job, with the desk's end, and at the next start of one that was killed (`leave`, `sweep`).
2. A stranger's file is opened by a process of its own, never by the desk's.
3. A thread waits for those processes; each act returns at once, so that the desk goes on issuing meanwhile.
4. Beside the issuer's keys lies of a file that was begun and not finished: a random secret, and what the file is under
   it. The secret makes the same requests again; it tells nothing to who has not the very same file.
5. Of one desk, one file at a time; it is the operator's who handed it in, and nobody else sees it or goes on with it.
"""

from __future__ import annotations

import errno
import hmac
import io
import os
import secrets
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError, place_of
from pratique.intake.columns import AS_THEY_ARE, Headings, heading, headings, is_data, recognised
from pratique.intake.remarks import RemarkCode, refuses
from pratique.intake.rows import COLUMNS
from pratique.issue import Work
from pratique.model import silent
from pratique.parties import bulk, records
from pratique.parties.bulk import FileOrder, Numbered, Outcome
from pratique.parties.desk import Attachment, Desk, DeskAct, DeskCall, Right
from pratique.parties.issuing import Place, Signing
from pratique.parties.paper import LAYOUTS
from pratique.store import files, memory, sources, tables, workers
from pratique.store.memory import MemoryFolder
from pratique.strict_json import Hex
from pratique.text import Notice, as_json, printable

NAME = "pratique-desk-file"
"""With which the names of working folders begin."""
LARGEST = 64 * 1024 * 1024
PART, SHOWN, LOOKED, TOLD, STEP = 250, 3, 50_000, 200, 100
"""Rows of a part; that are shown; that are looked at for dates; remarks that a page is told; rows between two signs of life."""
MOST_SHEETS = 2_000
"""Certificates that are printed with a file: a sheet has some 50 kB, and all of them lie in memory."""
CELL = 60
FULL = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM}
"""What a system says where there is no room."""
REPORT = ("row", "column", "column in the file", *bulk.REPORT[2:])


class Phase(StrEnum):
    """How far a file is."""

    NONE = "none"
    READING = "reading"
    COLUMNS = "columns"
    CHECKING = "checking"
    CHECKED = "checked"
    ISSUING = "issuing"
    STOPPED = "stopped"
    DONE = "done"
    REFUSED = "refused"


BUSY = frozenset({Phase.READING, Phase.CHECKING, Phase.ISSUING})
_LEFT = frozenset({Phase.REFUSED, Phase.COLUMNS, Phase.CHECKED})


class Stopped(Exception):
    """Somebody has stopped the work; what is done is in the register."""


@silent
class Chosen(NamedTuple):
    """What a clerk has chosen: what the columns are, what holds for all rows, the layout of sheets or none."""

    headings: Headings
    filled: Mapping[str, str]
    layout: str = ""


class FileJob(NamedTuple):
    """A job that was begun, as it is kept beside the issuer's keys until it is finished; it names nobody.

    Attributes:
        file, choice: what the file is, and what was chosen for it, under the secret.
        workers: processes, as many when it goes on.
    """

    secret: Hex
    file: Hex
    choice: Hex
    at: int
    validity: int
    workers: int
    site: str
    operator: str

    def __repr__(self) -> str:
        return "<a job that was begun>"


class DeskFile:
    """The one file that a desk works on."""

    def __init__(self, desk: Desk, pseudonym: str, data: bytes) -> None:
        self._desk, self._lock = desk, threading.RLock()
        self.pseudonym = pseudonym
        self.phase, self.rows, self.total = Phase.READING, 0, 0
        self.shown: dict[str, Any] = {}
        self.checked: dict[str, Any] = {}
        self.done: dict[str, Any] = {}
        self.error: dict[str, str] = {}
        self.notes: list[dict[str, Any]] = []
        self.chosen: Chosen | None = None
        self.begun: FileJob | None = None
        self.kept: Path | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.folder: MemoryFolder = memory.make(NAME)
        self.source = self.folder.path / "source"
        try:
            files.create(self.source, data)
        except OSError as error:
            self.folder.close()
            if error.errno not in FULL:
                raise
            raise _full() from error

    def state(self) -> dict[str, Any]:
        """Return what a page shows."""
        with self._lock:
            return {
                "phase": self.phase, "rows": self.rows, "total": self.total, "look": self.shown,
                "checked": self.checked, "done": self.done, "error": self.error, "notes": self.notes,
            }  # fmt: skip

    def start(self, phase: Phase, work: Callable[[], Phase]) -> None:
        """Have a thread do some work, whose outcome is the next phase."""
        with self._lock:
            if self.phase in BUSY and self._thread is not None:
                raise _busy()
            self.phase, self.error = phase, {}
            self._stop.clear()
            self._thread = threading.Thread(target=self._work, args=(work,), daemon=True)
            self._thread.start()

    def _work(self, work: Callable[[], Phase]) -> None:
        try:
            phase = work()
        except Stopped:
            phase = Phase.STOPPED
        except PratiqueError as error:
            phase = self._failed(error.code, error.message, error.hint)
        except Exception as error:  # noqa: BLE001 - its own words may quote a row
            if isinstance(error, OSError) and error.errno in FULL:
                phase = self._failed(*_full_words())
            else:
                phase = self._failed("desk-fault", f"a fault of the desk: {place_of(error)}", "")
        with self._lock:
            self.phase, self._thread = phase, None

    def _failed(self, code: str, message: str, hint: str) -> Phase:
        with self._lock:
            # A path of the working folder says nothing to a clerk.
            said = message.replace(f"{self.source}: ", "")
            self.error = {"code": code, "message": printable(said), "hint": printable(hint)}
            return {Phase.READING: Phase.REFUSED, Phase.CHECKING: Phase.COLUMNS}.get(self.phase, Phase.STOPPED)  # fmt: skip

    def progress(self, rows: int, _total: int | None = None) -> None:
        """Note how far it is; raise Stopped where somebody wants no more."""
        self.rows = rows
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """End the work, and wait until it has."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def close(self, *, forget: bool) -> None:
        """Remove all that lies here of the file; `forget`: it will not go on."""
        self.stop()
        self.folder.close()
        if forget and self.kept is not None:
            self.kept.unlink(missing_ok=True)

    # ---- the work of each phase, in the thread

    def apart(self, perform: Callable[..., None], *given: Any) -> Any:
        """Have a process of its own do something; return what it says in the end."""
        with workers.ProcessPool() as pool:
            end = pool.start(perform, *given)
            while True:
                self.progress(self.rows)
                if not wait([end], timeout=0.1):
                    continue
                try:
                    kind, said = end.recv()
                except workers.GONE:
                    raise workers.lost() from None
                if kind == "rows":
                    self.progress(said)
                elif kind == "failed":
                    del pool.ends[end]
                    raise said
                else:
                    del pool.ends[end]
                    return said

    def read(self) -> Phase:
        """Look at the file."""
        look, self.total = self.apart(_look, self.source)
        names = recognised(look.headers)
        columns = [
            {
                "header": printable(header, 120),
                "column": name,
                "cells": [_cell(row[place]) if place < len(row) else "" for row in look.rows],
                "repeated": look.headers.count(header) > 1 or not header,
                "dates": sorted(look.dates.get(header, ())),
            }
            for place, (header, name) in enumerate(zip(look.headers, names, strict=True))
        ]
        self.shown = {"columns": columns, "is_data": is_data(look.headers), "ours": sorted(COLUMNS)}
        if look.headers:
            return Phase.COLUMNS
        self.chosen = Chosen(AS_THEY_ARE, {})
        return Phase.COLUMNS

    def check(self, at: int) -> Phase:
        """Examine each row, without a signature."""
        assert self.chosen is not None
        self.rows = 0
        of = _Examination(
            self.source, self._desk.place.folder, self._desk.place.value_sets, self.chosen.headings,
            self.chosen.filled, self.folder.path / "errors.csv", at,
        )  # fmt: skip
        self.checked = self.apart(_examine, of)
        self.rows = self.total = self.checked["rows"]
        return Phase.CHECKED

    def issue(self) -> Phase:
        """Issue all rows, or go on with that."""
        assert self.chosen is not None
        assert self.begun is not None
        desk, begun = self._desk, self.begun
        self.rows = 0
        sheets = None
        if self.chosen.layout:
            sheets = desk.paper._replace(layout=self.chosen.layout)
        signing = Signing(begun.at, Work(begun.site, begun.operator), begun.validity)
        order = FileOrder(
            self.source, self.folder.path / "out", signing, self.chosen.filled, begun.workers, sheets,
            self.chosen.headings, PART, begun.secret, is_apart=True,
        )  # fmt: skip
        outcome: Outcome = bulk.issue_file(
            desk.place, desk.secret, order, note=self._noted, progress=self.progress
        )
        self.rows = self.total
        self.done = outcome.done._asdict()
        return Phase.DONE

    def _noted(self, notice: Notice) -> None:
        # A page has words of its own for it.
        self.notes.append({"name": notice.name, **notice.values})


def _full_words() -> tuple[str, str, str]:
    return (
        "memory-full", "there is no room in this machine's memory for the file and its certificates",
        "hand it in in parts, or without sheets",
    )  # fmt: skip


def _full() -> Unreadable:
    return Unreadable(*_full_words())


def _busy() -> UsageError:
    return UsageError(
        "file-busy", "this desk works on a file already", "wait for it, or stop it first"
    )


def _cell(value: object) -> str:
    return "" if value is None else printable(str(value), CELL)


# ----------------------------------------------------------------------------------------------------
# In a process of its own: a stranger's file is opened.


def _guarded(talk: Any, perform: Callable[[], Any]) -> None:
    workers.ready()
    with suppress(*workers.GONE):
        try:
            talk.send(("done", perform()))
        except PratiqueError as error:
            talk.send(("failed", error.with_traceback(None)))
        except workers.GONE:
            raise
        except Exception as error:  # noqa: BLE001 - a traceback may show somebody's record
            talk.send(("failed", Unreadable("file-fault", f"the file made its reader fail: {type(error).__name__}")))  # fmt: skip


def _look(talk: Any, source: Path) -> None:
    def perform() -> tuple[tables.Look, int]:
        return tables.look(source, SHOWN, LOOKED), 0

    _guarded(talk, perform)


@silent
class _Examination(NamedTuple):
    source: Path
    folder: Path
    value_sets: tuple[Path, ...]
    headings: Headings
    filled: Mapping[str, str]
    report: Path
    at: int


def _examine(talk: Any, of: _Examination) -> None:
    _guarded(talk, lambda: _examined(of, lambda rows: talk.send(("rows", rows))))


def _examined(of: _Examination, step: Callable[[int], None]) -> dict[str, Any]:
    """Examine each row; write all remarks as a table, and return counts and the first ones."""
    intake, today = (
        records.opened(of.folder, of.value_sets),
        datetime.fromtimestamp(of.at, UTC).date(),
    )
    secret = os.urandom(32)
    drafts: list[dict[str, Any]] = []
    counts = {"rows": 0, "ready": 0, "refused": 0, "skipped": 0}
    for row in tables.rows(of.source, of.headings):
        counts["rows"] += 1
        read = [
            Numbered(row.number, place, reading)
            for place, reading in enumerate(intake.of_row(row, at=today, filled=of.filled))
        ]
        for each in read:
            ready = each.reading.record is not None
            refused = not ready and refuses(each.reading.remarks)
            counts["ready" if ready else "refused" if refused else "skipped"] += 1
        drafts.append({"told": bulk.remarked(read), "compared": bulk.comparable(read, secret)})
        if counts["rows"] % STEP == 0:
            step(counts["rows"])
    told = bulk.report(drafts, intake.catalogue)
    theirs = {column: header for header, column in of.headings.columns.items() if column}
    lines = [
        (row, column, theirs.get(column.rpartition(".")[2], ""), RemarkCode[name])
        for row, _, column, name in told
    ]
    _write_report(of.report, lines)
    doubted = {one[:2] for one in told if not RemarkCode[one[3]].refuses}
    shown = [
        {
            "row": row, "column": column, "header": header, "code": code.name, "refuses": code.refuses,
            "meaning": code.meaning, "next_step": code.next_step,
        }
        for row, column, header, code in sorted(lines, key=lambda line: (not line[3].refuses, line[0]))[:TOLD]
    ]  # fmt: skip
    return {**counts, "doubted": len(doubted), "remarks": shown, "told": len(lines)}


def _write_report(path: Path, lines: list[tuple[int, str, str, RemarkCode]]) -> None:
    written = io.StringIO(newline="")
    rows = (
        (row, column, header, code.name, "yes" if code.refuses else "no", code.meaning, code.next_step)
        for row, column, header, code in lines
    )  # fmt: skip
    tables.write_csv_safe(written, REPORT, rows)
    files.replace(path, written.getvalue().encode("utf-8-sig"))


# ----------------------------------------------------------------------------------------------------
# What is kept of a job that was begun, so that the same file gives no certificate twice.


FORMAT = "pratique-desk-file-1"
FOLDER = "desk-files"


def _seals(secret: bytes, source: str, chosen: Chosen) -> tuple[bytes, bytes]:
    """Return what a file is, and what was chosen for it, under a secret."""
    what = as_json(
        {"headings": chosen.headings.document(), "filled": dict(chosen.filled)}, sort_keys=True
    )
    of_file = hmac.digest(secret, b"file" + source.encode(), "sha256")
    return of_file, hmac.digest(secret, of_file + what.encode(), "sha256")


def _kept(place: Place) -> list[tuple[Path, FileJob]]:
    def refused(why: str) -> DocumentRefused:
        return DocumentRefused("desk-file-malformed", why)

    jobs = []
    for path in sorted((place.folder / FOLDER).glob("*.json")):
        with suppress(PratiqueError):
            data = sources.read_bytes(path)
            jobs.append((path, strict_json.document(data, FileJob, FORMAT, refused)))
    return jobs


def begin(call: DeskCall, source: Path, chosen: Chosen) -> tuple[Path, FileJob]:
    """Keep a new job, or return the one that was begun with the same file; and where it is kept.

    Raises:
        UsageError: `file-begun-otherwise`: with the same file, and other columns.
    """
    digest, desk = bulk.digest_of(source), call.desk
    folder = desk.place.folder / FOLDER
    files.folder(folder)
    # Two desks of one issuer may be handed the same file at once: the second one finds what the first has begun.
    with files.usable(folder), files.hold(folder, wait=True):
        for path, job in _kept(desk.place):
            of_file, of_choice = _seals(job.secret, digest, chosen)
            if not hmac.compare_digest(of_file, job.file):
                continue
            if not hmac.compare_digest(of_choice, job.choice):
                raise UsageError(
                    "file-begun-otherwise",
                    "this file was begun with other columns, and some of it is issued",
                    "choose the columns as before",
                )
            return path, job
        secret = os.urandom(32)
        count = max(1, min(4, (os.cpu_count() or 1) - 1))
        path = folder / f"{secrets.token_hex(8)}.json"
        of_file, of_choice = _seals(secret, digest, chosen)
        job = FileJob(
            secret, of_file, of_choice, call.at, desk.validity, count, desk.site, call.operator.pseudonym
        )  # fmt: skip
        files.create(path, strict_json.dump(job, FORMAT))
        return path, job


# ----------------------------------------------------------------------------------------------------
# What a page asks for.


_FILES: dict[Place, DeskFile] = {}
"""The file that each desk of this process works on: one, but in tests."""


def leave() -> None:
    """Remove what lies here of files: at a desk's end. A job that was begun goes on with the same file."""
    while _FILES:
        _FILES.popitem()[1].close(forget=False)


@contextmanager
def present() -> Iterator[None]:
    """Let a desk work on files; remove what lies here of them when it ends."""
    try:
        yield
    finally:
        leave()


def unfinished(place: Place) -> tuple[Phase, int]:
    """Return how far a desk's file is, whosever it is; and how many were begun and not finished."""
    file = _FILES.get(place)
    return Phase.NONE if file is None else file.phase, len(_kept(place))


def sweep() -> int:
    """Remove what desks that were killed have left; return of how many."""
    return memory.sweep(NAME)


def _none() -> UsageError:
    return UsageError("file-none", "there is no file here", "choose the file again")


def _own(call: DeskCall) -> DeskFile | None:
    """Return the file that the operator has handed in."""
    found = _FILES.get(call.desk.place)
    return found if found is not None and found.pseudonym == call.operator.pseudonym else None


def _file(call: DeskCall, *phases: Phase) -> DeskFile:
    found = _own(call)
    if found is None:
        raise _none()
    if phases and found.phase not in phases:
        raise UsageError("file-phase", "the file is not that far", "load the page again")
    return found


def _state(call: DeskCall) -> Mapping[str, Any]:
    found = _own(call)
    begun = len(_kept(call.desk.place))
    if found is None:
        return {"phase": Phase.NONE, "begun": begun}
    return {**found.state(), "begun": begun, "most_sheets": MOST_SHEETS}


def _put(call: DeskCall) -> Mapping[str, Any]:
    before = _FILES.get(call.desk.place)
    is_others = before is not None and _own(call) is None
    # What another went away from blocks nobody: dropped again, the same file gives the same certificates.
    left = _LEFT | {Phase.STOPPED, Phase.DONE} if is_others else _LEFT
    if before is not None and before.phase not in left:
        raise _busy()
    if not call.body:
        raise Unreadable("file-empty", "the file is empty", "choose another one")
    if len(call.body) > LARGEST:
        raise Unreadable("file-large", "the file is larger than 64 MB", "hand it in in parts")
    if before is not None:
        _FILES.pop(call.desk.place).close(forget=False)
    made = _FILES[call.desk.place] = DeskFile(call.desk, call.operator.pseudonym, call.body)
    made.start(Phase.READING, made.read)
    return _state(call)


def _check(call: DeskCall) -> Mapping[str, Any]:
    found = _file(call, Phase.COLUMNS, Phase.CHECKED)
    filled = _words(call.asked.get("filled", {}))
    if records.is_of_a_person(filled) or not COLUMNS.issuperset(filled):
        raise records.of_a_person()
    columns = _words(call.asked.get("columns", {}))
    # Members that the clerk has not been shown are none of the file's.
    known = {heading(each["header"]) for each in found.shown["columns"]}
    chosen = headings(
        {name: column for name, column in columns.items() if heading(name) in known},
        str(call.asked.get("dates", "")),
    )
    found.chosen = Chosen(chosen, {name: value for name, value in filled.items() if value.strip()})
    found.start(Phase.CHECKING, lambda: found.check(call.at))
    return _state(call)


def _words(asked: object) -> dict[str, str]:
    if not isinstance(asked, dict) or not all(isinstance(each, str) for each in asked.values()):
        raise UsageError("asked-unreadable", "columns and values are texts")
    return {str(name): value for name, value in asked.items()}


def _start(call: DeskCall) -> Mapping[str, Any]:
    found = _file(call, Phase.CHECKED, Phase.STOPPED)
    assert found.chosen is not None
    if found.phase is Phase.CHECKED:
        layout = call.asked.get("layout", "")
        if layout and layout not in LAYOUTS:
            raise UsageError("layout-unknown", "there is no such layout")
        if layout and found.checked["ready"] > MOST_SHEETS:
            raise UsageError(
                "file-sheets",
                f"sheets are made for at most {MOST_SHEETS} certificates at a time",
                "hand the file in in parts, or start without sheets",
            )
        if found.checked["doubted"] and call.asked.get("doubts") is not True:
            raise UsageError("file-doubts", "doubts are not confirmed", "look at each first")
        if not found.checked["ready"]:
            raise UsageError("file-nothing", "no row can be issued", "mend the file")
        found.chosen = found.chosen._replace(layout=str(layout))
        found.kept, found.begun = begin(call, found.source, found.chosen)
    found.start(Phase.ISSUING, found.issue)
    return _state(call)


def _stop(call: DeskCall) -> Mapping[str, Any]:
    _file(call).stop()
    return _state(call)


def _errors(call: DeskCall) -> Attachment:
    found = _file(call, Phase.CHECKED)
    return Attachment("rows-to-mend.csv", "text/csv", sources.read_bytes(found.folder.path / "errors.csv"))  # fmt: skip


def _archive(call: DeskCall) -> Attachment:
    found = _file(call, Phase.DONE, Phase.STOPPED)
    return Attachment("certificates.zip", "application/zip", packed(found.folder.path / "out"))


def packed(out: Path) -> bytes:
    """Return a job's certificates, sheets and report as one archive."""
    written, texts = io.BytesIO(), ["row,text\r\n"]
    for part in sorted(out.glob("certificates-*.csv")):
        texts += part.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("certificates.csv", "".join(texts))
        for each in (out / "report.csv", *sorted((out / "pdf").glob("*.pdf"))):
            if each.is_file():
                # Of this one file the time of day is nobody's matter.
                archive.writestr(
                    zipfile.ZipInfo(each.relative_to(out).as_posix()), each.read_bytes()
                )
    return written.getvalue()


def _finish(call: DeskCall) -> Mapping[str, Any]:
    found = _own(call)
    if found is None and call.desk.place in _FILES:
        raise _none()
    if found is not None:
        del _FILES[call.desk.place]
        # What was begun and not issued to its end may be dropped again; what is done is not.
        found.close(forget=found.phase is Phase.DONE or call.asked.get("forget") is True)
    return _state(call)


def _act(do: Callable[[DeskCall], Any], *, takes_file: bool = False) -> DeskAct:
    return DeskAct(Right.ISSUE, do, takes_file)


ACTS: Mapping[str, DeskAct] = {
    "files.state": _act(_state),
    "files.put": _act(_put, takes_file=True),
    "files.check": _act(_check),
    "files.start": _act(_start),
    "files.stop": _act(_stop),
    "files.errors": _act(_errors),
    "files.archive": _act(_archive),
    "files.finish": _act(_finish),
}
"""What a page may ask for, by name: POST /api/NAME."""
