"""The mutants are those that are meant, and the list of those that nobody can notice is true."""

from __future__ import annotations

import ast
from argparse import Namespace
from importlib.util import module_from_spec
from pathlib import Path
from types import FunctionType
from typing import cast

import pytest

from tools import mutants, noticing, operators

CODE = '''
"""A module."""
from x import y
__all__ = ["f"]
LIMIT = 3
Asked = Callable[[int, str], bool]
CHECKS = (a, b)
def f(n: "int") -> "str":
    """Say it."""
    assert n
    if n < LIMIT and not n:
        return Code.EXPIRED
    return n + 1
'''


def changes(source: str) -> list[str]:
    return list(operators.changes(source))


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
        ("x = [a for a in b if held(a)]", "module: for a in b if held(a) -> for a in b"),
        ("x = any(a)", "module: any(a) -> all(a)"),
        ("x = min(a, b)", "module: min(a, b) -> max(a, b)"),
        ("x = {a, b}", "module: {a, b} -> {a}"),
        ("x = [a]", "module: [a] -> []"),
        ("del x[0]", "module: del x[0] -> pass"),
        ("raise E('code')", "module: 'code' -> 'code~'"),
    ],
)
def test_an_operator_does_what_it_says(code: str, change: str) -> None:
    assert change in changes(code)


def test_the_words_of_a_refusal_are_no_check() -> None:
    assert changes("raise E('too long', 'long', f'of {n} bytes')") == [
        "module: raise E('too long', 'long', f'of {n} bytes') -> pass", "module: 'long' -> 'long~'",
    ]  # fmt: skip


def test_a_mutant_knows_its_line_and_the_outermost_function() -> None:
    code = "LIMIT = 3\nclass C:\n  n = 1\n  def f(s, d=2):\n    def g():\n      return (\n        a < b)"
    assert {(each.line, each.function) for each in operators.mutants(code)} == {
        (1, ""), (3, ""), (4, ""), (6, "C.f"), (7, "C.f"),
    }  # fmt: skip


def test_a_mutated_function_takes_the_place_of_the_true_one() -> None:
    def planted() -> int:
        return 1

    function, name = cast("FunctionType", planted), planted.__qualname__
    assert not noticing.put([function, function], planted.__code__)
    assert noticing.code_of("def f():\n  pass\ndef f():\n  pass", "f") is None
    code = noticing.code_of("class C:\n  def f():\n    return 2", "C.f")
    assert noticing.put([function], code)
    assert (planted.__qualname__, planted()) == (name, 2)


def made(module: str, count: int) -> list[mutants.Made]:
    return [(module, operators.Mutant(n, f"{n}", "")) for n in range(count)]


def test_a_sample_takes_of_each_module_its_share_and_the_same_again() -> None:
    every = made("a", 60) + made("b", 30) + made("c", 10)
    taken = mutants.sample(every, 10, 1)
    assert [module for module, _ in taken] == ["a"] * 6 + ["b"] * 3 + ["c"]
    assert taken == mutants.sample(every, 10, 1) != mutants.sample(every, 10, 2)
    assert len(set(taken)) == 10
    assert mutants.sample(every, 100, 1) == every
    assert [len(mutants.sample(every, n, 1)) for n in (1, 7, 99)] == [1, 7, 99]


def test_the_interval_is_wilson_s() -> None:
    low, high = mutants.interval(95, 100)
    assert (round(low, 4), round(high, 4)) == (0.8882, 0.9785)
    assert mutants.interval(0, 0) == (0.0, 1.0)
    assert mutants.interval(10, 10)[1] == pytest.approx(1)


def test_every_package_has_modules_and_tests_that_are_there() -> None:
    for package in mutants.PACKAGES.values():
        for module in package.modules:
            assert noticing.path_of(module).is_file(), module
        for test in package.tests:
            place = test.removeprefix("--deselect=").split("::")[0]
            assert test in {"-k", "not [postgresql"} or (noticing.ROOT / place).exists(), test


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
        (name, change)
        for name in {row[0] for row in mutants.equivalent()}
        for change in changes(noticing.path_of(name).read_text(encoding="utf-8"))
    }
    excused = mutants.equivalent()
    assert [row for row in excused if row not in made] == []
    assert all(excused.values())


def test_another_source_stands_in_a_module_s_place() -> None:
    finder = noticing.InPlace("pratique.planted", "ANSWER = 42")
    assert finder.find_spec("pratique.other", None) is None
    spec = finder.find_spec("pratique.planted", None)
    assert spec is not None
    module = module_from_spec(spec)
    finder.exec_module(module)
    assert vars(module)["ANSWER"] == 42


def test_what_an_earlier_run_has_listed_is_chosen_again_wherever_it_stands_now(
    tmp_path: Path,
) -> None:
    module = "pratique.tlog.checkpoint"
    made = mutants.made_of(module)
    told = [mutants.shown(*each) for each in made[3:6]]
    moved = [line.replace(f":{made[3][1].line}:", ":9999:") for line in told]
    listed = tmp_path / "listed"
    listed.write_text("\n".join(["  " + line for line in moved] + ["log: 3 of 5 noticed"]))
    asked = Namespace(modules="", only=listed, sample=0, seed=1)
    found, total = mutants.chosen(noticing.Package((module,), ()), asked)
    assert {mutants.shown(*each) for each in found} >= set(told)
    assert {each[1].change for each in found} == {each[1].change for each in made[3:6]}
    assert total == len(made)
