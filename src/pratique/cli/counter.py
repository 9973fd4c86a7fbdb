"""`pratique verify -` at a terminal: a desk with a hardware scanner.

    scan, scan, empty line -> a block per traveller: each certificate, then all of them together

1. Nothing that is scanned is echoed; what is shown is what `verify` shows.
2. Certificates that are scanned one after the other are one traveller's, until an empty line says "next":
   then the screen is cleared, and what has scrolled off it.
3. Nothing of a traveller is kept once the screen is cleared, but the count of outcomes.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import click

from pratique.cli import show, terminal
from pratique.cli.checking import Check, flush, kind_of
from pratique.cli.inputs import Item
from pratique.cli.safe import as_json
from pratique.findings import UNREAD, Code
from pratique.formats import wrapping
from pratique.formats.wrapping import Unwrapped
from pratique.journeys.claims import claims_of
from pratique.journeys.verify import Verification
from pratique.verdict import Finding

HELP = "scan; codes are not shown. Empty line: next traveller, clears the screen. Ctrl-D: end"
_MOST_LINES = 60


class _Traveller(NamedTuple):
    """Who stands at the counter: what was scanned so far, and what of a broken code waits for its rest."""

    number: int
    found: list[Verification]
    begun: list[str]


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
                    _judge(one, check, traveller, counts, output_format)
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


def _judge(
    one: Unwrapped, check: Check, traveller: _Traveller, counts: Counter[str], output_format: str
) -> None:
    number = len(traveller.found) + 1
    label = f"traveller {traveller.number}, certificate {number}"
    item = Item(label, one.text, "", one.notes, one.finding)
    found, told = check.shown(item, as_json=output_format != "text")
    counts[kind_of(found)] += 1
    if not found.unread:
        traveller.found.append(found)
    if output_format != "text":
        click.echo(as_json({"format": show.FORMAT, **told}))
        return
    click.echo("\n".join(told))
    if not found.unread and number > 1:
        for line in _together(check, traveller):
            click.echo(line)


def _together(check: Check, traveller: _Traveller) -> Iterator[str]:
    """Yield what the certificates of one traveller come to together."""
    if check.place is None:
        findings = set(claims_of(traveller.found).notes)
        for claim in claims_of(traveller.found).printed:
            findings |= {finding for finding in claim[1] if finding.code is Code.HOLDER_UNCLEAR}
        for finding in sorted(findings, key=_name):
            yield from show.reason(finding)
        return
    from pratique.cli import decide  # noqa: PLC0415 - only where several were scanned

    yield f"together, {len(traveller.found)} certificates:"
    yield from decide.told(traveller.found, check.snapshot, check.place, check.at)


def _name(finding: Finding) -> str:
    return finding.code.name


def _greeted(number: int, *, clear: bool = False) -> _Traveller:
    if clear and sys.stdout.isatty():
        # Not by click, which takes it out where colours are off.
        sys.stdout.write(terminal.CLEAR)
        flush()
    click.echo(f"traveller {number}: {HELP}", err=True)
    flush()
    return _Traveller(number, [], [])
