"""The reference implementation of CertLogic, run by Node, as an oracle.

    rules, data -> certlogic-js in a process of its own -> values

1. It is there or it is not: `Missing` says what to do.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / ".cache/npm/node_modules/certlogic-js"
RUNNER = ROOT / "tools/certlogic.js"


class Missing(Exception):
    """There is no Node, or no certlogic-js."""


class Group(NamedTuple):
    """Rules that are all evaluated on all of some data contexts."""

    rules: list[Any]
    data: list[Any]


class Oracle:
    """A running certlogic-js; a context manager."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise Missing("Node is not on this machine")
        if not PACKAGE.is_dir():
            raise Missing("certlogic-js is not here: run tools/certlogic-js")
        self._process = subprocess.Popen(
            [node, str(RUNNER), str(PACKAGE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=10)

    def evaluate(self, groups: list[Group]) -> list[Any]:
        """Return the value of each rule on each data context, group by group."""
        found: list[Any] = self._ask({"groups": [group._asdict() for group in groups]})
        return found

    def measure(self) -> int:
        """Evaluate the last groups once more; return the microseconds of CPU that it took."""
        return int(self._ask("measure"))

    def _ask(self, asked: object) -> Any:
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise Missing("certlogic-js does not answer")
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())
