"""Read a participant's dossier from a folder.

    FOLDER -> read -> {"DCC/TLS/TLS.pem": bytes, ...}

1. A participant's folder is read from its `onboarding` on; any other as it stands.
2. Files are limited in number and size. No link is followed, and nothing hidden is read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from pratique.edges import disk
from pratique.errors import Unreadable

MAX_FILES = 2_000
MAX_FILE = 256 * 1024
"""Bytes of one file; the largest chain met has 6 kB."""
START = "onboarding"


def read(folder: Path) -> dict[str, bytes]:
    """Read the files of a dossier, by name within it.

    Raises:
        Unreadable: `dossier-unreadable`, `dossier-too-large`.
    """
    start = folder / START if (folder / START).is_dir() else folder
    found: dict[str, bytes] = {}
    for path in _files(start):
        if len(found) == MAX_FILES:
            raise Unreadable("dossier-too-large", f"{folder}: more than {MAX_FILES} files")
        found[path.relative_to(start).as_posix()] = _bytes(path)
    return found


def _files(start: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise _unreadable(Path(error.filename or start), error) from error

    for place, folders, names in os.walk(start, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and not path.is_symlink() and path.is_file():
                yield path


def _bytes(path: Path) -> bytes:
    try:
        return disk.read(path, MAX_FILE, named=False)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise _unreadable(path, error) from error
        raise Unreadable(
            "dossier-too-large",
            f"{path}: {error.strerror}",
            "a dossier holds certificates only: name the folder in which they are",
        ) from error


def _unreadable(path: Path, error: OSError) -> Unreadable:
    return Unreadable("dossier-unreadable", f"{path}: {error.strerror or 'cannot be read'}")
