"""Read the barcodes in a picture or a PDF (extra `scan`).

    bytes -> kind by magic -> pages -> quick look -> (nothing known) -> harder looks -> Scan

1. What the bytes are is told by themselves, never by a file's name.
2. Bytes, pixels, pages and looks are limited; whatever is wrong with the bytes is `Unreadable`.
3. A picture is read in memory. Nothing of it reaches a disk, a log or an error.
4. Several different certificates in one picture are all told: which is meant is the caller's question.
"""

from __future__ import annotations

import logging
import math
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.errors import ExtraMissing, PratiqueError, Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

# ----------------------------------------------------------------------------------------------------
# Kinds of pictures, told by their first bytes, and the limits of what is read.


MAX_BYTES = 32 * 1024 * 1024
MAX_PIXELS = 64_000_000
"""Of one page or frame; the largest common camera pictures have 50 million."""
MAX_UNPACKED = 200_000_000
"""Bytes of one page or frame as it is unpacked: a phone's picture of 48 million pixels in colour is within it."""
MAX_ALL_PIXELS = 256_000_000
"""Of all pages and of the pictures in them: 32 pages of a fax at 300 dpi are within it."""
MAX_PAGES = 32
MAX_STRIPS = 65_536
"""Strips or tiles of a TIFF's page, each unpacked for itself; some programs write one a row."""
MAX_SCANS = 100
"""Passes of a progressive JPEG; ordinary ones have about 10."""
MAX_PROGRESSIVE = 32_000_000
"""Pixels of a JPEG of several passes, all of which is kept in memory until the last. Cameras write one pass."""
MAX_OBJECTS = 100_000
"""Objects on a PDF's page, those in objects too; a code that is drawn module by module has 7,000."""

READ = {"PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PDF"}
HEIC = "HEIF"
"""What phones write by themselves; read where the extra `heic` is installed."""

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
}
_HEIF = {b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}


def kind_of(data: bytes) -> str | None:
    """Name the kind of picture that bytes are; None if they are none. Kinds not in READ are not read."""
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    # A text may begin with "BM"; the zeros of the header it cannot hold.
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return "BMP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF | _AVIF:
        return HEIC if data[8:12] in _HEIF else "AVIF"
    # "%PDF-" is spelt with Base45's letters: further on it may stand in a certificate's text.
    if data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"%PDF-"):
        return "PDF"
    return None


# ----------------------------------------------------------------------------------------------------
# Bytes of a picture or PDF -> its pages, as grey pictures on white.
#
# 1. A size is checked as it is declared, before one pixel is unpacked: pixels, their bytes, and those of all
#    pages together. A file of 12 MB can order two thousand million of them.
# 2. Too many pages are refused, not cut off: the certificate could be on the next one.
# 3. What has to be laid on a ground is turned grey strip by strip: beside it there is no second copy in colour.


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
    pixels = file.width * file.height
    weight = pixels * _WEIGHT.get(file.mode, 4)
    if pixels > MAX_PIXELS or weight > MAX_UNPACKED or total + pixels > MAX_ALL_PIXELS:
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
            # One picture may be drawn many times, and is unpacked each time.
            total += width * height
            if width * height > MAX_PIXELS or total > MAX_ALL_PIXELS:
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


def _too_large(name: str) -> Unreadable:
    why = f"{name} unpacks to more pixels than are read here"
    return Unreadable("picture-too-large", why, _AGAIN)


def _too_many(name: str) -> Unreadable:
    return Unreadable(
        "picture-pages", f"{name} has more than {MAX_PAGES} pages",
        "save the page with the code by itself",
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------
# Look for barcodes in a grey picture: once quickly, then harder.
#
# The harder looks are for screenshots and photos: small, large, faint, shadowed, blurred, noisy,
# inverted, without a white border, of round modules. Kept are those that read, of pictures damaged at random, what the
# others did not.


QUICK_PIXELS = 16_000_000
HARD_PIXELS = 4_000_000
"""A code that fills a sixth of such a picture's width has 4 pixels a module."""
_LARGER_PIXELS = 9_000_000
_MATRIX = 4
"""Looks in which DataMatrix is looked for too: the later ones are for what is done to QR codes."""
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

    kinds = zxingcpp.BarcodeFormat
    texts: list[str] = []
    for number, look in enumerate(_looks(image), 1):
        if not budget.covers(look):
            break
        # Looking for DataMatrix (2D-DOC) takes most of the time; in PDF417 no certificate was met.
        formats = (kinds.QRCodeModel2, kinds.AztecCode, kinds.DataMatrix)[: 2 + (number <= _MATRIX)]
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
    # An archive (DIVOC) is no text: read as one, its bytes would be lost.
    return [
        str(code.bytes.decode("latin-1") if code.bytes.startswith(b"PK\x03\x04") else code.text)
        for code in _in_reading_order(found)
    ]


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


class Found(NamedTuple):
    """The text of one barcode.

    Attributes:
        text: as it stands in the code.
        page: where it was seen first: the page of a PDF, the frame of a picture; from 1.
        known: it is one that was asked for.
    """

    text: str
    page: int
    known: bool

    def __repr__(self) -> str:
        return "<Found: not shown>"


class Scan(NamedTuple):
    """What was read in a picture.

    Attributes:
        codes: the distinct texts, page by page, in reading order; after them on each page what only a
            harder look found.
        pages: how many pages or frames the picture has.
    """

    codes: tuple[Found, ...]
    pages: int

    @property
    def known(self) -> tuple[Found, ...]:
        """The codes that were asked for; more than one are different certificates."""
        return tuple(found for found in self.codes if found.known)

    def __repr__(self) -> str:
        return f"<Scan: {len(self.codes)} codes on {self.pages} pages>"


def is_picture(data: bytes) -> bool:
    """Tell by the first bytes whether this is a picture or a PDF, even one that is not read here."""
    return kind_of(data) is not None


def read_picture(
    data: bytes, name_hint: str = "the picture", *, wanted: Callable[[str], bool]
) -> Scan:
    """Read the barcodes (QR, Aztec, DataMatrix, PDF417) in a picture or a PDF.

    Other barcodes beside a known one are told too, as far as the quick look finds them: a picture of a
    certificate may hold a link's code as well (met: Singapore). Harder looks are made only where no
    known code was seen on any page, and end on a page with the first that is.

    Args:
        data: PNG, JPEG, GIF, WebP, BMP, TIFF or PDF; HEIC with the extra `heic`.
        name_hint: what an error calls the picture; let it name nobody.
        wanted: tells whether a text is one that the caller is after.

    Raises:
        Unreadable: it is damaged, over a limit, or of another kind.
        ExtraMissing: the extra `scan` is not installed.
    """
    kind = kind_of(data)
    if kind == HEIC:
        _need_heic(name_hint)
    elif kind not in READ:
        raise Unreadable(
            "picture-kind", f"{name_hint} is not of a kind that is read here",
            "save it as PNG, JPEG or PDF, or take a screenshot of it",
        )  # fmt: skip
    if len(data) > MAX_BYTES:
        raise Unreadable("picture-too-large", f"{name_hint} is larger than {MAX_BYTES >> 20} MiB")
    _need_extra()
    with _refused_as(name_hint), warnings.catch_warnings(action="ignore"):
        seen: dict[int, list[str]] = {}
        for page, image in pages(data, kind, name_hint):
            seen[page] = quick(image)
        if not any(wanted(text) for texts in seen.values() for text in texts):
            budget = Budget()
            for page, image in pages(data, kind, name_hint, fine=True):
                seen[page] += hard(image, wanted, budget)
        first: dict[str, int] = {}
        for page, texts in seen.items():
            for text in texts:
                first.setdefault(text, page)
        codes = tuple(Found(text, page, wanted(text)) for text, page in first.items())
        return Scan(codes, len(seen))


def _need_heic(name_hint: str) -> None:
    # An extra of its own: its decoder (libheif, C++) has had memory faults, and not every post has to
    # open strangers' pictures with it.
    try:
        import pi_heif  # noqa: PLC0415
    except ImportError as error:
        raise Unreadable(
            "picture-kind", f"{name_hint} is HEIC, which is not read here",
            "take a screenshot of it, have the phone share it as JPEG (most compatible), or install "
            "the extra 'heic': pip install 'pratique[heic]'",
        ) from error  # fmt: skip
    pi_heif.register_heif_opener()


def _need_extra() -> None:
    try:
        import PIL.Image  # noqa: F401, PLC0415
        import pypdfium2  # noqa: F401, PLC0415
        import zxingcpp  # noqa: F401, PLC0415
    except ImportError as error:
        raise ExtraMissing("scan", "reading a picture") from error
    # At DEBUG, Pillow writes a picture's tags into the log: a title or an owner's name among them.
    logging.getLogger("PIL").setLevel(logging.WARNING)


@contextmanager
def _refused_as(name_hint: str) -> Iterator[None]:
    """Turn whatever a decoder raises into `Unreadable`."""
    try:
        yield
    except PratiqueError:
        raise
    except Exception:  # noqa: BLE001 - on damaged bytes decoders raise anything, MemoryError too
        # Its cause is left out: it may quote the picture.
        raise Unreadable(
            "picture-damaged", f"{name_hint} is damaged: it cannot be read to its end",
            "take or save it again",
        ) from None  # fmt: skip
