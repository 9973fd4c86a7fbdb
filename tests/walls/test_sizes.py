"""A function is read from top to bottom: 100 lines at most. A module is as long as its document."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.walls.source import ROOT, Function, Module, modules

LIMITS = {"function lines": 100}


class Size(NamedTuple):
    """One measured thing."""

    gate: str
    what: str
    size: int


def body_lines(function: Function) -> int:
    """Count the lines of a body without its docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def measure(all_modules: Iterable[Module]) -> Iterator[Size]:
    """Measure every function."""
    for module in all_modules:
        for function in module.functions():
            yield Size("function lines", f"{module.name}:{function.name}", body_lines(function))


def too_large(sizes: Iterable[Size], excepted: dict[tuple[str, str], int]) -> list[Size]:
    """Keep what is over its limit."""
    return [s for s in sizes if s.size > excepted.get((s.gate, s.what), LIMITS[s.gate])]


def _table() -> list[dict[str, str | int]]:
    text = (ROOT / "tests/walls/exceptions.toml").read_text(encoding="utf-8")
    rows: list[dict[str, str | int]] = tomllib.loads(text).get("exception", [])
    return rows


def _excepted() -> dict[tuple[str, str], int]:
    return {(str(row["gate"]), str(row["what"])): int(row["limit"]) for row in _table()}


def test_everything_fits_on_a_page() -> None:
    assert too_large(measure(modules()), _excepted()) == []


def test_every_exception_has_a_decision_record_that_names_it() -> None:
    for row in _table():
        record = ROOT / str(row["decision"])
        assert record.is_file(), f"{row['what']}: no record {row['decision']}"
        assert record.parent == ROOT / "docs/decisions"
        assert str(row["what"]).split(":")[-1] in record.read_text(encoding="utf-8")


def test_no_exception_has_outlived_its_need() -> None:
    needed = {(s.gate, s.what) for s in too_large(measure(modules()), {})}
    assert set(_excepted()) <= needed


def test_a_planted_giant_is_seen() -> None:
    long_function = "def f():\n    'doc'\n" + "    x = 1\n" * 101
    found = too_large(measure([Module("pratique.deep", long_function)]), {})
    assert {(s.gate, s.size) for s in found} == {("function lines", 101)}


def test_a_docstring_does_not_count() -> None:
    text = 'def f():\n    """' + "word\n" * 60 + '"""\n    return 1\n'
    assert [s for s in measure([Module("pratique.f", text)]) if s.gate == "function lines"] == [
        Size("function lines", "pratique.f:f", 1)
    ]
