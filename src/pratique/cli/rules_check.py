"""`pratique rules check` and `test`: what is wrong with rules, before anybody stands before them.

    FILE... -> lint -> remarks -> text | JSON          FILE, CASES.json -> rows that disagree

1. Exit: 0 nothing is wrong (warnings allowed), 1 an error or a disagreement.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from pratique.cli import options, rules_files
from pratique.cli.safe import as_json, printable
from pratique.rules import case_table
from pratique.rules.lint import Report, Terms, lint

FORMAT, TEST_FORMAT = "pratique-rules-check-1", "pratique-rules-test-1"
LONGEST = 400


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=rules_files.FILE)
@click.option("--compatible", is_flag=True, help="List what is not on the list of variables, too.")
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
    type=rules_files.FILE,
    metavar="FILE",
    help="Rules that are published already. Repeatable.",
)
@rules_files.value_sets
@options.output_format
def check(
    *,
    paths: tuple[Path, ...],
    compatible: bool,
    reason: str,
    publish_at: datetime | None,
    previous: tuple[Path, ...],
    value_sets: Path | None,
    output_format: str,
) -> int:
    """Check a country's rules in FILE... before they are published.

    Name all files of the country: whether there is a way other than vaccination, and whether
    thresholds and validity fit, is a matter of all rules together.
    """
    terms = Terms(
        compatible=compatible,
        value_sets=rules_files.sets_from(value_sets),
        reason=reason,
        publish_at=publish_at,
        previous=rules_files.written(previous),
    )
    report = lint(rules_files.written(paths), terms)
    if output_format == "json":
        click.echo(as_json(_as_json(report), indent=1))
    else:
        _tell(report)
    return 1 if report.errors else 0


def _tell(report: Report) -> None:
    for rule, remarks in groupby(report.remarks, key=lambda remark: remark.rule):
        click.echo(printable(rule))
        for remark in remarks:
            gravity = "error  " if remark.error else "warning"
            where = f"{remark.where}: " if remark.where else ""
            click.echo(f"  {gravity}  {printable(where + remark.message, LONGEST)} [{remark.code}]")
    warnings = len(report.remarks) - report.errors
    click.echo(
        f"{_count(report.rules, 'rule')} checked: {_count(report.errors, 'error')}, "
        f"{_count(warnings, 'warning')}"
    )


def _as_json(report: Report) -> dict[str, Any]:
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


@click.command()
@click.argument("path", metavar="FILE", type=rules_files.FILE)
@click.option(
    "--cases",
    required=True,
    type=rules_files.FILE,
    metavar="FILE",
    help="Table of cases: [{rule, payload, external, valueSets, expected}, ...].",
)
@click.option(
    "--value-sets",
    type=rules_files.FILE,
    metavar="FILE",
    help="Value sets of the cases: {name: [code, ...]}, or several under the keys that cases name.",
)
@options.output_format
def test(*, path: Path, cases: Path, value_sets: Path | None, output_format: str) -> int:
    """Try the rules of FILE on a table of cases, and tell every case that comes out otherwise."""
    sets = rules_files.parsed(value_sets) if value_sets else {}
    known = sets if isinstance(sets, dict) else {}
    rows = list(case_table.rows(rules_files.read([path]), rules_files.parsed(cases), known))
    wrong = [row for row in rows if not row.agrees]
    if output_format == "json":
        told = [row._asdict() for row in wrong]
        head = {"format": TEST_FORMAT, "cases": len(rows), "disagree": told}
        click.echo(as_json(head, indent=1))
    else:
        for row in wrong:
            said = f"{row.case}: {row.rule}: expected {row.expected}, found {row.found}"
            click.echo(printable(said, LONGEST))
        click.echo(f"{_count(len(rows), 'case')}: {len(rows) - len(wrong)} agree")
    return 1 if wrong else 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
