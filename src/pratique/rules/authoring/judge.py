"""What all the rules of a destination together say of one case.

    Ruleset, place, kind, at, data -> select -> assess -> Judged

1. As for a person: passed is said only if every rule that applies passed, and at least one of the
   destination did; no rule for the country or the kind is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import Kind


class Judged(NamedTuple):
    """The rules' answer, and the identifiers of those that did not pass."""

    result: Result
    against: tuple[str, ...] = ()


def judge(
    ruleset: Ruleset, place: Destination, kind: Kind, at: int, data: Mapping[str, Any]
) -> Judged:
    """Ask the rules in force at `at` (seconds since the epoch)."""
    issuer = data["external"].get("issuerCountryCode")
    rules = ruleset.select(place, issuer, kind, at)
    if not ruleset.assessed(place, at) or not any(rule.country == place.country for rule in rules):
        return Judged(Result.OPEN)
    outcomes = ruleset.assess(rules, data)
    against = tuple(
        outcome.rule.identifier for outcome in outcomes if outcome.result is not Result.PASSED
    )
    results = {outcome.result for outcome in outcomes}
    for worse in (Result.FAILED, Result.OPEN):
        if worse in results:
            return Judged(worse, against)
    return Judged(Result.PASSED)


def expression_of(rule: Rule) -> Expression:
    """Return a rule's parsed logic; DocumentRefused `rule-logic` if it cannot be read."""
    parsed = parse(rule.logic)
    if isinstance(parsed, Expression):
        return parsed
    first = parsed[0]
    message = f"rule {rule.name} is refused: {first.where}: {first.message}"
    raise DocumentRefused("rule-logic", message, "pratique rules check")
