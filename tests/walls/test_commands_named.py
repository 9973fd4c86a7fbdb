"""Every command and option that a message, a help text or a page names is one that there is.

A hint that cannot be followed costs a clerk the trust in all the others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from pratique.cli.main import pratique
from tests.walls.source import ROOT, SRC

STRANGE = re.compile(
    r"\b(?:softhsm2-util|pkcs11-tool|curl|systemctl|chromium|p11tool|xmlsec1|tools[/.]\S+|benchmarks/\S+)\b[^;,)`]*|\b(?:pipx|uv tool|git) [^;,)`\n]*"
)
"""Commands of others, with their options."""

COLOUR = re.compile(r"(?<=[{;])--[a-z]+(?=:#)|(?<=var\()--[a-z]+(?=\))")
"""A colour's name in a style sheet (CSS custom properties): it looks like an option, and is none."""

NAMED = re.compile(r"(?<![\w/.-])pratique((?:(?: +| *\\\n *)[^\s;:,`|()·]+)+)")
"""A command, up to the end of its clause: a line goes on behind a backslash only."""

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
BENCHES = {
    "--svg", "--peers", "--cold", "--participants", "--rounds", "--sample", "--seed", "--entrypoint",
    "--config", "--adapter", "--uploads", "--spark", "--memory", "--stages",
}  # fmt: skip
"""Options of the programs that measure, which some pages tell about, and of Caddy."""

CLONE = re.compile(r"(?<!/)(?:docs|tools|tests|examples)/\S*[\w]|README\S*|CONTRIBUTING\S*")

WORD = re.compile(r"[a-z][a-z0-9-]*")
GAP = "X"
"""Stands for what is filled in when the program runs."""


def _walk(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                within = command.get_command(context, name)
                assert within is not None, (*path, name)
                yield from _walk(within, (*path, name))


@cache
def _commands() -> dict[tuple[str, ...], frozenset[str]]:
    """Tell the options of each command; hidden ones, too, can be followed."""
    found = {}
    for path, command in _walk(pratique):
        with click.Context(command) as context:
            params = command.get_params(context)
        spelled = [one for param in params for one in (*param.opts, *param.secondary_opts)]
        found[path] = frozenset(spelled)
    return found


@cache
def _near(room: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(
        *(own for path, own in _commands().items() if path[: len(room)] == room)
    )


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Find the texts of a module, with a gap where a value is filled in; no earlier names of options."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "was":
            # Earlier names, which are still read, and stand nowhere else.
            inside.update(id(part) for part in ast.walk(node))
        if isinstance(node, ast.JoinedStr):
            inside.update(id(part) for part in ast.walk(node) if part is not node)
            yield (
                node.lineno,
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else GAP
                    for part in node.values
                ),
            )
        elif id(node) not in inside and isinstance(node, ast.Constant):
            yield node.lineno, node.value if isinstance(node.value, str) else ""


def _wrong(text: str, room: tuple[str, ...] = ()) -> list[str]:
    """Tell what a text names that there is not; options alone are those of a room's commands."""
    text, found, commands = COLOUR.sub("", STRANGE.sub("", text)), [], _commands()
    near = set(_near(room))
    for match in NAMED.finditer(text):
        path: tuple[str, ...] = ()
        words = [word for word in match[1].split() if word != "\\"]
        while words and (*path, words[0]) in commands:
            path = (*path, words.pop(0))
        holds = any(other[:-1] == path for other in commands if other)
        if words and holds and WORD.fullmatch(words[0]):
            found.append(" ".join(["pratique", *path, words[0]]))
        near |= commands[path]
        asked = {option for word in words for option in OPTION.findall(word)}
        found += [" ".join(["pratique", *path, one]) for one in sorted(asked - commands[path])]
    return found + [one for one in OPTION.findall(text) if one not in near | BENCHES]


def _room(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(SRC / "pratique").parts
    group = parts[1:2] if parts[0] == "cli" and len(parts) > 2 else ()
    # The demonstration shows what others do.
    return group if group in _commands() and group != ("demo",) else ()


def test_a_message_names_what_there_is() -> None:
    wrong = []
    for path in sorted((SRC / "pratique").rglob("*.py")):
        for at, text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            wrong += [(path.name, at, one) for one in _wrong(text, _room(path))]
    assert not wrong


def test_a_page_names_what_there_is() -> None:
    pages = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
    wrong = [(page.name, one) for page in pages for one in _wrong(page.read_text(encoding="utf-8"))]
    assert not wrong


def _of_a_clone(tree: ast.AST) -> Iterator[str]:
    """Find texts, other than docstrings, that name what only a clone of the repository has."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, kinds)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value not in docs
        ):
            yield from CLONE.findall(node.value)


def test_a_message_names_no_page_that_an_installed_user_lacks() -> None:
    named = [
        (path.name, one)
        for path in sorted((SRC / "pratique").rglob("*.py"))
        for one in _of_a_clone(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not named
    assert list(_of_a_clone(ast.parse("f'see docs/reference/cli.md, {a}'"))) == [
        "docs/reference/cli.md"
    ]


def test_what_there_is_not_is_found() -> None:
    assert not _wrong("see them: pratique issuer keys list; or name its folder with --issuer")
    assert _wrong("pratique issuer keys lists") == ["pratique issuer keys lists"]
    assert _wrong("pratique issuer print --dry-run") == ["pratique issuer print --dry-run"]
    assert _wrong("name a folder with --fontz") == ["--fontz"]
    assert _wrong("name its folder with --witness", ("issuer",)) == ["--witness"]
    assert not _wrong(":root{--inky:#fff;--line:#000} p{color:var(--inky)}")
    assert _wrong("name its folder with --inky:a") == ["--inky"]
