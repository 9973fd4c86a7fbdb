"""A course is counted from surely different doses, never from papers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pratique.assess import PRIMARY, Counted, courses, printed_twice
from pratique.model import Entry, HealthCertificate, Moment, Precision, Vaccination
from tests import travellers as t


def prints(*entries: Entry) -> list[tuple[HealthCertificate, Entry]]:
    found = [t.shown(entry).certificate for entry in entries]
    return [(one, entry) for one, entry in zip(found, entries, strict=True) if one is not None]


def counted(*entries: Entry) -> set[tuple[int, int]]:
    """Return every count of the last entry."""
    found = courses(prints(*entries))
    return {(one.dose, one.doses) for one in found if one.which == len(entries) - 1}


def abroad(entry: Vaccination) -> Vaccination:
    return entry._replace(country="XB")


def test_one_event_is_no_course() -> None:
    assert counted(t.dose()) == set()
    assert counted(t.recovery()) == set()


def test_two_prints_of_one_dose_are_one_event() -> None:
    assert counted(t.dose("2022-01-10", 1, 2), t.dose("2022-01-10", 1, 2)) == set()


def test_doses_from_two_countries_add_up() -> None:
    found = prints(t.dose("2021-12-01", 1, 2), abroad(t.dose("2022-01-10", 1, 2)))
    elsewhere = found[1][0]._replace(issuer="XB")
    assert courses([found[0], (elsewhere, found[1][1])]) == [Counted(1, 2, 2)]


def test_a_print_of_what_was_given_abroad_is_not_another_dose() -> None:
    # Home prints again what was given in Arcadia, and mistypes its day.
    first = t.dose("2021-12-01", 1, 2)
    (original,) = prints(first)
    again = original[0]._replace(issuer="XB"), first._replace(given=t.day("2022-01-12"))
    assert courses([original, again]) == []


@pytest.mark.parametrize("days", [0, 1, 2, 7, 13, 14, 31, 40, 365])
@pytest.mark.parametrize("later", [t.dose("2022-01-10", 1, 2), t.dose("2022-01-10", 1, 1, "?")])
def test_a_correction_is_one_dose_however_far_its_date(later: Vaccination, days: int) -> None:
    day = later.given
    assert day is not None
    moved = later._replace(given=t.day(str(day.day() - timedelta(days=days))), identifier="x")
    assert counted(moved, later) == set()
    assert printed_twice(prints(moved, later))


@pytest.mark.parametrize("other", [t.dose("2022-01-05", 2, 2), t.dose("2022-01-05", 1, 2, "?")])
def test_what_is_nearer_than_any_two_doses_is_one(other: Vaccination) -> None:
    # The correction of a number or a product, and of the day with it.
    assert counted(other, t.dose("2022-01-10", 1, 2)) == set()


def test_an_unknown_number_or_product_tells_no_doses_apart() -> None:
    one, other = t.dose("2021-12-01", 1, 2), t.dose("2022-01-10", 1, 2)
    assert counted(one._replace(dose=None), other) == set()
    assert counted(one._replace(product=None), other) == set()
    assert counted(one, other._replace(product="XM8NQ0")) == set()


def test_doses_of_two_products_add_up() -> None:
    assert counted(t.dose("2021-12-01", 1, 2, t.SPIKEVAX), t.dose("2022-01-10", 1, 2)) == {(2, 2)}


def test_a_dose_after_a_recovery_completes() -> None:
    assert counted(t.recovery("2021-06-01"), t.dose("2022-01-10", 1, 2)) == {(1, 1)}
    instant = Moment(Precision.INSTANT, datetime(2021, 6, 1, 23, tzinfo=UTC))
    fell_ill = t.recovery()._replace(first_positive=instant)
    assert counted(fell_ill, t.dose("2022-01-10", 1, 2)) == {(1, 1)}


def test_a_recovery_after_the_dose_or_on_its_day_does_not() -> None:
    assert counted(t.recovery("2022-02-01"), t.dose("2022-01-10", 1, 2)) == set()
    assert counted(t.recovery("2022-01-10"), t.dose("2022-01-10", 1, 2)) == set()
    year = t.recovery()._replace(first_positive=Moment(Precision.YEAR, t.day("2022-01-01").first))
    assert counted(year, t.dose("2022-01-10", 1, 2)) == set()


def test_a_recovery_between_two_doses_makes_no_booster() -> None:
    first, ill, second = t.dose("2021-06-01", 1, 2), t.recovery("2021-09-01"), t.dose("2022-01-10")
    assert counted(first, ill, second) == {(1, 1)}


def test_doses_after_a_recovery_and_another_are_boosters() -> None:
    doses = t.dose("2021-06-01", 1, 2), t.dose("2022-01-10", 2, 2)
    assert counted(t.recovery("2021-02-01"), *doses) == {(1, 1), (2, 1)}


def test_a_booster_after_one_dose_is_two_of_one() -> None:
    janssen = t.dose("2021-06-01", 1, 1, t.JANSSEN)
    assert counted(janssen, t.dose("2022-01-10", 2, 2)) == {(2, 1)}
    assert counted(janssen, t.dose("2022-01-10", 2, 1)) == set()


def test_a_dose_that_completes_is_no_booster() -> None:
    janssen = t.dose("2022-01-10", 1, 1, t.JANSSEN)
    assert counted(t.dose("2021-06-01", 1, 2), janssen) == {(2, 2)}


def test_three_of_three_is_a_booster_too() -> None:
    doses = [t.dose("2021-06-01", 1, 2), t.dose("2021-07-01", 2, 2), t.dose("2022-01-10", 3, 3)]
    assert counted(*doses) == {(3, 2)}


def test_the_last_print_may_know_of_more_than_is_shown() -> None:
    assert counted(t.dose("2021-07-01", 2, 2), t.dose("2022-01-10", 4, 4)) == {(4, 2)}


@pytest.mark.parametrize("product", ["Abdala", "Zifivax", "ZF2001", "ZyCoV-D", "zifivax"])
def test_a_course_of_three_is_not_complete_with_two(product: str) -> None:
    doses = [t.dose(day, 1, 2, product) for day in ("2021-09-01", "2021-10-01", "2021-11-01")]
    numbered = [dose._replace(dose=number) for number, dose in enumerate(doses, 1)]
    assert counted(*numbered[:2]) == {(2, 3)}
    assert counted(*numbered) == {(3, 3)}


@pytest.mark.parametrize("product", ["Convidecia", "Sputnik-Light", t.JANSSEN, "EU/1/21/1580"])
def test_products_of_one_dose_are_complete_with_it(product: str) -> None:
    assert counted(t.dose("2021-09-01", 1, 1, product), t.dose("2022-01-10", 2, 2)) == {(2, 1)}


def test_a_mixed_course_needs_as_many_as_its_longest() -> None:
    first, second = t.dose("2021-09-01", 1, 3, "Abdala"), t.dose("2021-10-01", 2, 2)
    assert counted(first, second) == {(2, 3)}
    assert counted(first, second, t.dose("2022-01-10", 3, 3)) == {(3, 2)}


def test_where_the_product_is_not_known_what_is_printed_counts() -> None:
    first, second = t.dose("2021-09-01", 1, 3, "Rabipur"), t.dose("2021-10-01", 2, 3, "Rabipur")
    assert counted(first, second) == set()
    assert counted(first, second._replace(doses=2)) == {(2, 3)}
    assert counted(first._replace(doses=None), second._replace(doses=None)) == set()


def test_a_longer_course_that_is_printed_is_believed() -> None:
    # Three doses are a primary course for the immunosuppressed.
    assert counted(t.dose("2021-09-01", 1, 3), t.dose("2021-10-01", 2, 3)) == set()


def test_doses_of_another_disease_do_not_count() -> None:
    flu = t.dose("2021-09-01", 1, 2)._replace(disease="6142004")
    assert counted(flu, t.dose("2022-01-10", 1, 2, t.SPIKEVAX)) == set()


def test_an_illness_of_another_disease_stands_for_no_dose() -> None:
    hepatitis = "66071002"
    ill = t.recovery("2021-06-01")._replace(disease=hepatitis)
    assert counted(ill, t.dose("2022-01-10", 1, 3, "x")._replace(disease=hepatitis)) == set()


def test_a_date_that_is_not_known_to_the_day_is_not_counted() -> None:
    vague = t.dose()._replace(given=Moment(Precision.MONTH, t.day("2021-12-01").first))
    assert counted(vague, t.dose("2022-01-10", 1, 2)) == set()


def test_a_later_dose_takes_no_earlier_count_away() -> None:
    doses = [
        t.dose("2021-06-01", 1, 1, t.JANSSEN),
        t.dose("2022-01-01"),
        t.dose("2022-11-28", 3, 3),
    ]
    found = {(one.which, one.dose, one.doses) for one in courses(prints(*doses))}
    assert (1, 2, 1) in found
    assert (2, 3, 1) in found


def test_the_same_print_again_is_not_told() -> None:
    assert not printed_twice(prints(t.dose(), t.dose()))
    assert printed_twice(prints(t.dose(), t.dose()._replace(identifier="URN:UVCI:01:XA:9")))


def test_many_prints_are_counted_in_bounded_steps() -> None:
    # Every pair of them is surely two doses: all sets would be 2 to the power of 150.
    start = t.day("2015-01-01").day()
    many = [
        t.dose(str(start + timedelta(days=15 * number)), number + 1, number + 1)
        for number in range(150)
    ]
    found = {(one.which, one.dose, one.doses) for one in courses(prints(*many))}
    assert {(number, number + 1, 2) for number in range(2, 150)} <= found


def test_the_table_of_products_is_the_value_sets(corpora: Path) -> None:
    sets = json.loads((corpora / "spec/valuesets/valueSets.json").read_bytes())
    known = {name for name in PRIMARY if name.startswith("EU/")}
    assert known <= set(sets["vaccines-covid-19-names"]) | {"EU/1/22/1709"}


PRODUCTS = """
1: EU/1/20/1525 EU/1/21/1580 EU/1/22/1709 Convidecia Sputnik-Light Soberana-Plus
2: EU/1/20/1528 EU/1/20/1507 EU/1/21/1529 EU/1/21/1618 EU/1/21/1624 Covishield Covid-19-recombinant R-COVI
2: Covovax Covaxin BBIBP-CorV WIBP-CorV CoronaVac Covid-19-adsorvida-inativada Sputnik-V Sputnik-M EpiVacCorona
2: CoviVac Hayat-Vax Soberana-02 MVC-COV1901 QazVac Covidful COVIran_Barakat Turkovac Corbevax SKYCovione
2: LV-SMENP-DC
3: Abdala Zifivax ZF2001 ZyCoV-D
"""


def test_each_product_needs_the_doses_of_its_primary_course() -> None:
    rows = [line.split(": ") for line in PRODUCTS.strip().splitlines()]
    told = {name.replace("_", " "): int(doses) for doses, names in rows for name in names.split()}
    assert told == PRIMARY


def test_a_third_dose_is_surely_another_than_each_before_it() -> None:
    """First and third are of one number: they may be one dose, with a day that was mistyped."""
    doses = t.dose("2021-06-01", 1, 2), t.dose("2021-07-01", 2, 2), t.dose("2022-01-10", 1, 2)
    assert counted(*doses) == {(2, 2)}
    assert counted(*doses[:2], doses[2]._replace(dose=3, doses=3)) == {(3, 2)}


def test_an_illness_of_another_disease_stands_for_no_dose_of_this_one() -> None:
    ill = t.recovery("2021-06-01")._replace(disease="66071002")
    assert counted(ill, t.dose("2022-01-10", 1, 2)) == set()


def test_a_dose_with_a_time_of_day_is_of_its_day() -> None:
    first = t.dose("2021-06-01", 1, 2)
    instant = Moment(Precision.INSTANT, datetime(2021, 6, 1, 23, tzinfo=UTC))
    for given in (first.given, instant):
        again = first._replace(given=given), t.dose("2022-01-10", 2, 1)
        assert counted(*again) == {(2, 2)}


def test_a_product_tells_its_disease() -> None:
    first, second = t.dose("2021-06-01", 1, 2), t.dose("2022-01-10", 2, 1)
    nameless = [one._replace(disease=None) for one in (first, second)]
    assert counted(*nameless) == counted(first, second) == {(2, 2)}
    assert counted(*(one._replace(product="Rabipur") for one in nameless)) == set()


@pytest.mark.parametrize(("place", "expected"), [("XB", {(2, 2)}), ("XA", set()), ("?", set())])
def test_a_place_that_is_none_is_shared_by_nobody(place: str, expected: set[object]) -> None:
    """Whoever prints no country that there is was given the dose nowhere that is known."""
    first = t.dose("2021-06-01", 1, 2)._replace(country="XA")
    found = prints(first, t.dose("2022-01-10", 1, 2)._replace(country=place))
    odd = [(certificate._replace(issuer="nowhere"), entry) for certificate, entry in found]
    assert {(one.dose, one.doses) for one in courses(odd)} == expected


@pytest.mark.parametrize(("days", "expected"), [(13, set()), (14, {(2, 2)}), (15, {(2, 2)})])
def test_two_doses_are_fourteen_days_apart(days: int, expected: set[object]) -> None:
    later = t.day("2022-01-10").day() + timedelta(days=days)
    assert counted(t.dose("2022-01-10", 1, 2), t.dose(str(later), 2, 1)) == expected
