"""Write a name of any script in the letters of the lines at the foot of a travel document.

    name -> NFKC -> recommended Latin forms | iuliia | pypinyin | anyascii -> A-Z and <

1. The tables are libraries': Cyrillic is iuliia's `icao_doc_9303`, Chinese pypinyin's, every other
   script anyascii's. Ours is only where ICAO Doc 9303-3 §6 says something else than they do.
2. What comes out matches ^[A-Z<]*$, has no `<` at its ends nor two in a row, and is no longer than 80;
   writing it again changes nothing.
3. What the travel document itself shows is better than any of this: it is taken where it is given.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from pratique.errors import ExtraMissing

LONGEST = 80
"""Characters of a transliterated name (DCC schema 1.3, `fnt` and `gnt`)."""

_SHAPE = re.compile(r"[A-Z<]*", re.ASCII)

# ICAO Doc 9303-3 §6.A "Transliteration of multinational Latin-based characters": where it allows two
# forms ("AE or A", "N or NXX") the first. Only what the libraries write in another way.
_LATIN = str.maketrans({
    "Ä": "AE", "Å": "AA", "Ö": "OE", "Ø": "OE", "Ü": "UE", "Ŋ": "N", "ŋ": "N",
    "ä": "AE", "å": "AA", "ö": "OE", "ø": "OE", "ü": "UE", "ĸ": "Q",
    # §6.B "Transliteration of Cyrillic characters", the letters that iuliia's schema leaves out.
    "Ђ": "D", "ђ": "D", "Џ": "DZ", "џ": "DZ",
    # §6.C "Transliteration of Arabic script": ALEF is A. anyascii leaves it out, or writes an
    # apostrophe that §4.6 drops: a name would lose the only vowel that is written.
    "ا": "A", "آ": "A", "أ": "A", "إ": "I",  # noqa: RUF001 - it is an alef
})  # fmt: skip

# ICAO Doc 9303-3 §4.6: an apostrophe is left out; a hyphen and a comma become a filler.
_ASCII = dict.fromkeys(range(128))
_ASCII |= {
    ord(sign): ord(sign.upper()) for sign in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
}
_ASCII |= dict.fromkeys(map(ord, " -,<\t\n\r/"), ord("<"))
_FILLERS = re.compile("<<+")
_CYRILLIC = re.compile("[\u0400-\u04ff]+")
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")
_KANA = re.compile("[\u3040-\u30ff]")
_UNSURE = re.compile(
    "[\u0590-\u109f\u1200-\u137f\u1780-\u17ff\u3040-\u9fff\uf900-\ufaff\ufb1d-\ufdff]"
)

# A surname is read in its own way, which is not the character's commonest (Xiandai Hanyu Cidian,
# 姓 entries); pypinyin has no reading for surnames.
_SURNAMES = {
    "曾": "zeng", "单": "shan", "單": "shan", "解": "xie", "仇": "qiu", "查": "zha", "区": "ou", "區": "ou",
    "朴": "piao", "盖": "ge", "蓋": "ge", "翟": "zhai", "乐": "yue", "樂": "yue", "缪": "miao", "繆": "miao",
    "种": "chong", "召": "shao", "秘": "bi", "折": "she", "洗": "xian", "繁": "po", "员": "yun", "員": "yun",
    "覃": "qin", "祭": "zhai", "卜": "bu", "尉迟": "yuchi", "尉遲": "yuchi", "万俟": "moqi", "萬俟": "moqi",
    "单于": "chanyu", "單于": "chanyu", "令狐": "linghu",
}  # fmt: skip


def transliterate(name: str, *, surname: bool = False) -> str:
    """Return the name in A-Z and `<`; "" if it has no letter that can be written so.

    Args:
        surname: read Chinese characters as a surname.

    Raises:
        ExtraMissing: the libraries' tables are not installed (extra `issuer`).
    """
    if name.isascii():
        if name.isalpha() and len(name) <= LONGEST:
            return name.upper()
    else:
        name = _latin(unicodedata.normalize("NFKC", name[: 8 * LONGEST]), surname)
    found = name.translate(_ASCII)
    if "<" in found:
        found = _FILLERS.sub("<", found).strip("<")
    return found if len(found) <= LONGEST else found[:LONGEST].rstrip("<")


def is_transliteration(text: str) -> bool:
    """Tell whether a text has the shape of the travel document's (DCC schema 1.3, `fnt`)."""
    return len(text) <= LONGEST and _SHAPE.fullmatch(text) is not None


def reading_is_unsure(name: str) -> bool:
    """Tell whether the script does not settle the reading: vowels unwritten, or Chinese characters."""
    return not name.isascii() and _UNSURE.search(name) is not None


def _latin(name: str, surname: bool) -> str:
    name = name.translate(_LATIN)
    if not name.isascii():
        name = "".join(map(_sign, name))
        name = _CYRILLIC.sub(_from_cyrillic, name)
        if not _KANA.search(name):
            name = _HAN.sub(lambda match: _from_han(match[0], surname), name)
    return name if name.isascii() else str(_anyascii()(name))


def _sign(sign: str) -> str:
    """Keep letters and marks, turn blanks and dashes into fillers, leave out all else."""
    if sign.isascii():
        return sign
    category = unicodedata.category(sign)
    if category[0] in "LM":
        return sign
    return "<" if category[0] == "Z" or category == "Pd" else ""


def _from_cyrillic(match: re.Match[str]) -> str:
    return str(_iuliia().translate(match[0].lower()))


def _from_han(name: str, surname: bool) -> str:
    if surname and name in _SURNAMES:
        return _SURNAMES[name]
    read = "".join(_pinyin()(name, errors="ignore"))
    # GB/T 28039-2011: ü is written YU in capital letters; pypinyin writes it v.
    return read.replace("v", "yu") or str(_anyascii()(name))


@lru_cache(maxsize=1)
def _anyascii() -> Any:
    try:
        from anyascii import anyascii  # noqa: PLC0415 - most names are ASCII
    except ImportError as error:
        raise _missing() from error
    return anyascii


@lru_cache(maxsize=1)
def _iuliia() -> Any:
    try:
        from iuliia import ICAO_DOC_9303  # noqa: PLC0415 - read when a Cyrillic name comes
    except ImportError as error:
        raise _missing() from error
    return ICAO_DOC_9303


@lru_cache(maxsize=1)
def _pinyin() -> Any:
    try:
        from pypinyin import lazy_pinyin  # noqa: PLC0415 - 150 ms, for Chinese names only
    except ImportError as error:
        raise _missing() from error
    return lazy_pinyin


def _missing() -> ExtraMissing:
    return ExtraMissing("issuer", "writing names in the letters of travel documents")
