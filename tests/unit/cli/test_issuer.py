"""`pratique issuer`, as a clerk calls it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pratique.formats import Envelope, hcert
from pratique.parties import issuer
from pratique.revocation.tag_list import tag
from pratique.store.register.register import Transaction, open_register
from tests import forked
from tests.steps import until

ROOT = Path(__file__).resolve().parents[3]
AT = "2026-11-22T09:00:00Z"
WORK = ("--site", "harbour", "--operator", "op-17", "--at", AT)
DOSE = (
    "kind=vaccination", "surname=Müller", "forename=Zoë", "birth_date=1980-02",
    "product=EU/1/20/1528", "dose=2", "doses=2", "given_on=2026-10-01", "lot=LOT-1",
)  # fmt: skip
HEADER = [
    "kind",
    "surname",
    "forename",
    "birth_date",
    "product",
    "dose",
    "doses",
    "given_on",
    "lot",
]


class Desk:
    """An issuer's folder and a border's, and commands in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: text for name, text in os.environ.items() if name != "PRATIQUE_REGISTER"},
            "PRATIQUE_HOME": str(folder / "border"),
            "PRATIQUE_ISSUER": str(folder / "issuer"),
            "PRATIQUE_KEY_PASSWORD": "four invented plain words",
        }

    def run(self, *words: str, given: str = "", code: int = 0) -> str:
        done = forked.run(list(words), folder=ROOT, environment=self.environment, given=given)
        assert done.code == code, done.out + done.errors
        self.said = done.errors
        return done.out

    def counts(self) -> int:
        register = open_register(f"sqlite:///{self.folder}/issuer/register.sqlite")
        try:
            return sum(register.read(Transaction.counts).values())
        finally:
            register.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("desk"))
    made.run(
        "issuer", "init", "--country", "XU", "--participant", "XXU", "--shards", "2", "--name",
        "Ministry of Health of Utopia", "--at", "2026-11-01T00:00:00Z",
    )  # fmt: skip
    made.run("trust", "import", str(made.folder / "issuer" / "certificates"))
    return made


def test_a_preview_signs_nothing_and_opens_no_key(desk: Desk) -> None:
    desk.environment.pop("PRATIQUE_KEY_PASSWORD")
    try:
        shown = desk.run("issuer", "preview", *DOSE, "--at", AT)
    finally:
        desk.environment["PRATIQUE_KEY_PASSWORD"] = "four invented plain words"
    assert "MUELLER" in shown
    assert "HC1:" not in shown


def test_issued_renewed_corrected_and_refused(desk: Desk) -> None:
    text = desk.run("issuer", "issue", *DOSE, *WORK).strip()
    assert "Müller Zoë" in desk.run("verify", text, "--at", AT, code=3)
    renewed = desk.run("issuer", "renew", text, *WORK).strip()
    assert renewed != text
    assert desk.run("issuer", "renew", text, *WORK).strip() == renewed
    assert "renewed before" in desk.said
    corrected = desk.run("issuer", "correct", renewed, "given_on=2026-10-02", *WORK).strip()
    assert "2026-10-02" in desk.run("inspect", corrected)
    desk.run("issuer", "renew", text, *WORK, code=2)
    assert "is revoked already" in desk.said
    forged = text[:-4] + "0000"
    desk.run("issuer", "renew", forged, *WORK, code=4)
    assert "is damaged" in desk.said


def test_a_request_made_again_is_the_same_certificate(desk: Desk) -> None:
    request = ("--request", "123e4567-e89b-42d3-a456-426614174000")
    first = desk.run("issuer", "issue", *DOSE, *WORK, *request)
    before = desk.counts()
    assert desk.run("issuer", "issue", *DOSE, *WORK, *request) == first
    assert desk.counts() == before
    desk.run("issuer", "issue", *DOSE[:-1], "lot=LOT-2", "dose=1", *WORK, *request, code=2)
    assert "made before, for other content" in desk.said
    desk.run("issuer", "issue", *DOSE, *WORK, "--request", "row-1", code=2)
    assert "not random enough" in desk.said


def test_a_refused_record_is_not_signed_and_not_repeated(desk: Desk) -> None:
    before = desk.counts()
    wrong = [word for word in DOSE if not word.startswith(("given_on", "surname"))]
    told = desk.run(
        "issuer", "issue", *wrong, "given_on=2026-13-01", "surname=Q\u202exyz", *WORK, code=2
    )
    assert told == ""
    assert "(given_on)" in desk.said
    assert "(surname)" in desk.said
    assert "xyz" not in desk.said
    assert desk.counts() == before


def test_what_a_script_leaves_out_is_told_and_not_waited_for(desk: Desk) -> None:
    desk.run("issuer", "issue", "surname=Q", *WORK, code=2)
    assert "(kind)" in desk.said
    desk.run("issuer", "issue", "kind=vaccination", "surname=Q", *WORK, code=2)
    assert "(given_on)" in desk.said
    desk.run("issuer", "issue", *DOSE[:-1], *WORK, code=2)
    assert "pass --yes" in desk.said


@pytest.mark.parametrize("site", ["", " ", "x" * 81, "har\tbour"])
def test_a_site_is_a_short_code(desk: Desk, site: str) -> None:
    text, before = desk.run("issuer", "issue", *DOSE, *WORK).strip(), desk.counts()
    given = ("--site", site, "--operator", "op-17", "--at", AT)
    for words in (("issue", *DOSE), ("renew", text), ("correct", text, "dose=1")):
        desk.run("issuer", *words, *given, code=2)
        assert "error: --site is " in desk.said
    assert desk.counts() == before


def test_a_doubt_is_asked_about(desk: Desk) -> None:
    early = [word for word in DOSE if not word.startswith("given_on")]
    desk.run("issuer", "issue", *early, "given_on=2020-01-01", *WORK, given="n\n", code=2)
    assert "warning" in desk.said
    assert desk.run("issuer", "issue", *early, "given_on=2020-01-01", *WORK, "--yes")


def test_a_fhir_document_is_issued(desk: Desk, tmp_path: Path) -> None:
    document: dict[str, Any] = {
        "resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {
                "resourceType": "Patient", "id": "1", "birthDate": "1991-07-03",
                "name": [{"use": "official", "family": "Κωνσταντίνου", "given": ["Ελένη"]}]}},
            {"resource": {
                "resourceType": "Immunization", "status": "completed",
                "patient": {"reference": "urn:uuid:1"}, "occurrenceDateTime": "2026-09-09",
                "lotNumber": "F-7",
                "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "208"}]},
                "protocolApplied": [{"doseNumberPositiveInt": 1, "seriesDosesPositiveInt": 2}]}},
        ],
    }  # fmt: skip
    path = tmp_path / "record.json"
    path.write_text(json.dumps(document))
    text = desk.run("issuer", "issue", "--from", str(path), *WORK, "--yes").strip()
    assert "Κωνσταντίνου Ελένη" in desk.run("verify", text, "--at", AT, code=3)

    first = document["entry"][1]["resource"]
    second = {**first, "occurrenceDateTime": "2026-10-09", "protocolApplied": [
        {"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 2}]}  # fmt: skip
    path.write_text(json.dumps({**document, "entry": [*document["entry"], {"resource": second}]}))
    both = ("--from", str(path), "--request", "123e4567-e89b-42d3-a456-426614174001")
    texts = desk.run("issuer", "issue", *both, *WORK, "--yes").split("\n")[:-1]
    assert len(set(texts)) == 2
    assert desk.run("issuer", "issue", *both, *WORK, "--yes").split("\n")[:-1] == texts


def people(path: Path, count: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(count):
            name = "".join(chr(65 + int(digit)) for digit in f"{number:05d}")
            writer.writerow(
                [
                    "vaccination",
                    f"Q{name}",
                    "Jo",
                    "1980-02-03",
                    "EU/1/20/1528",
                    2,
                    2,
                    "2026-10-01",
                    "B-1",
                ]
            )
    return path


def texts(folder: Path) -> dict[int, str]:
    found: dict[int, str] = {}
    for path in sorted(folder.glob("certificates-*.csv")):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                assert int(row["row"]) not in found
                found[int(row["row"])] = row["text"]
    return found


def test_a_killed_job_goes_on_and_signs_nothing_twice(desk: Desk, tmp_path: Path) -> None:
    source, out, before = people(tmp_path / "people.csv", 20_000), tmp_path / "out", desk.counts()
    command = ("issuer", "issue", "--from", str(source), "--out", str(out), *WORK)
    early: dict[int, str] = {}
    for parts in (1, 4):
        with subprocess.Popen(
            [sys.executable, "-m", "pratique", *command], cwd=ROOT, env=desk.environment,
            stdout=subprocess.DEVNULL, start_new_session=True,
        ) as job:  # fmt: skip
            while job.poll() is None and len(list(out.glob("certificates-*.csv"))) < parts:
                time.sleep(0.01)
            os.killpg(job.pid, signal.SIGKILL)
        early.update(texts(out))
    # As if the power had failed between a commit and its file.
    lost = sorted(out.glob("certificates-*.csv"))[0]
    lost.unlink()
    assert 0 < len(early) < 20_000
    desk.run(*command)
    found = texts(out)
    assert sorted(found) == list(range(2, 20_002))
    assert early.items() <= found.items(), "a row was signed twice"
    assert len(set(found.values())) == 20_000
    assert desk.counts() == before + 20_000
    assert json.loads((out / "job.json").read_bytes())["secret"] == ""
    desk.run(*command, code=2)
    assert "this job is done" in desk.said
    assert oct(out.stat().st_mode)[-3:] == "700"
    assert {oct(path.stat().st_mode)[-3:] for path in out.iterdir()} == {"600"}


def test_ctrl_c_ends_all_quietly_and_the_job_goes_on(desk: Desk, tmp_path: Path) -> None:
    source, out, before = people(tmp_path / "people.csv", 15_000), tmp_path / "out", desk.counts()
    command = ("issuer", "issue", "--from", str(source), "--out", str(out), *WORK, "--workers", "2")
    with subprocess.Popen(
        [sys.executable, "-m", "pratique", *command], cwd=ROOT, env=desk.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # Whoever runs the tests in the background may have Ctrl-C ignored, and children would inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as job:  # fmt: skip
        while job.poll() is None and not list(out.glob("certificates-*.csv")):
            time.sleep(0.01)
        # As a terminal does: to every process that is in front of it.
        os.killpg(job.pid, signal.SIGINT)
        shown, said = job.communicate()
        assert job.returncode == 130
    assert shown == ""
    told = [line for line in said.splitlines() if not line.endswith("rows done")]
    assert told == [
        "error: interrupted; what is done is in the register and stays so",
        "hint: give the same command again, and it goes on where it was",
    ]
    # The workers are gone with their parent: nobody is left of its group.
    while True:
        try:
            os.killpg(job.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.01)
    kept = texts(out)
    assert 0 < len(kept) < 15_000
    desk.run(*command)
    lines = desk.said.splitlines()
    assert lines[0].startswith("note: going on: ")
    assert lines[-1] == "15000 of 15000 rows done"
    found = texts(out)
    assert kept.items() <= found.items()
    assert len(found) == len(set(found.values())) == 15_000
    assert desk.counts() == before + 15_000


def test_bad_rows_are_named_and_the_others_issued(desk: Desk, tmp_path: Path) -> None:
    source = people(tmp_path / "people.csv", 3)
    good = ["vaccination", "Ok", "Jo", "1980-02-03", "EU/1/20/1528", 2, 2, "2026-10-01", "B-1"]
    with source.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for column, value in [(1, "=HYPERLINK(1)"), (1, "X" * 1_000_000), (7, "2026-02-30"),
                              (4, "EU/0"), (1, "a\u202eb"), (3, "")]:  # fmt: skip
            writer.writerow([*good[:column], value, *good[column + 1 :]])
        writer.writerow(good)
    out = tmp_path / "out"
    desk.run("issuer", "issue", "--from", str(source), "--out", str(out), *WORK, code=1)
    assert sorted(texts(out)) == [2, 3, 4, 11]
    with (out / "report.csv").open(encoding="utf-8") as file:
        told = {(int(row["row"]), row["column"], row["code"]) for row in csv.DictReader(file)}
    assert told >= {
        (5, "surname", "FORMULA_LIKE"), (7, "given_on", "DATE_UNREADABLE"),
        (8, "product", "CODE_UNKNOWN"), (9, "surname", "CONTROL_CHARACTER"),
        (10, "birth_date", "FIELD_MISSING"),
    }  # fmt: skip
    assert any(row == 6 for row, _, _ in told)
    assert "HYPERLINK" not in (out / "report.csv").read_text()


def test_a_short_file_is_signed_as_a_whole_or_not_at_all(desk: Desk, tmp_path: Path) -> None:
    source, before = people(tmp_path / "people.csv", 2), desk.counts()
    good = source.read_text()
    source.write_text(good + "vaccination,Q,Jo,1980-02-30,EU/1/20/1528,2,2,2026-10-01,B-1\n")
    assert desk.run("issuer", "issue", "--from", str(source), *WORK, code=2) == ""
    assert "refused in record 4 (birth_date)" in desk.said
    assert desk.counts() == before
    source.write_text(good)
    assert len(desk.run("issuer", "issue", "--from", str(source), *WORK).splitlines()) == 2


def test_a_job_that_cannot_begin_leaves_no_folder(desk: Desk, tmp_path: Path) -> None:
    out, no_table = tmp_path / "out", tmp_path / "no-table.csv"
    no_table.write_text("# a title\n")
    job = ("issuer", "issue", "--out", str(out), *WORK, "--from")
    desk.run(*job, str(no_table), code=4)
    wrong = tmp_path / "password"
    wrong.write_text("another four plain words\n")
    desk.run(*job, str(people(tmp_path / "p.csv", 1)), "--password-file", str(wrong), code=2)
    assert "does not open the key" in desk.said
    assert not out.exists()


def test_parquet_in_and_out(desk: Desk, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow.csv").read_csv(people(tmp_path / "p.csv", 1500))
    parquet.write_table(table, tmp_path / "p.parquet")
    out = tmp_path / "signed.parquet"
    desk.run("issuer", "issue", "--from", str(tmp_path / "p.parquet"), "--out", str(out), *WORK)
    found = parquet.read_table(out).to_pydict()
    assert len(set(found["text"])) == 1500
    assert desk.run("verify", found["text"][7], "--at", AT, code=3)


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a folder of three files of columns, whose parts do not end where a file does."""
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = tmp_path_factory.mktemp("people")
    table = pytest.importorskip("pyarrow.csv").read_csv(people(folder / "p.csv", 9000))
    for number in range(3):
        parquet.write_table(table.slice(3000 * number, 3000), folder / f"{number}.parquet")
    return folder


def test_a_folder_of_columns_is_issued_and_a_lost_worker_costs_nothing(
    desk: Desk, columns: Path, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    before, out, parts = desk.counts(), tmp_path / "signed.parquet", tmp_path / "signed.parts"
    command = (
        "issuer",
        "issue",
        "--from",
        str(columns),
        "--out",
        str(out),
        *WORK,
        "--workers",
        "2",
    )
    with subprocess.Popen(
        [sys.executable, "-m", "pratique", *command], cwd=ROOT, env=desk.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as job:  # fmt: skip
        until(lambda: job.poll() is not None or list(parts.glob("certificates-*")))
        worker = workers_of(job.pid)[-1]
        os.kill(worker, signal.SIGKILL)
        _, said = job.communicate()
    assert job.returncode == 4
    assert "error: a worker ended before its work was done" in said
    assert "Traceback" not in said
    early = {path.name: path.read_bytes() for path in parts.glob("certificates-*")}
    kept = {row: text for path in parts.glob("certificates-*") for row, text in pairs(path)}
    assert 0 < len(early) < 4
    desk.run(*command)
    found = dict(pairs(out))
    assert sorted(found) == list(range(1, 9001))
    assert len(set(found.values())) == 9000
    assert kept.items() <= found.items(), "a row was signed twice"
    assert desk.counts() == before + 9000
    assert len(parquet.read_table(out)) == 9000


def workers_of(parent: int) -> list[int]:
    """Return the processes that a job has started for its parts."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            about = (path / "stat").read_text().rpartition(")")[2].split()
            if int(about[1]) == parent and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
    return found


def pairs(path: Path) -> list[tuple[int, str]]:
    found = pytest.importorskip("pyarrow.parquet").read_table(path).to_pydict()
    return list(zip(found["row"], found["text"], strict=True))


def test_columns_of_the_callers_are_handed_on_beside_the_certificates_of_their_rows(
    desk: Desk, tmp_path: Path
) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    folder, out = tmp_path / "people", tmp_path / "signed.parquet"
    folder.mkdir()
    table = pytest.importorskip("pyarrow.csv").read_csv(people(tmp_path / "p.csv", 40))
    surnames = table["surname"].to_pylist()
    table = table.append_column("ref", arrow.array([f"r-{n}" for n in range(40)]))
    table = table.append_column("on paper", arrow.array([n % 2 == 0 for n in range(40)]))
    for number, (first, last) in enumerate(((0, 7), (7, 8), (8, 40))):
        # Groups of three rows, so that neither files nor parts nor pieces end where another does.
        parquet.write_table(table.slice(first, last - first), folder / f"{number}.parquet", 3)
    # Rows 8 and 9 are refused: the others keep what is theirs.
    wrong = [{**table.slice(0, 1).to_pylist()[0], "product": "none"}] * 2
    parquet.write_table(arrow.Table.from_pylist(wrong, schema=table.schema), folder / "0b.parquet")
    command = ("issuer", "issue", "--from", str(folder), "--out", str(out), *WORK, "--keep")
    shown = desk.run(*command, "ref", "--keep", "on paper", "--keep", "surname", code=1)
    assert "40 issued, 2 refused" in shown
    found = parquet.read_table(out)
    assert found.schema.names == ["row", "ref", "on paper", "surname", "text"]
    assert found["row"].to_pylist() == [*range(1, 8), *range(10, 43)]
    assert found["ref"].to_pylist() == [f"r-{n}" for n in range(40)]
    assert found["on paper"].to_pylist() == [n % 2 == 0 for n in range(40)]
    # What stands beside a certificate is its own row's.
    for place in (0, 6, 7, 8, 39):
        assert found["surname"][place].as_py() == surnames[place]
        shown = desk.run("verify", found["text"][place].as_py(), "--at", AT, code=3)
        assert surnames[place].upper() in shown.upper()
    # Nothing is remarked of them.
    assert "COLUMN_UNKNOWN" not in (tmp_path / "signed.parts" / "report.csv").read_text()


TEXTS = (["a", "b"], ["c", "d"])


@pytest.mark.parametrize(
    ("content", "keep", "told"),
    [
        (TEXTS, "nowhere", ("s.parquet", "there is no column 'nowhere'", 4)),
        (TEXTS, "ref", ("signed", "a column is handed on into a Parquet file only", 2)),
        (TEXTS, "text", ("s.parquet", "the outcome has a column 'text' of its own", 2)),
        (([[1], [2]], [[3], []]), "ref", ("s.parquet", "a column holds lists", 4)),
        ((["a", "b"], [1, 2]), "ref", ("s.parquet", "the column 'ref' is not of one kind in all files", 4)),
        (None, "surname", ("s.parquet", "a column is handed on of Parquet files only", 4)),
    ],
    ids=["missing", "csv-out", "taken", "lists", "kinds", "csv-in"],
)  # fmt: skip
def test_a_column_that_cannot_be_handed_on_is_told_before_anything_is_signed(
    desk: Desk, tmp_path: Path, content: tuple[list[Any], ...] | None, keep: str, told: tuple[str, str, int]
) -> None:  # fmt: skip
    out, said, code = told
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    source, before = people(tmp_path / "p.csv", 2), desk.counts()
    if content is not None:
        table = pytest.importorskip("pyarrow.csv").read_csv(source)
        source = tmp_path / "people"
        source.mkdir()
        for number, ref in enumerate(content):
            parquet.write_table(
                table.append_column("ref", arrow.array(ref)), source / f"{number}.parquet"
            )
    command = ("issuer", "issue", "--from", str(source), "--out", str(tmp_path / out), *WORK)
    desk.run(*command, "--keep", keep, code=code)
    assert said in desk.said
    assert desk.counts() == before
    assert not list(tmp_path.glob("s.*")), "a folder was made"
    desk.run("issuer", "issue", *DOSE, *WORK, "--keep", keep, code=2)
    assert "a column is handed on into a Parquet file only" in desk.said


def test_a_folder_of_two_kinds_of_files_is_not_guessed_at(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.ndjson", "b.parquet"):
        (tmp_path / "in" / name).write_bytes(b"")
    out = tmp_path / "out"
    desk.run("issuer", "issue", "--from", str(tmp_path / "in"), "--out", str(out), *WORK, code=4)
    assert "files of two kinds are in the folder" in desk.said
    assert not out.exists()


def test_an_engine_is_refused_where_keys_would_go_with_it(desk: Desk, tmp_path: Path) -> None:
    source, out = people(tmp_path / "people.csv", 2), tmp_path / "out"
    command = ("issuer", "issue", "--from", str(source), "--out", str(out), *WORK)
    desk.run(*command, "--engine", "spark", "--address", "spark://h:7077", code=2)
    assert desk.said.startswith("error: a file is issued on one machine: on an engine,")
    assert "hint: leave --engine out" in desk.said
    assert not out.exists()


def test_a_lot_is_recalled_and_only_its_count_is_shown(desk: Desk, tmp_path: Path) -> None:
    kept = desk.run("issuer", "issue", *DOSE[:-1], "lot=GOOD", *WORK).strip()
    gone = desk.run("issuer", "issue", *DOSE[:-1], "lot=BAD", *WORK).strip()
    recall = ("issuer", "revoke", "--reason", "product-recall", "--lot", "BAD", "--by", "head")
    assert "1 would be revoked" in desk.run(*recall, "--dry-run")
    assert "Müller" not in desk.run(*recall, "--yes")
    assert "0 would be revoked, 1 already revoked" in desk.run(*recall, "--yes")
    desk.run("issuer", "revoke", "--reason", "product-recall", "--lot", "bad", "--by", "head")
    assert "nothing in the register matches" in desk.said
    desk.run("issuer", "renew", gone, *WORK, code=2)
    desk.run("issuer", "renew", kept, *WORK)
    told = desk.run("issuer", "lists", "--out", str(tmp_path / "lists"), "--at", AT)
    assert "version 1 (new)" in told
    assert "product-recall" in desk.run("issuer", "audit")
    work = json.loads(desk.run("issuer", "audit", "--format", "json"))["work"]
    assert {row["operator"] for row in work} == {"op-17"}


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--reason", "unvaccinated", "--lot", "X", "--by", "x"), "is not one of"),
        (("--reason", "fraud", "--by", "x"), "nothing says which"),
        (("--reason", "fraud", "--tag", "zz", "--by", "x"), "no hexadecimal"),
        (("--reason", "fraud", "--tag", "12", "--by", "x"), "belongs to one key"),
        (("--reason", "fraud", "--shard", "no", "--by", "x"), "no shard"),
    ],
)
def test_a_recall_needs_a_reason_and_a_selection(
    desk: Desk, words: tuple[str, ...], what: str
) -> None:
    desk.run("issuer", "revoke", *words, code=2)
    assert what in desk.said


def test_a_key_whose_register_was_lost_signs_no_more(desk: Desk) -> None:
    """A tag that it drew anew might be in use, and a revocation would hit somebody else."""
    folder = desk.folder / "issuer"
    kept = {path: path.read_bytes() for path in folder.glob("register.sqlite*")}
    for path in kept:
        path.unlink()
    try:
        for shard in ("2026-11-a", "2026-11-b"):
            desk.run("issuer", "issue", *DOSE, *WORK, "--shard", shard, code=2)
            assert "another register" in desk.said
            assert f"keys retire {shard}" in desk.said
        desk.run("issuer", "lists", "--out", str(folder / "none"), code=2)
        assert "another register" in desk.said
        assert not (folder / "none").exists()
        desk.run("issuer", "audit")
        assert "does not know all that 2026-11-a has signed" in desk.said
        # The next key has signed nothing yet: it may begin.
        desk.run("issuer", "keys", "new-shard", "--at", AT)
        assert desk.run("issuer", "issue", *DOSE, *WORK).startswith("HC1:")
        told = desk.run("issuer", "lists", "--out", str(folder / "new"), "--at", AT)
        assert told.splitlines()[0].startswith("2026-11-c: version 1")
        assert (folder / "register.sqlite").stat().st_mode & 0o777 == 0o600
    finally:
        for path in folder.glob("register.sqlite*"):
            path.unlink()
        for path, data in kept.items():
            path.write_bytes(data)


def test_a_register_put_back_from_an_old_copy_is_noticed(desk: Desk) -> None:
    folder, shard = desk.folder / "issuer", ("--shard", "2026-11-a")
    desk.run("issuer", "issue", *DOSE, *WORK, *shard)
    old = (folder / "register.sqlite").read_bytes()
    desk.run("issuer", "issue", *DOSE, *WORK, *shard)
    newest = (folder / "register.sqlite").read_bytes()
    (folder / "register.sqlite").write_bytes(old)
    desk.run("issuer", "issue", *DOSE, *WORK, *shard, code=2)
    assert "knows fewer" in desk.said
    lists = ("issuer", "lists", "--at", AT, "--out")
    told = desk.run(*lists, str(folder / "other"))
    assert "2026-11-a:" not in told
    (folder / "register.sqlite").write_bytes(newest)
    desk.run("issuer", "issue", *DOSE, *WORK, *shard)


def test_a_list_of_an_old_copy_does_not_replace_the_published_one(
    desk: Desk, tmp_path: Path
) -> None:
    folder, lists = desk.folder / "issuer", ("issuer", "lists", "--out", str(tmp_path), "--at", AT)
    desk.run(*lists)
    old = (folder / "register.sqlite").read_bytes()
    text = desk.run("issuer", "issue", *DOSE, *WORK).strip()
    desk.run(
        "issuer", "revoke", "--reason", "fraud", "--certificate", text, "--by", "head", "--yes"
    )
    desk.run(*lists)
    kept = {path: path.read_bytes() for path in tmp_path.iterdir()}
    newest = (folder / "register.sqlite").read_bytes()
    (folder / "register.sqlite").write_bytes(old)
    desk.run(*lists, code=3)
    assert "does not follow the published one" in desk.said
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == kept
    (folder / "register.sqlite").write_bytes(newest)
    desk.run(*lists)


def test_a_file_of_people_is_printed_too(desk: Desk, tmp_path: Path) -> None:
    source, out = people(tmp_path / "people.csv", 3), tmp_path / "out"
    desk.run("issuer", "issue", "--from", str(source), "--out", str(out), *WORK, "--pdf", "card")
    printed = sorted((out / "pdf").iterdir())
    assert len(printed) == 3
    assert all("QA" not in path.name for path in printed)
    for path, text in zip(printed, texts(out).values(), strict=True):
        assert text in desk.run("inspect", str(path)) or desk.run(
            "verify", str(path), "--at", AT, code=3
        )


def test_only_what_is_authentic_is_printed(desk: Desk, tmp_path: Path) -> None:
    text = desk.run("issuer", "issue", *DOSE, *WORK).strip()
    out = str(tmp_path / "one.pdf")
    desk.run("issuer", "print", text, "--out", out, "--language", "fr", "--at", AT)
    assert "Müller Zoë" in desk.run("verify", out, "--at", AT, code=3)
    desk.run("issuer", "print", text[:-4] + "0000", "--out", str(tmp_path / "no.pdf"), code=4)
    assert "is not printed: COMPRESSION_INVALID" in desk.said
    assert not (tmp_path / "no.pdf").exists()
    data = (tmp_path / "one.pdf").read_bytes()
    assert b"ller Zo" not in data


def test_what_was_taken_back_is_not_printed(desk: Desk, tmp_path: Path) -> None:
    text = desk.run("issuer", "issue", *DOSE, *WORK).strip()
    revoke = ("issuer", "revoke", "--reason", "holder-request", "--by", "head", "--at", AT, "--yes")
    out = ("--out", str(tmp_path / "one.pdf"), "--language", "en", "--at", AT)
    desk.run("issuer", "print", text, *out)
    desk.run(*revoke, "--certificate", text)
    desk.run("issuer", "print", text, *out, code=1)
    assert "REVOKED" in desk.said


def test_a_node_that_shares_its_keys_draws_its_own_tags_in_bulk_too(
    desk: Desk, tmp_path: Path
) -> None:
    document = desk.folder / "issuer" / "issuer.json"
    before = document.read_text()
    kept = json.loads(before)
    document.write_text(json.dumps({**kept, "node": 5, "node_bits": 3}))
    try:
        label = kept["shards"][0]["label"]
        source, out = people(tmp_path / "people.csv", 60), tmp_path / "out"
        desk.run(
            "issuer", "issue", "--from", str(source), "--out", str(out), *WORK, "--shard", label
        )
    finally:
        document.write_text(before)
    shard = issuer.load(desk.folder / "issuer").shard(label)
    for text in texts(out).values():
        envelope = hcert.unwrap(text)
        assert isinstance(envelope, Envelope)
        certificate = hcert.decode(envelope.payload).certificate
        assert certificate is not None
        identifier = certificate.entries[0].identifier or ""
        assert tag(shard.kid, identifier, shard.width) >> (shard.width - 3) == 5


@pytest.mark.parametrize("name", ["taken", "taken.parquet"])
def test_what_lies_where_certificates_are_to_go_is_not_overwritten(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    source, out = people(tmp_path / "people.csv", 2), tmp_path / name
    out.write_bytes(b"somebody's")
    desk.run("issuer", "issue", "--from", str(source), "--out", str(out), *WORK, code=2)
    assert "nothing is overwritten" in desk.said
    assert out.read_bytes() == b"somebody's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.csv", name]


def test_a_job_draws_its_requests_itself(desk: Desk, tmp_path: Path) -> None:
    source = people(tmp_path / "people.csv", 2)
    words = ("--from", str(source), "--out", str(tmp_path / "out"), "--request", "1")
    desk.run("issuer", "issue", *words, *WORK, code=2)
    assert "leave --request out" in desk.said
