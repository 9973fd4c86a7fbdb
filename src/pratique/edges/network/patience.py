"""Wait for an answer so long, and no longer, however it comes.

A socket's timeout is from one byte to the next: headers that come one byte at a time outlast every one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Allowance:
    """What all requests of a command may take together: seconds, and bytes that come.

    Each one alone may be slow within its bounds: thousands of them, one after the other, outlast every day.
    """

    def __init__(
        self, seconds: float, size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin.

        Args:
            seconds: from now on.
            size: bytes, as they come over the line.
            clock: of seconds; it only ever goes on.
        """
        self._clock, self._end, self._size = clock, clock() + seconds, size
        self._lock = threading.Lock()

    def left(self) -> float:
        """Return the seconds that are left; none once all the bytes have come."""
        return self._end - self._clock() if self._size > 0 else 0

    def take(self, size: int) -> bool:
        """Count bytes that came; False when it was enough."""
        with self._lock:
            self._size -= size
        return self.left() > 0


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
