"""Kinds of pictures, told by their first bytes, and the limits of what is read."""

from __future__ import annotations

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
