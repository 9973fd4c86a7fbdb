"""What a participant has published, as it notes it itself; the monitor holds the network against it.

    participant.json, published.json -> Record          watched.json: what the monitor has seen

1. Who the participant is and which keys speak for it is its own document's to say, and not a copy's of a
   day long ago: what is noted adds the keys of before.
"""

from __future__ import annotations

from pathlib import Path

from pratique.cli import participant_home as homes
from pratique.edges import disk, files
from pratique.errors import DocumentRefused
from pratique.network import keys
from pratique.network.proposal import Proposal
from pratique.network.record import Record

FILE, WATCHED = "published.json", "watched.json"


def load(folder: Path) -> Record:
    """Return what is noted; nothing published, before the first edition.

    A machine that only watches needs no more of a participant's folder than published.json.
    """
    path = folder / FILE
    noted = Record.from_bytes(files.read_bytes(path)) if path.exists() else None
    if noted is not None and not (folder / homes.FILE).exists():
        return noted
    own = homes.load(folder)
    one = own.participant
    if noted is not None and noted.code != one.code:
        raise DocumentRefused(
            "record-malformed", f"{path}: it is of {noted.code}", "restore it from its copy"
        )
    found = noted or Record(one.code, one.countries, (), own.threshold)
    found = found._replace(countries=one.countries, threshold=own.threshold)
    return found.with_keys(*_sets(own))


def _sets(own: homes.Home) -> list[frozenset[str]]:
    """Return the keys of now; where successors wait for the seats, both together, and those alone."""
    now, coming = (
        frozenset(keys.keyid(keys.from_pem(pem)) for pem, _ in rows)
        for rows in (own.role_keys, own.coming)
    )
    return [now, now | coming, coming] if coming else [now]


def note(folder: Path, proposed: Proposal) -> None:
    """Note an edition before it is handed in."""
    found = load(folder)
    disk.replace(folder / FILE, found.with_edition(proposed.metadata[found.code]).to_bytes())
