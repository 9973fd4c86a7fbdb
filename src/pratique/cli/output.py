"""Write a file that somebody has named: to be handed on, so everybody may read it."""

from __future__ import annotations

from pathlib import Path

from pratique.edges import disk
from pratique.errors import Unreadable


def write(path: Path, data: bytes) -> None:
    """Write a file in place of whatever is there; Unreadable `file-unwritable`."""
    try:
        disk.replace(path.absolute(), data, 0o644)
    except OSError as error:
        raise Unreadable(
            "file-unwritable",
            f"{path}: {error.strerror or 'it cannot be written'}",
            "is there such a folder, and is it yours?",
        ) from error
