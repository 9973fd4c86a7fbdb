"""What `issue --out` writes is read by whatever takes certificates, also after a spreadsheet had it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.errors import Unreadable
from pratique.parties.inputs import items

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
TEXTS = st.lists(st.text(BASE45, min_size=4).map(lambda text: f"HC1:{text.strip()}X"), max_size=6)


def read(path: Path) -> list[str | None]:
    return [item.text for item in items(str(path))]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=TEXTS.filter(bool),
    mark=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\r\n", "\n"]),
    header=st.sampled_from([("row", "text"), ("Row", "Text"), ("text",), ("row", "text", "note")]),
    encoded=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoted=st.booleans(),
)
def test_a_table_of_certificates_is_read_however_it_was_saved(
    texts: list[str], mark: str, end: str, header: tuple[str, ...], tmp_path: Path, **how: Any
) -> None:
    names = [name.lower() for name in header]
    lines = [header] + [
        tuple({"row": str(n), "note": ""}.get(name, text) for name in names)
        for n, text in enumerate(texts, 2)
    ]
    shown = [mark.join(f'"{cell}"' if how["quoted"] else cell for cell in line) for line in lines]
    path = tmp_path / "certificates-00000.csv"
    path.write_bytes(end.join([*shown, ""]).encode(how["encoded"]))
    assert read(path) == texts
    assert read(tmp_path) == texts


def test_rows_are_named_by_their_own_numbers(tmp_path: Path) -> None:
    path = tmp_path / "certificates-00001.csv"
    path.write_text("row,text\r\n7,HC1:A\r\n9,\r\n")
    assert [item[:3] for item in items(str(path))] == [
        ("certificates-00001.csv:7", "HC1:A", ""),
        ("certificates-00001.csv:9", None, "the row holds no text"),
    ]


def test_what_is_no_number_is_not_repeated_as_one(tmp_path: Path) -> None:
    path = tmp_path / "certificates-00001.csv"
    path.write_text(f"row,text\r\nSampleova,HC1:A\r\n{'1' * 500},HC1:B\r\n")
    assert [item[0][-2:] for item in items(str(path))] == [":2", ":3"]


def test_a_folder_is_its_certificates_in_order_and_nothing_else_of_it(tmp_path: Path) -> None:
    for number in (1, 0):
        (tmp_path / f"certificates-0000{number}.csv").write_text(f"row,text\r\n2,HC1:{number}\r\n")
    (tmp_path / "report.csv").write_text("row,column,code\r\n2,dose,DOSE_REPEATED\r\n")
    (tmp_path / "job.json").write_text("{}")
    assert read(tmp_path) == ["HC1:0", "HC1:1"]


def test_a_folder_of_other_files_is_each_of_them(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("HC1:B\n")
    (tmp_path / "a.txt").write_text("HC1:A\n")
    (tmp_path / ".hidden").write_text("HC1:C\n")
    assert read(tmp_path) == ["HC1:A", "HC1:B"]
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    with pytest.raises(Unreadable, match="no file"):
        read(nothing)


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    path = tmp_path / "certificates-00000.csv"
    path.write_text("row,text\r\n")
    (found,) = items(str(path))
    assert found[:3] == (path.name, None, "the table holds no certificate")


@pytest.mark.parametrize("line", ["HC1:A,B", "HC1:TEXT", "some text"])
def test_a_file_of_texts_is_no_table(tmp_path: Path, line: str) -> None:
    path = tmp_path / "one.txt"
    path.write_text(f"{line}\n")
    assert read(path) == [line]


def test_parquet_is_read_too(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "signed.parquet"
    parquet.write_table(arrow.table({"row": [2, 3], "text": ["HC1:A", "HC1:B"]}), path)
    assert read(path) == ["HC1:A", "HC1:B"]
    parquet.write_table(arrow.table({"surname": ["Q"]}), path)
    with pytest.raises(Unreadable, match="no column 'text'"):
        read(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(Unreadable, match="damaged"):
        read(path)
