"""The demo's last part: the project's own examples, and what each shows.

    vectors/ -> invented states, invented travellers -> verify -> a table, and what to try next

1. All signatures are real, all people and states are invented, and no network is used.
2. What is printed is what was found now; the kit's expectations are compared, not shown instead.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique import describe, strict_json
from pratique.errors import Unreadable
from pratique.findings import Colour
from pratique.parties.conformance import outcome, snapshot_of
from pratique.text import printable
from pratique.verification import Verification, verify

Groups = dict[str, list[dict[str, Any]]]
TRAVELLERS = (
    "vaccination",
    "test",
    "recovery",
    "exemption",
    "icvp-d",
    "ddcc-vaccination",
    "ruritania",
)
"""Cases of the kit's group `formats` that are shown first."""

WIDTH = 58
OWN = """
Now your own certificate:

  pratique sync SOURCE             fetch a network, or: pratique trust import LIST
  pratique verify PICTURE|TEXT     what a border post would see
  pratique inspect PICTURE|TEXT    every layer, unverified
  pratique rules import RULES      destinations' rules
  pratique decide PICTURE --all-destinations
                                   where the holder may go, computed on this device
  pratique issuer init             begin to issue: the handbook, docs/how-to/issuer.md

With `make`, put .venv/bin/ before `pratique`, or activate .venv first.
"""


def play(kit: Path, groups: Groups) -> int:
    """Judge the examples, and say what they show; return 1 if one came out otherwise."""
    click.echo("\nTHE KIT OF EXAMPLES: what anybody's verifier must say, too")
    click.echo("\nTravellers whose certificates are authentic and in force:")
    formats = {case["id"].partition("/")[2]: case for case in groups["formats"]}
    for name in TRAVELLERS:
        _tell(kit, formats[name])
    click.echo("\nPeople who try something, one for each check:")
    for name, cases in groups.items():
        red = [case for case in cases if case["expected"]["colour"] == "red"]
        if name != "formats" and red:
            _tell(kit, red[0])
    click.echo("\nWhat the desk sees of the first traveller, and nothing more:")
    for line in describe.lines("", "", _verify(kit, formats[TRAVELLERS[0]]), inspect=False):
        click.echo(f"  {line}".rstrip())
    found, surprising, seconds = _all(kit, groups)
    colours = ", ".join(f"{count} {colour}" for colour, count in found.items() if count)
    click.echo(
        f"\nThe whole kit: {sum(found.values())} certificates in {seconds * 1000:.0f} ms: {colours}; "
        f"{len(surprising)} not as the kit expects."
    )
    click.echo(
        "A good signature is not leave to enter: without a destination's rules none is green."
    )
    click.echo(OWN, nl=False)
    for name in surprising:
        click.echo(f"error: {name} came out otherwise than the kit expects", err=True)
    return 1 if surprising else 0


def read(kit: Path) -> Groups:
    """Read the kit's cases by group; Unreadable `kit-unreadable`."""
    try:
        return dict(sorted(_read(kit)))
    except (OSError, ValueError, KeyError) as error:
        raise Unreadable(
            "kit-unreadable",
            "the folder of examples cannot be read",
            "run it in a clone of the repository, or name the folder: pratique demo DIR",
        ) from error


def _read(kit: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    paths = sorted((kit / "cases").glob("*.json"))
    if not paths:
        raise FileNotFoundError(kit)
    for path in paths:
        document = strict_json.loads(path.read_bytes(), halves=True)
        yield document["check"], document["cases"]


def _tell(kit: Path, case: dict[str, Any]) -> None:
    found = _verify(kit, case)
    sign, _, colour = describe.SIGNS[found.verdict.colour]
    codes = ", ".join(finding.code.name for finding in found.verdict.findings)
    title = printable(case["title"])
    shown = click.style(f"{sign:<8}", fg=colour, bold=True)
    if len(title) > WIDTH:
        title = title[: WIDTH - 1] + "…"
    click.echo(f"  {shown} {title:<{WIDTH}} {codes}")


def _all(kit: Path, groups: Groups) -> tuple[dict[str, int], list[str], float]:
    counts = {colour.value: 0 for colour in Colour}
    surprising = []
    begun = time.perf_counter()
    for cases in groups.values():
        for case in cases:
            seen = outcome(_verify(kit, case))
            counts[seen["colour"]] += 1
            expected = case["expected"]
            if any(seen[name] != expected[name] for name in ("colour", "findings")):
                surprising.append(case["id"])
    return counts, surprising, time.perf_counter() - begun


def _verify(kit: Path, case: dict[str, Any]) -> Verification:
    at = datetime.fromisoformat(case["clock"])
    return verify(case["text"], snapshot=snapshot_of(case, kit / "signers.json"), at=at)
