"""Cells are read strictly, and whatever a file made of them."""

# ruff: noqa: RUF001, DTZ001 - texts of many scripts; tables store times without a zone
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.intake import rows
from pratique.intake.remarks import RemarkCode
from pratique.model import Moment, Precision
from tests.unit.intake.handed_in import NAUGHTY, ODD


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Bloggs", "Bloggs"), ("  Bloggs ", "Bloggs"), ("\u00a0Blo\u00a0ggs", "Blo ggs"), ("", None), ("  ", None),
        ("\u3000", None), (None, None), (float("nan"), None), (260373001, "260373001"), (1065.0, "1065"),
        ("Ju\u0308rgen", "Jürgen"), ("می\u200cخواهم", "می\u200cخواهم"), ("ක්\u200dෂ", "ක්\u200dෂ"), ("a" * 80, "a" * 80),
        ("e\u0301" * 80, "é" * 80), ("a" + " " * 90, "a"),
    ],
)  # fmt: skip
def test_a_text_is_read(value: object, read: str | None) -> None:
    assert rows.text(value) == read


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a" * 81, RemarkCode.FIELD_TOO_LONG), ("a" * 1_000_000, RemarkCode.FIELD_TOO_LONG),
        ("\u0301" * 400, RemarkCode.FIELD_TOO_LONG), ("Jo\x00", RemarkCode.CONTROL_CHARACTER),
        ("Jo\u202e", RemarkCode.CONTROL_CHARACTER), ("J\u200bo", RemarkCode.CONTROL_CHARACTER),
        ("J\u200co", RemarkCode.CONTROL_CHARACTER), ("J\u200do", RemarkCode.CONTROL_CHARACTER),
        ("J\u3164o", RemarkCode.CONTROL_CHARACTER), ("Jo\nAnn", RemarkCode.CONTROL_CHARACTER),
        ("Jo\n", RemarkCode.CONTROL_CHARACTER), ("M\udcfcller", RemarkCode.ENCODING_WRONG),
        ("M\ufffdllerin", RemarkCode.ENCODING_WRONG), ("=1+1", RemarkCode.FORMULA_LIKE),
        (" =1+1", RemarkCode.FORMULA_LIKE), ("\tJo", RemarkCode.FORMULA_LIKE), ("＝1", RemarkCode.FORMULA_LIKE),
        (True, RemarkCode.FIELD_UNREADABLE), (1.5, RemarkCode.FIELD_UNREADABLE), (-1, RemarkCode.FIELD_UNREADABLE),
        (10**19, RemarkCode.FIELD_UNREADABLE), ([], RemarkCode.FIELD_UNREADABLE),
        (float("inf"), RemarkCode.FIELD_UNREADABLE), (date(2020, 1, 1), RemarkCode.FIELD_UNREADABLE),
    ],
)  # fmt: skip
def test_what_is_no_text_is_told(value: object, code: RemarkCode) -> None:
    assert rows.text(value) is code


@pytest.mark.parametrize(
    ("value", "precision", "first"),
    [
        ("1963-05-17", Precision.DAY, date(1963, 5, 17)), ("1963-05", Precision.MONTH, date(1963, 5, 1)),
        ("1963", Precision.YEAR, date(1963, 1, 1)), (" 1963-05-17 ", Precision.DAY, date(1963, 5, 17)),
        ("2024-02-29", Precision.DAY, date(2024, 2, 29)), (date(1963, 5, 17), Precision.DAY, date(1963, 5, 17)),
        (datetime(1963, 5, 17), Precision.DAY, date(1963, 5, 17)), (1964, Precision.YEAR, date(1964, 1, 1)),
        (datetime(1963, 5, 17, tzinfo=UTC), Precision.DAY, date(1963, 5, 17)),
    ],
)  # fmt: skip
def test_a_date_keeps_its_precision(value: object, precision: Precision, first: date) -> None:
    found = rows.moment(value)
    assert isinstance(found, Moment)
    assert (found.precision, found.first) == (precision, first)


@pytest.mark.parametrize(
    "value",
    ["2021-W10-1", "20210509", "2021-129", "2021-02-30", "2023-02-29", "2021-00", "2021-13-01", "2021-5-9", "09.05.2021",
     "05/09/2021", "1899-12-31", "2100-01-01", "0000-01-01", "٢٠٢١-٠٥-٠٩", "2021-05-09T00:00:00Z", "44325", 44326,
     "2021-05-09x", "unknown", datetime(2021, 5, 9, 12), date(1850, 1, 1), datetime(9999, 1, 1)],
)  # fmt: skip
def test_what_is_no_date_is_told(value: object) -> None:
    assert rows.moment(value) is RemarkCode.DATE_UNREADABLE


@pytest.mark.parametrize(
    ("value", "when"),
    [
        ("2021-05-09T09:30:00Z", datetime(2021, 5, 9, 9, 30, tzinfo=UTC)),
        ("2021-05-09 09:30+02:00", datetime(2021, 5, 9, 7, 30, tzinfo=UTC)),
        ("2021-05-09t09:30:00.1234567z", datetime(2021, 5, 9, 9, 30, 0, 123456, tzinfo=UTC)),
        (datetime(2021, 5, 9, tzinfo=UTC), datetime(2021, 5, 9, tzinfo=UTC)),
        (
            datetime(2021, 5, 9, tzinfo=timezone(timedelta(hours=14))),
            datetime(2021, 5, 8, 10, tzinfo=UTC),
        ),
    ],
)
def test_an_instant_is_read_with_its_zone(value: object, when: datetime) -> None:
    found = rows.instant(value)
    assert isinstance(found, Moment)
    assert (found.precision, found.first) == (Precision.INSTANT, when)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2021-05-09T09:30:00", RemarkCode.INSTANT_WITHOUT_ZONE),
        (datetime(2021, 5, 9, 9), RemarkCode.INSTANT_WITHOUT_ZONE),
        ("2021-05-09", RemarkCode.INSTANT_UNREADABLE),
        ("2021-05-09T09:30:60Z", RemarkCode.INSTANT_UNREADABLE),
        ("2021-05-09T24:30:00Z", RemarkCode.INSTANT_UNREADABLE),
        ("2021-05-09T09:30:00+0200", RemarkCode.INSTANT_UNREADABLE),
        ("2021-05-09T09:30:00+99:99", RemarkCode.INSTANT_UNREADABLE),
        ("0001-01-01T00:00:00+14:00", RemarkCode.INSTANT_UNREADABLE),
        (datetime.min.replace(tzinfo=UTC), RemarkCode.INSTANT_UNREADABLE),
        ("=1", RemarkCode.FORMULA_LIKE),
    ],
)
def test_what_is_no_instant_is_told(value: object, code: RemarkCode) -> None:
    assert rows.instant(value) is code


@pytest.mark.parametrize(
    ("value", "number"), [("2", 2), (3, 3), (4.0, 4), ("2.0", 2), (" 02 ", 2), ("99", 99)]
)
def test_a_number_is_read(value: object, number: int) -> None:
    assert rows.whole(value) == number


@pytest.mark.parametrize("value", ["0", "100", "2.5", "two", "２", "1e1", -1, 101, "½", 10**19])
def test_what_is_no_number_is_told(value: object) -> None:
    assert isinstance(rows.whole(value), RemarkCode)


@given(
    st.one_of(
        st.text(), st.sampled_from([*NAUGHTY, *ODD]), st.floats(), st.integers(), st.datetimes()
    )
)
def test_no_cell_raises(value: object) -> None:
    for read in (rows.text, rows.whole, rows.moment, rows.instant):
        found = read(value)
        assert found is None or isinstance(found, RemarkCode | str | int | Moment)


@given(st.text(max_size=90))
def test_what_is_read_is_read_again_the_same(value: str) -> None:
    found = rows.text(value)
    if isinstance(found, str):
        assert rows.text(found) == found
