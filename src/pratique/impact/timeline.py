"""What time does to rules: how fair an end of validity is, on which days many turn RED, what is coming.

    World, day, days            -> expiry   -> Expiry: how old the doses of each country are
    World, DoseQuestions        -> fairness -> Expiry, and remarks where it is over a bound
    World, Ruleset, place, days -> changes  -> ComingChange, ... -> cliffs -> Cliff, ...

1. `expiry` counts doses, and is exact where the data are: on a straight line between two days that are told. A
   country that tells nothing on either day is in no figure.
2. The limit is found by asking the rules over the ages of a dose, for complete courses and boosters apart.
3. A cliff is a day on which doses of many days at once stop being accepted. An end of validity that slides with the
   calendar takes one day's doses a day, and is nobody's cliff; the day on which such an end begins is one.
4. Rules change at instants that they name: of a version, of an edition of a value set, of a date in the logic. Each
   is asked, a second before and then: nothing is sampled.
5. People are a range. Countries tell doses, not which product: the low end counts those days only on which every
   product on offer turned, the high end those on which one did. A person is taken by the newest dose told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from pratique.errors import UsageError
from pratique.impact.doses import (
    ARRIVAL,
    CLOCK,
    Course,
    DoseLimit,
    DoseQuestions,
    DoseWindow,
    by_class,
    flips,
    milliseconds,
)
from pratique.impact.traveller import NOBODY
from pratique.impact.world import Offer, Uptake, World, at_day
from pratique.rules.certlogic.evaluate import DAY
from pratique.rules.certlogic.expression import Unit
from pratique.rules.logic import Constants
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Ruleset
from pratique.terms import Kind
from pratique.text import plural, rfc3339

# ----------------------------------------------------------------------------------------------------
# Expiry: how old the doses are that an end of validity would strike out.

_doses, _first_course, _booster = map(attrgetter, ("doses", "first_course", "booster"))
LEAST = 1_000_000
"""People of a country whose shares are told: those of a small one are a handful of doses."""
MOST_OLDER = 0.5
"""The bound: of the median country, or of one without boosters, no more of the doses may be older than the limit."""
OFFERED = 0.01
"""Boosters are on offer where at least this share of those with a complete course has had one."""
MEDIAN_OVER = "expiry-over-bound"
NO_BOOSTERS = "expiry-without-boosters"


class Expiry(NamedTuple):
    """How old doses are on a day, as against a limit.

    Attributes:
        days: the limit.
        median: share of doses older than that, of the country in the middle (of two, the upper one).
        places: ISO 3166-1 alpha-3 -> share of its doses that are older.
        lapsed_people: with a complete course older than that and no booster.
        lapsed: alpha-3 -> their share of its people.
        without_boosters: countries that tell of boosters, and in which none were on offer yet.
        untold: countries with complete courses that tell nothing of boosters.
        remarks: (stable code, sentence) of each bound that is passed; empty if none is.
    """

    days: int
    median: float
    places: Mapping[str, float]
    lapsed_people: int
    lapsed: Mapping[str, float]
    without_boosters: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()


def expiry(world: World, day: date, days: int, least: int = LEAST) -> Expiry | None:
    """Return how old doses are on a day; None where no country tells it.

    Args:
        world: the data.
        day: which one.
        days: a dose given longer ago is older than the limit.
        least: people of a country that is counted.
    """
    then = day - timedelta(days)
    shares: dict[str, float] = {}
    lapsed: dict[str, float] = {}
    without, untold = [], []
    for iso3, place in world.places.items():
        rows = world.uptake.get(iso3, ())
        if place.people < max(least, 1) or not rows:
            continue
        now, older = at_day(rows, _doses, day), at_day(rows, _doses, then)
        if now and older is not None:
            shares[iso3] = older / now
        course, booster = at_day(rows, _first_course, then), at_day(rows, _booster, day)
        if course is None:
            continue
        if booster is None:
            untold.append(iso3)
            continue
        lapsed[iso3] = max(0.0, course - booster) / place.people
        if booster < OFFERED * (at_day(rows, _first_course, day) or course):
            without.append(iso3)
    if not shares:
        return None
    order = sorted(shares, key=lambda iso3: (shares[iso3], iso3))
    people = sum(share * world.places[iso3].people for iso3, share in lapsed.items())
    middle = shares[order[len(order) // 2]]
    return Expiry(days, middle, shares, round(people), lapsed, tuple(without), tuple(untold))


def limits(questions: DoseQuestions, world: World) -> dict[DoseLimit, tuple[str, ...]]:
    """Return every end of validity that the rules set, and for which products."""
    by_limit: defaultdict[DoseLimit, list[str]] = defaultdict(list)
    for course in Course:
        for same in by_class([questions], world.vaccines, course).values():
            limit = questions.limit(same[0], course)
            if limit is not None:
                by_limit[limit] += [vaccine.code for vaccine in same]
    return {limit: tuple(sorted(codes)) for limit, codes in by_limit.items()}


def fairness(questions: DoseQuestions, world: World, least: int = LEAST) -> Expiry | None:
    """Return how fair the rules' end of validity of complete courses is; None where they set none.

    Where products have different ends, the shortest counts: it is met first.
    """
    ends = [limit.days for limit in limits(questions, world) if limit.course is Course.PRIMARY]
    days = min((days for days in ends if days is not None), default=None)
    if days is None:
        return None
    measured = expiry(world, questions.day, days, least)
    return None if measured is None else measured._replace(remarks=tuple(_over(measured, world)))


def _over(measured: Expiry, world: World) -> Iterator[tuple[str, str]]:
    limit = plural(measured.days, "day")
    if measured.median > MOST_OLDER:
        yield (
            MEDIAN_OVER,
            (
                f"{measured.median:.0%} of the doses of the median country were given more than {limit} ago: "
                f"the bound is {MOST_OLDER:.0%}"
            ),
        )
    struck = [
        iso3 for iso3 in measured.without_boosters if measured.places.get(iso3, 0) > MOST_OLDER
    ]
    if struck:
        names = ", ".join(sorted(world.places[iso3].name for iso3 in struck))
        yield (
            NO_BOOSTERS,
            (
                f"boosters were not on offer, and more than {MOST_OLDER:.0%} of the doses were given more than "
                f"{limit} ago: {names}"
            ),
        )


# ----------------------------------------------------------------------------------------------------
# What is coming: the instants at which rules say something else of a dose, and of how many people's.

HORIZON, LONGEST_HORIZON = 180, 1_100
"""Days that are looked ahead."""
SLIDING = 4
"""Days of doses that an end of validity may take at once as it slides: months are of different lengths."""
MANY = 1_000_000
"""People from which on a day is a cliff."""
FIRST_DOSE = date(2020, 12, 1)


class DoseGroup(NamedTuple):
    """Doses that turn together: of these products, such a course, given on these days."""

    products: tuple[str, ...]
    course: Course
    given: DoseWindow


class Affected(NamedTuple):
    """Whose answer changes.

    Attributes:
        groups: which doses.
        people: fewest and most.
        places: alpha-3 -> fewest and most there; those without anybody are left out.
        by_region: WHO region -> fewest and most.
        untold: where one of the products was on offer, and nobody tells how many doses were given: in no figure.
    """

    groups: tuple[DoseGroup, ...]
    people: tuple[int, int]
    places: Mapping[str, tuple[int, int]]
    by_region: Mapping[str, tuple[int, int]]
    untold: tuple[str, ...] = ()


def affected_as_json(affected: Affected) -> dict[str, Any]:
    """Return whose answer changes as JSON; people are from low to high."""
    return {
        "people": _low_high(affected.people),
        "by_region": {region: _low_high(people) for region, people in affected.by_region.items()},
        "places": {iso3: _low_high(people) for iso3, people in affected.places.items()},
        "untold": list(affected.untold),
        "doses": [
            {
                "products": list(group.products),
                "course": group.course.value,
                "first": group.given.first.isoformat(),
                "last": group.given.last.isoformat(),
            }
            for group in affected.groups
        ],
    }


def _low_high(people: tuple[int, int]) -> dict[str, int]:
    return {"low": people[0], "high": people[1]}


class ComingChange(NamedTuple):
    """An instant at which a place's rules become others.

    Attributes:
        place, at: where, and when (seconds since the epoch).
        why: what happens to the rules then.
        lost, gained: whose doses are not accepted any more, and whose are from then on.
        ways: what else may change: a rule for tests, recoveries or exemptions begins or ends.
    """

    place: Destination
    at: int
    why: tuple[str, ...]
    lost: Affected
    gained: Affected
    ways: bool

    @property
    def day(self) -> date:
        """Return the day, in UTC."""
        return datetime.fromtimestamp(self.at, UTC).date()


class Cliff(NamedTuple):
    """A day on which many turn RED.

    Attributes:
        day: in UTC.
        why: what happens to the rules.
        people: fewest and most.
        places: where they had their dose (alpha-3), those with the most first.
        groups: which doses.
    """

    day: date
    why: str
    people: tuple[int, int]
    places: tuple[str, ...]
    groups: tuple[DoseGroup, ...] = ()


def changes(
    world: World, ruleset: Ruleset, place: Destination, *, at: int, days: int = HORIZON
) -> tuple[ComingChange, ...]:
    """Return what comes after `at` (seconds since the epoch), and what each does to people with a dose.

    UsageError `horizon` for more than `LONGEST_HORIZON` days.
    """
    if not 0 < days <= LONGEST_HORIZON:
        raise UsageError("horizon", f"from 1 to {LONGEST_HORIZON:,} days can be looked ahead")
    listed = []
    for second, reasons in sorted(turns(ruleset, place, at, days * 86_400).items()):
        before, after = (DoseQuestions(ruleset, place, moment) for moment in (second - 1, second))
        lost, gained = turned(world, before, after)
        begun = [reason for reason in reasons if reason.is_named]
        if not (lost.groups or gained.groups or begun):
            # A date of the logic passes, and nobody's answer is another.
            continue
        shown = [
            reason
            for reason in reasons
            if reason.is_named or reason.kind in {None, Kind.VACCINATION}
        ]
        why = tuple(dict.fromkeys(reason.sentence for reason in shown))
        ways = any(reason.kind not in {Kind.VACCINATION, Kind.PASS} for reason in begun)
        listed.append(ComingChange(place, second, why, lost, gained, ways))
    return tuple(listed)


def coming(
    world: World,
    ruleset: Ruleset,
    *,
    at: int,
    days: int = HORIZON,
    places: Sequence[Destination] | None = None,
) -> tuple[ComingChange, ...]:
    """Return what comes at every destination that has rules, or at these, in the order of time."""
    every = [
        change
        for place in (ruleset.destinations if places is None else places)
        for change in changes(world, ruleset, place, at=at, days=days)
    ]
    return tuple(sorted(every, key=lambda change: (change.at, str(change.place))))


def is_cliff(change: ComingChange, many: int = MANY) -> bool:
    """Tell whether at least `many` people may turn RED."""
    return bool(change.lost.groups) and change.lost.people[1] >= many


def cliffs(coming_changes: Iterable[ComingChange], many: int = MANY) -> tuple[Cliff, ...]:
    """Return the days on which at least `many` people may turn RED."""
    return tuple(
        Cliff(
            change.day,
            "; ".join(change.why),
            change.lost.people,
            tuple(
                sorted(change.lost.places, key=lambda iso3: (-change.lost.places[iso3][1], iso3))
            ),
            change.lost.groups,
        )
        for change in coming_changes
        if is_cliff(change, many)
    )


class TurnReason(NamedTuple):
    """What happens to rules at an instant.

    Attributes:
        sentence: says it.
        kind: of the proofs that the rule is about; None for all.
        is_named: a rule begins or ends then. A date in the logic is only where it may turn.
    """

    sentence: str
    kind: Kind | None
    is_named: bool = False


def turns(
    ruleset: Ruleset, place: Destination, at: int, seconds: int
) -> dict[int, list[TurnReason]]:
    """Return every second after `at` at which the rules can say something else of the same proof, and why.

    Args:
        ruleset, place: whose rules.
        at: seconds since the epoch.
        seconds: how far is looked ahead.
    """
    by_second: defaultdict[int, list[TurnReason]] = defaultdict(list)
    for rule in _rules_of(ruleset, place):
        # The rule's own life, and the dates that its logic compares the clock with.
        by_second[rule.valid_from].append(
            TurnReason(f"{rule.name} begins", rule.kind, is_named=True)
        )
        by_second[rule.valid_to].append(TurnReason(f"{rule.name} ends", rule.kind, is_named=True))
        for second, text in _dated(ruleset, rule):
            by_second[second].append(TurnReason(f"{rule.name}: {text[:10]} passes", rule.kind))
        is_asked = id(rule) in ruleset.evaluator.expressions
        read = ruleset.evaluator.value_sets(rule) if is_asked else set()
        for name in sorted(read & ruleset.editions.keys()):
            for second in ruleset.editions[name]:
                sentence = f"{name}: edition of {rfc3339(second)[:10]} begins"
                by_second[second].append(TurnReason(sentence, rule.kind))
    return {second: why for second, why in by_second.items() if at < second <= at + seconds}


def _rules_of(ruleset: Ruleset, place: Destination) -> tuple[Rule, ...]:
    rules = {
        id(rule): rule
        for kind in Kind
        for rule in ruleset.concerning(place, NOBODY, kind)
        if rule.country == place.country
    }
    return tuple(rules.values())


def _dated(ruleset: Ruleset, rule: Rule) -> Iterator[tuple[int, str]]:
    expression = ruleset.evaluator.expressions.get(id(rule))
    if expression is None:
        return
    constants = Constants([expression])
    for path in (CLOCK, ARRIVAL):
        moved: set[tuple[int, Unit]] = {(0, "day"), *constants.offsets.get(path, ())}
        for text in {*constants.dates.get(path, ()), *map(str, constants.literals.get(path, ()))}:
            for moment in flips(milliseconds([text]), moved):
                # It flips at that millisecond or at the next; the day of arrival, at a midnight.
                second, midnight = moment // 1_000, moment // DAY * (DAY // 1_000)
                for turn in (second, second + 1, midnight, midnight + DAY // 1_000):
                    yield turn, text


def turned(world: World, before: DoseQuestions, after: DoseQuestions) -> tuple[Affected, Affected]:
    """Return whose doses are accepted by the first and not by the second, and the other way round."""
    lost, gained = _difference(world, before, after)
    return _affected(world, lost, before.day), _affected(world, gained, before.day)


def _difference(
    world: World, before: DoseQuestions, after: DoseQuestions
) -> tuple[list[DoseGroup], list[DoseGroup]]:
    """Return the doses that are accepted before and not after, and the other way round."""
    lost: defaultdict[tuple[Course, DoseWindow], list[str]] = defaultdict(list)
    gained: defaultdict[tuple[Course, DoseWindow], list[str]] = defaultdict(list)
    last = before.day
    for course in Course:
        for same in by_class([before, after], world.vaccines, course).values():
            old, new = (each.windows(same[0], course, FIRST_DOSE, last) for each in (before, after))
            codes = [vaccine.code for vaccine in same]
            for window in _without(old, new):
                lost[course, window] += codes
            for window in _without(new, old):
                gained[course, window] += codes
    return _groups(lost), _groups(gained)


def _groups(by_window: Mapping[tuple[Course, DoseWindow], list[str]]) -> list[DoseGroup]:
    return [
        DoseGroup(tuple(sorted(codes)), course, window)
        for (course, window), codes in sorted(by_window.items())
        if window.days > SLIDING
    ]


def _without(windows: Sequence[DoseWindow], taken: Sequence[DoseWindow]) -> Iterator[DoseWindow]:
    """Yield the days of some windows that lie in none of the others."""
    for window in windows:
        first = window.first
        for other in taken:
            if other.last < first or other.first > window.last:
                continue
            if other.first > first:
                yield DoseWindow(first, other.first - timedelta(1))
            first = other.last + timedelta(1)
        if first <= window.last:
            yield DoseWindow(first, window.last)


def _affected(world: World, groups: Sequence[DoseGroup], day: date) -> Affected:
    """Count people with such doses, up to a day."""
    places: dict[str, tuple[int, int]] = {}
    regions: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    untold = []
    turned = {code for group in groups for code in group.products}
    for iso3, place in sorted(world.places.items()):
        offers = [offer for offer in world.offers.get(iso3, ()) if offer.earliest <= day]
        if place.counted_in or not turned & {offer.product for offer in offers}:
            continue
        rows = world.uptake.get(iso3, ())
        if not rows:
            untold.append(iso3)
            continue
        low, high = _people(groups, rows, offers, day)
        if high > 0:
            places[iso3] = low, high
            regions[place.region][0] += low
            regions[place.region][1] += high
    people = sum(low for low, _ in places.values()), sum(high for _, high in places.values())
    by_region = {region: (low, high) for region, (low, high) in sorted(regions.items())}
    return Affected(tuple(groups), people, places, by_region, tuple(untold))


class _Counts:
    """How many had a dose until a day: none before the first day told, no more after the last."""

    def __init__(self, rows: Sequence[Uptake], field: Callable[[Uptake], int | None]) -> None:
        counts = ((row.day, field(row)) for row in rows)
        self._counts = [(when, count) for when, count in counts if count is not None]
        self._days = [when for when, _ in self._counts]

    def __bool__(self) -> bool:
        return bool(self._counts)

    def until(self, day: date) -> float:
        index = bisect_right(self._days, day)
        if index == 0:
            return 0.0
        before, low = self._counts[index - 1]
        if index == len(self._counts):
            return float(low)
        after, high = self._counts[index]
        return float(low + (high - low) * (day - before).days / (after - before).days)

    def between(self, first: date, last: date) -> float:
        # Corrections of what was told may make a count fall.
        return max(0.0, self.until(last) - self.until(first - timedelta(1)))


def _people(
    groups: Sequence[DoseGroup], rows: Sequence[Uptake], offers: Sequence[Offer], day: date
) -> tuple[int, int]:
    """Return the fewest and most people of one country whose newest dose is one of these."""
    courses, boosters = _Counts(rows, _first_course), _Counts(rows, _booster)
    low, high = _counted(groups, courses, offers, Course.PRIMARY, day)
    boosted_low, boosted_high = _counted(groups, boosters, offers, Course.BOOSTER, day)
    if not boosters:
        # Nobody tells how many have had a booster since: it may be all of them, or none.
        return 0, round(high)
    # Whoever had a booster shows that one: of those with such a course it may be all, or as few as fit.
    boosted = boosters.until(day)
    low = max(0.0, low - boosted)
    high = max(low, min(high, courses.until(day) - boosted))
    return round(low + boosted_low), round(high + boosted_high)


def _counted(
    groups: Sequence[DoseGroup], counts: _Counts, offers: Sequence[Offer], course: Course, day: date
) -> tuple[float, float]:
    """Count those with doses of a course on days on which all products on offer turned, or some did."""
    own = [group for group in groups if group.course is course]
    edges = {edge for group in own for edge in (group.given.first, group.given.last + timedelta(1))}
    edges |= {offer.earliest for offer in offers}
    ordered = sorted(edge for edge in edges if edge <= day)
    low = high = 0.0
    for first, following in pairwise([*ordered, day + timedelta(1)]):
        turned = {
            code
            for group in own
            if group.given.first <= first <= group.given.last
            for code in group.products
        }
        there = {offer.product for offer in offers if offer.earliest <= first}
        if there & turned:
            people = counts.between(first, following - timedelta(1))
            high += people
            low += people if there <= turned else 0.0
    return low, high
