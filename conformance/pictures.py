"""The texts in a case's picture, read as a verifier reads them."""

from __future__ import annotations

from pathlib import Path

from pratique.formats import FORMATS
from pratique.store import scan
from pratique.store.sources import read_bytes


def texts_of(path: Path) -> tuple[str, ...]:
    """Return the distinct texts of the barcodes in a picture file."""
    return texts_in(read_bytes(path))


def texts_in(data: bytes) -> tuple[str, ...]:
    """Return the distinct texts of the barcodes in a picture.

    What begins like no format that is read here, a national context say, is among them.
    """
    return tuple(
        found.text
        for found in scan.read_picture(
            data, wanted=lambda text: text.startswith(tuple(FORMATS))
        ).codes
    )
