"""All screens of renewing, correcting and revoking at a desk, and its day: walked through, for who looks at each.

change_screens(page, desk, texts) -> names        day_screens(page, desk) -> names
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests import issuing_desks
from tests.issuing_desks import AUDITOR, PASSPHRASES, SECOND, OpenDesk


def shown(page: Any, name: str) -> None:
    """Wait until a screen is up."""
    page.locator(f"body[data-screen={name}]").wait_for()


def start(page: Any, desk: OpenDesk) -> None:
    """Sign in, and open the screen of certificates."""
    page.goto(desk.entry())
    issuing_desks.sign_in(page)
    page.locator("[data-open=changes]").click()
    shown(page, "desk-change")
    page.locator("[data-part=code]:focus").wait_for()


def looked_up(page: Any, text: str) -> None:
    """Look a certificate up by its text."""
    page.locator("[data-part=code]").fill(text)
    page.locator("[data-part=code]").press("Enter")
    shown(page, "desk-certificate")


def change_screens(page: Any, desk: OpenDesk, texts: list[str]) -> Iterator[str]:
    """Go through all screens of certificates; yield the name of each that is up."""
    start(page, desk)
    yield "certificates"
    looked_up(page, texts[0])
    yield "certificate"
    page.locator("[data-part=revoke]").click()
    page.locator("[data-part=reason]").select_option("fraud")
    yield "certificate-reason"
    page.locator("[data-part=reason-form] button").click()
    shown(page, "desk-change-plan")
    yield "revoke-one"
    page.locator("[data-part=back]").click()
    shown(page, "desk-change")
    page.locator("[data-part=lot]").fill("LOT-9")
    page.locator("[data-part=many-reason]").select_option("product-recall")
    page.locator("[data-part=many-form] button[type=submit]").click()
    shown(page, "desk-change-plan")
    yield "revoke-many"
    page.locator("[data-part=pseudonym]").fill(SECOND)
    page.locator("[data-part=passphrase]").fill(PASSPHRASES[SECOND])
    page.locator("[data-part=go]").click()
    shown(page, "desk-change-done")
    yield "revoked"


def day_screens(page: Any, desk: OpenDesk) -> Iterator[str]:
    """Sign in as whoever may see the day, and end it; yield the name of each screen that is up."""
    page.goto(desk.entry())
    issuing_desks.sign_in(page, AUDITOR)
    shown(page, "desk-day")
    page.locator("[data-part=work] tr").first.wait_for()
    yield "day"
    page.locator("[data-part=end]").press("Enter")
    shown(page, "desk-day-ended")
    yield "day-ended"
