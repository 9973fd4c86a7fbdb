"""The reference implementation as an oracle: the same rules, the same data, the same outcome.

Two differences are meant, and counted here: an Invalid Date is open with us and false with it; a list
that is null holds nothing with us, as the specification's suite wants, and is an error with it.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.rules import context
from pratique.rules.certlogic.evaluate import Engine, Instant, Open
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from tests.unit.rules.certlogic.reference import interpret
from tools.oracle import Group, Missing, Oracle

CHANGES: list[Any] = [
    None, "", 0, 1, 2, 2.0, 2.5, True, "2021-06-30", "2020-02-29", "2021-06", "2021",
    "2021-12-31T23:59:59.9999+02:00", "2021-06-30T00:00:00Z", "EU/1/20/1528", "LP6464-4", [], {},
]  # fmt: skip


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except Missing as missing:
        pytest.skip(str(missing))


def countries(corpora: Path) -> list[Group]:
    """Return each country's rules, to be evaluated on the payloads of its own tests.

    A test without value sets gets those of the others: a list that is null is a meant difference.
    """
    found = []
    (listed,) = json.loads((corpora / "business-rules/valuesets.json").read_bytes()).values()
    for path in sorted((corpora / "business-rules").glob("[A-Z][A-Z].json")):
        document = json.loads(path.read_bytes())
        contexts = [context(test, corpora) for test in document["tests"]]
        for data in contexts:
            data["external"].setdefault("valueSets", listed)
        found.append(Group([rule["Logic"] for rule in document["rules"]], contexts))
    return found


def changed(data: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Return a context in which a field or two has another value, or is gone."""
    data = copy.deepcopy(data)
    payload = data.get("payload") or {}
    entries = [entry for group in ("v", "t", "r") for entry in payload.get(group) or []]
    for place in draw.sample([*entries, data["external"]], 1):
        fields = [field for field in place if field != "valueSets"]
        if fields:
            field = draw.choice(fields)
            if draw.random() < 0.2:
                del place[field]
            else:
                place[field] = draw.choice(CHANGES)
    return data


def plain(value: Any) -> Any:
    if isinstance(value, Open):
        return {"open": True}
    return {"date": value.milliseconds} if isinstance(value, Instant) else value


def ours(groups: list[Group]) -> list[Any]:
    """Evaluate by the engine, which its reference must agree with."""
    found: list[Any] = []
    for rules, contexts in groups:
        parsed = [one for rule in rules if isinstance(one := parse(rule), Expression)]
        assert len(parsed) == len(rules)
        engine = Engine()
        asked = [engine.query(rule) for rule in parsed]
        for data in contexts:
            outcomes = [plain(value) for value in engine.values(asked, data)]
            assert outcomes == [plain(interpret(rule, data)) for rule in parsed]
            found += outcomes
    return found


def alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def test_every_rule_of_every_country_on_every_payload(corpora: Path, oracle: Oracle) -> None:
    groups = countries(corpora)
    contexts = [data for group in groups for data in group.data]
    everywhere = [Group(group.rules, contexts) for group in groups]
    theirs, found = oracle.evaluate(everywhere), ours(everywhere)
    assert len(found) == 84 * 671
    assert [pair for pair in zip(found, theirs, strict=True) if not alike(*pair)] == []
    assert Counter(map(str, found)).keys() == {"True", "False", "{'open': True}"}


def test_payloads_with_a_field_changed_or_missing(corpora: Path, oracle: Oracle) -> None:
    draw = random.Random(20210701)
    groups = [
        Group(rules, [changed(data, draw) for data in contexts for _ in range(5)])
        for rules, contexts in countries(corpora)
    ]
    theirs, found = oracle.evaluate(groups), ours(groups)
    assert len(found) == len(theirs) > 40_000
    assert [pair for pair in zip(found, theirs, strict=True) if not alike(*pair)] == []
    assert Counter(map(str, found))["{'open': True}"] > 100


MOMENTS = [
    "2020-02-29",
    "2021-01-31",
    "1900-03-31",
    "2021",
    "2024-02",
    "2021-06-30T23:59:59.9999-11:30",
]


def test_every_unit_and_overflow_of_plus_time(oracle: Oracle) -> None:
    rules = [
        {"plusTime": [{"var": ""}, amount, unit]}
        for unit in ("year", "month", "day", "hour")
        for amount in (-1201, -401, -25, -13, -12, -4, -1, 0, 1, 2, 11, 12, 30, 366, 1461, 40_000)
    ]
    groups = [Group(rules, MOMENTS)]
    assert ours(groups) == oracle.evaluate(groups)


def test_the_meant_differences(oracle: Oracle) -> None:
    late = {"after": [{"plusTime": [{"var": "at"}, 0, "day"]}, {"plusTime": ["2021", 0, "day"]}]}
    listed = {"in": ["x", {"var": "listed"}]}
    groups = [Group([late, {"!": [late]}, listed], [{"at": "2021-09-99", "listed": None}])]
    assert oracle.evaluate(groups) == [False, True, {"open": True}]
    assert ours(groups) == [{"open": True}, {"open": True}, False]
