"""A clerk at the issue form in a test: scan a passport, fill in, have it read back, sign.

start(page, desk) -> passport(page) -> dose(page) -> read_back(page) -> signed(page) -> next_person(page)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import issuing_desks
from tests.issuers import AT
from tests.issuing_desks import OpenDesk

PASSPORT = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
"""The specimen of ICAO Doc 9303-4."""


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    """Serve a desk of the test's own."""
    with issuing_desks.serving(tmp_path, pages=built) as opened:
        yield opened


@pytest.fixture
def page(page: Any) -> Any:
    """Have the page's clock stand at the desk's own hour."""
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    return page


def arrive(page: Any, desk: OpenDesk) -> None:
    """Open the address, and have what signs in."""
    page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1 }")
    page.goto(desk.entry())
    page.locator("form[data-part=sign-in]").wait_for()


def start(page: Any, desk: OpenDesk) -> None:
    """Sign in, and have the form."""
    arrive(page, desk)
    enter(page)


def enter(page: Any) -> None:
    """Have the form, signed in."""
    issuing_desks.sign_in(page)
    page.locator("#issue-passport:focus").wait_for()


def passport(page: Any, lines: Sequence[str] = PASSPORT) -> None:
    """Scan a passport's lines as a hardware scanner does: each key, and Enter after each line."""
    for line in lines:
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    page.locator("[data-part=passport-said]:not([hidden])").wait_for()


def field(page: Any, column: str, place: int = 0) -> Any:
    """Return the field of a column: the person's, or of an entry."""
    own = page.locator(f"[data-part=person] [data-column={column}]")
    event = page.locator("[data-part=events] > *").nth(place).locator(f"[data-column={column}]")
    # By one locator: a form that is not there yet is waited for, whichever of them has it.
    return own.or_(event).first.locator("input, select")


def chosen(page: Any, column: str, text: str, place: int = 0) -> None:
    """Type what people say, and take the first suggestion."""
    of = field(page, column, place)
    of.click()
    of.fill("")
    page.keyboard.type(text)
    page.locator("[role=option][aria-selected=true]").wait_for()
    page.keyboard.press("Enter")


def dose(page: Any, place: int = 0, **cells: str) -> None:
    """Fill in a dose of Pfizer's: of today, with a lot."""
    chosen(page, "product", "pfizer", place)
    filled = {"lot": "LOT-9", "given_on": "20261122", "dose": "1", **cells}
    for column, cell in filled.items():
        field(page, column, place).fill(cell)


def read_back(page: Any, language: str = "en") -> None:
    """Show it to the patient."""
    page.locator("#issue-language").select_option(language)
    page.locator("[data-part=show]").click()
    page.locator("body[data-screen=desk-issue-reading]").wait_for()


def signed(page: Any) -> None:
    """Have the patient confirm, and the certificate signed."""
    page.locator("[data-part=right]").click()
    page.locator("body[data-screen=desk-issue-signed]").wait_for()


def printed(page: Any) -> None:
    """Print, and wait until the browser was asked to."""
    page.locator("[data-part=print]").click()
    page.locator("[data-part=pages] img").first.wait_for(state="attached")
    page.locator("[data-part=pages][data-printed]").wait_for(state="attached")


def next_person(page: Any) -> None:
    """Clear all."""
    page.locator("[data-part=next]").click()
    page.locator("#issue-passport:focus").wait_for()


def keyed(page: Any, text: str) -> None:
    """Type into the field that has the focus, and go on to the next with Enter."""
    before = page.evaluate_handle("document.activeElement")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(before) => ![before, document.body].includes(document.activeElement)", arg=before
    )


def confirmed(page: Any) -> None:
    """Show what was filled in to the patient, who says yes; the button that shows it has the focus."""
    page.locator("[data-part=show]:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("body[data-screen=desk-issue-reading] [data-part=right]:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("body[data-screen=desk-issue-signed] [data-part=print]:focus").wait_for()


def keyed_dose(page: Any, vaccine: str) -> None:
    """Fill in a dose, show it, have it confirmed and signed, by keys alone; the vaccine's field has the focus.

    A browser that is driven presses faster than a person: each key that moves waits for the one before it.
    """
    page.locator("[data-column=product] input:focus").wait_for()
    for cell in (vaccine, "LOT-9"):
        keyed(page, cell)
    page.locator("[data-column=given_on] input:focus").wait_for()
    # On to the button for today, and press it.
    page.keyboard.press("Tab")
    page.locator("[data-column=given_on] [data-part=now]:focus").wait_for()
    page.keyboard.press("Space")
    page.locator("[data-column=dose] input:focus").wait_for()
    for cell in ("1", ""):
        keyed(page, cell)
    confirmed(page)
