"""Write docs/reference/findings.md from the closed list in `pratique.findings`.

python -m tools.findings_doc           write the page
python -m tools.findings_doc --check   fail if the page is not the list
"""

from __future__ import annotations

import sys
from pathlib import Path

from pratique.findings import Code, Severity, Step

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/findings.md"
HINT = "run: make findings"
EFFECT = {Severity.ERROR: "RED", Severity.WARNING: "AMBER", Severity.NOTE: "none"}
HEAD = """\
<!-- Written by tools/findings_doc.py from pratique/findings.py: do not edit by hand. -->

# Findings

A check finds zero or more of these. The list is closed. A code, once released, keeps its name and
its meaning. The worst effect decides the colour of the verdict.

RED
: the certificate is refused.

AMBER
: this cannot be decided here; a person checks by hand.

none
: the finding is told to whoever asks, and changes nothing.

The checks are made in the order of this page.
"""


def render() -> str:
    """Render the whole page."""
    parts = [HEAD]
    for step in Step:
        codes = [code for code in Code if code.step is step]
        if codes:
            rows = [
                f"| `{c.name}` | {EFFECT[c.severity]} | {c.meaning} | {c.next_step} |"
                for c in codes
            ]
            table = ["| code | effect | what it means | what to do |", "|---|---|---|---|", *rows]
            parts.append(f"## {str(step.value).capitalize()}\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if "--check" in arguments:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == render()
        if not same:
            print(f"error: {PAGE.name} is not the list in pratique/findings.py\nhint: {HINT}")
        return 0 if same else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
