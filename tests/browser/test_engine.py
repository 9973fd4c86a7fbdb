"""The engine in a real browser says what it says elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import desk
from tests.browser.conftest import Post


@pytest.mark.parametrize(
    ("traveller", "outcome"), [("green", "green"), ("revoked", "red"), ("unknown", "amber")]
)
def test_a_pasted_certificate_is_judged(
    page: Any, site: str, post: Post, traveller: str, outcome: str
) -> None:
    desk.set_up(page, site, post.place)
    page.get_by_role("button", name="Type or paste").click()
    page.locator("#typed").fill(post.texts[traveller])
    page.locator("dialog button[type=submit]").click()
    assert desk.outcome(page) == outcome
