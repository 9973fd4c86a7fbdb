"""Every screen of the pages, one after the other, whatever their language: for tests of looks and for pictures.

    context, language -> border_screens | wallet_screens -> name of the screen that is up, ...

1. A screen is reached as a person reaches it, by what does not depend on the language.
2. While a name is yielded the screen stays up; what comes next goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pratique.store import words
from tests.browser import desk
from tests.browser.conftest import Post
from tests.browser.wallet import Wallet
from tests.steps import until

CHUNK = "shc:/1/3/5676295953265460346029254077280433602870286471674522280928"
PASSPORT = (
    "P<XXABLOGGS<<JO<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
    "L898902C36XXA8002034F3204159ZE184226B<<<<<14",
)
"""Lines that fit nobody: their check digits are not all right."""


def speak(context: Any, language: str) -> None:
    """Have every page of a profile begin in a language, as if it had been chosen before."""
    context.add_init_script(f"localStorage.setItem('pratique.language', '{language}')")


def dress(page: Any, way: str) -> None:
    """Have a page begin in a language, light unless it is to be dark: "ar", "en dark"."""
    language, _, scheme = way.partition(" ")
    speak(page.context, language)
    page.emulate_media(color_scheme=scheme or "light")


LATIN = """() => {
  const data = '[dir=ltr], [role=option], [dir=auto], script, style, template, option, [lang]:not(html):not([lang^=ar])';
  const said = [];
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest(data) || !element.checkVisibility({ visibilityProperty: true })) continue;
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
    for (const name of ['aria-label', 'placeholder', 'title', 'alt']) said.push(element.getAttribute(name) ?? '');
  }
  for (const option of document.querySelectorAll('main option')) if (!option.lang) said.push(option.text);
  return said.flatMap((text) => text.replace(/[“«"][^”»"]*[”»"]/g, '').match(/[A-Za-z][A-Za-z-]{2,}/g) ?? []);
}"""
DATA = re.compile(r"harbour|XXU|op-|LOT|Comirnaty|LIVE")
"""What stands on a desk's screens in no language: codes, pseudonyms, names of products."""


def latin_left(page: Any) -> list[str]:
    """Return the Latin words that stand on an Arabic screen, neither data nor words of the Arabic table's own."""
    if page.locator("html").get_attribute("dir") != "rtl":
        return []
    table = str([words.table(words.builtin("ar"), name) for name in words.TABLES])
    return [
        f"not Arabic: {word}"
        for word in page.evaluate(LATIN)
        if word not in table and not DATA.match(word)
    ]


PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
}"""


def file_chooser(page: Any) -> Any:
    """Press Enter on the button that has the focus, until a file may be chosen; return what chooses it."""
    choosers: list[Any] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))  # noqa: PLW0108 - it keeps a note on what it is given

    def opened() -> bool:
        # A key that came before the browser was told to hand its dialogs to us met nothing: it is pressed again.
        if not choosers:
            page.keyboard.press("Enter")
        page.evaluate("0")
        return bool(choosers)

    until(opened)
    return choosers[0]


def hand_in(page: Any, text: str) -> None:
    """Paste a text into an officer's page: at once, where a scanner's keys take as long as the machine is busy."""
    page.evaluate(PASTE, text)


def border_screens(page: Any, site: str, post: Post) -> Iterator[str]:
    """Put up the screens of an officer's post, the set-up first, and those of a gate without an officer last."""
    page.goto(f"{site}/border.html")
    page.locator("body[data-screen=setup]").wait_for()
    yield "set-up"
    set_up(page, post.place)
    yield "ready"
    page.locator("[data-act=text]").click()
    yield "typing"
    page.keyboard.press("Escape")
    hand_in(page, CHUNK)
    page.locator("[data-part=note]:not([hidden])").wait_for()
    yield "more"
    desk.forget(page)
    for name, text in (("unknown", "amber"), ("revoked", "red"), ("green", "green")):
        hand_in(page, post.texts[name])
        assert desk.outcome(page) == text
        yield text
        if name != "green":
            desk.forget(page)
    page.keyboard.press("F1")
    page.locator("dialog.help[open]").wait_for()
    yield "help"
    page.keyboard.press("Escape")
    page.locator("[data-act=passport]").click()
    page.locator("dialog.passport[open]").wait_for()
    yield "passport"
    page.fill("#mrz", "\n".join(PASSPORT))
    page.locator("dialog.passport [type=submit]").click()
    page.locator(".likeness, dialog.passport [data-part=wrong]:not([hidden])").first.wait_for()
    yield "compared"
    page.keyboard.press("Escape")
    desk.forget(page)
    hand_in(page, post.texts["green"][:80] + "%" * 60)
    assert desk.outcome(page) == "again"
    yield "again"
    page.keyboard.press("Escape")
    page.locator("body[data-screen=ready]").wait_for()
    page.locator("[data-act=setup]").click()
    page.locator("body[data-screen=setup]").wait_for()
    page.locator("#kiosk").check()
    set_up(page, post.place)
    yield "gate"
    for name, text in (("unknown", "amber"), ("green", "green")):
        hand_in(page, post.texts[name])
        assert desk.outcome(page) == text
        yield f"gate-{text}"
        desk.forget(page)


def set_up(page: Any, place: str) -> None:
    """Fill the set-up that is on the screen, and begin."""
    page.locator("#place").select_option(place)
    page.locator("#zone").select_option("UTC")
    page.locator("#clears").fill("300")
    page.locator("#camera").uncheck()
    page.locator("main button[type=submit]").click()
    page.locator("body[data-screen=ready]").wait_for()


def specimen_screen(page: Any, site: str, post: Post) -> Iterator[str]:
    """Put up what a post of another environment says of a certificate of tests."""
    desk.set_up(page, site, post.place)
    hand_in(page, post.texts["green"])
    assert desk.outcome(page) == "specimen"
    yield "specimen"


def wallet_screens(page: Any, site: str, post: Post) -> Iterator[str]:
    """Put up the screens of a wallet, from making it to deleting it."""
    wallet = Wallet(page, site).visit()
    yield "create"
    wallet.make()
    wallet.go("cards")
    yield "empty"
    page.click("#add")
    yield "add"
    page.locator("#adding .close").click()
    wallet.add(post.texts["vaccination"], post.texts["test"], post.texts["recovery"])
    wallet.card(2)
    yield "cards"
    wallet.press(wallet.card(), "code")
    page.locator("#showing[open]").wait_for()
    yield "code"
    page.locator("#showing .close").click()
    wallet.press(wallet.card(), "details")
    page.locator("#warning[open]").wait_for()
    yield "warning"
    page.click("#warning-go")
    page.locator("#detail[open]").wait_for()
    yield "details"
    page.locator("#detail .close").click()
    wallet.press(wallet.card(), "remove")
    page.locator("#asking[open]").wait_for()
    yield "remove"
    page.locator("#asking .close").click()
    yield from _answers(wallet, post.place)
    yield from _keeping(page, wallet)


def _answers(wallet: Wallet, place: str) -> Iterator[str]:
    page = wallet.page
    wallet.go("trips")
    wallet.ask(place, "2026-06-14", "09:40", "UTC")
    page.locator("article.trip .result").wait_for()
    yield "trips"
    wallet.go("everywhere")
    page.fill("#everywhere-day", "2026-06-14")
    page.fill("#everywhere-time", "09:40")
    page.locator("#everywhere-form button").click()
    page.locator("#everywhere-list li").first.wait_for()
    yield "everywhere"
    wallet.go("ends")
    page.locator("#ends-list > *").first.wait_for()
    yield "ends"


def _keeping(page: Any, wallet: Wallet) -> Iterator[str]:
    wallet.go("keep")
    yield "keep"
    page.click("#backup-save")
    page.locator("#asking[open]").wait_for()
    yield "backup"
    page.locator("#asking .close").click()
    page.click("#transfer-send")
    page.locator("#sending[open]").wait_for()
    yield "send"
    page.click("#sending-go")
    page.locator("#sending-frame svg").wait_for()
    yield "frames"
    page.locator("#sending > .close").click()
    page.click("#transfer-receive")
    page.locator("#receiving[open]").wait_for()
    yield "receive"
    page.locator("#receiving .close").click()
    page.click("#delete")
    page.locator("#asking[open]").wait_for()
    yield "delete"
    page.locator("#asking .close").click()
    page.click("#lock")
    page.locator("#locked:not([hidden])").wait_for()
    yield "locked"
