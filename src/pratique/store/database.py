"""Databases on which a commit means: it is on the disk. SQLite by default, PostgreSQL by URL.

    URL, Tables -> engine -> migrations -> BEGIN IMMEDIATE -> ... -> COMMIT, after its fsync

1. SQLite: WAL, synchronous=FULL, secure_delete, foreign keys on. A writer has the file to itself from
   its BEGIN on, so that nobody reads a tag as unused which another is about to take. The file is its
   owner's alone (0600).
2. PostgreSQL: synchronous_commit=on. A writer has the tables to itself there too, from its BEGIN to its
   end: what it has read (is this request answered? is that certificate good? is there room?) is still so
   when it commits. A reader sees one instant, and can write nothing.
3. A password in a URL is never shown, and no error holds a value that stood in a statement.
4. The tables are made and changed by migrations only; a newer database than this code is refused.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pratique.errors import ExtraMissing, Unreadable, UsageError

WAIT = 60
"""Seconds that a writer waits for another one."""

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


class Tables(NamedTuple):
    """What a database is for.

    Attributes:
        noun: what a person calls it: "register"; the errors' codes begin with it.
        lock: PostgreSQL's advisory lock that a writer holds until its transaction ends.
        migrations: the folder of its migrations.
        head: the migration that the code is written for.
        unchanged: what a person is told where something failed: what did not happen.
        threads: of one process that use it at once, at most.
    """

    noun: str
    lock: int
    migrations: Path
    head: str
    unchanged: str
    threads: int = 5


def engine_for(url: str, tables: Tables, *, pragmas: tuple[str, ...] = PRAGMAS) -> Engine:
    """Make the engine of a URL; UsageError `…-url`, ExtraMissing."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Its words, and what it was raised from, may hold the password.
        raise _refused(tables.noun) from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return _sqlite(parsed, tables, pragmas)
    if kind == "postgresql":
        return _postgresql(parsed.set(drivername="postgresql+psycopg"), tables)
    raise _refused(tables.noun)


def sqlite_url(path: Path) -> str:
    """Return the URL of a file of SQLite, whatever signs its path has."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


def located(url: str, noun: str) -> str:
    """Return a URL that names the same database from any folder; UsageError `…-url`, of one in memory too."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _refused(noun) from None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise _refused(noun)
        parsed = parsed.set(database=str(Path(str(parsed.database)).absolute()))
    return parsed.render_as_string(hide_password=False)


def _refused(noun: str) -> UsageError:
    return UsageError(
        f"{noun}-url",
        f"the {noun}'s URL is of no kind that is known here",
        f"write sqlite:////path/to/{noun}.sqlite or postgresql://user@host/name",
    )


def _sqlite(url: URL, tables: Tables, pragmas: tuple[str, ...]) -> Engine:
    pool = {}
    if url.database and url.database != ":memory:":
        pool["pool_size"] = tables.threads
        with suppress(OSError):
            # Its owner's alone; SQLite gives the files beside it the same mode. Only a new file is opened
            # here: to close one that a connection of this process holds would drop its locks (POSIX),
            # and two writers would destroy it.
            os.close(os.open(url.database, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    # The driver would open transactions by itself, and later than here asked.
    connecting = {"timeout": WAIT, "isolation_level": None}
    engine = create_engine(url, connect_args=connecting, hide_parameters=True, **pool)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL, tables: Tables) -> Engine:
    connecting = {"options": " ".join(OPTIONS), "connect_timeout": 20}
    try:
        engine = create_engine(
            url, connect_args=connecting, hide_parameters=True, pool_size=tables.threads
        )
    except ImportError as error:
        raise ExtraMissing("postgres", f"a {tables.noun} on PostgreSQL") from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        else:
            # Each later statement sees all that was committed before the lock was had (read committed).
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({tables.lock})")

    return engine


def migrated(engine: Engine, tables: Tables) -> bool:
    """Make or update the tables; tell whether there were older ones. Raises Unreadable `…-version`."""
    if (before := _head_of(engine)) == tables.head:
        return False
    from alembic import command  # noqa: PLC0415 - most calls find the tables as they should be
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(tables.migrations))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise Unreadable(
            f"{tables.noun}-version",
            f"the {tables.noun} was written by a later version of Pratique",
            f"update Pratique; the {tables.noun} was left as it was",
        ) from error
    return bool(before)


def _head_of(engine: Engine) -> str:
    with engine.connect().execution_options(reading=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        head = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(head or "")


LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's SQLSTATE where a writer has waited for another one for too long."""


def failed(error: DBAPIError | PoolTimeout, tables: Tables) -> Unreadable:
    """Return what a person is told where a database fails: Unreadable `…-locked`, `…-failed`."""
    noun, origin = tables.noun, getattr(error, "orig", None)
    if isinstance(error, PoolTimeout) or (
        isinstance(error, OperationalError)
        and ("locked" in str(origin) or getattr(origin, "sqlstate", "") == LOCK_NOT_AVAILABLE)
    ):
        return Unreadable(f"{noun}-locked", f"another process holds the {noun}", "try again")
    # The driver's message may hold values: only its class is told.
    return Unreadable(
        f"{noun}-failed",
        f"the {noun} could not be read or written ({type(origin).__name__})",
        f"is the disk full, the folder writable, the server reachable with this user and password? {tables.unchanged}",
    )
