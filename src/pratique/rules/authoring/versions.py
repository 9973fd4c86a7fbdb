"""Versions of one rule, and the rules of one country, over time: overlaps, gaps and returns.

    rules -> by identifier -> pairs of versions -> remarks

1. The highest version in force counts; so an older one returns when the newer ends before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, groupby

from pratique.rules.authoring.remarks import (
    Checked,
    Remark,
    accepting,
    by_country,
    error,
    warning,
    written,
)
from pratique.rules.rule import Rule


def over_time(rules: list[Checked]) -> Iterator[Remark]:
    """Yield what is odd about the validity of versions, and of a country's rules together."""
    ordered = sorted(
        (one.rule for one in rules),
        key=lambda rule: (rule.identifier, rule.region or "", rule.version),
    )
    for _, several in groupby(ordered, key=lambda rule: (rule.identifier, rule.region)):
        versions = list(several)
        for older, newer in combinations(versions, 2):
            yield from _pair(older, newer)
        yield from _gaps(versions)
    for country, listed in by_country(rules):
        if gap := _first_gap([one.rule for one in accepting(listed)]):
            message = (
                f"no acceptance rule is in force from {written(gap[0])} to {written(gap[1])}: "
                "nobody can be admitted by rules then"
            )
            yield warning(f"ruleset {country}", "", "country-gap", message)


def _pair(older: Rule, newer: Rule) -> Iterator[Remark]:
    if older.version == newer.version:
        yield error(newer.name, "Version", "version-twice", "this version is there twice")
        return
    starts, ends = newer.valid_from, newer.valid_to
    if starts >= older.valid_to or ends <= older.valid_from:
        return
    if starts <= older.valid_from and ends >= older.valid_to:
        message = f"it is never in force: {newer.name} is, all the while"
        yield warning(older.name, "ValidFrom", "version-shadowed", message)
    elif ends < older.valid_to:
        message = f"it returns at {written(ends)}, when {newer.name} ends"
        yield warning(older.name, "ValidTo", "version-returns", message)
    else:
        message = f"until {written(older.valid_to)}, {older.name} is in force too; the newer counts"
        yield warning(newer.name, "ValidFrom", "version-overlap", message)


def _gaps(versions: list[Rule]) -> Iterator[Remark]:
    if len(versions) > 1 and (gap := _first_gap(versions)):
        message = f"no version is in force from {written(gap[0])} to {written(gap[1])}"
        yield warning(versions[-1].name, "ValidFrom", "version-gap", message)


def _first_gap(rules: list[Rule]) -> tuple[int, int] | None:
    covered = None
    for rule in sorted(rules, key=lambda one: one.valid_from):
        if covered is not None and rule.valid_from > covered:
            return covered, rule.valid_from
        covered = max(covered or rule.valid_to, rule.valid_to)
    return None
