"""Who accepts whose: places beside each other, as a range, and the same whoever is asked first."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.impact.doses import DoseQuestions
from pratique.impact.matrix import (
    PROFILES,
    Balance,
    Reciprocity,
    RecognitionMatrix,
    matrix,
    products_accepted,
)
from pratique.impact.shut_out import Access, shut_out
from pratique.impact.world import Certainty, Offer, Place, World
from pratique.rules.ruleset import Destination, Ruleset
from tests import policy_lab
from tests.unit.impact import small
from tests.unit.rules.written import rule

AT = small.second("2022-03-01")


def of(country: str, *codes: str, **changed: Any) -> dict[str, Any]:
    """Write a country's rule that names products."""
    return small.products(*codes, identifier=f"VR-{country}-0001", Country=country, **changed)


def asked(offers: dict[str, str], *documents: dict[str, Any]) -> RecognitionMatrix:
    return matrix(small.world(offers), small.rules(*documents), at=AT)


def test_a_place_that_accepts_and_is_not_accepted_is_told() -> None:
    recognition = asked({"AAA": "A", "BBB": "B"}, of("AA", "A", "B"), of("BB", "B"))
    (pair,) = recognition.pairs
    assert pair == Reciprocity("AAA", "BBB", Access.OPEN, Access.SHUT)
    assert pair.balance is Balance.ONE_WAY


@pytest.mark.parametrize(
    ("there", "back", "balance"),
    [
        (Access.OPEN, Access.OPEN, Balance.MUTUAL),
        (Access.SHUT, Access.SHUT, Balance.NEITHER),
        (Access.OPEN, Access.UNSURE, Balance.UNSURE),
        (Access.NOTHING, Access.SHUT, Balance.UNSURE),
    ],
)
def test_a_balance_is_said_where_it_is_certain(
    there: Access, back: Access, balance: Balance
) -> None:
    assert Reciprocity("AAA", "BBB", there, back).balance is balance
    assert Reciprocity("AAA", "BBB", back, there).balance is balance


def test_merged_products_leave_a_cell_unsure() -> None:
    places = [Place("AA", "AAA", "A", 1), Place("BB", "BBB", "B", 1)]
    offers = [
        Offer("BBB", code, small.START, small.START, Certainty.EITHER, "g", "test") for code in "AB"
    ]
    world = World(places, [small.vaccine("A"), small.vaccine("B")], offers, {})
    for codes, access in (("A", Access.UNSURE), ("AB", Access.OPEN)):
        recognition = matrix(world, small.rules(of("AA", *codes)), at=AT)
        assert recognition.rows[0].origins == {"AAA": Access.NOTHING, "BBB": access}


def test_a_place_without_rules_for_vaccinations_says_nothing_of_anybody() -> None:
    tests = rule(
        {"in": [{"var": "payload.t.0.tt"}, ["LP6464-4"]]},
        "TR-BB-0001",
        Country="BB",
        **small.IN_FORCE,
    )
    later = of("CC", "A", ValidFrom="2023-01-01T00:00:00Z")
    recognition = asked({"AAA": "A", "BBB": "A", "CCC": "A"}, of("AA", "A"), tests, later)
    states = {row.place.country: (row.state, len(row.origins)) for row in recognition.rows}
    assert states == {
        "AA": ("rules", 3), "BB": ("no-vaccination-rules", 0), "CC": ("no-rules", 0),
    }  # fmt: skip
    assert recognition.pairs == ()


def test_a_profile_is_a_course_and_an_age() -> None:
    limited = small.within(200, "VR-AA-0002", Country="AA")
    recognition = asked({"AAA": "A"}, of("AA", "A"), limited)
    accepted = {
        profile.name: sorted(codes) for profile, codes in recognition.rows[0].products.items()
    }
    assert accepted == {
        "complete course, 60 days ago": ["A"], "complete course, 300 days ago": [],
        "booster, 60 days ago": ["A"], "booster, 300 days ago": [],
    }  # fmt: skip


ISSUER = {"var": "external.issuerCountryCode"}


@pytest.mark.parametrize(
    "logic",
    [
        {"in": [ISSUER, ["AA", "CC"]]},
        {"in": [{"var": "payload.v.0.co"}, ["AA", "CC"]]},
        {"in": [ISSUER, {"var": "external.valueSets.friends"}]},
        {"!": [{"===": [ISSUER, "BB"]}]},
    ],
)
def test_a_rule_about_issuers_is_asked_for_each_class_of_them(logic: dict[str, Any]) -> None:
    fields = ["v.0"]
    named = rule(
        logic, "VR-AA-0002", **{**small.IN_FORCE, "Country": "AA", "AffectedFields": fields}
    )
    ruleset = small.rules(
        of("AA", "A"), named, value_sets={"friends": ["AA", "CC"]}, compatible=True
    )
    offers = {"AAA": "A", "BBB": "A", "CCC": "A"}
    (row,) = matrix(small.world(offers), ruleset, at=AT).rows
    assert row.origins == {"AAA": Access.OPEN, "BBB": Access.SHUT, "CCC": Access.OPEN}


def test_a_rule_that_compares_the_issuer_with_another_field_is_asked_for_every_issuer() -> None:
    own = {"===": [ISSUER, {"var": "external.countryCode"}]}
    named = rule(own, "VR-AA-0002", **{**small.IN_FORCE, "Country": "AA"})
    (row,) = asked({"AAA": "A", "BBB": "A"}, of("AA", "A"), named).rows
    assert row.origins == {"AAA": Access.OPEN, "BBB": Access.SHUT}


def test_an_issuer_that_declares_its_certificates_void_is_asked_about_by_itself() -> None:
    void = rule(
        {"===": [{"var": "payload.v.0.mp"}, "A"]}, "IR-BB-0001",
        **{**small.IN_FORCE, "Country": "BB", "Type": "Invalidation", "CertificateType": "Vaccination"},
    )  # fmt: skip
    (row,) = asked({"AAA": "A", "BBB": "A"}, of("AA", "A"), void).rows
    assert row.origins == {"AAA": Access.OPEN, "BBB": Access.SHUT}


CODES = st.frozensets(st.sampled_from("ABC"), min_size=1)


@settings(max_examples=20, deadline=None)
@given(CODES, CODES, st.sampled_from(["A", "B", "AB", "C"]), st.sampled_from(["A", "BC", "C"]))
def test_whoever_is_asked_first_the_balance_is_the_same(
    one: frozenset[str], other: frozenset[str], here: str, there: str
) -> None:
    straight = asked({"AAA": here, "BBB": there}, of("AA", *one), of("BB", *other))
    turned = asked({"AAA": there, "BBB": here}, of("AA", *other), of("BB", *one))
    (pair,), (back,) = straight.pairs, turned.pairs
    assert (pair.there, pair.back) == (back.back, back.there)
    assert pair.balance is back.balance


@settings(max_examples=20, deadline=None)
@given(CODES, CODES)
def test_a_rule_that_names_more_products_shuts_out_nobody_more(
    few: frozenset[str], more: frozenset[str]
) -> None:
    world = small.world({"AAA": "A", "BBB": "BC", "CCC": "C"})
    day = DoseQuestions(small.rules(), small.UTOPIA, AT).day
    ranges = []
    for codes in (few, few | more):
        questions = DoseQuestions(small.rules(of("AA", *sorted(codes))), Destination("AA"), AT)
        ranges.append(shut_out(world, products_accepted(questions, world.vaccines), day))
    assert set(ranges[1].low.places) <= set(ranges[0].low.places)
    assert set(ranges[1].high.places) <= set(ranges[0].high.places)


CASES = list(product(("EU", "FR", "HR", "IE", "LU"), ("corpus", "2022-01-31")))


@pytest.mark.parametrize(("country", "sets"), CASES)
def test_real_rules_accept_and_shut_out_what_the_oracle_says(
    corpora: Path, country: str, sets: str
) -> None:
    data = policy_lab.folder(corpora)
    case = policy_lab.case(corpora, country, "2022-03-01", sets)
    world = policy_lab.whole(data)
    recognition = matrix(world, policy_lab.ruleset(corpora, country, sets), at=AT)
    (row,) = recognition.rows
    assert sorted(row.products[PROFILES[0]]) == case["accepted"]
    shut = sorted(iso3 for iso3, access in row.origins.items() if access is Access.SHUT)
    unsure = [iso3 for iso3, access in row.origins.items() if access is Access.UNSURE]
    nothing = sorted(iso3 for iso3, access in row.origins.items() if access is Access.NOTHING)
    assert shut == case["published"]["low"]["iso3"]
    assert sorted([*shut, *unsure]) == case["published"]["high"]["iso3"]
    assert nothing == case["nothing_on_offer"]["iso3"]


def test_asking_with_what_was_said_before_is_asking_anew(corpora: Path) -> None:
    world = policy_lab.whole(policy_lab.folder(corpora))
    ruleset: Ruleset = policy_lab.ruleset(corpora, "FR", "corpus")
    questions = DoseQuestions(ruleset, Destination("FR"), AT)
    for profile in PROFILES:
        day = questions.day - timedelta(profile.days)
        accepted = {
            code
            for code, vaccine in world.vaccines.items()
            if not questions.refused_by(vaccine, profile.course, day)
        }
        assert products_accepted(questions, world.vaccines, profile) == accepted
