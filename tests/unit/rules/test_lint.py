"""What a check of rules finds, each alone, and that it finds nothing where nothing is wrong."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.rules.lint import LintReport, Terms, lint
from tests.steps import within
from tests.unit.rules.written import CLOCK, DOSE, after, before, rule, utopia

CORPORA = Path(os.environ.get("PRATIQUE_CORPORA", Path(__file__).parents[4] / "shared/corpora"))
REAL = sorted((CORPORA / "business-rules").glob("??.json"))
NOT_DETECTED = {"===": [{"var": "payload.t.0.tr"}, "260415000"]}
TAKEN = {"not-before": [CLOCK, {"plusTime": [{"var": "payload.t.0.sc"}, 0, "hour"]}]}
TEST = rule({"and": [NOT_DETECTED, TAKEN]}, "TR-XU-0001", AffectedFields=["t.0.tr", "t.0.sc"])
FROM, TO = "2026-12-01T00:00:00Z", "2027-12-01T00:00:00Z"
DAY = "2026-12-%02dT00:00:00Z"


def codes(report: LintReport) -> set[str]:
    return {remark.code for remark in report.remarks}


def found(*rules: object, **terms: Any) -> dict[str, bool]:
    """Check rules, with a test as another way; return each code, and whether it is an error."""
    report = lint([*rules, TEST], Terms(**terms))
    return {remark.code: remark.error for remark in report.remarks}


def test_the_example_has_neither_error_nor_warning() -> None:
    assert lint(utopia()).remarks == ()


def test_nothing_to_check_is_nothing_wrong() -> None:
    assert lint([]) == LintReport(0, ())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Description": [{"lang": "de", "desc": "Eine Regel, die für den Test ist."}]}, "rule-description-en"),
        ({"Description": [{"lang": "en", "desc": "short"}]}, "rule-description-short"),
        ({"Identifier": "VR-XU-1"}, "rule-field"),
        ({"Country": "FR"}, "rule-country"),
        ({"CertificateType": "Test"}, "rule-prefix"),
        ({"ValidTo": FROM}, "rule-time"),
        ({"AffectedFields": []}, "rule-field"),
        ({"Engine": "CQL"}, "engine"),
        ({"EngineVersion": "2.0.0"}, "engine"),
        ({"AffectedFields": ["v.0"]}, "affected-missing"),
        ({"Logic": {"or": [True, True]}}, "unknown-operator"),
        ({"Logic": {"===": [{"var": "payload.nam.fnt"}, "EVE"]}}, "variable-not-listed"),
        ({"Logic": {"===": [{"var": "payload.v.0.ci"}, "x"]}}, "variable-not-listed"),
    ],
)  # fmt: skip
def test_a_fault_of_a_rule_is_an_error(changed: dict[str, Any], code: str) -> None:
    assert found({**rule(after(14)), **changed})[code] is True


def test_what_is_no_rule_is_an_error_and_no_exception() -> None:
    documents: tuple[object, ...] = (
        None,
        1,
        "x",
        [],
        {},
        {"Logic": {}},
        {"Identifier": 1, "Version": []},
    )
    for document in documents:
        assert lint([document]).errors, document


def test_a_field_that_is_listed_and_not_read_is_a_warning() -> None:
    assert found(rule(after(14), AffectedFields=["v.0.dt", "v.0.mp"]))["affected-unused"] is False


def test_a_group_that_is_listed_lists_its_entries() -> None:
    counted = {"!": [{"var": "payload.v.1"}]}
    assert not codes(lint([rule(counted, AffectedFields=["v"]), TEST])) & {"affected-missing"}


@pytest.mark.parametrize(
    "logic",
    [
        {"if": [True, True, DOSE]},
        {"and": [after(14), {"!": [after(14)]}]},
        {"!": [{"and": [after(14), {"!": [after(14)]}]}]},
        {"if": [DOSE, {"if": [DOSE, True, False]}, True]},
        {"===": [1, 2]},
        {"if": [{"var": "payload.v.0"}, True, after(14)]},
    ],
)
def test_a_rule_that_is_always_the_same_is_an_error(logic: object) -> None:
    assert found(rule(logic))["always-the-same"] is True


def test_a_rule_that_was_never_met_to_pass_or_to_fail_is_a_warning() -> None:
    never = {"===": [{"+": [{"var": "payload.v.0.dn"}, 1]}, {"var": "payload.v.0.dn"}]}
    told = found(rule(never, AffectedFields=["v.0.dn"]))
    assert told["never-passed"] is False
    told = found(rule({"!": [never]}, AffectedFields=["v.0.dn"]))
    assert told["never-failed"] is False


def test_a_rule_that_errs_on_what_it_is_about_is_a_warning() -> None:
    compared = {">": [{"var": "payload.v.0.dt"}, 14]}
    assert found(rule(compared))["often-open"] is False


def test_a_reduce_that_may_take_too_many_steps_is_a_warning() -> None:
    each: Any = {"===": [{"var": "current.dn"}, 1]}
    inner = {"and": [each] * 160}
    folded = {"reduce": [{"var": "payload.v"}, inner, True]}
    assert found(rule(folded, AffectedFields=["v.0.dn"]))["steps"] is False


def test_thresholds_that_leave_nothing_are_an_error() -> None:
    assert found(rule({"and": [after(14), before(13)]}))["window-empty"] is True


def test_thresholds_that_leave_one_day_are_a_warning() -> None:
    assert found(rule({"and": [after(14), before(14)]}))["window-one-day"] is False
    assert found(rule({"and": [after(14), before(15)]}))["window-one-day"] is False
    assert "window-one-day" not in found(rule({"and": [after(14), before(16)]}))


def test_thresholds_of_two_rules_are_put_together() -> None:
    one, other = rule(after(30)), rule(before(20), "VR-XU-0002")
    assert found(one, other)["window-empty"] is True


def test_thresholds_under_different_conditions_are_not_put_together() -> None:
    dose = {"var": "payload.v.0.dn"}
    one = {"if": [{"===": [dose, 1]}, after(30), True]}
    other = {"if": [{"===": [dose, 2]}, before(20), True]}
    fields = ["v.0.dn", "v.0.dt"]
    told = found(rule(one, AffectedFields=fields), rule(other, "VR-XU-0002", AffectedFields=fields))
    assert "window-empty" not in told


def test_a_test_of_a_day_is_no_cut() -> None:
    sample = {"var": "payload.t.0.sc"}
    within = [{"plusTime": [sample, 0, "hour"]}, CLOCK, {"plusTime": [sample, 24, "hour"]}]
    short = rule({"not-after": within}, "TR-XU-0002", AffectedFields=["t.0.sc"])
    assert found(short) == {}


def test_a_country_must_have_a_way_other_than_vaccination() -> None:
    alone = [rule(after(14))]
    assert lint(alone).errors == 1
    assert codes(lint(alone)) == {"no-other-way"}
    assert lint(alone, Terms(reason="an outbreak among the tested")).errors == 0


def test_a_way_for_children_alone_is_none() -> None:
    child = {"in": [{"var": "holder.ageYears"}, list(range(12))]}
    there = {"if": [child, True, {"!": [{"!": [{"var": "payload.v.0"}]}]}]}
    general = rule(there, "GR-XU-0001", AffectedFields=["v.0", "holder.ageYears"])
    assert "no-other-way" in codes(lint([rule(after(14)), general]))


def test_a_way_that_a_rule_shuts_is_none() -> None:
    positive_only = {"===": [{"var": "payload.t.0.tr"}, "x"]}
    never = {"and": [NOT_DETECTED, positive_only]}
    shut = rule(never, "TR-XU-0001", AffectedFields=["t.0.tr"])
    assert "no-other-way" in codes(lint([rule(after(14)), shut]))


def test_a_way_that_is_found_by_changing_one_thing_after_another_is_found() -> None:
    wanted = {"t.0.tt": "A", "t.0.ma": "B", "t.0.tr": "C", "t.0.tg": "D"}
    parts = [{"===": [{"var": f"payload.{path}"}, value]} for path, value in wanted.items()]
    rules = [
        rule(part, f"TR-XU-{number:04d}", AffectedFields=[path])
        for number, (path, part) in enumerate(zip(wanted, parts, strict=True), 1)
    ]
    assert "no-other-way" not in codes(lint([rule(after(14)), *rules]))


def test_a_proof_from_the_future_is_a_warning() -> None:
    assert found(rule(before(270)))["from-the-future"] is False
    assert "from-the-future" not in found(rule(after(0)))


def versions(*spans: tuple[str, int, int]) -> list[dict[str, Any]]:
    return [
        rule(after(14), Version=version, ValidFrom=DAY % start, ValidTo=DAY % end)
        for version, start, end in spans
    ]


@pytest.mark.parametrize(
    ("spans", "code"),
    [
        ([("1.0.0", 1, 9), ("1.0.0", 9, 20)], "version-twice"),
        ([("1.0.0", 1, 9), ("1.1.0", 5, 20)], "version-overlap"),
        ([("1.0.0", 5, 9), ("1.1.0", 1, 20)], "version-shadowed"),
        ([("1.0.0", 1, 20), ("1.1.0", 5, 9)], "version-returns"),
        ([("1.0.0", 1, 5), ("1.1.0", 9, 20)], "version-gap"),
    ],
)
def test_versions_that_do_not_follow_each_other_are_told(
    spans: list[tuple[str, int, int]], code: str
) -> None:
    assert code in found(*versions(*spans))


def test_versions_that_follow_each_other_are_not_told() -> None:
    assert found(*versions(("1.0.0", 1, 9), ("1.1.0", 9, 20))) == {}


def test_a_time_without_rules_is_told() -> None:
    early = rule(after(14), ValidFrom=DAY % 1, ValidTo=DAY % 3)
    late = rule(before(99), "VR-XU-0002", ValidFrom=DAY % 5, ValidTo=DAY % 9)
    assert "country-gap" in codes(lint([early, late]))


NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2026-12-06T00:00:01Z", TO, "gateway-too-far"),
        ("2026-11-23T23:59:59Z", TO, "gateway-notice"),
        ("2026-12-01T00:00:00Z", "2026-12-03T23:59:59Z", "gateway-lifetime"),
    ],
)
def test_the_gateways_times_are_held(start: str, end: str, code: str) -> None:
    told = found(rule(after(14), ValidFrom=start, ValidTo=end), publish_at=NOW)
    assert told[code] is True


@pytest.mark.parametrize("start", ["2026-12-06T00:00:00Z", "2026-11-24T00:00:00Z"])
def test_the_gateways_times_are_held_to_the_second(start: str) -> None:
    told = found(rule(after(14), ValidFrom=start), publish_at=NOW)
    assert not {code for code in told if code.startswith("gateway")}


def test_an_invalidation_rule_must_begin_in_the_future() -> None:
    void = rule(before(3), "IR-XU-0001", Type="Invalidation", CertificateType="Vaccination",
                ValidFrom="2026-11-22T00:00:00Z")  # fmt: skip
    assert found(void, publish_at=NOW)["gateway-past"] is True
    later = {**void, "ValidFrom": "2026-11-22T00:00:01Z"}
    assert "gateway-past" not in found(later, publish_at=NOW)


def test_an_exemption_is_unknown_to_the_gateway() -> None:
    until = {"not-after": [CLOCK, {"plusTime": [{"var": "payload.e.0.du"}, 0, "day"]}]}
    told = found(rule(until, "ER-XU-0001", AffectedFields=["e.0.du"]), publish_at=NOW)
    assert told["gateway-exemption"] is False


def test_a_new_version_follows_what_is_published() -> None:
    published = [rule(after(14), Version="1.2.0", ValidFrom=DAY % 5)]
    told = found(rule(after(21), Version="1.1.0"), previous=published)
    assert told["gateway-version"] is True
    assert told["gateway-before"] is True
    newer = rule(after(21), Version="1.2.1", ValidFrom=DAY % 5)
    assert found(newer, previous=published) == {}
    assert found(*published, previous=published) == {}


def test_compatibility_is_listed_and_no_error() -> None:
    born = {"plusTime": [{"var": "payload.dob"}, 18, "year"]}
    old = rule({"and": [{"after": [CLOCK, born]}, after(14)]}, AffectedFields=["dob", "v.0.dt"])
    assert found(old)["variable-not-listed"] is True
    assert found(old, compatible=True) == {"compatibility": False}


@pytest.mark.skipif(not REAL, reason="no corpora at hand")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_rules_are_checked_and_what_is_found_is_known(path: Path) -> None:
    known = {
        "FI": {"variable-not-listed"},
        "NL": {"always-the-same"},
    }
    rules = json.loads(path.read_bytes())["rules"]
    report = lint(rules)
    assert report.rules == len(rules)
    errors = {remark.code for remark in report.remarks if remark.error}
    assert errors == known.get(path.stem, set())


def doubling(depth: int) -> Any:
    found: Any = {"var": "payload.v.0"}
    for _ in range(depth):
        found = {"and": [found, found]}
    return found


def nested(depth: int) -> Any:
    found: Any = {"var": "payload.v"}
    for _ in range(depth):
        found = {"reduce": [{"var": "payload.v"}, found, 0]}
    return found


LINES = 100_000
"""Of Python that refusing a bomb may take, at five times what it takes."""


@pytest.mark.parametrize(
    "logic",
    [
        {"in": [DOSE, ["x" * 10_000_000]]},
        {"in": [DOSE, list(range(1_000_000))]},
        doubling(20),
        nested(14),
        nested(400),
        {"and": [after(14)] * 100_000},
    ],
    ids=["text", "list", "doubling", "nested", "deep", "wide"],
)
def test_a_bomb_is_refused_in_few_steps(logic: object) -> None:
    report = within(LINES, lambda: lint([rule(logic)]))
    assert report.remarks


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["var", "and", "if", "!", "===", "in", "reduce", "plusTime", "not-after", "x"]),
        inner, max_size=2,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(rule(True))), json_values, max_size=4), json_values)
def test_nothing_that_is_written_raises(changed: dict[str, Any], logic: Any) -> None:
    lint([{**rule(logic), **changed}, changed])
