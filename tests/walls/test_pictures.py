"""Pictures of the handbook are shown, said in words, and small."""

from __future__ import annotations

import re

from tests.walls.source import ROOT

PICTURES = ROOT / "docs/pictures"
PAGES = ("pictures", "pages")
MOST = 1_800_000
"""Bytes of all: a clone carries them for ever."""


def test_pictures_are_small() -> None:
    sizes = [path.stat().st_size for path in PICTURES.rglob("*.*")]
    assert sizes
    assert sum(sizes) < MOST


def test_every_picture_is_shown_and_said_in_words() -> None:
    text = "".join((ROOT / f"docs/{page}.md").read_text(encoding="utf-8") for page in PAGES)
    shown = dict(re.findall(r"!\[([^\]]+)\]\(pictures/([^)]+)\)", text))
    names = [path.relative_to(PICTURES).as_posix() for path in PICTURES.rglob("*.*")]
    assert sorted(shown.values()) == sorted(names)
    assert all(len(words.split()) > 3 for words in shown)
