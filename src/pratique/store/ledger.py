"""What a witness holds: one row for each log, compared and swapped in one transaction; and what it refused.

    Ledger(path).held(origin) -> Held          .swap(origin, before, after) -> was it so?
    .refuse(origin, Refused) -> .refused(origin) -> Refused, ...

1. A swap is on the disk when it returns (SQLite, `synchronous` FULL): the cosignature leaves after it.
2. A file that is damaged, or gone where there was one, is refused: a witness that has forgotten may
   cosign a second tree.
3. Of what was refused one request for each tree is kept, and only what the log has signed: nobody else can fill
   the disk with it. A ledger of before it was kept gets the table when there is something to keep.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pratique.errors import Unreadable, UsageError
from pratique.store import files
from pratique.tlog.witness import LastCosigned, RefusedRequest

_TABLE = (
    "CREATE TABLE held (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, "
    "at INTEGER NOT NULL) STRICT"
)
_REFUSED = (
    "CREATE TABLE IF NOT EXISTS refused (origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, "
    "at INTEGER NOT NULL, code TEXT NOT NULL, request BLOB NOT NULL, PRIMARY KEY (origin, size, root)) STRICT"
)
_HAS_REFUSED = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'refused'"
_FORGET = "DELETE FROM refused WHERE origin = ? AND size = ? AND root = ?"
MOST_REFUSED = 1000
"""Trees of one log that are kept: two are proof enough."""
_SWAP = "UPDATE held SET size = ?, root = ?, at = ? WHERE origin = ? AND size = ? AND root = ? AND at = ?"
_WAIT = 30.0
"""Seconds that one process waits for another."""


_HINT = (
    "nothing was cosigned; is there room on the disk? if the file is damaged, make a new witness, with a new key: "
    "an older copy could cosign a second tree"
)


class Ledger:
    """A witness's rows, in a file."""

    def __init__(self, path: Path) -> None:
        """Open them; Unreadable `ledger-missing` if there is no such file: see `make`."""
        if not path.is_file():
            raise Unreadable(
                "ledger-missing",
                f"{path}: what this witness has cosigned is gone",
                "put the very file back, no older copy; if it is lost, make a new witness, with a new key: "
                "this one could cosign a second tree",
            )
        self._path = path

    @classmethod
    def make(cls, path: Path) -> Ledger:
        """Make an empty one; UsageError `ledger-exists`."""
        if path.exists():
            raise UsageError("ledger-exists", f"{path}: there is one already", "it is kept")
        with _opened(path, "rwc") as made:
            made.execute(_TABLE)
            files.settle(path.parent)
        return cls(path)

    def held(self, origin: str) -> LastCosigned:
        """Return what is held of a log; `LastCosigned()` of one that was never cosigned."""
        with _opened(self._path) as opened:
            row = opened.execute(
                "SELECT size, root, at FROM held WHERE origin = ?", (origin,)
            ).fetchone()
        return LastCosigned() if row is None else LastCosigned(*row)

    def swap(self, origin: str, before: LastCosigned, after: LastCosigned) -> bool:
        """Put `after` in the place of `before`, durably; False if it is not `before` any more."""
        with _opened(self._path) as opened:
            opened.execute("BEGIN IMMEDIATE")
            if before == LastCosigned():
                opened.execute("INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?)", (origin, *before))
            swapped = opened.execute(_SWAP, (*after, origin, *before)).rowcount == 1
            if swapped and opened.execute(_HAS_REFUSED).fetchone()[0]:
                # It did grow out of the last one after all: the path was spoilt on its way.
                opened.execute(_FORGET, (origin, after.size, after.root))
            opened.execute("COMMIT" if swapped else "ROLLBACK")
        return swapped

    def refuse(self, origin: str, refused: RefusedRequest) -> None:
        """Keep a refused request, durably; the first one of a tree is enough."""
        with _opened(self._path) as opened:
            opened.execute("BEGIN IMMEDIATE")
            opened.execute(_REFUSED)
            opened.execute(
                "INSERT OR IGNORE INTO refused SELECT ?, ?, ?, ?, ?, ? "
                "WHERE (SELECT count(*) FROM refused WHERE origin = ?) < ?",
                (origin, *refused, origin, MOST_REFUSED),
            )
            opened.execute("COMMIT")

    def refused(self, origin: str) -> tuple[RefusedRequest, ...]:
        """Return what was refused of a log and kept, the earliest first."""
        with _opened(self._path) as opened:
            if not opened.execute(_HAS_REFUSED).fetchone()[0]:
                return ()
            rows = opened.execute(
                "SELECT size, root, at, code, request FROM refused WHERE origin = ? ORDER BY at, size",
                (origin,),
            ).fetchall()
        return tuple(RefusedRequest(*row) for row in rows)


@contextmanager
def _opened(path: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """Open it for one transaction; Unreadable `ledger-unusable` for whatever goes wrong in it."""
    # Of a file that went away while a server runs, no empty one may take the place.
    place = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        with closing(
            sqlite3.connect(place, timeout=_WAIT, isolation_level=None, uri=True)
        ) as opened:
            # No WAL: a witness writes a few times an hour, and a copy of one file is a whole copy.
            opened.execute("PRAGMA journal_mode = DELETE")
            opened.execute("PRAGMA synchronous = FULL")
            yield opened
    except (sqlite3.Error, OSError) as error:
        raise Unreadable("ledger-unusable", f"{path}: {error}", _HINT) from error
