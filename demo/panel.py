"""The picture's panel: what a line means, who travels with what, and why not."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from demo.cast import STATES, State
from demo.drawing import LOOKS, Arrow, text, word


def panel(arrows: Sequence[Arrow], left: float) -> Iterator[str]:
    """Draw the panel, from `left` on."""
    y = 100.0
    yield text(left, y, "An arrow is a traveller; the word stands at the gate", 16, weight="bold")
    for look in LOOKS.values():
        y += 28
        dashes = f' stroke-dasharray="{look.line}"' if look.line else ""
        yield (f'<path d="M{left} {y - 5}h54" stroke="{look.ink}" stroke-width="3.4" '
               f'stroke-linecap="round"{dashes}/>')  # fmt: skip
        yield from word(left + 68, y, look, 15)
        yield text(left + 152, y, look.says, 15)
    y += 44
    yield text(left, y, "Who travels, with what", 16, weight="bold")
    for state in STATES:
        y += 23
        yield text(left, y, state.name, 14, weight="bold")
        yield text(left + 84, y, state.carries, 14)
    y += 42
    yield text(left, y, "Why not", 16, weight="bold")
    for there in STATES:
        for why, homes in reasons(arrows, there).items():
            y += 25
            yield text(left, y, f"To {there.name}, from {', '.join(homes)}", 14, weight="bold")
            for line in textwrap.wrap(why, 62):
                y += 17
                yield text(left, y, line, 13)


def reasons(arrows: Sequence[Arrow], there: State) -> dict[str, list[str]]:
    """Return why a destination does not say green, and to travellers of which states."""
    found: dict[str, list[str]] = {}
    for arrow in arrows:
        if arrow.there is there and arrow.why:
            found.setdefault(arrow.why, []).append(arrow.home.name)
    return found
