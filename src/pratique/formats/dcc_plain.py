"""The quick way to read a DCC: prove with a few native operations that nothing is odd, then build.

    entry -> the schema's fields -> one joined text -> one regular expression -> values

1. None is the answer to anything unusual; `dcc.lenient` then reads it and says what it is.
2. Fields are joined by U+001F, which no pattern here admits, so that none can pose as two.
3. Joining fails for what is not text; so the types of all text fields are proved by it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from pratique.formats.dcc import DOMAIN
from pratique.formats.exemption import SWISS_TEST_TYPE
from pratique.formats.fields import CALENDAR, moment
from pratique.model import HealthCertificate, Moment, Person, Precision, Recovery, Test, Vaccination
from pratique.terms import Kind

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_CENTURY = "(?:19|20)[0-9]{2}"


def _shape(*dates: str) -> re.Pattern[str]:
    """Compile the pattern of `ver dob fnt gnt co` and a kind's dates, for both families of schema."""
    ways = [
        "\x1f".join((version, birth, icao, icao, "[A-Z]{2,3}", *dates))
        for version, birth, icao in (
            ("1[.]3[.][0-9]", _CENTURY + "(?:-[0-9]{2}){0,2}", "[A-Z<]{0,80}"),
            ("1[.][0-2][.][0-9]", _CENTURY + "-[0-9]{2}-[0-9]{2}", "[A-Z<]{0,50}"),
        )
    ]
    return re.compile("|".join(ways))


_SHORT, _LONG = 50, 80
# Of an enumeration, Python 3.11 looks a member up slowly: here once.
_VACCINATION, _RECOVERY, _TEST = Kind.VACCINATION, Kind.RECOVERY, Kind.TEST
_DAY_KNOWN, _INSTANT_KNOWN = Precision.DAY, Precision.INSTANT
_new = tuple.__new__
_UNSAID = (None,) * (len(Person._fields) - 5)
_names = itemgetter("fn", "gn", "fnt", "gnt")
_dose = itemgetter("tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci")
_result = itemgetter("tg", "tt", "sc", "tr", "co", "is", "ci")
_illness = itemgetter("tg", "fr", "co", "is", "df", "du", "ci")
_dose_shape, _result_shape = _shape(_DAY).fullmatch, _shape(_DAY + _TIME).fullmatch
_illness_shape = _shape(_DAY, _DAY, _DAY).fullmatch
_from_iso = date.fromisoformat
_joined, _text = "\x1f".join, "".join


def read(payload: Any, issuer: str, issued_at: int, expires_at: int) -> HealthCertificate | None:
    """Build the certificate of a payload in which nothing at all is odd, or return None."""
    try:
        if len(payload) != 4:
            return None
        version, birth = payload["ver"], payload["dob"]
        surname, forename, surname_icao, forename_icao = names = _names(payload["nam"])
        if not surname_icao[:1] > "<":
            # A line that begins with a letter names somebody.
            return None
        limit = _LONG if version[:4] == "1.3." else _SHORT
        if len(surname) > limit or len(forename) > limit:
            return None
        entry: Vaccination | Recovery | Test | None
        if "v" in payload:
            kind, entry = _VACCINATION, _vaccination(payload["v"], version, birth, names, limit)
        elif "r" in payload:
            kind, entry = _RECOVERY, _recovery(payload["r"], version, birth, names, limit)
        else:
            kind, entry = _TEST, _test(payload["t"], version, birth, names, limit)
        if entry is None:
            return None
        born = _day(birth) if len(birth) == 10 else moment(birth)
        if born is None:
            return None
    except (KeyError, TypeError, ValueError):
        return None
    person = _new(Person, (surname, forename, surname_icao, forename_icao, born, *_UNSAID))
    return _new(
        HealthCertificate,
        (DOMAIN, version, kind, person, (entry,), issuer, issued_at, expires_at, payload, None),
    )


def _day(text: str) -> Moment:
    return _new(Moment, (_DAY_KNOWN, _from_iso(text)))


def _vaccination(
    group: Any, version: str, birth: str, names: tuple[str, str, str, str], limit: int
) -> Vaccination | None:
    (entry,) = group
    disease, vaccine, product, maker, dose, doses, given, country, authority, identifier = _dose(
        entry
    )
    surname, forename, surname_icao, forename_icao = names
    _text((surname, forename, disease, vaccine, product, maker, authority, identifier))
    if (
        type(dose) is type(doses) is int
        and dose > 0 < doses
        and len(authority) <= limit >= len(identifier)
        and _dose_shape(_joined((version, birth, surname_icao, forename_icao, country, given)))
    ):
        return _new(
            Vaccination,
            (
                disease, vaccine, product, maker, dose, doses, _day(given), country, authority,
                identifier, None, None, None, None,
            ),
        )  # fmt: skip
    return None


def _test(
    group: Any, version: str, birth: str, names: tuple[str, str, str, str], limit: int
) -> Test | None:
    (entry,) = group
    disease, test_type, sampled, result, country, authority, identifier = _result(entry)
    get = entry.get
    name, device, site = get("nm", ""), get("ma", ""), get("tc", "")
    surname, forename, surname_icao, forename_icao = names
    _text(
        (surname, forename, disease, test_type, result, authority, identifier, name, device, site)
    )
    if (
        max(len(authority), len(identifier), len(name), len(site)) <= limit
        and test_type != SWISS_TEST_TYPE
        and ("tc" in entry or limit == _LONG)
        and _result_shape(_joined((version, birth, surname_icao, forename_icao, country, sampled)))
    ):
        when = datetime.fromisoformat(sampled)
        if when.year not in CALENDAR:
            return None
        return _new(
            Test,
            (
                disease, test_type, get("nm"), get("ma"),
                _new(Moment, (_INSTANT_KNOWN, when)), result, get("tc"), country,
                authority, identifier, None, None,
            ),
        )  # fmt: skip
    return None


def _recovery(
    group: Any, version: str, birth: str, names: tuple[str, str, str, str], limit: int
) -> Recovery | None:
    (entry,) = group
    disease, positive, country, authority, start, end, identifier = _illness(entry)
    surname, forename, surname_icao, forename_icao = names
    _text((surname, forename, disease, authority, identifier))
    dates = (version, birth, surname_icao, forename_icao, country, positive, start, end)
    if len(authority) <= limit >= len(identifier) and _illness_shape(_joined(dates)):
        return _new(
            Recovery,
            (disease, _day(positive), country, authority, _day(start), _day(end), identifier),
        )
    return None
