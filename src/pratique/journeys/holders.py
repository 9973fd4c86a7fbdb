"""Do two certificates belong to one person? Decided from what they print, nothing else.

    Person, Person -> birth dates -> name parts -> SAME | DIFFERENT | UNCLEAR

1. A birth date that contradicts is decisive: relatives share names.
2. Names are compared part by part, in ICAO 9303 letters; surname and forename may be swapped.
3. Where only a later forename agrees (twins share those) or a date is partial: UNCLEAR, and nobody is
   merged.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from pratique.model import Moment, Person


class Likeness(StrEnum):
    """Whether two certificates are about one person."""

    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


_TITLES = frozenset({"DR", "PROF"})
_GAPS = re.compile(r"[<\s.,'’`\-]+")
_NOT_LETTERS = re.compile(r"[^A-Z0-9]")

# ICAO Doc 9303-3 section 6 A: letters that no decomposition turns into A-Z.
_LETTERS = str.maketrans(
    {
        "Ä": "AE", "Ö": "OE", "Ü": "UE", "ẞ": "SS", "ß": "SS", "Æ": "AE", "Ø": "OE", "Å": "AA",
        "Œ": "OE", "Þ": "TH", "Ð": "D", "Đ": "D", "Ł": "L", "Ħ": "H", "Ŋ": "N", "Ŧ": "T",
        "Ĳ": "IJ", "\u0131": "I", "ĸ": "Q", "Ə": "E",
    }
)  # fmt: skip

# The same letter is written in two ways by different states (Ü: UE or U; 9303-3 allows both).
_FOLDS = (("AE", "A"), ("OE", "O"), ("UE", "U"), ("AA", "A"), ("SS", "S"))


def parts(name: str) -> tuple[str, ...]:
    """Return the parts of a name in ICAO letters, without titles."""
    text = unicodedata.normalize("NFC", name).replace("ß", "SS").upper().translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    found = (_NOT_LETTERS.sub("", part) for part in _GAPS.split(text))
    return tuple(part for part in found if part and part not in _TITLES)


def likeness(a: Person, b: Person) -> Likeness:
    """Compare two persons as their certificates print them."""
    dates = _dates(a.birth_date, b.birth_date)
    if dates is Likeness.DIFFERENT:
        return dates
    names = _names(_named(a), _named(b))
    if names is Likeness.DIFFERENT:
        return names
    return Likeness.SAME if dates is names is Likeness.SAME else Likeness.UNCLEAR


def _named(person: Person) -> tuple[tuple[str, ...], tuple[str, ...]]:
    surname = parts(person.surname_icao or person.surname or "")
    forename = parts(person.forename_icao or person.forename or "")
    return surname, forename


def _dates(a: Moment | None, b: Moment | None) -> Likeness:
    if a is None or b is None:
        return Likeness.UNCLEAR if a is not b else Likeness.SAME
    if a == b:
        return Likeness.SAME
    apart = a.day() > b.last_day() or b.day() > a.last_day()
    return Likeness.DIFFERENT if apart else Likeness.UNCLEAR


def _names(
    a: tuple[tuple[str, ...], tuple[str, ...]], b: tuple[tuple[str, ...], tuple[str, ...]]
) -> Likeness:
    straight = _weaker(_group(a[0], b[0]), _group(a[1], b[1]))
    swapped = _weaker(_group(a[0], b[1]), _group(a[1], b[0]))
    for outcome in (Likeness.SAME, Likeness.UNCLEAR):
        if outcome in {straight, swapped}:
            return outcome
    return Likeness.DIFFERENT


def _weaker(x: Likeness, y: Likeness) -> Likeness:
    for outcome in (Likeness.DIFFERENT, Likeness.UNCLEAR):
        if outcome in {x, y}:
            return outcome
    return Likeness.SAME


def _group(a: tuple[str, ...], b: tuple[str, ...]) -> Likeness:
    if not a and not b:
        return Likeness.SAME
    if not a or not b:
        return Likeness.DIFFERENT
    if _folded(a[0]) == _folded(b[0]):
        return Likeness.SAME
    shared = {_folded(part) for part in a} & {_folded(part) for part in b}
    return Likeness.UNCLEAR if shared else Likeness.DIFFERENT


def _folded(part: str) -> str:
    for two, one in _FOLDS:
        part = part.replace(two, one)
    return part
