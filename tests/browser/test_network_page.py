"""The page of a network in a browser: at any width, light, dark and on paper, and it fetches nothing.

a network of five states (+ the installed data) -> network page -> file:// -> Chromium -> sizes, axe-core, requests, PDF
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest

from pratique.parties import network_page
from pratique.parties.network_page import WantedPage
from tests.browser.conftest import expect
from tests.browser.test_accessibility import AXE, OVERFLOW, PHONE, WIDE
from tests.browser.test_impact_page import FOREIGN, NARROW, Viewed, view
from tests.networks import AT, HOUR
from tests.shown_networks import laid_out, shown_network

__all__ = ["view"]
VIOLATIONS = "axe.run().then((said) => said.violations.map(({ id }) => id))"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page of the network on its third day, when its data are old."""
    mirror = laid_out(shown_network(), tmp_path_factory.mktemp("mirror") / "net")
    wanted = WantedPage(mirror / "page", repository=mirror)
    written = network_page.write(wanted, None, at=AT + HOUR + timedelta(days=2))
    return written.files["index.html"].decode()


@pytest.mark.parametrize("viewport", [PHONE, NARROW, WIDE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(
    view: Callable[..., Viewed],
    text: str,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    viewed = view(text, viewport=viewport, color_scheme=scheme, bypass_csp=True)
    assert viewed.shown.evaluate(OVERFLOW) == []
    if not AXE.exists():
        pytest.skip("axe-core is not here: tools/site")
    viewed.shown.add_script_tag(content=AXE.read_text())
    assert viewed.shown.evaluate(VIOLATIONS) == []


def test_nothing_is_fetched_and_nothing_runs(
    view: Callable[..., Viewed],
    text: str,
) -> None:
    viewed = view(text)
    assert len(viewed.asked) == 1, viewed.asked
    assert viewed.complaints == []
    planted = view(text.replace("</main>", f"{FOREIGN}</main>"))
    expect(planted.shown).not_to_have_title("it ran")
    # The control: where the page's own policy is passed over, it runs.
    free = view(text.replace("</main>", f"{FOREIGN}</main>"), bypass_csp=True)
    expect(free.shown).to_have_title("it ran")


def test_on_a_phone_rows_are_read_one_below_the_other_and_are_a_table_still(
    view: Callable[..., Viewed],
    text: str,
) -> None:
    viewed = view(text, viewport=PHONE)
    row = viewed.shown.locator(".cards tbody tr").first
    boxes = [cell.bounding_box() for cell in row.locator("th, td").all()]
    assert [box["x"] for box in boxes if box] == [boxes[0]["x"]] * 3
    tables = viewed.shown.locator("table").count()
    expect(viewed.shown.get_by_role("table")).to_have_count(tables)
    expect(viewed.shown.get_by_role("row").nth(10)).to_be_attached()


def test_states_are_printed_in_their_colours_on_white_paper(
    view: Callable[..., Viewed],
    text: str,
    tmp_path: Path,
) -> None:
    viewed = view(text, color_scheme="dark")
    viewed.shown.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    document = pypdfium2.PdfDocument(tmp_path / "page.pdf")
    picture = document[0].render(scale=1).to_pil().convert("RGB")
    assert picture.getpixel((2, 2)) == (255, 255, 255)
    colours = {colour for _, colour in picture.getcolors(1 << 20) or ()}
    assert (0xF0, 0xE4, 0x42) in colours
    words = document[0].get_textpage().get_text_range()
    assert "What ends within 90 days" in words
    assert len(document) < 12
