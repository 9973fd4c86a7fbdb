"""`pratique inspect`: every layer of a text, for developers. Nothing here is verified."""

from __future__ import annotations

import click

from pratique import describe
from pratique.cli import options
from pratique.cli.terminal import complaint, say
from pratique.findings import UNREAD
from pratique.parties.inputs import every
from pratique.text import as_json, printable

INPUT_OUTPUT = 4


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[TEXT|FILE|-]...")
@options.output_format
def inspect(*, inputs: tuple[str, ...], output_format: str) -> int:
    """Show every layer of certificates, without trust: nothing shown is verified."""
    rows = []
    unread = False
    for item in every(inputs):
        if item.text is None:
            why = item.remark or (item.finding.code.meaning if item.finding is not None else "")
            complaint(f"{printable(item.label)}: {why}")
            unread = True
            continue
        row = {"source": item.label, **describe.layers(item.text)}
        if item.finding is not None:
            row["stopped"] = describe.briefly(item.finding)
            unread = unread or item.finding.code in UNREAD
        if item.notes:
            row["made_good"] = [describe.briefly(note) for note in item.notes]
        rows.append(row)
    if output_format == "json":
        shown = {"format": "pratique-inspection-1", "warning": describe.UNVERIFIED, "results": rows}
        click.echo(as_json(shown, indent=1))
    else:
        for row in rows:
            say("\n".join(describe.layer_lines(row)))
    return INPUT_OUTPUT if unread or not rows else 0
