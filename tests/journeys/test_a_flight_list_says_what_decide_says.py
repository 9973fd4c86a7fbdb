"""A list of 5,000 passengers says of each what `decide` says, leg by leg, and compares the names that were made.

What is expected is reckoned apart: `verify` and `decide` as the command asks them, and who was booked as whom is
known from how the passengers were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pratique.decision import decide
from pratique.findings import Colour
from pratique.manifest import (
    BoardingCheck,
    BoardingOutcome,
    BoardingReason,
    BookingRow,
    Journeys,
    ManifestCheck,
    booking_of,
    joined,
)
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.verification import epoch, verify
from pratique.wallet import aged_as_now
from tests import flights
from tests.flights import Invented

COUNT = 5_000
Said = tuple[BoardingOutcome, int | None, bool]


def expected(row: Mapping[str, Any], one: Invented, held: Snapshot) -> Said:
    """Return the outcome, the first leg that is not GREEN, and whether the booking is the certificates' holder's."""
    legs = [
        (row[f"destination{n}"], datetime.fromisoformat(row[f"arrival{n}"]).replace(tzinfo=ZoneInfo(flights.ZONE)))
        for n in ("", "_2", "_3") if row[f"destination{n}"]
    ]  # fmt: skip
    first: int | None = None
    # Of a certificate whose signer is not known nobody is told.
    known = False
    for number, (country, at) in enumerate(legs, 1):
        snapshot = aged_as_now(held, epoch(flights.NOW), epoch(at))
        found = [verify(text, snapshot=snapshot, at=at) for text in one.texts]
        if all(verification.unread for verification in found):
            return BoardingOutcome.NONE, None, True
        known |= any(verification.certificate is not None for verification in found)
        code = decide(found, snapshot=snapshot, place=Destination(country), at=at, look_ahead=False)
        if code.colour is not Colour.GREEN and first is None:
            first = number
    person = one.person
    same = (one.surname, one.forename) == (person.surname_icao, person.forename_icao)
    born = one.birth_date in ("", person.birth_date.text() if person.birth_date else "")
    own = (same and born) or not known
    return BoardingOutcome.OK if first is None and own else BoardingOutcome.CHECK, first, own


_OF_PERSON = {
    BoardingReason.NAME_DIFFERS, BoardingReason.NAME_UNSURE, BoardingReason.NAME_MISSING,
    BoardingReason.BIRTH_DATE_DIFFERS, BoardingReason.BIRTH_DATE_UNSURE,
}  # fmt: skip


def said(checked: BoardingCheck) -> Said:
    return checked.outcome, checked.leg, not _OF_PERSON & set(checked.reasons)


def test_of_5000_passengers_the_list_says_what_decide_says() -> None:
    flight, people = flights.flight(COUNT), flights.certified(COUNT).people
    check = ManifestCheck(flight.held, now=flights.NOW)
    groups = joined(BookingRow(n, row) for n, row in enumerate(flight.rows))
    counts = Counter[str]()
    for group, row, one in zip(groups, flight.rows, people, strict=True):
        checked = check.check(booking_of(group, Journeys()))
        assert said(checked) == expected(row, one, flight.held), row["seat"]
        counts[f"{checked.outcome} {checked.leg}"] += 1
    # All that can be said is said of somebody.
    kinds = ["ok None", "no-certificate None", "check-at-desk None", *(f"check-at-desk {n}" for n in (1, 2, 3))]  # fmt: skip
    assert counts.keys() == set(kinds)
    assert min(counts.values()) > 10
