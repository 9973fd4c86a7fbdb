"""The source as the walls see it: modules, their names, their functions and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
PURE = (
    "terms", "errors", "text", "findings", "verdict", "crypto", "model", "formats", "trust", "rules",
    "intake", "revocation", "log", "network", "snapshot", "journeys",
)  # fmt: skip
"""Levels 0 to 3: the rooms in which nothing is read, timed, drawn or logged."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """One file of source, or a snippet that stands in for one."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_pure(self) -> bool:
        return self.name.split(".")[1:2] != [] and self.name.split(".")[1] in PURE

    def functions(self) -> Iterator[Function]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def imported(self) -> set[str]:
        """Name the rooms and modules of ours from which this one imports.

        The words of level 0a are everybody's vocabulary and no neighbours: they do not count.
        """
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {a.name for a in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module))
        words = {f"pratique.{word}" for word in ("terms", "errors", "findings", "verdict")}
        return {name for name in found - words if name.split(".")[0] == "pratique"}


class Place(NamedTuple):
    """Where a wall was touched, and by what."""

    module: str
    line: int
    what: str


def modules() -> list[Module]:
    """Read every module of the package."""
    found = []
    for path in sorted((SRC / "pratique").rglob("*.py")):
        parts = list(path.relative_to(SRC).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path.read_text(encoding="utf-8")))
    return found
