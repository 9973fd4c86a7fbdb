"""What a person hands in: a text, `-`, a file of texts, a table of them, a picture, a PDF, a folder.

    argument -> bytes or text -> formats.wrapping, or the barcodes of a picture -> Item(label, text | None) ...
    what `issue --out` wrote -> issued_files

1. The same text gives the same answer as an argument, from a file, from standard input, in a picture:
   what is wrapped around a code is taken off by `formats.wrapping`, here only bytes are read.
2. An argument that shows a code is a text; else what is there under that name is a file.
3. Lines of standard input come one by one: a hardware scanner types them. An empty line says that a code
   which was broken over lines is over.
4. One input that cannot be read does not keep the others from being judged: it is an `Item` too, and its
   label says which it is. A file's name is a label; no text ever reaches a message.
5. Folders and tables are read row by row (`issued_files`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from pratique.cli import barrier, issued_files
from pratique.errors import PratiqueError, Unreadable
from pratique.findings import Code
from pratique.formats import foreign, wrapping
from pratique.formats.wrapping import Unwrapped
from pratique.verdict import Finding

LIMIT = 32 * 1024 * 1024
"""Bytes of one file."""
LONGEST_NAME = 255
"""Characters of a file's name on common systems."""

_LIKE_A_TEXT = re.compile(r"\s*[A-Z0-9]{2,5}:")


class Item(NamedTuple):
    """One thing to verify, and where it came from.

    Attributes:
        label: which input it is.
        text: the code as it stands in its picture; what was handed in, where that is none; None where
            there is no text at all.
        remark: what there is to say about the input.
        notes: what was made good in reading it.
        finding: why nothing is read; None where there is a whole code.
        hint: what to do about that.
    """

    label: str
    text: str | None
    remark: str = ""
    notes: tuple[Finding, ...] = ()
    finding: Finding | None = None
    hint: str = ""

    def __repr__(self) -> str:
        return "<Item: not shown>"


def every(arguments: Iterable[str]) -> Iterator[Item]:
    """Yield what arguments stand for, in order; whatever goes wrong with one is told, and the next comes."""
    for number, argument in enumerate(arguments, 1):
        found = items(argument, number)
        while True:
            try:
                item = next(found, None)
            except PratiqueError as error:
                item, found = _failed(_numbered(number), error), iter(())
            except BaseException as error:
                if not barrier.unforeseen(error):
                    raise
                finding = Finding(Code.UNFORESEEN, barrier.place_of(error))
                item, found = Item(_numbered(number), None, finding=finding), iter(())
            if item is None:
                break
            yield item


def items(argument: str, number: int = 1) -> Iterator[Item]:
    """Yield what an argument, the `number`-th, stands for, in order."""
    if argument == "-":
        yield from _standard_input()
    elif _is_text(argument):
        label = f"text {number}"
        found = list(wrapping.codes(wrapping.lines_of(argument)))
        yield from _labelled(label, found or [wrapping.unwrapped("")])
    else:
        yield from _path(argument, number)


def read(data: bytes, label: str) -> Iterator[Item]:
    """Yield what bytes hold: a picture's codes, or a text's."""
    from pratique.edges import qr  # noqa: PLC0415 - only where a file is named

    if qr.is_picture(data):
        yield from _picture(label, data)
        return
    if data[:2] == b"PK":
        name = foreign.name_of(data[: foreign.LONGEST].decode("latin-1"))
        finding = (
            Finding(Code.FILE_NOT_READ, "an archive or office document")
            if name is None
            else Finding(Code.FORMAT_NOT_READ, name)
        )
        yield Item(label, "", finding=finding)
        return
    text = wrapping.decoded(data)
    if text is None:
        yield Item(
            label, None, "it is neither text nor a picture that can be read",
            finding=Finding(Code.FILE_NOT_READ),
            hint="PNG, JPEG, GIF, WebP, TIFF, BMP, PDF and text are read",
        )  # fmt: skip
        return
    found = list(wrapping.codes(wrapping.lines_of(text)))
    if not found:
        yield Item(label, None, "it holds no text", finding=Finding(Code.TEXT_EMPTY))
    yield from _labelled(label, found)


def _is_text(argument: str) -> bool:
    if _LIKE_A_TEXT.match(argument) or not argument.strip() or len(argument) > LONGEST_NAME:
        return True
    # A blank, a quotation mark or a link before the code; another keyboard layout; several lines.
    return not _is_there(argument) and ("\n" in argument or wrapping.recognised(argument))


def _is_there(argument: str) -> bool:
    try:
        return Path(argument).exists()
    except (OSError, ValueError):
        return False


def _numbered(number: int) -> str:
    return f"input {number}"


def _labelled(label: str, found: list[Unwrapped]) -> Iterator[Item]:
    for one in found:
        name = label if len(found) == 1 else f"{label}:{one.line}"
        yield _item(name, one)


def _item(label: str, one: Unwrapped, remark: str = "") -> Item:
    return Item(label, one.text, remark, one.notes, one.finding)


def _standard_input() -> Iterator[Item]:
    source: IO[bytes] | None = getattr(sys.stdin, "buffer", None)
    label = "standard input"
    if source is None:
        yield Item(label, None, "it is closed", finding=Finding(Code.INPUT_UNREADABLE))
        return
    first = source.readline(LIMIT)
    if _is_no_line(first):
        yield from read(first + source.read(LIMIT - len(first)), label)
        return
    for one in wrapping.codes(_lines(first, source)):
        yield _item(f"line {one.line}", one)


def _is_no_line(first: bytes) -> bool:
    from pratique.edges import qr  # noqa: PLC0415 - not needed for --help

    # A picture, a PDF, an archive, UTF-16: their line ends mean nothing, so that all of it is read.
    if wrapping.is_wide(first) or first.startswith(b"PK") or qr.is_picture(first):
        return True
    return wrapping.decoded(first) is None or first.startswith((b"\x89P", b"GIF8", b"RIFF"))


def _lines(first: bytes, source: IO[bytes]) -> Iterator[str]:
    line = first
    while line:
        # Bytes that are no text become signs that no code has.
        yield from wrapping.lines_of(_text(line))
        line = source.readline(LIMIT)


def _text(line: bytes) -> str:
    line = re.sub(rb"[\r\n]+\Z", b"", line)
    text = wrapping.decoded(line)
    return line.decode("latin-1") if text is None else text


def _file(argument: str, number: int) -> Iterator[Item]:
    path = Path(argument)
    try:
        if path.stat().st_size > LIMIT:
            raise Unreadable("file-too-large", f"it is larger than {LIMIT >> 20} MiB")
        data = path.read_bytes()
    except Unreadable as error:
        yield _failed(path.name, error)
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        yield Item(
            f"argument {number}", None,
            "it is no certificate's text, and cannot be read as a file: " + reason.lower(),
            finding=Finding(Code.INPUT_UNREADABLE),
            hint="a text begins with HC1: - put it in quotes, since it holds blanks and $",
        )  # fmt: skip
        return
    yield from read(data, path.name)


def _failed(label: str, error: PratiqueError) -> Item:
    return Item(label, None, error.message, finding=Finding(Code.INPUT_UNREADABLE), hint=error.hint)


def _picture(label: str, data: bytes) -> Iterator[Item]:
    from pratique.edges import qr  # noqa: PLC0415 - only where a file is named

    try:
        scan = qr.read_picture(data, wanted=wrapping.recognised)
    except PratiqueError as error:
        yield _failed(label, error)
        return
    known = [one for found in scan.known for one in wrapping.codes(wrapping.lines_of(found.text))]
    if not known:
        remark = (
            f"{len(scan.codes)} barcodes, none of them a health certificate"
            if scan.codes
            else "no barcode was found in the picture"
        )
        yield Item(
            label, None, remark, finding=Finding(Code.INPUT_UNREADABLE),
            hint="take it again: straight from above, without shadow, the code a third of the picture",
        )  # fmt: skip
    several = f"one of {len(known)} different certificates in this picture"
    for count, one in enumerate(known, 1):
        name = label if len(known) == 1 else f"{label}#{count}"
        yield _item(name, one, several if len(known) > 1 else "")


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
        label = f"{path.name}:{row}"
        if text.strip():
            yield _item(label, wrapping.unwrapped(text))
        else:
            yield Item(label, None, "the row holds no text", finding=Finding(Code.TEXT_EMPTY))
    if is_empty:
        yield Item(
            path.name, None, "the table holds no certificate", finding=Finding(Code.TEXT_EMPTY)
        )
