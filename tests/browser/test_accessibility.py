"""Whoever uses them: every screen, in every language, by the rules of WCAG 2.2 AA that a machine can check.

    screens x languages -> axe-core: no violation · no sideways scrolling at 320 px · targets of 44 px

What a machine cannot check was looked at by hand: `docs/pages.md` has the pictures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.snapshot import Snapshot
from pratique.store import words
from pratique.terms import Environment
from tests.browser import desk
from tests.browser.conftest import NOW, PATIENCE, ROOT, Post, expect, served
from tests.browser.screens import (
    border_screens,
    speak,
    specimen_screen,
    wallet_screens,
)
from tests.browser.wallet import PASSPHRASE, Wallet
from tools import page_words

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
LEAST_TARGET = 44
"""CSS pixels on each side (WCAG 2.2, 2.5.5)."""

PHONE = {"width": 320, "height": 640}
"""A small phone; a desktop of 1280 px at 400 %, too (1.4.10)."""
WIDE = {"width": 1280, "height": 900}

OVERFLOW = """() => {
  const places = [document.scrollingElement, ...document.querySelectorAll('dialog[open]')];
  const wide = Math.max(...places.map((place) => place.scrollWidth - place.clientWidth));
  if (wide <= 0) return [];
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 || element.getBoundingClientRect().left < -1)
    .slice(0, 5).map((element) => element.outerHTML.slice(0, 120)).concat(`${wide} px`);
}"""
SMALL = """(least) => [...document.querySelectorAll('button, select, textarea, input:not([type=checkbox], [type=radio], [type=file]), label:has([type=radio]), summary')]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.unseen') && !element.matches('.unseen, .scanner-field'))
  .map((element) => [element.getBoundingClientRect(), element.outerHTML.slice(0, 120)])
  .filter(([box]) => box.width < least || box.height < least)
  .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)"""
UNWORDED = """() => {
  const key = /^(page|border|wallet|reasons|steps|likeness|help|labels)\\.[a-z-_.]+$/;
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.checkVisibility() && element.children.length === 0 && key.test(element.textContent.trim()))
    .map((element) => element.textContent);
}"""


@pytest.fixture(scope="module", autouse=True)
def axe() -> None:
    """Leave these tests out where axe-core is not installed."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: tools/site")


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Return what opens a page in a profile of its own: in a language, of a size, with other wishes."""
    contexts = []

    def opened(language: str = "en", **wishes: Any) -> Any:
        context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce"} | wishes)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        speak(context, language)
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def production(put: Callable[[Snapshot], Path], post: Post) -> Iterator[str]:
    """Serve a site for which the tests' certificates are specimens."""
    with served(put(post.held.replace(environment=Environment.PRODUCTION))) as site:
        yield site


def faults(page: Any) -> list[str]:
    """Return what is wrong with the screen that is up: rule, and the first element that breaks it."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:160]} "
        f"{json.dumps(violation['nodes'][0]['any'][0].get('message') if violation['nodes'][0]['any'] else '')}"
        for violation in result["violations"]
    ] + [f"no words: {key}" for key in page.evaluate(UNWORDED)]


def looked_at(page: Any) -> list[str]:
    """Return what is wrong with the screen that is up, on a desktop and on a small phone."""
    found = faults(page)
    page.set_viewport_size(PHONE)
    found += [f"wider than the phone: {element}" for element in page.evaluate(OVERFLOW)]
    found += [f"a small target: {element}" for element in page.evaluate(SMALL, LEAST_TARGET)]
    page.set_viewport_size(WIDE)
    return found


def wrong_in(screens: Iterator[str], page: Any) -> tuple[set[str], dict[str, list[str]]]:
    """Return the screens that were looked at, and what is wrong with which of them."""
    found = {name: looked_at(page) for name in screens}
    return set(found), {name: wrong for name, wrong in found.items() if wrong}


# ----------------------------------------------------------------------------------------------------
# Rules that a machine checks.


def test_what_breaks_a_rule_is_found(page: Any) -> None:
    page.set_content(
        "<!doctype html><html lang=en><title>t</title><main><h1>h</h1><button></button>"
        "<p style='color:#ccc;background:#fff'>pale</p><p style='width:400px'>wide</p><p>border.next</p></main>"
    )
    found = looked_at(page)
    for fault in ("button-name", "color-contrast", "wider than", "a small target", "no words"):
        assert any(fault in each for each in found), fault


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_screen_of_a_border_post_breaks_a_rule(
    opened: Callable[..., Any], site: str, production: str, post: Post, language: str
) -> None:
    page = opened(language)
    seen, wrong = wrong_in(border_screens(page, site, post), page)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    page = opened(language)
    more, bad = wrong_in(specimen_screen(page, production, post), page)
    assert wrong | bad == {}
    assert len(seen | more) == 15


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_screen_of_a_wallet_breaks_a_rule(
    opened: Callable[..., Any], site: str, post: Post, language: str
) -> None:
    page = opened(language)
    seen, wrong = wrong_in(wallet_screens(page, site, post), page)
    assert wrong == {}
    assert len(seen) == 18


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_first_page_breaks_no_rule(
    opened: Callable[..., Any], site: str, language: str
) -> None:
    page = opened(language)
    page.goto(f"{site}/index.html")
    page.locator("#language select").wait_for()
    assert looked_at(page) == []


def test_dark_screens_break_no_rule(opened: Callable[..., Any], site: str, post: Post) -> None:
    wrong: dict[str, list[str]] = {}
    for screens in (border_screens, wallet_screens):
        page = opened("en", color_scheme="dark")
        wrong |= wrong_in(screens(page, site, post), page)[1]
    assert wrong == {}


def test_words_that_are_longer_still_fit(opened: Callable[..., Any], site: str, post: Post) -> None:
    """English made 40 % longer, which no language of the catalogue is by much."""
    text = json.dumps(page_words.pseudo())
    wrong: dict[str, list[str]] = {}
    for screens in (border_screens, wallet_screens):
        page = opened("en", service_workers="block")
        page.route(
            re.compile(r"/words/en-[0-9a-f]+\.json$"),
            lambda route: route.fulfill(body=text, content_type="application/json"),
        )
        wrong |= wrong_in(screens(page, site, post), page)[1]
        expect(page.locator("body")).to_contain_text("~~~~", use_inner_text=True)
    assert wrong == {}


def test_nothing_moves_for_whoever_wants_no_motion(
    opened: Callable[..., Any], site: str, post: Post
) -> None:
    for wish in ("reduce", "no-preference"):
        page = opened("en", reduced_motion=wish)
        desk.set_up(page, site, post.place)
        moving = page.evaluate_handle(
            "() => { const seen = new Set();"
            " document.addEventListener('animationstart', (event) => seen.add(event.animationName)); return seen; }"
        )
        desk.scan(page, post.texts["green"])
        assert desk.outcome(page) == "green"
        # One that begins later has ended: whatever was to move has begun to.
        page.evaluate("document.body.animate({ opacity: [1, 1] }, 1).finished.then(() => null)")
        assert bool(moving.evaluate("(seen) => seen.size")) is (wish == "no-preference")


# ----------------------------------------------------------------------------------------------------
# By keyboard alone.

SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== 'none';
}"""
WHERE = """() => { const at = document.activeElement;
  return at.id || at.dataset.act || at.dataset.t || at.type || at.tagName; }"""
PLACE = "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
STOPS = 60


def stops(page: Any) -> list[str]:
    """Press Tab until the focus comes round; return the stops from the top of the page. Each is to be seen."""
    passed: list[str] = []
    top, first = 0, None
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        where = page.evaluate(WHERE)
        if where == "BODY":
            # Past the last one, the focus leaves the page, and comes back at its top.
            top = len(passed)
        elif page.evaluate(PLACE) == first:
            return passed[top:] + passed[:top]
        else:
            assert page.evaluate(SEEN), where
            first = first or page.evaluate(PLACE)
            passed.append(where)
    raise AssertionError(f"the focus never comes round: {passed}")


def tab_to(page: Any, wanted: str) -> None:
    """Press Tab until the focus stands on something."""
    for _ in range(STOPS):
        if page.evaluate(WHERE) == wanted:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached")


def test_an_officer_needs_no_mouse(opened: Callable[..., Any], site: str, post: Post) -> None:
    page = opened("en")
    page.goto(f"{site}/border.html")
    page.locator("body[data-screen=setup]").wait_for()
    for field, typed in (("place", post.place), ("zone", "UTC")):
        tab_to(page, field)
        page.keyboard.type(typed)
    tab_to(page, "camera")
    page.keyboard.press("Space")
    tab_to(page, "border.start")
    page.keyboard.press("Enter")
    page.locator("body[data-screen=ready]").wait_for()
    order = stops(page)
    assert order.index("help") < order.index("camera") < order.index("file") < order.index("text")
    tab_to(page, "text")
    page.keyboard.press("Enter")
    expect(page.locator("#typed")).to_be_focused()
    page.keyboard.insert_text(post.texts["green"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert desk.outcome(page) == "green"
    assert {"next", "passport", "keep", "help"} <= set(stops(page))
    tab_to(page, "passport")
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("[data-act=passport]")).to_be_focused()
    tab_to(page, "next")
    page.keyboard.press("Enter")
    page.locator("body[data-screen=ready]").wait_for()


def test_a_holder_needs_no_mouse(opened: Callable[..., Any], site: str, post: Post) -> None:
    page = opened("en")
    wallet = Wallet(page, site).visit()
    for field in ("create-passphrase", "create-again"):
        tab_to(page, field)
        page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    wallet.opened()
    tab_to(page, "add")
    page.keyboard.press("Enter")
    tab_to(page, "adding-text")
    page.keyboard.insert_text(post.texts["vaccination"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wallet.said()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    wallet.card()
    order = stops(page)
    assert order.index("lock") < order.index("add")
    tab_to(page, "lock")
    page.keyboard.press("Enter")
    page.locator("#locked:not([hidden])").wait_for()
    tab_to(page, "unlock-passphrase")
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    wallet.opened()
