"""`pratique authority log`: the log's key, its witnesses, and cosignatures that are carried by hand.

    init -> KEY for the witnesses · witness NAME URL · show · request -> a witness -> add

1. `publish` and `refresh` ask every witness whose address is noted here; `request` and `add` are for one
   that is reached by mail or on a stick.
2. The log's key can be lost or stolen: then the network begins anew, from another anchor. Keep a copy.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli.authority import asking, entering, log_home, place, publish
from pratique.cli.safe import printable
from pratique.edges import files
from pratique.edges.keys.file import make_log_key
from pratique.edges.network import repository, waiting
from pratique.errors import DocumentRefused, UsageError
from pratique.log.note import MAX_NOTE, NOTE, NoteKey


@click.group()
def log() -> None:
    """Keep the log in which all that is published stands."""


@log.command()
@place.folder
@click.option("--name", required=True, metavar="ORIGIN",
              help="Of the log, as an address without https://: log.example.org/network")  # fmt: skip
@unlock.secret_files
def init(*, folder: Path, name: str, password_file: Path | None, pin_file: Path | None) -> None:
    """Make the log's key, before the network or for its next root; print the key for witnesses."""
    if (folder / log_home.FILE).exists():
        raise UsageError("log-exists", f"{folder}: there is a log already")
    # Before a key is made.
    if not NoteKey.is_name(name):
        raise UsageError("log-unnamed", "--name is empty, too long, or has blanks or a + in it")
    folder.mkdir(parents=True, exist_ok=True)
    secret = unlock.secrets(password_file, pin_file, new=True)
    try:
        key = make_log_key(
            folder / log_home.KEY, lambda: secret("file:"), f"key of the log {name}\n"
        )
    except UsageError as error:
        if error.code != "key-exists":
            raise
        # Of a call that was interrupted, or of a log whose log.json is lost: there is one key.
        key = log_home.key(folder, secret)
    own = NoteKey(name, NOTE, key.public_key)
    log_home.save(folder, log_home.Home(own, {}))
    click.echo(own.to_text())


@log.command()
@place.folder
@click.argument("name")
@click.argument("url")
def witness(*, folder: Path, name: str, url: str) -> None:
    """Note at which web address witness NAME is asked."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            "url-unfit", f"{url} is no web address", "https://…, as the witness serves it"
        )
    found = log_home.load(folder)
    log_home.save(folder, found._replace(witnesses={**found.witnesses, name: url}))
    click.echo(f"{printable(name)} is asked at {printable(url)}")


@log.command()
@place.folder
def show(*, folder: Path) -> None:
    """Show the log: its key, how many leaves, what waits for whom."""
    found = log_home.load(folder)
    own, waits = log_home.opened(place.repository_of(folder), found.own), waiting.load(folder)
    click.echo(found.own.to_text())
    head, quorums = (
        own.head(),
        entering.asked(waits, repository.Repository(place.repository_of(folder))),
    )
    click.echo(f"{own.size()} leaves")
    for one in quorums:
        for key in one.witnesses:
            has = head is not None and head.body_of(key) is not None
            at = printable(found.witnesses.get(key.name, "asked by hand"))
            click.echo(
                f"  {printable(key.name)}: {'has' if has else 'has not'} seen the last; {at}"
            )
    if waits:
        click.echo(f"{len(waits)} files wait for their witnesses")


@log.command()
@place.folder
@click.option("--seen", default=0, show_default=True, metavar="LEAVES",
              help="What the witness has seen last: pratique witness show")  # fmt: skip
def request(*, folder: Path, seen: int) -> None:
    """Print the request to a witness that is asked by hand."""
    own = log_home.opened(place.repository_of(folder), log_home.load(folder).own)
    sys.stdout.buffer.write(asking.request(own, seen))


@log.command()
@place.folder
@click.argument("answers", nargs=-1, required=True, metavar="FILE...",
                type=click.Path(path_type=Path, exists=True, dir_okay=False))  # fmt: skip
@options.at
@unlock.secret_files
def add(
    *,
    folder: Path,
    answers: tuple[Path, ...],
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> int:
    """Put under the checkpoint what witnesses have answered; publish what waits, if that is enough."""
    own = log_home.opened(place.repository_of(folder), log_home.load(folder).own)
    known = _witnesses(folder)
    for path in answers:
        body = files.read_bytes(path, MAX_NOTE)
        name = body.decode("utf-8", "replace").removeprefix("\N{EM DASH} ").partition(" ")[0]
        if name not in known:
            raise DocumentRefused(
                "witness-unknown",
                f"{path}: it is of no witness of this log",
                "see who they are: pratique authority log show DIR",
            )
        with repository.locked(place.repository_of(folder)):
            # Put under another head than it was checked with, it would spoil that for all.
            try:
                own.cosign(asking.believed(own, known[name], body))
            except DocumentRefused as error:
                raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error
        click.echo(f"{printable(name)} has seen it")
    secret = unlock.secrets(password_file, pin_file)
    return publish.tell(publish.refreshed(folder, secret, options.now_or(at)))


def _witnesses(folder: Path) -> Mapping[str, NoteKey]:
    there = repository.Repository(place.repository_of(folder))
    return {w.name: w for one in entering.asked(waiting.load(folder), there) for w in one.witnesses}
