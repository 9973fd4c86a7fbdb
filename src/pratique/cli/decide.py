"""`pratique decide`: may the holder of these certificates enter there, then?

1. Everything is computed on this device, from the certificates and the snapshot held here.
2. The instant is taken in the time zone of the port of entry (`--timezone`, or the offset it is given with).
3. Exit: 0 GREEN, 1 RED, 3 AMBER; with --all-destinations that of the best one; 4 if nothing was read.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pratique import describe
from pratique.cli import options
from pratique.cli.terminal import say
from pratique.cli.verify import EXIT, exit_code, kind_of, tell_unread
from pratique.decision import decide as decide_for
from pratique.findings import Colour
from pratique.parties import verifier
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.text import as_json, printable


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[TEXT|FILE|-]...")
@click.option("--to", "destination", metavar="COUNTRY[/REGION]", help="Where the holder arrives.")
@options.option(
    "--at",
    was=("--on",),
    type=options.INSTANT,
    metavar="INSTANT",
    help="When the holder arrives (RFC 3339, or a date) [default: now].",
)
@options.timezone
@options.option(
    "--all-destinations",
    "matrix",
    was=("--matrix",),
    is_flag=True,
    help="All destinations that have published rules.",
)
@click.option(
    "--show-content",
    is_flag=True,
    help="Show the content of each certificate too, and what rules see of it, to the holder.",
)
@options.language
@options.sources
@options.output_format
@options.home
@options.quiet
def decide(
    *,
    inputs: tuple[str, ...],
    destination: str | None,
    at: datetime | None,
    zone: str | None,
    matrix: bool,
    show_content: bool,
    language: str,
    sources: tuple[Path, ...],
    environment: str,
    output_format: str,
    home: Path | None,
) -> int:
    """Compute the health code of one person's certificates for a destination."""
    if matrix is (destination is not None):
        raise click.UsageError(
            "name one destination with --to, or ask for all with --all-destinations"
        )
    clock = verifier.clock(at, zone)
    when = clock.at
    snapshot = verifier.undated(verifier.held(sources, environment, home, when), at)
    places = _places(destination, snapshot)
    found, labels = [], {}
    for number, (item, one) in enumerate(verifier.verified(inputs, snapshot, when), 1):
        found.append(one)
        labels[f"certificate {number}"] = item.label
        if item.text is None or one.unread:
            tell_unread(item, one)
    appeals = sorted({describe.appeal_of(one, snapshot) for one in found} - {""})
    contents = [
        (label, describe.content(each.certificate))
        for label, each in zip(labels.values(), found, strict=True)
        if show_content and each.certificate is not None
    ]
    codes = [decide_for(found, snapshot=snapshot, place=place, at=when) for place in places]
    if output_format == "json":
        appeal = {"appeal": appeals} if appeals else {}
        rows = [
            {**describe.health_code_as_json(code, language, when.tzinfo or UTC, labels), **appeal}
            for code in codes
        ]
        document = {"format": describe.HEALTH_CODE_FORMAT, **clock.as_json(), "results": rows}
        if contents:
            document["content"] = [{"source": label, **shown} for label, shown in contents]
        click.echo(as_json(document, indent=1))
    else:
        for code in codes:
            if matrix:
                say(describe.health_code_row(code))
                continue
            for line in describe.health_code(code, language, when, labels):
                say(line)
        for contact in appeals:
            say(f"  appeal to {printable(contact)}")
        _tell_contents(contents)
        if matrix and clock.known_from is verifier.ZoneFrom.DEFAULT:
            # Between the midnights of two zones a rule's answer differs: nobody is to guess which
            # was taken. With one destination the first line tells it.
            say(f"judged {clock.inferred()}", err=True)
    if found and all(one.unread for one in found):
        return exit_code(Counter(map(kind_of, found)))
    colours = {code.colour for code in codes}
    best = next((c for c in (Colour.GREEN, Colour.AMBER) if c in colours), Colour.RED)
    return EXIT[best]


def _tell_contents(contents: list[tuple[str, dict[str, Any]]]) -> None:
    for label, content in contents:
        say(f"  content of {printable(label)}, for the holder only:")
        for line in describe.content_lines(content):
            say(line)


def _places(destination: str | None, snapshot: Snapshot) -> list[Destination]:
    if destination is None:
        return list(snapshot.ruleset.destinations)
    place = verifier.place_of(destination, snapshot.ruleset)
    if note := verifier.unknown_region(place, snapshot.ruleset):
        say(f"note: {note}", err=True)
    return [place]
