"""Cases to try rules on: invented health facts around the constants of the rules themselves.

    Constants, groups -> values for each field that is read -> Case ... -> data for the rules

1. No case is anybody: there is no name in it, no identifier and no date of birth unless a rule reads one.
2. The order is fixed, nothing is drawn: the same rules give the same cases everywhere.
3. Where there are more combinations than the limit, the plain ones and all that differ from the plain
   case in one field come first, then an even spread over the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import gcd, prod
from typing import Any, NamedTuple

from pratique.rules import codes
from pratique.rules.authoring.constants import Constants
from pratique.rules.authoring.values import Ago, Value, candidates
from pratique.terms import Kind

GROUPS = {Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e"}
PLAIN: dict[str, dict[str, Value]] = {
    "v": {
        "tg": codes.DISEASE, "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215",
        "dn": 2, "sd": 2, "dt": Ago(30 * 24),
    },
    "t": {
        "tg": codes.DISEASE, "tt": codes.NAAT, "ma": "1232", "sc": Ago(2), "tr": codes.NOT_DETECTED,
    },
    "r": {"tg": codes.DISEASE, "fr": Ago(30 * 24), "df": Ago(19 * 24), "du": Ago(-100 * 24)},
    "e": {"tg": codes.DISEASE, "df": Ago(10 * 24), "du": Ago(-100 * 24)},
}  # fmt: skip
"""Group -> field -> the value that nobody would think twice about."""
ELSEWHERE: dict[str, Value] = {"holder.ageYears": 30}
_FIELD = re.compile(r"payload\.([vtre])\.([0-9]{1,2})(?:\.([A-Za-z]+))?")
_STRIDE = 7919


class Case(NamedTuple):
    """One invented case.

    Attributes:
        groups: what there is in the payload: "v", "t", "r", "e".
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
        ("payload.v", "payload.t", "payload.r", "payload.e")
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
