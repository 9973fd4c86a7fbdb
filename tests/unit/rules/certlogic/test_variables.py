"""What a rule may read is a closed list: no rule can name a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pratique.rules.certlogic import variables
from tests.unit.rules.certlogic.engines import read


def refused(logic: object, *, compatible: bool = False) -> list[str]:
    return [issue.where for issue in variables.check(read(logic), compatible=compatible)]


@pytest.mark.parametrize(
    "path",
    [
        "payload.v.0.dt", "payload.v.0.mp", "payload.t.0.sc", "payload.r.0.fr", "payload.e.0.du",
        "payload.v.0", "payload.v.1", "payload.v", "external.validationClock", "external.arrivalDate",
        "external.valueSets.vaccines-covid-19-names", "external.issuerCountryCode", "holder.ageYears",
    ],
)  # fmt: skip
def test_health_travel_and_age_may_be_read(path: str) -> None:
    assert refused({"var": path}) == []


@pytest.mark.parametrize(
    "path",
    [
        "", "payload", "payload.nam", "payload.nam.fn", "payload.nam.gnt", "payload.dob", "payload.ver",
        "payload.v.0.ci", "payload.v.0.is", "payload.v.0.co", "payload.t.0.tc", "payload.t.0.nm",
        "payload.v.0.fr", "payload.v.0.dt.0", "payload.v.0x.dt", "payload.v.-1", "payload.x.0.dt",
        "external", "external.kid", "external.valueSets", "external.valueSets.a.0", "holder", "holder.name",
    ],
)  # fmt: skip
def test_names_identifiers_and_free_texts_may_not(path: str) -> None:
    assert refused({"if": [{"var": path}, True, False]}) == ["$['if'][0]['var']"]


CURRENT_CI = {"===": [{"var": "current.ci"}, "x"]}


@pytest.mark.parametrize(
    "logic",
    [
        {"reduce": [{"var": "payload.v"}, CURRENT_CI, 0]},
        {"reduce": [[{"var": "payload.v.0"}], CURRENT_CI, 0]},
        {"reduce": [[{"var": "payload.v"}], {"reduce": [{"var": "current"}, CURRENT_CI, 0]}, 0]},
        {"reduce": [[{"var": "payload.v"}, {"var": "payload.t"}], {"var": "current.0.tc"}, 0]},
        {"reduce": [{"if": [True, {"var": "payload.v"}, 0]}, CURRENT_CI, 0]},
        {"reduce": [{"var": "payload.v"}, {"var": "accumulator.ci"}, {"var": "payload.v.0"}]},
        {"reduce": [[[{"var": "payload.v.0"}]], {"var": "current.0.ci"}, 0]},
        {"reduce": [{"var": "payload.v"}, {"var": "payload.nam.fn"}, 0]},
        {"extractFromUVCI": [{"var": "payload.v.0.mp"}, 1]},
        {"dccDateOfBirth": [{"var": "payload.v.0.dt"}]},
    ],
    ids=json.dumps,
)
def test_a_reduce_is_no_way_round_the_list(logic: object) -> None:
    assert refused(logic) != []


@pytest.mark.parametrize(
    "logic",
    [
        {"reduce": [{"var": "payload.v"}, {"+": [{"var": "accumulator"}, {"var": "current.dn"}]}, 0]},
        {"reduce": [[{"var": "payload.v"}, {"var": "payload.t"}], {"var": "current.0.tt"}, 0]},
        {"reduce": [{"var": "external.valueSets.a"}, {"===": [{"var": "current"}, "x"]}, 0]},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_a_reduce_may_go_through_what_is_listed(logic: object) -> None:
    assert refused(logic) == []


def test_compatibility_is_asked_for_listed_and_narrow() -> None:
    ours = {"and": [{"var": "payload.dob"}, {"var": "payload.v.0.ci"}]}
    assert len(refused(ours)) == 2
    assert refused(ours, compatible=True) == []
    assert variables.needs(read(ours)) == ("payload.*.#.ci", "payload.dob")
    assert refused({"var": "payload.nam.fn"}, compatible=True) != []


def test_a_rule_says_which_value_sets_it_needs() -> None:
    logic = {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.a-b"}]}
    assert variables.value_sets(read(logic)) == ("a-b",)


def test_82_of_84_real_rules_need_nothing_more(corpora: Path) -> None:
    rules: list[dict[str, Any]] = []
    for path in sorted((corpora / "business-rules").glob("[A-Z][A-Z].json")):
        rules += json.loads(path.read_bytes())["rules"]
    strict = {rule["Identifier"]: refused(rule["Logic"]) for rule in rules}
    assert len(strict) == 84
    needy = {
        name: variables.needs(read(rule["Logic"]))
        for rule in rules
        if strict[name := rule["Identifier"]]
    }
    assert needy == {"GR-FI-0002": ("payload.*.#.ci",), "VR-FI-0004": ("payload.dob",)}
    assert [rule for rule in rules if refused(rule["Logic"], compatible=True)] == []
