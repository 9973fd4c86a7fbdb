"""A desk's day in a real browser: what it shows, in whose language, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import issuing_desks
from tests.browser.change_screens import ENDING, day_screens, shown
from tests.browser.conftest import expect
from tests.browser.screens import dress, latin_left
from tests.browser.test_accessibility import AXE, looked_at
from tests.desk_forms import issued
from tests.issuers import AT
from tests.issuing_desks import CLERK, OpenDesk
from tests.journeys.test_desk_files import checked, table, waited
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
    screens = day_screens(page, desk, asks=True)
    assert next(screens) == "day"
    day = page.locator(".desk-day")
    for words in (CLERK, "pratique issuer backup"):
        expect(day).to_contain_text(words, use_inner_text=True)
    for name in ("Deo", "Roe", "Poe"):
        expect(day).not_to_contain_text(name, use_inner_text=True)
    # The chart says what the table says.
    for rows in ("svg.bars rect", "[data-part=work] tr"):
        expect(page.locator(rows)).to_have_count(1)
    assert desk.ended == []
    assert next(screens) == "day-ending"
    assert desk.ended == []
    assert next(screens) == "day-ended"
    until(lambda: desk.ended == [None])


def at_the_day(page: Any, desk: OpenDesk) -> None:
    """Sign in as whoever may end the day, and have it shown."""
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    assert next(day_screens(page, desk)) == "day"


def test_a_days_end_is_asked_once_by_mouse_and_says_what_it_forgets(
    page: Any, desk: OpenDesk
) -> None:
    at_the_day(page, desk)
    page.locator("[data-part=end]").click()
    # Three people were given one product of one lot.
    for words in ("forgotten: 1.", "No file is unfinished"):
        expect(page.locator(ENDING)).to_contain_text(words, use_inner_text=True)
    page.locator(f"{ENDING} [data-part=no]").click()
    page.locator(ENDING).wait_for(state="detached")
    page.locator("[data-part=end]:focus").wait_for()
    expect(page.locator("body")).to_have_attribute("data-screen", "desk-day")
    assert desk.ended == []
    assert desk.client().good("issue.today", {})["given"]["vaccination"]
    page.locator("[data-part=end]").click()
    page.locator(f"{ENDING} [data-part=yes]").click()
    shown(page, "desk-day-ended")
    until(lambda: desk.ended == [None])


def test_a_days_end_is_asked_once_by_the_keyboard(page: Any, desk: OpenDesk) -> None:
    at_the_day(page, desk)
    keys = page.keyboard
    page.locator("[data-part=end]").focus()
    keys.press("Enter")
    # An Enter too many ends nothing.
    page.locator(f"{ENDING} [data-part=no]:focus").wait_for()
    keys.press("Enter")
    page.locator("[data-part=end]:focus").wait_for()
    keys.press("Space")
    page.locator(f"{ENDING} [data-part=no]:focus").wait_for()
    keys.press("Escape")
    page.locator("[data-part=end]:focus").wait_for()
    expect(page.locator(ENDING)).to_have_count(0)
    assert desk.ended == []
    keys.press("Enter")
    page.locator(f"{ENDING} [data-part=no]:focus").wait_for()
    keys.press("Shift+Tab")
    page.locator(f"{ENDING} [data-part=yes]:focus").wait_for()
    keys.press("Enter")
    shown(page, "desk-day-ended")
    page.locator("h1:focus").wait_for()
    until(lambda: desk.ended == [None])


def test_a_days_end_names_a_file_that_is_not_finished(page: Any, desk: OpenDesk) -> None:
    worker = desk.client()
    checked(worker, table(2))
    at_the_day(page, desk)
    page.locator("[data-part=end]").click()
    said = page.locator(ENDING)
    expect(said).to_contain_text("handed in and not issued is removed", use_inner_text=True)
    expect(said).not_to_contain_text("Files begun", use_inner_text=True)
    page.keyboard.press("Escape")
    expect(said).to_have_count(0)
    worker.good("files.start", {"layout": "", "doubts": True})
    assert waited(worker)["phase"] == "done"
    page.locator("[data-part=end]").click()
    for words in ("may not be saved yet", "Files begun and not finished: 1."):
        expect(said).to_contain_text(words, use_inner_text=True)
    for name in ("Bloggs", CLERK):
        expect(said).not_to_contain_text(name, use_inner_text=True)
    worker.good("files.finish")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here: tools/site")
@pytest.mark.parametrize("way", ["en", "en dark", "ar", "ar dark", "ru"])
def test_the_days_screens_are_sound_on_a_desktop_and_on_a_phone(
    page: Any, desk: OpenDesk, way: str
) -> None:
    dress(page, way)
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    wrong = {
        name: looked_at(page) + latin_left(page) for name in day_screens(page, desk, asks=True)
    }
    assert {name: faults for name, faults in wrong.items() if faults} == {}
    assert len(wrong) == 3
