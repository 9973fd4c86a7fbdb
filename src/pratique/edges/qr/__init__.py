"""Read the barcodes in a picture or a PDF (extra `scan`).

    bytes -> kind by magic -> pages -> quick look -> (nothing known) -> harder looks -> Scan

1. What the bytes are is told by themselves, never by a file's name.
2. Bytes, pixels, pages and looks are limited; whatever is wrong with the bytes is `Unreadable`.
3. A picture is read in memory. Nothing of it reaches a disk, a log or an error.
4. Several different certificates in one picture are all told: which is meant is the caller's question.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pratique.edges.qr import frames, looks
from pratique.edges.qr.kinds import HEIC, MAX_BYTES, READ, kind_of
from pratique.errors import ExtraMissing, PratiqueError, Unreadable

__all__ = ["Found", "Scan", "is_picture", "read_picture"]


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
        for page, image in frames.pages(data, kind, name_hint):
            seen[page] = looks.quick(image)
        if not any(wanted(text) for texts in seen.values() for text in texts):
            budget = looks.Budget()
            for page, image in frames.pages(data, kind, name_hint, fine=True):
                seen[page] += looks.hard(image, wanted, budget)
        return _scan(seen, wanted)


def _scan(seen: dict[int, list[str]], wanted: Callable[[str], bool]) -> Scan:
    first: dict[str, int] = {}
    for page, texts in seen.items():
        for text in texts:
            first.setdefault(text, page)
    return Scan(
        tuple(Found(text, page, wanted(text)) for text, page in first.items()),
        len(seen),
    )


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
