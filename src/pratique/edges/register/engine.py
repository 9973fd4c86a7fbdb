"""Engines on which a commit means: it is on the disk.

    URL -> engine -> BEGIN IMMEDIATE -> ... -> COMMIT, after its fsync

1. SQLite: WAL, synchronous=FULL, secure_delete, foreign keys on. A writer has the file to itself from
   its BEGIN on, so that nobody reads a tag as unused which another is about to take. The file is its
   owner's alone (0600).
2. PostgreSQL: synchronous_commit=on. A writer has the register to itself there too, from its BEGIN to its
   end: what it has read (is this request answered? is that certificate good? is there room?) is still so
   when it commits. A reader sees one instant.
3. A password in a URL is never shown.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from pratique.errors import ExtraMissing, UsageError

WAIT = 60
"""Seconds that a writer waits for another one."""

LOCK = 0x70726174
"""PostgreSQL's advisory lock that a writer of a register holds until its transaction ends."""

OPTIONS = (
    "-c synchronous_commit=on",
    f"-c lock_timeout={WAIT}s",
    # One who went away, and whose machine did not say so, must not keep all others waiting.
    f"-c idle_in_transaction_session_timeout={5 * WAIT}s",
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
)

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    # Tags are random, so that each commit of a bulk job touches pages all over the table: they are kept in
    # memory (64 MiB), and written home once for many commits. What a commit promises stays the same.
    "PRAGMA cache_size=-65536",
    "PRAGMA wal_autocheckpoint=16384",
)


def engine_for(url: str, *, pragmas: tuple[str, ...] = PRAGMAS) -> Engine:
    """Make the engine of a register's URL; UsageError `register-url`, ExtraMissing."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _refused() from error
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return _sqlite(parsed, pragmas)
    if kind == "postgresql":
        return _postgresql(parsed.set(drivername="postgresql+psycopg"))
    raise _refused()


def _refused() -> UsageError:
    return UsageError(
        "register-url",
        "the register's URL is of no kind that is known here",
        "write sqlite:////path/to/register.sqlite or postgresql://user@host/name",
    )


def _sqlite(url: URL, pragmas: tuple[str, ...]) -> Engine:
    if url.database and url.database != ":memory:":
        with suppress(OSError):
            # Its owner's alone; SQLite gives the files beside it the same mode. Only a new file is opened
            # here: to close one that a connection of this process holds would drop its locks (POSIX),
            # and two writers would destroy it.
            os.close(os.open(url.database, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    # The driver would open transactions by itself, and later than here asked.
    engine = create_engine(url, connect_args={"timeout": WAIT, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url, connect_args={"options": " ".join(OPTIONS), "connect_timeout": 20}
        )
    except ImportError as error:
        raise ExtraMissing("postgres", "a register on PostgreSQL") from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        else:
            # Each later statement sees all that was committed before the lock was had (read committed).
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")

    return engine
