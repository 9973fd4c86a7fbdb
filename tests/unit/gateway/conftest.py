"""Fixtures of the gateway's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.gateway_stores import databases


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], str]]:
    """Make empty databases of one PostgreSQL server."""
    with databases() as new:
        yield new
