"""Write a file so that it is whole, and on the disk, when the call returns.

    data -> draft beside it -> fsync -> rename (or link) -> fsync of the folder

1. A power cut leaves the old file or the new one, never a part of one.
2. A file is its owner's alone (0600) unless a mode is given.
3. The one room that other edges may know: there is one way to write durably, and no second copy of it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file in place of whatever is there. Raises OSError."""
    draft = _draft(path, data, mode)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    settle(path.parent)


def adopt(draft: Path, path: Path) -> None:
    """Put a finished draft, which somebody else has written, in a file's place. Raises OSError."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    settle(path.parent)


def create(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a new file; FileExistsError if there is one, which stays as it was."""
    draft = _draft(path, data, mode)
    try:
        # A rename would overwrite, a link fails if the name is taken.
        path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    settle(path.parent)


def folder(path: Path) -> None:
    """Make a folder for its owner alone, and those above it; one that is there stays as it is.

    It may be somebody's working folder, or shared by a group on purpose: what lies in it is for its owner alone
    by its own mode.
    """
    for each in reversed([one for one in (path, *path.parents) if not one.exists()]):
        with suppress(FileExistsError):
            # Not by `parents=True`, which makes those above as open as the machine has it.
            each.mkdir(mode=0o700)


def settle(folder: Path) -> None:
    """Have a folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _draft(path: Path, data: bytes, mode: int) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
