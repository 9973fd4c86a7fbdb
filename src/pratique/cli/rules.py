"""`pratique rules`: write, check, compare and import destinations' rules.

Exit: 0 nothing is wrong (warnings allowed) · 1 an error or a disagreement · 3 a rule is OPEN, or a file is refused
· 4 a file cannot be read.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from pratique.cli import options, terminal
from pratique.cli.lazy import Group
from pratique.cli.terminal import LONGEST, say
from pratique.parties import rules as parties_rules
from pratique.rules import case_table
from pratique.rules.cases import described
from pratique.rules.explain import (
    Change,
    ChangeKind,
    Explanation,
    Impact,
    changes,
    countries,
    impact,
)
from pratique.rules.explain import explain as explained
from pratique.rules.lint import LintReport, Terms, lint
from pratique.rules.policy import product_code
from pratique.store import files
from pratique.text import as_json, plural, printable

FORMAT, TEST_FORMAT = "pratique-rules-check-1", "pratique-rules-test-1"
EXPLAIN_FORMAT, DIFF_FORMAT = "pratique-rules-explain-1", "pratique-rules-diff-1"
LONGEST_REMARK = 800

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
value_sets = click.option(
    "--value-sets",
    "value_sets",
    type=FILE,
    metavar="FILE",
    help="Value sets that the rules name: {name: [code, ...]} [default: a few codes of each].",
)


@click.group(cls=Group)
def rules() -> None:
    """Write, check, compare and import destinations' rules."""


@rules.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=FILE)
@options.option(
    "--allow-extra-variables", "compatible", was=("--compatible",), is_flag=True,
    help="List what is not on the list of variables, too.",
)  # fmt: skip
@click.option("--reason", default="", metavar="TEXT", help="Why there is no way but vaccination.")
@click.option(
    "--publish-at",
    type=options.INSTANT,
    metavar="INSTANT",
    help="Hold them to the EU gateway's constraints for an upload at this instant.",
)
@click.option(
    "--previous",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="Rules that are published already, the country's own and others'. Repeatable.",
)
@click.option(
    "--issued",
    multiple=True,
    metavar="CODE",
    help="A vaccine that the country's own certificates are issued for: its code or name. Repeatable.",
)
@value_sets
@click.option(
    "--impact", "impact_file",
    type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Also write whom they shut out, as `pratique policy impact --format json` does.",
)  # fmt: skip
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="For --impact, a data package of your own [default: the one of pratique[policy]].",
)  # fmt: skip
@options.output_format
def check(
    *,
    paths: tuple[Path, ...],
    compatible: bool,
    reason: str,
    publish_at: datetime | None,
    previous: tuple[Path, ...],
    issued: tuple[str, ...],
    value_sets: Path | None,
    impact_file: Path | None,
    data: Path | None,
    output_format: str,
) -> int:
    """Check a country's rules in FILE... before they are published.

    Name all files of the country: whether there is a way other than vaccination, and whether
    thresholds and validity fit, is a matter of all rules together.
    """
    held = parties_rules.sets_read(value_sets)
    terms = Terms(
        compatible=compatible,
        value_sets=held.value_sets,
        editions=held.editions,
        reason=reason,
        publish_at=publish_at,
        previous=parties_rules.written(previous),
        issued=[product_code(text) or text for text in issued],
    )
    report = lint(parties_rules.written(paths), terms)
    headlines: list[str] = []
    if impact_file is not None and not report.errors:
        # Only here: without it a check needs no data, and reads none.
        from pratique.parties import policy as parties_policy  # noqa: PLC0415

        wanted = parties_policy.Wanted(paths, previous, value_sets)
        headlines = parties_policy.write_impact(impact_file, wanted, data, now=datetime.now(UTC))
    if output_format == "json":
        click.echo(as_json(_check_as_json(report), indent=1))
        return 1 if report.errors else 0
    for rule, remarks in groupby(report.remarks, key=lambda remark: remark.rule):
        say(printable(rule))
        for remark in remarks:
            severity = "error  " if remark.error else "warning"
            where = f"{remark.where}: " if remark.where else ""
            message = printable(where + remark.message, LONGEST_REMARK)
            say(f"  {severity}  {message} [{remark.code}]")
    for headline in headlines:
        say(printable(headline, LONGEST_REMARK))
    if impact_file is not None:
        say(f"wrote {impact_file}" if headlines else "no impact is told of rules with errors")
    warnings = len(report.remarks) - report.errors
    say(
        f"{plural(report.rules, 'rule')} checked: {plural(report.errors, 'error')}, "
        f"{plural(warnings, 'warning')}"
    )
    return 1 if report.errors else 0


def _check_as_json(report: LintReport) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "rules": report.rules,
        "errors": report.errors,
        "warnings": len(report.remarks) - report.errors,
        "remarks": [
            {
                "rule": remark.rule,
                "severity": "error" if remark.error else "warning",
                "where": remark.where,
                "code": remark.code,
                "message": remark.message,
            }
            for remark in report.remarks
        ],
    }


@rules.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=FILE)
@options.language
@options.output_format
def explain(*, paths: tuple[Path, ...], language: str, output_format: str) -> None:
    """Say in plain words what each rule of FILE... demands."""
    said = [explained(rule, language) for rule in parties_rules.read(paths)]
    if output_format == "json":
        head = {"format": EXPLAIN_FORMAT, "rules": [one._asdict() for one in said]}
        click.echo(as_json(head, indent=1))
        return
    say("\n\n".join(_explanation(one) for one in said))


def _explanation(said: Explanation) -> str:
    lines = [
        f"{said.name}  {said.about}",
        f"  in force   {said.in_force}",
        f"  holds if   {said.holds}",
        f"  affects    {', '.join(said.affects)}",
    ]
    if said.language:
        lines.append(f"  published  {said.language}: {said.description}")
    return "\n".join(printable(line, LONGEST) for line in lines)


@rules.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.option(
    "--cases",
    required=True,
    type=FILE,
    metavar="FILE",
    help="Table of cases: [{rule, payload, external, valueSets, expected}, ...].",
)
@click.option(
    "--value-sets",
    type=FILE,
    metavar="FILE",
    help="Value sets of the cases: {name: [code, ...]}, or several under the keys that cases name.",
)
@options.output_format
def test(*, path: Path, cases: Path, value_sets: Path | None, output_format: str) -> int:
    """Try the rules of FILE on a table of cases, and show every case that differs from what is expected."""
    sets = parties_rules.parsed(value_sets) if value_sets else {}
    known = sets if isinstance(sets, dict) else {}
    rows = list(case_table.rows(parties_rules.read([path]), parties_rules.parsed(cases), known))
    wrong = [row for row in rows if not row.agrees]
    if output_format == "json":
        differ = [row._asdict() for row in wrong]
        head = {"format": TEST_FORMAT, "cases": len(rows), "disagree": differ}
        click.echo(as_json(head, indent=1))
    else:
        for row in wrong:
            said = f"{row.case}: {row.rule}: expected {row.expected}, found {row.found}"
            say(printable(said, LONGEST_REMARK))
        say(f"{plural(len(rows), 'case')}: {len(rows) - len(wrong)} agree")
    return 1 if wrong else 0


@rules.command()
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option(
    "--at",
    type=options.INSTANT,
    metavar="INSTANT",
    help="When the generated cases arrive [default: when the latest rule begins].",
)
@value_sets
@options.output_format
def diff(
    *,
    before: Path,
    after: Path,
    at: datetime | None,
    value_sets: Path | None,
    output_format: str,
) -> None:
    """Say what changes from BEFORE to AFTER, and whose verdict would change.

    Nobody's certificate is read: the cases are generated around the rules' own thresholds.
    """
    old, new = parties_rules.read([before]), parties_rules.read([after])
    changed = list(changes(old, new))
    instant = None if at is None else int(at.timestamp())
    known = parties_rules.sets_from(value_sets)
    impacts = {
        country: impact(old, new, country, at=instant, value_sets=known)
        for country in (countries(old, new) if changed else ())
    }
    if output_format == "json":
        click.echo(as_json(_words_as_json(changed, impacts), indent=1))
        return
    for change in changed:
        _tell_change(change)
    counts = Counter(change.way for change in changed)
    say(", ".join(f"{counts[way]} {way}" for way in ChangeKind))
    for country, found in impacts.items():
        _tell_impact(country, found)


def _tell_change(change: Change) -> None:
    say(printable(f"{change.way} {change.name}", LONGEST))
    if change.way is not ChangeKind.CHANGED:
        say(f"  {printable(change.said, LONGEST)}")
    for what, before, after in change.parts:
        say(f"  {what}")
        say(f"    - {printable(before, LONGEST)}")
        say(f"    + {printable(after, LONGEST)}")


def _tell_impact(country: str, found: Impact) -> None:
    say(f"{country}: of {found.cases:,} generated cases")
    if not found.turned:
        say("  none differs")
    for (before, after), number in sorted(found.turned.items()):
        say(f"  {number:,} turn from {before} to {after}")
    for example in _examples(found):
        say(f"  {printable(example['case'], LONGEST)}")
        rules = ", ".join(example["rules"])
        say(f"    {example['before']} → {example['after']}, by {printable(rules, LONGEST)}")


def _examples(found: Impact) -> list[dict[str, Any]]:
    return [
        {
            "case": described(turn.case) + (", arriving at midnight" if turn.at_midnight else ""),
            "before": turn.before.result.value,
            "after": turn.after.result.value,
            "rules": list(turn.because),
        }
        for turn in found.examples
    ]


def _words_as_json(changed: list[Change], impacts: dict[str, Impact]) -> dict[str, Any]:
    return {
        "format": DIFF_FORMAT,
        "changes": [
            {
                "change": change.way.value,
                "rule": change.name,
                "said": change.said,
                "parts": [
                    {"what": what, "before": before, "after": after}
                    for what, before, after in change.parts
                ],
            }
            for change in changed
        ],
        "impact": {
            country: {
                "cases": found.cases,
                "turned": [
                    {"before": before, "after": after, "cases": number}
                    for (before, after), number in sorted(found.turned.items())
                ],
                "examples": _examples(found),
            }
            for country, found in impacts.items()
        },
    }


@rules.command()
@click.argument("path", metavar="POLICY.toml", type=FILE)
@click.option(
    "-o", "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write them [default: standard output].",
)  # fmt: skip
def build(*, path: Path, out: Path | None) -> None:
    """Turn a form into rules, as JSON."""
    document = as_json(parties_rules.build(path), indent=1)
    if out is None:
        click.echo(document)
        return
    files.write(out, f"{document}\n".encode())
    say(f"wrote {out}")


@rules.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@options.option(
    "--allow-extra-variables", "compatible", was=("--compatible",), is_flag=True,
    help="Ask rules that read more than the closed list: existing ones, listed with the reason.",
)  # fmt: skip
@click.option("--replace", is_flag=True, help="Forget the rules that were imported before.")
@options.home
@options.quiet
def import_rules(
    *, sources: tuple[Path, ...], compatible: bool, replace: bool, home: Path | None
) -> int:
    """Import rules and value sets from SOURCE...: files or folders of JSON.

    A rule that cannot be read is held OPEN: whatever it concerns is AMBER until it is mended.
    """
    return terminal.imported(
        *parties_rules.import_rules(
            home, sources, at=datetime.now(UTC), compatible=compatible, replace=replace
        )
    )
