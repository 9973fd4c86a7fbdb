"""`pratique rules`: write, check, compare and import destinations' rules."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from pratique import strict_json
from pratique.cli import options
from pratique.errors import DocumentRefused
from pratique.parties import verifier
from pratique.parties.inputs import Errors
from pratique.rules import case_table, documents
from pratique.rules.build import build as built
from pratique.rules.cases import described
from pratique.rules.documents import ImportedRules, RuleDocument, beside, together
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
from pratique.rules.policy import read_policy
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Ruleset, refusal
from pratique.store import sources as store_sources
from pratique.text import as_json, printable

# ----------------------------------------------------------------------------------------------------
# What the commands about rules read: rules as they are written, and value sets.
#
#     FILE... -> JSON -> every rule in it, unread | Rule, value sets
#
# 1. A file is read up to a limit; an error names the file.


LIMIT = 8 * 1024 * 1024
"""Bytes of one file of rules; the largest real ruleset has 0.2 MB with its tests."""

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

value_sets = click.option(
    "--value-sets",
    "value_sets",
    type=FILE,
    metavar="FILE",
    help="Value sets that the rules name: {name: [code, ...]} [default: a few codes of each].",
)


def parsed(path: Path) -> object:
    """Read a file of JSON."""
    try:
        return strict_json.parse(store_sources.read_bytes(path, LIMIT))
    except DocumentRefused as error:
        raise DocumentRefused(error.code, f"{path.name}: {error.message}", error.hint) from error


def written(paths: Iterable[Path]) -> list[object]:
    """Return every rule of some files as it is written there, wrong or not."""
    found: list[object] = []
    for path in paths:
        document = parsed(path)
        if isinstance(document, dict) and isinstance(document.get("rules"), list):
            document = document["rules"]
        found += document if isinstance(document, list) else [document]
    return found


def read(paths: Iterable[Path]) -> tuple[Rule, ...]:
    """Read the rules of some files; DocumentRefused where one cannot be read."""
    found: list[Rule] = []
    for path in paths:
        listed = written([path])
        try:
            found += documents.read(listed).rules
        except DocumentRefused as error:
            message = f"{path.name}: {error.message}"
            raise DocumentRefused(error.code, message, error.hint) from error
    return tuple(found)


def sets_from(path: Path | None) -> dict[str, list[str]]:
    """Read value sets; none where no file is named."""
    if path is None:
        return {}
    found = documents.read(parsed(path)).value_sets
    return {name: list(codes) for name, codes in found.items()}


# ----------------------------------------------------------------------------------------------------
# `pratique rules build`: rules from a form.
#
#     POLICY.toml -> read_policy -> build -> a list of rules, as JSON
#
# 1. What is built is checked before it is shown: a form never makes rules that `rules check` refuses.


@click.command()
@click.argument("path", metavar="POLICY.toml", type=FILE)
def build(*, path: Path) -> None:
    """Turn a form into rules, and print them as JSON."""
    try:
        form = tomllib.loads(store_sources.read_bytes(path, LIMIT).decode())
    except (ValueError, RecursionError) as error:
        raise DocumentRefused("policy-unreadable", f"{path.name}: it is not TOML") from error
    policy = read_policy(form)
    rules = built(policy)
    report = lint(rules, Terms(reason=policy.reason))
    if report.errors:
        first = next(remark for remark in report.remarks if remark.error)
        raise DocumentRefused(
            "policy-refused", f"what the form says cannot be published: {first.message}"
        )
    click.echo(as_json(rules, indent=1))


# ----------------------------------------------------------------------------------------------------
# `pratique rules check` and `test`: what is wrong with rules, before anybody stands before them.
#
#     FILE... -> lint -> remarks -> text | JSON          FILE, CASES.json -> rows that disagree
#
# 1. Exit: 0 nothing is wrong (warnings allowed), 1 an error or a disagreement.


FORMAT, TEST_FORMAT = "pratique-rules-check-1", "pratique-rules-test-1"
LONGEST_CHECK = 400


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=FILE)
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
    type=FILE,
    metavar="FILE",
    help="Rules that are published already. Repeatable.",
)
@value_sets
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
        value_sets=sets_from(value_sets),
        reason=reason,
        publish_at=publish_at,
        previous=written(previous),
    )
    report = lint(written(paths), terms)
    if output_format == "json":
        click.echo(as_json(_check_as_json(report), indent=1))
    else:
        _tell(report)
    return 1 if report.errors else 0


def _tell(report: LintReport) -> None:
    for rule, remarks in groupby(report.remarks, key=lambda remark: remark.rule):
        click.echo(printable(rule))
        for remark in remarks:
            gravity = "error  " if remark.error else "warning"
            where = f"{remark.where}: " if remark.where else ""
            click.echo(
                f"  {gravity}  {printable(where + remark.message, LONGEST_CHECK)} [{remark.code}]"
            )
    warnings = len(report.remarks) - report.errors
    click.echo(
        f"{_count(report.rules, 'rule')} checked: {_count(report.errors, 'error')}, "
        f"{_count(warnings, 'warning')}"
    )


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


@click.command()
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
    """Try the rules of FILE on a table of cases, and tell every case that comes out otherwise."""
    sets = parsed(value_sets) if value_sets else {}
    known = sets if isinstance(sets, dict) else {}
    rows = list(case_table.rows(read([path]), parsed(cases), known))
    wrong = [row for row in rows if not row.agrees]
    if output_format == "json":
        told = [row._asdict() for row in wrong]
        head = {"format": TEST_FORMAT, "cases": len(rows), "disagree": told}
        click.echo(as_json(head, indent=1))
    else:
        for row in wrong:
            said = f"{row.case}: {row.rule}: expected {row.expected}, found {row.found}"
            click.echo(printable(said, LONGEST_CHECK))
        click.echo(f"{_count(len(rows), 'case')}: {len(rows) - len(wrong)} agree")
    return 1 if wrong else 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


# ----------------------------------------------------------------------------------------------------
# `pratique rules import`: hold destinations' rules and value sets beside the signers.
#
#     FILE... -> edges.files.rules_arrived -> a next edition of the snapshot -> what is OPEN, and why
#
# 1. A file that holds nothing of ours is refused, and told by its name; the others are taken.
# 2. A rule that cannot be asked is held OPEN: it makes AMBER what it concerns, and is told.
# 3. By default a rule that reads more than the closed list of variables is OPEN too.
# 4. Exit: 0 all held, and each can be asked · 3 a rule is OPEN, or a file is refused · 4 a file cannot be read.


OPEN = 3


@click.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--compatible",
    is_flag=True,
    help="Ask rules that read more than the closed list: existing ones, listed with the reason.",
)
@click.option("--replace", is_flag=True, help="Forget the rules that were imported before.")
@options.home
def import_rules(
    *, sources: tuple[Path, ...], compatible: bool, replace: bool, home: Path | None
) -> int:
    """Import rules and value sets from SOURCE...: files or folders of JSON.

    A rule that cannot be read is held OPEN: whatever it concerns is AMBER until it is mended.
    """
    folder = store_sources.home(home)
    earlier = verifier.imported(home)
    errors = Errors()
    read = errors.good(store_sources.rules_arrived(sources))
    found = together(part for _, part in read)
    held = earlier.ruleset
    before = RuleDocument() if replace else RuleDocument(held.rules, held.value_sets, held.editions)
    rules, value_sets, editions = beside(before, found)
    ruleset = Ruleset(
        rules,
        value_sets,
        compatible=compatible or (held.compatible and not replace),
        hold_open=True,
        editions=editions,
    )
    snapshot = earlier.replace(
        number=earlier.number + 1,
        created=int(datetime.now(UTC).timestamp()),
        ruleset=ruleset,
    )
    path = store_sources.save_snapshot(folder, snapshot)
    countries = ", ".join(ruleset.countries) or "no country"
    click.echo(f"{len(found.rules)} rules and {len(found.value_sets)} value sets read")
    click.echo(f"{len(rules)} rules of {countries} in snapshot {snapshot.number}: {path}")
    code = _told_open(read, found, ruleset)
    return max(code, errors.told())


def _told_open(
    read: list[tuple[Path, ImportedRules]], found: ImportedRules, ruleset: Ruleset
) -> int:
    lines = [
        f"{'open' if remark.held else 'left out'}: {path.name}: {remark.name}: "
        f"{remark.issue.where or 'it'}: {remark.issue.message} [{remark.issue.code}]"
        for path, part in read
        for remark in part.remarks
    ]
    own = {id(remark) for _, part in read for remark in part.remarks}
    lines += [
        f"open: {remark.name}: {remark.issue.message} [{remark.issue.code}]"
        for remark in found.remarks
        if id(remark) not in own
    ]
    lines += _beyond(found, ruleset)
    for line in lines:
        click.echo(printable(line, 1_000), err=True)
    if missing := _lacking(found, ruleset):
        click.echo(f"note: open until their value sets are held: {', '.join(missing)}", err=True)
    count = sum(line.startswith("open") for line in lines)
    if count:
        which = "1 rule is open: AMBER for all that it concerns"
        if count > 1:
            which = f"{count} rules are open: AMBER for all that they concern"
        click.echo(f"{which}, until the file is mended and imported again", err=True)
        click.echo("hint: pratique rules check FILE", err=True)
    if any(not rule.fault and ruleset.unasked(rule) == "rule-variable" for rule in ruleset.rules):
        click.echo("hint: --compatible asks existing rules that read more than the list", err=True)
    return OPEN if lines else 0


def _beyond(found: ImportedRules, ruleset: Ruleset) -> Iterator[str]:
    # What is good in itself, and cannot be asked here.
    new = set(map(id, found.rules))
    for rule in ruleset.rules:
        code = ruleset.unasked(rule)
        if rule.fault or id(rule) not in new or code in {"", MISSING}:
            continue
        issue = refusal(rule, compatible=ruleset.compatible)
        why = f"{issue.where}: {issue.message}" if issue else "it is for another engine or schema"
        yield f"open: {rule.name}: {why} [{code}]"


def _lacking(found: ImportedRules, ruleset: Ruleset) -> list[str]:
    new = set(map(id, found.rules))
    return sorted({
        rule.name
        for rule in ruleset.rules
        if id(rule) in new and ruleset.unasked(rule) == MISSING
    })  # fmt: skip


MISSING = "value-set-missing"


# ----------------------------------------------------------------------------------------------------
# `pratique rules explain` and `diff`: rules, and what a change of them changes, in plain words.
#
#     FILE... -> a sentence for each rule          A, B -> what is different, and for whom
#
# 1. The sentences are made of the logic; the published description is shown beside them.


EXPLAIN_FORMAT, DIFF_FORMAT = "pratique-rules-explain-1", "pratique-rules-diff-1"
LONGEST_WORDS = 2_000


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=FILE)
@click.option("--lang", default="en", show_default=True, help="Language of the descriptions.")
@options.output_format
def explain(*, paths: tuple[Path, ...], lang: str, output_format: str) -> None:
    """Say in plain words what each rule of FILE... demands."""
    said = [explained(rule, lang) for rule in read(paths)]
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
    return "\n".join(printable(line, LONGEST_WORDS) for line in lines)


@click.command()
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
    old, new = read([before]), read([after])
    changed = list(changes(old, new))
    instant = None if at is None else int(at.timestamp())
    known = sets_from(value_sets)
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
    click.echo(", ".join(f"{counts[way]} {way}" for way in ChangeKind))
    for country, found in impacts.items():
        _tell_impact(country, found)


def _tell_change(change: Change) -> None:
    click.echo(printable(f"{change.way} {change.name}", LONGEST_WORDS))
    if change.way is not ChangeKind.CHANGED:
        click.echo(f"  {printable(change.said, LONGEST_WORDS)}")
    for what, before, after in change.parts:
        click.echo(f"  {what}")
        click.echo(f"    - {printable(before, LONGEST_WORDS)}")
        click.echo(f"    + {printable(after, LONGEST_WORDS)}")


def _tell_impact(country: str, found: Impact) -> None:
    click.echo(f"{country}: of {found.cases:,} generated cases")
    if not found.turned:
        click.echo("  none comes out otherwise")
    for (before, after), number in sorted(found.turned.items()):
        click.echo(f"  {number:,} turn from {before} to {after}")
    for example in _examples(found):
        click.echo(f"  {printable(example['case'], LONGEST_WORDS)}")
        rules = ", ".join(example["rules"])
        click.echo(
            f"    {example['before']} → {example['after']}, by {printable(rules, LONGEST_WORDS)}"
        )


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


@click.group()
def rules() -> None:
    """Write, check, compare and import destinations' rules."""


for command in (check, explain, test, diff, build, import_rules):
    rules.add_command(command)
