"""FieldReader are read leniently, never guessed, and never raise."""

from __future__ import annotations

import calendar
import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.findings import Finding
from pratique.formats.fields import FieldReader, is_map, moment
from pratique.model import Precision


def read(group: dict[Any, Any]) -> tuple[FieldReader, list[Finding]]:
    findings: list[Finding] = []
    return FieldReader(group, "v[0].", findings), findings


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.code.name, finding.where) for finding in findings]


@pytest.mark.parametrize(
    ("text", "precision", "first"),
    [
        ("2026-02-20", Precision.DAY, date(2026, 2, 20)),
        ("2024-02-29", Precision.DAY, date(2024, 2, 29)),
        ("2000-02-29", Precision.DAY, date(2000, 2, 29)),
        ("0001-01-01", Precision.DAY, date(1, 1, 1)),
        ("9999-12-31", Precision.DAY, date(9999, 12, 31)),
        ("2026-02", Precision.MONTH, date(2026, 2, 1)),
        ("2026-02-00", Precision.MONTH, date(2026, 2, 1)),
        ("2026", Precision.YEAR, date(2026, 1, 1)),
        ("2026-00", Precision.YEAR, date(2026, 1, 1)),
        ("2026-00-00", Precision.YEAR, date(2026, 1, 1)),
        ("2026-02-20T09:30:00", Precision.DAY, date(2026, 2, 20)),
        ("2026-02-20 09:30", Precision.DAY, date(2026, 2, 20)),
    ],
)
def test_a_date_keeps_its_precision(text: str, precision: Precision, first: date) -> None:
    found = moment(text)
    assert found is not None
    assert (found.precision, found.first) == (precision, first)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-02-20T09:30:00Z", datetime(2026, 2, 20, 9, 30, tzinfo=UTC)),
        ("2026-02-20t09:30:00z", datetime(2026, 2, 20, 9, 30, tzinfo=UTC)),
        ("2026-02-20T09:30Z", datetime(2026, 2, 20, 9, 30, tzinfo=UTC)),
        ("2026-02-20T09:30:00+02", datetime(2026, 2, 20, 7, 30, tzinfo=UTC)),
        ("2026-02-20T09:30:00+0200", datetime(2026, 2, 20, 7, 30, tzinfo=UTC)),
        ("2026-02-20T09:30:00+02:00", datetime(2026, 2, 20, 7, 30, tzinfo=UTC)),
        ("2026-02-20T09:30:00-0330", datetime(2026, 2, 20, 13, 0, tzinfo=UTC)),
        ("2026-02-20T09:30:00.5Z", datetime(2026, 2, 20, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-02-20T09:30:00,123456789Z", datetime(2026, 2, 20, 9, 30, 0, 123_456, tzinfo=UTC)),
        ("2026-02-20 09:30:00Z", datetime(2026, 2, 20, 9, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_every_spelling_that_is_met(text: str, when: datetime) -> None:
    found = moment(text)
    assert found is not None
    assert (found.precision, found.first) == (Precision.INSTANT, when)


@pytest.mark.parametrize(
    "text",
    ["", " ", "2026-02-30", "2025-02-29", "1900-02-29", "2026-13", "2026-13-01", "0000", "0000-01-01",
     "2026-00-20", "2026-2-2", "20260220", "2026-W08-5", "2026-02-20T", "2026-02-20T24:01:00Z",
     "2026-02-20T25:00:00Z", "2026-02-20T09:60:00Z", "2026-02-20T09:30:60Z", "2026-02-30T09:30:00Z",
     "2026-02-20T09:30:00+99:99", "2026-02-20T09:30:00+2", "2026-02-20T09:30:00.Z", "\u0662\u0660\u0662\u0666",
     "2026-02-20\n", " 2026-02-20", "2026-02-20T09:30:00Z\n", "\uff12026", "-2026", "12026", "yesterday"],
)  # fmt: skip
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert moment(text) is None


PARTS = st.text(alphabet="0123456789-:TZtz+., \u0662W", max_size=36)


@given(st.text(max_size=40) | PARTS | st.datetimes().map(str) | st.dates().map(str))
def test_no_text_raises_and_what_is_read_is_within_the_calendar(text: str) -> None:
    found = moment(text)
    if found is not None:
        assert date.min <= found.day() <= date.max
        assert found.day() <= (found.last if found.precision is not Precision.INSTANT else date.max)
        assert (found.precision is Precision.INSTANT) is isinstance(found.first, datetime)
        if isinstance(found.first, datetime):
            assert found.first.tzinfo is not None


@given(st.dates())
def test_every_day_of_the_calendar_is_read_and_written_again(day: date) -> None:
    for text in (day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]):
        found = moment(text)
        assert found is not None
        assert found.text() == text


@given(st.integers(1, 9999))
def test_the_29th_of_february_is_there_in_leap_years_only(year: int) -> None:
    assert (moment(f"{year:04d}-02-29") is not None) is calendar.isleap(year)


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),  # noqa: DTZ001 - its zone is given next
    st.integers(-24 * 60 + 1, 24 * 60 - 1),
)
def test_every_instant_in_every_zone_is_read(when: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    found = moment(f"{when:%H:%M:%S}".join((f"{when.date()}T", f"{sign}{hours:02d}:{rest:02d}")))
    assert found is not None
    expected = when.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=minutes)
    assert found.first == expected


@pytest.mark.parametrize(
    ("value", "required", "read_as", "findings"),
    [
        ("x", False, "x", []),
        ("", True, "", []),
        (1, True, None, ["FIELD_TYPE"]),
        (1, False, None, ["SCHEMA_DEVIATION"]),
        (None, True, None, ["FIELD_MISSING"]),
        (None, False, None, ["SCHEMA_DEVIATION"]),
        ([], True, None, ["FIELD_TYPE"]),
        ("123456", False, "123456", ["SCHEMA_DEVIATION"]),
        ("12345", False, "12345", []),
    ],
)
def test_a_text_is_read_or_told(
    value: object, required: bool, read_as: str | None, findings: list[str]
) -> None:
    fields, seen = read({"n": value})
    assert fields.text("n", required=required, longest=5) == read_as
    assert told(seen) == [(code, "v[0].n") for code in findings]


def test_a_text_that_is_not_there_is_missing_only_where_it_is_required() -> None:
    fields, seen = read({})
    assert fields.text("n") is None
    assert seen == []
    assert fields.text("n", required=True) is None
    assert told(seen) == [("FIELD_MISSING", "v[0].n")]


@pytest.mark.parametrize(
    ("value", "required", "read_as", "findings"),
    [
        (2, True, 2, []),
        (1, True, 1, []),
        (0, True, 0, ["DOSES_BELOW_ONE"]),
        (-2, False, -2, ["DOSES_BELOW_ONE"]),
        (2.0, True, 2, ["SCHEMA_DEVIATION"]),
        (0.0, True, 0, ["SCHEMA_DEVIATION", "DOSES_BELOW_ONE"]),
        (1.5, True, None, ["FIELD_TYPE"]),
        (1.5, False, None, ["SCHEMA_DEVIATION"]),
        (True, True, None, ["FIELD_TYPE"]),
        ("2", True, None, ["FIELD_TYPE"]),
        (math.nan, True, None, ["FIELD_TYPE"]),
        (math.inf, True, None, ["FIELD_TYPE"]),
        (None, True, None, ["FIELD_MISSING"]),
        (None, False, None, []),
    ],
)
def test_a_number_is_read_or_told(
    value: object, required: bool, read_as: int | None, findings: list[str]
) -> None:
    fields, seen = read({"n": value})
    found = fields.whole("n", required=required, least=1)
    assert found == read_as
    assert found is None or type(found) is int
    assert told(seen) == [(code, "v[0].n") for code in findings]


def test_a_date_that_is_read_but_not_in_its_schema_s_shape_is_noted() -> None:
    fields, seen = read({"d": "2026-02", "b": "", "x": "no"})
    shape = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}|")
    found = fields.moment("d", shape=shape)
    assert found is not None
    assert told(seen) == [("SCHEMA_DEVIATION", "v[0].d")]
    seen.clear()
    assert fields.moment("b", shape=shape, blank=True) is None
    assert seen == []
    assert fields.moment("b") is None
    assert told(seen) == [("DATE_UNREADABLE", "v[0].b")]
    seen.clear()
    assert fields.moment("x", blank=True) is None
    assert told(seen) == [("DATE_UNREADABLE", "v[0].x")]


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(values, st.booleans())
def test_no_value_raises(value: object, required: bool) -> None:
    fields, seen = read({"n": value})
    fields.text("n", required=required, longest=5)
    fields.whole("n", required=required, least=1)
    fields.moment("n", required=required)
    assert all(finding.where == "v[0].n" for finding in seen)


def test_maps_are_told_from_everything_else() -> None:
    assert is_map({})
    assert not any(map(is_map, (None, [], "", b"", 1, (), {1}.__class__)))
