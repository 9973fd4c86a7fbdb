"""Rules as expressions that can be asked: read once, interpreted or compiled.

    Rule -> parse -> closed list of variables -> Expression -> values over data

1. A rule whose logic is not CertLogic, or reads more than it may, never becomes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pratique.errors import DocumentRefused
from pratique.rules.certlogic import variables
from pratique.rules.certlogic.compiled import compile_rules
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.interpret import interpret
from pratique.rules.certlogic.parse import parse
from pratique.rules.rule import Rule


class Asked:
    """The expressions of a ruleset's rules."""

    def __init__(self, rules: Iterable[Rule], *, compatible: bool) -> None:
        self._expressions = {id(rule): _parsed(rule, compatible=compatible) for rule in rules}

    def value_sets(self, rule: Rule) -> set[str]:
        """Return the names of the value sets that a rule looks into."""
        return set(variables.value_sets(self._expressions[id(rule)]))

    def interpreted(self, rules: Iterable[Rule], data: Mapping[str, Any]) -> list[Any]:
        """Return each rule's value, or `Open`."""
        return [interpret(self._expressions[id(rule)], data) for rule in rules]

    def compiled(
        self, rules: Iterable[Rule], build: Callable[[Any, dict[str, Any]], None]
    ) -> Callable[[Any], Sequence[Any]]:
        """Return one function for all these rules, with the values of `interpreted`."""
        return compile_rules([self._expressions[id(rule)] for rule in rules], build=build)


def _parsed(rule: Rule, *, compatible: bool) -> Expression:
    found = parse(rule.logic)
    if not isinstance(found, Expression):
        raise _refused(rule, "rule-logic", found[0].where, found[0].message)
    beyond = variables.check(found, compatible=compatible)
    if beyond:
        raise _refused(rule, "rule-variable", beyond[0].where, beyond[0].message)
    return found


def _refused(rule: Rule, code: str, where: str, message: str) -> DocumentRefused:
    return DocumentRefused(
        code, f"rule {rule.name} is refused: {where}: {message}", "pratique rules check"
    )
