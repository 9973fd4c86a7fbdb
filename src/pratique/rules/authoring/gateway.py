"""What the EU's gateway accepts at an instant: its constraints on the upload of a rule.

    rules, earlier rules, at -> remarks

1. The constraints are those of the rules specification (dgc-gateway): the gateway tells the first
   that fails, this tells all.
2. What the gateway does not check, the rest of `lint` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pratique.rules.authoring.remarks import Remark, error, warning, written
from pratique.rules.rule import Rule, RuleType
from pratique.terms import Kind

HOUR = 3600
NOTICE, AHEAD, LIFETIME = 48 * HOUR, 14 * 24 * HOUR, 72 * HOUR


def upload(rules: Sequence[Rule], earlier: Sequence[Rule], *, at: int | None) -> Iterator[Remark]:
    """Yield what keeps rules from being uploaded.

    Args:
        rules: to be uploaded.
        earlier: what was published before.
        at: seconds since the epoch; None to compare with the earlier rules only.
    """
    for rule in rules:
        if at is not None:
            yield from _times(rule, at)
        before = [one for one in earlier if one.identifier == rule.identifier]
        yield from _follows(rule, before)


def _times(rule: Rule, at: int) -> Iterator[Remark]:
    begins = rule.valid_from
    if begins > at + AHEAD:
        latest = written(at + AHEAD)
        yield error(rule.name, "ValidFrom", "gateway-too-far", f"it must not begin after {latest}")
    if rule.type is RuleType.ACCEPTANCE and begins < at + NOTICE:
        earliest = written(at + NOTICE)
        message = f"48 hours of notice: it must not begin before {earliest}"
        yield error(rule.name, "ValidFrom", "gateway-notice", message)
    if rule.type is RuleType.INVALIDATION and begins <= at:
        yield error(rule.name, "ValidFrom", "gateway-past", "it must begin in the future")
    if rule.valid_to - begins < LIFETIME:
        message = "it must be in force for at least 72 hours"
        yield error(rule.name, "ValidTo", "gateway-lifetime", message)
    if len(rule.country) != 2:
        yield error(rule.name, "Country", "gateway-country", "the EU's gateway wants two letters")
    if rule.kind is Kind.EXEMPTION:
        message = "the EU's gateway knows no exemption certificates"
        yield warning(rule.name, "CertificateType", "gateway-exemption", message)


def _follows(rule: Rule, before: Sequence[Rule]) -> Iterator[Remark]:
    if not before:
        return
    newest = max(before, key=lambda one: one.version)
    if newest == rule:
        # Named again, unchanged: there is nothing to upload.
        return
    if rule.version <= newest.version:
        message = f"it must be greater than that of {newest.name}, which is published"
        yield error(rule.name, "Version", "gateway-version", message)
    if rule.valid_from < newest.valid_from:
        message = f"it must not begin before {newest.name} does, {written(newest.valid_from)}"
        yield error(rule.name, "ValidFrom", "gateway-before", message)
