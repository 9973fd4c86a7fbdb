"""A whole file at the desk, in a real browser: by mouse, by keyboard alone, in Arabic; no rule of accessibility broken."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import desk_files
from pratique.store import words
from tests import issuing_desks
from tests.browser.change_screens import entered, file_screens, hand_in, stand
from tests.browser.conftest import expect
from tests.browser.screens import dress, file_chooser, latin_left, speak
from tests.browser.test_accessibility import axe, looked_at, opened, tab_to
from tests.journeys.test_desk_files import left, registered, table

__all__ = ["axe", "opened"]

WRONG = "Doe,,31/12/1990,EU/1/20/1528,x,2,01/10/2026,LOT-1"


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[Any]:
    with issuing_desks.serving(tmp_path, pages=built) as served:
        yield served
        desk_files.leave()


def saved(page: Any, act: str) -> bytes:
    """Press what saves a file; return what the browser has received."""
    with page.expect_download() as expected:
        page.locator(f"[data-act={act}]").click()
    return Path(expected.value.path()).read_bytes()


def texts(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        return [
            row["text"]
            for row in csv.DictReader(io.StringIO(found.read("certificates.csv").decode()))
        ]


def test_a_file_is_issued_by_mouse(page: Any, desk: Any) -> None:
    entered(page, desk)
    hand_in(page, table(3, WRONG))
    page.locator("form [data-act=check]").wait_for()
    # 31/12 proves it.
    expect(page.locator("input[value=dmy]")).to_be_checked()
    page.locator("[data-act=check]").click()
    page.locator("[data-act=start]").wait_for()
    expect(page.locator("tr.refuses").first).to_be_visible()
    if page.locator("[data-act=doubts]").is_visible():
        page.locator("[data-act=doubts]").check()
    page.locator("[data-act=start]").click()
    page.locator("[data-act=archive]").wait_for()
    assert len(set(texts(saved(page, "archive")))) == 3 == registered(desk.place.folder)
    page.locator("[data-act=finish]").click()
    page.locator(".desk-drop").wait_for()
    assert left() == []


@pytest.mark.parametrize("way", ["en", "en dark", "ar", "ar dark"])
def test_no_screen_of_whole_files_breaks_a_rule(
    desk: Any, page: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    dress(page, way)
    stand(monkeypatch)
    wrong = {
        name: looked_at(page) + latin_left(page)
        for name in file_screens(page, desk, table(600, WRONG))
    }
    assert {name: faults for name, faults in wrong.items() if faults} == {}
    assert len(wrong) == 6
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if way.startswith("ar") else "ltr")


def test_a_file_is_issued_by_keyboard_alone(desk: Any, opened: Any) -> None:
    page = opened("en")
    entered(page, desk)
    expect(page.locator("[data-part=notice]")).to_be_hidden()
    tab_to(page, "choose")
    file_chooser(page).set_files({"name": "a.csv", "mimeType": "text/csv", "buffer": table(2)})
    page.locator("form [data-act=check]").wait_for()
    tab_to(page, "radio")
    page.keyboard.press("Space")
    tab_to(page, "check")
    page.keyboard.press("Enter")
    page.locator("[data-act=start]").wait_for()
    if page.locator("[data-act=doubts]").is_visible():
        tab_to(page, "doubts")
        page.keyboard.press("Space")
    tab_to(page, "start")
    page.keyboard.press("Enter")
    page.locator("[data-act=archive]").wait_for()
    tab_to(page, "archive")
    with page.expect_download() as expected:
        page.keyboard.press("Enter")
    assert len(texts(Path(expected.value.path()).read_bytes())) == 2
    tab_to(page, "finish")
    page.keyboard.press("Enter")
    page.locator(".desk-drop").wait_for()
    page.locator("h1:focus").wait_for()
    page.locator("[data-part=notice]:not([hidden])").wait_for()
    expect(page.locator("[data-part=notice]")).to_contain_text("removed", use_inner_text=True)
    assert left() == []


def test_a_large_file_is_stopped_and_gone_on_with_after_the_page_was_loaded_again(
    page: Any, desk: Any
) -> None:
    entered(page, desk)
    hand_in(page, table(3_000))
    page.locator("form [data-act=check]").wait_for()
    # 03/02/1980 proves nothing.
    expect(page.locator("input[name=order]:checked")).to_have_count(0)
    page.locator("[data-act=check]").click()
    # The browser has refused to send the form, and shows what is missing.
    expect(page.locator("input[name=order]").first).to_be_focused()
    expect(page.locator("[data-act=start]")).to_have_count(0)
    page.locator("input[value=dmy]").check()
    page.locator("[data-act=check]").click()
    page.locator("[data-act=start]").click()
    page.locator("progress[value]").wait_for()
    page.locator("[data-act=stop]").click()
    page.locator("[data-act=on]").wait_for()
    assert registered(desk.place.folder) < 3_000
    # Another address of the same page would load nothing.
    page.goto("about:blank")
    page.goto(desk.entry())
    issuing_desks.sign_in(page)
    page.locator('[data-open="files"]').click()
    page.locator("[data-act=on]").click()
    page.locator("[data-part=issued]").wait_for()
    found = texts(saved(page, "archive"))
    assert len(found) == len(set(found)) == registered(desk.place.folder) == 3_000


def test_what_is_noted_of_a_file_is_said_in_the_pages_language(
    page: Any, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dress(page, "hi")
    stand(monkeypatch)
    assert [*file_screens(page, desk, table(600, WRONG))][-1] == "done"
    note = page.locator("[data-part=notes]")
    for language in ("hi", "zh"):
        word = words.table(words.builtin(language), "desk_files")["note_going_on"]
        page.locator("[data-part=language] select").select_option(language)
        page.locator(f"html[lang={language}]").wait_for()
        filled = re.sub(r"\\\{\w+\\\}", "[\u2066-\u2069]?[0-9]+[\u2066-\u2069]?", re.escape(word))
        expect(note).to_have_text(re.compile(f"^{filled}$"), use_inner_text=True)
    expect(note).not_to_have_attribute("lang", re.compile(""))


def test_a_forged_file_is_refused_on_the_page(page: Any, desk: Any) -> None:
    entered(page, desk)
    hand_in(page, b"PAR1" + bytes(64) + b"PAR1", "people.xlsx")
    page.locator("[data-part=wrong]:not([hidden])").wait_for()
    expect(page.locator("[data-part=wrong]")).to_contain_text("damaged", use_inner_text=True)
    expect(page.locator(".desk-drop")).to_be_visible()


def test_a_language_is_kept_by_a_profile(opened: Any, desk: Any) -> None:
    page = opened("de")
    speak(page.context, "de")
    entered(page, desk)
    expect(page.locator("[data-act=choose]")).to_have_text("Datei wählen", use_inner_text=True)
