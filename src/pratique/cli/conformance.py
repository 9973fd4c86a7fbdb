"""`pratique conformance`: where Pratique and a folder of test cases disagree."""

from __future__ import annotations

from pathlib import Path

import click

from pratique.parties import conformance as parties_conformance
from pratique.parties.conformance import Agreement
from pratique.text import as_json


@click.command()
@click.argument(
    "directory", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR"
)
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind. Repeatable.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text")
def conformance(*, directory: Path, kinds: tuple[str, ...], output_format: str) -> int:
    """Run the test cases in DIR (manifest.json) and say where Pratique and they disagree.

    Exit 0 only if nothing disagrees. Readers of other people's cases come with a clone of the source.
    """
    cases = parties_conformance.cases_of(directory)
    if unknown := set(kinds) - set(cases):
        raise click.UsageError(f"no case of kind {', '.join(sorted(unknown))} in the manifest")
    tables = {
        kind: parties_conformance.run(kind, of_kind, directory)
        for kind, of_kind in cases.items()
        if not kinds or kind in kinds
    }
    if output_format == "json":
        shown = {kind: t._asdict() | {"disagree": sorted(t.disagree)} for kind, t in tables.items()}
        click.echo(as_json({"kinds": shown}, indent=1))
    else:
        _show(tables)
    return 1 if any(table.disagree for table in tables.values()) else 0


def _show(tables: dict[str, Agreement]) -> None:
    width = max([len(kind) for kind in tables], default=4)
    click.echo(f"{'KIND':<{width}}  CASES  AGREE  DISAGREE  SKIPPED")
    for kind, table in tables.items():
        click.echo(
            f"{kind:<{width}}  {table.cases:>5}  {table.agree:>5}  {len(table.disagree):>8}  "
            f"{sum(table.skipped.values()):>7}"
        )
    for kind, table in tables.items():
        for reason, count in table.skipped.items():
            click.echo(f"{kind}: {count} skipped: {reason}")
        for name, detail in table.disagree.items():
            click.echo(f"{kind}: DISAGREES {name}: {detail}")
