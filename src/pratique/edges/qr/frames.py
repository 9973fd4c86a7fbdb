"""Bytes of a picture or PDF -> its pages, as grey pictures on white.

1. A size is checked as it is declared, before one pixel is unpacked: pixels, their bytes, and those of all
   pages together. A file of 12 MB can order two thousand million of them.
2. Too many pages are refused, not cut off: the certificate could be on the next one.
3. What has to be laid on a ground is turned grey strip by strip: beside it there is no second copy in colour.
"""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pratique.edges.qr.kinds import (
    MAX_ALL_PIXELS,
    MAX_OBJECTS,
    MAX_PAGES,
    MAX_PIXELS,
    MAX_PROGRESSIVE,
    MAX_SCANS,
    MAX_STRIPS,
    MAX_UNPACKED,
)  # fmt: skip
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

_DEPTH = 40
"""Objects within objects, as deep as PDFium itself follows them."""
_STRIP_PIXELS = 1_000_000
_STRIP_TAGS, _MOST_FIELDS = {273, 324}, 1_000
"""StripOffsets, TileOffsets; ordinary directories have about 15 fields."""
_WEIGHT = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes of a pixel as Pillow keeps it; 4 of any other."""

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
        raise _slow(name)
    if kind == "TIFF" and _strips_of(data) > MAX_STRIPS:
        raise _slow(name)
    with _opened(data, kind, name) as file:
        total = 0
        if kind == "TIFF":
            # Its pages' headers are read without their pixels. Those of a moving picture are all of one size.
            for _ in _seeking(file):
                total = _counted(file, total, name)
            total = 0
        for number in _seeking(file):
            if number == MAX_PAGES:
                break
            total = _counted(file, total, name)
            if "progressive" in file.info and file.width * file.height > MAX_PROGRESSIVE:
                raise _slow(name)
            # A JPEG is unpacked to its brightness only, which is less work.
            file.draft("L", file.size)
            yield number + 1, _grey(file)
            # Further pictures in a JPEG are the camera's previews, depth and gain maps.
            if kind == "JPEG":
                return
        else:
            return
    raise _too_many(name)


def _strips_of(data: bytes) -> int:
    """Count the strips and tiles of a TIFF's pages, as far as its directories can be followed (TIFF 6.0 §2).

    Before its reader does: it makes several objects of each.
    """
    end = "<" if data[:2] == b"II" else ">"
    # BigTIFF has wider numbers at other places.
    is_big = data[2:4] in {b"+\0", b"\0+"}
    number, entry, count = ("Q", "HHQ", 20) if is_big else ("I", "HHI", 12)
    head, wide = struct.Struct(end + ("Q" if is_big else "H")), struct.Struct(end + number)
    fields, found = struct.Struct(end + entry), 0
    try:
        (place,) = wide.unpack_from(data, 8 if is_big else 4)
        for _ in range(MAX_PAGES + 1):
            (entries,) = head.unpack_from(data, place)
            place += head.size
            for at in range(place, place + min(entries, _MOST_FIELDS) * count, count):
                tag, _, values = fields.unpack_from(data, at)
                found += values if tag in _STRIP_TAGS else 0
            (place,) = wide.unpack_from(data, place + entries * count)
            if not place:
                break
    except struct.error:
        # Damaged, which its reader will tell.
        pass
    return found


def _seeking(file: ImageFile) -> Iterator[int]:
    """Go from page to page, one further than are read."""
    for number in range(MAX_PAGES + 1):
        try:
            file.seek(number)
        except EOFError:
            return
        yield number


def _counted(file: ImageFile, total: int, name: str) -> int:
    """Add a page's pixels, as its header has them; Unreadable if it is too many, or they weigh too much."""
    _check_pixels(file.size, name)
    pixels = file.width * file.height
    if pixels * _WEIGHT.get(file.mode, 4) > MAX_UNPACKED or total + pixels > MAX_ALL_PIXELS:
        raise _too_large(name)
    return total + pixels


def _opened(data: bytes, kind: str, name: str) -> ImageFile:
    from PIL import Image  # noqa: PLC0415 - the extra `scan`

    try:
        return Image.open(BytesIO(data), formats=[kind])
    except Image.DecompressionBombError:
        raise _too_large(name) from None


def _grey(image: Image) -> Image:
    """Return a picture in 8-bit grey, what is transparent as white."""
    if image.mode.startswith(("I", "F")):
        ends = [
            end for strip in _strips(image) for end in image.crop(strip).convert("F").getextrema()
        ]
        low, top = min(map(_number, ends)), max(map(_number, ends))
        scale = 255 / ((top - low) or 1)
        return _in_strips(
            image,
            lambda strip: strip.convert("F").point(lambda value: value * scale - low * scale),
        )
    if not image.has_transparency_data:
        return image.convert("L")
    on_white = _in_strips(image, lambda strip: _laid_on(strip.convert("RGBA"), "white"))
    least, most = on_white.getextrema()
    # White modules on a transparent ground are seen on black only.
    if least != most:
        return on_white
    return _in_strips(image, lambda strip: _laid_on(strip.convert("RGBA"), "black"))


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value


def _strips(image: Image) -> Iterator[tuple[int, int, int, int]]:
    rows = max(_STRIP_PIXELS // max(image.width, 1), 1)
    for top in range(0, image.height, rows):
        yield 0, top, image.width, min(top + rows, image.height)


def _in_strips(image: Image, turned: Callable[[Image], Image]) -> Image:
    from PIL import Image as Images  # noqa: PLC0415 - the extra `scan`

    whole = Images.new("L", image.size)
    for strip in _strips(image):
        whole.paste(turned(image.crop(strip)).convert("L"), strip)
    return whole


def _laid_on(clear: Image, ground: str) -> Image:
    from PIL import Image as Images  # noqa: PLC0415 - the extra `scan`

    flat = Images.new("RGBA", clear.size, ground)
    flat.alpha_composite(clear)
    return flat


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
        total = 0
        for number in range(count):
            with _PDFIUM:
                image, total = _rendered(document, number, name, dpi, total)
            yield number + 1, image
    finally:
        with _PDFIUM:
            document.close()


def _rendered(document: Any, number: int, name: str, dpi: int, total: int) -> tuple[Image, int]:
    """Render one page, a large one more coarsely; return `total` with the pixels of the pictures in it."""
    from pypdfium2 import raw  # noqa: PLC0415 - the extra `scan`

    page = document[number]
    try:
        images = 0
        for count, item in enumerate(page.get_objects(max_depth=_DEPTH)):
            if count == MAX_OBJECTS:
                raise _slow(name)
            if item.type != raw.FPDF_PAGEOBJ_IMAGE:
                continue
            images += 1
            if images > _IMAGES:
                raise Unreadable("picture-too-large", f"{name} holds too many pictures", _AGAIN)
            width, height = item.get_px_size()
            _check_pixels((width, height), name)
            # One picture may be drawn many times, and is unpacked each time.
            total += width * height
            if total > MAX_ALL_PIXELS:
                raise _too_large(name)
        width, height = page.get_size()
        fitting = math.sqrt(_PAGE_PIXELS / max(width * height, 1))
        bitmap = page.render(scale=min(dpi / 72, fitting), grayscale=True)
        try:
            image: Image = bitmap.to_pil().convert("L").copy()
        finally:
            bitmap.close()
    finally:
        page.close()
    return image, total


def _slow(name: str) -> Unreadable:
    return Unreadable("picture-too-large", f"{name} is built to be slow to unpack", _AGAIN)


_AGAIN = "take a screenshot of the code, and hand in that"


def _check_pixels(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large(name)


def _too_large(name: str) -> Unreadable:
    return Unreadable(
        "picture-too-large",
        f"{name} unpacks to more pixels than are read here",
        _AGAIN,
    )


def _too_many(name: str) -> Unreadable:
    return Unreadable(
        "picture-pages", f"{name} has more than {MAX_PAGES} pages",
        "save the page with the code by itself",
    )  # fmt: skip
