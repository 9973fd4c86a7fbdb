"""The catalogue of words: what paper and pages say, one file a language.

    words/fr.toml | FILE.toml -> bounded TOML -> tables of words
        -> store/pdf/wording.py ([labels], [codes]) | tools/page_words.py (all)

1. English is the list of names: a word that it lacks exists in no language (`tests/unit/store/test_words.py`).
2. A word is one line of text, with {names} in it that stand for what is filled in. No markup: it is shown
   as text. Numbers, dates, units and countries are CLDR's, never a word of ours.
3. A file that cannot be used is refused as a whole, with the first thing that is wrong.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pratique.errors import DocumentRefused, UsageError

LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es", "de", "pt", "hi", "sw")
"""The six languages of the United Nations, then those that were added since."""

TABLES = (
    "page", "border", "wallet", "manifest", "desk", "desk_issue", "desk_change", "desk_files", "desk_day", "desk_refused",
    "remarks", "reasons", "steps", "likeness", "help", "labels", "codes",
)  # fmt: skip
"""What pages say; paper says the last two alone."""

LONGEST = 400
"""Characters of one word."""

_FOLDER = Path(__file__).parent

_LARGEST = 256 * 1024
"""Bytes of a file; ours have up to 60 kB."""


@cache
def builtin(language: str) -> Mapping[str, Any]:
    """Return the document of a language that comes with Pratique.

    Raises:
        UsageError: `language-unknown`.
    """
    if language not in LANGUAGES:
        raise UsageError(
            "language-unknown",
            "there are no words for a language that was asked for",
            f"known are {', '.join(LANGUAGES)}; give the words of another with --translations FILE",
        )
    return parse((_FOLDER / f"{language}.toml").read_bytes())


def parse(data: bytes) -> Mapping[str, Any]:
    """Read a file of words; its tables are looked at by `table`.

    Raises:
        DocumentRefused: `words-refused`.
    """
    # A name of a hundred thousand parts takes its parser hours.
    if len(data) > _LARGEST or any(
        line.partition(b"=")[0].count(b".") > 9 for line in data.split(b"\n")
    ):
        raise refused("it is too large, or has a name of too many parts")
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise refused("it is no TOML") from error
    if not isinstance(document.get("language"), str):
        raise refused("it does not name its language")
    if document.get("direction", "ltr") not in {"ltr", "rtl"}:
        raise refused("its direction is neither ltr nor rtl")
    return document


def table(document: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return one table of words, with their white space made single blanks.

    Raises:
        DocumentRefused: `words-refused`.
    """
    words = document.get(name, {})
    if not isinstance(words, Mapping) or not all(
        isinstance(word, str) and 0 < len(word.strip()) <= LONGEST for word in words.values()
    ):
        raise refused(f"its [{name}] holds something else than words")
    return {key: " ".join(word.split()) for key, word in words.items()}


def refused(why: str) -> DocumentRefused:
    """Return the error for a file of words, and why it cannot be used."""
    return DocumentRefused(
        "words-refused",
        f"the file of words cannot be used: {why}",
        "begin with a copy of the English one, store/words/en.toml",
    )
