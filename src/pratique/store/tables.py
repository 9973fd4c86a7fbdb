"""Read the tables that people hand in: CSV, Excel, JSON, JSON lines, FHIR and Parquet, row by row.

    path -> rows -> Row(number, cells | None, remarks), ...        remarks -> write_csv_safe

1. What kind of file it is, is told by its first bytes, not by its name.
2. A row that cannot be read is yielded as such, and the rest goes on; a file that is no table raises
   `Unreadable`. Neither says what stood there.
3. A row is read up to a limit: a quote that is never closed costs the row, not the memory.
4. Rows are counted as a spreadsheet counts them: the header is row 1. JSON and Parquet begin at 1.
5. A workbook is weighed before it is unpacked: it is an archive, which can unpack to anything.
6. An issuer's records are read strictly (`rows`); of another's list (`listed`) no row is lost that can be told.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import struct
import zipfile
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from pratique import strict_json
from pratique.errors import ExtraMissing, Unreadable
from pratique.intake.columns import AS_THEY_ARE, Headings, heading, orders, recognised
from pratique.intake.fhir import Patients, kept_of, with_patient
from pratique.intake.remarks import Remark, RemarkCode
from pratique.intake.rows import COLUMNS
from pratique.model import silent
from pratique.store import files as store_files

LONGEST_ROW = 64 * 1024  # characters; a record has some hundred
MOST_CELLS = 10_000_000
LARGEST_UNPACKED = 512 * 1024 * 1024
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KNOWN = {name.replace("_", ""): name for name in COLUMNS}
_BESIDE_NAME = re.compile(r"[*:\u200b\ufeff]|\([^()]*\)|\[[^\[\]]*\]")
"""What people write beside a column's name: an explanation in brackets, a mark that it must be filled."""
# In some languages a spreadsheet takes the wide signs for the others (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@silent
class Row(NamedTuple):
    """One row: its cells by column, or None; and remarks: why there are none, or what was not read."""

    number: int
    cells: Mapping[str, Any] | None
    remarks: tuple[Remark, ...] = ()


class Header(NamedTuple):
    """Which columns a list may have that is no issuer's.

    Attributes:
        known: a column as people may write it, in small letters without blanks and `_`, and its name here.
        page: of the handbook, which lists them.
        given: the columns in their order, of a table of text whose first row is no header.
    """

    known: Mapping[str, str]
    page: str
    given: tuple[str, ...] = ()

    def name(self, cell: object) -> str:
        """Return a column's name as it is known here: `Birth-Date`, `birth date (YYYY)`, `birthDate *`."""
        plain = _plain(cell)
        return self.known.get(plain.replace("_", ""), plain)

    def among(self, cells: Iterable[Any]) -> int:
        """Return how many cells of a header are known."""
        return len(set(map(self.name, cells)).intersection(self.known.values()))


class _Unfit(NamedTuple):
    # The cells of a row that does not fit, as far as they are told.
    cells: list[Any]


_Raw = tuple[int, Any]
"""A row as it stands: its number, and its cells or why they cannot be told."""
_Count = Callable[[Iterable[Any]], int]
"""How many cells of a header are known."""


def _count(headings: Headings) -> _Count:
    return lambda cells: len(COLUMNS.intersection(_name(cell, headings) for cell in cells))


def rows(path: Path, headings: Headings = AS_THEY_ARE) -> Iterator[Row]:
    """Read the rows of a file. A FHIR document is one row: `intake.handed.read` knows it.

    Args:
        path: a file, the folder of a Bulk Data export, or one of Parquet files.
        headings: what its columns are, where their names do not say it in our words.

    Raises:
        Unreadable: `file-unreadable`, or `table-…`; while the rows are read, too.
    """
    try:
        if path.is_dir():
            yield from _folder(path, headings)
            return
        with store_files.opened(path) as file:
            if file.peek(4)[:4] == b"PAR1":
                yield from _parquet(file, headings)
            else:
                yield from rows_from(file, headings)
    except OSError as error:
        raise Unreadable("file-unreadable", f"{path}: {error.strerror}") from error


def listed(path: Path, header: Header) -> Iterator[Row]:
    """Read the rows of a list with columns of the caller's; one that does not fit comes with what was read of it.

    Raises:
        Unreadable: `file-unreadable`, or `table-…`; while the rows are read, too.
    """
    try:
        with store_files.opened(path) as file:
            if file.peek(4)[:4] != b"PAR1":
                yield from listed_from(file, header)
                return
            with parquet_columns(file) as table:
                names, _ = _columns([header.name(name) for name in table.names], header)
                known = {old: name for old, name in zip(table.names, names, strict=True) if name}
                for number, cells in enumerate(chain.from_iterable(table.batches(list(known))), 1):
                    row = cells and {known[old]: cell for old, cell in cells.items()}
                    yield Row(number, row) if row else _malformed(number)
    except OSError as error:
        raise Unreadable("file-unreadable", f"{path}: {error.strerror}") from error


def listed_from(file: io.BufferedReader[Any], header: Header) -> Iterator[Row]:
    """Read the rows of an open list, or of standard input: anything but Parquet."""
    raw = _raw(file, header.among, header)
    if raw is None:
        yield from _array(file) if _begin(file.peek(64)[:64]) == b"[" else _lines_of_json(file)
        return
    with closing(raw):
        _, first = next(raw)
        names, _ = _columns([header.name(cell) for cell in first], header)
        for number, cells in raw:
            if isinstance(cells, RemarkCode):
                yield _malformed(number, cells)
                continue
            fits = not isinstance(cells, _Unfit)
            own = cells if fits else cells.cells
            row = _cut(number, own[: len(names)], names, ())
            if not fits or any(map(_filled, own[len(names) :])):
                row = row._replace(remarks=(Remark(RemarkCode.ROW_MALFORMED),))
            yield row


def rows_from(file: io.BufferedReader[Any], headings: Headings = AS_THEY_ARE) -> Iterator[Row]:
    """Read the rows of an open file or of standard input: anything but Parquet."""
    raw = _raw(file, _count(headings))
    if raw is not None:
        return _named(raw, headings)
    is_list = _begin(file.peek(64)[:64]) == b"["
    found = _joined(_array(file)) if is_list else _objects(file)
    return (row._replace(cells=row.cells and headings.renamed(row.cells)) for row in found)


def _begin(start: bytes) -> bytes:
    return start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]


def _raw(
    file: io.BufferedReader[Any], known: _Count, header: Header | None = None
) -> Generator[_Raw, None, None] | None:
    """Return what stands in a table, its header first; None for JSON.

    Args:
        file: open, at its beginning.
        known: how many cells of a header are known.
        header: of a list of which no row is lost.
    """
    start = file.peek(64)[:64]
    if start.startswith((_ZIP, _OLE)):
        return _workbook(_all(file, largest=LARGEST_WORKBOOK), known)
    if start.startswith(b"PAR1"):
        raise Unreadable("table-format", "Parquet is read from a file only", "name the file")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # What Excel calls "Unicode text"; JSON is UTF-8 wherever it is exchanged (RFC 8259 §8.1).
        if start.decode("utf-16", "replace").lstrip()[:1] in ("[", "{"):
            raise Unreadable("table-encoding", "the JSON text is UTF-16", "save it as UTF-8")
        return _csv(file, (known, header), "utf-16")
    if start.startswith(b"\x1f\x8b"):
        # Bulk Data servers may send their files so.
        raise Unreadable("table-format", "it is compressed (gzip)", "unpack it first: gunzip FILE")
    if b"\0" in start:
        hint = "save it as CSV UTF-8"
        raise Unreadable(
            "table-encoding", "it is no text, or a text in UTF-16 that says not so", hint
        )
    if _begin(start) == b"<":
        hint = "export FHIR as JSON; save a table as CSV UTF-8"
        raise Unreadable("table-format", "it is XML or a web page", hint)
    return None if _begin(start) in (b"{", b"[") else _csv(file, (known, header))


# ----------------------------------------------------------------------------------------------------
# Look at a file whose columns nobody has named yet.


@silent
class Look(NamedTuple):
    """What a person is shown of a file before its columns are known.

    Attributes:
        headers: as they stand; empty for FHIR, which has no columns.
        rows: as many of the first ones as were asked for, cells in the headers' order.
        dates: by header, in which orders its dates can be read; what is not in it needs no order.
    """

    headers: list[str]
    rows: list[list[Any]]
    dates: dict[str, frozenset[str]]


def look(path: Path, shown: int, most: int) -> Look:
    """Look at a file: its header, its first rows, and in which orders dates of its first `most` rows can be read.

    Raises:
        Unreadable: `file-unreadable`, or `table-…`.
    """
    try:
        with store_files.opened(path) as file:
            if file.peek(4)[:4] == b"PAR1":
                with parquet_columns(file) as table:
                    lines = chain.from_iterable(table.batches(table.names))
                    cells = (list(row.values()) for row in lines if row)
                    return _looked(list(table.names), cells, shown, most)
            raw = _raw(file, _recognised)
            if raw is None:
                return _objects_looked(rows_from(file), shown, most)
            with closing(raw):
                _, header = next(raw)
                rows = (cells for _, cells in raw if not isinstance(cells, RemarkCode))
                return _looked(list(header), rows, shown, most)
    except OSError as error:
        raise Unreadable("file-unreadable", f"{path}: {error.strerror}") from error


def _recognised(cells: Iterable[Any]) -> int:
    return len(list(filter(None, recognised([cell for cell in cells if _filled(cell)]))))


def _objects_looked(rows: Iterator[Row], shown: int, most: int) -> Look:
    objects = [row.cells for row in islice(rows, most) if row.cells is not None]
    if any("resourceType" in cells for cells in objects):
        return Look([], [], {})
    headers = list(dict.fromkeys(name for cells in objects for name in cells))
    lines = ([cells.get(name) for name in headers] for cells in objects)
    return _looked(headers, lines, shown, most)


def _looked(header: list[Any], rows: Iterable[list[Any]], shown: int, most: int) -> Look:
    headers = [heading(cell) for cell in header]
    if not any(headers):
        _columns([])
    if len(headers) > _MOST_COLUMNS:
        raise Unreadable("table-columns", "there are too many columns", "keep those of records")
    lines = list(islice(rows, most))
    dates = {}
    for place, name in enumerate(headers):
        possible = orders(cells[place] for cells in lines if place < len(cells))
        if possible is not None:
            dates[name] = possible
    return Look(headers, lines[:shown], dates)


_MOST_COLUMNS = 500


def _all(file: BinaryIO, begin: bytes = b"", *, largest: int = 0) -> bytes:
    largest = largest or LARGEST_JSON
    data = begin + file.read(largest + 1)
    if len(data) > largest:
        hint = "write JSON lines" if largest == LARGEST_JSON else "save it as CSV UTF-8"
        raise Unreadable("table-too-large", "the file is too large to be read at once", hint)
    return data


def _malformed(number: int, code: RemarkCode = RemarkCode.ROW_MALFORMED) -> Row:
    return Row(number, None, (Remark(code),))


def _each(source: Iterator[Any], first: int) -> Iterator[tuple[int, Any]]:
    """Number what comes; what is too long comes as None."""
    for number in count(first):
        try:
            found = next(source)
        except StopIteration:
            return
        except (csv.Error, store_files.LineTooLong):
            found = None
        yield number, found


def _name(cell: object, headings: Headings) -> str:
    """Return a column's name as it is known here: `Birth-Date`, `birth date (YYYY)`, `birthDate *`; or as it was chosen."""
    if headings.columns and (chosen := headings.columns.get(heading(cell))) is not None:
        return chosen
    plain = _plain(cell)
    return _KNOWN.get(plain.replace("_", ""), plain)


def unnamed(name: str, headings: Headings) -> bool:
    """Tell whether a column is none of a record's, so that its being left out would be remarked."""
    return bool(heading(name)) and _name(name, headings) not in COLUMNS


def _plain(cell: object) -> str:
    text = " ".join(_BESIDE_NAME.sub(" ", str(cell)).split()).lower()
    return text.replace(" ", "_").replace("-", "_")


def _named(raw: Generator[_Raw, None, None], headings: Headings) -> Iterator[Row]:
    """Make rows of what stands in a table, its header first."""
    with closing(raw):
        _, header = next(raw)
        names, told = _columns([_name(cell, headings) for cell in header])
        for number, cells in raw:
            if isinstance(cells, RemarkCode):
                yield _malformed(number, cells)
            else:
                row = _cut(number, cells, names, told)
                yield row._replace(cells=row.cells and headings.cells(row.cells))
                told = ()


def _columns(
    names: list[str], header: Header | None = None
) -> tuple[list[Any], tuple[Remark, ...]]:
    """Return the columns with None for those that are not read, and the remarks about these.

    They are told of once, and by number: where the header is missing, a name is somebody's data.
    """
    known = (COLUMNS if header is None else set(header.known.values())).intersection(names)
    if not known:
        page = "Intake" if header is None else header.page
        hint = f"the handbook's page {page} lists the columns"
        raise Unreadable("table-header", "the first row names no column that is known", hint)
    if any(names.count(name) > 1 for name in known):
        raise Unreadable("table-columns", "a column is there twice", "keep one of the two")
    strange = [f"column {n}" for n, name in enumerate(names, 1) if name and name not in known]
    told = tuple(Remark(RemarkCode.COLUMN_UNKNOWN, column) for column in strange)
    return [name if name in known else None for name in names], told


def _cut(number: int, cells: list[Any], names: list[Any], told: tuple[Remark, ...]) -> Row:
    """Make a row of its cells; more of them than the header has are not to be told apart."""
    if len(cells) > len(names) and any(cell not in ("", None) for cell in cells[len(names) :]):
        return _malformed(number)
    row = dict(zip(names, cells, strict=False))
    row.pop(None, None)
    return Row(number, row, told)


def write_csv_safe(file: TextIO, header: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    """Write a report that a spreadsheet shows and does not run: a ' stands before formula signs."""
    writer = csv.writer(file)
    writer.writerow(map(_harmless, header))
    writer.writerows(map(_harmless, line) for line in lines)


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


# ----------------------------------------------------------------------------------------------------
# Text: CSV, by whatever separator.


_SEPARATORS, _BLANK_ROWS = ",;\t|", 20
_SEP = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*[\r\n]*', re.IGNORECASE)


def _csv(
    file: BinaryIO, how: tuple[_Count, Header | None], encoding: str = "utf-8-sig"
) -> Generator[_Raw, None, None]:
    # A byte that is no UTF-8 becomes a surrogate, which costs its row (ENCODING_WRONG), not the file.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    text = io.TextIOWrapper(file, encoding, errors=errors, newline="")
    try:
        yield from _records(text, *how)
    finally:
        text.detach()


def _records(text: TextIO, known: _Count, header: Header | None) -> Generator[_Raw, None, None]:
    """Read a table of text; the header is its first row that holds anything, as a rule row 1.

    A cell of the header may hold line breaks, as any other: rows are not lines.
    """
    seen: list[str] = []
    source: Iterator[str] = iter(store_files.Lines(text.readline, LONGEST_ROW))
    marks, blank = _SEPARATORS, 0
    first = _more(source, seen)
    if match := _SEP.fullmatch(first):
        # Excel's own line, which says by what cells are parted; a spreadsheet does not count it.
        marks = match[1]
        seen.clear()
        first = _more(source, seen)
    while first and not first.strip(f" \r\n{marks}") and blank < _BLANK_ROWS:
        blank += 1
        seen.clear()
        first = _more(source, seen)
    found = {mark: _header(source, seen, mark) for mark in marks}
    # The separator is the one under which most columns are known; where none is, that makes most cells.
    mark = max(found, key=lambda mark: (known(found[mark][0]), len(found[mark][0])))
    cells, used = found[mark]
    if header is not None and header.given:
        cells, used, blank = list(header.given), 0, blank - 1
    yield blank + 1, cells
    if header is not None:
        yield from _kept(text, seen[used:], mark, (len(cells), blank + 2))
        return
    rest = csv.reader(chain(seen[used:], source), delimiter=mark)
    for number, row in _each(rest, blank + 2):
        if row is None:
            yield number, RemarkCode.ROW_TOO_LONG
        elif any(map(str.strip, row)):
            yield number, row


def _kept(text: TextIO, seen: list[str], mark: str, at: tuple[int, int]) -> Iterator[_Raw]:
    """Read rows of which none is lost: one that cannot be read comes with what it begins with.

    A quote that is never closed would take the rows that follow for a part of its cell. A line that is a whole row
    by itself, within a cell that is open, is one.

    Args:
        text: to be read on.
        seen: lines that were read before.
        mark: parts cells.
        at: how many columns there are, and the number of the first row.
    """
    width, number = at
    waiting, begun = deque((line, False) for line in seen), list[str]()
    while True:
        line, is_long = waiting.popleft() if waiting else _line(text)
        ends = not line or is_long or sum(map(len, begun)) > LONGEST_ROW
        if begun and (ends or _is_row(line, mark, width)):
            yield number, _roughly(begun[0], mark)
            waiting.extendleft([(line, is_long), *((one, False) for one in reversed(begun[1:]))])
            begun, number = [], number + 1
            continue
        if not line:
            return
        begun.append(line)
        if is_long:
            yield number, _roughly(line, mark)
        elif "".join(begun).count('"') % 2:
            continue
        elif any(map(str.strip, cells := next(csv.reader(begun, delimiter=mark), []))):
            yield number, cells
        begun, number = [], number + 1


def _line(text: TextIO) -> tuple[str, bool]:
    """Return the next line, and whether it is only how a longer one begins: the rest of that is skipped."""
    line = rest = text.readline(LONGEST_ROW + 1)
    if len(line) <= LONGEST_ROW:
        return line, False
    while rest and not rest.endswith(("\n", "\r")):
        rest = text.readline(LONGEST_ROW)
    return line, True


def _roughly(line: str, mark: str) -> _Unfit:
    """Part a line without regard to quotes: how it begins says whose it is."""
    return _Unfit([cell.strip('" \r\n') for cell in line.split(mark)])


def _is_row(line: str, mark: str, width: int) -> bool:
    if line.count('"') % 2 == 0:
        return len(next(csv.reader([line], delimiter=mark), [])) >= width
    # With a quote too many or too few it is one by its marks alone: two such quotes would be taken for a pair.
    return line.count(mark) >= width - 1 > 0


def _more(source: Iterator[str], seen: list[str]) -> str:
    """Return the next line and remember it; "" at the end, and for one that is too long."""
    try:
        seen.append(next(source))
    except (StopIteration, store_files.LineTooLong):
        return ""
    return seen[-1]


def _header(source: Iterator[str], seen: list[str], separator: str) -> tuple[list[str], int]:
    """Return the cells of the first row under a separator, and how many lines they take."""

    def lines() -> Iterator[str]:
        place = 0
        # A quote that is never closed must not take the whole file for the header.
        while (place < len(seen) or _more(source, seen)) and sum(map(len, seen)) <= LONGEST_ROW:
            yield seen[place]
            place += 1

    reader = csv.reader(lines(), delimiter=separator)
    try:
        cells = next(reader, [])
    except csv.Error:
        return [], 1
    return list(cells), reader.line_num


# ----------------------------------------------------------------------------------------------------
# JSON: a list, lines, one object, and the resources of a FHIR Bulk Data export, which get their Patients.


LONGEST_LINE = 4 * 1024 * 1024  # bytes; a FHIR document may stand in it
LARGEST_JSON = 256 * 1024 * 1024
FHIR_LINES = frozenset({".ndjson", ".jsonl"})
"""Files of a FHIR Bulk Data export, as their names end."""


def files_of(path: Path) -> list[Path]:
    """Return the files that a source consists of: itself, a Bulk Data export's, or a folder's of Parquet."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.is_symlink())
    lines = [file for file in files if file.suffix.lower() in FHIR_LINES]
    columns = [file for file in files if file.suffix.lower() == ".parquet"]
    if lines and columns:
        hint = "put the lines of the export and the Parquet files into folders of their own"
        raise Unreadable("table-folder", f"{path}: files of two kinds are in the folder", hint)
    return lines or columns


def _folder(path: Path, headings: Headings) -> Iterator[Row]:
    """Read the files of a folder; rows are counted through, in the order of the names."""
    files = files_of(path)
    if not files:
        hint = "a folder holds the .ndjson files of a FHIR Bulk Data export, or .parquet files"
        raise Unreadable("table-folder", f"{path}: no such file is in the folder", hint)
    is_columns = files[0].suffix.lower() not in FHIR_LINES

    def all_rows() -> Iterator[Row]:
        number = 0
        for name in files:
            with store_files.opened(name, named=False) as file:
                for row in _parquet(file, headings) if is_columns else _lines_of_json(file):
                    number += 1
                    yield row._replace(number=number)

    yield from all_rows() if is_columns else _with_patients(all_rows(), all_rows)


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


def _array(file: BinaryIO) -> Iterator[Row]:
    found = _parse(_all(file))
    if not isinstance(found, list):
        raise Unreadable("table-damaged", "it is no list of rows", "export it anew")
    return map(_row, range(1, len(found) + 1), found)


def _lines_of_json(file: BinaryIO) -> Iterator[Row]:
    first = file.readline(LONGEST_LINE)
    try:
        found = _parse(first)
    except Unreadable:
        # No whole object on the first line: the file is one object, laid out over many lines.
        yield _row(1, _parse(_all(file, first)))
        return
    yield _row(1, found)
    for number, line in _each(store_files.Lines(file.readline, LONGEST_LINE), 2):
        if line is None:
            yield _malformed(number, RemarkCode.ROW_TOO_LONG)
        elif line.strip():
            try:
                yield _row(number, _parse(line))
            except Unreadable:
                yield _malformed(number)


def _row(number: int, found: Any) -> Row:
    return Row(number, found) if isinstance(found, dict) else _malformed(number)


def _parse(data: bytes) -> Any:
    try:
        return strict_json.loads(data, most=MOST_CELLS, made=_once)
    except ValueError as error:
        raise Unreadable("table-damaged", "it is not JSON", "export it anew") from error


def _once(pairs: list[tuple[str, Any]]) -> Any:
    """Make an object of pairs; one with a name twice would be two rows for two readers: none."""
    made = dict(pairs)
    return made if len(made) == len(pairs) else None


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
            patients.add(kept_of(row.cells))
    for row in again():
        if row.cells is None or "resourceType" not in row.cells or seen == 1:
            yield row
        elif (resource := with_patient(row.cells, patients)) is not None:
            yield row._replace(cells=resource)


# ----------------------------------------------------------------------------------------------------
# Excel: weighed before it is unpacked, since it is an archive.


LARGEST_WORKBOOK = 64 * 1024 * 1024
_MOST_PARTS, _CHUNK = 10_000, 1 << 20
_SHARED, _TAIL = "xl/sharedstrings.xml", 64
_ENDED, _OPENED = re.compile(rb"</(?:\w+:)?si>"), re.compile(rb"<(?:\w+:)?c[\s/>]")
_VALUE, _NO_NUMBER = (
    re.compile(rb"<(?:\w+:)?v(?:\s[^>]{0,32})?>([^<]{0,24})<"),
    re.compile(rb"&|^$"),
)
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')


def _workbook(data: bytes, known: _Count) -> Generator[_Raw, None, None]:
    """Read the one sheet of a workbook that has known columns; rows are counted as it counts them.

    Values are those that were last computed; hidden rows and columns are read as any others.
    """
    try:
        from python_calamine import CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ExtraMissing("excel", "reading an Excel workbook") from error
    if data.startswith(_ZIP):
        _weigh(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = SheetVisibleEnum.Visible
        shown = [sheet.name for sheet in book.sheets_metadata if sheet.visible == visible]
        tables = [
            (sheet.start or (0, 0), list(sheet.to_python()), sheet.merged_cell_ranges or [])
            for sheet in map(book.get_sheet_by_name, shown)
        ]
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        hint = "take off its password, or save it as CSV UTF-8"
        raise Unreadable("table-damaged", "the workbook cannot be read", hint) from None
    headed = [(*table, place) for table in tables if (place := _head(table[1], known)) is not None]
    if len(headed) > 1:
        hint = "keep one of them in the workbook, or save each as CSV UTF-8"
        raise Unreadable("table-sheets", "several sheets of the workbook hold records", hint)
    if not headed:
        # Of one that is not told what its columns are, a person is asked; a workbook has several sheets mostly.
        filled = [table for table in tables if any(map(_ended, table[1]))]
        if len(filled) != 1:
            _columns([])
        place = next(place for place, row in enumerate(filled[0][1]) if _ended(row))
        headed = [(*filled[0], place)]
    (top, left), cells, merged, header = headed[0]
    yield top + header + 1, (names := _ended(cells[header]))
    torn = _torn(merged, left, len(names), len(cells) + top)
    for place in range(header + 1, len(cells)):
        number = top + place + 1
        if number - 1 in torn:
            yield number, RemarkCode.ROW_MERGED
        elif any(map(_filled, cells[place])):
            yield number, cells[place]


def _head(rows: list[list[Any]], known: _Count) -> int | None:
    """Return the row that names columns: the first one that holds anything, or after a title."""
    counts = [known(row) if any(map(_filled, row)) else -1 for row in rows[:_BLANK_ROWS]]
    first = next((place for place, count in enumerate(counts) if count >= 0), None)
    if first is not None and counts[first]:
        return first
    return next((place for place, count in enumerate(counts) if count >= 2), None)


def _torn(merged: list[Any], left: int, width: int, height: int) -> set[int]:
    """Return the rows some cell of which stands in another one: what they hold is not told."""
    torn: set[int] = set()
    for (first, begin), (last, end) in merged:
        if begin < left + width and end >= left:
            wide = first if end > begin else first + 1
            torn.update(range(wide, min(last, height) + 1))
    return torn


def _ended(row: list[Any]) -> list[Any]:
    """Leave out the empty cells at a row's end: a sheet is as wide as its widest row."""
    filled = [place for place, cell in enumerate(row) if _filled(cell)]
    return row[: filled[-1] + 1] if filled else []


def _filled(cell: object) -> bool:
    return cell is not None and cell != ""


def _weigh(data: bytes) -> None:
    """Refuse a workbook that unpacks to more than it should, before a library does so.

    What an archive says of its sizes is not believed: it is unpacked, bit by bit, and counted. And
    one cell at the far corner of a sheet would be an array of 17 thousand million cells.
    """
    hint = "save it as CSV UTF-8, which is read row by row"
    large = Unreadable("table-too-large", "the workbook is too large", hint)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
        if len(parts) > _MOST_PARTS:
            raise large
        names = [part.filename for part in parts if part.filename.startswith("xl/worksheets/")]
        # A binary workbook's cells cannot be counted so, nor an OpenDocument's repeated ones.
        if not names or any(name.endswith(".bin") for name in names):
            hint = "save it as .xlsx or as CSV UTF-8"
            raise Unreadable("table-format", "it is an archive, and no workbook that is read", hint)
        total, shared = 0, array("I")
        # Texts that cells share first: one of them may be met by every cell.
        for part in sorted(parts, key=lambda one: one.filename.lower() != _SHARED):
            corner, tail, cells = (0, 0), b"", 0
            for chunk in _unpacked(data, part):
                total += len(chunk)
                if part.filename.lower() == _SHARED:
                    _lengths(shared, tail + chunk, len(tail))
                    tail = chunk[-_TAIL:]
                elif part.filename.startswith("xl/worksheets/"):
                    for letters, digits in _CELL.findall(tail + chunk):
                        corner = max(corner[0], _column(letters)), max(corner[1], int(digits))
                    cells += len(_OPENED.findall(chunk))
                    total += _expanded(shared, tail + chunk, len(tail))
                    tail = chunk[-_TAIL:]
                if total > LARGEST_UNPACKED:
                    raise large
            if corner[0] * corner[1] > MOST_CELLS or cells > MOST_CELLS:
                raise large
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError, NotImplementedError) as error:
        raise Unreadable("table-damaged", "the workbook is damaged", "save it anew") from error


def _unpacked(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a part as far as it goes, whatever size it says it has."""
    name, extra = struct.unpack_from("<HH", data, part.header_offset + 26)
    begin = part.header_offset + 30 + name + extra
    packed = data[begin : begin + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise ValueError
    unpacker = zlib.decompressobj(-15)
    while packed and not unpacker.eof:
        yield unpacker.decompress(packed, _CHUNK)
        packed = unpacker.unconsumed_tail


def _lengths(shared: array[int], text: bytes, seen: int) -> None:
    """Note how long each shared text is at most: as far as it is from the end of the one before."""
    before = 0
    if not shared:
        shared.append(0)
    for end in _ENDED.finditer(text):
        if end.end() <= seen:
            continue
        shared[-1] += end.end() - max(before, seen)
        before = end.end()
        shared.append(0)
    shared[-1] += len(text) - max(before, seen)


def _expanded(shared: array[int], text: bytes, seen: int) -> int:
    """Return how many bytes cells stand for by the number of a shared text; a number proper is counted as one too."""
    if not shared:
        return 0
    longest, found = max(shared), 0
    for value in _VALUE.finditer(text):
        if value.end() > seen:
            digits = value[1].strip()
            if digits.isdigit():
                number = int(digits)
                found += shared[number] if number < len(shared) else 0
            elif _NO_NUMBER.search(digits):
                # Written in a way that only its reader knows.
                found += longest
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# ----------------------------------------------------------------------------------------------------
# Parquet: each page is counted to what it unpacks, by its own header.


LARGEST_PAGE, LARGEST_BATCH = 32 * 1024 * 1024, 128 * 1024 * 1024
"""Bytes of a Parquet page, which is unpacked as a whole (writers make them of 1 MB), and of rows read at a time."""
_BATCH, _AT_ONCE = 256, 16 * 1024 * 1024
"""Rows that are read at a time; bytes of them that are made Python's at a time."""
_TIMES = 50
"""Cells and bytes that a byte of a Parquet file may stand for, where it is large; in a real one it is about one."""
PARQUET_LIMITS = {"thrift_string_size_limit": 1 << 24, "thrift_container_size_limit": 1 << 20}
"""Of what a Parquet file says about itself."""
_PAGE_HEADER, _THRIFT_DEPTH = 64 * 1024, 8
_DICTIONARY_PAGE, _DELTA_BYTE_ARRAY = 2, 7


class Columns(NamedTuple):
    """A Parquet file that is open: the names of its columns, and what reads some of them."""

    names: list[str]
    batches: Callable[[list[str]], Iterator[list[Any]]]


def _parquet(file: BinaryIO, headings: Headings) -> Iterator[Row]:
    with parquet_columns(file) as table:
        names, told = _columns([_name(name, headings) for name in table.names])
        known = {old: name for old, name in zip(table.names, names, strict=True) if name}
        cells_of_rows = chain.from_iterable(table.batches(list(known)))
        for number, cells in enumerate(cells_of_rows, 1):
            row = cells and headings.cells({known[old]: cell for old, cell in cells.items()})
            texts = [cell for cell in (row or {}).values() if isinstance(cell, str | bytes)]
            if sum(map(len, texts)) > LONGEST_ROW:
                yield _malformed(number, RemarkCode.ROW_TOO_LONG)
            else:
                yield Row(number, row, told if number == 1 else ()) if row else _malformed(number)


@contextmanager
def parquet_columns(file: BinaryIO) -> Iterator[Columns]:
    """Open a Parquet file, after it was counted to what it unpacks.

    What it says of itself at its end is not believed: each page has its own header, and is unpacked by it.
    One that is not what it says costs no more than its bytes.

    Raises:
        Unreadable: `table-too-large`, `table-damaged`, `table-format`.
        ExtraMissing: the extra `parquet` is not installed.
    """
    try:
        import pyarrow as arrow  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise ExtraMissing("parquet", "reading Parquet") from error

    def batches(wanted: list[str]) -> Iterator[list[Any]]:
        rows = weigh_parquet(file, table, set(wanted))
        for batch in table.iter_batches(rows, columns=wanted):
            # More of them than records can be are taken row by row: Python would hold them a second time.
            whole = batch.nbytes <= _AT_ONCE
            parts = [batch] if whole else (batch.slice(n, 1) for n in range(batch.num_rows))
            for part in parts:
                yield _batch(part, arrow.ArrowException)

    try:
        with parquet.ParquetFile(file, **PARQUET_LIMITS) as table:
            yield Columns(list(table.schema_arrow.names), batches)
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable("table-damaged", "the table is damaged", "export it anew") from error


def _batch(batch: Any, damage: type[Exception]) -> list[Any]:
    """Take a batch as rows; where a cell is out of Python's range, row by row, and None for that."""
    try:
        return list(batch.to_pylist())
    except (ValueError, LookupError, OverflowError, damage):
        if batch.num_rows == 1:
            return [None]
        alone = (batch.slice(place, 1) for place in range(batch.num_rows))
        return [row for one in alone for row in _batch(one, damage)]


def weigh_parquet(file: BinaryIO, table: Any, wanted: set[str], most: int = _BATCH) -> int:
    """Count cells, and bytes page by page; return how many rows are to be read at a time, at most `most`."""
    large = Unreadable(
        "table-too-large", "the table is too large", "save it as CSV UTF-8, or in parts"
    )
    about, size = table.metadata, file.seek(0, io.SEEK_END)
    if about.num_rows * max(len(wanted), 1) > max(MOST_CELLS, size * _TIMES):
        raise large
    longest: dict[str, int] = {}
    left = max(LARGEST_UNPACKED, size * _TIMES)
    for group in range(about.num_row_groups):
        for place in range(about.num_columns):
            chunk, kind = about.row_group(group).column(place), about.schema.column(place)
            column = chunk.path_in_schema.partition(".")[0]
            if column not in wanted:
                continue
            if kind.max_repetition_level:
                # One row could be a list of a thousand million values.
                raise Unreadable(
                    "table-format", "a column holds lists", "write one value in a cell"
                )
            for page in _pages(file, chunk):
                left -= page.unpacked
                if page.unpacked > LARGEST_PAGE or left < 0 or page.values > MOST_CELLS:
                    raise large
                value = max(page.longest, kind.length or 0)
                longest[column] = max(longest.get(column, 0), value)
    return max(min(most, LARGEST_BATCH // max(sum(longest.values()), 1)), 1)


class _Page(NamedTuple):
    """A page of a column: to how many bytes it unpacks, its values if it is a dictionary, and how long a value is.

    A value of a dictionary is met by every row that names it, and where values are written by what they share
    with the one before (DELTA_BYTE_ARRAY), a long one can be met again in each. All else unpacks to what it is.
    """

    unpacked: int
    values: int
    longest: int


def _pages(file: BinaryIO, chunk: Any) -> Iterator[_Page]:
    """Yield each page of a column's chunk, as its own header has it."""
    place = chunk.data_page_offset
    if chunk.dictionary_page_offset and chunk.dictionary_page_offset < place:
        place = chunk.dictionary_page_offset
    end = place + chunk.total_compressed_size
    while place < end:
        file.seek(place)
        found, size = _page_header(file.read(_PAGE_HEADER))
        kind, unpacked, packed = (found.get(field, 0) for field in (1, 2, 3))
        if unpacked < 0 or packed < 0:
            raise Unreadable("table-damaged", "the table is damaged", "export it anew")
        # data_page_header.encoding, data_page_header_v2.encoding; dictionary_page_header.num_values
        encodings = {found.get(5, {}).get(2), found.get(8, {}).get(4)}
        values = found.get(7, {}).get(1, 0) if kind == _DICTIONARY_PAGE else 0
        longest = unpacked if _DELTA_BYTE_ARRAY in encodings else 0
        if kind == _DICTIONARY_PAGE and chunk.physical_type == "BYTE_ARRAY":
            longest = unpacked
            if values <= MOST_CELLS and unpacked <= LARGEST_PAGE:
                file.seek(place + size)
                longest = _longest_of(file.read(packed), unpacked, chunk.compression)
        yield _Page(unpacked, values, longest)
        place += size + packed


def _longest_of(data: bytes, unpacked: int, codec: str) -> int:
    """Return the length of a dictionary's longest value, which is not longer than all of it."""
    import pyarrow as arrow  # noqa: PLC0415 - an extra

    if codec in {"SNAPPY", "GZIP", "BROTLI", "ZSTD"}:
        data = arrow.decompress(data, unpacked, codec.lower(), asbytes=True)
    elif codec != "UNCOMPRESSED":
        return unpacked
    place = longest = 0
    while place + 4 <= len(data):
        length = int.from_bytes(data[place : place + 4], "little")
        longest = max(longest, length)
        place += 4 + length
    return min(longest, unpacked)


def _page_header(data: bytes) -> tuple[dict[int, Any], int]:
    """Read the numbers of a page's header (parquet.thrift, PageHeader), and its length.

    1 is its type, 2 uncompressed_page_size, 3 compressed_page_size.
    """
    reader = _Compact(data)
    try:
        found = reader.struct(0)
    except IndexError:
        raise Unreadable("table-damaged", "the table is damaged", "export it anew") from None
    return found, reader.place


class _Compact:
    """Thrift's compact protocol, of which the numbers are kept, by field."""

    def __init__(self, data: bytes) -> None:
        self._data, self.place = data, 0

    def struct(self, depth: int) -> dict[int, Any]:
        """Read a structure."""
        found: dict[int, Any] = {}
        field = 0
        while kind := self._octet():
            step = kind >> 4
            field = field + step if step else self._zigzag()
            value = self._value(kind & 15, depth)
            if value is not None:
                found[field] = value
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _THRIFT_DEPTH:
            raise IndexError
        if kind in {4, 5, 6}:
            return self._zigzag()
        if kind == 8:
            length = self._number()
            self.place += length
        elif kind in {3, 7}:
            self.place += 1 if kind == 3 else 8
        elif kind in {9, 10}:
            head = self._octet()
            count = head >> 4 if head >> 4 < 15 else self._number()
            for _ in range(count):
                self._value(5 if head & 15 in {1, 2} else head & 15, depth + 1)
        elif kind == 12:
            return self.struct(depth + 1)
        elif kind not in {1, 2}:
            raise IndexError
        return None

    def _octet(self) -> int:
        self.place += 1
        return self._data[self.place - 1]

    def _number(self) -> int:
        found, shift = 0, 0
        while True:
            octet = self._octet()
            found |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                return found
            if shift > 63:
                raise IndexError

    def _zigzag(self) -> int:
        found = self._number()
        return found >> 1 ^ -(found & 1)
