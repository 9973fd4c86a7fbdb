"""Small worlds and rules for the tests of the policy lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pratique.impact.world import Certainty, Offer, Place, Uptake, VaccineFacts, World
from pratique.rules.rule import read
from pratique.rules.ruleset import Destination, Ruleset
from tests.unit.rules.written import CLOCK, DOSE, rule

UTOPIA = Destination("XU")
START = date(2021, 1, 3)
"""First day of which doses are told."""
MONTHS = 24
FROM, TO = "2021-01-01T00:00:00Z", "2030-01-01T00:00:00Z"
IN_FORCE = {"ValidFrom": FROM, "ValidTo": TO}


def second(day: date | str, hour: int = 12) -> int:
    """Return an instant of a day, in seconds since the epoch."""
    when = date.fromisoformat(day) if isinstance(day, str) else day
    return int(datetime(when.year, when.month, when.day, hour, tzinfo=UTC).timestamp())


def vaccine(code: str, doses: int = 2, maker: str = "ORG-1") -> VaccineFacts:
    """Return a product that every certificate can carry."""
    return VaccineFacts(code, f"Vaccine {code}", maker, "1119349007", doses, START, START)


def uptake(people: int, boosters: bool | None = True) -> tuple[Uptake, ...]:
    """Return doses that grow evenly; boosters begin after ten months, never (False), or are not told (None)."""
    rows = []
    for month in range(MONTHS):
        courses = people * month // MONTHS
        boosted = people * max(0, month - 10) // MONTHS if boosters else 0
        told = None if boosters is None else boosted
        day = START + timedelta(30 * month)
        rows.append(Uptake(day, 2 * courses + boosted, courses, courses, told))
    return tuple(rows)


def world(
    offers: Mapping[str, str],
    *,
    products: Iterable[VaccineFacts] = (),
    people: int = 2_000_000,
    doses: Mapping[str, tuple[Uptake, ...]] | None = None,
) -> World:
    """Return a world of places with all their products on offer, surely, from the first day on.

    Args:
        offers: alpha-3 -> the products' codes, of one letter each.
        products: that are there; by default one for each letter.
        people: of each place.
        doses: alpha-3 -> what is told; by default that of `uptake`.
    """
    listed = list(products) or [vaccine(code) for code in sorted(set("".join(offers.values())))]
    places = [
        Place(iso3[:2], iso3, f"Land of {iso3}", people, region="EURO", income="H")
        for iso3 in offers
    ]
    rows = [
        Offer(iso3, code, START, START, Certainty.SURE, "", "test")
        for iso3, codes in offers.items()
        for code in codes
    ]
    given = {iso3: uptake(people) for iso3 in offers} if doses is None else doses
    return World(places, listed, rows, given)


def rules(*documents: dict[str, Any], **more: Any) -> Ruleset:
    """Read rules of Utopia."""
    return Ruleset(map(read, documents), **more)


def products(*codes: str, identifier: str = "VR-XU-0001", **changed: Any) -> dict[str, Any]:
    """Write a rule that names products."""
    logic = {"in": [{"var": "payload.v.0.mp"}, list(codes)]}
    return rule(logic, identifier, **{**IN_FORCE, "AffectedFields": ["v.0.mp"], **changed})


def within(days: int, identifier: str = "VR-XU-0002", **changed: Any) -> dict[str, Any]:
    """Write a rule by which a dose counts for so many days."""
    logic = {"not-after": [CLOCK, {"plusTime": [DOSE, days, "day"]}]}
    return rule(logic, identifier, **{**IN_FORCE, "AffectedFields": ["v.0.dt"], **changed})
