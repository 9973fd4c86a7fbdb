"""What a person hands in: a text, `-`, a file of texts, a table of them, a picture, a PDF, a folder.

    argument -> Item(label, text | None, remark) ...        what `issue --out` wrote -> issued_files

1. An argument that begins like a certificate ("HC1:") is a text; all else is a file.
2. Lines of standard input come one by one: a hardware scanner types them.
3. A file's name labels its texts; no text and no name ever reaches an error message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pratique.cli import issued_files
from pratique.errors import Unreadable
from pratique.formats import FORMATS

LIMIT = 32 * 1024 * 1024
"""Bytes of one file."""

_LIKE_A_TEXT = re.compile(r"[A-Z0-9]{2,5}:")


class Item(NamedTuple):
    """One text to verify, and where it came from. `text` is None where none was found."""

    label: str
    text: str | None
    remark: str = ""

    def __repr__(self) -> str:
        return "<Item: not shown>"


def items(argument: str, number: int = 1) -> Iterator[Item]:
    """Yield what an argument, the `number`-th, stands for, in order."""
    if argument == "-":
        for count, line in enumerate(sys.stdin, 1):
            if text := line.rstrip("\r\n"):
                yield Item(f"line {count}", text)
    elif _LIKE_A_TEXT.match(argument):
        yield Item(f"text {number}", argument)
    else:
        yield from _path(argument, number)


def _file(argument: str, number: int) -> Iterator[Item]:
    path = Path(argument)
    try:
        if path.stat().st_size > LIMIT:
            raise Unreadable("file-too-large", f"file {number} is larger than {LIMIT >> 20} MiB")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise Unreadable(
            "file-unreadable",
            f"argument {number} is no certificate's text, and cannot be read as a file: "
            f"{reason.lower()}",
            "a text begins with HC1: - put it in quotes, since it holds blanks and $",
        ) from error
    from pratique.edges import qr  # noqa: PLC0415 - only where a file is named

    if qr.is_picture(data):
        yield from _picture(path.name, data)
        return
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Unreadable(
            "file-kind", f"file {number} is neither text nor a picture that can be read",
            "PNG, JPEG, GIF, WebP, TIFF, BMP, PDF and text are read",
        ) from error  # fmt: skip
    texts = [line for line in lines if line.strip()]
    if not texts:
        yield Item(path.name, None, "the file holds no text")
    for count, text in enumerate(texts, 1):
        yield Item(path.name if len(texts) == 1 else f"{path.name}:{count}", text)


def _picture(name: str, data: bytes) -> Iterator[Item]:
    from pratique.edges import qr  # noqa: PLC0415 - only where a file is named

    scan = qr.read_picture(data, prefixes=tuple(FORMATS))
    known = [found for found in scan.codes if found.known]
    if not known:
        remark = (
            f"{len(scan.codes)} barcodes, none of them a health certificate"
            if scan.codes
            else "no barcode was found in the picture"
        )
        yield Item(name, None, remark)
    several = f"one of {len(known)} different certificates in this picture"
    for count, found in enumerate(known, 1):
        label = name if len(known) == 1 else f"{name}#{count}"
        yield Item(label, found.text, several if len(known) > 1 else "")


def _path(argument: str, number: int) -> Iterator[Item]:
    """Yield what a folder or a table of certificates holds, row by row; else what the file does."""
    path = Path(argument)
    try:
        if path.is_dir():
            for file in issued_files.files_of(path):
                yield from _path(str(file), number)
            return
        rows = issued_files.texts(path) if path.is_file() else None
    except (OSError, ValueError):
        # Why it cannot be read is told by who reads it.
        rows = None
    if rows is None:
        yield from _file(argument, number)
        return
    is_empty = True
    for row, text in rows:
        is_empty = False
        found = text.strip()
        yield Item(f"{path.name}:{row}", found or None, "" if found else "the row holds no text")
    if is_empty:
        yield Item(path.name, None, "the table holds no certificate")
