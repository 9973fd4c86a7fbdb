"""What is held in a home folder: the network that was synced, and what was imported beside it.

    network/held.zip -> checked anew from its anchor -> Snapshot, merged with trust/snapshot.json

1. What lies on the disk is checked at every start as if it had just come; nothing is believed for its
   place.
2. A folder that was never synced loads nothing of the network's code.
"""

from __future__ import annotations

from pathlib import Path

from pratique.edges import files
from pratique.snapshot import Snapshot

ANCHOR = Path("network") / "anchor.json"


def snapshot(home: Path | None) -> Snapshot | None:
    """Return what a check uses; None if nothing was synced or imported yet."""
    folder = files.home(home)
    imported = files.load_snapshot(folder)
    if not (folder / ANCHOR).exists():
        return imported
    from pratique.edges.network import held  # noqa: PLC0415 - rule 2
    from pratique.network import names, view  # noqa: PLC0415 - rule 2
    from pratique.snapshot.of_network import compiled, merged  # noqa: PLC0415 - rule 2

    kept = held.load(held.folder_of(folder))
    if kept is None or names.TIMESTAMP_FILE not in kept.files:
        return imported
    synced = compiled(view.read(kept.files, kept.anchor))
    return synced if imported is None else merged(synced, imported)
