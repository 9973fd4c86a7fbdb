"""Ends of validity are weighed, and the days on which many turn RED are found, all of them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import UsageError
from pratique.impact import timeline
from pratique.impact.doses import Course, DoseQuestions, DoseWindow
from pratique.impact.timeline import DoseGroup, cliffs, coming, expiry, fairness
from pratique.impact.world import Certainty, Offer, Place, Uptake, World
from pratique.rules.ruleset import Ruleset
from tests import policy_lab
from tests.unit.impact import small
from tests.unit.rules.written import CLOCK, DOSE, rule

AT = small.second("2022-01-10")
DAY = date(2022, 1, 10)


@pytest.mark.parametrize("number", range(3))
def test_expiry_is_what_the_oracle_says(corpora: Path, number: int) -> None:
    data = policy_lab.folder(corpora)
    case = policy_lab.expected(data)["expiry"][number]
    world = policy_lab.whole(data)
    measured = expiry(world, date.fromisoformat(case["at"]), case["days"], case["least_population"])
    assert measured is not None
    order = sorted(measured.places, key=lambda iso3: (measured.places[iso3], iso3))
    worst = sorted(measured.lapsed, key=lambda iso3: (-measured.lapsed[iso3], iso3))
    assert case == {
        "at": case["at"],
        "days": case["days"],
        "least_population": 1_000_000,
        "countries": len(order),
        "median": round(measured.median, 3),
        "lowest": {iso3: round(measured.places[iso3], 3) for iso3 in order[:5]},
        "highest": {iso3: round(measured.places[iso3], 3) for iso3 in order[:-6:-1]},
        "lapsed_countries": len(measured.lapsed),
        "lapsed_people": measured.lapsed_people,
        "lapsed_highest": {iso3: round(measured.lapsed[iso3], 3) for iso3 in worst[:5]},
    }
    assert list(case["lowest"]) == order[:5]


def test_where_nobody_tells_doses_nothing_is_weighed() -> None:
    assert expiry(small.world({"AAA": "A"}, doses={}), DAY, 180) is None
    assert expiry(small.world({"AAA": "A"}), DAY, 180) is not None


def test_a_small_country_is_not_counted() -> None:
    assert expiry(small.world({"AAA": "A"}, people=999_999), DAY, 180) is None


def test_boosters_not_told_and_none_on_offer_are_told_apart() -> None:
    doses = {"AAA": small.uptake(2_000_000), "BBB": small.uptake(2_000_000, boosters=False)}
    doses["CCC"] = small.uptake(2_000_000, boosters=None)
    measured = expiry(small.world(dict.fromkeys(doses, "A"), doses=doses), DAY, 180)
    assert measured is not None
    assert measured.without_boosters == ("BBB",)
    assert measured.untold == ("CCC",)
    assert set(measured.lapsed) == {"AAA", "BBB"}


def test_the_shortest_end_of_a_complete_course_is_weighed() -> None:
    short = rule(
        {"if": [
            {"in": [{"var": "payload.v.0.mp"}, ["B"]]},
            {"not-after": [CLOCK, {"plusTime": [DOSE, 90, "day"]}]},
            True,
        ]},
        "VR-XU-0003",
        **small.IN_FORCE,
    )  # fmt: skip
    questions = DoseQuestions(small.rules(small.within(270), short), small.UTOPIA, AT)
    measured = fairness(questions, small.world({"AAA": "AB"}))
    assert measured is not None
    assert measured.days == 89
    endless = DoseQuestions(small.rules(small.products("A")), small.UTOPIA, AT)
    assert fairness(endless, small.world({"AAA": "A"})) is None


# -- what is coming


LIMIT_BEGINS = "2022-02-01T00:00:00Z"


def limited(days: int = 180) -> Ruleset:
    return small.rules(small.products("A", "B"), small.within(days, ValidFrom=LIMIT_BEGINS))


def test_a_limit_that_begins_is_a_cliff_and_its_sliding_is_none() -> None:
    changes = coming(small.world({"AAA": "A"}), limited(), at=AT, days=365)
    assert [(change.day, change.why) for change in changes] == [
        (date(2022, 2, 1), ("VR-XU-0002@1.0.0 begins",))
    ]
    given = DoseWindow(timeline.FIRST_DOSE, date(2022, 1, 31) - timedelta(180))
    assert changes[0].lost.groups == (
        DoseGroup(("A",), Course.BOOSTER, given), DoseGroup(("A",), Course.PRIMARY, given),
    )  # fmt: skip
    assert not changes[0].gained.groups
    assert not changes[0].ways


def test_people_are_those_with_such_doses_less_whoever_may_have_had_a_booster() -> None:
    low, high = coming(small.world({"AAA": "A"}), limited(), at=AT, days=60)[0].lost.people
    # Complete courses up to 2021-08-04, day 213: seven months and a bit.
    until = 2_000_000 / small.MONTHS * 213 / 30
    boosted = 2_000_000 / small.MONTHS * (393 - 300) / 30
    assert low == pytest.approx(until - boosted, abs=1)
    # Of the boosted, as many as were in time may have been vaccinated later.
    assert high == pytest.approx(until, abs=1)


def test_where_another_product_was_on_offer_the_low_end_is_nobody() -> None:
    ruleset = small.rules(
        small.products("A", "B"),
        small.products("A", identifier="VR-XU-0005", ValidFrom=LIMIT_BEGINS),
    )
    both, only = (
        coming(small.world({"AAA": codes, "BBB": "A"}), ruleset, at=AT, days=60)[0].lost
        for codes in ("AB", "B")
    )
    assert both.groups[0].products == only.groups[0].products == ("B",)
    assert both.places.keys() == only.places.keys() == {"AAA"}
    assert both.people[0] == 0
    assert both.people[1] == only.people[1]
    assert 0 < only.people[0] == only.people[1] == only.by_region["EURO"][0]


def test_where_nobody_tells_doses_the_place_is_named_and_in_no_figure() -> None:
    lost = coming(small.world({"AAA": "A"}, doses={}), limited(), at=AT, days=60)[0].lost
    assert lost.people == (0, 0)
    assert lost.untold == ("AAA",)


def test_a_place_that_is_counted_in_another_is_in_no_figure() -> None:
    places = [Place("AA", "AAA", "A", 10**7), Place("BB", "BBB", "B", 10**7, counted_in="AAA")]
    offers = [
        Offer(place.iso3, "A", small.START, small.START, Certainty.SURE, "", "test")
        for place in places
    ]
    doses = {place.iso3: small.uptake(10**7) for place in places}
    world = World(places, [small.vaccine("A")], offers, doses)
    assert coming(world, limited(), at=AT, days=60)[0].lost.places.keys() == {"AAA"}


def test_only_a_day_of_many_is_a_cliff() -> None:
    changes = coming(small.world({"AAA": "A"}), limited(), at=AT, days=60)
    low, high = changes[0].lost.people
    assert [cliff.day for cliff in cliffs(changes, high)] == [date(2022, 2, 1)]
    assert cliffs(changes, high)[0].people == (low, high)
    assert cliffs(changes, high)[0].places == ("AAA",)
    assert cliffs(changes, high + 1) == ()


def test_an_edition_of_a_value_set_turns_answers_on_its_day() -> None:
    named = rule(
        {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.products"}]},
        **small.IN_FORCE,
    )
    begins = small.second("2022-02-03", 0)
    sets: dict[str, dict[int, list[str]]] = {
        "products": {0: ["A", "B"], begins: ["A"]},
        "other": {begins: ["A"]},
    }
    ruleset = small.rules(named, value_sets={"products": ["A"], "other": ["A"]}, editions=sets)
    (change,) = coming(small.world({"AAA": "B"}), ruleset, at=AT, days=60)
    assert change.day == date(2022, 2, 3)
    assert change.why == ("products: edition of 2022-02-03 begins",)
    assert change.lost.groups[0].products == ("B",)


def test_an_absolute_date_in_a_rule_is_a_cliff() -> None:
    # "A complete course of before December counts until 15 March": no rule begins or ends on that day.
    until = {"before": [CLOCK, {"plusTime": ["2022-03-15", 0, "day"]}]}
    newer = {"not-before": [{"plusTime": [DOSE, 0, "day"]}, {"plusTime": ["2021-12-01", 0, "day"]}]}
    logic = {"if": [newer, True, until]}
    (change,) = coming(
        small.world({"AAA": "A"}), small.rules(rule(logic, **small.IN_FORCE)), at=AT, days=90
    )
    assert change.day == date(2022, 3, 15)
    assert change.why == ("VR-XU-0001@1.0.0: 2022-03-15 passes",)
    assert change.lost.groups[0].given == DoseWindow(timeline.FIRST_DOSE, date(2021, 11, 30))


def test_rules_that_end_leave_nobody_accepted() -> None:
    ruleset = small.rules(small.products("A", ValidTo="2022-02-10T00:00:00Z"))
    (change,) = coming(small.world({"AAA": "A"}), ruleset, at=AT, days=90)
    assert change.why == ("VR-XU-0001@1.0.0 ends",)
    assert change.lost.groups


def test_a_rule_of_tests_that_begins_is_told_and_turns_no_dose() -> None:
    tests = rule(
        {"in": [{"var": "payload.t.0.tt"}, ["LP6464-4"]]},
        "TR-XU-0001",
        **{**small.IN_FORCE, "ValidFrom": LIMIT_BEGINS},
    )
    (change,) = coming(
        small.world({"AAA": "A"}), small.rules(small.products("A"), tests), at=AT, days=60
    )
    assert change.ways
    assert not change.lost.groups
    assert cliffs([change], 0) == ()


def test_an_end_that_slides_is_no_change_of_the_day_on_which_something_else_begins() -> None:
    # At midnight one day's doses are past the end, and a rule of tests begins: it is not why.
    until = rule({"before": [CLOCK, {"plusTime": [DOSE, 90, "day"]}]}, **small.IN_FORCE)
    tests = rule(
        {"in": [{"var": "payload.t.0.tt"}, ["LP6464-4"]]},
        "TR-XU-0001",
        **{**small.IN_FORCE, "ValidFrom": LIMIT_BEGINS},
    )
    ruleset = small.rules(until, tests)
    before, after = (
        DoseQuestions(ruleset, small.UTOPIA, small.second("2022-02-01", 0) - back)
        for back in (1, 0)
    )
    past = date(2022, 2, 1) - timedelta(90)
    assert before.accepted(small.vaccine("A"), Course.PRIMARY, past)
    assert not after.accepted(small.vaccine("A"), Course.PRIMARY, past)
    (change,) = coming(small.world({"AAA": "A"}), ruleset, at=AT, days=60)
    assert not change.lost.groups


def test_what_lies_beyond_the_horizon_is_not_told() -> None:
    assert coming(small.world({"AAA": "A"}), limited(), at=AT, days=21) == ()
    assert coming(small.world({"AAA": "A"}), limited(), at=AT, days=22)
    for days in (0, timeline.LONGEST_HORIZON + 1):
        with pytest.raises(UsageError) as refused:
            coming(small.world({"AAA": "A"}), limited(), at=AT, days=days)
        assert refused.value.code == "horizon"


# -- the search is exact


INSTANTS = [
    f"2022-0{month}-{day:02d}T{hour:02d}:00:00Z"
    for month in (1, 2)
    for day in (14, 28)
    for hour in (0, 15)
]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a rule that begins or ends, names products, and has an end or a day of its own."""
    first = draw(st.sampled_from([small.FROM, *INSTANTS]))
    last = draw(st.sampled_from([small.TO, *INSTANTS]))
    if last <= first:
        first, last = small.FROM, small.TO
    number = draw(st.integers(-1, 3))
    clock = {"plusTime": [{"var": "external.validationClock"}, number, "day"]}
    day = draw(st.sampled_from(["2022-01-31", "2022-02-11T09:00:00Z", "2021-10-05"]))
    unit, most = draw(st.sampled_from([("day", 120), ("month", 5), ("hour", 3_000)]))
    parts = {
        "list": {"in": [{"var": "payload.v.0.mp"}, ["A", "C"]]},
        "end": {"not-after": [clock, {"plusTime": [DOSE, most, unit]}]},
        "day": {"before": [clock, {"plusTime": [day, 0, "day"]}]},
        "newer": {
            "not-before": [{"plusTime": [DOSE, 0, "day"]}, {"plusTime": [day, number, "month"]}]
        },
    }
    one, other, third = (parts[draw(st.sampled_from(sorted(parts)))] for _ in range(3))
    logic = draw(
        st.sampled_from([one, {"if": [one, other, third]}, {"and": [one, other]}, {"!": [one]}])
    )
    return rule(
        logic,
        f"VR-XU-{draw(st.integers(1, 2)):04d}",
        **{**small.IN_FORCE, "ValidFrom": first, "ValidTo": last},
    )


def every_day(ruleset: Ruleset, at: int, days: int) -> set[tuple[date, str, Course]]:
    """Ask on every day, of the doses of 140 days: on which do more than four in a row turn at once?"""
    turned = set()
    ends = [at // 86_400 * 86_400 + 86_400 * day - 1 for day in range(1, days + 2)]
    asked = [DoseQuestions(ruleset, small.UTOPIA, end) for end in ends]
    for before, after in pairwise(asked):
        for code, course in (("A", Course.PRIMARY), ("B", Course.BOOSTER)):
            vaccine, row = small.vaccine(code), 0
            for day in (before.day - timedelta(age) for age in range(140)):
                lost = before.accepted(vaccine, course, day)
                lost = lost and not after.accepted(vaccine, course, day)
                row = row + 1 if lost else 0
                # An end that slides takes a day of its own on that day, beside what else turns.
                if row > timeline.SLIDING + 1:
                    turned.add((after.day, code, course))
    return turned


def test_asking_every_day_meets_a_limit_that_begins_and_not_its_sliding() -> None:
    met = every_day(limited(60), AT, 50)
    assert met == {(date(2022, 2, 1), "A", Course.PRIMARY), (date(2022, 2, 1), "B", Course.BOOSTER)}


@settings(max_examples=5, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=3, unique_by=lambda one: one["Identifier"]))
def test_no_cliff_is_missed_that_asking_every_day_meets(written: list[dict[str, Any]]) -> None:
    ruleset = small.rules(*written)
    at, days = small.second("2022-01-10", 0), 36
    world = small.world({"AAA": "AB"})
    turns = {
        (change.day, code, group.course)
        for change in coming(world, ruleset, at=at, days=days)
        for group in change.lost.groups
        for code in group.products
    }
    assert every_day(ruleset, at, days - 1) <= turns


@settings(max_examples=5, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=3, unique_by=lambda one: one["Identifier"]))
def test_every_change_keeps_its_range_and_does_not_depend_on_the_order_of_rules(
    written: list[dict[str, Any]],
) -> None:
    world = small.world({"AAA": "AB", "BBB": "A"})
    at = small.second("2022-01-10", 0)
    changes = coming(world, small.rules(*written), at=at, days=60)
    assert changes == coming(world, small.rules(*reversed(written)), at=at, days=60)
    for change in changes:
        for affected in (change.lost, change.gained):
            assert affected.people[0] <= affected.people[1]
            for low, high in (*affected.places.values(), *affected.by_region.values()):
                assert 0 <= low <= high <= 4_000_000


# -- the range holds, whoever got what


PEOPLE, HALVES = 1_200, 8
ROWS = tuple(
    Uptake(
        small.START + timedelta(30 * month), 0, 0, PEOPLE * month // HALVES,
        max(0, PEOPLE * (month - 4) // HALVES),
    )
    for month in range(HALVES + 1)
)  # fmt: skip
"""A country's people: an eighth of them a month; from the fifth month on as many have a booster, too."""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from("AB"), min_size=HALVES, max_size=HALVES),
    st.lists(st.sampled_from("AB"), min_size=HALVES, max_size=HALVES),
    st.permutations(range(HALVES)),
    st.integers(1, HALVES),
)
def test_whoever_got_which_product_and_had_a_booster_the_count_lies_in_the_range(
    courses: list[str], boosters: list[str], order: list[int], cut: int
) -> None:
    # From a day on, B does not count any more if it was given up to the day of a row.
    named = {"in": [{"var": "payload.v.0.mp"}, ["B"]]}
    newer = {
        "after": [
            {"plusTime": [DOSE, 0, "day"]},
            {"plusTime": [ROWS[cut].day.isoformat(), 0, "day"]},
        ]
    }
    ends = rule(
        {"if": [named, newer, True]},
        "VR-XU-0002",
        **{**small.IN_FORCE, "ValidFrom": "2021-10-01T00:00:00Z"},
    )
    world = small.world({"AAA": "AB"}, people=PEOPLE, doses={"AAA": ROWS})
    at = small.second("2021-09-20")
    (change,) = coming(world, small.rules(small.products("A", "B"), ends), at=at, days=30)
    part = PEOPLE // HALVES
    # In the months from the fifth on, those of one earlier month each get their booster, in some order.
    boosted: dict[int, int] = {}
    for month in range(4, HALVES):
        ready = [earlier for earlier in order if earlier < month and earlier not in boosted]
        boosted[ready[0]] = month
    count = 0
    for month in range(HALVES):
        newest, product = (
            (boosted[month], boosters[boosted[month]])
            if month in boosted
            else (month, courses[month])
        )
        count += part if product == "B" and newest < cut else 0
    low, high = change.lost.people
    assert low <= count <= high
    assert high > 0
