"""What a person hands in: a text, `-`, a file of texts, a table of them, a picture, a PDF, a folder.

    argument -> bytes or text -> formats.wrapping, or the barcodes of a picture -> Item(label, text | None) ...
    chunks of one card, from wherever they come -> one Item
    what `issue --out` wrote -> issued_files

1. The same text gives the same answer as an argument, from a file, from standard input, in a picture:
   what is wrapped around a code is taken off by `formats.wrapping`, here only bytes are read.
2. What is there under an argument's name is a file, unless it begins as HCERT does; else what shows a code
   is a text.
3. Lines of standard input come one by one: a hardware scanner types them. An empty line says that a code
   which was broken over lines is over; one that never ends is told of, and skipped in pieces.
4. One input that cannot be read does not keep the others from being judged: it is an `Item` too, and its
   label says which it is. A file's name is a label; no text ever reaches a message.
5. Folders and tables are read row by row (`issued_files`).
6. A card that is spread over several codes is judged when the last of them is there; at the end it is told
   which are not whole.
"""

from __future__ import annotations

import errno
import io
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import IO, NamedTuple

from pratique import errors
from pratique.errors import PratiqueError, Unreadable
from pratique.findings import Code, Finding
from pratique.formats import parts, shapes, wrapping
from pratique.formats.wrapping import Unwrapped
from pratique.store import files
from pratique.store import files as store_files

LIMIT = 32 * 1024 * 1024
"""Bytes of one file."""
LONGEST_LINE = 1024 * 1024
"""Bytes of a line of standard input; a web page that shows a code may be one."""
LONGEST_NAME = 255
"""Characters of a file's name on common systems."""

_LIKE_A_TEXT = re.compile(r"\s*[A-Z0-9]{2,5}:")
_HCERT = re.compile(r"\s*HC1:")
_MOST_LABELS = 3


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
    gathering: parts.Gathering | None = None
    for item in _each(arguments):
        if item.finding is not None or item.text is None or not wrapping.is_part(item.text):
            yield item
            continue
        gathering = gathering or parts.Gathering()
        if (card := gathering.add(item.text, item.label)) is not None:
            yield _of_parts(card, item.notes)
    for card in gathering.missing() if gathering is not None else ():
        yield _of_parts(card)


def _of_parts(card: parts.Gathered, notes: tuple[Finding, ...] = ()) -> Item:
    labels = list(card.labels[:_MOST_LABELS])
    if len(card.labels) > _MOST_LABELS:
        labels.append(f"{len(card.labels) - _MOST_LABELS} more")
    return Item(" + ".join(labels), card.text, "", notes, card.finding)


def _each(arguments: Iterable[str]) -> Iterator[Item]:
    for number, argument in enumerate(arguments, 1):
        found = items(argument, number)
        while True:
            try:
                item = next(found, None)
            except PratiqueError as error:
                item, found = _failed(_numbered(number), error), iter(())
            except BaseException as error:
                if not errors.unforeseen(error):
                    raise
                finding = Finding(Code.UNFORESEEN, errors.place_of(error))
                item, found = Item(_numbered(number), None, finding=finding), iter(())
            if item is None:
                break
            yield item


def items(argument: str, number: int = 1) -> Iterator[Item]:
    """Yield what an argument, the `number`-th, stands for, in order."""
    if argument == "-":
        yield from _standard_input()
    elif _is_text(argument):
        yield from of_text(argument, f"text {number}")
    else:
        yield from _path(argument, number)


def of_text(text: str, label: str) -> Iterator[Item]:
    """Yield the codes that a text shows; no file is read for it."""
    yield from _labelled(label, list(wrapping.codes_in(text)) or [wrapping.unwrapped("")])


def read(data: bytes, label: str) -> Iterator[Item]:
    """Yield what bytes hold: a picture's codes, or a text's."""
    from pratique.store import scan as store_scan  # noqa: PLC0415 - only where a file is named

    if store_scan.is_picture(data):
        yield from _picture(label, data)
        return
    if data[:2] == b"PK":
        text = shapes.zipped(data.decode("latin-1"))
        finding = Finding(Code.FILE_NOT_READ, "an archive or office document")
        yield Item(label, "", finding=finding) if not text else _item(label, Unwrapped(text))
        return
    text = wrapping.decoded(data)
    if text is None:
        yield Item(
            label, None, "it is neither text nor a picture that can be read",
            finding=Finding(Code.FILE_NOT_READ),
            hint="PNG, JPEG, GIF, WebP, TIFF, BMP, PDF and text are read",
        )  # fmt: skip
        return
    codes = list(wrapping.codes_in(text))
    if not codes:
        yield Item(label, None, "it holds no text", finding=Finding(Code.TEXT_EMPTY))
    yield from _labelled(label, codes)


def _is_text(argument: str) -> bool:
    if _HCERT.match(argument) or not argument.strip() or len(argument) > LONGEST_NAME:
        return True
    if _is_there(argument):
        return False
    # A blank, a quotation mark or a link before the code; another keyboard layout; several lines.
    return (
        _LIKE_A_TEXT.match(argument) is not None
        or "\n" in argument
        or wrapping.recognised(argument)
    )


def _is_there(argument: str) -> bool:
    try:
        return Path(argument).exists()
    except (OSError, ValueError):
        return False


def _numbered(number: int) -> str:
    return f"input {number}"


def _labelled(label: str, codes: list[Unwrapped]) -> Iterator[Item]:
    # Several health cards of one document may stand in one line.
    are_lines = len({code.line for code in codes}) == len(codes)
    for ordinal, code in enumerate(codes, 1):
        where = f":{code.line}" if are_lines else f"#{ordinal}"
        yield _item(label + where if len(codes) > 1 else label, code)


def _item(label: str, one: Unwrapped, remark: str = "") -> Item:
    return Item(label, one.text, remark, one.notes, one.finding)


def _standard_input() -> Iterator[Item]:
    source: IO[bytes] | None = getattr(sys.stdin, "buffer", None)
    label = "standard input"
    if source is None:
        yield Item(label, None, "it is closed", finding=Finding(Code.INPUT_UNREADABLE))
        return
    lines = _Typed(source)
    if _is_no_line(lines.first):
        data = lines.first + source.read(LIMIT + 1 - len(lines.first))
        if len(data) > LIMIT:
            yield _failed(label, _too_large())
        else:
            yield from read(data, label)
        return
    while not lines.is_over:
        begun = lines.number
        for one in wrapping.codes(lines):
            yield _item(f"line {begun + one.line}", one)
        if lines.is_too_long:
            # It ends what was begun before it, and the next line is judged as any other.
            finding = Finding(Code.TEXT_TOO_LONG)
            yield Item(f"line {lines.number}", "", finding=finding)


def _is_no_line(first: bytes) -> bool:
    from pratique.store import scan as store_scan  # noqa: PLC0415 - not needed for --help

    # A picture, a PDF, an archive, UTF-16: their line ends mean nothing, so that all of it is read. Other
    # bytes that are no text are one bad scan: nobody waits for the scanner's end because of them.
    if first.startswith((b"PK", b"\x1f\x8b", b"\x89P", b"GIF8", b"RIFF")) or store_scan.is_picture(
        first
    ):
        return True
    # Some scanners' drivers send the zero that ends a string in C along with each line.
    return wrapping.is_wide(first.strip(b"\0\r\n"))


class _Typed:
    """The lines of standard input, up to one that is too long, and after it again.

    Attributes:
        first: the bytes of the first line, or how it begins.
        number: how many lines have come.
        is_too_long: the last of them was skipped, in pieces.
        is_over: there are no more.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._rest = source, b""
        self.number, self.is_too_long, self.is_over = 0, False, False
        self.first = self._line = self._next()

    def __iter__(self) -> Iterator[str]:
        self.is_too_long = False
        while self._line:
            if len(self._line) > LONGEST_LINE:
                self.is_too_long, self.number = True, self.number + 1
                self._skip()
                return
            # Bytes that are no text become signs that no code has.
            lines = wrapping.lines_of(_text(self._line))
            self._line = b""
            for line in lines:
                self.number += 1
                yield line
            self._line = self._next()
        self.is_over = True

    def _next(self) -> bytes:
        """Return the next line, or a piece of it that is longer than one can be."""
        line = self._rest + self._source.readline(LONGEST_LINE + 1 - len(self._rest))
        self._rest = b""
        if len(line) > LONGEST_LINE and (cut := line.rfind(b"\r", 0, -1)) >= 0:
            # Lines that end as those of old machines do.
            line, self._rest = line[: cut + 1], line[cut + 1 :]
        return line

    def _skip(self) -> None:
        while self._line and not self._line.endswith(b"\n"):
            self._line = self._source.readline(LONGEST_LINE)
        self._line = self._next()


def _text(line: bytes) -> str:
    line = re.sub(rb"[\r\n]+\Z", b"", line)
    text = wrapping.decoded(line)
    return line.decode("latin-1") if text is None else text


def _file(argument: str, number: int, named: bool) -> Iterator[Item]:
    path = Path(argument)
    try:
        data = files.read(path, LIMIT, named=named)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.EFBIG:
            yield _failed(path.name, _too_large())
            return
        reason = getattr(error, "strerror", None) or "no such file"
        yield Item(
            f"argument {number}" if named else path.name, None,
            "it is no certificate's text, and cannot be read as a file: " + reason.lower(),
            finding=Finding(Code.INPUT_UNREADABLE),
            hint="put a certificate's text in quotes, since it holds blanks and $",
        )  # fmt: skip
        return
    yield from read(data, path.name)


def _too_large() -> Unreadable:
    return Unreadable("file-too-large", f"it is larger than {LIMIT >> 20} MiB")


def _failed(label: str, error: PratiqueError) -> Item:
    return Item(label, None, error.message, finding=Finding(Code.INPUT_UNREADABLE), hint=error.hint)


def _picture(label: str, data: bytes) -> Iterator[Item]:
    from pratique.store import scan as store_scan  # noqa: PLC0415 - only where a file is named

    try:
        scan = store_scan.read_picture(data, wanted=wrapping.recognised)
    except PratiqueError as error:
        yield _failed(label, error)
        return
    known = [code for barcode in scan.known for code in wrapping.codes_in(barcode.text)]
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
    cards = len(list(wrapping.whole_cards(known)))
    several = f"one of {cards} different certificates in this picture"
    for ordinal, code in enumerate(known, 1):
        name = label if len(known) == 1 else f"{label}#{ordinal}"
        yield _item(name, code, several if cards > 1 else "")


def _path(argument: str, number: int, *, named: bool = True) -> Iterator[Item]:
    """Yield what a folder or a table of certificates holds, row by row; else what the file does."""
    path = Path(argument)
    try:
        if named and path.is_dir():
            for file in files_of(path):
                yield from _path(str(file), number, named=False)
            return
        rows = texts(path, named=named) if path.is_file() else None
    except (OSError, ValueError):
        # Why it cannot be read is told by who reads it.
        rows = None
    if rows is None:
        yield from _file(argument, number, named)
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


# ----------------------------------------------------------------------------------------------------
# Folders and tables of issued certificates, read row by row.


LONGEST_HEADER = 4096
"""Characters of a first line that may be a header."""


LONGEST_TABLE_LINE = 64 * 1024
"""Characters of a line; a code has 4,296 at most."""


LONGEST_ROW = 12
"""Digits of a row's number."""


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder that hold certificates, in order; Unreadable `folder-empty`."""
    # A link or a device is among them: that it is not read is told, and not left out in silence.
    found = sorted(path for path in folder.glob("certificates-*") if not path.is_dir())
    if not found:
        found = sorted(
            path for path in folder.iterdir() if not path.is_dir() and not path.name.startswith(".")
        )
    if not found:
        raise Unreadable("folder-empty", "the folder holds no file", "name the folder of --out")
    return found


def texts(path: Path, *, named: bool = True) -> Iterator[tuple[str, str]] | None:
    """Return the rows' numbers and texts of a table of certificates; None if it is none.

    Raises:
        OSError: it cannot be opened.
    """
    with store_files.opened(path, named=named) as file:
        start = file.read(LONGEST_HEADER)
    if start.startswith(b"PAR1"):
        return _parquet(path, named)
    encoding = encoding_of(start)
    first = start.decode(encoding, "replace").lstrip().partition("\n")[0]
    separator = _separator(first)
    return None if separator is None else _csv(path, named, separator, encoding)


def encoding_of(start: bytes) -> str:
    """Tell how a spreadsheet has saved a text: UTF-16 where its mark is there, else UTF-8."""
    return "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _separator(line: str) -> str | None:
    for mark in ",;\t":
        if TEXT in _names(line, mark):
            return mark
    return None


def _names(line: str, mark: str) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in line.rstrip("\r").split(mark)]


def _csv(path: Path, named: bool, separator: str, encoding: str) -> Iterator[tuple[str, str]]:
    with (
        store_files.opened(path, named=named) as opened,
        io.TextIOWrapper(opened, encoding, errors="replace", newline="") as file,
    ):
        yield from _issued_rows(store_files.Lines(file.readline, LONGEST_TABLE_LINE), separator)


def _issued_rows(lines: store_files.Lines, separator: str) -> Iterator[tuple[str, str]]:
    import csv  # noqa: PLC0415 - a check starts fast

    rows = csv.reader(lines, delimiter=separator)
    try:
        names = _names(separator.join(next(rows)), separator)
        text, row = names.index(TEXT), names.index(ROW) if ROW in names else None
        for number in count(2):
            try:
                cells = next(rows)
            except StopIteration:
                return
            except store_files.LineTooLong:
                # As long as no code is: its reader says so, and the next row comes.
                yield str(number), "X" * (wrapping.LONGEST + 1)
                continue
            if any(cells):
                said = cells[row] if row is not None and row < len(cells) else ""
                # What is no number is not repeated: another column may have slipped into its place.
                where = said if said.isdecimal() and len(said) < LONGEST_ROW else str(number)
                yield where, cells[text] if text < len(cells) else ""
    except csv.Error as error:
        raise Unreadable(
            "table-damaged",
            "the table of certificates is damaged",
            "issue it anew, or take its copy",
        ) from error


def _parquet(path: Path, named: bool) -> Iterator[tuple[str, str]]:
    from pratique.store import tables  # noqa: PLC0415 - a check starts fast

    with store_files.opened(path, named=named) as file, tables.parquet_columns(file) as table:
        if TEXT not in table.names:
            raise Unreadable(
                "table-columns", "the Parquet file has no column 'text'",
                "certificates are read from what `pratique issuer issue --out` writes",
            )  # fmt: skip
        number = 0
        for batch in table.batches([name for name in (ROW, TEXT) if name in table.names]):
            for cells in batch:
                number += 1
                found = cells or {}
                # None is one that Python cannot hold; a longer one than any code is told of by its reader.
                yield (
                    str(found.get(ROW) or number),
                    str(found.get(TEXT) or "")[: wrapping.LONGEST + 1],
                )


TEXT, ROW = "text", "row"
