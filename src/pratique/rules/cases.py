"""Cases to try rules on: invented health facts around the constants of the rules themselves.

    Constants, groups -> values for each field that is read -> Case ... -> data for the rules
    Ruleset, place, kind, at, data -> judge -> Judgement
    ParsedRule -> cases at noon and at midnight -> Outcomes -> Diagnostic, ...
    Case -> "vaccinated with Comirnaty, dose 2 of 2, 30 days before arrival"

1. No case is anybody: there is no name in it, no identifier and no date of birth unless a rule reads one.
2. The order is fixed, nothing is drawn: the same rules give the same cases everywhere.
3. Where there are more combinations than the limit, the plain ones and all that differ from the plain
   case in one field come first, then an even spread over the rest.
4. A case is judged as a person is: passed is said only if every rule that applies passed, and at least
   one of the destination did; no rule for the country or the kind is open.
5. A search, not a proof: "never passed in N generated cases". What is proved is `logic`'s.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import gcd, prod
from typing import Any, NamedTuple

from pratique.rules import policy
from pratique.rules.certlogic.evaluate import Open, Undecided, evaluator, instant
from pratique.rules.logic import GROUPS, Constants, Diagnostic, ParsedRule, warning
from pratique.rules.products import product_name
from pratique.rules.rule import RuleType
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import Kind
from pratique.text import plural

HOURS = {"hour": 1, "day": 24, "month": 730, "year": 8766}
"""Months and years in their mean length; the days around are tried too."""
UNKNOWN = "unknown-code"
MEMBERS = 6
"""Codes of a value set that are tried."""
THERE = "there"
"""A further entry is there: a copy of the first."""
BOTH_WAYS = {"df", "du", "iat", "exp", "nbf", "departureDate"}
"""Dates that may lie before arrival or after it."""
DATES = BOTH_WAYS | {"dt", "sc", "fr", "dob"}
NUMBERS = {"dn": (2, 1, 3), "sd": (2, 1, 3), "ageYears": (30, 5, 70)}
ALWAYS: dict[str, tuple[str, ...]] = {
    "tt": (policy.NAAT, policy.RAPID), "tr": (policy.NOT_DETECTED, policy.DETECTED),
}  # fmt: skip


class Ago(NamedTuple):
    """So many hours before arrival; below zero, after it."""

    hours: int


Value = str | int | Ago | None
"""None: the field is not there."""


def candidates(path: str, plain: Value, constants: Constants) -> list[Value]:
    """List what a path is tried with, its plain value first."""
    name = path.rpartition(".")[2]
    found: list[Value] = []
    if name in DATES:
        found = _dates(path, name, plain, constants)
    elif name in NUMBERS:
        found = _numbers(path, name, constants)
    elif name.isdecimal():
        return [None, THERE]
    else:
        found = [plain, *_texts(path, name, constants)]
    if path in constants.asked:
        found.append(None)
    return list(dict.fromkeys(found))


def _texts(path: str, name: str, constants: Constants) -> list[Value]:
    literals = sorted(constants.literals.get(path, ()), key=str)
    members = [
        code
        for listed in sorted(constants.value_sets.get(path, ()))
        for code in constants.members(listed)[:MEMBERS]
    ]
    return [*ALWAYS.get(name, ()), *literals, *members, UNKNOWN]


def _numbers(path: str, name: str, constants: Constants) -> list[Value]:
    literals = {value for value in constants.literals.get(path, ()) if isinstance(value, int)}
    around = {value + step for value in literals for step in (-1, 0, 1)}
    least = 1 if name == "sd" else 0
    return [*NUMBERS[name], *sorted(value for value in around if value >= least)]


def _dates(path: str, name: str, plain: Value, constants: Constants) -> list[Value]:
    if name == "dob":
        return [*_births(path, constants)]
    step = 1 if name == "sc" else 24
    found = {Ago(-step), Ago(0), Ago(400 * 24)}
    for amount, unit in constants.offsets.get(path, ()):
        hours = abs(amount) * HOURS[unit]
        for turned in (hours, -hours) if name in BOTH_WAYS else (hours,):
            whole = turned // step * step
            reach = 3 if unit in {"month", "year"} else 1
            found |= {Ago(whole + step * n) for n in range(-reach, reach + 1)}
    form = "%Y-%m-%dT%H:%M:%S.000Z" if name == "sc" else "%Y-%m-%d"
    fixed = [day.strftime(form) for day in _literal_days(path, constants)]
    return [plain or Ago(30 * 24), *sorted(found, key=lambda ago: abs(ago.hours)), *fixed]


def _births(path: str, constants: Constants) -> list[Value]:
    years = {amount for amount, unit in constants.offsets.get(path, ()) if unit == "year"}
    ages = sorted({30, *(abs(year) for year in years)})
    return ["1980-06-15", *(f"{2022 - age}-06-15" for age in ages), "2019-06-15"]


def _literal_days(path: str, constants: Constants) -> list[datetime]:
    found = []
    for text in sorted(constants.dates.get(path, ())):
        try:
            seconds = instant(text) // 1000
        except Undecided:
            continue
        if 86_400 < seconds < 250_000_000_000:
            day = datetime.fromtimestamp(seconds, UTC)
            found += [day + timedelta(days=step) for step in (-1, 0, 1)]
    return found


PLAIN: dict[str, dict[str, Value]] = {
    "v": {
        "tg": policy.DISEASE, "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215",
        "dn": 2, "sd": 2, "dt": Ago(30 * 24),
    },
    "t": {
        "tg": policy.DISEASE, "tt": policy.NAAT, "ma": "1232", "sc": Ago(2), "tr": policy.NOT_DETECTED,
    },
    "r": {"tg": policy.DISEASE, "fr": Ago(30 * 24), "df": Ago(19 * 24), "du": Ago(-100 * 24)},
    "e": {"tg": policy.DISEASE, "df": Ago(10 * 24), "du": Ago(-100 * 24)},
    "p": {"scheme": "NZCP", "df": Ago(10 * 24), "du": Ago(-100 * 24)},
}  # fmt: skip
"""Group -> field -> the value that nobody would think twice about."""
ELSEWHERE: dict[str, Value] = {"holder.ageYears": 30}
_FIELD = re.compile(r"payload\.([vtrep])\.([0-9]{1,2})(?:\.([A-Za-z]+))?")
_STRIDE = 7919


class Case(NamedTuple):
    """One invented case.

    Attributes:
        groups: what there is in the payload: "v", "t", "r", "e", "p".
        values: (path, value) of the fields that some rule reads; the others are plain.
        unusual: how many of them are not plain.
    """

    groups: tuple[str, ...]
    values: tuple[tuple[str, Value], ...]
    unusual: int


def generate(constants: Constants, groups: tuple[str, ...], *, limit: int) -> Iterator[Case]:
    """Yield at most `limit` cases with such a payload, the plainest first."""
    fields = [
        (path, candidates(path, _plain(path), constants))
        for path in sorted(constants.paths)
        if _concerns(path, groups)
    ]
    total = prod(len(values) for _, values in fields)
    if total <= limit:
        every = [_case(groups, fields, _digits(number, fields)) for number in range(total)]
        yield from sorted(every, key=lambda case: case.unusual)
        return
    seen = set()
    for digits in _spread(fields, total, limit):
        if digits not in seen:
            seen.add(digits)
            yield _case(groups, fields, digits)


def data_of(
    case: Case, *, clock: datetime, country: str, value_sets: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Return the data that rules are asked about at `clock` (aware)."""
    payload: dict[str, Any] = {
        group: [{name: _written(name, value, clock) for name, value in PLAIN[group].items()}]
        for group in case.groups
    }
    wall = clock.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    external: dict[str, Any] = {
        "validationClock": wall, "arrivalDate": wall[:10], "valueSets": dict(value_sets),
        "countryCode": country, "issuerCountryCode": "XX", "region": "",
        "iat": _written("iat", Ago(24), clock), "exp": _written("exp", Ago(-2400), clock),
    }  # fmt: skip
    data = {"payload": payload, "external": external, "holder": {"ageYears": 30}}
    for path, value in sorted(case.values, key=lambda item: item[0].count(".")):
        _put(data, path, value, clock)
    return data


def _plain(path: str) -> Value:
    found = _FIELD.fullmatch(path)
    if found and found[3]:
        return PLAIN[found[1]].get(found[3]) if found[2] == "0" else None
    return ELSEWHERE.get(path)


def _concerns(path: str, groups: tuple[str, ...]) -> bool:
    if path in {"external.validationClock", "external.arrivalDate", "external.countryCode"}:
        return False
    found = _FIELD.fullmatch(path)
    if found:
        return found[1] in groups and (found[3] is not None or found[2] != "0")
    return path not in {"payload", "external", "holder"} and not path.startswith(
        tuple(f"payload.{group}" for group in PLAIN)
    )


Fields = list[tuple[str, list[Value]]]


def _case(groups: tuple[str, ...], fields: Fields, digits: tuple[int, ...]) -> Case:
    values = tuple(
        (path, listed[digit]) for (path, listed), digit in zip(fields, digits, strict=True)
    )
    return Case(groups, values, sum(map(bool, digits)))


def _digits(number: int, fields: Fields) -> tuple[int, ...]:
    found = []
    for _, listed in fields:
        number, digit = divmod(number, len(listed))
        found.append(digit)
    return tuple(found)


def _spread(fields: Fields, total: int, limit: int) -> Iterator[tuple[int, ...]]:
    zero = (0,) * len(fields)
    ones = [
        (*zero[:place], digit, *zero[place + 1 :])
        for place, (_, listed) in enumerate(fields)
        for digit in range(1, len(listed))
    ]
    first = [zero, *ones][:limit]
    yield from first
    stride = total // _STRIDE * 5 + _STRIDE
    while gcd(stride, total) != 1:
        stride += 1
    for step in range(limit - len(first)):
        yield _digits(step * stride % total, fields)


def _put(data: dict[str, Any], path: str, value: Value, clock: datetime) -> None:
    found = _FIELD.fullmatch(path)
    if found:
        entries = data["payload"].setdefault(found[1], [])
        while found[2] != "0" and value is not None and len(entries) <= int(found[2]):
            entries.append(dict(entries[0]) if entries else {})
        if found[3] is None or int(found[2]) >= len(entries):
            return
        target, name = entries[int(found[2])], found[3]
    else:
        *way, name = path.split(".")
        target = data
        for part in way:
            target = target.setdefault(part, {}) if isinstance(target, dict) else {}
    if isinstance(target, dict):
        target.pop(name, None)
        if value is not None:
            target[name] = _written(name, value, clock)


def _written(name: str, value: Value, clock: datetime) -> Any:
    if isinstance(value, Ago):
        try:
            then = clock.astimezone(UTC) - timedelta(hours=value.hours)
        except OverflowError:
            # A rule may ask for what lies off the calendar: the nearest day of it is as good.
            off = datetime.min if value.hours > 0 else datetime.max  # noqa: DTZ901 - it gets its zone
            then = off.replace(tzinfo=UTC)
        text = then.isoformat()
        return f"{text[:19]}.000Z" if name in {"sc", "iat", "exp"} else text[:10]
    return value


class Judgement(NamedTuple):
    """The rules' answer, and the identifiers of those that did not pass."""

    result: Result
    against: tuple[str, ...] = ()


def judge(
    ruleset: Ruleset, place: Destination, kind: Kind, at: int, data: Mapping[str, Any]
) -> Judgement:
    """Ask the rules in force at `at` (seconds since the epoch)."""
    issuer = data["external"].get("issuerCountryCode")
    rules = ruleset.select(place, issuer, kind, at)
    if not ruleset.assessed(place, at) or not any(rule.country == place.country for rule in rules):
        return Judgement(Result.OPEN)
    outcomes = ruleset.assess(rules, data)
    against = tuple(
        outcome.rule.identifier for outcome in outcomes if outcome.result is not Result.PASSED
    )
    results = {outcome.result for outcome in outcomes}
    for worse in (Result.FAILED, Result.OPEN):
        if worse in results:
            return Judgement(worse, against)
    return Judgement(Result.PASSED)


LIMIT = 600
"""Cases for each payload and each time of day."""


class Outcomes(NamedTuple):
    """How often a rule came out how, and why it was open."""

    passed: int
    failed: int
    reasons: Counter[str]

    @property
    def total(self) -> int:
        """Return the number of cases."""
        return self.passed + self.failed + self.reasons.total()


def outcomes(
    checked: ParsedRule, clock: datetime, value_sets: Mapping[str, list[str]], *, limit: int = LIMIT
) -> Outcomes:
    """Try a rule on generated cases, on the day of `clock`."""
    constants = Constants([checked.expression], value_sets)
    known = constants.sets()
    asked = evaluator(checked.expression)
    counted: Counter[bool] = Counter()
    reasons: Counter[str] = Counter()
    midnight = clock.replace(hour=0, minute=0, second=0)
    for groups in payloads(checked, constants):
        for case in generate(constants, groups, limit=limit):
            for at in (midnight + timedelta(hours=12), midnight):
                country = checked.rule.country
                data = data_of(case, clock=at, country=country, value_sets=known)
                value = asked(data)
                if isinstance(value, Open):
                    reasons[value.reason.value] += 1
                elif type(value) is not bool:
                    reasons["its value is neither true nor false"] += 1
                else:
                    counted[value is not (checked.rule.type is RuleType.INVALIDATION)] += 1
    return Outcomes(counted[True], counted[False], reasons)


def payloads(checked: ParsedRule, constants: Constants) -> list[tuple[str, ...]]:
    """List the payloads that a rule is tried on: of its kind, and what else it looks at."""
    read = [
        group
        for group in GROUPS.values()
        if any(path.startswith(f"payload.{group}") for path in constants.paths)
    ]
    if checked.rule.kind is not None:
        own = GROUPS[checked.rule.kind]
        return [(own,), *((own, other) for other in read if other != own)]
    # Of a pass no rule of all kinds is asked.
    events = [group for kind, group in GROUPS.items() if kind is not Kind.PASS]
    return [*((group,) for group in events), *([tuple(read[:2])] if read[1:] else []), ()]


def diagnose(
    checked: ParsedRule, clock: datetime, value_sets: Mapping[str, list[str]]
) -> Iterator[Diagnostic]:
    """Yield what is odd about a rule's outcomes."""
    found, name = outcomes(checked, clock, value_sets), checked.rule.name
    if not found.passed:
        message = f"it never passed in {found.total:,} generated cases"
        yield warning(name, "Logic", "never-passed", message)
    if not found.failed:
        message = f"it never failed in {found.total:,} generated cases"
        yield warning(name, "Logic", "never-failed", message)
    if found.reasons:
        reason, _ = found.reasons.most_common(1)[0]
        message = (
            f"it could not be decided in {found.reasons.total():,} of {found.total:,} generated "
            f"cases: {reason}"
        )
        yield warning(name, "Logic", "often-open", message)


_TESTS = {policy.NAAT: "NAA test (such as PCR)", policy.RAPID: "rapid antigen test"}
_RESULTS = {policy.NOT_DETECTED: "not detected", policy.DETECTED: "detected"}
_SAID = {
    "v": ("mp", "dn", "sd", "dt"), "t": ("tt", "tr", "sc"), "r": ("fr",), "e": ("df", "du"),
    "p": ("scheme",),
}  # fmt: skip
"""Fields that are always said."""


def described(case: Case) -> str:
    """Say a case; what is plain and not said by its kind is left out."""
    values = dict(case.values)
    parts = [_entry(group, values) for group in case.groups]
    said = {f"payload.{group}.0.{name}" for group in case.groups for name in _SAID[group]}
    if isinstance(age := values.get("holder.ageYears"), int) and age != 30:
        parts.append(f"aged {age}")
    said.add("holder.ageYears")
    for path, value in case.values:
        if path not in said and value != _plain(path):
            parts.append(_other(path, value))
    return ", ".join(parts) or "nothing to show"


def _entry(group: str, values: dict[str, Value]) -> str:
    def value(name: str) -> Value:
        path = f"payload.{group}.0.{name}"
        return values[path] if path in values else PLAIN[group][name]

    match group:
        case "v":
            product = value("mp")
            name = product_name(product) if isinstance(product, str) else "no named product"
            return (
                f"vaccinated with {name}, dose {value('dn')} of {value('sd')}, {when(value('dt'))}"
            )
        case "t":
            kind = _TESTS.get(str(value("tt")), f"test of type “{value('tt')}”")
            result = _RESULTS.get(str(value("tr")), f"“{value('tr')}”")
            return f"{kind}, {result}, {when(value('sc'))}"
        case "r":
            return f"first positive test {when(value('fr'))}"
        case "p":
            return f"pass of {value('scheme')}"
    return f"exempt from {when(value('df'))} until {when(value('du'))}"


def when(value: Value) -> str:
    """Say a date as against arrival."""
    if not isinstance(value, Ago):
        return f"on {value[:10]}" if isinstance(value, str) else "on an unknown day"
    hours, relation = abs(value.hours), "before" if value.hours > 0 else "after"
    if not hours:
        return "at arrival"
    if hours % 24 == 0 and (hours == 24 or hours > 72):
        return f"{plural(hours // 24, 'day')} {relation} arrival"
    return f"{plural(hours, 'hour')} {relation} arrival"


def _other(path: str, value: Value) -> str:
    name = path.removeprefix("payload.")
    if value is None:
        return f"without {name}"
    if value == THERE:
        return f"with a further entry {name}"
    shown = when(value) if isinstance(value, Ago) else value
    return f"{name}: {shown}"
