"""No test depends on time: work is counted (tests/steps.py), conditions are waited for, guards are long.

On a machine ten times slower, or with other work beside it, every test comes out the same. A page goes on by itself:
what is on it is waited for (`expect` of tests/browser/conftest.py), and never read off it at once to be judged.
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
    "wait_for_timeout",
}
TIMED = {"timeout", "deadline"}
PATIENT = {"create_connection": 1, "join": 0, "settimeout": 0}
"""What gives up after some seconds -> which of its arguments says after how many."""
SHORT = LONGEST / 2

ALLOWED = {
    "unit/edges/test_register.py": "sqlite's own patience with a lock, in a child that must be refused",
    "journeys/test_gateway_attacks.py": "a while for an answer that nobody may have: what arrives later is judged too",
    "browser/test_harms.py": "a while in which something could leak: a slow machine finds no less of it",
}

READINGS = {
    "all_inner_texts", "all_text_contents", "count", "get_attribute", "inner_html", "inner_text", "input_value", "is_checked",
    "is_disabled", "is_editable", "is_enabled", "is_hidden", "is_visible", "text_content",
}  # fmt: skip
"""What Playwright reads off a page as it is at this instant."""


def clocked(text: str) -> Iterator[tuple[int, str]]:
    """List where a test reads a clock to judge by it, sleeps, or gives up after a short time."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute(attr=str(name)) | ast.Name(id=str(name)) if name in CLOCKS:
                yield node.lineno, name
            case ast.keyword(arg=str(name), value=ast.Constant(value=int() | float() as seconds)):
                if name in TIMED and not isinstance(seconds, bool) and seconds < SHORT:
                    yield node.value.lineno, f"{name}={seconds}"
            case ast.Call(func=ast.Attribute(attr=str(name)), args=args) if name in PATIENT:
                for given in args[PATIENT[name] :][:1]:
                    match given:
                        case ast.Constant(value=int() | float() as seconds) if seconds < SHORT:
                            yield node.lineno, f"{name} {seconds}"


def judged_at_once(text: str) -> Iterator[tuple[int, str]]:
    """List where a test asserts what it has just read off a page, by whatever name it calls it."""
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef | ast.Module):
            continue
        own = [*nodes(function)]
        read = {
            target.id: what
            for node in own
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value
            for what in readings(node.value)
            for place in (node.targets if isinstance(node, ast.Assign) else [node.target])
            for target in ast.walk(place)
            if isinstance(target, ast.Name)
        }
        for node in own:
            if isinstance(node, ast.Assert):
                names = [one.id for one in ast.walk(node.test) if isinstance(one, ast.Name)]
                found = [*readings(node.test), *(read[name] for name in names if name in read)]
                yield from ((node.lineno, what) for what in found)


def nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Walk through a function, or a module, but through no function in it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, ast.FunctionDef):
            yield node
            yield from nodes(node)


def readings(expression: ast.AST) -> Iterator[str]:
    """List what an expression reads off a page; a list's or a text's own `count` is given what it counts."""
    for node in ast.walk(expression):
        match node:
            case ast.Call(func=ast.Attribute(attr="count"), args=[_, *_]):
                pass
            case ast.Call(func=ast.Attribute(attr=str(name))) if name in READINGS:
                yield name


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
        "page.wait_for_timeout(500)\n"
        "socket.create_connection(address, 5)\nsocket.create_connection(address, LONGEST)\n"
        "thread.join(60)\n', '.join(words)\nthread.join()\n"
        "connection.settimeout(5)\nconnection.settimeout(None)\n"
    )
    assert [what for _, what in sorted(clocked(planted))] == [
        "monotonic", "perf_counter", "timeout=60", "deadline=200", "wait_for_timeout",
        "create_connection 5", "join 60", "settimeout 5",
    ]  # fmt: skip


def test_no_test_judges_a_page_that_is_on_its_way() -> None:
    found = [
        (path.name, line, what)
        for path in sorted((ROOT / "tests/browser").glob("*.py"))
        for line, what in judged_at_once(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_planted_haste_is_seen() -> None:
    planted = (
        "def test(page):\n"
        "    assert page.locator('dialog').count() == 0\n"
        "    assert not page.is_visible('dialog')\n"
        "    words = str(page.locator('p').inner_text()).split()\n"
        "    assert 'done' in words\n"
        "    first, (second, *_) = 1, page.locator('p').all_inner_texts()\n"
        "    def within():\n"
        "        assert (state := page.get_attribute('body', 'data-state')) and state\n"
        "    if page.locator('p').is_visible():\n"
        "        assert second\n"
        "def other(page, words):\n"
        "    assert 'done' in words\n"
        "    assert [1, 1].count(1) == 2\n"
        "    assert until(lambda: desk.ended)\n"
        "    expect(page.locator('dialog')).to_have_count(0)\n"
        "    expect(page.locator('p')).to_have_text(page.locator('h1').inner_text())\n"
    )
    assert sorted(judged_at_once(planted)) == [
        (2, "count"), (3, "is_visible"), (5, "inner_text"), (8, "get_attribute"), (8, "get_attribute"),
        (8, "get_attribute"), (10, "all_inner_texts"),
    ]  # fmt: skip
