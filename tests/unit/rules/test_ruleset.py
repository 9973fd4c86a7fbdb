"""Which rules apply, and what is open."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.errors import DocumentRefused
from pratique.rules.ruleset import Destination, Outcome, Result, Ruleset
from pratique.terms import Kind
from tests import travellers as t

TRUE, FALSE = {"===": [1, 1]}, {"===": [1, 2]}
FROM, TO = 1_609_459_200, 1_893_456_000
DATA: dict[str, Any] = {"payload": {"v": [{"mp": "x", "dn": 1}]}, "external": {"valueSets": {}}}


def chosen(held: Ruleset, at: int = FROM, region: str | None = None, **fields: Any) -> list[str]:
    place = Destination("XU", region)
    kind = fields.get("kind", Kind.VACCINATION)
    return [rule.name for rule in held.select(place, fields.get("issuer", "XA"), kind, at)]


def said(held: Ruleset, data: dict[str, Any] | None = None) -> list[tuple[Result, str]]:
    found: tuple[Outcome, ...] = held.assess(held.rules, DATA if data is None else data)
    return [(outcome.result, outcome.reason) for outcome in found]


def test_in_force_from_the_first_second_up_to_the_last_but_not_in_it() -> None:
    held = Ruleset([t.rule("VR-XU-0001", TRUE)])
    assert [bool(chosen(held, at)) for at in (FROM - 1, FROM, TO - 1, TO)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [held.assessed(t.UTOPIA, at) for at in (FROM - 1, FROM, TO - 1, TO)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_highest_version_in_force_counts_alone() -> None:
    held = Ruleset([
        t.rule("VR-XU-0001", TRUE, Version="1.9.0"),
        t.rule("VR-XU-0001", TRUE, Version="1.10.0"),
        t.rule("VR-XU-0001", TRUE, Version="2.0.0", ValidFrom="2025-01-01T00:00:00Z"),
    ])  # fmt: skip
    assert chosen(held) == ["VR-XU-0001@1.10.0"]


def test_a_regions_rule_is_for_that_region_alone() -> None:
    held = Ruleset([t.rule("VR-XU-0001", TRUE), t.rule("VR-XU-0002", TRUE, Region="N")])
    assert chosen(held) == ["VR-XU-0001@1.0.0"]
    assert chosen(held, region="S") == ["VR-XU-0001@1.0.0"]
    assert chosen(held, region="N") == ["VR-XU-0001@1.0.0", "VR-XU-0002@1.0.0"]


def test_a_kinds_rule_is_for_that_kind_and_a_general_one_for_all() -> None:
    held = Ruleset([t.rule("GR-XU-0001", TRUE), t.rule("TR-XU-0001", TRUE)])
    assert chosen(held) == ["GR-XU-0001@1.0.0"]
    assert chosen(held, kind=Kind.TEST) == ["GR-XU-0001@1.0.0", "TR-XU-0001@1.0.0"]


def test_invalidation_rules_are_the_issuers() -> None:
    held = Ruleset([t.rule("IR-XA-0001", TRUE), t.rule("IR-XU-0001", TRUE)])
    assert chosen(held) == ["IR-XA-0001@1.0.0"]
    assert chosen(held, issuer=None) == []


def test_a_true_invalidation_rule_fails() -> None:
    held = Ruleset([t.rule("IR-XA-0001", TRUE), t.rule("IR-XA-0002", FALSE)])
    assert said(held) == [(Result.FAILED, ""), (Result.PASSED, "")]


def test_invalidation_rules_alone_assess_no_destination() -> None:
    held = Ruleset([t.rule("IR-XU-0001", TRUE)])
    assert held.countries == ()
    assert not held.assessed(t.UTOPIA, FROM)


def test_no_rules_assess_nothing() -> None:
    assert not Ruleset().assessed(t.UTOPIA, FROM)
    assert Ruleset().assess((), DATA) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"Engine": "DROOLS"},
        {"EngineVersion": "1.3.4"},
        {"EngineVersion": "2.0.0"},
        {"SchemaVersion": "1.4.0"},
        {"SchemaVersion": "2.0.0"},
    ],
)
def test_an_unknown_engine_or_a_newer_schema_is_open(fields: dict[str, str]) -> None:
    held = Ruleset([t.rule("VR-XU-0001", TRUE, **fields)])
    assert said(held) == [(Result.OPEN, "engine-or-schema-unknown")]


def test_a_missing_value_set_is_open_even_where_nothing_would_pass() -> None:
    inside = {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.accepted"}]}
    rules = [t.rule("VR-XU-0001", inside), t.rule("VR-XU-0002", {"!": [inside]})]
    open_ = (Result.OPEN, "value-set-missing")
    assert said(Ruleset(rules)) == [open_, open_]
    data = {**DATA, "external": {"valueSets": {"accepted": ["x"]}}}
    assert said(Ruleset(rules, {"accepted": ["x"]}), data) == [
        (Result.PASSED, ""), (Result.FAILED, ""),
    ]  # fmt: skip


def test_what_errs_is_open_and_opens_itself_alone() -> None:
    held = Ruleset(
        [
            t.rule("VR-XU-0001", {"+": [{"var": "payload.v.0.mp"}, 1]}),
            t.rule("VR-XU-0002", {"+": [{"var": "payload.v.0.dn"}, 1]}),
            t.rule("VR-XU-0003", TRUE),
        ],
    )
    assert [result for result, _ in said(held)] == [Result.OPEN, Result.OPEN, Result.PASSED]
    assert said(held)[1] == (Result.OPEN, "not-boolean")


def test_what_runs_out_of_steps_is_open() -> None:
    adding = {"+": [{"var": "accumulator"}, 1]}
    count = {"reduce": [{"var": "payload.v"}, adding, 0]}
    held = Ruleset([t.rule("VR-XU-0001", {">": [count, 0]})])
    many: dict[str, Any] = {"payload": {"v": [{}] * 20_000}, "external": {}}
    (found,) = said(held, many)
    assert found[0] is Result.OPEN
    assert said(held) == [(Result.PASSED, "")]


@pytest.mark.parametrize(
    "odd", [float("nan"), float("inf"), 1e308, -0.0, 10**400, "", [], {}, None, True, b"1", "٣"]
)
def test_odd_values_never_raise_and_never_pass(odd: Any) -> None:
    at_least = {">=": [{"var": "payload.v.0.dn"}, 2]}
    date = {"and": t.clock("payload.v.0.dt", "day", 0, 9)}
    rules = [t.rule("VR-XU-0001", at_least), t.rule("VR-XU-0002", date)]
    data = {"payload": {"v": [{"dn": odd, "dt": odd}]}, "external": {"validationClock": odd}}
    found = said(Ruleset(rules), data)
    if odd not in (1e308, 10**400):  # whole numbers both, and at least 2
        assert Result.PASSED not in {result for result, _ in found}


def test_a_rule_that_could_name_a_person_is_refused() -> None:
    rule = t.rule("VR-XU-0001", {"===": [{"var": "payload.nam.fnt"}, "X"]})
    with pytest.raises(DocumentRefused) as refused:
        Ruleset([rule])
    assert refused.value.code == "rule-variable"
