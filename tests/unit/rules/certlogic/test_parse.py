"""An expression is read whole, or refused with every issue and its place; bombs cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pratique.rules.certlogic.describe import describe
from pratique.rules.certlogic.evaluate import Engine, OpenReason
from pratique.rules.certlogic.expression import BUDGET, DEPTH, NODES, Expression, cost
from pratique.rules.certlogic.parse import parse
from tests.steps import within
from tests.unit.rules.certlogic.engines import codes, read, reason

ACC = {"var": "accumulator"}

# Lines of Python that the work may take, at two to five times what it takes: exponential work takes more.
PARSED, EVALUATED, COMPILED = 50_000, 6_000_000, 2_000_000


def nested(times: int, build: Callable[[Any], Any], inner: Any = True) -> Any:
    for _ in range(times):
        inner = build(inner)
    return inner


@pytest.mark.parametrize(
    ("logic", "expected"),
    [
        (None, ["not-an-expression"]),
        (1.5, ["not-an-integer"]),
        ({}, ["not-one-operator"]),
        ({"or": [1, 2]}, ["unknown-operator"]),
        ({"and": True}, ["no-operands"]),
        ({"and": [True]}, ["operand-count"]),
        ({"if": [None, 1.5]}, ["operand-count", "not-an-expression", "not-an-integer"]),
        ({"!": []}, ["operand-count"]),
        ({"!": [True, None]}, ["operand-count"]),
        ({"===": [1, 2, None]}, ["operand-count"]),
        ({"<": [1, 2, None, None]}, ["operand-count", "not-an-expression"]),
        ({"plusTime": ["2021", 1.5, "week"]}, ["amount-form", "unit-form"]),
        ({"plusTime": ["2021", True, "day"]}, ["amount-form"]),
        ({"plusTime": []}, ["operand-count"]),
        ({"extractFromUVCI": ["x", "0"]}, ["amount-form"]),
        ({"var": "a..b"}, ["path-form"]),
        ({"var": ["a"]}, ["path-form"]),
        ({"var": 0}, ["path-form"]),
    ],
)
def test_each_fault_of_form_is_an_issue(logic: object, expected: list[str]) -> None:
    assert codes(logic) == expected


def test_an_issue_names_its_place() -> None:
    found = parse(
        {"and": [True, {"if": [{"var": "x"}, [1, {"plusTime": ["2021", 1, "week"]}], 1]}]}
    )
    assert not isinstance(found, Expression)
    assert [issue.where for issue in found] == ["$['and'][1]['if'][1][1]['plusTime'][2]"]


def test_an_integer_may_be_written_with_a_point() -> None:
    assert read({"+": [2.0, 1]}) == read({"+": [2, 1]})


def test_depth_and_size_have_limits() -> None:
    deepest = nested(DEPTH - 1, lambda inner: {"!": [inner]})
    assert codes(deepest) == []
    assert codes({"!": [deepest]}) == ["limit-depth"]
    assert codes(["x"] * (NODES - 1)) == []
    assert codes(["x"] * NODES) == ["limit-nodes"]


BOMBS: dict[str, Callable[[], Any]] = {
    "10 MB of text": lambda: {"===": [{"var": "x"}, "x" * 10_000_000]},
    "10 MB of path": lambda: {"var": "x." * 5_000_000},
    "10 MB of list": lambda: {"in": ["x", ["abcdefg"] * 1_000_000]},
    "10 MB of key": lambda: {"x" * 10_000_000: []},
    "a million keys": lambda: dict.fromkeys(map(str, range(1_000_000)), 1),
    "a million operands": lambda: {"and": [None] * 1_000_000},
    "a path of many parts": lambda: {"var": ".".join("x" * 100)},
    "a long number": lambda: {"+": [1, 10**100_000]},
    "a deep list": lambda: nested(100_000, lambda inner: [inner]),
    "a deep operation": lambda: nested(100_000, lambda inner: {"!": [inner]}),
    "a wide tree": lambda: nested(20, lambda inner: [inner, inner]),
    "a doubling accumulator": lambda: {"reduce": [["x"] * 40, [ACC, ACC], []]},
    "an accumulator of contexts": lambda: {"reduce": [["x"] * 40, {"var": ""}, []]},
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_few_steps(name: str) -> None:
    bomb = BOMBS[name]()
    found = within(PARSED, lambda: parse(bomb))
    _defuse(bomb)
    assert not isinstance(found, Expression)
    assert all(len(issue.where) + len(issue.message) < 1000 for issue in found)


def _defuse(bomb: Any) -> None:
    """Take a deep bomb apart from without: Python's own destructor may go deep."""
    while isinstance(bomb, list | dict) and len(bomb) == 1:
        bomb = bomb.pop() if isinstance(bomb, list) else bomb.popitem()[1]


def _sum(operand: Any, each: Any) -> Any:
    return {"reduce": [operand, {"+": [ACC, each]}, 0]}


RUNNING = {
    "nested folds": (
        nested(6, lambda inner: {"reduce": [{"var": "x"}, inner, 0]}, _sum({"var": "x"}, 1)),
        {"x": list(range(5000))},
    ),
    "folds of folds": (
        _sum({"var": ""}, _sum({"var": "current"}, _sum({"var": "current"}, 1))),
        [[[1] * 30] * 30] * 30,
    ),
    "a million items": (_sum({"var": ""}, 1), [1] * 1_000_000),
    "searches": (
        _sum({"var": "x"}, {"if": [{"in": ["no", {"var": "current"}]}, 1, 0]}),
        {"x": [["yes"] * 2048] * 5000},
    ),
    "a long list": ({"in": ["no", {"var": ""}]}, ["yes"] * 1_000_000),
    "a long identifier": ({"extractFromUVCI": [{"var": ""}, 1]}, "/" * 10_000_000),
    "long texts": ({"===": [{"var": "0"}, {"var": "1"}]}, ["x" * 5_000_000, "x" * 4_999_999 + "y"]),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNNING)
def test_what_takes_too_many_steps_is_open_in_bounded_work(name: str) -> None:
    logic, data = RUNNING[name]
    assert within(EVALUATED, lambda: reason(logic, data)) is OpenReason.BUDGET


@pytest.mark.parametrize("sought", ["no", 1, None])
def test_the_dearest_evaluation_within_the_budget_is_bounded_work(sought: Any) -> None:
    each = {"if": [{"in": [{"var": "accumulator.x"} if sought is None else sought, {"var": "current"}]}, 1, 0]}  # fmt: skip
    rounds = (BUDGET - 10) // cost(read(each).root)
    logic, data = {"reduce": [{"var": ""}, each, 0]}, [[2] * 2048] * rounds
    assert within(EVALUATED, lambda: reason(logic, data)) is None
    assert reason(logic, [*data, []]) is OpenReason.BUDGET


def test_the_largest_expressions_compile_and_are_said_without_trouble() -> None:
    """Within the limits nothing is exponential, and nothing recurs too deep."""
    branch = {"var": ".".join("a0" * 8)}
    month = {"plusTime": [branch, 1, "month"]}
    largest = {
        "wide": nested(6, lambda inner: {"if": [inner, inner, False]}, branch),
        "deep": nested(14, lambda inner: {"if": [inner, branch, {"in": [1, branch]}]}),
        "searches": {"and": [{"in": [{"var": f"x{one}"}, branch]} for one in range(140)]},
        "dates": {"and": [{"after": [month, month, month]}] * 70},
        "folds": nested(10, lambda inner: {"reduce": [branch, inner, 0]}, {"+": [ACC, ACC]}),
    }
    for logic in largest.values():
        expression = read(logic)
        assert within(COMPILED, partial(describe, expression))
        engine = Engine()
        within(COMPILED, lambda: [engine.query(expression) for _ in range(3)])  # noqa: B023 - asked at once


def test_numbers_do_not_grow_without_end() -> None:
    doubled = {"reduce": [{"var": ""}, {"+": [ACC, ACC]}, 1]}
    assert reason(doubled, [0] * 1000) is OpenReason.NUMBER_TOO_LARGE
