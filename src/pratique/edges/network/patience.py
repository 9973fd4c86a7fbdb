"""Wait for an answer so long, and no longer, however it comes.

A socket's timeout is from one byte to the next: headers that come one byte at a time outlast every one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what `ask` returns, or raise what it raises; TimeoutError if it takes longer.

    Nobody waits for it then: its thread ends with the connection, or with the program.
    """
    came: list[T] = []
    failed: list[BaseException] = []

    def asking() -> None:
        try:
            came.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)

    thread = threading.Thread(target=asking, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not came:
        raise TimeoutError
    return came[0]
