"""No test depends on time: work is counted (tests/steps.py), conditions are waited for, guards are long.

On a machine ten times slower, or with other work beside it, every test comes out the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.steps import LONGEST
from tests.walls.source import ROOT

CLOCKS = {
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "getloadavg",
}
TIMED = {"timeout", "deadline"}
SHORT = LONGEST / 2

ALLOWED = {
    "unit/edges/test_register.py": "sqlite's own patience with a lock, in a child that must be refused",
}


def clocked(text: str) -> Iterator[tuple[int, str]]:
    """List where a test reads a clock to judge by it, or gives up after a short time."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute(attr=str(name)) | ast.Name(id=str(name)) if name in CLOCKS:
                yield node.lineno, name
            case ast.keyword(arg=str(name), value=ast.Constant(value=int() | float() as seconds)):
                if name in TIMED and not isinstance(seconds, bool) and seconds < SHORT:
                    yield node.value.lineno, f"{name}={seconds}"


def test_no_test_reads_a_clock_or_gives_up_early() -> None:
    found = [
        (path.relative_to(ROOT / "tests").as_posix(), line, what)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line, what in clocked(path.read_text(encoding="utf-8"))
        if path != Path(__file__)
    ]
    assert [one for one in found if one[0] not in ALLOWED] == []


def test_planted_clocks_are_seen() -> None:
    planted = (
        "began = time.monotonic()\n"
        "from time import perf_counter as now\nperf_counter()\n"
        "process.wait(timeout=60)\n"
        "settings(deadline=200)\n"
        "subprocess.run(words, timeout=LONGEST)\nsettings(deadline=None)\n"
    )
    assert [what for _, what in clocked(planted)] == [
        "monotonic", "perf_counter", "timeout=60", "deadline=200",
    ]  # fmt: skip
