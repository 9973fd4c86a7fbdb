"""What a check comes to: a colour and the findings that made it. No personal data, no number.

    steps -> findings -> the worst weight decides -> GREEN | AMBER | RED

1. The codes are the closed list of `pratique.findings`.
2. GREEN is said by rules only. Whatever cannot be decided is AMBER, never GREEN.
3. A finding's `where` names a field ("v[0].dt"), never its content.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pratique.findings import Code, Step, Weight


class Colour(StrEnum):
    """The three outcomes a desk can act on."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


# Of an enumeration, Python 3.11 looks a member up slowly: here once, since every text pays.
_RED, _AMBER = Colour.RED, Colour.AMBER
_FAULT = Weight.FAULT


class Finding(NamedTuple):
    """One thing that a check found: a code, and where in the certificate.

    `where` is a field's name ("v[0].dt", "exp"); it never holds the field's content.
    """

    code: Code
    where: str = ""


class Verdict(NamedTuple):
    """The outcome of a verification: a colour, the findings, and the step it stopped at."""

    colour: Colour
    findings: tuple[Finding, ...]
    stopped_at: Step | None = None

    def steps(self) -> dict[Step, str]:
        """Return the outcome of each check: "passed", "fault", "doubt" or "not reached"."""
        reached = list(Step) if self.stopped_at is None else []
        for step in Step if self.stopped_at is not None else ():
            reached.append(step)
            if step is self.stopped_at:
                break
        return {step: self._outcome(step) if step in reached else "not reached" for step in Step}

    def _outcome(self, step: Step) -> str:
        weights = {f.code.weight for f in self.findings if f.code.step is step}
        for weight in (Weight.FAULT, Weight.DOUBT):
            if weight in weights:
                return weight.value
        return "passed"


def conclude(
    findings: Iterable[Finding], stopped_at: Step | None = None, *, rules_met: bool = False
) -> Verdict:
    """Weigh findings into a verdict.

    No finding at all is AMBER: nobody has said that it may pass. Only a destination's rules, all met,
    say so, and only where nothing else is in doubt.
    """
    found = tuple(findings)
    if refuses(found):
        return Verdict(_RED, found, stopped_at)
    if not rules_met:
        return Verdict(_AMBER, found, stopped_at)
    doubted = any(finding.code.weight is Weight.DOUBT for finding in found)
    return Verdict(Colour.AMBER if doubted else Colour.GREEN, found, stopped_at)


def refuses(findings: Iterable[Finding]) -> bool:
    """Tell whether any of the findings is a fault."""
    for code, _ in findings:  # noqa: SIM110 - a generator costs more than the loop; every text pays
        if code.weight is _FAULT:
            return True
    return False
