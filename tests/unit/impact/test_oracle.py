"""Whom real rules shut out equals what an independent engine and an independent count say."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pratique.impact import summary, traveller
from pratique.impact.shut_out import Range, Total, nothing_on_offer, shut_out
from tests import policy_lab

CASES = [
    (country, at, sets)
    for country in ("EU", "FI", "FR", "HR", "IE", "LU", "NL")
    for at, edition in (("2021-10-01", "2021-07-20"), ("2022-03-01", "2022-01-31"))
    for sets in ("corpus", edition)
]


def written(total: Total) -> dict[str, Any]:
    return {
        "countries": total.countries,
        "population": total.people,
        "by_income": total.by_income,
        "iso3": list(total.places),
    }


def both(range_: Range) -> dict[str, Any]:
    return {"low": written(range_.low), "high": written(range_.high)}


@pytest.mark.parametrize(("country", "at", "sets"), CASES)
def test_a_ruleset_shuts_out_whom_the_oracle_says(
    corpora: Path, country: str, at: str, sets: str
) -> None:
    data, day = policy_lab.folder(corpora), date.fromisoformat(at)
    case = policy_lab.case(corpora, country, at, sets)
    world = policy_lab.whole(data)
    border = policy_lab.border(corpora, country, at, sets)
    products = traveller.answers(border, world)
    accepted = traveller.accepted(products)
    assert border.state().word == case["state"]
    if case["accepted"] is None:
        assert border.state().for_vaccination is False
        assert accepted == frozenset()
        assert {product.accepted for product in products} == {None}
    else:
        assert sorted(accepted) == case["accepted"]
        assert both(shut_out(world, accepted, day)) == case["published"]
        assert both(shut_out(world, accepted | world.floor(day), day)) == case["with_floor"]
    assert sorted(world.floor(day)) == case["floor"]
    assert both(shut_out(world, world.floor(day), day)) == case["floor_only"]
    assert written(nothing_on_offer(world, day)) == case["nothing_on_offer"]


@pytest.mark.parametrize(("country", "at", "sets"), CASES)
def test_the_floor_of_a_summary_is_the_one_of_the_oracle(
    corpora: Path, country: str, at: str, sets: str
) -> None:
    """The summary asks the rules itself, without the data: of the day, and of each later one on which they change."""
    data = policy_lab.folder(corpora)
    key = {"ruleset": country, "at": at, "value_sets": sets}
    (case,) = (
        case
        for case in policy_lab.expected(data)["cases"]
        if {name: case[name] for name in key} == key
    )
    world, border = policy_lab.whole(data), policy_lab.border(corpora, country, at, sets)
    left_out = {
        code
        for code in case["floor"]
        if world.vaccines[code].has_code(border.day)
        and code not in (case["accepted"] or case["floor"])
    }
    missing = set(summary.floor_missing(border.ruleset, border.place, border.at))
    assert missing - left_out == LATER.get((country, at, sets), set())
    assert left_out <= missing


LATER = {
    ("FR", "2021-10-01", "corpus"): {"Covishield", "BBIBP-CorV", "CoronaVac"},
    ("FR", "2021-10-01", "2021-07-20"): {"BBIBP-CorV", "CoronaVac"},
}
"""France had no rules on that day; those that followed left these out."""


def test_a_product_is_asked_about_as_the_data_name_it(corpora: Path) -> None:
    world = policy_lab.whole(policy_lab.folder(corpora))
    assert summary.PRODUCTS.keys() == world.vaccines.keys()
    for code in world.floor(date(2026, 1, 1)):
        asked, vaccine = summary.PRODUCTS[code], world.vaccines[code]
        if vaccine.code_since is not None:
            assert asked._replace(name="") == vaccine._replace(name="")


def test_every_case_of_the_oracle_is_asked(corpora: Path) -> None:
    expected = policy_lab.expected(policy_lab.folder(corpora))
    asked = {(one["ruleset"], one["at"], one["value_sets"]) for one in expected["cases"]}
    assert asked == set(CASES)
    assert len(expected["cases"]) == 28
    assert len(expected["single"]) == 13


def test_one_product_alone_shuts_out_whom_the_oracle_says(corpora: Path) -> None:
    data = policy_lab.folder(corpora)
    world = policy_lab.whole(data)
    assert world.people == policy_lab.expected(data)["population"]
    for case in policy_lab.expected(data)["single"]:
        found = both(shut_out(world, case["accepted"], date.fromisoformat(case["at"])))
        for end in ("low", "high"):
            del found[end]["iso3"]
            assert found[end] == case[end], case


def test_the_rule_of_peers_reports(corpora: Path) -> None:
    """The example that the data's own page opens with: four products, and one more."""
    world, day = policy_lab.whole(policy_lab.folder(corpora)), date(2022, 3, 1)
    four = {"EU/1/20/1507", "EU/1/20/1525", "EU/1/20/1528", "EU/1/21/1529"}
    assert [end.countries for end in shut_out(world, four, day)] == [18, 28]
    assert [end.countries for end in shut_out(world, four | {"Covishield"}, day)] == [8, 9]
