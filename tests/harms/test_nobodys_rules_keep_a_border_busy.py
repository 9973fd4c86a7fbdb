"""What one participant's rules may cost is counted: at a check, at a decision, and where help is searched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pratique import decision, outlook
from pratique.compile import compiled
from pratique.findings import Code
from pratique.rules import documents, evaluator
from pratique.rules.certlogic.evaluate import Engine
from pratique.rules.rule import RuleType
from pratique.rules.ruleset import MOST_PARTS, MOST_STEPS, Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import Kind
from tests import travellers as t
from tests.harms.test_one_participants_document_stays_its_own import HOSTILE, heard_with


def _rule(number: int, logic: object, **fields: Any) -> dict[str, Any]:
    invalidates = fields.get("type") is RuleType.INVALIDATION
    name = f"{'IR' if invalidates else 'GR'}-XA-{number:04}"
    found = t.rule("GR-XA-0001", logic)._replace(identifier=name, country="XA")
    return documents.write(found._replace(**fields))


def _problem(rules: list[dict[str, Any]]) -> str:
    snapshot = compiled(heard_with("rules.json", json.dumps(rules).encode()))
    assert snapshot.roll is not None
    problem = snapshot.roll.members[HOSTILE].problem
    assert bool(problem) is not any(rule.country == "XA" for rule in snapshot.ruleset.rules)
    return problem


def _wide(steps: int) -> dict[str, Any]:
    return {"and": [1] * (steps - 1)}


def test_a_ruleset_at_its_limit_is_heard_and_one_step_more_is_not() -> None:
    most = MOST_STEPS[RuleType.ACCEPTANCE]
    whole = [_rule(n, _wide(256)) for n in range(most // 256)]
    assert _problem(whole) == ""
    assert _problem([*whole, _rule(999, {"and": [1, 1]})]) == "rules-costly"


def test_what_an_issuer_declares_void_is_asked_everywhere_and_costs_less() -> None:
    most = MOST_STEPS[RuleType.INVALIDATION]
    whole = [_rule(n, _wide(256), type=RuleType.INVALIDATION) for n in range(most // 256)]
    assert _problem(whole) == ""
    more = _rule(999, {"and": [1, 1]}, type=RuleType.INVALIDATION)
    assert _problem([*whole, more]) == "rules-costly"


def test_rules_of_other_regions_and_kinds_are_not_asked_together() -> None:
    most = MOST_STEPS[RuleType.ACCEPTANCE] // 256
    regions = [
        _rule(n, _wide(256), region=f"R{region}") for region in range(2) for n in range(most)
    ]
    assert _problem(regions) == ""
    versions = [_rule(n % most, _wide(256), version=(1, n // most, 0)) for n in range(2 * most)]
    assert _problem(versions) == ""
    assert _problem([*regions, _rule(999, _wide(256))]) == "rules-costly"


def test_all_that_is_read_at_a_start_is_counted_too() -> None:
    count = MOST_PARTS // 400
    rules = [_rule(n, _wide(400), region=f"R{n}") for n in range(count)]
    assert _problem(rules) == ""
    assert _problem([*rules, _rule(999, _wide(400), region="Z")]) == "rules-costly"


def test_a_start_reads_each_rule_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [t.rule(f"GR-XA-{n:04}", _wide(9)) for n in range(3)]
    first = Ruleset(rules)
    monkeypatch.setattr(evaluator, "parse", None)
    again = Ruleset(rules, like=[first])
    assert again == first
    assert again.steps(rules) == first.steps(rules) == 27
    faulty = rules[0]._replace(fault="rule-logic")
    assert Ruleset([faulty], hold_open=True, like=[first]).unasked(faulty) == "rule-logic"


@pytest.mark.parametrize("listed", [{"var": "payload.v"}, {"var": "external.valueSets.vaccines"}])
def test_the_rounds_of_a_reduce_are_counted(listed: dict[str, str]) -> None:
    each = {"and": [{"var": "accumulator"}, *[1] * 100]}
    assert (
        _problem([_rule(n, {"reduce": [listed, each, True]}) for n in range(9)]) == "rules-costly"
    )


def test_real_looking_rules_that_fold_are_heard() -> None:
    listed = [{"var": "payload.v"}, {"var": "payload.t"}, {"var": "payload.r"}]
    add = {"+": [{"var": "accumulator"}, {"if": [{"var": "current.0"}, 1, 0]}]}
    assert _problem([_rule(1, {"===": [{"reduce": [listed, add, 0]}, 1]})]) == ""


MONTHS = {"plusTime": [{"var": "payload.v.0.dt"}, 100_000, "month"]}
AFTER = {"plusTime": [{"var": "external.validationClock"}, -100_000, "month"]}


def _searching(count: int) -> dict[str, Any]:
    return {
        "and": [
            {"not-after": [AFTER, {"plusTime": [MONTHS["plusTime"][0], n, "month"]}]}
            for n in range(count)
        ]
    }


def _snapshot(*rules: dict[str, Any]) -> Snapshot:
    # The first is Utopia's, where the others' issuer has no rules of arrival.
    ours = documents.read([_rule(1, {"===": [1, 1]}), *rules]).rules
    return t.snapshot([t.rule("GR-XU-0001", {"===": [1, 1]}), *ours])


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the rules are asked in a search."""
    asked: list[int] = []
    for module in (outlook, outlook):
        sound = module.assess

        def counted(*given: Any, sound: Any = sound) -> Any:
            asked.append(1)
            return sound(*given)

        monkeypatch.setattr(module, "assess", counted)
    return asked


@pytest.mark.parametrize("kind", [RuleType.ACCEPTANCE, RuleType.INVALIDATION])
@pytest.mark.parametrize("count", [2, 8, 30])
def test_a_search_without_end_is_not_made(kind: RuleType, count: int, answers: list[int]) -> None:
    rule = _rule(2, _searching(count), type=kind)
    # What an issuer declares void is asked at every other destination too.
    place = Destination("XA" if kind is RuleType.ACCEPTANCE else "XU")
    found = decision.decide([t.shown(t.dose())], snapshot=_snapshot(rule), place=place, at=t.NOON)
    held = _snapshot(rule).ruleset
    assert len(answers) * held.steps(held.rules) <= 2 * outlook.MOST_STEPS
    if count == 30:
        codes = [finding.code for finding in found.because]
        assert Code.SEARCH_TOO_LONG in codes
        assert found.what_would_help == ()
        assert answers == []


def test_an_answer_does_not_hang_on_whether_help_was_searched() -> None:
    rule, place = _rule(2, _searching(30)), Destination("XA")
    given: dict[str, Any] = {"snapshot": _snapshot(rule), "place": place, "at": t.NOON}
    ahead = decision.decide([t.shown(t.dose())], **given)
    alone = decision.decide([t.shown(t.dose())], look_ahead=False, **given)
    assert (ahead.colour, ahead.outcomes) == (alone.colour, alone.outcomes)


def test_an_ordinary_search_is_made(answers: list[int]) -> None:
    found = decision.decide([t.shown(t.dose())], snapshot=t.snapshot(), place=t.UTOPIA, at=t.NOON)
    assert found.until is not None
    assert Code.SEARCH_TOO_LONG not in {finding.code for finding in found.because}
    assert answers


def test_a_rule_that_names_a_missing_set_has_nothing_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    sound = Engine.query

    def making(*given: Any) -> Any:
        made.append(1)
        return sound(*given)

    monkeypatch.setattr(Engine, "query", making)
    foreign = _rule(2, {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.nobody-s"}]})
    rules = documents.read([_rule(1, {"===": [1, 1]}), foreign]).rules
    ruleset = Ruleset(rules, {"vaccines": ["EU/1/20/1528"]})
    data = {"payload": {"v": [{}]}, "external": {"valueSets": ruleset.value_sets}}
    for at in range(int(t.NOON.timestamp()), int(t.NOON.timestamp()) + 20):
        chosen = ruleset.select(Destination("XA"), "XB", Kind.VACCINATION, at)
        outcomes = ruleset.assess(chosen, data)
        assert [one.reason for one in outcomes] == ["", "value-set-missing"]
    # Of a rule that lacks its set nothing is made at all.
    assert len(made) == 1
