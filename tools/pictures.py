"""Draw docs/pictures from real output: paper, map and screens.

    make demo -> demo/results/*.pdf, *.png -> pages as PNG, in few colours
    commands, at a terminal, in an empty home -> what they print, with its colours -> PNG
    pratique policy impact, of an invented state's form -> map, bars -> PNG
    pratique network page, of an invented network -> Chromium -> PNG

python -m tools.pictures [DEMO]   DEMO is the folder that `make demo` wrote [default: demo/results]

1. Nothing is drawn by hand: what is on a picture was printed, by the command that stands above it.
2. All people, states and keys are invented.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from contextlib import suppress
from io import BytesIO
from itertools import groupby
from pathlib import Path

import pypdfium2
import typst
from PIL import Image

from tests.shown_networks import laid_out, shown_network

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"

PAPERS = ("vaccination", "vaccination-card", "yellow-fever", "arabic")
MAP = "who-accepts-whom.png"
WIDE = {"paper": 900, "map": 1400, "impact": 1100, "page": 900}
"""Pixels from left to right."""

POLICY = """\
country = "XU"
valid_from = 2026-03-01
valid_to = 2027-03-01
[vaccination]
products = ["Comirnaty"]
days_after = 14
validity_days = 270
[test]
naat_hours = 72
"""
BEFORE = (
    "pratique rules build policy.toml --out rules.json",
    "pratique trust import utopia.pem",
    "pratique rules import rules.json",
)
SCREENS = {
    "verify": ("pratique verify traveller.png --at 2026-12-24",),
    "decide": (
        "pratique decide traveller.png --to XU --timezone Europe/Paris --at 2026-03-05T10:00:00+01:00",
        "pratique decide traveller.png --to XU --timezone Europe/Paris --at 2026-03-06T10:00:00+01:00",
    ),
    "border": (
        "pratique verify traveller.png --to XU --timezone Europe/Paris --at 2026-12-24T09:40:00+01:00",
    ),
}
NARROW = """\
country = "XU"
valid_from = 2022-02-01
valid_to = 2023-02-01
[vaccination]
products = ["Comirnaty", "Spikevax", "Vaxzevria", "Jcovden"]
days_after = 14
validity_days = 270
[test]
naat_hours = 72
"""
"""Of docs/how-to/policy.md, so far as it matters for a map and bars."""
IMPACT = (
    "pratique rules build impact.toml --out impact.json",
    "pratique policy impact impact.json --at 2022-03-01T12:00:00Z --map impact-map.png --bars impact-bars.png",
)
PAGE = "pratique network page --repository net --out page --at 2026-11-22T10:00:00Z"
TALL = 1800
"""Pixels of the page of a network that are shown."""
COLUMNS = 100
INKS = {"31": "#f07178", "32": "#a6da78", "33": "#f2c864", "36": "#6cc6d9"}
SCREEN = """\
#set page(width: 570pt, height: auto, margin: 14pt, fill: rgb("#1f2430"))
#set text(font: "DejaVu Sans Mono", size: 9pt, fill: rgb("#dfe3ea"), ligatures: false)
#show raw: set text(font: "DejaVu Sans Mono", size: 9pt)
#set par(leading: 5.5pt)
"""


def main(arguments: list[str]) -> int:
    """Draw all pictures anew."""
    demo = Path(arguments[0]) if arguments else ROOT / "demo/results"
    if not (demo / MAP).is_file():
        print(f"error: no {MAP} in {demo}\nhint: run make demo first, with all extras")
        return 1
    PICTURES.mkdir(exist_ok=True)
    _keep(Image.open(demo / MAP), "map", WIDE["map"], 200)
    for name in PAPERS:
        page = pypdfium2.PdfDocument(demo / f"{name}.pdf")[0]
        _keep(page.render(scale=3).to_pil(), name, WIDE["paper"], 8)
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder)
        for example in ("traveller.png", "utopia.pem"):
            shutil.copy(ROOT / "examples" / example, desk)
        (desk / "policy.toml").write_text(POLICY, encoding="utf-8")
        for command in BEFORE:
            _at_terminal(command, desk)
        (desk / "impact.toml").write_text(NARROW, encoding="utf-8")
        for command in IMPACT:
            _at_terminal(command, desk)
        for name in ("impact-map", "impact-bars"):
            _keep(Image.open(desk / f"{name}.png"), name, WIDE["impact"], 32)
        laid_out(shown_network(), desk / "net")
        _at_terminal(PAGE, desk)
        _keep(_in_browser(desk / "page/index.html"), "network-page", WIDE["page"], 32)
        for name, commands in SCREENS.items():
            shown = "\n\n".join(f"$ {one}\n{_at_terminal(one, desk)}" for one in commands)
            drawn = typst.compile(_markup(shown).encode(), format="png", ppi=144)
            assert isinstance(drawn, bytes)
            _keep(Image.open(BytesIO(drawn)), f"screen-{name}", None, 64)
    return 0


def _in_browser(page: Path) -> Image.Image:
    """Return the top of a page, as a browser without a screen shows it."""
    shown = page.with_suffix(".png")
    browser = shutil.which("chromium") or "chromium"
    words = ("--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size=1100,{TALL}")
    subprocess.run([browser, *words, f"--screenshot={shown}", page.as_uri()], check=True)
    return Image.open(shown)


def _keep(image: Image.Image, name: str, wide: int | None, colours: int) -> None:
    if wide is not None:
        image = image.convert("RGB").resize((wide, round(image.height * wide / image.width)))
    # With few colours, what is rare (a word in red) must keep its own; with many, large plains keep theirs.
    method = Image.Quantize.MAXCOVERAGE if colours <= 64 else Image.Quantize.MEDIANCUT
    few = image.convert("RGB").quantize(colours, method=method, dither=Image.Dither.NONE)
    few.save(PICTURES / f"{name}.png", optimize=True)


def _at_terminal(command: str, folder: Path) -> str:
    """Run a command at a terminal of its own, in an empty home; return what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    variables = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder),
                 "LANG": "C.UTF-8", "TERM": "xterm", "COLUMNS": str(COLUMNS)}  # fmt: skip
    with subprocess.Popen(
        ["/bin/sh", "-c", command], cwd=folder, env=variables, stdin=theirs, stdout=theirs, stderr=theirs,
    ):  # fmt: skip
        os.close(theirs)
        seen = b""
        # Linux ends a terminal that nobody writes to any more with an error.
        with suppress(OSError):
            while piece := os.read(ours, 65536):
                seen += piece
    os.close(ours)
    return seen.decode().replace("\r\n", "\n").rstrip("\n")


def _markup(text: str) -> str:
    """Write what a terminal shows as typst: at its right edge it breaks a line, wherever that is."""
    rows: list[str] = []
    style = ""
    for line in text.split("\n"):
        cells: list[tuple[str, str]] = []
        for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
            if piece.startswith("\x1b["):
                style = _style(style, piece[2:-1].split(";"))
            else:
                cells += [(char, style) for char in piece]
        for at in range(0, max(len(cells), 1), COLUMNS):
            runs = groupby(cells[at : at + COLUMNS], key=lambda cell: cell[1])
            rows.append("".join(_run(kind, "".join(char for char, _ in run)) for kind, run in runs))
    return SCREEN + " \\\n".join(row or '#raw(" ")' for row in rows)


def _style(before: str, codes: list[str]) -> str:
    for code in codes:
        if code in {"", "0"}:
            before = ""
        elif code == "1":
            before += 'weight: "bold", '
        elif code in INKS:
            before += f'fill: rgb("{INKS[code]}"), '
    return before


def _run(style: str, text: str) -> str:
    return f"#text({style})[#raw({json.dumps(text, ensure_ascii=False)})]"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
