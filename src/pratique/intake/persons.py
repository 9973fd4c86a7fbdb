"""Read whom a row is about.

1. The transliteration of the travel document is taken where it is given; else it is made.
2. A birth date that nobody knows is said to be `unknown`; an empty cell is a mistake.
3. What a data format does not carry (DCC: sex, nationality, document) is not read for it.
"""

from __future__ import annotations

import re
import unicodedata

from pratique.intake import cells, icao
from pratique.intake.reader import Row
from pratique.intake.remarks import RemarkCode
from pratique.model import Moment, Person, Precision

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


def read(row: Row) -> Person:
    """Read the person for a DCC."""
    surname, forename = row.name("surname"), row.name("forename")
    whole, state = f"{surname or ''} {forename or ''}", _state(row)
    surname_icao = _icao(row, "surname", surname, whole, state)
    forename_icao = _icao(row, "forename", forename, whole, state)
    if not (surname_icao or forename_icao) and not any("name" in r.column for r in row.remarks):
        row.remark(RemarkCode.FIELD_MISSING, "surname")
    return Person(surname, forename, surname_icao, forename_icao, _birth(row))


def read_whole(row: Row) -> Person:
    """Read the person for an ICVP, which carries more (smart-icvp, ICVPMin)."""
    person = read(row)
    born = person.birth_date
    if born is not None and born.precision is not Precision.DAY:
        row.remark(RemarkCode.DATE_INCOMPLETE, "birth_date")
    sex = row.name("sex")
    if sex is None or sex.lower() not in _SEXES:
        _amiss(row, RemarkCode.CODE_UNKNOWN, "sex", sex)
    nationality = row.name("nationality")
    if nationality is None or not _ALPHA_3.fullmatch(nationality):
        _amiss(row, RemarkCode.COUNTRY_MALFORMED, "nationality", nationality)
    return person._replace(
        sex=_SEXES.get((sex or "").lower()),
        nationality=nationality,
        identifier=row.name("document"),
        identifier_type=_document_type(row),
        guardian=row.name("guardian"),
    )


def _document_type(row: Row) -> str | None:
    # HL7 v2 table 0203
    found = row.name("document_type")
    if found is not None and not _DOCUMENT_TYPE.fullmatch(found):
        row.remark(RemarkCode.CODE_UNKNOWN, "document_type")
    return found


def _amiss(row: Row, code: RemarkCode, column: str, found: str | None) -> None:
    if not any(remark.column == column for remark in row.remarks):
        row.remark(RemarkCode.FIELD_MISSING if found is None else code, column)


def _state(row: Row) -> str:
    """Return whose passport a name is most likely in: of the nationality, or else of the issuer."""
    found = row.row.get("nationality") or row.country
    return found.strip().upper() if isinstance(found, str) else ""


def _icao(row: Row, source: str, name: str | None, whole: str, state: str) -> str | None:
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
    elif cells.may_be_garbled(name):
        row.remark(RemarkCode.NAME_GARBLED, source)
    return made


def _is_of_a_name(sign: str) -> bool:
    """Tell whether a travel document may show a sign: ¼ and ¡ are what a wrong encoding leaves."""
    if sign.isalnum() or sign in _SIGNS:
        return unicodedata.category(sign) != "No"
    return unicodedata.category(sign)[0] in "LMZ" or unicodedata.category(sign) in ("Pd", "Cf")


def _birth(row: Row) -> Moment | None:
    value = row.row.get("birth_date")
    found = cells.moment(value)
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
