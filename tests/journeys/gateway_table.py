"""Write the tables of docs/reference/gateway.md from the scenarios that the tests play.

python -m tests.journeys.gateway_table     write them anew
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.journeys.gateway_suites import Case, Suite
from tests.journeys.test_gateway_beyond import NEITHER
from tests.journeys.test_gateway_eu import EU
from tests.journeys.test_gateway_who import WHO

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/gateway.md"
HINT = "run: python -m tests.journeys.gateway_table"
BEGIN = "<!-- The tables from here on are written by tests/journeys/gateway_table.py: do not edit by hand. -->\n"
HEADINGS = (
    (WHO, "WHO's suite", "file"),
    (EU, "The EU's suite", "file"),
    (NEITHER, "What no suite asks for", "from"),
)


def table(cases: Iterable[Case], column: str) -> str:
    """Return one suite's table."""
    lines = [f"| {column} | endpoint | case | expected | ours |", "|---|---|---|---|---|"]
    for case in cases:
        status, colon, compared = case.expected.partition(":")
        expected = f"`{status}`{',' if colon else ''}{compared}"
        lines.append(
            f"| {case.file} | `{case.endpoint}` | {case.case} | {expected} | `{case.ours}` |"
        )
    return "\n".join(lines)


def rendered(page: str) -> str:
    """Return the page with the tables as the tests have them."""
    prose, _, _ = page.partition(BEGIN)
    parts = [
        f"## {heading}\n\n{_counted(suite)}\n\n{table(suite.cases, column)}\n"
        for suite, heading, column in HEADINGS
    ]
    return prose + BEGIN + "\n" + "\n".join(parts)


def _counted(suite: Suite) -> str:
    return f"{len(suite.cases)} cases."


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
