"""`pratique authority show` and `sign`: a proposal on a seat's own machine.

    PROPOSAL, the network as this machine knows it -> what changes, who is missing -> a signature

1. What is signed is shown first, against the network that this machine has checked itself.
2. A signature is added to the file; nothing else of it changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from pratique.cli import options, output, unlock
from pratique.cli.authority import place
from pratique.cli.safe import printable
from pratique.edges import files
from pratique.edges.keys import open_key
from pratique.errors import DocumentRefused
from pratique.network import changes, proposal
from pratique.network.view import View

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("file", metavar="PROPOSAL", type=FILE)
@place.repository
@place.home
@options.output_format
def show(*, file: Path, repository: Path | None, home: Path | None, output_format: str) -> None:
    """Show what PROPOSAL would change, who has signed it and who is missing."""
    found, known = load(file), place.known(repository, home)
    if output_format == "json":
        needs = [{**n._asdict(), "is_met": n.is_met} for n in proposal.needs(found, known)]
        lines = list(changes.told(found, known))
        click.echo(json.dumps({"title": found.title, "changes": lines, "needs": needs}, indent=1))
        return
    tell(found, known)


@click.command()
@click.argument("file", metavar="PROPOSAL", type=FILE)
@click.option("--key", "uri", required=True, metavar="URI", help="The key: file:PATH or hsm:….")
@click.option("--yes", is_flag=True, help="Do not ask; it was read before.")
@place.repository
@place.home
@unlock.secret_files
def sign(
    *,
    file: Path,
    uri: str,
    yes: bool,
    repository: Path | None,
    home: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Sign PROPOSAL with this seat's, or this participant's, key."""
    found, known = load(file), place.known(repository, home)
    if not yes:
        tell(found, known)
        unlock.confirm("sign this?")
    key = open_key(uri, folder=Path.cwd(), secret=unlock.secrets(password_file, pin_file))
    roles = proposal.sign(found, key, known)
    output.write(file, proposal.to_bytes(found))
    click.echo(f"signed: {', '.join(roles)}")
    for line in standing(found, known):
        click.echo(_fit(line))


def load(file: Path) -> proposal.Proposal:
    """Read a proposal."""
    data = files.read_bytes(file, 64 * 1024 * 1024)
    try:
        return proposal.from_bytes(data)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"{file}: this is no proposal, or it was damaged",
            "ask its author for it again",
        ) from error


def tell(found: proposal.Proposal, known: View | None) -> None:
    """Say what a proposal is about."""
    if known is None:
        click.echo("note: no network is known here to compare it with", err=True)
    for line in told(found, known):
        click.echo(line)


def told(found: proposal.Proposal, known: View | None) -> Iterator[str]:
    """Yield what a proposal is about, who has signed and who is missing; fit for a terminal."""
    for line in (found.title, *changes.told(found, known), *standing(found, known)):
        yield _fit(line)


def _fit(line: str) -> str:
    # Whole, however long: what is cut off would be signed all the same.
    return printable(line, len(line))


def standing(found: proposal.Proposal, known: View | None) -> list[str]:
    """Say who has signed and who is missing."""
    lines = []
    for need in proposal.needs(found, known):
        lines.append(f"{need.role}: {len(need.signed)} of {need.threshold}, asked by {need.by}")
        lines.append(f"  signed: {', '.join(need.signed) or 'nobody yet'}")
        if need.missing and not need.is_met:
            lines.append(f"  missing: {', '.join(need.missing)}")
    return lines
