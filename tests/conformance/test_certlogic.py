"""Other people's rules: the language's suites, and seven states' rules with their own tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.rules import business_rule, certlogic_eval, certlogic_form, context
from pratique.parties.conformance import ConformanceResult
from pratique.rules.certlogic.evaluate import Engine
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from tests.unit.rules.certlogic.reference import interpret

Reader = Callable[[dict[str, Any], Path], ConformanceResult]
KINDS: dict[str, tuple[Reader, int]] = {
    "certlogic-eval": (certlogic_eval, 103),
    "certlogic-validate": (certlogic_form, 12),
    "business-rule": (business_rule, 671),
}


def cases(corpora: Path, kind: str) -> list[dict[str, Any]]:
    manifest = json.loads((corpora / "manifest.json").read_text())
    return [case for case in manifest["cases"] if case["kind"] == kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_agrees_and_none_is_skipped(corpora: Path, kind: str) -> None:
    reader, count = KINDS[kind]
    found = [(case["id"], reader(case, corpora)) for case in cases(corpora, kind)]
    assert len(found) == count
    assert [pair for pair in found if not pair[1].agree or pair[1].skipped] == []


@pytest.mark.parametrize("kind", ["certlogic-eval", "business-rule"])
def test_a_case_that_expects_otherwise_does_not_agree(corpora: Path, kind: str) -> None:
    reader, _ = KINDS[kind]
    for case in cases(corpora, kind)[:20]:
        other = {**case, "expected": {"value": not case["expected"]["value"]}}
        assert not reader(other, corpora).agree


def test_the_same_value_of_another_type_does_not_agree(corpora: Path) -> None:
    for case in cases(corpora, "certlogic-eval"):
        if case["expected"]["value"] is True:
            assert not certlogic_eval({**case, "expected": {"value": 1}}, corpora).agree


def test_every_rule_on_every_payload_of_its_country_is_what_the_reference_says(
    corpora: Path,
) -> None:
    for path in sorted((corpora / "business-rules").glob("[A-Z][A-Z].json")):
        document = json.loads(path.read_bytes())
        parsed = [parse(rule["Logic"]) for rule in document["rules"]]
        rules = [rule for rule in parsed if isinstance(rule, Expression)]
        assert len(rules) == len(document["rules"])
        engine = Engine()
        asked = [engine.query(rule) for rule in rules]
        for test in document["tests"]:
            data = context(test, corpora)
            assert engine.values(asked, data) == [interpret(rule, data) for rule in rules]
