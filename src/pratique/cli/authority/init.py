"""`pratique authority init`: the online keys, and the first root for the seats to sign."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, output, unlock
from pratique.cli.authority import cards, log_home, place
from pratique.edges import files
from pratique.edges.keys import Secret, make_key, open_key
from pratique.errors import UsageError
from pratique.network import board, drafts, keys, logged, names, proposal
from pratique.terms import Environment

KEYS = ("file:keys/snapshot-{}.pem", "file:keys/timestamp-{}.pem")
"""Where the online keys are made, by the version of the root that names them."""


@click.command()
@place.folder
@click.option("--network", required=True, help="The network's name.")
@click.option("--seat", "seats", multiple=True, required=True,
              type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="CARD",
              help="A seat's card, from: pratique authority seat. Repeatable.")  # fmt: skip
@click.option("-k", "--threshold", type=int, default=board.DEFAULT_THRESHOLD, show_default=True,
              help="Seats that it takes to admit, change and publish.")  # fmt: skip
@click.option("--suspend", type=int, default=board.DEFAULT_SUSPEND, show_default=True,
              help="Seats that it takes to suspend, for 14 days at most.")  # fmt: skip
@click.option("--per-region", type=int, default=board.DEFAULT_PER_REGION, show_default=True,
              help="Seats that a region may have at most.")  # fmt: skip
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True,
              help="Of all that the network publishes.")  # fmt: skip
@click.option("--value-sets", multiple=True, type=click.Path(path_type=Path, exists=True),
              metavar="PATH", help="Value sets to publish. Repeatable.")  # fmt: skip
@click.option("--witness", "witnesses", multiple=True, metavar="KEY",
              help="A witness of the network's log, from: pratique witness init. Repeatable.")  # fmt: skip
@click.option("--quorum", type=click.IntRange(1), metavar="N",
              help="Witnesses that must have seen an edition [default: two thirds].")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The proposal [default: root-1.proposal in DIR].")  # fmt: skip
@options.at
@unlock.secret_files
def init(
    *,
    folder: Path,
    network: str,
    seats: tuple[Path, ...],
    threshold: int,
    suspend: int,
    per_region: int,
    environment: str,
    value_sets: tuple[Path, ...],
    witnesses: tuple[str, ...],
    quorum: int | None,
    out: Path | None,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Begin a network in DIR: make its online keys, and propose its first root to the seats."""
    if (folder / place.FILE).exists():
        raise UsageError(
            "authority-exists", f"{folder}: there is an authority already", "name another folder"
        )
    found = [cards.read_seat(path) for path in seats]
    _check(network, threshold, len(found))
    listed = tuple(card.seat for card in found)
    made = board.Board(network, Environment(environment), listed, threshold, suspend, per_region)
    made.check()
    seen_by = log_home.quorum(folder, witnesses, quorum) if witnesses else None
    own = {names.VALUE_SETS: sets_of(value_sets)} if value_sets else {}
    secret = unlock.secrets(password_file, pin_file, new=True)
    online, noted = online_keys(folder, network, 1, secret)
    drafted = drafts.first(
        made,
        [card.public_key for card in found],
        online,
        own,
        options.now_or(at),
    )
    if seen_by is not None:
        logged.adopt(drafted.metadata, seen_by)
    path = out or folder / "root-1.proposal"
    place.repository_of(folder).mkdir(parents=True, exist_ok=True)
    output.write(path, proposal.to_bytes(drafted))
    place.save_online(folder, noted)
    for line in made.fragile():
        click.echo(f"mind: {line}", err=True)
    click.echo(f"{network}: {threshold} of {len(found)} seats, {suspend} to suspend: {folder}")
    if seen_by is not None:
        click.echo(f"its log: {seen_by.log.name}, {seen_by.needed} of {len(witnesses)} witnesses")
    click.echo(f"proposal: {path}")
    click.echo("each seat, on its own machine: pratique authority sign PROPOSAL --key URI")
    click.echo(f"then: pratique authority publish {folder} PROPOSAL...")


def _check(network: str, threshold: int, count: int) -> None:
    # Before any key is made.
    if not 0 < len(network.strip()) <= 80 or not network.isprintable():
        raise UsageError("network-unnamed", "--network is empty, too long or not printable")
    if threshold > count:
        raise UsageError(
            "threshold-unfit",
            f"{threshold} of {count} seats cannot sign",
            "name more cards with --seat, or a lower threshold with -k",
        )


def online_keys(
    folder: Path, network: str, version: int, secret: Secret
) -> tuple[drafts.Online, dict[str, str]]:
    """Make the online keys of a root's version; return them, and where they lie by identifier.

    Keys that an interrupted call has made are taken: the same call can be made again.
    """
    note = f"Online key of {network}. It can add nothing to what the seats have signed.\n\n"
    made = {}
    for uri in (name.format(version) for name in KEYS):
        try:
            key = make_key(uri, folder=folder, secret=secret, note=note)
        except UsageError as error:
            if error.code != "key-exists":
                raise
            key = open_key(uri, folder=folder, secret=secret)
        made[uri] = key.public_key
    return drafts.Online(*made.values()), {keys.keyid(key): uri for uri, key in made.items()}


def sets_of(paths: tuple[Path, ...]) -> bytes:
    """Return published value sets as one document."""
    import json  # noqa: PLC0415 - only where value sets are named

    from pratique.rules.documents import write_sets  # noqa: PLC0415

    found = write_sets(files.rules_from(paths))
    if not found:
        raise UsageError(
            "value-sets-missing",
            f"{', '.join(map(str, paths))}: there is no value set in it",
            "value sets are JSON: {name: [code, ...]}",
        )
    return json.dumps(found, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"
