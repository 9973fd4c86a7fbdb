"""The handbook's page names every column and every remark, and no others."""

from __future__ import annotations

import re

from pratique.intake.remarks import Remark, RemarkCode, refuses
from pratique.intake.rows import COLUMNS
from tests.walls.source import ROOT

PAGE = (ROOT / "docs/reference/intake.md").read_text(encoding="utf-8")


def test_the_page_tells_every_remark_as_the_code_does() -> None:
    told = re.findall(r"^\| `[A-Z_]+` \|.*$", PAGE, re.MULTILINE)
    assert told == [
        f"| `{code.name}` | {'refuses' if code.refuses else 'asks'} | {code.meaning} | {code.next_step} |"
        for code in RemarkCode
    ]


def test_the_page_names_every_column_and_no_other() -> None:
    columns = PAGE.split("## Columns")[1].split("## Value sets")[0]
    cells = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", columns, re.MULTILINE)
    assert {name for cell in cells for name in re.findall("`(.*?)`", cell)} == COLUMNS


def test_some_remarks_refuse_and_some_ask() -> None:
    assert refuses([Remark(RemarkCode.LOT_MISSING), Remark(RemarkCode.FIELD_MISSING, "surname")])
    assert not refuses([Remark(RemarkCode.LOT_MISSING)])
    assert not refuses([])


def test_no_two_remarks_mean_the_same() -> None:
    assert len({code.meaning for code in RemarkCode}) == len(RemarkCode)
