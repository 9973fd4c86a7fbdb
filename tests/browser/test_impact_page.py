"""An impact report's page in a browser: at any width, light, dark and on paper, and it fetches nothing.

a form's rules + the installed data -> page -> file:// -> Chromium -> sizes, axe-core, requests, PDF
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2
import pytest

from pratique.errors import UsageError
from pratique.impact import matrix, page, report
from pratique.parties import policy
from tests.browser.conftest import PATIENCE, expect
from tests.browser.test_accessibility import AXE, OVERFLOW, PHONE, WIDE
from tests.unit.impact.test_report import border

NARROW = {"width": 360, "height": 720}
FOREIGN = '<img alt="" src="http://localhost:9/a.png"><script>document.title = "it ran"</script>'


class Viewed(NamedTuple):
    """A page as it is shown: the browser's page, what it asked for, what it complained of."""

    shown: Any
    asked: list[str]
    complaints: list[str]


@pytest.fixture(scope="module")
def text() -> str:
    """Return the page of a form's rules, against stricter ones, of the installed data."""
    try:
        lab = policy.open_lab()
    except UsageError:
        pytest.skip("the extra policy is not installed")
    impact = report.assess(border(), lab.world, border(test=None))
    return page.impact(impact, lab.outlines, attribution=lab.attribution)


@pytest.fixture(scope="module")
def matrix_text() -> str:
    """Return the page of who accepts whose, of two destinations with so many columns that they are moved sideways."""
    try:
        lab = policy.open_lab()
    except UsageError:
        pytest.skip("the extra policy is not installed")
    there = border()
    recognized = matrix.matrix(lab.world, there.ruleset, at=there.second)
    wide = recognized._replace(rows=recognized.rows * 30)
    return page.recognition(wide, lab.world, attribution=lab.attribution)


@pytest.fixture
def view(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Viewed]]:
    """Return what shows a page from a file in a profile of its own, with such wishes."""
    contexts = []

    def view(text: str, **wishes: Any) -> Viewed:
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(**wishes)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        viewed = Viewed(context.new_page(), [], [])
        viewed.shown.on("request", lambda request: viewed.asked.append(request.url))
        viewed.shown.on("console", lambda line: viewed.complaints.append(line.text))
        viewed.shown.goto(path.as_uri())
        return viewed

    yield view
    for context in contexts:
        context.close()


@pytest.mark.parametrize("viewport", [PHONE, NARROW, WIDE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(
    view: Callable[..., Viewed], text: str, viewport: dict[str, int], scheme: str
) -> None:
    viewed = view(text, viewport=viewport, color_scheme=scheme, bypass_csp=True)
    assert viewed.shown.evaluate(OVERFLOW) == []
    if not AXE.exists():
        pytest.skip("axe-core is not here: tools/site")
    viewed.shown.add_script_tag(content=AXE.read_text())
    assert (
        viewed.shown.evaluate("axe.run().then((said) => said.violations.map(({ id }) => id))") == []
    )


@pytest.mark.parametrize("viewport", [PHONE, WIDE])
def test_a_wide_grid_is_moved_and_not_the_page(
    view: Callable[..., Viewed], matrix_text: str, viewport: dict[str, int]
) -> None:
    viewed = view(matrix_text, viewport=viewport, bypass_csp=True)
    size = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert viewed.shown.evaluate(size) == 0
    grid = "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.wide'))"
    assert viewed.shown.evaluate(grid) > 0
    if not AXE.exists():
        pytest.skip("axe-core is not here: tools/site")
    viewed.shown.add_script_tag(content=AXE.read_text())
    assert (
        viewed.shown.evaluate("axe.run().then((said) => said.violations.map(({ id }) => id))") == []
    )


def test_a_wide_thing_would_be_seen(view: Callable[..., Viewed], text: str) -> None:
    """The control."""
    wide = text.replace("</main>", '<canvas width="2000"></canvas></main>')
    assert view(wide, viewport=NARROW).shown.evaluate(OVERFLOW) != []


def test_nothing_is_fetched_and_nothing_runs(view: Callable[..., Viewed], text: str) -> None:
    viewed = view(text)
    assert len(viewed.asked) == 1, viewed.asked
    assert viewed.complaints == []
    planted = view(text.replace("</main>", f"{FOREIGN}</main>"))
    expect(planted.shown).not_to_have_title("it ran")
    assert len(planted.complaints) == 2
    # The control: where the page's own policy is passed over, both come about.
    free = view(text.replace("</main>", f"{FOREIGN}</main>"), bypass_csp=True)
    expect(free.shown).to_have_title("it ran")
    assert free.asked[1:] == ["http://localhost:9/a.png"]


def test_its_style_is_taken(view: Callable[..., Viewed], text: str) -> None:
    """Its policy names the style by its digest: a slip there leaves the page bare."""
    viewed = view(text, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert viewed.shown.evaluate(ground) == "rgb(16, 22, 21)"


def test_it_is_printed_on_white_paper_without_its_links(
    view: Callable[..., Viewed], text: str, tmp_path: Path
) -> None:
    viewed = view(text, color_scheme="dark")
    viewed.shown.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    document = pypdfium2.PdfDocument(tmp_path / "page.pdf")
    picture = document[0].render(scale=1).to_pil().convert("RGB")
    assert picture.getpixel((2, 2)) == (255, 255, 255)
    colours = {colour for _, colour in picture.getcolors(1 << 20) or ()}
    assert (0x56, 0xB4, 0xE9) in colours, "the map's colours are printed"
    words = document[0].get_textpage().get_text_range()
    assert "whom do the rules shut out?" in words
    assert "Contents" not in words
    assert len(document) < 16
