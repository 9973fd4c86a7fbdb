"""A rule in words that a traveller reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from pratique.rules.certlogic.describe import describe
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from tests.unit.rules.certlogic.engines import read
from tests.unit.rules.certlogic.test_engines import expressions

CLOCK = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}


def dose(days: int, unit: str = "day") -> dict[str, object]:
    return {"plusTime": [{"var": "payload.v.0.dt"}, days, unit]}


@pytest.mark.parametrize(
    ("logic", "words"),
    [
        ({"not-before": [CLOCK, dose(14)]}, "the last dose was given at least 14 days before arrival"),
        ({"after": [CLOCK, dose(14)]}, "the last dose was given more than 14 days before arrival"),
        ({"not-after": [CLOCK, dose(270)]}, "the last dose was given at most 270 days before arrival"),
        ({"before": [CLOCK, dose(9, "month")]}, "the last dose was given less than 9 months before arrival"),
        ({"!": [{"before": [CLOCK, dose(1)]}]}, "the last dose was given at least 1 day before arrival"),
        ({"before": [dose(14), CLOCK]}, "the last dose was given more than 14 days before arrival"),
        ({"not-after": [dose(7), CLOCK, dose(365)]}, "the last dose was given at least 7 days and at most 365 days before arrival"),
        ({"not-before": [CLOCK, dose(0)]}, "the last dose was given no later than arrival"),
        ({"not-before": [CLOCK, dose(-2)]}, "the last dose was given at most 2 days after arrival"),
        ({"if": [{"var": "payload.v.0"}, {">=": [{"var": "payload.v.0.dn"}, 2]}, True]}, "the number of the dose is at least 2"),
        ({"if": [{"var": "payload.t.0"}, {">=": [{"var": "payload.v.0.dn"}, 2]}, True]}, "if there is a test, the number of the dose is at least 2"),
        ({"!": [{"and": [{"var": "payload.v.1"}, {"var": "payload.t.1"}]}]}, "there is no second vaccination or there is no second test"),
        ({"===": [{"var": "payload.t.0.tr"}, "260415000"]}, "the test result is “not detected”"),
        ({"!": [{"in": [{"var": "payload.v.0.mp"}, ["X", "EU/1/20/1528"]]}]}, "the vaccine is not one of “X” or Comirnaty"),
        ({">=": [{"var": "holder.ageYears"}, 12]}, "the traveller’s age is at least 12"),
        ({"and": [{"var": "payload.v.0"}, {"if": [{"var": "payload.t.0"}, True, {"var": "payload.r.0"}]}]}, "there is a vaccination, and either there is a test or there is a recovery"),
        (False, "never"),
    ],
)  # fmt: skip
def test_a_rule_is_said_plainly(logic: object, words: str) -> None:
    assert describe(read(logic)) == words


REAL = {
    "EU/VR-EU-0002": "the number of the dose is at least the number of doses in the course",
    "EU/GR-EU-0000": "there is exactly one of a recovery, a test and a vaccination",
    "EU/RR-EU-0002": "the validity of the recovery certificate begins at least 11 days after the first positive test was made and the validity of the recovery certificate ends at most 180 days after the first positive test was made",
    "EU/TR-EU-0006": "if the kind of test is an NAA test (such as PCR), the sample for the test was taken less than 72 hours before arrival",
    "FR/VR-FR-0004": "if the vaccine is Jcovden (Janssen), the last dose was given at least 28 days before arrival",
    "HR/RR-HR-0002": "the first positive test was made at most 180 days before arrival",
    "IE/VR-IE-0003": "if the vaccine is Comirnaty, the last dose was given at least 7 days and at most 365 days before arrival",
    "NL/GR-NL-0002": "always",
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_rules_are_said_plainly(corpora: Path, name: str) -> None:
    country, _, identifier = name.partition("/")
    rules = json.loads((corpora / f"business-rules/{country}.json").read_bytes())["rules"]
    logic = next(rule["Logic"] for rule in rules if rule["Identifier"] == identifier)
    assert describe(read(logic)) == REAL[name]


def test_no_real_rule_shows_its_operators_or_paths(corpora: Path) -> None:
    for path in sorted((corpora / "business-rules").glob("[A-Z][A-Z].json")):
        for rule in json.loads(path.read_bytes())["rules"]:
            words = describe(read(rule["Logic"]))
            assert not [
                part for part in ("payload", "external", "plusTime", "whether") if part in words
            ]
            assert words.isprintable()


@settings(max_examples=200, deadline=None)
@given(expressions)
def test_every_expression_can_be_said(logic: object) -> None:
    found = parse(logic)
    if isinstance(found, Expression):
        assert describe(found)
