"""A repository in a folder: what any web server, mirror or stick hands on as it is.

    Repository(folder) is its files by name          write(folder, files) in the order given

1. What is written is on the disk before the next file is: the timestamp, which comes last, announces
   nothing that is not there.
2. A file is only replaced by another of the same name: nothing is removed here.
3. It may be a stranger's stick: only regular files of the folder are read, and no link is followed.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pratique.edges import disk
from pratique.edges.network.held import NAME
from pratique.errors import Unreadable, UsageError
from pratique.log import tiles
from pratique.network.logged import PREFIX
from pratique.network.names import MAX_FILE


class Repository(Mapping[str, bytes]):
    """The files of a folder, by name; each is read when it is asked for.

    It names the files of editions; those of the log beside them are found when they are asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        found = self.read(name, MAX_FILE)
        if found is None:
            raise KeyError(name)
        return found

    def read(self, name: str, limit: int) -> bytes | None:
        """Read a file of at most `limit` bytes; None for one that is not there, or is larger.

        Raises:
            Unreadable: what lies there is a link, a pipe or a device: nobody publishes those.
        """
        if not is_name(name):
            return None
        try:
            return disk.read(disk.within(self._folder, name), limit, named=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.EFBIG:
                return None
            raise _unusable(self._folder / name, error) from error

    def __contains__(self, name: object) -> bool:
        return is_name(str(name)) and _is_file(self._folder / str(name))

    def __iter__(self) -> Iterator[str]:
        for top in ("metadata/*", "targets/*/*", "log/*.proof"):
            for path in sorted(self._folder.glob(top)):
                name = path.relative_to(self._folder).as_posix()
                # What somebody has left there belongs to no edition.
                if is_name(name) and _is_file(path):
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def is_name(name: str) -> bool:
    """Tell whether a repository may have a file of this name: of an edition, or of the log."""
    if NAME.fullmatch(name):
        return True
    return name.startswith(PREFIX) and tiles.is_path(name.removeprefix(PREFIX))


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files in the order given, each on the disk before the next; none outside of the folder."""
    if strange := [name for name in files if not is_name(name)]:
        raise UsageError("name-unfit", f"{strange[0]!r} is no name of a network's file")
    for name, data in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            disk.replace(path, data, 0o644)
        except OSError as error:
            raise _unusable(path, error) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a repository for a change, waiting for whoever holds it; UsageError if there is none."""
    try:
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as error:
        raise UsageError(
            "no-repository", f"{folder}: there is no such folder", "pratique authority init DIR"
        ) from error
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unusable(path: Path, error: OSError) -> Unreadable:
    return Unreadable("file-unusable", f"{path}: {error.strerror or 'it cannot be used'}")
