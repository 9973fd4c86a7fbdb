"""A year of a network of 50 states, with the renewal engine and without: who meets a dead signer, and when.

    python -m benchmarks.endure [--states 50] [--travellers 4] [--seed 20261122] [--svg FILE]

    founded over two years -> kept by a practice -> a year of travellers -> table, and a plot

1. The model is `tests.enduring`: real X.509, signers' records, shards, plans of renewal and checks on a
   simulated clock. Two keys serve all states, since no signature is looked at; that the real verifier says the
   same of real texts is a test (tests/journeys/test_endure.py).
2. The same seed is the same network: states, founding days and journeys of all practices are the same.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from pratique.findings import Code
from tests.enduring import HANDS, VALID, YEAR, Lived, Practice, lived, weeks

WIDTH, LEFT, RIGHT = 760, 64, 40
PANELS = ((40, 170), (275, 170))
"""Top and height of each panel."""
ON, OFF = "#1b6e53", "#b3402a"
PRACTICES = {
    "renewed by the engine": Practice(renews=True),
    "renewed, and signed as back ends sign today": Practice(renews=True, limited=False),
    "not renewed, as back ends sign today": Practice(renews=False, limited=False),
    "not renewed, our issuers' limits kept": Practice(renews=False),
    "renewed, and hands take up to 21 days": Practice(renews=True, hands=21),
}


def main() -> None:
    """Run, print the figures, and draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--states", type=int, default=50)
    parser.add_argument("--travellers", type=int, default=4, help="certificates a day and state")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--svg", type=Path)
    asked = parser.parse_args()
    found = {
        name: lived(practice, states=asked.states, travellers=asked.travellers, seed=asked.seed)
        for name, practice in PRACTICES.items()
    }
    print(f"{asked.states} states, {asked.travellers} certificates a day and state, valid {VALID} days;"
          f" hands take up to {HANDS} days where it is not said otherwise; seed {asked.seed}")  # fmt: skip
    print(
        "| practice | travellers | met a dead signer | first, day | met a living one that their certificate outlives | met an unknown signer | got none issued | states live, first to last day |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, one in found.items():
        print(_row(name, one))
    # Of the two that are drawn nothing but the renewal differs.
    on, off = (found[name] for name in list(PRACTICES)[1:3])
    print("by month, without renewal:", *_months(off))
    if asked.svg is not None:
        asked.svg.write_text(_svg(on, off, asked.states), encoding="utf-8")
        print(asked.svg)


def _row(name: str, one: Lived) -> str:
    dead = [met.day for met in one.met if met.is_dead]
    outlived = sum(Code.EXPIRES_AFTER_SIGNER in met.codes and not met.is_dead for met in one.met)
    unknown = sum(Code.SIGNER_UNKNOWN in met.codes for met in one.met)
    first = min(dead, default=None)
    return (
        f"| {name} | {len(one.met)} | {len(dead)} | {'-' if first is None else first} | {outlived} | {unknown} "
        f"| {sum(one.unissued)} | {one.live[0]} to {one.live[-1]} |"
    )


def _months(one: Lived) -> list[int]:
    months = Counter(met.day * 12 // YEAR for met in one.met if met.is_dead)
    return [months[month] for month in range(12)]


def _svg(on: Lived, off: Lived, states: int) -> str:
    worst = max(1, *weeks(off))
    # Room above the highest bar for the words.
    top = -(-worst * 5 // 400) * 100
    dead, total = sum(weeks(off)), len(off.met)
    told = (
        f"With renewal all {states} states have a live signer on every day, and no traveller meets a dead one. "
        f"Without, {off.live[-1]} states are left after a year, and {dead} of {total} travellers meet a dead signer."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 480" role="img" aria-labelledby="t d" font-family="sans-serif" font-size="12" fill="#222">',
        f'<title id="t">A year of {states} states, with renewal and without</title>',
        f'<desc id="d">{told}</desc>',
        f'<rect width="{WIDTH}" height="480" fill="#fff"/>',
        *_axes(0, states, "states with a live signer", 5),
        *_axes(1, top, "travellers a week who meet a dead signer", 4),
        _line(0, on.live, states, ON),
        _line(0, off.live, states, OFF, dash="6 3"),
        *_bars(list(weeks(off)), top),
        _line(1, [0] * YEAR, top, ON),
        *_label(0, 200, on.live[200], states, colour=ON, told="renewed: all, every day"),
        *_label(0, 200, off.live[170], states, colour=OFF, told="not renewed"),
        *_label(1, 6, top * 0.9, top, colour=ON, told="renewed: none, the line at zero"),
        *_label(1, 200, top * 0.9, top, colour=OFF, told=f"not renewed: {dead} of {total}"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(day: float) -> float:
    return round(LEFT + day / YEAR * (WIDTH - LEFT - RIGHT), 1)


def _y(panel: int, value: float, top: float) -> float:
    start, height = PANELS[panel]
    return round(start + height * (1 - value / top), 1)


def _axes(panel: int, top: int, told: str, steps: int) -> list[str]:
    start, height = PANELS[panel]
    found = [f'<text x="{LEFT}" y="{start - 14}" font-weight="bold">{told}</text>']
    for step in range(steps + 1):
        value = top * step // steps
        y = _y(panel, value, top)
        found.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        found.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value}</text>')
    for month in range(13):
        x = _x(month * YEAR / 12)
        found.append(f'<path d="M{x} {start + height}v5" stroke="#888"/>')
        if month % 3 == 0:
            found.append(
                f'<text x="{x}" y="{start + height + 18}" text-anchor="middle">month {month}</text>'
            )
    return found


def _line(panel: int, values: list[int], top: int, colour: str, dash: str = "none") -> str:
    points = " ".join(f"{_x(day)},{_y(panel, value, top)}" for day, value in enumerate(values))
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5" '
        f'stroke-dasharray="{dash}"/>'
    )


def _bars(values: list[int], top: int) -> list[str]:
    return [
        f'<rect x="{_x(7 * week) + 1}" y="{_y(1, value, top)}" width="{round(_x(7) - LEFT - 2, 1)}" '
        f'height="{round(_y(1, 0, top) - _y(1, value, top), 1)}" fill="{OFF}" fill-opacity="0.75"/>'
        for week, value in enumerate(values)
        if value and week < YEAR // 7
    ]


def _label(panel: int, day: int, value: float, top: int, *, colour: str, told: str) -> list[str]:
    # Below a line that lies at the very top, else above it.
    x, y = _x(day), _y(panel, value, top) + (16 if value == top else -8)
    return [f'<text x="{x}" y="{y}" fill="{colour}" font-weight="bold">{told}</text>']


if __name__ == "__main__":
    main()
