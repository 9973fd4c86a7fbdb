"""Summaries of invented rules, as a state makes them: the floor is asked of the rules, the figures are of an invented world."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from pratique.errors import DocumentRefused
from pratique.impact import summary
from pratique.impact.summary import Count, CountRange, DataSource, Figures, RuleFigures
from pratique.impact.traveller import Border
from pratique.rules.build import build
from pratique.rules.documents import RuleDocument
from pratique.rules.policy import read_policy

DATA = DataSource("invented", "1", "0" * 64)
FIGURES = Figures(
    CountRange(Count(1, 2_000_000), Count(2, 5_000_000)),
    CountRange(Count(0, 0), Count(1, 2_000_000)),
    Count(1, 1_000),
    ("vaccination", "test"),
)
SENTENCE = "These invented rules leave out what their test does not need."


def counted(rules: bytes, sets: RuleDocument, at: datetime) -> RuleFigures:
    """Return the same invented figures for every place whose rules ask about a vaccination."""
    ruleset = summary.ruleset_of(rules, sets)
    figures = {
        place: FIGURES
        if Border(ruleset, place, summary.counted_at(ruleset, place, at)).state().for_vaccination
        else FIGURES._replace(shut_out=None, with_floor=None, ways=("test",))
        for place in ruleset.destinations
    }
    return RuleFigures(DATA, figures)


def beside(rules: bytes, sets: RuleDocument, at: datetime) -> bytes:
    """Return the summary that goes with rules; with a derogation where they leave out a product of WHO's list."""
    return _beside(rules, repr((sets.value_sets, sets.editions)), _Held(sets), at)


class _Held:
    """Value sets, which have no hash of their own: their text beside them counts."""

    def __init__(self, sets: RuleDocument) -> None:
        self.sets = sets

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=512)
def _beside(rules: bytes, _text: str, held: _Held, at: datetime) -> bytes:
    figures = counted(rules, held.sets, at)
    try:
        made = summary.prepared(rules, held.sets, at, figures)
    except DocumentRefused as error:
        if error.code != "impact-derogation":
            raise
        made = summary.prepared(rules, held.sets, at, figures, SENTENCE)
    return summary.write(made)


def form(*products: str, country: str = "XA", **terms: object) -> list[dict[str, Any]]:
    """Return the rules of a form that takes these products, and a test."""
    filled: dict[str, Any] = {
        "country": country,
        "valid_from": date(2021, 1, 1),
        "valid_to": date(2030, 1, 1),
        "test": {"naat_hours": 72},
        **terms,
    }
    if products:
        filled["vaccination"] = {"products": list(products)}
    return build(read_policy(filled))


def as_published(rows: list[dict[str, Any]]) -> bytes:
    """Return rules as a state publishes them."""
    return json.dumps(rows).encode()
