"""`pratique authority publish` and `refresh`: write the next edition, the timestamp last.

Exit: 0 it is in force · 1 it never will be: the witnesses have seen another tree of the log · 3 it waits for its
witnesses, and nobody can say yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click
from tuf.api.metadata import Root

from pratique.cli import options, unlock
from pratique.cli.authority import ceremony, entering, place
from pratique.cli.safe import printable
from pratique.edges.keys import Secret
from pratique.edges.network import repository, waiting
from pratique.errors import PratiqueError, UsageError
from pratique.journeys import publish as journey
from pratique.network import names, proposal

IN_FORCE, FORKED, WAITS = 0, 1, 3


@click.command()
@place.folder
@click.argument("proposals", nargs=-1, required=True, metavar="PROPOSAL...", type=ceremony.FILE)
@click.option("--unseen", is_flag=True,
              help="Enter a root into the log before its new witnesses have answered here.")  # fmt: skip
@options.at
@unlock.secret_files
def publish(
    *,
    folder: Path,
    proposals: tuple[Path, ...],
    unseen: bool,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> int:
    """Publish one proposal: several copies of it may be named, each with other signatures."""
    copies = [ceremony.load(path) for path in proposals]
    there = repository.Repository(place.repository_of(folder))
    found = proposal.merged(copies, place.read_view(there) if len(copies) > 1 else None)
    secret, title = unlock.secrets(password_file, pin_file), printable(found.title)
    came = published(folder, found, secret, options.now_or(at), unseen=unseen)
    if came.is_forked:
        click.echo(f"{title}: is not published")
    elif came.lacking:
        click.echo(f"{title}: waits for its witnesses, and is published when they have seen it")
        click.echo(f"then, or to ask them again: pratique authority refresh {folder}")
    elif came.files:
        click.echo(f"{title}: {len(came.files)} files, {sum(map(len, came.files.values()))} bytes")
    else:
        # An interrupted call may be made again, and is no second edition.
        click.echo(f"{title}: published already")
    return _tell(came)


@click.command()
@place.folder
@options.at
@unlock.secret_files
def refresh(
    *, folder: Path, at: datetime | None, password_file: Path | None, pin_file: Path | None
) -> int:
    """Sign a new timestamp, so that verifiers know that nothing is held back from them."""
    return tell(refreshed(folder, unlock.secrets(password_file, pin_file), options.now_or(at)))


def tell(came: entering.Entered) -> int:
    """Say what a refreshing came to; return the exit code."""
    if came.files:
        found = [name for name in came.files if name.startswith("metadata/")]
        click.echo(f"published anew: {', '.join(found)}")
    return _tell(came)


def _tell(came: entering.Entered) -> int:
    for line in came.told():
        click.echo(printable(line))
    if came.is_forked:
        return FORKED
    return WAITS if came.lacking else IN_FORCE


def published(
    folder: Path,
    found: proposal.Proposal,
    secret: Secret,
    at: datetime,
    *,
    unseen: bool = False,
) -> entering.Entered:
    """Publish a proposal in the authority's folder, or have it wait for its witnesses.

    Args:
        folder: the authority's.
        found: what is to be published.
        secret: opens the keys.
        at: now.
        unseen: whether a root is entered into the log that its new witnesses may never see.

    Raises:
        UsageError: `edition-waiting`: another edition waits, and this one would follow upon it;
            `witnesses-silent`.
    """
    place.require(folder)
    where = place.repository_of(folder)
    with repository.locked(where):
        came, waits = entering.finish(folder, secret, at), waiting.load(folder)
        if journey.is_among(waits, found) or journey.is_among(came.files, found):
            return came
        if waits:
            own = {names.metadata(role, version) for role, version in found.versions().items()}
            what = "another edition of that version" if own & waits.keys() else "another edition"
            raise UsageError(
                "edition-waiting",
                f"this was not taken, for {what} waits for its witnesses: {'; '.join(came.told())}",
                "try again when they have seen it; the authority asks them by: pratique authority refresh",
            )
        newer = found.metadata.get(Root.type)
        online = place.online_keys(folder, secret, None if newer is None else newer.signed)
        made = journey.prepared(repository.Repository(where), found, online, at=at)
        if not unseen and made and entering.asked(made, repository.Repository(where)):
            entering.try_new(folder, made)
        return _entered(folder, made, online, secret, at)


def refreshed(folder: Path, secret: Secret, at: datetime) -> entering.Entered:
    """Sign a new timestamp in the authority's folder; first bring what waits one step further."""
    place.require(folder)
    where = place.repository_of(folder)
    with repository.locked(where):
        there = repository.Repository(where)
        try:
            came = entering.finish(folder, secret, at)
        except PratiqueError:
            # A key or a file of the log is lost: the network would run out while it is looked for.
            with suppress(PratiqueError):
                online = place.online_keys(folder, secret)
                repository.write(where, journey.timed(there, online, at=at))
            raise
        if came.lacking and names.TIMESTAMP_FILE not in there:
            return came
        # Read once, for both: a large network takes its time.
        current = place.current(folder)
        online = place.online_keys(folder, secret, current.root)
        # What has waited for days may end soon, or have ended.
        made = {} if came.lacking else journey.relisted(current, online, at=at)
        if made:
            again = _entered(folder, made, online, secret, at)
            came = again._replace(files={**came.files, **again.files})
        if came.files:
            return came
        timed = journey.timed(there, online, at=at)
        repository.write(where, timed)
        return came._replace(files=timed)


def _entered(
    folder: Path,
    made: Mapping[str, bytes],
    online: journey.OnlineKeys,
    secret: Secret,
    at: datetime,
) -> entering.Entered:
    where = place.repository_of(folder)
    if made and entering.asked(made, repository.Repository(where)):
        waiting.save(folder, made)
        return entering.finish(folder, secret, at)
    if not made:
        return entering.Entered()
    repository.write(where, made)
    announced = journey.announced(repository.Repository(where), made, online, at=at)
    repository.write(where, announced)
    return entering.Entered({**made, **announced})
