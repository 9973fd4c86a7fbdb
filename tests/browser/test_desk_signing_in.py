"""Signing in at an issuer's desk, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import issuing_desks
from tests.issuing_desks import CLERK, OpenDesk


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path, pages=built) as opened:
        yield opened


def test_a_clerk_signs_in_and_the_address_keeps_no_token(page: Any, desk: OpenDesk) -> None:
    page.goto(desk.entry())
    page.locator("form[data-part=sign-in]").wait_for()
    assert page.url == f"{desk.address}/"
    issuing_desks.sign_in(page)
    assert CLERK in page.locator("[data-part=about]").inner_text()
    assert page.locator("[data-open=day]").is_hidden()
    assert page.locator("[data-open=issue]").is_visible()
