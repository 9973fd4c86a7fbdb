"""Ports of this machine, for servers that a test starts as processes of their own."""

from __future__ import annotations

import socket
import time


def free() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens at a port."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")
