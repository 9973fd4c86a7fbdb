"""`pratique policy`: whom rules shut out, before they are published; `impact`, `matrix`, `floor`, `calendar`.

1. Nobody's certificate is read: what is counted are countries and people, from open data.
2. Every figure is a range, of a named day and a named edition of the data.
3. Exit: 0 · 2 the call cannot be carried out · 3 the rules or the data are refused, or a floor cannot be written ·
   4 a file cannot be read or written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.lazy import Group
from pratique.cli.terminal import LONGEST, say
from pratique.impact import calendar
from pratique.impact import matrix as impact_matrix
from pratique.impact import report as impact_report
from pratique.impact.amendment import Amendment
from pratique.impact.amendment import to_json as amendment_as_json
from pratique.impact.matrix import PROFILES, Balance, Reciprocity, RecognitionMatrix
from pratique.impact.report import ImpactReport, Turned
from pratique.impact.shut_out import Access, Range, Total
from pratique.impact.timeline import HORIZON, LONGEST_HORIZON, MANY, Expiry, is_cliff
from pratique.impact.traveller import ProductAnswer
from pratique.impact.world import World
from pratique.parties import policy as parties_policy
from pratique.terms import Kind
from pratique.text import amount, as_json, plural, printable, rfc3339, table, wrapped

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


at_or_newest = click.option(
    "--at", type=options.INSTANT, metavar="INSTANT",
    help="Take this instant [default: now, or when the newest rule of RULES begins if that is later].",
)  # fmt: skip


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
@at_or_newest
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
        click.echo(as_json(parties_policy.document_of(reports), indent=1))
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
        said = amount(low_people, high_people)
        whole = amount(of)
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
        amount(low.people, high.people),
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
    yield ["no booster since", f"{amount(expiry.lapsed_people)} people"]
    if expiry.without_boosters:
        without = [report.places[iso3].name for iso3 in expiry.without_boosters]
        yield ["boosters not on offer", _several(without)]


def _cliffs(report: ImpactReport) -> Iterator[list[str]]:
    for cliff in report.cliffs:
        where = _several([report.places[iso3].name for iso3 in cliff.places])
        people = amount(*cliff.people)
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


def _said(product: ProductAnswer) -> str:
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
            yield [said, amount(*affected.people)]
            yield ["", calendar.who(affected, names)]
    for word, codes in (("now accepted", turned.come), ("accepted no more", turned.go)):
        if codes:
            yield [word, ", ".join(names.get(code, code) for code in codes)]
    for sentence in turned.ways:
        word, _, way = sentence.partition(": ")
        yield [word, way]


@policy.command("population")
@click.argument("paths", nargs=-1, required=True, metavar="RULES...", type=FILE)
@click.option(
    "--from", "population", multiple=True, required=True, metavar="FILE|DIR",
    type=click.Path(path_type=Path, exists=True), help="Travellers, in files of columns. Repeatable.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="A new folder for what is said of each.")  # fmt: skip
@click.option("--keep", multiple=True, metavar="NAME",
              help="A column to hand on, such as how many people a row stands for. Repeatable.")  # fmt: skip
@options.crowd_options
@place
@value_sets
@at_or_newest
@data
def population_(
    *,
    paths: tuple[Path, ...],
    population: tuple[Path, ...],
    out: Path,
    keep: tuple[str, ...],
    place: str | None,
    value_sets: Path | None,
    at: datetime | None,
    data: Path | None,
    **more: Any,
) -> int:
    """Say of each traveller of a made-up population what the rules in RULES... say.

    A row has: kind (vaccination, test, recovery, exemption), product (of a vaccine; of a test its
    type), dose, on (day of the dose or of the first positive test, instant of the sample) and age.
    Nobody's name is read. Killed, it goes on when it is called again.
    """
    from pratique.parties import columnar  # noqa: PLC0415 - the other commands start fast

    crowd = options.crowd_of(more)
    wanted = parties_policy.Wanted(paths, (), value_sets, place, at)
    ask = columnar.policy_ask(wanted, data, keep, now=datetime.now(UTC))
    worked = options.work_through(
        ask, population, options.ColumnOptions(out, "", keep, crowd), "asking"
    )
    return 0 if worked else options.INTERRUPTED


# Several destinations beside each other, one with a floor, and what is coming.


FLOOR_FORMAT = "pratique-policy-floor-1"
held_or_named = click.argument("paths", nargs=-1, metavar="[RULES]...", type=FILE)
at_or_now = click.option(
    "--at", type=options.INSTANT, metavar="INSTANT", help="Take this instant [default: now]."
)


@policy.command("matrix")
@held_or_named
@place
@value_sets
@at_or_now
@click.option("--page", type=OUT, metavar="FILE", help="Also write it as one HTML page.")
@data
@options.home
@options.output_format
def matrix_(
    *,
    paths: tuple[Path, ...],
    place: str | None,
    value_sets: Path | None,
    at: datetime | None,
    page: Path | None,
    data: Path | None,
    home: Path | None,
    output_format: str,
) -> None:
    """Say who accepts whose, by the rules in RULES..., or by all that are held here.

    Every destination is asked about every product, and put beside every country by what was on offer there.
    """
    lab = parties_policy.open_lab(data)
    wanted = parties_policy.Wanted(paths, (), value_sets, place, at)
    matrix = parties_policy.recognition(wanted, lab, home, now=datetime.now(UTC))
    if page is not None:
        parties_policy.write_recognition(page, matrix, lab)
    if output_format == "json":
        click.echo(as_json(impact_matrix.to_json(matrix, lab.world.provenance), indent=1))
        return
    say("\n".join(_matrix_lines(matrix, lab.world)))


def _matrix_lines(matrix: RecognitionMatrix, world: World) -> Iterator[str]:
    yield f"{plural(len(matrix.rows), 'destination')} at {rfc3339(matrix.at)}"
    yield from _section("whose people have something accepted", _destinations(matrix, world))
    yield from _section("who accepts which product", _accepting(matrix, world))
    profiles = (
        [row.place.text, *(str(len(codes)) for codes in row.products.values())]
        for row in matrix.rows
        if row.origins
    )
    head = ["", *(profile.name for profile in PROFILES)]
    yield from _section("products accepted, by what is shown", [head, *profiles])
    if not matrix.pairs:
        return
    pairs = Counter(pair.balance for pair in matrix.pairs)
    yield from _section(
        "pairs of destinations", ([balance.value, str(pairs[balance])] for balance in Balance)
    )
    one_way = [pair for pair in matrix.pairs if pair.balance is Balance.ONE_WAY]
    yield from _section("accepts, and is not accepted", (_one_way(pair, world) for pair in one_way))


def _destinations(matrix: RecognitionMatrix, world: World) -> Iterator[list[str]]:
    yield ["", "something", "unsure", "nothing accepted", "people shut out"]
    for row in matrix.rows:
        if not row.origins:
            yield [row.place.text, row.state.replace("-", " "), "", "", ""]
            continue
        by_access = {
            access: [iso3 for iso3, said in row.origins.items() if said is access]
            for access in Access
        }
        low = sum(world.places[iso3].people for iso3 in by_access[Access.SHUT])
        high = low + sum(world.places[iso3].people for iso3 in by_access[Access.UNSURE])
        counts = [
            str(len(by_access[access])) for access in (Access.OPEN, Access.UNSURE, Access.SHUT)
        ]
        yield [row.place.text, *counts, amount(low, high)]


def _accepting(matrix: RecognitionMatrix, world: World) -> Iterator[list[str]]:
    there = [row for row in matrix.rows if row.origins]
    for code, vaccine in world.vaccines.items():
        places = [row.place.text for row in there if code in row.products[PROFILES[0]]]
        if places:
            shown = "all" if len(places) == len(there) > 1 else ", ".join(places)
            yield [vaccine.name, shown]


def _one_way(pair: Reciprocity, world: World) -> list[str]:
    names = [world.places[iso3].name for iso3 in (pair.one, pair.other)]
    first, second = names if pair.there is Access.OPEN else reversed(names)
    return [first, f"accepts what {second} had on offer"]


@policy.command()
@held_or_named
@click.option(
    "-o", "--out", type=OUT, metavar="FILE", help="Write the changed rules there, as JSON."
)
@click.option(
    "--valid-from", "begins", type=options.INSTANT, metavar="INSTANT",
    help="When the changed rules begin [default: as the ones that they replace].",
)  # fmt: skip
@place
@value_sets
@at_or_newest
@data
@options.home
@options.output_format
def floor(
    *,
    paths: tuple[Path, ...],
    out: Path | None,
    begins: datetime | None,
    place: str | None,
    value_sets: Path | None,
    at: datetime | None,
    data: Path | None,
    home: Path | None,
    output_format: str,
) -> int:
    """Say what the rules in RULES... would be with WHO's list as a floor, and write them.

    Lists of products are made longer, and nothing is taken away: that is proved by asking before it is shown.
    Exit 3 where a product of the list could not be added so.
    """
    lab = parties_policy.open_lab(data)
    wanted = parties_policy.Wanted(paths, (), value_sets, place, at)
    now = datetime.now(UTC)
    amendments = parties_policy.with_floor(wanted, lab, home, now=now, begins=begins)
    changed = [rule for amendment in amendments for rule in amendment.rules]
    if out is not None:
        parties_policy.write_rules(out, changed)
    if output_format == "json":
        documents = [amendment_as_json(amendment) for amendment in amendments]
        head = {"format": FLOOR_FORMAT, "data": lab.world.provenance._asdict()}
        click.echo(as_json({**head, "destinations": documents}, indent=1))
    else:
        for number, amendment in enumerate(amendments):
            say("\n" * bool(number) + "\n".join(_floor_lines(amendment, lab.world)))
        if out is not None:
            say(f"wrote {plural(len(changed), 'rule')}: {out}")
    return 3 if any(amendment.hindrances for amendment in amendments) else 0


def _names(world: World) -> dict[str, str]:
    return {code: vaccine.name for code, vaccine in world.vaccines.items()}


def _floor_lines(amendment: Amendment, world: World) -> Iterator[str]:
    names = _names(world)
    yield f"{amendment.place.text} at {rfc3339(amendment.at)}, with WHO's list of that day as a floor"
    if not amendment.missing:
        yield f"it accepts all {len(amendment.floor)} products of the list: nothing is to be changed"
        return
    yield f"refused now   {', '.join(names[code] for code in amendment.missing)}"
    if amendment.added:
        yield f"added         {', '.join(names[code] for code in amendment.added)}"
        countries = impact_report.places_in_words(*map(len, amendment.let_in))
        people = amount(*amendment.people)
        yield f"lets in       {countries} ({people} people)"
        yield f"proved by     {amendment.asked:,} cases asked before and after: nobody loses"
    for rule in amendment.rules:
        yield ""
        yield f"{rule['Identifier']}@{rule['Version']}"
        yield f"  {printable(as_json(rule['Logic']), 4 * LONGEST)}"
    for remark in (*amendment.hindrances, *amendment.notes):
        about = ", ".join(names[code] for code in remark.products)
        of = f"{remark.rule}: " if remark.rule else ""
        word = "cannot be added" if remark in amendment.hindrances else "note"
        yield from wrapped(f"{word}: {about}: {of}{remark.sentence} [{remark.code}]", WIDTH)


@policy.command("calendar")
@held_or_named
@click.option(
    "--days", type=click.IntRange(1, LONGEST_HORIZON), default=HORIZON, show_default=True,
    help="How far to look ahead.",
)  # fmt: skip
@click.option(
    "--many", type=click.IntRange(0), default=MANY, show_default=True,
    help="People from which on a day on which they turn RED is called a cliff.",
)  # fmt: skip
@place
@value_sets
@at_or_now
@data
@options.home
@click.option("--format", "output_format", type=click.Choice(["text", "json", "ics"]),
              default="text", show_default=True, help="A table, JSON, or a calendar (RFC 5545).")  # fmt: skip
def calendar_(
    *,
    paths: tuple[Path, ...],
    days: int,
    many: int,
    place: str | None,
    value_sets: Path | None,
    at: datetime | None,
    data: Path | None,
    home: Path | None,
    output_format: str,
) -> None:
    """Say what is coming to the rules in RULES..., or to all that are held here, and who turns RED when.

    A cliff is a day on which the doses of many days stop being accepted at once. People are a range: countries
    tell how many doses were given, and not which.
    """
    lab = parties_policy.open_lab(data)
    now = at or datetime.now(UTC)
    wanted = parties_policy.Wanted(paths, (), value_sets, place, now)
    changes = parties_policy.coming(wanted, lab, home, now=now, days=days)
    instant, source = int(now.timestamp()), lab.world.provenance
    if output_format == "json":
        document = calendar.as_json(changes, at=instant, days=days, many=many, data=source)
        click.echo(as_json(document, indent=1))
    elif output_format == "ics":
        name = f"rules of {place}" if place else "rules of destinations"
        click.echo(calendar.written(changes, name=name, at=instant, many=many), nl=False)
    else:
        for row in calendar.rows(changes, _names(lab.world), many):
            day, where, why, effect, whose = (printable(cell, 4 * LONGEST) for cell in row)
            say(f"{day}  {where}  {effect}")
            for line in filter(None, (why, whose)):
                say("\n".join(wrapped(f"    {line}", WIDTH)))
        cliffs = sum(is_cliff(change, many) for change in changes)
        say(
            f"{plural(len(changes), 'change')} within {plural(days, 'day')} of {rfc3339(instant)}, "
            f"{plural(cliffs, 'cliff')}"
        )
