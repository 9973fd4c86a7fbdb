"""See to it that a process which holds people's records, or keys, leaves no picture of its memory.

begin() -> no core file, and none for a program that the system hands core dumps to

1. Begun before the first record is read, or secret asked for, by commands and by each of their workers: neither setting
   outlives the start of a new program.
2. It cannot hide memory from the machine's administrator, or from a disk that is swapped to.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys

PR_SET_DUMPABLE = 4
"""prctl(2): a process that is not dumpable dumps no core, and no other process of its owner reads it."""


def begin() -> None:
    """Write no core dump from now on, whatever ends this process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # core(5): where dumps are piped to a program, the limit is not looked at.
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
