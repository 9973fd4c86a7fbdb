"""The language, by behaviour: where JavaScript's meaning and Python's differ, JavaScript's holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.rules.certlogic.evaluate import Instant, OpenReason
from tests.unit.rules.certlogic.engines import evaluate, reason


def shown(text: str, amount: int = 0, unit: str = "day") -> str:
    found = evaluate({"plusTime": [{"var": "at"}, amount, unit]}, {"at": text})
    assert isinstance(found, Instant)
    assert alike_folded(text, amount, unit, found)
    seconds, milliseconds = divmod(found.milliseconds, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"


def alike_folded(text: str, amount: int, unit: str, found: Instant) -> bool:
    """A literal date gives the same as one of the data."""
    folded = evaluate({"plusTime": [text, amount, unit]})
    return isinstance(folded, Instant) and folded.milliseconds == found.milliseconds


@pytest.mark.parametrize(
    ("text", "amount", "unit", "expected"),
    [
        ("2020-02-29", 1, "day", "2020-03-01T00:00:00.000Z"),
        ("2020-02-29", 1, "month", "2020-03-29T00:00:00.000Z"),
        ("2020-02-29", 1, "year", "2021-03-01T00:00:00.000Z"),
        ("2020-02-29", -4, "year", "2016-02-29T00:00:00.000Z"),
        ("2021-01-31", 1, "month", "2021-03-03T00:00:00.000Z"),
        ("2021-03-31", -1, "month", "2021-03-03T00:00:00.000Z"),
        ("2021-10-31", 14, "month", "2022-12-31T00:00:00.000Z"),
        ("2021-05-06T15:41:15+02:00", -1, "month", "2021-04-06T13:41:15.000Z"),
        ("2021-06-16T00:00:00Z", -49, "hour", "2021-06-13T23:00:00.000Z"),
        ("2021", 0, "day", "2021-12-31T00:00:00.000Z"),
        ("2020-02", 0, "day", "2020-02-29T00:00:00.000Z"),
        ("2021-02", 1, "year", "2022-02-28T00:00:00.000Z"),
        ("2021-06-16T12:00:00", 0, "day", "2021-06-16T12:00:00.000Z"),
        ("2021-06-16T12:00:00.1Z", 0, "day", "2021-06-16T12:00:00.100Z"),
        ("2021-06-16T12:00:00.12399+0130", 0, "day", "2021-06-16T10:30:00.123Z"),
        ("2021-06-16T12:00:00-1:30", 0, "day", "2021-06-16T13:30:00.000Z"),
        ("2021-06-16T12:00:00+130", 0, "day", "2021-06-16T10:30:00.000Z"),
        ("2021-06-16T12:00:00+2", 0, "day", "2021-06-16T10:00:00.000Z"),
        ("2021-06-16T24:00:00Z", 0, "day", "2021-06-17T00:00:00.000Z"),
    ],
)
def test_dates_are_read_and_moved_as_javascript_does(
    text: str, amount: int, unit: str, expected: str
) -> None:
    assert shown(text, amount, unit) == expected


def test_the_year_0000_is_a_year() -> None:
    found = evaluate({"plusTime": ["0000-01-01", 0, "day"]})
    assert found.milliseconds == -62_167_219_200_000


@pytest.mark.parametrize(
    "text",
    [
        "", "2021-09-99", "2021-02-30", "2022-13", "2021-00-10", "2021-W10-1", "2021-1-1", "20210509",
        "2021-06-16 12:00:00", "2021-06-16T12:00", "2021-06-16T12:00:60Z", "2021-06-16T24:00:01Z",
        "2021-06-16T12:00:00+24:00", "2021-06-16T12:00:00+10:60", "2021-06-16T12:00:00.Z", "today",
        "\uff12021-01-01", "2021-06-16\n", "2021-06-16T12:00:00." + "1" * 100, "x" * 1_000_000,
    ],
)  # fmt: skip
def test_what_is_no_date_opens_the_rule_and_is_never_passed(text: str) -> None:
    late = {"after": [{"plusTime": [{"var": "at"}, 0, "day"]}, {"plusTime": ["2021", 0, "day"]}]}
    assert reason(late, {"at": text}) is OpenReason.NO_DATE
    assert reason({"!": [late]}, {"at": text}) is OpenReason.NO_DATE


@pytest.mark.parametrize("value", [None, 2021, True, [], {}, 1.5])
def test_only_a_text_is_read_as_a_date(value: Any) -> None:
    assert reason({"plusTime": [{"var": ""}, 0, "day"]}, value) is OpenReason.WRONG_TYPE
    assert reason({"dccDateOfBirth": [{"var": ""}]}, value) is OpenReason.WRONG_TYPE


def test_a_date_of_birth_has_no_time() -> None:
    birth = {"dccDateOfBirth": [{"var": ""}]}
    assert evaluate(birth, "1990-02").milliseconds == evaluate(birth, "1990-02-28").milliseconds
    assert reason(birth, "1990-02-28T00:00:00Z") is OpenReason.NO_DATE


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True), (1, True, False), (0, False, False), (0, -0.0, True), ("1", 1, False),
        (None, None, True), (None, False, False), ("a", "a", True), (float("nan"), float("nan"), False),
        ([], [], False), ({}, {}, False), ("", None, False),
    ],
)  # fmt: skip
def test_equality_has_no_coercion(left: Any, right: Any, expected: bool) -> None:
    data = {"left": left, "right": right}
    assert evaluate({"===": [{"var": "left"}, {"var": "right"}]}, data) is expected
    assert evaluate({"===": [{"var": "right"}, {"var": "left"}]}, data) is expected
    if isinstance(left, bool | int | str):
        assert evaluate({"===": [left, {"var": "right"}]}, data) is expected
        assert evaluate({"===": [{"var": "right"}, left]}, data) is expected
        assert evaluate({"===": [{"if": [True, {"var": "right"}, 0]}, left]}, data) is expected


def test_a_list_is_itself_and_no_other() -> None:
    assert evaluate({"===": [{"var": "x"}, {"var": "x"}]}, {"x": [1]}) is True
    assert evaluate({"===": [[1], [1]]}) is False
    assert evaluate({"in": [{"var": "x.0"}, {"var": "x"}]}, {"x": [[]]}) is True


def test_a_date_time_is_equal_to_nothing() -> None:
    moment = {"plusTime": [{"var": ""}, 0, "day"]}
    assert evaluate({"===": [moment, moment]}, "2021-01-01") is False
    assert evaluate({"===": [moment, 0]}, "1970-01-01") is False
    assert evaluate({"in": [moment, [0, "1970-01-01"]]}, "1970-01-01") is False


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, True),
        (2.0, True),
        (1, False),
        (True, None),
        ("2", None),
        (2.5, None),
        (None, None),
        ([], None),
    ],
)
def test_only_integers_are_in_order(value: Any, expected: bool | None) -> None:
    found = evaluate({">=": [{"var": ""}, 2]}, value)
    assert found is expected if expected is not None else found.reason is OpenReason.WRONG_TYPE
    assert reason({"+": [{"var": ""}, 2]}, value) == (
        None if expected is not None else "an operand is of the wrong type"
    )


def test_three_operands_are_a_chain_and_all_are_checked() -> None:
    chain = {"<": [{"var": "0"}, {"var": "1"}, {"var": "2"}]}
    assert evaluate(chain, [1, 2, 3]) is True
    assert evaluate(chain, [1, 3, 2]) is False
    assert reason(chain, [2, 1, "3"]) is OpenReason.WRONG_TYPE
    moments = {"before": [{"plusTime": [{"var": str(index)}, 0, "day"]} for index in range(3)]}
    assert evaluate(moments, ["2021-01-01", "2021-01-02", "2021-01-03"]) is True
    assert reason(moments, ["2021-01-02", "2021-01-01", "never"]) is OpenReason.NO_DATE


def test_a_date_time_is_no_number_and_no_truth() -> None:
    moment = {"plusTime": ["2021-01-01", 0, "day"]}
    assert reason({">": [moment, 1]}) is OpenReason.WRONG_TYPE
    assert reason({"after": [moment, {"var": ""}]}, 1) is OpenReason.WRONG_TYPE
    for undecided in ({"!": [moment]}, {"if": [moment, 1, 2]}, {"and": [True, moment]}):
        assert reason(undecided) is OpenReason.NO_TRUTH


@pytest.mark.parametrize("value", [False, None, "", 0, 0.0, [], {}], ids=repr)
def test_falsy_and_truthy_are_certlogics(value: Any) -> None:
    assert evaluate({"!": [{"var": "x"}]}, {"x": value}) is True
    assert evaluate({"and": [{"var": "x"}, 7]}, {"x": value}) == value
    for truthy in (True, "0", -1, 2.5, [0], {"a": None}):
        assert evaluate({"!": [{"var": "x"}]}, {"x": truthy}) is False


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b.0", 1), ("a.b.1", None), ("a.b.-1", None), ("a.b.0x", 1), ("a.b.length", None), ("a.t.0", None),
        ("a.o.0", "zero"), ("a.o.x.y", None), ("a.__proto__", None), ("a.b.00", 1), ("nothing.there", None),
    ],
)  # fmt: skip
def test_a_path_leads_to_data_only(path: str, expected: Any) -> None:
    data = {"a": {"b": [1], "t": "text", "o": {"0": "zero"}}}
    assert evaluate({"var": path}, data) == expected
    assert evaluate({"in": [{"var": path}, [1, "zero"]]}, data) is (expected is not None)


def test_a_list_of_the_data_that_is_missing_holds_nothing() -> None:
    assert evaluate({"in": ["x", {"var": "listed"}]}, {}) is False
    assert reason({"in": ["x", {"var": "listed"}]}, {"listed": "x"}) is OpenReason.WRONG_TYPE


def test_reduce_folds_from_the_left() -> None:
    minus = {"reduce": [{"var": ""}, {"if": [{"var": "current"}, {"+": [{"var": "accumulator"}, {"var": "current"}]}, -1]}, 10]}  # fmt: skip
    assert evaluate(minus, [1, 0, 5]) == 4
    assert evaluate(minus, []) == 10
    assert evaluate(minus, None) == 10
    assert reason(minus, {}) is OpenReason.WRONG_TYPE


def test_reduce_may_fold_date_times() -> None:
    latest = {"reduce": [{"var": ""}, {"if": [{"after": [{"plusTime": [{"var": "current"}, 0, "day"]}, {"var": "accumulator"}]}, {"plusTime": [{"var": "current"}, 0, "day"]}, {"var": "accumulator"}]}, {"plusTime": ["2020", 0, "day"]}]}  # fmt: skip
    expected = evaluate({"plusTime": ["2021-03-01", 0, "day"]})
    assert (
        evaluate(latest, ["2021-01-01", "2021-03-01", "2021-02-01"]).milliseconds
        == expected.milliseconds
    )
    assert reason({"!": [latest]}, ["2021-01-01"]) is OpenReason.NO_TRUTH


def test_a_reduce_within_a_reduce_sees_the_inner_item() -> None:
    inner = {
        "reduce": [{"var": "current"}, {"+": [{"var": "accumulator"}, {"var": "current.n"}]}, 0]
    }
    total = {"reduce": [{"var": ""}, {"+": [{"var": "accumulator"}, inner]}, 0]}
    assert evaluate(total, [[{"n": 1}, {"n": 2}], [], [{"n": 4}]]) == 7


def test_a_sum_stays_an_exact_number() -> None:
    assert evaluate({"+": [{"var": ""}, 1]}, 2**53 - 2) == 2**53 - 1
    assert reason({"+": [{"var": ""}, 1]}, 2**53 - 1) is OpenReason.NUMBER_TOO_LARGE
    for pair in ([1e300, 1e300], [10**400, 2.0], [2.0, -(10**400)]):
        assert reason({"+": [{"var": "0"}, {"var": "1"}]}, pair) is OpenReason.NUMBER_TOO_LARGE
        assert isinstance(evaluate({">": [{"var": "0"}, {"var": "1"}]}, pair), bool)


def test_an_evaluation_leaves_its_data_alone() -> None:
    data = {"x": [1, 2]}
    evaluate({"reduce": [{"var": "x"}, {"var": "current"}, 0]}, data)
    assert data == {"x": [1, 2]}


def test_an_instant_hides_itself() -> None:
    assert "2021" not in repr(evaluate({"plusTime": ["2021-01-01", 0, "day"]}))
    assert "1609" not in repr(evaluate({"plusTime": ["2021-01-01", 0, "day"]}))
