"""The engine in a real browser says what it says elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Post


@pytest.mark.parametrize(
    ("traveller", "outcome"), [("green", "green"), ("revoked", "red"), ("unknown", "amber")]
)
def test_a_pasted_certificate_is_judged(
    page: Any, site: str, post: Post, traveller: str, outcome: str
) -> None:
    page.goto(f"{site}/border.html")
    page.get_by_text("ready").wait_for()
    page.locator("#text").fill(post.texts[traveller])
    page.locator("#place").fill(post.place)
    page.get_by_role("button", name="Check").click()
    page.locator("#outcome").get_by_text(outcome).wait_for()
