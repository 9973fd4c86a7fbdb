"""The impact of a destination's rules at an instant: whom they shut out, what they ask of whom, what changes.

    Border, World (, Border of the rules before) -> assess -> ImpactReport -> sentences | JSON

1. Every figure about countries and people is a range; each says of which day and of which data it is.
2. What has no rules in force is told as that: nobody is told that something is accepted.
3. A product that is accepted helps nobody where it is not on offer; a way that costs is no free way.
4. There is no figure about a person in it, and no score of a country: places are counted, never ranked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from pratique.impact import shut_out, timeline, traveller
from pratique.impact.doses import OLDEST, Course, DoseQuestions, by_class
from pratique.impact.shut_out import Access, Range, Total
from pratique.impact.timeline import Affected, Cliff, Expiry
from pratique.impact.traveller import AgeWindow, Border, ProductAnswer, Way
from pratique.impact.world import Place, Provenance, World
from pratique.rules import policy
from pratique.rules.ruleset import Destination, Result
from pratique.terms import Kind
from pratique.text import amount, plural, rfc3339

FORMAT = "pratique-policy-impact-1"
CHILDREN = (5, 12)
"""Ages of the children whose burden is told."""
RECENT = 90
"""Days since the first positive test of the one who has recovered."""


class Burden(NamedTuple):
    """What the cheapest way in asks of somebody.

    Attributes:
        traveller: who, in words.
        way: "nothing", "vaccination", "recovery", "exemption", "test", "doses"; "" where there is none.
        documents: to show.
        tests: to make, for one journey.
        doses: to get before it.
        days: to wait after the last of them.
        is_free: whether it asks for nothing that has to be got for this journey.
    """

    traveller: str
    way: str
    documents: int = 0
    tests: int = 0
    doses: int = 0
    days: int = 0
    is_free: bool = False


class Turned(NamedTuple):
    """What changes against the rules before.

    Attributes:
        before: names of their rules.
        come: products that are accepted now.
        go: products that are not any more.
        loses: places that had something accepted on offer, and have nothing now.
        gains: the reverse.
        ways: sentences of ways that are new, or gone.
        lost: whose doses are accepted no more, and how many people have such a one.
        gained: the reverse.
    """

    before: tuple[str, ...]
    come: tuple[str, ...]
    go: tuple[str, ...]
    loses: Range
    gains: Range
    ways: tuple[str, ...]
    lost: Affected
    gained: Affected


class Vaccinated(NamedTuple):
    """People with a complete first course: of all places that report, and of the places that are shut out."""

    people: int
    low: int
    high: int


class Caution(NamedTuple):
    """What whoever publishes the rules should know; `code` is stable."""

    code: str
    sentence: str


class ImpactReport(NamedTuple):
    """The impact of one destination's rules at one instant.

    Attributes:
        place: the destination.
        at: the instant, aware.
        rules: names of the rules in force.
        state: "rules", "no-rules" or "no-vaccination-rules".
        products: what is said of each.
        access: what each counted place has (iso3); empty where there are no rules for a vaccination.
        published: whom the rules shut out; None where there are none for a vaccination.
        let_in: where something accepted is on offer; None as `published`.
        vaccinated: how many of those who are vaccinated live where nothing accepted is on offer.
        with_floor: whom they would, were WHO's list accepted too.
        floor_only: whom WHO's list alone would.
        nothing_on_offer: where nothing at all was on offer.
        ways: proofs that are accepted, of an adult.
        exempt_below: the age in years below which nothing is demanded; 0 for none.
        burden: what is asked of whom.
        floor_missing: codes of WHO's list that are not accepted.
        expiry: how old doses are, as against the end of validity; None where there is none, or the data do not tell.
        cliffs: the days of the next half year on which many turn RED.
        turned: what changes against the rules before; None where none were named.
        cautions: what to know before publishing.
        places: all of them, by iso3.
        people: of all places that are counted.
        provenance: of the data.
        data_end: the last day that the data tell of; None where they tell of none.
    """

    place: Destination
    at: datetime
    rules: tuple[str, ...]
    state: str
    products: tuple[ProductAnswer, ...]
    access: Mapping[str, Access]
    published: Range | None
    let_in: Range | None
    vaccinated: Vaccinated | None
    with_floor: Range | None
    floor_only: Range
    nothing_on_offer: Total
    ways: tuple[Way, ...]
    exempt_below: int
    burden: tuple[Burden, ...]
    floor_missing: tuple[str, ...]
    expiry: Expiry | None
    cliffs: tuple[Cliff, ...]
    turned: Turned | None
    cautions: tuple[Caution, ...]
    places: Mapping[str, Place]
    people: int
    provenance: Provenance
    data_end: date | None

    @property
    def day(self) -> date:
        """Return the day up to which offers count."""
        return self.at.date()

    @property
    def destination(self) -> str:
        """Return the destination as people write it: "FR" or "FR/IDF"."""
        return self.place.text


def assess(border: Border, world: World, before: Border | None = None) -> ImpactReport:
    """Compute the impact of the rules that are in force at a border.

    Args:
        border: where, by which rules, when.
        world: the open data.
        before: the same border by the rules that are to be replaced.
    """
    state, day = border.state(), border.day
    products = traveller.answers(border, world)
    accepted, floor = traveller.accepted(products), world.floor(day)
    questions = DoseQuestions(border.ruleset, border.place, border.second, issuer=border.issuer)
    ways = ways_in(border, questions, world)
    exempt_below = traveller.exempt_below(border)
    judged = state.for_vaccination
    course = min((world.vaccines[code].doses for code in accepted), default=0)
    missing = tuple(
        product.code
        for product in products
        # Rules that accept no vaccine at all prefer none.
        if accepted and product.code in floor and product.has_code and not product.accepted
    )
    published = shut_out.shut_out(world, accepted, day) if judged else None
    report = ImpactReport(
        place=border.place,
        at=border.at,
        rules=state.rules,
        state=state.word,
        products=products,
        access=shut_out.classes(world, accepted, day) if judged else {},
        published=published,
        let_in=shut_out.let_in(world, accepted, day) if judged else None,
        vaccinated=_vaccinated(world, published, day),
        with_floor=shut_out.shut_out(world, accepted | floor, day) if judged else None,
        floor_only=shut_out.shut_out(world, floor, day),
        nothing_on_offer=shut_out.nothing_on_offer(world, day),
        ways=ways,
        exempt_below=exempt_below,
        burden=tuple(_burdens(border, ways, exempt_below, course)) if state.rules else (),
        floor_missing=missing,
        expiry=timeline.fairness(questions, world),
        cliffs=timeline.cliffs(
            timeline.changes(world, border.ruleset, border.place, at=border.second)
        ),
        turned=None,
        cautions=(),
        places=world.places,
        people=world.people,
        provenance=world.provenance,
        data_end=world.ends,
    )
    if before is not None:
        report = report._replace(turned=_turned(report, questions, before, world))
    return report._replace(cautions=tuple(_cautions(report)))


def ways_in(border: Border, questions: DoseQuestions, world: World) -> tuple[Way, ...]:
    """Return every way in, for an adult; vaccination by the product that is accepted longest."""
    return (*_doses(questions, world), *traveller.other_ways(border))


def _doses(questions: DoseQuestions, world: World) -> Iterator[Way]:
    today = questions.day
    for course in Course:
        longest: AgeWindow | None = None
        for same in by_class([questions], world.vaccines, course).values():
            runs = questions.windows(same[0], course, today - timedelta(OLDEST), today)
            if not runs:
                continue
            first, last = (today - runs[-1].last).days, (today - runs[0].first).days
            limits = AgeWindow(first, None if last >= OLDEST else last)
            if longest is None or _length(limits) > _length(longest):
                longest = limits
        if longest is not None:
            sentence = traveller.in_days(f"a {course}, last dose", longest)
            yield Way(Kind.VACCINATION, course.value, longest, sentence)


def _length(limits: AgeWindow) -> int:
    return (OLDEST if limits.last is None else limits.last) - limits.first


def _vaccinated(world: World, published: Range | None, day: date) -> Vaccinated | None:
    if published is None or world.ends is None or day > world.ends:
        return None
    everywhere, low, high = (
        shut_out.vaccinated(world, places, day)
        for places in (
            [place.iso3 for place in world.counted], published.low.places, published.high.places,
        )
    )  # fmt: skip
    return Vaccinated(everywhere, low, high)


# ----------------------------------------------------------------------------------------------------
# What is asked of whom.


def _burdens(
    border: Border, ways: tuple[Way, ...], exempt_below: int, course: int
) -> Iterator[Burden]:
    """Yield what is asked of each kind of traveller; `course` is the shortest that is accepted, in doses."""
    kinds = {way.kind for way in ways}
    if Kind.VACCINATION in kinds:
        yield Burden("vaccinated with an accepted product", "vaccination", 1, is_free=True)
    yield _got("vaccinated with a product that is not accepted", ways, course)
    who = f"recovered, {RECENT} days after the first positive test"
    if border.recovery(RECENT).result is Result.PASSED:
        yield Burden(who, "recovery", 1, is_free=True)
    else:
        yield _got(who, ways, course)
    who = "cannot be vaccinated, and has a certificate that says so"
    if Kind.EXEMPTION in kinds:
        yield Burden(who, "exemption", 1, is_free=True)
    else:
        yield _got(who, ways, 0)
    yield _got("neither vaccinated nor recovered", ways, course)
    for age in CHILDREN:
        who = f"a child aged {age}, not vaccinated"
        if age < exempt_below:
            yield Burden(who, "nothing", is_free=True)
        else:
            yield _child(border, who, age)


def _got(who: str, ways: tuple[Way, ...], doses: int) -> Burden:
    """Return what somebody has to get: a test, or else doses."""
    if any(way.kind is Kind.TEST for way in ways):
        return Burden(who, "test", 1, tests=1)
    dose = next((way for way in ways if way.kind is Kind.VACCINATION), None)
    if dose is None or dose.limits is None or not doses:
        return Burden(who, "")
    return Burden(who, "doses", 1, doses=doses, days=dose.limits.first)


def _child(border: Border, who: str, age: int) -> Burden:
    for code in (policy.RAPID, policy.NAAT):
        if border.test(code, 1, age).result is Result.PASSED:
            return Burden(who, "test", 1, tests=1)
    if border.exemption(age).result is Result.PASSED:
        return Burden(who, "exemption", 1, is_free=True)
    return Burden(who, "")


# ----------------------------------------------------------------------------------------------------
# What changes.


def _turned(report: ImpactReport, questions: DoseQuestions, before: Border, world: World) -> Turned:
    state, accepted = before.state(), traveller.accepted(report.products)
    older = traveller.accepted(traveller.answers(before, world))
    offered = {iso3: world.products_of(iso3, report.day) for iso3 in world.places}
    touched = [
        frozenset(iso3 for iso3, products in offered.items() if products & codes)
        for codes in (older - accepted, accepted - older)
    ]
    was = shut_out.classes(world, older, report.day)
    now = shut_out.classes(world, accepted, report.day)
    earlier = DoseQuestions(before.ruleset, before.place, before.second, issuer=before.issuer)
    lost, gained = timeline.turned(world, earlier, questions)
    earlier_ways = {way.sentence for way in ways_in(before, earlier, world)}
    ways = {way.sentence for way in report.ways}
    return Turned(
        state.rules,
        tuple(sorted(accepted - older)),
        tuple(sorted(older - accepted)),
        _moved(world, was, now, touched[0]),
        _moved(world, now, was, touched[1]),
        (
            *(f"new: {sentence}" for sentence in sorted(ways - earlier_ways)),
            *(f"gone: {sentence}" for sentence in sorted(earlier_ways - ways)),
        ),
        lost,
        gained,
    )


def _moved(
    world: World, was: Mapping[str, Access], now: Mapping[str, Access], touched: frozenset[str]
) -> Range:
    """Return the places that go from having something accepted to having nothing, for certain and at most.

    Where nothing that may be on offer is accepted no more (not in `touched`), nothing is lost: a narrower list gives
    nobody anything, and a wider one takes nothing away.
    """
    sure = [iso3 for iso3 in was if (was[iso3], now[iso3]) == (Access.OPEN, Access.SHUT)]
    perhaps = [
        iso3
        for iso3 in was
        if iso3 in touched
        and was[iso3] in (Access.OPEN, Access.UNSURE)
        and now[iso3] in (Access.SHUT, Access.UNSURE)
    ]
    return Range(shut_out.total(world, sure), shut_out.total(world, {*sure, *perhaps}))


# ----------------------------------------------------------------------------------------------------
# Words.


def _cautions(report: ImpactReport) -> Iterator[Caution]:
    if report.data_end is not None and report.day > report.data_end:
        sentence = (
            f"the data end on {report.data_end}: what was offered or given later is in no figure"
        )
        yield Caution("data-ended", sentence)
    if not report.rules:
        yield Caution("no-rules", "no rule is in force then: nobody is admitted by rules")
        return
    yield from _of_products(report)
    if report.expiry is not None:
        yield from (Caution(code, sentence) for code, sentence in report.expiry.remarks)
    for cliff in report.cliffs:
        people = amount(*cliff.people)
        yield Caution("cliff", f"on {cliff.day}, {people} people turn RED: {cliff.why}")
    yield from _of_ways(report)


def _of_products(report: ImpactReport) -> Iterator[Caution]:
    if report.state == "no-vaccination-rules":
        yield Caution("no-vaccination-rules", "no vaccination certificate is accepted then")
        return
    names = {product.code: product.name for product in report.products}
    if report.floor_missing:
        listed = ", ".join(names[code] for code in report.floor_missing)
        yield Caution("floor-missing", f"WHO had listed, and the rules do not accept: {listed}")
    undecided = [product.name for product in report.products if product.accepted is None]
    if undecided:
        sentence = f"the rules do not say of {', '.join(undecided)}: AMBER at the border"
        yield Caution("open", sentence)


def _of_ways(report: ImpactReport) -> Iterator[Caution]:
    if not any(way.kind is not Kind.VACCINATION for way in report.ways):
        sentence = "for whoever is not vaccinated there is no way: no test, recovery or exemption"
        yield Caution("vaccination-only", sentence)
    elif not any(way.kind is Kind.EXEMPTION for way in report.ways):
        sentence = "whoever cannot be vaccinated has to be tested or to have recovered"
        yield Caution("no-exemption", sentence)
    unfree = [burden.traveller for burden in report.burden if burden.way and not burden.is_free]
    if unfree:
        yield Caution("no-free-way", f"has to get something for each journey: {'; '.join(unfree)}")
    excluded = [burden.traveller for burden in report.burden if not burden.way]
    if excluded:
        yield Caution("no-way", f"has no way in: {'; '.join(excluded)}")


def headline(report: ImpactReport) -> str:
    """Say the whole of it in a sentence or two."""
    if report.published is None:
        return f"{report.destination}: on {report.day} no rule for vaccination certificates is in force."
    low, high = report.published
    text = (
        f"On {report.day}, {places_in_words(low.countries, high.countries)} "
        f"({share(low.people, high.people, report.people)} of mankind) had vaccines on offer "
        f"and none that {report.destination} accepts."
    )
    if report.floor_missing and report.with_floor is not None:
        least, most = report.with_floor
        text += (
            f" With WHO's list as a floor it would be {between(least.countries, most.countries)} "
            f"({share(least.people, most.people, report.people)})."
        )
    return text


def places_in_words(low: int, high: int) -> str:
    """Write a range of places: "18 to 28 countries and territories"."""
    if low == high == 1:
        return "1 country or territory"
    return f"{between(low, high)} countries and territories"


def between(low: int, high: int) -> str:
    """Write a range of numbers: "18 to 28", or "18"."""
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def share(low: int, high: int, whole: int) -> str:
    """Write a range of people as parts of a whole: "40 to 44 %"."""
    first, last = (_percent(people, whole) for people in (low, high))
    return f"{first} %" if first == last else f"{first} to {last} %"


def _percent(people: int, whole: int) -> str:
    part = 100 * people / whole if whole else 0
    if 0 < part < 0.05:
        # "0.0" would say nobody.
        return "under 0.1"
    return f"{part:.0f}" if part >= 10 or part == 0 else f"{part:.1f}"


def burden_in_words(burden: Burden) -> str:
    """Say what is asked of somebody."""
    if not burden.way:
        return "no way in"
    if burden.way == "nothing":
        return "nothing is demanded"
    parts = [f"{burden.way}: {plural(burden.documents, 'document')}"]
    if burden.tests:
        parts.append(f"{plural(burden.tests, 'test')} for each journey")
    if burden.doses:
        parts.append(plural(burden.doses, "dose"))
    if burden.days:
        parts.append(f"{plural(burden.days, 'day')} after the last dose")
    return ", ".join(parts)


# ----------------------------------------------------------------------------------------------------
# JSON.


def to_json(report: ImpactReport) -> dict[str, Any]:
    """Return the report as a JSON document."""
    return {
        "format": FORMAT,
        "destination": {"country": report.place.country, "region": report.place.region},
        "at": rfc3339(report.at),
        "headline": headline(report),
        "rules": list(report.rules),
        "state": report.state,
        "products": [
            {
                "product": product.code,
                "name": product.name,
                "accepted": product.accepted,
                "refused_by": list(product.refused_by),
                "listed": None if product.listed is None else product.listed.isoformat(),
                "has_code": product.has_code,
            }
            for product in report.products
        ],
        "shut_out": _range_as_json(report.published),
        "let_in": _range_as_json(report.let_in),
        "vaccinated": None if report.vaccinated is None else report.vaccinated._asdict(),
        "with_floor": _range_as_json(report.with_floor),
        "floor_only": _range_as_json(report.floor_only),
        "nothing_on_offer": _total_as_json(report.nothing_on_offer),
        "ways": [
            {
                "kind": way.kind.value,
                "name": way.name,
                "first": None if way.limits is None else way.limits.first,
                "last": None if way.limits is None else way.limits.last,
                "unit": "hours" if way.kind is Kind.TEST else "days",
                "sentence": way.sentence,
            }
            for way in report.ways
        ],
        "exempt_below": report.exempt_below,
        "burden": [burden._asdict() for burden in report.burden],
        "floor_missing": list(report.floor_missing),
        "expiry": None if report.expiry is None else _expiry_as_json(report.expiry),
        "cliffs": [
            {
                "day": cliff.day.isoformat(),
                "why": cliff.why,
                "people": {"low": cliff.people[0], "high": cliff.people[1]},
                "places": list(cliff.places),
            }
            for cliff in report.cliffs
        ],
        "turned": _turned_as_json(report.turned),
        "cautions": [caution._asdict() for caution in report.cautions],
        "people": report.people,
        "data": {
            **report.provenance._asdict(),
            "ends": None if report.data_end is None else report.data_end.isoformat(),
        },
    }


def _expiry_as_json(expiry: Expiry) -> dict[str, Any]:
    return {
        "days": expiry.days,
        "median": round(expiry.median, 4),
        "places": {iso3: round(share, 4) for iso3, share in sorted(expiry.places.items())},
        "lapsed_people": expiry.lapsed_people,
        "lapsed": {iso3: round(share, 4) for iso3, share in sorted(expiry.lapsed.items())},
        "without_boosters": list(expiry.without_boosters),
        "untold": list(expiry.untold),
    }


def _turned_as_json(turned: Turned | None) -> dict[str, Any] | None:
    if turned is None:
        return None
    return {
        "before": list(turned.before),
        "come": list(turned.come),
        "go": list(turned.go),
        "loses": _range_as_json(turned.loses),
        "gains": _range_as_json(turned.gains),
        "ways": list(turned.ways),
        "lost": timeline.affected_as_json(turned.lost),
        "gained": timeline.affected_as_json(turned.gained),
    }


def _range_as_json(range_: Range | None) -> dict[str, Any] | None:
    if range_ is None:
        return None
    return {"low": _total_as_json(range_.low), "high": _total_as_json(range_.high)}


def _total_as_json(total: Total) -> dict[str, Any]:
    return {
        "countries": total.countries,
        "people": total.people,
        "by_income": total.by_income,
        "places": list(total.places),
    }
