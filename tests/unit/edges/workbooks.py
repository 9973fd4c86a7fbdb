"""Workbooks of invented people, written part by part: as Excel does, and as an attacker would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from html import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DAY = 1
"""The style of a cell that is shown as a date."""


def cell(place: str, value: object) -> str:
    """Write a cell: a text, a number, a truth, a date (days, DAY), a formula ("=…", its value)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, tuple) and isinstance(value[0], str):
        return f'<c r="{place}" t="str"><f>{value[0][1:]}</f><v>{value[1]}</v></c>'
    if isinstance(value, tuple):
        return f'<c r="{place}" s="{value[1]}"><v>{value[0]}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def sheet(
    rows: Sequence[Sequence[object]],
    *,
    top: int = 1,
    merged: Iterable[str] = (),
    hidden: Iterable[int] = (),
) -> str:
    """Write a sheet whose first row stands at `top`."""
    hidden = set(hidden)
    lines = "".join(
        f'<row r="{number}" hidden="{int(number in hidden)}">'
        + "".join(cell(f"{chr(65 + column)}{number}", value) for column, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, top)
    )
    ranges = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
    joined = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData>{joined}</worksheet>'


def workbook(
    *sheets: str, hidden: Iterable[int] = (), more: dict[str, bytes] | None = None
) -> bytes:
    """Write a workbook of sheets; those whose number is `hidden` are not shown."""
    hidden, states = set(hidden), ("visible", "hidden")
    numbers = range(1, len(sheets) + 1)
    named = "".join(
        f'<sheet name="s{n}" sheetId="{n}" r:id="r{n}" state="{states[n in hidden]}"/>'
        for n in numbers
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    styles = (
        f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>"
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r0" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="r99" Type="{_LINKS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": styles,
        **{f"xl/worksheets/sheet{n}.xml": text for n, text in zip(numbers, sheets, strict=True)},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return packed.getvalue()
