"""The mutants are those that are meant, and the list of those that nobody can notice is true."""

from __future__ import annotations

import ast
from importlib.util import module_from_spec

import pytest

from tools import mutants, operators

CODE = '''
"""A module."""
from x import y
__all__ = ["f"]
LIMIT = 3
CHECKS = (a, b)
def f(n: "int") -> "str":
    """Say it."""
    assert n
    if n < LIMIT and not n:
        return Code.EXPIRED
    return n + 1
'''


def changes(source: str) -> list[str]:
    return [mutant.change for mutant in operators.mutants(source)]


def test_each_place_is_changed_in_each_way() -> None:
    assert changes(CODE) == [
        "module: 3 -> 4",
        "module: 3 -> 2",
        "module: (a, b) -> (b,)",
        "module: (a, b) -> (a,)",
        "f: if n < LIMIT and (not n): return Code.EXPIRED -> if True: return Code.EXPIRED",
        "f: if n < LIMIT and (not n): return Code.EXPIRED -> if False: return Code.EXPIRED",
        "f: n < LIMIT and (not n) -> n < LIMIT or not n",
        "f: n < LIMIT and (not n) -> not n",
        "f: n < LIMIT and (not n) -> n < LIMIT",
        "f: n < LIMIT -> n <= LIMIT",
        "f: n < LIMIT -> n >= LIMIT",
        "f: not n -> n",
        "f: return Code.EXPIRED -> return None",
        "f: Code.EXPIRED -> Code.TEXT_EMPTY",
        "f: return n + 1 -> return None",
        "f: n + 1 -> n - 1",
        "f: 1 -> 2",
        "f: 1 -> 0",
    ]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("def f():\n  yield 1", "f: yield 1 -> pass"),
        ("raise E", "module: raise E -> pass"),
        ("x = a if b else c", "module: a if b else c -> c"),
        ("x = True", "module: True -> False"),
        ("x = 'iat'", "module: 'iat' -> 'iat~'"),
        ("x = a in b", "module: a in b -> a not in b"),
        ("x = a is b", "module: a is b -> a is not b"),
        ("x = a <= b <= c", "module: a <= b <= c -> a <= b < c"),
        ("class C:\n  def f(s):\n    s.n += 1", "C.f: s.n += 1 -> pass"),
    ],
)
def test_an_operator_does_what_it_says(code: str, change: str) -> None:
    assert change in changes(code)


def test_a_mutant_differs_in_one_place_and_is_code() -> None:
    plain = ast.unparse(ast.parse(CODE))
    for mutant in operators.mutants(CODE):
        compile(mutant.source, "mutant", "exec")
        assert mutant.source != plain
        one, other = plain.splitlines(), mutant.source.splitlines()
        assert len(one) != len(other) or sum(a != b for a, b in zip(one, other, strict=True)) == 1


def test_two_changes_that_read_alike_are_told_apart() -> None:
    assert changes("x = 1\ny = 1") == [
        "module: 1 -> 2", "module: 1 -> 0", "module: 1 -> 2 (2)", "module: 1 -> 0 (2)",
    ]  # fmt: skip


def test_every_excused_mutant_is_one_of_today() -> None:
    made = {
        (f"pratique.{name}", change)
        for name in mutants.MODULES
        for change in changes(mutants.path_of(f"pratique.{name}").read_text(encoding="utf-8"))
    }
    excused = mutants.equivalent()
    assert [row for row in excused if row not in made] == []
    assert all(excused.values())


def test_another_source_stands_in_a_module_s_place() -> None:
    finder = mutants.InPlace("pratique.planted", "ANSWER = 42")
    assert finder.find_spec("pratique.other", None) is None
    spec = finder.find_spec("pratique.planted", None)
    assert spec is not None
    module = module_from_spec(spec)
    finder.exec_module(module)
    assert vars(module)["ANSWER"] == 42
