"""Several files on one line: what is good is taken, and each error names its own file.

    (file, what came of it | error), ... -> what is good, Errors -> told on stderr -> exit code

1. Where nothing is good, nothing changes, and the first error is the command's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import click

from pratique.cli.safe import printable
from pratique.errors import PratiqueError

T = TypeVar("T")


class Errors:
    """The errors of some files, and the exit code that they make: the largest of their own."""

    def __init__(self) -> None:
        self.held: list[PratiqueError] = []

    def good(self, found: Iterable[tuple[Path, T | PratiqueError]]) -> list[tuple[Path, T]]:
        """Return what is good; the first error is raised where there is nothing else."""
        kept: list[tuple[Path, T]] = []
        for path, each in found:
            if isinstance(each, PratiqueError):
                self.held.append(each)
            else:
                kept.append((path, each))
        if self.held and not kept:
            *others, last = self.held
            _tell(others)
            raise last
        return kept

    def told(self) -> int:
        """Tell them on stderr; return the exit code."""
        _tell(self.held)
        return max((error.exit_code for error in self.held), default=0)


def _tell(errors: Iterable[PratiqueError]) -> None:
    for error in errors:
        click.echo(f"error: {printable(error.message, LONGEST)}", err=True)
        if error.hint:
            click.echo(f"hint: {printable(error.hint, LONGEST)}", err=True)


LONGEST = 2_000
"""Characters of a line that are shown."""
