"""`pratique issuer audit`: count issues by site and operator, and show what stands out."""

from __future__ import annotations

from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer.where import book_options, open_book
from pratique.cli.safe import as_json, printable
from pratique.cli.show import instant
from pratique.edges.register.tallies import acts, doubles, tallies
from pratique.journeys.audit import outliers


@click.command()
@options.output_format
@book_options
def audit(*, output_format: str, **where: Any) -> None:
    """Show who issued how many where, what stands out, and every act of revocation.

    Operators stand under their pseudonyms; of holders the register knows nothing.
    """
    desk = open_book(**where)
    found = desk.register.read(doubles)
    labels = {shard.kid: shard.label for shard in desk.shards}
    counted, done = desk.register.read(tallies), desk.register.read(acts)
    marks = outliers(counted)
    if output_format == "json":
        rows = [
            {**tally._asdict(), "marks": marks.get((tally.site, tally.operator), ())}
            for tally in counted
        ]
        told = {
            "format": "pratique-audit-1", "work": rows, "acts": [act._asdict() for act in done],
            "doubles": [
                {"shard": labels.get(one.kid, one.kid.hex()), "tag": f"{one.tag:x}", "revoked": one.is_revoked}
                for one in found
            ],
        }  # fmt: skip
        click.echo(as_json(told, indent=1))
        return
    click.echo(
        f"{'site':<20} {'operator':<20} {'issued':>8} {'revoked':>8} {'days':>5} {'busiest':>8}"
    )
    for tally in counted:
        site, operator = printable(tally.site)[:20], printable(tally.operator)[:20]
        click.echo(
            f"{site:<20} {operator:<20} {tally.issued:>8} {tally.revoked:>8} {tally.days:>5} "
            f"{tally.busiest:>8}"
        )
        for mark in marks.get((tally.site, tally.operator), ()):
            click.echo(f"  {mark.value}")
    for act in done:
        click.echo(
            f"{instant(act.at)}: {act.certificates} taken back by {act.selection} "
            f"({act.reason}), {printable(act.operator)}"
        )
    for one in found:
        label = labels.get(one.kid, one.kid.hex())
        state = "taken back" if one.is_revoked else "good"
        click.echo(
            f"mind: one request has several certificates: --shard {label} --tag {one.tag:x}, {state}"
        )
