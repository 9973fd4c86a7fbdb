"""Run commands as processes of their own that need not load the program anew: most of what a test of commands costs.

    run(words, ...) -> a server that has loaded it all -> a fork of it -> exit code, output, errors

An act is what another process could see: a file opened to be written, renamed, linked or removed, a folder
made, a mode changed, something sent. Python tells each by an audit event, so that a command can be killed
before its n-th.

1. Each command has a process, a folder, an environment and streams of its own, and ends with its own exit code.
2. What a process is when it starts (encodings, flags of Python) is not tested this way, nor what it loads: tests of
   that start `python -m pratique` themselves.
3. One server for each run of tests, or for each of its workers; it ends with them.
"""

from __future__ import annotations

import array
import atexit
import gc
import io
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[1]


class Ran(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    errors: str


def run(
    words: list[str], *, folder: Path, environment: Mapping[str, str], given: str | None = None,
    together: bool = False,
) -> Ran:  # fmt: skip
    """Run `pratique` with words.

    Args:
        words: after the program's name.
        folder: in which it runs.
        environment: its variables, all of them.
        given: on its standard input; None for no input at all.
        together: whether errors stand among the output, in their order.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        with (
            tempfile.TemporaryFile() if given is not None else Path(os.devnull).open("rb") as source
        ):
            if given is not None:
                source.write(given.encode())
                source.seek(0)
            streams = [source, out, out if together else errors]
            code = ask(address(), words, folder, environment, streams)
        return Ran(code, _text(out), _text(errors))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def ask(
    server: str, words: list[str], folder: Path, environment: Mapping[str, str], streams: list[Any],
    *, before: int = 0, note: Path | None = None,
) -> int:  # fmt: skip
    """Have a server, which may be another process's, run a command; return its exit code.

    Args:
        server: its address.
        words: after the program's name.
        folder: in which it runs.
        environment: its variables, all of them.
        streams: three files: input, output, errors.
        before: the number of the act before which it is killed; 0 for none.
        note: a file into which it writes how many acts it made, if it comes to its end.
    """
    message = json.dumps([words, str(folder), dict(environment), before, str(note or "")]).encode()
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(server)
        handed = array.array("i", [stream.fileno() for stream in streams])
        talk.sendmsg(
            [len(message).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)]
        )
        talk.sendall(message)
        answer = talk.makefile("rb").read()
    return int(answer)


@lru_cache(maxsize=1)
def address() -> str:
    """Return where this process's server listens, which is started if need be."""
    folder = tempfile.mkdtemp(prefix="forked-")
    listens = f"{folder}/talk"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forked", listens],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    )  # fmt: skip

    def stop() -> None:
        process.kill()
        process.wait()
        Path(listens).unlink(missing_ok=True)
        Path(folder).rmdir()

    atexit.register(stop)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    return listens


def _serve(listens: str) -> NoReturn:
    import pratique.cli

    for module in pkgutil.walk_packages(pratique.cli.__path__, "pratique.cli."):
        if ".demo" not in module.name:
            __import__(module.name)
    # What is loaded is not looked through for garbage when a fork ends: that cost ten times all the rest.
    gc.freeze()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(listens)
    listening.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    # Children of children are waited for by those that ask; those that ask need nobody.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        talk, _ = listening.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            _answer(talk)
        talk.close()


def _answer(talk: socket.socket) -> NoReturn:
    size = array.array("i").itemsize
    head, told, _, _ = talk.recvmsg(4, socket.CMSG_LEN(3 * size))
    handed = array.array("i")
    handed.frombytes(told[0][2][: 3 * size])
    length, data = int.from_bytes(head, "big"), b""
    while len(data) < length:
        data += talk.recv(length - len(data))
    words, folder, environment, before, note = json.loads(data)
    child = os.fork()
    if child == 0:
        talk.close()
        _become(handed, folder, environment)
        made = _counted(before) if note else []
        code = _main(words)
        if note:
            count = len(made)
            Path(note).write_text(str(count), encoding="ascii")
        # Ended as Python ends: what is open is closed, a register's log among it.
        sys.exit(code)
    _, ended = os.waitpid(child, 0)
    talk.sendall(str(os.waitstatus_to_exitcode(ended)).encode())
    os._exit(0)


def _become(handed: array.array[int], folder: str, environment: dict[str, str]) -> None:
    for number, stream in enumerate(handed):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(
        io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True
    )
    sys.stderr = io.TextIOWrapper(
        io.FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
    )  # fmt: skip


_ACTS = frozenset({
    "os.rename", "os.remove", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate",
    "os.chmod", "http.client.send", "socket.connect", "socket.bind",
})  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _counted(before: int) -> list[None]:
    """Count this process's acts from now on in a list's length; kill it before one of them."""
    made: list[None] = []

    def act(event: str, told: tuple[Any, ...]) -> None:
        if event in _ACTS or (event == "open" and isinstance(told[2], int) and told[2] & _WRITES):
            made.append(None)
            if len(made) == before:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(act)
    return made


def _main(words: list[str]) -> int:
    from pratique.cli.main import main

    sys.argv = ["pratique", *words]
    code: Any = 0
    try:
        main(words)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as Python itself ends
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    _serve(sys.argv[1])
