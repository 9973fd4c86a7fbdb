"""Pictures of the handbook are shown, said in words, and small."""

from __future__ import annotations

import re

from tests.walls.source import ROOT

PICTURES = ROOT / "docs/pictures"
MOST = 1_500_000
"""Bytes of all: a clone carries them for ever."""


def test_pictures_are_small() -> None:
    sizes = [path.stat().st_size for path in PICTURES.iterdir()]
    assert sizes
    assert sum(sizes) < MOST


def test_every_picture_is_shown_and_said_in_words() -> None:
    page = (ROOT / "docs/pictures.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"!\[([^\]]+)\]\(pictures/([^)]+)\)", page))
    assert sorted(shown.values()) == sorted(path.name for path in PICTURES.iterdir())
    assert all(len(words.split()) > 3 for words in shown)
