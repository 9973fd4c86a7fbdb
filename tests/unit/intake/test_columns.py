"""Columns are known by what people write above them; never two for one, and no date's order is guessed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.cli.main import main
from pratique.errors import UsageError
from pratique.intake import columns
from pratique.intake.columns import WORDS, dated, folded, headings, orders, recognised
from pratique.intake.rows import COLUMNS
from pratique.store import tables

HEADERS = st.lists(
    st.one_of(st.sampled_from(sorted({word for words in WORDS.values() for word in words})), st.text(max_size=20)),
    max_size=12,
)  # fmt: skip


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Last name", "surname"), ("NACHNAME", "surname"), ("Apellidos", "surname"), ("prenom", "forename"),
        ("DOB", "birth_date"), ("Date of birth", "birth_date"), ("D.O.B. (dd/mm/yyyy)", "birth_date"),
        ("Vaccine", "product"), ("Lot no.", "lot"), ("Batch", "lot"), ("Chargen-Nr.", "lot"), ("اللقاح", "product"),
        ("出生日期", "birth_date"), ("जन्म तिथि", "birth_date"), ("Дата рождения", "birth_date"), ("Geburtsdatum*", "birth_date"),
        ("birth_date", "birth_date"), ("Remarks", ""), ("", ""), ("Name", ""),
    ],
)  # fmt: skip
def test_a_header_is_known_as_people_write_it(header: str, column: str) -> None:
    assert recognised([header]) == [column]


def test_no_word_stands_for_two_columns() -> None:
    known: dict[str, set[str]] = {}
    for column, words in WORDS.items():
        for word in words:
            known.setdefault(folded(word), set()).add(column)
    assert {word for word, found in known.items() if len(found) > 1 or not word} == set()
    assert WORDS.keys() == COLUMNS


@given(HEADERS)
def test_every_header_is_answered_and_no_two_are_one(headers: list[str]) -> None:
    found = recognised(headers)
    assert len(found) == len(headers)
    used = Counter(filter(None, found))
    assert COLUMNS.issuperset(used)
    assert set(used.values()) <= {1}


@given(HEADERS, st.integers())
def test_the_order_of_headers_does_not_matter(headers: list[str], seed: int) -> None:
    places = list(range(len(headers)))
    Random(seed).shuffle(places)
    shuffled = recognised([headers[place] for place in places])
    assert shuffled == [recognised(headers)[place] for place in places]


def test_two_headers_for_one_column_are_left_to_a_person() -> None:
    assert recognised(["Lot no.", "Batch", "Surname"]) == ["", "", "surname"]


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(["/", ".", "-", " / "]))
def test_a_date_is_read_in_the_order_that_was_said(day: date, mark: str) -> None:
    written = {
        "dmy": (day.day, day.month, day.year),
        "mdy": (day.month, day.day, day.year),
        "ymd": (day.year, day.month, day.day),
    }
    for order, parts in written.items():
        assert dated(mark.join(map(str, parts)), order) == day.isoformat()


@given(st.one_of(st.text(max_size=20), st.integers(), st.none()))
def test_what_is_no_date_stays_as_it_is(cell: object) -> None:
    assert dated(cell, "") == cell
    assert isinstance(cell, str) or dated(cell, "dmy") == cell


@pytest.mark.parametrize("cell", ["31/02/2021", "04/03/21", "4.3.", "04/13/2021"])
def test_a_day_that_there_is_not_is_left_to_be_refused(cell: str) -> None:
    assert dated(cell, "dmy") == cell


def test_the_order_of_dates_is_asked_where_it_is_not_told() -> None:
    assert orders(["04/03/2021", "2021-03-04", None, 7]) == frozenset({"dmy", "mdy"})
    assert orders(["04/03/2021", "31/12/2020"]) == frozenset({"dmy"})
    assert orders(["12/31/2020"]) == frozenset({"mdy"})
    assert orders(["31/12/2020", "12/31/2020"]) == frozenset()
    assert orders(["2021-03-04", "unknown", ""]) is None


@pytest.mark.parametrize(
    ("chosen", "dates", "code"),
    [
        ({"Name": "name"}, "", "column-unknown"),
        ({"A": "lot", "B": "lot"}, "", "column-twice"),
        ({"A": "lot"}, "dym", "dates-unknown"),
    ],
)
def test_what_cannot_be_is_refused(chosen: dict[str, str], dates: str, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        headings(chosen, dates)
    assert refused.value.code == code


def test_a_table_is_read_by_what_its_columns_were_said_to_be(tmp_path: Path) -> None:
    source = tmp_path / "t"
    source.write_text("Who;Born;Note\nBloggs;04/03/1980;x\n")
    headed = headings({" Who ": "surname", "Born": "birth_date", "Note": ""}, "dmy")
    (row,) = tables.rows(source, headed)
    assert row == tables.Row(2, {"surname": "Bloggs", "birth_date": "1980-03-04"})


def test_members_of_objects_are_columns_and_a_fhir_resource_is_none() -> None:
    headed = headings({"Who": "surname", "Note": ""}, "dmy")
    assert headed.renamed({"Who": "Bloggs", "Note": 1, "lot": "A"}) == {
        "surname": "Bloggs",
        "lot": "A",
    }
    resource = {"resourceType": "Patient", "Who": "x"}
    assert headed.renamed(resource) is resource


@pytest.mark.parametrize("text", ["Who;Born;Lot\nA;1/2/2020;7\n", "Who,Born,Lot\nA,1/2/2020,7\n"])
def test_a_table_of_unknown_columns_is_shown_as_it_stands(tmp_path: Path, text: str) -> None:
    source = tmp_path / "t"
    source.write_text(text.replace("Lot", "Sort"))
    look = tables.look(source, 3, 100)
    assert look.headers == ["Who", "Born", "Sort"]
    assert look.rows == [["A", "1/2/2020", "7"]]
    assert look.dates == {"Born": frozenset({"dmy", "mdy"})}
    assert columns.is_data(look.rows[0])
    assert not columns.is_data(look.headers)


def test_a_clerk_names_columns_at_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, source, out = tmp_path / "issuer", tmp_path / "people.csv", tmp_path / "out"
    source.write_text(
        "Last name;First name;Born;Jab;Day;No\nBloggs;Jo;03.02.1980;EU/1/20/1528;01.10.2026;2\n"
    )
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", "four invented plain words")
    monkeypatch.setenv("PRATIQUE_ISSUER", str(issuer))
    utopia = ("--country", "XU", "--participant", "XXU", "--name", "Utopia", "--shards", "1")
    told = (
        "doses=2",
        "lot=A",
        "--from",
        str(source),
        "--dates",
        "dmy",
        "--at",
        "2026-11-22T09:00:00Z",
    )
    named = (
        "Last name=surname",
        "First name=forename",
        "Born=birth_date",
        "Jab=product",
        "Day=given_on",
        "No=dose",
    )
    mapped = [word for each in named for word in ("--column", each)]
    work = ("--site", "harbour", "--operator", "op-17")
    for words in (
        ("issuer", "init", *utopia, "--at", "2026-11-01T00:00:00Z"),
        ("issuer", "preview", *told, *mapped),
        ("issuer", "issue", *told, *mapped, *work, "--out", str(out)),
    ):
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        assert ended.value.code in (0, None), capsys.readouterr()
    assert "1980-02-03" in (said := capsys.readouterr().out)
    assert "1 issued, 0 refused" in said
    with pytest.raises(SystemExit):
        main(["issuer", "preview", *told, "--column", "Last name"])
    assert "does not say what it is" in capsys.readouterr().err
