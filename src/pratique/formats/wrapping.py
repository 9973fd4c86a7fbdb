"""What stands around a code: found, and taken off.

    bytes -> text -> lines -> codes, each as it stands in its picture, or why it is not one

A code comes out of a scanner with a line end, out of an e-mail broken over lines and quoted, out of a link
percent-encoded, out of a spreadsheet in quotation marks. None of this is the holder's doing.

1. Base45 holds the blank, "%", "+" and "-" as characters of its own (RFC 9285 §4.2): whatever is taken off
   is tried, and believed only if the checksum behind it is right (zlib, RFC 1950 §2.2).
2. The text as it was handed in is tried first. What is right already is not touched.
3. A whole Base45 text never ends in a blank: it would mean more than the two bytes, or the one, that it
   stands for. Blanks before and after can be dropped.
4. Tries are counted, and text is bounded: no text makes this long.
5. Lines are read one by one, and a code is told as soon as it is whole: a scanner may be at the other end.
6. A text of another scheme is taken out of what stands around it by `shapes`, and read by its own module;
   what is known by name only is named. Chunks of one card are put together by `parts`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from pratique.crypto.cose import Envelope
from pratique.findings import UNREAD, Code, Finding
from pratique.formats import base45, hcert, keyboards, of, parts, shapes
from pratique.formats.shapes import BLANKS, Begun, name_of

LONGEST = 20_000
"""Characters of one code with all that is wrapped around it."""
MOST_LINES = 150
"""Lines over which one code may be broken."""
_MOST_SIGNS = 4
_BEAM = 16
"""Ways to join the lines so far that are kept; a wrong one dies within a line, nearly always."""
_MOST_TRIES = 2_000
"""Ways to join lines that are tried in all."""


class Unwrapped(NamedTuple):
    """One code, as it stands in its picture.

    Attributes:
        text: begins with a known prefix; or what was handed in, where that is none.
        notes: what was made good that somebody should hear of.
        finding: why it is not read; None where it is whole.
        line: on which it begins, of those that were read; from 1.
    """

    text: str
    notes: tuple[Finding, ...] = ()
    finding: Finding | None = None
    line: int = 1

    def __repr__(self) -> str:
        return "<Unwrapped: not shown>"


def unwrapped(text: str) -> Unwrapped:
    """Return the one code that a text holds."""
    if len(text) > LONGEST:
        return Unwrapped(text, finding=Finding(Code.TEXT_TOO_LONG))
    whole = list(whole_cards(codes_in(text)))
    if not whole:
        return Unwrapped("", finding=Finding(Code.TEXT_EMPTY))
    if len(whole) > 1:
        return Unwrapped(text, finding=Finding(Code.TEXT_SEVERAL))
    return whole[0]


def codes_in(text: str) -> Iterator[Unwrapped]:
    """Yield the codes that a text shows."""
    archive = shapes.zipped(text) if text[:2] == "PK" else None
    if archive is None:
        yield from codes(lines_of(text))
    elif archive:
        yield Unwrapped(archive)
    else:
        yield Unwrapped(
            text[:LONGEST], finding=Finding(Code.TEXT_DAMAGED, "read as text, not as bytes")
        )


def whole_cards(pieces: Iterable[Unwrapped]) -> Iterator[Unwrapped]:
    """Yield codes, those that are chunks of one card as one; what is not whole comes last."""
    gathering: parts.Gathering | None = None
    for piece in pieces:
        if piece.finding is not None or not is_part(piece.text):
            yield piece
            continue
        gathering = gathering or parts.Gathering()
        if (card := gathering.add(piece.text, "")) is not None:
            yield piece._replace(text=card.text, finding=card.finding)
    for card in gathering.missing() if gathering is not None else ():
        yield Unwrapped(card.text, finding=card.finding)


def is_part(text: str) -> bool:
    """Tell whether a text is one chunk of a card of several codes."""
    return _CHUNK.fullmatch(text) is not None


_CHUNK = re.compile("shc:/[0-9]{1,4}/[0-9]{1,4}/[0-9]*", re.IGNORECASE)


def codes(lines: Iterable[str]) -> Iterator[Unwrapped]:
    """Yield the codes in lines of text, each as soon as it is whole.

    A line of words beside a code (an e-mail's, a table's head) is passed over. Whatever else is not
    recognised is told: it may be what is left of a code.
    """
    reading = _Lines()
    waiting = enumerate(lines, 1)
    for number, line in waiting:
        if reading.is_file(line):
            text = "\n".join([line, *(line for _, line in waiting)])
            yield from _document(text, number)
            return
        yield from reading.take(number, line)
    yield from reading.end()


class _Lines:
    """What was begun on the lines so far, and is not whole yet."""

    def __init__(self) -> None:
        self._other: Begun | None = None
        self._started: list[str] = []
        self._loose: list[str] = []
        self._words: list[str] = []
        self._begun = self._first_loose = 1
        self._folded = self._in_line = 0
        self._seen = False

    def is_file(self, line: str) -> bool:
        """Tell whether a document begins that is no JSON, and goes on to the end."""
        if self._started or self._seen or self._other is not None:
            return False
        bare = _bare(line)
        if not bare.startswith(_DOCUMENTS):
            return False
        # A code in angle brackets is no document's beginning: lines after it may be joined.
        return not (_SIGN.match(bare, 1) is not None or _is_json(bare) or shapes.opens(bare))

    def take(self, number: int, line: str) -> Iterator[Unwrapped]:
        """Yield what is whole with this line."""
        self._in_line = 0
        if self._other is not None:
            if self._other.takes(line):
                if self._other.is_over:
                    yield from self._told()
                return
            yield from self._told()
        bare = _bare(line)
        if bare and self._may_be_other(bare) and (other := shapes.begun(line)) is not None:
            if self._started:
                yield from _settled(self._started, self._loose, self._begun)
            self._other, self._started, self._begun, self._folded = other, [], number, 0
            if other.is_over:
                yield from self._told()
            return
        yield from self._take(number, line, bare)

    def _may_be_other(self, bare: str) -> bool:
        # One line in ten thousand of a broken code that came over another keyboard looks like anything.
        if self._started and _SIGN.search(self._started[0].translate(_WIDE)) is None:
            return False
        return _is_json(bare) or _SIGN.search(bare.translate(_WIDE)) is None

    def _told(self) -> Iterator[Unwrapped]:
        """Yield the text of another scheme that is over, and what its last line holds besides."""
        other, self._other = self._other, None
        while other is not None and self._in_line < _MOST_IN_LINE:
            self._in_line += 1
            if self._loose:
                yield _unknown(self._loose, self._first_loose)
                self._loose.clear()
            self._seen = True
            for piece in (
                _document(other.text, self._begun) if other.shape is None else _of_scheme(other)
            ):
                yield piece._replace(line=max(piece.line, self._begun))
            other = shapes.begun(other.rest) if other.rest.strip(BLANKS) else None
            if other is not None and not other.is_over:
                self._other = other
                return

    def _take(self, number: int, line: str, bare: str) -> Iterator[Unwrapped]:
        whole = list(_all_in(line)) if bare and _shows_sign(bare, within=self._started) else None
        if self._started and (not bare or whole or _begins_anew(bare, whole, self._started)):
            # An empty line, or another code: what was begun is over.
            yield from _settled(self._started, self._loose, self._begun)
            self._started = []
        if whole is None:
            self._set_aside(number, line, bare)
            return
        if self._loose and not self._started:
            yield _unknown(self._loose, self._first_loose)
            self._loose.clear()
        self._seen = True
        is_named = [
            piece.finding is not None and piece.finding.code is _NOT_READ for piece in whole
        ]
        self._folded = len(bare) if is_named == [True] and len(bare) < shapes.LONGEST_FOLDED else 0
        for piece in whole:
            yield piece._replace(line=number)
        if not whole:
            self._begun = self._begun if self._started else number
            self._started.append(line)

    def _set_aside(self, number: int, line: str, bare: str) -> None:
        """Keep a line that shows no code; one that goes on with what was named is said already."""
        if not bare or (not self._started and self._folded >= len(bare) and not _of_words(bare)):
            self._folded = self._folded if bare else 0
            return
        self._first_loose = self._first_loose if self._loose else number
        (self._started or (self._words if _of_words(bare) else self._loose)).append(line)

    def end(self) -> Iterator[Unwrapped]:
        """Yield what is left when there are no more lines."""
        while self._other is not None:
            yield from self._told()
        if self._started:
            yield from _settled(self._started, self._loose, self._begun)
        if not self._seen:
            self._loose[:0] = self._words
        if self._loose:
            yield _unknown(self._loose, self._first_loose)


_MOST_IN_LINE = 50
"""Texts of other schemes that are taken out of one line."""
_NOT_READ = Code.FORMAT_NOT_READ
_NO_CODE = {_NOT_READ, Code.PREFIX_UNKNOWN}


def _is_json(bare: str) -> bool:
    return shapes.JSON.match(bare) is not None


def _of_scheme(other: Begun) -> Iterator[Unwrapped]:
    """Yield a text of another scheme, for its own module to read; or what it is called."""
    text = other.text
    notes = (Finding(Code.CASE_FLIPPED),) if other.is_flipped else ()
    if len(text) > LONGEST:
        yield Unwrapped(text[:LONGEST], notes, Finding(Code.TEXT_TOO_LONG))
    elif of(text) is not None:
        yield Unwrapped(text, notes)
    else:
        name = name_of(text)
        finding = Finding(Code.PREFIX_UNKNOWN) if name is None else Finding(_NOT_READ, name)
        yield Unwrapped(text, notes, finding)


def recognised(text: str) -> bool:
    """Tell whether a text shows a code: one that is read, damaged or not, or one that is known by name."""
    if len(text) > LONGEST:
        return hcert.PREFIX in text[:LONGEST]
    if text.startswith(hcert.PREFIX):
        return True
    if shapes.zipped(text) is not None or shapes.begun(text) is not None:
        return True
    return any(_shows_sign(bare) for line in lines_of(text) if (bare := _bare(line))) or (
        name_of(text.translate(_PLAIN).lstrip(BLANKS)) is not None
    )


def _begins_anew(bare: str, whole: list[Unwrapped] | None, started: list[str]) -> bool:
    # By chance a line in the middle of a code may hold its sign: one code in ten thousand does.
    return len(started) == MOST_LINES or (
        whole is not None
        and (
            _SIGN.match(shapes.bare_of(bare.translate(_WIDE))) is not None
            or _whole(started) is not None
        )
    )


def _settled(lines: list[str], loose: list[str], begun: int) -> Iterator[Unwrapped]:
    """Yield the code that lines hold together; what is left of them, and is no words, is loose."""
    # One line by itself was tried when it came.
    found = _whole(lines) if len(lines) > 1 else None
    if found is None:
        yield _failed(lines)._replace(line=begun)
        return
    yield found._replace(line=begun)
    used = bisect_left(range(1, len(lines)), True, key=lambda n: _whole(lines[:n]) is not None) + 1
    loose += [line for line in lines[used:] if not _of_words(_bare(line))]


def lines_of(text: str) -> list[str]:
    """Cut a text into lines, at line ends only: 2D-DOC's separators are none."""
    return re.split("\r*\n|\r|\x0b|\x0c|\x85|\u2028|\u2029", text)


def decoded(data: bytes) -> str | None:
    """Read bytes as text, whatever editor wrote them; None if they are no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _as(data[len(mark) :], encoding)
    if wide := _unmarked(data):
        return _as(data, wide)
    if b"\0" in data[:LONGEST]:
        # A string's end as C writes it: some scanners' drivers send it along.
        cut = data.strip(b"\0")
        return decoded(cut) if b"\0" not in cut else None
    text = _as(data, "utf-8")
    if text is None and not _CONTROLS.search(data):
        # What an older editor wrote under a layout with accents.
        text = data.decode("cp1252", "replace")
    return text


def is_wide(data: bytes) -> bool:
    """Tell whether bytes are, or begin, a text of two or four bytes a sign, in which line ends mean nothing."""
    return (
        b"\0" in data
        or data.startswith(tuple(mark for mark, encoding in _MARKS if encoding != "utf-8"))
        or _unmarked(data) is not None
    )


def _unmarked(data: bytes) -> str | None:
    # UTF-16 without its mark, as some shells write it: of every sign of ASCII one byte is 00, and
    # of every full-width one FF, which UTF-8 never holds.
    even, odd = (sum(map(data[n:LONGEST:2].count, (0, 0xFF))) for n in (0, 1))
    half = min(len(data), LONGEST) / 2
    fewest = 1 if b"\0" in data[:LONGEST] else len(hcert.PREFIX)
    if max(even, odd) < max(fewest, half * 0.3) or min(even, odd) > half * 0.05:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x7f]")


def _as(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


_HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_PLAIN = {ord(c): None for c in _HIDDEN} | {ord(c): " " for c in _SPACES} | {ord("\t"): "\n"}
_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)}
"""Full-width forms, which an East Asian computer types."""

_SIGN = re.compile(r"(?:HC|LT)1(?::|%(?:25)*3A|=3A|&#58;|&#x3a;|&colon;|\\u003a)", re.IGNORECASE)
_DOCUMENTS = ("{", "<", "[{", "%PDF-", "{\\rtf")
_FILES = (
    (re.compile(r"(?:<\?xml(?s:.)*?)?(?:<!--(?s:.)*?)?(?:<!DOCTYPE svg(?s:.)*?)?<svg\b", re.IGNORECASE), "a drawing (SVG)"),
    (re.compile(r"<!DOCTYPE html|<html\b|<head\b|<body\b|<div\b|<p\b", re.IGNORECASE), "a web page (HTML)"),
    (re.compile(r"<\?xml|<[a-z]", re.IGNORECASE), "XML"),
    (re.compile(r"%PDF-"), "a PDF that is no longer whole"),
    (re.compile(r"\{\\rtf"), "a document (RTF)"),
)  # fmt: skip


def _bare(line: str) -> str:
    return line.translate(_PLAIN).strip(BLANKS)


def _shows_sign(bare: str, *, within: Sequence[str] = ()) -> bool:
    wide = bare.translate(_WIDE)
    if within and _SIGN.search(within[0].translate(_WIDE)) is not None:
        # One line in ten thousand of a broken code looks like another family's beginning under
        # some keyboard; but this code came over none.
        return _SIGN.search(wide) is not None or name_of(shapes.bare_of(wide)) is not None
    return (
        _BEGINNING.match(bare) is not None
        or _SIGN.search(wide) is not None
        or name_of(shapes.bare_of(wide)) is not None
        or next(keyboards.readings(bare), None) is not None
        or next(keyboards.foreign(bare), None) is not None
    )


def _of_words(bare: str) -> bool:
    """Tell whether a line is words, and not what is left of a code: a code has few blanks."""
    return (bare != bare.upper() and max(map(len, bare.split())) <= 20) or not any(
        map(str.isalnum, bare)
    )


def _all_in(line: str) -> Iterator[Unwrapped]:
    """Yield the whole codes in one line."""
    rest = line
    for _ in range(_MOST_SIGNS):
        found = _whole([rest])
        if found is None:
            return
        yield found
        before, _, after = rest.partition(found.text)
        if found.finding is not None or before == rest or _SIGN.search(after) is None:
            return
        rest = after


def _whole(lines: list[str]) -> Unwrapped | None:
    """Return the code that lines stand for, where its checksum says so; or a format's name."""
    text = "\n".join(lines)
    if len(text) > LONGEST:
        return None
    for meant, notes in _meanings(text):
        for sign in islice(_BEGINNING.finditer(meant), _MOST_SIGNS):
            code = _assembled(meant[sign.start() :])
            if code is not None:
                return Unwrapped(code, notes)
    if len(lines) > 1 or _SIGN.search(text):
        return None
    bare = shapes.bare_of(_bare(text).translate(_WIDE))
    if (name := name_of(bare)) is not None:
        return Unwrapped(bare, finding=Finding(Code.FORMAT_NOT_READ, name))
    return _typed(_bare(text))


_TYPED = r"shc:/(?:[0-9]+/[0-9]+/)?[0-9]{20,}|NZCP:/1/[A-Z2-7]{20,}=*"
"""Texts of other schemes whose every sign can be read back; Base64 and names cannot."""


def _typed(bare: str) -> Unwrapped | None:
    """Return a text of another scheme that came over another keyboard layout, or what it is called."""
    named = None
    for reading in keyboards.foreign(bare):
        note = Finding(Code.KEYBOARD_MAPPED, reading.layout)
        if reading.whole and re.fullmatch(_TYPED, reading.text, re.ASCII):
            return Unwrapped(reading.text, (note,))
        if named is None and (name := name_of(reading.text)) is not None:
            named = Unwrapped(bare, (note,), Finding(Code.FORMAT_NOT_READ, name))
            if of(reading.text) is not None:
                # It would be read, had all its signs come.
                named = Unwrapped(bare, (), Finding(Code.KEYBOARD_LAYOUT, reading.layout))
    return named


def _meanings(text: str) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    """Yield what a text may have been before something was done to it, likeliest first."""
    plain = text.translate(_PLAIN)
    yield plain, ()
    if "=" in plain:
        # Quoted-printable (RFC 2045 §6.7): "=" is none of Base45's, so nothing is lost by it.
        yield _HEX_QP.sub(_character, plain.replace("=\n", "")), ()
    if "&" in plain:
        from html import unescape  # noqa: PLC0415 - a check starts fast

        yield unescape(plain).translate(_PLAIN), ()
    if "\\" in plain:
        yield _ESCAPED.sub(_character, plain).replace("\\", ""), ()
    if _HEX_URL.search(plain):
        once = _HEX_URL.sub(_character, plain)
        yield once, ()
        # A form writes a blank as "+" (application/x-www-form-urlencoded).
        yield _HEX_URL.sub(_character, plain.replace("+", " ")), ()
        if _HEX_URL.search(once):
            yield _HEX_URL.sub(_character, once), ()
    wide = plain.translate(_WIDE)
    if wide != plain:
        yield wide, ()
    upper = wide.translate(_UPPER)
    if upper != wide:
        yield upper, (Finding(Code.CASE_FLIPPED),)
    for reading in keyboards.readings(plain):
        note = Code.CASE_FLIPPED if reading.layout == "US" else Code.KEYBOARD_MAPPED
        where = "" if reading.layout == "US" else reading.layout
        yield reading.text, (Finding(note, where),)


_HEX_QP = re.compile("=([0-9A-Fa-f]{2})")
_HEX_URL = re.compile("%([0-9A-Fa-f]{2})")
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
_UPPER = {ord(c): ord(c) - 32 for c in "abcdefghijklmnopqrstuvwxyz"}
"""ASCII only: "ſ" and the Kelvin sign have capitals too, and are none of a scanner's."""


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


_BEGINNING = re.compile("(?:HC|LT)1:")
"""The Swiss certificate light is written as HCERT is, under another prefix."""
_RUN = re.compile("[0-9A-Z $%*+./:-]*")
_QUOTED = re.compile(r" ?(?:> ?)+")


def _assembled(text: str) -> str | None:
    """Return the whole code at a text's beginning, its lines joined; None if there is none.

    Where a line was broken, a blank may have been dropped, or one be there that was not.
    """
    partial = [""]
    tries = 0
    for line in text.split("\n")[:MOST_LINES]:
        if partial != [""]:
            line = _QUOTED.sub("", line, count=1) if line.lstrip().startswith(">") else line  # noqa: PLW2901
        matched = _RUN.match(line)
        run = matched[0] if matched is not None else ""
        grown = dict.fromkeys(
            joined
            for begun in partial
            for joined in _joined(begun, run)
            if len(joined) <= hcert.MAX_TEXT + 1
        )
        tries += len(grown)
        for joined in grown:
            if (code := _complete(joined)) is not None:
                return code
        partial = [joined for joined in grown if _may_go_on(joined)][:_BEAM]
        if not partial or tries > _MOST_TRIES or len(run) < len(line.rstrip()):
            return None
    return None


def _joined(begun: str, run: str) -> tuple[str, ...]:
    if not begun:
        return (run,)
    cut, indented = begun.rstrip(" "), run.lstrip(" ")
    return (
        begun + run, cut + run, cut + indented, f"{cut} {indented}", begun + indented, f"{cut}  {indented}",
    )  # fmt: skip


def _complete(text: str) -> str | None:
    """Return a text if its checksum is right: as it is, or without what may have ended a sentence."""
    code = text.rstrip(" ")
    for candidate in (code, code[:-1].rstrip(" ")) if code[-1:] in ".:/-*" else (code,):
        outcome = hcert.unwrap(hcert.PREFIX + candidate[len(hcert.PREFIX) :])
        if type(outcome) is Envelope or (
            isinstance(outcome, Finding) and outcome.code not in UNREAD
        ):
            return candidate
    # Two codes in one line, a blank between them.
    if (second := _BEGINNING.search(code, len(hcert.PREFIX))) is not None:
        return _complete(code[: second.start()])
    return None


def _may_go_on(text: str) -> bool:
    """Tell whether more may follow: its characters in threes each mean two bytes (RFC 9285 §4)."""
    body = text[len(hcert.PREFIX) :].rstrip(" ")
    return base45.decode(body[: len(body) // 3 * 3]) is not None


def _failed(lines: list[str]) -> Unwrapped:
    """Say why lines that show a code's beginning are not read."""
    text = "\n".join(lines)
    if len(text) > LONGEST:
        return Unwrapped(text[:LONGEST], finding=Finding(Code.TEXT_TOO_LONG))
    if _SIGN.search(text.translate(_WIDE)) is None:
        names = list(dict.fromkeys(reading.layout for reading in keyboards.readings(_bare(text))))
        shown = " or ".join(names) if len(names) < 3 else f"{names[0]}, {names[1]}..."
        return Unwrapped(text, finding=Finding(Code.KEYBOARD_LAYOUT, shown))
    if len(lines) > 1:
        return Unwrapped(text, finding=Finding(Code.BASE45_INVALID, "broken over lines"))
    for meant, _ in _meanings(text):
        if (sign := _BEGINNING.search(meant)) is not None:
            code = meant[sign.start() :].rstrip()
            outcome = hcert.unwrap(hcert.PREFIX + code[len(hcert.PREFIX) :])
            finding = outcome if isinstance(outcome, Finding) else Finding(Code.BASE45_INVALID)
            return Unwrapped(code, finding=finding)
    return Unwrapped(text, finding=Finding(Code.BASE45_INVALID))


def _unknown(lines: list[str], first: int) -> Unwrapped:
    text = "\n".join(lines)[:LONGEST]
    return Unwrapped(text, finding=Finding(Code.PREFIX_UNKNOWN), line=first)


def _document(text: str, number: int) -> Iterator[Unwrapped]:
    """Yield what a structured document holds: it is a seal, or codes are written in it; or what kind it is."""
    bare = text.translate(_PLAIN).lstrip(BLANKS)
    name = name_of(bare)
    pieces = list(_seals_in(text.lstrip(BLANKS))) or [
        piece for string in shapes.strings_of(text) for piece in _in_string(string, name)
    ]
    if all(piece.finding is not None and piece.finding.code in _NO_CODE for piece in pieces):
        pieces = []
    pieces = pieces or [
        piece._replace(line=count)
        for count, line in enumerate(lines_of(text), number)
        if _SIGN.search(line)
        for piece in list(_all_in(line)) or [_failed([line])]
    ]
    pieces = pieces or list(_among_markup(text, number))
    if pieces:
        yield from pieces
        return
    if name is not None:
        yield Unwrapped(bare[:LONGEST], finding=Finding(Code.FORMAT_NOT_READ, name))
        return
    kind = next((name for pattern, name in _FILES if pattern.match(bare)), None)
    finding = Finding(Code.PREFIX_UNKNOWN) if kind is None else Finding(Code.FILE_NOT_READ, kind)
    yield Unwrapped(bare[:LONGEST], finding=finding)


def _among_markup(text: str, number: int) -> Iterator[Unwrapped]:
    """Yield the texts of other schemes that stand whole in a web page or the like."""
    if text.lstrip(BLANKS).startswith(("{", "[")):
        return
    reading = _Lines()
    for count, line in enumerate(lines_of(text), number):
        for piece in reading.take(count, line):
            if piece.finding is None:
                yield piece
    for piece in reading.end():
        if piece.finding is None:
            yield piece


def _in_string(text: str, name: str | None) -> Iterator[Unwrapped]:
    for piece in codes([text]):
        # In a file of health cards every JWS is one, whatever its head says.
        card = (
            shapes.card_of(piece.text)
            if name == shapes.CARDS and piece.finding is not None
            else None
        )
        yield piece if card is None else Unwrapped(card)


def _seals_in(text: str) -> Iterator[Unwrapped]:
    """Yield the seals that a JSON text is, or is a list of."""
    for document in shapes.documents_in(text) if text.startswith("[") else [text.rstrip(BLANKS)]:
        if of(document) is not None:
            long = Finding(Code.TEXT_TOO_LONG) if len(document) > LONGEST else None
            yield Unwrapped(document[:LONGEST], finding=long)
