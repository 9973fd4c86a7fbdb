r"""Read one cell: a text, a number, a date or an instant, whatever the file made of it.

    cell -> text | whole | moment | instant -> value | RemarkCode | None (nothing was filled in)

1. Strict: what would have to be guessed is a remark. No cell raises, however long or strange.
2. Texts come out in NFC, without blanks around them and with nothing invisible in them.
3. Dates lie in 1900 to 2099 (DCC schema: `dob` matches ^((19|20)\d\d...)).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from pratique.intake.remarks import RemarkCode
from pratique.model import Moment, Precision
from pratique.text import seen

LONGEST = 80
"""Characters of a text (DCC schema 1.3, maxLength)."""

_FORMULA = frozenset("=+-@\t\r＝＋－＠")  # noqa: RUF001 - a spreadsheet takes the wide signs too
_BLANKS = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# A half of a pair, or what stands for a byte that was no UTF-8; U+FFFD is what others make of it.
_LOST = re.compile("[\ud800-\udfff\ufffd]")
# RFC 5892 A.1, A.2: a joiner after a virama; a non-joiner between letters of a script that joins.
_JOINER = re.compile("(?<=[\u0620-\u077f\u08a0-\u08ff])\u200c(?=[\u0620-\u077f\u08a0-\u08ff])")
_VIRAMA = 9
_DATE = re.compile(r"((?:19|20)[0-9]{2})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
_INSTANT = re.compile(
    r"((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?"
    r"(Z|z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_WHOLE = re.compile(r"0?([1-9][0-9]?)(?:\.0+)?", re.ASCII)
_TWO = re.compile("[^\x00-\x7f]{2}")
_MISREAD = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman")
# RFC 3629 §4: a letter beyond ASCII.
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_MOST = 10**18
_EXACT = 2**53


def text(value: object, longest: int = LONGEST) -> str | RemarkCode | None:
    """Read a text; a whole number is taken as its digits, as spreadsheets store codes."""
    if type(value) is not str:
        if isinstance(value, Decimal):
            # A signalling NaN would raise where it is compared.
            return None if value.is_nan() else _digits(value)
        if value is None or value != value:  # noqa: PLR0124 - NaN is how some columns say nothing
            return None
        if isinstance(value, str):
            return text(str(value), longest)
        return _digits(value)
    if not value:
        return None
    if len(value) > longest:
        # NFC makes at most three code points of one shorter ones: longer ones cannot fit.
        if len(value) > 4 * longest:
            return RemarkCode.FIELD_TOO_LONG
        return _strange(value, longest)
    if value.isascii() and value.isprintable():
        value = value.strip()
        if value and value[0] in _FORMULA:
            return RemarkCode.FORMULA_LIKE
        return value or None
    return _strange(value, longest)


words = lru_cache(maxsize=4096)(text)
"""`text` for what repeats: codes, bodies, lots, sites; never for what is about one person."""


def _strange(value: str, longest: int) -> str | RemarkCode | None:
    # Before blanks are made equal: Š comes out as Å and a no-break space.
    if is_garbled(value):
        return RemarkCode.ENCODING_WRONG
    clean = unicodedata.normalize("NFC", _BLANKS.sub(" ", value)).strip(" ")
    if not clean:
        return None
    if clean[0] in _FORMULA:
        return RemarkCode.FORMULA_LIKE
    if _LOST.search(clean):
        return RemarkCode.ENCODING_WRONG
    # With what shows nothing in it, two names that look alike would not be the same.
    spelled = _joined(clean)
    if not spelled.isprintable() or seen(spelled) != spelled:
        return RemarkCode.CONTROL_CHARACTER
    return RemarkCode.FIELD_TOO_LONG if len(clean) > longest else clean


def is_garbled(value: str) -> bool:
    """Tell whether UTF-8 was read as another encoding: `Ã¼` is what cp1252 makes of `ü`.

    Only what cannot be anybody's: signs in the place of letters, twice one after the other, or Cyrillic
    that is UTF-8 in every letter of it.
    """
    return _garbled(value)[0]


def may_be_garbled(value: str) -> bool:
    """Tell whether letters look so that may also be somebody's: `ÃŸ` for `ß`."""
    return _garbled(value)[1]


def _garbled(value: str) -> tuple[bool, bool]:
    if value.isascii() or not _TWO.search(value):
        return False, False
    doubtful = False
    for codec in _MISREAD:
        data = b"".join(_byte(sign, codec) for sign in value)
        pairs = [match.span() for match in _UTF_8.finditer(data) if _is_a_letter(match[0])]
        for begin, end in pairs:
            # One byte a sign: places in the bytes are places in the text.
            if any(unicodedata.category(sign)[0] != "L" for sign in value[begin:end]):
                return True, True
        foreign = sum(sign >= 128 for sign in data)
        if len(pairs) > 1 and foreign == sum(end - begin for begin, end in pairs):
            return True, True
        doubtful = doubtful or (bool(pairs) and codec not in ("cp1251", "cp1253"))
    return False, doubtful


@lru_cache(maxsize=4096)
def _byte(sign: str, codec: str) -> bytes:
    # What the codec leaves out was read as the control character of that number.
    if "\x80" <= sign <= "\x9f":
        return sign.encode("latin-1")
    found = sign.encode(codec, "replace")
    return found if found != b"?" else b"\x7f"


def _is_a_letter(data: bytes) -> bool:
    """Tell whether bytes are a letter of names, or an apostrophe or a dash."""
    try:
        sign = data.decode()
    except UnicodeDecodeError:
        return False
    if unicodedata.category(sign)[0] not in "LM":
        return sign in "\u2018\u2019\u2010\u2011\u2013\u00a0"
    # Ɋ is what the bytes of ÉŠ are, which ends Czech names in capital letters.
    return not "\u0180" <= sign <= "\u0217" and not "\u021c" <= sign <= "\u02ff"


def _joined(value: str) -> str:
    """Leave out the joiners that a script needs to be spelled right."""
    if "\u200c" not in value and "\u200d" not in value:
        return value
    value = _JOINER.sub("", value)
    return "".join(
        sign
        for before, sign in zip(" " + value, value, strict=False)
        if sign not in "\u200c\u200d" or unicodedata.combining(before) != _VIRAMA
    )


def _digits(value: object) -> str | RemarkCode:
    # Beyond 2**53 a spreadsheet's number has lost its last digits: it is no code any more.
    if type(value) is float and value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    if isinstance(value, Decimal):
        if not value.is_finite() or not 0 <= value < _MOST or value != value.to_integral_value():
            return RemarkCode.FIELD_UNREADABLE
        return str(int(value))
    if type(value) is int and 0 <= value < _MOST:
        return str(value)
    return RemarkCode.FIELD_UNREADABLE


def whole(value: object) -> int | RemarkCode | None:
    """Read a number from 1 to 99; "2.0" and 2.0 are what spreadsheets make of 2."""
    if type(value) is int:
        return value if 0 < value < 100 else RemarkCode.NUMBER_UNREADABLE
    if type(value) is str and len(value) <= 4:
        return _number(value)
    found = text(value)
    return _number(found) if isinstance(found, str) else found


@lru_cache(maxsize=1024)
def _number(value: str) -> int | RemarkCode | None:
    found = text(value)
    if isinstance(found, str):
        match = _WHOLE.fullmatch(found)
        return int(match[1]) if match else RemarkCode.NUMBER_UNREADABLE
    return found


def moment(value: object) -> Moment | RemarkCode | None:
    """Read YYYY, YYYY-MM or YYYY-MM-DD, or a date that a table stored as one."""
    if type(value) is str:
        return _date(value) if len(value) <= 10 else _date_in(text(value))
    if isinstance(value, date):
        return _stored(value)
    return _date_in(text(value))


def _date_in(found: str | RemarkCode | None) -> Moment | RemarkCode | None:
    return _date(found) if isinstance(found, str) else found


@lru_cache(maxsize=65536)
def _date(value: str) -> Moment | RemarkCode | None:
    match = _DATE.fullmatch(value.strip(" "))
    if match is None:
        found = text(value)
        return RemarkCode.DATE_UNREADABLE if isinstance(found, str) else found
    year, month, day = match.groups()
    precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
    try:
        return Moment(precision, date(int(year), int(month or 1), int(day or 1)))
    except ValueError:
        return RemarkCode.DATE_UNREADABLE


def _stored(value: date) -> Moment | RemarkCode:
    # A column of timestamps holds days as midnight; an hour would say that it is no day.
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second, value.microsecond) != (0, 0, 0, 0):
            return RemarkCode.DATE_UNREADABLE
        value = value.date()
    if not 1900 <= value.year <= 2099:
        return RemarkCode.DATE_UNREADABLE
    return Moment(Precision.DAY, value)


def instant(value: object) -> Moment | RemarkCode | None:
    """Read an instant with its zone (RFC 3339 §5.6; the seconds may be left out)."""
    if isinstance(value, datetime):
        when: datetime | None = value
    else:
        found = text(value)
        if not isinstance(found, str):
            return found
        match = _INSTANT.fullmatch(found)
        if match is None:
            return RemarkCode.INSTANT_UNREADABLE
        when = _when(match)
    if when is None or not 1900 <= when.year <= 2099:
        return RemarkCode.INSTANT_UNREADABLE
    if when.utcoffset() is None:
        return RemarkCode.INSTANT_WITHOUT_ZONE
    return Moment(Precision.INSTANT, when)


def _when(match: re.Match[str]) -> datetime | None:
    day, minute, seconds, fraction, zone = match.groups()
    zone = "+00:00" if zone in ("Z", "z") else zone or ""
    try:
        return datetime.fromisoformat(
            f"{day}T{minute}{seconds or ':00'}{(fraction or '')[:7]}{zone}"
        )
    except ValueError:
        return None
