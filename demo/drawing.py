"""What the picture is made of: looks, places, words. SVG, written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from demo.cast import State

INK, PALE = "#22303a", "#5b6b76"


class Point(NamedTuple):
    """A place on the picture."""

    x: float
    y: float


class Look(NamedTuple):
    """How a colour looks, and what it says; its sign is drawn, since few fonts have one."""

    ink: str
    line: str
    sign: str
    word: str
    says: str


LOOKS = {
    "green": Look("#17733a", "", "M1 6L5 10L12 1", "GREEN", "entry rules met"),
    "amber": Look("#a86200", "13 7", "M6 0L12 11H0Z", "AMBER", "check by hand"),
    "red": Look("#b3202c", "2 7", "M1 1L11 11M11 1L1 11", "RED", "not accepted"),
}


class Arrow(NamedTuple):
    """A traveller from home to there, what the border there says, and what it notes of home."""

    home: State
    there: State
    colour: str
    why: str
    note: str = ""


def text(
    x: float,
    y: float,
    words: str,
    size: float,
    ink: str = INK,
    *,
    weight: str = "",
    anchor: str = "",
) -> str:
    """Write a line of text."""
    more = f' font-weight="{weight}"' if weight else ""
    more += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{ink}"{more}>{escape(words)}</text>'


def word(x: float, y: float, look: Look, size: float) -> Iterator[str]:
    """Write the sign of a colour, and its word."""
    filled = look.ink if look.sign.endswith("Z") else "none"
    yield (f'<path transform="translate({x:.1f} {y - 11:.1f})" d="{look.sign}" fill="{filled}" '
           f'stroke="{look.ink}" stroke-width="{0 if filled != "none" else 2.6}"/>')  # fmt: skip
    yield text(x + 18, y, look.word, size, look.ink, weight="bold")
