"""The exact seconds at which an answer turns."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.assess import Claim, Standing, assess, claims_of_one, facts_of
from pratique.authenticate import stands
from pratique.outlook import Stretch, _solve, birthdays, stretches, stretches_of, turns
from pratique.rules.certlogic.evaluate import later
from pratique.rules.certlogic.expression import AMOUNT, Unit
from pratique.snapshot import Snapshot
from tests import travellers as t

ZONES = ["UTC", "Europe/Paris", "Pacific/Auckland", "America/St_Johns", "Australia/Lord_Howe"]


def test_stretches_are_closed_on_both_sides() -> None:
    found = stretches([10, 20], lambda second: 10 <= second < 20)
    assert found == [Stretch(10, 19)]


def test_an_answer_that_never_changes_has_no_ends() -> None:
    assert stretches([10], lambda _: True) == [Stretch(None, None)]
    assert stretches([10], lambda _: False) == []
    assert stretches([], lambda _: True) == [Stretch(None, None)]


def test_a_leapling_ages_on_the_first_of_march() -> None:
    found = birthdays(date(2000, 2, 29), UTC)
    assert int(datetime(2021, 3, 1, tzinfo=UTC).timestamp()) in found
    assert int(datetime(2024, 2, 29, tzinfo=UTC).timestamp()) in found


def truth(claim: Claim, held: Snapshot, second: int, zone: ZoneInfo) -> bool:
    assert claim.signer is not None
    at = datetime.fromtimestamp(second, UTC).astimezone(zone)
    return (
        stands(claim.certificate, claim.signer, second)
        and assess(claim, held, t.UTOPIA, at).standing is Standing.PASSED
    )


MONTHS = [
    t.rule("VR-XU-0001", {"and": t.clock("payload.v.0.dt", "month", 1, 9)}),
    t.rule("VR-XU-0002", t.clock("payload.v.0.dt", "year", None, 1)[0]),
]


@settings(max_examples=25, deadline=None)
@given(
    st.dates(date(2021, 3, 1), date(2022, 3, 1)),
    st.sampled_from(ZONES),
    st.booleans(),
    st.lists(st.integers(0, 700 * 86400), min_size=40, max_size=40),
)
def test_every_second_says_what_its_stretch_says(
    given_on: date, zone_name: str, by_months: bool, seconds: list[int]
) -> None:
    held = t.snapshot(MONTHS) if by_months else t.snapshot()
    zone = ZoneInfo(zone_name)
    (claim,) = claims_of_one(t.shown(t.dose(str(given_on)), issued_at=1_600_000_000))
    found = stretches_of(claim, held, t.UTOPIA, t.NOON.astimezone(zone))
    start = int(datetime(2021, 3, 1, tzinfo=UTC).timestamp())
    edges = [edge + step for one in found for edge in one if edge for step in (-1, 0, 1)]
    for second in [*edges, *(start + second for second in seconds)]:
        assert truth(claim, held, second, zone) is any(one.holds(second) for one in found)


@pytest.mark.parametrize("zone", ZONES)
def test_a_test_lasts_to_the_second(zone: str) -> None:
    (claim,) = claims_of_one(t.shown(t.sample(), issued_at=1_600_000_000))
    at = t.NOON.astimezone(ZoneInfo(zone))
    (found,) = stretches_of(claim, t.snapshot(), t.UTOPIA, at)
    sampled = int((t.NOON - timedelta(hours=10)).timestamp())
    assert found == Stretch(sampled, sampled + 72 * 3600)


@settings(deadline=None)
@given(
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.integers(-300, 300),
    st.sampled_from(["month", "year"]),
)
def test_no_turn_of_months_or_years_is_missed(target: date, amount: int, unit: Unit) -> None:
    wanted = (target - date(1970, 1, 1)).days * 86_400_000
    listed = set(_solve(wanted, amount, unit))
    middle = later(wanted, -amount, unit) // 86_400_000
    before = None
    for day in range(middle - 40, middle + 40):
        after = later(day * 86_400_000, amount, unit) >= wanted
        assert before in {None, after} or day * 86_400_000 in listed
        before = after


@pytest.mark.parametrize("unit", ["hour", "day", "month", "year"])
@pytest.mark.parametrize("amount", [AMOUNT, -AMOUNT])
@pytest.mark.parametrize("given_on", ["0001-01-01", "2022-01-10", "9999-12-31"])
def test_the_largest_amount_lists_few_seconds(unit: str, amount: int, given_on: str) -> None:
    moved = {"plusTime": [{"var": "payload.v.0.dt"}, amount, unit]}
    asked = {"not-after": [{"plusTime": [{"var": "external.validationClock"}, 0, "day"]}, moved]}
    rules = [t.rule("VR-XU-0001", asked)]
    (claim,) = claims_of_one(t.shown(t.dose(given_on)))
    data = facts_of(claim, t.snapshot(rules), t.UTOPIA, t.NOON)
    assert len(turns(rules, data, UTC)) < 2_000
    assert stretches_of(claim, t.snapshot(rules), t.UTOPIA, t.NOON) is not None
