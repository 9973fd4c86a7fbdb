"""Kill a command before its n-th act: counted in what it does to files and peers, not in seconds.

    command -> how many acts it makes -> the same command, killed before one of them

An act is what another process could see: a file opened to be written, renamed, linked or removed, a folder
made, a mode changed, something sent. Python tells each by an audit event.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.steps import LONGEST

_PRELUDE = """
import os, runpy, signal, sys
at, note = int(sys.argv[1]), sys.argv[2]
sys.argv[1:3] = []
ACTS = {"os.rename", "os.remove", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate",
        "os.chmod", "http.client.send", "socket.connect", "socket.bind"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
count = 0
def act(event, args):
    global count
    if event in ACTS or (event == "open" and isinstance(args[2], int) and args[2] & WRITES):
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(act)
try:
    runpy.run_module("pratique", run_name="__main__", alter_sys=True)
finally:
    made = count
    with open(note, "w") as out:
        out.write(str(made))
"""


def _start(
    words: list[str], at: int, note: Path, environment: Mapping[str, str], folder: Path | None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE, str(at), str(note), *words],
        cwd=folder, env={**environment, "PYTHONDONTWRITEBYTECODE": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def acts(
    words: list[str], note: Path, environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> tuple[int, int, str]:  # fmt: skip
    """Run a command to its end; return its exit code, how many acts it made, and what it said."""
    with _start(words, 0, note, environment, folder) as process:
        said, _ = process.communicate(timeout=LONGEST)
    return process.returncode, int(note.read_text()), said


def killed(
    words: list[str], at: int, note: Path, environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> tuple[bool, str]:  # fmt: skip
    """Run a command, killed before its act number `at`; tell whether it came to that, and its words."""
    with _start(words, at, note, environment, folder) as process:
        said, _ = process.communicate(timeout=LONGEST)
    return process.returncode == -signal.SIGKILL, said


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
