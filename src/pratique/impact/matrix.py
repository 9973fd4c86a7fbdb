"""Who accepts whose: every destination beside every country whose people travel, at one instant.

    World, Ruleset, at -> by product and profile -> Recognition(products, origins) for each destination
                       -> by pairs               -> Reciprocity(one, other, there, back)

1. An origin is OPEN where a product that is surely on offer there is accepted, SHUT where none that may be is, and
   UNSURE between: that is the range of `shut_out`, place by place.
2. A destination's rules are asked as of a certificate that the origin issued, where any rule looks at that: issuers
   between which no rule can tell are one class, and are asked once.
3. A destination without rules for vaccinations accepts nobody by rules, and refuses nobody: its row is empty.
4. Two places are put beside each other only where both have rules: what a place says to others is its own affair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any, NamedTuple

from pratique.impact import doses
from pratique.impact.doses import Course, DoseQuestions
from pratique.impact.shut_out import Access, classes
from pratique.impact.traveller import NOBODY
from pratique.impact.world import Provenance, VaccineFacts, World
from pratique.rules.logic import Constants
from pratique.rules.rule import RuleType
from pratique.rules.ruleset import Destination, Ruleset
from pratique.terms import Kind
from pratique.text import rfc3339

FORMAT = "pratique-policy-matrix-1"
ISSUER_PATHS = "external.issuerCountryCode", "payload.v.0.co"


class DoseProfile(NamedTuple):
    """What a traveller shows: which dose, and how many days ago it was given."""

    name: str
    course: Course
    days: int


PROFILES = (
    DoseProfile("complete course, 60 days ago", Course.PRIMARY, 60),
    DoseProfile("complete course, 300 days ago", Course.PRIMARY, 300),
    DoseProfile("booster, 60 days ago", Course.BOOSTER, 60),
    DoseProfile("booster, 300 days ago", Course.BOOSTER, 300),
)
"""The first is what a country is accepted by."""


class Recognition(NamedTuple):
    """One destination's row.

    Attributes:
        place: whose rules.
        state: "rules", "no-rules" or "no-vaccination-rules".
        products: profile -> codes that are accepted, of a certificate that no rule has a word about the issuer of.
        origins: alpha-3 -> what its people have of what is accepted; empty where there are no rules for vaccinations.
    """

    place: Destination
    state: str
    products: Mapping[DoseProfile, frozenset[str]]
    origins: Mapping[str, Access]


class Balance(StrEnum):
    """How two destinations treat each other's people."""

    MUTUAL = "each accepts the other's"
    ONE_WAY = "one accepts the other's, and is not accepted"
    NEITHER = "neither accepts the other's"
    UNSURE = "it depends on what was on offer"


class Reciprocity(NamedTuple):
    """Two destinations: what the one says to the other's people, and back."""

    one: str
    other: str
    there: Access
    back: Access

    @property
    def balance(self) -> Balance:
        """Say how the two compare."""
        pair = {self.there, self.back}
        if not pair <= {Access.OPEN, Access.SHUT}:
            return Balance.UNSURE
        if len(pair) == 2:
            return Balance.ONE_WAY
        return Balance.MUTUAL if Access.OPEN in pair else Balance.NEITHER


class RecognitionMatrix(NamedTuple):
    """Who accepts whose.

    Attributes:
        at: seconds since the epoch.
        rows: one for each destination.
        pairs: of destinations that are places of the world, each of them once.
        asked: to how many rules a question was put, counted again for each question.
    """

    at: int
    rows: tuple[Recognition, ...]
    pairs: tuple[Reciprocity, ...]
    asked: int


def matrix(
    world: World,
    ruleset: Ruleset,
    *,
    at: int,
    places: Sequence[Destination] | None = None,
) -> RecognitionMatrix:
    """Return who accepts whose; of all destinations that have rules where none are named.

    Args:
        world: who was offered what.
        ruleset: every destination's rules.
        at: seconds since the epoch.
        places: which destinations.
    """
    inquiry = _Rows(world, ruleset, at)
    asked = ruleset.destinations if places is None else places
    rows = [inquiry.row(place) for place in asked]
    pairs = tuple(_pairs(world, rows))
    return RecognitionMatrix(at, tuple(rows), pairs, inquiry.asked)


def products_accepted(
    questions: DoseQuestions,
    vaccines: Mapping[str, VaccineFacts],
    profile: DoseProfile = PROFILES[0],
) -> frozenset[str]:
    """Return the codes of the products that rules accept."""
    given = questions.day - timedelta(profile.days)
    return frozenset(
        code
        for code, vaccine in vaccines.items()
        if questions.accepted(vaccine, profile.course, given)
    )


class _Rows:
    """Ask destination after destination, and count the questions."""

    def __init__(self, world: World, ruleset: Ruleset, at: int) -> None:
        self._world, self._ruleset, self._at = world, ruleset, at
        self._known: dict[frozenset[str], dict[str, Access]] = {}
        self.asked = 0

    def row(self, place: Destination) -> Recognition:
        """Ask one destination."""
        vaccines = self._world.vaccines
        of_all = DoseQuestions(self._ruleset, place, self._at)
        products = {profile: products_accepted(of_all, vaccines, profile) for profile in PROFILES}
        self.asked += of_all.asked
        if not of_all.answers:
            return Recognition(place, of_all.state, products, {})
        origins: dict[str, Access] = {}
        for issuer, places in _issuer_classes(self._world, self._ruleset, of_all).items():
            accepted = products[PROFILES[0]]
            if issuer != NOBODY:
                questions = DoseQuestions(self._ruleset, place, self._at, issuer=issuer)
                accepted = products_accepted(questions, vaccines)
                self.asked += questions.asked
            # Many destinations accept the same products.
            if accepted not in self._known:
                self._known[accepted] = classes(self._world, accepted, of_all.day)
            said = self._known[accepted]
            origins |= {iso3: said[iso3] for iso3 in places if iso3 in said}
        return Recognition(place, of_all.state, products, dict(sorted(origins.items())))


def _issuer_classes(
    world: World, ruleset: Ruleset, questions: DoseQuestions
) -> dict[str, list[str]]:
    """Group the world's places by issuers that no rule can tell apart: an issuer of each -> its places."""
    known = ruleset.evaluator.expressions if ruleset.rules else {}
    expressions = [known[id(rule)] for rule in questions.rules if id(rule) in known]
    constants = Constants(expressions)
    is_mixed = any(
        doses.mixes(node, ("issuerCountryCode", "co"))
        for expression in expressions
        for node in doses.nodes(expression.root)
    )
    sets = ruleset.sets_at(questions.at)
    voiding = {
        rule.country
        for rule in ruleset.rules
        if rule.type is RuleType.INVALIDATION and rule.kind in {None, Kind.VACCINATION}
    }
    read = [path for path in ISSUER_PATHS if path in constants.paths]
    grouped: defaultdict[object, list[str]] = defaultdict(list)
    codes: dict[object, str] = {}
    for iso3, place in world.places.items():
        key: list[object] = [place.iso2 if is_mixed or place.iso2 in voiding else ""]
        for path in read:
            names = sorted(constants.value_sets.get(path, ()))
            key.append(place.iso2 if place.iso2 in constants.literals.get(path, ()) else "")
            key.append(tuple(name for name in names if place.iso2 in sets.get(name, ())))
        grouped[tuple(key)].append(iso3)
        # Where no rule looks at the issuer, nothing is asked twice.
        codes.setdefault(tuple(key), place.iso2 if read or key[0] else NOBODY)
    return {codes[key]: places for key, places in grouped.items()}


def _pairs(world: World, rows: Sequence[Recognition]) -> Iterator[Reciprocity]:
    there = {
        world.by_iso2[row.place.country].iso3: row
        for row in rows
        if row.place.region is None and row.origins and row.place.country in world.by_iso2
    }
    for first, second in combinations(sorted(there), 2):
        to_first, to_second = there[first].origins.get(second), there[second].origins.get(first)
        if to_first is not None and to_second is not None:
            yield Reciprocity(first, second, to_first, to_second)


def to_json(recognition: RecognitionMatrix, data: Provenance) -> dict[str, Any]:
    """Return the matrix as a JSON document."""
    return {
        "format": FORMAT,
        "at": rfc3339(recognition.at),
        "data": data._asdict(),
        "questions": recognition.asked,
        "destinations": [
            {
                "country": row.place.country,
                "region": row.place.region,
                "state": row.state,
                "products": {
                    profile.name: sorted(codes) for profile, codes in row.products.items()
                },
                "origins": {iso3: access.value for iso3, access in row.origins.items()},
            }
            for row in recognition.rows
        ],
        "pairs": [
            {
                "one": pair.one,
                "other": pair.other,
                "one_of_other": pair.there.value,
                "other_of_one": pair.back.value,
                "balance": pair.balance.name.lower().replace("_", "-"),
            }
            for pair in recognition.pairs
        ],
    }
