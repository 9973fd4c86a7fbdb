"""Harm: a state's leave to take part lets somebody in as if it said that they were vaccinated or tested.

A NZ COVID Pass and a Swiss certificate light say that a policy of theirs was met, in their country, in their time.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.decision import decide
from pratique.findings import Colour
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Ruleset
from pratique.verification import verify
from tests.travellers import rule
from tools import measure
from tools.vectors import content, keys
from tools.vectors.foreign import light, light_claims, nzcp, policy
from tools.vectors.layers import claims, text

AT = datetime.fromtimestamp(keys.NOON, UTC)
PLACE = Destination("XU")
PASSES = {"NZCP": nzcp(policy()), "CH-LIGHT": light(light_claims())}
EASY = [rule(f"{prefix}-XU-0001", {"===": [1, 1]}) for prefix in ("GR", "VR", "TR", "RR", "ER")]
"""Rules that every certificate passes, of every kind that entry rules know."""


def colours(shown: str, rules: list[Rule]) -> set[Colour]:
    held = measure.snapshot().replace(ruleset=Ruleset(rules))
    found = verify(shown, snapshot=held, at=AT, place=PLACE)
    code = decide([found], snapshot=held, place=PLACE, at=AT)
    return {found.verdict.colour, code.colour}


@pytest.mark.parametrize("shown", PASSES.values(), ids=PASSES)
@pytest.mark.parametrize("count", range(1, len(EASY) + 1))
def test_no_rule_for_vaccinations_tests_or_everybody_lets_a_pass_in(shown: str, count: int) -> None:
    assert colours(shown, EASY[:count]) == {Colour.AMBER}


def test_the_same_rules_let_a_vaccination_in() -> None:
    assert colours(text(claims(content.vaccinated())), EASY) == {Colour.GREEN}


def test_a_rule_that_names_the_scheme_does() -> None:
    named = rule(
        "PR-XU-0001", {"===": [{"var": "payload.p.0.scheme"}, "NZCP"]}, CertificateType="Pass"
    )
    assert colours(PASSES["NZCP"], [*EASY, named]) == {Colour.GREEN}
    assert Colour.GREEN not in colours(PASSES["CH-LIGHT"], [*EASY, named])
