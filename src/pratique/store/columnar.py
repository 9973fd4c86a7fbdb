"""Files of columns, read in pieces and written in parts: Parquet, Arrow IPC, and CSV on one machine.

    paths -> planned -> Piece(number, groups, skip, rows) ...        Piece -> Reader -> RecordBatch ...
    RecordBatch ... -> encoded -> one Parquet file, the same bytes each time

1. A piece says where its rows lie, and holds none: numbers are all that a worker is given.
2. Only the columns that are asked for are read, and of a piece no more at a time than `tables` allows.
3. What a Parquet file unpacks to is counted before it is read, as in `tables`.
4. A reader goes forward: pieces of one group that come in order cost its rows once.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from pratique.errors import ExtraMissing, Unreadable
from pratique.store import files, tables

T = TypeVar("T")
ROWS = 10_000
"""Rows of a piece, at most: some seconds of a worker's time, and some megabytes."""
SUFFIXES = frozenset({".parquet", ".arrow", ".feather", ".ipc", ".csv"})
"""How files of columns are named in a folder."""

_BLOCK = 1 << 20
"""Bytes of CSV at a time."""


class Piece(NamedTuple):
    """Rows of a file that one worker takes at a time.

    Attributes:
        number: of the piece, counted through all files.
        size: bytes of the file when it was looked at.
        first, last: row groups of a Parquet file, or batches of an Arrow file, both inclusive.
        skip: rows of those that come before.
        start: number of its first row in the file; rows are counted from 1.
    """

    number: int
    path: str
    size: int
    first: int
    last: int
    skip: int
    rows: int
    start: int


def files_of(source: Path) -> list[Path]:
    """Return the files of columns that a source consists of, in the order of their names."""
    if not source.is_dir():
        return [source]
    there = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    there = [path for path in there if path.is_file() and not path.is_symlink()]
    if not there:
        raise Unreadable(
            "columns-folder", f"{source}: no file of columns is in the folder",
            f"its files end in {', '.join(sorted(SUFFIXES))}",
        )  # fmt: skip
    return there


def planned(paths: Iterable[Path], columns: Sequence[str], rows: int = ROWS) -> list[Piece]:
    """Return the pieces that files are to be read in. Raises Unreadable `columns-…`, `table-…`."""
    pieces: list[Piece] = []
    for path in paths:
        with Reader(path, columns) as reader:
            start, size = 1, path.stat().st_size
            for first, last, skip, count in _cut(reader.groups, rows):
                number = len(pieces)
                pieces.append(Piece(number, str(path), size, first, last, skip, count, start))
                start += count
    return pieces


def _cut(groups: Sequence[int], rows: int) -> Iterator[tuple[int, int, int, int]]:
    """Put small groups together, and part large ones: (first, last, skip, rows)."""
    first = count = 0
    for number, size in enumerate(groups):
        if count and count + size > rows:
            yield first, number - 1, 0, count
            first, count = number, 0
        if size > rows:
            for skip in range(0, size, rows):
                yield number, number, skip, min(rows, size - skip)
            first, count = number + 1, 0
        else:
            count += size
    if count:
        yield first, len(groups) - 1, 0, count


class Reader:
    """Reads pieces of one file, one after the other."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path, self._columns = path, tuple(dict.fromkeys(columns))
        self._groups: tuple[int, int] | None = None
        self._place = 0
        self._left: Any = None
        self._batches: Iterator[Any] = iter(())
        try:
            self._file = files.opened(path)
        except (OSError, ValueError) as error:
            raise Unreadable(
                "file-unreadable",
                f"{path}: {getattr(error, 'strerror', None) or 'cannot be read'}",
            ) from error
        try:
            self._form = self._read(lambda: _form_of(self._file, self._columns))
            if missing := [name for name in self._columns if name not in self._form.names]:
                raise Unreadable(
                    "columns-missing", f"{path.name}: there is no column '{missing[0]}'",
                    "name the column that holds it",
                )  # fmt: skip
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._batches, self._left = iter(()), None
        self._file.close()

    @property
    def names(self) -> list[str]:
        """Return the names of the file's columns."""
        return self._form.names

    def field(self, name: str) -> Any:
        """Return what a column of a Parquet file is; None in another file."""
        return self._form.fields.get(name)

    @property
    def groups(self) -> list[int]:
        """Return how many rows each group has."""
        return self._read(self._form.groups)

    def read(self, piece: Piece) -> Iterator[Any]:
        """Yield a piece's rows, in batches. Raises Unreadable `columns-changed`, `table-damaged`."""
        if os.fstat(self._file.fileno()).st_size != piece.size:
            raise _changed(self._path)
        groups = piece.first, piece.last
        if groups != self._groups or piece.skip < self._place:
            self._groups, self._place, self._left = groups, 0, None
            self._batches = self._form.batches(*groups)
        while self._place < piece.skip:
            self._next(piece.skip - self._place)
        end = piece.skip + piece.rows
        while self._place < end:
            yield self._next(end - self._place)

    def _next(self, most: int) -> Any:
        """Return the next rows, at most so many."""
        batch = (
            self._left if self._left is not None else self._read(lambda: next(self._batches, None))
        )
        if batch is None:
            raise _changed(self._path)
        count = min(most, batch.num_rows)
        self._left = batch.slice(count) if count < batch.num_rows else None
        self._place += count
        return batch.slice(0, count)

    def _read(self, act: Callable[[], T]) -> T:
        """Do what reads; a file that is damaged is told of by its name."""
        import pyarrow as arrow  # noqa: PLC0415 - an extra

        try:
            return act()
        except (arrow.ArrowException, OSError) as error:
            raise Unreadable(
                "table-damaged", f"{self._path.name}: the file is damaged", "export it anew"
            ) from error


class Beside:
    """Columns of Parquet files, of rows that are counted through all of them from 1 and asked for in their order.

    Raises:
        Unreadable: `columns-missing`, `columns-differ`, `columns-format`, `table-…`; while rows are read, too.
    """

    def __init__(self, paths: Sequence[Path], columns: Sequence[str]) -> None:
        self.fields = [_field_of(paths, name) for name in dict.fromkeys(columns)]
        self._names = [field.name for field in self.fields]
        self._batches = self._read(paths)
        self._batch: Any = None
        self._end = 0

    def _read(self, paths: Sequence[Path]) -> Iterator[Any]:
        for path in paths:
            with Reader(path, self._names) as reader:
                for piece in planned([path], self._names):
                    yield from reader.read(piece)

    def read_through(self) -> None:
        """Read all and keep nothing: what is damaged is known before anything depends on it."""
        for _ in self._batches:
            pass

    def rows(self, numbers: Sequence[int]) -> list[Any]:
        """Return the columns, each as an array, of rows whose numbers rise."""
        import pyarrow as arrow  # noqa: PLC0415 - an extra

        taken, place = [], 0
        while self.fields and place < len(numbers):
            while self._end < numbers[place]:
                self._batch = next(self._batches)
                self._end += self._batch.num_rows
            first = self._end - self._batch.num_rows + 1
            here = list(takewhile(lambda number: number <= self._end, numbers[place:]))
            place += len(here)
            taken.append(self._batch.take(arrow.array([number - first for number in here])))
        return [
            arrow.chunked_array([batch.column(field.name) for batch in taken], field.type)
            for field in self.fields
        ]


def _field_of(paths: Sequence[Path], name: str) -> Any:
    """Return what a column of files is in each of them."""
    kinds = []
    for path in paths:
        with Reader(path, [name]) as reader:
            if reader.names.count(name) > 1:
                text = f"{path.name}: the column '{name}' is there twice"
                raise Unreadable("table-columns", text, "keep one of the two")
            if (field := reader.field(name)) is None:
                raise Unreadable(
                    "columns-format", f"{path.name}: a column is handed on of Parquet files only",
                    "write the file as Parquet, or leave --keep out",
                )  # fmt: skip
            kinds.append(field)
    if any(field.type != kinds[0].type for field in kinds):
        raise Unreadable(
            "columns-differ", f"the column '{name}' is not of one kind in all files",
            "write it as text in each",
        )  # fmt: skip
    return kinds[0]


def _changed(path: Path) -> Unreadable:
    return Unreadable(
        "columns-changed", f"{path.name}: the file was changed while it was read",
        "let it be as it is until all is done; for the new one name a new folder",
    )  # fmt: skip


class _Layout(NamedTuple):
    """How a format is read: names of columns, rows of each group, what yields groups' batches; of Parquet, what the columns are."""

    names: list[str]
    groups: Callable[[], list[int]]
    batches: Callable[[int, int], Iterator[Any]]
    fields: Mapping[str, Any] = MappingProxyType({})


def _form_of(file: io.BufferedReader, columns: tuple[str, ...]) -> _Layout:
    start = file.peek(8)[:8]
    try:
        if start.startswith(b"PAR1"):
            return _parquet(file, columns)
        if start.startswith(b"ARROW1"):
            return _arrow(file, columns)
        return _csv(file, columns)
    except ImportError as error:
        raise ExtraMissing("parquet", "reading files of columns") from error


def _parquet(file: io.BufferedReader, columns: tuple[str, ...]) -> _Layout:
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    table = parquet.ParquetFile(file, **tables.PARQUET_LIMITS)
    wanted = [name for name in columns if name in table.schema_arrow.names]
    at_once: list[int] = []

    def batches(first: int, last: int) -> Iterator[Any]:
        if not at_once:
            at_once.append(tables.weigh_parquet(file, table, set(wanted), ROWS))
        groups = list(range(first, last + 1))
        read: Iterator[Any] = table.iter_batches(
            at_once[0], row_groups=groups, columns=wanted, use_threads=False
        )
        return read

    def groups() -> list[int]:
        about = table.metadata
        return [about.row_group(number).num_rows for number in range(about.num_row_groups)]

    fields = {name: table.schema_arrow.field(name) for name in wanted}
    return _Layout(list(table.schema_arrow.names), groups, batches, fields)


def _arrow(file: io.BufferedReader, columns: tuple[str, ...]) -> _Layout:
    import pyarrow as arrow  # noqa: PLC0415 - an extra

    names = arrow.ipc.open_file(file).schema.names
    fields = sorted({names.index(name) for name in columns if name in names})
    options = arrow.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
    file.seek(0)
    table = arrow.ipc.open_file(file, options=options)

    def groups() -> list[int]:
        return [table.get_batch(number).num_rows for number in range(table.num_record_batches)]

    return _Layout(names, groups, lambda first, last: map(table.get_batch, range(first, last + 1)))


def _csv(file: io.BufferedReader, columns: tuple[str, ...]) -> _Layout:
    import pyarrow as arrow  # noqa: PLC0415 - an extra
    from pyarrow import csv  # noqa: PLC0415

    def opened(wanted: Sequence[str] | None) -> Any:
        file.seek(0)
        # All is text: a code or a reference is no number, whatever it looks like.
        types = dict.fromkeys(columns, arrow.string())
        return csv.open_csv(
            arrow.PythonFile(_Unclosed(file), "r"),
            read_options=csv.ReadOptions(block_size=_BLOCK, use_threads=False),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=wanted),
        )

    names = list(opened(None).schema.names)
    wanted = [name for name in columns if name in names]
    return _Layout(
        names,
        lambda: [sum(batch.num_rows for batch in opened(wanted))],
        lambda _first, _last: iter(opened(wanted)),
    )


class _Unclosed(io.RawIOBase):
    """A file that whoever reads it does not close: it is read anew from its beginning."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def readable(self) -> bool:
        """Tell that it is to be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        return self._file.read(size)


def texts_of(column: Any) -> list[str | None]:
    """Return a column of texts as Python's; bytes that are no text become signs that no code has."""
    try:
        cells: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        cells = [None if not cell.is_valid else _bytes_of(cell) for cell in column]
    return [
        cell if cell is None or isinstance(cell, str) else
        cell.decode("latin-1") if isinstance(cell, bytes) else str(cell)
        for cell in cells
    ]  # fmt: skip


def _bytes_of(cell: Any) -> str:
    data: bytes = cell.as_buffer().to_pybytes()
    return data.decode("latin-1")


def encoded(batches: Sequence[Any], about: dict[str, str]) -> bytes:
    """Return batches as one Parquet file, with what there is to say about it; the same bytes each time."""
    import pyarrow as arrow  # noqa: PLC0415 - an extra
    from pyarrow import parquet  # noqa: PLC0415

    table = arrow.Table.from_batches(batches)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **about})
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink)
    return bytes(sink.getvalue())


def about(path: Path) -> dict[str, str]:
    """Return what a file that `encoded` has made says about itself."""
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    said = parquet.read_schema(path).metadata or {}
    return {name.decode(): value.decode() for name, value in said.items()}
