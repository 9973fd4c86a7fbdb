"""The picture of who accepts whom: arrows between states, and a panel that says why not. SVG, written by hand."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from demo.cast import STATES, State

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


def _text(
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


def _word(x: float, y: float, look: Look, size: float) -> Iterator[str]:
    """Write the sign of a colour, and its word."""
    filled = look.ink if look.sign.endswith("Z") else "none"
    yield (f'<path transform="translate({x:.1f} {y - 11:.1f})" d="{look.sign}" fill="{filled}" '
           f'stroke="{look.ink}" stroke-width="{0 if filled != "none" else 2.6}"/>')  # fmt: skip
    yield _text(x + 18, y, look.word, size, look.ink, weight="bold")


def _panel(arrows: Sequence[Arrow], left: float) -> Iterator[str]:
    """Draw the panel, from `left` on."""
    y = 100.0
    yield _text(left, y, "Arrow: journey. Label: decision on arrival.", 16, weight="bold")
    for look in LOOKS.values():
        y += 28
        dashes = f' stroke-dasharray="{look.line}"' if look.line else ""
        yield (f'<path d="M{left} {y - 5}h54" stroke="{look.ink}" stroke-width="3.4" '
               f'stroke-linecap="round"{dashes}/>')  # fmt: skip
        yield from _word(left + 68, y, look, 15)
        yield _text(left + 152, y, look.says, 15)
    y += 44
    yield _text(left, y, "Who travels, with what", 16, weight="bold")
    for state in STATES:
        y += 23
        yield _text(left, y, state.name, 14, weight="bold")
        yield _text(left + 84, y, state.carries, 14)
    y += 42
    yield _text(left, y, "Why not", 16, weight="bold")
    for there in STATES:
        for why, homes in reasons(arrows, there).items():
            y += 25
            yield _text(left, y, f"To {there.name}, from {', '.join(homes)}", 14, weight="bold")
            for line in textwrap.wrap(why, 62):
                y += 17
                yield _text(left, y, line, 13)


def reasons(arrows: Sequence[Arrow], there: State) -> dict[str, list[str]]:
    """Return why a destination does not say green, and to travellers of which states."""
    found: dict[str, list[str]] = {}
    for arrow in arrows:
        if arrow.there is there and arrow.why:
            found.setdefault(arrow.why, []).append(arrow.home.name)
    return found


WIDTH, HEIGHT, PANEL = 1500, 1010, 1085
TOP = 62
"""The map's own origin lies so far below the picture's."""
CIRCLE, GATE = 56, Point(132, 106)
"""Radius of a state, and how far from its middle its gates stand: a gate is wide."""
PAPER, SEA, LAND, COAST = "#fbfaf6", "#dcebf2", "#f4efdf", "#c9bf9f"

_OPENING = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
    f"height=\"{HEIGHT}\" font-family=\"FiraGO, 'Noto Sans', 'DejaVu Sans', sans-serif\">"
)


def drawn(arrows: Sequence[Arrow], moment: str) -> str:
    """Draw the picture."""
    parts = [
        _OPENING,
        "<title>Who accepts whose certificates</title>",
        f"<desc>{escape(_in_words(arrows))}</desc>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        f'<rect x="24" y="{TOP + 20}" width="{PANEL - 48}" height="{HEIGHT - TOP - 44}" rx="18" fill="{SEA}"/>',
        _text(30, 46, "Who accepts whose certificates", 31, weight="bold"),
        _text(PANEL, 46, f"{moment}, all invented", 17, PALE),
    ]
    for state in STATES:
        parts += _land(state)
    # Refused ones first, so that an open way is never hidden beneath one.
    for colour in ("red", "amber", "green"):
        parts += [_way(arrow) for arrow in arrows if arrow.colour == colour]
    for state in STATES:
        parts += _circle(state)
    for state, note in {arrow.home: arrow.note for arrow in arrows if arrow.note}.items():
        middle, ink = _middle(state), LOOKS["amber"].ink
        parts.append(
            _text(middle.x, middle.y + CIRCLE + 24, note, 16, ink, weight="bold", anchor="middle")
        )
    parts += [part for arrow in arrows for part in _gate(arrow)]
    parts += [*_panel(arrows, PANEL), "</svg>"]
    return "\n".join(parts) + "\n"


def _in_words(arrows: Sequence[Arrow]) -> str:
    return "; ".join(f"{a.home.name} to {a.there.name}: {a.colour.upper()}" for a in arrows)


def _middle(state: State) -> Point:
    return Point(state.place[0], state.place[1] + TOP)


def _land(state: State) -> Iterator[str]:
    middle, turn = _middle(state), sum(map(ord, state.code))
    edge = []
    for step in range(72):
        angle = math.tau * step / 72
        radius = 138 + 11 * math.sin(3 * angle + turn) + 7 * math.sin(5 * angle + 2 * turn)
        radius += 3 * math.sin(11 * angle + turn)
        edge.append(
            f"{middle.x + 1.08 * radius * math.cos(angle):.1f},{middle.y + radius * math.sin(angle):.1f}"
        )
    for grow, opacity in ((22, 0.35), (10, 0.5)):
        yield (f'<polygon points="{" ".join(edge)}" fill="none" stroke="#ffffff" stroke-width="{grow}" '
               f'stroke-opacity="{opacity}" stroke-linejoin="round"/>')  # fmt: skip
    yield f'<polygon points="{" ".join(edge)}" fill="{LAND}" stroke="{COAST}" stroke-width="1.5"/>'


def _curve(arrow: Arrow) -> tuple[Point, Point, Point]:
    """Return where a way begins, what it bends to, and where it ends: at the gate."""
    home, there = _middle(arrow.home), _middle(arrow.there)
    dx, dy = there.x - home.x, there.y - home.y
    length = math.hypot(dx, dy)
    # To its right: the way back bends to the other side.
    bend = Point(
        (home.x + there.x) / 2 - dy * 44 / length, (home.y + there.y) / 2 + dx * 44 / length
    )
    return _towards(home, bend, CIRCLE + 4), bend, _towards(there, bend, CIRCLE + 9)


def _towards(begin: Point, end: Point, distance: float) -> Point:
    length = math.hypot(end.x - begin.x, end.y - begin.y)
    share = distance / length
    return Point(begin.x + (end.x - begin.x) * share, begin.y + (end.y - begin.y) * share)


def _way(arrow: Arrow) -> str:
    look, (begin, bend, end) = LOOKS[arrow.colour], _curve(arrow)
    dashes = f' stroke-dasharray="{look.line}"' if look.line else ""
    head = _head(bend, end, look.ink) if arrow.colour != "red" else _bar(bend, end, look.ink)
    return (
        f'<path d="M{begin.x:.1f} {begin.y:.1f}Q{bend.x:.1f} {bend.y:.1f} {end.x:.1f} {end.y:.1f}" '
        f'fill="none" stroke="{look.ink}" stroke-width="{2.6 if arrow.colour == "red" else 3.4}" '
        f'stroke-linecap="round"{dashes}/>{head}'
    )


def _head(bend: Point, end: Point, ink: str) -> str:
    angle = math.atan2(end.y - bend.y, end.x - bend.x)
    corners = [end]
    for side in (2.65, -2.65):
        corners.append(
            Point(end.x + 17 * math.cos(angle + side), end.y + 17 * math.sin(angle + side))
        )
    return f'<polygon points="{" ".join(f"{p.x:.1f},{p.y:.1f}" for p in corners)}" fill="{ink}"/>'


def _bar(bend: Point, end: Point, ink: str) -> str:
    angle = math.atan2(end.y - bend.y, end.x - bend.x) + math.pi / 2
    dx, dy = 11 * math.cos(angle), 11 * math.sin(angle)
    return (f'<path d="M{end.x - dx:.1f} {end.y - dy:.1f}L{end.x + dx:.1f} {end.y + dy:.1f}" '
            f'stroke="{ink}" stroke-width="5" stroke-linecap="round"/>')  # fmt: skip


def _gate(arrow: Arrow) -> Iterator[str]:
    look, (_, bend, _) = LOOKS[arrow.colour], _curve(arrow)
    middle, wide = _middle(arrow.there), 36 + 10 * len(look.word)
    angle = math.atan2(bend.y - middle.y, bend.x - middle.x)
    at = Point(middle.x + GATE.x * math.cos(angle), middle.y + GATE.y * math.sin(angle))
    yield (f'<rect x="{at.x - wide / 2:.1f}" y="{at.y - 12:.1f}" width="{wide}" height="24" rx="12" '
           f'fill="#ffffff" stroke="{look.ink}" stroke-width="1.6"/>')  # fmt: skip
    yield from _word(at.x - wide / 2 + 11, at.y + 5, look, 13.5)


def _circle(state: State) -> Iterator[str]:
    middle = _middle(state)
    yield (f'<circle cx="{middle.x}" cy="{middle.y}" r="{CIRCLE}" fill="#ffffff" '
           f'stroke="{INK}" stroke-width="2.5"/>')  # fmt: skip
    yield _text(middle.x, middle.y + 2, state.name, 20, weight="bold", anchor="middle")
    yield _text(middle.x, middle.y + 22, state.code, 14, PALE, anchor="middle")


def to_png(svg: Path) -> bytes:
    """Return the picture as PNG, set with the fonts that certificates are printed in."""
    from pratique.store import pictures  # noqa: PLC0415 - the extra `pdf`

    return pictures.png(svg.read_text(encoding="utf-8"), WIDTH * 3 // 2)
