"""`pratique network status`: every participant's state, computed; what ends when; a calendar of it.

    what was synced | a repository | trust lists | participants' folders -> rows -> text | JSON | calendar

1. A state is computed at the instant of asking; none is stored, and nothing is fetched.
2. Exit: 0; with --within, 1 if something has ended, ends within so many days, or could not be read.
3. Whatever others have named reaches a terminal masked and cut, and JSON as ASCII.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.network import rows as found_rows
from pratique.cli.safe import as_json, printable
from pratique.terms import Environment
from pratique.trust.enduring import calendar, told

LONGEST = 300
CELL = 40
"""Characters of a participant's or a domain's name in the table."""


@click.command("status")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[SOURCE]...")  # fmt: skip
@click.option("--within", type=click.IntRange(0, 4000), metavar="DAYS",
              help="Only what has ended, or ends within so many days; exit with 1 if there is any, or something could not be read.")  # fmt: skip
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
        kept = {name: told.within(rows, within) for name, rows in seen.sources.items()}
        seen = seen._replace(sources=kept)
    if output_format == "json":
        click.echo(as_json(_document(seen, instant, within), indent=1))
    elif output_format == "ics":
        click.echo(calendar.written(seen.sources, at=instant), nl=False)
    else:
        for line in _text(seen, instant):
            click.echo(line)
    for note in seen.notes:
        click.echo(f"note: {printable(f'{note.name}: {note.why}', LONGEST)}", err=True)
    return 1 if within is not None and (seen.rows or seen.notes) else 0


def _document(seen: found_rows.Seen, instant: int, within: int | None) -> dict[str, Any]:
    return {
        "format": told.FORMAT,
        "name": " ".join(seen.sources),
        "at": told.instant(instant),
        "within": within,
        "participants": [
            row for name, rows in seen.sources.items() for row in told.as_json(rows, name)
        ],
        "unread": [{"name": one.name, "code": one.code} for one in seen.notes],
    }


def _text(seen: found_rows.Seen, instant: int) -> Iterator[str]:
    for name, rows in seen.sources.items():
        if len(seen.sources) > 1:
            yield f"{printable(name, LONGEST)}:"
        yield from told.table(rows, _cell)
    yield f"{told.counted(seen.rows)}; at {told.instant(instant)}"


def _cell(text: str) -> str:
    shown = printable(text, CELL)
    # A masked character is longer than it was.
    return shown if len(shown) <= CELL + 1 else f"{shown[:CELL]}…"
