"""Whatever the expression and the data: the engine says what its reference says, raises nothing, and ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from pratique.rules.certlogic import evaluate
from pratique.rules.certlogic.evaluate import Engine, Instant, Open, OpenReason
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from tests.unit.rules.certlogic.engines import alike, read
from tests.unit.rules.certlogic.reference import interpret

TEXTS = ["", "a", "b", "0", "2021", "2021-06", "2021-06-30", "2021-06-30T12:00:00Z", "2021-02-30",
         "2021-06-30T12:00:00.5+02:00", "URN:UVCI:01:NL:1#2", "NL"]  # fmt: skip
PATHS = ["", "x", "y", "x.0", "x.1", "x.a", "x.0.a", "y.d", "0", "1", "z.z"]
LAMBDA_PATHS = ["current", "accumulator", "current.0", "current.a", "accumulator.0", "x"]

scalars = st.one_of(
    st.sampled_from(TEXTS), st.integers(-3, 3), st.booleans(), st.none(),
    st.sampled_from([2.0, 0.5, -0.0, float("nan"), 2**53, 10**400, float("inf")]),
)  # fmt: skip
data = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["x", "y", "a", "d", "0", "1"]), inner, max_size=4),
    ),
    max_leaves=12,
)
contexts = st.one_of(
    data,
    st.fixed_dictionaries({"x": data, "y": data}),
    st.fixed_dictionaries({"x": st.lists(data, max_size=4), "y": st.sampled_from(TEXTS)}),
)


def _operations(
    inner: st.SearchStrategy[Any], each: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Make operations, most of them well-formed."""
    pair, few = st.tuples(inner, inner).map(list), st.lists(inner, min_size=2, max_size=3)
    moment = st.tuples(
        st.one_of(inner, st.sampled_from(TEXTS)), st.integers(-40, 40), st.sampled_from(["year", "month", "day", "hour"])
    ).map(lambda parts: {"plusTime": list(parts)})  # fmt: skip
    moments = st.lists(st.one_of(moment, inner), min_size=2, max_size=3)
    return st.one_of(
        *(st.tuples(st.just(one), pair).map(lambda made: {made[0]: made[1]}) for one in ("===", "in", "+")),
        *(st.tuples(st.just(one), few).map(lambda made: {made[0]: made[1]}) for one in ("and", ">", "<=")),
        *(st.tuples(st.just(one), moments).map(lambda made: {made[0]: made[1]}) for one in ("after", "not-after", "before")),
        moment,
        inner.map(lambda one: {"!": [one]}),
        inner.map(lambda one: {"dccDateOfBirth": [one]}),
        st.tuples(inner, st.integers(-1, 3)).map(lambda made: {"extractFromUVCI": list(made)}),
        st.tuples(inner, inner, inner).map(lambda made: {"if": list(made)}),
        st.tuples(inner, each, inner).map(lambda made: {"reduce": list(made)}),
        st.lists(inner, max_size=3),
    )  # fmt: skip


def _leaves(paths: list[str]) -> st.SearchStrategy[Any]:
    literals = st.one_of(st.sampled_from(TEXTS), st.integers(-3, 3), st.booleans())
    return st.one_of(literals, st.sampled_from(paths).map(lambda path: {"var": path}))


lambdas = st.recursive(_leaves(LAMBDA_PATHS), lambda inner: _operations(inner, inner), max_leaves=6)
expressions = st.recursive(_leaves(PATHS), lambda inner: _operations(inner, lambdas), max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(expressions, min_size=1, max_size=4), st.lists(contexts, min_size=1, max_size=3))
def test_the_engine_says_what_the_reference_says(logics: list[Any], several: list[Any]) -> None:
    parsed = [found for logic in logics if isinstance(found := parse(logic), Expression)]
    # Each twice, so that everything is shared.
    engine = Engine()
    asked = [engine.query(expression) for expression in [*parsed, *parsed]]
    for context in several:
        walked = [interpret(expression, context) for expression in parsed]
        assert all(map(alike, [*walked, *walked], engine.values(asked, context)))


@settings(max_examples=300, deadline=None)
@given(data)
def test_no_json_is_more_than_an_expression_or_issues(logic: Any) -> None:
    found = parse(logic)
    assert isinstance(found, Expression) or all(issue.code for issue in found)


@pytest.mark.parametrize("kind", [Open, Instant, bool, str, int, list])
def test_the_random_expressions_reach_every_outcome(kind: type) -> None:
    """A control: the property above is not held by errors alone."""

    def reached(pair: tuple[Any, Any]) -> bool:
        found = parse(pair[0])
        return isinstance(found, Expression) and type(interpret(found, pair[1])) is kind

    quick = settings(max_examples=60_000, phases=[Phase.generate], derandomize=True, database=None)
    assert find(st.tuples(expressions, contexts), reached, settings=quick)


def test_a_rule_that_errs_opens_itself_alone() -> None:
    late = {"after": [{"plusTime": [{"var": "x"}, 0, "day"]}, {"plusTime": ["2021", 0, "day"]}]}
    first, second, third = values([late, True, {"!": [late]}], {"x": "never"})
    assert isinstance(first, Open)
    assert second is True
    assert first == third


def values(logics: list[Any], *several: Any) -> list[Any]:
    engine = Engine()
    asked = [engine.query(read(logic)) for logic in logics]
    found = [engine.values(asked, data) for data in several]
    return found[0] if len(found) == 1 else found


def test_a_date_is_read_once_for_all_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    plain = evaluate.instant

    def instant(text: str) -> int:
        counted.append(text)
        return plain(text)

    monkeypatch.setattr(evaluate, "instant", instant)
    rules = [
        {"not-before": [{"plusTime": [{"var": "now"}, 0, "day"]}, {"plusTime": [{"var": "dt"}, days, "day"]}]}
        for days in range(10)
    ]  # fmt: skip
    values(rules, {"now": "2021-07-01", "dt": "2021-06-25"})
    assert sorted(counted) == ["2021-06-25", "2021-07-01"]


def test_who_reads_by_a_reduce_pays_for_it_though_others_have_paid() -> None:
    """A date that two expressions make by the same `reduce` once cost its steps only once."""
    each = {
        "if": [{"===": [{"var": "current"}, 1]}, {"var": "accumulator"}, {"var": "accumulator"}]
    }
    date = {"plusTime": [{"reduce": [{"var": "x"}, each, "2021-01-01"]}, 1, "month"]}
    once, twice = {"after": [date, {"plusTime": ["2021", 0, "day"]}]}, {"not-before": [date, date]}
    data = {"x": [1] * 1_000}
    said = values([once, twice, once], data)
    assert [interpret(read(one), data) for one in (once, twice, once)] == said
    assert said == [False, Open(OpenReason.BUDGET), False]


def test_nothing_is_kept_from_one_context_to_the_next() -> None:
    rule = {"===": [{"var": "x"}, {"var": "y"}]}
    one, other = values([rule, {"!": [rule]}], {"x": 1, "y": 1}, {"x": 1, "y": 2})
    assert (one, other) == ([True, False], [False, True])


def test_nothing_is_kept_from_one_item_to_the_next() -> None:
    age = {"var": "current.a"}
    each = {"+": [{"var": "accumulator"}, {"if": [{"===": [age, 2]}, age, {"+": [age, age]}]}]}
    rule = {"reduce": [{"var": "x"}, each, 0]}
    data = {"x": [{"a": 1}, {"a": 2}, {"a": 3}]}
    assert values([rule, rule], data) == [10, 10] == [interpret(read(rule), data)] * 2


def test_what_needs_more_places_than_a_frame_has_is_read_each_time() -> None:
    engine = Engine()
    rules = [
        read({"after": [{"plusTime": [{"var": "x"}, months, "month"]}, {"plusTime": [{"var": f"y.{months}"}, 1, "year"]}]})
        for months in range(evaluate.WIDEST)
    ]  # fmt: skip
    asked = [engine.query(rule) for rule in rules]
    data = {"x": "2021-01-31", "y": ["2021-06-30", "2300-01-01"] * 1_000}
    assert engine.values(asked, data) == [interpret(rule, data) for rule in rules]


def test_expressions_that_come_later_are_asked_of_the_same_data() -> None:
    engine = Engine()
    first = engine.query(read({"===": [{"var": "x"}, 1]}))
    assert engine.values([first], {"x": 1}) == [True]
    second = engine.query(read({"===": [{"var": "y"}, {"var": "x"}]}))
    assert engine.values([first, second], {"x": 1, "y": 1}) == [True, True]
    assert engine.values([first], {"x": 2}) == [False]


HOSTILE = ["__import__('os').system('x')", "data", "r0", "Instant", "'; import os; '", "\\", "\n    x", "{0}", "__builtins__"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_rule_is_a_constant_and_never_a_name(text: str) -> None:
    logics = [text, {"var": text.replace(".", "_")}, {"in": [{"var": "x"}, [text, "b"]]}, {"===": [{"var": "x"}, text]}]  # fmt: skip
    assert values(logics, {"x": text}) == [text, None, True, True]
