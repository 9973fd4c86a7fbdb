"""Rules in words."""

from __future__ import annotations

from typing import Any

from pratique.rules.explain import Explanation, explain, sentence
from pratique.rules.rule import read
from tests.unit.rules.written import after, before, rule, utopias


def said(document: dict[str, Any], language: str = "en") -> Explanation:
    return explain(read(document), language)


def test_a_rule_is_said_with_its_place_kind_and_time() -> None:
    found = said(rule(after(14)))
    assert found.name == "VR-XU-0001@1.0.0"
    assert found.about == "vaccination certificates on arrival in XU"
    assert found.in_force == "from 2026-12-01T00:00:00Z until before 2027-12-01T00:00:00Z"
    assert found.holds == "the last dose was given at least 14 days before arrival"
    assert found.affects == ("v.0", "v.0.dt")


def test_a_rule_of_a_region_and_of_an_issuer_says_so() -> None:
    assert said(rule(after(14), "GR-XU-0001", Region="N")).about == (
        "all certificates on arrival in XU (N)"
    )
    void = said(rule(before(3), "IR-XU-0001", Type="Invalidation", CertificateType="Test"))
    assert void.about == "test certificates issued by XU"
    assert void.holds.startswith("void if ")


def test_the_description_is_in_the_language_asked_for_else_in_english() -> None:
    texts = [
        {"lang": "de", "desc": "Eine Regel für diesen Test."},
        {"lang": "en", "desc": "A rule for this very test."},
    ]
    document = rule(after(14), Description=texts)
    assert said(document, "de").language == "de"
    assert said(document, "de-AT").language == "de"
    assert said(document, "fr").description == "A rule for this very test."
    only = rule(after(14), Description=texts[:1])
    assert said(only, "fr").language == "de"


def test_ages_from_birth_on_are_said_as_a_limit() -> None:
    for ages, words in (
        (range(12), "the traveller’s age is less than 12"),
        (range(1, 3), "the traveller’s age is one of 1 or 2"),
    ):
        document = rule({"in": [{"var": "holder.ageYears"}, list(ages)]})
        assert sentence(read(document)) == words


def test_every_rule_of_the_example_has_words_of_its_own() -> None:
    sentences = [sentence(one) for one in utopias()]
    assert len(set(sentences)) == len(sentences)
    assert not any("payload" in one or "external" in one for one in sentences)
