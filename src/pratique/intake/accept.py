"""Take what is handed in, and say at once whether it can be issued.

    cells -> read -> records -> examine -> Reading(record | None, all remarks)
    readings of one file -> together -> the same, with what is told of several of one person

1. A record that any remark refuses is not handed on: what comes out of here may be signed.
2. What is handed in, a row or a FHIR document, is told by FHIR's own `resourceType`, which is no column.
3. `examine` knows one record, `compare` those of one person that lie in the same file: no register of
   people is asked, and none is made.
4. What contradicts itself refuses; what is merely unlikely asks the clerk.
5. A field without a value set is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple

from pratique.formats import codes
from pratique.formats.codes import DETECTED, RAPID
from pratique.intake import fhir
from pratique.intake.catalogue import (
    KNOWN_SINCE,
    OWN_COUNTRIES,
    Catalogue,
    Product,
)
from pratique.intake.remarks import Remark, RemarkCode, placed, refuses
from pratique.intake.rows import NOTHING, Reading, Record, drafted, fill, read_row
from pratique.model import Exemption, Moment, Pass, Person, Recovery, Test, Vaccination

__all__ = ["Reading", "accept", "looked_at", "together"]

OLDEST = 115
OF_AGE = 18
FIRST_DAY_OF_RECOVERY = 11
LAST_DAY_OF_RECOVERY = 180
"""Days after the first positive test (Regulation (EU) 2021/953, Annex point 3)."""

_VACCINATION = ("disease", "prophylaxis", "product", "manufacturer")


def examine(record: Record, catalogue: Catalogue, *, at: date) -> tuple[Remark, ...]:
    """Check one record. `at` is today where it is issued; an aware datetime settles instants exactly."""
    found: list[Remark] = []
    entry, person = record.entry, record.person
    today = at.date() if isinstance(at, datetime) else at
    if type(entry) is Vaccination:
        _vaccination(found, entry, record.domain, catalogue, today)
    elif type(entry) is Test:
        _test(found, entry, catalogue, at)
    elif type(entry) is Recovery:
        _recovery(found, entry, today)
    elif type(entry) is Exemption:
        _reversed(found, entry.valid_from, entry.valid_until, today)
    if not isinstance(entry, Vaccination | Pass):
        _coded(found, catalogue, "disease", entry.disease)
    if entry.country not in OWN_COUNTRIES:
        _coded(found, catalogue, "country", entry.country)
    _birth(found, person, record, today)
    return tuple(found)


def _coded(found: list[Remark], catalogue: Catalogue, field: str, code: str | None) -> None:
    values = catalogue.sets.get(field)
    if values is None or code is None:
        return
    value = values.get(code)
    if value is None:
        found.append(Remark(RemarkCode.CODE_UNKNOWN, field))
    elif not value.active:
        found.append(Remark(RemarkCode.CODE_INACTIVE, field))


def _vaccination(
    found: list[Remark], dose: Vaccination, domain: str, catalogue: Catalogue, today: date
) -> None:
    product = catalogue.product_of.get(dose.product or "")
    if domain == "ICVP":
        # smart-icvp REQ-CC-06: a product that is not in the catalogue is refused.
        if product is None:
            found.append(Remark(RemarkCode.CODE_UNKNOWN, "product"))
        elif not product.active:
            found.append(Remark(RemarkCode.CODE_INACTIVE, "product"))
    else:
        _coded(found, catalogue, "product", dose.product)
        _coded(found, catalogue, "manufacturer", dose.manufacturer)
        _coded(found, catalogue, "prophylaxis", dose.prophylaxis)
        _coded(found, catalogue, "disease", dose.disease)
    if product is not None:
        _fits(found, dose, domain, product)
    if dose.dose is not None and dose.doses is not None and dose.dose > dose.doses:
        found.append(Remark(RemarkCode.DOSE_BEYOND_SERIES, "dose"))
    if dose.lot is None:
        found.append(Remark(RemarkCode.LOT_MISSING, "lot"))
    _past(found, dose.given, "given_on", today)


def _fits(found: list[Remark], dose: Vaccination, domain: str, product: Product) -> None:
    if product.domain != domain:
        found.append(Remark(RemarkCode.PRODUCT_NOT_IN_DOMAIN, "product"))
    if dose.disease != product.disease:
        found.append(Remark(RemarkCode.PRODUCT_DISEASE_MISMATCH, "disease"))
    maker, kind = dose.manufacturer, dose.prophylaxis
    if product.manufacturer and maker != product.manufacturer and maker is not None:
        found.append(Remark(RemarkCode.PRODUCT_MANUFACTURER_MISMATCH, "manufacturer"))
    if product.prophylaxis and kind not in (
        product.prophylaxis,
        None,
        *codes.COARSE,
    ):
        found.append(Remark(RemarkCode.PRODUCT_PROPHYLAXIS_MISMATCH, "prophylaxis"))
    if product.since and dose.given is not None and dose.given.first < product.since:
        found.append(Remark(RemarkCode.BEFORE_PRODUCT_EXISTED, "given_on"))


def _test(found: list[Remark], test: Test, catalogue: Catalogue, at: date) -> None:
    for field in ("test_type", "device", "result"):
        _coded(found, catalogue, field, getattr(test, field))
    if test.test_type == RAPID and test.device is None:
        found.append(Remark(RemarkCode.DEVICE_MISSING, "device"))
    if test.result == DETECTED:
        found.append(Remark(RemarkCode.RESULT_POSITIVE, "result"))
    if test.sampled is None:
        return
    when = test.sampled.first
    if isinstance(at, datetime) and at.tzinfo is not None and isinstance(when, datetime):
        late = when > at
    else:
        late = test.sampled.day() > (at.date() if isinstance(at, datetime) else at)
    if late:
        found.append(Remark(RemarkCode.DATE_IN_FUTURE, "sampled_at"))
    _known(found, test.disease, test.sampled, "sampled_at")


def _recovery(found: list[Remark], illness: Recovery, today: date) -> None:
    _past(found, illness.first_positive, "first_positive_on", today)
    begin, end = illness.valid_from, illness.valid_until
    _reversed(found, begin, end, today)
    _known(found, illness.disease, illness.first_positive, "first_positive_on")
    if illness.first_positive is None:
        return
    first = illness.first_positive.first
    if begin is not None and begin.first < first + timedelta(days=FIRST_DAY_OF_RECOVERY):
        found.append(Remark(RemarkCode.RECOVERY_TOO_EARLY, "valid_from"))
    if end is not None and end.first > first + timedelta(days=LAST_DAY_OF_RECOVERY):
        found.append(Remark(RemarkCode.RECOVERY_TOO_LONG, "valid_until"))


def _reversed(found: list[Remark], begin: Moment | None, end: Moment | None, today: date) -> None:
    if begin is not None and end is not None and end.first < begin.first:
        found.append(Remark(RemarkCode.DATES_REVERSED, "valid_until"))
    elif end is not None and end.first < today:
        found.append(Remark(RemarkCode.VALIDITY_OVER, "valid_until"))


def _past(found: list[Remark], when: Moment | None, column: str, today: date) -> None:
    if when is not None and when.first > today:
        found.append(Remark(RemarkCode.DATE_IN_FUTURE, column))


def _known(found: list[Remark], disease: str | None, when: Moment | None, column: str) -> None:
    since = KNOWN_SINCE.get(disease or "")
    if since is not None and when is not None and when.day() < since:
        found.append(Remark(RemarkCode.BEFORE_DISEASE_KNOWN, column))


_HAPPENED = {
    Vaccination: ("given_on", "given"),
    Test: ("sampled_at", "sampled"),
    Recovery: ("first_positive_on", "first_positive"),
}


def _birth(found: list[Remark], person: Person, record: Record, today: date) -> None:
    born = person.birth_date
    if born is None:
        return
    first = born.first
    if first > today:
        found.append(Remark(RemarkCode.BIRTH_IMPOSSIBLE, "birth_date"))
        return
    if today.year - first.year > OLDEST:
        found.append(Remark(RemarkCode.AGE_UNLIKELY, "birth_date"))
    if place := _HAPPENED.get(type(record.entry)):
        column, field = place
        when = getattr(record.entry, field)
        # A birth year says no day: its first one is taken, so that nobody is refused by a guess.
        if when is not None and when.day() < first:
            found.append(Remark(RemarkCode.DATE_BEFORE_BIRTH, column))
    day = born.day()
    age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    if record.domain == "ICVP" and person.guardian is None and age < OF_AGE:
        found.append(Remark(RemarkCode.GUARDIAN_MISSING, "guardian"))


class Compared(NamedTuple):
    """What a record is compared by with others of its file, without saying whose it is.

    Attributes:
        person: digest of name and birth date under the caller's key.
        event: digest of all that is attested, of what is no dose; the same twice is a repetition.
        disease, product, number, day: of a dose; `day` is 0 for what is none.
    """

    person: bytes
    event: bytes
    disease: str = ""
    product: str = ""
    number: int = 0
    day: int = 0


def compared(record: Record, key: bytes = b"") -> Compared:
    """Return what of a record is compared; a key that is kept secret hides whose it is."""
    person, entry = record.person, record.entry
    # As the travel document has it, so that another spelling of the name is the same person.
    surname, forename = (
        person.surname_icao or person.surname,
        person.forename_icao or person.forename,
    )
    whose = _digest(key, surname, forename, person.birth_date)
    if isinstance(entry, Vaccination) and entry.given is not None:
        day = entry.given.day().toordinal()
        return Compared(whose, b"", entry.disease or "", entry.product or "", entry.dose or 0, day)
    return Compared(whose, _digest(key, record.domain, record.kind, *entry))


def compare(
    found: Sequence[Compared | None], catalogue: Catalogue
) -> tuple[tuple[Remark, ...], ...]:
    """Check records against others of the same person; the remarks stand in the records' order."""
    remarks: list[list[Remark]] = [[] for _ in found]
    courses: dict[tuple[bytes, str], list[tuple[Compared, int]]] = {}
    seen: set[tuple[bytes, bytes]] = set()
    for place, one in enumerate(found):
        if one is None:
            continue
        if one.day:
            courses.setdefault((one.person, one.disease), []).append((one, place))
        elif (one.person, one.event) in seen:
            remarks[place].append(Remark(RemarkCode.RECORD_REPEATED))
        else:
            seen.add((one.person, one.event))
    for course in courses.values():
        if len(course) > 1:
            course.sort(
                key=lambda given: (given[0].day, given[0].number, given[0].product, given[1])
            )
            for (before, _), (given, place) in pairwise(course):
                remarks[place] += _between(before, given, catalogue)
    return tuple(map(tuple, remarks))


def _between(before: Compared, given: Compared, catalogue: Catalogue) -> list[Remark]:
    gap = given.day - before.day
    if (before.product, before.number, 0) == (given.product, given.number, gap):
        return [Remark(RemarkCode.DOSE_REPEATED, "dose")]
    found: list[Remark] = []
    if given.number < before.number:
        found.append(Remark(RemarkCode.DOSE_ORDER, "dose"))
    known_product = catalogue.product_of.get(before.product)
    # The first product's interval binds whatever is given next; two on one day are always too close.
    if gap < max(known_product.interval if known_product else 0, 1):
        found.append(Remark(RemarkCode.DOSE_INTERVAL_SHORT, "given_on"))
    return found


def _digest(key: bytes, *parts: object) -> bytes:
    content = "\x1f".join(
        f"{part.precision} {part.first}" if isinstance(part, Moment) else str(part or "")
        for part in parts
    )
    return blake2b(content.encode("utf-8", "surrogatepass"), key=key, digest_size=12).digest()


def read(
    cells: Mapping[Any, Any],
    catalogue: Catalogue,
    *,
    country: str = "",
    authority: str = "",
    at: date | None = None,
    filled: Mapping[str, Any] = NOTHING,
) -> list[Reading]:
    """Read a row (one reading), or a FHIR document (one reading for each event in it)."""
    if "resourceType" in cells:
        return fhir.read(
            cells, catalogue, country=country, authority=authority, at=at, filled=filled
        )
    return [read_row(fill(cells, filled), catalogue, country=country, authority=authority)]


def accept(
    cells: Mapping[Any, Any],
    catalogue: Catalogue,
    *,
    at: date,
    country: str = "",
    authority: str = "",
    filled: Mapping[str, Any] = NOTHING,
) -> list[Reading]:
    """Read a row or a FHIR document, and examine each record as of a day.

    Args:
        filled: columns that hold for a whole file, where its own cells are empty.
    """
    day = at.date() if isinstance(at, datetime) else at
    return [
        _examined(reading, catalogue, at)
        for reading in read(
            cells, catalogue, country=country, authority=authority, at=day, filled=filled
        )
    ]


def looked_at(
    row: Mapping[str, str],
    catalogue: Catalogue,
    *,
    at: date,
    country: str = "",
    authority: str = "",
) -> tuple[Person | None, tuple[Remark, ...]]:
    """Return whom a row is about and all that is to be said of it, also while much of it is missing.

    A clerk who types is told of a date in the future at once, and not when all else is filled in.
    """
    record, remarks = drafted(row, catalogue, country=country, authority=authority)
    if record is None:
        return None, remarks
    said = {remark.column for remark in remarks}
    more = (each for each in examine(record, catalogue, at=at) if each.column not in said)
    return record.person, (*remarks, *more)


def _examined(reading: Reading, catalogue: Catalogue, at: date) -> Reading:
    if reading.record is None:
        return reading
    more = examine(reading.record, catalogue, at=at)
    if not more:
        return reading
    remarks = reading.remarks + placed(reading.place, more)
    return Reading(None if refuses(more) else reading.record, remarks, reading.place)


def together(readings: Sequence[Reading], catalogue: Catalogue) -> list[Reading]:
    """Compare the records of one file with each other: remarks of the same person's are added."""
    found = compare([compared(r.record) if r.record else None for r in readings], catalogue)
    return [
        reading._replace(remarks=reading.remarks + placed(reading.place, more)) if more else reading
        for reading, more in zip(readings, found, strict=True)
    ]
