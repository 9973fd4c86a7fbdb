"""What a page must not do, the browser refuses: each way is tried on the real pages, under the real headers.

The control: the same attempts come about where the browser is told to pass over the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.elsewhere import Elsewhere, elsewhere
from tests.steps import until

ATTEMPTS = Path(__file__).with_name("attempts.js").read_text()
_TRY = f"(argument) => {{ {ATTEMPTS}; return attempted(argument); }}"
NAMES = re.findall(r'^    "(.+?)": \(\) =>', ATTEMPTS, re.MULTILINE)
NOT_BYPASSED = {"a frame of its own"}
"""Refused by `frame-ancestors` of the answer, which the browser does not pass over: see its own test below."""


@pytest.fixture(scope="module")
def other() -> Iterator[Elsewhere]:
    with elsewhere() as running:
        yield running


def outcomes(page: Any, names: list[str], other: Elsewhere) -> list[str]:
    """Try attempts on a page; return those that came about, or reached the other origin."""
    reached = []
    for name in names:
        other.asked.clear()
        said = page.evaluate(_TRY, {"name": name, "elsewhere": other.url})
        if said == "done" or other.asked:
            reached.append(name)
    return reached


def test_there_are_attempts() -> None:
    assert len(NAMES) > 45
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", ["border.html", "wallet.html", "manifest.html", "index.html"])
def test_nothing_foreign_runs_loads_or_is_sent(
    browser: Any, site: str, other: Elsewhere, name: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/{name}")
    assert outcomes(page, NAMES, other) == []
    context.close()


def test_every_attempt_would_come_about_without_the_policy(
    browser: Any, site: str, other: Elsewhere
) -> None:
    """The control, on a page of its own for each: what comes about changes the page."""
    reached = []
    for name in NAMES:
        context = browser.new_context(bypass_csp=True)
        page = context.new_page()
        page.goto(f"{site}/index.html")
        reached += outcomes(page, [name], other)
        context.close()
    assert set(NAMES) - set(reached) <= NOT_BYPASSED


def test_no_page_is_shown_within_another(browser: Any, site: str, other: Elsewhere) -> None:
    framing = (
        b"<!doctype html><iframe src='%s/border.html'></iframe><iframe src='/frame.html'></iframe>"
    )
    other.pages["/framing.html"] = framing % site.encode()
    page = browser.new_page()
    page.goto(f"{other.url}/framing.html")
    shown: list[str] = []

    def over() -> bool:
        # Playwright hears of a frame only while the page is asked something.
        page.evaluate("0")
        shown[:] = [frame.url for frame in page.frames[1:]]
        return len(shown) == 2 and not {"", "about:blank"} & {*shown}

    until(over)
    page.close()
    # The control: what does not refuse it is shown.
    assert shown == ["chrome-error://chromewebdata/", f"{other.url}/frame.html"]
