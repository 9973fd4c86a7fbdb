"""Codes in pictures: the page's reader reads whatever zxing-cpp reads natively, damaged pictures too."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageChops, ImageFilter

zxingcpp = pytest.importorskip("zxingcpp", reason="the extra 'scan' is not installed")

SIDE = 600
DAMAGES = 1
"""Damaged copies of each picture; the kinds of damage take turns."""

READ = """async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (sign) => sign.charCodeAt(0));
  return await reader.read(await createImageBitmap(new Blob([bytes])), true);
}"""
START = """async (address) => {
  globalThis.reader = await (await import(address)).startReader();
}"""


class Shown(NamedTuple):
    """A picture, and the text that it is said to hold."""

    kind: str
    image: Image.Image
    text: str


def _sized(image: Image.Image, side: float = SIDE) -> Image.Image:
    factor = side / max(image.size)
    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    return image.resize(size, Image.Resampling.BICUBIC)


def small(image: Image.Image, draw: Random) -> Image.Image:
    return _sized(image, draw.uniform(150, 260))


def blurred(image: Image.Image, draw: Random) -> Image.Image:
    return _sized(image).filter(ImageFilter.GaussianBlur(draw.uniform(1, 3)))


def noisy(image: Image.Image, draw: Random) -> Image.Image:
    image = _sized(image)
    noise = Image.frombytes("L", image.size, draw.randbytes(image.width * image.height))
    return Image.blend(image, noise, draw.uniform(0.3, 0.6))


def turned(image: Image.Image, draw: Random) -> Image.Image:
    return _sized(image).rotate(draw.uniform(5, 85), expand=True, fillcolor=255)


def faint(image: Image.Image, draw: Random) -> Image.Image:
    return _sized(image).point(lambda value: 150 + value // 8)


def squeezed(image: Image.Image, draw: Random) -> Image.Image:
    written = io.BytesIO()
    _sized(image).save(written, "JPEG", quality=draw.randint(5, 15))
    return Image.open(io.BytesIO(written.getvalue())).convert("L")


def spotted(image: Image.Image, draw: Random) -> Image.Image:
    image = _sized(image)
    spot = Image.new("L", (image.width // 9, image.width // 9), draw.choice([0, 255]))
    third = image.width // 3
    image.paste(spot, (draw.randint(third, 2 * third), draw.randint(third, 2 * third)))
    return image


def shadowed(image: Image.Image, draw: Random) -> Image.Image:
    image = _sized(image)
    light = Image.linear_gradient("L").resize(image.size).rotate(draw.choice([0, 90, 180, 270]))
    return ImageChops.multiply(image, light.point(lambda value: 40 + value * 215 // 255))


DAMAGE: tuple[Callable[[Image.Image, Random], Image.Image], ...] = (
    small, blurred, noisy, turned, faint, squeezed, spotted, shadowed,
)  # fmt: skip


def pictures(corpora: Path) -> Iterator[Shown]:
    """Yield other people's pictures, each whole and damaged."""
    manifest = json.loads((corpora / "manifest.json").read_text())
    cases = [c for c in manifest["cases"] if c["kind"] == "dcc-qr" and len(c["files"]) > 1]
    for number, case in enumerate(cases):
        text = (corpora / case["files"][0]).read_text().strip()
        clear = Image.open(corpora / case["files"][1]).convert("RGBA")
        whole = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("L")
        yield Shown("whole", whole, text)
        draw = Random(number)
        for turn in range(DAMAGES):
            damage = DAMAGE[(number * DAMAGES + turn) % len(DAMAGE)]
            yield Shown(damage.__name__, damage(whole, draw), text)


def _is_read_natively(shown: Shown) -> bool:
    return any(found.text == shown.text for found in zxingcpp.read_barcodes(shown.image))


def _is_read_in_the_page(page: Any, shown: Shown) -> bool:
    written = io.BytesIO()
    shown.image.save(written, "PNG")
    return shown.text in page.evaluate(READ, base64.b64encode(written.getvalue()).decode())


@pytest.fixture
def reader(page: Any, site: str, built: Path) -> Any:
    """Return a page with a reader of its own."""
    names = json.loads((built / "site.json").read_text())["names"]
    page.goto(f"{site}/border.html")
    page.evaluate(START, f"/{names['reader.js']}")
    return page


def test_whatever_is_read_natively_is_read_in_the_page(reader: Any, corpora: Path) -> None:
    native: Counter[str] = Counter()
    browser: Counter[str] = Counter()
    missed = []
    for shown in pictures(corpora):
        natively, here = _is_read_natively(shown), _is_read_in_the_page(reader, shown)
        native[shown.kind] += natively
        browser[shown.kind] += here
        if natively and not here:
            missed.append(shown.kind)
    assert missed == []
    assert native["whole"] == 178
    assert browser.total() >= native.total()
    # The damage is damage: natively not all of it is read.
    assert native.total() < 178 * (1 + DAMAGES)
