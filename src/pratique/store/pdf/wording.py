"""What each language calls things: the six of the United Nations here, any other from a file.

    words/fr.toml | FILE.toml -> labels, codes -> (+ dates and countries of CLDR) -> Wording

1. A label that a file lacks stays English and is marked "(en)": a gap is seen, not guessed.
2. A file that cannot be used is refused as a whole, with the first thing that is wrong.
3. Dates are Gregorian with the month in words, and with the digits that passports use.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.errors import DocumentRefused, ExtraMissing, UsageError
from pratique.model import Moment, Precision
from pratique.sheet import Wording
from pratique.trust import countries

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = ("en", "fr", "es", "ru", "zh", "ar")
"""The six languages of the United Nations, in the order of a sheet."""

LONGEST = 400
"""Characters of one label."""

_FOLDER = Path(__file__).parent / "words"
_CONVENTIONAL = {"en": "en_GB"}
"""A day before its month, as in the other languages."""

_PSEUDO = {None, "XA", "XB"}
"""CLDR's regions for trying out software; test states use the same letters."""


_LARGEST = 256 * 1024
"""Bytes of a catalogue; ours have 3 kB."""


class Words(NamedTuple):
    """A language's wording, and the labels that had to stay English."""

    wording: Wording
    lacking: tuple[str, ...]


@cache
def builtin(language: str) -> Wording:
    """Return one of the six languages.

    Raises:
        UsageError: `language-unknown`.
    """
    if language not in LANGUAGES:
        raise UsageError(
            "language-unknown",
            "there are no words for a language that was asked for",
            f"known are {', '.join(LANGUAGES)}; give the words of another with --translations FILE",
        )
    return read((_FOLDER / f"{language}.toml").read_bytes()).wording


def read(data: bytes) -> Words:
    """Read a catalogue of words.

    Raises:
        DocumentRefused: `words-refused`.
    """
    # A name of a hundred thousand parts takes its parser hours.
    if len(data) > _LARGEST or any(
        line.partition(b"=")[0].count(b".") > 9 for line in data.split(b"\n")
    ):
        raise _refused("it is too large, or has a name of too many parts")
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused("it is no TOML") from error
    language = document.get("language")
    if not isinstance(language, str):
        raise _refused("it does not name its language")
    locale = _locale(language)
    direction = document.get("direction", locale.text_direction)
    if direction not in {"ltr", "rtl"}:
        raise _refused("its direction is neither ltr nor rtl")
    known = _english()
    labels, codes = _table(document, "labels"), _table(document, "codes")
    if strange := sorted(labels.keys() - known.keys()):
        raise _refused(f"it has a label that no sheet bears: {strange[0][:40]}")
    if "{dose}" not in labels.get("dose_of", "{dose}") or "{date}" not in labels.get(
        "time", "{date}"
    ):
        raise _refused("a pattern of it lacks {dose}, or {date}")
    lacking = tuple(name for name in known if name not in labels)
    filled = {name: labels.get(name) or _marked(name, known[name]) for name in known}
    wording = Wording(
        language, direction, filled, codes, partial(_date, locale), partial(_country, locale)
    )
    return Words(wording, lacking)


def _marked(name: str, english: str) -> str:
    return english if name in {"time", "dose_of"} else f"{english} (en)"


@cache
def _english() -> Mapping[str, str]:
    return _table(tomllib.loads((_FOLDER / "en.toml").read_text(encoding="utf-8")), "labels")


def _table(document: Mapping[str, Any], name: str) -> dict[str, str]:
    table = document.get(name, {})
    if not isinstance(table, Mapping) or not all(
        isinstance(word, str) and 0 < len(word.strip()) <= LONGEST for word in table.values()
    ):
        raise _refused(f"its [{name}] holds something else than words")
    return {key: " ".join(word.split()) for key, word in table.items()}


def _refused(why: str) -> DocumentRefused:
    return DocumentRefused(
        "words-refused",
        f"the file of words cannot be used: {why}",
        "begin with a copy of edges/paper/words/en.toml",
    )


def _locale(language: str) -> Locale:
    try:
        from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - the extra `pdf`
    except ImportError as error:
        raise ExtraMissing("pdf", "printing") from error
    try:
        return Locale.parse(_CONVENTIONAL.get(language, language.replace("-", "_")))
    except (ValueError, TypeError, UnknownLocaleError) as error:
        raise _refused("its language is not known to CLDR") from error


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
