"""`pratique rules import`: hold destinations' rules and value sets beside the signers.

    FILE... -> edges.files.rules_from -> a next edition of the snapshot

1. What is not a rule, or whose logic is not CertLogic, is refused, and nothing changes.
2. By default a rule that reads more than the closed list of variables is refused too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.edges import files
from pratique.rules.documents import Published, merged
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.store import TrustList


@click.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--compatible",
    is_flag=True,
    help="Let in rules that read more than the closed list: existing ones, listed with the reason.",
)
@click.option("--replace", is_flag=True, help="Forget the rules that were imported before.")
@options.home
def import_rules(
    *, sources: tuple[Path, ...], compatible: bool, replace: bool, home: Path | None
) -> None:
    """Import rules and value sets from SOURCE...: files or folders of JSON."""
    folder = files.home(home)
    earlier = files.load_snapshot(folder) or _empty()
    found = files.rules_from(sources)
    held = earlier.ruleset
    before = Published() if replace else Published(held.rules, held.value_sets)
    rules, value_sets = merged((before, found))
    snapshot = earlier.replace(
        number=earlier.number + 1,
        created=int(datetime.now(UTC).timestamp()),
        ruleset=Ruleset(
            rules, value_sets, compatible=compatible or (held.compatible and not replace)
        ),
    )
    path = files.save_snapshot(folder, snapshot)
    countries = ", ".join(snapshot.ruleset.countries) or "no country"
    click.echo(f"{len(found.rules)} rules and {len(found.value_sets)} value sets read")
    click.echo(f"{len(rules)} rules of {countries} in snapshot {snapshot.number}: {path}")


def _empty() -> Snapshot:
    return Snapshot(number=0, created=0, environment=Environment.PRODUCTION, trust=TrustList())
