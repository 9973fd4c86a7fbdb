"""Certificates that are named one by one, to be revoked: by number, by their text, or in a list.

    TEXT | number | list | table | picture -> entries -> the register's lines, and what is told of the others

1. A number (UVCI) is looked up by its digest: the register has no number. A text must be authentic.
2. A list is a text with one a line (numbers, certificates' texts, or both), or a table whose first line
   names its column: `uvci;fraud`, and what `issue --out` writes. A row that says another reason than --reason is left out: nothing of it is undone.
3. What is told names the row. Neither a number nor a file's name is repeated.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli.inputs import items
from pratique.cli.issued_files import encoding_of
from pratique.cli.issuer.desk import Desk
from pratique.edges import disk
from pratique.edges.register import Writing
from pratique.errors import UsageError
from pratique.formats.wrapping import unwrapped
from pratique.journeys.renew import held
from pratique.journeys.revoke import Reason, number_of
from pratique.journeys.sign import Line

NUMBERS = ("uvci", "uci", "urn", "identifier", "certificate_number", "certificate", "number")
"""Names of a column with certificates' numbers, by preference."""
FRAUD = "fraud"
SAID = {
    **dict.fromkeys(("1", "true", "yes", "y", "x", "ja", "oui", "si", "vrai", "wahr"), True),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "non", "faux", "falsch"), False),
}
UNCLEAR = "unclear"
"""A cell that is filled in with something else: what it means is not guessed, since revoking is for good."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a list."""


class Entry(NamedTuple):
    """One certificate that is named: where, its number or text, and whether its row says fraud."""

    where: str
    text: str | None
    fraud: bool | str | None = None

    def __repr__(self) -> str:
        return "<Entry: not shown>"


class Named(NamedTuple):
    """What was found: names in the register, each once; and how many entries gave none."""

    names: list[tuple[bytes, int]]
    left_out: int


def named(
    desk: Desk, arguments: tuple[str, ...], reason: Reason, *, at: int, say: Callable[[str], None]
) -> Named:
    """Return the names of certificates; each entry that gives none is told of.

    Raises:
        UsageError: why, if there is one entry only; `certificates-unknown` if none is known.
    """
    entries = [
        entry for number, given in enumerate(arguments, 1) for entry in _entries(given, number)
    ]
    snapshot, shards = desk.snapshot(at), desk.shards
    names: dict[tuple[bytes, int], str] = {}
    left_out = 0

    def line_of(book: Writing, entry: Entry) -> Line:
        if entry.text is None:
            raise UsageError(
                "certificate-unread",
                "there is no certificate in it, and no file has this name",
                "name a certificate by its number, its text, a list or a picture",
            )
        if entry.fraud is not None and entry.fraud is not (reason is Reason.FRAUD):
            raise UsageError(
                "reason-differs",
                "its column 'fraud' says otherwise than --reason, or neither yes nor no",
                "revoke it by a call of its own, with its own reason",
            )
        number = number_of(entry.text)
        if number is None:
            return held(
                entry.text, snapshot=snapshot, shards=shards, book=book, at=at, again=True
            ).line
        found = book.numbered(number, shards)
        if found is None:
            raise UsageError(
                "number-unknown",
                "no certificate in this register has this number",
                "it is another issuer's, or was issued from another register",
            )
        return found

    def look(book: Writing) -> None:
        nonlocal left_out
        for entry in entries:
            try:
                line = line_of(book, entry)
            except UsageError as error:
                if len(entries) == 1:
                    raise
                left_out += 1
                say(f"not revoked, {entry.where}: {error.message}")
                continue
            name = (line.kid, line.tag)
            if name in names:
                say(f"note: {entry.where}: the same certificate as {names[name]}")
            names.setdefault(name, entry.where)

    desk.register.read(look)
    if not names:
        raise UsageError(
            "certificates-unknown",
            f"none of the {len(entries)} certificates can be revoked here",
            "name certificates of this issuer: by number, text, list or picture",
        )
    return Named(list(names), left_out)


def _entries(argument: str, number: int) -> Iterator[Entry]:
    which = f"argument {number}"
    if _is_number(argument):
        yield Entry(which, argument)
        return
    rows = _list(argument)
    if rows is not None:
        for row, text, fraud in rows:
            yield Entry(f"{which}, row {row}", text, fraud)
        return
    found = list(items(argument, number))
    for count, item in enumerate(found, 1):
        yield Entry(which if len(found) == 1 else f"{which}, entry {count}", item.text)


def _is_number(text: str) -> bool:
    try:
        return number_of(text) is not None
    except UsageError:
        return True


def _list(argument: str) -> list[tuple[int, str, bool | str | None]] | None:
    """Return the rows of a table with a column of numbers, or lines that are numbers; None if neither."""
    path = Path(argument)
    try:
        if not path.is_file():
            return None
        data = disk.read(path, LARGEST)
        lines = data.decode(encoding_of(data)).splitlines()
    except (OSError, ValueError):
        return None
    head = lines[0] if lines else ""
    for mark in (";", ",", "\t"):
        names = [cell.strip().strip('"').lower() for cell in head.split(mark)]
        column = next((names.index(name) for name in NUMBERS if name in names), None)
        if column is not None:
            fraud = names.index(FRAUD) if FRAUD in names else None
            return list(_rows(lines, mark, column, fraud))
    return _bare(lines)


def _bare(lines: list[str]) -> list[tuple[int, str, bool | str | None]] | None:
    """Return the lines of a list without a header, of which one at least is a number; None of another."""
    filled = [(row, line) for row, line in enumerate(lines, 1) if line.strip()]
    numbers = {row: text for row, line in filled if _is_number(text := line.strip().strip('"'))}
    if not numbers:
        return None
    # A line that is neither a number nor a text is told of, and does not hide the others.
    return [(row, numbers.get(row) or unwrapped(line).text, None) for row, line in filled]


def _rows(
    lines: list[str], mark: str, column: int, fraud: int | None
) -> Iterator[tuple[int, str, bool | str | None]]:
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=mark), 1):
            if number > 1 and any(cell.strip() for cell in cells):
                text = cells[column].strip() if column < len(cells) else ""
                said = (
                    cells[fraud].strip().lower() if fraud is not None and fraud < len(cells) else ""
                )
                yield number, text, SAID.get(said, UNCLEAR) if said else None
    except csv.Error as error:
        raise UsageError(
            "list-damaged", "the list is no table that can be read", "save it anew"
        ) from error


def on_stderr(note: str) -> None:
    """Tell of an entry."""
    click.echo(note, err=True)
