"""Say rules in plain words, for whoever they are applied to.

    Rule -> what it is about, when it is in force, when it holds, and its published description

1. The words are made of the logic itself, so they say what is done; the description says what was
   meant. Both are shown.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, NamedTuple

from pratique.rules.authoring.remarks import written
from pratique.rules.certlogic import expression as e
from pratique.rules.certlogic.describe import describe
from pratique.rules.certlogic.parse import parse
from pratique.rules.certlogic.variables import AGE
from pratique.rules.rule import Rule, RuleType


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
        f"from {written(rule.valid_from)} until before {written(rule.valid_to)}",
        sentence(rule),
        rule.affected_fields,
        description,
        spoken,
    )


def sentence(rule: Rule) -> str:
    """Say when a rule is met: what passes, or what it declares void."""
    parsed = parse(rule.logic)
    if not isinstance(parsed, e.Expression):
        return "nothing: its logic cannot be read"
    said = describe(e.Expression(_readable(parsed.root), parsed.cost))
    return f"void if {said}" if rule.type is RuleType.INVALIDATION else said


def _readable(node: e.Node) -> e.Node:
    """Write "one of the ages 0, 1, ... 11" as "less than 12", which is the same and shorter."""
    match node:
        case e.In(e.Var(path), e.Items(items)) if path == AGE and _first_ages(items):
            return e.Compare("<", (e.Var(AGE), e.Number(len(items))))
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tuple):
            changed[field.name] = tuple(map(_readable, value))
        elif not isinstance(value, str | int):
            changed[field.name] = _readable(value)
    return replace(node, **changed)


def _first_ages(items: tuple[e.Node, ...]) -> bool:
    return items == tuple(map(e.Number, range(len(items))))


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
