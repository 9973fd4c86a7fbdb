"""A register's health, and a copy of it: what a desk's day ends with.

    Register -> RegisterHealth: sound, how large, how many, when a list was last made
    Register, path -> a consistent copy, whole on the disk or not there

1. A copy is made by SQLite's own backup, while others write. PostgreSQL's is its server's business.

Apart because it looks at the database as such, and `register.py` at what stands in it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from pratique.errors import Unreadable, UsageError
from pratique.store import files
from pratique.store.database import sqlite_url
from pratique.store.register import schema
from pratique.store.register.register import Register, Transaction, open_register


class RegisterHealth(NamedTuple):
    """How a register is.

    Attributes:
        database: "sqlite" or "postgresql".
        is_sound: what the database says of itself when it looks through its pages; of PostgreSQL, that it answers.
        size: bytes on the disk.
        certificates, revoked: how many it knows.
        listed_at: when the newest revocation list was made, seconds since the epoch; None if none ever was.
        unlisted: acts of revocation that no list has yet.
    """

    database: str
    is_sound: bool
    size: int
    certificates: int
    revoked: int
    listed_at: int | None
    unlisted: int


def health(register: Register) -> RegisterHealth:
    """Look at a register. Unreadable `register-…`."""

    def look(transaction: Transaction) -> RegisterHealth:
        connection = transaction.connection
        dialect = connection.dialect.name
        if dialect == "sqlite":
            is_sound = _is_sound(connection)
            pages = connection.execute(text("PRAGMA page_count")).scalar() or 0
            size = int(pages) * int(connection.execute(text("PRAGMA page_size")).scalar() or 0)
        else:
            is_sound = True
            size = int(
                connection.execute(text("SELECT pg_database_size(current_database())")).scalar()
                or 0
            )
        edition, act = schema.edition.c, schema.act.c
        listed_at, last = connection.execute(
            select(func.max(edition.created), func.max(edition.last_act))
        ).one()
        unlisted = connection.execute(
            select(func.count()).select_from(schema.act).where(act.id > (last or 0))
        ).scalar()
        return RegisterHealth(
            dialect, is_sound, size, sum(transaction.counts().values()),
            connection.execute(select(func.count()).select_from(schema.revocation)).scalar() or 0,
            listed_at, int(unlisted or 0),
        )  # fmt: skip

    return register.read(look)


def _is_sound(connection: Connection) -> bool:
    try:
        return bool(connection.execute(text("PRAGMA quick_check(1)")).scalar() == "ok")
    except DBAPIError:
        # It could not so much as look through it.
        return False


def back_up(register: Register, path: Path) -> RegisterHealth:
    """Copy a register to a file, consistently, while others write; it is its owner's alone. Return the copy's health.

    Raises:
        UsageError: `backup-postgresql`, `backup-there`. Unreadable: `backup-unwritable`.
    """
    if register.engine.dialect.name != "sqlite":
        raise UsageError(
            "backup-postgresql",
            "this register is on PostgreSQL, whose server makes its backups",
            "pg_dump, or the server's own archive; then: pratique issuer backup --noted",
        )
    if path.exists():
        raise UsageError(
            "backup-there", f"{path}: there is something already", "name a file that is not there"
        )
    draft = path.with_name(f".{path.name}.draft")
    try:
        # A draft that was left behind, or a link in its place, is nobody's to write through.
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(draft)) as copy,
            closing(register.engine.raw_connection()) as own,
        ):
            driver = own.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.backup(copy)
        copied = open_register(sqlite_url(draft), pragmas=("PRAGMA journal_mode=DELETE",))
        try:
            state = health(copied)
        finally:
            # One file: what would lie beside it could be left behind.
            copied.close()
        files.adopt(draft, path)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise Unreadable(
            "backup-unwritable", f"{path}: the copy cannot be written", "is there room, and is the folder yours?",
        ) from error  # fmt: skip
    return state
