"""What a state says of the rules that it publishes: whom they shut out. Signed beside them, as `CODE/impact.json`.

    rules, value sets, figures of a World -> prepared -> Summary -> write -> CODE/impact.json
    CODE/impact.json, CODE/rules.json, value sets, now -> check -> Summary | DocumentRefused `impact-…`
    Summary, the one before -> told -> lines for the seats

1. It is of these very rules, by their digest, and has one row for each place that they are for.
2. Its figures are the state's own word: a World is needed to count them, and none is needed to check. What cannot be (low above
   high, a floor that shuts out more) is refused.
3. WHO's list is asked here, and nobody's word is taken for it: no product of the list may be left out, unless the state says
   in a sentence, signed with the rules, that it is.
4. The floor is about products: of two vaccines the rules may not take one and leave a listed one. Rules that take no vaccination
   at all prefer none, and have no floor to keep.
5. What cannot be answered (a value set that nobody publishes) is not accepted: it is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused, Issue
from pratique.impact.traveller import SETTLED, Border, vaccination
from pratique.impact.world import VaccineFacts
from pratique.rules import documents, products
from pratique.rules.documents import RuleDocument
from pratique.rules.ruleset import MOST_RULES, Destination, Result, Ruleset
from pratique.strict_json import Codec
from pratique.terms import Kind
from pratique.text import amount, plural, seen

FORMAT = "pratique-impact-summary-1"
WAYS = ("vaccination", "test", "recovery", "exemption")
LONGEST_TEXT, LONGEST_NAME = 600, 80
MOST_VALUES = 100_000
MOST_COUNTRIES, MOST_PEOPLE = 400, 20_000_000_000
OLDEST, AHEAD = timedelta(days=8), timedelta(hours=1)
"""How long before it is published a summary was made at most: an edition lasts seven days. And how far clocks may be apart."""
MOST_TURNS = 24
"""Days on which rules of a place begin or end, beyond today: each is asked anew."""
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[!-~]{1,80}")

# ----------------------------------------------------------------------------------------------------
# The document.


def _text(longest: int, value: object) -> str:
    # It is read by seats before they sign: nothing in it may move a cursor or hide.
    said = strict_json.text(value)
    if len(said) > longest or not said.isprintable() or seen(said) != said:
        raise ValueError("a text that cannot be shown")
    return said


def _matching(form: re.Pattern[str], value: object) -> str:
    said = strict_json.text(value)
    if not form.fullmatch(said):
        raise ValueError("not of its form")
    return said


def _within(most: int, value: object) -> int:
    number = strict_json.whole(value)
    if not 0 <= number <= most:
        raise ValueError("a number that cannot be")
    return number


def _share(value: object) -> float:
    if type(value) not in {int, float} or not 0 <= value <= 1:  # type: ignore[operator]
        raise ValueError("no share of a whole")
    return float(value)  # type: ignore[arg-type]


def _instant(value: object) -> datetime:
    instant = datetime.strptime(strict_json.text(value), _INSTANT).replace(tzinfo=UTC)
    # Days are counted back from it, and the calendar has two ends.
    if not 2000 <= instant.year < 9999:
        raise ValueError("no day of any certificate")
    return instant


def _ways(value: object) -> tuple[str, ...]:
    kinds = tuple(map(strict_json.text, strict_json.array(value)))
    if kinds != tuple(way for way in WAYS if way in kinds):
        raise ValueError("ways that are none, or not in their order")
    return kinds


Name = Annotated[str, Codec(partial(_text, LONGEST_NAME))]
Sentence = Annotated[str, Codec(partial(_text, LONGEST_TEXT))]
Digest = Annotated[str, Codec(partial(_matching, _DIGEST))]
Code = Annotated[str, Codec(partial(_matching, _CODE))]
Instant = Annotated[datetime, Codec(_instant, lambda at: at.strftime(_INSTANT))]
Countries = Annotated[int, Codec(partial(_within, MOST_COUNTRIES))]
People = Annotated[int, Codec(partial(_within, MOST_PEOPLE))]
Years = Annotated[int, Codec(partial(_within, 150))]
Days = Annotated[int, Codec(partial(_within, 36_500))]
Share = Annotated[float, Codec(_share, lambda share: round(share, 3))]
Ways = Annotated[tuple[str, ...], Codec(_ways, list)]


class Count(NamedTuple):
    """Countries and territories, and the people in them."""

    countries: Countries
    people: People


class CountRange(NamedTuple):
    """Between which counts the truth lies: sources merge products."""

    low: Count
    high: Count

    def is_possible(self) -> bool:
        """Tell whether low is no more than high, in both."""
        return all(low <= high for low, high in zip(self.low, self.high, strict=True))


class ExpirySummary(NamedTuple):
    """How fair an end of validity is.

    Attributes:
        days: after which a dose no longer counts.
        median_share_older: the median, over countries, of the share of doses that are older already.
        countries: that have figures.
    """

    days: Days
    median_share_older: Share
    countries: Countries


class DataSource(NamedTuple):
    """The data that the figures were counted from: name, version and SHA-256 in hexadecimal."""

    name: Name
    version: Name
    sha256: Digest


class Figures(NamedTuple):
    """What was counted of the rules of one place; `shut_out` and `with_floor` are None where they ask about no vaccination.

    Attributes:
        shut_out: places where no vaccine is on offer that the rules take.
        with_floor: the same, if they took every product of WHO's list too.
        nothing_on_offer: places where there is no vaccine at all; in neither of the others.
        ways: kinds of proof that the rules take.
        exempt_below: age in years below which nothing is asked; 0 where there is none.
        expiry: how old doses are already; None without an end of validity, or without figures.
    """

    shut_out: CountRange | None
    with_floor: CountRange | None
    nothing_on_offer: Count
    ways: tuple[str, ...]
    exempt_below: int = 0
    expiry: ExpirySummary | None = None


class RuleFigures(NamedTuple):
    """What was counted, and from which data: figures by place."""

    data: DataSource
    figures: Mapping[Destination, Figures]


class DestinationSummary(NamedTuple):
    """What is said of the rules of one place: its figures (see `Figures`), and which products of WHO's list they leave out.

    `at` is when its figures are counted: when it was made, or when the newest rule of the place begins if that is later.
    """

    country: Code
    region: Name | None
    at: Instant
    shut_out: CountRange | None
    with_floor: CountRange | None
    nothing_on_offer: Count
    ways: Ways
    exempt_below: Years
    floor_missing: tuple[Code, ...]
    expiry: ExpirySummary | None

    @property
    def place(self) -> Destination:
        """Return whose rules they are."""
        return Destination(self.country, self.region)

    def __str__(self) -> str:
        """Name the place."""
        return f"{self.country} ({self.region})" if self.region else self.country


class Summary(NamedTuple):
    """The document.

    Attributes:
        rules: SHA-256, in hexadecimal, of the rules that stand beside it.
        at: the instant at which it was made.
        data: what the figures were counted from.
        destinations: a row for each place that has rules of acceptance.
        derogation: the sentence of the state, where its rules leave out a product of WHO's list; else empty.
    """

    rules: Digest
    at: Instant
    data: DataSource
    destinations: tuple[DestinationSummary, ...]
    derogation: Sentence = ""

    @property
    def floor_missing(self) -> tuple[str, ...]:
        """Return the codes of the products of WHO's list that some place leaves out."""
        return tuple(sorted({code for row in self.destinations for code in row.floor_missing}))


def write(summary: Summary) -> bytes:
    """Write the document."""
    return strict_json.dump(summary, FORMAT, ordered=False, ascii_only=False)


def read(data: bytes) -> Summary:
    """Read the document; DocumentRefused `impact-malformed`, `json-unreadable`."""
    refusal = partial(refused, "malformed")
    summary = strict_json.document(data, Summary, FORMAT, refusal, most=MOST_VALUES)
    places = [row.place for row in summary.destinations]
    if len(set(places)) != len(places):
        raise refusal("a place is there twice")
    return summary


def refused(code: str, why: str) -> DocumentRefused:
    """Return the refusal of rules for their summary."""
    return DocumentRefused(f"impact-{code}", f"the summary of the rules: {why}", _HINTS[code])


_AGAIN = "make it anew: pratique participant publish --rules PATH"
_HINTS = {
    "missing": "rules come with a summary of whom they shut out: pratique participant publish --rules PATH makes it",
    "malformed": _AGAIN,
    "rules": "see what is wrong with them: pratique rules check PATH",
    "digest": _AGAIN,
    "destinations": _AGAIN,
    "figures": _AGAIN,
    "old": _AGAIN,
    "floor": _AGAIN,
    "derogation": "take the products in, or say in a sentence why not: participant publish --rules PATH --derogation TEXT",
    "stray": "a summary goes with the rules that it is of",
}  # fmt: skip

# ----------------------------------------------------------------------------------------------------
# The floor: which products of WHO's list the rules of a place leave out.
#
# The rules are asked about invented adults, of whom there is a product, a number of doses and a day, and nothing else. The
# first adult is the one of the policy lab: a whole course, 60 days ago. Where the rules take no product of that one, the
# others are asked: rules that take boosters only, or the fresh only, take a vaccination too.


class FloorTraveller(NamedTuple):
    """An invented adult: doses beyond the course, whether the course is counted as longer by them, days since the last."""

    more: int
    is_longer: bool
    days: int

    def entry(self, vaccine: VaccineFacts, at: datetime) -> dict[str, Any]:
        """Return the entry of the last dose."""
        dose = vaccine.doses + self.more
        whole = {**vaccination(vaccine, at.date() - timedelta(self.days), dose)}
        return whole if self.is_longer else {**whole, "sd": vaccine.doses}


TRAVELLERS = tuple(
    FloorTraveller(more, is_longer, days)
    for days in (SETTLED, 20, 8, 1, 150, 365)
    for more, is_longer in ((0, False), (1, True), (1, False))
)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


PRODUCTS = {
    code: VaccineFacts(
        code, facts.name, *products.MADE.get(code, ("", products.ANTIGEN)), facts.doses, _day(facts.code_since),
        _day(facts.on_list_since),
    )
    for code, facts in products.PRODUCTS.items()
}  # fmt: skip
"""The products that the rules are asked about, by code."""
NAMES = "vaccines-covid-19-names"
"""The value set of products: whatever else stands in it is tried too."""


def floor_missing(ruleset: Ruleset, place: Destination, at: datetime) -> tuple[str, ...]:
    """Return the codes of the products of WHO's list that the rules of a place leave out, at an instant or later.

    Those that no certificate can carry yet, for want of a code, are not asked about.

    Args:
        ruleset: with the value sets.
        place: where somebody arrives.
        at: aware. Rules that begin later are asked when they begin; the list is that of this instant.

    Raises:
        DocumentRefused: `impact-rules`: they change on too many days.
    """
    turns = [at, *_turns(ruleset, place, at)]
    if len(turns) > MOST_TURNS + 1:
        raise refused("rules", f"the rules of {place.country} change on {len(turns) - 1} days")
    day = at.date()
    listed = {
        c for c, vaccine in PRODUCTS.items() if vaccine.is_listed(day) and vaccine.has_code(day)
    }
    missing: set[str] = set()
    for instant in turns:
        accepted = _accepted(Border(ruleset, place, instant))
        missing |= listed - accepted if accepted is not None else set()
    return tuple(sorted(missing))


def counted_at(ruleset: Ruleset, place: Destination, at: datetime) -> datetime:
    """Return when the rules of a place are counted: at an instant, or when the newest of them begins if that is later.

    Rules are published before they begin; what is looked at is what they will do.
    """
    begins = [rule.valid_from for rule in ruleset.concerning(place, None, Kind.VACCINATION)]
    later = datetime.fromtimestamp(max(begins, default=0), UTC)
    return max(at.astimezone(UTC).replace(microsecond=0), later)


def _turns(ruleset: Ruleset, place: Destination, at: datetime) -> Iterator[datetime]:
    seconds, concerning = int(at.timestamp()), ruleset.concerning(place, None, Kind.VACCINATION)
    # An end changes something where another rule goes on; where none does, nothing is asked any more.
    edges = {edge for rule in concerning for edge in (rule.valid_from, rule.valid_to)}
    for edge in sorted(edges):
        if edge > seconds and any(rule.in_force(edge) for rule in concerning):
            yield datetime.fromtimestamp(edge, UTC)


def _accepted(border: Border) -> frozenset[str] | None:
    """Return the products that are accepted of the first traveller who has a chance; None if there is nothing to compare."""
    if not border.state().for_vaccination:
        return None
    others = sorted({*border.value_sets.get(NAMES, ())} - PRODUCTS.keys())
    vaccines = [
        *PRODUCTS.values(),
        *(VaccineFacts(code, code, "", products.ANTIGEN, 2, None) for code in others),
    ]
    for traveller in TRAVELLERS:
        said = {
            vaccine.code: border.judge(Kind.VACCINATION, traveller.entry(vaccine, border.at)).result
            for vaccine in vaccines
        }
        if Result.PASSED in said.values() or Result.OPEN in said.values():
            return frozenset(code for code, result in said.items() if result is Result.PASSED)
    return None


# ----------------------------------------------------------------------------------------------------
# Made by the state, checked by the seats.


def ruleset_of(rules: bytes, sets: RuleDocument) -> Ruleset:
    """Return published rules as every verifier reads them; DocumentRefused `impact-rules`.

    Args:
        rules: as they are published (`CODE/rules.json`).
        sets: the network's value sets.
    """
    try:
        rows = documents.read(strict_json.parse(rules, most=strict_json.OF_ONE)).rules
        ruleset = Ruleset(rows[: MOST_RULES + 1], sets.value_sets, editions=sets.editions)
    except DocumentRefused as error:
        raise refused("rules", f"they cannot be read: {error.message}") from error
    if len(rows) > MOST_RULES or ruleset.is_costly:
        raise refused("rules", "no verifier would hear them: they would keep every check busy")
    return ruleset


def prepared(
    rules: bytes,
    sets: RuleDocument,
    at: datetime,
    counted: RuleFigures,
    derogation: str = "",
) -> Summary:
    """Return the summary of rules.

    Args:
        rules: as they are published (`CODE/rules.json`).
        sets: the network's value sets.
        at: now.
        counted: the figures of each place with rules of acceptance.
        derogation: the sentence of the state; "" if it has none.

    Raises:
        DocumentRefused: `impact-…`: it would be refused by the seats' tool.
    """
    ruleset = ruleset_of(rules, sets)
    rows = tuple(
        DestinationSummary(
            place.country, place.region, counted_at(ruleset, place, at), own.shut_out, own.with_floor,
            own.nothing_on_offer, own.ways, own.exempt_below, floor_missing(ruleset, place, at), own.expiry,
        )
        for place in ruleset.destinations
        for own in (counted.figures[place],)
    )  # fmt: skip
    at = at.astimezone(UTC).replace(microsecond=0)
    summary = Summary(hashlib.sha256(rules).hexdigest(), at, counted.data, rows, derogation.strip())
    return check(write(summary), rules, sets, now=at)


def check(data: bytes, rules: bytes, sets: RuleDocument, *, now: datetime | None = None) -> Summary:
    """Return a summary that is good for the rules beside it.

    Args:
        data: the summary (`CODE/impact.json`).
        rules: the rules (`CODE/rules.json`).
        sets: the network's value sets.
        now: aware; None where it is not asked how old the summary is.

    Raises:
        DocumentRefused: `impact-malformed`, `impact-digest`, `impact-old`, `impact-rules`, `impact-destinations`,
            `impact-figures`, `impact-floor`, `impact-derogation`.
    """
    summary = read(data)
    if summary.rules != hashlib.sha256(rules).hexdigest():
        raise refused("digest", "it is of other rules than those beside it")
    # The list of long ago was shorter: who could choose the day could choose the floor.
    if now is not None and not now - OLDEST <= summary.at <= now + AHEAD:
        raise refused("old", f"it was made for {summary.at:%Y-%m-%d}, and rules are published now")
    ruleset = ruleset_of(rules, sets)
    rows = {row.place: row for row in summary.destinations}
    if set(rows) != set(ruleset.destinations):
        raise refused("destinations", "its places are not those that the rules are for")
    for row in summary.destinations:
        _check_figures(row, Border(ruleset, row.place, counted_at(ruleset, row.place, summary.at)))
        missing = floor_missing(ruleset, row.place, summary.at)
        if set(missing) != set(row.floor_missing):
            raise refused(
                "floor",
                f"of {row} it says that {_listing(row.floor_missing)} of WHO's list are left out, and the rules "
                f"leave out {_listing(missing)}",
            )
    if summary.floor_missing and not summary.derogation.strip():
        raise refused(
            "derogation",
            f"the rules leave out {_listing(summary.floor_missing)} of WHO's list, and no sentence says why",
        )
    if summary.derogation.strip() and not summary.floor_missing:
        raise refused(
            "derogation", "a sentence says why products are left out, and the rules leave out none"
        )
    return summary


def _check_figures(row: DestinationSummary, border: Border) -> None:
    if row.at != border.at:
        raise refused("figures", f"of {row} they are counted for another day than {border.day}")
    is_judged = border.state().for_vaccination
    if {row.shut_out is None, row.with_floor is None} != {not is_judged}:
        what = "it is not said whom the rules shut out" if is_judged else "vaccinations are counted"
        raise refused(
            "figures", f"of {row} {what}, and for {border.day} there are {border.state().word}"
        )
    if row.shut_out is None or row.with_floor is None:
        return
    if not (row.shut_out.is_possible() and row.with_floor.is_possible()):
        raise refused("figures", f"of {row} the least is more than the most")
    for own, floor in zip(row.shut_out, row.with_floor, strict=True):
        if any(more > less for more, less in zip(floor, own, strict=True)):
            raise refused("figures", f"of {row} a wider rule would shut out more")


def _listing(codes: Iterable[str]) -> str:
    return ", ".join(map(products.product_name, codes)) or "none"


class RulesStanding(NamedTuple):
    """What is to be noted of rules that are in force, and the sentence of the state on what they leave out, or ""."""

    issues: tuple[Issue, ...] = ()
    derogation: str = ""


def standing(
    data: bytes | None, rules: bytes, sets: RuleDocument, *, at: datetime
) -> RulesStanding:
    """Tell how rules stand today: without a summary, with that of others, or without products of WHO's list.

    Nothing is refused here, and the list is today's: a product may have been listed since the rules were published.

    Args:
        data: the summary (`CODE/impact.json`); None where there is none.
        rules: the rules (`CODE/rules.json`).
        sets: the network's value sets.
        at: aware.
    """
    issues, derogation = [], ""
    try:
        if data is None:
            raise refused("missing", "there is none")
        summary = check(data, rules, sets)
        derogation = summary.derogation
    except DocumentRefused as error:
        words = _STANDING.get(error.code, f"{error.message}")
        issues.append(Issue("", error.code, words))
    try:
        ruleset = ruleset_of(rules, sets)
        places = ruleset.destinations
        missing = {code for place in places for code in floor_missing(ruleset, place, at)}
    except DocumentRefused:
        # That they cannot be read is told elsewhere, and nobody is let in or shut out by them.
        return RulesStanding(tuple(issues), derogation)
    if missing:
        unsaid = "" if derogation else ", and no sentence of the state says why"
        message = f"its rules leave out {_listing(sorted(missing))} of WHO's list{unsaid}"
        issues.append(Issue("", "impact-floor", message))
    return RulesStanding(tuple(issues), derogation)


_STANDING = {
    "impact-missing": "its rules stand without a summary of whom they shut out",
    "impact-digest": "its summary of whom they shut out is of other rules",
}

# ----------------------------------------------------------------------------------------------------
# In words: what a seat reads before it signs or publishes.


def told(summary: Summary, before: Summary | None = None) -> Iterator[str]:
    """Yield in words what a summary says, and what it changes against the one that is in force."""
    earlier = {} if before is None else {row.place: row for row in before.destinations}
    for row in summary.destinations:
        yield f"{row} {_shut_out(row)}; counted for {row.at:%Y-%m-%d}"
        if row.with_floor is not None and row.with_floor != row.shut_out:
            yield f"{row} with all of WHO's list would shut out {_counted(row.with_floor)}"
        if row.nothing_on_offer.countries:
            yield f"beside these, {_count(row.nothing_on_offer)} had no vaccine on offer at all"
        ways = ", ".join(row.ways) or "none that is known"
        young = f"; nothing is asked of those below {row.exempt_below}" if row.exempt_below else ""
        yield f"{row}, ways in: {ways}{young}"
        if row.expiry is not None:
            yield (
                f"{row}: a dose counts for {plural(row.expiry.days, 'day')}; in the median of "
                f"{plural(row.expiry.countries, 'country')} {row.expiry.median_share_older:.0%} of all doses are older"
            )
        if row.floor_missing:
            yield f"warning: {row} leaves out of WHO's list {_listing(row.floor_missing)}"
        yield from _turned(row, earlier.get(row.place))
    for place in sorted(earlier.keys() - {row.place for row in summary.destinations}, key=str):
        yield f"{earlier[place]} has no rules any more"
    if summary.derogation:
        yield f"its sentence for that: “{summary.derogation}”"
    yield f"summary of {summary.at:%Y-%m-%d}, counted from {summary.data.name} {summary.data.version}"


def _turned(row: DestinationSummary, before: DestinationSummary | None) -> Iterator[str]:
    if before is None:
        return
    if before.shut_out != row.shut_out:
        yield f"before, {row} {_shut_out(before)}"
    if new := set(row.floor_missing) - set(before.floor_missing):
        yield f"newly left out by {row}: {_listing(sorted(new))}"
    if back := set(before.floor_missing) - set(row.floor_missing):
        yield f"no longer left out by {row}: {_listing(sorted(back))}"
    for way in WAYS:
        if (way in row.ways) != (way in before.ways):
            yield f"into {row}, {way} is {'a new way' if way in row.ways else 'no way any more'}"


def _shut_out(row: DestinationSummary) -> str:
    if row.shut_out is None:
        return "asks about no vaccination"
    return f"takes no vaccine that was on offer in {_counted(row.shut_out)}"


def _counted(span: CountRange) -> str:
    low, high = span
    if low == high:
        return _count(low)
    return (
        f"{low.countries} to {high.countries} countries ({amount(low.people, high.people)} people)"
    )


def _count(count: Count) -> str:
    return f"{plural(count.countries, 'country')} ({amount(count.people)} people)"
