"""A site that was visited once works with its server gone, and costs what it may."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.snapshot import Snapshot
from tests.browser import desk
from tests.browser.conftest import NOW, Post
from tests.browser.counted import Traffic, counted
from tests.steps import until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not here: tools/site")
Put = Callable[[Snapshot], Path]


def kept(page: Any) -> None:
    """Wait until the site is kept on the device, and the page is served from there."""
    page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.state)")
    until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))


def ready(page: Any) -> None:
    page.locator("body[data-screen=ready]").wait_for()


def test_with_the_server_gone_a_certificate_is_judged(page: Any, put: Put, post: Post) -> None:
    with counted(put(post.held), NOW.timestamp()) as (address, _):
        desk.set_up(page, address, post.place)
        kept(page)
    page.reload()
    ready(page)
    desk.scan(page, post.texts["green"])
    assert desk.outcome(page) == "green"
    desk.forget(page)
    desk.scan(page, post.texts["revoked"])
    assert desk.outcome(page) == "red"
    # What it misses is the network, and nothing else.
    assert all("ERR_CONNECTION_REFUSED" in line for line in page.complaints)
    page.complaints.clear()


def test_without_a_first_visit_nothing_is_there(page: Any, put: Put, post: Post) -> None:
    """The control: it is what was kept that works, and no cache of somebody else's."""
    with counted(put(post.held), NOW.timestamp()) as (address, _):
        pass
    with pytest.raises(sync_api.Error, match="ERR_CONNECTION_REFUSED"):
        page.goto(f"{address}/border.html")


def test_first_and_second_visit_cost_what_they_may(page: Any, put: Put, post: Post) -> None:
    with counted(put(post.held), NOW.timestamp()) as (address, traffic):
        desk.set_up(page, address, post.place)
        kept(page)
        first, names = traffic.size, list(traffic.names)
        assert first <= 5_000_000
        # All of the engine went over the wire, and once: what the service worker keeps is not fetched again.
        assert any(name.endswith("pyodide.asm.wasm") for name in names)
        twice = sorted({name for name in names if names.count(name) > 1})
        assert [name for name in twice if re.search("-[0-9a-f]{12}[./]", name)] == []
        second(page, traffic)


def second(page: Any, traffic: Traffic) -> None:
    """Visit the page once more, and see what that costs."""
    traffic.begin()
    page.reload()
    ready(page)
    until(lambda: "service-worker.js" in traffic.names)
    assert "data/index.json" in traffic.names
    assert traffic.size <= 3_000
