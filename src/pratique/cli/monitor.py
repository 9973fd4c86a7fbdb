"""`pratique monitor`: is what the network says of a participant what the participant has said?

1. Exit: 0 no alert · 1 alerts · 3 refused · 4 not reached. A log that is in doubt is an alert.
2. With --quiet nothing is written where nothing is wrong: a mail from a schedule (cron) is an alert.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.network.monitor import MonitorReport
from pratique.parties import monitor as parties_monitor
from pratique.text import as_json, plural, printable

ALERT = 1


@click.command()
@click.argument("source", required=False)
@options.participant
@options.home
@options.output_format
@click.option("--quiet", is_flag=True, help="Write nothing where nothing is wrong.")
@options.now
def monitor(
    *,
    source: str | None,
    folder: Path,
    home: Path | None,
    output_format: str,
    quiet: bool,
    at: datetime,
) -> int:
    """Hold what was synced, and the log at SOURCE, against what this participant has published.

    SOURCE is a web address or a folder [default: where the last sync came from].
    """
    seen = parties_monitor.observe(folder, home, source, at=at)
    if seen.alarms or not quiet:
        _echo(seen, output_format)
        sys.stdout.flush()
    parties_monitor.keep(folder, seen)
    return ALERT if seen.alarms else 0


def _echo(seen: MonitorReport, output_format: str) -> None:
    if output_format == "json":
        rows = [one._asdict() for one in seen.alarms]
        click.echo(as_json({"alarms": rows, "leaves": seen.watched.size}, indent=1))
        return
    for one in seen.alarms:
        click.echo(printable(f"alert: {one.code}: {one.told()}"))
    alerts = plural(len(seen.alarms), "alert") if seen.alarms else "no alerts"
    checked = plural(seen.watched.size, "log entry")
    click.echo(f"{checked} checked, {alerts}")
