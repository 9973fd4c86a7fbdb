"""No word that says nothing, and no word for what is never built.

The words to use are the glossary's, the standards' own among them: tools/glossary.toml. What is not named cannot be built by
accident: a numeric rating of a person has no identifier here, nor a key in a document.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.walls.source import Module, Place, modules
from tools import glossary

AVOID = {"helper", "helpers", "manager", "managers", "util", "utils"}
AVOID_WHOLE = {"is_valid", "isvalid"}
RATING = {
    "behavior", "behaviour", "credit", "credits", "points", "rank", "ranked", "ranking", "ranks",
    "rated", "rating", "ratings", "reputation", "score", "scored", "scores", "scoring",
}  # fmt: skip
ALLOWED: dict[str, str] = {"points": "an attribute of a polygon (SVG 2)"}
"""Identifier -> why the field itself says it so."""

_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def words(identifier: str) -> set[str]:
    """Split an identifier into its words: `is_HTTPServer2` -> is, http, server2."""
    return {w.lower() for w in _WORD.findall(identifier)}


def coined(module: Module) -> Iterator[tuple[int, str]]:
    """List the identifiers that a module itself coins; names it takes from others are theirs."""
    for part in module.name.split("."):
        yield 0, part
    for node in module.nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def avoided(module: Module) -> Iterator[Place]:
    """Find identifiers with a word that the house avoids."""
    for line, name in coined(module):
        bad = words(name) & AVOID or ({name} if name.lower() in AVOID_WHOLE else set())
        if bad and name not in ALLOWED:
            yield Place(module.name, line, name)


def rated(module: Module) -> Iterator[Place]:
    """Find names, and keys of documents, that would rate a person."""
    for line, name in coined(module):
        if words(name) & RATING:
            yield Place(module.name, line, name)
    for node in module.nodes:
        match node:
            case ast.Constant(value=str(text)) if (
                _NAME.fullmatch(text) and words(text) & RATING and text not in ALLOWED
            ):
                yield Place(module.name, node.lineno, text)


@pytest.fixture(scope="module")
def source() -> list[Module]:
    return modules()


def test_no_identifier_uses_a_word_to_avoid(source: list[Module]) -> None:
    assert [p for m in source for p in avoided(m)] == []


def test_no_identifier_rates_a_person(source: list[Module]) -> None:
    assert [p for m in source for p in rated(m)] == []


@pytest.mark.parametrize(
    "snippet",
    [
        "class TrustManager: ...",
        "def is_valid(x): ...",
        "for helper in x: ...",
        "x.manager = 1",
        "import os as utils",
    ],
)
def test_a_planted_word_is_seen(snippet: str) -> None:
    assert list(avoided(Module("pratique.planted", snippet)))


@pytest.mark.parametrize(
    "snippet",
    ["def base45(): ...", "status_list = 1", "class TokenService: ...", "f(helper=9)", "x.manager"],
)
def test_a_word_of_the_field_is_not_seen(snippet: str) -> None:
    assert list(avoided(Module("pratique.innocent", snippet))) == []


@pytest.mark.parametrize(
    "snippet",
    ["risk_score = 1", "def rank(holders): ...", "row = {'credit': 1}", "class Behaviour: ..."],
)
def test_a_planted_rating_is_seen(snippet: str) -> None:
    assert list(rated(Module("pratique.planted", snippet)))


def test_the_glossary_is_one_table() -> None:
    assert glossary.main(["--check"]) == 0, "run: python -m tools.glossary"
    terms = [row.term.casefold() for row in glossary.terms()]
    assert len(set(terms)) == len(terms)
    assert glossary.words() & (AVOID | RATING) == set()
    assert all(row.meaning.endswith(".") for row in glossary.terms())


def test_a_glossary_page_that_was_edited_by_hand_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glossary, "PAGE", tmp_path / "glossary.md")
    glossary.main([])
    assert glossary.main(["--check"]) == 0
    glossary.PAGE.write_text(glossary.PAGE.read_text() + "by hand")
    assert glossary.main(["--check"]) == 1
