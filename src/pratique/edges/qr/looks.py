"""Look for barcodes in a grey picture: once quickly, then harder.

The harder looks are for screenshots and photos: small, large, faint, shadowed, blurred, noisy,
inverted, without a white border, of round modules. Kept are those that read, of pictures damaged at random, what the
others did not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

QUICK_PIXELS = 16_000_000
HARD_PIXELS = 4_000_000
"""A code that fills a sixth of such a picture's width has 4 pixels a module."""
_LARGER_PIXELS = 9_000_000
_BUDGET = 150_000_000
"""Pixels of all harder looks at one file: about 3 seconds, if it is nothing but noise."""


class Budget:
    """How many pixels the harder looks at one file may still see: the same file, the same answer."""

    def __init__(self, pixels: int = _BUDGET) -> None:
        self.pixels = pixels

    def covers(self, image: Image) -> bool:
        """Take a picture's pixels off; False if there are not that many left."""
        self.pixels -= image.width * image.height
        return self.pixels >= 0


def quick(image: Image) -> list[str]:
    """Return the texts of the codes that are seen at once, in reading order."""
    import zxingcpp  # noqa: PLC0415 - the extra `scan`

    kinds = zxingcpp.BarcodeFormat
    return _texts(
        _at_most(image, QUICK_PIXELS),
        (kinds.QRCodeModel2, kinds.AztecCode, kinds.DataMatrix, kinds.PDF417),
    )


def hard(image: Image, wanted: Callable[[str], bool], budget: Budget) -> list[str]:
    """Return the texts of harder looks, up to the first with a text that is wanted."""
    import zxingcpp  # noqa: PLC0415 - the extra `scan`

    # No certificate was met in DataMatrix or PDF417, and looking for them takes most of the time.
    formats = (zxingcpp.BarcodeFormat.QRCodeModel2, zxingcpp.BarcodeFormat.AztecCode)
    texts: list[str] = []
    for look in _looks(image):
        if not budget.covers(look):
            break
        texts += _texts(look, formats)
        if any(wanted(text) for text in texts):
            break
    return texts


def _looks(image: Image) -> Iterator[Image]:
    from PIL import ImageFilter, ImageOps  # noqa: PLC0415 - the extra `scan`

    if image.width * image.height > QUICK_PIXELS:
        yield image
    seen = _at_most(image, HARD_PIXELS)
    even = _bordered(_evened(seen))
    plain = _bordered(ImageOps.autocontrast(seen, cutoff=1))
    yield even
    yield _larger(plain, 2).filter(ImageFilter.UnsharpMask(6, 400, 0))
    yield plain.filter(ImageFilter.GaussianBlur(1))
    yield _larger(even, 2)
    yield _larger(plain, 3)
    yield _larger(plain, 2).filter(ImageFilter.UnsharpMask(12, 600, 0))
    yield _bordered(ImageOps.invert(seen))
    # Round modules with gaps between them, as designers print them: grown, they touch again. How much
    # depends on their size, which nobody knows.
    for dots in (plain, _bordered(ImageOps.invert(seen))):
        yield dots.reduce(2)
        yield dots.filter(ImageFilter.GaussianBlur(3))
        yield dots.filter(ImageFilter.MinFilter(5))
        for factor in (2, 4):
            yield dots.reduce(factor).filter(ImageFilter.MinFilter(3))
            yield dots.reduce(factor).filter(ImageFilter.MinFilter(5))
    yield _bordered(ImageOps.equalize(seen))
    yield plain.rotate(45, expand=True, fillcolor=255)


def _texts(image: Image, formats: Any) -> list[str]:
    import zxingcpp  # noqa: PLC0415 - the extra `scan`

    found = zxingcpp.read_barcodes(image, formats=formats, text_mode=zxingcpp.TextMode.Plain)
    return [code.text for code in _in_reading_order(found)]


def _in_reading_order(found: list[Any]) -> Iterator[Any]:
    """Yield codes line by line, and in a line from the left."""
    rest = sorted(found, key=lambda code: _box(code)[1])
    while rest:
        bottom = _box(rest[0])[3]
        line = [code for code in rest if sum(_box(code)[1::2]) / 2 <= bottom]
        yield from sorted(line, key=_box)
        rest = [code for code in rest if code not in line]


def _box(code: Any) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom."""
    at = code.position
    corners = (at.top_left, at.top_right, at.bottom_left, at.bottom_right)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _at_most(image: Image, pixels: int) -> Image:
    """Make a picture smaller by a whole factor, so that it has no more than so many pixels."""
    factor = math.ceil(math.sqrt(image.width * image.height / pixels))
    return image.reduce(factor) if factor > 1 else image


def _larger(image: Image, factor: float) -> Image:
    """Make a picture larger, up to a limit, beyond which more pixels tell nothing more."""
    from PIL import Image as Images  # noqa: PLC0415 - the extra `scan`

    room = math.sqrt(_LARGER_PIXELS / (image.width * image.height))
    factor = max(min(factor, room), 1)
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Images.Resampling.BICUBIC)


def _bordered(image: Image) -> Image:
    """Put the white border around a picture that a code at its edge lacks (the quiet zone)."""
    from PIL import ImageOps  # noqa: PLC0415 - the extra `scan`

    return ImageOps.expand(image, 16 + max(image.size) // 20, 255)


def _evened(image: Image) -> Image:
    """Take shadows and faintness out: what remains is each pixel against its neighbourhood."""
    from PIL import ImageChops, ImageFilter, ImageOps  # noqa: PLC0415 - the extra `scan`

    # A shadow takes a share of the light: among logarithms that is a difference, the same everywhere.
    light = image.point([round(46 * math.log1p(value)) for value in range(256)])
    around = light.filter(ImageFilter.BoxBlur(max(image.size) / 20))
    return ImageOps.autocontrast(ImageChops.subtract(light, around, 0.5, 128))
