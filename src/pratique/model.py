"""Health certificates, whatever they were written in: typed, immutable, silent about their content.

    formats.* -> HealthCertificate(person, entries, issuer, issued_at, expires_at)

1. Personal data lives in these types, and only formats, intake, issue, verify and decide see them.
2. No `repr` tells anything: a log line, a traceback or an error can show the type only.
3. A date says how precise it is; what was not said is None, never a guess.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from pratique.terms import Kind


class Precision(StrEnum):
    """How much of a date is known."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    INSTANT = "instant"


_Silent = TypeVar("_Silent")


def silent(cls: type[_Silent]) -> type[_Silent]:
    """Let the class's `repr` tell nothing but its name."""

    def hidden(self: object) -> str:
        return f"<{type(self).__name__}: not shown>"

    cls.__repr__ = hidden  # type: ignore[method-assign]
    return cls


@silent
class Moment(NamedTuple):
    """A date with its precision: `first` is its first day, or an aware instant."""

    precision: Precision
    first: date

    @property
    def last(self) -> date:
        """Return the last day (or the instant) that it can mean."""
        if self.precision is Precision.YEAR:
            return self.first.replace(month=12, day=31)
        if self.precision is Precision.MONTH:
            return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])
        return self.first

    def text(self) -> str:
        """Return it as ISO 8601 in its own precision."""
        if self.precision is Precision.YEAR:
            return f"{self.first.year:04d}"
        if self.precision is Precision.MONTH:
            return f"{self.first.year:04d}-{self.first.month:02d}"
        return self.first.isoformat()

    def day(self) -> date:
        """Return the first day, without a time."""
        return self.first.date() if isinstance(self.first, datetime) else self.first

    def last_day(self) -> date:
        """Return the last day that it can mean, without a time: dates compare with dates only."""
        last = self.last
        return last.date() if isinstance(last, datetime) else last


def wall_clock(instant: datetime, offset: timedelta) -> datetime:
    """Return what a clock at `offset` shows at an aware instant; at the calendar's ends as written.

    A certificate may hold any instant. One addition, from the clock that it was written on: through
    UTC the first and the last day of the calendar would overflow.
    """
    written = instant.replace(tzinfo=None)
    try:
        return written + (offset - (instant.utcoffset() or timedelta()))
    except OverflowError:
        return written


@silent
class Person(NamedTuple):
    """Whom a certificate is about. `*_icao` are ICAO 9303 transliterations (A-Z and `<`).

    `identifier` is the number of a document of theirs, `identifier_type` its kind (HL7 v2-0203).
    `cut` says that a name was cut off, as its format says: there is more of it than is printed.
    """

    surname: str | None
    forename: str | None
    surname_icao: str | None
    forename_icao: str | None
    birth_date: Moment | None
    sex: str | None = None
    nationality: str | None = None
    identifier: str | None = None
    identifier_type: str | None = None
    guardian: str | None = None
    cut: bool | None = None

    def display_name(self) -> str:
        """Return the name as a person reads it, falling back to the transliteration."""
        surname = self.surname or (self.surname_icao or "").replace("<", " ")
        forename = self.forename or (self.forename_icao or "").replace("<", " ")
        return " ".join(part for part in (surname, forename) if part.strip())

    def line(self) -> str:
        """Return the name in the letters of a travel document, as signed: family name, given names."""
        return " ".join(part for part in (self.surname_icao, self.forename_icao) if part)


@silent
class Vaccination(NamedTuple):
    """One dose. Codes are those of the value sets that the format's specification names.

    `unmapped` names fields of the DCC ("mp", "ma", "vp", "dn", "sd" ...) that its format does not state in a way
    that maps without a guess: a rule that reads one of them is open. `clinician` is who supervised the dose, as a
    yellow booklet says it: a name or a number of a register of the profession.
    """

    disease: str | None
    prophylaxis: str | None
    product: str | None
    manufacturer: str | None
    dose: int | None
    doses: int | None
    given: Moment | None
    country: str | None
    authority: str | None
    identifier: str | None
    lot: str | None = None
    site: str | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    unmapped: tuple[str, ...] = ()
    clinician: str | None = None


@silent
class Test(NamedTuple):
    """One test result; `unmapped` as for `Vaccination` ("tt", "tr", "ma" ...)."""

    disease: str | None
    test_type: str | None
    name: str | None
    device: str | None
    sampled: Moment | None
    result: str | None
    site: str | None
    country: str | None
    authority: str | None
    identifier: str | None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    unmapped: tuple[str, ...] = ()


@silent
class Recovery(NamedTuple):
    """One illness that is over."""

    disease: str | None
    first_positive: Moment | None
    country: str | None
    authority: str | None
    valid_from: Moment | None
    valid_until: Moment | None
    identifier: str | None


@silent
class Exemption(NamedTuple):
    """A reason not to be vaccinated or tested that the issuing body recognised; never which one."""

    disease: str | None
    valid_from: Moment | None
    valid_until: Moment | None
    country: str | None
    authority: str | None
    identifier: str | None


@silent
class Pass(NamedTuple):
    """A state's leave to take part: who issued it found its policy met, and it says no event."""

    valid_from: Moment | None
    valid_until: Moment | None
    country: str | None
    authority: str | None
    identifier: str | None


Entry = Vaccination | Test | Recovery | Exemption | Pass
KINDS: dict[type, Kind] = {
    Vaccination: Kind.VACCINATION,
    Test: Kind.TEST,
    Recovery: Kind.RECOVERY,
    Exemption: Kind.EXEMPTION,
    Pass: Kind.PASS,
}
"""Type of an entry -> what it attests."""


@silent
class HealthCertificate(NamedTuple):
    """A certificate whose signature was checked.

    Attributes:
        domain: "DCC", "DDCC", "ICVP", or the `Scheme` that it is of.
        version: of the data format, as the certificate states it; "" if it does not.
        kind: what it attests; of several kinds (SHC, VDS-NC), that of the first entry.
        entries: at least one; of one kind, but for SHC and VDS-NC.
        issuer: the issuer claim as written, or None.
        issued_at, expires_at: seconds since the epoch, or None where it does not say.
        payload: the format's own fields, for rules and for the holder's eyes; read only.
        not_before: `nbf` (RFC 8392 §3.1.5), as seconds since the epoch; None if it does not say.
        revocation_id: by which its issuer revokes it, where that is no entry's identifier (SHC `rid`).
    """

    domain: str
    version: str
    kind: Kind
    person: Person
    entries: tuple[Entry, ...]
    issuer: str | None
    issued_at: int | None
    expires_at: int | None
    payload: Mapping[Any, Any]
    not_before: int | None = None
    revocation_id: str | None = None
