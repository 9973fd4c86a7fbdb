"""A table of cases beside rules: what each case must come out as, and what it does come out as.

    {rule, payload, external, valueSets, expected} -> the rule, or all of them -> CaseResult

1. `expected` is the logic's value (true, false), or what the rule says of a person: "passed",
   "failed", "open". With an Invalidation rule, true is "failed".
2. A case without `rule` is put before all rules of the country of arrival, as a person is.
3. A case that cannot be judged as it is written disagrees, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.rules.cases import judge
from pratique.rules.certlogic.evaluate import Open, Undecided, evaluate, instant
from pratique.rules.evaluator import expression_of
from pratique.rules.logic import GROUPS
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Result, Ruleset

RESULTS = frozenset(Result)


class CaseResult(NamedTuple):
    """One case and how it came out: `found` equals `expected` where they agree."""

    case: str
    rule: str
    expected: str
    found: str

    @property
    def agrees(self) -> bool:
        """Tell whether the case came out as expected."""
        return self.expected == self.found


def rows(
    rules: Sequence[Rule], table: object, value_sets: Mapping[str, Any] | None = None
) -> Iterator[CaseResult]:
    """Try each case; DocumentRefused `cases-form` if there is no table.

    Args:
        rules: beside which the table lies.
        table: a list of cases, or an object that holds one as `cases` or `tests`.
        value_sets: name -> codes, or key -> {name -> codes} where cases name a key.
    """
    listed = table
    if isinstance(table, Mapping):
        listed = table.get("cases", table.get("tests"))
    if not isinstance(listed, list) or not all(isinstance(case, Mapping) for case in listed):
        raise DocumentRefused(
            "cases-form", "it holds no table of cases",
            "a list of {rule, payload, external, valueSets, expected}",
        )  # fmt: skip
    for number, case in enumerate(listed, 1):
        yield _row(rules, case, number, value_sets or {})


def _row(
    rules: Sequence[Rule], case: Mapping[str, Any], number: int, value_sets: Mapping[str, Any]
) -> CaseResult:
    name = str(case.get("id") or case.get("name") or f"case {number}")
    identifier = case.get("rule")
    expected = _expected(case.get("expected"))
    if identifier is None:
        asked = rules[0].identifier if len(rules) == 1 else "all"
    else:
        asked = str(identifier)
    if not expected:
        return CaseResult(
            name, asked, "true, false, passed, failed or open", "no such thing is expected"
        )
    data = context(case, value_sets)
    if asked == "all":
        return CaseResult(name, asked, expected, _together(rules, data))
    named = [rule for rule in rules if asked in {rule.identifier, rule.name}]
    if not named:
        return CaseResult(name, asked, expected, "there is no such rule")
    rule = max(named, key=lambda one: one.version)
    return CaseResult(name, rule.name, expected, _alone(rule, data, expected in RESULTS))


def context(case: Mapping[str, Any], value_sets: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data context of a case; one without a payload has none."""
    listed = case.get("valueSets")
    if isinstance(listed, str):
        listed = value_sets.get(listed)
    elif listed is None and all(isinstance(codes, list) for codes in value_sets.values()):
        listed = value_sets
    external = dict(case.get("external") or {})
    if listed and "valueSets" not in external:
        external["valueSets"] = listed
    present = {name: case[name] for name in ("payload", "holder") if name in case}
    return {**present, "external": external}


def _expected(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) and value in RESULTS else ""


def _alone(rule: Rule, data: dict[str, Any], as_result: bool) -> str:
    if as_result:
        (outcome,) = _ruleset([rule], data).assess([rule], data)
        return outcome.result.value
    value = evaluate(expression_of(rule), data)
    if isinstance(value, Open):
        return f"open: {value.reason}"
    return str(value).lower() if isinstance(value, bool) else "neither true nor false"


def _together(rules: Sequence[Rule], data: dict[str, Any]) -> str:
    payload = data.get("payload")
    kinds = [
        kind
        for kind, group in GROUPS.items()
        if isinstance(payload, Mapping) and payload.get(group)
    ]
    countries = {rule.country for rule in rules}
    country = data["external"].get("countryCode", *countries if len(countries) == 1 else ())
    if len(kinds) != 1 or country is None:
        return "it does not say which rules apply: give one kind of entry, and external.countryCode"
    try:
        at = instant(data["external"].get("validationClock")) // 1000
    except Undecided:
        return "external.validationClock is not a valid timestamp"
    return judge(_ruleset(rules, data), Destination(country), kinds[0], at, data).result.value


def _ruleset(rules: Sequence[Rule], data: dict[str, Any]) -> Ruleset:
    return Ruleset(rules, data["external"].get("valueSets"), compatible=True)
