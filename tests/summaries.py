"""Summaries of invented rules, as a state makes them: the floor is asked of the rules, the figures are of an invented world."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from pratique.errors import DocumentRefused
from pratique.impact import summary
from pratique.impact.summary import Count, Counted, CountRange, DataSource, Figures
from pratique.rules.documents import RuleDocument

DATA = DataSource("invented", "1", "0" * 64)
FIGURES = Figures(
    CountRange(Count(1, 2_000_000), Count(2, 5_000_000)),
    CountRange(Count(0, 0), Count(1, 2_000_000)),
    Count(1, 1_000),
    ("vaccination", "test"),
)
SENTENCE = "These invented rules leave out what their test does not need."


def counted(rules: bytes, sets: RuleDocument) -> Counted:
    """Return the same invented figures for every place that the rules are for."""
    return Counted(DATA, dict.fromkeys(summary.ruleset_of(rules, sets).destinations, FIGURES))


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
    figures = counted(rules, held.sets)
    try:
        made = summary.prepared(rules, held.sets, at, figures)
    except DocumentRefused as error:
        if error.code != "impact-derogation":
            raise
        made = summary.prepared(rules, held.sets, at, figures, SENTENCE)
    return summary.write(made)
