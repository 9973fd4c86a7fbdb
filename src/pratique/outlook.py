"""From when, until when, and what would help: the health code looked at over time.

    claims that are certain, and their courses -> every second at which an answer can turn
        -> stretches of green
    claims that somebody could still get (a test, a dose, an exemption) -> the same rules -> advice
    a vaccine that no day and no number of doses helps, and another would -> "not accepted here"

1. The stretch is exact to the second, and is what `decide` would say at each second of it: a course
   holds while all that it is counted from is in force. The age of what is held here is left out
   of it: the next sync makes it young again.
2. Advice is what the rules themselves say of a proof that does not exist yet; the cheapest is first (`CHEAPEST`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise, product
from typing import Any, NamedTuple

from pratique.assess import (
    LAST,
    UNSURE_RULES,
    Claim,
    Standing,
    assess,
    claims_of_one,
    courses_of,
    facts_of,
    rules_about,
)
from pratique.authenticate import LEEWAY, Effort, HealthCode, Help, Verification, stands
from pratique.findings import Code, Colour, Finding, Severity
from pratique.formats import codes
from pratique.model import (
    Entry,
    Exemption,
    HealthCertificate,
    Moment,
    Person,
    Precision,
    Test,
    Vaccination,
)
from pratique.rules.certlogic.evaluate import Undecided, instant, later
from pratique.rules.products import PRODUCTS, product_name
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Result
from pratique.snapshot import Snapshot
from pratique.terms import Kind

# ----------------------------------------------------------------------------------------------------
# When would it change? The exact seconds at which rules' answers over fixed facts can turn.
#
#     dates in facts and rules x offsets in rules -> every second where a comparison can flip
#         -> asked at each -> the stretches in which the answer is yes
#
# 1. Nothing is sampled: a comparison of date-times flips only where clock + offset passes date + offset.
#    Months and years overflow as in JavaScript, so for them the days around are listed too.
# 2. The list may hold seconds where nothing changes; it holds all where something does.
# 3. A search is paid for before it is made: its turns, and at each of them the steps of the rules.
# 4. Facts are written on the wall clock of the port (see `facts`), so the zone's changes are listed too.


_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[^ ]{1,30})?)?)?", re.ASCII)
_DAY = 86_400
_SLACK = 7
"""Days by which overflows of months ("31 February" is 3 March), there and back, can be off at most."""


MOST_STEPS = 800_000
"""Steps that are searched for one health code, and as many more for each claim that it is made of: by
real rules one certificate takes 780,000 at most, and three take 1,700,000."""
_FLIP = 64
"""Steps that one turn costs to be found: a zone's offsets are looked up around it."""


class TooLong(Exception):
    """A search would take more steps than it may."""


class Purse:
    """The steps that the searches for one health code have left, made of so many claims."""

    __slots__ = ("left",)

    def __init__(self, claims: int) -> None:
        self.left = MOST_STEPS * (1 + claims)

    def part(self) -> Purse:
        """Take half of what is left into a purse of its own: what is spent there is missed by nobody else."""
        found = Purse(0)
        found.left = max(self.left, 0) // 2
        self.left -= found.left
        return found

    def pay(self, steps: int) -> None:
        """Take steps; TooLong if there are too few."""
        self.left -= steps
        if self.left < 0:
            raise TooLong


class Stretch(NamedTuple):
    """Seconds since the epoch between which the answer is yes, both inclusive.

    `begins` or `ends` is None where no change is in sight on that side.
    """

    begins: int | None
    ends: int | None

    def holds(self, at: int) -> bool:
        """Tell whether `at` lies in it."""
        return (self.begins is None or self.begins <= at) and (self.ends is None or at <= self.ends)


def stretches(
    turns: Iterable[int], answer: Callable[[int], bool], purse: Purse | None = None, steps: int = 1
) -> list[Stretch]:
    """Return the stretches of yes; `turns` holds every second at which the answer can change.

    TooLong if the purse does not hold `steps` for each answer.
    """
    places = sorted({turn for turn in turns if 0 <= turn <= LAST})
    if purse is not None:
        purse.pay(steps * (len(places) + 1))
    if not places:
        return [Stretch(None, None)] if answer(0) else []
    found: list[Stretch] = []
    begins: int | None = None
    open_ = answer(places[0] - 1)
    for place in places:
        if answer(place) is not open_:
            if open_:
                found.append(Stretch(begins, place - 1))
            open_, begins = not open_, place
    if open_:
        found.append(Stretch(begins, None))
    return found


def turns(
    rules: Iterable[Rule], data: Mapping[str, Any], zone: tzinfo, purse: Purse | None = None
) -> set[int]:
    """Return every second at which one of the rules can change its answer over these facts.

    TooLong if the purse does not hold what there is to be looked at.
    """
    found: set[int] = set()
    for rule in rules:
        found |= {rule.valid_from, rule.valid_to}
        moved = _offsets(rule.logic) | {(0, "day")}
        texts = _dates(rule.logic) | _dates(data.get("payload")) | _dates(data.get("external"))
        if purse is not None:
            purse.pay(
                _FLIP * len(texts) * len(moved) * sum(_DAYS.get(unit, 1) for _, unit in moved)
            )
        for wall in _flips(texts, moved):
            found |= _instants(wall, zone)
    return found


def birthdays(born: date, zone: tzinfo) -> set[int]:
    """Return the seconds at which the age in years grows, up to 120."""
    found = set()
    for year in range(born.year, min(born.year + 121, 9999)):
        leap = born.month == 2 and born.day == 29
        day = date(year, 3, 1) if leap and not _is_leap(year) else born.replace(year=year)
        local = datetime(day.year, day.month, day.day, tzinfo=zone)
        found.add(int(local.timestamp()))
    return {second for second in found if second >= 0}


def midnights(day: date, zone: tzinfo) -> set[int]:
    """Return the seconds at which a day begins and ends on the clock of a zone."""
    wall = (day - date(1970, 1, 1)).days * _DAY * 1000
    return _instants(wall, zone) | _instants(wall + _DAY * 1000, zone)


def _flips(texts: set[str], moved: set[tuple[int, str]]) -> Iterator[int]:
    # Wall-clock milliseconds at which clock + one offset can pass a date + another.
    for text in texts:
        try:
            read = instant(text)
        except Undecided:
            continue
        for amount, unit in moved:
            for back, back_unit in moved:
                yield from _solve(later(read, amount, unit), back, back_unit)  # type: ignore[arg-type]


def _solve(target: int, amount: int, unit: str) -> Iterator[int]:
    if unit in {"hour", "day"}:
        yield target - amount * (3_600_000 if unit == "hour" else _DAY * 1000)
        return
    # Back by the same calendar, not by a mean length: near at any distance, so few days are listed
    # for a rule that adds a hundred thousand years too.
    middle = later(target, -amount, unit)  # type: ignore[arg-type]
    time = target % (_DAY * 1000)
    first = middle // (_DAY * 1000) - _SLACK
    for day in range(first, first + 2 * _SLACK + 1):
        yield day * _DAY * 1000
        yield day * _DAY * 1000 + time


def _instants(wall: int, zone: tzinfo) -> set[int]:
    second = wall // 1000
    if not _DAY < second < LAST:
        return set()
    around = {_offset(second + shift, zone) for shift in (-_DAY, 0, _DAY)}
    found = {second - offset + step for offset in around for step in (0, 1)}
    if len(around) > 1:
        found.add(_change(second - _DAY, second + _DAY, zone))
    return found


def _offset(second: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _change(low: int, high: int, zone: tzinfo) -> int:
    before = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def _offsets(logic: object) -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for node in walk(logic):
        if isinstance(node, Mapping) and isinstance(node.get("plusTime"), list):
            operands = node["plusTime"]
            if len(operands) == 3 and type(operands[1]) is int and operands[2] in _UNITS:
                found.add((operands[1], operands[2]))
    return found


_UNITS = ("hour", "day", "month", "year")
_DAYS = dict.fromkeys(("month", "year"), 2 * (2 * _SLACK + 1))
"""Turns of one comparison, where a unit is of no fixed length."""


def _dates(value: object) -> set[str]:
    return {text for text in walk(value) if type(text) is str and _DATE.fullmatch(text)}


def walk(value: object) -> Iterator[object]:
    """Yield every value of a JSON document, but those of value sets."""
    stack = [value]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Mapping):
            stack.extend(inner for name, inner in node.items() if name != "valueSets")
        elif isinstance(node, list | tuple):
            stack.extend(node)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


# ----------------------------------------------------------------------------------------------------
# What would help: proofs that somebody could still get, put before the same rules.
#
#     waiting | rapid test | laboratory test | one more dose | a dose of another vaccine | exemption -> rules -> sentence
#
# 1. A proof that does not exist yet is judged as if it had been issued at the instant asked about.
# 2. How old a test may be, and when a dose begins to count, is computed exactly, not read off a text.
# 3. Nothing is advised that the rules would not accept.
# 4. A dose of another vaccine is looked for where one more of the same would not do. It counts on from the doses
#    before it, as its certificate would say: a third dose is "3 of 3".
# 5. A vaccine is not accepted if a rule refuses it on every day and with every number of doses that are tried, and
#    passes for another one.


COVID = "840539006"
NOT_DETECTED = "260415000"
RAPID, LABORATORY = "LP217198-3", "LP6464-4"
DEVICES = "covid-19-lab-test-manufacturer-and-name"
_NOBODY = Person(None, None, None, None, None)
_HOUR, _DAY = 3600, 86_400
_FACTS = 100
"""Steps that it takes to write the facts down for one answer."""

CHEAPEST = ("WAIT", "RAPID_TEST", "LABORATORY_TEST", "DOSE", "OTHER_DOSE", "EXEMPTION")
"""Ways in the order of what they cost a traveller: time alone; a test, which is over in minutes, or in a day; a dose,
which stays, and of which the same vaccine is nearer at hand; last what is only for those who can have neither.
Of two of a kind the one that counts earlier is first."""

LONGEST_AGE = 31 * _DAY
"""Seconds from which on the age of a test is no condition worth telling."""

LONGEST_WAIT = 90
"""Days that one may be told to wait after a dose."""

MOST_VACCINES = 16
"""Vaccines that are tried as the next dose, and in place of one that is not accepted."""
MOST_AGES = 10
"""Days of the last dose that a vaccine is tried with, to see whether it is accepted at all."""
_OF_A_PRODUCT = re.compile(r"payload\.v(\.[0-9]+(\.(mp|ma|vp))?)?")
"""Variables in which a rule sees which vaccine it was."""


def ways_of(
    claims: Sequence[Claim],
    stretch: Stretch | None,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    *,
    purse: Purse | None = None,
) -> Iterator[Help]:
    """Yield the ways to green, cheapest first; TooLong if the purse does not hold the search for them."""
    found = _ways(claims, stretch, snapshot, place, at, purse=purse)
    yield from sorted(found, key=lambda way: (CHEAPEST.index(way.code), way.effort.days))


def _ways(
    claims: Sequence[Claim],
    stretch: Stretch | None,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    *,
    purse: Purse | None,
) -> Iterator[Help]:
    instant = int(at.timestamp() // 1)
    if stretch is not None and stretch.begins is not None and stretch.begins > instant:
        begins = datetime.fromtimestamp(stretch.begins, at.tzinfo or UTC)
        sentence = f"wait until {begins:%Y-%m-%d %H:%M:%S %Z}".rstrip()
        days = -(-(stretch.begins - instant) // _DAY)
        yield Help("WAIT", sentence, stretch.begins, effort=Effort(days=days))
    devices = snapshot.ruleset.sets_at(instant).get(DEVICES, ())
    for code, name, test_type in (
        ("RAPID_TEST", "a negative rapid test", RAPID),
        ("LABORATORY_TEST", "a negative laboratory (NAAT) test", LABORATORY),
    ):
        device = devices[0] if devices and test_type == RAPID else None
        proof = _made(Kind.TEST, _sample(test_type, device, place, at), claims, at)
        if test := _test(code, name, _stretch(proof, snapshot, place, at, purse), at):
            yield test._replace(effort=Effort(documents=1, tests=1))
    for claim in claims:
        if dose := _dose(claim, snapshot, place, at, purse):
            yield dose
            break
    else:
        yield from _other_doses(claims, snapshot, place, at, purse)
    exempt = _made(Kind.EXEMPTION, _exemption(at, place), claims, at)
    if assess(exempt, snapshot, place, at).standing is Standing.PASSED:
        sentence = "an exemption certificate, if you cannot be vaccinated or tested"
        yield Help("EXEMPTION", sentence, effort=Effort(documents=1))


def _sample(test_type: str, device: str | None, place: Destination, at: datetime) -> Test:
    when = Moment(Precision.INSTANT, at)
    return Test(COVID, test_type, None, device, when, NOT_DETECTED, None, place.country, None, None)


def _test(code: str, name: str, stretch: Stretch | None, at: datetime) -> Help | None:
    instant = int(at.timestamp() // 1)
    if stretch is None or not stretch.holds(instant):
        return None
    age = LONGEST_AGE if stretch.ends is None else stretch.ends - instant
    if age >= LONGEST_AGE:
        return Help(code, name)
    hours, rest = divmod(age, _HOUR)
    # A limit that is itself excluded ends one second before the full hour.
    if rest:
        return Help(code, f"{name} under {hours + 1} hours old", hours + 1, strictly=True)
    return Help(code, f"{name} at most {hours} hours old", hours)


def _dose(
    claim: Claim, snapshot: Snapshot, place: Destination, at: datetime, purse: Purse | None
) -> Help | None:
    entry = claim.entries[0]
    if not isinstance(entry, Vaccination) or entry.dose is None:
        return None
    today = Moment(Precision.DAY, at.date())
    more = entry._replace(dose=entry.dose + 1, given=today, valid_from=None, valid_until=None)
    if more.doses is not None and more.dose is not None and more.doses < more.dose:
        more = more._replace(doses=more.dose)
    stretch = _stretch(_made(Kind.VACCINATION, more, [claim], at), snapshot, place, at, purse)
    if stretch is None:
        return None
    days = ((stretch.begins or 0) - _midnight(at)) // _DAY
    if days > LONGEST_WAIT:
        return None
    if days > 0:
        effort = Effort(documents=1, doses=1, days=days)
        return Help("DOSE", f"one more dose, from {days} days after it", days, effort=effort)
    return Help("DOSE", "one more dose", effort=Effort(documents=1, doses=1))


def _other_doses(
    claims: Sequence[Claim],
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    purse: Purse | None,
) -> Iterator[Help]:
    """Yield a dose of each other vaccine that would do, those that count from one day on together."""
    base = max(
        (one for one in claims if _number(one) is not None),
        key=lambda one: _number(one) or 0,
        default=None,
    )
    if base is None:
        return
    by_day: dict[int, list[str]] = {}
    part = None if purse is None else purse.part()
    try:
        edges = None
        for code in _vaccines(base, snapshot, place, int(at.timestamp() // 1)):
            more = _more_of(base, code, snapshot, place, at)
            dose = _made(Kind.VACCINATION, more, [base], at)
            if edges is None:
                # Which vaccine it is moves none of its dates.
                edges = _edges_ahead(dose, snapshot, place, at, part)
            days = _first_day(dose, snapshot, place, at, edges=edges, purse=part)
            if days is not None:
                by_day.setdefault(days, []).append(code)
    except TooLong:
        # What was tried stands: each of them was asked by itself.
        pass
    if purse is not None and part is not None:
        purse.left += max(part.left, 0)
    for days, several in sorted(by_day.items()):
        names = ", ".join(map(product_name, several))
        sentence = f"one dose of a vaccine that is accepted here ({names})"
        effort = Effort(documents=1, doses=1, days=days)
        if days:
            sentence += f", from {days} days after it"
        yield Help("OTHER_DOSE", sentence, days or None, products=tuple(several), effort=effort)


def _number(claim: Claim) -> int | None:
    entry = claim.entries[0]
    is_dose = isinstance(entry, Vaccination) and entry.dose is not None and entry.dose > 0
    return entry.dose if is_dose and isinstance(entry, Vaccination) else None


def _vaccines(claim: Claim, snapshot: Snapshot, place: Destination, instant: int) -> list[str]:
    """List the vaccines that the rules may accept, but the claim's own: first those that they name."""
    texts = {
        text
        for rule in rules_about(claim, snapshot, place)
        if rule.in_force(instant)
        for text in walk(rule.logic)
        if isinstance(text, str)
    }
    if not any(_OF_A_PRODUCT.fullmatch(text) for text in texts):
        # They never look which vaccine it was.
        return []
    entry = claim.entries[0]
    own = entry.product if isinstance(entry, Vaccination) else None
    others = [code for code in PRODUCTS if code in codes.MADE and code != own]
    return sorted(others, key=lambda code: code not in texts)[:MOST_VACCINES]


def _more_of(
    claim: Claim, code: str, snapshot: Snapshot, place: Destination, at: datetime
) -> Vaccination:
    """Return the next dose, given today, of another vaccine, as its certificate would say it."""
    entry = claim.entries[0]
    assert isinstance(entry, Vaccination)
    number = (entry.dose or 0) + 1
    in_course = entry.doses is not None and number <= entry.doses
    needed = max(entry.doses or 0, PRODUCTS[code].doses) if in_course else number
    given = Moment(Precision.DAY, at.date())
    other = entry._replace(
        disease=COVID, dose=number, doses=needed, given=given, valid_from=None, valid_until=None
    )
    return _as_product(other, code, snapshot, int(at.timestamp() // 1))


def _as_product(entry: Vaccination, code: str, snapshot: Snapshot, instant: int) -> Vaccination:
    maker, platform = codes.MADE[code]
    # Certificates of 2021 and 2022 had coarser codes, and so have the value sets of their time.
    known = snapshot.ruleset.sets_at(instant).get("sct-vaccines-covid-19", [platform])
    fit = [one for one in (platform, *_COARSE[platform == codes.VECTOR]) if one and one in known]
    prophylaxis = fit[0] if fit else platform
    return entry._replace(product=code, manufacturer=maker, prophylaxis=prophylaxis, unmapped=())


_COARSE = ((codes.ANTIGEN, codes.ANY_ATC), (codes.ANY_ATC, codes.ANTIGEN))


def _edges_ahead(
    claim: Claim, snapshot: Snapshot, place: Destination, at: datetime, purse: Purse | None
) -> list[int]:
    """List the seconds, from now until the longest wait, at which the answer about a dose of today can turn."""
    first, last = int(at.timestamp() // 1), _midnight(at) + (LONGEST_WAIT + 1) * _DAY
    rules, data = rules_about(claim, snapshot, place), facts_of(claim, snapshot, place, at)
    found = turns(rules, data, at.tzinfo or UTC, purse) | snapshot.ruleset.edition_turns
    return [first, *sorted(edge for edge in found if first < edge < last)]


def _first_day(
    claim: Claim,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    *,
    edges: list[int],
    purse: Purse | None,
) -> int | None:
    """Return how many days after today a dose of today first counts; None if it takes too many."""
    zone, steps = at.tzinfo or UTC, steps_of(claim, snapshot, place)
    for second in edges:
        if purse is not None:
            purse.pay(steps)
        then = datetime.fromtimestamp(second, UTC).astimezone(zone)
        if assess(claim, snapshot, place, then).standing is Standing.PASSED:
            return (second - _midnight(at)) // _DAY
    return None


def _midnight(at: datetime) -> int:
    return int(at.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def unaccepted(
    claims: Sequence[Claim],
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    *,
    purse: Purse | None = None,
) -> tuple[str, ...]:
    """Return the vaccines among the claims that the rules refuse as such.

    TooLong if the purse does not hold the search.
    """
    found: dict[str, bool] = {}
    for claim in claims:
        entry = claim.entries[0]
        if not isinstance(entry, Vaccination) or not entry.product or "mp" in entry.unmapped:
            continue
        if entry.product not in found:
            found[entry.product] = _is_refused(claim, snapshot, place, at, purse)
    return tuple(code for code, is_refused in found.items() if is_refused)


def _is_refused(
    claim: Claim, snapshot: Snapshot, place: Destination, at: datetime, purse: Purse | None
) -> bool:
    entry = claim.entries[0]
    assert isinstance(entry, Vaccination)
    asked = assess(claim, snapshot, place, at)
    failing = [
        outcome.rule for outcome in asked.outcomes
        if outcome.result is Result.FAILED
        and any(isinstance(t, str) and _OF_A_PRODUCT.fullmatch(t) for t in walk(outcome.rule.logic))
    ]  # fmt: skip
    instant = int(at.timestamp() // 1)

    def passes(rule: Rule, tried: Vaccination) -> bool:
        for one in _tried(tried, rule, at):
            if purse is not None:
                purse.pay(_FACTS + snapshot.ruleset.steps((rule,)))
            data = facts_of(claim._replace(entries=(one,)), snapshot, place, at)
            if snapshot.ruleset.assess((rule,), data)[0].result is Result.PASSED:
                return True
        return False

    others = _vaccines(claim, snapshot, place, instant) if failing else []
    return any(
        not passes(rule, entry)
        and any(passes(rule, _as_product(entry, code, snapshot, instant)) for code in others)
        for rule in failing
    )


def _tried(entry: Vaccination, rule: Rule, at: datetime) -> Iterator[Vaccination]:
    """Yield a dose as it is, and on other days and with other numbers."""
    yield entry
    number, needed = entry.dose or 1, entry.doses or 1
    edges = sorted({0, *(round(abs(n) * _IN_DAYS[unit]) for n, unit in _offsets(rule.logic))})
    middles = [(low + high) // 2 for low, high in pairwise(edges) if high > low + 1]
    ages = list(dict.fromkeys([*middles, edges[-1] + 30, *edges]))[:MOST_AGES]
    counts = {(number, needed), (needed, needed), (needed + 1, needed + 1), (needed + 1, needed)}
    for (dose, doses), age in product(sorted(counts), ages):
        if age < at.toordinal():
            given = Moment(Precision.DAY, at.date() - timedelta(days=age))
            yield entry._replace(dose=dose, doses=doses, given=given)


_IN_DAYS = {"hour": 1 / 24, "day": 1, "month": 30.44, "year": 365.25}


def steps_of(claim: Claim, snapshot: Snapshot, place: Destination) -> int:
    """Return the steps of one answer about a claim."""
    return _FACTS + snapshot.ruleset.steps(rules_about(claim, snapshot, place))


def _stretch(
    claim: Claim, snapshot: Snapshot, place: Destination, at: datetime, purse: Purse | None
) -> Stretch | None:
    # The next stretch in which this proof alone would do, the rules being as they are at `at`.
    zone, instant = at.tzinfo or UTC, int(at.timestamp() // 1)
    rules, data = rules_about(claim, snapshot, place), facts_of(claim, snapshot, place, at)

    def green(second: int) -> bool:
        then = datetime.fromtimestamp(second, UTC).astimezone(zone)
        return assess(claim, snapshot, place, then).standing is Standing.PASSED

    places = turns(rules, data, zone, purse) | snapshot.ruleset.edition_turns
    found = stretches(places, green, purse, steps_of(claim, snapshot, place))
    return next((one for one in found if one.ends is None or one.ends >= instant), None)


def _made(kind: Kind, entry: Entry, claims: Sequence[Claim], at: datetime) -> Claim:
    person = claims[0].certificate.person if claims else _NOBODY
    issuer = claims[0].certificate.issuer if claims else None
    # One more dose is told as the doses before it are: what their format leaves open, it leaves open.
    domain = claims[0].certificate.domain if kind is Kind.VACCINATION else "DCC"
    certificate = HealthCertificate(
        domain, "1.3.0", kind, person, (entry,), issuer, int(at.timestamp() // 1), None, {}
    )
    return Claim(kind, (entry,), certificate, None)


def _exemption(at: datetime, place: Destination) -> Exemption:
    day = Moment(Precision.DAY, at.date())
    return Exemption(COVID, day, None, place.country, None, None)


def complete_with(
    code: HealthCode, claims: Sequence[Claim], snapshot: Snapshot, at: datetime
) -> HealthCode:
    """Return the code with its stretch of green and, where it is not green, what would help."""
    purse = Purse(len(claims))
    try:
        stretch = next_green(claims, snapshot, code.place, at, purse)
        if stretch is not None:
            code = code._replace(from_=stretch.begins, until=stretch.ends)
        if code.colour is Colour.GREEN:
            return code
        known = [*claims, *courses_of(claims)]
        ways = tuple(ways_of(known, stretch, snapshot, code.place, at, purse=purse))
        code = code._replace(what_would_help=ways)
        return code._replace(unaccepted=refused_by(known, snapshot, code.place, at, purse))
    except TooLong:
        return code._replace(because=(*code.because, Finding(Code.SEARCH_TOO_LONG)))


def refused_by(
    claims: Sequence[Claim], snapshot: Snapshot, place: Destination, at: datetime, purse: Purse
) -> tuple[str, ...]:
    """Return the vaccines that are not accepted; none where the purse does not hold the search for them."""
    try:
        return unaccepted(claims, snapshot, place, at, purse=purse)
    except TooLong:
        return ()


def advice(
    found: Verification, snapshot: Snapshot, place: Destination, at: datetime
) -> tuple[tuple[Help, ...], tuple[str, ...]]:
    """Return what would help the holder of one certificate, and which of its vaccines are not accepted."""
    if found.certificate is None or not found.outcomes or found.verdict.colour is Colour.GREEN:
        return (), ()
    if any(finding.code in UNSURE_RULES for finding in found.verdict.findings):
        # By rules that may be others by now nobody is told how long to wait, or what to get.
        return (), ()
    rules = {outcome.rule.identifier for outcome in found.outcomes}
    doubted = any(
        finding.code.severity is not Severity.NOTE and finding.where not in rules
        for finding in found.verdict.findings
        if finding.code is not Code.SECOND_CERTIFICATE
    )
    own = claims_of_one(found)
    # What is in doubt for another reason than a rule does not become green by waiting.
    claims = [] if doubted else own
    purse = Purse(1)
    try:
        stretch = next_green(claims, snapshot, place, at, purse)
        ways = tuple(ways_of(own, stretch, snapshot, place, at, purse=purse))
        return ways, refused_by(own, snapshot, place, at, purse)
    except TooLong:
        return (), ()


def next_green(
    claims: Sequence[Claim],
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    purse: Purse | None = None,
) -> Stretch | None:
    """Return the stretch of green that holds at `at`, or the first one after it."""
    instant = int(at.timestamp() // 1)
    found: list[Stretch] = []
    for claim in claims:
        found += stretches_of(claim, snapshot, place, at, purse=purse)
    counted = _Courses(claims)
    for claim in courses_of(claims):
        found += stretches_of(claim, snapshot, place, at, among=counted, purse=purse)
    merged = _merged(found)
    return next(
        (one for one in merged if one.ends is None or one.ends >= instant),
        None,
    )


def stretches_of(
    claim: Claim,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    *,
    among: _Courses | None = None,
    purse: Purse | None = None,
) -> list[Stretch]:
    """Return the stretches in which one claim alone makes it green.

    Where it is counted `among` others, it holds while they come to it.
    """
    zone = at.tzinfo or UTC
    turns = _turns(claim, snapshot, place, at, purse)
    green = _answer(claim, snapshot, place, zone)
    steps = steps_of(claim, snapshot, place)
    if among is None:
        return stretches(turns, green, purse, steps)
    turns |= set(among.edges)
    return stretches(
        turns, lambda second: among.hold(claim, second) and green(second), purse, steps
    )


class _Courses:
    """The courses that come of what is in force at a second; between two edges they are the same."""

    def __init__(self, printed: Sequence[Claim]) -> None:
        self.printed = printed
        self.edges = sorted({edge for claim in printed for edge in _edges(claim)})
        self._known: dict[int, set[tuple[int, Entry]]] = {}

    def hold(self, claim: Claim, second: int) -> bool:
        """Tell whether what is in force at `second` comes to a claim."""
        between = bisect_right(self.edges, second)
        if between not in self._known:
            held = [one for one in self.printed if _stands(one, second)]
            found = {(id(one.certificate), one.entries[0]) for one in courses_of(held)}
            self._known[between] = found
        return (id(claim.certificate), claim.entries[0]) in self._known[between]


def _stands(claim: Claim, second: int) -> bool:
    return claim.signer is None or stands(claim.certificate, claim.signer, second)


def _answer(
    claim: Claim, snapshot: Snapshot, place: Destination, zone: tzinfo
) -> Callable[[int], bool]:
    def green(second: int) -> bool:
        if not _stands(claim, second):
            return False
        at = datetime.fromtimestamp(second, UTC).astimezone(zone)
        return assess(claim, snapshot, place, at).standing is Standing.PASSED

    return green


def _turns(
    claim: Claim,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    purse: Purse | None,
) -> set[int]:
    zone = at.tzinfo or UTC
    certificate = claim.certificate
    rules, data = rules_about(claim, snapshot, place), facts_of(claim, snapshot, place, at)
    found = turns(rules, data, zone, purse) | snapshot.ruleset.edition_turns
    if certificate.person.birth_date is not None:
        found |= birthdays(certificate.person.birth_date.last_day(), zone)
    for entry in claim.entries:
        if entry.valid_from is not None:
            found |= midnights(entry.valid_from.day(), zone)
        if entry.valid_until is not None:
            found |= midnights(entry.valid_until.last_day(), zone)
    return found | _edges(claim)


def _edges(claim: Claim) -> set[int]:
    # Every second at which a claim's certificate can begin or cease to be in force.
    certificate, found = claim.certificate, set[int]()
    if claim.signer is not None:
        found |= {claim.signer.not_before - LEEWAY, claim.signer.not_after + 1}
        if claim.signer.sca_not_after is not None:
            found.add(claim.signer.sca_not_after + 1)
        if claim.signer.sca_not_before is not None:
            found.add(claim.signer.sca_not_before - LEEWAY)
    if certificate.issued_at is not None:
        found.add(certificate.issued_at - LEEWAY)
    if certificate.not_before is not None:
        found.add(certificate.not_before - LEEWAY)
    if certificate.expires_at is not None:
        found.add(certificate.expires_at + 1)
    return found


def _merged(found: list[Stretch]) -> list[Stretch]:
    # Two stretches that overlap or touch are one: another certificate takes over in between.
    merged: list[Stretch] = []
    for one in sorted(found, key=lambda s: -1 if s.begins is None else s.begins):
        last = merged[-1] if merged else None
        if last is not None and (
            last.ends is None or one.begins is None or one.begins <= last.ends + 1
        ):
            ends = None if last.ends is None or one.ends is None else max(last.ends, one.ends)
            merged[-1] = Stretch(last.begins, ends)
        else:
            merged.append(one)
    return merged
