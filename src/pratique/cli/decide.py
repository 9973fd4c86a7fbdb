"""`pratique decide`: may the holder of these certificates enter there, then?

    certificates -> verify -> decide -> colour, reasons, from when until when, what would help

1. Everything is computed on this device, from the certificates and the snapshot held here.
2. The instant is taken in the zone of the port of entry (`--zone`, or the offset it is given with).
3. Exit: 0 GREEN, 1 RED, 3 AMBER; with --matrix that of the best destination; 4 if nothing was read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import click

from pratique import describe
from pratique.cli import options
from pratique.decision import decide as decide_for
from pratique.findings import Code, Colour, Finding, Step, Weight
from pratique.outlook import HealthCode
from pratique.parties.verifier import EXIT, exit_code, held, kind_of, place_of, undated, verified
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.text import as_json, printable
from pratique.verification import Verification

FORMAT = "pratique-health-code-1"
"""Findings whose `where` is a date or regions, which says nothing without the finding's name."""


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[TEXT|FILE|-]...")
@click.option("--to", "destination", metavar="COUNTRY[/REGION]", help="Where the holder arrives.")
@click.option("--on", "at", type=options.INSTANT, metavar="INSTANT", help="When; default now.")
@options.zone
@click.option("--matrix", is_flag=True, help="All destinations that have published rules.")
@click.option("--lang", default="en", show_default=True, help="Language of the rules' reasons.")
@options.sources
@options.output_format
@options.home
def decide(
    *,
    inputs: tuple[str, ...],
    destination: str | None,
    at: datetime | None,
    zone: str | None,
    matrix: bool,
    lang: str,
    sources: tuple[Path, ...],
    environment: str,
    output_format: str,
    home: Path | None,
) -> int:
    """Compute the health code of one person's certificates for a destination."""
    if matrix is (destination is not None):
        raise click.UsageError("name one destination with --to, or ask for all with --matrix")
    clock = options.clock(at, zone)
    when = clock.at
    snapshot = undated(held(sources, environment, home, when), at)
    places = (
        list(snapshot.ruleset.destinations)
        if matrix
        else [place_of(destination or "", snapshot.ruleset)]
    )
    read = list(verified(inputs, snapshot, when))
    found = [one for _, one in read]
    labels = {f"certificate {number}": label for number, (label, _) in enumerate(read, 1)}
    appeals = sorted({describe.appeal_of(one, snapshot) for one in found} - {""})
    appeal = {"appeal": appeals} if appeals else {}
    codes = [decide_for(found, snapshot=snapshot, place=place, at=when) for place in places]
    if output_format == "json":
        rows = [{**_as_json(code, lang, when.tzinfo or UTC, labels), **appeal} for code in codes]
        told = {"format": FORMAT, **clock.as_json(), "results": rows}
        click.echo(as_json(told, indent=1))
    else:
        for code in codes:
            for line in _matrix_row(code) if matrix else _lines(code, lang, when, labels):
                click.echo(line)
        for contact in appeals:
            click.echo(f"  appeal to {printable(contact)}")
        if matrix and clock.known_from is options.ZoneFrom.DEFAULT:
            # Between the midnights of two zones a rule's answer differs: nobody is to guess which
            # was taken. With one destination the first line tells it.
            click.echo(f"judged {clock.inferred()}", err=True)
    if found and all(one.unread for one in found):
        return exit_code(Counter(map(kind_of, found)))
    if matrix:
        colours = {code.colour for code in codes}
        best = next((c for c in (Colour.GREEN, Colour.AMBER) if c in colours), Colour.RED)
        return EXIT[best]
    return EXIT[codes[0].colour]


def told(
    found: Sequence[Verification], snapshot: Snapshot, place: Destination, at: datetime
) -> Iterator[str]:
    """Yield the lines of the health code that certificates of one person come to."""
    return _lines(decide_for(found, snapshot=snapshot, place=place, at=at), "en", at, {})


def _lines(code: HealthCode, lang: str, at: datetime, labels: Mapping[str, str]) -> Iterator[str]:
    sign, words, colour = describe.SIGNS[code.colour]
    place = "/".join(part for part in code.place if part)
    when = f"{at:%Y-%m-%d %H:%M %Z}".rstrip()
    yield f"{click.style(sign, fg=colour, bold=True)}  {words}   {printable(place)}, {when}"
    described = {outcome.rule.identifier for outcome in code.outcomes}
    for finding in code.because:
        if finding.where not in described:
            yield from describe.reason(_named(finding, labels))
    for outcome in code.outcomes:
        yield f"  {outcome.result.value:<6} {outcome.rule.identifier}  {describe.rule_says(outcome.rule, lang)}"
    if code.colour is Colour.GREEN:
        yield f"  green from {_instant(code.from_, at)} until {_instant(code.until, at)}"
    for way in code.what_would_help:
        yield f"  would help: {way.sentence}"
    yield f"  rules of snapshot {code.snapshot}"


def _named(finding: Finding, labels: Mapping[str, str]) -> Finding:
    # Which of the papers in hand is meant: its number alone is hard to find among files.
    label = labels.get(finding.where)
    return finding if label is None else finding._replace(where=f"{finding.where}: {label}")


def _matrix_row(code: HealthCode) -> Iterator[str]:
    sign, _, colour = describe.SIGNS[code.colour]
    place = "/".join(part for part in code.place if part)
    reasons = ", ".join(
        dict.fromkeys(
            _briefly(finding) for finding in code.because if finding.code.weight is not Weight.NOTE
        )
    )
    helps = code.what_would_help[0].sentence if code.what_would_help else ""
    tail = f"   would help: {helps}" if helps else ""
    yield f"{printable(place):<6} {click.style(f'{sign:<8}', fg=colour, bold=True)} {reasons}{tail}"


def _briefly(finding: Finding) -> str:
    if finding.code.step is Step.NETWORK or finding.code in describe.TOLD_WITH_WHERE:
        return f"{finding.code.name} ({finding.where})" if finding.where else finding.code.name
    if finding.code in {Code.RULE_FAILED, Code.RULE_OPEN}:
        return finding.where
    return finding.code.name


def _as_json(
    code: HealthCode, lang: str, zone: tzinfo, labels: Mapping[str, str]
) -> dict[str, Any]:
    def instant(second: int | None) -> str | None:
        return None if second is None else datetime.fromtimestamp(second, zone).isoformat()

    return {
        "destination": {"country": code.place.country, "region": code.place.region},
        "at": instant(code.at),
        "snapshot": code.snapshot,
        "colour": code.colour.value,
        "because": [
            {
                "code": finding.code.name,
                "where": finding.where,
                "meaning": finding.code.meaning,
                **({"source": labels[finding.where]} if finding.where in labels else {}),
            }
            for finding in code.because
        ],
        "rules": [
            {
                "rule": outcome.rule.name,
                "result": outcome.result.value,
                "reason": outcome.reason,
                "says": describe.rule_says(outcome.rule, lang),
            }
            for outcome in code.outcomes
        ],
        "green_from": instant(code.from_),
        "green_until": instant(code.until),
        "what_would_help": [
            {"code": way.code, "says": way.sentence} for way in code.what_would_help
        ],
    }


def _instant(second: int | None, at: datetime) -> str:
    if second is None:
        return "further notice"
    return f"{datetime.fromtimestamp(second, at.tzinfo):%Y-%m-%d %H:%M:%S %Z}".rstrip()
