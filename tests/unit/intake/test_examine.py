"""A record is held against value sets, against the calendar, and against the doses beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pratique.intake.accept import compare, compared, examine
from pratique.intake.catalogue import Catalogue
from pratique.intake.remarks import Remark, refuses
from pratique.intake.rows import Record
from tests.unit.intake.handed_in import (
    BUILTIN,
    DOSE,
    EXEMPTION,
    RECOVERY,
    ROWS,
    TEST,
    TODAY,
    YELLOW,
    record,
    told,
)


@pytest.mark.parametrize("row", ROWS)
def test_a_sound_record_is_remarked_on_by_nothing(row: dict[str, Any]) -> None:
    assert examine(record(row), BUILTIN, at=TODAY) == ()


@pytest.mark.parametrize(
    ("row", "cells", "remark"),
    [
        (DOSE, {"manufacturer": "Acme"}, ("CODE_UNKNOWN", "manufacturer")),
        (DOSE, {"manufacturer": "ORG-100031184"}, ("PRODUCT_MANUFACTURER_MISMATCH", "manufacturer")),
        (DOSE, {"prophylaxis": "1157024006"}, ("PRODUCT_PROPHYLAXIS_MISMATCH", "prophylaxis")),
        (DOSE, {"prophylaxis": "1"}, ("CODE_UNKNOWN", "prophylaxis")),
        (DOSE, {"disease": "1D47"}, ("PRODUCT_DISEASE_MISMATCH", "disease")),
        (DOSE, {"disease": "flu"}, ("CODE_UNKNOWN", "disease")),
        (DOSE, {"country": "XYZ"}, ("CODE_UNKNOWN", "country")),
        (DOSE, {"country": "de"}, ("CODE_UNKNOWN", "country")),
        (DOSE, {"given_on": "2022-06-02"}, ("DATE_IN_FUTURE", "given_on")),
        (DOSE, {"given_on": "1999-01-01"}, ("BEFORE_PRODUCT_EXISTED", "given_on")),
        (DOSE, {"birth_date": "2022-02"}, ("DATE_BEFORE_BIRTH", "given_on")),
        (DOSE, {"birth_date": "2023"}, ("BIRTH_IMPOSSIBLE", "birth_date")),
        (DOSE, {"birth_date": "1903"}, ("AGE_UNLIKELY", "birth_date")),
        (DOSE, {"dose": "3"}, ("DOSE_BEYOND_SERIES", "dose")),
        (DOSE, {"lot": ""}, ("LOT_MISSING", "lot")),
        (DOSE, {"domain": "DCC", "product": "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0",
                "prophylaxis": "J07BX03", "manufacturer": "CIGB"}, ("PRODUCT_NOT_IN_DOMAIN", "product")),
        (TEST, {"test_type": "PCR"}, ("CODE_UNKNOWN", "test_type")),
        (TEST, {"result": "negative"}, ("CODE_UNKNOWN", "result")),
        (TEST, {"result": "260373001"}, ("RESULT_POSITIVE", "result")),
        (TEST, {"test_type": "LP217198-3"}, ("DEVICE_MISSING", "device")),
        (TEST, {"sampled_at": "2022-06-02T00:00:00Z"}, ("DATE_IN_FUTURE", "sampled_at")),
        (TEST, {"birth_date": "2022-06-01"}, ("DATE_BEFORE_BIRTH", "sampled_at")),
        (RECOVERY, {"first_positive_on": "2022-06-02"}, ("DATE_IN_FUTURE", "first_positive_on")),
        (RECOVERY, {"valid_from": "2022-03-11"}, ("RECOVERY_TOO_EARLY", "valid_from")),
        (RECOVERY, {"valid_until": "2022-08-29"}, ("RECOVERY_TOO_LONG", "valid_until")),
        (RECOVERY, {"valid_until": "2022-03-11"}, ("DATES_REVERSED", "valid_until")),
        (TEST, {"sampled_at": "2012-05-31T09:30:00Z"}, ("BEFORE_DISEASE_KNOWN", "sampled_at")),
        (RECOVERY, {"first_positive_on": "2019-03-01"}, ("BEFORE_DISEASE_KNOWN", "first_positive_on")),
        (RECOVERY, {"disease": "flu"}, ("CODE_UNKNOWN", "disease")),
        (EXEMPTION, {"valid_until": "2021-12-31"}, ("DATES_REVERSED", "valid_until")),
        (EXEMPTION, {"valid_until": "2022-05-31"}, ("VALIDITY_OVER", "valid_until")),
        (YELLOW, {"product": "YellowFeverProduct00"}, ("CODE_UNKNOWN", "product")),
        (YELLOW, {"product": "EU/1/20/1528"}, ("PRODUCT_NOT_IN_DOMAIN", "product")),
        (YELLOW, {"birth_date": "2004-06-02"}, ("GUARDIAN_MISSING", "guardian")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(
    row: dict[str, Any], cells: dict[str, Any], remark: tuple[str, str]
) -> None:
    assert remark in told(examine(record(row, **cells), BUILTIN, at=TODAY))


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (DOSE, {"given_on": "2022-06-01"}),
        (DOSE, {"prophylaxis": "J07BX03"}),
        (DOSE, {"birth_date": "2022"}),
        (DOSE, {"birth_date": "1907"}),
        (DOSE, {"country": "DE"}),
        (TEST, {"sampled_at": "2022-06-01T23:59:00Z"}),
        (TEST, {"test_type": "LP217198-3", "device": "1065"}),
        (RECOVERY, {"valid_from": "2022-03-12", "valid_until": "2022-08-28"}),
        (EXEMPTION, {"valid_until": "2022-06-01"}),
        (YELLOW, {"birth_date": "2004-06-01"}),
        (YELLOW, {"birth_date": "2012-06-01", "guardian": "Ann Bloggs"}),
    ],
)
def test_what_just_fits_is_not(row: dict[str, Any], cells: dict[str, Any]) -> None:
    assert examine(record(row, **cells), BUILTIN, at=TODAY) == ()


def test_an_instant_settles_whether_a_sample_was_taken_yet() -> None:
    sampled = record(TEST, sampled_at="2022-06-01T09:30:00+02:00")
    before, after = datetime(2022, 6, 1, 7, 29, tzinfo=UTC), datetime(2022, 6, 1, 7, 31, tzinfo=UTC)
    assert told(examine(sampled, BUILTIN, at=before)) == [("DATE_IN_FUTURE", "sampled_at")]
    assert examine(sampled, BUILTIN, at=after) == ()


def test_a_code_that_is_no_longer_in_use_asks_and_does_not_refuse() -> None:
    document = {
        "valueSetId": "vaccines-covid-19-names",
        "valueSetValues": {"EU/1/20/1528": {"display": "Comirnaty", "active": False}},
    }
    found = examine(record(DOSE), Catalogue.from_documents([document]), at=TODAY)
    assert told(found) == [("CODE_INACTIVE", "product")]
    assert not refuses(found)


def examine_course(records: Sequence[Record]) -> tuple[tuple[Remark, ...], ...]:
    """Compare the doses of one person, whatever it is called in each."""
    return compare([compared(record)._replace(person=b"") for record in records], BUILTIN)


def _course(*cells: dict[str, Any]) -> list[list[tuple[str, str]]]:
    doses = [record(DOSE, **row) for row in cells]
    return [told(remarks) for remarks in examine_course(doses)]


def _given(number: int, day: str, **cells: Any) -> dict[str, Any]:
    return {"dose": number, "given_on": day, **cells}


def test_a_course_in_its_order_is_remarked_on_by_nothing() -> None:
    assert _course(_given(1, "2022-01-01"), _given(2, "2022-01-22"), _given(3, "2022-05-01")) == [
        [],
        [],
        [],
    ]


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert _course(_given(2, "2022-01-21"), _given(1, "2022-01-01")) == [
        [("DOSE_INTERVAL_SHORT", "given_on")],
        [],
    ]


def test_doses_out_of_order_or_twice_are_asked_about() -> None:
    assert _course(_given(2, "2022-01-01"), _given(1, "2022-03-01")) == [
        [],
        [("DOSE_ORDER", "dose")],
    ]
    assert _course(_given(1, "2022-01-01"), _given(1, "2022-01-01")) == [
        [],
        [("DOSE_REPEATED", "dose")],
    ]


def test_two_doses_on_one_day_are_too_close_whatever_the_product() -> None:
    cells = {"product": "EU/1/20/1525"}
    assert _course(_given(1, "2022-01-01", **cells), _given(2, "2022-01-01", **cells)) == [
        [],
        [("DOSE_INTERVAL_SHORT", "given_on")],
    ]


def test_other_records_and_other_diseases_are_no_part_of_a_course() -> None:
    records = [record(DOSE, dose=2), record(YELLOW, given_on="2022-01-11"), record(TEST)]
    assert examine_course(records) == ((), (), ())
    assert examine_course([]) == ()


def test_an_interval_that_nobody_published_is_not_held_against_anybody() -> None:
    cells = {"product": "Sputnik-Light"}
    assert _course(_given(1, "2022-01-01", **cells), _given(2, "2022-01-02", **cells)) == [[], []]


def test_the_day_is_the_one_that_is_handed_in() -> None:
    assert examine(record(DOSE), BUILTIN, at=date(2022, 1, 9)) != ()
