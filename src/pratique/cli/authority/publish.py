"""`pratique authority publish` and `refresh`: write the next edition, the timestamp last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli.authority import ceremony, place
from pratique.cli.safe import printable
from pratique.edges.network import repository
from pratique.journeys import publish as journey
from pratique.network import proposal


@click.command()
@place.folder
@click.argument("proposals", nargs=-1, required=True, metavar="PROPOSAL...", type=ceremony.FILE)
@options.at
@unlock.secret_files
def publish(
    *,
    folder: Path,
    proposals: tuple[Path, ...],
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Publish one proposal: several copies of it may be named, each with other signatures."""
    found = proposal.merged([ceremony.load(path) for path in proposals])
    online = place.online_keys(folder, unlock.secrets(password_file, pin_file), found)
    written = published(folder, found, online, options.now_or(at))
    if not written:
        # An interrupted call may be made again, and is no second edition.
        click.echo(f"{printable(found.title)}: published already")
        return
    click.echo(
        f"{printable(found.title)}: {len(written)} files, {sum(map(len, written.values()))} bytes"
    )


@click.command()
@place.folder
@options.at
@unlock.secret_files
def refresh(
    *, folder: Path, at: datetime | None, password_file: Path | None, pin_file: Path | None
) -> None:
    """Sign a new timestamp, so that verifiers know that nothing is held back from them."""
    online = place.online_keys(folder, unlock.secrets(password_file, pin_file))
    written = refreshed(folder, online, options.now_or(at))
    click.echo(f"published anew: {', '.join(written)}")


def published(
    folder: Path, found: proposal.Proposal, online: journey.OnlineKeys, at: datetime
) -> dict[str, bytes]:
    """Publish a proposal in the authority's folder; return what was written."""
    where = place.repository_of(folder)
    with repository.locked(where):
        made = journey.published(repository.Repository(where), found, online, at=at)
        repository.write(where, made)
    return made


def refreshed(folder: Path, online: journey.OnlineKeys, at: datetime) -> Iterable[str]:
    """Sign a new timestamp in the authority's folder; return what was written."""
    where = place.repository_of(folder)
    with repository.locked(where):
        made = journey.refreshed(repository.Repository(where), online, at=at)
        repository.write(where, made)
    return made
