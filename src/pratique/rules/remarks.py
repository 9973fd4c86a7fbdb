"""What a check of rules has to say: one remark for each thing, with its rule, its place and a code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from pratique.rules.certlogic.expression import Expression
from pratique.rules.rule import Rule, RuleType


class Remark(NamedTuple):
    """Something that is wrong, or that the author should know.

    Attributes:
        rule: identifier and version, or "ruleset XX".
        error: it must not be published so; otherwise a warning.
        where: a path in the rule's JSON; empty for the whole.
        code: stable, for machines.
        message: for the author of the rule.
    """

    rule: str
    error: bool
    where: str
    code: str
    message: str


class Checked(NamedTuple):
    """A rule of which envelope and logic could be read."""

    rule: Rule
    expression: Expression


def error(rule: str, where: str, code: str, message: str) -> Remark:
    """Return a remark that keeps the rule from being published."""
    return Remark(rule, True, where, code, message)


def warning(rule: str, where: str, code: str, message: str) -> Remark:
    """Return a remark that the author should know."""
    return Remark(rule, False, where, code, message)


def by_country(rules: list[Checked]) -> Iterator[tuple[str, list[Checked]]]:
    """Yield each country's rules."""
    for country in sorted({one.rule.country for one in rules}):
        yield country, [one for one in rules if one.rule.country == country]


def accepting(rules: list[Checked]) -> list[Checked]:
    """Return the rules that say what a destination accepts."""
    return [one for one in rules if one.rule.type is RuleType.ACCEPTANCE]


def written(seconds: int) -> str:
    """Write an instant as a person reads it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
