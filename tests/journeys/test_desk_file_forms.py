"""Whole files of every form at a desk: Excel, Parquet and FHIR are recognised, mapped, looked through and issued as CSV is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from pratique.store import tables
from tests import issuing_desks
from tests.issuing_desks import Client
from tests.journeys.test_desk_files import COLUMNS, registered, texts, waited
from tests.unit.edges.workbooks import DAY, sheet, workbook
from tests.unit.intake.test_fhir import IMMUNIZATION, PATIENT

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - so wide are they too
PRODUCT = "EU/1/20/1528"
BORN, GIVEN = 29254, 46296
"""3 February 1980 and 1 October 2026, as Excel counts days."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    with issuing_desks.serving(tmp_path) as opened:
        yield opened


def issued(desk: Any, clerk: Client) -> list[str]:
    """Issue what was checked; return the certificates' texts, all of which the register has."""
    clerk.good("files.start", {"doubts": True})
    said = waited(clerk)
    assert said["phase"] == "done", said["error"]
    found = texts(clerk.ask("files.archive").body)
    assert len(set(found)) == len(found) == registered(desk.place.folder)
    return found


def opened(clerk: Client, text: str) -> Any:
    return clerk.good("certificate.open", {"text": text})["content"]


def refused_rows(said: Any) -> dict[int, set[str]]:
    """Return the columns that rows are refused for, by their numbers."""
    found: dict[int, set[str]] = {}
    for each in said["remarks"]:
        if each["refuses"]:
            found.setdefault(each["row"], set()).add(each["column"])
    return found


def report(clerk: Client) -> list[list[str]]:
    """Return the rows to mend, as a clerk saves them."""
    attached = clerk.ask("files.errors")
    assert attached.headers["x-desk-name"] == "rows-to-mend.csv"
    return list(csv.reader(io.StringIO(attached.body.decode("utf-8-sig"), newline="")))


# ----------------------------------------------------------------------------------------------------
# Excel.

EXCEL: list[list[object]] = [
    [*COLUMNS],
    # A date as Excel keeps it, a date as text in the clinic's own order, a code as a number.
    ["Bloggs", "Jo", (BORN, DAY), PRODUCT, 2, 2, (GIVEN, DAY), 4711],
    ["Roe", "Ann", "03/02/1980", PRODUCT, "2", "2", "01/10/2026", "LOT-1"],
    ["Poe", "Eve", "1980-02-03", PRODUCT, 2, 2, "2026-10-01", "LOT-1"],
    [None] * 8,
    ["Doe", "Jane", (BORN, DAY), PRODUCT, "x", 2, (GIVEN, DAY), "LOT-1"],
]
NOTES: list[list[object]] = [["To whom it may concern"], ["nothing of this is a record"]]


def test_a_workbook_is_mapped_looked_through_and_issued(desk: Any) -> None:
    clerk = desk.client()
    assert clerk.send("files.put", workbook(sheet(EXCEL), sheet(NOTES))).status == 200
    said = waited(clerk)
    assert said["phase"] == "columns", said["error"]
    shown = said["look"]["columns"]
    assert {each["header"]: each["column"] for each in shown} == COLUMNS
    assert shown[2]["dates"] == ["dmy", "mdy"]
    assert [each["cells"][0] for each in shown[:2]] == ["Bloggs", "Jo"]
    # What nobody has recognised is mapped by hand: as if it had been called something else.
    clerk.good("files.check", {"columns": COLUMNS, "dates": "dmy"})
    said = waited(clerk)["checked"]
    assert (said["rows"], said["ready"], said["refused"]) == (4, 3, 1)
    # The empty row is none, and the row has the number that Excel shows.
    assert refused_rows(said) == {6: {"dose"}}
    found = issued(desk, clerk)
    contents = [opened(clerk, text) for text in found]
    assert {each["person"]["birth_date"] for each in contents} == {"1980-02-03"}
    assert {each["event"]["given_on"] for each in contents} == {"2026-10-01"}
    assert {each["event"]["lot"] for each in contents} == {"4711", "LOT-1"}
    assert [each["person"]["surname"] for each in contents] == ["Bloggs", "Roe", "Poe"]


def test_a_workbooks_columns_are_mapped_by_hand(desk: Any) -> None:
    names = [f"Field {number}" for number in range(8)]
    clerk = desk.client()
    assert clerk.send("files.put", workbook(sheet([names, *EXCEL[1:3]]))).status == 200
    shown = waited(clerk)["look"]["columns"]
    assert [each["header"] for each in shown] == names
    assert {each["column"] for each in shown} == {""}
    mapped = dict(zip(names, COLUMNS.values(), strict=True))
    clerk.good("files.check", {"columns": mapped, "dates": "dmy"})
    said = waited(clerk)["checked"]
    assert (said["rows"], said["ready"], said["refused"]) == (2, 2, 0)
    assert len(issued(desk, clerk)) == 2


def test_of_two_sheets_with_records_neither_is_taken_for_the_other(desk: Any) -> None:
    clerk = desk.client()
    assert clerk.send("files.put", workbook(sheet(EXCEL), sheet(EXCEL))).status == 200
    said = waited(clerk)
    assert (said["phase"], said["error"]["code"]) == ("refused", "table-sheets")
    # A hidden one is nobody's choice.
    assert clerk.send("files.put", workbook(sheet(EXCEL), sheet(EXCEL), hidden=[2])).status == 200
    assert waited(clerk)["phase"] == "columns"


# ----------------------------------------------------------------------------------------------------
# Parquet.


def parquet_of(columns: dict[str, list[Any]]) -> bytes:
    written = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), written)
    return written.getvalue()


def test_a_parquet_file_is_mapped_looked_through_and_issued(desk: Any) -> None:
    data = parquet_of(
        {
            "Last name": ["Bloggs", "Roe", "Doe"],
            "given": ["Jo", "Ann", "Jane"],
            "Date of birth": [date(1980, 2, 3)] * 3,
            "Vaccine": [PRODUCT] * 3,
            "Dose": [2, 2, 7_000],
            "Doses": [2, 2, 2],
            "Vaccination date": [datetime(2026, 10, 1)] * 3,  # noqa: DTZ001 - so it is written
            "x7": ["LOT-1"] * 3,
        }
    )
    clerk = desk.client()
    assert clerk.send("files.put", data).status == 200
    said = waited(clerk)
    assert said["phase"] == "columns", said["error"]
    mapped = {each["header"]: each["column"] for each in said["look"]["columns"]}
    assert mapped["Last name"] == "surname"
    assert mapped["x7"] == ""
    clerk.good("files.check", {"columns": mapped | {"given": "forename", "x7": "lot"}, "dates": ""})
    said = waited(clerk)["checked"]
    assert (said["rows"], said["ready"], said["refused"]) == (3, 2, 1)
    assert refused_rows(said) == {3: {"dose"}}
    content = opened(clerk, issued(desk, clerk)[0])
    assert content["person"]["birth_date"] == "1980-02-03"
    assert (content["event"]["given_on"], content["event"]["lot"]) == ("2026-10-01", "LOT-1")


# ----------------------------------------------------------------------------------------------------
# FHIR.


def bundle(*resources: dict[str, Any]) -> bytes:
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    ).encode()  # fmt: skip


def test_a_bundle_is_looked_through_and_issued(desk: Any) -> None:
    late = IMMUNIZATION | {"status": "not-done"}
    clerk = desk.client()
    assert clerk.send("files.put", bundle(PATIENT, IMMUNIZATION, late)).status == 200
    said = waited(clerk)
    assert said["phase"] == "columns", said["error"]
    # FHIR says by itself what is what: nothing is to be mapped.
    assert said["look"]["columns"] == []
    clerk.good("files.check", {"columns": {}, "dates": ""})
    said = waited(clerk)["checked"]
    assert said["ready"] == 1
    assert said["refused"] + said["skipped"] == 1
    assert any(row[1] == "entry[2].status" for row in report(clerk))
    (text,) = issued(desk, clerk)
    assert opened(clerk, text)["person"]["birth_date"] == "1980-02-03"


# ----------------------------------------------------------------------------------------------------
# What is saved of errors is shown by a spreadsheet, and run by none.


OURS = [*COLUMNS.values(), "manufacturer", "disease", "prophylaxis"]
EVIL = [f"{sign}{number}cmd|' /C calc'!A0" for number, sign in enumerate(FORMULAS)]


def handed(form: str) -> bytes:
    """Return a file of a form that is full of formulas: its headers, its cells, its names."""
    match form:
        case "CSV":
            written = io.StringIO(newline="")
            csv.writer(written).writerows([EVIL, EVIL])
            return written.getvalue().encode()
        case "Excel":
            # Also as formulas of the workbook's own, with what they came to.
            own: list[object] = [("=1+1", text) for text in EVIL]
            return workbook(sheet([EVIL, EVIL, own]))
        case "Parquet":
            return parquet_of({text: [text] for text in EVIL})
        case "JSON":
            return json.dumps([dict(zip(EVIL, EVIL, strict=True))]).encode()
    evil = EVIL[0]
    patient = PATIENT | {"name": [{"family": evil, "given": [evil]}], "birthDate": evil}
    return bundle(patient, IMMUNIZATION | {"lotNumber": evil, "occurrenceDateTime": evil})


@pytest.mark.parametrize("form", ["CSV", "Excel", "Parquet", "JSON", "FHIR"])
def test_no_cell_of_the_rows_to_mend_is_a_formula_whatever_the_form(desk: Any, form: str) -> None:
    clerk = desk.client()
    assert clerk.send("files.put", handed(form)).status == 200
    said = waited(clerk)
    assert said["phase"] == "columns", said["error"]
    headers = [each["header"] for each in said["look"]["columns"]]
    clerk.good("files.check", {"columns": dict(zip(headers, OURS, strict=False)), "dates": "dmy"})
    assert waited(clerk)["checked"]["refused"]
    rows = report(clerk)
    assert len(rows) > 1
    assert [cell for row in rows for cell in row if cell.startswith(FORMULAS)] == []
    # The control: headers of the file are in it; of a cell nothing ever is, and FHIR has no headers.
    there = [cell for row in rows for cell in row if "cmd|" in cell]
    assert bool(there) is (form != "FHIR")


def test_no_sign_with_which_a_formula_begins_begins_a_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def started() -> list[str]:
        written = io.StringIO(newline="")
        tables.write_csv_safe(written, EVIL, [EVIL])
        rows = csv.reader(io.StringIO(written.getvalue(), newline=""))
        return [cell for row in rows for cell in row if cell.startswith(FORMULAS)]

    assert started() == []
    # The control: written plainly, each is one.
    monkeypatch.setattr(tables, "_harmless", str)
    assert started() == [*EVIL, *EVIL]
