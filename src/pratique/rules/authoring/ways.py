"""Who could meet a country's rules at all: is there a way other than vaccination?

    a country's rules -> every instant at which they change -> generated cases of each kind
        -> the first that passes, or none found

1. Cases are searched, not proved: where none passes among them, that is said with their number.
2. A country may demand vaccination only where it says why; the reason is told to travellers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from pratique.rules.authoring.cases import GROUPS, Case, data_of, generate
from pratique.rules.authoring.constants import Constants
from pratique.rules.authoring.judge import judge
from pratique.rules.authoring.remarks import (
    Checked,
    Remark,
    accepting,
    by_country,
    error,
    warning,
    written,
)
from pratique.rules.authoring.values import Ago, Value
from pratique.rules.certlogic import variables
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import Kind

LIMIT = 1_500
INSTANTS = 6
"""The latest changes of a ruleset that are looked at."""
ADULT: dict[str, Value] = {"holder.ageYears": 30, "payload.dob": "1980-06-15"}
"""A way for children alone is none."""
AFTER = Ago(-48)
EVENTS = {
    Kind.VACCINATION: ("payload.v.0.dt", "a dose"),
    Kind.TEST: ("payload.t.0.sc", "a test"),
    Kind.RECOVERY: ("payload.r.0.fr", "a first positive test"),
}
OTHER = (Kind.TEST, Kind.RECOVERY, Kind.EXEMPTION)


def only_vaccination(
    rules: list[Checked], value_sets: Mapping[str, list[str]], reason: str
) -> Iterator[Remark]:
    """Yield each country to which no test, recovery or exemption leads."""
    readable = [one for one in rules if not variables.check(one.expression, compatible=True)]
    for country, listed in by_country(readable):
        admitting = accepting(listed)
        changes = sorted({one.rule.valid_from for one in admitting})[-INSTANTS:]
        for at in changes:
            if any(way_of(admitting, country, kind, at, value_sets=value_sets) for kind in OTHER):
                continue
            told = error if not reason else warning
            message = f"from {written(at)}, no test, recovery or exemption is enough" + (
                f"; the reason: {reason}" if reason else ": give another way, or say why (--reason)"
            )
            yield told(f"ruleset {country}", "", "no-other-way", message)
            break


def from_the_future(rules: list[Checked], value_sets: Mapping[str, list[str]]) -> Iterator[Remark]:
    """Yield each kind of proof that passes though it is dated two days after arrival."""
    readable = [one for one in rules if not variables.check(one.expression, compatible=True)]
    for country, listed in by_country(readable):
        at = max(one.rule.valid_from for one in listed)
        for kind, (path, event) in EVENTS.items():
            dated: dict[str, Value] = {path: AFTER}
            if way_of(listed, country, kind, at, value_sets=value_sets) and way_of(
                listed, country, kind, at, value_sets=value_sets, fixed=dated
            ):
                message = f"{event} dated two days after arrival is enough"
                yield warning(f"ruleset {country}", "", "from-the-future", message)


def way_of(
    rules: list[Checked],
    country: str,
    kind: Kind,
    at: int,
    *,
    value_sets: Mapping[str, list[str]],
    fixed: Mapping[str, Value] | None = None,
) -> Case | None:
    """Return the plainest case of a kind that passes at `at`; None if none was found.

    Args:
        rules: of the country.
        country: where the case arrives.
        kind: of the proof.
        at: seconds since the epoch.
        value_sets: name -> codes; stand-ins where there are none.
        fixed: values that the case must have.
    """
    place = Destination(country)
    concerned = [one for one in rules if one.rule.kind in {None, kind} and one.rule.region is None]
    constants = Constants([one.expression for one in concerned], value_sets)
    known, clock = constants.sets(), clock_of(at)
    ruleset = Ruleset([one.rule for one in concerned], known, compatible=True)
    if not ruleset.select(place, None, kind, at):
        return None

    def against(case: Case) -> int:
        data = data_of(case, clock=clock, country=country, value_sets=known)
        judged = judge(ruleset, place, kind, at, data)
        return 0 if judged.result is Result.PASSED else max(1, len(judged.against))

    cases = list(generate(constants, (GROUPS[kind],), limit=LIMIT))
    return _searched([_fixed(case, {**ADULT, **(fixed or {})}) for case in cases], against)


def _fixed(case: Case, fixed: Mapping[str, Value]) -> Case:
    return case._replace(values=tuple(({**dict(case.values), **fixed}).items()))


def clock_of(at: int) -> datetime:
    """Return the noon of an instant's day."""
    return datetime.fromtimestamp(at, UTC).replace(hour=12, minute=0, second=0)


def _searched(cases: list[Case], against: Callable[[Case], int]) -> Case | None:
    """Look at the cases in turn, then change the nearest one field by field."""
    nearest, fewest = None, 0
    for case in cases:
        number = against(case)
        if not number:
            return case
        if nearest is None or number < fewest:
            nearest, fewest = case, number
    return _descended(nearest, fewest, _options(cases), against) if nearest else None


Options = dict[str, list[Value]]


def _options(cases: list[Case]) -> Options:
    found: dict[str, dict[Value, None]] = {}
    for case in cases:
        for path, value in case.values:
            found.setdefault(path, {})[value] = None
    return {path: list(values) for path, values in found.items()}


def _descended(
    nearest: Case, fewest: int, options: Options, against: Callable[[Case], int]
) -> Case | None:
    better = True
    while better:
        better = False
        for path, values in options.items():
            for value in values:
                tried = _with(nearest, path, value)
                number = against(tried)
                if not number:
                    return tried
                if number < fewest:
                    nearest, fewest, better = tried, number, True
    return None


def _with(case: Case, path: str, value: Value) -> Case:
    values = tuple((name, value if name == path else held) for name, held in case.values)
    return case._replace(values=values)
