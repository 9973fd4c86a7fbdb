"""Ports of this machine, for servers that a test starts as processes of their own."""

from __future__ import annotations

import secrets
import socket
import subprocess
from contextlib import suppress

from tests.steps import until

BELOW = range(10_000, 32_000)
"""Below those that the system gives to whoever asks for any: a client's connection could take one between two looks."""


def free() -> int:
    """Return a port that nobody listens at, and that the system gives to nobody."""
    while True:
        port = secrets.choice(BELOW)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_for(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until somebody listens at a port, or the process that was to has ended."""

    def listens() -> bool:
        if process is not None and process.poll() is not None:
            raise AssertionError("the server did not start")
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        return False

    until(listens)
