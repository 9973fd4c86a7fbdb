"""Below what is stored nothing is read, timed, drawn, logged or imported behind the walls' back.

The import contracts say which modules may not be imported there. What is built in, or hangs on an
innocent module such as `datetime`, they cannot see; this wall does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.walls.source import Module, Place, modules

BUILTINS = {
    "open", "print", "input", "breakpoint", "eval", "exec", "compile", "__import__",
    "__builtins__", "__loader__", "__spec__", "globals",
}  # fmt: skip
CODE = {"eval", "exec", "compile"}
CLOCKS = {"now", "utcnow", "today"}
DRAWS = {"urandom", "getrandbits", "token_bytes", "generate_private_key", "generate_key"}
BEHIND = {"import_module", "TYPE_CHECKING"}
WORDS = CLOCKS | DRAWS | BEHIND
DRAWN_HERE = {("pratique.crypto.keys", ".generate_private_key")}
"""Module and what it draws: `cryptography` makes a key from OpenSSL's own generator or not at all."""


def touched(module: Module) -> Iterator[Place]:
    """Find what does not belong below what is stored."""
    for node in ast.walk(module.tree):
        what = _reason(node)
        if what and (module.name, what) not in DRAWN_HERE:
            yield Place(module.name, getattr(node, "lineno", 0), what)


def _reason(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) if name in BUILTINS | BEHIND:
            return name
        case ast.Attribute(attr=name) if name in WORDS:
            return f".{name}"
        case ast.ImportFrom(names=names) if {a.name for a in names} & WORDS:
            return "import of " + ", ".join(sorted({a.name for a in names} & WORDS))
        case ast.Import(names=names) if any(a.name.split(".")[0] == "importlib" for a in names):
            return "importlib"
        case ast.ImportFrom(module=str(name)) if name.split(".")[0] == "importlib":
            return "importlib"
        # getattr(datetime, "now") is the same read in other clothes
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return f"getattr {name}" if name in WORDS | BUILTINS else ""
        # without an argument both take the machine's own time zone
        case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
            return "astimezone() of the machine"
        case ast.Call(func=ast.Attribute(attr="fromtimestamp"), args=[_], keywords=[]):
            return "fromtimestamp() of the machine"
    return ""


def test_each_exception_is_needed() -> None:
    seen = {(m.name, _reason(node)) for m in modules() if m.is_pure for node in ast.walk(m.tree)}
    assert seen >= DRAWN_HERE


def test_nothing_is_read_timed_or_drawn_below_the_edges() -> None:
    assert [p for m in modules() if m.is_pure for p in touched(m)] == []


def asserted(module: Module) -> Iterator[Place]:
    """Find asserts that do more than narrow a type: `python -O` would leave such a check out."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert):
            match node.test:
                case ast.Call(func=ast.Name(id="isinstance")):
                    continue
                case ast.Compare(ops=[ast.Is() | ast.IsNot()]):
                    continue
            yield Place(module.name, node.lineno, ast.unparse(node.test))


def test_an_assert_narrows_a_type_and_checks_nothing() -> None:
    assert [p for m in modules() for p in asserted(m)] == []


def test_a_planted_check_by_assert_is_seen() -> None:
    assert list(asserted(Module("pratique.planted", "assert verify(signature)")))
    assert not list(asserted(Module("pratique.planted", "assert isinstance(x, int)")))


def executed(module: Module) -> Iterator[Place]:
    """Find text that becomes code, at the edges as well as below: a stranger's rule is text."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id in CODE:
            yield Place(module.name, node.lineno, node.id)


def test_no_text_becomes_code_anywhere() -> None:
    assert [p for m in modules() for p in executed(m)] == []


def test_a_planted_execution_is_seen() -> None:
    assert list(executed(Module("pratique.cli.planted", "exec(compile(tree, 'rule', 'exec'))")))
    assert not list(executed(Module("pratique.cli.planted", "import re\nre.compile('x')")))


def test_the_wall_stands_around_rooms_that_exist() -> None:
    assert {m.name for m in modules() if m.is_pure} >= {"pratique.terms", "pratique.crypto"}
    assert not Module("pratique.cli.main", "").is_pure
    assert not Module("pratique", "").is_pure
    assert Module("pratique.a_room_to_come.module", "").is_pure


@pytest.mark.parametrize(
    "snippet",
    [
        "open('x')",
        "print('x')",
        "reader = open",
        "from datetime import datetime\ndatetime.now()",
        "from datetime import datetime as d, UTC\nd.now(UTC)",
        "import datetime\ndatetime.datetime.utcnow()",
        "from datetime import date\nclock = date.today",
        "from datetime import datetime\ngetattr(datetime, 'now')()",
        "from datetime import datetime\ndatetime.fromtimestamp(0)",
        "moment.astimezone()",
        "import importlib\nimportlib.import_module('os')",
        "from importlib import import_module",
        "import importlib.util",
        "__import__('os')",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os",
        "import typing\nif typing.TYPE_CHECKING:\n    import os",
        "eval('1')",
        "ec.generate_private_key(curve)",
    ],
)
def test_a_planted_read_is_seen(snippet: str) -> None:
    assert list(touched(Module("pratique.trust.planted", snippet)))


@pytest.mark.parametrize(
    "snippet",
    [
        "import re\nre.compile('x')",
        "from datetime import UTC, datetime\ndatetime.fromtimestamp(0, UTC)",
        "def verify(text, *, at): return at.astimezone(UTC)",
        "getattr(found, 'code')",
    ],
)
def test_an_innocent_line_is_not_seen(snippet: str) -> None:
    assert list(touched(Module("pratique.trust.innocent", snippet))) == []
