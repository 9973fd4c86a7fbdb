"""A row becomes a record, or remarks that name its columns and never what stood there."""

# ruff: noqa: DTZ001 - tables store times without a zone
from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import model
from pratique.intake.accept import examine
from pratique.intake.remarks import Remark, RemarkCode, refuses
from pratique.intake.rows import COLUMNS, Reading, Record, read_row
from pratique.model import Exemption, Moment, Precision, Recovery, Vaccination
from pratique.terms import Kind
from tests.unit.intake.handed_in import (
    BUILTIN,
    DOSE,
    EXEMPTION,
    NAUGHTY,
    ODD,
    RECOVERY,
    ROWS,
    STAMARIL,
    TEST,
    TODAY,
    YELLOW,
    read,
    record,
    told,
)


def test_a_dose_is_read_and_what_follows_from_the_product_is_filled_in() -> None:
    found = read(DOSE)
    assert found.remarks == ()
    assert found.record == record(DOSE)
    made = record(DOSE)
    assert (made.domain, made.kind) == ("DCC", Kind.VACCINATION)
    assert tuple(made.person[:4]) == ("Bloggs", "Jo", "BLOGGS", "JO")
    assert made.person.birth_date == Moment(Precision.DAY, date(1980, 2, 3))
    assert made.entry == Vaccination(
        "840539006", "1119349007", "EU/1/20/1528", "ORG-100030215", 2, 2,
        Moment(Precision.DAY, date(2022, 1, 10)), "XA", "Ministry of Health of Arcadia", None, "FE1234", "Clinic 7",
    )  # fmt: skip


def test_a_test_a_recovery_and_an_exemption_are_read() -> None:
    test, recovery, exemption = (record(row).entry for row in (TEST, RECOVERY, EXEMPTION))
    assert isinstance(test, model.Test)
    assert (test.disease, test.test_type, test.result) == ("840539006", "LP6464-4", "260415000")
    assert test.sampled is not None
    assert test.sampled.first == datetime(2022, 5, 31, 7, 30, tzinfo=UTC)
    assert isinstance(recovery, Recovery)
    assert recovery.valid_until == Moment(Precision.DAY, date(2022, 8, 28))
    assert isinstance(exemption, Exemption)
    assert exemption.valid_from == Moment(Precision.DAY, date(2022, 1, 1))


def test_a_yellow_booklet_is_read_with_what_it_alone_carries() -> None:
    made = record(YELLOW, birth_date="2010-02-03", guardian="Ann Bloggs")
    assert made.domain == "ICVP"
    assert made.person[5:10] == ("female", "XXA", "P1234567", "PPN", "Ann Bloggs")
    assert isinstance(made.entry, Vaccination)
    assert (made.entry.disease, made.entry.product, made.entry.manufacturer) == (
        "1D47",
        STAMARIL,
        None,
    )


def test_what_a_dcc_does_not_carry_is_not_read_for_it() -> None:
    made = record(DOSE, sex="female", nationality="XXA", document="P1", guardian="Ann Bloggs")
    assert set(made.person[5:]) == {None}


@pytest.mark.parametrize("row", ROWS)
def test_the_kind_and_the_data_format_are_told_by_what_is_filled_in(row: dict[str, Any]) -> None:
    bare = {name: cell for name, cell in row.items() if name not in ("kind", "domain")}
    assert read(bare) == read(row)


def test_a_row_of_two_kinds_or_of_none_is_asked_about() -> None:
    assert told(read(DOSE | TEST, kind="").remarks) == [("KIND_UNCLEAR", "kind")]
    assert told(read({"surname": "Bloggs"}).remarks) == [("KIND_UNKNOWN", "kind")]
    assert told(read(DOSE, kind="passport").remarks) == [("KIND_UNKNOWN", "kind")]


def test_country_and_authority_are_taken_from_the_issuer_where_the_row_is_empty() -> None:
    row = DOSE | {"country": " ", "authority": None}
    made = read_row(row, BUILTIN, country="XU", authority="Utopia Health").record
    assert made is not None
    assert isinstance(made.entry, Vaccination)
    assert (made.entry.country, made.entry.authority) == ("XU", "Utopia Health")
    assert told(read_row(row, BUILTIN).remarks) == [
        ("FIELD_MISSING", "country"),
        ("FIELD_MISSING", "authority"),
    ]


def test_the_cells_of_a_typed_table_are_read_as_those_of_a_text_are() -> None:
    typed = {
        "dose": 2,
        "doses": 2.0,
        "given_on": date(2022, 1, 10),
        "birth_date": datetime(1980, 2, 3),
    }
    assert read(DOSE, **typed) == read(DOSE)
    sampled = datetime(2022, 5, 31, 7, 30, tzinfo=UTC)
    assert read(TEST, sampled_at=sampled, result=260415000) == read(TEST)


@pytest.mark.parametrize(
    ("row", "cells", "remarks"),
    [
        (DOSE, {"product": ""}, [("FIELD_MISSING", "product")]),
        (DOSE, {"product": "nonsense"}, [("CODE_UNKNOWN", "product")]),
        (DOSE, {"product": "EpiVacCorona"}, [("FIELD_MISSING", "prophylaxis")]),
        (DOSE, {"dose": "two"}, [("NUMBER_UNREADABLE", "dose")]),
        (DOSE, {"given_on": "2022-01"}, [("DATE_INCOMPLETE", "given_on")]),
        (DOSE, {"given_on": "2022-02-30"}, [("DATE_UNREADABLE", "given_on")]),
        (DOSE, {"surname": "=1+1"}, [("FORMULA_LIKE", "surname")]),
        (DOSE, {"surname": "a" * 1_000_000}, [("FIELD_TOO_LONG", "surname")]),
        (DOSE, {"forename": "J\u200bo"}, [("CONTROL_CHARACTER", "forename")]),
        (DOSE, {"forename": "M\udcfc"}, [("ENCODING_WRONG", "forename")]),
        (DOSE, {"surname": "", "forename": ""}, [("FIELD_MISSING", "surname")]),
        (DOSE, {"surname": "⅋"}, [("NAME_NOT_TRANSLITERATED", "surname")]),
        (DOSE, {"surname_icao": "bloggs"}, [("ICAO_MALFORMED", "surname_icao")]),
        (DOSE, {"birth_date": ""}, [("FIELD_MISSING", "birth_date")]),
        (DOSE, {"birth_date": "1880"}, [("DATE_UNREADABLE", "birth_date")]),
        (DOSE, {"domain": "SHC"}, [("DOMAIN_UNKNOWN", "domain")]),
        (DOSE, {"kind": "pass"}, [("KIND_UNKNOWN", "kind")]),
        (TEST, {"domain": "ICVP"}, None),
        (TEST, {"sampled_at": "2022-05-31T09:30:00"}, [("INSTANT_WITHOUT_ZONE", "sampled_at")]),
        (RECOVERY, {"valid_until": ""}, [("FIELD_MISSING", "valid_until")]),
        (EXEMPTION, {"valid_from": "2022"}, [("DATE_INCOMPLETE", "valid_from")]),
        (YELLOW, {"birth_date": "1980"}, [("DATE_INCOMPLETE", "birth_date")]),
        (YELLOW, {"birth_date": "unknown"}, [("DATE_INCOMPLETE", "birth_date")]),
        (YELLOW, {"sex": ""}, [("FIELD_MISSING", "sex")]),
        (YELLOW, {"sex": "woman"}, [("CODE_UNKNOWN", "sex")]),
        (YELLOW, {"nationality": "XA"}, [("COUNTRY_MALFORMED", "nationality")]),
        (YELLOW, {"lot": ""}, [("FIELD_MISSING", "lot")]),
        (YELLOW, {"clinician": ""}, [("PLACE_MISSING", "clinician")]),
        (YELLOW, {"document_type": "passport"}, [("CODE_UNKNOWN", "document_type")]),
    ],
)  # fmt: skip
def test_what_refuses_a_row_names_the_column(
    row: dict[str, Any], cells: dict[str, Any], remarks: list[tuple[str, str]] | None
) -> None:
    found = read(row, **cells)
    assert found.record is None
    assert told(found.remarks) == remarks or (
        remarks is None and ("KIND_NOT_IN_DOMAIN", "kind") in told(found.remarks)
    )


@pytest.mark.parametrize(
    ("cells", "remarks"),
    [
        ({"birth_date": "unknown"}, [("BIRTH_UNKNOWN", "birth_date")]),
        ({"surname": "李"}, [("NAME_READING_UNSURE", "surname")]),
        ({"forename": "J0"}, [("NAME_HAS_DIGIT", "forename")]),
        ({"colour": "red"}, [("COLUMN_UNKNOWN", "column 13")]),
    ],
)
def test_what_only_asks_leaves_the_record(
    cells: dict[str, Any], remarks: list[tuple[str, str]]
) -> None:
    found = read(DOSE, **cells)
    assert found.record is not None
    assert told(found.remarks) == remarks


def test_the_transliteration_of_the_travel_document_wins() -> None:
    made = record(DOSE, surname="Müller", surname_icao="MULLER", forename="李", forename_icao="LEE")
    assert made.person[:4] == ("Müller", "李", "MULLER", "LEE")


@pytest.mark.parametrize("birth", ["1980", "1980-02", "1980-02-03"])
def test_a_birth_date_may_be_partial(birth: str) -> None:
    born = record(DOSE, birth_date=birth).person.birth_date
    assert born is not None
    assert born.text() == birth


def test_composed_and_decomposed_rows_make_the_same_record() -> None:
    assert record(DOSE, surname="Mu\u0308ller") == record(DOSE, surname="Müller")


def test_everything_wrong_with_a_row_is_told_at_once() -> None:
    found = read(DOSE, surname="=1", birth_date="x", dose="0", given_on="", authority="\x00")
    assert [remark.column for remark in found.remarks] == [
        "surname", "birth_date", "given_on", "dose", "authority",
    ]  # fmt: skip


def _content(remarks: tuple[Remark, ...]) -> str:
    return repr(remarks)


@pytest.mark.parametrize("row", ROWS)
def test_no_naughty_cell_raises_or_is_told(row: dict[str, Any]) -> None:
    for column in COLUMNS:
        for cell in [*NAUGHTY, *ODD, "QZXKVJQ\u202e", "=QZXKVJQ", "QZXKVJQ" * 20, "QZXKVJQ\x00"]:
            found = read(row, **{column: cell})
            assert (found.record is None) == refuses(found.remarks)
            assert "QZXKVJQ" not in _content(found.remarks) + repr(found)
            if found.record is not None:
                examine(found.record, BUILTIN, at=TODAY)


def test_a_column_whose_name_is_content_is_not_told() -> None:
    found = read(DOSE, QZXKVJQ="1")
    assert found.remarks
    assert "QZXKVJQ" not in _content(found.remarks)
    # the control: the remark would show it, if it held it
    assert "QZXKVJQ" in _content((Remark(RemarkCode.COLUMN_UNKNOWN, "QZXKVJQ"),))


def test_nothing_that_holds_a_person_shows_it() -> None:
    for shown in (repr(read(DOSE)), repr(record(DOSE)), str(record(DOSE).person)):
        assert "Bloggs" not in shown


CELLS = st.one_of(
    st.none(), st.text(max_size=100), st.sampled_from([*NAUGHTY, *ODD]), st.integers(), st.floats(),
    st.dates(), st.datetimes(timezones=st.none() | st.timezones()), st.lists(st.text()),
)  # fmt: skip
NAMES = st.sampled_from(sorted(COLUMNS)) | st.text() | st.none() | st.integers()


@given(st.sampled_from(ROWS), st.dictionaries(NAMES, CELLS, max_size=8), st.booleans())
def test_no_row_raises(row: dict[str, Any], cells: dict[Any, Any], alone: bool) -> None:
    found = read_row(cells if alone else row | cells, BUILTIN)
    assert isinstance(found, Reading)
    assert (found.record is None) == refuses(found.remarks)
    if found.record is not None:
        assert isinstance(found.record, Record)
        assert isinstance(examine(found.record, BUILTIN, at=TODAY), tuple)
        assert isinstance(
            examine(found.record, BUILTIN, at=datetime(2022, 6, 1, tzinfo=UTC)), tuple
        )
