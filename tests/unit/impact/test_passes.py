"""The quick question, "does it pass?", is answered as the long one is, whatever rules read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.impact.traveller import Border, fields_read, vaccination
from pratique.rules.ruleset import Result, Ruleset
from pratique.terms import Kind
from tests.unit.impact import small
from tests.unit.rules.written import CLOCK, DOSE, rule

NOON = datetime(2022, 3, 1, 12, tzinfo=UTC)
SETS = {"products": ["A", "B"]}
LEAVES: list[dict[str, Any]] = [
    {"in": [{"var": "payload.v.0.mp"}, ["A"]]},
    {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.products"}]},
    {"===": [{"var": "payload.v.0.ma"}, {"var": "payload.v.0.mp"}]},
    {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]},
    {">": [{"var": "holder.ageYears"}, 17]},
    {"not-before": [{"plusTime": [CLOCK["plusTime"][0], -18, "year"]}, {"dccDateOfBirth": [{"var": "payload.dob"}]}]},
    {"not-after": [CLOCK, {"plusTime": [DOSE, 90, "day"]}]},
    {"!": [{"var": "payload.v.1"}]},
    {"===": [{"var": "external.issuerCountryCode"}, "XX"]},
    {"===": [
        {"reduce": [
            [{"var": "payload.v"}, {"var": "payload.t"}],
            {"+": [{"var": "accumulator"}, {"if": [{"var": "current.0"}, 1, 0]}]}, 0,
        ]}, 1,
    ]},
    {"reduce": [{"var": "payload.v"}, {"in": [{"var": "current.mp"}, ["A", "C"]]}, False]},
    {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.nowhere"}]},
    {"!": [{"var": "payload.v.0.xx"}]},
]  # fmt: skip
"""What rules ask: of a field, of two, of the age, of whole lists, of what is missing."""

TRAVELLERS = st.tuples(
    st.sampled_from("ABC"), st.sampled_from([1, 2, 3]), st.integers(0, 120), st.sampled_from([5, 17, 18, 40])
)  # fmt: skip


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    """Draw rules of a few leaves each; one may be the issuer's, which voids what it is true of."""
    documents = []
    for number in range(draw(st.integers(1, 4))):
        one, other = (draw(st.sampled_from(LEAVES)) for _ in range(2))
        logic = draw(
            st.sampled_from([one, {"and": [one, other]}, {"if": [one, other, True]}, {"!": [one]}])
        )
        documents.append(rule(logic, f"VR-XU-{number:04d}", **small.IN_FORCE))
    if draw(st.booleans()):
        about = {"Type": "Invalidation", "Country": "XX", "CertificateType": "Vaccination"}
        documents.append(
            rule(draw(st.sampled_from(LEAVES)), "IR-XX-0001", **{**small.IN_FORCE, **about})
        )
    return small.rules(*documents, value_sets=SETS, compatible=True, hold_open=True)


@settings(max_examples=60)
@given(rulesets(), st.lists(TRAVELLERS, min_size=1, max_size=12))
def test_what_passes_is_what_is_judged_to_pass(
    ruleset: Ruleset, travellers: list[tuple[str, int, int, int]]
) -> None:
    # One border is asked about all of them: what it said before must not be said of another.
    border = Border(ruleset, small.UTOPIA, NOON)
    for code, number, days, age in travellers:
        vaccine = small.vaccine(code, maker=code if days % 2 else "ORG-1")
        entry = vaccination(vaccine, NOON.date() - timedelta(days), number)
        judged = Border(ruleset, small.UTOPIA, NOON).judge(Kind.VACCINATION, entry, age)
        assert border.passes(Kind.VACCINATION, entry, age) is (judged.result is Result.PASSED)


def test_every_kind_of_leaf_passes_for_one_traveller_and_not_for_another() -> None:
    """The control of the test above: its leaves are not all the same for everybody."""
    said = set()
    for leaf in LEAVES[:7]:
        border = Border(
            small.rules(rule(leaf, **small.IN_FORCE), value_sets=SETS, compatible=True),
            small.UTOPIA,
            NOON,
        )
        answers = {
            border.passes(Kind.VACCINATION, vaccination(small.vaccine(code, maker=maker), NOON.date() - timedelta(days), number), age)
            for code, maker, days, number, age in (
                ("A", "A", 1, 2, 40), ("C", "B", 100, 1, 5), ("B", "A", 100, 2, 17), ("A", "B", 1, 1, 5),
            )
        }  # fmt: skip
        said.add(frozenset(answers))
    assert said == {frozenset({True, False})}


@pytest.mark.parametrize("name", ["no rules", "tests only", "later"])
def test_where_there_is_nothing_to_ask_nothing_passes(name: str) -> None:
    documents = {
        "no rules": [],
        "tests only": [rule({"in": [{"var": "payload.t.0.tt"}, ["LP6464-4"]]}, "TR-XU-0001", **small.IN_FORCE)],
        "later": [small.products("A", ValidFrom="2023-01-01T00:00:00Z")],
    }[name]  # fmt: skip
    border = Border(small.rules(*documents), small.UTOPIA, NOON)
    entry = vaccination(small.vaccine("A"), date(2022, 1, 1))
    assert not border.passes(Kind.VACCINATION, entry)
    assert border.judge(Kind.VACCINATION, entry).result is not Result.PASSED


def test_a_rule_that_cannot_be_asked_lets_nobody_pass() -> None:
    held = small.rules(
        small.products("A", EngineVersion="9.0.0"), small.products("A", identifier="VR-XU-0002")
    )
    entry = vaccination(small.vaccine("A"), date(2022, 1, 1))
    assert not Border(held, small.UTOPIA, NOON).passes(Kind.VACCINATION, entry)
    good = small.rules(small.products("A", identifier="VR-XU-0002"))
    assert Border(good, small.UTOPIA, NOON).passes(Kind.VACCINATION, entry)


def test_a_value_set_that_is_missing_lets_nobody_pass() -> None:
    # "Not in nothing" would be true.
    missing = rule(
        {"!": [{"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.nowhere"}]}]},
        **small.IN_FORCE,
    )
    entry = vaccination(small.vaccine("A"), date(2022, 1, 1))
    assert not Border(small.rules(missing), small.UTOPIA, NOON).passes(Kind.VACCINATION, entry)
    there = small.rules(missing, value_sets={"nowhere": ["B"]})
    assert Border(there, small.UTOPIA, NOON).passes(Kind.VACCINATION, entry)


@pytest.mark.parametrize(
    ("paths", "fields"),
    [
        (["payload.v.0.mp", "payload.v.0.dt", "external.countryCode"], ("dt", "mp")),
        (["payload.v", "payload.v.0", "payload.v.1", "payload.t.0.tg"], ()),
        (["holder.ageYears", "payload.dob"], ("holder.ageYears",)),
        (["payload.v.0.mp", "holder.other"], None),
        (["payload"], None),
        ([""], None),
    ],
)
def test_what_may_be_read_of_a_proof_is_told_or_it_is_everything(
    paths: list[str], fields: tuple[str, ...] | None
) -> None:
    assert fields_read(paths, "v") == fields
