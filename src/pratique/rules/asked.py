"""Rules as expressions that can be asked: read once, and made into closures when first asked.

    Rule -> parse -> closed list of variables -> Expression -> Engine -> values over data

1. A rule whose logic is not CertLogic, or reads more than it may, never becomes one: it is refused, or
   held without an expression, where rules of others are held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from pratique.errors import DocumentRefused
from pratique.rules.certlogic import variables
from pratique.rules.certlogic.evaluate import Asking, Engine
from pratique.rules.certlogic.expression import Expression, most
from pratique.rules.certlogic.parse import Issue as LogicIssue
from pratique.rules.certlogic.parse import parse
from pratique.rules.certlogic.values import LONGEST
from pratique.rules.rule import Issue, Rule

ENTRIES = 100
"""Items of a list of a certificate: its CBOR has at most 1,000 nodes, an entry eleven."""


_COUNTRY = attrgetter("country")


class Asked:
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
        asked: Iterable[Asked] = (),
    ) -> None:
        self.expressions: dict[int, Expression] = {}
        self.faults: dict[int, str] = {}
        self._engines: defaultdict[str, Engine] = defaultdict(Engine)
        self._asking: dict[int, Asking] = {}
        known = {key: found for each in asked for key, found in each.expressions.items()}
        for rule in rules:
            if id(rule) in known and not (rule.fault and hold_open):
                # Read already, and it reads nothing beyond the list.
                self.expressions[id(rule)] = known[id(rule)]
                continue
            found = None if rule.fault and hold_open else _parsed(rule)
            beyond = variables.check(found, compatible=compatible) if found is not None else ()
            if beyond and not hold_open:
                raise _refused(rule, _beyond(beyond[0]))
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
        made, found = self._asking, []
        for country, several in groupby(rules, _COUNTRY):
            # Each country's have an engine of their own: nobody's rules make another's frames wider.
            asked = [made.get(id(rule)) or self._made(rule) for rule in several]
            found += self._engines[country].values(asked, data)
        return found

    def _made(self, rule: Rule) -> Asking:
        found = self._engines[rule.country].asking(self.expressions[id(rule)])
        self._asking[id(rule)] = found
        return found


def refusal(rule: Rule, *, compatible: bool = True) -> Issue | None:
    """Say why a rule's logic cannot be asked; None if it can."""
    found = parse(rule.logic)
    if not isinstance(found, Expression):
        return Issue(f"Logic{found[0].where[1:]}", "rule-logic", found[0].message)
    beyond = variables.check(found, compatible=compatible)
    if not beyond:
        return None
    return _beyond(beyond[0])._replace(where=f"Logic{beyond[0].where[1:]}")


def _parsed(rule: Rule) -> Expression:
    found = parse(rule.logic)
    if not isinstance(found, Expression):
        raise _refused(rule, Issue(found[0].where, "rule-logic", found[0].message))
    return found


def _beyond(found: LogicIssue) -> Issue:
    return Issue(found.where, "rule-variable", found.message)


def _refused(rule: Rule, issue: Issue) -> DocumentRefused:
    return DocumentRefused(
        issue.code,
        f"rule {rule.name} is refused: {issue.where}: {issue.message}",
        "pratique rules check",
    )
