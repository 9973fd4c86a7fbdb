"""Every screen of issuing at a desk, one after the other: for tests of looks and for pictures.

page, desk -> issue_screens -> name of the screen that is up, ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.browser import clerk
from tests.issuing_desks import OpenDesk


def issue_screens(page: Any, desk: OpenDesk, patients: str = "ar") -> Iterator[str]:
    """Put up what signs in, the form, empty and filled in, what is doubted, what the patient reads, and the code."""
    clerk.arrive(page, desk)
    yield "sign-in"
    clerk.enter(page)
    yield "form"
    clerk.passport(page)
    clerk.field(page, "product").click()
    page.keyboard.type("pfi")
    page.locator("[role=option][aria-selected=true]").wait_for()
    yield "suggestions"
    page.keyboard.press("Enter")
    for column, cell in {"lot": "LOT-9", "given_on": "20261122", "dose": "3", "doses": "2"}.items():
        clerk.field(page, column).fill(cell)
    page.locator("[data-part=doubts]:not([hidden])").wait_for()
    yield "doubts"
    page.locator("[data-part=all-right]").click()
    clerk.read_back(page, patients)
    yield "reading"
    clerk.signed(page)
    yield "signed"
    clerk.next_person(page)
    page.locator("input[value=icvp]").check()
    yield "yellow-card"
