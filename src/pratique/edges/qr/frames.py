"""Bytes of a picture or PDF -> its pages, as grey pictures on white.

1. A size is checked as it is declared, before one pixel is unpacked.
2. Too many pages are refused, not cut off: the certificate could be on the next one.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pratique.edges.qr.kinds import MAX_PAGES, MAX_PIXELS, MAX_SCANS
from pratique.errors import Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

QUICK_DPI = 200
"""A code of 30 mm and 81 modules has about 3 pixels a module."""
FINE_DPI = 400
_PAGE_PIXELS = 16_000_000
_IMAGES = 500
"""Of one PDF page; a scan may lie there in strips."""

_PDFIUM = threading.Lock()
"""PDFium is not safe in several threads; pypdfium2 leaves the lock to its caller."""


def pages(data: bytes, kind: str, name: str, *, fine: bool = False) -> Iterator[tuple[int, Image]]:
    """Yield the pages, numbered from 1; a PDF's pages at a higher resolution if `fine`."""
    if kind == "PDF":
        return _pdf_pages(data, name, FINE_DPI if fine else QUICK_DPI)
    return _frames(data, kind, name)


def _frames(data: bytes, kind: str, name: str) -> Iterator[tuple[int, Image]]:
    # A file of a few kB can order a thousand passes over 64 million pixels: minutes of work.
    if kind == "JPEG" and data.count(b"\xff\xda") > MAX_SCANS:
        raise Unreadable("picture-too-large", f"{name} is built to be slow to unpack", _AGAIN)
    with _opened(data, kind, name) as file:
        for number in range(MAX_PAGES + 1):
            try:
                file.seek(number)
            except EOFError:
                return
            if number == MAX_PAGES:
                break
            _check_pixels(file.size, name)
            # A JPEG is unpacked to its brightness only, which is less work.
            file.draft("L", file.size)
            yield number + 1, _grey(file)
            # Further pictures in a JPEG are the camera's previews, depth and gain maps.
            if kind == "JPEG":
                return
    raise _too_many(name)


def _opened(data: bytes, kind: str, name: str) -> ImageFile:
    from PIL import Image  # noqa: PLC0415 - the extra `scan`

    try:
        return Image.open(BytesIO(data), formats=[kind])
    except Image.DecompressionBombError:
        raise _too_large(name) from None


def _grey(image: Image) -> Image:
    """Return a picture in 8-bit grey, what is transparent as white."""
    if image.mode.startswith(("I", "F")):
        high = image.convert("F")
        low, top = high.getextrema()
        assert isinstance(low, float)
        assert isinstance(top, float)
        scale = 255 / ((top - low) or 1)
        return high.point(lambda value: value * scale - low * scale).convert("L")
    if not image.has_transparency_data:
        return image.convert("L")
    clear = image.convert("RGBA")
    on_white = _laid_on(clear, "white")
    low, top = on_white.getextrema()
    # White modules on a transparent ground are seen on black only.
    return on_white if low != top else _laid_on(clear, "black")


def _laid_on(clear: Image, ground: str) -> Image:
    from PIL import Image as Images  # noqa: PLC0415 - the extra `scan`

    flat = Images.new("RGBA", clear.size, ground)
    flat.alpha_composite(clear)
    return flat.convert("L")


def _pdf_pages(data: bytes, name: str, dpi: int) -> Iterator[tuple[int, Image]]:
    import pypdfium2 as pdfium  # noqa: PLC0415 - the extra `scan`

    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            if "password" in str(error).lower():
                raise Unreadable(
                    "picture-locked", f"{name} is locked with a password",
                    "open it, and save it without one or take a screenshot",
                ) from None  # fmt: skip
            raise
    try:
        with _PDFIUM:
            count = len(document)
        if count > MAX_PAGES:
            raise _too_many(name)
        for number in range(count):
            with _PDFIUM:
                image = _rendered(document, number, name, dpi)
            yield number + 1, image
    finally:
        with _PDFIUM:
            document.close()


def _rendered(document: Any, number: int, name: str, dpi: int) -> Image:
    """Render one page, a large one more coarsely."""
    from pypdfium2 import raw  # noqa: PLC0415 - the extra `scan`

    page = document[number]
    try:
        for count, item in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])):
            if count == _IMAGES:
                raise Unreadable("picture-too-large", f"{name} holds too many pictures", _AGAIN)
            _check_pixels(item.get_px_size(), name)
        width, height = page.get_size()
        fitting = math.sqrt(_PAGE_PIXELS / max(width * height, 1))
        bitmap = page.render(scale=min(dpi / 72, fitting), grayscale=True)
        try:
            image: Image = bitmap.to_pil().convert("L").copy()
        finally:
            bitmap.close()
    finally:
        page.close()
    return image


_AGAIN = "take a screenshot of the code, and hand in that"


def _check_pixels(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large(name)


def _too_large(name: str) -> Unreadable:
    return Unreadable(
        "picture-too-large",
        f"{name} unpacks to more than {MAX_PIXELS // 1_000_000} million pixels",
        _AGAIN,
    )


def _too_many(name: str) -> Unreadable:
    return Unreadable(
        "picture-pages", f"{name} has more than {MAX_PAGES} pages",
        "save the page with the code by itself",
    )  # fmt: skip
