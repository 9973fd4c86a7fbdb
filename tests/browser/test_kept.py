"""A site that was visited once works with its server gone; what is new is taken between two travellers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import site as parties_site
from pratique.snapshot import Snapshot
from tests.browser import desk
from tests.browser.conftest import NOW, Post, expect
from tests.browser.counted import Traffic, counted
from tests.steps import until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not here: tools/site")
Put = Callable[[Snapshot], Path]
AGAIN = "dispatchEvent(new Event('online'))"
"""What a page hears when the network is there again: it looks for something new."""


def ready(page: Any) -> None:
    page.locator("body[data-screen=ready]").wait_for()


def edition(page: Any, held: Snapshot) -> None:
    """Wait until the page says that it has this edition of the data."""
    said = page.locator(".data-line [data-part=number]")
    expect(said).to_contain_text(re.compile(rf"\b{held.number}\b"), use_inner_text=True)


def test_with_the_server_gone_a_certificate_is_judged(page: Any, put: Put, post: Post) -> None:
    with counted(put(post.held), NOW.timestamp()) as (address, _):
        desk.set_up(page, address, post.place)
        desk.kept(page)
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


def test_newer_data_waits_until_nobody_is_checked(page: Any, put: Put, post: Post) -> None:
    folder = put(post.held)
    with counted(folder, NOW.timestamp()) as (address, traffic):
        desk.set_up(page, address, post.place)
        desk.kept(page)
        desk.scan(page, post.texts["green"])
        desk.outcome(page)
        newer = post.held.replace(number=post.held.number + 1, revocations=None)
        parties_site.put(folder, parties_site.own(), newer)
        traffic.begin()
        page.evaluate(AGAIN)
        until(lambda: any(re.search("data/(delta|snapshot)-", name) for name in traffic.names))
        # It has come, and is not in use.
        until(lambda: _kept_number(page) == newer.number)
        edition(page, post.held)
        desk.forget(page)
        edition(page, newer)
        # The newer one is judged by: it holds no revocation.
        desk.scan(page, post.texts["revoked"])
        assert desk.outcome(page) == "green"


def _kept_number(page: Any) -> int:
    script = (
        "caches.open('pratique-data').then((c) => c.match('data/index.json')).then((r) => r.json())"
    )
    return int(page.evaluate(script)["number"])


def test_a_newer_edition_of_the_site_waits_until_nobody_is_checked(
    page: Any, put: Put, post: Post, built: Path, tmp_path: Path
) -> None:
    folder = put(post.held)
    with counted(folder, NOW.timestamp()) as (address, _):
        desk.set_up(page, address, post.place)
        desk.kept(page)
        desk.scan(page, post.texts["green"])
        desk.outcome(page)
        parties_site.put(folder, next_edition(built, tmp_path / "next"), post.held)
        page.evaluate(AGAIN)
        until(
            lambda: page.evaluate(
                "navigator.serviceWorker.getRegistration().then((r) => r.waiting !== null)"
            )
        )
        expect(page.locator("body")).to_have_attribute("data-screen", "result")
        expect(page.locator("meta[name=next]")).to_have_count(0)
        desk.forget(page)
        page.locator("meta[name=next]").wait_for(state="attached")
        ready(page)
        desk.scan(page, post.texts["green"])
        assert desk.outcome(page) == "green"


def next_edition(built: Path, target: Path) -> Path:
    """Return a site whose border post's page is another: as a build of changed sources would make it."""
    from hashlib import sha256
    from shutil import copytree

    copytree(built, target)
    html = (target / "border.html").read_bytes()
    changed = html.replace(b"<head>", b'<head><meta name="next" content="">', 1)
    assert changed != html
    worker = (target / "service-worker.js").read_text()
    first, _, rest = worker.partition("\n")
    listed = json.loads(first.removeprefix("const EDITION = ").removesuffix(";"))
    listed["pages"]["border.html"] = sha256(changed).hexdigest()
    listed["id"] = "0" * 12
    (target / "border.html").write_bytes(changed)
    (target / "service-worker.js").write_text(f"const EDITION = {json.dumps(listed)};\n{rest}")
    for name in ("border.html.br", "service-worker.js.br"):
        (target / name).unlink(missing_ok=True)
    return target


def test_a_page_is_told_that_its_clock_is_wrong(page: Any, put: Put, post: Post) -> None:
    # A day late: younger than the data still, so that the data alone would not tell.
    with counted(put(post.held), NOW.timestamp() + 86_400) as (address, _):
        desk.set_up(page, address, post.place)
        page.locator("[data-part=clock]").get_by_text("clock").wait_for()


def test_a_clock_that_is_right_is_not_complained_of(page: Any, put: Put, post: Post) -> None:
    with counted(put(post.held), NOW.timestamp() + 60) as (address, _):
        desk.set_up(page, address, post.place)
        # The line that tells of the clock is written with this one.
        edition(page, post.held)
        expect(page.locator("[data-part=clock]")).to_have_text("", use_inner_text=True)


def test_a_snapshot_that_came_damaged_is_not_taken(page: Any, put: Put, post: Post) -> None:
    folder = put(post.held)
    index = parties_site.read_index(folder)
    assert index is not None
    path = folder / "data" / index.file
    path.write_bytes(path.read_bytes().replace(b'"number":', b'"number" :'))
    path.with_name(f"{path.name}.gz").unlink()
    with counted(folder, NOW.timestamp()) as (address, _):
        page.goto(f"{address}/border.html")
        page.locator("body[data-screen=trouble]").wait_for()


def test_first_and_second_visit_cost_what_they_may(page: Any, put: Put, post: Post) -> None:
    with counted(put(post.held), NOW.timestamp()) as (address, traffic):
        desk.set_up(page, address, post.place)
        desk.kept(page)
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
