"""What a change of rules changes: in words, and for whom.

    before, after -> rules added, removed, changed -> sentences
    before, after -> cases around the constants of both -> verdicts that turn -> counts, examples

1. The cases are put before both rulesets at the same place and instant.
2. Where one of the two is not in force then, it is taken as it is on its last day: what is asked is
   what a replacement changes.
3. The examples are the plainest; each change of rules that turns verdicts is shown before another
   example of the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pratique.rules.authoring.cases import GROUPS, Case, data_of, generate
from pratique.rules.authoring.constants import Constants
from pratique.rules.authoring.judge import Judged, expression_of, judge
from pratique.rules.authoring.ways import clock_of
from pratique.rules.rule import Rule, RuleType
from pratique.rules.ruleset import Destination, Ruleset
from pratique.terms import Kind

LIMIT = 1_200
"""Cases of each kind and time of day."""
EXAMPLES = 10


class Turn(NamedTuple):
    """A case whose verdict changes, and the rules that decide it."""

    kind: Kind
    case: Case
    at_midnight: bool
    before: Judged
    after: Judged

    @property
    def because(self) -> tuple[str, ...]:
        """Return the rules that stand against it now or stood against it before."""
        return self.after.against or self.before.against


class Impact(NamedTuple):
    """What a change does to the generated cases.

    Attributes:
        cases: how many were tried.
        turned: (before, after) -> how many turned so.
        examples: the plainest.
    """

    cases: int
    turned: Counter[tuple[str, str]]
    examples: tuple[Turn, ...]


class _Asked(NamedTuple):
    """Rules, and the instant at which they are asked."""

    ruleset: Ruleset
    at: int


class _Both(NamedTuple):
    """The two rulesets, and where and when the cases arrive."""

    old: _Asked
    new: _Asked
    country: str
    noon: datetime


def impact(
    before: Sequence[Rule],
    after: Sequence[Rule],
    country: str,
    *,
    at: int | None = None,
    value_sets: Mapping[str, list[str]] | None = None,
) -> Impact:
    """Try generated cases on both; `at` is in seconds, by default when the later rules begin."""
    rules = [rule for rule in (*before, *after) if rule.country == country]
    moment = at if at is not None else max((rule.valid_from for rule in rules), default=0)
    known = Constants(map(expression_of, rules), value_sets).sets()
    old, new = (_asked(listed, country, moment, known) for listed in (before, after))
    both = _Both(old, new, country, clock_of(moment))
    turned: Counter[tuple[str, str]] = Counter()
    turns: list[Turn] = []
    total = 0
    for kind in Kind:
        for turn in _tried(both, kind):
            total += 1
            if turn.before.result is not turn.after.result:
                turned[turn.before.result.value, turn.after.result.value] += 1
                turns.append(turn)
    return Impact(total, turned, tuple(_plainest(turns)))


def countries(before: Sequence[Rule], after: Sequence[Rule]) -> tuple[str, ...]:
    """Return the countries with acceptance rules in either."""
    found = {rule.country for rule in (*before, *after) if rule.type is RuleType.ACCEPTANCE}
    return tuple(sorted(found))


def _asked(rules: Sequence[Rule], country: str, at: int, known: Mapping[str, list[str]]) -> _Asked:
    own = [rule for rule in rules if rule.country == country and rule.region is None]
    if own and not any(rule.in_force(at) for rule in own):
        past = [rule.valid_to - 1 for rule in own if rule.valid_to <= at]
        at = max(past) if past else min(rule.valid_from for rule in own)
    return _Asked(Ruleset(own, known, compatible=True), at)


def _tried(both: _Both, kind: Kind) -> Iterator[Turn]:
    old, new, country, noon = both
    rules = [rule for one in (old, new) for rule in one.ruleset.rules if rule.kind in {None, kind}]
    constants = Constants(map(expression_of, rules), new.ruleset.value_sets)
    place, known = Destination(country), new.ruleset.value_sets
    for clock in (noon, noon - timedelta(hours=12)):
        for case in generate(constants, (GROUPS[kind],), limit=LIMIT):
            data = data_of(case, clock=clock, country=country, value_sets=known)
            said = [judge(one.ruleset, place, kind, one.at, data) for one in (old, new)]
            yield Turn(kind, case, clock != noon, said[0], said[1])


def _plainest(turns: list[Turn]) -> list[Turn]:
    at_noon = {_key(turn) for turn in turns if not turn.at_midnight}
    ordered = sorted(
        (turn for turn in turns if not turn.at_midnight or _key(turn) not in at_noon),
        key=lambda turn: (turn.case.unusual, turn.at_midnight),
    )
    first: dict[tuple[object, ...], Turn] = {}
    for turn in ordered:
        first.setdefault((turn.kind, turn.because, turn.before.result, turn.after.result), turn)
    shown = {id(turn) for turn in first.values()}
    others = [turn for turn in ordered if id(turn) not in shown]
    return [*first.values(), *others][:EXAMPLES]


def _key(turn: Turn) -> tuple[Case, object]:
    return turn.case, turn.after.result
