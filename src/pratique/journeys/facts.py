"""What rules may see of a certificate: health facts, places and times; never a person.

    HealthCertificate, place, at -> {"payload": {v | t | r | e: [entry]}, "external": {...}, "holder"}

1. Built from the typed model, field by field: names, identifiers, issuing bodies and free texts are
   not left out, they are never put in. So no rule can depend on them.
2. Instants are written on the wall clock of the port of entry at its offset of that instant, dates
   stay dates: "14 days after the dose" begins at the port's midnight, and 72 hours are 72 hours on
   the night that clocks change too.
3. The exact birth date is not there; the age in whole years at arrival is. When it was issued and
   when it expires is told by the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pratique.model import (
    Entry,
    Exemption,
    HealthCertificate,
    Moment,
    Precision,
    Recovery,
    Test,
    Vaccination,
    wall_clock,
)
from pratique.rules.ruleset import Destination
from pratique.terms import Kind
from pratique.trust import countries

STATED = "stated"
"""What stands for an issuing body's name and for an identifier: rules ask whether there is one."""

GROUPS = {Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e"}


def data_of(
    kind: Kind,
    entries: tuple[Entry, ...],
    certificate: HealthCertificate,
    *,
    place: Destination,
    at: datetime,
    value_sets: Mapping[str, Any],
    compatible: bool = False,
) -> dict[str, Any]:
    """Return the data that rules are asked about.

    Args:
        kind: of the entries.
        entries: what is attested, by one certificate or by a course of several.
        certificate: whose issuer, issue and expiry count.
        place: where the holder arrives.
        at: aware, in the zone of the port of entry.
        value_sets: that rules may name.
        compatible: add what rules imported with `--compatible` may read: the country of the event,
            the date of birth, and that an identifier and an issuing body are stated, never which.
    """
    offset = at.utcoffset() or timedelta()
    clock = _wall(at, offset)
    issuer = countries.code(certificate.issuer) if certificate.issuer else None
    external = {
        "validationClock": clock,
        "arrivalDate": clock[:10],
        "valueSets": value_sets,
        "countryCode": place.country,
        "issuerCountryCode": issuer,
        "region": place.region or "",
        "iat": _stamp(certificate.issued_at, offset),
        "exp": _stamp(certificate.expires_at, offset),
        "nbf": _stamp(certificate.not_before, offset),
    }
    payload: dict[str, Any] = {GROUPS[kind]: [_fields(entry, offset) for entry in entries]}
    if compatible:
        for fields, entry in zip(payload[GROUPS[kind]], entries, strict=True):
            fields |= {"co": entry.country, "is": STATED, "ci": STATED}
        birth = certificate.person.birth_date
        payload["dob"] = birth.text() if birth is not None else ""
    age = age_years(certificate.person.birth_date, at)
    return {"payload": payload, "external": external, "holder": {"ageYears": age}}


def age_years(birth: Moment | None, at: datetime) -> int | None:
    """Return the age in whole years at `at`; of a partial date, the youngest it can mean."""
    if birth is None:
        return None
    born, today = birth.last_day(), at.date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years if years >= 0 else None


def _fields(entry: Entry, offset: timedelta) -> dict[str, Any]:
    found: dict[str, Any]
    if isinstance(entry, Vaccination):
        found = {
            "tg": entry.disease, "vp": entry.prophylaxis, "mp": entry.product,
            "ma": entry.manufacturer, "dn": entry.dose, "sd": entry.doses,
            "dt": _said(entry.given, offset),
        }  # fmt: skip
    elif isinstance(entry, Test):
        found = {
            "tg": entry.disease, "tt": entry.test_type, "ma": entry.device,
            "sc": _said(entry.sampled, offset), "tr": entry.result,
        }  # fmt: skip
    elif isinstance(entry, Recovery):
        found = {"tg": entry.disease, "fr": _said(entry.first_positive, offset)}
    else:
        assert isinstance(entry, Exemption)
        found = {"tg": entry.disease}
    # What it says of its own validity: `df` and `du` of the DCC, `vls` and `vle` of the ICVP,
    # `valid_from` and `valid_until` of the DDCC.
    found["df"] = _said(entry.valid_from, offset)
    found["du"] = _said(entry.valid_until, offset)
    return {name: value for name, value in found.items() if value is not None}


def _said(moment: Moment | None, offset: timedelta) -> str | None:
    if moment is None:
        return None
    if moment.precision is Precision.INSTANT and isinstance(moment.first, datetime):
        return _wall(moment.first, offset)
    return moment.text()


def _stamp(seconds: int | None, offset: timedelta) -> str | None:
    if seconds is None or not 0 <= seconds < 253_402_214_400:
        return None
    # The day alone: a rule that cut between two seconds could single out whoever was certified then.
    return _wall(datetime.fromtimestamp(seconds, UTC), offset)[:10]


def _wall(instant: datetime, offset: timedelta) -> str:
    wall = wall_clock(instant, offset)
    if wall.microsecond:
        return f"{wall.isoformat(timespec='milliseconds')[:23]}Z"
    return f"{wall.isoformat()[:19]}Z"
