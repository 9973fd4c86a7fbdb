"""The expressions of a ruleset's rules: parsed once, asked by one engine a country.

    Rule.logic -> parse -> Expression -> Engine.query -> values

A rule whose logic is not CertLogic, or reads more than it may, never becomes an expression: it is refused, or held
without one, where rules of others are held. A check without rules loads nothing of this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from pratique.errors import DocumentRefused, Issue
from pratique.rules.certlogic import variables
from pratique.rules.certlogic.evaluate import LONGEST, Engine, Query
from pratique.rules.certlogic.expression import Expression, most
from pratique.rules.certlogic.parse import parse
from pratique.rules.rule import Rule

ENTRIES = 100
"""Items of a list of a certificate: its CBOR has at most 1,000 nodes, an entry eleven."""


_COUNTRY = attrgetter("country")


class RuleEvaluator:
    """The expressions of a ruleset's rules; those that cannot be asked have none.

    Attributes:
        expressions: id of a rule -> what it asks.
        faults: id of a rule -> stable code of why it cannot be asked.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        compatible: bool,
        hold_open: bool = False,
        asked: Iterable[RuleEvaluator] = (),
    ) -> None:
        self.expressions: dict[int, Expression] = {}
        self.faults: dict[int, str] = {}
        self._engines: defaultdict[str, Engine] = defaultdict(Engine)
        self._queries: dict[int, Query] = {}
        known = {key: found for each in asked for key, found in each.expressions.items()}
        for rule in rules:
            if id(rule) in known and not (rule.fault and hold_open):
                # Read already, and it reads nothing beyond the list.
                self.expressions[id(rule)] = known[id(rule)]
                continue
            found = None if rule.fault and hold_open else expression_of(rule)
            beyond = variables.check(found, compatible=compatible) if found is not None else ()
            if beyond and not hold_open:
                raise _refused(rule, beyond[0]._replace(code="rule-variable"))
            if found is None or beyond:
                self.faults[id(rule)] = rule.fault or "rule-variable"
            else:
                self.expressions[id(rule)] = found

    def value_sets(self, rule: Rule) -> set[str]:
        """Return the names of the value sets that a rule looks into."""
        return set(variables.value_sets(self.expressions[id(rule)]))

    def most(self, rule: Rule) -> int:
        """Return the steps that a rule takes at most over any certificate; 0 if it cannot be asked."""
        found = self.expressions.get(id(rule))
        return 0 if found is None else most(found.root, ENTRIES, LONGEST)

    def values(self, rules: Iterable[Rule], data: Mapping[str, Any]) -> list[Any]:
        """Return each rule's value, or `Open`; what several of a country's read is read once."""
        return [
            value
            for engine, queries in self.prepared(rules)
            for value in engine.values(queries, data)
        ]

    def prepared(self, rules: Iterable[Rule]) -> list[tuple[Engine, list[Query]]]:
        """Return what rules ask, and of which engine; for whoever asks them often."""
        # Each country's have an engine of their own: nobody's rules make another's frames wider.
        return [
            (
                self._engines[country],
                [self._queries.get(id(rule)) or self._query(rule) for rule in several],
            )
            for country, several in groupby(rules, _COUNTRY)
        ]

    def _query(self, rule: Rule) -> Query:
        query = self._engines[rule.country].query(self.expressions[id(rule)])
        self._queries[id(rule)] = query
        return query


def refusal(rule: Rule, *, compatible: bool = True) -> Issue | None:
    """Say why a rule's logic cannot be asked; None if it can."""
    found, code = parse(rule.logic), "rule-logic"
    if isinstance(found, Expression):
        found, code = variables.check(found, compatible=compatible), "rule-variable"
    return Issue(f"Logic{found[0].where[1:]}", code, found[0].message) if found else None


def expression_of(rule: Rule) -> Expression:
    """Return a rule's parsed logic; DocumentRefused `rule-logic` if it cannot be read."""
    found = parse(rule.logic)
    if not isinstance(found, Expression):
        raise _refused(rule, found[0]._replace(code="rule-logic"))
    return found


def _refused(rule: Rule, issue: Issue) -> DocumentRefused:
    message = f"rule {rule.name} is refused: {issue.where}: {issue.message}"
    return DocumentRefused(issue.code, message, "pratique rules check")
