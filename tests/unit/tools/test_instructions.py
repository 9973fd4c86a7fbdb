"""The gate of instructions believes no single count above its limit."""

from __future__ import annotations

import pytest

from benchmarks import instructions, ways


def counts(ratio: float) -> instructions.Counts:
    return {ways.BARE: 100.0, ways.ONE: 100.0 * ratio}


@pytest.mark.parametrize(
    ("counted", "believed", "times"),
    [
        ([1.29], 1.29, 1),
        ([1.31, 1.29, 1.295], 1.295, 3),
        ([1.32, 1.31, 1.29], 1.31, 3),
    ],
    ids=["below", "once above", "above indeed"],
)
def test_a_count_above_the_limit_is_made_twice_more(
    monkeypatch: pytest.MonkeyPatch, counted: list[float], believed: float, times: int
) -> None:
    left = [counts(ratio) for ratio in counted]
    monkeypatch.setattr(instructions, "LIMIT", 1.30)
    monkeypatch.setattr(instructions, "measure", lambda: left.pop(0))
    assert instructions.ratio(instructions.settled()) == pytest.approx(believed)
    assert len(counted) - len(left) == times
