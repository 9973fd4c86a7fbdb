"""`pratique network status`: every participant's state, computed; what ends when; a calendar of it.

    what was synced | a repository | trust lists | participants' folders -> rows -> text | JSON | calendar

1. A state is computed at the instant of asking; none is stored, and nothing is fetched.
2. Exit: 0; with --within, 1 if something has ended or ends within so many days.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.network import rows as found_rows
from pratique.cli.safe import printable
from pratique.terms import Environment
from pratique.trust.enduring import calendar, told

LONGEST = 300


@click.command("status")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[SOURCE]...")  # fmt: skip
@click.option("--within", type=click.IntRange(0, 4000), metavar="DAYS",
              help="Only what has ended, or ends within so many days; exit with 1 if there is any.")  # fmt: skip
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True,
              help="Environment of trust lists that do not tell their own.")  # fmt: skip
@click.option("--format", "output_format", type=click.Choice(["text", "json", "ics"]),
              default="text", show_default=True, help="A table, JSON, or a calendar (RFC 5545).")  # fmt: skip
@options.at
@options.home
def standing(
    *,
    sources: tuple[Path, ...],
    within: int | None,
    environment: str,
    output_format: str,
    at: datetime | None,
    home: Path | None,
) -> int:
    """Show who is live, who ends when, and who has lapsed, and why.

    SOURCE is the authority's folder or a mirror, a trust list or a tree of them, a participant's folder
    or a folder of those [default: what was synced and imported here].
    """
    instant = int(options.now_or(at).timestamp())
    seen = found_rows.of(sources, instant, Environment(environment), home)
    if within is not None:
        seen = seen._replace(rows=told.within(seen.rows, within))
    if output_format == "json":
        document = {
            "format": told.FORMAT, "name": seen.name, "at": told.instant(instant),
            "within": within, "participants": told.as_json(seen.rows),
        }  # fmt: skip
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    elif output_format == "ics":
        click.echo(calendar.written(seen.rows, at=instant, name=seen.name), nl=False)
    else:
        for line in told.table(seen.rows):
            click.echo(printable(line, LONGEST))
        click.echo(f"{told.counted(seen.rows)}; at {told.instant(instant)}")
        for note in seen.notes:
            click.echo(f"note: {printable(note, LONGEST)}", err=True)
    return 1 if within is not None and seen.rows else 0
