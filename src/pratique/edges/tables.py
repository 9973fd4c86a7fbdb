"""Read what an issuer is handed: CSV, JSON, JSON lines, FHIR and Parquet, row by row.

    path -> rows -> Row(number, cells | None, remarks), ...        remarks -> write_csv_safe

1. What kind of file it is, is told by its first bytes, not by its name.
2. A row that cannot be read is yielded as such, and the rest goes on; a file that is no table raises
   `Unreadable`. Neither says what stood there.
3. A row is read up to a limit: a quote that is never closed costs the row, not the memory.
4. Rows are counted as a spreadsheet counts them: the header is row 1. JSON and Parquet begin at 1.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from pratique.errors import ExtraMissing, Unreadable
from pratique.intake.fhir import with_patient
from pratique.intake.fhir_patient import Patients
from pratique.intake.remarks import Remark, RemarkCode
from pratique.intake.rows import COLUMNS
from pratique.model import silent

LONGEST_ROW = 64 * 1024  # characters; a record has some hundred
LONGEST_LINE = 4 * 1024 * 1024  # bytes; a FHIR document may stand in it
LARGEST_JSON = 256 * 1024 * 1024
_BATCH = 256
_SEPARATORS, _FORMULA = ",;\t", ("=", "+", "-", "@", "\t", "\r")


@silent
class Row(NamedTuple):
    """One row: its cells by column, or None; and remarks: why there are none, or what was not read."""

    number: int
    cells: Mapping[str, Any] | None
    remarks: tuple[Remark, ...] = ()


def rows(path: Path) -> Iterator[Row]:
    """Read the rows of a file. A FHIR document is one row: `intake.handed.read` knows it.

    Raises:
        Unreadable: `file-unreadable`, or `table-…`; while the rows are read, too.
    """
    try:
        if path.is_dir():
            yield from _folder(path)
            return
        with path.open("rb") as file:
            if file.peek(4)[:4] == b"PAR1":
                yield from _parquet(path)
            else:
                yield from rows_from(file)
    except OSError as error:
        raise Unreadable("file-unreadable", f"{path}: {error.strerror}") from error


def rows_from(file: io.BufferedReader[Any]) -> Iterator[Row]:
    """Read the rows of an open file or of standard input: anything but Parquet."""
    start = file.peek(64)[:64]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("table-encoding", "the table is UTF-16", "save it as CSV UTF-8")
    begin = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if begin == b"<":
        hint = "export FHIR as JSON; save a table as CSV UTF-8"
        raise Unreadable("table-format", "it is XML or a web page", hint)
    if begin == b"{":
        return _objects(file)
    return _joined(_array(file)) if begin == b"[" else _csv(file)


FHIR_LINES = frozenset({".ndjson", ".jsonl"})
"""Files of a FHIR Bulk Data export, as their names end."""


def files_of(path: Path) -> list[Path]:
    """Return the files that a source consists of: itself, or those of a Bulk Data export's folder."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix.lower() in FHIR_LINES)


def _folder(path: Path) -> Iterator[Row]:
    """Read the folder of a Bulk Data export; lines are counted through, in the order of the names."""
    files = files_of(path)
    if not files:
        hint = "a folder holds the .ndjson files of a FHIR Bulk Data export"
        raise Unreadable("table-folder", f"{path}: no such file is in the folder", hint)

    def lines() -> Iterator[Row]:
        number = 0
        for name in files:
            with name.open("rb") as file:
                for row in _lines_of_json(file):
                    number += 1
                    yield row._replace(number=number)

    yield from _with_patients(lines(), lines)


def _objects(file: io.BufferedReader[Any]) -> Iterator[Row]:
    """Read objects, one a line; resources of a Bulk Data export get their Patients."""
    if not file.seekable():
        # Lines are read twice where they are resources: the Patients may come last.
        file = io.BufferedReader(io.BytesIO(_all(file)))
    start = file.tell()

    def again() -> Iterator[Row]:
        file.seek(start)
        return _lines_of_json(file)

    return _with_patients(_lines_of_json(file), again)


def _joined(found: Iterator[Row]) -> Iterator[Row]:
    kept = list(found)
    return _with_patients(iter(kept), lambda: iter(kept))


def _with_patients(found: Iterator[Row], again: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    first = next(found, None)
    if first is None:
        return
    kind = (first.cells or {}).get("resourceType")
    if kind is None or kind == "Bundle":
        yield first
        yield from found
        return
    patients, seen = Patients(), 0
    for row in chain((first,), found):
        seen += 1
        if row.cells is not None and row.cells.get("resourceType") == "Patient":
            patients.add(row.cells)
    for row in again():
        if row.cells is None or "resourceType" not in row.cells or seen == 1:
            yield row
        elif (resource := with_patient(row.cells, patients)) is not None:
            yield row._replace(cells=resource)


def write_csv_safe(file: TextIO, header: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    """Write a report that a spreadsheet shows and does not run: a ' stands before formula signs."""
    writer = csv.writer(file)
    writer.writerow(map(_harmless, header))
    writer.writerows(map(_harmless, line) for line in lines)


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _malformed(number: int, code: RemarkCode = RemarkCode.ROW_MALFORMED) -> Row:
    return Row(number, None, (Remark(code),))


class _TooLong(Exception):
    """A line is longer than a row can be; the rest of it was skipped."""


class _Lines:
    """The lines of a file, none longer than `longest`."""

    def __init__(self, read: Callable[[int], Any], longest: int) -> None:
        self._read, self._longest = read, longest

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self._read(self._longest + 1)
        if not line:
            raise StopIteration
        if len(line) <= self._longest:
            return line
        while line and line[-1] not in ("\n", "\r", 10):
            line = self._read(self._longest)
        raise _TooLong


def _each(source: Iterator[Any], first: int) -> Iterator[tuple[int, Any]]:
    """Number what comes; what is too long comes as None."""
    for number in count(first):
        try:
            found = next(source)
        except StopIteration:
            return
        except (csv.Error, _TooLong):
            found = None
        yield number, found


def _csv(file: BinaryIO) -> Iterator[Row]:
    # A byte that is no UTF-8 becomes a surrogate, which costs its row (ENCODING_WRONG), not the file.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _records(_Lines(text.readline, LONGEST_ROW))
    finally:
        text.detach()


def _records(lines: _Lines) -> Iterator[Row]:
    _, first = next(_each(lines, 1), (1, ""))
    found = {mark: _names(first or "", mark) for mark in _SEPARATORS}
    # The separator is the one under which most columns are known.
    mark = max(found, key=lambda mark: len(COLUMNS.intersection(found[mark])))
    names, told = _columns(found[mark])
    for number, cells in _each(csv.reader(lines, delimiter=mark), 2):
        if cells is None:
            yield _malformed(number, RemarkCode.ROW_TOO_LONG)
        elif len(cells) > len(names) and any(cells[len(names) :]):
            yield _malformed(number)
        elif any(cells):
            row = dict(zip(names, cells, strict=False))
            row.pop(None, None)
            yield Row(number, row, told)
            told = ()


def _columns(names: list[str]) -> tuple[list[Any], tuple[Remark, ...]]:
    """Return the columns with None for those that are not read, and the remarks about these.

    They are told of once, and by number: where the header is missing, a name is somebody's data.
    """
    known = COLUMNS.intersection(names)
    if not known:
        hint = "the columns are listed in docs/reference/intake.md"
        raise Unreadable("table-header", "the first line names no column that is known", hint)
    if any(names.count(name) > 1 for name in known):
        raise Unreadable("table-columns", "a column is there twice", "keep one of the two")
    strange = [f"column {n}" for n, name in enumerate(names, 1) if name and name not in known]
    told = tuple(Remark(RemarkCode.COLUMN_UNKNOWN, column) for column in strange)
    return [name if name in known else None for name in names], told


def _names(line: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []
    return [cell.strip().lower().replace(" ", "_").replace("-", "_") for cell in cells]


def _once(pairs: list[tuple[str, Any]]) -> Any:
    """Make an object of pairs; one with a name twice would be two rows for two readers: none."""
    made = dict(pairs)
    return made if len(made) == len(pairs) else None


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Unreadable("table-damaged", "it is not JSON", "export it anew") from error


def _row(number: int, found: Any) -> Row:
    return Row(number, found) if isinstance(found, dict) else _malformed(number)


def _array(file: BinaryIO) -> Iterator[Row]:
    found = _parse(_all(file))
    if not isinstance(found, list):
        raise Unreadable("table-damaged", "it is no list of rows", "export it anew")
    return map(_row, range(1, len(found) + 1), found)


def _all(file: BinaryIO, begin: bytes = b"") -> bytes:
    data = begin + file.read(LARGEST_JSON + 1)
    if len(data) > LARGEST_JSON:
        raise Unreadable("table-too-large", "the JSON text is too large", "write JSON lines")
    return data


def _lines_of_json(file: BinaryIO) -> Iterator[Row]:
    first = file.readline(LONGEST_LINE)
    try:
        found = _parse(first)
    except Unreadable:
        # No whole object on the first line: the file is one object, laid out over many lines.
        yield _row(1, _parse(_all(file, first)))
        return
    yield _row(1, found)
    for number, line in _each(_Lines(file.readline, LONGEST_LINE), 2):
        if line is None:
            yield _malformed(number, RemarkCode.ROW_TOO_LONG)
        elif line.strip():
            try:
                yield _row(number, _parse(line))
            except Unreadable:
                yield _malformed(number)


def _parquet(path: Path) -> Iterator[Row]:
    try:
        import pyarrow as arrow  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise ExtraMissing("parquet", "reading Parquet") from error
    number = 0
    try:
        with parquet.ParquetFile(path) as table:
            names, told = _columns(table.schema_arrow.names)
            for batch in table.iter_batches(_BATCH, columns=list(filter(None, names))):
                for cells in _batch(batch, arrow.ArrowException):
                    number += 1
                    yield Row(number, cells, told) if cells else _malformed(number)
                    told = ()
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable("table-damaged", f"{path}: it is damaged", "export it anew") from error


def _batch(batch: Any, damage: type[Exception]) -> list[Any]:
    """Take a batch as rows; where a cell is out of Python's range, row by row, and None for that."""
    try:
        return list(batch.to_pylist())
    except (ValueError, LookupError, OverflowError, damage):
        if batch.num_rows == 1:
            return [None]
        alone = (batch.slice(place, 1) for place in range(batch.num_rows))
        return [row for one in alone for row in _batch(one, damage)]
