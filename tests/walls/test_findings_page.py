"""The closed list of findings in the code and the one in the handbook are the same list."""

from __future__ import annotations

import re

from pratique.findings import Code
from tests.walls.source import ROOT
from tools import findings_doc

PAGE = ROOT / "docs/reference/findings.md"


def test_the_page_is_the_list() -> None:
    assert PAGE.read_text(encoding="utf-8") == findings_doc.render(), findings_doc.HINT


def test_the_page_names_every_code_once_and_no_other() -> None:
    named = re.findall(r"^\| `([A-Z_0-9]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(code.name for code in Code)
