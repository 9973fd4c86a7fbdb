"""`pratique policy`: whom rules shut out, before they are published; `impact`.

1. Nobody's certificate is read: what is counted are countries and people, from open data.
2. Every figure is a range, of a named day and a named edition of the data.
3. Exit: 0 · 2 the rules or the data are refused · 4 a file cannot be read or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.lazy import Group
from pratique.cli.terminal import LONGEST, say
from pratique.impact import report as impact_report
from pratique.impact import timeline
from pratique.impact.report import ImpactReport, Turned
from pratique.impact.shut_out import Range, Total
from pratique.impact.timeline import Expiry
from pratique.impact.traveller import Answer
from pratique.parties import policy as parties_policy
from pratique.terms import Kind
from pratique.text import as_json, plural, printable, rfc3339, table, wrapped

WIDTH = 100
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
OUT = click.Path(path_type=Path, dir_okay=False)

data = click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="A data package of your own [default: the one of pratique[policy]].",
)
place = click.option(
    "--place", metavar="PLACE", help="Only this destination: FR, or a region of it: FR/IDF."
)
value_sets = click.option(
    "--value-sets",
    "value_sets",
    type=FILE,
    metavar="FILE",
    help="Value sets that the rules name [default: those of the data, in the edition of the day].",
)


@click.group(cls=Group)
def policy() -> None:
    """See whom rules shut out, and what they ask of whom, before they are published."""


@policy.command()
@click.argument("paths", nargs=-1, required=True, metavar="RULES...", type=FILE)
@click.option(
    "--before", multiple=True, type=FILE, metavar="FILE",
    help="Rules that these replace: what changes is told. Repeatable.",
)  # fmt: skip
@place
@value_sets
@click.option(
    "--at", type=options.INSTANT, metavar="INSTANT",
    help="Take this instant [default: now, or when the newest rule begins if that is later].",
)  # fmt: skip
@click.option("--page", type=OUT, metavar="FILE", help="Also write the report as one HTML page.")
@click.option(
    "--map", "world_map", type=OUT, metavar="FILE", help="Also draw the map: .svg, or .png."
)
@click.option("--bars", type=OUT, metavar="FILE", help="Also draw the bars: .svg, or .png.")
@data
@options.output_format
def impact(
    *,
    paths: tuple[Path, ...],
    before: tuple[Path, ...],
    place: str | None,
    value_sets: Path | None,
    at: datetime | None,
    page: Path | None,
    world_map: Path | None,
    bars: Path | None,
    data: Path | None,
    output_format: str,
) -> None:
    """Say whom the rules in RULES... shut out, by country and people, and what they ask of whom.

    Name all files of the destination. Nobody's certificate is read: the figures are of open data.
    """
    lab = parties_policy.open_lab(data)
    wanted = parties_policy.Wanted(paths, before, value_sets, place, at)
    reports = parties_policy.impact(wanted, lab, now=datetime.now(UTC))
    parties_policy.draw(reports, lab, parties_policy.Drawings(page, world_map, bars))
    if output_format == "json":
        documents = [impact_report.to_json(report) for report in reports]
        click.echo(as_json(documents[0] if len(documents) == 1 else documents, indent=1))
        return
    for number, report in enumerate(reports):
        say("\n" * bool(number) + "\n".join(_lines(report)))


def _lines(report: ImpactReport) -> Iterator[str]:
    rules = plural(len(report.rules), "rule")
    yield printable(f"{report.destination} at {rfc3339(report.at)}, {rules} in force", LONGEST)
    yield from wrapped(impact_report.headline(report), WIDTH)
    if report.published is not None:
        yield from _section("shut out", _shut_out(report))
    yield from _section("can enter", _can_enter(report))
    yield from _section("ways in", ([way.sentence] for way in report.ways))
    yield from _section(
        "asked of whom",
        ([one.traveller, impact_report.burden_in_words(one)] for one in report.burden),
    )
    if report.expiry is not None:
        yield from _section("end of validity", _expiry(report, report.expiry))
    yield from _section("days on which many turn RED", _cliffs(report))
    yield from _section("products", _products(report))
    if report.turned is not None:
        yield from _section("against the rules before", _turned(report, report.turned))
    if report.cautions:
        yield ""
        for caution in report.cautions:
            yield from wrapped(f"note: {caution.sentence} [{caution.code}]", WIDTH)
    yield ""
    source = report.provenance
    yield f"data: {printable(source.name)} {printable(source.version)}, sha256 {source.digest[:16]}…"


def _section(title: str, rows: Iterable[list[str]]) -> Iterator[str]:
    cells = [[printable(cell, LONGEST) for cell in row] for row in rows]
    if cells:
        yield ""
        yield title
        yield from (f"  {line}" for line in table(cells))


def _shut_out(report: ImpactReport) -> Iterator[list[str]]:
    yield ["", "countries", "people", "of mankind"]
    for name, range_ in (
        ("by these rules", report.published),
        ("with WHO's list as a floor", report.with_floor),
        ("by WHO's list alone", report.floor_only),
        ("nothing on offer", Range(report.nothing_on_offer, report.nothing_on_offer)),
    ):
        if range_ is not None:
            yield [name, *_figures(range_.low, range_.high, report.people)]


def _can_enter(report: ImpactReport) -> Iterator[list[str]]:
    if report.let_in is not None:
        low, high = report.let_in
        countries, people, share = _figures(low, high, report.people)
        yield [
            "by a vaccine on offer at home",
            f"people of {countries} countries ({people}, {share})",
        ]
    if report.vaccinated is not None:
        of, low_people, high_people = report.vaccinated
        said = impact_report.millions(low_people, high_people)
        whole = impact_report.millions(of, of)
        yield [
            "vaccinated, and by no vaccine of home",
            f"{said} of {whole} people with a complete course",
        ]
    kinds = {way.kind for way in report.ways}
    for kind, said in (
        (Kind.TEST, "people of all countries, where a test can be had"),
        (Kind.RECOVERY, "whoever has recovered"),
        (Kind.EXEMPTION, "whoever cannot be vaccinated"),
    ):
        yield [
            f"by {'an' if kind is Kind.EXEMPTION else 'a'} {kind}",
            said if kind in kinds else "nobody",
        ]
    age = report.exempt_below
    yield ["by age", f"children below {age}: nothing is demanded" if age else "nobody"]


def _figures(low: Total, high: Total, whole: int) -> list[str]:
    return [
        impact_report.between(low.countries, high.countries),
        impact_report.millions(low.people, high.people),
        impact_report.share(low.people, high.people, whole),
    ]


def _expiry(report: ImpactReport, expiry: Expiry) -> Iterator[list[str]]:
    oldest = sorted(expiry.places, key=lambda iso3: (-expiry.places[iso3], iso3))
    lowest, highest = expiry.places[oldest[-1]], expiry.places[oldest[0]]
    yield ["limit", f"{plural(expiry.days, 'day')} since the last dose of a complete course"]
    yield [
        "doses older than that",
        f"{expiry.median:.0%} in the median country, {lowest:.0%} to {highest:.0%}",
    ]
    names = [f"{report.places[iso3].name} {expiry.places[iso3]:.0%}" for iso3 in oldest[:5]]
    yield ["most of them", ", ".join(names)]
    yield ["no booster since", f"{expiry.lapsed_people / 1e6:,.0f} million people"]
    if expiry.without_boosters:
        without = [report.places[iso3].name for iso3 in expiry.without_boosters]
        yield ["boosters not on offer", _several(without)]


def _cliffs(report: ImpactReport) -> Iterator[list[str]]:
    for cliff in report.cliffs:
        where = _several([report.places[iso3].name for iso3 in cliff.places])
        people = impact_report.millions(*cliff.people)
        yield [cliff.day.isoformat(), f"{people} people", where]
        yield ["", "", cliff.why]


def _several(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _products(report: ImpactReport) -> Iterator[list[str]]:
    for product in report.products:
        if not product.has_code:
            # No certificate can carry it: to list it would say that a rule is at fault.
            continue
        listed = "" if product.listed is None else f"WHO {product.listed}"
        yield [product.name, _said(product), listed]


def _said(product: Answer) -> str:
    if product.accepted:
        return "accepted"
    word = "refused" if product.accepted is False else "open"
    return f"{word} by {', '.join(product.refused_by)}" if product.refused_by else word


def _turned(report: ImpactReport, turned: Turned) -> Iterator[list[str]]:
    names = {product.code: product.name for product in report.products}
    for word, range_ in (("lose", turned.loses), ("gain", turned.gains)):
        countries, people, share = _figures(range_.low, range_.high, report.people)
        yield [f"countries that {word} what was accepted", f"{countries} ({people}, {share})"]
    for said, affected in (
        ("people whose dose is accepted no more", turned.lost),
        ("people whose dose is accepted now", turned.gained),
    ):
        if affected.groups:
            yield [said, impact_report.millions(*affected.people)]
            yield ["", timeline.who(affected, names)]
    for word, codes in (("now accepted", turned.come), ("accepted no more", turned.go)):
        if codes:
            yield [word, ", ".join(names.get(code, code) for code in codes)]
    for sentence in turned.ways:
        word, _, way = sentence.partition(": ")
        yield [word, way]
