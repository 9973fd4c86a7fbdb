"""The border post's camera: a video of an invented traveller's code is decoded and judged."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser import desk
from tests.browser.conftest import NOW, PATIENCE, Post, expect
from tests.browser.desk import outcome, set_up

Before = Callable[..., AbstractContextManager[Any]]

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here")


def video(text: str, file: Path) -> Path:
    """Write a video in which a code is held before a camera."""
    frame = Image.new("L", (1280, 720), 110)
    frame.paste(desk.code(text, 4).rotate(7, expand=True, fillcolor=110), (300, 20))
    frame.save(file.with_suffix(".png"))
    # A 4:4:4 file shows plain green, and no error.
    subprocess.run(
        [
            "ffmpeg", "-y", "-loglevel", "error", "-loop", "1", "-i", file.with_suffix(".png"), "-t", "1",
            "-r", "10", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "2", file,
        ],
        check=True,
    )  # fmt: skip
    return file


@pytest.fixture
def before(chromium: Callable[..., Any]) -> Before:
    """Return what starts a browser with a camera that shows a video; None: with none."""

    @contextmanager
    def started(video: Path | None, *more: str) -> Iterator[Any]:
        fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={video}"]
        browser = chromium(*(fake if video else []), *more)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.clock.set_fixed_time(NOW)
        yield page
        browser.close()

    return started


ALLOWED = "--use-fake-ui-for-media-stream"


def test_a_code_before_the_camera_is_judged_and_the_camera_goes_off(
    before: Before, site: str, post: Post, tmp_path: Path
) -> None:
    with before(video(post.texts["green"], tmp_path / "v.mjpeg"), ALLOWED) as page:
        set_up(page, site, post.place, camera=True)
        assert outcome(page) == "green"
        expect(page.locator("video")).to_have_count(0)
        # The next one is looked for at once: the camera comes on by itself, and the viewfinder may be over already.
        page.locator("main").evaluate("(main) => main.toggleAttribute('data-before', true)")
        page.keyboard.press("Escape")
        page.locator("body[data-screen=result] main:not([data-before])").wait_for()
        assert outcome(page) == "green"


def test_what_is_no_certificate_is_passed_over(
    before: Before, site: str, post: Post, tmp_path: Path
) -> None:
    with before(video("https://ticket.example/1", tmp_path / "v.mjpeg"), ALLOWED) as page:
        set_up(page, site, post.place, camera=True)
        page.locator("[data-part=note]").get_by_text("not the code of a health").wait_for()
        expect(page.locator("body")).to_have_attribute("data-screen", "ready")


def test_a_refused_camera_is_told_and_the_scanner_still_works(
    before: Before, site: str, post: Post
) -> None:
    with before(None) as page:
        set_up(page, site, post.place, camera=True)
        page.locator("[data-part=camera-off]").get_by_text("camera").wait_for()
        desk.scan(page, post.texts["green"])
        assert outcome(page) == "green"


def test_a_gate_goes_from_one_traveller_to_the_next_by_itself(
    before: Before, site: str, post: Post, tmp_path: Path
) -> None:
    with before(video(post.texts["green"], tmp_path / "v.mjpeg"), ALLOWED) as page:
        set_up(page, site, post.place, camera=True, kiosk=True, clears=3)
        assert outcome(page) == "green"
        page.locator("body[data-screen=ready]").wait_for()
        assert outcome(page) == "green"
