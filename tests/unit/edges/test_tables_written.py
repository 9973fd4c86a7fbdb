"""Tables as spreadsheets, exports and people write them: headers, workbooks, numbers, encodings."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pratique.errors import Unreadable
from pratique.intake import accept
from pratique.store import tables
from tests.unit.edges.test_tables import CSV, ROW, read, seen
from tests.unit.edges.workbooks import DAY, cell, sheet, workbook
from tests.unit.intake.handed_in import BUILTIN, DOSE, record, told

HEADER = ["surname", "forename", "birth_date"]
PEOPLE = [HEADER, ["Bloggs", "Jo", "1980-02-03"], ["Blogs", "Al", "1981-02-03"]]
FIXTURE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refused(data: bytes | str, tmp_path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        read(data, tmp_path)
    return caught.value.code


@given(
    breaks=st.lists(st.sampled_from(["\n", "\r\n", "\n\n", " "]), min_size=3, max_size=3),
    mark=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    file=st.tuples(st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
)
@FIXTURE
def test_the_header_is_row_1_however_many_lines_it_has(
    breaks: list[str], mark: str, end: str, file: tuple[bool, str], tmp_path: Path
) -> None:
    sep, encoding = file
    names = [f'"{name.title()}{gap}(see below)"' for name, gap in zip(HEADER, breaks, strict=True)]
    lines = [mark.join(names), mark.join(['"Blo\ngs"', "Jo", "1980-02-03"]), mark.join("abc")]
    text = (f"sep={mark}{end}" if sep else "") + "".join(line + end for line in lines)
    found = read(text.encode(encoding), tmp_path)
    assert [number for number, _ in found] == [2, 3]
    assert found[0][1] == {"surname": "Blo\ngs", "forename": "Jo", "birth_date": "1980-02-03"}


@pytest.mark.parametrize(
    "name",
    ["Birth-Date", "birthDate", "BIRTH DATE *", "birth date (YYYY-MM-DD)", "Birth\u00a0date:"],
)
def test_a_column_is_known_however_its_name_is_written(name: str, tmp_path: Path) -> None:
    assert read(f"surname,{name}\nBloggs,1980\n", tmp_path) == [
        (2, {"surname": "Bloggs", "birth_date": "1980"})
    ]
    parquet.write_table(arrow.table({name: ["1980"]}), tmp_path / "p")
    assert seen(list(tables.rows(tmp_path / "p"))) == [(1, {"birth_date": "1980"})]


def test_a_column_that_is_there_twice_in_other_letters_is_refused(tmp_path: Path) -> None:
    assert refused("surname,Sur-Name\na,b\n", tmp_path) == "table-columns"


@pytest.mark.parametrize("text", ["\n\n", ",,\n", "sep=,\n\n", " \n"])
def test_empty_rows_before_the_header_are_counted(text: str, tmp_path: Path) -> None:
    empty = text.count("\n") - text.count("sep=")
    assert read(text + CSV, tmp_path) == [(2 + empty, ROW)]


def test_a_stray_quote_in_the_header_does_not_take_the_file(tmp_path: Path) -> None:
    assert [number for number, _ in read(CSV.replace("surname", 'surname,5" x'), tmp_path)] == [2]
    assert refused('"surname,forename\n' + "Bloggs,Jo\n" * 20_000, tmp_path) == "table-header"


def test_line_ends_of_all_kinds_stand_in_one_file(tmp_path: Path) -> None:
    found = read("surname,lot\r\na,1\nb,2\rc,3\n\n\r\nd,4", tmp_path)
    assert [cells["surname"] for _, cells in found] == ["a", "b", "c", "d"]


def test_utf_16_that_does_not_say_so_is_refused(tmp_path: Path) -> None:
    assert refused(CSV.encode("utf-16-le"), tmp_path) == "table-encoding"
    assert read(CSV.encode("utf-16") + b"\x00", tmp_path)[0] == (2, ROW)


def test_a_compressed_file_is_told_as_such_and_a_row_of_blanks_is_none(tmp_path: Path) -> None:
    assert refused(gzip.compress(b'{"resourceType": "Patient"}'), tmp_path) == "table-format"
    assert refused(gzip.compress(b"surname,forename"), tmp_path) == "table-format"
    text = "surname,forename,birth_date\nBloggs,Jo,1980-02-03\n ,\t,\nBlogs,Al,1981-02-03\n"
    assert [number for number, _ in read(text, tmp_path)] == [2, 4]


def test_a_workbook_says_what_its_csv_says(tmp_path: Path) -> None:
    data = workbook(sheet(PEOPLE))
    text = "".join(",".join(row) + "\n" for row in PEOPLE)
    assert read(data, tmp_path) == read(text, tmp_path)


def test_dates_numbers_and_formulas_of_a_workbook_are_what_they_say(tmp_path: Path) -> None:
    row = {name: str(value) for name, value in DOSE.items()}
    typed: dict[str, object] = {
        "birth_date": (29254, DAY), "given_on": (44571, DAY), "dose": 2, "doses": 2.0,
        "lot": ("=UPPER(Z1)", "FE1234"),
    }  # fmt: skip
    cells = [typed.get(name, value) for name, value in row.items()]
    ((_, found),) = read(workbook(sheet([list(row), cells])), tmp_path)
    (reading,) = accept.read(found, BUILTIN)
    assert told(reading.remarks) == []
    assert reading.record == record(DOSE)


@pytest.mark.parametrize(
    ("value", "remark"),
    [(True, "FIELD_UNREADABLE"), (1.5, "FIELD_UNREADABLE"), (9007199254740994.0, "FIELD_UNREADABLE"),
     (12345, None), ("=1+1", "FORMULA_LIKE")],
)  # fmt: skip
def test_a_cell_of_a_workbook_that_is_no_code_is_told(
    value: object, remark: str | None, tmp_path: Path
) -> None:
    row = {**DOSE, "lot": value}
    ((_, found),) = read(workbook(sheet([list(row), list(row.values())])), tmp_path)
    (reading,) = accept.read(found, BUILTIN)
    assert told(reading.remarks) == ([(remark, "lot")] if remark else [])


def test_rows_of_a_workbook_have_the_workbooks_numbers(tmp_path: Path) -> None:
    rows = [["People of the harbour clinic"], [], *PEOPLE[:2], [], PEOPLE[2]]
    found = read(workbook(sheet(rows, top=4, hidden=[7])), tmp_path)
    assert [(number, cells["surname"]) for number, cells in found] == [(7, "Bloggs"), (9, "Blogs")]


def test_the_sheet_with_known_columns_is_read(tmp_path: Path) -> None:
    notes = sheet([["Notes"], ["surname in the second column"]])
    data = workbook(notes, sheet(PEOPLE), sheet([]), sheet(PEOPLE), hidden=[4])
    assert [number for number, _ in read(data, tmp_path)] == [2, 3]
    assert refused(workbook(sheet(PEOPLE), sheet(PEOPLE)), tmp_path) == "table-sheets"
    assert refused(workbook(notes), tmp_path) == "table-header"
    assert refused(workbook(sheet(PEOPLE), notes, hidden=[1]), tmp_path) == "table-header"


@pytest.mark.parametrize(
    ("merged", "torn"),
    [(["A2:A3"], [3]), (["A2:B2"], [2]), (["A1:C1"], []), (["D2:D3"], []), (["A2:B3"], [2, 3]), (["A3:A1048576"], [])],
    ids=range(6),
)  # fmt: skip
def test_a_row_that_is_merged_with_another_is_not_issued(
    merged: list[str], torn: list[int], tmp_path: Path
) -> None:
    found = read(workbook(sheet(PEOPLE, merged=merged)), tmp_path)
    assert [number for number, cells in found if cells == "ROW_MERGED"] == torn
    assert [number for number, _ in found] == [2, 3]


def test_a_cell_beyond_the_header_is_told(tmp_path: Path) -> None:
    data = workbook(sheet([HEADER, ["Bloggs", "Jo", "1980", "more"], ["Blogs", "Al", "1980"]]))
    first, second = (cells for _, cells in read(data, tmp_path))
    assert first == "ROW_MALFORMED"
    assert second["surname"] == "Blogs"


def test_a_cell_at_the_far_corner_is_refused_before_it_is_unfolded(tmp_path: Path) -> None:
    far = sheet(PEOPLE).replace(
        "</sheetData>", f'<row r="1048576">{cell("XFD1048576", 1)}</row></sheetData>'
    )
    assert refused(workbook(far), tmp_path) == "table-too-large"


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGEST_UNPACKED", 1 << 20)
    data = workbook(sheet(PEOPLE), more={"xl/media/image1.png": b"\0" * (1 << 21)})
    assert refused(data, tmp_path) == "table-too-large"
    # It may say that it is small: what it unpacks to counts.
    place = data.rindex(b"PK\x01\x02")
    lying = data[: place + 24] + b"\x01\x00\x00\x00" + data[place + 28 :]
    assert refused(lying, tmp_path) == "table-too-large"


def test_a_workbook_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGEST_WORKBOOK", 100)
    assert refused(workbook(sheet(PEOPLE)), tmp_path) == "table-too-large"


@pytest.mark.parametrize(
    ("names", "code"),
    [(["content.xml", "mimetype"], "table-format"), (["xl/worksheets/sheet1.bin"], "table-format"), (["word/document.xml"], "table-format"),
     (["xl/worksheets/sheet1.xml"], "table-damaged")],
)  # fmt: skip
def test_another_archive_is_told_as_what_it_is(names: list[str], code: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    assert refused(packed.getvalue(), tmp_path) == code


SAMPLE = workbook(sheet(PEOPLE))


@given(
    place=st.integers(0, len(SAMPLE) - 1), bits=st.integers(1, 255), end=st.integers(4, len(SAMPLE))
)
@FIXTURE
def test_a_damaged_workbook_is_read_or_refused(
    place: int, bits: int, end: int, tmp_path: Path
) -> None:
    data = bytearray(SAMPLE)
    data[place] ^= bits
    with suppress(Unreadable):
        read(bytes(data[:end]), tmp_path)


def test_an_old_binary_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refused(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, tmp_path) == "table-damaged"


@pytest.mark.parametrize(
    ("dose", "remarks"),
    [
        (arrow.array([Decimal(2)], arrow.decimal128(38, 0)), []),
        (arrow.array([Decimal("2.00")], arrow.decimal128(9, 2)), []),
        (arrow.array([Decimal("2.50")], arrow.decimal128(9, 2)), [("FIELD_UNREADABLE", "dose")]),
        (arrow.array([Decimal(-2)], arrow.decimal128(9, 0)), [("FIELD_UNREADABLE", "dose")]),
        (arrow.array(["2"]).dictionary_encode(), []),
        (arrow.array([2], arrow.int8()), []),
        (arrow.array([2.0], arrow.float32()), []),
        (arrow.array([{"a": 2}]), [("FIELD_UNREADABLE", "dose")]),
        (arrow.array([b"2"]), [("FIELD_UNREADABLE", "dose")]),
        (arrow.array([None], arrow.decimal128(9, 0)), [("FIELD_MISSING", "dose")]),
    ],
    ids=range(10),
)  # fmt: skip
def test_a_number_of_a_typed_table_is_one(
    dose: Any, remarks: list[tuple[str, str]], tmp_path: Path
) -> None:
    columns: dict[str, Any] = {name: [value] for name, value in DOSE.items() if name != "dose"}
    columns |= {"given_on": [date(2022, 1, 10)], "birth_date": [datetime(1980, 2, 3, tzinfo=UTC)]}
    parquet.write_table(arrow.table({**columns, "dose": dose}), tmp_path / "p")
    ((_, found),) = seen(list(tables.rows(tmp_path / "p")))
    (reading,) = accept.read(found, BUILTIN)
    assert told(reading.remarks) == remarks
    assert not remarks or reading.record is None
    assert remarks or reading.record == record(DOSE)


def test_parquet_and_workbooks_on_standard_input_are_told_or_read() -> None:
    given_in = io.BufferedReader(io.BytesIO(SAMPLE))
    assert [row.number for row in tables.rows_from(given_in)] == [2, 3]
    with pytest.raises(Unreadable, match="from a file only"):
        tables.rows_from(io.BufferedReader(io.BytesIO(b"PAR1" * 9)))
    lines = io.BufferedReader(io.BytesIO(json.dumps(ROW).encode()))
    assert [dict(row.cells or {}) for row in tables.rows_from(lines)] == [ROW]


def shared(texts: list[str], cells: str) -> bytes:
    """Write a workbook whose cells name texts by their numbers."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    data = f'<worksheet xmlns="{main}"><sheetData><row r="1">{cells}</row></sheetData></worksheet>'
    return workbook(
        data, more={"xl/sharedStrings.xml": f'<sst xmlns="{main}">{items}</sst>'.encode()}
    )


@pytest.mark.parametrize("number", ["1", " 1", "&#49;", "<![CDATA[1]]>"])
def test_a_text_that_every_cell_shares_is_counted_as_often_as_it_is_met(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGEST_UNPACKED", 1 << 20)
    cells = "".join(f'<c t="s"><v>{number}</v></c>' for _ in range(40))
    tables._weigh(shared(["a", "x" * 10_000], cells))
    with pytest.raises(Unreadable) as caught:
        tables._weigh(shared(["a", "x" * 30_000], cells))
    assert caught.value.code == "table-too-large"


def test_cells_that_do_not_say_where_they_stand_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 100)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def bare(count: int) -> bytes:
        rows = f"<row>{'<c/>' * count}</row>"
        return workbook(f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>')

    tables._weigh(bare(100))
    with pytest.raises(Unreadable) as caught:
        tables._weigh(bare(101))
    assert caught.value.code == "table-too-large"


PARQUET = {"surname": ["x" * 100_000] * 300}


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many rows were unpacked at a time."""
    rows: list[int] = []
    real = tables._batch

    def noted(batch: Any, damage: type[Exception]) -> list[Any]:
        rows.append(batch.num_rows)
        return real(batch, damage)

    monkeypatch.setattr(tables, "_batch", noted)
    return rows


@pytest.mark.parametrize("codec", ["zstd", "snappy", "gzip", "brotli", "none"])
def test_a_page_that_unpacks_to_too_much_is_not_unpacked(
    codec: str, tmp_path: Path, unread: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet.write_table(
        arrow.table({"surname": ["x" * (1 << 21)]}), tmp_path / "p", compression=codec
    )
    assert len(list(tables.rows(tmp_path / "p"))) == 1
    monkeypatch.setattr(tables, "LARGEST_PAGE", 1 << 20)
    unread.clear()
    assert refused((tmp_path / "p").read_bytes(), tmp_path) == "table-too-large"
    assert unread == []


@pytest.mark.parametrize("how", ["a dictionary", "what is shared with the one before"])
def test_a_long_value_that_every_row_meets_is_unpacked_a_few_rows_at_a_time(
    how: str, tmp_path: Path, unread: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = arrow.table(PARQUET)
    if how == "a dictionary":
        parquet.write_table(table, tmp_path / "p", compression="zstd")
    else:
        encoding = {"surname": "DELTA_BYTE_ARRAY"}
        parquet.write_table(table, tmp_path / "p", use_dictionary=False, column_encoding=encoding)
    monkeypatch.setattr(tables, "LARGEST_BATCH", 1 << 20)
    rows = list(tables.rows(tmp_path / "p"))
    assert max(unread) <= 10
    assert {row.remarks[0].code.name for row in rows} == {"ROW_TOO_LONG"}
    assert len(rows) == 300


def test_more_cells_than_a_file_can_hold_are_not_unfolded(
    tmp_path: Path, unread: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet.write_table(arrow.table({"surname": ["Bloggs"] * 200_000}), tmp_path / "p")
    assert (tmp_path / "p").stat().st_size < 2_000
    monkeypatch.setattr(tables, "MOST_CELLS", 100_000)
    assert refused((tmp_path / "p").read_bytes(), tmp_path) == "table-too-large"
    assert unread == []


def test_a_column_of_lists_is_refused(tmp_path: Path, unread: list[int]) -> None:
    parquet.write_table(arrow.table({"surname": [["Bloggs"] * 9]}), tmp_path / "p")
    assert refused((tmp_path / "p").read_bytes(), tmp_path) == "table-format"
    assert unread == []


def test_short_values_of_a_dictionary_are_read_many_at_a_time(
    tmp_path: Path, unread: list[int]
) -> None:
    names = {"surname": [f"Bloggs {n}" for n in range(3_000)], "dose": [1] * 3_000}
    parquet.write_table(arrow.table(names), tmp_path / "p")
    assert len(list(tables.rows(tmp_path / "p"))) == 3_000
    assert max(unread) == tables._BATCH
