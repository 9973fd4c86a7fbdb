"""What rules say of doses is asked, and the days that are not asked are as those that are."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.impact.doses import Course, DoseLimit, DoseQuestions, DoseWindow, by_class
from pratique.rules.ruleset import Destination
from tests.unit.impact import small
from tests.unit.rules.written import CLOCK, DOSE, rule

AT = small.second("2022-03-31")
TODAY = date(2022, 3, 31)
VAR = {"var": "payload.v.0.mp"}


def asked(*documents: dict[str, Any], **more: Any) -> DoseQuestions:
    return DoseQuestions(small.rules(*documents, **more), small.UTOPIA, AT)


def test_a_limit_is_found_by_asking() -> None:
    questions = asked(small.products("A"), small.within(270))
    limit = questions.limit(small.vaccine("A"), Course.PRIMARY)
    # At noon the 270th day after the dose has begun twelve hours ago: the last dose that passes is of 269 days.
    assert limit == DoseLimit(Course.PRIMARY, 269)
    oldest = TODAY - timedelta(269)
    assert questions.accepted(small.vaccine("A"), Course.PRIMARY, oldest)
    assert not questions.accepted(small.vaccine("A"), Course.PRIMARY, oldest - timedelta(1))


def test_without_a_limit_there_is_no_end_and_of_a_refused_product_nothing() -> None:
    questions = asked(small.products("A"))
    assert questions.limit(small.vaccine("A"), Course.PRIMARY) == DoseLimit(Course.PRIMARY, None)
    assert questions.limit(small.vaccine("B"), Course.PRIMARY) is None


def test_a_booster_may_have_another_limit_than_a_course() -> None:
    number, course = {"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}
    booster = {"and": [{">": [number, 2]}, {">=": [number, course]}]}
    until = {"not-after": [CLOCK, {"plusTime": [DOSE, 9, "month"]}]}
    questions = asked(rule({"if": [booster, True, until]}, **small.IN_FORCE))
    assert questions.limit(small.vaccine("A"), Course.BOOSTER) == DoseLimit(Course.BOOSTER, None)
    limit = questions.limit(small.vaccine("A"), Course.PRIMARY)
    assert limit is not None
    assert limit.days is not None
    assert 270 <= limit.days <= 276


def test_where_no_rule_is_in_force_nothing_is_accepted() -> None:
    questions = DoseQuestions(small.rules(small.products("A")), Destination("XV"), AT)
    assert questions.state == "no-rules"
    assert not questions.accepted(small.vaccine("A"), Course.PRIMARY, TODAY)
    assert questions.windows(small.vaccine("A"), Course.PRIMARY, small.START, TODAY) == ()


def test_products_that_no_rule_tells_apart_are_one_class() -> None:
    questions = asked(small.products("A"))
    vaccines = {code: small.vaccine(code) for code in "ABCDE"}
    classes = by_class([questions], vaccines, Course.PRIMARY)
    assert [[each.code for each in same] for same in classes.values()] == [
        ["A"],
        ["B", "C", "D", "E"],
    ]
    accepted = {
        code for code, each in vaccines.items() if questions.accepted(each, Course.PRIMARY, TODAY)
    }
    assert accepted == {"A"}


def test_doses_of_the_course_keep_products_apart() -> None:
    questions = asked(small.products("A", "B"))
    vaccines = {"C": small.vaccine("C"), "D": small.vaccine("D"), "E": small.vaccine("E", 3)}
    assert len(by_class([questions], vaccines, Course.PRIMARY)) == 2


def test_makers_of_a_value_set_are_one_class_and_the_edition_of_the_day_counts() -> None:
    named = rule(
        {"in": [{"var": "payload.v.0.ma"}, {"var": "external.valueSets.makers"}]}, **small.IN_FORCE
    )
    editions = {"makers": {0: ["ORG-1"], AT + 1: ["ORG-1", "ORG-2"]}}
    ruleset = small.rules(named, value_sets={"makers": ["ORG-1", "ORG-2"]}, editions=editions)
    before, after = (DoseQuestions(ruleset, small.UTOPIA, at) for at in (AT, AT + 1))
    other = small.vaccine("B", maker="ORG-2")
    assert not before.accepted(other, Course.PRIMARY, TODAY)
    assert after.accepted(other, Course.PRIMARY, TODAY)
    assert after.product_class(other, Course.PRIMARY) == after.product_class(
        small.vaccine("A"), Course.PRIMARY
    )


def test_a_rule_that_compares_two_fields_puts_no_products_together() -> None:
    # "The product is its own maker": no constant says which ones that are.
    questions = asked(rule({"===": [VAR, {"var": "payload.v.0.ma"}]}, **small.IN_FORCE))
    vaccines = {"A": small.vaccine("A", maker="A"), "B": small.vaccine("B", maker="A")}
    assert len(by_class([questions], vaccines, Course.PRIMARY)) == 2
    assert questions.accepted(vaccines["A"], Course.PRIMARY, TODAY)
    assert not questions.accepted(vaccines["B"], Course.PRIMARY, TODAY)


def test_a_list_with_a_field_in_it_puts_no_products_together_either() -> None:
    logic = {"in": ["ORG-2", [{"var": "payload.v.0.ma"}, "none"]]}
    questions = asked(rule(logic, **small.IN_FORCE))
    vaccines = {"A": small.vaccine("A"), "B": small.vaccine("B", maker="ORG-2")}
    assert len(by_class([questions], vaccines, Course.PRIMARY)) == 2


@pytest.mark.parametrize("day", ["2022-03-01", "2022-03-31", "2022-05-31", "2024-02-29"])
@pytest.mark.parametrize("months", [1, 3, 6])
@pytest.mark.parametrize("moved", ["dose", "clock"])
def test_months_of_different_lengths_are_asked_day_by_day(
    day: str, months: int, moved: str
) -> None:
    # The 31st and a month is the 3rd, or the 1st: later than what follows it.
    clock = {"plusTime": [CLOCK["plusTime"][0], -months if moved == "clock" else 0, "month"]}
    dose = {"plusTime": [DOSE, months if moved == "dose" else 0, "month"]}
    named = rule({"not-after": [clock, dose]}, **small.IN_FORCE)
    questions = DoseQuestions(small.rules(named), small.UTOPIA, small.second(day))
    every = [questions.day - timedelta(age) for age in range(230)]
    windows = questions.windows(small.vaccine("A"), Course.PRIMARY, every[-1], every[0])
    assert {
        window.first + timedelta(step) for window in windows for step in range(window.days)
    } == {day for day in every if questions.accepted(small.vaccine("A"), Course.PRIMARY, day)}


UNITS = st.sampled_from(["hour", "day", "month", "year"])
OPERATORS = st.sampled_from(["after", "before", "not-after", "not-before"])


@st.composite
def dated(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a comparison of the day of a dose with the clock, or with a fixed day."""
    unit = draw(UNITS)
    most = {"hour": 9_000, "day": 400, "month": 14, "year": 2}[unit]
    moved = {"plusTime": [DOSE, draw(st.integers(-most, most)), unit]}
    clock = {"plusTime": [{"var": "external.validationClock"}, draw(st.integers(-400, 40)), "day"]}
    fixed = {"plusTime": [draw(st.sampled_from(["2021-09-01", "2022-01-31T06:00:00Z"])), 0, "day"]}
    other = draw(st.sampled_from([clock, fixed]))
    sides = [moved, other] if draw(st.booleans()) else [other, moved]
    logic: dict[str, Any] = {draw(OPERATORS): sides}
    return {"if": [{"in": [VAR, ["A"]]}, logic, {"!": [logic]}]} if draw(st.booleans()) else logic


@settings(max_examples=12, deadline=None)
@given(st.lists(dated(), min_size=1, max_size=2), st.integers(0, 400), st.sampled_from([0, 12]))
def test_windows_are_what_every_single_day_says(
    logics: list[dict[str, Any]], later: int, hour: int
) -> None:
    documents = [
        rule(logic, f"VR-XU-{number:04d}", **small.IN_FORCE) for number, logic in enumerate(logics)
    ]
    at = small.second(small.START + timedelta(300 + later), hour)
    questions = DoseQuestions(small.rules(*documents), small.UTOPIA, at)
    first, last = questions.day - timedelta(300), questions.day
    for code, course in product("AB", Course):
        vaccine = small.vaccine(code)
        windows = questions.windows(vaccine, course, first, last)
        within = {window.first + timedelta(day) for window in windows for day in range(window.days)}
        every = [first + timedelta(day) for day in range(301)]
        assert within == {day for day in every if questions.accepted(vaccine, course, day)}


def test_a_window_counts_both_its_days() -> None:
    assert DoseWindow(TODAY, TODAY).days == 1
