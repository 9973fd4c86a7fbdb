"""A case of the kit: one text, one clock, one expected outcome.

    amber("NO_RULES") | red("EXPIRED") -> Case -> vectors/cases/<check>.json

1. What is expected is written here by hand, from the specifications; no program computed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tools.vectors import keys


class Outcome(NamedTuple):
    """What a case comes to."""

    colour: str
    codes: tuple[str, ...]


def red(*codes: str) -> Outcome:
    """Expect a refusal with these codes, whatever notes there are among them."""
    return Outcome("red", codes)


def amber(*codes: str) -> Outcome:
    """Expect "check by hand" with these codes."""
    return Outcome("amber", codes)


GOOD = amber("NO_RULES")
"""Authentic and in force: all that a verifier without a destination's rules can say."""


class Case(NamedTuple):
    """One case; `README.md` of the kit says what each field means."""

    id: str
    title: str
    why: str
    text: str
    expected: Outcome
    clock: int = keys.NOON
    environment: str = "production"
    facts: dict[str, Any] | None = None
    network: str = ""

    def row(self) -> dict[str, Any]:
        """Return what JSON holds of the case."""
        facts = {} if self.facts is None else {"facts": self.facts}
        codes = sorted(self.expected.codes)
        return {
            "id": self.id,
            "title": self.title,
            "why": self.why,
            "text": self.text,
            "clock": instant(self.clock),
            "environment": self.environment,
            **({"network": self.network} if self.network else {}),
            "expected": {"colour": self.expected.colour, "findings": codes, **facts},
        }


Cases = Iterator[Case]


def instant(seconds: int) -> str:
    """Write an instant as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def facts(kind: str, *, domain: str = "DCC", signer: str = "XXU", **more: Any) -> dict[str, Any]:
    """Write what a holder or a desk would see of a certificate that was read."""
    return {"kind": kind, "domain": domain, "signed_by": signer, **more}
