"""Say rules, and changes of rules, in plain words; and for whom a change changes the outcome.

    Rule -> what it is about, when it is in force, when it holds, and its published description
    before, after -> rules added, removed, changed -> sentences
    before, after -> cases around the constants of both -> verdicts that turn -> counts, examples

1. The words are made of the logic itself, so they say what is done; the description says what was
   meant. Both are shown.
2. Cases are put before both rulesets at the same place and instant. Where one of the two is not in force
   then, it is taken as it is on its last day: what is asked is what a replacement changes.
3. The examples are the plainest; each change of rules that turns verdicts is shown before another
   example of the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.rules.cases import Case, Judgement, data_of, generate, judge
from pratique.rules.certlogic import expression
from pratique.rules.certlogic.describe import describe
from pratique.rules.certlogic.parse import parse
from pratique.rules.certlogic.variables import AGE
from pratique.rules.evaluator import expression_of
from pratique.rules.lint import clock_of
from pratique.rules.logic import GROUPS, Constants
from pratique.rules.rule import Rule, RuleType
from pratique.rules.ruleset import Destination, Ruleset
from pratique.terms import Kind
from pratique.text import rfc3339


class Explanation(NamedTuple):
    """A rule in words.

    Attributes:
        name: identifier and version.
        about: which certificates, where.
        in_force: from when to when.
        holds: the sentence that is made of the logic.
        affects: the fields that count.
        description: as published, in the language asked for, else in English, else in the first.
        language: of the description; empty where there is none.
    """

    name: str
    about: str
    in_force: str
    holds: str
    affects: tuple[str, ...]
    description: str
    language: str


def explain(rule: Rule, language: str = "en") -> Explanation:
    """Say a rule in words."""
    spoken, description = described(rule, language)
    return Explanation(
        rule.name,
        _about(rule),
        f"from {rfc3339(rule.valid_from)} until before {rfc3339(rule.valid_to)}",
        sentence(rule),
        rule.affected_fields,
        description,
        spoken,
    )


def sentence(rule: Rule) -> str:
    """Say when a rule is met: what passes, or what it declares void."""
    parsed = parse(rule.logic)
    if not isinstance(parsed, expression.Expression):
        return "nothing: its logic cannot be read"
    said = describe(expression.Expression(_readable(parsed.root), parsed.cost))
    return f"void if {said}" if rule.type is RuleType.INVALIDATION else said


def _readable(node: expression.Node) -> expression.Node:
    """Write "one of the ages 0, 1, ... 11" as "less than 12", which is the same and shorter."""
    match node:
        case expression.In(expression.Var(path), expression.Items(items)) if (
            path == AGE and items == tuple(map(expression.Number, range(len(items))))
        ):
            return expression.Compare("<", (expression.Var(AGE), expression.Number(len(items))))
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tuple):
            changed[field.name] = tuple(map(_readable, value))
        elif not isinstance(value, str | int):
            changed[field.name] = _readable(value)
    return replace(node, **changed)


def described(rule: Rule, language: str) -> tuple[str, str]:
    """Return the language and text of the published description that fits best."""
    texts = dict(reversed(rule.descriptions))
    for wanted in (language, language.partition("-")[0], "en"):
        if wanted in texts:
            return wanted, texts[wanted]
    return rule.descriptions[0] if rule.descriptions else ("", "")


def _about(rule: Rule) -> str:
    kind = f"{rule.kind} certificates" if rule.kind else "all certificates"
    place = f"{rule.country} ({rule.region})" if rule.region else rule.country
    if rule.type is RuleType.INVALIDATION:
        return f"{kind} issued by {place}"
    return f"{kind} on arrival in {place}"


class ChangeKind(StrEnum):
    """What became of a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(NamedTuple):
    """What became of a rule, and what of it is different: (what, before, after)."""

    way: ChangeKind
    name: str
    said: str
    parts: tuple[tuple[str, str, str], ...] = ()


def changes(before: Sequence[Rule], after: Sequence[Rule]) -> Iterator[Change]:
    """Yield what became of each rule; those that are the same are left out."""
    old, new = _newest(before), _newest(after)
    for key in sorted(old.keys() | new.keys(), key=str):
        if key not in old:
            yield Change(ChangeKind.ADDED, new[key].name, sentence(new[key]))
        elif key not in new:
            yield Change(ChangeKind.REMOVED, old[key].name, sentence(old[key]))
        elif parts := tuple(_parts(old[key], new[key])):
            name = old[key].name
            named = name if name == new[key].name else f"{name} → {new[key].name.partition('@')[2]}"
            yield Change(ChangeKind.CHANGED, named, sentence(new[key]), parts)


def _newest(rules: Sequence[Rule]) -> dict[tuple[str, str | None], Rule]:
    by_version = sorted(rules, key=lambda one: one.version)
    return {(rule.identifier, rule.region): rule for rule in by_version}


def _parts(old: Rule, new: Rule) -> Iterator[tuple[str, str, str]]:
    if old.logic != new.logic:
        one, other = sentence(old), sentence(new)
        if one == other:
            one = "the same, written otherwise"
        yield "logic", one, other
    for name, before, after in (
        ("type", old.type.value, new.type.value),
        ("kind", str(old.kind or "all"), str(new.kind or "all")),
        ("in force from", rfc3339(old.valid_from), rfc3339(new.valid_from)),
        ("in force until before", rfc3339(old.valid_to), rfc3339(new.valid_to)),
        ("affected fields", ", ".join(old.affected_fields), ", ".join(new.affected_fields)),
        ("description", described(old, "en")[1], described(new, "en")[1]),
    ):
        if before != after:
            yield name, before, after


LIMIT = 1_200
"""Cases of each kind and time of day."""
EXAMPLES = 10


class Turn(NamedTuple):
    """A case whose verdict changes, and the rules that decide it."""

    kind: Kind
    case: Case
    at_midnight: bool
    before: Judgement
    after: Judgement

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


class _RulesAt(NamedTuple):
    """Rules, and the instant at which they are asked."""

    ruleset: Ruleset
    at: int


class _Both(NamedTuple):
    """The two rulesets, and where and when the cases arrive."""

    old: _RulesAt
    new: _RulesAt
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
    about = {rule.kind for rule in (*before, *after)}
    for kind in Kind:
        if kind is Kind.PASS and kind not in about:
            # Nobody is asked about a pass.
            continue
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


def _asked(
    rules: Sequence[Rule], country: str, at: int, known: Mapping[str, list[str]]
) -> _RulesAt:
    own = [rule for rule in rules if rule.country == country and rule.region is None]
    if own and not any(rule.in_force(at) for rule in own):
        past = [rule.valid_to - 1 for rule in own if rule.valid_to <= at]
        at = max(past) if past else min(rule.valid_from for rule in own)
    return _RulesAt(Ruleset(own, known, compatible=True), at)


def _tried(both: _Both, kind: Kind) -> Iterator[Turn]:
    old, new, country, noon = both
    rules = [
        rule
        for side in (old, new)
        for rule in side.ruleset.rules
        if rule.kind is kind or (rule.kind is None and kind is not Kind.PASS)
    ]
    constants = Constants(map(expression_of, rules), new.ruleset.value_sets)
    place, known = Destination(country), new.ruleset.value_sets
    for clock in (noon, noon - timedelta(hours=12)):
        for case in generate(constants, (GROUPS[kind],), limit=LIMIT):
            data = data_of(case, clock=clock, country=country, value_sets=known)
            said = [judge(side.ruleset, place, kind, side.at, data) for side in (old, new)]
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
