"""How an input is judged: by what is held here, whatever happens to it, and what that comes to.

    Item -> journeys.verify -> Verification -> what is shown -> what is counted -> exit code

1. A fault of this program stops one input, and the next is judged.
2. Nothing is written, and nothing is kept.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique.cli import barrier, options, show
from pratique.cli.inputs import Item, every
from pratique.cli.safe import printable
from pratique.errors import DocumentRefused, UsageError
from pratique.findings import Code
from pratique.journeys.health_code import Help
from pratique.journeys.verify import Verification, noted, unread
from pratique.journeys.verify import verify as verify_text
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.verdict import Colour, Finding

EXIT = {Colour.GREEN: 0, Colour.RED: 1, Colour.AMBER: 3}
INPUT_OUTPUT = 4
UNREAD, FAULTS = "could not be read", "stopped by a fault of this program"


def undated(snapshot: Snapshot, at: datetime | None) -> Snapshot:
    """Return the snapshot to ask about an instant that was named: one without the date of its imports.

    How old lists are at a desk is told by the clock that they were imported by. Whoever names an instant asks
    what the lists say of it; a network tells of its own age by its signed time, whatever is asked.
    """
    if at is None or snapshot.roll is not None:
        return snapshot
    return snapshot.replace(created=0)


class Check(NamedTuple):
    """How each input is judged, and what is shown of it."""

    snapshot: Snapshot
    at: datetime
    place: Destination | None
    inspect: bool = False
    lang: str = "en"
    asked: Snapshot | None = None
    """What is asked in place of the snapshot that is shown: `undated`, for another instant than now."""

    def judge(self, item: Item) -> Verification:
        """Return what comes of an item; a fault of this program is a finding like any other."""
        try:
            return self._judged(item)
        except BaseException as error:
            if not barrier.unforeseen(error):
                raise
            return unread(Finding(Code.UNFORESEEN, barrier.place_of(error)))

    def _judged(self, item: Item) -> Verification:
        if item.finding is not None or item.text is None:
            return unread(item.finding or Finding(Code.INPUT_UNREADABLE), item.notes)
        snapshot = self.asked or self.snapshot
        found = verify_text(item.text, snapshot=snapshot, at=self.at, place=self.place)
        return noted(found, item.notes)

    def row(self, item: Item, found: Verification) -> dict[str, Any]:
        """Return what JSON says of it."""
        return show.as_json(item.label, item.remark, found, **self._beside(found))

    def lines(self, item: Item, found: Verification) -> list[str]:
        """Return what a person reads of it."""
        return list(show.lines(item.label, item.remark, found, **self._beside(found)))

    def _beside(self, found: Verification) -> dict[str, Any]:
        helps = (
            ()
            if self.place is None
            else _helps(found, self.asked or self.snapshot, self.place, self.at)
        )
        return {
            "inspect": self.inspect,
            "appeal": show.appeal_of(found, self.snapshot),
            "advice": show.Advice(helps, self.lang),
        }

    def shown(self, item: Item, *, as_json: bool) -> tuple[Verification, Any]:
        """Return an item's verification, and its row or its lines; what cannot be shown is a fault too."""
        found = self.judge(item)
        try:
            return found, self.row(item, found) if as_json else self.lines(item, found)
        except BaseException as error:
            if not barrier.unforeseen(error):
                raise
            found = unread(Finding(Code.UNFORESEEN, barrier.place_of(error)))
            return found, self.row(item, found) if as_json else self.lines(item, found)


def _helps(
    found: Verification, snapshot: Snapshot, place: Destination, at: datetime
) -> tuple[Help, ...]:
    from pratique.journeys import outlook  # noqa: PLC0415 - only where rules were asked

    return outlook.helps(found, snapshot, place, at)


def kind_of(found: Verification) -> str:
    """Return as what an outcome is counted: its colour, or that nothing was read, or that it failed."""
    if any(finding.code is Code.UNFORESEEN for finding in found.verdict.findings):
        return FAULTS
    return UNREAD if found.unread else found.verdict.colour


def exit_code(counts: Counter[str]) -> int:
    """Return the exit code of what was counted: the worst decides."""
    if counts[FAULTS]:
        return barrier.UNFORESEEN
    if counts[UNREAD] or not counts:
        return INPUT_OUTPUT
    worst = next(c for c in (Colour.RED, Colour.AMBER, Colour.GREEN) if counts[c])
    return EXIT[worst]


def flush() -> None:
    """Let what was told be seen at once, wherever standard output goes."""
    if sys.stdout is not None:
        sys.stdout.flush()


def verified(
    inputs: tuple[str, ...], snapshot: Snapshot, at: datetime
) -> Iterator[tuple[str, Verification]]:
    """Yield each input's label and what comes of it; what could not be read is told on stderr too."""
    check = Check(snapshot, at, None)
    for item in every(inputs):
        found = check.judge(item)
        if item.text is None or found.unread:
            tell_unread(item, found)
        yield item.label, found


def tell_unread(item: Item, found: Verification | None = None) -> None:
    """Tell on stderr why an input was not read."""
    remark = item.remark
    if not remark and found is not None:
        remark = "; ".join(_why(finding) for finding in found.verdict.findings)
    if remark:
        click.echo(f"error: {printable(item.label)}: {remark}", err=True)
    if item.hint:
        click.echo(f"hint: {item.hint}", err=True)


def _why(finding: Finding) -> str:
    return f"{finding.code.meaning}{f' ({finding.where})' if finding.where else ''}"


def place_of(text: str, ruleset: Ruleset) -> Destination:
    """Read a destination: "FR" or "fra", or "FR/BRE" with a region; UsageError where it is none.

    A text that is no code must not pass for a country that has published nothing, nor a region that
    has no rules for one of those that have.
    """
    from pratique.trust import countries  # noqa: PLC0415 - a table that only --to needs

    country, _, named = (part.strip() for part in text.partition("/"))
    code = country.upper() if country.upper() in ruleset.countries else countries.place(country)
    if code is None:
        raise options.no_country("--to", "destination-unknown", country)
    regions = ruleset.regions(code)
    region = next((one for one in regions if one.casefold() == named.casefold()), named)
    if regions and region and region not in regions:
        known = ", ".join(map(printable, regions))
        told = f"{code} has no rules of that region"
        if ruleset.countrywide(code):
            # One that is mistyped would be let off its own rules, and be GREEN by the country's.
            hint = f"it has them of {known}; elsewhere in the country: --to {code}"
            raise UsageError("region-unknown", told, hint)
        click.echo(f"note: {told}; it has them of {known}", err=True)
    return Destination(code, region or None)


def held(sources: tuple[Path, ...], environment: str, home: Path | None, at: datetime) -> Snapshot:
    """Return the snapshot that a check uses: from sources, or the imported one."""
    from pratique.cli import held as held_here  # noqa: PLC0415 - not needed for --help

    if sources:
        from pratique.edges import files  # noqa: PLC0415
        from pratique.terms import Environment  # noqa: PLC0415

        named = files.trust_from(sources, at=at, environment=Environment(environment)).snapshot
        return _with_revocations(named, home)
    found = held_here.snapshot(home)
    if found is None:
        raise DocumentRefused(
            "no-trust-list",
            "nothing was synced or imported yet, so that nothing can be decided",
            "pratique sync SOURCE, pratique trust import SOURCE..., or name a source with --trust",
        )
    return found


def _with_revocations(named: Snapshot, home: Path | None) -> Snapshot:
    # Naming other signers does not take back what was revoked.
    from pratique.cli import held as held_here  # noqa: PLC0415 - not needed for --help

    if named.revocations is not None:
        return named
    imported = held_here.snapshot(home)
    return named if imported is None else named.replace(revocations=imported.revocations)
