"""Renewing, correcting and revoking at a desk in a real browser: by mouse, by keyboard alone, by scanner, in Arabic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import desk_operators
from pratique.parties.desk import Right
from tests import issuing_desks
from tests.browser import clerk
from tests.browser.change_screens import acts, change_screens, looked_up, shown, start
from tests.browser.conftest import expect
from tests.browser.desk import picture, scan
from tests.browser.screens import dress, latin_left, speak
from tests.browser.test_accessibility import AXE, looked_at
from tests.desk_forms import issued
from tests.issuers import AT
from tests.issuing_desks import CLERK, PASSPHRASES, SECOND, OpenDesk


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path, pages=built) as opened:
        yield opened


@pytest.fixture
def texts(desk: OpenDesk) -> list[str]:
    """Return three people's certificates of one lot."""
    client = desk.client()
    return [issued(client, surname=name) for name in ("Deo", "Roe", "Poe")]


@pytest.fixture
def page(page: Any) -> Any:
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    return page


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_certificate_is_renewed_by_mouse(
    page: Any, desk: OpenDesk, texts: list[str], language: str
) -> None:
    speak(page.context, language)
    start(page, desk)
    looked_up(page, texts[0])
    expect(page.locator("[data-part=state]")).to_have_attribute("data-state", "good")
    expect(page.locator("[data-part=leaf]")).to_contain_text("Deo", use_inner_text=True)
    page.locator("[data-part=renew]").click()
    shown(page, "desk-issue-signed")
    expect(page.locator("svg.code")).to_have_count(1)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_wrong_name_is_corrected_and_read_back(
    page: Any, desk: OpenDesk, texts: list[str], language: str
) -> None:
    speak(page.context, language)
    start(page, desk)
    looked_up(page, texts[0])
    page.locator("[data-part=correct]").click()
    shown(page, "desk-issue")
    page.locator("[data-column=product] input").wait_for()
    expect(clerk.field(page, "product")).to_have_value("Comirnaty")
    expect(page.locator("[data-part=more]")).to_be_hidden()
    clerk.field(page, "surname").fill("Doe")
    clerk.field(page, "surname_icao").fill("DOE")
    page.locator("[data-part=show]").click()
    reading = "body[data-screen=desk-issue-reading]"
    page.locator(f"{reading}, [data-part=doubts]:not([hidden])").first.wait_for()
    if page.locator("[data-part=all-right]").is_visible():
        # What is doubted of it was right before.
        page.locator("[data-part=all-right]").click()
        page.locator("[data-part=show]").click()
    page.locator(reading).wait_for()
    expect(page.locator(".reading")).to_contain_text("Doe", use_inner_text=True)
    clerk.signed(page)
    assert acts(desk) == [(CLERK, 1)]
    page.locator("[data-part=next]").click()
    page.locator("[data-open=changes]").click()
    looked_up(page, texts[0])
    expect(page.locator("[data-part=state]")).to_have_attribute("data-state", "revoked")
    expect(page.locator("[data-part=renew]")).to_be_hidden()


def test_a_scanner_types_a_code_and_a_picture_is_dropped(
    page: Any, desk: OpenDesk, texts: list[str]
) -> None:
    start(page, desk)
    # The field has the focus: a scanner types into it, as into anything else.
    scan(page, texts[1])
    shown(page, "desk-certificate")
    expect(page.locator("[data-part=leaf]")).to_contain_text("Roe", use_inner_text=True)
    page.locator("[data-part=back]").click()
    shown(page, "desk-change")
    page.locator("h1").focus()
    scan(page, texts[0])
    shown(page, "desk-certificate")
    expect(page.locator("[data-part=leaf]")).to_contain_text("Deo", use_inner_text=True)
    page.locator("[data-part=back]").click()
    shown(page, "desk-change")
    file = {"name": "code.png", "mimeType": "image/png", "buffer": picture(texts[2])}
    page.locator("[data-part=file]").set_input_files(file)
    shown(page, "desk-certificate")
    expect(page.locator("[data-part=leaf]")).to_contain_text("Poe", use_inner_text=True)


def test_one_is_revoked_by_keyboard_alone(page: Any, desk: OpenDesk, texts: list[str]) -> None:
    start(page, desk)
    keys = page.keyboard
    keys.insert_text(texts[0])
    keys.press("Enter")
    shown(page, "desk-certificate")
    page.locator("h1:focus").wait_for()
    for _ in range(3):
        keys.press("Tab")
    page.locator("[data-part=revoke]:focus").wait_for()
    keys.press("Enter")
    page.locator("[data-part=reason]:focus").wait_for()
    keys.type("The holder")
    keys.press("Tab")
    keys.press("Enter")
    shown(page, "desk-change-plan")
    page.locator("[data-part=go]:focus").wait_for()
    expect(page.locator("[data-part=second]")).to_be_hidden()
    keys.press("Enter")
    shown(page, "desk-change-done")
    assert acts(desk) == [(CLERK, 1)]


@pytest.mark.parametrize("right", ["issue", "revoke"])
def test_whoever_comes_to_look_somebody_up_reads_that_nobody_can_be_searched_for(
    page: Any, desk: OpenDesk, right: str
) -> None:
    desk_operators.add(
        desk.place.folder, CLERK, frozenset({Right(right)}), PASSPHRASES[CLERK], None
    )
    page.goto(desk.entry())
    issuing_desks.sign_in(page)
    page.locator("[data-open=changes]").click()
    shown(page, "desk-change")
    said = page.locator("[data-part=no-names]")
    expect(said).to_be_visible()
    expect(said).to_have_text(
        re.compile("^Nobody can be searched for by name"), use_inner_text=True
    )


def test_a_lot_is_revoked_by_two_people(page: Any, desk: OpenDesk, texts: list[str]) -> None:
    start(page, desk)
    page.locator("[data-part=lot]").fill("LOT-9")
    page.locator("[data-part=many-reason]").select_option("product-recall")
    page.locator("[data-part=many-form] button[type=submit]").click()
    shown(page, "desk-change-plan")
    expect(page.locator("[data-part=total]")).to_contain_text("3", use_inner_text=True)
    for name in ("Deo", "Roe", "Poe"):
        expect(page.locator(".desk-change")).not_to_contain_text(name, use_inner_text=True)

    def by(pseudonym: str, passphrase: str) -> None:
        page.locator("[data-part=pseudonym]").fill(pseudonym)
        page.locator("[data-part=passphrase]").fill(passphrase)
        page.locator("[data-part=go]").click()

    for pseudonym, passphrase, said in (
        (CLERK, PASSPHRASES[CLERK], "must be another one"),
        (SECOND, "some other words", "is wrong"),
    ):
        by(pseudonym, passphrase)
        page.locator("[data-part=notice]", has_text=said).wait_for()
        expect(page.locator("[data-part=passphrase]")).to_have_value("")
    assert acts(desk) == []
    page.complaints.clear()
    by(SECOND, PASSPHRASES[SECOND])
    shown(page, "desk-change-done")
    assert acts(desk) == [(f"{CLERK}+{SECOND}", 3)]
    expect(page.locator("[data-part=done]")).to_contain_text(SECOND, use_inner_text=True)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here: tools/site")
@pytest.mark.parametrize("way", ["en", "en dark", "ar", "ar dark", "de"])
def test_every_screen_is_sound_on_a_desktop_and_on_a_phone(
    page: Any, desk: OpenDesk, texts: list[str], way: str
) -> None:
    dress(page, way)
    wrong = {name: looked_at(page) + latin_left(page) for name in change_screens(page, desk, texts)}
    assert {name: faults for name, faults in wrong.items() if faults} == {}
    assert len(wrong) == 6
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if way.startswith("ar") else "ltr")
