"""Dates know how precise they are; personal data shows itself to nobody."""

from __future__ import annotations

import typing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import model
from pratique.model import Moment, Person, Precision

TYPES = [t for t in vars(model).values() if isinstance(t, type) and hasattr(t, "_fields")]
precise = st.sampled_from([Precision.YEAR, Precision.MONTH, Precision.DAY])


@pytest.mark.parametrize(
    ("precision", "first", "last", "text"),
    [
        (Precision.YEAR, date(1984, 1, 1), date(1984, 12, 31), "1984"),
        (Precision.MONTH, date(1984, 2, 1), date(1984, 2, 29), "1984-02"),
        (Precision.MONTH, date(1985, 2, 1), date(1985, 2, 28), "1985-02"),
        (Precision.MONTH, date(1900, 2, 1), date(1900, 2, 28), "1900-02"),
        (Precision.MONTH, date(1984, 12, 1), date(1984, 12, 31), "1984-12"),
        (Precision.MONTH, date(9999, 12, 1), date(9999, 12, 31), "9999-12"),
        (Precision.YEAR, date(1, 1, 1), date(1, 12, 31), "0001"),
        (Precision.DAY, date(1984, 2, 29), date(1984, 2, 29), "1984-02-29"),
    ],
)
def test_a_partial_date_means_all_its_days(
    precision: Precision, first: date, last: date, text: str
) -> None:
    moment = Moment(precision, first)
    assert moment.last == last
    assert moment.text() == text
    assert moment.day() == first


@given(precise, st.dates())
def test_the_last_day_is_in_the_same_period_and_the_next_is_not(
    precision: Precision, day: date
) -> None:
    first = {
        Precision.YEAR: day.replace(month=1, day=1), Precision.MONTH: day.replace(day=1),
        Precision.DAY: day,
    }[precision]  # fmt: skip
    moment = Moment(precision, first)
    assert first <= day <= moment.last
    assert moment.last.isoformat().startswith(moment.text())
    if moment.last < date.max:
        following = moment.last + timedelta(days=1)
        assert not following.isoformat().startswith(moment.text())


def test_an_instant_is_its_own_last_and_has_a_day() -> None:
    when = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    moment = Moment(Precision.INSTANT, when)
    assert moment.last == when
    assert moment.last_day() == date(2026, 2, 28)
    assert type(moment.last_day()) is date
    assert moment.day() == date(2026, 2, 28)
    assert type(moment.day()) is date
    assert moment.text() == "2026-02-28T23:30:00+00:00"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("Sampleová", "Testina", "SAMPLEOVA", "TESTINA"), "Sampleová Testina"),
        ((None, None, "SAMPLEOVA<TEST", "TESTINA<ANNA"), "SAMPLEOVA TEST TESTINA ANNA"),
        (("Sampleová", None, "SAMPLEOVA", None), "Sampleová"),
        ((None, "Testina", None, "TESTINA"), "Testina"),
        (("", "", "SAMPLEOVA", "<"), "SAMPLEOVA"),
        ((None, None, None, None), ""),
    ],
)
def test_a_name_is_shown_as_written_and_else_as_transliterated(
    names: tuple[str | None, str | None, str | None, str | None], shown: str
) -> None:
    assert Person(*names, None).display_name() == shown


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: str(kind.__name__))
@given(canary=st.text(min_size=8))
def test_no_type_shows_what_it_holds(kind: type[tuple[Any, ...]], canary: str) -> None:
    made = kind(*[canary] * len(typing.get_type_hints(kind)))
    assert repr(made) == str(made) == f"{made}" == f"<{kind.__name__}: not shown>"
    assert repr([made]) == f"[<{kind.__name__}: not shown>]"


def test_the_types_are_those_that_hold_somebody() -> None:
    assert {kind.__name__ for kind in TYPES} == {
        "Moment", "Person", "Vaccination", "Test", "Recovery", "Exemption", "Pass",
        "HealthCertificate",
    }  # fmt: skip
