"""All that a process holds in memory, read from outside while it stands still.

    of(process) -> bytes          below(process) -> the processes that it has started, and those that they have

What cannot be read is an error: a search that was shown nothing finds nobody. Where the system lets nobody read
another process's memory at all, the test is skipped; it is tried with a child of our own.
"""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.steps import until

_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw\S+ \S+ \S+ \S+\s*(.*)")
_MARK = "held-on-purpose"


def of(process: int) -> bytes:
    """Return what a process holds in memory that it can write to, of itself and not of the disk."""
    if not _is_allowed():
        pytest.skip("this system lets nobody read the memory of another process")
    return _read(process)


def below(process: int) -> list[int]:
    """Return the processes that a process has started, and theirs."""
    children = [
        int(number)
        for task in Path(f"/proc/{process}/task").iterdir()
        for number in (task / "children").read_text().split()
    ]
    return [*children, *(each for child in children for each in below(child))]


def _read(process: int) -> bytes:
    os.kill(process, signal.SIGSTOP)
    try:
        until(lambda: _state(process) in "TtZX")
        held = []
        with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
            for line in Path(f"/proc/{process}/maps").read_text().splitlines():
                if (region := _REGION.fullmatch(line)) is not None:
                    begin, end = int(region[1], 16), int(region[2], 16)
                    held.append(_piece(memory, begin, end))
        return b"\n".join(held)
    finally:
        os.kill(process, signal.SIGCONT)


def _state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def _piece(memory: io.FileIO, begin: int, end: int) -> bytes:
    memory.seek(begin)
    piece = b""
    while more := memory.read(end - begin - len(piece)):
        piece += more
    assert len(piece) == end - begin, "a piece of memory was not read"
    return piece


@cache
def _is_allowed() -> bool:
    """Tell whether memory of a child of ours can be read, and what it holds is found there."""
    if sys.platform != "linux":
        return False
    says = f"held = '{_MARK}'[::-1]; print(flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", says], stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            # Backwards it stands in no command line.
            return _MARK[::-1].encode() in _read(child.pid)
        except PermissionError:
            return False
        finally:
            child.kill()
