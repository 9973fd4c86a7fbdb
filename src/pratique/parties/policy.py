"""What rules do to the world, before they are published: impact, of files or of what is held.

    FILE... (, BEFORE...) + a data package -> Ruleset -> Border -> impact.report -> text, JSON, page, map

1. Rules are asked with the value sets they bring, else with those that are named, else with the data's own, in the
   edition of the instant.
2. The instant is now, or when the newest of the rules begins if that is later: what is looked at is what they will do.
3. Nobody's certificate is read, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pratique import snapshot
from pratique.errors import DocumentRefused, UsageError
from pratique.impact import chart, page, report, summary, timeline, world
from pratique.impact.amendment import Amendment, amend
from pratique.impact.doses import DoseQuestions
from pratique.impact.matrix import RecognitionMatrix, matrix
from pratique.impact.report import ImpactReport
from pratique.impact.shut_out import Range, Total
from pratique.impact.summary import Count, CountRange, ExpirySummary, Figures, Summary
from pratique.impact.timeline import ComingChange, Expiry
from pratique.impact.traveller import Border
from pratique.impact.world import Provenance, World
from pratique.parties import rules as parties_rules
from pratique.parties import verifier
from pratique.rules import documents
from pratique.rules.documents import RuleDocument
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Editions, Ruleset
from pratique.store import files, pictures, policy_data
from pratique.text import as_json


class Lab(NamedTuple):
    """The open data, read: the world, the outlines of its map, dated value sets, and whom to name for them."""

    world: World
    outlines: policy_data.Outlines
    editions: Editions
    attribution: tuple[str, ...] = ()


def open_lab(folder: Path | None = None) -> Lab:
    """Read a data package; the installed one where no folder is named.

    Raises:
        UsageError: `policy-data-missing`: none is installed.
        DocumentRefused: `policy-data-…`.
    """
    data = policy_data.load(folder)
    read = world.read(data.tables, Provenance(data.name, data.version, data.digest))
    return Lab(read, data.outlines, data.value_sets, data.attribution)


class Wanted(NamedTuple):
    """Which rules, and how to ask them.

    Attributes:
        paths: files of rules.
        before: files of the rules that they replace.
        value_sets: a file of value sets, or None.
        place: a destination as people write it ("FR", "FR/IDF"); None for all that the rules are of.
        at: the instant; None for now, or when the newest rule begins.
    """

    paths: tuple[Path, ...]
    before: tuple[Path, ...] = ()
    value_sets: Path | None = None
    place: str | None = None
    at: datetime | None = None


def impact(wanted: Wanted, lab: Lab, *, now: datetime) -> list[ImpactReport]:
    """Compute the impact of rules in files, for each destination that they are of."""
    rules = ruleset_of(wanted.paths, wanted.value_sets, lab)
    older = ruleset_of(wanted.before, wanted.value_sets, lab) if wanted.before else None
    return impacts(rules, lab, when(rules.rules, wanted.at, now), place=wanted.place, before=older)


def write_impact(path: Path, wanted: Wanted, data: Path | None, *, now: datetime) -> list[str]:
    """Write the impact of rules in files as JSON; return a sentence of each destination.

    Rules that were published before are compared with, where they are of the same destination.
    """
    lab = open_lab(data)
    rules = ruleset_of(wanted.paths, wanted.value_sets, lab)
    before = ruleset_of(wanted.before, wanted.value_sets, lab) if wanted.before else None
    if before is not None and not set(rules.countries) & set(before.countries):
        before = None
    reports = impacts(rules, lab, when(rules.rules, wanted.at, now), before=before)
    text = as_json(document_of(reports), indent=1)
    files.write(path, f"{text}\n".encode())
    return [report.headline(one) for one in reports]


def document_of(reports: Sequence[ImpactReport]) -> Any:
    """Return reports as one JSON document: that of the only one, or a list."""
    documents = [report.to_json(impact) for impact in reports]
    return documents[0] if len(documents) == 1 else documents


class Drawings(NamedTuple):
    """Where a report is written for people to look at; a map or bars as SVG, or as PNG if the name ends in .png."""

    page: Path | None = None
    map: Path | None = None
    bars: Path | None = None


def draw(reports: Sequence[ImpactReport], lab: Lab, drawings: Drawings) -> None:
    """Write a report's page, map and bars.

    Raises:
        UsageError: `place-several`: there is more than one report. `policy-data-map`: the data have no outlines.
        ExtraMissing: a picture as PNG needs the extra `pdf`.
    """
    if not any(drawings):
        return
    if len(reports) > 1:
        raise UsageError(
            "place-several",
            "a page and a drawing are of one destination, and the rules are of several",
            f"name one with --place: {', '.join(report.destination for report in reports)}",
        )
    report = reports[0]
    if drawings.map is not None:
        if not lab.outlines:
            raise UsageError(
                "policy-data-map", "the data have no outlines of countries to draw a map of"
            )
        _draw(drawings.map, chart.world_map(report, lab.outlines))
    if drawings.bars is not None:
        _draw(drawings.bars, chart.bars(report))
    if drawings.page is not None:
        text = page.impact(report, lab.outlines, attribution=lab.attribution)
        files.write(drawings.page, text.encode())


def _draw(path: Path, drawing: str) -> None:
    files.write(path, pictures.png(drawing) if path.suffix.lower() == ".png" else drawing.encode())


def impacts(
    rules: Ruleset,
    lab: Lab,
    at: datetime,
    *,
    place: str | None = None,
    before: Ruleset | None = None,
) -> list[ImpactReport]:
    """Compute the impact of a ruleset, for each destination that it has rules for, or for one."""
    reports = []
    for destination in destinations(rules, place):
        border = Border(rules, destination, at)
        older = None if before is None else Border(before, destination, at)
        reports.append(report.assess(border, lab.world, older))
    return reports


def destinations(rules: Ruleset, place: str | None = None) -> Sequence[Destination]:
    """Return the destinations of rules, or the one that is named; UsageError `place-unknown`."""
    if place is None:
        there = [
            destination
            for destination in rules.destinations
            if destination.region is not None or rules.countrywide(destination.country)
        ]
        if not there:
            raise UsageError("rules-none", "no rule in them is for a destination")
        return there
    named = snapshot.destination(place, rules)
    if named is None or named.country not in rules.countries:
        known = ", ".join(rules.countries) or "no country"
        raise UsageError(
            "place-unknown", f"there are no rules of {place[:20]}", f"the rules are of: {known}"
        )
    return [named]


# ----------------------------------------------------------------------------------------------------
# Several destinations beside each other, one with a floor, and what is coming: of files, or of what is held.


def in_hand(wanted: Wanted, lab: Lab, home: Path | None) -> Ruleset:
    """Return the rules in files; those that were synced and imported where no file is named.

    Raises:
        UsageError: `rules-none`: no file is named, and nothing is held.
    """
    if wanted.paths:
        return ruleset_of(wanted.paths, wanted.value_sets, lab)
    synced = verifier.snapshot(home)
    if synced is None or not synced.ruleset.rules:
        raise UsageError(
            "rules-none", "no rules are named, and none are held",
            "name files of rules, or hold some: pratique sync, pratique rules import",
        )  # fmt: skip
    return with_editions(synced.ruleset, lab, wanted.value_sets)


def with_editions(kept: Ruleset, lab: Lab, value_sets: Path | None = None) -> Ruleset:
    """Return the rules that are held, with the data's value sets where they have none of their own."""
    sets = kept.value_sets | parties_rules.sets_from(value_sets)
    editions = {name: dated for name, dated in lab.editions.items() if name not in sets}
    return Ruleset(
        kept.rules, sets, compatible=kept.compatible, hold_open=True,
        editions=editions | kept.editions, like=[kept],
    )  # fmt: skip


def recognition(wanted: Wanted, lab: Lab, home: Path | None, *, now: datetime) -> RecognitionMatrix:
    """Tell who accepts whose, of all destinations that have rules."""
    rules = in_hand(wanted, lab, home)
    at = int((wanted.at or now).timestamp())
    return matrix(lab.world, rules, at=at, places=destinations(rules, wanted.place))


def write_recognition(path: Path, recognized: RecognitionMatrix, lab: Lab) -> None:
    """Write who accepts whose as one HTML page."""
    files.write(path, page.recognition(recognized, lab.world, attribution=lab.attribution).encode())


def with_floor(
    wanted: Wanted, lab: Lab, home: Path | None, *, now: datetime, begins: datetime | None
) -> list[Amendment]:
    """Return what rules would be with WHO's list as a floor; `begins` is when the changed ones would begin.

    Raises:
        DocumentRefused: `floor-no-rules` where a destination has no rules for vaccinations then.
    """
    rules = in_hand(wanted, lab, home)
    # Of what is held, rules that begin later are no question: what is in force is.
    instant = when(rules.rules if wanted.paths else (), wanted.at, now)
    start = None if begins is None else int(begins.timestamp())
    floor, at = lab.world.floor(instant.date()), int(instant.timestamp())
    return [
        amend(lab.world, DoseQuestions(rules, place, at), floor, begins=start)
        for place in destinations(rules, wanted.place)
    ]


def write_rules(path: Path, rules: Sequence[dict[str, Any]]) -> None:
    """Write rules as one file of JSON."""
    files.write(path, f"{as_json(list(rules), indent=1)}\n".encode())


def coming(
    wanted: Wanted, lab: Lab, home: Path | None, *, now: datetime, days: int
) -> tuple[ComingChange, ...]:
    """Return what is coming to destinations' rules; UsageError `horizon` where too many days are asked for."""
    rules = in_hand(wanted, lab, home)
    at = int((wanted.at or now).timestamp())
    places = destinations(rules, wanted.place)
    return timeline.coming(lab.world, rules, at=at, days=days, places=places)


def ruleset_of(paths: Iterable[Path], value_sets: Path | None, lab: Lab) -> Ruleset:
    """Read rules with the value sets that they bring, else those that are named, else the data's."""
    rules: list[Rule] = []
    sets: dict[str, list[str]] = {}
    for path in paths:
        document = parties_rules.parsed(path)
        try:
            read = documents.read(document)
        except DocumentRefused as error:
            raise DocumentRefused(
                error.code, f"{path.name}: {error.message}", error.hint
            ) from error
        rules += read.rules
        sets |= {name: list(codes) for name, codes in read.value_sets.items()}
    sets |= parties_rules.sets_from(value_sets)
    editions = {name: dated for name, dated in lab.editions.items() if name not in sets}
    return Ruleset(rules, sets, compatible=True, hold_open=True, editions=editions)


def when(rules: Sequence[Rule], at: datetime | None, now: datetime) -> datetime:
    """Return the instant to ask rules at: the one that is named, else now, or when the newest of them begins."""
    if at is not None:
        return at
    newest = max((rule.valid_from for rule in rules), default=0)
    return max(now, datetime.fromtimestamp(newest, UTC))


# What a participant publishes beside its rules.


def summarised(
    rules: bytes, sets: RuleDocument, at: datetime, data: Path | None = None, derogation: str = ""
) -> Summary:
    """Count whom rules shut out, and return the summary that is published beside them.

    Args:
        rules: as they are published (`CODE/rules.json`).
        sets: the network's value sets: by these, and no others, verifiers will judge.
        at: now.
        data: a data package; the installed one where none is named.
        derogation: the sentence of the state, where its rules leave out a product of WHO's list.

    Raises:
        UsageError: `policy-data-missing`: no data package is installed.
        DocumentRefused: `policy-data-…`; `impact-…`: the seats' tool would refuse it.
    """
    at = at.astimezone(UTC).replace(microsecond=0)
    lab, ruleset = open_lab(data), summary.ruleset_of(rules, sets)
    figures = {
        place: _figures(report.assess(Border(ruleset, place, when), lab.world))
        for place in ruleset.destinations
        for when in (summary.counted_at(ruleset, place, at),)
    }
    counted = summary.RuleFigures(summary.DataSource(*lab.world.provenance), figures)
    return summary.prepared(rules, sets, at, counted, derogation)


def _figures(impact: ImpactReport) -> Figures:
    kinds = {way.kind.value for way in impact.ways}
    return Figures(
        None if impact.published is None else _range(impact.published),
        None if impact.with_floor is None else _range(impact.with_floor),
        _total(impact.nothing_on_offer),
        tuple(way for way in summary.WAYS if way in kinds),
        impact.exempt_below,
        None if impact.expiry is None else _expiry(impact.expiry),
    )


def _expiry(expiry: Expiry) -> ExpirySummary:
    return ExpirySummary(expiry.days, expiry.median, len(expiry.places))


def _range(span: Range) -> CountRange:
    return CountRange(_total(span.low), _total(span.high))


def _total(total: Total) -> Count:
    return Count(total.countries, total.people)
