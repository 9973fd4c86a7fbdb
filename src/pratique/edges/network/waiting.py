"""An edition that waits for its witnesses: in the authority's folder, and not in the repository yet.

DIR/waiting.zip
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pratique.edges import disk
from pratique.edges.network import held
from pratique.errors import DocumentRefused, Unreadable

FILE = "waiting.zip"


def load(folder: Path) -> dict[str, bytes]:
    """Load the files that wait, by name; none where nothing waits."""
    path = folder / FILE
    try:
        return held.read_archive(path) if path.exists() else {}
    except DocumentRefused as error:
        hint = "restore it from its copy: what it held is in the log, and is to be published"
        raise DocumentRefused(error.code, error.message, hint) from error


def save(folder: Path, files: Mapping[str, bytes]) -> None:
    """Keep files, durably, until their witnesses have seen them."""
    try:
        disk.replace(folder / FILE, held.to_archive(files))
    except OSError as error:
        raise _unusable(folder / FILE, error) from error


def clear(folder: Path) -> None:
    """Forget what waited: it is published."""
    try:
        (folder / FILE).unlink(missing_ok=True)
        disk.settle(folder)
    except OSError as error:
        raise _unusable(folder / FILE, error) from error


def _unusable(path: Path, error: OSError) -> Unreadable:
    return Unreadable("file-unusable", f"{path}: {error.strerror or 'it cannot be used'}")
