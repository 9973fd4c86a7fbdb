"""The register of one issuer: transactions that are on the disk when they return.

    open_register(url) -> migrations -> Register.write(action) | read(action)

1. `write` returns only after the commit, and the commit only after its fsync (see `engine`).
2. Writers come one after the other (see `engine`); where two met all the same, at a tag or a request, the
   later one's action is run again from its start.
3. The tables are made and changed by migrations only; a newer register than this code is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from pratique.edges.register.engine import PRAGMAS, engine_for
from pratique.edges.register.tallies import doubles
from pratique.edges.register.writing import Writing
from pratique.errors import Unreadable

T = TypeVar("T")
TRIES = 8
HEAD = "0002"
"""The migration that this code is written for."""
LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's SQLSTATE where a writer has waited for another one for too long."""


class Register:
    """An open register. Used by one process; another opens its own.

    Attributes:
        engine: of its database.
        doubles: certificates that share their request with another one, where its tables were updated just
            now and some were found.
    """

    def __init__(self, engine: Engine, doubles: int = 0) -> None:
        self.engine, self.doubles = engine, doubles

    def __repr__(self) -> str:
        return f"<Register on {self.engine.dialect.name}>"

    def write(self, action: Callable[[Writing], T], *, tries: int = TRIES) -> T:
        """Run an action in one transaction, and return what it returned once that is on the disk.

        Raises:
            Unreadable: `register-contended` where others took the same tags in each of the tries.
        """
        for _ in range(tries):
            try:
                with self.engine.begin() as connection:
                    return action(Writing(connection))
            except IntegrityError:
                continue
            except DBAPIError as error:
                raise _failed(error) from None
        raise Unreadable(
            "register-contended", "other writers keep taking the same tags", "try again"
        )

    def read(self, action: Callable[[Writing], T]) -> T:
        """Run an action that only reads."""
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                return action(Writing(connection))
        except DBAPIError as error:
            raise _failed(error) from None

    def rehearse(self, action: Callable[[Writing], T]) -> T:
        """Run an action, return what it returned, and undo all that it did."""
        try:
            with self.engine.connect() as connection, connection.begin() as transaction:
                found = action(Writing(connection))
                transaction.rollback()
                return found
        except DBAPIError as error:
            raise _failed(error) from None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_register(url: str, *, pragmas: tuple[str, ...] = PRAGMAS) -> Register:
    """Open a register, and make or update its tables.

    Raises:
        UsageError: `register-url`. ExtraMissing: `postgres`. Unreadable: `register-…`.
    """
    engine = engine_for(url, pragmas=pragmas)
    found = Register(engine)
    try:
        if (before := _head_of(engine)) != HEAD:
            _migrate(engine)
            found.doubles = len(found.read(doubles)) if before else 0
    except DBAPIError as error:
        raise _failed(error) from None
    return found


def _head_of(engine: Engine) -> str:
    with engine.connect().execution_options(reading=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        head = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(head or "")


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - most calls find the tables as they should be
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise Unreadable(
            "register-version",
            "the register was written by a later version of Pratique",
            "update Pratique; the register was left as it was",
        ) from error


def _failed(error: DBAPIError) -> Unreadable:
    # The driver's message may hold values: only its class is told.
    kind = type(error.orig).__name__
    if isinstance(error, OperationalError) and (
        "locked" in str(error.orig) or getattr(error.orig, "sqlstate", "") == LOCK_NOT_AVAILABLE
    ):
        return Unreadable("register-locked", "another process holds the register", "try again")
    return Unreadable(
        "register-failed",
        f"the register could not be read or written ({kind})",
        "is the disk full, the server reachable, the folder writable? Nothing was issued",
    )
