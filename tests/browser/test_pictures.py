"""The pictures of the handbook's page about the pages: every screen, as a browser shows it.

    screens -> screenshot -> 64 colours -> a folder of the test's own, or $PRATIQUE_PICTURES

`PRATIQUE_PICTURES=docs/pictures/pages pytest tests/browser/test_pictures.py` draws those of `docs/pages.md` anew.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pratique.parties import desk_files
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from tests import issuing_desks
from tests.browser.change_screens import change_screens, day_screens, file_screens, stand
from tests.browser.conftest import NOW, PATIENCE, Post, served
from tests.browser.issue_screens import issue_screens
from tests.browser.screens import border_screens, speak, specimen_screen, wallet_screens
from tests.desk_forms import issued
from tests.issuers import AT
from tests.issuing_desks import CLERK, SECOND
from tests.journeys.test_desk_files import table

DESK = {"width": 1024, "height": 640}
PHONE = {"width": 360, "height": 720}

WALKS: dict[str, tuple[str, dict[str, Any]]] = {
    "border-desk": ("en", {"viewport": DESK}),
    "border-phone-ar": ("ar", {"viewport": PHONE}),
    "border-dark-zh": ("zh", {"viewport": PHONE, "color_scheme": "dark"}),
    "issue-desk": ("en", {"viewport": DESK}),
    "issue-desk-ar": ("ar", {"viewport": DESK}),
    "change-desk": ("en", {"viewport": DESK}),
    "change-desk-ar": ("ar", {"viewport": DESK}),
    "files-desk": ("en", {"viewport": DESK}),
    "files-desk-ar": ("ar", {"viewport": DESK}),
    "day-desk": ("en", {"viewport": DESK}),
    "day-desk-ar": ("ar", {"viewport": DESK}),
    "wallet-phone": ("en", {"viewport": PHONE}),
    "wallet-dark-ar": ("ar", {"viewport": PHONE, "color_scheme": "dark"}),
}
"""Which page, where -> in which language, with which wishes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the pictures go."""
    named = os.environ.get("PRATIQUE_PICTURES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def draw(browser: Any, folder: Path) -> Iterator[Callable[..., int]]:
    """Return what walks through screens in a profile of its own, and draws each."""
    contexts = []

    def draw(screens: Callable[..., Iterator[str]], site: str, post: Post | None, walk: str) -> int:
        language, wishes = WALKS[walk]
        context = browser.new_context(reduced_motion="reduce", locale="en-GB", **wishes)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        speak(context, language)
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        count = 0
        for name in screens(page, site, post):
            # A form is longer than a screen: what is scrolled to is shown, too.
            shot = page.screenshot(full_page=not walk.startswith(("border", "wallet")))
            picture = Image.open(io.BytesIO(shot)).convert("RGB")
            assert len(picture.getcolors(1 << 20) or ()) > 2, name
            picture.quantize(64).save(folder / f"{walk}-{name}.png", optimize=True)
            count += 1
        return count

    yield draw
    for context in contexts:
        context.close()


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.startswith("border")])
def test_a_border_posts_screens_are_drawn(
    draw: Callable[..., int], site: str, put: Callable[[Snapshot], Path], post: Post, walk: str
) -> None:
    assert draw(border_screens, site, post, walk) == 14
    with served(put(post.held.replace(environment=Environment.PRODUCTION))) as production:
        assert draw(specimen_screen, production, post, walk) == 1


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.startswith("wallet")])
def test_a_wallets_screens_are_drawn(
    draw: Callable[..., int], site: str, post: Post, walk: str
) -> None:
    assert draw(wallet_screens, site, post, walk) == 18


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.startswith("issue")])
def test_the_screens_of_issuing_at_a_desk_are_drawn(
    draw: Callable[..., int], built: Path, tmp_path: Path, walk: str
) -> None:
    with issuing_desks.serving(tmp_path, pages=built) as desk:
        screens = at_the_desk(lambda page: issue_screens(page, desk))
        assert draw(screens, desk.address, None, walk) == 7


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.startswith("change")])
def test_the_screens_of_certificates_at_a_desk_are_drawn(
    draw: Callable[..., int], built: Path, tmp_path: Path, walk: str
) -> None:
    with issuing_desks.serving(tmp_path, pages=built) as desk:
        client = desk.client()
        texts = [issued(client, surname=name) for name in ("Deo", "Roe", "Poe")]
        screens = at_the_desk(lambda page: change_screens(page, desk, texts))
        assert draw(screens, desk.address, None, walk) == 6


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.startswith("files")])
def test_the_screens_of_whole_files_at_a_desk_are_drawn(
    draw: Callable[..., int],
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    walk: str,
) -> None:
    stand(monkeypatch)
    with issuing_desks.serving(tmp_path, pages=built) as desk:
        screens = at_the_desk(lambda page: file_screens(page, desk, table(600, *WRONG)))
        assert draw(screens, desk.address, None, walk) == 6
        desk_files.leave()


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.startswith("day")])
def test_the_screens_of_a_desks_day_are_drawn(
    draw: Callable[..., int], built: Path, tmp_path: Path, walk: str
) -> None:
    with issuing_desks.serving(tmp_path, pages=built) as desk:
        client, second = desk.client(CLERK), desk.client(SECOND)
        for name in "ABCDEFG":
            issued(client, surname=f"Deo{name}")
        for name in "HI":
            issued(second, surname=f"Deo{name}")
        asked = {"text": issued(second, surname="DeoJ"), "reason": "holder-request"}
        counted = second.good("certificate.count", asked)
        second.good("certificate.revoke", {"plan": counted["plan"]})
        screens = at_the_desk(lambda page: day_screens(page, desk))
        assert draw(screens, desk.address, None, walk) == 2


WRONG = (
    "Doe,,31/12/1990,EU/1/20/1528,x,2,01/10/2026,LOT-1",
    "Roe,Ann,31/12/1990,Pfizzer-B,1,2,01/10/2026,LOT-1",
    "Poe,Ann,31/12/1990,EU/1/20/1528,1,2,01/10/2027,LOT-1",
)
"""Rows of a file that cannot be issued: a dose, a vaccine, a day to come."""


def at_the_desk(walk: Callable[[Any], Iterator[str]]) -> Callable[..., Iterator[str]]:
    """Return a walk whose page has the desk's clock."""

    def screens(page: Any, site: str, post: Any) -> Iterator[str]:
        del site, post
        page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
        return walk(page)

    return screens
