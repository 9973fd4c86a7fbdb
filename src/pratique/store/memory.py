"""A working folder that lies in memory and on no disk, for its owner alone, and is removed.

    make(name) -> MemoryFolder (0700, held by a lock) -> close()        sweep(name): what a killed process has left

1. It is made where the system itself says that files lie in memory (tmpfs), or not at all.
2. Who is killed closes nothing: the lock goes with the process, and the next one sweeps.
3. Memory may be swapped out: that is the machine's own matter, and said in the handbook.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pratique.errors import UsageError
from pratique.store import files

_MOUNTS = Path("/proc/self/mounts")
_GONE = "-gone"
"""Ends the name of a folder that is being removed; who is killed meanwhile has it removed by the next sweep."""


class MemoryFolder(NamedTuple):
    """A folder in memory, and the lock that says that somebody works in it."""

    path: Path
    lock: io.FileIO

    def close(self) -> None:
        """Remove it with all that lies in it."""
        gone = self.path.with_name(f"{self.path.name}{_GONE}")
        with suppress(OSError):
            # Of a desk that was killed a worker may still write: what it knows the folder by leads nowhere first.
            self.path.rename(gone)
        for path in (gone, self.path):
            shutil.rmtree(path, ignore_errors=True)
        self.lock.close()


def _places() -> Iterator[Path]:
    with suppress(OSError):
        mounts = [line.split() for line in _MOUNTS.read_text(encoding="utf-8").splitlines()]
        in_memory = {mount[1] for mount in mounts if mount[2] in {"tmpfs", "ramfs"}}
        for place in ("/dev/shm", os.environ.get("XDG_RUNTIME_DIR", "")):  # noqa: S108 - it lies in memory
            if place in in_memory and os.access(place, os.W_OK):
                yield Path(place)


def make(name: str) -> MemoryFolder:
    """Make a folder.

    Raises:
        UsageError: `memory-missing` where this machine has no place for files in memory.
    """
    for place in _places():
        path = Path(tempfile.mkdtemp(prefix=f"{name}-{os.getpid()}-", dir=place))
        try:
            return MemoryFolder(path, files.hold(path, wait=False))
        except OSError:
            # Swept between the two, by another desk that begins.
            continue
    raise UsageError(
        "memory-missing",
        "this machine has no place where files lie in memory alone, and on a disk they would stay",
        "mount a tmpfs at /dev/shm; or issue the file at the command line: pratique issuer issue --from FILE",
    )


def sweep(name: str) -> int:
    """Remove the folders of processes that were killed; return how many there were."""
    count = 0
    for place in _places():
        for path in place.glob(f"{name}-*"):
            with suppress(OSError):
                if path.is_symlink() or path.stat().st_uid != os.getuid():
                    continue
                MemoryFolder(path, files.hold(path, wait=False)).close()
                count += 1
    return count
