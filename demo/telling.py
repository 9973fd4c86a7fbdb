"""How the demo is told: a picture that moves on a terminal, plain text in a pipe. The same facts.

    act · doing · done · table · close -> Plain | Screen

1. Plain text has no control codes.
2. On a terminal colour repeats what a word says, and NO_COLOR takes it away.
3. A teller tells what it is given, and finds nothing by itself.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import click

WIDTH = 100
_BOLD, _DIM, _BLUE, _PLAIN, _ERASE = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m", "\r\x1b[2K"
_STYLES = (
    (r"(✔ )?\bGREEN\b|\baccepted\b|\bpassed\b", "\x1b[1;32m"),
    (r"(▲ )?\bAMBER\b", "\x1b[1;33m"),
    (r"(✖ )?\bRED\b|\brefused\b", "\x1b[1;31m"),
    (r"\b(network|proposal|key|board)-[a-z-]+\b|\b[A-Z]{2,}_[A-Z_]+\b|\bREVOKED\b", "\x1b[35m"),
    (r"\b[\d,]+ bytes\b", "\x1b[36m"),
)
"""What a word says, its colour says again."""


class Done(NamedTuple):
    """A step that is done.

    Attributes:
        title: what was done.
        command: which of our commands did it; may be empty.
        lines: what was found.
        seconds: how long it took.
        size: bytes that it was about, or None.
    """

    title: str
    command: str
    lines: tuple[str, ...]
    seconds: float
    size: int | None


class Teller(Protocol):
    """Who tells it."""

    def opening(self, title: str, lines: Sequence[str]) -> None:
        """Begin."""

    def act(self, number: int, title: str, lines: Sequence[str]) -> None:
        """Begin an act."""

    def doing(self, title: str) -> None:
        """Say what is being done now."""

    def done(self, step: Done) -> None:
        """Say what was done."""

    def table(self, title: str, rows: Sequence[Sequence[str]]) -> None:
        """Show a table; its first row is its head."""

    def close(self, lines: Sequence[str]) -> None:
        """End."""


class Plain:
    """Plain text, line by line."""

    def __init__(self, acts: int) -> None:
        self._acts = acts

    def opening(self, title: str, lines: Sequence[str]) -> None:
        """Begin."""
        for line in (title, "", *lines):
            click.echo(line)

    def act(self, number: int, title: str, lines: Sequence[str]) -> None:
        """Begin an act."""
        click.echo(f"\n{number} of {self._acts}  {title.upper()}")
        for line in lines:
            click.echo(f"  {line}")

    def doing(self, title: str) -> None:
        """Say nothing: what is done is told when it is done."""

    def done(self, step: Done) -> None:
        """Say what was done."""
        took = f"{step.seconds:.2f} s"
        click.echo(f"\n  {step.title:<{WIDTH - len(took) - 3}} {took}")
        if step.command:
            click.echo(f"    $ pratique {step.command}")
        for line in step.lines:
            click.echo(f"      {line}".rstrip())

    def table(self, title: str, rows: Sequence[Sequence[str]]) -> None:
        """Show a table."""
        click.echo(f"\n  {title}")
        for line in _laid_out(rows):
            click.echo(line)

    def close(self, lines: Sequence[str]) -> None:
        """End."""
        click.echo()
        for line in lines:
            click.echo(line)
        sys.stdout.flush()


class Screen:
    """A terminal: the same lines in colour, and a last one that says what is being done."""

    def __init__(self, acts: int) -> None:
        # Kept: while a command runs, what is written to sys.stdout is not for here.
        self._out, self._colours = sys.stdout, not os.environ.get("NO_COLOR")
        self._width = min(shutil.get_terminal_size().columns, WIDTH)
        self._acts, self._act = acts, 0

    def opening(self, title: str, lines: Sequence[str]) -> None:
        """Begin."""
        self._say(title, _BOLD)
        self._say("")
        for line in lines:
            self._say(line)

    def act(self, number: int, title: str, lines: Sequence[str]) -> None:
        """Begin an act."""
        self._act = number
        self._say("")
        self._say(f"{number} of {self._acts}  {title.upper()}", _BOLD)
        for line in lines:
            self._say(f"  {line}", _DIM)

    def doing(self, title: str) -> None:
        """Say what is being done now, on a line that goes again."""
        said = f"  … {title}, act {self._act} of {self._acts}"[: self._width - 1]
        self._out.write(_ERASE + self._styled(said, _DIM))
        self._out.flush()

    def done(self, step: Done) -> None:
        """Say what was done."""
        took = f"{step.seconds:.2f} s"
        self._say("")
        self._say(f"  {step.title:<{self._width - len(took) - 3}} {took}", _BOLD)
        if step.command:
            self._say(f"    $ pratique {step.command}", _BLUE)
        for line in step.lines:
            self._say(f"      {line}".rstrip())

    def table(self, title: str, rows: Sequence[Sequence[str]]) -> None:
        """Show a table."""
        self._say("")
        self._say(f"  {title}", _BOLD)
        for number, line in enumerate(_laid_out(rows)):
            self._say(line, "" if number else _DIM)

    def close(self, lines: Sequence[str]) -> None:
        """End."""
        self._say("")
        for line in lines:
            self._say(line)
        self._out.flush()

    def _say(self, line: str, style: str = "") -> None:
        self._out.write(f"{_ERASE}{self._styled(line, style)}\n")

    def _styled(self, line: str, style: str) -> str:
        if not self._colours:
            return line
        for pattern, colour in _STYLES:
            line = re.sub(pattern, lambda found: f"{colour}{found[0]}{_PLAIN}{style}", line)  # noqa: B023
        return f"{style}{line}{_PLAIN}" if style else line


def _laid_out(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        (
            "      "
            + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
