"""Fixtures that several journeys share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.journeys.gateway_suites import Gateway


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """Serve a gateway on each database."""
    # Most journeys need none of what it needs.
    from tests.journeys.gateway_suites import served_on

    with served_on(request.param, tmp_path_factory.mktemp("gateway")) as serving:
        yield serving
