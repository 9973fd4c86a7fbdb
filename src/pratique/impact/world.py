"""Who was offered which vaccine, where and since when; how many were vaccinated by when; what WHO had listed.

    tables of a data package -> read -> World -> products on offer in a place, people vaccinated by a day

1. No row is about a person: the smallest thing that is counted is a country's month.
2. What sources merge stays merged: each offer says how sure it is, and every figure made of it is a range.
3. A place whose people are counted in another place's row is in no count of its own.
4. There is no end of an offer: a product that was withdrawn later stays.

The form of the tables is described in docs/reference/policy-data.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, TypeVar

from pratique.errors import DocumentRefused
from pratique.text import printable

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]
"""Name of a table -> its rows: column -> text, "" where there is none."""

TABLES = ("world", "offer", "doses", "eul", "products")
T = TypeVar("T")


class Certainty(StrEnum):
    """How sure it is that a product was on offer in a place.

    SURE: a source shows its use. EITHER: sources show the use of one of a group. LISTED: a source names it as
    authorised, listed or delivered.
    """

    SURE = "sure"
    EITHER = "either"
    LISTED = "listed"


class Place(NamedTuple):
    """A country or territory.

    Attributes:
        people: 0 where the number is not known.
        counted_in: whose row holds its people (iso3), or "".
        region: of WHO, or "".
        income: the World Bank's group: L, LM, UM, H, or "-" where there is none.
    """

    iso2: str
    iso3: str
    name: str
    people: int
    counted_in: str = ""
    region: str = ""
    income: str = "-"


class Offer(NamedTuple):
    """A product on offer in a place: it came into use between `earliest` and `since`.

    `group` is shared by products of which at least one was on offer; "" where it is not merged.
    """

    place: str
    product: str
    since: date
    earliest: date
    certainty: Certainty
    group: str
    source: str


class Uptake(NamedTuple):
    """Doses and people of a place, cumulative, on a day; None where it was not reported."""

    day: date
    doses: int | None
    at_least_one: int | None
    first_course: int | None
    booster: int | None


class VaccineFacts(NamedTuple):
    """A product.

    Attributes:
        manufacturer: its code, or "".
        prophylaxis: the code of its kind of vaccine, as certificates of 2021 and 2022 have it.
        doses: of the primary course.
        code_since: from when the EU's value set has its code; None where no certificate can carry it.
        listed: the first day of WHO's emergency use listing or prequalification; None where it has none.
        delisted: the day on which that ended; None where it did not.
    """

    code: str
    name: str
    manufacturer: str
    prophylaxis: str
    doses: int
    code_since: date | None
    listed: date | None = None
    delisted: date | None = None

    def has_code(self, day: date) -> bool:
        """Tell whether a certificate could carry it on a day."""
        return self.code_since is not None and self.code_since <= day

    def is_listed(self, day: date) -> bool:
        """Tell whether WHO had listed it on a day."""
        if self.listed is None or self.listed > day:
            return False
        return self.delisted is None or self.delisted > day


class Provenance(NamedTuple):
    """The package that it was read of: its name, version, and SHA-256 over its tables in hexadecimal."""

    name: str = ""
    version: str = ""
    digest: str = ""


class World:
    """All tables together. Immutable.

    Attributes:
        places: by iso3, in the order of iso3.
        vaccines: by code.
        offers: of each place (iso3), in the order of the table.
        uptake: of each place (iso3), by day.
        provenance: of the data.
    """

    def __init__(
        self,
        places: Iterable[Place],
        vaccines: Iterable[VaccineFacts],
        offers: Iterable[Offer],
        uptake: Mapping[str, Sequence[Uptake]],
        provenance: Provenance | None = None,
    ) -> None:
        self.places = {place.iso3: place for place in sorted(places, key=lambda place: place.iso3)}
        self.vaccines = {vaccine.code: vaccine for vaccine in vaccines}
        self.offers: dict[str, list[Offer]] = {iso3: [] for iso3 in self.places}
        for offer in offers:
            self.offers[offer.place].append(offer)
        self.uptake = {iso3: tuple(rows) for iso3, rows in uptake.items()}
        self.provenance = provenance or Provenance()

    def __repr__(self) -> str:
        return f"<World of {len(self.places)} places and {len(self.vaccines)} vaccines>"

    @cached_property
    def counted(self) -> tuple[Place, ...]:
        """Return the places that are counted by themselves."""
        return tuple(place for place in self.places.values() if not place.counted_in)

    @cached_property
    def people(self) -> int:
        """Return the people of all places that are counted."""
        return sum(place.people for place in self.counted)

    @cached_property
    def by_iso2(self) -> dict[str, Place]:
        """Return the places by the code that certificates and rules have."""
        return {place.iso2: place for place in self.places.values()}

    @cached_property
    def ends(self) -> date | None:
        """Return the last day of which doses are told; None where none are."""
        return max((rows[-1].day for rows in self.uptake.values() if rows), default=None)

    def products_of(self, iso3: str, day: date) -> frozenset[str]:
        """Return the products that may have been on offer in a place by a day."""
        return frozenset(offer.product for offer in self.offers[iso3] if offer.earliest <= day)

    def floor(self, day: date) -> frozenset[str]:
        """Return the products that WHO had listed by a day."""
        return frozenset(code for code, vaccine in self.vaccines.items() if vaccine.is_listed(day))


def at_day(
    rows: Sequence[Uptake], field: Callable[[Uptake], int | None], day: date
) -> float | None:
    """Return a cumulative value on a day, on the straight line between two that are told; None outside of them."""
    reports = [(row.day, value) for row in rows if (value := field(row)) is not None]
    for (before, low), (after, high) in pairwise(reports):
        if before <= day <= after:
            return low + (high - low) * (day - before).days / (after - before).days
    return None


# ----------------------------------------------------------------------------------------------------
# Reading.


def read(tables: Tables, provenance: Provenance | None = None) -> World:
    """Read the tables of a data package.

    Raises:
        DocumentRefused: `policy-data-table`, `policy-data-value`, `policy-data-double` or
            `policy-data-unknown`, with the table and the number of the row.
    """
    for name in TABLES:
        if not tables.get(name):
            raise _refused("table", f"there is no table “{name}”, or it is empty")
    places = _each(tables, "world", _place)
    _unique("world", [(place.iso3,) for place in places])
    _unique("world", [(place.iso2,) for place in places])
    known = {place.iso3 for place in places}
    for number, place in enumerate(places, 2):
        if place.counted_in and place.counted_in not in known:
            raise _refused(
                "unknown", f"world, row {number}: there is no place “{place.counted_in}”"
            )
    listings = {row["product"]: row for row in tables["eul"] if row.get("product")}
    vaccines = _each(tables, "products", lambda row: _vaccine(row, listings))
    _unique("products", [(vaccine.code,) for vaccine in vaccines])
    codes = {vaccine.code for vaccine in vaccines}
    for number, row in enumerate(tables["eul"], 2):
        if row.get("product") not in codes:
            raise _refused("unknown", f"eul, row {number}: it is of no product of the table")
    offers = _each(tables, "offer", _offer)
    _unique("offer", [(offer.place, offer.product) for offer in offers])
    for number, offer in enumerate(offers, 2):
        if offer.place not in known or offer.product not in codes:
            raise _refused("unknown", f"offer, row {number}: its place or product is in no table")
    uptake: dict[str, list[Uptake]] = {}
    for number, (iso3, count) in enumerate(_each(tables, "doses", _uptake), 2):
        if iso3 not in known:
            raise _refused("unknown", f"doses, row {number}: its place is in no table")
        uptake.setdefault(iso3, []).append(count)
    for rows in uptake.values():
        rows.sort(key=lambda row: row.day)
    _unique("doses", [(iso3, row.day.isoformat()) for iso3, rows in uptake.items() for row in rows])
    return World(places, vaccines, offers, uptake, provenance)


def _each(tables: Tables, name: str, reader: Callable[[Row], T]) -> list[T]:
    rows: list[T] = []
    for number, row in enumerate(tables[name], 2):
        try:
            rows.append(reader(row))
        except KeyError as error:
            raise _refused("table", f"{name} has no column “{error.args[0]}”") from error
        except ValueError as error:
            raise _refused("value", f"{name}, row {number}: {error}") from error
    return rows


def _place(row: Row) -> Place:
    return Place(
        _text(row, "iso2"),
        _text(row, "iso3"),
        _text(row, "name"),
        _number(row, "population") or 0,
        row["counted_in"],
        row["who_region"],
        row["income_group"] or "-",
    )


def _vaccine(row: Row, listings: Mapping[str, Row]) -> VaccineFacts:
    doses = _number(row, "primary_doses")
    if not doses:
        raise ValueError("primary_doses must be 1 or more")
    listing = listings.get(row["product"])
    days: list[date | None] = []
    delisted = None
    if listing is not None:
        days = [_day(listing, "eul_date"), _day(listing, "pq_date")]
        delisted = _day(listing, "withdrawn")
    return VaccineFacts(
        _text(row, "product"),
        _text(row, "name"),
        row["manufacturer"],
        row["prophylaxis_2021"],
        doses,
        _day(row, "eu_code_since"),
        min((day for day in days if day is not None), default=None),
        delisted,
    )


def _offer(row: Row) -> Offer:
    since, earliest = _day(row, "from"), _day(row, "earliest")
    if since is None or earliest is None or earliest > since:
        raise ValueError("from and earliest must be days, and earliest not the later one")
    offer = Offer(
        row["iso3"],
        row["product"],
        since,
        earliest,
        Certainty(row["certainty"]),
        row["group"],
        row["source"],
    )
    if (offer.certainty is Certainty.EITHER) is not bool(offer.group):
        raise ValueError("a group belongs to the certainty “either”, and to no other")
    return offer


def _uptake(row: Row) -> tuple[str, Uptake]:
    day = _day(row, "date")
    if day is None:
        raise ValueError("date is missing")
    numbers = (_number(row, name) for name in ("doses", "at_least_one", "first_course", "booster"))
    return row["iso3"], Uptake(day, *numbers)


def _text(row: Row, name: str) -> str:
    value = row[name]
    if not value or printable(value) != value:
        raise ValueError(f"{name} must be a text that can be shown")
    return value


def _number(row: Row, name: str) -> int | None:
    value = row[name]
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= 12):
        raise ValueError(f"{name} must be a whole number")
    return int(value)


def _day(row: Row, name: str) -> date | None:
    value = row[name]
    if not value:
        return None
    try:
        day = date.fromisoformat(value) if len(value) == len("2021-01-01") else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"{name} must be a day, YYYY-MM-DD")
    return day


def _unique(name: str, keys: list[tuple[str, ...]]) -> None:
    if len(set(keys)) < len(keys):
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise _refused("double", f"{name}: {' '.join(doubled)} is there twice")


def _refused(code: str, message: str) -> DocumentRefused:
    return DocumentRefused(
        f"policy-data-{code}",
        printable(message, 300),
        "the handbook's page 'The data of the policy lab' describes the tables",
    )
