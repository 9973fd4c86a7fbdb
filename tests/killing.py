"""Kill a command before its n-th act: counted in what it does to files and peers, not in seconds.

    command -> how many acts it makes -> the same command, killed before one of them

What an act is, `tests.forked` says.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.forked import address, ask


def _run(
    words: list[str], before: int, note: Path, environment: Mapping[str, str], folder: Path | None
) -> tuple[int, str]:
    with tempfile.TemporaryFile() as out, Path(os.devnull).open("rb") as source:
        code = ask(
            address(), words, folder or Path.cwd(), environment, [source, out, out], before=before, note=note
        )  # fmt: skip
        out.seek(0)
        return code, out.read().decode()


def acts(
    words: list[str], note: Path, environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> tuple[int, int, str]:  # fmt: skip
    """Run a command to its end; return its exit code, how many acts it made, and what it said."""
    code, said = _run(words, 0, note, environment, folder)
    return code, int(note.read_text()), said


def killed(
    words: list[str], at: int, note: Path, environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> tuple[bool, str]:  # fmt: skip
    """Run a command, killed before its act number `at`; tell whether it came to that, and its words."""
    code, said = _run(words, at, note, environment, folder)
    return code == -signal.SIGKILL, said


def killed_at_work(
    work: Callable[[Callable[[bytes], object]], object], lines: int, pause: float
) -> list[str]:
    """Let a child work, kill it a moment after it has told so many lines; return all that it told.

    Args:
        work: works without end; what it is given tells a line, as soon as it is true.
        lines: that are waited for, however long they take.
        pause: seconds from the last of them to the end: where in the next act it falls is chance.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            work(lambda line: os.write(writer, line))
        finally:
            os._exit(1)
    os.close(writer)
    said = b""
    with os.fdopen(reader, "rb", buffering=0) as told:
        while said.count(b"\n") < lines and (more := told.read(65536)):
            said += more
        time.sleep(pause)
        os.kill(child, signal.SIGKILL)
        _, ended = os.waitpid(child, 0)
        assert os.WIFSIGNALED(ended), "it ended by itself: there was nothing to kill"
        while more := told.read(65536):
            said += more
    return said.decode().splitlines()
