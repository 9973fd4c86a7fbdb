"""The gate that repeats: instructions of a whole verification by those of its bare signature check.

    way, 1 run and 4 runs, each under callgrind -> difference by texts -> ratio -> gate

1. Counts, not times: the same code on the same texts counts nearly the same. What is left is in the
   signature check itself (0.6 % from run to run), so that several runs are counted. A count above the
   limit is made twice more, and the middle one of the three is believed.
2. valgrind has another processor than this one: a ratio compares versions of this code, no machines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from benchmarks import ways
from benchmarks.corpus import ROOT

LIMIT = 1.30
COUNTED = (ways.BARE, ways.ONE)
TIMES = 3
"""Runs that are counted, beyond the first."""

Counts = dict[str, float]
"""Way -> instructions of one check."""


def available() -> bool:
    """Say whether valgrind is here."""
    return shutil.which("valgrind") is not None


def ratio(counts: Counts) -> float:
    """Divide a whole verification by its bare check."""
    return counts[ways.ONE] / counts[ways.BARE]


def settled() -> Counts:
    """Count once; what is above the limit is the middle one of three counts."""
    first = measure()
    if ratio(first) <= LIMIT:
        return first
    return sorted((first, measure(), measure()), key=ratio)[1]


def measure() -> Counts:
    """Count the instructions of one check, for each way."""
    runs = [(name, times) for name in COUNTED for times in (0, TIMES)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(runs, pool.map(lambda run: _count(*run), runs), strict=True))
    return {
        name: (counts[name, TIMES][0] - counts[name, 0][0]) / TIMES / counts[name, 0][1]
        for name in COUNTED
    }


def _count(way: str, times: int) -> tuple[int, int]:
    done = subprocess.run(
        [
            "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
            sys.executable, "-m", "benchmarks.loops", way, str(times),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    collected = re.search(r"Collected : (\d+)", done.stderr)
    assert collected is not None
    return int(collected[1]), int(done.stdout)
