"""Every module that the house's page names is one that there is, and every room is named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.walls.source import ROOT, SRC

PAGE = ROOT / "docs/explanation/house.md"
HOUSE = SRC / "pratique"
QUESTIONS = 12
"""At least so many questions of a newcomer's are answered by a module."""


def _text() -> str:
    return PAGE.read_text(encoding="utf-8")


def lacking(text: str) -> Iterator[str]:
    """Name the modules and rooms that a page names and that there are not."""
    for paragraph in text.split("\n\n"):
        named = re.findall(r"`([\w/]+/)`", paragraph)
        yield from (room for room in named if not (HOUSE / room).is_dir())
        for module in re.findall(r"`([\w/]+\.py)`", paragraph):
            # In a room's own paragraph its modules go by their bare names.
            if not any((HOUSE / room / module).is_file() for room in ("", *named)):
                yield module


def test_what_the_page_names_is_there() -> None:
    assert not list(lacking(_text()))


def test_a_module_that_is_not_there_is_seen() -> None:
    assert (
        list(lacking("`verification.py` and `trust/signer.py`\n\n**`trust/`**: `signer.py`")) == []
    )
    assert list(lacking("`verfication.py`\n\n`signer.py`\n\n`nowhere/`")) == [
        "verfication.py", "signer.py", "nowhere/",
    ]  # fmt: skip


def test_every_room_is_named() -> None:
    rooms = {path.parent.name for path in HOUSE.glob("*/__init__.py")}
    assert rooms <= set(re.findall(r"`(\w+)/`", _text()))


def test_a_newcomers_questions_are_answered() -> None:
    rows = [line for line in _text().splitlines() if line.startswith("|") and "?" in line]
    assert len(rows) >= QUESTIONS
    assert all(re.search(r"`[\w/]+\.py`", row) for row in rows)
