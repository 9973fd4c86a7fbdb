"""Rules with a floor: what is added is accepted, what was accepted still is, and what cannot be done is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.impact.amendment import Amendment, amend
from pratique.impact.doses import Course, DoseQuestions
from pratique.impact.matrix import products_accepted
from pratique.impact.world import World
from pratique.rules.lint import Terms, lint
from pratique.rules.rule import issues, read
from pratique.rules.ruleset import Destination, Ruleset
from tests import policy_lab
from tests.unit.impact import small
from tests.unit.rules.written import CLOCK, DOSE, rule

AT = small.second("2022-03-01")
VAR = {"var": "payload.v.0.mp"}
OFFERS = {"AAA": "A", "BBB": "B", "CCC": "AB"}


def with_floor(*documents: dict[str, Any], floor: str = "AB", **more: Any) -> Amendment:
    ruleset = small.rules(*documents, **more)
    return amend(small.world(OFFERS), DoseQuestions(ruleset, small.UTOPIA, AT), floor)


def replaced(documents: list[dict[str, Any]], amendment: Amendment) -> Ruleset:
    """Return rules in which the changed ones have taken the place of those before, as a state publishes them."""
    return small.rules(*documents, *amendment.rules)


def test_a_list_grows_and_whom_that_lets_in_is_told() -> None:
    amendment = with_floor(small.products("A"))
    (changed,) = amendment.rules
    assert changed["Logic"] == {"in": [VAR, ["A", "B"]]}
    assert changed["Version"] == "1.1.0"
    assert issues(changed) == []
    assert amendment.missing == amendment.added == ("B",)
    assert amendment.published.low.places == ("BBB",)
    assert amendment.amended.high.places == ()
    assert amendment.let_in == (("BBB",), ("BBB",))
    assert amendment.people == (2_000_000, 2_000_000)
    assert amendment.asked
    assert not amendment.hindrances
    assert not amendment.notes


def test_what_is_published_then_accepts_the_floor() -> None:
    documents = [small.products("A"), small.within(300)]
    ruleset = replaced(documents, with_floor(*documents))
    world = small.world(OFFERS)
    assert products_accepted(DoseQuestions(ruleset, small.UTOPIA, AT), world.vaccines) == {"A", "B"}
    assert not lint([*documents, *with_floor(*documents).rules], Terms(reason="a test")).errors


def test_rules_that_accept_the_floor_are_left_alone() -> None:
    amendment = with_floor(small.products("A", "B"))
    assert amendment.rules == ()
    assert amendment.missing == amendment.added == ()
    assert amendment.people == (0, 0)


def test_a_value_set_gets_an_or() -> None:
    named = rule({"in": [VAR, {"var": "external.valueSets.products"}]}, **small.IN_FORCE)
    amendment = with_floor(named, value_sets={"products": ["A"]})
    (changed,) = amendment.rules
    looked_up = {"in": [VAR, {"var": "external.valueSets.products"}]}
    added = {"in": [VAR, ["B"]]}
    assert changed["Logic"] == {"!": [{"and": [{"!": [looked_up]}, {"!": [added]}]}]}
    assert changed["AffectedFields"] == ["v.0", "v.0.dt", "v.0.mp"]


def test_makers_and_kinds_of_vaccine_get_an_or_too() -> None:
    makers = rule({"in": [{"var": "payload.v.0.ma"}, ["ORG-9"]]}, **small.IN_FORCE)
    kinds = rule({"===": [{"var": "payload.v.0.vp"}, "J07BX03"]}, "VR-XU-0002", **small.IN_FORCE)
    amendment = with_floor(makers, kinds)
    assert [changed["Identifier"] for changed in amendment.rules] == ["VR-XU-0001", "VR-XU-0002"]
    assert amendment.added == ("A", "B")


def test_the_doses_that_are_demanded_of_others_are_demanded_of_these() -> None:
    complete = {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]}
    both = rule({"and": [{"in": [VAR, ["A"]]}, complete]}, **small.IN_FORCE)
    (changed,) = with_floor(both).rules
    assert changed["Logic"] == {"and": [{"in": [VAR, ["A", "B"]]}, complete]}


def test_a_condition_that_names_products_names_the_added_ones_as_well() -> None:
    # "If it is A, seven days must have passed": B would have it easier.
    waits = {
        "if": [{"in": [VAR, ["A"]]}, {"not-before": [CLOCK, {"plusTime": [DOSE, 7, "day"]}]}, True]
    }
    waiting = rule(waits, "VR-XU-0002", **small.IN_FORCE)
    amendment = with_floor(small.products("A"), waiting)
    assert [changed["Logic"] for changed in amendment.rules] == [
        {"in": [VAR, ["A", "B"]]}, {"if": [{"in": [VAR, ["A", "B"]]}, *waits["if"][1:]]},
    ]  # fmt: skip
    assert not amendment.notes


def test_a_product_that_has_it_easier_is_told() -> None:
    # No list can grow here: the condition is of one maker.
    waits = {
        "if": [{"===": [VAR, "A"]}, {"not-before": [CLOCK, {"plusTime": [DOSE, 7, "day"]}]}, True]
    }
    amendment = with_floor(small.products("A"), rule(waits, "VR-XU-0002", **small.IN_FORCE))
    assert amendment.added == ("B",)
    assert [note.code for note in amendment.notes] == ["floor-easier"]
    assert amendment.notes[0].products == ("B",)


def test_a_rule_without_a_list_of_products_says_that_it_cannot_be_done() -> None:
    maker = {"===": [{"var": "payload.v.0.sd"}, 9]}
    amendment = with_floor(rule(maker, **small.IN_FORCE))
    assert amendment.rules == ()
    assert amendment.added == ()
    assert [one.code for one in amendment.hindrances] == ["floor-no-list"]
    assert amendment.hindrances[0].rule == "VR-XU-0001@1.0.0"
    assert amendment.published == amendment.amended


def test_a_rule_that_cannot_be_asked_is_not_changed() -> None:
    named = rule({"in": [VAR, {"var": "external.valueSets.nowhere"}]}, **small.IN_FORCE)
    amendment = with_floor(named)
    assert [one.code for one in amendment.hindrances] == ["floor-open-rule"]
    assert amendment.rules == ()


def test_a_list_of_what_is_refused_is_never_made_longer() -> None:
    # "None of these": with B on it, B would be refused by the very change.
    amendment = with_floor(rule({"!": [{"in": [VAR, ["B"]]}]}, **small.IN_FORCE))
    assert amendment.missing == ("B",)
    assert amendment.rules == ()
    assert [one.code for one in amendment.hindrances] == ["floor-no-list"]


def test_a_change_that_would_take_something_away_is_not_shown() -> None:
    # Of A the complete course counts, of others the booster alone: with B on A's list, its booster would be lost.
    number = {"var": "payload.v.0.dn"}
    logic = {"if": [{"in": [VAR, ["A"]]}, {"<": [number, 3]}, {">": [number, 2]}]}
    amendment = with_floor(rule(logic, **small.IN_FORCE))
    assert amendment.missing == ("B",)
    assert amendment.rules == ()
    assert amendment.added == ()
    assert [one.code for one in amendment.hindrances] == ["floor-takes-away"]
    assert "booster of Vaccine B" in amendment.hindrances[0].sentence


def test_an_issuers_own_rule_is_not_the_destinations_to_change() -> None:
    about = {"Type": "Invalidation", "Country": "XX", "CertificateType": "Vaccination"}
    void = rule({"in": [VAR, ["B"]]}, "IR-XX-0001", **{**small.IN_FORCE, **about})
    amendment = with_floor(small.products("A", "B"), void)
    assert [one.code for one in amendment.hindrances] == ["floor-issuers-rule"]
    assert amendment.rules == ()


def test_the_next_version_is_greater_than_one_that_comes_later() -> None:
    later = small.products("A", Version="3.2.1", ValidFrom="2029-01-01T00:00:00Z")
    assert [changed["Version"] for changed in with_floor(small.products("A"), later).rules] == [
        "3.3.0"
    ]


def test_when_it_begins_is_for_the_state_to_say() -> None:
    ruleset = small.rules(small.products("A"))
    begins = small.second("2022-04-01", 0)
    amendment = amend(
        small.world(OFFERS), DoseQuestions(ruleset, small.UTOPIA, AT), "AB", begins=begins
    )
    assert [changed["ValidFrom"] for changed in amendment.rules] == ["2022-04-01T00:00:00Z"]


def test_where_no_rules_are_in_force_there_is_nothing_to_change() -> None:
    with pytest.raises(DocumentRefused) as refused:
        amend(
            small.world(OFFERS),
            DoseQuestions(small.rules(small.products("A")), Destination("XV"), AT),
            "A",
        )
    assert refused.value.code == "floor-no-rules"


@pytest.mark.parametrize("country", ["EU", "FR", "HR", "IE", "LU"])
@pytest.mark.parametrize("sets", ["corpus", "2022-01-31"])
def test_real_rules_with_the_floor_shut_out_what_the_oracle_says(
    corpora: Path, country: str, sets: str
) -> None:
    data = policy_lab.folder(corpora)
    case = policy_lab.case(corpora, country, "2022-03-01", sets)
    world: World = policy_lab.whole(data)
    ruleset = policy_lab.ruleset(corpora, country, sets)
    amendment = amend(world, DoseQuestions(ruleset, Destination(country), AT), case["floor"])
    assert not amendment.hindrances
    for end in ("low", "high"):
        assert list(getattr(amendment.published, end).places) == case["published"][end]["iso3"]
        assert list(getattr(amendment.amended, end).places) == case["with_floor"][end]["iso3"]
    for changed in amendment.rules:
        assert not [one for one in issues(changed) if one.code.startswith("rule-field")]
        read(changed)


# -- nothing is taken away


@st.composite
def logics(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a rule's logic that names products in some way, beside other demands."""
    codes = sorted(draw(st.frozensets(st.sampled_from("ABC"), min_size=1, max_size=2)))
    named = draw(st.sampled_from([
        {"in": [VAR, codes]}, {"===": [VAR, codes[0]]}, {"in": [{"var": "payload.v.0.ma"}, ["ORG-1"]]},
    ]))  # fmt: skip
    age = {"not-before": [CLOCK, {"plusTime": [DOSE, draw(st.integers(0, 80)), "day"]}]}
    chosen: dict[str, Any] = draw(st.sampled_from([
        named, {"and": [named, age]}, {"if": [named, age, False]}, {"if": [named, True, age]}, {"!": [named]},
    ]))  # fmt: skip
    return chosen


@settings(max_examples=20, deadline=None)
@given(st.lists(logics(), min_size=1, max_size=2))
def test_whatever_was_accepted_still_is_and_only_the_floor_is_added(
    written: list[dict[str, Any]],
) -> None:
    documents = [
        rule(logic, f"VR-XU-{number:04d}", **small.IN_FORCE) for number, logic in enumerate(written)
    ]
    world = small.world({"AAA": "A", "BBB": "B", "CCC": "C"})
    before = small.rules(*documents)
    amendment = amend(world, DoseQuestions(before, small.UTOPIA, AT), "AB")
    after = replaced(documents, amendment)
    one, other = (DoseQuestions(each, small.UTOPIA, AT) for each in (before, after))
    for vaccine in world.vaccines.values():
        for course in Course:
            was, now = (
                each.windows(vaccine, course, small.START, one.day) for each in (one, other)
            )
            assert all(
                any(wide.first <= run.first and run.last <= wide.last for wide in now)
                for run in was
            )
    accepted = [products_accepted(each, world.vaccines) for each in (one, other)]
    assert accepted[1] - accepted[0] == set(amendment.added) <= set(amendment.missing)
    assert set(amendment.missing) - set(amendment.added) <= {
        code for hindrance in amendment.hindrances for code in hindrance.products
    }
