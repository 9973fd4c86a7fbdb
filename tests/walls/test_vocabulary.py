"""One word for one thing, and no word for what is never built.

The words to use and to avoid are in CONTRIBUTING.md. What is not named cannot be built by
accident: a numeric rating of a person has no identifier here, nor a key in a document.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.walls.source import Module, Place, modules

AVOID = {
    "base", "bundle", "bundles", "helper", "helpers", "level", "levels", "manager", "managers",
    "pass", "passport", "passports", "rating", "ratings", "score", "scores", "service",
    "services", "status", "statuses", "token", "tokens", "user", "users", "util", "utils",
    "validate", "validated", "validates",
}  # fmt: skip
AVOID_WHOLE = {"is_valid", "isvalid"}
RATING = {
    "behavior", "behaviour", "credit", "credits", "points", "rank", "ranked", "ranking", "ranks",
    "rated", "rating", "ratings", "reputation", "score", "scored", "scores", "scoring",
}  # fmt: skip
ALLOWED: dict[str, str] = {}
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
    for node in ast.walk(module.tree):
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
    for node in ast.walk(module.tree):
        match node:
            case ast.Constant(value=str(text)) if _NAME.fullmatch(text) and words(text) & RATING:
                yield Place(module.name, node.lineno, text)


def test_no_identifier_uses_a_word_to_avoid() -> None:
    assert [p for m in modules() for p in avoided(m)] == []


def test_no_identifier_rates_a_person() -> None:
    assert [p for m in modules() for p in rated(m)] == []


@pytest.mark.parametrize(
    "snippet",
    [
        "class TrustManager: ...",
        "class KeyService: ...",
        "def is_valid(x): ...",
        "def verify(vaccine_passport): ...",
        "for user in x: ...",
        "x.status = 1",
        "import os as utils",
        "class BaseFormat: ...",
        "def validate(x): ...",
    ],
)
def test_a_planted_word_is_seen(snippet: str) -> None:
    assert list(avoided(Module("pratique.planted", snippet)))


@pytest.mark.parametrize(
    "snippet", ["def base45(): ...", "passed = 1", "class Base45: ...", "f(level=9)", "x.status"]
)
def test_a_word_of_the_field_is_not_seen(snippet: str) -> None:
    assert list(avoided(Module("pratique.innocent", snippet))) == []


@pytest.mark.parametrize(
    "snippet",
    ["risk_score = 1", "def rank(holders): ...", "row = {'credit': 1}", "class Behaviour: ..."],
)
def test_a_planted_rating_is_seen(snippet: str) -> None:
    assert list(rated(Module("pratique.planted", snippet)))
