"""Every journey at a desk by keyboard alone, in a real browser: the focus is somewhere, and is seen wherever it stops.

Whole files are in test_desk_files.py, revoking one certificate in test_desk_change.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests import issuing_desks
from tests.browser import clerk
from tests.browser.change_screens import acts, shown
from tests.browser.clerk import desk, page
from tests.browser.conftest import expect
from tests.browser.screens import speak
from tests.browser.test_accessibility import SEEN, STOPS, WHERE
from tests.desk_forms import issued
from tests.issuing_desks import AUDITOR, CLERK, PASSPHRASES, SECOND, OpenDesk

__all__ = ["desk", "page"]

KINDS = ["vaccination", "test", "recovery", "exemption", "icvp"]
CELLS = {
    "test": ["pcr", "", "", "2026-11-21 08:30", "not detected", ""],
    "recovery": ["covid", "20260901", "20260912", "20270201"],
    "exemption": ["covid", "20261101", "20270101"],
    "icvp": ["stamaril", "YF-9", "20261120", "Register 4711", "Harbour"],
}
"""What is typed into the fields of a kind, one after the other; Enter goes on."""


def tab_to(page: Any, wanted: str, key: str = "Tab") -> None:
    """Press a key until what a selector names has the focus; each stop on the way is to be seen."""
    for _ in range(STOPS):
        page.keyboard.press(key)
        assert page.evaluate(SEEN), page.evaluate(WHERE)
        if page.locator(f"{wanted}:focus").count():
            return
    raise AssertionError(f"{wanted} cannot be reached")


def pressed(page: Any, wanted: str) -> None:
    """Go to a button, and press it."""
    tab_to(page, wanted)
    page.keyboard.press("Enter")


def looked_up(page: Any, text: str) -> None:
    """Go to the screen of certificates, and look one up; on its screen the focus is on the title."""
    page.locator("body[data-screen=desk-change] [data-part=code]:focus").wait_for()
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    page.locator("body[data-screen=desk-certificate] h1:focus").wait_for()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_every_kind_is_issued(page: Any, desk: OpenDesk, kind: str) -> None:
    clerk.start(page, desk)
    tab_to(page, "input[name=kind]", "Shift+Tab")
    for each in KINDS[1 : KINDS.index(kind) + 1]:
        page.keyboard.press("ArrowRight")
        page.locator(f"input[value={each}]:checked:focus").wait_for()
    tab_to(page, "#issue-passport")
    clerk.passport(page)
    page.locator("[data-part=events] input:focus").wait_for()
    for cell in CELLS[kind]:
        clerk.keyed(page, cell)
    clerk.confirmed(page)
    expect(page.locator("svg.code")).to_have_count(1)


def test_arrows_go_the_way_that_arabic_is_read(context: Any, page: Any, desk: OpenDesk) -> None:
    speak(context, "ar")
    clerk.start(page, desk)
    tab_to(page, "input[name=kind]", "Shift+Tab")
    page.keyboard.press("ArrowLeft")
    page.locator("input[value=test]:checked:focus").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator("input[value=vaccination]:checked:focus").wait_for()


def test_two_doses_of_a_series_are_issued(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    clerk.passport(page)
    page.locator("[data-column=product] input:focus").wait_for()
    for cell in ("pfizer", "LOT-8", "20261020", "1"):
        clerk.keyed(page, cell)
    pressed(page, "[data-part=more]")
    page.locator("[data-part=events] > :nth-child(2) [data-column=product] input:focus").wait_for()
    for cell in ("", "", "20261115", "2", ""):
        clerk.keyed(page, cell)
    clerk.confirmed(page)
    expect(page.locator("svg.code")).to_have_count(2)


def test_what_is_doubted_is_ticked_and_what_is_missing_is_come_to(
    page: Any, desk: OpenDesk
) -> None:
    clerk.start(page, desk)
    clerk.passport(page)
    page.locator("[data-column=product] input:focus").wait_for()
    for cell in ("pfizer", "", "20261020", "", ""):
        clerk.keyed(page, cell)
    page.locator("[data-part=show]:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("[data-column=dose] input:focus").wait_for()
    notice = page.locator("[data-part=notice]")
    notice.filter(has_text="missing or wrong").wait_for()
    page.keyboard.type("1")
    # The sentence goes on to what is still open, and does not stay when it is over.
    notice.filter(has_text="doubted").wait_for()
    pressed(page, "[data-part=all-right]")
    notice.wait_for(state="hidden")
    page.locator("[data-part=all-right]:focus").wait_for()
    tab_to(page, "[data-part=show]")
    clerk.confirmed(page)


def test_a_certificate_is_renewed(page: Any, desk: OpenDesk) -> None:
    text = issued(desk.client())
    clerk.start(page, desk)
    tab_to(page, "[data-open=changes]", "Shift+Tab")
    page.keyboard.press("Enter")
    looked_up(page, text)
    pressed(page, "[data-part=renew]")
    page.locator("body[data-screen=desk-issue-signed] [data-part=print]:focus").wait_for()


def test_a_certificate_is_corrected(page: Any, desk: OpenDesk) -> None:
    text = issued(desk.client())
    clerk.start(page, desk)
    tab_to(page, "[data-open=changes]", "Shift+Tab")
    page.keyboard.press("Enter")
    looked_up(page, text)
    pressed(page, "[data-part=correct]")
    page.locator("body[data-screen=desk-issue] [data-column=product] input").wait_for()
    expect(page.locator("h1:focus")).to_have_text("Correct", use_inner_text=True)
    tab_to(page, "[data-column=surname] input")
    page.keyboard.press("Control+a")
    page.keyboard.type("Roe")
    tab_to(page, "[data-column=surname_icao] input")
    page.keyboard.press("Control+a")
    page.keyboard.type("ROE")
    tab_to(page, "[data-part=show]")
    clerk.confirmed(page)
    assert acts(desk) == [(CLERK, 1)]


def test_many_are_revoked_by_two_people(page: Any, desk: OpenDesk) -> None:
    for name in ("Deo", "Roe", "Poe"):
        issued(desk.client(), surname=name)
    clerk.start(page, desk)
    tab_to(page, "[data-open=changes]", "Shift+Tab")
    page.keyboard.press("Enter")
    shown(page, "desk-change")
    page.locator("[data-part=many-reason] option:nth-child(2)").wait_for(state="attached")
    tab_to(page, "[data-part=lot]")
    page.keyboard.type("LOT-9")
    tab_to(page, "[data-part=many-reason]")
    page.keyboard.type("Product")
    pressed(page, "[data-part=many-form] button[type=submit]")
    page.locator("body[data-screen=desk-change-plan] [data-part=pseudonym]:focus").wait_for()
    page.keyboard.type(SECOND)
    tab_to(page, "[data-part=passphrase]")
    page.keyboard.type("some other words")
    pressed(page, "[data-part=go]")
    page.locator("[data-part=notice]:not([hidden])").wait_for()
    page.complaints.clear()
    # Where it is typed again.
    page.locator("[data-part=passphrase]:focus").wait_for()
    page.keyboard.type(PASSPHRASES[SECOND])
    pressed(page, "[data-part=go]")
    page.locator("body[data-screen=desk-change-done] [data-part=back]:focus").wait_for()
    assert acts(desk) == [(f"{CLERK}+{SECOND}", 3)]


def test_a_refused_signature_leaves_the_focus_where_it_was(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    clerk.passport(page)
    page.locator("[data-column=product] input:focus").wait_for()
    for cell in ("pfizer", "LOT-9", "20261122", "1", ""):
        clerk.keyed(page, cell)
    page.locator("[data-part=show]:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("[data-part=right]:focus").wait_for()
    page.route("**/api/issue.sign", lambda route: route.abort())
    page.keyboard.press("Enter")
    page.locator("[data-part=notice]", has_text="does not answer").wait_for()
    expect(page.locator("[data-part=right]")).to_be_focused()
    page.complaints.clear()
    page.unroute("**/api/issue.sign")
    page.keyboard.press("Enter")
    shown(page, "desk-issue-signed")


def test_the_day_is_come_to(page: Any, desk: OpenDesk) -> None:
    issued(desk.client())
    page.goto(desk.entry())
    issuing_desks.sign_in(page, AUDITOR)
    shown(page, "desk-day")
    page.locator("[data-part=work] tr").wait_for()
    tab_to(page, "[data-part=end]")
