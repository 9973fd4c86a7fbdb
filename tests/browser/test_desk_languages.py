"""Another language with a screen of the desk open: every text is in it, and nothing that was typed is lost.

screen -> ar, fr, zh, … -> no text of the language before · the same values · the focus stays where it was
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import desk_files
from pratique.store import words
from tests import issuing_desks
from tests.browser import clerk
from tests.browser.change_screens import (
    ENDING,
    change_screens,
    day_screens,
    file_screens,
    looked_up,
    shown,
    stand,
    start,
)
from tests.browser.conftest import expect
from tests.browser.issue_screens import issue_screens
from tests.browser.test_desk_files import WRONG
from tests.desk_forms import issued
from tests.issuers import AT
from tests.issuing_desks import OpenDesk
from tests.journeys.test_desk_files import COLUMNS, table

ORDER = ("ar", "fr", "zh", "es", "ru", "pt", "hi", "de", "sw", "en")
"""Neighbours have few words in common."""
LEAST = {"zh": 3}
"""Characters of a piece of a word that is looked for; 6 where it is not said."""

# What the patient reads stays in the patient's language; what a certificate says is asked for anew: each has its test.
TEXTS = """() => [...document.querySelectorAll("body *")]
  .filter((element) => !element.closest("template, script, [data-part=language] option, #issue-language option, [data-part=leaf]"))
  .filter((element) => !element.closest(".reading") || element.matches("[data-part=turn]"))
  .filter((element) => element.checkVisibility() || element.closest("select"))
  .flatMap((element) => [
    [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent).join(""),
    ...["aria-label", "alt"].map((name) => element.getAttribute(name) ?? ""),
  ]).map((text) => text.trim()).filter(Boolean)"""
VALUES = """() => [...document.querySelectorAll("main input, main textarea, main select")]
  .map((field) => [field.value, field.checked ?? null, field.disabled])"""
CHOOSER = "[data-part=language] select"


@cache
def pieces(language: str) -> frozenset[str]:
    """Return what stands between the places to be filled in of a language's words."""
    document = words.builtin(language)
    found = [
        piece.strip()
        for table in words.TABLES
        for word in words.table(document, table).values()
        for piece in re.split(r"\{\w+\}", word)
    ]
    return frozenset(piece for piece in found if len(piece) >= LEAST.get(language, 6))


@cache
def own(language: str, other: str) -> tuple[str, ...]:
    """Return a language's pieces that another one has nowhere."""
    others = "\n".join(
        word for table in words.TABLES for word in words.table(words.builtin(other), table).values()
    )
    return tuple(sorted(piece for piece in pieces(language) if piece not in others))


def left(texts: list[str], language: str, now: str) -> list[str]:
    """Return the texts that are of a language, and not of the one that is chosen now."""
    return [text for text in texts if any(piece in text for piece in own(language, now))]


def said(page: Any, data: Iterable[str] = ()) -> list[str]:
    """Return the texts of the screen that is up, without what is a file's own in them."""
    texts: list[str] = page.evaluate(TEXTS)
    for each in sorted(data, key=len, reverse=True):
        texts = [text.replace(each, "") for text in texts]
    return texts


def in_all_languages(page: Any, name: str, wrong: dict[str, Any], data: Iterable[str] = ()) -> None:
    """Choose each language on the screen that is up, English last; note what is wrong, and give the focus back."""
    before, values, was = (
        page.evaluate_handle("document.activeElement"),
        page.evaluate(VALUES),
        "en",
    )
    screen = page.locator("body").get_attribute("data-screen")
    assert left(said(page, data), "en", "ar"), "the control: English is there before it is left"
    for language in ORDER:
        chosen(page, language)
        if stays := left(said(page, data), was, language):
            wrong[f"{name}: {was} in {language}"] = stays
        if (now := page.evaluate(VALUES)) != values:
            wrong[f"{name}: values in {language}"] = (values, now)
        expect(page.locator(CHOOSER)).to_be_focused()
        way = "rtl" if language == "ar" else "ltr"
        expect(page.locator("html")).to_have_attribute("dir", way)
        was = language
    expect(page.locator("body")).to_have_attribute("data-screen", screen)
    before.evaluate("(element) => element.focus()")


def chosen(page: Any, language: str) -> None:
    """Choose a language, and wait until its words are there."""
    page.locator(CHOOSER).focus()
    page.locator(CHOOSER).select_option(language)
    page.locator(f"html[lang^={language}]").wait_for()


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path, pages=built) as opened:
        # What was given today is offered as a button.
        issued(opened.client())
        yield opened
        desk_files.leave()


@pytest.fixture
def page(page: Any) -> Any:
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    return page


def certificates(page: Any, desk: OpenDesk) -> Iterator[str]:
    yield from change_screens(page, desk, [issued(desk.client(), surname="Deo")])


@pytest.mark.parametrize(
    ("screens", "count"), [(issue_screens, 6), (certificates, 6), (day_screens, 2)], ids=["issue", "certificates", "day"]
)  # fmt: skip
def test_every_screen_is_in_the_language_that_is_chosen_on_it(
    page: Any, desk: OpenDesk, screens: Callable[..., Iterator[str]], count: int
) -> None:
    wrong: dict[str, Any] = {}
    seen = []
    for name in screens(page, desk):
        # Whoever goes to the languages leaves the list of suggestions.
        if name != "suggestions":
            in_all_languages(page, name, wrong)
            seen.append(name)
    assert wrong == {}
    assert len(seen) == count


def test_every_screen_of_a_whole_file_is_in_the_language_that_is_chosen_on_it(
    page: Any, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: dict[str, Any] = {}
    seen = []
    stand(monkeypatch)
    for name in file_screens(page, desk, table(600, WRONG)):
        if name == "columns":
            page.locator("[data-act=all-value]").fill("XXH-1")
            page.locator("[data-act=all-add]").click()
        in_all_languages(page, name, wrong, COLUMNS)
        if name == "columns":
            page.locator("[data-part=all] [data-part=remove]").click()
        seen.append(name)
    assert wrong == {}
    assert len(seen) == 6


def test_a_days_end_is_asked_in_ten_languages(page: Any, desk: OpenDesk) -> None:
    # The day, in English.
    next(day_screens(page, desk))
    seen = set()
    for language in ORDER:
        chosen(page, language)
        page.locator("[data-part=end]").click()
        page.locator(f"{ENDING} [data-part=no]:focus").wait_for()
        says = words.table(words.builtin(language), "desk_day")
        asked = page.locator(ENDING)
        for name in ("end_sure", "finished", "all_out", "end"):
            expect(asked).to_contain_text(says[name], use_inner_text=True)
        seen.add(asked.inner_text())
        page.keyboard.press("Escape")
        page.locator(ENDING).wait_for(state="detached")
    assert len(seen) == len(ORDER)


def test_marked_fields_and_notices_are_said_in_the_language_that_is_chosen(
    page: Any, desk: OpenDesk
) -> None:
    wrong: dict[str, Any] = {}
    page.goto(desk.entry())
    form = page.locator("form[data-part=sign-in]")
    form.locator("[data-part=pseudonym]").fill("op-99")
    form.locator("[data-part=passphrase]").fill("some other words")
    form.locator("[data-part=go]").click()
    form.locator("[data-part=refused]:not([hidden])").wait_for()
    in_all_languages(page, "refused", wrong)
    page.complaints.clear()
    issuing_desks.sign_in(page)
    page.locator("#issue-passport:focus").wait_for()
    clerk.passport(page)
    clerk.dose(page, given_on="20270301")
    page.locator("[data-part=more]").click()
    clerk.field(page, "given_on", 1).fill("20261121")
    page.locator("[data-part=show]").click()
    page.locator("[data-part=notice]:not([hidden])").wait_for()
    in_all_languages(page, "open fields", wrong)
    assert wrong == {}
    chosen(page, "de")
    # A date in words is a text as well.
    for cell, day in (
        ("[data-part=events] > :nth-child(2) [data-column=given_on]", "21. November 2026"),
        ("[data-part=person] [data-column=birth_date]", "12. August 1974"),
    ):
        meant = page.locator(f"{cell} [data-part=meant]")
        expect(meant).to_have_text(day, use_inner_text=True)


def test_what_was_chosen_by_its_name_is_called_by_it_in_the_other_language(
    page: Any, desk: OpenDesk
) -> None:
    clerk.start(page, desk)
    page.locator("input[value=test]").check()
    clerk.chosen(page, "test_type", "pcr")
    clerk.chosen(page, "result", "not detected")
    for language in ("de", "ar", "en"):
        chosen(page, language)
        name = words.table(words.builtin(language), "codes")["260415000"]
        expect(clerk.field(page, "result")).to_have_value(name)
    # It is the code all the same: nothing is marked.
    with page.expect_response("**/api/issue.check") as checked:
        clerk.field(page, "sampled_at").fill("2026-11-21 08:30")
    columns = {remark["column"] for remark in checked.value.json()["remarks"]}
    assert not columns & {"result", "test_type"}


def test_a_certificates_content_is_said_in_the_language_that_is_chosen(
    page: Any, desk: OpenDesk
) -> None:
    text = issued(desk.client(), surname="Deo")
    start(page, desk)
    looked_up(page, text)
    for language in ("de", "ar", "en"):
        chosen(page, language)
        label = words.table(words.builtin(language), "labels")["vaccine"]
        page.locator("[data-part=leaf]", has_text=label).wait_for()
        expect(page.locator("[data-part=leaf]")).to_contain_text("Deo", use_inner_text=True)


def test_what_the_patient_reads_stays_in_the_patients_language(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    clerk.passport(page)
    clerk.dose(page)
    clerk.read_back(page, "sw")
    leaves = page.locator(".reading [data-part=leaves]")
    before = leaves.inner_text()
    turn = page.locator("[data-part=turn]")
    for language in ("de", "ar", "en"):
        chosen(page, language)
        word = words.table(words.builtin(language), "desk_issue")["turn"]
        expect(turn).to_have_text(word, use_inner_text=True)
        expect(turn).to_have_attribute("lang", re.compile(f"^{language}"))
        expect(leaves).to_have_text(before, use_inner_text=True)
    clerk.signed(page)
    shown(page, "desk-issue-signed")
