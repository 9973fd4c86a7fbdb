"""What a participant has published, as it notes it itself; the monitor holds the network against it.

published.json · watched.json
"""

from __future__ import annotations

from pathlib import Path

from pratique.cli import participant_home as homes
from pratique.edges import disk, files
from pratique.network import keys
from pratique.network.proposal import Proposal
from pratique.network.record import Record

FILE, WATCHED = "published.json", "watched.json"


def load(folder: Path) -> Record:
    """Return what is noted; nothing published, before the first edition."""
    path = folder / FILE
    if path.exists():
        return Record.from_bytes(files.read_bytes(path))
    own = homes.load(folder)
    ids = frozenset(map(keys.keyid, own.public_keys().public_keys))
    return Record(own.participant.code, own.participant.countries, ids, own.threshold)


def note(folder: Path, proposed: Proposal) -> None:
    """Note an edition before it is handed in."""
    found = load(folder)
    disk.replace(folder / FILE, found.with_edition(proposed.metadata[found.code]).to_bytes())
