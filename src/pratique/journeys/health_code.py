"""The health code: a colour for one destination and instant, why, until when, and what would help.

1. It names rules and findings, never a person; it holds no number that rates anybody.
2. It is a value: the same certificates, rules, place and instant make the same code everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.findings import Code
from pratique.rules.ruleset import Destination, Outcome
from pratique.verdict import Colour, Finding


class Help(NamedTuple):
    """A way to green, in the order of what it costs: a stable code and a plain sentence."""

    code: str
    sentence: str


class HealthCode(NamedTuple):
    """What the holder sees, and what a desk sees of the same certificates.

    Attributes:
        colour: GREEN, AMBER or RED.
        because: findings that made the colour.
        outcomes: every rule that was asked about the certificate that decided, with its result.
        from_: first second (epoch) of the stretch in which it is green: the present one, or the next;
            None if none begins, or none is in sight.
        until: last second of that stretch; None if it does not end.
        what_would_help: ways to green, cheapest first; empty if it is green.
        place: for which it holds.
        at: the instant, seconds since the epoch.
        snapshot: the number of the snapshot that was asked.
    """

    colour: Colour
    because: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    from_: int | None
    until: int | None
    what_would_help: tuple[Help, ...]
    place: Destination
    at: int
    snapshot: int

    def asks_for_second(self) -> bool:
        """Tell whether a second certificate of the same person could decide."""
        return any(finding.code is Code.SECOND_CERTIFICATE for finding in self.because)
