"""A border post's desk in a test: set up, scan as a hardware scanner does, and look.

set_up(page, site) -> scan(page, text) -> outcome(page) -> forget(page)
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image

from pratique.formats import keyboards
from tests.steps import until

Typed = tuple[str, str]


def set_up(page: Any, site: str, place: str = "XB", **choices: Any) -> None:
    """Set a border post up, opened where it is not open yet: the camera only where it is asked for."""
    if page.url.startswith(site) and screen(page) not in {"starting", "trouble"}:
        _settings(page)
    else:
        page.goto(f"{site}/border.html")
    page.locator("#place").select_option(place)
    page.locator("#zone").select_option(choices.get("zone", "UTC"))
    page.locator("#clears").fill(str(choices.get("clears", 300)))
    page.locator("#camera").set_checked(choices.get("camera", False))
    page.locator("#sounds").set_checked(choices.get("sounds", False))
    page.locator("#kiosk").set_checked(choices.get("kiosk", False))
    page.locator("#prefix").select_option(choices.get("prefix", ""))
    # A dialog that was closed goes a moment later, with its own button.
    page.locator("main button[type=submit]").click()
    # With a camera the viewfinder may be over already.
    page.locator("body:not([data-screen=setup])").wait_for()


def _settings(page: Any) -> None:
    for _ in range(page.locator("dialog").count()):
        page.keyboard.press("Escape")
    # The way out of a gate.
    page.keyboard.press("Control+Shift+L")
    if screen(page) != "setup":
        page.get_by_role("button", name="Settings").click()
    page.locator("body[data-screen=setup]").wait_for()


def scan(page: Any, text: str, *, prefix: str = "") -> None:
    """Type a text as a scanner does: each key, then Enter."""
    if prefix:
        page.keyboard.press(prefix)
    if text.isascii():
        page.keyboard.type(text)
    else:
        _pressed(page, text)
    page.keyboard.press("Enter")


def _pressed(page: Any, text: str) -> None:
    """Press keys that no US keyboard has: Playwright would put their characters in without a key."""
    keys = page.context.new_cdp_session(page)
    for sign in text:
        keys.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": sign, "text": sign})
        keys.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": sign})
    keys.detach()


def kept(page: Any) -> None:
    """Wait until the site is kept on the device, and the page is served from there."""
    page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.state)")
    until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))


def outcome(page: Any) -> str:
    """Wait for a result, and return its word's key: as it comes, since some go by themselves."""
    shown = "() => document.body.dataset.screen === 'result' && document.body.dataset.outcome"
    return str(page.wait_for_function(shown).json_value())


def screen(page: Any) -> str:
    """Return which screen is shown."""
    return str(page.locator("body").get_attribute("data-screen"))


def forget(page: Any) -> None:
    """Go to the next traveller, and wait for the viewfinder."""
    page.keyboard.press("Escape")
    page.locator("body[data-screen=ready]").wait_for()


def typed_by(text: str, scanner: Typed, computer: Typed, *, caps: bool = False) -> str:
    """Return what appears where a scanner of one layout types at a computer of another."""
    keys = {sign: computer[row][place] for row in (0, 1) for place, sign in enumerate(scanner[row])}
    seen = "".join(keys.get(sign, sign) for sign in text)
    return seen.swapcase() if caps else seen


US = keyboards.LAYOUTS["US"]


def picture(text: str, kind: str = "PNG") -> bytes:
    """Return a picture or a PDF of a sheet with a text's QR code on it; without one where there is no text."""
    sheet = Image.new("L", (1240, 1754), 255)
    if text:
        sheet.paste(code(text), (150, 150))
    written = io.BytesIO()
    sheet.save(written, kind, resolution=150)
    return written.getvalue()


def code(text: str, scale: int = 5) -> Image.Image:
    """Return a text's QR code with its white border."""
    kinds = zxingcpp.BarcodeFormat
    made = zxingcpp.create_barcode(text, kinds.QRCode, ec_level="M")
    return Image.fromarray(np.array(zxingcpp.write_barcode_to_image(made, scale=scale)))
