"""A course is counted from events, not from what one issuer printed."""

from __future__ import annotations

from pratique.journeys.course import complete
from pratique.model import Entry, HealthCertificate, Moment, Precision
from tests import travellers as t


def certificates(*entries: Entry) -> list[HealthCertificate]:
    found = [t.shown(entry).certificate for entry in entries]
    return [one for one in found if one is not None]


def counted(*entries: Entry) -> tuple[int | None, int | None] | None:
    course = complete(certificates(*entries))
    return None if course is None else (course[1].dose, course[1].doses)


def test_one_event_is_no_course() -> None:
    assert counted(t.dose()) is None
    assert counted(t.recovery()) is None


def test_two_prints_of_one_dose_are_one_event() -> None:
    assert counted(t.dose("2022-01-10", 1, 2), t.dose("2022-01-10", 1, 2)) is None


def test_doses_from_two_countries_add_up() -> None:
    assert counted(t.dose("2021-12-01", 1, 2), t.dose("2022-01-10", 1, 2)) == (2, 2)


def test_a_dose_after_a_recovery_completes() -> None:
    assert counted(t.recovery("2021-06-01"), t.dose("2022-01-10", 1, 2)) == (1, 1)


def test_a_recovery_after_the_dose_does_not() -> None:
    assert counted(t.recovery("2022-02-01"), t.dose("2022-01-10", 1, 2)) is None


def test_a_booster_after_one_dose_is_two_of_one() -> None:
    janssen = t.dose("2021-06-01", 1, 1, t.JANSSEN)
    assert counted(janssen, t.dose("2022-01-10", 2, 1)) == (2, 1)


def test_three_of_three_is_a_booster_too() -> None:
    doses = [t.dose("2021-06-01", 1, 2), t.dose("2021-07-01", 2, 2), t.dose("2022-01-10", 3, 3)]
    assert counted(*doses) == (3, 2)


def test_the_last_print_may_know_of_more_than_is_shown() -> None:
    assert counted(t.dose("2021-07-01", 2, 2), t.dose("2022-01-10", 4, 4)) == (4, 2)


def test_a_date_that_is_not_known_to_the_day_is_not_counted() -> None:
    vague = t.dose()._replace(given=Moment(Precision.MONTH, t.day("2021-12-01").first))
    assert counted(vague, t.dose("2022-01-10", 1, 2)) is None
