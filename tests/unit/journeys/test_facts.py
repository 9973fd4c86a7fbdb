"""What rules may see: health facts, places and times on the port's wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pratique.assess import STATED, age_years, claims_of_one, facts_of
from pratique.model import Entry, Moment, Precision
from pratique.rules.ruleset import Ruleset
from tests import travellers as t


def facts(entry: Entry, at: datetime = t.NOON, *, compatible: bool = False) -> dict[str, Any]:
    held = t.snapshot(ruleset=Ruleset(t.utopia(), {"x": ["1"]}, compatible=compatible))
    return facts_of(claims_of_one(t.shown(entry))[0], held, t.UTOPIA, at)


def test_the_clock_is_the_ports_own() -> None:
    at = datetime(2022, 3, 1, 0, 30, tzinfo=ZoneInfo("Pacific/Auckland"))
    external = facts(t.dose(), at)["external"]
    assert external["validationClock"] == "2022-03-01T00:30:00Z"
    assert external["arrivalDate"] == "2022-03-01"
    assert external["countryCode"] == "XU"
    assert external["issuerCountryCode"] == "XA"


def test_a_sample_moves_with_the_clock_and_a_dose_does_not() -> None:
    at = t.NOON.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert facts(t.sample(), at)["payload"]["t"][0]["sc"] == "2022-03-01T07:45:00Z"
    assert facts(t.dose("2022-01-10"), at)["payload"]["v"][0]["dt"] == "2022-01-10"


def test_the_distance_of_two_instants_stays_what_it_is() -> None:
    for zone in ("Asia/Kathmandu", "America/St_Johns", "Pacific/Auckland", "UTC"):
        seen = facts(t.sample(), t.NOON.astimezone(ZoneInfo(zone)))
        clock = datetime.fromisoformat(seen["external"]["validationClock"])
        sampled = datetime.fromisoformat(seen["payload"]["t"][0]["sc"])
        assert (clock - sampled).total_seconds() == 10 * 3600


def test_issue_and_expiry_are_told_by_the_day() -> None:
    external = facts(t.dose())["external"]
    assert (external["iat"], external["exp"]) == ("2022-01-10", "2027-01-15")


def test_only_health_fields_are_there() -> None:
    assert facts(t.dose())["payload"]["v"][0].keys() == {"tg", "vp", "mp", "ma", "dn", "sd", "dt"}
    assert facts(t.sample())["payload"]["t"][0].keys() == {"tg", "tt", "sc", "tr"}
    assert facts(t.recovery())["payload"]["r"][0].keys() == {"tg", "fr", "df", "du"}
    assert facts(t.exemption())["payload"]["e"][0].keys() == {"tg", "df", "du"}


def test_compatibility_says_that_it_is_stated_never_what() -> None:
    seen = facts(t.dose(), compatible=True)
    entry = seen["payload"]["v"][0]
    assert (entry["is"], entry["ci"], entry["co"]) == (STATED, STATED, "XA")
    assert seen["payload"]["dob"] == "1980-02-03"


@pytest.mark.parametrize(
    ("born", "years"),
    [
        (Moment(Precision.DAY, date(2010, 3, 1)), 12),
        (Moment(Precision.DAY, date(2010, 3, 2)), 11),
        (Moment(Precision.MONTH, date(2010, 3, 1)), 11),
        (Moment(Precision.YEAR, date(2010, 1, 1)), 11),
        (Moment(Precision.DAY, date(2023, 1, 1)), None),
        (None, None),
    ],
)
def test_an_age_is_the_youngest_that_a_birth_date_can_mean(
    born: Moment | None, years: int | None
) -> None:
    assert age_years(born, datetime(2022, 3, 1, tzinfo=UTC)) == years
