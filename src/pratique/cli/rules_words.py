"""`pratique rules explain` and `diff`: rules, and what a change of them changes, in plain words.

    FILE... -> a sentence for each rule          A, B -> what is different, and for whom

1. The sentences are made of the logic; the published description is shown beside them.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options, rules_files
from pratique.cli.safe import as_json, printable
from pratique.rules.authoring.told import told
from pratique.rules.changes import Change, Way, changes
from pratique.rules.diff import Impact, countries, impact
from pratique.rules.explain import Explanation
from pratique.rules.explain import explain as explained

EXPLAIN_FORMAT, DIFF_FORMAT = "pratique-rules-explain-1", "pratique-rules-diff-1"
LONGEST = 2_000


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=rules_files.FILE)
@click.option("--lang", default="en", show_default=True, help="Language of the descriptions.")
@options.output_format
def explain(*, paths: tuple[Path, ...], lang: str, output_format: str) -> None:
    """Say in plain words what each rule of FILE... demands."""
    said = [explained(rule, lang) for rule in rules_files.read(paths)]
    if output_format == "json":
        head = {"format": EXPLAIN_FORMAT, "rules": [one._asdict() for one in said]}
        click.echo(as_json(head, indent=1))
        return
    click.echo("\n\n".join(_explanation(one) for one in said))


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


@click.command()
@click.argument("before", type=rules_files.FILE)
@click.argument("after", type=rules_files.FILE)
@click.option(
    "--at",
    type=options.INSTANT,
    metavar="INSTANT",
    help="When the generated cases arrive [default: when the latest rule begins].",
)
@rules_files.value_sets
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
    old, new = rules_files.read([before]), rules_files.read([after])
    changed = list(changes(old, new))
    instant = None if at is None else int(at.timestamp())
    known = rules_files.sets_from(value_sets)
    impacts = {
        country: impact(old, new, country, at=instant, value_sets=known)
        for country in (countries(old, new) if changed else ())
    }
    if output_format == "json":
        click.echo(as_json(_as_json(changed, impacts), indent=1))
        return
    for change in changed:
        _tell_change(change)
    counts = Counter(change.way for change in changed)
    click.echo(", ".join(f"{counts[way]} {way}" for way in Way))
    for country, found in impacts.items():
        _tell_impact(country, found)


def _tell_change(change: Change) -> None:
    click.echo(printable(f"{change.way} {change.name}", LONGEST))
    if change.way is not Way.CHANGED:
        click.echo(f"  {printable(change.said, LONGEST)}")
    for what, before, after in change.parts:
        click.echo(f"  {what}")
        click.echo(f"    - {printable(before, LONGEST)}")
        click.echo(f"    + {printable(after, LONGEST)}")


def _tell_impact(country: str, found: Impact) -> None:
    click.echo(f"{country}: of {found.cases:,} generated cases")
    if not found.turned:
        click.echo("  none comes out otherwise")
    for (before, after), number in sorted(found.turned.items()):
        click.echo(f"  {number:,} turn from {before} to {after}")
    for example in _examples(found):
        click.echo(f"  {printable(example['case'], LONGEST)}")
        rules = ", ".join(example["rules"])
        click.echo(f"    {example['before']} → {example['after']}, by {printable(rules, LONGEST)}")


def _examples(found: Impact) -> list[dict[str, Any]]:
    return [
        {
            "case": told(turn.case) + (", arriving at midnight" if turn.at_midnight else ""),
            "before": turn.before.result.value,
            "after": turn.after.result.value,
            "rules": list(turn.because),
        }
        for turn in found.examples
    ]


def _as_json(changed: list[Change], impacts: dict[str, Impact]) -> dict[str, Any]:
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
