"""May everybody on this flight's list enter where they go? Asked before boarding, and told without a word about health.

    rows -> joined -> Booking(codes, name, birth date, legs) -> each leg: verify, decide; identify -> BoardingCheck
    BoardingCheck: reference, seat, OK | CHECK AT DESK | NO CERTIFICATE, reasons, leg

1. A verdict is `decide`'s, leg by leg, at the leg's own arrival; a likeness is `identify`'s. There is no other here.
   A signature is checked, and what it signs is read, once: neither depends on the arrival.
2. OK is said where every leg is GREEN and the name on the booking is the certificates'. All else that was read is for
   the desk: a refusal and a doubt are the same word, so that nobody is turned away by a list.
3. In a `BoardingCheck` there is no name, no date, no state of health and no kind of certificate, by type; its reasons are
   words of one closed table, and of the content of certificates there is one: the rules are not confirmed.
4. Whatever is wrong with a row is a reason of its reference. No cell raises, and no reference is lost.
5. A local time is read on the port's clock. One that comes twice, as clocks go back, must be GREEN both times; one
   that never comes is not guessed.
6. Nothing here reads a clock, a file or a network, and nothing is kept. For an arrival to come the data is as old as
   it is now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pratique.authenticate import Verification
from pratique.decision import decide
from pratique.errors import PratiqueError
from pratique.findings import Colour
from pratique.formats import fields
from pratique.identify import Identification, IdentityReason, Mrz, births_of, compared
from pratique.model import Moment, Person, silent
from pratique.rules.ruleset import Destination
from pratique.screen import (
    OpenedCode,
    ReasonKey,
    handed_in,
    holder_of,
    judged_codes,
    opened_codes,
    reasons_of,
)
from pratique.snapshot import Snapshot, destination
from pratique.verification import epoch
from pratique.wallet import aged_as_now


@unique
class BoardingOutcome(StrEnum):
    """What is said of a reference."""

    OK = "ok"
    CHECK = "check-at-desk"
    NONE = "no-certificate"


@unique
class BoardingReason(StrEnum):
    """Why it is not OK, in the order in which it is told: keys of the word table `[manifest]`."""

    NO_CODE = "no-code"
    CODE_UNREAD = "code-unread"
    ROW_UNREADABLE = "row-unreadable"
    ROWS_DIFFER = "rows-differ"
    REFERENCE_AGAIN = "reference-again"
    REFERENCE_MISSING = "reference-missing"
    TOO_MANY = "too-many"
    DESTINATION_UNKNOWN = "destination-unknown"
    ARRIVAL_MISSING = "arrival-missing"
    ARRIVAL_UNREADABLE = "arrival-unreadable"
    ZONE_MISSING = "zone-missing"
    NAME_MISSING = "name-missing"
    NAME_DIFFERS = "name-differs"
    NAME_UNSURE = "name-unsure"
    BIRTH_DATE_DIFFERS = "birth-date-differs"
    BIRTH_DATE_UNSURE = "birth-date-unsure"
    PERSON_UNCLEAR = "person-unclear"
    CERTIFICATE_UNCONFIRMED = "certificate-unconfirmed"
    RULES_UNCONFIRMED = "rules-unconfirmed"
    RULES_MISSING = "rules-missing"
    DATA_OLD = "data-old"
    PROGRAM_FAULT = "program-fault"


_B, _R, _I = BoardingReason, ReasonKey, IdentityReason

OF_SCREEN: Mapping[ReasonKey, BoardingReason] = {
    key: reason
    for reason, keys in {
        _B.CODE_UNREAD: (
            _R.SCAN_AGAIN, _R.SEVERAL_CODES, _R.MORE_CODES, _R.CODES_MIXED, _R.SCANNER_SETTING, _R.NO_HEALTH_CODE,
            _R.FILE_NOT_READ, _R.FORMAT_NOT_READ,
        ),
        _B.PERSON_UNCLEAR: (_R.OTHER_PERSON, _R.PERSON_UNCLEAR),
        # Forged, revoked, expired, of an unknown issuer: for a desk of an airline all of it is one thing.
        _B.CERTIFICATE_UNCONFIRMED: (
            _R.SPECIMEN, _R.SIGNATURE_BAD, _R.MALFORMED, _R.KEY_UNFIT, _R.KEY_WITHDRAWN, _R.REVOKED, _R.EXPIRED_CODE,
            _R.NOT_YET_VALID, _R.ISSUER_UNKNOWN, _R.KEY_IN_DOUBT, _R.REVOCATION_UNSURE, _R.NETWORK_SUSPENDED,
            _R.NETWORK_UNSURE, _R.CONTENT_UNKNOWN, _R.CONTENT_IN_DOUBT,
        ),
        # Which of these it is would tell what the certificate attests, and what of it is amiss.
        _B.RULES_UNCONFIRMED: (_R.NOT_MET, _R.NOT_DECIDED, _R.SECOND_CERTIFICATE),
        _B.RULES_MISSING: (_R.NO_RULES, _R.REGION_MISSING, _R.RULES_UNSURE),
        _B.DATA_OLD: (_R.CLOCK_WRONG, _R.DATA_TOO_OLD, _R.DATA_OLD),
        _B.PROGRAM_FAULT: (_R.PROGRAM_FAULT,),
    }.items()
    for key in keys
}  # fmt: skip
"""An officer's reason -> an airline's: fewer, and none of which tells what was certified."""

OF_IDENTITY: Mapping[IdentityReason, BoardingReason] = {
    _I.NO_CERTIFICATE: _B.CERTIFICATE_UNCONFIRMED,
    _I.NOT_MRZ: _B.NAME_MISSING,
    _I.CHECK_DIGIT_WRONG: _B.NAME_UNSURE,
    _I.KEYBOARD_LAYOUT: _B.NAME_UNSURE,
    _I.BIRTH_DATE_DIFFERS: _B.BIRTH_DATE_DIFFERS,
    _I.BIRTH_DATE_PARTIAL: _B.BIRTH_DATE_UNSURE,
    _I.BIRTH_DATE_MISSING: _B.BIRTH_DATE_UNSURE,
    _I.NAME_DIFFERS: _B.NAME_DIFFERS,
    _I.NAME_SPELLING: _B.NAME_UNSURE,
    _I.NAME_CUT: _B.NAME_UNSURE,
    _I.NAME_MISSING: _B.NAME_MISSING,
}

# ----------------------------------------------------------------------------------------------------
# The columns of a list, as airlines write them.

MOST_CODES, MOST_LEGS = 24, 8
"""Codes of one reference, and legs of its journey, that are looked at."""
LONGEST_REFERENCE = 40
"""Characters; what is longer is something else that has slipped into the column, and is not repeated."""
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reference": (
        "pnr", "recordlocator", "locator", "bookingreference", "bookingcode", "booking", "reservation",
        "passengerreference", "passengerid", "sequence", "boardingnumber",
    ),
    "seat": ("seatnumber", "seatno"),
    "name": ("passengername", "passenger", "paxname"),
    "surname": ("lastname", "familyname"),
    "forename": ("firstname", "givenname", "givennames", "forenames"),
    "birth_date": ("dob", "dateofbirth", "birthday"),
    "code": ("codes", "certificate", "certificates", "qr", "qrcode", "healthcode", "text"),
    "destination": ("to", "country", "port", "airport", "arrivalport", "arrivalairport", "destinationcountry"),
    "arrival": ("arrives", "arrivaltime", "arrivallocal", "arrivaldatetime", "sta", "eta"),
    "zone": ("timezone", "arrivalzone"),
}  # fmt: skip
"""Column -> other names of it, without blanks and `_`."""
_SEVERAL = {"code": MOST_CODES, "destination": MOST_LEGS, "arrival": MOST_LEGS, "zone": MOST_LEGS}
KNOWN: Mapping[str, str] = MappingProxyType(
    {
        f"{written}{number}": name if not number else f"{name}_{number}"
        for name, others in COLUMNS.items()
        for written in (name.replace("_", ""), *others)
        for number in ("", *range(2, _SEVERAL.get(name, 1) + 1))
    }
    | {"legs": "legs"}
)
"""A column as it may be written, in small letters without blanks and `_`, and its name here: `code_2` is a second code,
`arrival_2` of a second leg. `legs` is a list of objects, in JSON alone."""

_CODE_COLUMNS = ("code", *(f"code_{number}" for number in range(2, MOST_CODES + 1)))
_LEG = ("destination", "arrival", "zone")
_LEG_COLUMNS = (
    _LEG,
    *(tuple(f"{name}_{number}" for name in _LEG) for number in range(2, MOST_LEGS + 1)),
)

Cells = Mapping[str, Any]
"""Column -> what stands there: a text; in JSON a list of texts too, and `legs`."""


@silent
class Port(NamedTuple):
    """Where a list says that people arrive, and on which clock: a country or region, as text, and an IANA zone."""

    destination: str
    zone: str = ""


class Journeys(NamedTuple):
    """What holds where a row says nothing.

    Attributes:
        destination, arrival: of every leg that has none.
        zones: the clock of each destination, as it is written in capitals; "" for all others.
        ports: an airline's own codes (IATA's) -> what they stand for.
    """

    destination: str = ""
    arrival: str = ""
    zones: Mapping[str, str] = MappingProxyType({})
    ports: Mapping[str, Port] = MappingProxyType({})


@silent
class Leg(NamedTuple):
    """Where a passenger arrives, and when: aware, in the port's zone; two instants where the clock shows it twice."""

    destination: str
    instants: tuple[datetime, ...] = ()
    faults: tuple[BoardingReason, ...] = ()


@silent
class Booking(NamedTuple):
    """What a list says of one passenger.

    Attributes:
        reference, seat: as they are written; by both together a passenger is known.
        codes: texts of certificates.
        surname, forename, birth_date: as they are written; "" where they are not.
        legs: of the journey, in their order; empty where nothing says where it leads.
        faults: what is wrong with its rows.
    """

    reference: str
    seat: str
    codes: tuple[str, ...]
    surname: str
    forename: str
    birth_date: str
    legs: tuple[Leg, ...]
    faults: tuple[BoardingReason, ...] = ()


class BoardingCheck(NamedTuple):
    """All that is said of one passenger.

    Attributes:
        reference, seat: as the list has them.
        outcome: the word.
        reasons: empty where it is OK.
        leg: the first one that is not in order, from 1; None where it is OK, or no leg's matter.
    """

    reference: str
    seat: str
    outcome: BoardingOutcome
    reasons: tuple[BoardingReason, ...] = ()
    leg: int | None = None


class BookingRow(NamedTuple):
    """A row of a list: its number, and its cells as far as they could be read.

    Attributes:
        whole: all of it could be read.
        again: the passenger has come before, and what was said then may be too little.
    """

    number: int
    cells: Cells
    whole: bool = True
    again: bool = False

    def __repr__(self) -> str:
        return f"<row {self.number}: not shown>"

    @property
    def key(self) -> tuple[str, str, int]:
        """Return whose it is: rows with the same reference and seat are one passenger's; one without is alone."""
        reference, seat = (_reference(self.cells.get(name)) for name in ("reference", "seat"))
        return reference, seat, 0 if reference or seat else self.number


_BESIDE_NAME = re.compile(r"[\s*:_\ufeff-]|\([^()]*\)")


def renamed(cells: Cells) -> dict[str, Any]:
    """Return cells under the names of their columns here; what is no column of a list is left out."""
    named = {
        KNOWN.get(_BESIDE_NAME.sub("", str(name)).lower()): cell for name, cell in cells.items()
    }
    return {name: cell for name, cell in named.items() if name is not None}


def joined(rows: Iterable[BookingRow]) -> list[list[BookingRow]]:
    """Return the rows of each passenger, in the order in which passengers first come."""
    bookings: dict[tuple[str, str, int], list[BookingRow]] = {}
    for row in rows:
        bookings.setdefault(row.key, []).append(row)
    return list(bookings.values())


def booking_of(rows: Sequence[BookingRow], journeys: Journeys) -> Booking:
    """Return what the rows of one passenger say together."""
    reference, seat, alone = rows[0].key
    faults = set[BoardingReason]()
    if not all(row.whole for row in rows):
        faults.add(_B.ROW_UNREADABLE)
    if any(row.again for row in rows):
        faults.add(_B.REFERENCE_AGAIN)
    if alone:
        # What stood in the column is not repeated, so that the row's number stands for it.
        reference = f"row {alone}"
        stood = any(_text(rows[0].cells.get(name)) for name in ("reference", "seat"))
        faults.add(_B.ROW_UNREADABLE if stood else _B.REFERENCE_MISSING)
    names = list(dict.fromkeys(name for row in rows if any(name := _name(row.cells))))
    births = list(
        dict.fromkeys(born for row in rows if (born := _text(row.cells.get("birth_date"))))
    )
    codes = tuple(dict.fromkeys(code for row in rows for code in _codes(row.cells)))
    legs = list(dict.fromkeys(leg for row in rows for leg in _legs(row.cells)))
    if len(names) > 1 or len(births) > 1:
        faults.add(_B.ROWS_DIFFER)
    if len(codes) > MOST_CODES or len(legs) > MOST_LEGS:
        faults.add(_B.TOO_MANY)
    surname, forename = names[0] if names else ("", "")
    return Booking(
        reference,
        seat,
        codes[:MOST_CODES],
        surname,
        forename,
        births[0] if births else "",
        tuple(_leg(*leg, journeys) for leg in legs[:MOST_LEGS] or [("", "", "")]),
        tuple(faults),
    )


def _reference(cell: object) -> str:
    text = _text(cell)
    # A certificate that has slipped in from the column beside is nobody's reference.
    return "" if len(text) > LONGEST_REFERENCE or "\n" in text else text


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        # A spreadsheet's numbers.
        return str(int(cell))
    isoformat = getattr(cell, "isoformat", None)
    if isoformat is not None:
        return str(isoformat())
    if cell is None or isinstance(cell, bool | list | tuple | Mapping | bytes):
        return ""
    return str(cell).strip()


_TITLES = frozenset({"MR", "MRS", "MS", "MISS", "MSTR", "MX", "CHD", "INF"})


def _name(cells: Cells) -> tuple[str, str]:
    """Return surname and forename; a whole name is parted as bookings write it: SURNAME/FORENAME TITLE."""
    surname, forename = _text(cells.get("surname")), _text(cells.get("forename"))
    if not (surname or forename):
        surname, _, forename = map(str.strip, _text(cells.get("name")).partition("/"))
    words = forename.split()
    while len(words) > 1 and words[-1].upper().rstrip(".") in _TITLES:
        words.pop()
    return surname, " ".join(words)


def _codes(cells: Cells) -> list[str]:
    codes: list[str] = []
    for cell in (cells.get(name) for name in _CODE_COLUMNS if name in cells):
        # A health card is an object where it is handed in as JSON: its text is what is read.
        texts = cell if isinstance(cell, list | tuple) else (cell,)
        codes += [text for text in texts if isinstance(text, str) and text.strip()]
    return codes


def _legs(cells: Cells) -> list[tuple[str, str, str]]:
    listed = cells.get("legs")
    rows: list[tuple[object, ...]] = []
    if isinstance(listed, list | tuple):
        for row in listed:
            known = row if isinstance(row, Mapping) else {}
            named = renamed(known)
            rows.append(tuple(named.get(name) for name in _LEG))
    else:
        rows += [
            tuple(cells.get(name) for name in columns)
            for columns in _LEG_COLUMNS
            if columns[0] in cells or columns[1] in cells
        ]
    legs = [(_text(where), _text(when), _text(zone)) for where, when, zone in rows]
    return [leg for leg in legs if leg[0] or leg[1]]


def _leg(where: str, when: str, zone: str, journeys: Journeys) -> Leg:
    where, when = where or journeys.destination, when or journeys.arrival
    port = journeys.ports.get(where.upper(), Port(where))
    zones = journeys.zones
    own = zone or zones.get(where.upper()) or port.zone or zones.get(port.destination.upper(), "")
    instants, fault = instants_of(when, own or zones.get("", ""))
    faults = [] if fault is None else [fault]
    return Leg(port.destination, instants, tuple(faults))


# ----------------------------------------------------------------------------------------------------
# When somebody arrives.

_LOCAL = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|z|[+-]\d\d:?\d\d)?"
)
_YEARS = range(1970, 9999)
_Instants = tuple[datetime, ...]


def instants_of(text: str, zone: str) -> tuple[_Instants, BoardingReason | None]:
    """Read an arrival: RFC 3339, or what a clock of the zone shows ("2026-12-24 09:40"); in the zone, if there is one.

    Returns:
        the instant, or both where a clock shows it twice; else none, and why.
    """
    if not text:
        return (), _B.ARRIVAL_MISSING
    match = _LOCAL.fullmatch(text)
    try:
        there = None if not zone else UTC if zone == "UTC" else ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return (), _B.ZONE_MISSING
    if match is None:
        return (), _B.ARRIVAL_UNREADABLE
    try:
        wall = datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '').upper()}")
    except ValueError:
        return (), _B.ARRIVAL_UNREADABLE
    if wall.year not in _YEARS:
        return (), _B.ARRIVAL_UNREADABLE
    if wall.tzinfo is not None:
        return ((wall if there is None else wall.astimezone(there)),), None
    if there is None:
        return (), _B.ZONE_MISSING
    shown = [wall.replace(tzinfo=there, fold=fold) for fold in (0, 1)]
    # One that clocks skip is another one on its way through UTC.
    real = [at for at in shown if at.astimezone(UTC).astimezone(there).replace(tzinfo=None) == wall]
    if not real:
        return (), _B.ARRIVAL_UNREADABLE
    offsets = {at.utcoffset() or timedelta() for at in real}
    return tuple(real[: len(offsets)]), None


# ----------------------------------------------------------------------------------------------------
# Check, leg by leg.

_MOST_AGED = 64
"""Instants of arrival of which the snapshot is kept as it is aged for them."""


class ManifestCheck:
    """Checks passengers by what is held here.

    Args:
        snapshot: what is trusted, and the rules.
        now: the instant of asking; aware. By it the data is old or not.
        names: whether a booking must name whose certificates they are. Without names the desk compares each.
    """

    def __init__(self, snapshot: Snapshot, *, now: datetime, names: bool = True) -> None:
        self._snapshot, self._now, self._names = snapshot, now, names
        self._aged: dict[datetime, Snapshot] = {}

    def check(self, booking: Booking) -> BoardingCheck:
        """Return what is said of a passenger; a fault of this program stops one."""
        try:
            return self._checked(booking)
        except PratiqueError:
            raise
        except Exception:  # noqa: BLE001 - the next passenger is checked all the same, and its words may quote this one
            return _said(booking, BoardingOutcome.CHECK, {*booking.faults, _B.PROGRAM_FAULT})

    def _checked(self, booking: Booking) -> BoardingCheck:
        reasons, first = set(booking.faults), None
        # Whose signature it is, and what it says, is the same at every arrival.
        codes = opened_codes(handed_in(booking.codes).codes, self._snapshot)
        arrivals = [at for leg in booking.legs for at in leg.instants] or [self._now]
        # Whether a code can be read, and whose it is, is the same at every instant.
        known = {arrivals[0]: judged_codes(codes, self._aged_for(arrivals[0]), arrivals[0])}
        if all(verification.unread for verification in known[arrivals[0]]):
            reasons.add(_B.CODE_UNREAD if codes else _B.NO_CODE)
            return _said(booking, BoardingOutcome.NONE, reasons)
        for number, leg in enumerate(booking.legs, 1):
            faults = self._faults_of(codes, leg, known)
            reasons |= faults
            first = number if faults and first is None else first
        reasons |= self._unlike(booking, known[arrivals[0]])
        outcome = BoardingOutcome.CHECK if reasons else BoardingOutcome.OK
        return _said(booking, outcome, reasons, first)

    def _faults_of(
        self, codes: Sequence[OpenedCode], leg: Leg, known: dict[datetime, list[Verification]]
    ) -> set[BoardingReason]:
        """Return why a leg is not in order; `known` is what was judged already, by the instant."""
        place = self._place(leg.destination)
        faults = set(leg.faults)
        if place is None:
            return faults | {_B.DESTINATION_UNKNOWN}
        for at in leg.instants:
            snapshot = self._aged_for(at)
            if at not in known:
                known[at] = judged_codes(codes, snapshot, at)
            code = decide(known[at], snapshot=snapshot, place=place, at=at, look_ahead=False)
            if code.colour is not Colour.GREEN:
                shown = reasons_of(code.because, refused=code.colour is Colour.RED)
                # What no word of an officer's says is that the rules are not confirmed.
                faults |= {OF_SCREEN[one.reason] for one in shown} or {_B.RULES_UNCONFIRMED}
        return faults

    def _place(self, text: str) -> Destination | None:
        """Read a destination; None for no country, and for a region that its country has no rules of."""
        ruleset = self._snapshot.ruleset
        place = destination(text, ruleset)
        if place is None or (ruleset.countrywide(place.country) and ruleset.lacks(place)):
            return None
        return place

    def _aged_for(self, at: datetime) -> Snapshot:
        if at not in self._aged:
            if len(self._aged) >= _MOST_AGED:
                self._aged.clear()
            self._aged[at] = aged_as_now(self._snapshot, epoch(self._now), epoch(at))
        return self._aged[at]

    def _unlike(
        self, booking: Booking, verifications: Sequence[Verification]
    ) -> set[BoardingReason]:
        """Return why the certificates may not be the passenger's, as `identify` compares them with a passport."""
        holder = holder_of(verifications)
        if holder is None:
            return set()
        identity = compared(holder, _zone_of(booking, epoch(self._now)))
        if identity.outcome is Identification.SAME:
            return set()
        reasons = {OF_IDENTITY[reason] for reason in identity.reasons} or {_B.NAME_UNSURE}
        if not (self._names or booking.surname or booking.forename):
            reasons -= {_B.NAME_MISSING, _B.NAME_DIFFERS, _B.NAME_UNSURE}
        if not booking.birth_date:
            # A list need not state it; a certificate that states none is unsure beside one that does.
            reasons -= {_B.BIRTH_DATE_UNSURE}
        return reasons


def _said(
    booking: Booking,
    outcome: BoardingOutcome,
    reasons: Iterable[BoardingReason],
    leg: int | None = None,
) -> BoardingCheck:
    ordered = tuple(sorted(reasons, key=list(_B).index))
    return BoardingCheck(booking.reference, booking.seat, outcome, ordered, leg)


def _zone_of(booking: Booking, at: int) -> Mrz:
    """Return what a booking says of a passenger, as a passport's machine-readable zone would say it."""
    surname, forename = booking.surname or None, booking.forename or None
    person = Person(None, None, surname, forename, None, cut=False)
    births = _births(booking.birth_date, at)
    day = births[0].day() if births else None
    year, month, date = (day.year % 100, day.month, day.day) if day else (None, None, None)
    return Mrz("booking", person, births, year, month, date, wrong=(), repaired=False)


_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_IATA_DAY = re.compile(r"(\d\d)-?([A-Z]{3})-?(\d\d)?(\d\d)")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")


def _births(text: str, at: int) -> tuple[Moment, ...]:
    """Read a birth date: ISO 8601 as precisely as it is known, 19800203, or as bookings write it: 03FEB80, 03FEB1980."""
    if match := _COMPACT.fullmatch(text):
        text = "-".join(match.groups())
    if (match := _IATA_DAY.fullmatch(text.upper())) and match[2] in _MONTHS:
        day, month = int(match[1]), _MONTHS.index(match[2]) + 1
        if match[3] is None:
            return tuple(births_of(int(match[4]), month, day, at))
        text = f"{match[3]}{match[4]}-{month:02d}-{day:02d}"
    moment = fields.moment(text)
    return () if moment is None else (moment,)


# ----------------------------------------------------------------------------------------------------
# Shown.

FORMAT = "pratique-manifest-1"
FIELDS = ("reference", "seat", "outcome", "reasons", "leg")
"""All that is written of a passenger."""


def row_of(checked: BoardingCheck) -> dict[str, Any]:
    """Return what JSON says of a passenger."""
    return {
        "reference": checked.reference,
        "seat": checked.seat,
        "outcome": checked.outcome.value,
        "reasons": [reason.value for reason in checked.reasons],
        "leg": checked.leg,
    }
