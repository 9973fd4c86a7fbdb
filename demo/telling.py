"""How the demo is told: a picture that moves on a terminal, plain text in a pipe. The same facts.

    act · doing · done · table · close -> Plain | screen.Screen

1. Plain text has no control codes.
2. A teller tells what it is given, and finds nothing by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import click

WIDTH = 100


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
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            click.echo(("      " + "  ".join(cells)).rstrip())

    def close(self, lines: Sequence[str]) -> None:
        """End."""
        click.echo()
        for line in lines:
            click.echo(line)
        sys.stdout.flush()
