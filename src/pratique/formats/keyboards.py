"""Keyboard layouts: what a hardware scanner meant, where it types under another layout than the computer's.

    "HC1Öº..." -> each layout, each way round, caps lock or not -> what was meant, and the layout's name

1. A scanner types keys, not characters: set to one layout, at a computer set to another, it garbles what
   it read. That is our equipment's fault, and never the holder's.
2. One table holds the layouts; which key makes which character is derived from it, in both directions
   (a US scanner at another computer, another scanner at a US computer).
3. Nothing is believed because it reads well: whoever asks confirms a reading by the code's checksum.
4. A layout that makes one character of two keys (Greek: W and S) cannot be read back: it is named only.

Apart because it is a table of other people's keyboards, which nobody need read to know how a text is unwrapped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

from pratique.formats.base45 import ALPHABET

_MEANT = ALPHABET.decode()

# The 47 keys that all keyboards have in common, row by row, as they type without and with shift.
_US = (
    "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./",
    '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?',
)
LAYOUTS: dict[str, tuple[str, str]] = {
    "German": (
        "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-",
        "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_",
    ),
    "French": (
        "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!",
        "~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§",
    ),
    "Belgian": (
        "²&é\"'(§è!çà)-azertyuiop^$µqsdfghjklmùwxcvbn,;:=",
        "³1234567890°_AZERTYUIOP¨*£QSDFGHJKLM%WXCVBN?./+",
    ),
    "Swiss German": (
        "§1234567890'^qwertzuiopü¨$asdfghjklöäyxcvbnm,.-",
        '°+"*ç%&/()=?`QWERTZUIOPè!£ASDFGHJKLéàYXCVBNM;:_',
    ),
    "Swiss French": (
        "§1234567890'^qwertzuiopè¨$asdfghjkléàyxcvbnm,.-",
        '°+"*ç%&/()=?`QWERTZUIOPü!£ASDFGHJKLöäYXCVBNM;:_',
    ),
    "Italian": (
        "\\1234567890'ìqwertyuiopè+ùasdfghjklòàzxcvbnm,.-",
        '|!"£$%&/()=?^QWERTYUIOPé*§ASDFGHJKLç°ZXCVBNM;:_',
    ),
    "Spanish": (
        "º1234567890'¡qwertyuiop`+çasdfghjklñ´zxcvbnm,.-",
        'ª!"·$%&/()=?¿QWERTYUIOP^*ÇASDFGHJKLÑ¨ZXCVBNM;:_',
    ),
    "Latin American": (
        "|1234567890'¿qwertyuiop´+}asdfghjklñ{zxcvbnm,.-",
        '°!"#$%&/()=?¡QWERTYUIOP¨*]ASDFGHJKLÑ[ZXCVBNM;:_',
    ),
    "Portuguese": (
        "\\1234567890'«qwertyuiop+´~asdfghjklçºzxcvbnm,.-",
        '|!"#$%&/()=?»QWERTYUIOP*`^ASDFGHJKLÇªZXCVBNM;:_',
    ),
    "Brazilian": (
        "'1234567890-=qwertyuiop´[]asdfghjklç~zxcvbnm,.;",
        '"!@#$%¨&*()_+QWERTYUIOP`{}ASDFGHJKLÇ^ZXCVBNM<>:',
    ),
    "Dutch": (
        "@1234567890/°qwertyuiop¨*<asdfghjkl+´zxcvbnm,.-",
        "§!\"#$%&_()'?~QWERTYUIOP^|>ASDFGHJKL±`ZXCVBNM;:=",
    ),
    "Swedish": (
        "§1234567890+´qwertyuiopå¨'asdfghjklöäzxcvbnm,.-",
        '½!"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÖÄZXCVBNM;:_',
    ),
    "Danish": (
        "½1234567890+´qwertyuiopå¨'asdfghjklæøzxcvbnm,.-",
        '§!"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÆØZXCVBNM;:_',
    ),
    "Norwegian": (
        "|1234567890+\\qwertyuiopå¨'asdfghjkløæzxcvbnm,.-",
        '§!"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLØÆZXCVBNM;:_',
    ),
    "Hungarian": (
        "0123456789öüóqwertzuiopőúűasdfghjkléáyxcvbnm,.-",
        "§'\"+!%/=()ÖÜÓQWERTZUIOPŐÚŰASDFGHJKLÉÁYXCVBNM?:_",
    ),
    "Czech": (
        ";+ěščřžýáíé=´qwertzuiopú)¨asdfghjklů§yxcvbnm,.-",
        "°1234567890%ˇQWERTZUIOP/('ASDFGHJKL\"!YXCVBNM?:_",
    ),
    "Slovak": (
        ";+ľščťžýáíé=´qwertzuiopúäňasdfghjklô§yxcvbnm,.-",
        '°1234567890%ˇQWERTZUIOP/()ASDFGHJKL"!YXCVBNM?:_',
    ),
    "Croatian": (
        "¸1234567890'+qwertzuiopšđžasdfghjklčćyxcvbnm,.-",
        '¨!"#$%&/()=?*QWERTZUIOPŠĐŽASDFGHJKLČĆYXCVBNM;:_',
    ),
    "Romanian": (
        "„1234567890-=qwertyuiopăîâasdfghjklșțzxcvbnm,./",
        "”!@#$%^&*()_+QWERTYUIOPĂÎÂASDFGHJKLȘȚZXCVBNM;:?",
    ),
    "Turkish": (
        '"1234567890*-qwertyuıopğü,asdfghjklşizxcvbnmöç.',
        "é!'^+%&/()=?_QWERTYUIOPĞÜ;ASDFGHJKLŞİZXCVBNMÖÇ:",
    ),
    "Canadian French": (
        "#1234567890-=qwertyuiop^¸<asdfghjkl;`zxcvbnm,.é",
        "|!\"/$%?&*()_+QWERTYUIOP^¨>ASDFGHJKL:`ZXCVBNM'.É",
    ),
    "Japanese": (
        "`1234567890-^qwertyuiop@[]asdfghjkl;:zxcvbnm,./",
        "~!\"#$%&'()~=~QWERTYUIOP`{}ASDFGHJKL+*ZXCVBNM<>?",
    ),
    "Russian": (
        "ё1234567890-=йцукенгшщзхъ\\фывапролджэячсмитьбю.",
        'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,',
    ),
    "Ukrainian": (
        "'1234567890-=йцукенгшщзхї\\фівапролджєячсмитьбю.",
        '₴!"№;%:?*()_+ЙЦУКЕНГШЩЗХЇ/ФІВАПРОЛДЖЄЯЧСМИТЬБЮ,',
    ),
    "Greek": (
        "`1234567890-=;ςερτυθιοπ[]\\ασδφγηξκλ΄'ζχψωβνμ,./",
        '~!@#$%^&*()_+:ΣΕΡΤΥΘΙΟΠ{}|ΑΣΔΦΓΗΞΚΛ¨"ΖΧΨΩΒΝΜ<>?',
    ),
    "Dvorak": (
        "`1234567890[]',.pyfgcrl/=\\aoeuidhtns-;qjkxbmwvz",
        '~!@#$%^&*(){}"<>PYFGCRL?+|AOEUIDHTNS_:QJKXBMWVZ',
    ),
    "Colemak": (
        "`1234567890-=qwfpgjluy;[]\\arstdhneio'zxcvbkm,./",
        '~!@#$%^&*()_+QWFPGJLUY:{}|ARSTDHNEIO"ZXCVBKM<>?',
    ),
    "US": _US,
}
"""Each layout's keys in the order of the US ones, without and with shift."""

_DEAD = {"\u0300": "`", "\u0301": "´", "\u0302": "^", "\u0303": "~", "\u0308": "¨", "\u030c": "ˇ"}
"""A dead key types nothing until the next key: "`" and "A" become "À"."""
_DEAD_MOST = 20
"""Dead keys in one text, of which two may have swallowed a blank: 211 readings."""
SIGN = "HC1:"
_LONGEST_FOREIGN = 8192
"""A QR code holds 7,089 digits (ISO/IEC 18004 §7)."""
_FOREIGN = ("shc:/", "shlink:/", "NZCP:/", "NL2:", "LT1:", "CH1:", "AT1:", "HCFR1:", "EX1:", "B64:")


class _KeyTable(NamedTuple):
    """How one setting garbles: what is typed -> what was meant.

    Attributes:
        sign: what is seen of "HC1:".
        foreign: what is seen of the prefixes of other formats.
        dead: the spacing form of a dead key among the characters meant; "" where there is none.
        whole: each of the 45 characters can be read back.
    """

    name: str
    back: dict[str, str]
    sign: str
    foreign: tuple[str, ...]
    dead: str
    whole: bool


class LayoutReading(NamedTuple):
    """What may have been meant, and by which layout."""

    text: str
    layout: str
    whole: bool


def readings(text: str) -> Iterator[LayoutReading]:
    """Yield what the text may have been meant as, wherever a code's beginning then appears."""
    for table in _tables():
        if table.sign in text:
            yield from _readings(text, table)


def foreign(text: str) -> Iterator[LayoutReading]:
    """Yield what the text may have been meant as, where it then begins like another format."""
    for table in _tables():
        if text.startswith(table.foreign):
            yield LayoutReading(
                "".join(_meant(typed, table.back) for typed in text[:_LONGEST_FOREIGN]),
                table.name,
                table.whole,
            )


def anyhow(text: str) -> Iterator[LayoutReading]:
    """Yield what a text of any kind may have been meant as, under each setting."""
    for table in _tables():
        yield LayoutReading(
            "".join(_meant(typed, table.back) for typed in text), table.name, table.whole
        )


def _readings(text: str, table: _KeyTable) -> Iterator[LayoutReading]:
    pieces = [_meant(typed, table.back) for typed in text]
    yield LayoutReading("".join(pieces), table.name, table.whole)
    if not table.dead:
        return
    # After a dead key, a blank types the bare accent: whether there was one cannot be seen.
    places = [place for place, typed in enumerate(text[:-1]) if typed == table.dead][:_DEAD_MOST]
    for count in (1, 2):
        for chosen in combinations(places, count):
            filled = list(pieces)
            for place in chosen:
                filled[place] += " "
            yield LayoutReading("".join(filled), table.name, table.whole)


def _meant(typed: str, back: dict[str, str]) -> str:
    if (meant := back.get(typed)) is not None:
        return meant
    parts = unicodedata.normalize("NFD", typed)
    if len(parts) == 2 and (accent := _DEAD.get(parts[1])) in back:
        return back[accent] + back.get(parts[0], parts[0])
    return typed


@cache
def _tables() -> tuple[_KeyTable, ...]:
    """Derive every setting's table, likeliest first: without caps lock before with it."""
    made = []
    for lock in ("", "caps", "shift"):
        for name, layout in LAYOUTS.items():
            pairs = ((_US, layout),) if name == "US" else ((_US, layout), (layout, _US))
            for scanner, computer in pairs:
                if name != "US" or lock:
                    made.append(_table(name, scanner, computer, lock))
    return tuple(made)


def _table(name: str, scanner: tuple[str, str], computer: tuple[str, str], lock: str) -> _KeyTable:
    """Derive what is typed for each character, and turn it round."""
    typed: dict[str, str] = {}
    for shifted, row in enumerate(scanner):
        for key, meant in enumerate(row):
            # Shift lock, as typewriters and some systems have it, turns every key round.
            seen = computer[1 - shifted if lock == "shift" else shifted][key]
            typed[meant] = _flipped(seen) if lock == "caps" else seen
    back: dict[str, str] = {}
    lost = False
    # What a health code is written in comes first: for other characters nobody asks.
    for meant in sorted(typed, key=lambda meant: meant not in _MEANT):
        lost |= meant in _MEANT and typed[meant] in back
        back.setdefault(typed[meant], meant)
    whole = not lost and all(meant in typed for meant in _MEANT if meant != " ")
    dead = next(
        (typed[m] for m in _MEANT if typed.get(m) in set(_DEAD.values()) and computer is not _US),
        "",
    )
    foreign = tuple(seen for meant in _FOREIGN if (seen := _seen(meant, typed)) != meant)
    return _KeyTable(name, back, _seen(SIGN, typed), foreign, dead, whole)


def _seen(text: str, typed: dict[str, str]) -> str:
    return "".join(typed.get(meant, meant) for meant in text)


def _flipped(typed: str) -> str:
    # "ß" has no capital of one character that a keyboard types.
    flipped = typed.swapcase()
    return flipped if len(flipped) == 1 else typed
