"""A participant's monitor: is what the network says of it what it has said?

    what was synced · the log at SOURCE · published.json -> network.monitor -> alerts, watched.json

1. It is run by the participant itself, every day: nobody else knows what the participant has published.
2. What was seen is kept after it was shown: who is killed in between is told again.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from pratique.errors import UsageError
from pratique.network import metadata, monitor
from pratique.parties import participant, proposals, witness
from pratique.store import files, network, sources


def observe(
    folder: Path, home: Path | None, source: str | None, *, at: datetime
) -> monitor.MonitorReport:
    """Hold what was synced, and the log at a source or where the last sync came from, against what was published."""
    known = proposals.known(None, home)
    if known is None:
        raise UsageError(
            "no-network", "no network is known here", "pratique sync SOURCE --root root.json"
        )
    place = source or network.source_of(network.folder_of(sources.home(home)))
    if place is None:
        raise UsageError("source-missing", "no source of the log is configured", "name SOURCE")
    get, path = witness.patient(place), folder / participant.WATCHED
    before = monitor.MonitorState()
    if path.exists():
        before = monitor.MonitorState.from_bytes(sources.read_bytes(path))
    log = monitor.Log(
        witness.checkpoint(get),
        partial(witness.Leaves, get),
        lambda name: known.files.get(name) or get(name, metadata.MAX_TARGETS),
    )
    published = participant.load_published(folder)
    return monitor.watched(published, known.view, log, before, at=at)


def keep(folder: Path, seen: monitor.MonitorReport) -> None:
    """Keep what was seen, once it was shown."""
    files.replace(folder / participant.WATCHED, seen.watched.to_bytes())
