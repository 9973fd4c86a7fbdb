"""French 2D-DOC: proofs of vaccination (L1) and of tests (B2) (ANTS, 2D-DOC specification 3.1.3).

    DC0n header + fields US signature [GS annex] -> CA, certificate's id, message -> Sealed    (unwrap)
    Sealed -> header's dates, fields -> HealthCertificate                                       (decode)

1. A key is named by its CA's and its certificate's identifiers together. The code names no algorithm: it is the key's.
2. What is signed is all before US, as it stands. Separators that a scanner drops are never put back by guess: a
   field could end elsewhere. That is "scan again", and nothing against the holder.
3. An annex after the signature is not signed, and not read.
4. Codes state no end, no country of the dose or of the test, and name products in free text: `codes` says which
   it knows.

Apart because a format is a module of its own, with a row in `formats.SCHEMES`, and is loaded by its texts alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

from pratique.findings import Code, Finding
from pratique.formats import base32, codes
from pratique.formats.codes import Vaccine
from pratique.formats.fields import Decoded, Sealed, names_somebody
from pratique.formats.hcert import MAX_TEXT
from pratique.model import HealthCertificate, Moment, Person, Precision, Test, Vaccination
from pratique.terms import Kind, Scheme

GS, RS, US = "\x1d", "\x1e", "\x1f"
"""After a field of variable length; the same where it was cut off; before the signature."""

# ----------------------------------------------------------------------------------------------------
# Header and signature.

COUNTRY = "FR"
_HEADER = re.compile(
    r"DC(0[1-4])([0-9A-Z]{4})([0-9A-Z]{4})([0-9A-F]{4})([0-9A-F]{4})([0-9A-Z]{2})", re.ASCII
)
_MORE = {
    "01": re.compile(""),
    "02": re.compile(""),
    "03": re.compile(r"[0-9A-Z]{2}"),
    "04": re.compile(r"[0-9A-Z]{2}[A-Z]{2}"),
}
"""What stands in a header after that, by its version: the third has the perimeter more, the fourth the country too."""
_PERIMETER = "01"
"""Of France's own types of documents: in another one a type means something else."""
_NEVER = "FFFF"
_FIRST_DAY = date(2000, 1, 1).toordinal()
_SIGNATURES = {64, 96, 132}
"""Octets of r and s together, on P-256, P-384 and P-521."""


class DocumentHead(NamedTuple):
    """What stands before the fields: whose it is said to be, of when, of what type; dates in days since 2000."""

    size: int
    perimeter: str
    country: str
    version: str
    authority: str
    identifier: str
    issued: str
    signed: str
    type: str


def _header(text: str) -> DocumentHead | None:
    """Read the header of a text; None if it has none."""
    match = _HEADER.match(text)
    if match is None:
        return None
    more = _MORE[match[1]].match(text, match.end())
    if more is None:
        return None
    return DocumentHead(more.end(), more[0][:2] or _PERIMETER, more[0][2:], *match.groups())


def unwrap(text: str) -> Sealed | Finding:
    """Take a text apart down to the signed message."""
    if len(text) > MAX_TEXT:
        return Finding(Code.TEXT_TOO_LONG)
    head = _header(text)
    if head is None or not text.isascii():
        return Finding(Code.TEXT_DAMAGED, "header")
    if head.perimeter != _PERIMETER:
        return Finding(Code.FORMAT_NOT_READ, "French 2D-DOC of another perimeter")
    if head.type not in _FIELDS:
        return Finding(Code.FORMAT_NOT_READ, "French 2D-DOC of another type of document")
    signed, separator, rest = text.partition(US)
    # Each of both types begins with a field of variable length, so that no message is without a separator.
    if not separator or not (GS in signed or RS in signed):
        return Finding(Code.SEPARATORS_LOST)
    written, annexed, _ = rest.partition(GS)
    signature = _signature(written)
    if isinstance(signature, Finding):
        return signature
    message = signed.encode("ascii")
    return Sealed(
        Scheme.TWO_D_DOC,
        head.authority,
        head.identifier.encode("ascii"),
        None,
        message,
        signature,
        message,
        by_key=True,
        notes=(Finding(Code.CLAIM_IGNORED, "annex"),) if annexed else (),
    )


def _signature(written: str) -> bytes | Finding:
    octets = base32.decode(written)
    # Too short for any key: its end was not scanned.
    if octets is None or len(octets) < min(_SIGNATURES):
        return Finding(Code.TEXT_DAMAGED, "signature")
    # Longer ones are DER's, which a signer writes (RFC 3279 §2.2.3).
    return octets if len(octets) in _SIGNATURES else Finding(Code.SIGNATURE_FORM)


# ----------------------------------------------------------------------------------------------------
# Fields: a name of two characters, and a value of fixed or of variable length.
#
#     "L0THEOULE SUR MER<GS>L1JEAN PAUL<GS>L231051962L3…" -> {"L0": "THEOULE SUR MER", …}
#
# 1. A value of variable length ends with GS, with RS where it was cut off, or where it is as long as it may be.
# 2. A name that is not known has no length that is known: what follows cannot be told apart, and is not read.

_FIELDS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "L1": {
            "L0": 80, "L1": 80, "L2": -8, "L3": 30, "L4": 15, "L5": 30, "L6": 30, "L7": -1, "L8": -1,
            "L9": -8, "LA": -2,
        },
        "B2": {"F0": 60, "F1": 38, "F2": -8, "F3": -1, "F4": 7, "F5": -1, "F6": -12},
    }
)  # fmt: skip
"""Type of document -> field -> characters of its value: at most so many, or (below zero) exactly."""
_LONGEST = 80
_ENDS = re.compile(f"[{GS}{RS}]")


def _fields(
    message: str, sizes: Mapping[str, int], findings: list[Finding]
) -> dict[str, str] | None:
    """Read the fields of a message without its header; None, and why, if they cannot be told apart."""
    fields: dict[str, str] = {}
    place = 0
    while place < len(message):
        name = message[place : place + 2]
        size = sizes.get(name)
        if size is None:
            findings.append(Finding(Code.CLAIM_UNKNOWN, "field"))
            return None
        if name in fields:
            findings.append(Finding(Code.FIELD_TWICE, name))
            return None
        place += 2
        fields[name] = ""
        ahead = message[place : place + _LONGEST + 2]
        length = -size if size < 0 else _length(ahead, size, sizes.keys() - fields.keys())
        fields[name] = value = ahead[:length]
        if size < 0 and (len(value) != length or GS in value or RS in value):
            findings.append(Finding(Code.FIELD_TYPE, name))
            return None
        place += length
        ended = message[place : place + 1]
        if ended == RS:
            findings.append(Finding(Code.FIELD_CUT, name))
        # Of fixed length, a separator behind it says nothing more.
        place += ended in {GS, RS}
    return fields


def _length(ahead: str, most: int, others: Set[str]) -> int:
    """Return how long the value of variable length at the beginning of `ahead` is."""
    ends = _ENDS.search(ahead)
    length = len(ahead) if ends is None else ends.start()
    # As long as it may be, it needs no separator: another field's name stands there.
    full = length > most and ahead[most : most + 2] in others
    return most if full else length


# ----------------------------------------------------------------------------------------------------
# What the fields say.

_NAMES = {"L1": ("L0", "L1", "L2"), "B2": ("F1", "F0", "F2")}
"""Type of document -> fields of surname, given names, birth date."""
_REQUIRED = {"L1": ("L0", "L1", "L2", "L3", "L7", "L8", "L9", "LA"), "B2": ("F0", "F1", "F2", "F4", "F5", "F6")}  # fmt: skip
_KIND = {"L1": Kind.VACCINATION, "B2": Kind.TEST}
_SEXES = {"M": "M", "F": "F"}


def decode(sealed: Sealed, countries: frozenset[str]) -> Decoded:
    """Read a message whose signature is known to be good."""
    text = sealed.payload.decode("ascii")
    head = _header(text)
    assert head is not None, "unwrap has read it"
    findings: list[Finding] = []
    fields = _fields(text[head.size :], _FIELDS[head.type], findings)
    if fields is None:
        return Decoded(None, tuple(findings))
    missing = [name for name in _REQUIRED[head.type] if not fields.get(name)]
    if missing:
        findings += [Finding(Code.FIELD_MISSING, name) for name in missing]
        return Decoded(None, tuple(findings))
    person = _person(head.type, fields, findings)
    entry = (
        _vaccination(fields, countries, findings) if head.type == "L1" else _test(fields, findings)
    )
    if entry is None:
        findings.append(Finding(Code.NO_EVENT))
    if person is None or entry is None:
        return Decoded(None, tuple(findings))
    certificate = HealthCertificate(
        Scheme.TWO_D_DOC.value, head.version, _KIND[head.type], person, (entry,), head.country or COUNTRY,
        _issued(head, findings), None, fields,
    )  # fmt: skip
    return Decoded(certificate, tuple(findings))


def _issued(head: DocumentHead, findings: list[Finding]) -> int | None:
    """Return the first second of the day of signature, or of issue where only that is said; None if neither is."""
    days = head.signed if head.signed != _NEVER else head.issued
    if days == _NEVER:
        return None
    if head.issued != _NEVER and int(head.issued, 16) > int(days, 16):
        findings.append(Finding(Code.SCHEMA_DEVIATION, "date of issue"))
    day = date.fromordinal(_FIRST_DAY + int(days, 16))
    midnight = in_paris(day)
    assert midnight is not None, "clocks change after midnight"
    return int(midnight.timestamp())


def _person(kind: str, fields: Mapping[str, str], findings: list[Finding]) -> Person | None:
    family, given, born = _NAMES[kind]
    # Given names are a list, "/" between (specification, L1).
    names = [fields[name].replace("/", " ").strip() for name in (family, given)]
    if not any(map(names_somebody, names)):
        findings.append(Finding(Code.NAME_MISSING, family))
        return None
    birth = _birth(fields[born], born, findings)
    cut = any(Finding(Code.FIELD_CUT, name) in findings for name in (family, given))
    return Person(
        names[0], names[1], None, None, birth, sex=_SEXES.get(fields.get("F3", "")), cut=cut
    )


_OLDEST = 1850
"""Year of birth before which a number is a year of another calendar, or none."""


def _birth(digits: str, where: str, findings: list[Finding]) -> Moment | None:
    """Read DDMMYYYY, of which a part may be unknown (00), or be of a lunar calendar; None if it is no date.

    Civil registers write months up to 50, and thirty days in any month, for dates of a lunar calendar or of no
    known one. Then it is none: its year alone would make one person of two who were born on two days of it.
    """
    if not re.fullmatch(r"[0-9]{8}", digits, re.ASCII) or int(digits[4:]) < _OLDEST:
        findings.append(Finding(Code.DATE_UNREADABLE, where))
        return None
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    if day > 31 or month > 50:
        findings.append(Finding(Code.DATE_UNREADABLE, where))
        return None
    if 1 <= month <= 12 and day == 0:
        return Moment(Precision.MONTH, date(year, month, 1))
    try:
        return Moment(Precision.DAY, date(year, month, day))
    except ValueError:
        if day or month:
            findings.append(Finding(Code.NOT_MAPPED, where))
            return None
        return Moment(Precision.YEAR, date(year, 1, 1))


def _vaccination(
    fields: Mapping[str, str], countries: frozenset[str], findings: list[Finding]
) -> Vaccination | None:
    given = _day(fields["L9"])
    if given is None:
        findings.append(Finding(Code.DATE_UNREADABLE, "L9"))
        return None
    disease = codes.disease("TEXT", fields["L3"])
    # Of a vaccine against what is not known, its name is not believed: COMIRNATY is none against tetanus.
    vaccine = _UNKNOWN if disease is None else _vaccine(fields, countries)
    if vaccine.unmapped:
        findings.append(Finding(Code.NOT_MAPPED, "L5"))
    unmapped = list(vaccine.unmapped)
    if disease is None:
        unmapped.append("tg")
        findings.append(Finding(Code.NOT_MAPPED, "L3"))
    dose, doses = (
        int(fields[name]) if fields[name] in "123456789" else None for name in ("L7", "L8")
    )
    if dose is None or doses is None:
        findings.append(Finding(Code.DOSES_BELOW_ONE, "L7" if dose is None else "L8"))
        unmapped += ["dn", "sd"]
    elif fields["LA"] != ("TE" if dose >= doses else "CO"):
        # The course is over by one field and not by the others: which of them counts is not said.
        findings.append(Finding(Code.NOT_MAPPED, "LA"))
        unmapped += ["dn", "sd"]
    return Vaccination(
        disease, vaccine.prophylaxis, vaccine.product, vaccine.manufacturer, dose, doses, given,
        None, None, None, unmapped=tuple(dict.fromkeys(unmapped)),
    )  # fmt: skip


_UNKNOWN = Vaccine(None, None, None, None, ("vp", "mp", "ma"))


def _vaccine(fields: Mapping[str, str], countries: frozenset[str]) -> Vaccine:
    """Return what the texts of product (L5) and maker (L6) and the ATC code (L4) say together."""
    by_class = codes.vaccine("ATC", fields.get("L4", ""), countries=countries) or _UNKNOWN
    by_name = codes.named(fields.get("L5", ""), Scheme.TWO_D_DOC)
    by_maker = codes.named(fields.get("L6", ""), Scheme.TWO_D_DOC)
    said = [one for one in (by_class, by_name, by_maker) if one is not None and one is not _UNKNOWN]
    if any(codes.contradict(one, other) for one, other in combinations(said, 2)):
        # Another class, maker or product than its product's: none is believed.
        return _UNKNOWN
    if by_name is None or by_name.product is None:
        return by_class
    return by_name


def _test(fields: Mapping[str, str], findings: list[Finding]) -> Test | None:
    loinc = codes.loinc(fields["F4"])
    kind, result = codes.test_type(loinc), codes.result("2D-DOC", fields["F5"])
    sampled = _sampled(fields["F6"])
    for name, value in (("F4", kind), ("F5", result)):
        if value is None:
            # Another test, one for antibodies, or no result (X: the sample was unfit; I: indeterminate).
            findings.append(Finding(Code.NOT_MAPPED, name))
    if sampled is None:
        findings.append(Finding(Code.DATE_UNREADABLE, "F6"))
    if kind is None or result is None or sampled is None:
        return None
    unmapped = ("nm",) if kind == codes.NAAT else ("nm", "ma")
    return Test(
        codes.COVID, kind, None, None, sampled, result, None, None, None, None, unmapped=unmapped
    )


# ----------------------------------------------------------------------------------------------------
# Dates: DDMMYYYY, and DDMMYYYYHHMM on the clock of Paris.


def _day(digits: str) -> Moment | None:
    try:
        return (
            Moment(Precision.DAY, date(int(digits[4:]), int(digits[2:4]), int(digits[:2])))
            if digits.isdecimal()
            else None
        )
    except ValueError:
        return None


def _sampled(digits: str) -> Moment | None:
    """Read when a sample was taken; its day alone where Paris had that hour twice, or not at all."""
    day = _day(digits[:8])
    if day is None or not re.fullmatch(r"(?:[01][0-9]|2[0-3])[0-5][0-9]", digits[8:], re.ASCII):
        return None
    instant = in_paris(day.first, int(digits[8:10]), int(digits[10:]))
    return day if instant is None else Moment(Precision.INSTANT, instant)


_RULE_SINCE = 1996
_WINTER, _SUMMER = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))


def in_paris(day: date, hour: int = 0, minute: int = 0) -> datetime | None:
    """Return the instant at which a clock in Paris shows a time; None where it shows it twice, or never.

    Summer time is from the last Sunday of March, 01:00 UTC, to the last Sunday of October, 01:00 UTC
    (Directive 2000/84/EC, articles 2 and 3). By this rule, and not by a machine's tables: every verifier is to
    conclude the same. Before 1996 it was another rule; then it is None too.
    """
    if day.year < _RULE_SINCE:
        return None
    begins, ends = (_last_sunday(day.year, month) + timedelta(hours=1) for month in (3, 10))
    shown = [
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        for zone in (_WINTER, _SUMMER)
    ]
    meant = [
        instant for instant in shown if (begins <= instant < ends) is (instant.tzinfo is _SUMMER)
    ]
    return meant[0] if len(meant) == 1 else None


def _last_sunday(year: int, month: int) -> datetime:
    # March and October have 31 days.
    last = datetime(year, month, 31, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
