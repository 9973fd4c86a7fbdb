"""Write what goes out: a folder that holds it and nothing else.

    {name: bytes} -> tree | folders -> files

1. What an earlier run has left would speak on: a withdrawn key's document has a proof that still holds.
2. Of a tree, whose files have one name, such documents are taken away; in other folders lies what may be
   somebody's own, and nothing is written beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pratique.edges import disk
from pratique.errors import UsageError

DOCUMENT = "did.json"


def tree(folder: Path, found: Mapping[str, bytes], roots: tuple[str, ...]) -> int:
    """Write a tree of documents, take away those of earlier ones, and return how many these were."""
    _write(folder, found)
    there = [path for root in roots for path in (folder / root).rglob(DOCUMENT)]
    stale = [path for path in there if path.relative_to(folder).as_posix() not in found]
    for path in stale:
        path.unlink()
    return len(stale)


def folders(folder: Path, found: Mapping[str, bytes]) -> None:
    """Write files into a folder that holds no others; UsageError `folder-holds-others`."""
    there = sorted(path for path in folder.rglob("*") if path.is_file())
    others = [path for path in there if path.relative_to(folder).as_posix() not in found]
    if others:
        raise UsageError(
            "folder-holds-others",
            f"{folder} holds something else already, {others[0].relative_to(folder)} for one",
            "name a new folder, or take away what an earlier run has left",
        )
    _write(folder, found)


def _write(folder: Path, found: Mapping[str, bytes]) -> None:
    for name, data in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        disk.replace(path, data, 0o644)
