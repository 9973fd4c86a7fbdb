"""What a change of rules changes, in words and for generated cases."""

from __future__ import annotations

from collections.abc import Sequence

from pratique.rules.cases import described
from pratique.rules.explain import EXAMPLES, ChangeKind, Impact, changes, countries, impact
from pratique.rules.rule import Rule, read
from tests.unit.rules.written import after, before, rule, utopia, utopias

LONGER = {"VR_XU_0003": after(21)}


def of(before_: Sequence[Rule], after_: Sequence[Rule]) -> Impact:
    return impact(before_, after_, "XU")


def test_the_same_rules_differ_in_nothing() -> None:
    assert list(changes(utopias(), utopias())) == []
    found = of(utopias(), utopias())
    assert found.turned == {}
    assert found.examples == ()
    assert found.cases > 1_000


def test_a_rule_that_is_new_gone_or_changed_is_told() -> None:
    old = [read(rule(after(14))), read(rule(before(9), "VR-XU-0002"))]
    new = [read(rule(after(21), Version="1.1.0")), read(rule(before(9), "VR-XU-0003"))]
    found = {change.way: change for change in changes(old, new)}
    assert found[ChangeKind.ADDED].name == "VR-XU-0003@1.0.0"
    assert found[ChangeKind.REMOVED].name == "VR-XU-0002@1.0.0"
    assert found[ChangeKind.CHANGED].name == "VR-XU-0001@1.0.0 → 1.1.0"
    assert found[ChangeKind.CHANGED].parts == (
        (
            "logic",
            "the last dose was given at least 14 days before arrival",
            "the last dose was given at least 21 days before arrival",
        ),
    )


def test_validity_and_description_are_compared_too() -> None:
    old = [read(rule(after(14)))]
    new = [read(rule(after(14), ValidTo="2027-06-01T00:00:00Z"))]
    (change,) = changes(old, new)
    assert [part[0] for part in change.parts] == ["in force until before"]


def test_a_longer_wait_turns_those_between_the_thresholds_and_nobody_else() -> None:
    found = of(utopias(), utopias(**LONGER))
    assert set(found.turned) == {("passed", "failed")}
    assert len(found.examples) <= EXAMPLES
    for turn in found.examples:
        assert turn.after.against == ("VR-XU-0003",)
    first = described(found.examples[0].case)
    assert first == "vaccinated with Comirnaty, dose 2 of 2, 14 days before arrival"


def test_back_is_the_opposite_of_forth() -> None:
    forth, back = of(utopias(), utopias(**LONGER)), of(utopias(**LONGER), utopias())
    assert back.turned == {("failed", "passed"): forth.turned["passed", "failed"]}


def test_a_product_that_is_dropped_is_an_example() -> None:
    narrow = {"in": [{"var": "payload.v.0.mp"}, ["EU/1/20/1528"]]}
    found = of(utopias(), utopias(VR_XU_0001=narrow))
    assert any("Covishield" in described(turn.case) for turn in found.examples)


def test_an_instant_more_or_less_is_found() -> None:
    strict = {"after": [after(14)["not-before"][0], after(14)["not-before"][1]]}
    found = of([read(rule(after(14)))], [read(rule(strict))])
    assert found.turned == {("passed", "failed"): 1}
    assert found.examples[0].at_midnight


def test_rules_that_follow_each_other_are_compared_as_each_is_in_force() -> None:
    old = [read({**one, "ValidTo": "2026-12-09T00:00:00Z"}) for one in utopia()]
    new = [read({**one, "ValidFrom": "2026-12-09T00:00:00Z"}) for one in utopia()]
    assert of(old, new).turned == {}


def test_a_kind_that_is_no_longer_accepted_fails() -> None:
    kept = {"!": [{"!": [{"var": "payload.v.0"}]}]}
    turns = of(utopias(), utopias(GR_XU_0001=kept)).examples
    assert {turn.kind.value for turn in turns} == {"test", "recovery", "exemption"}
    assert "first positive test 30 days before arrival" in {described(turn.case) for turn in turns}


def test_countries_are_those_with_acceptance_rules() -> None:
    void = rule(before(3), "IR-FR-0001", Type="Invalidation", Country="FR")
    assert countries(utopias(), [read(void)]) == ("XU",)


def test_the_same_rules_give_the_same_examples() -> None:
    one, other = (of(utopias(), utopias(**LONGER)) for _ in range(2))
    assert one == other
