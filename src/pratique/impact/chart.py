"""Draw whom rules shut out: a map of the world, bars, as SVG.

    ImpactReport, outlines of countries -> world_map -> SVG with its legend
    ImpactReport                        -> bars      -> SVG: share of people of each income group

1. What a colour says is said by a pattern too, and by a number in words: nothing is told by colour alone.
2. Colours are Okabe's and Ito's (2008), which are told apart with every kind of colour vision; printed in grey, the
   patterns remain.
3. A range is drawn as a range: what is certain is filled, what is unsure is hatched.
4. All texts are a stranger's (a rule's name, a country's in a ministry's own data): what is not shown as it is, is
   its number, and no text becomes markup.
5. The same report gives the same bytes. A drawing fetches nothing and has no script and no style sheet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.impact.report import ImpactReport, headline, share
from pratique.impact.shut_out import Access
from pratique.impact.world import Place, Provenance
from pratique.text import amount, plural, printable, wrapped

__all__ = [
    "Ink",
    "bar",
    "bars",
    "by_access",
    "by_income",
    "data_name",
    "patterns",
    "range_bar",
    "swatch",
    "text_of",
    "title",
    "world_map",
]


class Ink(NamedTuple):
    """How a class of places is drawn.

    Attributes:
        words: what it says.
        ground, line: colours, of which the second is the pattern's.
        pattern: path in a tile of `TILE` units; empty for a plain ground.
        width: of the pattern's line.
    """

    words: str
    ground: str
    line: str
    pattern: str
    width: str = "2"


TILE = 8
RISING = "M-2 2L2-2M0 8L8 0M6 10L10 6"
FALLING = "M-2 6L2 10M0 0L8 8M6-2L10 2"
DOTS = "M1 2h2M5 6h2"
"""Patterns: lines that rise, lines that fall, dots."""
INKS: Mapping[str, Ink] = {
    Access.SHUT: Ink("No accepted vaccine was on offer", "#d55e00", "#000000", RISING, "2.6"),
    Access.UNSURE: Ink("Unsure: the sources do not tell", "#f0e442", "#000000", FALLING, "1.4"),
    Access.OPEN: Ink("An accepted vaccine was on offer", "#56b4e9", "#56b4e9", ""),
    Access.NOTHING: Ink("No vaccine at all was on offer", "#ffffff", "#595959", DOTS),
}
"""Vermillion, yellow and sky blue of Okabe and Ito; white."""
INK, QUIET, GROUND, EDGE, LAND = "#14201e", "#4b5b58", "#ffffff", "#333b3a", "#e3e8e7"
"""Of a drawing alone, which is always light: text, text beside, paper, borders, land that has no answer."""
SHARE = "#0072b2"
"""Okabe's and Ito's blue: a share of something else."""
FONT = 'font-family="FiraGO, Noto Sans, DejaVu Sans, Arial, sans-serif"'

GROUPS = {
    "L": "Low income", "LM": "Lower middle income", "UM": "Upper middle income", "H": "High income",
    "-": "Not classed",
}  # fmt: skip
"""Income groups of the World Bank, poorest first."""


def text_of(text: str, longest: int = 600) -> str:
    """Return a stranger's text as text of XML and of HTML."""
    return escape(printable(text, longest))


def by_access(report: ImpactReport) -> dict[Access, tuple[Place, ...]]:
    """Return the places of each class, most people first; without rules, those that had nothing on offer."""
    access = report.access or dict.fromkeys(report.nothing_on_offer.places, Access.NOTHING)
    places = [report.places[iso3] for iso3 in sorted(access)]
    return {
        kind: tuple(sorted(
            (place for place in places if access[place.iso3] is kind), key=lambda place: -place.people
        ))
        for kind in Access
    }  # fmt: skip


def title(report: ImpactReport) -> str:
    """Ask the question that the report answers."""
    names = {place.iso2: place.name for place in report.places.values()}
    country, region = report.place
    name = names.get(country, country)
    where = f"{name}, {region}" if region else name
    return f"{where}, {report.day}: whom do the rules shut out?"


# ----------------------------------------------------------------------------------------------------
# Patterns: in a drawing once, under names that the page's style knows too.


def patterns(inks: Mapping[str, Ink] = INKS) -> str:
    """Return the definitions that a colour may refer to; a document has them once, in an SVG."""
    tiles = []
    for name, ink in inks.items():
        if not ink.pattern:
            continue
        lines = (
            f'<path d="{ink.pattern}" stroke="{ink.line}" stroke-width="{ink.width}" fill="none"/>'
        )
        tiles.append(
            f'<pattern id="p-{name}" width="{TILE}" height="{TILE}" patternUnits="userSpaceOnUse">'
            f'<rect width="{TILE}" height="{TILE}" fill="{ink.ground}"/>{lines}</pattern>'
        )
    return f"<defs>{''.join(tiles)}</defs>"


def fill(name: str, inks: Mapping[str, Ink] = INKS) -> str:
    """Return a class's colour and pattern, in a document that has `patterns` of these inks."""
    # A plain ground in tiles would show their seams.
    return f"url(#p-{name})" if inks[name].pattern else inks[name].ground


def swatch(name: str, inks: Mapping[str, Ink] = INKS) -> str:
    """Return a small field in a class's colour and pattern, for a legend of a document with `patterns`."""
    return (
        '<svg class="swatch" width="32" height="20" viewBox="0 0 32 20" aria-hidden="true" focusable="false">'
        f'<rect x=".5" y=".5" width="31" height="19" fill="{fill(name, inks)}" stroke="{EDGE}"/></svg>'
    )


# ----------------------------------------------------------------------------------------------------
# The map.
#
#     {"viewBox", "countries": {"FR": "M…"}, "others": "M…"} -> checked -> one path a country
#
# The outlines lie in the folder of the data, which may be anybody's: a path that is none is refused, since it
# would be markup in a page that an authority shows.

_PATH = re.compile(r"[MmLlHhVvAaZz0-9 .,-]*")
_VIEW_BOX = re.compile(r"-?\d{1,5} -?\d{1,5} \d{1,5} \d{1,5}")
_CODE = re.compile(r"[A-Z]{2}")


class _Outlines(NamedTuple):
    """Outlines as checked: the view box's four numbers, a path for each ISO 3166-1 alpha-2 code, and the rest."""

    box: tuple[int, int, int, int]
    countries: dict[str, str]
    others: str


def _outlines(document: Mapping[str, Any]) -> _Outlines:
    box, countries, others = (document.get(key) for key in ("viewBox", "countries", "others"))
    if not (
        isinstance(box, str) and _VIEW_BOX.fullmatch(box)
        and isinstance(others, str) and _PATH.fullmatch(others)
        and isinstance(countries, Mapping)
        and all(
            isinstance(code, str) and _CODE.fullmatch(code) and isinstance(path, str) and _PATH.fullmatch(path)
            for code, path in countries.items()
        )
    ):  # fmt: skip
        raise DocumentRefused(
            "policy-outlines",
            "the outlines of countries are refused: they are no map",
            "take outlines.json of the package pratique-policy-data",
        )
    west, north, width, height = (int(number) for number in box.split())
    return _Outlines((west, north, width, height), dict(countries), others)


def world_map(report: ImpactReport, outlines: Mapping[str, Any], *, legend: bool = True) -> str:
    """Draw every place in the colour and pattern of its class.

    Args:
        report: of one destination at one instant.
        outlines: outlines.json of the data, as parsed.
        legend: draw title and legend into it, for a picture that stands alone; without, the drawing is part
            of a page that has them in words, and `patterns`.

    Raises:
        DocumentRefused: `policy-outlines`.
    """
    drawn = _outlines(outlines)
    west, north, width, height = drawn.box
    kinds = by_access(report)
    shown = {
        place.iso2: MapMark(
            fill(access),
            f"{place.name}: {INKS[access].words.lower()}, {plural(place.people, 'person', 'people')}",
        )
        for access, places in kinds.items()
        for place in places
    }
    here = ""
    if path := drawn.countries.get(report.place.country, ""):
        here = f'<path d="{path}" class="here" fill="none" stroke="{INK}" stroke-width="2.4"/>'
    world = _land(drawn, shown, here)
    if not legend:
        name = "Map of the world: the legend and the list of places below say the same in words"
        return _drawing((west, north, width, height), name, world)
    entries = [
        (access, f"{INKS[access].words}: {legend_of(places)}")
        for access, places in kinds.items()
        if places
    ]
    lines = list(wrapped(headline(report), 108))
    # Above the map the question and its answer, under it two rows of the legend.
    head, foot = 44 + 22 * len(lines), 34 * ((len(entries) + 1) // 2) + 30
    texts = [
        _text(west + 20, north - head + 28, 22, title(report), 'font-weight="bold"'),
        *(_text(west + 20, north - head + 52 + 22 * at, 16, line) for at, line in enumerate(lines)),
    ]
    marks = []
    for number, (access, words) in enumerate(entries):
        x = west + 20 + (number % 2) * (width // 2)
        y = north + height + 10 + (number // 2) * 34
        marks.append(_key(x, y, access))
        texts.append(_text(x + 46, y + 18, 16, words))
    texts.append(
        _text(
            west + 20,
            north + height + foot - 6,
            12,
            f"{_source(report)} Outlines: Natural Earth; they decide no border.",
        )
    )
    box = (west, north - head, width, head + height + foot)
    return _drawing(
        box, title(report), patterns() + _paper(box) + world + "".join((*marks, *texts))
    )


class MapMark(NamedTuple):
    """How a country is drawn, and what it says."""

    fill: str
    words: str


def _land(drawn: _Outlines, marks: Mapping[str, MapMark], more: str = "") -> str:
    paths = [f'<path d="{drawn.others}" class="land" fill="{LAND}"/>'] if drawn.others else []
    for code, path in sorted(drawn.countries.items()):
        if (mark := marks.get(code)) is None:
            paths.append(f'<path d="{path}" class="land" fill="{LAND}"/>')
        else:
            title = f"<title>{text_of(mark.words)}</title>"
            paths.append(f'<path d="{path}" fill="{mark.fill}">{title}</path>')
    return (
        f'<g class="world" stroke="{EDGE}" stroke-width=".5" stroke-linejoin="round" fill-rule="evenodd">'
        f"{''.join(paths)}{more}</g>"
    )


class MapWay(NamedTuple):
    """A way from one country to another: how it is drawn (dashes of SVG), whether it is open, and what it says."""

    home: str
    there: str
    ink: str
    dashes: str
    is_open: bool
    words: str


def marked_map(
    outlines: Mapping[str, Any],
    marks: Mapping[str, MapMark],
    name: str,
    ways: Sequence[MapWay] = (),
) -> str:
    """Draw countries as they are marked, and ways between them, in a page that says the same in words.

    Args:
        outlines: outlines.json of the data, as parsed.
        marks: by ISO 3166-1 alpha-2 code.
        name: of the drawing, for whoever cannot see it.
        ways: between countries that have an outline; others are left out.

    Raises:
        DocumentRefused: `policy-outlines`.
    """
    drawn = _outlines(outlines)
    middles = {
        code: middle
        for code in {code for way in ways for code in (way.home, way.there)}
        if (middle := _middle(drawn.countries.get(code, ""))) is not None
    }
    lines = "".join(
        _way(way, middles[way.home], middles[way.there])
        for way in ways
        if way.home in middles and way.there in middles
    )
    return _drawing(drawn.box, name, _land(drawn, marks) + lines)


_STEP = re.compile(r"([Ml])([-0-9. ]*)")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")


def _middle(path: str) -> tuple[float, float] | None:
    """Return the middle of a country's largest piece; None where it has no piece that can be measured."""
    largest, middle = -1.0, None
    for piece in path.split("M")[1:]:
        x = y = 0.0
        xs: list[float] = []
        ys: list[float] = []
        for letter, numbers in _STEP.findall(f"M{piece}"):
            values = [float(number) for number in _NUMBER.findall(numbers)]
            for dx, dy in zip(values[::2], values[1::2], strict=False):
                x, y = (dx, dy) if letter == "M" and not xs else (x + dx, y + dy)
                xs.append(x)
                ys.append(y)
        if xs and (size := (max(xs) - min(xs)) * (max(ys) - min(ys))) > largest:
            largest, middle = size, ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    return middle


def _way(way: MapWay, home: tuple[float, float], there: tuple[float, float]) -> str:
    (x0, y0), (x1, y1) = home, there
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    # To its right: the way back bends to the other side.
    bend = (x0 + x1) / 2 - (y1 - y0) * 0.16, (y0 + y1) / 2 + (x1 - x0) * 0.16
    angle = math.atan2(y1 - bend[1], x1 - bend[0])
    size = min(8.0, length / 3)
    sides = (2.7, -2.7) if way.is_open else (math.pi / 2, -math.pi / 2)
    left, right = (
        f"{x1 + size * math.cos(angle + side):.1f} {y1 + size * math.sin(angle + side):.1f}"
        for side in sides
    )
    # An open way ends in an arrow, a shut one before a bar.
    end = f"M{left}L{x1:.1f} {y1:.1f}L{right}" if way.is_open else f"M{left}L{right}"
    dashes = f' stroke-dasharray="{way.dashes}"' if way.dashes else ""
    curve = f"M{x0:.1f} {y0:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {x1:.1f} {y1:.1f}"
    return (
        f'<g class="way" fill="none" stroke="{way.ink}" stroke-width="1.8"><title>{text_of(way.words)}</title>'
        f'<path d="{curve}"{dashes}/><path d="{end}" stroke-width="2.2"/></g>'
    )


def legend_of(places: Sequence[Place]) -> str:
    """Count places and their people."""
    people = sum(place.people for place in places)
    return f"{len(places)} ({amount(people)} people)"


def _source(report: ImpactReport) -> str:
    """Name the data, and where they end if the report's day is later."""
    ends = report.data_end
    late = f", which end on {ends}" if ends is not None and report.day > ends else ""
    return f"{data_name(report.provenance)}{late}."


def data_name(provenance: Provenance) -> str:
    """Name the data."""
    return f"Data: {provenance.name} {provenance.version}".rstrip()


def _drawing(box: tuple[int, int, int, int], name: str, content: str) -> str:
    x, y, width, height = box
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {width} {height}" role="img" '
        f'aria-label="{text_of(name)}" {FONT}><title>{text_of(name)}</title>{content}</svg>'
    )


def _paper(box: tuple[int, int, int, int]) -> str:
    x, y, width, height = box
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{GROUND}"/>'


def _text(x: int, y: int, size: int, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{INK}" {more}>{text_of(text)}</text>'


def _key(x: int, y: int, access: Access) -> str:
    return f'<rect x="{x}" y="{y}" width="36" height="24" fill="{fill(access)}" stroke="{EDGE}"/>'


# ----------------------------------------------------------------------------------------------------
# Bars: from nobody (left) to everybody (right); certain is solid, unsure is hatched.


def range_bar(row: Bar) -> str:
    """Return a bar as wide as its place, of what is certain and what is unsure, in a document that has `patterns`."""
    return _wide(_range(("0", "1"), 20, row, lambda part: f"{100 * part:.2f}%"))


def bar(share: float) -> str:
    """Return a bar as wide as its place, of a share from 0 to 1 that says nothing of who is shut out."""
    width = f"{100 * max(0.0, min(share, 1.0)):.2f}%"
    return _wide(
        f'<rect class="whole" x="0" y="1" width="100%" height="20" fill="{GROUND}" stroke="{QUIET}"/>'
        f'<rect x="0" y="1" width="{width}" height="20" fill="{SHARE}"/>'
    )


def _wide(content: str) -> str:
    return f'<svg class="bar" width="100%" height="22" aria-hidden="true" focusable="false">{content}</svg>'


def _range(corner: tuple[str, str], height: int, row: Bar, length: Callable[[float], str]) -> str:
    x, y = corner
    low, high = (min(part / row.people, 1.0) if row.people else 0.0 for part in (row.low, row.high))
    # The hatched one lies under the solid one: no seam, whatever a browser rounds.
    return "".join(
        f'<rect class="{name}" x="{x}" y="{y}" width="{length(share)}" height="{height}" fill="{fill}" stroke="{edge}"/>'
        for name, share, fill, edge in (
            ("whole", 1.0, GROUND, QUIET),
            ("unsure", high if high > low else 0.0, fill(Access.UNSURE), EDGE),
            ("shut", low, fill(Access.SHUT), EDGE),
        )
        if share > 0
    )  # fmt: skip


class Bar(NamedTuple):
    """A row of a chart: whom it is of, how many people they are, and how many of them are meant."""

    name: str
    people: int
    low: int
    high: int

    @property
    def words(self) -> str:
        """Say the share."""
        return share(self.low, self.high, self.people)


def by_income(report: ImpactReport) -> list[Bar]:
    """Return all people, and each income group that somebody lives in, poorest first; none without rules."""
    if report.published is None:
        return []
    low, high = report.published
    people = dict.fromkeys(GROUPS, 0)
    for iso3 in report.access:
        place = report.places[iso3]
        people[place.income] = people.get(place.income, 0) + place.people
    return [
        Bar("All people", report.people, low.people, high.people),
        *(
            Bar(
                GROUPS.get(group, group),
                count,
                low.by_income.get(group, 0),
                high.by_income.get(group, 0),
            )
            for group, count in people.items()
            if count
        ),
    ]


def bars(report: ImpactReport) -> str:
    """Draw the share of each income group's people for whom no accepted vaccine was on offer.

    Without rules in force there is nobody to tell of: the drawing says so.
    """
    rows = by_income(report)
    lines = list(wrapped(headline(report), 96))
    top = 60 + 20 * len(lines)
    marks = []
    texts = [
        _text(20, 34, 20, title(report), 'font-weight="bold"'),
        *(_text(20, 58 + 20 * at, 15, line) for at, line in enumerate(lines)),
    ]
    if rows:
        texts.append(_text(20, top + 10, 15, _BARS, 'font-weight="bold"'))
    for number, row in enumerate(rows):
        y = top + 26 + 36 * number
        texts += [
            _text(20, y + 17, 15, row.name),
            _text(600, y + 17, 15, f"{row.words} of {amount(row.people)}"),
        ]
        # Whole units, so that no two machines round differently.
        marks.append(_range(("200", str(y)), 24, row, lambda part: f"{round(380 * part)}"))
    y = top + 34 + 36 * len(rows)
    for x, access, words in (
        ((20, Access.SHUT, "for certain"), (200, Access.UNSURE, "unsure")) if rows else ()
    ):
        marks.append(_key(x, y, access))
        texts.append(_text(x + 46, y + 18, 15, words))
    texts.append(_text(20, y + 52, 12, f"{_source(report)} Income: World Bank."))
    box = (0, 0, 820, y + 68)
    return _drawing(
        box, f"{title(report)} {_BARS}", patterns() + _paper(box) + "".join((*marks, *texts))
    )


_BARS = "Share of people without an accepted vaccine on offer, by income of their country"
