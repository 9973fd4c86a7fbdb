"""Run commands as if on a system without what POSIX has: `python -m tests.elsewhere JSON`.

    modules and names hidden -> files as Windows has them -> pratique.cli.main, for each command -> JSON

1. Hidden are the modules that Windows lacks, and in those that it has the names that it lacks.
2. A folder cannot be opened, what is open cannot be renamed, replaced or removed, and what was opened to be read cannot be
   written to the disk.
3. What the standard library itself does on this system is loaded before: it is not what is tried here.
"""

from __future__ import annotations

import asyncio  # noqa: F401 - loaded before
import codecs
import errno
import fcntl
import getpass  # noqa: F401
import io
import json
import multiprocessing.spawn  # noqa: F401
import os
import platform
import shutil  # noqa: F401
import signal
import socket
import subprocess  # noqa: F401
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODULES = (
    "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty",
)  # fmt: skip
NAMES: dict[Any, tuple[str, ...]] = {
    os: (
        "O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC",
        "chown", "chroot", "fchdir", "fchmod", "fchown", "fdatasync", "fork", "forkpty", "geteuid",
        "getgid", "getgroups", "getpgid", "getuid", "killpg", "lchown", "mkfifo", "nice", "pathconf",
        "posix_fadvise", "posix_fallocate", "pread", "pwrite", "register_at_fork", "sched_getaffinity",
        "sendfile", "setpgid", "setsid", "statvfs", "sync", "sysconf", "uname", "wait",
    ),
    signal: (
        "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2",
        "alarm", "pthread_sigmask", "setitimer", "sigwait",
    ),
    socket: ("AF_UNIX",),
    time: ("tzset",),
}  # fmt: skip


def hide() -> None:
    """Take away what is not everywhere."""
    platform.uname()  # asks the system once, and keeps it
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in NAMES.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    locking = types.ModuleType("msvcrt")
    for number, name in enumerate(("LK_UNLCK", "LK_LOCK", "LK_NBLCK")):
        setattr(locking, name, number)
    locking.locking = _locking  # type: ignore[attr-defined]
    sys.modules["msvcrt"] = locking
    _harden()


def _locking(handle: int, mode: int, count: int) -> None:
    assert count > 0
    kinds = (fcntl.LOCK_UN, fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(handle, kinds[mode])


def _harden() -> None:
    plain_open, plain_fsync = os.open, os.fsync

    def open_file(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return plain_open(path, flags & ~getattr(os, "O_BINARY", 0), mode, **more)

    def fsync(handle: Any) -> None:
        number = handle if isinstance(handle, int) else handle.fileno()
        if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        plain_fsync(number)

    os.open, os.fsync = open_file, fsync  # type: ignore[assignment]
    os.O_BINARY = 1 << 30  # type: ignore[attr-defined]
    for name in ("rename", "replace", "remove", "unlink"):
        setattr(os, name, _free(getattr(os, name)))


def _free(plain: Callable[..., None]) -> Callable[..., None]:
    def act(*paths: Any, **more: Any) -> None:
        opened = {os.path.realpath(one) for one in Path("/proc/self/fd").iterdir() if one.exists()}
        if busy := opened & {os.path.realpath(path) for path in paths}:
            raise PermissionError(errno.EACCES, "it is in use", busy.pop())
        plain(*paths, **more)

    return act


def run(words: list[str]) -> tuple[int, str, str]:
    """Run a command in this process, at an old console; return its exit code, output and errors."""
    from pratique.cli.main import main

    streams = [io.BytesIO(), io.BytesIO()]
    before, code = (sys.stdout, sys.stderr), 0
    sys.stdout, sys.stderr = (io.TextIOWrapper(stream, "cp1252") for stream in streams)
    try:
        main(words)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            # Closed with its text, it would take what was written along.
            stream.detach()
        sys.stdout, sys.stderr = before
    out, errors = (codecs.decode(stream.getvalue(), "cp1252") for stream in streams)
    return code, out, errors


if __name__ == "__main__":
    hide()
    json.dump([run(words) for words in json.loads(sys.argv[1])], sys.stdout)
