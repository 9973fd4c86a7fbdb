"""The range holds whatever the sources leave open, and grows with no product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.impact.shut_out import (
    Access,
    access,
    classes,
    let_in,
    nothing_on_offer,
    shut_out,
    total,
)
from pratique.impact.world import Certainty, Offer, Place, VaccineFacts, World

DAY = date(2022, 3, 1)
PRODUCTS = ("A", "B", "C", "D")
PLACES = ("AAA", "BBB", "CCC")
SUBSETS = [
    frozenset(chosen)
    for size in range(len(PRODUCTS) + 1)
    for chosen in combinations(PRODUCTS, size)
]


def vaccine(code: str) -> VaccineFacts:
    return VaccineFacts(code, code, "", "1119349007", 2, DAY)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a small world: products that were on offer for certain, listed, or merged with others."""
    offers = []
    for iso3 in PLACES:
        for code in PRODUCTS:
            certainty = draw(st.sampled_from([None, *Certainty]))
            if certainty is None:
                continue
            earliest = DAY + timedelta(draw(st.sampled_from([-100, -1, 0, 1])))
            since = earliest + timedelta(draw(st.sampled_from([0, 1, 50])))
            group = ""
            if certainty is Certainty.EITHER:
                # The alternatives of a group are one row of a source: they began together.
                group = draw(st.sampled_from([f"{iso3}-1", f"{iso3}-2"]))
                since = earliest = DAY - timedelta(30)
            offers.append(Offer(iso3, code, since, earliest, certainty, group, "test"))
    places = [
        Place(iso3[:2], iso3, iso3, 10**n, income="L" if n else "-")
        for n, iso3 in enumerate(PLACES)
    ]
    return World(places, map(vaccine, PRODUCTS), offers, {})


def possibilities(offers: list[Offer]) -> Iterator[frozenset[str]]:
    """Yield every way in which a place's offer may have been, by what the sources say of it."""
    sure = {one.product for one in offers if one.certainty is Certainty.SURE and one.since <= DAY}
    loose = {
        one.product
        for one in offers
        if one.earliest <= DAY
        and (
            one.certainty is Certainty.LISTED
            or (one.certainty is Certainty.SURE and one.since > DAY)
        )
    }
    groups: dict[str, list[str]] = {}
    for one in offers:
        if one.certainty is Certainty.EITHER and one.since <= DAY:
            groups.setdefault(one.group, []).append(one.product)
    some = [
        [set(chosen) for n in range(1, len(codes) + 1) for chosen in combinations(codes, n)]
        for codes in groups.values()
    ]
    maybe = [
        set(chosen) for n in range(len(loose) + 1) for chosen in combinations(sorted(loose), n)
    ]
    for chosen in product(maybe, *some):
        yield frozenset(chain(sure, *chosen))


@given(worlds(), st.sampled_from(SUBSETS))
def test_the_range_holds_every_way_of_telling_merged_products_apart(
    world: World, accepted: frozenset[str]
) -> None:
    fewest = most = 0
    for iso3 in PLACES:
        if not world.products_of(iso3, DAY):
            continue
        shut = [not (offer & accepted) for offer in possibilities(world.offers[iso3])]
        fewest += all(shut)
        most += any(shut)
    range_ = shut_out(world, accepted, DAY)
    # Exhaustive, and so both ends are met, not only kept.
    assert (range_.low.countries, range_.high.countries) == (fewest, most)


@given(worlds(), st.sampled_from(SUBSETS), st.sampled_from(PRODUCTS))
def test_one_more_product_never_shuts_out_more(
    world: World, accepted: frozenset[str], more: str
) -> None:
    fewer, wider = shut_out(world, accepted, DAY), shut_out(world, accepted | {more}, DAY)
    assert wider.low.people <= fewer.low.people
    assert wider.high.people <= fewer.high.people
    assert set(wider.low.places) <= set(fewer.low.places)
    assert set(wider.high.places) <= set(fewer.high.places)


@given(worlds(), st.sampled_from(SUBSETS))
def test_low_is_within_high_and_each_place_is_in_one_class(
    world: World, accepted: frozenset[str]
) -> None:
    range_ = shut_out(world, accepted, DAY)
    assert set(range_.low.places) <= set(range_.high.places)
    assert range_.low.people <= range_.high.people
    kinds = classes(world, accepted, DAY)
    inside, nothing = let_in(world, accepted, DAY), nothing_on_offer(world, DAY)
    assert inside.low.people + range_.high.people + nothing.people == world.people
    assert inside.high.people + range_.low.people + nothing.people == world.people
    assert set(kinds) == set(PLACES)
    assert {iso3 for iso3, one in kinds.items() if one is Access.NOTHING} == set(nothing.places)
    assert not set(nothing.places) & set(range_.high.places)


def test_the_people_of_a_place_counted_elsewhere_are_counted_once() -> None:
    places = [Place("AA", "AAA", "A", 5), Place("BB", "BBB", "B", 0, counted_in="AAA")]
    world = World(places, [vaccine("A")], [], {})
    assert world.people == 5
    assert nothing_on_offer(world, DAY).places == ("AAA",)
    assert total(world, ["AAA", "BBB"]).people == 5


@pytest.mark.parametrize(
    ("since", "earliest", "accepted", "expected"),
    [
        (0, 0, "A", Access.OPEN),
        (1, 0, "A", Access.UNSURE),
        (1, 1, "A", Access.NOTHING),
        (0, 0, "B", Access.SHUT),
    ],
)
def test_an_offer_counts_from_its_day(
    since: int, earliest: int, accepted: str, expected: Access
) -> None:
    offer = Offer(
        "AAA", "A", DAY + timedelta(since), DAY + timedelta(earliest), Certainty.SURE, "", "test"
    )
    world = World([Place("AA", "AAA", "A", 5)], [vaccine("A")], [offer], {})
    assert access(world, "AAA", {accepted}, DAY) is expected
