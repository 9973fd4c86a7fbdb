"""Records as the commands take them: columns on the command line, a file, or answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli.issuer import ask
from pratique.cli.issuer.desk import Desk
from pratique.edges import tables
from pratique.errors import UsageError
from pratique.intake.accept import Reading, accept
from pratique.intake.rows import COLUMNS

Command = TypeVar("Command", bound=Callable[..., Any])


def columns(command: Command) -> Command:
    """Add the columns of one record as arguments."""
    return click.argument("given", nargs=-1, metavar="[COLUMN=VALUE]...")(command)


def row_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return the columns of the arguments; UsageError `column-…`, which shows no value."""
    row = {}
    for number, argument in enumerate(given, 1):
        name, sign, value = argument.partition("=")
        if not sign or name not in COLUMNS:
            raise UsageError(
                "column-unknown",
                f"argument {number} is no column of a record",
                "write surname=..., forename=..., birth_date=...; docs/reference/intake.md lists them",
            )
        row[name] = value
    return row


def accepted(
    desk: Desk, given: tuple[str, ...], source: Path | None, *, at: date
) -> Iterator[tuple[int, Reading]]:
    """Yield records with their rows' numbers: of a file, of the arguments, or asked for."""
    if source is None:
        yield 1, ask.record(desk, row_of(given), at=at)
        return
    if given:
        raise UsageError("records-mixed", "columns and a file were both given", "give one of them")
    for row in _rows(source):
        for reading in readings(desk, row, at=at):
            yield row.number, reading


def readings(desk: Desk, row: tables.Row, *, at: date) -> list[Reading]:
    """Accept what a row holds: one record, several, or none; the row's own remarks come first."""
    if row.cells is None:
        return [Reading(None, row.remarks)]
    found = accept(row.cells, desk.catalogue, at=at, country=desk.country, authority=desk.authority)
    if not row.remarks:
        return found
    return [each._replace(remarks=row.remarks + each.remarks) for each in found]


def _rows(source: Path) -> Iterator[tables.Row]:
    if str(source) != "-":
        yield from tables.rows(source)
        return
    with open(0, "rb", closefd=False) as given:
        yield from tables.rows_from(given)
