"""All screens of renewing, correcting, revoking, of whole files and of a desk's day: walked through, for who looks at each.

change_screens(page, desk, texts) -> names   file_screens(page, desk, table) -> names   day_screens(page, desk) -> names
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pratique.parties import issuing
from pratique.parties.desk_files import DeskFile, Phase
from tests import issuing_desks
from tests.issuing_desks import AUDITOR, PASSPHRASES, SECOND, OpenDesk
from tests.steps import LONGEST


def acts(desk: OpenDesk) -> list[tuple[str, int]]:
    """Return who revoked how many at a desk."""
    session = issuing.opened(desk.place, issuing_desks.secret)
    return [(act.operator, act.certificates) for act in issuing.audit(session).acts]


ENDING = "dialog[data-part=ending]"
"""What asks before a day ends."""


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


def stand(patch: pytest.MonkeyPatch) -> None:
    """Have whatever file is issued next stand still after its first rows, until it is stopped."""
    stopped = threading.Event()
    progress, stop = DeskFile.progress, DeskFile.stop

    def stood(file: DeskFile, rows: int, total: int | None = None) -> None:
        progress(file, rows, total)
        if file.phase is Phase.ISSUING and rows and not stopped.is_set():
            assert stopped.wait(LONGEST)

    def told(file: DeskFile) -> None:
        stopped.set()
        stop(file)

    patch.setattr(DeskFile, "progress", stood)
    patch.setattr(DeskFile, "stop", told)


def hand_in(page: Any, data: bytes, name: str = "../../etc/passwd.csv") -> None:
    """Choose a file, by whatever name it has."""
    page.locator(".desk-drop input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": data}
    )


def entered(page: Any, desk: OpenDesk) -> None:
    """Sign in, and open the screen of whole files."""
    page.goto(desk.entry())
    issuing_desks.sign_in(page)
    page.locator('[data-open="files"]').click()
    page.locator(".desk-drop").wait_for()


def file_screens(page: Any, desk: OpenDesk, table: bytes) -> Iterator[str]:
    """Hand a file in, stop it and go on, until it is issued; yield the name of each screen that is up.

    It has to stand still where it is stopped: `stand`.
    """
    entered(page, desk)
    yield "drop"
    hand_in(page, table)
    page.locator("form [data-act=check]").wait_for()
    yield "columns"
    page.locator("[data-act=check]").click()
    page.locator("[data-act=start]").wait_for()
    yield "checked"
    if page.locator("[data-act=doubts]").is_visible():
        page.locator("[data-act=doubts]").check()
    page.locator("[data-act=start]").click()
    page.wait_for_function("() => document.querySelector('progress')?.value > 0")
    yield "issuing"
    page.locator("[data-act=stop]").click()
    page.locator("[data-act=on]").wait_for()
    yield "stopped"
    page.locator("[data-act=on]").click()
    page.locator("[data-part=issued]").wait_for()
    yield "done"


def day_screens(page: Any, desk: OpenDesk, *, asks: bool = False) -> Iterator[str]:
    """Sign in as whoever may see the day, and end it; yield the name of each screen that is up, `asks`: and of what asks."""
    page.goto(desk.entry())
    issuing_desks.sign_in(page, AUDITOR)
    shown(page, "desk-day")
    page.locator("[data-part=work] tr").first.wait_for()
    yield "day"
    page.locator("[data-part=end]").press("Enter")
    page.locator(f"{ENDING} [data-part=no]:focus").wait_for()
    if asks:
        yield "day-ending"
    page.locator(f"{ENDING} [data-part=yes]").press("Enter")
    shown(page, "desk-day-ended")
    yield "day-ended"
