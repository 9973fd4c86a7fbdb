"""Markup of a page for whoever has to decide: one file, its tables, its grids of signs, its style.

    title, answer, lead, (name, words, content), ... -> document -> HTML
    heads, rows of markup                            -> table | bars | grid -> markup of a section

1. One file: no script, nothing fetched, no other file. Its policy (CSP) forbids all of it, but for its own style sheet,
   which it names by its digest.
2. Tables have captions, and headers of rows and of columns. A sign has its words for whoever cannot see it.
3. It is read at 320 px, in the dark, on paper and by a screen reader.
4. A stranger's text passes `bdi` or `text_of`: nothing else here makes it harmless.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from pratique.impact.chart import text_of

STYLE = """
:root{color-scheme:light dark;--ground:#fff;--panel:#f2f5f5;--ink:#14201e;--quiet:#4b5b58;--edge:#333b3a;--line:#c3cccb;--land:#e3e8e7;--link:#004d7a}
@media screen and (prefers-color-scheme:dark){:root{--ground:#101615;--panel:#1b2423;--ink:#eef4f2;--quiet:#b3c2be;--edge:#0b100f;--line:#3d4a48;--land:#4a5654;--link:#8fcbff}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,"Noto Sans","DejaVu Sans",sans-serif;background:var(--ground);color:var(--ink)}
body{margin:0 auto;max-width:68rem;padding:1rem;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.25rem;line-height:1.25;margin:0 0 .5rem}
section{margin:0 0 2.25rem}
p,ul,ol,dl,figure{margin:0 0 .75rem}
p,li,dd{max-width:44rem}
.lead{font-size:1.25rem;font-weight:600;max-width:52rem}
.quiet,caption span,figcaption{color:var(--quiet);font-size:.9rem}
a{color:var(--link)}
a:focus-visible{outline:3px solid;outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{position:static}
nav ul{columns:16rem;padding-left:1.2rem}
nav a{display:inline-block;padding:.2rem 0}
svg{display:block;max-width:100%}
svg.patterns{position:absolute}
svg.swatch{display:inline-block;vertical-align:middle;margin-right:.6rem}
.map svg{width:100%;height:auto}
.world{stroke:var(--edge)}
.land{fill:var(--land)}
.here{stroke:var(--ink)}
.whole{fill:var(--panel);stroke:var(--quiet)}
.legend{list-style:none;padding:0;display:grid;gap:.4rem 1.5rem;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr))}
.legend li{display:flex;align-items:center}
.legend svg{flex:none}
table{border-collapse:collapse;width:100%;font-size:.95rem;margin:0 0 1.25rem}
caption{text-align:left;font-weight:600;padding:.3rem 0}
caption span{font-weight:400;display:block}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600}
tbody th{font-weight:400}
thead th{border-bottom:2px solid var(--quiet)}
td:last-child,th:last-child{padding-right:0}
.number{text-align:right;font-variant-numeric:tabular-nums}
svg.bar{overflow:visible;flex:1}
.bars th:first-child{width:28%}
.row{display:flex;gap:.25rem 1rem;align-items:flex-start}
.row div{flex:0 0 18rem}
code,bdi{overflow-wrap:anywhere}
time{white-space:nowrap}
code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.9em}
span.yes::before{content:"\\2713\\00a0"}
span.no::before{content:"\\2715\\00a0"}
span.open::before{content:"?\\00a0"}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.wide{overflow-x:auto;margin:0 0 1.25rem;position:relative}
.wide:focus-visible{outline:3px solid;outline-offset:2px}
.wide table{width:auto}
.grid td,.grid thead th{text-align:center;padding:.25rem .4rem;min-width:2.2rem;border:1px solid var(--ground)}
.grid tbody th{padding-right:.75rem;min-width:7rem}
.grid bdi{overflow-wrap:break-word}
.grid caption{min-width:18rem}
.grid .open{background:#56b4e9;color:#000}
.grid .shut{background:#d55e00;color:#000}
.grid .unsure{background:#f0e442;color:#000}
.grid .self{background:var(--panel)}
b.state{display:inline-block;padding:0 .45rem;border:1px solid var(--edge);border-radius:.25rem;color:#000}
b.state span{margin-right:.35rem}
b.live{background:#56b4e9}
b.expiring{background:#f0e442}
b.suspended{background:#e69f00}
b.lapsed{background:#d55e00}
b.unverifiable{background:#fff}
@media(max-width:30rem){body{padding:.75rem}table{font-size:.875rem}.legend{grid-template-columns:1fr}.row{flex-direction:column}.row div{flex:none}svg.bar{flex:none}.bars th:first-child{width:32%}time{white-space:normal}.cards,.cards tbody,.cards caption,.cards tr,.cards td,.cards tbody th{display:block}.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.cards tr{border-bottom:1px solid var(--line);padding:.4rem 0}.cards td,.cards tbody th{border:0;padding:.1rem 0}}
@page{size:A4;margin:14mm}
@media print{html{font-size:9.5pt}body{max-width:none;padding:0}.skip,nav{display:none}figure,tr,.together,caption,thead{break-inside:avoid}h2,caption,thead{break-after:avoid}tbody tr:first-child{break-before:avoid}p,li{orphans:3;widows:3}thead{display:table-header-group}svg,.grid td,b.state{print-color-adjust:exact;-webkit-print-color-adjust:exact}.wide{overflow:visible}a{color:inherit;text-decoration:none}}
""".strip()

_SHORT = 4_000
"""Characters of a section that a page of paper has room for."""
FEW = 10
"""Rows of a table that a page of paper has room for."""


class Sign(NamedTuple):
    """A cell of a grid: how it looks (of the style sheet), what is seen of it, and what it says."""

    look: str
    sign: str
    words: str


def document(
    title: str, answer: str, lead: str, sections: Iterable[tuple[str, str, str]], *, patterns: str
) -> str:
    """Put a page together: `lead` and the sections' contents are markup already; a section without content is left out."""
    there = [(name, words, content) for name, words, content in sections if content]
    body = "".join(
        # On paper a short section stays whole.
        f'<section{" class=together" if len(content) < _SHORT and CARDS not in content else ""} aria-labelledby="{name}">'
        f'<h2 id="{name}">{words}</h2>{content}</section>'
        for name, words, content in there
    )
    links = "".join(f'<li><a href="#{name}">{words}</a></li>' for name, words, _ in there)
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">'
        f'<meta name="color-scheme" content="light dark"><title>{text_of(title)}</title><style>{STYLE}</style></head>'
        '<body><a class="skip" href="#main">To the figures</a>'
        f'<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false">{patterns}</svg>'
        f'<header><h1>{text_of(title)}</h1><p class="lead">{text_of(answer)}</p><p class="quiet">{lead}</p>'
        f'<nav aria-label="Contents"><ul>{links}</ul></nav></header><main id="main">{body}</main></body></html>\n'
    )  # fmt: skip


def grid(
    caption: str,
    more: str,
    heads: Iterable[str],
    lines: Iterable[tuple[str, Sequence[Sign]]],
) -> str:
    """Return a table of signs, which is moved sideways where it is wider than the screen."""
    top = "".join(f'<th scope="col">{text_of(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{bdi(name)}</th>{"".join(map(_cell, cells))}</tr>'
        for name, cells in lines
    )
    label = text_of(caption)
    return (
        f'<div class="wide" role="region" aria-label="{label}" tabindex="0"><table class="grid"><caption>{label}'
        f"<span>{more}</span></caption><thead><tr><td></td>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Sign) -> str:
    return (
        f'<td class="{cell.look}"><span aria-hidden="true">{cell.sign}</span>'
        f'<span class="unseen">{cell.words}</span></td>'
    )


def table(
    caption: str,
    more: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: int = 0,
) -> str:
    """Return a table; the first cell of a row is its header, the last `numbers` are set as numbers."""
    first = len(heads) - numbers

    def kind(at: int) -> str:
        return ' class="number"' if at >= first else ""

    top = "".join(
        f'<th scope="col"{kind(at)}>{head}</th>' if head else "<td></td>"
        for at, head in enumerate(heads)
    )
    lines = "".join(
        f'<tr><th scope="row">{cells[0]}</th>'
        + "".join(f"<td{kind(at)}>{cell}</td>" for at, cell in enumerate(cells[1:], 1)) + "</tr>"
        for cells in rows
    )  # fmt: skip
    small = f"<span>{more}</span>" if more else ""
    table = f"<table><caption>{caption}{small}</caption><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"
    # On paper a short table stays whole.
    return f'<div class="together">{table}</div>' if lines.count("<tr>") <= FEW else table


def cards(caption: str, more: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose rows stand one below the other where the screen is narrow: for cells of sentences.

    Its roles are written out: a browser takes a table that is laid out as blocks for none.
    """
    top = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in heads)
    lines = "".join(
        f'<tr role="row"><th scope="row" role="rowheader">{cells[0]}</th>'
        + "".join(f'<td role="cell">{cell}</td>' for cell in cells[1:])
        + "</tr>"
        for cells in rows
    )
    return (
        f'<table {CARDS} role="table"><caption>{caption}<span>{more}</span></caption><thead role="rowgroup">'
        f'<tr role="row">{top}</tr></thead><tbody role="rowgroup">{lines}</tbody></table>'
    )


CARDS = 'class="cards"'
"""Of a table whose rows, and nothing larger, stay whole on paper."""


def bars(
    caption: str, more: str, heads: Sequence[str], rows: Iterable[tuple[str, str, str]]
) -> str:
    """Return a table with a bar in each row: header, bar, and the same in words."""
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    lines = "".join(
        f'<tr><th scope="row">{bdi(name)}</th><td><div class="row">{drawn}<div>{words}</div></div></td></tr>'
        for name, drawn, words in rows
    )
    return (
        f'<table class="bars"><caption>{caption}<span>{more}</span></caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def day(of: date) -> str:
    """Return a day as a page has it."""
    return f"<time>{of.isoformat()}</time>"


def bdi(text: str) -> str:
    """Return a stranger's text, whose direction stays its own."""
    return f"<bdi>{text_of(text)}</bdi>"
