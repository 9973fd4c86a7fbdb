"""A holder before the wallet's page: what a person does there, by what stands on the buttons' ids."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from tests.browser.conftest import expect

PASSPHRASE = "four plain invented words"
BACKUP_PASSPHRASE = "another handful of words"
PARTS = ("cards", "trips", "everywhere", "ends", "keep")


class Wallet:
    """One page with a wallet in it."""

    def __init__(self, page: Any, site: str) -> None:
        self.page = page
        self.site = site

    def visit(self) -> Wallet:
        """Load the page, and wait until it shows what there is to do first."""
        self.page.goto(f"{self.site}/wallet.html")
        self.page.locator("#create:not([hidden]), #locked:not([hidden])").first.wait_for()
        return self

    def make(self, passphrase: str = PASSPHRASE) -> Wallet:
        """Make a wallet under a passphrase."""
        self.page.fill("#create-passphrase", passphrase)
        self.page.fill("#create-again", passphrase)
        self.page.locator("#create-form button").click()
        self.opened()
        return self

    def unlock(self, passphrase: str = PASSPHRASE) -> None:
        """Type a passphrase; whether it opens is the caller's to see."""
        self.page.fill("#unlock-passphrase", passphrase)
        self.page.locator("#unlock-form button").click()

    def opened(self) -> None:
        """Wait until the wallet is open."""
        self.page.locator("#open:not([hidden])").wait_for()

    def add(self, *texts: str) -> None:
        """Type certificates in."""
        self.page.click("#add")
        for text in texts:
            self.page.fill("#adding-text", text)
            self.page.locator("#adding-form button").click()
            self.said()
        self.page.locator("#adding .close").click()

    def said(self) -> None:
        """Wait until the text is read, and said what it is."""
        expect(self.page.locator("#adding-text")).to_have_value("")

    def go(self, part: str) -> None:
        """Open a part of the menu, and wait until it is drawn: its title has the focus then."""
        self.page.locator("#places button").nth(PARTS.index(part)).click()
        expect(self.page.locator(f"#{part}-title")).to_be_focused()

    def card(self, number: int = 0) -> Any:
        """Return a card, once the engine has read it."""
        card = self.page.locator("article.card:not(.unread)").nth(number)
        card.wait_for()
        return card

    def press(self, card: Any, word: str) -> None:
        """Press one of a card's buttons by its place: code, details, print, remove."""
        card.locator("button").nth(("code", "details", "print", "remove").index(word)).click()

    def ask(self, place: str, day: str, clock: str, zone: str) -> None:
        """Ask whether one can enter; it is kept as a trip."""
        self.page.locator(f'#trip-place option[value="{place}"]').wait_for(state="attached")
        self.page.select_option("#trip-place", place)
        self.page.fill("#trip-day", day)
        self.page.fill("#trip-time", clock)
        self.page.select_option("#trip-zone", zone)
        self.page.locator("#trip-form button").click()

    def back_up(self, path: Path, passphrase: str = BACKUP_PASSPHRASE) -> bytes:
        """Save a backup; return the file."""
        self.page.click("#backup-save")
        self.page.fill("#asking-passphrase", passphrase)
        self.page.fill("#asking-again", passphrase)
        with self.page.expect_download() as waiting:
            self.page.click("#asking-go")
        waiting.value.save_as(path)
        return path.read_bytes()

    def restore(self, path: Path, passphrase: str = BACKUP_PASSPHRASE) -> None:
        """Open a backup."""
        with self.page.expect_file_chooser() as waiting:
            self.page.click("#backup-open")
        waiting.value.set_files(path)
        self.page.fill("#asking-passphrase", passphrase)
        self.page.click("#asking-go")


def codes_in(picture: bytes | Image.Image) -> list[str]:
    """Read the codes in a picture with another reader than the page's."""
    image = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    return [found.text for found in zxingcpp.read_barcodes(image.convert("L"))]
