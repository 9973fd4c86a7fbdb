"""Whether a rule ever passes, and ever fails, over cases around its own constants.

    Rule -> cases of the payloads that it is about, at noon and at midnight -> counts

1. A search, not a proof: "never passed in N generated cases". What is proved is `fold`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pratique.rules.authoring.cases import GROUPS, data_of, generate
from pratique.rules.authoring.constants import Constants
from pratique.rules.authoring.remarks import Checked, Remark, warning
from pratique.rules.certlogic.evaluate import evaluator
from pratique.rules.certlogic.values import Open
from pratique.rules.rule import RuleType

LIMIT = 600
"""Cases for each payload and each time of day."""


class Outcomes(NamedTuple):
    """How often a rule came out how, and why it was open."""

    passed: int
    failed: int
    reasons: Counter[str]

    @property
    def total(self) -> int:
        """Return the number of cases."""
        return self.passed + self.failed + self.reasons.total()


def outcomes(
    checked: Checked, clock: datetime, value_sets: Mapping[str, list[str]], *, limit: int = LIMIT
) -> Outcomes:
    """Try a rule on generated cases, on the day of `clock`."""
    constants = Constants([checked.expression], value_sets)
    known = constants.sets()
    asked = evaluator(checked.expression)
    counted: Counter[bool] = Counter()
    reasons: Counter[str] = Counter()
    midnight = clock.replace(hour=0, minute=0, second=0)
    for groups in payloads(checked, constants):
        for case in generate(constants, groups, limit=limit):
            for at in (midnight + timedelta(hours=12), midnight):
                country = checked.rule.country
                data = data_of(case, clock=at, country=country, value_sets=known)
                value = asked(data)
                if isinstance(value, Open):
                    reasons[value.reason.value] += 1
                elif type(value) is not bool:
                    reasons["its value is neither true nor false"] += 1
                else:
                    counted[value is not (checked.rule.type is RuleType.INVALIDATION)] += 1
    return Outcomes(counted[True], counted[False], reasons)


def payloads(checked: Checked, constants: Constants) -> list[tuple[str, ...]]:
    """List the payloads that a rule is tried on: of its kind, and what else it looks at."""
    read = [
        group
        for group in GROUPS.values()
        if any(path.startswith(f"payload.{group}") for path in constants.paths)
    ]
    if checked.rule.kind is not None:
        own = GROUPS[checked.rule.kind]
        return [(own,), *((own, other) for other in read if other != own)]
    return [*((group,) for group in GROUPS.values()), *([tuple(read[:2])] if read[1:] else []), ()]


def remarks(
    checked: Checked, clock: datetime, value_sets: Mapping[str, list[str]]
) -> Iterator[Remark]:
    """Yield what is odd about a rule's outcomes."""
    found, name = outcomes(checked, clock, value_sets), checked.rule.name
    if not found.passed:
        message = f"it never passed in {found.total:,} generated cases"
        yield warning(name, "Logic", "never-passed", message)
    if not found.failed:
        message = f"it never failed in {found.total:,} generated cases"
        yield warning(name, "Logic", "never-failed", message)
    if found.reasons:
        reason, _ = found.reasons.most_common(1)[0]
        message = (
            f"it could not be decided in {found.reasons.total():,} of {found.total:,} generated "
            f"cases: {reason}"
        )
        yield warning(name, "Logic", "often-open", message)
