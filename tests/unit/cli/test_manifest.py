"""`pratique manifest check`: lists as airlines have them, read whole; results that are the same however they are made."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import Table, parquet

from pratique.cli.main import pratique
from pratique.manifest import FIELDS
from pratique.parties import manifest as parties_manifest
from pratique.parties.manifest import ManifestOrder
from tests import flights

ROOT = Path(__file__).resolve().parents[3]
FLIGHT = flights.flight(60)
AT = "2026-11-22T10:00:00Z"
Check = Callable[..., Result]


def in_csv(rows: Iterable[Mapping[str, Any]], **how: Any) -> str:
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), **how)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture
def check(tmp_path: Path) -> Check:
    held = tmp_path / "held.json"
    held.write_bytes(FLIGHT.held.to_bytes())

    def run(content: str | bytes | Path, *options: str) -> Result:
        path = content if isinstance(content, Path) else tmp_path / "list"
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        asked = ["--trust", str(held), "--environment", "test", "--at", AT]
        command = ["manifest", "check", str(path), *asked, *options]
        return CliRunner().invoke(pratique, command, standalone_mode=False)

    return run


def results(done: Result) -> list[dict[str, str]]:
    assert done.exception is None, done.exception
    return list(csv.DictReader(io.StringIO(done.stdout, newline="")))


@pytest.fixture
def expected(check: Check) -> list[dict[str, str]]:
    found = results(check(in_csv(FLIGHT.rows), "--format", "csv"))
    assert {row["outcome"] for row in found} == {"ok", "check-at-desk", "no-certificate"}
    return found


def test_every_reference_comes_out_in_its_place(expected: list[dict[str, str]]) -> None:
    assert [(row["reference"], row["seat"]) for row in expected] == [
        (row["reference"], row["seat"]) for row in FLIGHT.rows
    ]
    assert tuple(expected[0]) == FIELDS


def by_leg() -> list[dict[str, Any]]:
    """Write the flight with a row for each leg, and one for each code, joined by reference and seat."""
    rows = []
    for row in FLIGHT.rows:
        own = {
            name: row[name] for name in ("reference", "seat", "surname", "forename", "birth_date")
        }
        for suffix in ("", "_2", "_3"):
            leg = {name: row[name + suffix] for name in ("destination", "arrival", "zone")}
            if suffix == "" or leg["destination"]:
                rows.append({**own, "code": "", **leg})
        for suffix in ("", "_2", "_3"):
            if row[f"code{suffix}"]:
                rows.append({**dict.fromkeys(rows[-1], ""), "reference": row["reference"], "seat": row["seat"], "code": row[f"code{suffix}"]})  # fmt: skip
    return rows


def as_objects() -> list[dict[str, Any]]:
    """Write the flight as JSON has it: lists of codes and of legs."""
    objects = []
    for row in FLIGHT.rows:
        suffixes = [suffix for suffix in ("", "_2", "_3") if row[f"destination{suffix}"]]
        legs = [{"to": row[f"destination{s}"], "ETA": row[f"arrival{s}"], "time_zone": row[f"zone{s}"]} for s in suffixes]  # fmt: skip
        codes = [row[name] for name in ("code", "code_2", "code_3") if row[name]]
        own = {"PNR": row["reference"], "seatNumber": row["seat"], "lastName": row["surname"]}
        own |= {"firstName": row["forename"], "dateOfBirth": row["birth_date"]}
        objects.append({**own, "codes": codes, "legs": legs})
    return objects


def in_parquet() -> bytes:
    out = io.BytesIO()
    parquet.write_table(Table.from_pylist(FLIGHT.rows), out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        lambda: in_csv(FLIGHT.rows, delimiter=";"),
        lambda: in_csv(FLIGHT.rows, quoting=csv.QUOTE_ALL),
        lambda: in_csv(by_leg()),
        lambda: json.dumps(as_objects()),
        lambda: json.dumps({"flight": "PQ 1", "passengers": as_objects()}, indent=1),
        lambda: "\n".join(map(json.dumps, as_objects())),
        in_parquet,
    ],
    ids=["semicolons", "quoted", "row a leg", "json", "json of a flight", "json lines", "parquet"],
)
def test_whatever_the_list_is_written_in_the_result_is_the_same(
    check: Check, expected: list[dict[str, str]], content: Callable[[], str | bytes]
) -> None:
    assert results(check(content(), "--format", "csv")) == expected


def test_a_list_without_a_header_and_one_with_names_of_its_own_are_read(
    check: Check, expected: list[dict[str, str]]
) -> None:
    rows = in_csv(FLIGHT.rows)
    header, _, body = rows.partition("\r\n")
    assert results(check(body, "--columns", header, "--format", "csv")) == expected
    own = header.replace("reference", "Vorgang").replace("surname", "Nom de famille")
    renamed = ["--column", "reference=Vorgang", "--column", "surname=Nom de famille"]
    assert results(check(f"{own}\r\n{body}", *renamed, "--format", "csv")) == expected


@pytest.mark.parametrize(
    "more", [["--workers", "2"], ["--grouped"], ["--grouped", "--workers", "2"]]
)
def test_workers_and_grouping_change_no_byte(
    check: Check, expected: list[dict[str, str]], more: list[str]
) -> None:
    assert results(check(in_csv(FLIGHT.rows), *more, "--format", "csv")) == expected


def test_outputs_say_the_same(check: Check, expected: list[dict[str, str]], tmp_path: Path) -> None:
    rows = in_csv(FLIGHT.rows)
    document = json.loads(check(rows, "--format", "json").stdout)
    lines = [json.loads(line) for line in check(rows, "--format", "jsonl").stdout.splitlines()]
    as_read = [
        {**row, "reasons": row["reasons"].split(), "leg": int(row["leg"]) if row["leg"] else None}
        for row in expected
    ]
    assert document["results"] == as_read
    assert [{**line, "format": None} for line in lines] == [
        {**row, "format": None} for row in as_read
    ]
    assert document["counts"]["passengers"] == len(expected)
    for name in ("out.csv", "out.json", "out.jsonl", "out.parquet"):
        done = check(rows, "--out", str(tmp_path / name))
        assert "CHECK AT DESK" in done.stdout
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    written = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in written] == expected
    assert json.loads((tmp_path / "out.json").read_text()) == document
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_exit_codes_tell_how_it_went(check: Check, tmp_path: Path) -> None:
    fine = [row for row in FLIGHT.rows if row["surname"]]
    checked = results(check(in_csv(fine), "--format", "csv"))
    ok = [row for row, one in zip(fine, checked, strict=True) if one["outcome"] == "ok"]
    assert check(in_csv(ok)).return_value == 0
    assert check(in_csv(FLIGHT.rows)).return_value == 3
    for content, code in (("", "table-header"), ("a,b\n1,2\n", "table-header"), ("[]", "manifest-empty"), ("reference,code\n", "manifest-empty")):  # fmt: skip
        error: Any = check(content).exception
        assert (error.code, error.exit_code) == (code, 4)
    missing: Any = check(tmp_path / "nothing.csv").exception
    assert missing.exit_code == 4
    for options, code in (
        (["--to", "Nowhere"], "destination-unknown"),
        (["--arrival", "noon"], "arrival-unreadable"),
        (["--zone", "Europe/Nowhere"], "zone-unknown"),
        (["--column", "pilot=X"], "column-unknown"),
        (["--out", str(tmp_path / "x.docx")], "out-format"),
        (["--format", "parquet"], "out-missing"),
    ):
        wrong: Any = check(in_csv(ok), *options).exception
        assert (wrong.code, wrong.exit_code) == (code, 2)


def test_the_crew_reads_it_in_their_language(check: Check) -> None:
    shown = check(in_csv(FLIGHT.rows), "--language", "fr")
    assert "À VÉRIFIER AU COMPTOIR" in shown.stdout
    assert "OK" in shown.stdout.splitlines()[-8]


def test_a_table_of_ports_stands_for_airport_codes(
    check: Check, expected: list[dict[str, str]], tmp_path: Path
) -> None:
    ports = tmp_path / "ports.csv"
    lines = [f"{country}Q,{country},Europe/Paris" for country in ("XB", "XC", "XD")]
    ports.write_text("\n".join(["port,destination,zone", *lines]))
    rows = [
        {**row, **{name: f"{row[name]}Q" for name in row if name.startswith("dest") and row[name]}}
        for row in FLIGHT.rows
    ]
    rows = [{**row, **dict.fromkeys(("zone", "zone_2", "zone_3"), "")} for row in rows]
    assert results(check(in_csv(rows), "--ports", str(ports), "--format", "csv")) == expected


# What is wrong with a row is its own.


GOOD = FLIGHT.rows[0]


def test_a_quote_that_is_never_closed_costs_its_own_row_only(check: Check) -> None:
    lines = in_csv(FLIGHT.rows[:6]).split("\r\n")
    lines[2] = lines[2].replace(FLIGHT.rows[1]["surname"], f'"{FLIGHT.rows[1]["surname"]}')
    broken = results(check("\r\n".join(lines), "--format", "csv"))
    whole = results(check(in_csv(FLIGHT.rows[:6]), "--format", "csv"))
    assert [row["seat"] for row in broken] == [row["seat"] for row in whole]
    assert "row-unreadable" in broken[1]["reasons"]
    assert [*broken[:1], *broken[2:]] == [*whole[:1], *whole[2:]]


def test_a_row_of_too_many_cells_or_too_long_keeps_its_reference(check: Check) -> None:
    lines = in_csv(FLIGHT.rows[:4]).split("\r\n")
    lines[1] += ",more"
    lines[2] = lines[2] + "X" * 70_000
    found = results(check("\r\n".join(lines), "--format", "csv"))
    assert [row["seat"] for row in found] == [row["seat"] for row in FLIGHT.rows[:4]]
    assert ["row-unreadable" in row["reasons"] for row in found] == [True, True, False, False]


def test_a_cell_of_several_lines_is_still_one_cell(check: Check) -> None:
    two = {**GOOD, "code": f"{GOOD['code']}\n{FLIGHT.rows[1]['code']}"}
    (found,) = results(check(in_csv([two]), "--format", "csv"))
    assert "row-unreadable" not in found["reasons"]


def test_a_passenger_who_comes_again_in_a_grouped_list_is_told(check: Check) -> None:
    rows = [*FLIGHT.rows[:3], GOOD]
    found = results(check(in_csv(rows), "--grouped", "--format", "csv"))
    assert found[-1]["seat"] == GOOD["seat"]
    assert "reference-again" in found[-1]["reasons"]


def test_a_reference_like_a_formula_is_shown_and_not_run(check: Check) -> None:
    done = check(in_csv([{**GOOD, "reference": "=1+1"}]), "--format", "csv")
    assert "'=1+1" in done.stdout


def test_a_list_beyond_the_limit_is_refused_and_read_grouped(
    check: Check, expected: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parties_manifest, "MOST_HELD", 10_000)
    error: Any = check(in_csv(FLIGHT.rows)).exception
    assert error.code == "manifest-too-large"
    assert results(check(in_csv(FLIGHT.rows), "--grouped", "--format", "csv")) == expected


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
REFERENCES = st.from_regex(r"[A-Z0-9]{5,6}", fullmatch=True)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(REFERENCES, CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(",;\t")
)
def test_whatever_stands_in_cells_no_reference_is_lost(
    tmp_path: Path, rows: list[tuple[str, str, str]], mark: str
) -> None:
    path, text = tmp_path / "list", io.StringIO(newline="")
    writer = csv.writer(text, delimiter=mark)
    writer.writerow(("reference", "surname", "code"))
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    passengers = parties_manifest.passengers(ManifestOrder(path))
    seen = {row.cells.get("reference") for group in passengers for row in group}
    assert {reference for reference, _, _ in rows} <= seen


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(REFERENCES, CELLS), min_size=1, max_size=8))
def test_whatever_is_written_without_quotes_no_reference_is_lost(
    tmp_path: Path, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path / "list"
    lines = [f"{reference},{cell.translate(BREAKS)},x" for reference, cell in rows]
    path.write_text("\n".join(["reference,surname,code", *lines]), encoding="utf-8", newline="")
    passengers = parties_manifest.passengers(ManifestOrder(path))
    seen = {row.cells.get("reference") for group in passengers for row in group}
    assert {reference for reference, _ in rows} <= seen


BREAKS = dict.fromkeys(map(ord, "\r\n"), " ")


# From a departure control system.


def test_an_export_of_a_departure_control_system_is_connected(tmp_path: Path) -> None:
    held = tmp_path / "held.json"
    held.write_bytes(FLIGHT.held.to_bytes())
    (tmp_path / "ports.csv").write_text("port,destination,zone\nQQB,XB,Europe/Paris\nQQC,XC,UTC\n")
    good = next(row for row in FLIGHT.rows if row["code"].startswith("HC1:") and row["forename"])
    born = datetime.fromisoformat(good["birth_date"] or "1980-02-03").strftime("%d%b%y").upper()
    lines = [
        "SEQ;SEAT;PNR;PAX;TTL;DOB;ROUTE;CODES",
        f"1;1A;PQ1;{good['surname']}/{good['forename']}MRS;MRS;{born};QQB 22NOV26 1800;{good['code']}",
        "2;1B;PQ1;SAMPLE/TOMMSTR;MSTR;01JUN15;QQB 22NOV26 1800/QQC 23NOV26 0810;",
        "3;1C;PQ2;torn",
    ]
    export = tmp_path / "export.txt"
    export.write_text("\n".join(lines), encoding="utf-8")
    connector = [sys.executable, str(ROOT / "examples/departure_control.py"), str(export)]
    made = subprocess.run(connector, capture_output=True, check=True)
    assert [json.loads(line)["seat"] for line in made.stdout.splitlines()] == ["1A", "1B", "1C"]
    first, second, _ = map(json.loads, made.stdout.splitlines())
    assert (first["surname"], first["forename"]) == (good["surname"], good["forename"])
    assert second["legs"][1] == {"destination": "QQC", "arrival": "2026-11-23T08:10:00"}
    asked = ["manifest", "check", "-", "--trust", str(held), "--environment", "test", "--at", AT]
    checked = subprocess.run(
        [sys.executable, "-m", "pratique", *asked, "--ports", str(tmp_path / "ports.csv"), "--format", "csv"],
        input=made.stdout, capture_output=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 3, checked.stderr
    rows = list(csv.DictReader(io.StringIO(checked.stdout.decode())))
    assert [(row["reference"], row["seat"]) for row in rows] == [("PQ1-1", "1A"), ("PQ1-2", "1B"), ("PQ2-3", "1C")]  # fmt: skip
    assert [row["outcome"] for row in rows[1:]] == ["no-certificate"] * 2
    assert not {"name-differs", "name-unsure"} & set(rows[0]["reasons"].split())
