"""A holder's journeys through the wallet, in a real browser with the real engine."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import icalendar
import numpy
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from tests.browser.conftest import NOW, PATIENCE, Post, expect
from tests.browser.wallet import PASSPHRASE, Wallet, codes_in
from tests.schemes import shc as cards
from tests.unit.formats.test_shc import JWS

MILLIMETRES = 25.4
GREEN = (0x00, 0x69, 0x5C)
"""The colour of a result that is green (style.css)."""


@pytest.fixture
def wallet(page: Any, site: str) -> Wallet:
    """Return a wallet that was just made."""
    return Wallet(page, site).visit().make()


def picture_of(text: str) -> Image.Image:
    """Draw a certificate as an issuer does."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return Image.fromarray(numpy.array(code.to_image(scale=6)))


# ----------------------------------------------------------------------------------------------------
# Cards.


def test_a_typed_certificate_becomes_a_card_that_shows_the_same_code(
    wallet: Wallet, post: Post
) -> None:
    wallet.add(post.texts["vaccination"])
    card = wallet.card()
    for words in ("ago", "Code can be read until"):
        expect(card).to_contain_text(words, use_inner_text=True)
    valid = re.compile(r"\bvalid\b", re.IGNORECASE)
    expect(card).not_to_contain_text(valid, use_inner_text=True)
    wallet.press(card, "code")
    expect(wallet.page.locator("#showing .insist")).to_contain_text("scan", use_inner_text=True)
    code = wallet.page.locator("#showing-code svg")
    assert codes_in(code.screenshot()) == [post.texts["vaccination"]]
    screen = wallet.page.viewport_size["width"]
    assert code.bounding_box()["width"] > min(screen, 46 * 16) * 0.85


def test_the_code_stays_black_on_white_in_the_dark(browser: Any, site: str, post: Post) -> None:
    context = browser.new_context(color_scheme="dark", viewport={"width": 360, "height": 740})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    wallet = Wallet(page, site).visit().make()
    wallet.add(post.texts["vaccination"])
    wallet.press(wallet.card(), "code")
    picture = page.locator("#showing-code svg").screenshot()
    assert codes_in(picture) == [post.texts["vaccination"]]
    corner = Image.open(io.BytesIO(picture)).convert("RGB").getpixel((3, 3))
    assert corner == (255, 255, 255)
    context.close()


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_a_picture_and_a_pdf_become_cards(
    wallet: Wallet, post: Post, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"certificate.{kind}"
    picture_of(post.texts["test"]).convert("RGB").save(file)
    wallet.page.click("#add")
    wallet.page.set_input_files("#adding-file", file)
    wallet.card()
    wallet.page.locator("#adding .close").click()
    wallet.press(wallet.card(), "code")
    assert codes_in(wallet.page.locator("#showing-code svg").screenshot()) == [post.texts["test"]]


def test_what_is_no_certificate_is_not_kept_and_a_known_one_not_twice(
    wallet: Wallet, post: Post
) -> None:
    wallet.page.click("#add")
    for text, words in (
        ("https://example.org/menu", "This code is no certificate that can be read here."),
        (post.texts["vaccination"], "Added"),
        (post.texts["vaccination"], "This certificate is here already."),
    ):
        wallet.page.fill("#adding-text", text)
        wallet.page.locator("#adding-form button").click()
        wallet.said()
        said = wallet.page.locator("#adding-state")
        expect(said).to_have_text(words, use_inner_text=True)
    expect(wallet.page.locator("article.card")).to_have_count(1)


def test_a_card_in_several_codes_is_put_together_and_shows_them_all(wallet: Wallet) -> None:
    page = wallet.page
    first, second = cards.chunks(JWS, 2)
    page.click("#add")
    page.fill("#adding-text", second)
    page.locator("#adding-form button").click()
    page.locator("#adding-state").get_by_text("1 of 2").wait_for()
    expect(page.locator("article.card")).to_have_count(0)
    page.fill("#adding-text", first)
    page.locator("#adding-form button").click()
    page.locator("#adding-state").get_by_text("Added").wait_for()
    page.locator("#adding .close").click()
    # Its issuer is not known here: it is kept all the same, and says so.
    expect(wallet.card()).to_contain_text("issuer is not known", use_inner_text=True)
    wallet.press(wallet.card(), "code")
    code = page.locator("#showing-code svg")
    shown = codes_in(code.screenshot())
    page.click("#showing-next")
    shown += codes_in(code.screenshot())
    assert shown == [first, second]


def test_people_are_told_apart_and_twins_are_asked_about(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["vaccination"], post.texts["test"], post.texts["ann"], post.texts["anne"])
    wallet.card(3)
    # Jo's two cards stand under one name; Ann and Anne, born on one day, are not put together.
    people, question = (
        wallet.page.locator("#people section.person"),
        wallet.page.locator("#people .notice"),
    )
    expect(people).to_have_count(3)
    expect(question).to_have_count(1)
    question.locator("button").nth(1).click()
    expect(question).to_have_count(0)
    expect(people).to_have_count(3)


def test_who_is_said_to_be_one_person_becomes_one(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["ann"], post.texts["anne"])
    wallet.card(1)
    wallet.page.locator("#people .notice button").first.click()
    expect(wallet.page.locator("#people section.person")).to_have_count(1)
    expect(wallet.page.locator("article.card")).to_have_count(2)


def test_details_come_after_a_warning(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["vaccination"])
    card = wallet.card()
    expect(card).not_to_contain_text("COVID-19", use_inner_text=True)
    wallet.press(card, "details")
    warning, details = wallet.page.locator("#warning"), wallet.page.locator("#detail-list")
    expect(warning).to_contain_text("nobody is listening", use_inner_text=True)
    expect(details.locator("dd")).to_have_count(0)
    wallet.page.click("#warning-go")
    expect(details).to_contain_text("COVID-19", use_inner_text=True)
    wallet.page.locator("#detail .close").click()
    expect(details.locator("dd")).to_have_count(0)


def test_a_card_is_removed_once_that_is_confirmed(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["vaccination"])
    wallet.press(wallet.card(), "remove")
    wallet.page.locator("#asking .close").click()
    expect(wallet.page.locator("#asking")).to_be_hidden()
    expect(wallet.page.locator("article.card")).to_have_count(1)
    wallet.press(wallet.card(), "remove")
    wallet.page.click("#asking-go")
    expect(wallet.page.locator("article.card")).to_have_count(0)


# ----------------------------------------------------------------------------------------------------
# Where one can enter.


def test_a_trip_is_answered_and_kept(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["vaccination"])
    wallet.go("trips")
    wallet.ask(post.place, "2026-11-25", "09:30", "Europe/Paris")
    trip = wallet.page.locator("article.trip")
    for words in ("Entry rules met", "25 November 2026", "09:30", "no proof"):
        expect(trip).to_contain_text(words, use_inner_text=True)
    wallet.page.reload()
    wallet.page.locator("#locked:not([hidden])").wait_for()
    wallet.unlock()
    wallet.opened()
    wallet.go("trips")
    expect(trip).to_contain_text("Entry rules met", use_inner_text=True)


def test_a_trip_that_is_not_green_says_why_and_what_would_help(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["test"])
    wallet.go("trips")
    wallet.ask(post.place, "2026-11-25", "09:30", "UTC")
    trip = wallet.page.locator("article.trip")
    expect(trip).to_contain_text("Why", use_inner_text=True)
    expect(trip).not_to_contain_text("Entry rules met", use_inner_text=True)
    # Every reason and step has words: none is shown as its key.
    key = re.compile(r"\b(reasons|steps|help|wallet)\.")
    expect(trip).not_to_contain_text(key, use_inner_text=True)


def test_no_result_fills_the_screen_with_its_colour(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["vaccination"])
    wallet.go("trips")
    wallet.ask(post.place, "2026-11-25", "09:30", "UTC")
    trip = wallet.page.locator("article.trip")
    trip.wait_for()
    trip.scroll_into_view_if_needed()
    share = share_of(GREEN, wallet.page.screenshot())
    assert 0 < share < 0.01
    # Control: the officer's field of colour would be seen by this.
    wallet.page.locator(".mark.green").first.evaluate(
        "mark => { mark.style.inlineSize = '40rem'; mark.style.blockSize = '40rem'; }"
    )
    assert share_of(GREEN, wallet.page.screenshot()) > 0.05


def share_of(colour: tuple[int, int, int], picture: bytes) -> float:
    """Return which share of a picture has a colour."""
    pixels = numpy.array(Image.open(io.BytesIO(picture)).convert("RGB"))
    return float((numpy.abs(pixels.astype(int) - colour).max(axis=2) < 8).mean())


def test_all_destinations_stand_in_a_list_and_on_a_map(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["vaccination"])
    wallet.go("everywhere")
    wallet.page.locator("#everywhere-person option").first.wait_for(state="attached")
    wallet.page.locator("#everywhere-form button").click()
    wallet.page.locator("#map svg.map").wait_for()
    places = wallet.page.locator("#everywhere-list li")
    expect(places).to_have_count(len(post.held.ruleset.destinations))
    place = wallet.page.locator(f'[data-place="{post.place}"]')
    expect(place).to_contain_text("Entry rules met", use_inner_text=True)
    map_ = wallet.page.locator("#map")
    expect(map_.locator("svg.map")).to_have_attribute("aria-label", re.compile("."))
    # Colour is never alone: each has a pattern of its own.
    expect(map_.locator("pattern")).to_have_count(3)
    expect(map_.locator("path.land").nth(170)).to_be_attached()
    wallet.page.fill("#everywhere-filter", "zzz")
    expect(places.locator("visible=true")).to_have_count(0)


def test_what_ends_soon_goes_into_a_calendar_that_names_nobody(
    wallet: Wallet, post: Post, tmp_path: Path
) -> None:
    wallet.add(post.texts["recovery"])
    wallet.card()
    wallet.go("ends")
    wallet.page.locator("#ends-list ol.ends li").first.wait_for()
    with wallet.page.expect_download() as waiting:
        wallet.page.locator("#ends-list button").first.click()
    waiting.value.save_as(tmp_path / "ends.ics")
    data = (tmp_path / "ends.ics").read_bytes()
    events = icalendar.Calendar.from_ical(data).walk("VEVENT")
    expect(wallet.page.locator("#ends-list ol.ends li")).to_have_count(len(events))
    assert all(event.get("SUMMARY") and event.get("DTSTART") for event in events)
    assert b"Bloggs" not in data
    assert b"BLOGGS" not in data


# ----------------------------------------------------------------------------------------------------
# Paper.


def test_a_printed_card_can_be_scanned_and_read(wallet: Wallet, post: Post, tmp_path: Path) -> None:
    wallet.add(post.texts["vaccination"])
    wallet.page.evaluate("window.print = () => undefined")
    wallet.press(wallet.card(), "print")
    document = pypdfium2.PdfDocument(wallet.page.pdf(format="A4"))
    assert len(document) == 1
    sheet = document[0].render(scale=300 / 72).to_pil()
    (found,) = zxingcpp.read_barcodes(sheet.convert("L"))
    assert found.text == post.texts["vaccination"]
    corners = found.position
    width = abs(corners.top_right.x - corners.top_left.x) / 300 * MILLIMETRES
    assert width >= 40
    words = document[0].get_textpage().get_text_bounded()
    # What it says for people, and both dates: of the dose, and of the code.
    for line in ("BLOGGS", "Dose given on", "QR code expires on"):
        assert line in words
    assert "Show the code" not in words


# ----------------------------------------------------------------------------------------------------
# The wallet keeps to itself.


def test_no_request_leaves_the_origin_and_none_carries_data(
    page: Any, site: str, post: Post, tmp_path: Path
) -> None:
    asked: list[Any] = []

    def note(request: Any) -> None:
        asked.append(request)

    page.on("request", note)
    wallet = Wallet(page, site).visit().make()
    wallet.add(post.texts["vaccination"])
    wallet.card()
    wallet.go("trips")
    wallet.ask(post.place, "2026-11-25", "09:30", "UTC")
    page.locator("article.trip").wait_for()
    wallet.go("everywhere")
    page.locator("#everywhere-form button").click()
    page.locator("#map svg.map").wait_for()
    wallet.go("keep")
    wallet.back_up(tmp_path / "backup.age")
    assert any("map-" in request.url for request in asked)
    for request in asked:
        assert request.url.startswith((f"{site}/", f"blob:{site}/")), request.url
        assert request.method == "GET"
        assert request.post_data is None
        assert "?" not in request.url
    expect(page).to_have_title("Pratique")
    expect(page).to_have_url(f"{site}/wallet.html")


@pytest.fixture
def axe(page: Any) -> Callable[[], list[str]]:
    """Return what looks for faults of accessibility: axe-core, from the site's own packages."""
    source = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        pytest.skip("axe-core is not here: make web")

    def look() -> list[str]:
        page.evaluate(source.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{fault['id']}: {node['target']}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]

    return look


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_screen_is_accessible(
    page: Any, site: str, post: Post, axe: Any, language: str
) -> None:
    page.add_init_script(f"localStorage.setItem('pratique.language', '{language}')")
    wallet = Wallet(page, site).visit()
    assert axe() == []
    wallet.make()
    wallet.add(post.texts["vaccination"], post.texts["ann"], post.texts["anne"])
    wallet.card(2)
    assert axe() == []
    wallet.press(wallet.card(), "code")
    assert axe() == []
    page.locator("#showing .close").click()
    for part in ("trips", "everywhere", "ends", "keep"):
        wallet.go(part)
        if part == "trips":
            wallet.ask(post.place, "2026-11-25", "09:30", "UTC")
            page.locator("article.trip").wait_for()
        if part == "everywhere":
            page.locator("#everywhere-form button").click()
            page.locator("#map svg.map").wait_for()
        assert axe() == [], part
    page.click("#lock")
    page.locator("#locked:not([hidden])").wait_for()
    assert axe() == []
    # Control: a button without a name is seen.
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(fault.startswith("button-name") for fault in axe())


def test_a_wallet_is_used_by_keyboard_alone(page: Any, site: str, post: Post) -> None:
    Wallet(page, site).visit()
    type_into(page, "create-passphrase", PASSPHRASE)
    type_into(page, "create-again", PASSPHRASE)
    page.keyboard.press("Enter")
    page.locator("#open:not([hidden])").wait_for()
    press(page, "#add")
    type_into(page, "adding-text", post.texts["vaccination"])
    press(page, "#adding-form button")
    page.locator("article.card:not(.unread)").wait_for()
    page.keyboard.press("Escape")
    press(page, "article.card button.main")
    page.locator("#showing-code svg").wait_for()
    page.keyboard.press("Escape")
    # Whoever closes a dialog goes on where it was opened.
    expect(page.locator("article.card :focus")).to_have_count(1)
    press(page, "#places button:nth-child(2)")
    expect(page.locator("#trips-title")).to_be_focused()
    press(page, "#lock")
    page.locator("#locked:not([hidden])").wait_for()


def press(page: Any, selector: str) -> None:
    """Go to a control by Tab, and press it."""
    tab_to(page, f"document.activeElement.matches('{selector}')")
    page.keyboard.press("Enter")


def type_into(page: Any, identifier: str, text: str) -> None:
    """Go to a field by Tab, and type."""
    tab_to(page, f"document.activeElement.id === '{identifier}'")
    page.keyboard.insert_text(text)


def tab_to(page: Any, reached: str) -> None:
    for _ in range(60):
        if page.evaluate(reached):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach it: {reached}")
