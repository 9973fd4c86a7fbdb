"""Tables come out row by row; a row that cannot be read is one row, and never the file or the memory."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from pratique.errors import Unreadable
from pratique.intake.remarks import Remark, RemarkCode
from pratique.store import tables

ROW = {"surname": "Bloggs", "forename": "Jo", "birth_date": "1980-02-03"}
CSV = "surname,forename,birth_date\nBloggs,Jo,1980-02-03\n"
Found = list[tuple[int, Any]]


def read(data: bytes | str, tmp_path: Path) -> Found:
    path = tmp_path / "table"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return seen(list(tables.rows(path)))


def seen(rows: list[tables.Row]) -> Found:
    """Return each row's cells, or the code that says why there are none."""
    return [
        (row.number, dict(row.cells) if row.cells is not None else row.remarks[0].code.name)
        for row in rows
    ]


@pytest.mark.parametrize(
    "data",
    [
        CSV,
        CSV.encode("utf-8-sig"),
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.replace("surname", '" Surname "').replace("birth_date", "Birth-Date"),
        CSV.replace("Bloggs", '"Bloggs"'),
        CSV.rstrip("\n"),
        CSV + "\n,,\n",
        CSV.replace("03\n", "03,,,\n"),
    ],
    ids=range(11),
)
def test_a_table_of_text_is_read_however_it_is_written(data: bytes | str, tmp_path: Path) -> None:
    assert read(data, tmp_path) == [(2, ROW)]


def test_a_cell_may_hold_a_line_break_and_the_separator(tmp_path: Path) -> None:
    data = 'surname;site\nBloggs;"Clinic; 7\nGround floor"\nBlogs;x\n'
    assert read(data, tmp_path) == [
        (2, {"surname": "Bloggs", "site": "Clinic; 7\nGround floor"}),
        (3, {"surname": "Blogs", "site": "x"}),
    ]


def test_a_column_that_is_not_known_is_told_of_once_and_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "csv").write_text("surname,QZXKVJQ,\nBloggs,1,\nBlogs,2,\n")
    strange = {"surname": ["Bloggs", "Blogs"], "QZXKVJQ": ["1", "2"]}
    parquet.write_table(arrow.table(strange), tmp_path / "parquet")
    for name in ("csv", "parquet"):
        first, second = tables.rows(tmp_path / name)
        assert first.cells == {"surname": "Bloggs"}
        assert first.remarks == (Remark(RemarkCode.COLUMN_UNKNOWN, "column 2"),)
        assert (second.cells, second.remarks) == ({"surname": "Blogs"}, ())


def test_a_parquet_file_without_a_known_column_is_refused(tmp_path: Path) -> None:
    parquet.write_table(arrow.table({"x": [1]}), tmp_path / "t")
    with pytest.raises(Unreadable, match="no column"):
        list(tables.rows(tmp_path / "t"))


def test_a_time_zone_that_nobody_knows_costs_its_row_only(tmp_path: Path) -> None:
    zoned = arrow.array([0], arrow.int64()).cast(arrow.timestamp("ms", tz="Nowhere/At_All"))
    parquet.write_table(arrow.table({"sampled_at": zoned}), tmp_path / "t")
    assert seen(list(tables.rows(tmp_path / "t"))) == [(1, "ROW_MALFORMED")]


def test_a_row_with_cells_too_many_costs_itself_only(tmp_path: Path) -> None:
    assert read("surname,forename\na,b,c\nd,e\nf\n", tmp_path) == [
        (2, "ROW_MALFORMED"),
        (3, {"surname": "d", "forename": "e"}),
        (4, {"surname": "f"}),
    ]


@pytest.mark.parametrize("size", [70_000, 200_000, 1_000_000])
def test_a_row_that_is_too_long_costs_itself_only(size: int, tmp_path: Path) -> None:
    assert read(f"surname,forename\na,{'x' * size}\nb,c\n", tmp_path) == [
        (2, "ROW_TOO_LONG"),
        (3, {"surname": "b", "forename": "c"}),
    ]


def test_a_quote_that_is_never_closed_costs_what_it_swallows_and_no_more(tmp_path: Path) -> None:
    found = read('surname\n"a\n' + "Bloggs\n" * 40_000, tmp_path)
    assert found[0] == (2, "ROW_TOO_LONG")
    assert 0 < len(found) - 1 < 40_000
    assert found[-1][1] == {"surname": "Bloggs"}


def test_a_byte_that_is_no_utf_8_stays_in_its_row(tmp_path: Path) -> None:
    assert read("surname\nMüller\n".encode("latin-1") + b"Bloggs\n", tmp_path) == [
        (2, {"surname": "M\udcfcller"}),
        (3, {"surname": "Bloggs"}),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "table-header"), ("\n", "table-header"), ("Bloggs,Jo,1980-02-03\n", "table-header"),
        ("x" * 100_000, "table-header"), ('"' + "x" * 200_000, "table-header"), (b"\x00\xff" * 50, "table-encoding"),
        ("surname,surname\na,b\n", "table-columns"), ("[1]".encode("utf-16"), "table-encoding"),
        ("[", "table-damaged"), ("[" * 100_000, "table-damaged"), ("{", "table-damaged"), (b"[\xff]", "table-damaged"),
        ('{"a": ' + "9" * 5000, "table-damaged"), (b"PAR1", "table-damaged"), (b"PAR1" + b"\0" * 64 + b"PAR1", "table-damaged"),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_no_table_is_refused(data: bytes | str, code: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data, tmp_path)
    assert caught.value.code == code
    assert "Bloggs" not in str(caught.value)


def test_a_file_that_is_absent_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        list(tables.rows(tmp_path / "absent"))
    assert caught.value.code == "file-unreadable"


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([ROW]), json.dumps([ROW], indent=2), json.dumps(ROW), json.dumps(ROW, indent=2),
        "\ufeff" + json.dumps([ROW]), "  \n" + json.dumps([ROW]), json.dumps(ROW) + "\n\n",
    ],
    ids=range(7),
)  # fmt: skip
def test_json_is_read_however_it_is_laid_out(data: str, tmp_path: Path) -> None:
    assert read(data, tmp_path) == [(1, ROW)]


def test_a_line_of_json_that_cannot_be_read_costs_itself_only(tmp_path: Path) -> None:
    lines = ['{"surname": "a"}', "{", "1", '{"surname": 1, "surname": 2}', "", '{"a": ' + "[" * 99_999,
             '{"surname": "' + "x" * 5_000_000 + '"}', '{"surname": "b"}']  # fmt: skip
    assert read("\n".join(lines), tmp_path) == [
        (1, {"surname": "a"}), (2, "ROW_MALFORMED"), (3, "ROW_MALFORMED"), (4, "ROW_MALFORMED"),
        (6, "ROW_MALFORMED"), (7, "ROW_TOO_LONG"), (8, {"surname": "b"}),
    ]  # fmt: skip


def test_a_list_of_json_holds_good_rows_beside_bad_ones(tmp_path: Path) -> None:
    assert read('[{"surname": "a"}, 1, {"b": 1, "b": 2}]', tmp_path) == [
        (1, {"surname": "a"}),
        (2, "ROW_MALFORMED"),
        (3, "ROW_MALFORMED"),
    ]


def test_a_fhir_document_is_one_row(tmp_path: Path) -> None:
    document = {"resourceType": "Bundle", "entry": []}
    for data in (json.dumps(document), json.dumps(document, indent=2)):
        assert read(data, tmp_path) == [(1, document)]


def test_a_json_text_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGEST_JSON", 10)
    with pytest.raises(Unreadable) as caught:
        read(json.dumps([ROW]), tmp_path)
    assert caught.value.code == "table-too-large"


def test_a_parquet_file_is_read_with_its_types_and_over_its_batches(tmp_path: Path) -> None:
    count = 600
    table = arrow.table({
        "surname": [f"Bloggs{n}" for n in range(count)],
        "dose": [2] * count,
        "given_on": [date(2022, 1, 10)] * count,
        "lot": [None] * count,
    })  # fmt: skip
    parquet.write_table(table, tmp_path / "t")
    found = seen(list(tables.rows(tmp_path / "t")))
    assert [number for number, _ in found] == list(range(1, count + 1))
    assert found[-1][1] == {
        "surname": "Bloggs599",
        "dose": 2,
        "given_on": date(2022, 1, 10),
        "lot": None,
    }


def test_a_cell_of_parquet_that_python_cannot_hold_costs_its_row_only(tmp_path: Path) -> None:
    far = arrow.array([0, 2**60, 0], arrow.int64()).cast(arrow.timestamp("ms"))
    parquet.write_table(arrow.table({"given_on": far, "dose": [1, 2, 3]}), tmp_path / "t")
    found = seen(list(tables.rows(tmp_path / "t")))
    assert [number for number, _ in found] == [1, 2, 3]
    assert found[1][1] == "ROW_MALFORMED"
    assert (found[0][1]["dose"], found[2][1]["dose"]) == (1, 3)


def test_a_parquet_file_that_ends_too_soon_is_refused(tmp_path: Path) -> None:
    parquet.write_table(arrow.table({"surname": ["Bloggs"] * 1000}), tmp_path / "t")
    (tmp_path / "t").write_bytes((tmp_path / "t").read_bytes()[:-20] + b"PAR1")
    with pytest.raises(Unreadable):
        list(tables.rows(tmp_path / "t"))


def test_an_open_stream_is_read_too() -> None:
    stream = io.BufferedReader(io.BytesIO(CSV.encode()))
    assert seen(list(tables.rows_from(stream))) == [(2, ROW)]


def test_a_row_shows_nobody() -> None:
    stream = io.BufferedReader(io.BytesIO(CSV.encode()))
    (row,) = tables.rows_from(stream)
    assert "Bloggs" not in repr(row)


def test_a_report_is_written_so_that_no_spreadsheet_runs_it() -> None:
    file = io.StringIO()
    cells = ["=1", "+1", "-1", "@x", "\tx", "\rx", "x=1", None, 7, 'a"b,c']
    tables.write_csv_safe(file, ["row", "=column"], [cells])
    assert (
        file.getvalue() == "row,'=column\r\n'=1,'+1,'-1,'@x,'\tx,\"'\rx\",x=1,,7,\"a\"\"b,c\"\r\n"
    )


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(str.encode),
    st.sampled_from([b"", b"surname,lot\n", b"[", b'{"a":1}\n', b"PAR1"]),
)
def test_no_stream_raises_anything_but_what_is_said(data: bytes, begin: bytes) -> None:
    try:
        rows = list(tables.rows_from(io.BufferedReader(io.BytesIO(begin + data))))
    except Unreadable as error:
        assert error.code.startswith("table-")  # noqa: PT017 - to raise or not to raise are both right
    else:
        assert all(row.cells is not None or row.remarks for row in rows)
