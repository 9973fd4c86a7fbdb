"""The house is built as CONTRIBUTING.md says: what is measured of it may only fall.

Numbers and lists stand in house.toml; `python -m tools.house` shows them, and with `--write` writes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.walls.source import Module
from tools import house
from tools.house import COMPLEXITY, LISTS, LONGEST, NUMBERS, House, Measures

WRITE = "python -m tools.house --write"


@pytest.fixture(scope="module")
def built() -> House:
    return house.the_house()


@pytest.fixture(scope="module")
def measures(built: House) -> Measures:
    return house.measure(built)


def test_every_gate_has_its_limit() -> None:
    allowed = house.limits()
    assert list(allowed.numbers) == list(NUMBERS)
    assert list(allowed.lists) == [*LISTS, COMPLEXITY]


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_only_falls(measures: Measures, name: str) -> None:
    assert measures.numbers[name] <= house.limits().numbers[name], WRITE


@pytest.mark.parametrize("name", [*LISTS, COMPLEXITY])
def test_a_list_only_gets_shorter(measures: Measures, name: str) -> None:
    there, allowed = set(measures.lists[name]), set(house.limits().lists[name])
    assert there - allowed == set(), "new"
    assert allowed - there == set(), f"not needed any more: {WRITE}"


def test_no_function_is_longer_than_a_screen_can_bear(built: House) -> None:
    assert house.longer_than(built, LONGEST) == []


# Planted breaches


def planted(**texts: str) -> House:
    """Build a house of packages and modules: `a__b` is `pratique.a.b`, and `a` a package if it has modules."""
    names = [name.replace("__", ".") for name in texts]
    return House(
        [Module("pratique", "", is_package=True)]
        + [
            Module(
                f"pratique.{name}", text, is_package=any(other.startswith(f"{name}.") for other in names)
            )
            for name, text in zip(names, texts.values(), strict=True)
        ]
    )  # fmt: skip


def test_an_edge_goes_to_what_is_imported() -> None:
    seen = planted(
        a="from pratique.a.b import f", a__b="def f(): ...", a__c="",
        d="from pratique.a import c, f", e="def g():\n    import pratique.a.c as c",
    )  # fmt: skip
    assert seen.edges == {
        ("pratique.a", "pratique.a.b"), ("pratique.d", "pratique.a.c"), ("pratique.d", "pratique.a.b"),
        ("pratique.e", "pratique.a.c"),
    }  # fmt: skip


def test_a_fragment_is_seen_unless_it_gives_a_reason() -> None:
    fragment, apart = '"""A part."""', '"""A part.\n\nApart because a page loads it alone.\n"""'
    importing = "from pratique.a import b"
    assert house.one_importer(planted(a="", a__b=fragment, a__c=importing)) == ["pratique.a.b"]
    assert house.one_importer(planted(a="", a__b=apart, a__c=importing)) == []
    assert house.one_importer(planted(a="", a__b=fragment, d=importing)) == []
    assert house.one_importer(planted(a="", a__b=fragment, a__c=importing, d=importing)) == []


def test_a_bare_word_is_no_reason() -> None:
    apart = planted(
        a="", a__b='"""A part.\n\nApart because reasons.\n"""', a__c="from pratique.a import b"
    )
    assert house.one_importer(apart) == ["pratique.a.b"]


@pytest.mark.parametrize(
    ("lines", "limit", "is_seen"), [(61, 60, True), (60, 60, False), (101, 100, True)]
)
def test_a_long_function_is_seen(lines: int, limit: int, is_seen: bool) -> None:
    text = "def f():\n    'doc'\n" + "    x = 1\n" * lines
    assert bool(house.longer_than(planted(a=text), limit)) == is_seen


def test_a_docstring_does_not_count() -> None:
    text = 'def f():\n    """' + "word\n" * 60 + '"""\n    return 1\n'
    assert house.longer_than(planted(a=text), 1) == []


@pytest.mark.parametrize(
    ("text", "is_seen"),
    [
        ("def _f(): return 1\ndef g(): return _f()", True),
        ("class C:\n    def _f(self): return 1\n    def g(self): return self._f()", True),
        ("def _f(): return 1\ndef g(): return _f() + _f()", False),
        ("def _f(): return 1\ndef g(): return sorted([], key=_f)", False),
        ("@cache\ndef _f(): return 1\ndef g(): return _f()", False),
        ("def _f():\n" + "    x = 1\n" * 5 + "def g(): return _f()", False),
        ("def f(): return 1\ndef g(): return f()", False),
    ],
)
def test_a_crumb_is_seen(text: str, is_seen: bool) -> None:
    assert bool(house.called_once(planted(a=text), house.SHORT)) == is_seen


def test_a_thicket_is_seen(tmp_path: Path) -> None:
    for name, branches in {"thick": 12, "thin": 11}.items():
        text = "def f(x):\n" + "".join(
            f"    if x == {n}:\n        return {n}\n" for n in range(branches)
        )
        (tmp_path / f"{name}.py").write_text(text)
    assert house.too_complex(tmp_path) == [f"{tmp_path.name}.thick:f"]


@pytest.mark.parametrize(
    ("text", "is_seen"),
    [
        ("def f(a, b, c, d, *, e, g): ...", True),
        ("class C:\n    def f(self, a, b, c, d, e): ...", False),
        ("@group.command()\ndef f(a, b, c, d, e, g): ...", False),
    ],
)
def test_a_long_head_is_seen(text: str, is_seen: bool) -> None:
    assert bool(house.many_parameters(planted(a=text))) == is_seen


Gate = Callable[[House], list[str]]


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (house.vague_names, "for one in x: ..."),
        (house.vague_names, "found = 1"),
        (house.vague_names, "def f(told): ..."),
        (house.compared_keys, "def f(x):\n    if x.keys() != {'a'}: ..."),
        (house.compared_keys, "{'a'} == x.keys()"),
        (house.error_codes, "if error.code == 'lock-busy': ..."),
        (house.error_codes, "if 'lock-busy' != error.code: ..."),
        (house.error_codes, "if error.code in ('a', 'b'): ..."),
        (house.error_codes, "match error.code:\n    case 'a': ..."),
        (house.error_codes, "match error:\n    case Refused(code='a'): ..."),
        (house.private_names, "from pratique.b import _f"),
        (house.private_names, "from pratique import b\nb._f()"),
        (house.private_names, "import tuf._internal.x"),
        (house.private_names, "from tuf.ngclient._internal import x"),
        (house.without_caller, "def f(): ..."),
        (house.called_at_home, "def f(): ...\ndef g(): return f()\n__all__ = ['g']"),
        (house.one_implementation, "class P(Protocol):\n    def f(self): ..."),
    ],
)
def test_a_planted_breach_is_seen(gate: Gate, text: str) -> None:
    assert gate(planted(a=text, b=""))


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (house.vague_names, "for row in x: ..."),
        (house.compared_keys, "for key in x.keys(): ..."),
        (house.error_codes, "if finding.code == Code.EXPIRED: ..."),
        (house.error_codes, "if answer.code == 404: ..."),
        (house.private_names, "from __future__ import annotations"),
        (house.private_names, "from pratique.b import Row\nRow._fields"),
        (house.private_names, "def f(self): return self._row"),
        (house.without_caller, "def _f(): ..."),
        (house.without_caller, "def f(): ...\ndef _g(): return f()"),
        (house.called_at_home, "def f(): ..."),
        (house.called_at_home, "def _f(): ...\ndef _g(): return _f()"),
        (house.without_caller, "@click.command()\ndef f(): ..."),
        (house.without_caller, "def f(): ...\n__all__ = ['f']"),
        (
            house.one_implementation,
            "class P(Protocol):\n    def f(self): ...\nclass A:\n    def f(self): ...\n\
class B:\n    def __init__(self): self.f = 1",
        ),
    ],
)
def test_what_is_meant_so_is_not_seen(gate: Gate, text: str) -> None:
    assert not gate(planted(a=text, b=""))


@pytest.mark.parametrize(
    "user",
    [
        "from pratique.a import f\nf()",
        "from pratique import a\na.f()",
        "import pratique.a\npratique.a.f()",
        "table = {'f': 'pratique.a:f'}",
        "from pratique import a\nFORMATS = [a]\nFORMATS[0].f()",
    ],
)
def test_a_caller_elsewhere_is_seen(user: str) -> None:
    assert house.without_caller(planted(a="def f(): ...", b=user)) == []
    assert house.called_at_home(planted(a="def f(): ...\nf()", b=user)) == []
    passed_on = planted(a__b="def f(): ...", a="from pratique.a.b import f", c="")
    assert house.without_caller(passed_on) == ["pratique.a.b:f"]


def test_a_class_name_of_two_modules_is_seen() -> None:
    assert house.names_twice(planted(a="class C: ...", b="class C: ...", c="class D: ...")) == ["C"]


def test_a_module_that_the_glossary_does_not_know_is_seen() -> None:
    strange = planted(snapshot="", tag_lists="", countries="", frobnicator="")
    assert house.not_in_glossary(strange) == ["pratique.frobnicator"]


def test_a_rise_and_what_is_not_needed_are_told() -> None:
    seen = Measures({}, {"import edges": 7}, {"a list": ["a", "b"]})
    before = house.limits('[numbers]\n"import edges" = 6\n[journeys]\nj = {modules = 3, target = 1}\n'
                          '[lists]\n"a list" = ["b", "c"]\n')  # fmt: skip
    assert house.rises(before, seen, {"j": (4, 1)}) == [
        "import edges: 7, not 6", "j: 4 modules, not 3", "a list: a",
    ]  # fmt: skip
    written = house.limits(house.render(seen, {"j": (4, 1)}))
    assert house.rises(written, seen, {"j": (4, 1)}) == []
