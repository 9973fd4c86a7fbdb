"""Records as the commands take them: columns on the command line, a file, or answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli.issuer import ask
from pratique.cli.issuer.desk import Desk
from pratique.edges import tables
from pratique.errors import UsageError
from pratique.intake.accept import Reading, accept, together
from pratique.intake.rows import COLUMNS, NOTHING, PERSON

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
) -> list[tuple[int, Reading]]:
    """Return records with their rows' numbers: of a file, of the arguments, or asked for.

    What is told of several records of one person is told here: a dose that is there twice.
    """
    if source is None:
        return [(1, ask.record(desk, row_of(given), at=at))]
    filled = row_of(given)
    kept = [
        (row.number, reading)
        for row in _rows(source)
        for reading in readings(desk, row, at=at, filled=filled)
    ]
    if not filled.keys().isdisjoint(PERSON):
        records = [reading.record for _, reading in kept if reading.record is not None]
        if len({record.person for record in records}) > 1 or len(records) != len(kept) > 1:
            raise _of_a_person()
    found = together([reading for _, reading in kept], desk.catalogue)
    return [(number, reading) for (number, _), reading in zip(kept, found, strict=True)]


def filled_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return the columns that fill in what a file leaves empty; UsageError `columns-of-a-person`."""
    filled = row_of(given)
    if not filled.keys().isdisjoint(PERSON):
        raise _of_a_person()
    return filled


def _of_a_person() -> UsageError:
    return UsageError(
        "columns-of-a-person",
        "a column that tells of one person was given for a file of several",
        "beside --from, columns of the event, as doses=2: they fill in what the file leaves empty",
    )


def readings(
    desk: Desk, row: tables.Row, *, at: date, filled: Mapping[str, str] = NOTHING
) -> list[Reading]:
    """Accept what a row holds: one record, several, or none; the row's own remarks come first."""
    if row.cells is None:
        return [Reading(None, row.remarks)]
    found = accept(
        row.cells, desk.catalogue, at=at, country=desk.country, authority=desk.authority,
        filled=filled,
    )  # fmt: skip
    if not row.remarks:
        return found
    return [each._replace(remarks=row.remarks + each.remarks) for each in found]


def _rows(source: Path) -> Iterator[tables.Row]:
    if str(source) != "-":
        yield from tables.rows(source)
        return
    with open(0, "rb", closefd=False) as given:
        yield from tables.rows_from(given)
