"""How many have nothing on offer that a rule accepts: always a range, since sources merge products.

    World, accepted products, day -> shut_out -> Range (fewest, most): places, people, by income

1. Low: a place is shut out if nothing that may have been on offer there by the day is accepted.
2. High: a place is shut out unless something is accepted that was on offer for certain by the day, or a whole
   group of which one was.
3. A place where nothing was on offer is in neither: no rule shut it out. It has a count of its own.
4. Each way of telling merged products apart gives a number within the range (tests/unit/impact).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from pratique.impact.world import Certainty, Offer, World, at_day


class Total(NamedTuple):
    """Places, and the people who live there.

    Attributes:
        countries: how many places.
        people: of all of them.
        by_income: the World Bank's group (L, LM, UM, H; "-" for none) -> people.
        places: iso3, in that order.
    """

    countries: int
    people: int
    by_income: dict[str, int]
    places: tuple[str, ...]


class Range(NamedTuple):
    """The fewest and the most that it can be, given what the sources leave open."""

    low: Total
    high: Total


class Access(StrEnum):
    """What a place has: a map's four classes.

    SHUT: nothing accepted, for certain. UNSURE: it depends on which merged product it was, or on when it came.
    OPEN: something accepted, for certain. NOTHING: nothing at all was on offer.
    """

    SHUT = "shut"
    UNSURE = "unsure"
    OPEN = "open"
    NOTHING = "nothing"


def access(world: World, iso3: str, accepted: Collection[str], day: date) -> Access:
    """Tell what a place has of what is accepted."""
    offers = world.offers[iso3]
    possible = [offer for offer in offers if offer.earliest <= day]
    if not possible:
        return Access.NOTHING
    if not any(offer.product in accepted for offer in possible):
        return Access.SHUT
    return Access.OPEN if _is_certain(offers, accepted, day) else Access.UNSURE


def _is_certain(offers: Iterable[Offer], accepted: Collection[str], day: date) -> bool:
    groups: dict[str, bool] = {}
    for offer in offers:
        if offer.since > day:
            continue
        if offer.certainty is Certainty.SURE and offer.product in accepted:
            return True
        if offer.certainty is Certainty.EITHER:
            groups[offer.group] = groups.get(offer.group, True) and offer.product in accepted
    return any(groups.values())


def classes(world: World, accepted: Collection[str], day: date) -> dict[str, Access]:
    """Return what each counted place has, by iso3."""
    return {place.iso3: access(world, place.iso3, accepted, day) for place in world.counted}


def shut_out(world: World, accepted: Collection[str], day: date) -> Range:
    """Return which places have something on offer, and nothing that is accepted.

    Args:
        world: what was on offer.
        accepted: codes of products.
        day: up to which offers count.
    """
    return _span(world, classes(world, accepted, day), Access.SHUT)


def let_in(world: World, accepted: Collection[str], day: date) -> Range:
    """Return which places have something on offer that is accepted: what `shut_out` leaves of them."""
    return _span(world, classes(world, accepted, day), Access.OPEN)


def _span(world: World, kinds: Mapping[str, Access], wanted: Access) -> Range:
    """Return the places of a class for certain, and with those of which it is not told."""
    certain = [iso3 for iso3, kind in kinds.items() if kind is wanted]
    unsure = [iso3 for iso3, kind in kinds.items() if kind is Access.UNSURE]
    return Range(total(world, certain), total(world, (*certain, *unsure)))


def vaccinated(world: World, places: Iterable[str], day: date) -> int:
    """Add up the people with a complete first course by a day; those of whom nobody reported are in no sum."""
    reported = (
        at_day(world.uptake.get(iso3, ()), lambda row: row.first_course, day) for iso3 in places
    )
    return round(sum(people for people in reported if people is not None))


def nothing_on_offer(world: World, day: date) -> Total:
    """Return the places where nothing was on offer by a day."""
    return total(
        world,
        [place.iso3 for place in world.counted if not world.products_of(place.iso3, day)],
    )


def total(world: World, places: Iterable[str]) -> Total:
    """Add places up."""
    listed = tuple(sorted(places))
    by_income: dict[str, int] = {}
    for iso3 in listed:
        place = world.places[iso3]
        by_income[place.income] = by_income.get(place.income, 0) + place.people
    people = sum(world.places[iso3].people for iso3 in listed)
    return Total(len(listed), people, dict(sorted(by_income.items())), listed)
