"""Cold start: from the start of the process to the verdict, by the start of an empty Python.

python -c pass | pratique verify TEXT -> best and median of wall time, and the dearest imports
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpus import Corpus
from pratique.store import sources

RUNS, TRACED = 15, 5
LIMIT = 10.0
SHOWN = 15


class Start(NamedTuple):
    """Seconds from start to end of a process."""

    best: float
    median: float


class Cold(NamedTuple):
    """What was measured, and the imports that cost most: (µs of its own, µs with what it imports, name)."""

    empty: Start
    verify: Start
    imports: tuple[tuple[int, int, str], ...]


def measure(corpus: Corpus) -> Cold:
    """Measure both, run by run in turn."""
    with tempfile.TemporaryDirectory() as folder:
        sources.save_snapshot(Path(folder), corpus.snapshot)
        pratique = str(Path(sys.executable).with_name("pratique"))
        at = corpus.clocks[0].isoformat()
        asked = ["verify", "--home", folder, "--at", at, corpus.texts[0]]
        empty, whole = [], []
        for _ in range(RUNS):
            empty.append(_seconds([sys.executable, "-c", "pass"]))
            whole.append(_seconds([pratique, *asked]))
        dearest = _dearest([pratique, *asked])
    return Cold(_start(empty), _start(whole), dearest)


def _dearest(command: list[str]) -> tuple[tuple[int, int, str], ...]:
    least: dict[str, tuple[int, int]] = {}
    for _ in range(TRACED):
        told = subprocess.run(
            [sys.executable, "-X", "importtime", *command],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        for own, with_all, name in re.findall(
            r"import time:\s+(\d+) \|\s+(\d+) \|\s*(\S+)", told.stderr
        ):
            least[name] = min(least.get(name, (1 << 62, 0)), (int(own), int(with_all)))
    rows = sorted(((own, with_all, name) for name, (own, with_all) in least.items()), reverse=True)
    return tuple(rows[:SHOWN])


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    # A verdict that is not green ends in 1 or 3; 2 and 4 mean that nothing was verified.
    code = subprocess.run(command, capture_output=True, check=False).returncode
    if code not in (0, 1, 3):
        raise RuntimeError(f"the command ended with {code}")
    return time.perf_counter() - start


def _start(times: list[float]) -> Start:
    return Start(min(times), statistics.median(times))
