"""A desk's day in a real browser: what it shows, in whose language, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import issuing_desks
from tests.browser.change_screens import day_screens
from tests.browser.screens import dress, latin_left
from tests.browser.test_accessibility import AXE, looked_at
from tests.desk_forms import issued
from tests.issuers import AT
from tests.issuing_desks import CLERK, OpenDesk
from tests.steps import until


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path, pages=built) as opened:
        client = opened.client()
        for name in ("Deo", "Roe", "Poe"):
            issued(client, surname=name)
        yield opened


def test_a_day_shows_counts_and_nobody_and_ends_by_the_keyboard(page: Any, desk: OpenDesk) -> None:
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    screens = day_screens(page, desk)
    assert next(screens) == "day"
    text = page.locator(".desk-day").inner_text()
    assert CLERK in text
    assert "pratique issuer backup" in text
    assert not any(name in text for name in ("Deo", "Roe", "Poe"))
    # The chart says what the table says.
    assert page.locator("svg.bars rect").count() == page.locator("[data-part=work] tr").count() == 1
    assert desk.ended == []
    assert next(screens) == "day-ended"
    until(lambda: desk.ended == [None])


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here: tools/site")
@pytest.mark.parametrize("way", ["en", "en dark", "ar", "ru"])
def test_the_days_screens_are_sound_on_a_desktop_and_on_a_phone(
    page: Any, desk: OpenDesk, way: str
) -> None:
    dress(page, way)
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    wrong = {name: looked_at(page) + latin_left(page) for name in day_screens(page, desk)}
    assert {name: faults for name, faults in wrong.items() if faults} == {}
    assert len(wrong) == 2
