"""T21: an end of validity that most doses of the world are past, or that strikes where no boosters were, is flagged."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique.impact.doses import DoseQuestions
from pratique.impact.timeline import MEDIAN_OVER, NO_BOOSTERS, fairness
from tests import policy_lab
from tests.unit.impact import small

YEAR = small.second("2022-03-01")


def remarks(days: int, day: str, boosters: dict[str, bool | None]) -> list[str]:
    doses = {iso3: small.uptake(2_000_000, told) for iso3, told in boosters.items()}
    world = small.world(dict.fromkeys(doses, "A"), doses=doses)
    ruleset = small.rules(small.products("A"), small.within(days))
    measured = fairness(DoseQuestions(ruleset, small.UTOPIA, small.second(day)), world)
    assert measured is not None
    return [code for code, _ in measured.remarks]


def test_a_limit_that_most_doses_are_past_is_flagged() -> None:
    assert remarks(180, "2022-08-01", {"AAA": True, "BBB": True, "CCC": True}) == [MEDIAN_OVER]


def test_a_mild_limit_is_not_flagged() -> None:
    assert remarks(420, "2022-08-01", {"AAA": True, "BBB": True, "CCC": True}) == []
    assert remarks(420, "2022-08-01", {"AAA": True, "BBB": False, "CCC": True}) == []


def test_a_country_without_boosters_that_it_strikes_is_flagged_where_the_median_is_mild() -> None:
    # Doses of three countries are young; the fourth was early, and nobody there was offered a booster.
    young = [
        row._replace(doses=row.doses and row.doses**3 // 10**12) for row in small.uptake(2_000_000)
    ]
    doses = dict.fromkeys(("AAA", "BBB", "CCC"), tuple(young))
    doses["DDD"] = small.uptake(2_000_000, boosters=False)
    world = small.world(dict.fromkeys(doses, "A"), doses=doses)
    ruleset = small.rules(small.products("A"), small.within(180))
    measured = fairness(DoseQuestions(ruleset, small.UTOPIA, small.second("2022-08-01")), world)
    assert measured is not None
    assert measured.median < 0.5
    ((code, sentence),) = measured.remarks
    assert code == NO_BOOSTERS
    assert "Land of DDD" in sentence
    assert "AAA" not in sentence


def test_where_nobody_tells_of_boosters_none_is_said_to_be_missing() -> None:
    assert NO_BOOSTERS not in remarks(180, "2022-08-01", {"AAA": None})
    assert NO_BOOSTERS in remarks(180, "2022-08-01", {"AAA": False})


@pytest.mark.parametrize(
    ("day", "days", "codes"),
    [("2022-03-01", 270, []), ("2022-09-01", 270, [MEDIAN_OVER, NO_BOOSTERS]),
     ("2022-09-01", 180, [MEDIAN_OVER, NO_BOOSTERS]), ("2022-09-01", 540, [])],
)  # fmt: skip
def test_the_whole_world_is_weighed(corpora: Path, day: str, days: int, codes: list[str]) -> None:
    world = policy_lab.whole(policy_lab.folder(corpora))
    ruleset = small.rules(small.products(*world.vaccines), small.within(days))
    measured = fairness(DoseQuestions(ruleset, small.UTOPIA, small.second(day)), world)
    assert measured is not None
    assert [code for code, _ in measured.remarks] == codes
