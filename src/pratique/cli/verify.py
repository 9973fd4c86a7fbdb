"""`pratique verify`: judge certificates with what is held here, and nothing else.

    arguments -> inputs.every -> journeys.verify -> show -> exit code

1. No network, no file written, nothing kept; a check never starts a sync.
2. A fault of this program stops one input, and the next is judged.
3. Exit: 70 after such a fault, else 4 if something could not be read, else 1 if any is RED, else 3 if
   any is AMBER, else 0.
"""

from __future__ import annotations

import json
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
from pratique.errors import DocumentRefused
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
TOLD_IN_DAYS = 72
"""Hours up to which the age of what was synced is told in hours."""
BAR_FROM = 20
"""Arguments from which on a progress bar is worth its line."""


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[TEXT|FILE|-]...")
@options.sources
@click.option("--to", "destination", metavar="COUNTRY[/REGION]", help="Ask this one's rules too.")
@options.zone
@click.option("--fast", is_flag=True, help="Check signatures with AWS-LC (extra fast).")
@click.option("--show-content", is_flag=True, help="Show the whole content too, to the holder.")
@click.option("--inspect", is_flag=True, hidden=True, help="The former name of --show-content.")
@click.option("--lang", default="en", show_default=True, help="Language of the rules' sentences.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="How to write the outcome; jsonl writes one result a line, as they come.",
)
@options.at
@options.home
def verify(
    *,
    inputs: tuple[str, ...],
    sources: tuple[Path, ...],
    environment: str,
    destination: str | None,
    zone: str | None,
    fast: bool,
    show_content: bool,
    inspect: bool,
    lang: str,
    output_format: str,
    at: datetime | None,
    home: Path | None,
) -> int:
    """Verify health certificates, offline.

    Each input is a certificate's text (it begins with HC1:), a file of texts, a picture or PDF
    with barcodes, or - for lines on standard input, as a hardware scanner types them.

    Without --to the best outcome is AMBER: authentic and in force, and nobody's rules were asked.

    Exit code: 0 accepted, 1 refused, 2 usage, 3 cannot decide, 4 something could not be read,
    70 a fault of this program.
    """
    clock = options.clock(at, zone)
    instant = clock.at
    snapshot = held(sources, environment, home, instant)
    if fast:
        snapshot = _faster(snapshot)
    place = None if destination is None else place_of(destination, snapshot.ruleset)
    check = Check(snapshot, instant, place, inspect=show_content or inspect, lang=lang)
    if inputs == ("-",) and sys.stdin is not None and sys.stdin.isatty():
        from pratique.cli import counter  # noqa: PLC0415 - only at a terminal

        counts = counter.serve(check, output_format)
    else:
        counts = _run(check, inputs, output_format, clock)
    if output_format == "text":
        _sum_up(counts, snapshot, instant, "" if place is None else clock.inferred())
    return exit_code(counts)


class Check(NamedTuple):
    """How each input is judged, and what is shown of it."""

    snapshot: Snapshot
    at: datetime
    place: Destination | None
    inspect: bool = False
    lang: str = "en"

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
        found = verify_text(item.text, snapshot=self.snapshot, at=self.at, place=self.place)
        return noted(found, item.notes)

    def row(self, item: Item, found: Verification) -> dict[str, Any]:
        """Return what JSON says of it."""
        return show.as_json(item.label, item.remark, found, **self._beside(found))

    def lines(self, item: Item, found: Verification) -> list[str]:
        """Return what a person reads of it."""
        return list(show.lines(item.label, item.remark, found, **self._beside(found)))

    def _beside(self, found: Verification) -> dict[str, Any]:
        helps = () if self.place is None else _helps(found, self.snapshot, self.place, self.at)
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


def _run(
    check: Check, inputs: tuple[str, ...], output_format: str, clock: options.Clock
) -> Counter[str]:
    counts: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for item in _with_bar(inputs):
        found, told = check.shown(item, as_json=output_format != "text")
        counts[kind_of(found)] += 1
        if item.text is None:
            _unread(item)
        if output_format == "json":
            rows.append(told)
        elif output_format == "jsonl":
            click.echo(json.dumps({"format": show.FORMAT, **told}, ensure_ascii=False))
        elif item.text is not None or not item.remark:
            click.echo("\n".join(told))
        flush()
    if output_format == "json":
        document = {**show.document(rows, check.snapshot, check.at), **clock.as_json()}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    return counts


def _helps(
    found: Verification, snapshot: Snapshot, place: Destination, at: datetime
) -> tuple[Help, ...]:
    from pratique.journeys import outlook  # noqa: PLC0415 - only where rules were asked

    return outlook.helps(found, snapshot, place, at)


def flush() -> None:
    """Let what was told be seen at once, wherever standard output goes."""
    if sys.stdout is not None:
        sys.stdout.flush()


def kind_of(found: Verification) -> str:
    """Return as what an outcome is counted: its colour, or that nothing was read, or that it failed."""
    if any(finding.code is Code.UNFORESEEN for finding in found.verdict.findings):
        return FAULTS
    return UNREAD if found.unread else found.verdict.colour


def _sum_up(counts: Counter[str], snapshot: Snapshot, at: datetime, clock: str) -> None:
    hours = (int(at.timestamp()) - snapshot.created) // 3600
    days = hours // 24
    age = f"{days} days old" if days > 1 else "1 day old" if days == 1 else "of today"
    if days < 0:
        age = "of later than the instant asked about"
    elif snapshot.roll is not None and 0 < hours < TOLD_IN_DAYS:
        age = f"{hours} hours old"
    told = ", ".join(f"{counts[c]} {c}" for c in Colour if counts[c])
    for kind in (UNREAD, FAULTS):
        if counts[kind]:
            told += f"{', ' if told else ''}{counts[kind]} {kind}"
    click.echo(
        f"{told or 'nothing to verify'}; trust list {age}" + (f"; {clock}" if clock else ""),
        err=True,
    )


def exit_code(counts: Counter[str]) -> int:
    """Return the exit code of what was counted: the worst decides."""
    if counts[FAULTS]:
        return barrier.UNFORESEEN
    if counts[UNREAD] or not counts:
        return INPUT_OUTPUT
    worst = next(c for c in (Colour.RED, Colour.AMBER, Colour.GREEN) if counts[c])
    return EXIT[worst]


def place_of(text: str, ruleset: Ruleset) -> Destination:
    """Read a destination: "FR" or "fra", or "FR/BRE" with a region; UsageError where it is none.

    A text that is no code must not pass for a country that has published nothing.
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
        click.echo(f"note: {code} has no rules of that region; it has them of {known}", err=True)
    return Destination(code, region or None)


def _faster(snapshot: Snapshot) -> Snapshot:
    from pratique.crypto import awslc  # noqa: PLC0415 - optional

    faster = snapshot.with_primitive(awslc.load)
    for signer in faster.trust:
        # The extra is missed here, and not in the middle of a check.
        faster.checker(signer)
        break
    return faster


def verified(
    inputs: tuple[str, ...], snapshot: Snapshot, at: datetime
) -> Iterator[tuple[str, Verification]]:
    """Yield each input's label and what comes of it; what could not be read is told on stderr too."""
    check = Check(snapshot, at, None)
    for item in every(inputs):
        found = check.judge(item)
        if item.text is None or found.unread:
            _unread(item, found)
        yield item.label, found


def _unread(item: Item, found: Verification | None = None) -> None:
    remark = item.remark
    if not remark and found is not None:
        remark = "; ".join(_why(finding) for finding in found.verdict.findings)
    if remark:
        click.echo(f"error: {printable(item.label)}: {remark}", err=True)
    if item.hint:
        click.echo(f"hint: {item.hint}", err=True)


def _why(finding: Finding) -> str:
    return f"{finding.code.meaning}{f' ({finding.where})' if finding.where else ''}"


def _with_bar(inputs: tuple[str, ...]) -> Iterator[Item]:
    if len(inputs) < BAR_FROM or not sys.stderr.isatty() or sys.stdout.isatty():
        yield from every(inputs)
        return
    with click.progressbar(inputs, label="verifying", file=sys.stderr) as bar:
        yield from every(bar)


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
