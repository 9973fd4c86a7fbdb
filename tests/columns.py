"""Files of columns to work through, and what their outcome must be."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as arrow
from pyarrow import csv, parquet

from pratique.parties import columnar
from pratique.parties.verifier import Check, clock
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.store import columnar as store_columnar
from pratique.store.spark import Spark
from pratique.store.workers import Processes, TaskEngine
from tools import measure, mutate
from tools.vectors import keys

AT = datetime.fromtimestamp(keys.NOON, UTC)
TRUST = measure.snapshot()
# Half of a surrogate pair is in no file of columns: those are of UTF-8.
KIT = [text for text in mutate.kit_texts() if text.isprintable()]


def write(path: Path, texts: Sequence[str | None], group: int = 100) -> Path:
    """Write texts as a file of the kind that its name says, with a reference beside each."""
    table = arrow.table({"ref": [f"r-{n}" for n in range(len(texts))], "text": texts})
    match path.suffix:
        case ".parquet":
            parquet.write_table(table, path, row_group_size=group)
        case ".arrow":
            with arrow.ipc.new_file(path, table.schema) as file:
                file.write_table(table, max_chunksize=group)
        case _:
            csv.write_csv(table, path)
    return path


def ask(
    snapshot: Snapshot = TRUST, keep: tuple[str, ...] = ("ref",), place: Destination | None = None
) -> columnar.Ask:
    """Ask for verification of the column `text`."""
    check = Check(snapshot, AT, place)
    return columnar.verify_ask(check, clock(AT, None), "text", keep, faster=False)


def work(
    source: Path, out: Path, engine: TaskEngine | None = None, asked: columnar.Ask | None = None
) -> columnar.Worked:
    """Work through a source, here or by an engine."""
    return columnar.work(asked or ask(), [source], out, engine or Processes(1), lambda *_: None)


def parts(folder: Path) -> dict[str, bytes]:
    """Return the parts of a job by their names."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*"))}


def rows(folder: Path) -> list[dict[str, Any]]:
    """Return all rows of a job's outcome."""
    tables = [parquet.read_table(path) for path in sorted(folder.glob("part-*"))]
    return [row for table in tables for row in table.to_pylist()]


# Tasks for workers, which find them by their names.


def double(number: int) -> int:
    """Do a task that can be checked."""
    return 2 * number


def die_once(task: tuple[str, int]) -> int:
    """Lose the worker, the first time that the task is begun."""
    folder, number = task
    try:
        (Path(folder) / str(number)).touch(exist_ok=False)
    except FileExistsError:
        return 2 * number
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def die(_number: int) -> int:
    """Lose the worker each time."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def fail(number: int) -> int:
    """Fail by what nobody foresaw, with somebody's name in it."""
    raise LookupError(f"Bloggs {number}")


def pieces_of(rows: int) -> None:
    """Have files worked through in pieces of so many rows, so that few texts make many parts."""
    planned = store_columnar.planned
    setattr(store_columnar, "planned", partial(planned, rows=rows))  # noqa: B010


def main() -> None:
    """Work through a file on a cluster: SOURCE OUT ADDRESS ROWS."""
    source, out, address, rows_each = sys.argv[1:]
    pieces_of(int(rows_each))
    work(Path(source), Path(out), Spark(address))


if __name__ == "__main__":
    main()
