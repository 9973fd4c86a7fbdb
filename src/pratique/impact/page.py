"""Lay out an impact report, or who accepts whose, as one page, for whoever is to decide on rules.

    ImpactReport, outlines   -> sections in words, each figure with its range -> HTML
    RecognitionMatrix, World -> the same of who accepts whose                 -> HTML

1. One file: no script, nothing fetched, no other file. Its policy (CSP) forbids all of it, but for its own style sheet,
   which it names by its digest.
2. Every figure is a range with its source, and what it does not say stands on the same page.
3. Whatever a drawing shows stands in a table too. Tables have captions, and headers of rows and of columns.
4. It is read at 360 px, in the dark, on paper and by a screen reader. No text of a stranger becomes markup.
5. The same report gives the same bytes. No person is in it, and no number is of a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from pratique.impact import chart, markup
from pratique.impact.chart import bar, range_bar, text_of
from pratique.impact.markup import bdi
from pratique.impact.matrix import PROFILES, Balance, Recognition, RecognitionMatrix
from pratique.impact.report import Burden, ImpactReport, between, burden_in_words, headline, share
from pratique.impact.shut_out import Access, Range
from pratique.impact.timeline import Expiry
from pratique.impact.traveller import ProductAnswer
from pratique.impact.world import Place, Provenance, World
from pratique.text import amount, plural, rfc3339

__all__ = ["data_at", "impact", "limits", "recognition", "recognition_sections", "sources"]

_ANSWERS = {
    True: ("yes", "accepted"),
    False: ("no", "not accepted"),
    None: ("open", "open: the rules cannot be asked"),
}
_TRAPS = {
    "Offered is not given": "A country counts as served if one accepted vaccine was in use anywhere in it. How much of it "
    "there was, and for whom, is not known here.",
    "Authorised is not offered": "Vaccines that a country allowed and never used do not count.",
    "Figures are ranges because sources are": "Some name one of several vaccines (Vaxzevria or Covishield), some say that "
    "one was listed and not that it was used. The low end gives the rules the benefit of each doubt, the high end of none.",
    "There is no end of an offer": "A vaccine that a country stopped using stays in the data.",
    "Some countries’ lists stopped early": "There, both ends may be too high.",
    "Doses are not certificates": "Shares of older doses count doses; who recovered, or had a later dose elsewhere, is not "
    "seen.",
    "The travellers are invented": "Each is a country, a vaccine, a day and an age. No data about people went in, and none "
    "comes out.",
}  # fmt: skip


def impact(
    report: ImpactReport, outlines: Mapping[str, Any], *, attribution: Sequence[str] = ()
) -> str:
    """Return the page of a report, as one HTML document in English.

    Args:
        report: of one destination at one instant.
        outlines: outlines.json of the data, as parsed; empty for a page without a map.
        attribution: what the data's licences ask to be said, a sentence each.

    Raises:
        DocumentRefused: `policy-outlines`.
    """
    rules = ", ".join(f"<code>{text_of(rule)}</code>" for rule in report.rules) or "none"
    sections = [
        ("cautions", "Before these rules are published", _cautions(report)),
        ("map", "Map", _map(report, outlines)),
        ("income", "By income", _income(report)),
        ("before", "Against the rules before", _before(report)),
        ("floor", "WHO’s list as a floor", _floor(report)),
        ("products", "Vaccines", _products(report)),
        ("ways", "Ways in", _ways(report)),
        ("expiry", "How fair the end of validity is", _expiry(report)),
        ("cliffs", "Days on which many turn RED", _cliffs(report)),
        ("limits", "What these figures do not say", limits()),
        (
            "sources",
            "Rules, data and licence",
            f"<p>Rules in force: {rules}.</p>{sources(report.provenance, _data(report), attribution)}",
        ),
        ("places", "Every country and territory", _places(report)),
    ]
    lead = f"By the rules in force at {rfc3339(report.at)}. {_data(report)}"
    return markup.document(
        chart.title(report), headline(report), lead, sections, patterns=chart.patterns()
    )


def recognition(matrix: RecognitionMatrix, world: World, *, attribution: Sequence[str] = ()) -> str:
    """Return the page of who accepts whose, as one HTML document in English.

    Args:
        matrix: of destinations at one instant.
        world: the data that it was made of.
        attribution: what the data's licences ask to be said, a sentence each.
    """
    data = data_at(matrix, world)
    sections = [
        *recognition_sections(matrix, world),
        ("limits", "What these figures do not say", limits()),
        ("sources", "Data and licence", sources(world.provenance, data, attribution)),
    ]
    lead = f"By the rules in force at {rfc3339(matrix.at)}. {data}"
    pairs = Counter(pair.balance for pair in matrix.pairs)
    answer = (
        f"Of {plural(len(matrix.rows), 'destination')}, {sum(bool(row.origins) for row in matrix.rows)} have rules for vaccinations. Of "
        f"{plural(len(matrix.pairs), 'pair')} of them, {pairs[Balance.ONE_WAY]} are one-way: one accepts what the other had on "
        "offer, and is not accepted."
    )
    title = f"Who accepts whose, {_day_of(matrix)}"
    return markup.document(title, answer, lead, sections, patterns=chart.patterns())


def recognition_sections(matrix: RecognitionMatrix, world: World) -> list[tuple[str, str, str]]:
    """Return who accepts whose as sections of a page: name, words, markup."""
    data, there = data_at(matrix, world), [row for row in matrix.rows if row.origins]
    return [
        (
            "destinations",
            "Whom each destination shuts out",
            _destinations(matrix.rows, world, data),
        ),
        ("products", "Who accepts which vaccine", _accepting(there, world, data)),
        ("pairs", "Who accepts whom", _pairs(matrix, there, world, data)),
    ]


def data_at(matrix: RecognitionMatrix, world: World) -> str:
    """Name the data of who accepts whose, and the day up to which they count."""
    return _data_of(world.provenance, _day_of(matrix), world.ends)


def _day_of(matrix: RecognitionMatrix) -> date:
    return datetime.fromtimestamp(matrix.at, UTC).date()


# ----------------------------------------------------------------------------------------------------
# Sections: each returns its content, or nothing where the report has none of it.


def _cautions(report: ImpactReport) -> str:
    items = "".join(f"<li>{bdi(caution.sentence)}</li>" for caution in report.cautions)
    return items and f"<ul>{items}</ul>"


def _map(report: ImpactReport, outlines: Mapping[str, Any]) -> str:
    kinds = chart.by_access(report)
    legend = "".join(
        f"<li>{chart.swatch(access)}<span>{chart.INKS[access].words}: "
        f'<data value="{len(places)}">{chart.legend_of(places)}</data></span></li>'
        for access, places in kinds.items()
        if places or (access is not Access.NOTHING and report.published is not None)
    )
    if not outlines:
        return f'<ul class="legend">{legend}</ul>'
    return (
        f'<figure class="map">{chart.world_map(report, outlines, legend=False)}<figcaption>'
        f"Grey: not counted, or no rules to ask. {_unmapped(kinds, outlines)}Outlines: Natural Earth (public domain); they "
        f'decide no border. {_data(report)}</figcaption></figure><ul class="legend">{legend}</ul>'
    )


def _unmapped(kinds: Mapping[Access, Sequence[Place]], outlines: Mapping[str, Any]) -> str:
    missing = sorted(
        place.name
        for places in kinds.values()
        for place in places
        if place.iso2 not in outlines["countries"]
    )
    return f"Not on the map: {', '.join(map(bdi, missing))}. " if missing else ""


def _income(report: ImpactReport) -> str:
    rows = [
        (row.name, range_bar(row), f'{row.words}<br><span class="quiet">{amount(row.low, row.high)} of {amount(row.people)}</span>')
        for row in chart.by_income(report)
    ]  # fmt: skip
    if not rows:
        return ""
    return markup.bars(
        "People without an accepted vaccine on offer, by income of their country",
        f"Income groups of the World Bank. Rising lines: for certain. Falling lines on yellow: unsure. {_data(report)}",
        ("Income", "Share of its people"), rows,
    )  # fmt: skip


def _before(report: ImpactReport) -> str:
    turned = report.turned
    if turned is None:
        return ""
    names = {answer.code: answer.name for answer in report.products}
    rows = [
        ("Have none that is accepted any more", *_range_cells(turned.loses, report)),
        ("Have one that is accepted now", *_range_cells(turned.gains, report)),
    ]
    items = [
        f"{words}: {', '.join(bdi(names.get(code, code)) for code in codes)}"
        for words, codes in (("newly accepted", turned.come), ("not accepted any more", turned.go))
        if codes
    ]
    items += map(bdi, turned.ways)
    items += [
        f"{_values(affected.people, amount(*affected.people))} people {words}"
        for words, affected in (
            ("have a dose that is accepted no more", turned.lost),
            ("have a dose that is accepted from now on", turned.gained),
        )
        if affected.groups
    ]
    before = ", ".join(f"<code>{text_of(rule)}</code>" for rule in turned.before) or "none in force"
    changes = (
        f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
        if items
        else "<p>Vaccines and ways stay the same.</p>"
    )
    return f"<p>The rules before: {before}.</p>{changes}" + markup.table(
        "Places that the change turns", _data(report), _RANGE_HEADS, rows
    )


def _floor(report: ImpactReport) -> str:
    names = {answer.code: answer.name for answer in report.products}
    missing = [bdi(names.get(code, code)) for code in report.floor_missing]
    if report.published is None:
        says = "<p>No rules on vaccines are in force, so that there is nothing to compare the list with.</p>"
    elif missing:
        says = (
            f"<p><b>The floor is not kept.</b> The rules leave out {plural(len(missing), 'vaccine')} that WHO had listed for "
            f"emergency use or prequalified by that day: {', '.join(missing)}.</p>"
        )
    else:
        says = "<p><b>The floor is kept.</b> Every vaccine that WHO had listed by that day is accepted.</p>"
    rows = [
        (words, *_range_cells(found, report))
        for words, found in (
            ("These rules", report.published),
            ("These rules with the floor", report.with_floor),
            ("The floor alone", report.floor_only),
        )
        if found is not None
    ]
    nothing = report.nothing_on_offer
    rows.append(("No vaccine at all on offer", *_range_cells(Range(nothing, nothing), report)))
    return says + markup.table(
        "Without an accepted vaccine on offer",
        f"The last row is in none of the others. {_data(report)}",
        _RANGE_HEADS,
        rows,
    )


def _products(report: ImpactReport) -> str:
    ordered = sorted(
        report.products,
        key=lambda answer: (not answer.accepted, answer.name.casefold(), answer.code),
    )
    rows = [
        (_product(answer), _answer(answer), markup.day(answer.listed) if answer.listed else "not listed")
        for answer in ordered
    ]  # fmt: skip
    return markup.table(
        "Vaccines, and what the rules say of a complete course",
        f"The day is that of WHO’s emergency use listing or prequalification. {_data(report)}",
        ("Vaccine", "The rules", "WHO’s list"), rows,
    )  # fmt: skip


def _product(answer: ProductAnswer) -> str:
    code = "" if answer.code == answer.name else f" <code>{text_of(answer.code)}</code>"
    return bdi(answer.name) + code


def _answer(answer: ProductAnswer) -> str:
    name, words = _ANSWERS[answer.accepted]
    if answer.refused_by:
        words = "refused by " + ", ".join(
            f"<code>{text_of(rule)}</code>" for rule in answer.refused_by
        )
    code = (
        "" if answer.has_code else '<br><span class="quiet">no EU certificate could carry it</span>'
    )
    return f'<span class="{name}">{words}</span>{code}'


def _ways(report: ImpactReport) -> str:
    if not report.ways and not report.burden and not report.exempt_below:
        return ""
    ways = "".join(
        f"<li><b>{text_of(way.kind)}</b>: {bdi(way.sentence)}</li>" for way in report.ways
    )
    age = (
        f"<p>Nothing is asked of children under {report.exempt_below}.</p>"
        if report.exempt_below
        else ""
    )
    rows = [(bdi(burden.traveller), _asked(burden)) for burden in report.burden]
    table = markup.table(
        "What the cheapest way asks of whom",
        "Of travellers who are nobody.",
        ("Traveller", "Asked for"),
        rows,
    )
    return f"{f'<ul>{ways}</ul>' if ways else ''}{age}{_by_vaccine(report)}{table if rows else ''}"


def _by_vaccine(report: ImpactReport) -> str:
    rows = []
    if report.let_in is not None:
        rows.append(
            (
                "Live where an accepted vaccine was on offer",
                *_range_cells(report.let_in, report)[1:],
            )
        )
    if report.vaccinated is not None:
        whole, low, high = report.vaccinated
        people = _values((low, high), amount(low, high))
        part = f"{share(low, high, whole)} of {amount(whole)} with a complete course"
        rows.append(("Have a complete course, and live where none was", people, part))
    heads = ("", "People", "Share")
    return markup.table("Who can enter by vaccination", _data(report), heads, rows) if rows else ""


def _asked(burden: Burden) -> str:
    words = burden_in_words(burden)
    return (
        text_of(words)
        if burden.is_free or not burden.way
        else f"{text_of(words)}; to be got for the journey"
    )


def _expiry(report: ImpactReport) -> str:
    expiry = report.expiry
    if expiry is None:
        return ""
    order = sorted(expiry.places, key=lambda iso3: (-expiry.places[iso3], iso3))
    half = len(order) // 2 if len(order) <= 2 * markup.FEW else markup.FEW
    shares = [
        *((report.places[iso3].name, expiry.places[iso3]) for iso3 in order[:half]),
        ("Median of all", expiry.median),
        *((report.places[iso3].name, expiry.places[iso3]) for iso3 in order[len(order) - half :]),
    ]
    limit = plural(expiry.days, "day")
    without = [
        bdi(report.places[iso3].name) for iso3 in expiry.without_boosters if iso3 in report.places
    ]
    boosters = f"<p>Boosters were not on offer yet in: {', '.join(without)}.</p>" if without else ""
    return (
        f"<p>A complete course counts for {limit}. On that day, in the median of {plural(len(order), 'country')} of a "
        f"million people or more, {_part(expiry.median)} of all doses were older. "
        f'<data value="{expiry.lapsed_people}">{amount(expiry.lapsed_people)}</data> people had a complete course older '
        f"than that and no booster, in {plural(len(expiry.lapsed), 'country')} that tell of both.</p>{boosters}"
        + markup.bars(
            f"Share of doses older than {limit}",
            f"The {half} highest and the {half} lowest of {len(order)}; the list of places has all. {_data(report)}",
            ("Country", "Share"),
            [(name, bar(part), _part(part)) for name, part in shares],
        )
    )  # fmt: skip


def _part(part: float) -> str:
    """Write a share of doses as all shares are written."""
    return share(round(part * 1_000_000), round(part * 1_000_000), 1_000_000)


def _cliffs(report: ImpactReport) -> str:
    rows = []
    for cliff in report.cliffs:
        names = [
            report.places[iso3].name for iso3 in cliff.places[: markup.FEW] if iso3 in report.places
        ]
        more = (
            f" and {len(cliff.places) - len(names)} more" if len(cliff.places) > len(names) else ""
        )
        where = f'<span class="quiet">{", ".join(map(bdi, names))}{more}</span>'
        people = _values(cliff.people, amount(*cliff.people))
        rows.append((markup.day(cliff.day), f"{bdi(cliff.why)}<br>{where}", people))
    heads = ("Day", "Why, and where they had the dose", "People")
    return (
        markup.table("Coming days", f"From a million people on. {_data(report)}", heads, rows)
        if rows
        else ""
    )


def _places(report: ImpactReport) -> str:
    expiry = report.expiry
    heads = ["Country or territory", "Income", "People"]
    if expiry is not None:
        heads.append(f"Doses over {plural(expiry.days, 'day')} old")
    return "".join(
        markup.table(
            f"{chart.INKS[access].words} ({len(places)})", _data(report), heads,
            [_place_cells(place, expiry) for place in places], numbers=len(heads) - 2,
        )
        for access, places in chart.by_access(report).items()
        if places
    )  # fmt: skip


def _place_cells(place: Place, expiry: Expiry | None) -> Sequence[str]:
    cells = [
        f"{bdi(place.name)} <code>{text_of(place.iso2)}</code>",
        text_of(chart.GROUPS.get(place.income, place.income).removesuffix(" income").lower()),
        f'<data value="{place.people}">{place.people:,}</data>' if place.people else "not known",
    ]
    if expiry is not None:
        part = expiry.places.get(place.iso3)
        cells.append("not known" if part is None else _part(part))
    return cells


def limits() -> str:
    """Say what figures about countries and people do not say."""
    return (
        f"<ul>{''.join(f'<li><b>{trap}.</b> {words}</li>' for trap, words in _TRAPS.items())}</ul>"
    )


def sources(provenance: Provenance, data: str, attribution: Iterable[str]) -> str:
    """Name the data, and whom their licences ask to be named."""
    items = "".join(f"<li>{bdi(sentence)}</li>" for sentence in attribution)
    return (
        f"<p>{data} SHA-256 <code>{text_of(provenance.digest)}</code>.</p>"
        f"{items and f'<ul>{items}</ul>'}"
    )


def _data(report: ImpactReport) -> str:
    return _data_of(report.provenance, report.day, report.data_end)


def _data_of(provenance: Provenance, day: date, ends: date | None) -> str:
    """Name the data of a figure, and the day up to which offers and listings count: none is known that is later than they end."""
    known = (
        markup.day(day) if ends is None or day <= ends else f"{markup.day(ends)}, where they end"
    )
    return f"{text_of(chart.data_name(provenance))}, as of {known}."


# ----------------------------------------------------------------------------------------------------
# Sections of who accepts whose. A cell of a grid is a sign, with its words for whoever cannot see it.


_SIGNS: dict[Access | None, markup.Sign] = {
    Access.OPEN: markup.Sign("open", "\u2713", "accepts something"),
    Access.SHUT: markup.Sign("shut", "\u2715", "accepts nothing"),
    Access.UNSURE: markup.Sign("unsure", "?", "unsure"),
    Access.NOTHING: markup.Sign("", "\u2013", "nothing on offer there"),
    None: markup.Sign("", "", "not counted"),
}
_ACCEPTED, _NOT_ACCEPTED = (
    markup.Sign("open", "\u2713", "accepted"),
    markup.Sign("", "\u2013", "not accepted"),
)
_ITSELF = markup.Sign("self", "", "itself")


def _destinations(rows: Iterable[Recognition], world: World, data: str) -> str:
    drawn, without = [], []
    for row in rows:
        if not row.origins:
            without.append(f"<li>{bdi(row.place.text)}: {row.state.replace('-', ' ')}</li>")
            continue
        low, unsure = (
            sum(world.places[iso3].people for iso3, said in row.origins.items() if said is access)
            for access in (Access.SHUT, Access.UNSURE)
        )
        span = chart.Bar(row.place.text, world.people, low, low + unsure)
        words = f'{span.words}<br><span class="quiet">{_values((low, low + unsure), amount(low, low + unsure))}</span>'
        drawn.append((span.name, range_bar(span), words))
    table = markup.bars(
        "People who had vaccines on offer and none that is accepted",
        f"Of mankind. Rising lines: for certain. Falling lines on yellow: unsure. {data}",
        ("Destination", "Share"), drawn,
    )  # fmt: skip
    others = f"<p>Without rules for vaccinations, so that nobody is told anything:</p><ul>{''.join(without)}</ul>"
    return (table if drawn else "") + (others if without else "")


def _accepting(rows: Sequence[Recognition], world: World, data: str) -> str:
    profile = PROFILES[0]
    lines = [
        (vaccine.name, [_ACCEPTED if code in row.products[profile] else _NOT_ACCEPTED for row in rows])
        for code, vaccine in world.vaccines.items()
        if any(code in row.products[profile] for row in rows)
    ]  # fmt: skip
    return (
        markup.grid(
            f"Vaccines accepted, of a {profile.name}", data, (row.place.text for row in rows), lines
        )
        if lines
        else ""
    )


def _pairs(matrix: RecognitionMatrix, rows: Sequence[Recognition], world: World, data: str) -> str:
    if not matrix.pairs:
        return ""
    both = {iso3 for pair in matrix.pairs for iso3 in (pair.one, pair.other)}
    there = {
        world.by_iso2[row.place.country].iso3: row
        for row in rows
        if row.place.region is None and row.place.country in world.by_iso2
    }
    codes = sorted(both & there.keys())
    lines = [
        (world.places[row].name, [_ITSELF if row == of else _SIGNS[there[row].origins.get(of)] for of in codes])
        for row in codes
    ]  # fmt: skip
    one_way = ""
    for pair in matrix.pairs:
        if pair.balance is Balance.ONE_WAY:
            ends = (pair.one, pair.other) if pair.there is Access.OPEN else (pair.other, pair.one)
            accepting, refused = (bdi(world.places[iso3].name) for iso3 in ends)
            one_way += (
                f"<li>{accepting} accepts what {refused} had on offer, and is not accepted</li>"
            )
    more = f"✓ accepts something that was on offer there, ✕ nothing, ? unsure. {data}"
    grid = markup.grid("Rows: the destination. Columns: whose people", more, codes, lines)
    return f"{grid}{one_way and f'<ul>{one_way}</ul>'}"


# ----------------------------------------------------------------------------------------------------
# Tables. Cells are markup already; heads and captions are our own words or escaped by who passes them.

_RANGE_HEADS = ("", "Places", "People", "Share of mankind")


def _range_cells(found: Range, report: ImpactReport) -> tuple[str, str, str]:
    low, high = found
    return (
        _values((low.countries, high.countries), between(low.countries, high.countries)),
        _values((low.people, high.people), amount(low.people, high.people)),
        share(low.people, high.people, report.people),
    )


def _values(ends: tuple[int, int], words: str) -> str:
    """Return a range in words, with its exact numbers for whoever reads the page by machine."""
    return f'<data value="{ends[0]}/{ends[1]}">{words}</data>'
