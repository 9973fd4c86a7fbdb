"""Fixtures of the gateway's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.gateway_stores import databases


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Make empty databases of one PostgreSQL server."""
    with databases(tmp_path_factory.mktemp("pg")) as new:
        yield new
