"""Both suites' scenarios behind HAProxy and Caddy, too: what is in front changes no answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pratique.store.front import FrontKind
from tests.journeys.gateway_suites import Case, Gateway, check, served
from tests.journeys.test_gateway_eu import EU
from tests.journeys.test_gateway_who import WHO


@pytest.fixture(scope="module", params=[FrontKind.HAPROXY, FrontKind.CADDY])
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """Serve a gateway behind each of the other two servers."""
    with served(tmp_path_factory.mktemp("fronts"), None, request.param) as serving:
        yield serving


@pytest.mark.parametrize(
    "case", [*WHO.cases, *EU.cases], ids=lambda case: f"{case.suite}: {case.name}"
)
def test_a_scenario_has_the_same_answer_behind_another_server(gateway: Gateway, case: Case) -> None:
    check(gateway, case)
