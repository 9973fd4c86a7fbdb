"""`pratique authority show` and `sign`: a proposal on a seat's own machine.

    PROPOSAL, the network as this machine knows it -> what changes, who is missing -> a signature

1. What is signed is shown first, against the network that this machine has checked itself.
2. Which network and environment it is for stands above everything else, and in the question.
3. A signature is added to the file; nothing else of it changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from pratique.cli import options, output, unlock
from pratique.cli.authority import place
from pratique.cli.safe import as_json, printable
from pratique.edges import files
from pratique.edges.keys import open_key
from pratique.errors import DocumentRefused
from pratique.network import changes, proposal
from pratique.network.board import of_root
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
    current = proposal.changed(found, known)
    if output_format == "json":
        needs = [{**n._asdict(), "is_met": n.is_met} for n in proposal.needs(found, current)]
        lines, named = list(changes.told(found, current)), proposal.network_of(found)
        whose = {"network": None, "environment": None} if named is None else named.to_field()
        document = {**whose, "title": found.title, "changes": lines, "needs": needs}
        click.echo(as_json(document, indent=1))
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
    current = proposal.changed(found, known)
    if not yes:
        tell(found, known)
        unlock.confirm(f"sign this for {_fit(network(found, current))}?")
    key = open_key(uri, folder=Path.cwd(), secret=unlock.secrets(password_file, pin_file))
    roles = proposal.sign(found, key, current)
    output.write(file, proposal.to_bytes(found))
    if yes:
        for line in _networks(found, known):
            click.echo(_fit(line))
    click.echo(f"signed: {', '.join(roles)}")
    for line in standing(found, current):
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
    if known is None and proposal.foundation(found) is None:
        click.echo("note: no network is known here to compare it with", err=True)
    for line in told(found, known):
        click.echo(printable(line, len(line)))


def told(found: proposal.Proposal, known: View | None) -> Iterator[str]:
    """Yield what a proposal is about, who has signed and who is missing; fit for a terminal.

    The network comes first: everything else is read in the light of it.
    """
    current = proposal.changed(found, known)
    for line in (
        *_networks(found, known),
        found.title,
        *changes.told(found, current),
        *standing(found, current),
    ):
        yield _fit(line)


def network(found: proposal.Proposal, current: View | None) -> str:
    """Name the network that a proposal is for."""
    named = proposal.network_of(found)
    if named is None and current is not None:
        named = current.board.name
    return "a network that it does not name" if named is None else str(named)


def _networks(found: proposal.Proposal, known: View | None) -> Iterator[str]:
    current = proposal.changed(found, known)
    yield f"network {network(found, current)}"
    if proposal.network_of(found) is None:
        yield "mind: what is signed does not name its network, and could be published in another one"
    first = proposal.foundation(found)
    if first is None or known is None:
        return
    named = of_root(first, held=True).name
    if named != known.board.name:
        yield f"mind: this is another network, {named}: the one known here is {known.board.name}"
    elif known.root.version > 1 or known.root.to_dict() != first.to_dict():
        # Whoever follows it leaves the network that it has the name of.
        yield "mind: a network of that name is known here already, and this begins another one"


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
