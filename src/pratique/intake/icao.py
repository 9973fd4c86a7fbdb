"""Write a name of any script in the letters of the lines at the foot of a travel document.

    name -> NFKC -> state's table | recommended Latin forms | pypinyin | anyascii -> A-Z and <

1. Cyrillic is ICAO Doc 9303-3 §6.B and the tables by which states print their passports, Greek ELOT 743,
   Chinese pypinyin's, every other script anyascii's.
2. A letter that states write in different ways is written as the state does whose name it is: the letters
   of the whole name tell it (Є, Ї: Ukrainian), or else the nationality or the issuer's country. Where
   nothing tells it, that is a remark: nobody's name is silently written as another state would.
3. What comes out matches ^[A-Z<]*$, has no `<` at its ends nor two in a row, and is no longer than 80;
   writing it again changes nothing.
4. What the travel document itself shows is better than any of this: it is taken where it is given.

Apart because it is a standard of its own: ICAO Doc 9303, with the tables of states.
"""

# ruff: noqa: RUF001 - names of many scripts, and the signs of many keyboards
from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, NamedTuple

from pratique.errors import ExtraMissing

LONGEST = 80
"""Characters of a transliterated name (DCC schema 1.3, `fnt` and `gnt`)."""

_SHAPE = re.compile(r"[A-Z<]*", re.ASCII)

# ICAO Doc 9303-3 §6.A "Transliteration of multinational Latin-based characters": where it allows two
# forms ("AE or A", "N or NXX") the first. Only what the libraries write in another way.
_LATIN = str.maketrans({
    "Ä": "AE", "Å": "AA", "Ö": "OE", "Ø": "OE", "Ü": "UE", "Ŋ": "N", "ŋ": "N",
    "ä": "AE", "å": "AA", "ö": "OE", "ø": "OE", "ü": "UE", "ĸ": "Q",
    # §6.C "Transliteration of Arabic script": ALEF is A. anyascii leaves it out, or writes an
    # apostrophe that §4.6 drops: a name would lose the only vowel that is written.
    "ا": "A", "آ": "A", "أ": "A", "إ": "I",
})  # fmt: skip

# Turkish and Azerbaijani passports write Ö and Ü without an E; these letters say whose name it is.
_TURKIC = str.maketrans({"Ö": "O", "Ü": "U", "ö": "O", "ü": "U"})
_TURKIC_LETTERS = re.compile("[ğĞıİşŞəƏ]")
_TURKIC_STATES = frozenset({"TR", "TUR", "AZ", "AZE"})

# ICAO Doc 9303-3 §4.6: an apostrophe is left out, whatever sign a keyboard has for it. It goes before
# NFKC, which makes a blank and an accent of some of them.
APOSTROPHES = frozenset("'´`’‘‛′‵ʹʻʼʽʾʿˈˊˋ՚ꞌ＇｀᾽᾿῾΄")
_NO_APOSTROPHES = dict.fromkeys(map(ord, APOSTROPHES))

# ICAO Doc 9303-3 §4.6: an apostrophe is left out; a hyphen and a comma become a filler.
_ASCII = dict.fromkeys(range(128))
_ASCII |= {
    ord(sign): ord(sign.upper()) for sign in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
}
_ASCII |= dict.fromkeys(map(ord, " -,<\t\n\r/"), ord("<"))
_FILLERS = re.compile("<<+")
_CYRILLIC = re.compile("[\u0400-\u0482\u048a-\u052f]+")
_GREEK = re.compile("[\u0370-\u03e1\u1f00-\u1fff]+")
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")
_KANA = re.compile("[\u3040-\u30ff]")
_SETTLED = frozenset({"LATIN", "CYRILLIC", "GREEK", "GEORGIAN"})
"""Scripts whose reading a table settles; of the others no table is the passports' (9303-3 §6.C: a
state may write Arabic as it is spoken), or the vowels are unwritten."""
# ICAO Doc 9303-3 §6.A: what does not come down to A-Z by leaving out its marks.
_NATIONAL = frozenset("ÆÐØÞßĐĦIĲĸŁŊŒŦſƏẞæðøþđħıĳłŋœŧəŉ")


class _Passports(NamedTuple):
    """How a state writes Cyrillic in its passports, where it is not as 9303-3 §6.B first says.

    Attributes:
        alphabet: the letters of its language.
        letters: what they are.
        initial: what they are where a word begins with them.
        parts: what letters are that stand together; the longest first, `$` is a word's end.
    """

    states: tuple[str, ...]
    alphabet: frozenset[str]
    letters: dict[str, str]
    initial: dict[str, str] = {}  # noqa: RUF012 - read only
    parts: dict[str, str] = {}  # noqa: RUF012 - read only


# §6.B, the letters that iuliia's schema leaves out: Ѫ is U and Һ is C there. Those of the other
# languages are not in it; what stands here for them is proposed, and asked about.
_MORE = {
    "ђ": "D", "є": "IE", "ѕ": "DZ", "і": "I", "ї": "I", "ј": "J", "љ": "LJ", "њ": "NJ", "ќ": "K",
    "ѓ": "G", "ў": "U", "џ": "DZ", "ћ": "C", "ѫ": "U", "ѵ": "Y", "ґ": "G", "ғ": "G", "һ": "C",
    "ѐ": "E", "ѝ": "I",
    "ә": "A", "қ": "K", "ң": "N", "ө": "O", "ұ": "U", "ү": "U", "ӣ": "I", "ӯ": "U", "ҳ": "H", "ҷ": "J",
    "җ": "J", "ӱ": "U", "ӧ": "O", "ӓ": "A", "ӑ": "A", "ӗ": "E", "ҫ": "S", "ҙ": "Z", "ҡ": "K", "ҝ": "G",
    "ҹ": "J", "ӈ": "N", "ҥ": "NG", "ѳ": "F", "ѣ": "E", "ӏ": "",
}  # fmt: skip
_TABLES = (
    _Passports(("RU", "RUS"), frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"), {}),
    # Cabinet of Ministers of Ukraine, resolution 55 of 2010.
    _Passports(
        ("UA", "UKR"), frozenset("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
        {"г": "H", "и": "Y"}, {"є": "YE", "ї": "YI", "й": "Y", "ю": "YU", "я": "YA"}, {"зг": "ZGH"},
    ),
    _Passports(
        ("BY", "BLR"), frozenset("абвгґдеёжзійклмнопрстуўфхцчшыьэюя"), {"г": "H", "ё": "IO"},
    ),
    # Transliteration Act of 2009.
    _Passports(
        ("BG", "BGR"), frozenset("абвгдежзийклмнопрстуфхцчшщъьюя"),
        {"й": "Y", "х": "H", "щ": "SHT", "ъ": "A", "ь": "Y", "ю": "YU", "я": "YA"}, {}, {"ия$": "IA"},
    ),
    # The state's own Latin letters, as §6.A writes them.
    _Passports(
        ("RS", "SRB", "ME", "MNE", "BA", "BIH"), frozenset("абвгдђежзијклљмнњопрстћуфхцчџш"),
        {"ж": "Z", "х": "H", "ц": "C", "ч": "C", "ш": "S"},
    ),
    _Passports(
        ("MK", "MKD"), frozenset("абвгдѓежзѕијклљмнњопрстќуфхцчџш"),
        {"ѓ": "GJ", "ќ": "KJ", "х": "H", "ц": "C", "џ": "DJ"},
    ),
)  # fmt: skip

# ELOT 743, as Greek passports write.
_GREEK_LETTERS = dict(zip(
    "αβγδεζηθικλμνξοπρσςτυφχψω",
    ["A", "V", "G", "D", "E", "Z", "I", "TH", "I", "K", "L", "M", "N", "X", "O", "P", "R", "S", "S", "T", "Y", "F", "CH", "PS", "O"], strict=True,
))  # fmt: skip
_GREEK_PAIRS = {"ου": "OU", "γγ": "NG", "γξ": "NX", "γχ": "NCH"}
_VOICED = frozenset("αεηιουωβγδζλμνρ")

# A surname is read in its own way, which is not the character's commonest (Xiandai Hanyu Cidian,
# 姓 entries); pypinyin has no reading for surnames.
_SURNAMES = {
    "曾": "zeng", "单": "shan", "單": "shan", "解": "xie", "仇": "qiu", "查": "zha", "区": "ou", "區": "ou",
    "朴": "piao", "盖": "ge", "蓋": "ge", "翟": "zhai", "乐": "yue", "樂": "yue", "缪": "miao", "繆": "miao",
    "种": "chong", "召": "shao", "秘": "bi", "折": "she", "洗": "xian", "繁": "po", "员": "yun", "員": "yun",
    "覃": "qin", "祭": "zhai", "卜": "bu", "尉迟": "yuchi", "尉遲": "yuchi", "万俟": "moqi", "萬俟": "moqi",
    "单于": "chanyu", "單于": "chanyu", "令狐": "linghu",
}  # fmt: skip


def transliterate(name: str, *, surname: bool = False, whole: str = "", state: str = "") -> str:
    """Return the name in A-Z and `<`; "" if it has no letter that can be written so.

    Args:
        surname: read Chinese characters as a surname.
        whole: all names of the person: letters of one tell how another is to be written.
        state: ISO 3166 code of the nationality or else of the issuer's country, if it is known.

    Raises:
        ExtraMissing: the libraries' tables are not installed (extra `issuer`).
    """
    if name.isascii():
        if name.isalpha() and len(name) <= LONGEST:
            return name.upper()
    else:
        name = _latin(_folded(name), surname, whole or name, state)
    found = name.translate(_ASCII)
    if "<" in found:
        found = _FILLERS.sub("<", found).strip("<")
    return found if len(found) <= LONGEST else found[:LONGEST].rstrip("<")


def is_transliteration(text: str) -> bool:
    """Tell whether a text has the shape of the travel document's (DCC schema 1.3, `fnt`)."""
    return len(text) <= LONGEST and _SHAPE.fullmatch(text) is not None


def reading_is_unsure(name: str) -> bool:
    """Tell whether no table settles the reading: of its script, of a letter, or of two scripts in one."""
    if name.isascii():
        return False
    scripts = set()
    for sign in _folded(name):
        if sign.isascii():
            scripts |= {"LATIN"} if sign.isalpha() else set()
        elif unicodedata.category(sign)[0] == "L":
            script = unicodedata.name(sign, "").partition(" ")[0]
            letter = unicodedata.normalize("NFD", sign)[0]
            if script == "LATIN" and not letter.isascii() and letter not in _NATIONAL:
                return True
            scripts.add(script)
    # A Latin A and a Cyrillic one look alike: a name of both is a slip, or worse.
    return not scripts <= _SETTLED or len(scripts) > 1


def differs_by_state(name: str, *, whole: str = "", state: str = "") -> bool:
    """Tell whether states write the name in different ways, and nothing tells which one is meant."""
    runs = _CYRILLIC.findall(_folded(name).lower())
    if not runs:
        return False
    possible = _tables(whole or name)
    if not possible or (set("".join(runs)) & {"ђ"}):
        # Letters of no table's language. Serbian Ђ is D in 9303-3 §6.A, and DJ to many.
        return True
    if any(state in table.states for table in possible):
        return False
    return any(len({_written(run, table) for table in possible}) > 1 for run in runs)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name[: 8 * LONGEST].translate(_NO_APOSTROPHES))


def _latin(name: str, surname: bool, whole: str, state: str) -> str:
    if state in _TURKIC_STATES or _TURKIC_LETTERS.search(whole):
        name = name.translate(_TURKIC)
    name = name.translate(_LATIN)
    if not name.isascii():
        name = _GREEK.sub(lambda match: _from_greek(match[0]), name)
        if _CYRILLIC.search(name):
            # The state's own, or the first that is possible: 9303-3's, if it is.
            possible = _tables(whole)
            own = [table for table in possible if state in table.states]
            table = (own or possible or [_TABLES[0]])[0]
            name = _CYRILLIC.sub(lambda match: _written(match[0].lower(), table), name)
        name = "".join(map(_sign, name))
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


def _tables(whole: str) -> list[_Passports]:
    """Return the tables of the languages that have all Cyrillic letters of a name."""
    letters = set("".join(_CYRILLIC.findall(_folded(whole).lower())))
    return [table for table in _TABLES if letters <= table.alphabet]


def _written(run: str, table: _Passports) -> str:
    """Write a word of Cyrillic letters by a state's table."""
    found, place = "", 0
    while place < len(run):
        for part, written in table.parts.items():
            letters = part.rstrip("$")
            if run.startswith(letters, place) and (
                letters == part or place + len(letters) == len(run)
            ):
                found, place = found + written, place + len(letters)
                break
        else:
            sign = run[place]
            own = table.initial.get(sign) if place == 0 else None
            if own is None:
                own = table.letters.get(sign, _MORE.get(sign))
            found += str(_iuliia().translate(sign)).upper() if own is None else own
            place += 1
    return found


def _from_greek(run: str) -> str:
    """Write a word of Greek letters by ELOT 743.

    An accent on a pair's first vowel, or a diaeresis on its second, parts the two.
    """
    letters: list[list[str]] = []
    for sign in unicodedata.normalize("NFD", run.lower()):
        if unicodedata.combining(sign):
            if letters:
                letters[-1][1] += sign
        else:
            letters.append(["σ" if sign == "ς" else sign, ""])
    plain = "".join(letter for letter, _ in letters)
    found, place = "", 0
    while place < len(plain):
        pair = plain[place : place + 2]
        is_one = len(pair) == 2 and "\u0308" not in letters[place + 1][1]
        is_one = is_one and not set("\u0300\u0301\u0342") & set(letters[place][1])
        if is_one and pair in ("αυ", "ευ", "ηυ"):
            after = plain[place + 2 : place + 3]
            found += _GREEK_LETTERS[pair[0]] + ("V" if after in _VOICED else "F")
        elif is_one and pair in _GREEK_PAIRS:
            found += _GREEK_PAIRS[pair]
        elif pair == "μπ":
            found += "B" if place == 0 or place + 2 == len(plain) else "MP"
        else:
            found += _GREEK_LETTERS.get(plain[place], plain[place])
            place -= 1
        place += 2
    return found


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
