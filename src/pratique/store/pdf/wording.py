"""What a sheet says in each language: the six of the United Nations, and any other that is asked for.

    words/fr.toml | FILE.toml -> [labels], [codes] -> (+ dates and countries of CLDR) -> Wording

1. A label that a file lacks stays English and is marked "(en)": a gap is seen, not guessed.
2. A file that cannot be used is refused as a whole, with the first thing that is wrong.
3. Dates are Gregorian with the month in words, and with the digits that passports use.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.errors import ExtraMissing
from pratique.model import Moment, Precision
from pratique.sheet import Wording
from pratique.store import words
from pratique.trust import countries

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = ("en", "fr", "es", "ru", "zh", "ar")
"""The six languages of the United Nations, in the order of a sheet. The catalogue has more, by name."""

_CONVENTIONAL = {"en": "en_GB"}
"""A day before its month, as in the other languages."""

_FORMER = {"latin"}
"""Labels that sheets bore once: a participant's own file may have them still."""

_PSEUDO = {None, "XA", "XB"}
"""CLDR's regions for trying out software; test states use the same letters."""


class Words(NamedTuple):
    """A language's wording, and the labels that had to stay English."""

    wording: Wording
    lacking: tuple[str, ...]


@cache
def builtin(language: str) -> Wording:
    """Return a language of the catalogue.

    Raises:
        UsageError: `language-unknown`.
    """
    return _words(words.builtin(language)).wording


def read(data: bytes) -> Words:
    """Read a file of words.

    Raises:
        DocumentRefused: `words-refused`.
    """
    return _words(words.parse(data))


def _words(document: Mapping[str, Any]) -> Words:
    language = document["language"]
    locale = _locale(language)
    direction = document.get("direction", locale.text_direction)
    known = words.table(words.builtin("en"), "labels")
    labels, codes = words.table(document, "labels"), words.table(document, "codes")
    if strange := sorted(labels.keys() - known.keys() - _FORMER):
        raise words.refused(f"it has a label that no sheet bears: {strange[0][:40]}")
    if "{dose}" not in labels.get("dose_of", "{dose}") or "{date}" not in labels.get(
        "time", "{date}"
    ):
        raise words.refused("a pattern of it lacks {dose}, or {date}")
    lacking = tuple(name for name in known if name not in labels)
    filled = {name: labels.get(name) or _marked(name, known[name]) for name in known}
    wording = Wording(
        language, direction, filled, codes, partial(_date, locale), partial(_country, locale)
    )
    return Words(wording, lacking)


def _marked(name: str, english: str) -> str:
    return english if name in {"time", "dose_of"} else f"{english} (en)"


def _locale(language: str) -> Locale:
    try:
        from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - the extra `pdf`
    except ImportError as error:
        raise ExtraMissing("pdf", "printing") from error
    try:
        return Locale.parse(_CONVENTIONAL.get(language, language.replace("-", "_")))
    except (ValueError, TypeError, UnknownLocaleError) as error:
        raise words.refused("its language is not known to CLDR") from error


def _date(locale: Locale, moment: Moment) -> str:
    from babel.dates import format_date, format_skeleton  # noqa: PLC0415 - the extra `pdf`

    day = moment.day()
    if moment.precision is Precision.YEAR:
        return format_skeleton("y", day, locale=locale)
    if moment.precision is Precision.MONTH:
        return format_skeleton("yMMMM", day, locale=locale)
    return format_date(day, "long", locale)


def _country(locale: Locale, code: str) -> str:
    known = countries.code(code)
    name = locale.territories.get(known) if known not in _PSEUDO else None
    return str(name) if name else code
