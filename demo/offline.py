"""Run a command of ours in a process in which no socket can be had: `python offline.py verify ...`.

1. An audit hook cannot be taken away again: what it refuses is refused until the process ends.
2. The hook is tried before it is relied on; what it refused is the first line that is written.
"""

from __future__ import annotations

import socket
import sys

from pratique.cli.main import main

REFUSED = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostby", "socket.sendto",
           "urllib.", "http.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")  # fmt: skip


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """End whatever would reach another machine or process."""
    del arguments
    if event.startswith(REFUSED):
        raise PermissionError(f"refused: {event}")


def run(words: list[str]) -> None:
    """Try the hook, and run the command."""
    sys.addaudithook(refuse)
    try:
        with socket.socket() as tried:
            tried.connect(("127.0.0.1", 9))
    except PermissionError as error:
        print(error, flush=True)
    main(words)


if __name__ == "__main__":
    run(sys.argv[1:])
