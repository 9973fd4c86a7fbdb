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

from pratique import text
from pratique.cli import options
from pratique.errors import UsageError
from pratique.network import metadata, view
from pratique.network import monitor as network_monitor
from pratique.network.monitor import Watched
from pratique.parties import participant, witness
from pratique.store import files, sources
from pratique.store import network as store_network
from pratique.text import as_json

ALARM = 1


@click.command()
@click.argument("source", required=False)
@options.participant
@options.home
@options.output_format
@click.option("--quiet", is_flag=True, help="Write nothing where nothing is wrong.")
@options.at
def monitor(
    *,
    source: str | None,
    folder: Path,
    home: Path | None,
    output_format: str,
    quiet: bool,
    at: datetime | None,
) -> int:
    """Hold what was synced, and the log at SOURCE, against what this participant has published.

    SOURCE is a web address or a folder [default: where the last sync came from].
    """
    where, network = folder, store_network.folder_of(sources.home(home))
    kept = store_network.load_held(network)
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        raise UsageError(
            "no-network", "no network is known here", "pratique sync SOURCE --root root.json"
        )
    place = source or store_network.source_of(network)
    if place is None:
        raise UsageError("source-missing", "it is not told where the log is", "name SOURCE")
    get, path = witness.patient(place), where / participant.WATCHED
    before = Watched.from_bytes(sources.read_bytes(path)) if path.exists() else Watched()
    log = network_monitor.Log(
        witness.checkpoint(get),
        partial(witness.Leaves, get),
        lambda name: kept.files.get(name) or get(name, metadata.MAX_TARGETS),
    )
    current = view.read(kept.files, kept.anchor)
    found = network_monitor.watched(
        participant.load_published(where), current, log, before, at=options.now_or(at)
    )
    if found.alarms or not quiet:
        _tell(found, output_format)
        sys.stdout.flush()
    files.replace(path, found.watched.to_bytes())
    return ALARM if found.alarms else 0


def _tell(found: network_monitor.Seen, output_format: str) -> None:
    if output_format == "json":
        rows = [one._asdict() for one in found.alarms]
        click.echo(as_json({"alarms": rows, "leaves": found.watched.size}, indent=1))
        return
    for one in found.alarms:
        click.echo(text.printable(f"alarm: {one.code}: {one.told()}"))
    click.echo(f"{found.watched.size} leaves looked at, {len(found.alarms)} alarms")
