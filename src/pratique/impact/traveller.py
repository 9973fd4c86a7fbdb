"""Travellers who are nobody, and what a destination's rules say of them.

    country, product, dose, day of the dose, age -> payload -> Ruleset -> PASSED | FAILED | OPEN

1. A traveller is made of a country, a product, the day of a dose and an age: there is no name to put in, and none
   comes out. What a rule reads beside them is the same for all.
2. Rules are asked as a border post asks them: the newest version in force, the value sets in the edition of the day.
3. Where no rule is in force, or none for that kind of proof, nobody is told that it is accepted.
4. Limits are found by asking (every hour of a test's age, every day of a recovery's), not read off a rule's text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from pratique.impact.world import VaccineFacts, World
from pratique.rules import policy
from pratique.rules.cases import Judgement, judge
from pratique.rules.certlogic.variables import AGE
from pratique.rules.logic import Constants
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import Kind

BORN, ADULT = "1981-05-05", 40
NAMELESS = {"fn": "X", "fnt": "X", "gn": "Y", "gnt": "Y"}
SETTLED = 60
"""Days since the last dose of the traveller by whom products are compared: late enough for a dose to count, early
enough for no limit."""
NOBODY = "XX"
"""The issuer's country, where it is none in particular (ISO 3166-1: free for own use)."""
LONGEST_TEST = 240
LONGEST_RECOVERY = 400
ADULTHOOD = 26
_GROUPS = {Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e"}


class State(NamedTuple):
    """What there is to ask at an instant: rules in force, and of these those for a vaccination."""

    rules: tuple[str, ...]
    for_vaccination: bool

    @property
    def word(self) -> str:
        """Return "rules", "no-rules" or "no-vaccination-rules"."""
        if self.for_vaccination:
            return "rules"
        return "no-vaccination-rules" if self.rules else "no-rules"


class RulesOfFields(NamedTuple):
    """Rules that read the same fields of a proof, and what they said so far.

    Attributes:
        fields: of the entry, and `AGE`; None where they may read anything.
        rules: which ones.
        said: values of the fields -> whether all of them passed.
    """

    fields: tuple[str, ...] | None
    rules: tuple[Rule, ...]
    said: dict[tuple[object, ...], bool]

    def key(self, entry: Mapping[str, Any], age: int) -> tuple[object, ...]:
        """Return the values on which what they say depends."""
        if self.fields is None:
            return (*entry.items(), age)
        return tuple([age if field == AGE else entry.get(field) for field in self.fields])


def fields_read(paths: Iterable[str], group: str) -> tuple[str, ...] | None:
    """Return which fields of an entry rules read; None where it cannot be told."""
    fields = set()
    for path in paths:
        first, _, rest = path.partition(".")
        if path in {AGE, "payload.dob"}:
            fields.add(AGE)
        elif first == "payload" and rest.startswith(f"{group}.0."):
            fields.add(rest.removeprefix(f"{group}.0."))
        elif first not in {"payload", "external"} or not rest:
            return None
    return tuple(sorted(fields))


class Border:
    """A destination's rules at an instant, to be asked about travellers."""

    def __init__(
        self, ruleset: Ruleset, place: Destination, at: datetime, issuer: str = NOBODY
    ) -> None:
        self.ruleset, self.place, self.at, self.issuer = ruleset, place, at, issuer
        self.second = int(at.timestamp())
        self.value_sets = ruleset.sets_at(self.second)
        self._parts: dict[Kind, list[RulesOfFields]] = {}
        self._common = {
            "tg": policy.DISEASE, "co": issuer, "is": "MoH", "ci": "URN:UVCI:01:XX:1#1",
        }  # fmt: skip
        wall = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        # The same for all: what is asked about is never changed.
        self._external = {
            "validationClock": wall,
            "arrivalDate": wall[:10],
            "valueSets": self.value_sets,
            "countryCode": place.country,
            "issuerCountryCode": issuer,
            "region": place.region or "",
            "iat": "2021-01-01T00:00:00Z",
            "exp": "2030-01-01T00:00:00Z",
            "kid": "AAAAAAAAAAA=",
        }

    @property
    def day(self) -> date:
        """Return the day of the instant, on its own clock."""
        return self.at.date()

    def state(self) -> State:
        """Tell what is in force."""
        there = [
            rule
            for rule in self.ruleset.concerning(self.place, None, Kind.VACCINATION)
            if rule.in_force(self.second)
        ]
        every = {
            rule.name
            for kind in _GROUPS
            for rule in self.ruleset.select(self.place, None, kind, self.second)
        }
        return State(tuple(sorted(every)), bool(there))

    def judge(self, kind: Kind, entry: Mapping[str, Any], age: int = ADULT) -> Judgement:
        """Ask about one proof of somebody so many years old."""
        data = self.data(kind, entry, age)
        return judge(self.ruleset, self.place, kind, self.second, data)

    def passes(self, kind: Kind, entry: Mapping[str, Any], age: int = ADULT) -> bool:
        """Tell whether one proof is PASSED: what `judge` says, and not why.

        Rules that read the same fields are asked once for each of the fields' values.
        """
        parts = self._parts.get(kind)
        if parts is None:
            parts = self._parts[kind] = self._parted(kind)
        data = None
        for part in parts:
            key = part.key(entry, age)
            passed = part.said.get(key)
            if passed is None:
                data = data or self.data(kind, entry, age)
                passed = part.said[key] = self.ruleset.passes(part.rules, data)
            if not passed:
                return False
        return bool(parts)

    def _parted(self, kind: Kind) -> list[RulesOfFields]:
        """Part the rules of a kind by the fields that they read; none where there are none to ask."""
        rules = self.ruleset.select(self.place, self.issuer, kind, self.second)
        own = any(rule.country == self.place.country for rule in rules)
        if not own or not self.ruleset.assessed(self.place, self.second):
            return []
        by_fields: dict[tuple[str, ...] | None, list[Rule]] = {}
        for rule in rules:
            expression = self.ruleset.evaluator.expressions.get(id(rule))
            paths = set() if expression is None else Constants([expression]).paths
            by_fields.setdefault(fields_read(paths, _GROUPS[kind]), []).append(rule)
        # What reads least says most often no to all that follows.
        ordered = sorted(by_fields.items(), key=lambda item: (item[0] is None, item[0] or ()))
        return [RulesOfFields(fields, tuple(several), {}) for fields, several in ordered]

    def data(self, kind: Kind, entry: Mapping[str, Any], age: int) -> dict[str, Any]:
        """Return what rules are asked about."""
        born = BORN if age == ADULT else f"{self.day.year - age - 1}-12-31"
        payload = {
            "ver": "1.3.0", "nam": NAMELESS, "dob": born, _GROUPS[kind]: [{**self._common, **entry}],
        }  # fmt: skip
        return {"payload": payload, "external": self._external, "holder": {"ageYears": age}}

    def dose(
        self, vaccine: VaccineFacts, days_ago: int, number: int | None = None, age: int = ADULT
    ) -> Judgement:
        """Ask about a dose given so many days ago; of a complete primary course where no number is told."""
        entry = vaccination(vaccine, self.day - timedelta(days_ago), number)
        return self.judge(Kind.VACCINATION, entry, age)

    def test(self, test_type: str, hours_ago: int, age: int = ADULT) -> Judgement:
        """Ask about a negative test whose sample was taken so many hours ago."""
        return self.judge(Kind.TEST, self.sample(test_type, hours_ago), age)

    def sample(self, test_type: str, hours_ago: int) -> dict[str, Any]:
        """Return the entry of a negative test whose sample was taken so many hours ago."""
        sample = self.at - timedelta(hours=hours_ago)
        devices = self.value_sets.get(policy.DEVICES, [])
        entry = {
            "tt": test_type,
            "tr": policy.NOT_DETECTED,
            "sc": sample.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tc": "Test centre",
        }
        if test_type == policy.RAPID:
            entry["ma"] = next(iter(devices), "1232")
        else:
            entry["nm"] = "NAAT"
        return entry

    def recovery(self, days_ago: int, age: int = ADULT) -> Judgement:
        """Ask about a recovery whose first positive test was made so many days ago."""
        return self.judge(Kind.RECOVERY, self.recovered(days_ago), age)

    def recovered(self, days_ago: int) -> dict[str, Any]:
        """Return the entry of a recovery whose first positive test was made so many days ago."""
        first = self.day - timedelta(days_ago)
        return {
            "fr": first.isoformat(),
            "df": (first + timedelta(11)).isoformat(),
            "du": (first + timedelta(180)).isoformat(),
        }

    def passes_test(self, test_type: str, hours_ago: int) -> bool:
        """Tell whether a negative test of that age is accepted, of an adult."""
        return self.passes(Kind.TEST, self.sample(test_type, hours_ago))

    def passes_recovery(self, days_ago: int) -> bool:
        """Tell whether a recovery of that age is accepted, of an adult."""
        return self.passes(Kind.RECOVERY, self.recovered(days_ago))

    def exemption(self, age: int = ADULT) -> Judgement:
        """Ask about an exemption from vaccination, in force."""
        return self.judge(Kind.EXEMPTION, self.exempted(), age)

    def exempted(self) -> dict[str, Any]:
        """Return the entry of an exemption from vaccination, in force."""
        return {
            "df": (self.day - timedelta(10)).isoformat(),
            "du": (self.day + timedelta(100)).isoformat(),
        }


def vaccination(vaccine: VaccineFacts, given: date, number: int | None = None) -> dict[str, Any]:
    """Return the entry of a dose: n of n where `number` is that of the primary course or above."""
    dose = vaccine.doses if number is None else number
    return {
        "vp": vaccine.prophylaxis,
        "mp": vaccine.code,
        "ma": vaccine.manufacturer or "unknown",
        "dn": dose,
        "sd": max(dose, vaccine.doses),
        "dt": given.isoformat(),
    }


# ----------------------------------------------------------------------------------------------------
# Products.


class ProductAnswer(NamedTuple):
    """What a destination says of a product.

    Attributes:
        accepted: None where it is open.
        refused_by: identifiers of the rules that did not pass.
        listed: when WHO listed it, by the instant; None where it had not.
        has_code: whether a certificate can carry it, by then.
    """

    code: str
    name: str
    accepted: bool | None
    refused_by: tuple[str, ...]
    listed: date | None
    has_code: bool


def answers(border: Border, world: World) -> tuple[ProductAnswer, ...]:
    """Ask about each product: an adult, complete primary course, last dose 60 days ago."""
    listed = world.floor(border.day)
    products = []
    for vaccine in world.vaccines.values():
        judgement = border.dose(vaccine, SETTLED)
        accepted = {Result.PASSED: True, Result.FAILED: False}.get(judgement.result)
        products.append(
            ProductAnswer(
                vaccine.code,
                vaccine.name,
                accepted,
                judgement.against,
                vaccine.listed if vaccine.code in listed else None,
                vaccine.has_code(border.day),
            )
        )
    return tuple(products)


def accepted(products: Iterable[ProductAnswer]) -> frozenset[str]:
    """Return the codes of the products that are accepted."""
    return frozenset(product.code for product in products if product.accepted)


# ----------------------------------------------------------------------------------------------------
# Ways: which proofs are accepted, within which limits.


class AgeWindow(NamedTuple):
    """The first and the last age at which a proof is accepted; `last` None where no limit was met."""

    first: int
    last: int | None


def window(passes: Callable[[int], bool], least: int, most: int) -> AgeWindow | None:
    """Ask about every age; None where none is accepted."""
    ages = [age for age in range(least, most + 1) if passes(age)]
    if not ages:
        return None
    return AgeWindow(ages[0], ages[-1] if ages[-1] < most else None)


class Way(NamedTuple):
    """A kind of proof that is accepted.

    Attributes:
        kind: of the proof.
        name: which of its kind: "naat", "rapid", "complete course", "booster", ...
        limits: in hours for a test, in days for a dose or a recovery; None where there are none.
        sentence: in words.
    """

    kind: Kind
    name: str
    limits: AgeWindow | None
    sentence: str


def other_ways(border: Border) -> Iterator[Way]:
    """Yield every way in but a vaccination, for an adult."""
    for name, code, words in (
        ("naat", policy.NAAT, "a negative NAA test (such as PCR), sample"),
        ("rapid", policy.RAPID, "a negative rapid antigen test, sample"),
    ):

        def passes(hours: int, code: str = code) -> bool:
            return border.passes_test(code, hours)

        if limits := window(passes, 1, LONGEST_TEST):
            last = "of any age" if limits.last is None else f"at most {limits.last} hours old"
            yield Way(Kind.TEST, name, limits, f"{words} {last}")
    limits = window(border.passes_recovery, 0, LONGEST_RECOVERY)
    if limits is not None:
        yield Way(
            Kind.RECOVERY, "recovery", limits, in_days("a recovery, first positive test", limits)
        )
    if border.exemption().result is Result.PASSED:
        yield Way(Kind.EXEMPTION, "exemption", None, "an exemption from vaccination")


def in_days(words: str, limits: AgeWindow) -> str:
    """Say between which ages a proof is accepted."""
    if limits.last is None:
        return (
            f"{words} {limits.first} days ago or longer" if limits.first else f"{words} at any time"
        )
    return f"{words} {limits.first} to {limits.last} days ago"


def exempt_below(border: Border) -> int:
    """Return the age in years below which nothing is demanded; 0 where something is of everybody.

    Asked about a dose that no rule lets pass: of no known product, first of nine, given today.
    """
    nothing = VaccineFacts("none", "none", "none", "none", 9, None)
    for age in range(ADULTHOOD):
        if border.dose(nothing, 0, 1, age).result is not Result.PASSED:
            return age
    return 0
