"""French 2D-DOC of our own: own keys, invented people, and a change for every way to alter one."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from pratique.crypto.keys import SigningKey
from pratique.model import Entry, Moment, Person, Precision, Test, Vaccination
from pratique.terms import Environment, Kind, Scheme
from pratique.trust.certificates import Listed, read_key
from pratique.trust.certificates import signer as signer_of
from pratique.trust.signer import Signer

CA, ID = "FR99", "XX01"
GS, RS, US = "\x1d", "\x1e", "\x1f"
DOSE = {
    "L0": "BLOGGS", "L1": "JO/ANN", "L2": "03021980", "L3": "COVID-19", "L4": "J07BX03",
    "L5": "COMIRNATY PFIZER/BIONTECH", "L6": "COMIRNATY PFIZER/BIONTECH", "L7": "2", "L8": "2",
    "L9": "10012022", "LA": "TE",
}  # fmt: skip
SAMPLE = {
    "F0": "JO/ANN", "F1": "BLOGGS", "F2": "03021980", "F3": "F", "F4": "945006", "F5": "N", "F6": "100120221030",
}  # fmt: skip
FIXED = {"L2", "L7", "L8", "L9", "LA", "F2", "F3", "F5", "F6"}
_PRODUCTS = {
    "EU/1/20/1528": "COMIRNATY", "EU/1/20/1507": "SPIKEVAX", "EU/1/21/1529": "VAXZEVRIA",
    "EU/1/20/1525": "JANSSEN",
}  # fmt: skip
_LOINC = {"LP6464-4": "945006", "LP217198-3": "945584"}
_RESULTS = {"260415000": "N", "260373001": "P"}


def signer(
    key: SigningKey,
    *,
    authority: str = CA,
    identifier: str = ID,
    kinds: frozenset[Kind] = frozenset({Kind.VACCINATION, Kind.TEST}),
    environment: Environment = Environment.PRODUCTION,
) -> Signer:
    """Return the signer of a key that is pinned by its two names."""
    record = read_key(key.public_key)._replace(usages=kinds)
    kid = identifier.encode()
    listed = Listed(
        record, kid, "FR", Scheme.TWO_D_DOC.value, (), True, authority, "2D-DOC of the tests"
    )
    return signer_of(listed, environment=environment)


def days(text: str) -> str:
    """Return a date as a header writes it."""
    return f"{(date.fromisoformat(text) - date(2000, 1, 1)).days:04X}"


def header(
    kind: str = "L1",
    *,
    version: str = "04",
    authority: str = CA,
    identifier: str = ID,
    issued: str = days("2022-01-11"),
    signed: str = days("2022-01-11"),
    perimeter: str = "01",
    country: str = "FR",
) -> str:
    """Return a header of its version's length."""
    more = {"03": perimeter, "04": perimeter + country}.get(version, "")
    return f"DC{version}{authority}{identifier}{issued}{signed}{kind}{more}"


def message(fields: Mapping[str, str], *, cut: str = "") -> str:
    """Return fields as a message has them; the one named `cut` ends with RS."""
    return "".join(
        name + value + ("" if name in FIXED else RS if name == cut else GS)
        for name, value in fields.items()
    )


def make(
    key: SigningKey,
    body: str | None = None,
    *,
    head: str | None = None,
    signature: bytes | None = None,
    annex: str | None = None,
) -> str:
    """Return the text of a code; each argument replaces what its name says."""
    signed = (header() if head is None else head) + (message(DOSE) if body is None else body)
    made = key.sign(signed.encode("latin-1")) if signature is None else signature
    written = base64.b32encode(made).decode().rstrip("=")
    return signed + US + written + ("" if annex is None else GS + annex)


def text(person: Person, entries: Iterable[Entry], key: SigningKey, **changes: Any) -> str:
    """Return the code of a person's one dose or test. Changes are those of fields, by their names."""
    (entry,) = entries
    kind, fields = _fields(person, entry)
    return make(key, message(fields | changes), head=header(kind))


def _fields(person: Person, entry: Entry) -> tuple[str, dict[str, str]]:
    born = _birth(person.birth_date)
    if isinstance(entry, Vaccination):
        dose, doses = entry.dose or 1, entry.doses or 1
        name = _PRODUCTS.get(entry.product or "", "UNKNOWN")
        return "L1", DOSE | {
            "L0": person.surname or "", "L1": person.forename or "", "L2": born, "L5": name, "L6": name,
            "L7": str(dose), "L8": str(doses), "L9": _day(entry.given), "LA": "TE" if dose >= doses else "CO",
        }  # fmt: skip
    assert isinstance(entry, Test)
    return "B2", SAMPLE | {
        "F0": person.forename or "", "F1": person.surname or "", "F2": born,
        "F4": _LOINC.get(entry.test_type or "", "40000"), "F5": _RESULTS.get(entry.result or "", "X"),
        "F6": _minute(entry.sampled),
    }  # fmt: skip


def _birth(born: Moment | None) -> str:
    if born is None:
        return "00000000"
    parts = {Precision.YEAR: "0000%Y", Precision.MONTH: "00%m%Y"}
    return born.first.strftime(parts.get(born.precision, "%d%m%Y"))


def _day(moment: Moment | None) -> str:
    assert moment is not None
    return moment.first.strftime("%d%m%Y")


def _minute(moment: Moment | None) -> str:
    assert moment is not None
    first = moment.first
    assert isinstance(first, datetime)
    # Paris in winter or in summer, by its usual months: no traveller of the tests stands at their edge.
    ahead = 2 if 4 <= first.month <= 9 else 1
    return first.astimezone(timezone(timedelta(hours=ahead))).strftime("%d%m%Y%H%M")
