"""A report's page and drawings say what the report says, to everybody, and nothing of a stranger's becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pratique.errors import DocumentRefused
from pratique.impact import chart, page, report, world
from pratique.impact.matrix import PROFILES, Reciprocity, RecognitionMatrix, matrix
from pratique.impact.report import ImpactReport
from pratique.impact.shut_out import Access, Range, Total
from pratique.impact.timeline import Affected, Cliff, Expiry
from pratique.impact.world import Provenance, World
from pratique.rules.ruleset import Ruleset
from pratique.text import amount
from tests import policy_lab
from tests.unit.impact import test_report
from tests.unit.impact.test_report import border, tables
from tests.unit.impact.test_world import small

OUTLINES: dict[str, Any] = {
    "viewBox": "0 7 1000 425",
    "countries": {"NA": "M500 300l20 0 0 20z", "XU": "M10 10l5 0 0 5z"},
    "others": "M0 0l9 0 0 9z",
}
LARGEST = 600_000
"""Characters of a page."""
HOSTILE = '<script>alert(1)</script>"\u202e\x1b[2J&'
SVG = "{http://www.w3.org/2000/svg}"
VOID = {"meta", "br"}


class Page(HTMLParser):
    """What a browser would make of a page: its elements, each closed, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


@cache
def assessed() -> ImpactReport:
    """Return the report of a small world."""
    return test_report.assessed()


@pytest.fixture(scope="module")
def france(corpora: Path) -> ImpactReport:
    """Return France's report of 2022-03-01, against the same rules with a later edition of the value sets."""
    data = policy_lab.folder(corpora)
    whole = world.read(policy_lab.tables(data), Provenance("policy", "1.2.3", "ab" * 32))
    borders = (
        policy_lab.border(corpora, "FR", "2022-03-01", sets) for sets in ("corpus", "2022-01-31")
    )
    return report.assess(next(borders), whole, next(borders))


def hostile() -> ImpactReport:
    """Return a report in which every text that somebody else may write is hostile."""
    good = assessed()
    places = {iso3: place._replace(name=HOSTILE) for iso3, place in good.places.items()}
    return good._replace(
        rules=(HOSTILE,),
        places=places,
        products=tuple(
            answer._replace(name=HOSTILE, code=HOSTILE, refused_by=(HOSTILE,)) for answer in good.products
        ),
        floor_missing=(HOSTILE,),
        ways=tuple(way._replace(sentence=HOSTILE) for way in good.ways),
        burden=tuple(one._replace(traveller=HOSTILE, way=HOSTILE) for one in good.burden),
        cautions=(report.Caution("code", HOSTILE),),
        cliffs=(Cliff(date(2022, 6, 1), HOSTILE, (1, 2), ("NAM",)),),
        expiry=Expiry(270, 0.5, {"NAM": 0.5}, 1, {"NAM": 0.1}, ("NAM",)),
        turned=report.Turned(
            (HOSTILE,), (HOSTILE,), (HOSTILE,), Range(NOBODY, NOBODY), Range(NOBODY, NOBODY), (HOSTILE,),
            NONE, NONE,
        ),
        provenance=Provenance(HOSTILE, HOSTILE, HOSTILE),
    )  # fmt: skip


NOBODY = Total(0, 0, {}, ())
NONE = Affected((), (0, 0), {}, {})


def drawings(of: ImpactReport) -> Iterator[ET.Element]:
    for drawing in (chart.world_map(of, OUTLINES), chart.bars(of)):
        yield ET.fromstring(drawing)


def test_a_page_says_the_reports_numbers(france: ImpactReport) -> None:
    text = page.impact(france, OUTLINES)
    seen = Page(text)
    assert report.headline(france) in seen.words
    assert france.published is not None
    assert france.with_floor is not None
    for low, high in (france.published, france.with_floor, france.floor_only):
        assert f'value="{low.countries}/{high.countries}"' in text
        assert f'value="{low.people}/{high.people}"' in text
    assert "18 to 28" in seen.words
    assert "3,161 to 3,447 million" in seen.words
    assert f'value="{france.nothing_on_offer.people}/{france.nothing_on_offer.people}"' in text
    assert france.turned is not None
    assert f'value="{france.turned.loses.low.people}/{france.turned.loses.high.people}"' in text
    for name in (*france.rules, *(answer.code for answer in france.products)):
        assert name in seen.words
    for caution in france.cautions:
        assert caution.sentence in seen.words


def test_every_figure_names_its_data_and_their_day(france: ImpactReport) -> None:
    seen = Page(page.impact(france, OUTLINES, attribution=("Made by somebody (CC BY 4.0).",)))
    figures = len([1 for tag in ("caption", "figcaption") for _ in seen.all(tag)])
    assert figures > 5
    # The table of what is asked of whom is of rules alone; the lead and the list of sources name the data too.
    assert seen.words.count("Data: policy 1.2.3, as of 2022-03-01.") == figures - 1 + 2
    assert "ab" * 32 in seen.words
    assert "Made by somebody (CC BY 4.0)." in seen.words
    assert "What these figures do not say" in seen.words


def test_a_figure_of_a_day_after_the_data_says_where_they_end(france: ImpactReport) -> None:
    assert france.data_end == date(2023, 3, 26)
    late = france._replace(at=datetime(2026, 12, 1, tzinfo=UTC))
    words = Page(page.impact(late, OUTLINES)).words
    assert "Data: policy 1.2.3, as of 2023-03-26, where they end." in words
    assert "as of 2026-12-01" not in words
    for of, is_told in ((late, True), (france, False)):
        for drawing in drawings(of):
            texts = " ".join(mark.text or "" for mark in drawing.iter(f"{SVG}text"))
            assert ("Data: policy 1.2.3, which end on 2023-03-26." in texts) is is_told


def test_each_place_is_in_exactly_one_class_and_the_legend_adds_up(france: ImpactReport) -> None:
    kinds = chart.by_access(france)
    codes = [place.iso3 for places in kinds.values() for place in places]
    assert sorted(codes) == sorted(france.access)
    assert len(set(codes)) == len(codes)
    assert france.published is not None
    low, high = france.published
    assert len(kinds[Access.SHUT]) == low.countries
    assert len(kinds[Access.SHUT]) + len(kinds[Access.UNSURE]) == high.countries
    assert sum(place.people for place in kinds[Access.SHUT]) == low.people
    assert len(kinds[Access.NOTHING]) == france.nothing_on_offer.countries
    text = page.impact(france, OUTLINES)
    legend = re.search(r'<ul class="legend">(.*?)</ul>', text)
    assert legend is not None
    assert [int(value) for value in re.findall(r'value="(\d+)"', legend[1])] == [
        len(places) for places in kinds.values()
    ]
    seen = Page(text)
    for place in france.places.values():
        assert (place.name in seen.words) or place.counted_in


def test_a_place_has_the_colour_of_its_class() -> None:
    of = assessed()
    for access in Access:
        drawn = ET.fromstring(chart.world_map(of._replace(access={"NAM": access}), OUTLINES))
        marks = {
            mark.get("fill")
            for mark in drawn.iter(f"{SVG}path")
            if mark.find(f"{SVG}title") is not None
        }
        assert marks == {
            f"url(#p-{access})" if chart.INKS[access].pattern else chart.INKS[access].ground
        }
        texts = " ".join(mark.text or "" for mark in drawn.iter(f"{SVG}text"))
        assert f"{chart.INKS[access].words}: 1 (1,000 people)" in texts


def test_bars_are_of_each_groups_own_people(france: ImpactReport) -> None:
    rows = chart.by_income(france)
    assert france.published is not None
    low, high = france.published
    assert (rows[0].people, rows[0].low, rows[0].high) == (
        france.people,
        low.people,
        high.people,
    )
    assert sum(row.people for row in rows[1:]) == france.people
    assert sum(row.low for row in rows[1:]) == low.people
    assert sum(row.high for row in rows[1:]) == high.people
    assert all(row.low <= row.high <= row.people for row in rows)
    drawn = ET.fromstring(chart.bars(france))
    widths = [
        int(mark.get("width", ""))
        for mark in drawn.iter(f"{SVG}rect")
        if mark.get("class") == "shut"
    ]
    assert widths == [round(380 * row.low / row.people) for row in rows if row.low]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, None, "0"), (98_910, None, "98,910"), (1_234_567, None, "1.2 million"),
        (3_161_397_236, 3_446_589_091, "3,161 to 3,447 million"), (28_704_947, 28_704_947, "29 million"),
        (98_910, 1_234_567, "98,910 to 1.2 million"), (1_234_567, 40_000_000, "1.2 to 40 million"),
    ],
)  # fmt: skip
def test_people_are_counted_in_words(low: int, high: int | None, words: str) -> None:
    assert amount(low, high) == words


@pytest.fixture(scope="module")
def ending(corpora: Path) -> ImpactReport:
    """Return the report of a form's rules that end in three months, of the whole world."""
    whole = world.read(policy_lab.tables(policy_lab.folder(corpora)))
    return report.assess(border(valid_to=datetime(2022, 6, 1, tzinfo=UTC)), whole)


def test_shares_of_older_doses_are_drawn_and_written(ending: ImpactReport) -> None:
    expiry = ending.expiry
    assert expiry is not None
    text = page.impact(ending, {})
    seen = Page(text)
    assert "A complete course counts for 270 days." in seen.words
    assert f'<data value="{expiry.lapsed_people}">' in text
    shown = re.findall(r'height="20" fill="#0072b2"', text)
    assert len(shown) == 21
    highest = max(expiry.places, key=lambda iso3: expiry.places[iso3])
    name = ending.places[highest].name
    assert f"{name} {100 * expiry.places[highest]:.0f} %" in " ".join(seen.text)
    assert f'width="{100 * expiry.places[highest]:.2f}%"' in text
    assert "Doses over 270 days old" in seen.words


def test_cliffs_are_told_with_their_people(ending: ImpactReport) -> None:
    (cliff,) = ending.cliffs
    text = page.impact(ending, {})
    assert f'<data value="{cliff.people[0]}/{cliff.people[1]}">' in text
    assert cliff.why in Page(text).words
    assert f" and {len(cliff.places) - 10} more" in Page(text).words
    none = Page(page.impact(ending._replace(cliffs=(), expiry=None), {})).words
    assert "Days on which many turn RED" not in none
    assert "How fair the end of validity is" not in none


def test_without_rules_nobody_is_told_anything() -> None:
    of = report.assess(border(datetime(2031, 1, 1, tzinfo=UTC)), tables())
    assert of.published is None
    seen = Page(page.impact(of, OUTLINES))
    assert "no rule is in force then" in seen.words
    assert "No accepted vaccine was on offer" not in seen.words
    assert "yes" not in {attributes.get("class") for attributes in seen.all("span")}
    assert list(drawings(of))
    # The control: the same page with rules.
    control = Page(page.impact(assessed(), OUTLINES))
    assert "An accepted vaccine was on offer" in control.words
    assert "yes" in {attributes.get("class") for attributes in control.all("span")}


def test_no_text_of_a_stranger_becomes_markup() -> None:
    text = page.impact(hostile(), OUTLINES, attribution=(HOSTILE,))
    seen = Page(text)
    assert not list(seen.all("script"))
    assert seen.words.count("<script>alert(1)</script>") > 15
    assert not re.search("[\u202e\x1b]", text)
    for drawing in drawings(hostile()):
        assert {element.tag for element in drawing.iter()} <= {
            f"{SVG}{name}"
            for name in ("svg", "title", "defs", "pattern", "path", "rect", "g", "text")
        }
        assert any("<script>" in (element.text or "") for element in drawing.iter())


@pytest.mark.parametrize(
    "wrong",
    [
        {"viewBox": "0 0 1 1\" onload=\"x"}, {"viewBox": None}, {"others": "M0 0<script>"}, {"countries": {"NA": "url(#x)"}},
        {"countries": {'NA"><script>': "M0 0z"}}, {"countries": {"NA": "M0 0z", "XU": "url(#x)"}}, {"countries": ["NA"]}, {"countries": {"NA": 1}},
    ],
)  # fmt: skip
def test_outlines_that_are_no_map_are_refused(wrong: dict[str, Any]) -> None:
    chart.world_map(assessed(), OUTLINES)
    with pytest.raises(DocumentRefused) as refusal:
        page.impact(assessed(), OUTLINES | wrong)
    assert refusal.value.code == "policy-outlines"


def test_a_page_is_whole_without_a_map(france: ImpactReport) -> None:
    seen = Page(page.impact(france, {}))
    assert not list(seen.all("figure"))
    assert "No accepted vaccine was on offer: 18" in seen.words


def test_a_page_fetches_nothing_and_runs_nothing(france: ImpactReport) -> None:
    text = page.impact(france, OUTLINES)
    seen = Page(text)
    assert not {tag for tag, _ in seen.elements} & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "form",
        "input",
    }
    for _, attributes in seen.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in {"src", "style"}
        ]
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in re.sub(r"url\(#p-\w+\)", "", text)
    assert "@import" not in text
    policy = next(one["content"] for one in seen.all("meta") if one.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_page_is_laid_out_for_everybody(france: ImpactReport) -> None:
    seen = Page(page.impact(france, OUTLINES))
    assert [one["lang"] for one in seen.all("html")] == ["en"]
    assert (
        len(list(seen.all("main"))) == len(list(seen.all("h1"))) == len(list(seen.all("nav"))) == 1
    )
    assert len(list(seen.all("table"))) == len(list(seen.all("caption")))
    assert {one.get("scope") for one in seen.all("th")} == {"row", "col"}
    names = [str(one["id"]) for _, one in seen.elements if "id" in one]
    assert len(set(names)) == len(names)
    assert {str(one["href"])[1:] for one in seen.all("a")} <= set(names)


def test_the_same_report_gives_the_same_bytes_and_not_many(france: ImpactReport) -> None:
    assert page.impact(france, OUTLINES) == page.impact(france, OUTLINES)
    assert chart.bars(france) == chart.bars(france)
    assert len(page.impact(france, OUTLINES)) < LARGEST - 100_000, "outlines take up to 100,000"


def test_a_region_and_a_country_without_a_name_are_titled() -> None:
    assert chart.title(assessed()) == "XU, 2022-03-01: whom do the rules shut out?"
    rows = small()
    rows["world"][0] |= {"iso2": "XU", "name": "Utopia"}
    named = assessed()._replace(places=world.read(rows).places)
    assert chart.title(named).startswith("Utopia, 2022-03-01")
    there = named._replace(place=named.place._replace(region="North"))
    assert chart.title(there).startswith("Utopia, North, 2022-03-01")


# Contrast (WCAG 2.2, 1.4.3 and 1.4.11), from the colours that the page names.


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    whole = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def schemes() -> Iterator[dict[str, str]]:
    names = re.findall(r":root\{([^}]*)\}", page.impact(assessed(), OUTLINES))
    assert len(names) == 2
    for text in names:
        yield dict(re.findall(r"--(\w+):(#\w+)", text))


def test_text_is_read_on_its_ground() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    for colours in schemes():
        for ink, ground in product(("ink", "quiet", "link"), ("ground", "panel")):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def test_patterns_are_seen_on_their_ground() -> None:
    for ink in chart.INKS.values():
        assert not ink.pattern or contrast(ink.line, ink.ground) >= 3, ink


def test_classes_differ_in_pattern_and_in_grey() -> None:
    assert len({ink.pattern for ink in chart.INKS.values()}) == len(Access)
    greys = sorted(luminance(ink.ground) for ink in chart.INKS.values())
    assert all(later - earlier > 0.1 for earlier, later in pairwise(greys))


# Who accepts whose.


@pytest.fixture(scope="module")
def states(corpora: Path) -> tuple[RecognitionMatrix, World]:
    """Return who accepts whose among five states of the corpus, of which one has no rules in force."""
    whole = world.read(
        policy_lab.tables(policy_lab.folder(corpora)), Provenance("policy", "1.2.3", "ab" * 32)
    )
    rules = [
        each
        for name in ("FI", "FR", "HR", "LU")
        for each in policy_lab.ruleset(corpora, name, "corpus").rules
    ]
    sets = policy_lab.ruleset(corpora, "FR", "corpus").value_sets
    together = Ruleset(rules, sets, compatible=True, hold_open=True)
    at = datetime(2022, 3, 1, 12, tzinfo=UTC)
    return matrix(whole, together, at=int(at.timestamp())), whole


def test_who_accepts_whose_is_said_in_signs_and_in_words(
    states: tuple[RecognitionMatrix, World],
) -> None:
    recognized, whole = states
    text = page.recognition(recognized, whole, attribution=("Made by somebody.",))
    seen = Page(text)
    assert "Of 4 destinations, 3 have rules for vaccinations." in seen.words
    assert "FI: no rules" in seen.words
    assert "Made by somebody." in seen.words
    for row in recognized.rows:
        shut = [iso3 for iso3, said in row.origins.items() if said is Access.SHUT]
        low = sum(whole.places[iso3].people for iso3 in shut)
        assert not row.origins or f'<data value="{low}/' in text
    profile = PROFILES[0]
    count = sum(len(row.products[profile]) for row in recognized.rows)
    grid = text[text.index('id="products"') : text.index('id="pairs"')]
    assert grid.count('<span class="unseen">accepted</span>') == count > 10
    pairs = text[text.index('id="pairs"') :]
    told = dict.fromkeys(Access, 0)
    for pair in recognized.pairs:
        told[pair.there] += 1
        told[pair.back] += 1
    assert pairs.count('<span class="unseen">accepts something</span>') == told[Access.OPEN] > 0
    # Each sign is hidden from whoever hears its words.
    assert text.count('<span aria-hidden="true">') == text.count('<span class="unseen">') > count


def test_a_one_way_pair_is_said_in_its_direction(states: tuple[RecognitionMatrix, World]) -> None:
    recognized, whole = states
    pair = Reciprocity("FRA", "LUX", Access.SHUT, Access.OPEN)
    seen = Page(page.recognition(recognized._replace(pairs=(pair,)), whole))
    assert "Luxembourg accepts what France had on offer, and is not accepted" in seen.words
    assert "1 are one-way" in seen.words
    mutual = recognized._replace(pairs=(pair._replace(there=Access.OPEN),))
    assert "Luxembourg accepts" not in Page(page.recognition(mutual, whole)).words


def test_who_accepts_whose_escapes_and_fetches_nothing(
    states: tuple[RecognitionMatrix, World],
) -> None:
    recognized, whole = states
    places = [place._replace(name=HOSTILE) for place in whole.places.values()]
    vaccines = [vaccine._replace(name=HOSTILE) for vaccine in whole.vaccines.values()]
    offers = [offer for each in whole.offers.values() for offer in each]
    text = page.recognition(recognized, World(places, vaccines, offers, {}), attribution=(HOSTILE,))
    assert not list(Page(text).all("script"))
    assert not re.search("[\u202e\x1b]", text)
    assert "<script>" in Page(text).words
