"""Work is bounded by what is executed, never by a clock: a busy or slow machine executes the same."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

_Result = TypeVar("_Result")

LONGEST = 3600.0
"""Seconds after which a test gives up a child that hangs: a guard, which no outcome hangs on."""


class TooManySteps(BaseException):
    """More lines were executed than the work may take; ends it there, whatever would catch errors."""


def within(lines: int, work: Callable[[], _Result]) -> _Result:
    """Return what `work` returns; end it, and the test, once it has executed more lines of Python."""
    count = 0

    def traced(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal count
        if event == "line":
            count += 1
            if count > lines:
                raise TooManySteps(f"more than {lines} lines")
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        return work()
    finally:
        sys.settrace(before)


def counted(work: Callable[[], object]) -> int:
    """Return how many lines of Python `work` executes."""
    count = 0

    def traced(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, for as long as it takes; whoever changes it lets us go on."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.005)
