"""The one way to write a file, the one way to read a stranger's, and the one lock.

    data -> draft beside it -> fsync -> rename (or link) -> fsync of the folder
    path -> what is it? (regular, a pipe) -> open, without waiting -> is it still that? -> at most `limit` bytes

1. A power cut leaves the old file or the new one, never a part of one.
2. A file is its owner's alone (0600) unless a mode is given.
3. What a person names may be a link to a file, or a pipe: `<(…)` and /dev/stdin are honest. What is found in
   a folder is a regular file of that folder, or it is not read: a stick's `timestamp.json` may be a link to
   /dev/zero, a pipe that nobody writes to, a device that rewinds a tape when it is opened.
4. Nothing is read beyond its limit, whatever size is claimed, and nothing waits to be opened.
5. What a system lacks (Windows: fcntl, resource, most flags, folders that can be opened) is asked for here only.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pratique.errors import Unreadable

try:
    import fcntl
    import resource
except ModuleNotFoundError:
    POSIX = False
else:
    POSIX = True
"""Whether the system is one of those that a pool of workers was tried on."""

_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_PLAIN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_UNWAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)

_IS_A_LINK = "it is a link, and none is followed here"
_NO_FILE = "it is no regular file"


def opened(path: Path, *, named: bool = True) -> io.BufferedReader:
    """Open a file to be read; OSError for what is none.

    Args:
        path: where it lies.
        named: by a person; otherwise it was found in a folder, and must be a regular file there.
    """
    kind = os.stat(path, follow_symlinks=named).st_mode  # noqa: PTH116 - a link is told apart
    _refuse_unread(path, kind, named=named)
    # It may be another one by now: neither a pipe nor a device may make us wait.
    flags = os.O_RDONLY | _PLAIN | _UNWAITING
    handle = os.open(path, flags if named else flags | _NOFOLLOW)
    try:
        kind = os.fstat(handle).st_mode
        _refuse_unread(path, kind, named=named)
        if stat.S_ISFIFO(kind) and POSIX:
            # Its writer may be slower than we are. Where there is none it ends at once, as an empty file.
            fcntl.fcntl(handle, fcntl.F_SETFL, fcntl.fcntl(handle, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read(path: Path, limit: int, *, named: bool = True) -> bytes:
    """Read a file of at most `limit` bytes; OSError (EFBIG) for a larger one.

    Args:
        path: where it lies.
        limit: bytes, counted while they are read.
        named: as `opened` has it.
    """
    with opened(path, named=named) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes", str(path))
    return data


def within(folder: Path, name: str) -> Path:
    """Return a file's path in a folder; OSError where a folder on the way to it is a link.

    Args:
        folder: itself a link, it is followed: a person has named it.
        name: with `/` between its parts, none of which leads upward.
    """
    path = folder
    for part in name.split("/")[:-1]:
        path = path / part
        if path.is_symlink():
            raise OSError(errno.ELOOP, _IS_A_LINK, str(path))
    return folder / name


class LineTooLong(Exception):
    """A line is longer than one can be; the rest of it was skipped, in pieces."""


class Lines:
    """The lines of a file, none longer than `longest`: what never ends costs its line, not the memory."""

    def __init__(self, read: Callable[[int], Any], longest: int) -> None:
        self._read, self._longest = read, longest

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        """Return the next line, bytes or text as they are read.

        Raises:
            LineTooLong: it is none that is taken; the next call gives the next one.
        """
        line = self._read(self._longest + 1)
        if not line:
            raise StopIteration
        if len(line) <= self._longest:
            return line
        while line and line[-1] not in ("\n", "\r", 10):
            line = self._read(self._longest)
        raise LineTooLong


def _refuse_unread(path: Path, kind: int, *, named: bool) -> None:
    if stat.S_ISREG(kind) or (named and stat.S_ISFIFO(kind)):
        return
    if stat.S_ISLNK(kind):
        raise OSError(errno.ELOOP, _IS_A_LINK, str(path))
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if named and stat.S_ISCHR(kind) and Path(path).samefile(os.devnull):
        return
    raise OSError(errno.EINVAL, _NO_FILE, str(path))


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file in place of whatever is there. Raises OSError."""
    draft = _draft(path, data, mode)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    settle(path.parent)


def replace_together(folder: Path, contents: Mapping[str, bytes], mode: int = 0o644) -> None:
    """Write files of a folder in place of whatever is there: all of them, or none. Raises OSError.

    Each is on the disk as a draft before the first takes its place, so that a disk that is full leaves all as it was. Only a
    power cut between two renames leaves some of each: whole files, in the order of `contents`.
    """
    drafts: dict[Path, Path] = {}
    try:
        for name, data in contents.items():
            drafts[folder / name] = _draft(folder / name, data, mode)
        for path, draft in drafts.items():
            draft.replace(path)
    except BaseException:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        raise
    settle(folder)


def begin(draft: Path) -> int:
    """Open an empty draft, which `adopt` is to put in a file's place, for its owner alone; return its handle. Raises OSError."""
    return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def adopt(draft: Path, path: Path) -> None:
    """Put a finished draft, which somebody else has written, in a file's place. Raises OSError."""
    # Windows lets nothing be written to the disk that was opened to be read.
    handle = os.open(draft, os.O_RDWR | _PLAIN | _NOFOLLOW)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
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


def hold(folder: Path, *, wait: bool) -> io.FileIO:
    """Hold a folder for a change, until what is returned is closed.

    Args:
        folder: a file `.lock` is made in it: what else lies there is replaced, and a lock on it with it.
        wait: for whoever holds it now.

    Raises:
        BlockingIOError: somebody else holds it, and nobody is waited for.
        OSError: there is no such folder, or it is not ours.
    """
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | _PLAIN, 0o600)
    try:
        if POSIX:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        else:
            _hold_elsewhere(handle, wait=wait)
    except BaseException:
        os.close(handle)
        raise
    return io.FileIO(handle, "r+")


def _hold_elsewhere(handle: int, *, wait: bool) -> None:
    import msvcrt  # noqa: PLC0415 - Windows has it

    windows: Any = msvcrt
    while True:
        try:
            windows.locking(handle, windows.LK_NBLCK, 1)
        except OSError as error:
            if not wait:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
            time.sleep(0.1)
        else:
            return


def settle(folder: Path) -> None:
    """Have a folder's names on the disk, where a folder can be opened."""
    if not _DIRECTORY:
        return
    handle = os.open(folder, os.O_RDONLY | _DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _draft(path: Path, data: bytes, mode: int) -> Path:
    import tempfile  # noqa: PLC0415 - a check starts fast

    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def unusable(path: Path, error: OSError) -> Unreadable:
    """Return what to raise where the disk says no."""
    return Unreadable("file-unusable", f"{path}: {error.strerror or 'it cannot be used'}")


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Raise Unreadable `file-unusable` where the disk says no."""
    try:
        yield
    except OSError as error:
        raise unusable(path, error) from error


def write(path: Path, data: bytes) -> None:
    """Write a file in place of whatever is there, for everybody to read; Unreadable `file-unwritable`."""
    try:
        replace(path.absolute(), data, 0o644)
    except OSError as error:
        raise Unreadable(
            "file-unwritable",
            f"{path}: {error.strerror or 'it cannot be written'}",
            "is there such a folder, and is it yours?",
        ) from error


PR_SET_DUMPABLE = 4
"""prctl(2): a process that is not dumpable dumps no core, and no other process of its owner reads it."""


def core_dumps_off() -> None:
    """Write no core dump from now on, whatever ends this process."""
    if not POSIX:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # core(5): where dumps are piped to a program, the limit is not looked at.
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            import ctypes  # noqa: PLC0415 - a check starts fast

            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
