"""How long a recall takes to every border, and a plot of it.

    python -m benchmarks.border [--verifiers N] [--seed N] [--write]

    tests.borders: network, mirrors, verifiers, a simulated clock -> minutes -> table, SVG

1. Every verifier syncs for itself. The minutes are the simulated clock's, so that they are the same on
   every machine; only the CPU seconds are this one's.
2. The recall counts from its publication. What a ministry needs before that, nobody can measure here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from tests.borders import Plan, Reached, run

ROOT = Path(__file__).resolve().parent.parent
PLOT = ROOT / "docs/reference/revocation-to-border.svg"
GOAL = 20.0
"""Minutes."""
COPYING = timedelta(minutes=4)
DIRECT, MIRRORS = "from the authority", "from mirrors up to 4 minutes behind"
ACCEPTED, REFUSED = frozenset({"green"}), frozenset({"red REVOKED"})


def main() -> int:
    """Simulate both ways, print the minutes, draw them; 1 if a verifier was late or wrong."""
    parser = argparse.ArgumentParser(prog="benchmarks.border", description=__doc__.split("\n")[0])
    parser.add_argument("--verifiers", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"write {PLOT.relative_to(ROOT)}")
    asked = parser.parse_args()
    print(
        f"{'minutes':36} {'min':>6} {'median':>7} {'p95':>6} {'max':>6} {'wrong':>6} {'CPU s':>6}"
    )
    minutes, late = {}, 0
    for name, copying in ((DIRECT, timedelta()), (MIRRORS, COPYING)):
        start = time.process_time()
        found = run(Plan(asked.verifiers, copying, asked.seed))
        took = time.process_time() - start
        minutes[name] = sorted(one.minutes for one in found)
        failed = wrong(found)
        late += failed + (minutes[name][-1] > GOAL)
        print(f"{name:36} {row(minutes[name])} {failed:6} {took:6.1f}")
    if asked.write:
        PLOT.write_text(plot(minutes), encoding="utf-8")
    return 1 if late else 0


def row(minutes: Sequence[float]) -> str:
    """Return the least, the median, the 95th percentile and the most of sorted minutes."""
    p95 = statistics.quantiles(minutes, n=20)[-1]
    return f"{minutes[0]:6.2f} {statistics.median(minutes):7.2f} {p95:6.2f} {minutes[-1]:6.2f}"


def wrong(found: Sequence[Reached]) -> int:
    """Count the verifiers that did not accept before, refuse after, and accept another lot still."""
    return sum((one.before, one.after, one.other) != (ACCEPTED, REFUSED, ACCEPTED) for one in found)


LEFT, TOP, WIDTH, HEIGHT = 64, 56, 560, 260
FONT = 'font-family="sans-serif" font-size="13" fill="#222"'
COLOURS = {DIRECT: "#1b5e9b", MIRRORS: "#b5491b"}


def plot(minutes: Mapping[str, Sequence[float]]) -> str:
    """Draw the share of verifiers that refuse, by minutes since the recall."""
    count = len(next(iter(minutes.values())))
    box = f"0 0 {LEFT + WIDTH + 24} {TOP + HEIGHT + 56}"
    title = f"A recalled lot is refused: {count:,} verifiers that ask every 15 minutes"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {FONT}>',
        f"<title>{title}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{title}</text>',
        *_grid(),
        *_goal(),
        *_legend(),
    ]
    lines += [_curve(name, found) for name, found in minutes.items()]
    return "\n".join([*lines, "</svg>", ""])


def _x(minute: float) -> float:
    return round(LEFT + WIDTH * minute / 22, 1)


def _y(share: float) -> float:
    return round(TOP + HEIGHT * (1 - share), 1)


def _grid() -> list[str]:
    lines = []
    for percent in range(0, 101, 25):
        y = _y(percent / 100)
        lines.append(f'<path d="M{LEFT} {y}h{WIDTH}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{percent} %</text>')
    for minute in range(0, 21, 5):
        lines.append(f'<path d="M{_x(minute)} {_y(0)}v5" stroke="#222"/>')
        lines.append(
            f'<text x="{_x(minute)}" y="{_y(0) + 20}" text-anchor="middle">{minute}</text>'
        )
    lines.append(
        f'<text x="{LEFT + WIDTH / 2}" y="{_y(0) + 42}" text-anchor="middle">'
        "minutes since the recall was published</text>"
    )
    lines.append(
        f'<text transform="translate(16 {TOP + HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        "verifiers that refuse the lot</text>"
    )
    return lines


def _goal() -> list[str]:
    x = _x(GOAL)
    return [
        f'<path d="M{x} {TOP}v{HEIGHT}" stroke="#222" stroke-dasharray="4 4"/>',
        f'<text x="{x}" y="{TOP - 8}" text-anchor="middle">goal: all within {GOAL:.0f}</text>',
    ]


def _legend() -> list[str]:
    lines = []
    for number, (name, colour) in enumerate(COLOURS.items()):
        y = _y(0.14) + 20 * number
        lines.append(f'<path d="M{_x(9.5)} {y - 4}h24" stroke="{colour}" stroke-width="2.5"/>')
        lines.append(f'<text x="{_x(9.5) + 32}" y="{y}">{name}</text>')
    return lines


def _curve(name: str, minutes: Sequence[float]) -> str:
    points = [f"M{_x(0)} {_y(0)}"]
    for percent in range(1, 101):
        at = minutes[-(-len(minutes) * percent // 100) - 1]
        points.append(f"H{_x(at)}V{_y(percent / 100)}")
    points.append(f"H{_x(22)}")
    return f'<path d="{"".join(points)}" fill="none" stroke="{COLOURS[name]}" stroke-width="2.5"/>'


if __name__ == "__main__":
    raise SystemExit(main())
