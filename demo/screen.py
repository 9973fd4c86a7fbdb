"""The demo on a terminal (extra `issuer`): panels, a table, and a line below that moves.

1. It tells what `telling.Plain` tells. Colour repeats what a word says, and NO_COLOR takes it away.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from demo.telling import WIDTH, Done

_STYLES = (
    (r"(✔ )?\bGREEN\b|\baccepted\b|\bpassed\b", "bold green"),
    (r"(▲ )?\bAMBER\b", "bold yellow"),
    (r"(✖ )?\bRED\b|\brefused\b", "bold red"),
    (r"\b(network|proposal|key|board)-[a-z-]+\b|\b[A-Z]{2,}_[A-Z_]+\b|\bREVOKED\b", "magenta"),
    (r"\b[\d,]+ bytes\b", "cyan"),
)
"""What a word says, its colour says again."""


class Screen:
    """A terminal."""

    def __init__(self, acts: int) -> None:
        # The file is named: while a command runs, what is written to sys.stdout is not for here.
        self._console = Console(file=sys.stdout, highlight=False)
        self._width = min(self._console.width, WIDTH + 4)
        self._acts = acts
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24),
            TextColumn("act {task.completed:.0f} of {task.total:.0f}"), TimeElapsedColumn(),
            console=self._console, transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=acts)

    def opening(self, title: str, lines: Sequence[str]) -> None:
        """Begin."""
        self._console.print(
            Panel(" ".join(lines), title=f"[bold]{title}[/]", width=self._width, padding=(1, 2))
        )
        self._progress.start()

    def act(self, number: int, title: str, lines: Sequence[str]) -> None:
        """Begin an act."""
        self._progress.update(self._task, completed=number)
        said = Group(Text(title, "bold"), Text(" ".join(lines), "dim"))
        self._console.print()
        self._console.print(
            Panel(said, title=f"{number} of {self._acts}", title_align="left", width=self._width)
        )

    def doing(self, title: str) -> None:
        """Say what is being done now."""
        self._progress.update(self._task, description=title)

    def done(self, step: Done) -> None:
        """Say what was done."""
        took = f"{step.seconds:.2f} s"
        row = Table.grid(expand=False)
        row.add_column(width=self._width - 12)
        row.add_column(width=10, justify="right")
        row.add_row(Text(f"✓ {step.title}", "bold"), Text(took, "dim"))
        self._console.print(row)
        if step.command:
            self._put(Text(f"$ pratique {step.command}", "blue"), 2)
        for line in step.lines:
            self._put(_coloured(line), 4)

    def table(self, title: str, rows: Sequence[Sequence[str]]) -> None:
        """Show a table."""
        shown = Table(
            title=title, title_justify="left", title_style="bold", box=None, pad_edge=False
        )
        for name in rows[0]:
            shown.add_column(
                name, header_style="dim", justify="right" if _is_number(name) else "left"
            )
        for row in rows[1:]:
            shown.add_row(*(_coloured(cell) for cell in row))
        self._console.print(Padding(shown, (1, 0, 0, 4)))

    def close(self, lines: Sequence[str]) -> None:
        """End."""
        self._progress.stop()
        if lines:
            self._console.print()
            text = _coloured("\n".join(lines))
            self._console.print(Panel(text, width=self._width, padding=(1, 2)))

    def _put(self, text: Text, indent: int) -> None:
        self._console.print(Padding(text, (0, 0, 0, indent)), width=self._width)


def _is_number(name: str) -> bool:
    return name.strip() in {"begins", "took", "bytes"}


def _coloured(text: str) -> Text:
    found = Text(text)
    for pattern, style in _STYLES:
        found.highlight_regex(pattern, style)
    return found
