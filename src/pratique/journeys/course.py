"""The course of one person: doses and illnesses that are over, whoever printed them.

    prints of one person -> those that are surely different doses -> every count that they come to

1. A printed "n of m" is one issuer's view; a dose given elsewhere is missing in it. Doses are counted.
2. Two prints are two doses only if they surely are: `APART` days at least lie between them, and they
   differ in the number, the product, or the country too. What may be one is never counted as two: a
   correction, a reprint, a renewal.
3. A primary course has as many doses as the product that needs most of those that it is made of
   (`PRIMARY`), and as many as are printed where that is not known, or is more while it runs.
4. One dose after a recovery from COVID-19 completes. Doses after a complete course are boosters: 3/2, 2/1.
5. Counted are all sets of surely different doses, so that another print only ever adds a count: more
   proof takes nothing away, and no order matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from pratique.model import Entry, HealthCertificate, Precision, Recovery, Vaccination
from pratique.trust import countries

COVID = "840539006"

PRIMARY = {
    **dict.fromkeys(
        (
            "EU/1/20/1525", "EU/1/21/1580", "EU/1/22/1709",  # Jcovden, VidPrevtyn Beta, Bimervax
            "Convidecia", "Sputnik-Light", "Soberana-Plus",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "EU/1/20/1528", "EU/1/20/1507", "EU/1/21/1529",  # Comirnaty, Spikevax, Vaxzevria
            "EU/1/21/1618", "EU/1/21/1624",  # Nuvaxovid, Valneva
            "Covishield", "Covid-19-recombinant", "R-COVI", "Covovax", "Covaxin", "BBIBP-CorV",
            "WIBP-CorV", "CoronaVac", "Covid-19-adsorvida-inativada", "Sputnik-V", "Sputnik-M",
            "EpiVacCorona", "CoviVac", "Hayat-Vax", "Soberana-02", "MVC-COV1901", "QazVac",
            "Covidful", "COVIran Barakat", "Turkovac", "Corbevax", "SKYCovione",
        ),
        2,
    ),
    **dict.fromkeys(("Abdala", "Zifivax", "ZF2001", "ZyCoV-D"), 3),
}  # fmt: skip
"""Product -> doses of its primary course. Codes of the EU value set vaccines-covid-19-names (see NOTICE);
products without one stand by their names."""

_PRIMARY = {name.casefold(): doses for name, doses in PRIMARY.items()}

APART = 14
"""Days between two prints under which they may be one dose: no product's two doses are given nearer."""

MOST = 5
"""Doses that are counted at most; who has more is told by what the last print says."""

STEPS = 50_000
"""Comparisons of two prints after which no larger sets are looked for: pairs come first, and all of
those among 300 prints are made."""


class Counted(NamedTuple):
    """A dose with the number that the doses up to it come to: `which` of the prints it is."""

    which: int
    dose: int
    doses: int


class _Dose(NamedTuple):
    # What tells a dose from another one, and how many doses its primary course needs.
    disease: str
    day: date
    number: int | None
    product: str | None
    places: frozenset[str]
    needed: int | None


class _Set(NamedTuple):
    members: tuple[int, ...]
    most: int | None  # that the members' products need; None: not known
    primary: int | None  # doses of the primary course, once it is complete


def courses(prints: Sequence[tuple[HealthCertificate, Entry]]) -> list[Counted]:
    """Return every dose with every number that surely different doses up to it come to.

    What is printed itself is not repeated, nor is what is known too little of: a date not known to
    the day, a disease not named.
    """
    if len(prints) < 2:
        return []
    found: dict[Counted, None] = {}
    for doses, where, recovered in _by_disease(prints):
        for members, most, primary in _sets(doses):
            last = members[-1]
            for index in where[doses[last]]:
                entry = prints[index][1]
                assert isinstance(entry, Vaccination)
                if len(members) > 1 and most is not None:
                    # The last print says at least how many there were before it.
                    number = max(len(members), entry.dose or 1)
                    found[Counted(index, number, primary or most)] = None
                if recovered is not None and recovered < doses[members[0]].day:
                    found[Counted(index, len(members), 1)] = None
    return [one for one in found if not _printed(one, prints)]


def printed_twice(prints: Sequence[tuple[HealthCertificate, Entry]]) -> bool:
    """Tell whether two prints that differ were held to be one dose."""
    told: dict[_Dose, Entry] = {}
    for certificate, entry in prints:
        dose = _dose(certificate, entry)
        if dose is not None and told.setdefault(dose, entry) != entry:
            return True
    ordered = sorted(told, key=_key)[:_MANY]
    return any(
        one.disease == other.disease and not surely_two(one, other)
        for position, one in enumerate(ordered)
        for other in ordered[position + 1 :]
    )


_MANY = 400


def surely_two(one: _Dose, other: _Dose) -> bool:
    """Tell whether two prints of one disease are surely two doses."""
    if abs((one.day - other.day).days) < APART:
        return False
    numbers = one.number is not None is not other.number and one.number != other.number
    products = (
        one.product in _PRIMARY and other.product in _PRIMARY and one.product != other.product
    )
    # A dose is printed by who gave it, and again by who was shown that print.
    abroad = bool(one.places and other.places) and not one.places & other.places
    return numbers or products or abroad


def _by_disease(
    prints: Sequence[tuple[HealthCertificate, Entry]],
) -> Iterator[tuple[list[_Dose], dict[_Dose, list[int]], date | None]]:
    where: dict[str, dict[_Dose, list[int]]] = defaultdict(lambda: defaultdict(list))
    recovered: list[date] = []
    for index, (certificate, entry) in enumerate(prints):
        dose = _dose(certificate, entry)
        if dose is not None:
            where[dose.disease][dose].append(index)
        # Of no other disease is an illness known to stand for a dose.
        elif (
            isinstance(entry, Recovery)
            and entry.first_positive
            and _disease(entry.disease) == COVID
        ):
            recovered.append(entry.first_positive.last_day())
    for disease, doses in where.items():
        first = min(recovered, default=None) if disease == COVID else None
        yield sorted(doses, key=_key), doses, first


def _sets(doses: list[_Dose]) -> Iterator[_Set]:
    # All sets of surely different doses in the order of their days, smaller ones first.
    two: dict[tuple[int, int], bool] = {}
    steps = 0
    sets = [_grown(None, index, dose) for index, dose in enumerate(doses)]
    while sets:
        yield from sets
        larger: list[_Set] = []
        for one in sets if len(sets[0].members) < MOST else ():
            for index in range(one.members[-1] + 1, len(doses)):
                steps += 1
                if steps > STEPS:
                    yield from larger
                    return
                for member in one.members:
                    if (member, index) not in two:
                        two[member, index] = surely_two(doses[member], doses[index])
                if all(two[member, index] for member in one.members):
                    larger.append(_grown(one, index, doses[index]))
        sets = larger


def _grown(one: _Set | None, index: int, dose: _Dose) -> _Set:
    before, most = ((), 0) if one is None else (one.members, one.most)
    members = (*before, index)
    if one is not None and one.primary is not None:
        # A booster of a product that is not known here is a booster nevertheless.
        return one._replace(members=members)
    most = None if most is None or dose.needed is None else max(most, dose.needed)
    whole = most is not None and most <= len(members)
    return _Set(members, most, len(members) if whole else None)


def _dose(certificate: HealthCertificate, entry: Entry) -> _Dose | None:
    if not isinstance(entry, Vaccination) or entry.given is None:
        return None
    if entry.given.precision not in {Precision.DAY, Precision.INSTANT}:
        return None
    product = entry.product.casefold() if entry.product else None
    disease = _disease(entry.disease) or (COVID if product in _PRIMARY else None)
    if disease is None:
        return None
    said = {countries.code(text) for text in (certificate.issuer, entry.country) if text}
    places = frozenset(place for place in said if place)
    return _Dose(disease, entry.given.day(), entry.dose, product, places, _needed(entry, product))


def _disease(code: str | None) -> str | None:
    # ICD-11 in WHO's certificates, SNOMED CT in the EU's.
    return COVID if code in {"RA01", "RA01.0"} else code


def _needed(entry: Vaccination, product: str | None) -> int | None:
    known, printed = _PRIMARY.get(product or ""), entry.doses
    if printed is not None and printed < 1:
        printed = None
    if known is None:
        return printed
    if printed is not None and entry.dose is not None and entry.dose < printed:
        # While a course runs, its issuer knows of what it needs: 1/3 to the immunosuppressed.
        return max(known, printed)
    return known


def _key(dose: _Dose) -> tuple[date, int, str, list[str], int]:
    return (
        dose.day, dose.number or 0, dose.product or "", sorted(dose.places), dose.needed or 0
    )  # fmt: skip


def _printed(one: Counted, prints: Sequence[tuple[HealthCertificate, Entry]]) -> bool:
    entry = prints[one.which][1]
    return isinstance(entry, Vaccination) and (entry.dose, entry.doses) == (one.dose, one.doses)


def as_counted(entry: Entry, counted: Counted) -> Vaccination:
    """Return a dose as it is counted."""
    assert isinstance(entry, Vaccination)
    return entry._replace(dose=counted.dose, doses=counted.doses)
