"""`pratique rules import`: hold destinations' rules and value sets beside the signers.

    FILE... -> edges.files.rules_arrived -> a next edition of the snapshot -> what is OPEN, and why

1. A file that holds nothing of ours is refused, and told by its name; the others are taken.
2. A rule that cannot be asked is held OPEN: it makes AMBER what it concerns, and is told.
3. By default a rule that reads more than the closed list of variables is OPEN too.
4. Exit: 0 all held, and each can be asked · 3 a rule is OPEN, or a file is refused · 4 a file cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import held as held_here
from pratique.cli import options
from pratique.cli.each_file import Errors
from pratique.cli.safe import printable
from pratique.edges import files
from pratique.rules.arrived import Arrived, beside, together
from pratique.rules.asked import refusal
from pratique.rules.documents import Published
from pratique.rules.ruleset import Ruleset

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
    folder = files.home(home)
    earlier = held_here.imported(home)
    errors = Errors()
    read = errors.good(files.rules_arrived(sources))
    found = together(part for _, part in read)
    held = earlier.ruleset
    before = Published() if replace else Published(held.rules, held.value_sets, held.editions)
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
    path = files.save_snapshot(folder, snapshot)
    countries = ", ".join(ruleset.countries) or "no country"
    click.echo(f"{len(found.rules)} rules and {len(found.value_sets)} value sets read")
    click.echo(f"{len(rules)} rules of {countries} in snapshot {snapshot.number}: {path}")
    code = _told_open(read, found, ruleset)
    return max(code, errors.told())


def _told_open(read: list[tuple[Path, Arrived]], found: Arrived, ruleset: Ruleset) -> int:
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


def _beyond(found: Arrived, ruleset: Ruleset) -> Iterator[str]:
    # What is good in itself, and cannot be asked here.
    new = set(map(id, found.rules))
    for rule in ruleset.rules:
        code = ruleset.unasked(rule)
        if rule.fault or id(rule) not in new or code in {"", MISSING}:
            continue
        issue = refusal(rule, compatible=ruleset.compatible)
        why = f"{issue.where}: {issue.message}" if issue else "it is for another engine or schema"
        yield f"open: {rule.name}: {why} [{code}]"


def _lacking(found: Arrived, ruleset: Ruleset) -> list[str]:
    new = set(map(id, found.rules))
    return sorted({
        rule.name
        for rule in ruleset.rules
        if id(rule) in new and ruleset.unasked(rule) == MISSING
    })  # fmt: skip


MISSING = "value-set-missing"
