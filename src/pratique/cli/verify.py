"""`pratique verify`: judge certificates with what is held here, and nothing else.

    arguments -> inputs.every -> verifier.Check -> lines | JSON -> exit code

1. No network, no file written, nothing kept; a check never starts a sync.
2. A fault of this program stops one input, and the next is judged.
3. Exit: 70 after such a fault, else 4 if something could not be read, else 1 if any is RED, else 3 if
   any is AMBER, else 0.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique import describe
from pratique.cli import options, terminal
from pratique.cli.terminal import complaint, flush, say
from pratique.errors import EXIT_UNFORESEEN
from pratique.findings import UNREAD, Code, Colour
from pratique.formats import parts, wrapping
from pratique.formats.wrapping import Unwrapped
from pratique.parties.inputs import Item, every
from pratique.parties.verifier import (
    Check,
    Clock,
    clock,
    faster,
    held,
    place_of,
    undated,
    unknown_region,
)
from pratique.snapshot import Snapshot
from pratique.text import as_json, plural, printable
from pratique.verification import Verification

TOLD_IN_DAYS = 72
"""Hours up to which the age of what was synced is told in hours."""
BAR_FROM = 20
"""Arguments from which on a progress bar is worth its line."""
EXIT = {Colour.GREEN: 0, Colour.RED: 1, Colour.AMBER: 3}
INPUT_OUTPUT = 4
NOT_READ, FAULTS = "could not be read", "stopped by a fault of this program"


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[TEXT|FILE|-]...")
@options.sources
@click.option("--to", "destination", metavar="COUNTRY[/REGION]", help="Ask this one's rules too.")
@options.timezone
@options.option(
    "--backend",
    type=click.Choice(["openssl", "aws-lc"]),
    default="openssl",
    show_default=True,
    help="Library that checks signatures; aws-lc is faster, and needs the extra fast.",
)
@click.option("--fast", is_flag=True, hidden=True, help="The former name of --backend aws-lc.")
@options.option(
    "--show-content",
    was=("--inspect",),
    is_flag=True,
    help="Show the whole content too, to the holder.",
)
@options.language
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="How to write the outcome; jsonl writes one result a line, as they come.",
)
@options.column_options
@options.at
@options.home
@options.quiet
def verify(
    *,
    inputs: tuple[str, ...],
    sources: tuple[Path, ...],
    environment: str,
    destination: str | None,
    zone: str | None,
    backend: str,
    fast: bool,
    show_content: bool,
    language: str,
    output_format: str,
    at: datetime | None,
    home: Path | None,
    **more: Any,
) -> int:
    """Verify health certificates, offline.

    Each input is a certificate's text, a file of texts, a picture or PDF with barcodes, or - for
    lines on standard input, as a hardware scanner types them. Read are HC1: (DCC, DDCC, ICVP),
    SMART Health Cards, NZ COVID Passes, Swiss certificates light, ICAO seals (VDS-NC), French
    2D-DOC and DIVOC. Codes of one card may come in any order, and from several inputs.

    Without --to the best outcome is AMBER: authentic and in force, and nobody's rules were asked.

    With --out the inputs are files of columns, or folders of them, with a text in each row: a colour
    and the codes of findings go to the folder. Killed, it goes on when it is called again.

    Exit code: 0 accepted, 1 refused, 2 usage, 3 cannot decide, 4 something could not be read,
    70 a fault of this program.
    """
    wanted = options.columns_of(more)
    when = clock(at, zone)
    snapshot = held(sources, environment, home, when.at)
    if fast or backend == "aws-lc":
        snapshot = faster(snapshot)
    place = None if destination is None else place_of(destination, snapshot.ruleset)
    if place is not None and (note := unknown_region(place, snapshot.ruleset)):
        say(f"note: {note}", err=True)
    check = Check(snapshot, when.at, place, show_content, language, undated(snapshot, at))
    if wanted.out is not None:
        return _columns(check, inputs, wanted, when, faster=fast or backend == "aws-lc")
    if inputs == ("-",) and sys.stdin is not None and sys.stdin.isatty():
        counts = serve(check, output_format)
    else:
        counts = _run(check, inputs, output_format, when)
    if output_format == "text":
        _sum_up(counts, snapshot, when.at, "" if place is None else when.inferred())
    return exit_code(counts)


def _columns(
    check: Check,
    inputs: tuple[str, ...],
    wanted: options.ColumnOptions,
    when: Clock,
    *,
    faster: bool,
) -> int:
    """Verify files of columns; the exit code is that of all their rows."""
    from pratique.parties import columnar  # noqa: PLC0415 - a check starts fast

    ask = columnar.verify_ask(check, when, wanted.column, wanted.keep, faster=faster)
    worked = options.work_through(ask, inputs, wanted, "verifying")
    if worked is None:
        return options.INTERRUPTED
    names = {"unread": NOT_READ, "fault": FAULTS}
    return exit_code(
        Counter({names.get(name, name): count for name, count in worked.counts.items()})
    )


def _run(check: Check, inputs: tuple[str, ...], output_format: str, when: Clock) -> Counter[str]:
    counts: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for item in _with_bar(inputs):
        found, shown = check.shown(item, as_json=output_format != "text")
        counts[kind_of(found)] += 1
        if item.text is None:
            tell_unread(item)
        if output_format == "json":
            rows.append(shown)
        elif output_format == "jsonl":
            click.echo(as_json({"format": describe.FORMAT, **shown}))
        elif item.text is not None or not item.remark:
            say("\n".join(shown))
        flush()
    if output_format == "json":
        document = {**describe.document(rows, check.snapshot, check.at), **when.as_json()}
        click.echo(as_json(document, indent=1))
    return counts


def tell_unread(item: Item, found: Verification | None = None) -> None:
    """Tell on stderr why an input was not read."""
    remark = item.remark
    if not remark and found is not None:
        remark = "; ".join(
            f"{finding.code.meaning}{f' ({finding.where})' if finding.where else ''}"
            for finding in found.verdict.findings
        )
    complaint(f"{printable(item.label)}: {remark}" if remark else "", item.hint)


def kind_of(found: Verification) -> str:
    """Return as what an outcome is counted: its colour, or that nothing was read, or that it failed."""
    if any(finding.code is Code.UNFORESEEN for finding in found.verdict.findings):
        return FAULTS
    return NOT_READ if found.unread else found.verdict.colour


def exit_code(counts: Counter[str]) -> int:
    """Return the exit code of what was counted: the most severe outcome decides."""
    if counts[FAULTS]:
        return EXIT_UNFORESEEN
    if counts[NOT_READ] or not counts:
        return INPUT_OUTPUT
    return EXIT[next(c for c in (Colour.RED, Colour.AMBER, Colour.GREEN) if counts[c])]


def _sum_up(counts: Counter[str], snapshot: Snapshot, at: datetime, inferred: str) -> None:
    hours = (int(at.timestamp()) - snapshot.created) // 3600
    days = hours // 24
    age = f"trust list {plural(days, 'day')} old" if days > 0 else "trust list of today"
    if days < 0:
        age = "trust list newer than --at"
    elif snapshot.roll is not None and 0 < hours < TOLD_IN_DAYS:
        age = f"trust list {plural(hours, 'hour')} old"
    outcomes = [f"{counts[kind]} {kind}" for kind in (*Colour, NOT_READ, FAULTS) if counts[kind]]
    parts = [", ".join(outcomes) or "nothing to verify", age, *([inferred] if inferred else [])]
    say("; ".join(parts), err=True)


def _with_bar(inputs: tuple[str, ...]) -> Iterator[Item]:
    if len(inputs) < BAR_FROM or not sys.stderr.isatty() or sys.stdout.isatty():
        yield from every(inputs)
        return
    with click.progressbar(inputs, label="verifying", file=sys.stderr) as bar:
        yield from every(bar)


# `pratique verify -` at a terminal: a desk with a hardware scanner.
#
#     scan, scan, empty line -> a block per traveller: each certificate, then all of them together
#
# 1. Nothing that is scanned is echoed; what is shown is what `verify` shows.
# 2. Certificates that are scanned one after the other are one traveller's, until an empty line says "next":
#    then the screen is cleared, and what has scrolled off it.
# 3. Nothing of a traveller is kept once the screen is cleared, but the count of outcomes.


HELP = "scan; codes are not shown. Empty line: next traveller, clears the screen. Ctrl-D: end"
_MOST_LINES = 60


class _Traveller(NamedTuple):
    """Who stands at the counter: what was scanned so far, and what waits for its rest.

    Attributes:
        number: the how-manyth they are.
        found: what came of what they handed in.
        begun: lines of a broken code.
        gathering: chunks of a card.
    """

    number: int
    found: list[Verification]
    begun: list[str]
    gathering: parts.Gathering


def serve(check: Check, output_format: str) -> Counter[str]:
    """Judge what is scanned, traveller by traveller, until the input ends; return what came of it."""
    counts: Counter[str] = Counter()
    with terminal.unechoed() as typed:
        traveller = _greeted(1)
        for lines in typed:
            codes = [line for line in lines if line.strip()]
            if codes:
                # Empty lines that came with a code are its scanner's line ends, and clear nothing.
                for one in _codes(codes, traveller.begun):
                    if (whole := _gathered(one, traveller.gathering)) is not None:
                        _judge(whole, check, traveller, counts, output_format)
                flush()
            elif traveller.found or traveller.begun:
                traveller = _greeted(traveller.number + 1, clear=True)
    return counts


def _codes(lines: list[str], begun: list[str]) -> Iterator[Unwrapped]:
    """Yield the codes in lines; one that was broken over lines as soon as its last line is there."""
    found = list(wrapping.codes(lines))
    if all(one.finding is not None and one.finding.code in UNREAD for one in found):
        begun += lines
        whole = wrapping.unwrapped("\n".join(begun))
        if whole.finding is None:
            found = [whole]
        del begun[:-_MOST_LINES]
    if any(one.finding is None for one in found):
        begun.clear()
    yield from found


def _gathered(code: Unwrapped, gathering: parts.Gathering) -> Unwrapped | None:
    """Return a code, or a card with the last of its chunks; None, and say so, while some are to come."""
    if code.finding is not None or not wrapping.is_part(code.text):
        return code
    card = gathering.add(code.text, "")
    if card is not None:
        return code._replace(text=card.text, finding=card.finding)
    for waiting in gathering.missing():
        assert waiting.finding is not None
        say(
            f"{waiting.finding.where or waiting.finding.code.meaning}: {waiting.finding.code.next_step}"
        )
    return None


def _judge(
    one: Unwrapped, check: Check, traveller: _Traveller, counts: Counter[str], output_format: str
) -> None:
    number = len(traveller.found) + 1
    label = f"traveller {traveller.number}, certificate {number}"
    item = Item(label, one.text, "", one.notes, one.finding)
    found, shown = check.shown(item, as_json=output_format != "text")
    counts[kind_of(found)] += 1
    if not found.unread:
        traveller.found.append(found)
    if output_format != "text":
        click.echo(as_json({"format": describe.FORMAT, **shown}))
        return
    say("\n".join(shown))
    if not found.unread and number > 1:
        for line in _together(check, traveller):
            say(line)


def _together(check: Check, traveller: _Traveller) -> Iterator[str]:
    """Yield what the certificates of one traveller come to together."""
    from pratique import decision  # noqa: PLC0415 - only where several were scanned

    if check.place is None:
        claims = decision.claims_of(traveller.found)
        findings = set(claims.notes)
        for claim in claims.printed:
            findings |= {finding for finding in claim[1] if finding.code is Code.HOLDER_UNCLEAR}
        for finding in sorted(findings, key=lambda finding: finding.code.name):
            yield from describe.reason(finding)
        return
    yield f"together, {len(traveller.found)} certificates:"
    code = decision.decide(traveller.found, snapshot=check.snapshot, place=check.place, at=check.at)
    yield from describe.health_code(code, "en", check.at)


def _greeted(number: int, *, clear: bool = False) -> _Traveller:
    if clear and sys.stdout.isatty():
        # Not by click, which takes it out where colours are off.
        sys.stdout.write(terminal.CLEAR)
        flush()
    click.echo(f"traveller {number}: {HELP}", err=True)
    flush()
    return _Traveller(number, [], [], parts.Gathering())
