"""The source as the walls see it: modules, their names, their functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
IMPURE = {"cli", "web", "parties", "store", "__main__"}
"""The rooms that read, write, time, draw or log. In all others nothing does, those to come among them."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Module:
    """One file of source, or a snippet that stands in for one."""

    def __init__(self, name: str, text: str, *, is_package: bool = False) -> None:
        self.name = name
        self.text = text
        self.folder = name if is_package else name.rpartition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @property
    def is_pure(self) -> bool:
        room = self.name.split(".")[1:2]
        return room != [] and room[0] not in IMPURE

    @cached_property
    def defined(self) -> list[tuple[str, Definition]]:
        """Functions and classes with their qualified names, from top to bottom."""
        return list(_defined(self.tree, ""))

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Name every function, methods and inner ones too."""
        for name, node in self.defined:
            if not isinstance(node, ast.ClassDef):
                yield name, node

    def classes(self) -> Iterator[tuple[str, ast.ClassDef]]:
        """Name every class."""
        for name, node in self.defined:
            if isinstance(node, ast.ClassDef):
                yield name, node


def _defined(node: ast.AST, within: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}.{child.name}" if within else child.name
            yield name, child
            yield from _defined(child, name)
        else:
            yield from _defined(child, within)


class Place(NamedTuple):
    """Where a wall was touched, and by what."""

    module: str
    line: int
    what: str


def modules(folder: Path = SRC / "pratique") -> list[Module]:
    """Read every module of a package, or of another folder of the project."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = list(path.relative_to(folder.parent).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found.append(Module(name, path.read_text(encoding="utf-8"), is_package=is_package))
    return found
