"""Measure ways against each other: interleaved rounds in one process, CPU time.

1. Machines are noisy: each round runs every way once, so that what slows one slows all.
2. The best of a way, and the median of its ratios to the reference of the same round.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from benchmarks.ways import Way


class Row(NamedTuple):
    """What was measured of one way; `best_ratio` is best by best."""

    name: str
    best_us: float
    best_ratio: float
    median_ratio: float
    accepted: int


def in_turn(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Run each way once a round; return the seconds of CPU that each took, by round."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            way()
            spent[name].append(time.process_time() - start)
    return spent


def measure(
    ways: Mapping[str, Way], *, reference: str, texts: int, accepted: int, rounds: int
) -> list[Row]:
    """Run all ways in rounds; `texts` is how many one run of a way checks."""
    for way in ways.values():
        way()
    spent = in_turn(ways, rounds)
    base = spent[reference]
    return [
        Row(
            name=name,
            best_us=min(times) / texts * 1e6,
            best_ratio=min(times) / min(base),
            median_ratio=statistics.median(a / b for a, b in zip(times, base, strict=True)),
            accepted=accepted,
        )
        for name, times in spent.items()
    ]
