"""EU Digital COVID Certificate, claim 1 (schema 1.0.0 to 1.3.3).

    {ver, nam, dob, v | t | r | e: [entry]} -> HealthCertificate

1. `lenient` is the reference: it reads every field and says what is odd.
2. `read` proves in one match that nothing is odd, and builds the same value at a fraction of the cost;
   whatever it cannot prove it leaves to `lenient`, where an entry may still be proved by itself. Tests hold
   what is proved equal to what is read field by field.
3. The schema is that of the version the certificate states: 1.3 allows 80 characters and partial
   birth dates (from 1.2.1), earlier ones 50 and none.
4. An exemption says that an issuing body recognised a reason, never which one: no field for a diagnosis
   exists here, and one that is found is not read. The profile is Pratique's own (disease, from, until,
   country, body, id), as a group `e` or under its own claim; Italy (`e`, with `cu` for the id), Austria
   (`ve`) and Switzerland (a test entry whose test type says so) have forms of their own.

Apart because it is a document of its own: the EU's, with its own schemas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from pratique.findings import Code, Finding
from pratique.formats.fields import CALENDAR, CwtClaims, FieldReader, is_map, moment, names_somebody
from pratique.model import (
    Entry,
    Exemption,
    HealthCertificate,
    Moment,
    Person,
    Precision,
    Recovery,
    Test,
    Vaccination,
)
from pratique.terms import Kind

DOMAIN = "DCC"
SWISS_TEST_TYPE = "medicalExemption"
"""`tt` by which a Swiss exemption travels in a test entry."""

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+", re.ASCII)
_VERSION_READ = re.compile(r"1\.[0-3]\.[0-9]+", re.ASCII)
_EARLY = re.compile(r"1\.(?:[01]\.|2\.0)")
_LONG_TEXTS = re.compile(r"1\.[3-9]\.")
_UPPER = re.compile(r"[A-Z]")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT = _DATE + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_BIRTH_FULL = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BIRTH_PARTIAL = re.compile(r"(?:(?:19|20)[0-9]{2}(?:-[0-9]{2}){0,2})?", re.ASCII)
_DAY = re.compile(_DATE, re.ASCII)
_DAY_TIME = re.compile(_INSTANT, re.ASCII)
_ICAO = re.compile(r"[A-Z<]*", re.ASCII)


def lenient(
    fields: Mapping[Any, Any], claims: CwtClaims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a DCC, adding to `findings` what is odd; None if it attests nothing that can be read."""
    top = FieldReader(fields, "", findings)
    version = top.text("ver", required=True) or ""
    if not _VERSION.fullmatch(version):
        top.note(Code.SCHEMA_DEVIATION, "ver")
    elif not _VERSION_READ.fullmatch(version):
        top.note(Code.VERSION_UNKNOWN, "ver")
    modern = not _EARLY.match(version)
    longest = 80 if _LONG_TEXTS.match(version) else 50
    holder = person(top, modern=modern, longest=longest)
    found = _entries(fields, findings, longest, early=not modern)
    if found is None or holder is None:
        return None
    kind, entries = found
    return HealthCertificate(DOMAIN, version, kind, holder, entries, *claims, fields)


def either(
    fields: Mapping[Any, Any], claims: CwtClaims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read a DCC whose claims are odd, and which may itself be as nearly all are."""
    plain = read(fields, *claims) if type(fields) is dict else None
    return lenient(fields, claims, findings) if plain is None else plain


def person(top: FieldReader, *, modern: bool, longest: int) -> Person | None:
    """Read `nam` and `dob`; None if they name nobody.

    Args:
        top: of the group that holds them.
        modern: birth dates may be known in part (from 1.2.1).
        longest: characters of a name.
    """
    birth = top.day(
        "dob", required=True, shape=_BIRTH_PARTIAL if modern else _BIRTH_FULL, blank=True
    )
    group = top.group.get("nam")
    if not is_map(group):
        top.note(Code.NAME_MISSING, "nam")
        return None
    name = FieldReader(group, "nam.", top.findings)
    texts = [name.text(key, longest=longest) for key in ("fn", "gn")]
    for key in ("fnt", "gnt"):
        text = name.text(key, longest=longest)
        if text is not None and not _ICAO.fullmatch(text):
            name.note(Code.SCHEMA_DEVIATION, key)
        texts.append(text)
    if not any(map(names_somebody, texts)):
        top.note(Code.NAME_MISSING, "nam")
        return None
    # Up to 1.3.1 the schema asks for fnt, from 1.3.2 for fnt or gnt.
    if texts[2] is None and texts[3] is None:
        top.note(Code.SCHEMA_DEVIATION, "nam.fnt")
    return Person(texts[0], texts[1], texts[2], texts[3], birth)


def _entries(
    fields: Mapping[Any, Any], findings: list[Finding], longest: int, *, early: bool
) -> tuple[Kind, tuple[Entry, ...]] | None:
    # Empty and null groups beside the real one are met ("v": [...], "t": null, "r": []).
    named = [key for key in _GROUPS if key in fields]
    present = [key for key in named if fields[key]]
    if len(present) != len(named):
        findings.extend(Finding(Code.SCHEMA_DEVIATION, key) for key in named if not fields[key])
    if len(present) != 1:
        code = Code.GROUPS_SEVERAL if present else Code.GROUP_MISSING
        findings.append(Finding(code, ",".join(present)))
        return None
    (key,) = present
    group = fields[key]
    if not isinstance(group, (list, tuple)) or not all(map(is_map, group)):
        findings.append(Finding(Code.FIELD_TYPE, key))
        return None
    if len(group) > 1:
        findings.append(Finding(Code.SCHEMA_DEVIATION, key))
    if len(group) == 1 and (proved := _proved(key, group, longest)) is not None:
        return proved
    kind, read = _GROUPS[key]
    if key == "t" and group[0].get("tt") == SWISS_TEST_TYPE:
        kind, read = Kind.EXEMPTION, _swiss_exemption
    return kind, tuple(
        read(FieldReader(entry, f"{key}[{i}].", findings), longest, early)
        for i, entry in enumerate(group)
    )


def _proved(key: str, group: Any, longest: int) -> tuple[Kind, tuple[Entry, ...]] | None:
    # Where only the person is odd, or a claim: the entry alone, beside a stand-in in which nothing is.
    try:
        kind, plain = _PLAIN[key]
        entry = plain(group, "1.3.0", "2000", ("", "", "A", "A"), longest)
    except (KeyError, TypeError, ValueError):
        return None
    return None if entry is None else (kind, (entry,))


def _country(entry: FieldReader) -> str | None:
    country = entry.text("co", required=True)
    if country is not None and not _UPPER.search(country):
        entry.note(Code.SCHEMA_DEVIATION, "co")
    return country


def _vaccination(entry: FieldReader, longest: int, early: bool) -> Vaccination:
    return Vaccination(
        entry.text("tg", required=True),
        entry.text("vp", required=True),
        entry.text("mp", required=True),
        entry.text("ma", required=True),
        entry.whole("dn", required=True, least=1),
        entry.whole("sd", required=True, least=1),
        entry.day("dt", required=True, shape=_DAY),
        _country(entry),
        entry.text("is", required=True, longest=longest),
        entry.text("ci", required=True, longest=longest),
    )


def _test(entry: FieldReader, longest: int, early: bool) -> Test:
    if early and "tc" not in entry.group:
        entry.note(Code.SCHEMA_DEVIATION, "tc")
    return Test(
        entry.text("tg", required=True),
        entry.text("tt", required=True),
        entry.text("nm", longest=longest),
        entry.text("ma"),
        entry.moment("sc", required=True, shape=_DAY_TIME),
        entry.text("tr", required=True),
        entry.text("tc", longest=longest),
        _country(entry),
        entry.text("is", required=True, longest=longest),
        entry.text("ci", required=True, longest=longest),
    )


def _recovery(entry: FieldReader, longest: int, early: bool) -> Recovery:
    return Recovery(
        entry.text("tg", required=True),
        entry.day("fr", required=True, shape=_DAY),
        _country(entry),
        entry.text("is", required=True, longest=longest),
        entry.day("df", required=True, shape=_DAY),
        entry.day("du", required=True, shape=_DAY),
        entry.text("ci", required=True, longest=longest),
    )


def _exemption(fields: FieldReader, longest: int, _early: bool = False) -> Exemption:
    """Read one exemption entry."""
    return Exemption(
        fields.text("tg", required=True),
        fields.day("df"),
        fields.day("du"),
        fields.text("co"),
        fields.text("is", required=True, longest=longest),
        fields.text("ci" if "ci" in fields.group else "cu", longest=longest),
    )


def _swiss_exemption(fields: FieldReader, longest: int, _early: bool = False) -> Exemption:
    """Read a Swiss exemption: `sc` is the day from which it holds."""
    return Exemption(
        fields.text("tg", required=True),
        fields.day("sc"),
        None,
        fields.text("co"),
        fields.text("is", required=True, longest=longest),
        fields.text("ci", longest=longest),
    )


_GROUPS: dict[str, tuple[Kind, Any]] = {
    "v": (Kind.VACCINATION, _vaccination),
    "t": (Kind.TEST, _test),
    "r": (Kind.RECOVERY, _recovery),
    "e": (Kind.EXEMPTION, _exemption),
    "ve": (Kind.EXEMPTION, _exemption),
}


# The quick way: prove with a few native operations that nothing is odd, then build; None is the answer to
# anything unusual. FieldReader are joined by U+001F, which no pattern here admits, so that none can pose as two;
# joining fails for what is not text, so that it proves the types of all text fields.
_PLAIN_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
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
_DAY_KNOWN, _INSTANT_KNOWN = Precision.DAY, Precision.INSTANT
_new = tuple.__new__
_UNSAID = (None,) * (len(Person._fields) - 5)
_names = itemgetter("fn", "gn", "fnt", "gnt")
_dose = itemgetter("tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci")
_result = itemgetter("tg", "tt", "sc", "tr", "co", "is", "ci")
_illness = itemgetter("tg", "fr", "co", "is", "df", "du", "ci")
_dose_shape, _result_shape = _shape(_PLAIN_DAY).fullmatch, _shape(_PLAIN_DAY + _TIME).fullmatch
_illness_shape = _shape(_PLAIN_DAY, _PLAIN_DAY, _PLAIN_DAY).fullmatch
_from_iso = date.fromisoformat
_joined, _text = "\x1f".join, "".join


def read(
    payload: Any, issuer: str | None, issued_at: int | None, expires_at: int | None
) -> HealthCertificate | None:
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
        key = "v" if "v" in payload else "t" if "t" in payload else "r"
        kind, plain = _PLAIN[key]
        entry = plain(payload[key], version, birth, names, limit)
        if entry is None:
            return None
        born = _day(birth) if len(birth) == 10 else moment(birth)
        if born is None:
            return None
    except (KeyError, TypeError, ValueError):
        return None
    person = _new(Person, (surname, forename, surname_icao, forename_icao, born) + _UNSAID)  # noqa: RUF005 - every text pays
    return _new(
        HealthCertificate,
        (
            DOMAIN,
            version,
            kind,
            person,
            (entry,),
            issuer,
            issued_at,
            expires_at,
            payload,
            None,
            None,
        ),
    )


def _day(text: str) -> Moment:
    return _new(Moment, (_DAY_KNOWN, _from_iso(text)))


def _plain_vaccination(
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
                identifier, None, None, None, None, (), None,
            ),
        )  # fmt: skip
    return None


def _plain_test(
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
                authority, identifier, None, None, (),
            ),
        )  # fmt: skip
    return None


def _plain_recovery(
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


_PLAIN: dict[str, tuple[Kind, Callable[..., Entry | None]]] = {
    "v": (Kind.VACCINATION, _plain_vaccination),
    "t": (Kind.TEST, _plain_test),
    "r": (Kind.RECOVERY, _plain_recovery),
}
