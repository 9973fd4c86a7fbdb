"""What an airline does: check a flight's list before boarding, offline, and keep nothing.

    file | standard input -> tables.listed -> passengers -> this process, or workers -> BoardingCheck, in the list's order
        -> CSV | JSON | Parquet | lines for the crew

1. The list is read once, and never copied: no temporary file, no cache, no draft of it. What is written holds a
   `BoardingCheck` a passenger and nothing else.
2. Rows of one passenger may stand anywhere in the list. So that memory stays bounded a list has at most `MOST_HELD`
   characters; a longer one is read passenger by passenger (`grouped`): there their rows must stand together, and one
   that comes again is told.
3. Workers get rows by pipe. They hear no Ctrl-C, write no core dump, and what fails in one names no content.
4. A row that cannot be read is its reference's matter, and the next is read.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from io import TextIOWrapper
from itertools import groupby, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from pratique.errors import ExtraMissing, Unreadable, UsageError
from pratique.manifest import (
    FIELDS,
    FORMAT,
    KNOWN,
    BoardingCheck,
    BoardingOutcome,
    BoardingReason,
    BookingRow,
    Journeys,
    ManifestCheck,
    Port,
    booking_of,
    instants_of,
    joined,
    row_of,
)
from pratique.parties import verifier
from pratique.snapshot import Snapshot
from pratique.store import files, tables, words, workers
from pratique.text import as_json, printable, rfc3339

MOST_HELD = 512 * 1024 * 1024
"""Characters of a list whose rows are joined, wherever they stand."""
AT_ONCE = 50
"""Passengers that a worker is given at a time."""
WORTH_WORKERS = 1_000
"""Passengers from which on other processes are worth their start."""
_COLUMNS = tables.Header(KNOWN, "Manifest")
_WRAPPERS = ("passengers", "bookings", "manifest", "rows")
"""Members of a JSON document under which a departure control system may list passengers."""

Progress = Callable[[int, int | None], None]


class ManifestOrder(NamedTuple):
    """A list that is to be checked, and how it is read.

    Attributes:
        source: a file; None for standard input.
        journeys: what holds where a row says nothing.
        names: whether a booking must name whose certificates they are.
        columns: the columns in their order, where the list has no header.
        renamed: columns by the names that the list gives them.
        grouped: the rows of a passenger stand together.
        workers: how many processes; None for one a core.
        primitive: the library that checks signatures: "openssl" or "aws-lc".
    """

    source: Path | None
    journeys: Journeys = Journeys()
    names: bool = True
    columns: tuple[str, ...] = ()
    renamed: Mapping[str, str] = {}
    grouped: bool = False
    workers: int | None = None
    primitive: str = "openssl"


# ----------------------------------------------------------------------------------------------------
# What is asked.


def journeys(
    snapshot: Snapshot,
    to: str | None,
    arrival: str | None,
    zones: Iterable[str],
    ports: Path | None,
) -> Journeys:
    """Read what holds for all rows; UsageError for what no row could mean.

    Args:
        snapshot: whose rules know the destinations.
        to, arrival: of every leg that names none.
        zones: "Europe/Paris" for all destinations, "FR=Europe/Paris" for one.
        ports: a table of an airline's own codes: port, destination, zone.
    """
    if to is not None and ports is None:
        verifier.place_of(to, snapshot.ruleset)
    if arrival and instants_of(arrival, "")[1] is BoardingReason.ARRIVAL_UNREADABLE:
        raise UsageError(
            "arrival-unreadable",
            "the arrival is no date with a time",
            "write 2026-12-24T09:40 as the port's clock shows it, or with its offset",
        )
    clocks: dict[str, str] = {}
    for text in zones:
        place, _, zone = text.rpartition("=")
        verifier.clock(None, zone)
        clocks[place.strip().upper()] = zone
    return Journeys(to or "", arrival or "", clocks, {} if ports is None else _ports(ports))


def _ports(path: Path) -> dict[str, Port]:
    known = {"port": "port", "airport": "port", "iata": "port", "code": "port"}
    known |= dict.fromkeys(("destination", "country", "to"), "destination")
    known |= dict.fromkeys(("zone", "timezone", "tz"), "zone")
    found = {}
    for row in tables.listed(path, tables.Header(known, "Manifest")):
        cells = {name: str(cell or "").strip() for name, cell in (row.cells or {}).items()}
        if not (cells.get("port") and cells.get("destination")):
            hint = "each row has a port, its country (or country/region), and its time zone"
            raise Unreadable("ports-malformed", f"{path}: row {row.number} is no port", hint)
        if zone := cells.get("zone", ""):
            verifier.clock(None, zone)
        found[cells["port"].upper()] = Port(cells["destination"], zone)
    return found


# ----------------------------------------------------------------------------------------------------
# Read.


def passengers(order: ManifestOrder) -> Iterator[list[BookingRow]]:
    """Yield the rows of each passenger; Unreadable where it is no list."""
    rows = _rows(order)
    if not order.grouped:
        yield from joined(_bounded(rows))
        return
    seen = set[int]()
    for key, group in groupby(rows, key=lambda row: row.key):
        own = list(group)
        if hash(key) in seen:
            own[0] = own[0]._replace(again=True)
        seen.add(hash(key))
        yield own


def _rows(order: ManifestOrder) -> Iterator[BookingRow]:
    header = _header_of(order)
    with _opened(order) as rows:
        name = lru_cache(256)(header.name)
        is_empty = True
        for row in rows(header):
            whole = not any(remark.code.refuses for remark in row.remarks)
            for cells in _unwrapped(row.cells or {}):
                is_empty = False
                named = {name(column): cell for column, cell in cells.items()}
                yield BookingRow(row.number, named, whole)
    if is_empty:
        raise Unreadable(
            "manifest-empty", "the list holds no passenger", "is it the right file, and whole?"
        )


def _header_of(order: ManifestOrder) -> tables.Header:
    known = dict(KNOWN)
    for ours, theirs in order.renamed.items():
        # Under the list's own name; what was read as this column before is not, where another one is named.
        known = {written: name for written, name in known.items() if name != ours}
        known[_COLUMNS.name(theirs).replace("_", "")] = ours
    header = _COLUMNS._replace(known=known)
    return header._replace(given=tuple(map(header.name, order.columns)))


@contextmanager
def _opened(order: ManifestOrder) -> Iterator[Callable[[tables.Header], Iterator[tables.Row]]]:
    if order.source is not None:
        source = order.source
        yield lambda header: tables.listed(source, header)
        return
    try:
        given = open(0, "rb", closefd=False)  # noqa: SIM115 - closed below
    except OSError as error:
        raise Unreadable("file-unreadable", "standard input is closed", "name a file") from error
    with given:
        yield lambda header: tables.listed_from(given, header)


def _unwrapped(cells: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Return the passengers that one JSON document lists, or what it is itself."""
    for name in _WRAPPERS:
        listed = cells.get(name)
        if isinstance(listed, list) and listed:
            above = {column: cell for column, cell in cells.items() if column != name}
            return [{**above, **one} if isinstance(one, dict) else {} for one in listed]
    return (cells,)


def _bounded(rows: Iterable[BookingRow]) -> Iterator[BookingRow]:
    left = MOST_HELD
    for row in rows:
        left -= sum(len(cell) for cell in row.cells.values() if isinstance(cell, str | list))
        if left < 0:
            raise Unreadable(
                "manifest-too-large",
                "the list is too large for its rows to be joined",
                "check one flight at a time, or sort it by reference and give --grouped",
            )
        yield row


# ----------------------------------------------------------------------------------------------------
# Check: here, or by workers.


class ManifestDesk:
    """What a process checks by: it is handed on as it is, and opens what it needs with its first passengers.

    Args:
        snapshot: as bytes, or opened.
        order: how the list is checked.
        now: the instant of asking; aware.
    """

    def __init__(self, snapshot: Snapshot | bytes, order: ManifestOrder, now: datetime) -> None:
        self._snapshot, self._order, self._now = snapshot, order._replace(source=None), now
        self._check: ManifestCheck | None = None

    def __call__(self, chunk: list[list[BookingRow]]) -> list[BoardingCheck]:
        """Return what is said of some passengers."""
        if self._check is None:
            held = self._snapshot
            held = Snapshot.from_bytes(held) if isinstance(held, bytes) else held
            if self._order.primitive == "aws-lc":
                held = verifier.faster(held)
            self._check = ManifestCheck(held, now=self._now, names=self._order.names)
        return [self._check.check(booking_of(rows, self._order.journeys)) for rows in chunk]


def checked(
    order: ManifestOrder, snapshot: Snapshot, *, now: datetime, progress: Progress
) -> Iterator[BoardingCheck]:
    """Yield what is said of each passenger, in the list's order."""
    # Names are in this process's memory from now on.
    files.core_dumps_off()
    chunks = _chunks(passengers(order))
    first = list(islice(chunks, WORTH_WORKERS // AT_ONCE))
    count = min(order.workers or os.cpu_count() or 1, 64)
    if order.workers is None and len(first) * AT_ONCE < WORTH_WORKERS:
        count = 1
    desk = ManifestDesk(snapshot if count == 1 else snapshot.to_bytes(), order, now)
    done = 0
    for some in workers.in_order(desk, _again(first, chunks), count):
        yield from some
        done += len(some)
        progress(done, None)


def _chunks(source: Iterator[list[BookingRow]]) -> Iterator[list[list[BookingRow]]]:
    while chunk := list(islice(source, AT_ONCE)):
        yield chunk


def _again(
    first: list[list[list[BookingRow]]], rest: Iterator[list[list[BookingRow]]]
) -> Iterator[list[list[BookingRow]]]:
    first.reverse()
    # What was handed on is let go.
    while first:
        yield first.pop()
    yield from rest


# ----------------------------------------------------------------------------------------------------
# Written, and summed up for the crew.

OUTPUTS = ("text", "csv", "json", "jsonl", "parquet")
_PARQUET_ROWS = 10_000


class ManifestSummary:
    """How many of which outcome, and why.

    Attributes:
        outcomes, reasons: counts.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[BoardingOutcome] = Counter()
        self.reasons: Counter[BoardingReason] = Counter()

    def counting(self, results: Iterable[BoardingCheck]) -> Iterator[BoardingCheck]:
        """Yield results, counted."""
        for one in results:
            self.outcomes[one.outcome] += 1
            self.reasons.update(one.reasons)
            yield one

    def as_json(self) -> dict[str, Any]:
        """Return the counts."""
        return {
            "passengers": self.outcomes.total(),
            **{outcome.value: self.outcomes[outcome] for outcome in BoardingOutcome},
            "reasons": {reason.value: self.reasons[reason] for reason in BoardingReason if self.reasons[reason]},
        }  # fmt: skip

    def lines(self, language: str) -> Iterator[str]:
        """Yield the counts in words, for the crew."""
        table = words.table(words.builtin(language), "manifest")
        counts = (
            f"{self.outcomes[outcome]:,} {table[outcome.value]}" for outcome in BoardingOutcome
        )
        yield ", ".join(counts)
        for reason, count in sorted(self.reasons.items(), key=lambda row: (-row[1], row[0])):
            yield f"  {count:,} × {table[reason.value]}"


def crew_line(checked: BoardingCheck, language: str) -> str:
    """Return what a crew reads of a passenger who is not OK."""
    table = words.table(words.builtin(language), "manifest")
    who = " ".join(printable(text) for text in (checked.seat, checked.reference) if text)
    why = " ".join(table[reason.value] for reason in checked.reasons)
    leg = f" [{checked.leg}]" if checked.leg is not None else ""
    return f"{who}  {table[checked.outcome.value]}{leg}  {why}"


def head(snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """Return the members of the JSON document that stand before the results."""
    return {"format": FORMAT, "at": rfc3339(now), "snapshot": snapshot.number}


def written(
    results: Iterable[BoardingCheck],
    output: str,
    file: BinaryIO,
    beside: dict[str, Any],
    summary: ManifestSummary,
) -> None:
    """Write the results as they come.

    Args:
        results: of the passengers.
        output: one of `OUTPUTS`, but "text".
        file: where to.
        beside: of a JSON document, its `head`.
        summary: that counts them.
    """
    rows = summary.counting(results)
    if output == "parquet":
        _write_parquet(rows, file)
        return
    text = TextIOWrapper(file, "utf-8", newline="", write_through=True)
    try:
        if output == "csv":
            tables.write_csv_safe(text, FIELDS, map(_cells, rows))
        elif output == "jsonl":
            for one in rows:
                text.write(as_json({"format": FORMAT, **row_of(one)}) + "\n")
        else:
            _write_json(rows, text, beside, summary)
    finally:
        text.detach()


def _cells(one: BoardingCheck) -> tuple[object, ...]:
    reasons = " ".join(reason.value for reason in one.reasons)
    return printable(one.reference), printable(one.seat), one.outcome.value, reasons, one.leg


def _write_json(
    rows: Iterable[BoardingCheck], text: TextIO, beside: dict[str, Any], summary: ManifestSummary
) -> None:
    text.write(as_json(beside)[:-1] + ', "results": [')
    for number, one in enumerate(rows):
        text.write((",\n" if number else "\n") + as_json(row_of(one)))
    text.write('\n], "counts": ' + as_json(summary.as_json()) + "}\n")


def _write_parquet(rows: Iterable[BoardingCheck], file: BinaryIO) -> None:
    try:
        import pyarrow as arrow  # noqa: PLC0415 - an extra
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415
    except ImportError as error:
        raise ExtraMissing("parquet", "writing Parquet") from error
    kinds = (arrow.string(), arrow.string(), arrow.string(), arrow.string(), arrow.int32())
    schema = arrow.schema(list(zip(FIELDS, kinds, strict=True)))
    source = iter(rows)
    with ParquetWriter(file, schema) as writer:
        while some := [_cells(one) for one in islice(source, _PARQUET_ROWS)]:
            columns = dict(zip(FIELDS, zip(*some, strict=True), strict=True))
            writer.write_table(arrow.table(columns, schema))


def output_of(output: str | None, out: Path | None) -> str:
    """Return how results are written: as it is asked, else as the file's name ends, else as lines for the crew."""
    if output is not None:
        if out is None and output == "parquet":
            raise UsageError("out-missing", "Parquet goes into a file", "name one with --out")
        return output
    ending = "" if out is None else out.suffix.lower().removeprefix(".")
    if out is not None and ending not in OUTPUTS[1:]:
        hint = f"one that ends in .{', .'.join(OUTPUTS[1:])}; or --format"
        raise UsageError("out-format", f"{out.name}: its ending names no format", hint)
    return ending or "text"


def write_file(
    path: Path,
    results: Iterable[BoardingCheck],
    output: str,
    beside: dict[str, Any],
    summary: ManifestSummary,
) -> None:
    """Write the results into a file of its owner's alone, in place of whatever is there: all of them, or none."""
    draft = path.with_name(f".{path.name}.draft")
    with files.usable(path):
        handle = files.begin(draft)
    try:
        with os.fdopen(handle, "wb") as file:
            written(results, output, file, beside, summary)
        with files.usable(path):
            files.adopt(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
