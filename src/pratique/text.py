r"""Text from outside, made safe to be shown: at a terminal, in JSON, on paper.

    printable(text) -> each character as it is, or its number: \u{202e}
    in_json(document) -> the same characters as JSON's own escapes: the data stay what they are
    seen(text)        -> without them, for paper and for what is signed
    as_json(document) · plural(2, "entry") · table(rows) · rfc3339(seconds) · wrapped(line, 80)

1. A name must not be able to repaint the verdict above it, to turn the direction of what stands beside it,
   or to hide a part of itself: controls of both kinds (ESC and U+009B begin a terminal's commands), what
   turns or joins text, private and unassigned characters, halves of surrogate pairs, letters without a form.
2. Marks stay on their letter, no more of them than any script writes: a pile of them covers other lines, and one
   without a letter sits on a word of ours.
3. Letters of every script stay as they are.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

MOST_MARKS = 8
"""Marks on one letter: a Burmese syllable has up to 7. One that stands above or below the letter counts twice, since
those are piled up: Vietnamese has 2 of them."""
LONGEST = 200

_MASKED = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Me"}
# Letters and signs that have no form (Unicode's Default_Ignorable_Code_Point, and Braille's empty cell):
# the fillers of Hangul, the grapheme joiner, Khmer's inherent vowels, Mongolian and Khitan selectors.
FORMLESS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4"
)
"""Letters and signs that are there and cannot be seen."""
# These choose one of several forms of the character before them: in Japanese names they are meant.
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINERS = "\u200c\u200d"
_PLAIN = re.compile(r"[ -~]*")


class Notice(str):
    """Something that is noted, as it stands in English; who has other words says it by its name and what is filled in.

    Attributes:
        name: stable, of the words that say it.
        values: what is filled in, by name.
    """

    __slots__ = ("name", "values")
    name: str
    values: dict[str, str | int]

    def __new__(cls, name: str, text: str, **values: str | int) -> Notice:
        """Fill in `values` where the text names them."""
        made = super().__new__(cls, text.format(**values))
        made.name, made.values = name, values
        return made


def printable(text: str, longest: int = LONGEST) -> str:
    """Return a text without anything that moves the cursor, turns the direction, piles up or hides.

    Args:
        text: anything.
        longest: characters of it that are shown; an ellipsis tells of the rest.
    """
    shown = text[:longest]
    if not _PLAIN.fullmatch(shown):
        shown = "".join(f"\\u{{{ord(c):x}}}" if bad else c for c, bad in _told(shown))
    return shown + ("…" if len(text) > longest else "")


def in_json(document: str) -> str:
    """Return a JSON document in which every character that is not shown is escaped.

    A parser reads the same strings out of it. Only half of a surrogate pair is no character of a string: it
    is what is left of a file's name that is not UTF-8, and is told as `printable` tells it.

    Args:
        document: as json.dumps writes it, with ensure_ascii=False.
    """
    if _PLAIN.fullmatch(document):
        return document
    # The line ends between members are JSON's own; in a string they are escaped already.
    lines = document.split("\n")
    return "\n".join("".join(_escaped(c) if bad else c for c, bad in _told(line)) for line in lines)


def seen(text: str) -> str:
    """Return a text without what is not shown; the joiners that Persian and Indic names are spelled with stay."""
    return "".join(c for c, bad in _told(text) if not bad or c in _JOINERS)


def _told(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each character, and whether it is not to be shown as it is."""
    # How many marks may follow yet.
    room = 0
    for sign in text:
        if sign.isascii():
            is_hidden = not sign.isprintable()
            room = 0 if is_hidden or sign == '"' else MOST_MARKS
        elif sign in FORMLESS or (kind := unicodedata.category(sign)) in _MASKED:
            # A vowel may follow upon a joiner.
            is_hidden, room = True, room if sign in _JOINERS else 0
        elif kind[0] != "M":
            is_hidden, room = False, MOST_MARKS
        else:
            is_hidden = room < 1 or _strikes_out(sign)
            # One selector, and nothing upon it. From class 200 on a mark stands above, below or beside.
            used = 2 if unicodedata.combining(sign) >= 200 else 1
            room = 0 if _SELECTORS.match(sign) else room - used
        yield sign, is_hidden


def _strikes_out(sign: str) -> bool:
    # A line through the letter before it (canonical combining class 1): "GREEN" could be made to look taken back.
    return unicodedata.combining(sign) == 1 and sign < "\u3000"


def _escaped(sign: str) -> str:
    if "\ud800" <= sign <= "\udfff":
        return f"\\\\u{{{ord(sign):x}}}"
    units = sign.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def as_json(document: Any, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """Write a document to be shown: what a terminal would obey stands in it as JSON's own escapes."""
    return in_json(json.dumps(document, indent=indent, sort_keys=sort_keys, ensure_ascii=False))


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return "1 entry" or "2 entries"; `nouns` where it is not made by s, es or ies."""
    if count == 1:
        return f"1 {noun}"
    if not nouns:
        if noun.endswith("y") and noun[-2:-1] not in "aeiou":
            nouns = f"{noun[:-1]}ies"
        else:
            nouns = noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")
    return f"{count:,} {nouns}"


def amount(low: int, high: int | None = None) -> str:
    """Return a count of people, or a range: in millions from ten million on, to the hundred thousand from one, else whole."""
    first, last = _amount(low), _amount(low if high is None else high)
    if first == last:
        return first
    # "1.2 million to 3.4 million" is read more slowly than "1.2 to 3.4 million".
    number, _, scale = first.partition(" ")
    return f"{number if scale and last.endswith(scale) else first} to {last}"


def _amount(people: int) -> str:
    if people >= 10_000_000:
        return f"{round(people, -6) // 1_000_000:,} million"
    return f"{people / 1_000_000:.1f} million" if people >= 1_000_000 else f"{people:,}"


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines, each column as wide as its widest cell."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def rfc3339(instant: int | datetime) -> str:
    """Write an instant, or seconds since the epoch, as RFC 3339 in UTC; as a number where no calendar reaches."""
    if isinstance(instant, int):
        if not 0 <= instant <= EPOCH_END:
            return str(instant)
        instant = datetime.fromtimestamp(instant, UTC)
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?")
_CALENDAR = range(2, 9999)
"""Years of which an instant is a date on every clock of the world."""
NO_ZONE = timezone(timedelta(), "UTC")
"""UTC, where nobody said so: a date alone. A zone that is named takes its place."""


def instant_of(text: str) -> datetime:
    """Read RFC 3339 with a zone, or a date alone, which is its midnight in `NO_ZONE`.

    Raises:
        ValueError: says what is wrong with it, and how it is written.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None and not _DATE.fullmatch(text):
        raise ValueError(
            f"'{text}' is not a valid timestamp: write it as 2026-11-22T12:00:00Z or 2026-11-22"
        )
    try:
        if match is None:
            found = datetime.fromisoformat(text).replace(tzinfo=NO_ZONE)
        else:
            fraction = match[1] or ""
            whole = text.replace(fraction, fraction[:7].ljust(7, "0")) if fraction else text
            found = datetime.fromisoformat(whole.upper())
    except ValueError:
        found = None
    if found is None or found.year not in _CALENDAR:
        raise ValueError(f"'{text}' is not a valid timestamp: there is no such day or time")
    if found.tzinfo is None:
        raise ValueError(
            f"'{text}' has no time zone; write {text}Z for UTC, or {text}+01:00 for the zone of the place"
        )
    return found


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield a line in pieces of at most `width` columns, broken at blanks; what goes on stands further in.

    A word that is longer than that stays whole: nobody could copy it otherwise.
    """
    margin = " " * min(len(line) - len(line.lstrip(" ")) + 4, max(width // 2, 0))
    piece, shown = "", 0
    for word in re.findall(r" *[^ ]+", line) or [""]:
        size = len(_SGR.sub("", word))
        if piece.strip() and shown + size > width:
            yield piece
            word = margin + word.lstrip(" ")  # noqa: PLW2901
            piece, size, shown = "", len(_SGR.sub("", word)), 0
        piece, shown = piece + word, shown + size
    yield piece


_SGR = re.compile("\x1b\\[[0-9;]*m")
EPOCH_END = 253_402_300_799
"""9999-12-31T23:59:59Z: the last second that a date can show."""
