"""The demo's second half: one table of travellers and destinations, with reasons.

    forms -> rules -> a snapshot -> decide for each traveller and destination -> table, reasons

1. The rules are built from the forms now, by `rules build`'s own code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import show
from pratique.journeys.decide import decide
from pratique.journeys.verify import verify
from pratique.rules import build, documents, policy
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot

WHEN = datetime(2026, 6, 20, 9, tzinfo=UTC)
STATES = {"XA": "Arcadia", "XF": "Freedonia", "XR": "Ruritania", "XS": "Sylvania"}
TRAVELLERS = ("vaccination", "recovery", "exemption")


def lines(forms: Path, held: Snapshot, cases: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the table, and what would help where somebody may not enter."""
    rules = [
        rule
        for path in sorted(forms.glob("*.toml"))
        for rule in build.build(policy.read_policy(tomllib.loads(path.read_text(encoding="utf-8"))))
    ]
    snapshot = Snapshot(
        number=2, created=held.created, environment=held.environment, trust=held.trust,
        ruleset=documents.ruleset_of(rules, {}, compatible=False, build=None),
    )  # fmt: skip
    yield f"Where may they go on {WHEN:%d %B %Y}? {len(rules)} rules, built from {forms}:"
    yield "  " + " " * 14 + "".join(f"{name:<12}" for name in STATES.values())
    reasons = []
    for traveller in TRAVELLERS:
        found = verify(cases[traveller]["text"], snapshot=snapshot, at=WHEN)
        row = f"  {traveller:<14}"
        for code, name in STATES.items():
            answer = decide([found], snapshot=snapshot, place=Destination(code), at=WHEN)
            sign, _, colour = show.SIGNS[answer.colour]
            row += click.style(f"{sign:<12}", fg=colour, bold=True)
            because = [finding.where or finding.code.name for finding in answer.because]
            helps = "; ".join(way.sentence for way in answer.what_would_help[:1])
            if because:
                reasons.append(
                    f"  {traveller} to {name}: {', '.join(because)}"
                    + (f"; would help: {helps}" if helps else "")
                )
        yield row
    yield from reasons
