"""Read the certificates' texts of what `pratique issuer issue --out` writes: CSV, Parquet, its folder.

    path -> is it one? -> (row, text), ...

1. A table is known by its content: its first line names a column `text`, or it is Parquet with one. A
   spreadsheet that saved it again may have taken other separators, and UTF-16.
2. It is read row by row: a file may hold a million certificates.
3. A folder is its `certificates-*` in order; one without any is its files in order.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from pratique.edges import disk, tables
from pratique.errors import Unreadable
from pratique.formats import wrapping

TEXT, ROW = "text", "row"
LONGEST_HEADER = 4096
"""Characters of a first line that may be a header."""
LONGEST_LINE = 64 * 1024
"""Characters of a line; a code has 4,296 at most."""
LONGEST_ROW = 12
"""Digits of a row's number."""


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder that hold certificates, in order; Unreadable `folder-empty`."""
    # A link or a device is among them: that it is not read is told, and not left out in silence.
    found = sorted(path for path in folder.glob("certificates-*") if not path.is_dir())
    if not found:
        found = sorted(
            path for path in folder.iterdir() if not path.is_dir() and not path.name.startswith(".")
        )
    if not found:
        raise Unreadable("folder-empty", "the folder holds no file", "name the folder of --out")
    return found


def texts(path: Path, *, named: bool = True) -> Iterator[tuple[str, str]] | None:
    """Return the rows' numbers and texts of a table of certificates; None if it is none.

    Raises:
        OSError: it cannot be opened.
    """
    with disk.opened(path, named=named) as file:
        start = file.read(LONGEST_HEADER)
    if start.startswith(b"PAR1"):
        return _parquet(path, named)
    encoding = encoding_of(start)
    first = start.decode(encoding, "replace").lstrip().partition("\n")[0]
    separator = _separator(first)
    return None if separator is None else _csv(path, named, separator, encoding)


def encoding_of(start: bytes) -> str:
    """Tell how a spreadsheet has saved a text: UTF-16 where its mark is there, else UTF-8."""
    return "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _separator(line: str) -> str | None:
    for mark in ",;\t":
        if TEXT in _names(line, mark):
            return mark
    return None


def _names(line: str, mark: str) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in line.rstrip("\r").split(mark)]


def _csv(path: Path, named: bool, separator: str, encoding: str) -> Iterator[tuple[str, str]]:
    with (
        disk.opened(path, named=named) as opened,
        io.TextIOWrapper(opened, encoding, errors="replace", newline="") as file,
    ):
        yield from _rows(disk.Lines(file.readline, LONGEST_LINE), separator)


def _rows(lines: disk.Lines, separator: str) -> Iterator[tuple[str, str]]:
    rows = csv.reader(lines, delimiter=separator)
    try:
        names = _names(separator.join(next(rows)), separator)
        text, row = names.index(TEXT), names.index(ROW) if ROW in names else None
        for number in count(2):
            try:
                cells = next(rows)
            except StopIteration:
                return
            except disk.LineTooLong:
                # As long as no code is: its reader says so, and the next row comes.
                yield str(number), "X" * (wrapping.LONGEST + 1)
                continue
            if any(cells):
                said = cells[row] if row is not None and row < len(cells) else ""
                # What is no number is not repeated: another column may have slipped into its place.
                where = said if said.isdecimal() and len(said) < LONGEST_ROW else str(number)
                yield where, cells[text] if text < len(cells) else ""
    except csv.Error as error:
        raise Unreadable(
            "table-damaged",
            "the table of certificates is damaged",
            "issue it anew, or take its copy",
        ) from error


def _parquet(path: Path, named: bool) -> Iterator[tuple[str, str]]:
    with disk.opened(path, named=named) as file, tables.parquet_columns(file) as table:
        if TEXT not in table.names:
            raise Unreadable(
                "table-columns", "the Parquet file has no column 'text'",
                "certificates are read from what `pratique issuer issue --out` writes",
            )  # fmt: skip
        number = 0
        for batch in table.batches([name for name in (ROW, TEXT) if name in table.names]):
            for cells in batch:
                number += 1
                found = cells or {}
                # None is one that Python cannot hold; a longer one than any code is told of by its reader.
                yield (
                    str(found.get(ROW) or number),
                    str(found.get(TEXT) or "")[: wrapping.LONGEST + 1],
                )
