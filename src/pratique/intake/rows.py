r"""Read a flat row, from CSV, Parquet, JSON or a prompt, into a record.

    {column: cell} -> kind -> person + entry -> Reading(record | None, remarks)
    Record -> row_of -> {column: cell}, of which read_row makes the same record

1. The columns are the same for all inputs: `COLUMNS`, and docs/reference/intake.md.
2. Every column is looked at, so that the clerk is told of everything at once: one remark a column at
   most, the first thing that is wrong with it. What refuses leaves no record.
3. Nothing that is about one person is kept between rows; codes, bodies, lots, sites and days are.
4. Strict: what would have to be guessed is a remark. No cell raises, however long or strange.
5. Texts come out in NFC, without blanks around them and with nothing invisible in them. Dates lie in
   1900 to 2099 (DCC schema: `dob` matches ^((19|20)\d\d...)).
6. The transliteration of the travel document is taken where it is given; else it is made. A birth date
   that nobody knows is said to be `unknown`; an empty cell is a mistake. What a data format does not
   carry (DCC: sex, nationality, document) is not read for it.
7. A record has no identifier yet: that is drawn when it is issued. What a certificate would say is shown
   without a signature: forged codes of 2021 came out of a preview that signed, and nothing here can reach
   a key (a contract in pyproject.toml holds it).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from pratique.formats.codes import COVID
from pratique.intake import icao
from pratique.intake.catalogue import Catalogue, Product
from pratique.intake.remarks import Remark, RemarkCode, refuses
from pratique.model import (
    KINDS,
    Entry,
    Exemption,
    Moment,
    Person,
    Precision,
    Recovery,
    Test,
    Vaccination,
    silent,
)
from pratique.terms import ALL_KINDS, Kind
from pratique.text import seen

PERSON = (
    "surname", "forename", "surname_icao", "forename_icao", "birth_date",
    "sex", "nationality", "document", "document_type", "guardian",
)  # fmt: skip
EVENT = ("kind", "domain", "disease", "country", "authority")
OWN: dict[Kind, tuple[str, ...]] = {
    Kind.VACCINATION: (
        "product", "prophylaxis", "manufacturer", "dose", "doses", "given_on", "lot", "site",
        "clinician",
    ),
    Kind.TEST: ("test_type", "test_name", "device", "sampled_at", "result", "site"),
    Kind.RECOVERY: ("first_positive_on", "valid_from", "valid_until"),
    Kind.EXEMPTION: ("valid_from", "valid_until"),
}  # fmt: skip
COLUMNS = frozenset(PERSON + EVENT).union(*OWN.values())
"""Every column there is."""

DCC, ICVP = "DCC", "ICVP"


@silent
class Record(NamedTuple):
    """One event of one person, to be attested.

    Attributes:
        domain: "DCC" (also for exemptions) or "ICVP".
        person: whom it is about.
        entry: the dose, test, recovery or exemption; its `identifier` is None.
    """

    domain: str
    person: Person
    entry: Entry

    @property
    def kind(self) -> Kind:
        """Return what it is to attest."""
        return KINDS[type(self.entry)]


@silent
class Reading(NamedTuple):
    """What came of one row: a record, unless a remark refuses it.

    `place`: where it stands in a FHIR document; empty for a row.
    """

    record: Record | None
    remarks: tuple[Remark, ...] = ()
    place: str = ""

    @property
    def is_skipped(self) -> bool:
        """Tell whether there is nothing to attest: it is neither issued nor refused."""
        return self.record is None and not refuses(self.remarks)


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
        if len(value) <= 10:
            return _date(value)
    elif isinstance(value, date):
        return _stored(value)
    found = text(value)
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


_DAY = Precision.DAY


class RowReader:
    """A row while it is read.

    Attributes:
        domain: "DCC" or "ICVP", once it is known.
        country, authority: taken where the row's own column is empty.
    """

    __slots__ = ("authority", "catalogue", "country", "domain", "remarks", "row")

    def __init__(
        self, row: Mapping[Any, Any], catalogue: Catalogue, country: str, authority: str
    ) -> None:
        self.row, self.catalogue = row, catalogue
        self.country, self.authority = country, authority
        self.domain = ""
        self.remarks: list[Remark] = []

    def remark(self, code: RemarkCode, column: str) -> None:
        """Add a remark about one column."""
        self.remarks.append(Remark(code, column))

    def is_filled(self, column: str) -> bool:
        """Tell whether there is anything in a column."""
        value = self.row.get(column)
        return value is not None and value != "" and text(value) is not None

    def word(self, column: str, otherwise: str = "", *, required: bool = True) -> str | None:
        """Read what repeats from row to row: a code, a body, a lot, a site."""
        value = self.row.get(column)
        found = words(value) if type(value) is str and len(value) <= 80 else text(value)
        if found is None and otherwise:
            found = text(otherwise)
        if type(found) is str:
            return found
        self._miss(found, column, required=required)
        return None

    def name(self, column: str) -> str | None:
        """Read what is about one person; nothing need be there."""
        value = self.row.get(column)
        if value is None:
            return None
        found = text(value)
        if type(found) is str:
            return found
        self._miss(found, column, required=False)
        return None

    def whole(self, column: str) -> int | None:
        """Read a number that must be there."""
        found = whole(self.row.get(column))
        if type(found) is int:
            return found
        self._miss(found, column)
        return None

    def day(self, column: str) -> Moment | None:
        """Read a date that must be there, to the day."""
        found = moment(self.row.get(column))
        if type(found) is Moment:
            if found[0] is _DAY:
                return found
            found = RemarkCode.DATE_INCOMPLETE
        self._miss(found, column)
        return None

    def instant(self, column: str) -> Moment | None:
        """Read an instant that must be there."""
        found = instant(self.row.get(column))
        if type(found) is Moment:
            return found
        self._miss(found, column)
        return None

    def _miss(self, found: object, column: str, *, required: bool = True) -> None:
        if isinstance(found, RemarkCode):
            self.remark(found, column)
        elif required:
            self.remark(RemarkCode.FIELD_MISSING, column)


_SEXES = {
    "male": "male", "female": "female", "other": "other", "unknown": "unknown",
    "m": "male", "f": "female", "x": "other",
}  # fmt: skip
"""FHIR administrative-gender, and the letters of travel documents (ICAO Doc 9303-4)."""
_UNKNOWN = "unknown"
_SIGNS = icao.APOSTROPHES | frozenset(".,/()·・")
_DIGIT = re.compile(r"[0-9]")
_ALPHA_3 = re.compile(r"[A-Z]{3}", re.ASCII)
_DOCUMENT_TYPE = re.compile(r"[A-Z]{1,8}", re.ASCII)
"""HL7 v2 table 0203."""


def _dcc_person(row: RowReader) -> Person:
    """Read the person for a DCC."""
    surname, forename = row.name("surname"), row.name("forename")
    whole, state = f"{surname or ''} {forename or ''}", _state(row)
    surname_icao = _icao(row, "surname", surname, whole, state)
    forename_icao = _icao(row, "forename", forename, whole, state)
    if not (surname_icao or forename_icao) and not any("name" in r.column for r in row.remarks):
        row.remark(RemarkCode.FIELD_MISSING, "surname")
    return Person(surname, forename, surname_icao, forename_icao, _birth(row))


def _icvp_person(row: RowReader) -> Person:
    """Read the person for an ICVP, which carries more (smart-icvp, ICVPMin)."""
    person = _dcc_person(row)
    born = person.birth_date
    if born is not None and born.precision is not Precision.DAY:
        row.remark(RemarkCode.DATE_INCOMPLETE, "birth_date")
    sex = row.name("sex")
    if sex is None or sex.lower() not in _SEXES:
        _amiss(row, RemarkCode.CODE_UNKNOWN, "sex", sex)
    nationality = row.name("nationality")
    if nationality is None or not _ALPHA_3.fullmatch(nationality):
        _amiss(row, RemarkCode.COUNTRY_MALFORMED, "nationality", nationality)
    document_type = row.name("document_type")
    if document_type is not None and not _DOCUMENT_TYPE.fullmatch(document_type):
        row.remark(RemarkCode.CODE_UNKNOWN, "document_type")
    return person._replace(
        sex=_SEXES.get((sex or "").lower()),
        nationality=nationality,
        identifier=row.name("document"),
        identifier_type=document_type,
        guardian=row.name("guardian"),
    )


def _amiss(row: RowReader, code: RemarkCode, column: str, found: str | None) -> None:
    if not any(remark.column == column for remark in row.remarks):
        row.remark(RemarkCode.FIELD_MISSING if found is None else code, column)


def _state(row: RowReader) -> str:
    """Return whose passport a name is most likely in: of the nationality, or else of the issuer."""
    found = row.row.get("nationality") or row.country
    return found.strip().upper() if isinstance(found, str) else ""


def _icao(row: RowReader, source: str, name: str | None, whole: str, state: str) -> str | None:
    column = f"{source}_icao"
    given = row.name(column)
    if given is not None:
        if not icao.is_transliteration(given):
            row.remark(RemarkCode.ICAO_MALFORMED, column)
        return given
    if name is None:
        return None
    if not name.isalpha() and _DIGIT.search(name):
        row.remark(RemarkCode.NAME_HAS_DIGIT, source)
    made = icao.transliterate(name, surname=source == "surname", whole=whole, state=state)
    if not made:
        row.remark(RemarkCode.NAME_NOT_TRANSLITERATED, source)
    elif not name.isalpha() and not all(map(_is_of_a_name, name)):
        row.remark(RemarkCode.NAME_HAS_SIGN, source)
    elif name.isascii():
        return made
    elif icao.reading_is_unsure(name):
        row.remark(RemarkCode.NAME_READING_UNSURE, source)
    elif icao.differs_by_state(name, whole=whole, state=state):
        row.remark(RemarkCode.NAME_DIFFERS_BY_STATE, source)
    elif may_be_garbled(name):
        row.remark(RemarkCode.NAME_GARBLED, source)
    return made


def _is_of_a_name(sign: str) -> bool:
    """Tell whether a travel document may show a sign: ¼ and ¡ are what a wrong encoding leaves."""
    if sign.isalnum() or sign in _SIGNS:
        return unicodedata.category(sign) != "No"
    return unicodedata.category(sign)[0] in "LMZ" or unicodedata.category(sign) in ("Pd", "Cf")


def _birth(row: RowReader) -> Moment | None:
    value = row.row.get("birth_date")
    found = moment(value)
    if type(found) is Moment:
        return found
    if isinstance(value, str) and value.strip().lower() == _UNKNOWN:
        code = RemarkCode.DATE_INCOMPLETE if row.domain == "ICVP" else RemarkCode.BIRTH_UNKNOWN
        row.remark(code, "birth_date")
    else:
        missing = RemarkCode.FIELD_MISSING if found is None else found
        assert isinstance(missing, RemarkCode)
        row.remark(missing, "birth_date")
    return None


NOTHING: Mapping[str, Any] = MappingProxyType({})
_PREQUALIFIED = re.compile(r"[A-Za-z0-9()-]+Product[0-9a-f]{32}", re.ASCII)
"""WHO's catalogue names a product so: a type of vaccine, `Product`, and an MD5."""
_KINDS = {kind.value: kind for kind in ALL_KINDS}
_TELLING = {
    Kind.VACCINATION: ("product", "given_on", "dose"),
    Kind.TEST: ("sampled_at", "test_type", "result"),
    Kind.RECOVERY: ("first_positive_on",),
}


def fill(row: Mapping[Any, Any], filled: Mapping[str, Any]) -> Mapping[Any, Any]:
    """Return a row with columns that hold for a whole file, where its own cells are empty."""
    if not filled:
        return row
    empty = {
        name: value
        for name, value in filled.items()
        if row.get(name) is None or (isinstance(row[name], str) and not row[name].strip())
    }
    return {**row, **empty} if empty else row


def read_row(
    row: Mapping[Any, Any], catalogue: Catalogue, *, country: str = "", authority: str = ""
) -> Reading:
    """Read one row. Never raises.

    Args:
        row: column to cell, as strings or as a table's own dates and numbers; blanks and None are empty.
        catalogue: the value sets from which the rest of a product is filled in.
        country, authority: taken where the row's own column is empty.
    """
    record, remarks = drafted(row, catalogue, country=country, authority=authority)
    return Reading(None if refuses(remarks) else record, remarks)


def drafted(
    row: Mapping[Any, Any], catalogue: Catalogue, *, country: str = "", authority: str = ""
) -> tuple[Record | None, tuple[Remark, ...]]:
    """Read one row as far as it goes, as `read_row` does: what may be refused is shown, and never signed."""
    found = RowReader(row, catalogue, country, authority)
    if not row.keys() <= COLUMNS:
        found.remarks += _unknown(row)
    kind = _kind(found)
    found.domain = _domain(found, kind)
    if kind is None:
        return None, tuple(found.remarks)
    person = _icvp_person(found) if found.domain == ICVP else _dcc_person(found)
    entry = _ENTRIES[kind](found)
    return Record(found.domain, person, entry), tuple(found.remarks)


def _unknown(row: Mapping[Any, Any]) -> list[Remark]:
    # By number: where the header line is missing, a column's name is somebody's data.
    return [
        Remark(RemarkCode.COLUMN_UNKNOWN, f"column {number}")
        for number, name in enumerate(row, start=1)
        if name not in COLUMNS
    ]


def _kind(row: RowReader) -> Kind | None:
    name = row.word("kind", required=False)
    if name is not None:
        kind = _KINDS.get(name.lower())
        if kind is None:
            row.remark(RemarkCode.KIND_UNKNOWN, "kind")
        return kind
    filled = [kind for kind, names in _TELLING.items() if any(map(row.is_filled, names))]
    if not filled and row.is_filled("valid_from"):
        return Kind.EXEMPTION
    if len(filled) == 1:
        return filled[0]
    row.remark(RemarkCode.KIND_UNCLEAR if filled else RemarkCode.KIND_UNKNOWN, "kind")
    return None


def _domain(row: RowReader, kind: Kind | None) -> str:
    named = row.word("domain", required=False) if "domain" in row.row else None
    if named is None:
        product = row.row.get("product")
        found = row.catalogue.product_of.get(product) if type(product) is str else None
        is_whos = type(product) is str and _PREQUALIFIED.fullmatch(product) is not None
        named = found.domain if found else ICVP if is_whos else DCC
    if named == DCC:
        return DCC
    domain = named.upper()
    if domain not in (DCC, ICVP):
        row.remark(RemarkCode.DOMAIN_UNKNOWN, "domain")
    elif domain == ICVP and kind not in (Kind.VACCINATION, None):
        row.remark(RemarkCode.KIND_NOT_IN_DOMAIN, "kind")
    return domain


def _vaccination(row: RowReader) -> Vaccination:
    code = row.word("product")
    product = row.catalogue.product_of.get(code or "")
    given = row.day("given_on")
    if row.domain == ICVP:
        return _yellow_booklet(row, code, product, given)
    # What would follow from the product is not asked for while the product itself is in question.
    known = product is not None or code in row.catalogue.sets.get("product", ())
    if code is not None and not known:
        row.remark(RemarkCode.CODE_UNKNOWN, "product")
    return Vaccination(
        row.word("disease", product.disease if product else COVID),
        row.word("prophylaxis", product.prophylaxis if product else "", required=known),
        code,
        row.word("manufacturer", product.manufacturer if product else "", required=known),
        row.whole("dose"),
        row.whole("doses"),
        given,
        row.word("country", row.country),
        row.word("authority", row.authority),
        None,
        row.word("lot", required=False),
        row.word("site", required=False),
    )


def _yellow_booklet(
    row: RowReader, code: str | None, product: Product | None, given: Moment | None
) -> Vaccination:
    # smart-icvp REQ-CC-06: disease and manufacturer follow from the product, and are not written.
    disease = row.word("disease", product.disease if product else "", required=False)
    authority = row.word("authority", row.authority, required=False)
    lot, site = row.word("lot"), row.word("site", required=False)
    clinician = row.name("clinician")
    # smart-icvp, ICVPMin: `is` or `cn` must be there. The centre has no field: its stamp is on the paper.
    if authority is None and clinician is None:
        row.remark(RemarkCode.PLACE_MISSING, "clinician")
    country = row.word("country", row.country, required=False)
    return Vaccination(
        disease, None, code, None, None, None, given, country, authority, None, lot, site,
        clinician=clinician,
    )  # fmt: skip


def _test(row: RowReader) -> Test:
    return Test(
        row.word("disease", COVID),
        row.word("test_type"),
        row.word("test_name", required=False),
        row.word("device", required=False),
        row.instant("sampled_at"),
        row.word("result"),
        row.word("site", required=False),
        row.word("country", row.country),
        row.word("authority", row.authority),
        None,
    )


def _recovery(row: RowReader) -> Recovery:
    return Recovery(
        row.word("disease", COVID),
        row.day("first_positive_on"),
        row.word("country", row.country),
        row.word("authority", row.authority),
        row.day("valid_from"),
        row.day("valid_until"),
        None,
    )


def _exemption(row: RowReader) -> Exemption:
    return Exemption(
        row.word("disease", COVID),
        row.day("valid_from"),
        row.day("valid_until"),
        row.word("country", row.country),
        row.word("authority", row.authority),
        None,
    )


_ENTRIES: dict[Kind, Callable[[RowReader], Entry]] = {
    Kind.VACCINATION: _vaccination,
    Kind.TEST: _test,
    Kind.RECOVERY: _recovery,
    Kind.EXEMPTION: _exemption,
}


_PERSON = {
    "surname": "surname", "forename": "forename", "surname_icao": "surname_icao",
    "forename_icao": "forename_icao", "birth_date": "birth_date", "sex": "sex",
    "nationality": "nationality", "identifier": "document", "identifier_type": "document_type",
    "guardian": "guardian",
}  # fmt: skip
_ENTRY: dict[type, dict[str, str]] = {
    Vaccination: {
        "disease": "disease", "prophylaxis": "prophylaxis", "product": "product",
        "manufacturer": "manufacturer", "dose": "dose", "doses": "doses", "given": "given_on",
        "country": "country", "authority": "authority", "lot": "lot", "site": "site",
        "clinician": "clinician",
    },
    Test: {
        "disease": "disease", "test_type": "test_type", "name": "test_name", "device": "device",
        "sampled": "sampled_at", "result": "result", "site": "site", "country": "country",
        "authority": "authority",
    },
    Recovery: {
        "disease": "disease", "first_positive": "first_positive_on", "country": "country",
        "authority": "authority", "valid_from": "valid_from", "valid_until": "valid_until",
    },
    Exemption: {
        "disease": "disease", "valid_from": "valid_from", "valid_until": "valid_until",
        "country": "country", "authority": "authority",
    },
}  # fmt: skip


def row_of(record: Record) -> dict[str, str]:
    """Return the columns of a record, without those that it leaves empty."""
    row = {"kind": record.kind.value, "domain": record.domain}
    for names, group in ((_PERSON, record.person), (_ENTRY[type(record.entry)], record.entry)):
        said = group._asdict()
        row |= {column: _cell(said[name]) for name, column in names.items() if said[name]}
    row.setdefault("birth_date", "unknown")
    return row


def _cell(value: object) -> str:
    if not isinstance(value, Moment):
        return str(value)
    if value.precision is Precision.INSTANT:
        return value.text().replace("+00:00", "Z")
    return value.text()


@silent
class Preview(NamedTuple):
    """What a clerk confirms: names and texts of the fields."""

    fields: tuple[tuple[str, str], ...]


def preview(record: Record) -> Preview:
    """Return what a certificate of this record would say."""
    return Preview(tuple(row_of(record).items()))
