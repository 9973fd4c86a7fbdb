"""A proposal on its signer's machine: `show` and `sign`, of `pratique authority` and of `pratique participant`."""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import options
from pratique.network import proposal
from pratique.network.proposal import Proposal
from pratique.network.view import View
from pratique.parties import proposals
from pratique.store.keys import Secret
from pratique.text import as_json

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
repository = click.option(
    "--repository",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="The network as it is: the authority's folder or a mirror [default: what was synced here].",
)


@click.command()
@click.argument("file", metavar="PROPOSAL", type=FILE)
@repository
@options.home
@options.output_format
def show(*, file: Path, repository: Path | None, home: Path | None, output_format: str) -> None:
    """Show what PROPOSAL would change, who has signed it and who is missing."""
    drafted, current = proposals.load(file), proposals.known_view(repository, home)
    if output_format == "json":
        click.echo(as_json(proposals.as_json(drafted, current), indent=1))
    else:
        echo(drafted, current)


@click.command()
@click.argument("file", metavar="PROPOSAL", type=FILE)
@click.option("--key", "uri", required=True, metavar="URI", help="The key: file:PATH or pkcs11:….")
@click.option("--yes", is_flag=True, help="Do not ask; it was read before.")
@repository
@options.home
@options.secret
def sign(
    *, file: Path, uri: str, yes: bool, repository: Path | None, home: Path | None, secret: Secret
) -> None:
    """Sign PROPOSAL with this seat's, or this participant's, key."""
    drafted, current = proposals.load(file), proposals.known_view(repository, home)
    changed = proposal.changed(drafted, current)
    if not yes:
        echo(drafted, current)
        options.confirm(f"sign this for {proposals.network_name(drafted, changed)}?")
    roles = proposals.sign(file, drafted, uri, secret, changed)
    for line in proposals.describe_network(drafted, current) if yes else ():
        click.echo(line)
    click.echo(f"signed: {', '.join(roles)}")
    for line in proposals.describe_signatures(drafted, changed):
        click.echo(line)


def echo(drafted: Proposal, current: View | None) -> None:
    """Show what a proposal is about."""
    if current is None and proposal.foundation(drafted) is None:
        click.echo("note: no network is known here to compare it with", err=True)
    for line in proposals.describe(drafted, current):
        click.echo(line)
