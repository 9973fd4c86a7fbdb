"""`pratique monitor`: is what the network says of a participant what the participant has said?

    what was synced · the log at SOURCE · published.json -> journeys.monitor -> alarms, watched.json

1. It is run by the participant itself, every day: nobody else knows what the participant has published.
2. Exit: 0 no alarm · 1 alarms · 3 refused · 4 not reached. A log that is in doubt is an alarm.
3. With --quiet nothing is written where nothing is wrong: a clock's mail is an alarm.
4. What was seen is kept after it was told: who is killed in between is told again.
"""

from __future__ import annotations

import sys
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from pratique.cli import logs, options, safe
from pratique.cli import participant_home as homes
from pratique.cli.participant import published
from pratique.cli.safe import as_json
from pratique.edges import disk, files
from pratique.edges.network import held
from pratique.errors import UsageError
from pratique.journeys import monitor as journey
from pratique.network import names, view
from pratique.network.record import Watched

ALARM = 1


@click.command()
@click.argument("source", required=False)
@homes.option
@options.home
@options.output_format
@click.option("--quiet", is_flag=True, help="Write nothing where nothing is wrong.")
@options.at
def monitor(
    *,
    source: str | None,
    folder: Path | None,
    home: Path | None,
    output_format: str,
    quiet: bool,
    at: datetime | None,
) -> int:
    """Hold what was synced, and the log at SOURCE, against what this participant has published.

    SOURCE is a web address or a folder [default: where the last sync came from].
    """
    where, network = homes.folder_of(folder), held.folder_of(files.home(home))
    kept = held.load(network)
    if kept is None or names.TIMESTAMP_FILE not in kept.files:
        raise UsageError(
            "no-network", "no network is known here", "pratique sync SOURCE --root root.json"
        )
    place = source or held.source_of(network)
    if place is None:
        raise UsageError("source-missing", "it is not told where the log is", "name SOURCE")
    get, path = logs.patient(place), where / published.WATCHED
    before = Watched.from_bytes(files.read_bytes(path)) if path.exists() else Watched()
    log = journey.Log(
        logs.checkpoint(get),
        partial(logs.Leaves, get),
        lambda name: kept.files.get(name) or get(name, names.MAX_TARGETS),
    )
    current = view.read(kept.files, kept.anchor)
    found = journey.watched(published.load(where), current, log, before, at=options.now_or(at))
    if found.alarms or not quiet:
        _tell(found, output_format)
        sys.stdout.flush()
    disk.replace(path, found.watched.to_bytes())
    return ALARM if found.alarms else 0


def _tell(found: journey.Seen, output_format: str) -> None:
    if output_format == "json":
        rows = [one._asdict() for one in found.alarms]
        click.echo(as_json({"alarms": rows, "leaves": found.watched.size}, indent=1))
        return
    for one in found.alarms:
        click.echo(safe.printable(f"alarm: {one.code}: {one.told()}"))
    click.echo(f"{found.watched.size} leaves looked at, {len(found.alarms)} alarms")
