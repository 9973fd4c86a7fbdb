"""`pratique authority init` and `propose`: draft what the seats are to sign. A file, and nothing changes yet.

admit · activate · withdraw · rekey · value-sets · suspend · renew · seats · online-keys · log · impact-policy -> PROPOSAL
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from pratique.cli import options, proposal
from pratique.cli.lazy import PartyCommand
from pratique.network import metadata, participants
from pratique.network.proposal import to_bytes
from pratique.parties import authority
from pratique.parties.authority import Foundation, SeatChange, SeatDraft
from pratique.store import files
from pratique.store.keys import Secret
from pratique.terms import Environment

PATH = click.Path(path_type=Path, exists=True)
quorum = click.option(
    "--quorum", type=click.IntRange(1), metavar="N",
    help="Witnesses that must have seen an edition [default: two thirds].",
)  # fmt: skip


@click.command(cls=PartyCommand)
@options.authority
@click.option("--network", required=True, help="The network's name.")
@click.option("--seat", "seats", multiple=True, required=True, type=proposal.FILE, metavar="CARD",
              help="A seat's card, from: pratique authority seat create. Repeatable.")  # fmt: skip
@click.option("-k", "--threshold", type=int, default=metadata.DEFAULT_THRESHOLD, show_default=True,
              help="Seats that it takes to admit, change and publish.")  # fmt: skip
@click.option("--suspend", type=int, default=metadata.DEFAULT_SUSPEND, show_default=True,
              help="Seats that it takes to suspend, for 14 days at most.")  # fmt: skip
@click.option("--per-region", type=int, default=metadata.DEFAULT_PER_REGION, show_default=True,
              help="Seats that a region may have at most.")  # fmt: skip
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True,
              help="Of all that the network publishes.")  # fmt: skip
@click.option("--value-sets", multiple=True, type=PATH, metavar="PATH",
              help="Value sets to publish. Repeatable.")  # fmt: skip
@click.option("--witness", "witnesses", multiple=True, metavar="KEY",
              help="A witness of the network's log, from: pratique witness init. Repeatable.")  # fmt: skip
@quorum
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The proposal [default: root-1.proposal in the authority's folder].")  # fmt: skip
@options.now
@options.new_secret
def init(
    *,
    folder: Path,
    environment: str,
    out: Path | None,
    at: datetime,
    secret: Secret,
    **founding: Any,
) -> None:
    """Begin a network: make its online keys, and propose its first root to the seats."""
    wanted = Foundation(environment=Environment(environment), **founding)
    board, seen_by, path = authority.init(folder, wanted, out, secret, at)
    for line in board.fragile():
        click.echo(f"warning: {line}", err=True)
    click.echo(
        f"{board.network}: {board.threshold} of {len(board.seats)} seats, "
        f"{board.suspend_threshold} to suspend: {folder}"
    )
    if seen_by is not None:
        click.echo(
            f"its log: {seen_by.log.name}, {seen_by.needed} of {len(seen_by.witnesses)} witnesses"
        )
    click.echo(f"proposal: {path}")
    click.echo("each seat, on its own machine: pratique authority sign PROPOSAL --key URI")
    click.echo(f"then: pratique authority publish --authority {folder} PROPOSAL...")


@click.group()
def propose() -> None:
    """Draft what the seats are to sign."""


def _draft(command: Callable[..., SeatDraft]) -> click.Command:
    """Let a function that drafts a proposal be a command of `propose`, which writes and shows it."""

    @wraps(command)
    def run(*, out: Path, **named: Any) -> None:
        drafted = command(**named)
        for note in drafted.notes:
            click.echo(f"note: {note}", err=True)
        files.write(out, to_bytes(drafted.proposal))
        proposal.echo(drafted.proposal, drafted.current)
        click.echo(f"proposal: {out}")

    out = click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False),
                       metavar="FILE", help="Where to write the proposal.")  # fmt: skip
    return propose.command(cls=PartyCommand)(options.authority(options.now(out(run))))


@_draft
@click.argument("applications", nargs=-1, required=True, type=PATH, metavar="APPLICATION...")
def admit(*, folder: Path, applications: tuple[Path, ...], at: datetime) -> SeatDraft:
    """Admit participants: their keys may speak for CODE/ from then on; no domain is active yet."""
    return authority.admit(folder, applications, at=at)


@_draft
@click.argument("code")
@click.option("--domain", "domains", multiple=True, required=True, help="DCC, ICVP. Repeatable.")
def activate(*, folder: Path, code: str, domains: tuple[str, ...], at: datetime) -> SeatDraft:
    """Make participant CODE active for domains, after its self-test."""
    return authority.activate(folder, code, domains, at=at)


@_draft
@click.argument("code")
def withdraw(*, folder: Path, code: str, at: datetime) -> SeatDraft:
    """Let participant CODE go: its own wish, or the seats' decision."""
    return authority.withdraw(folder, code, at=at)


@_draft
@click.argument("application", type=PATH)
def rekey(*, folder: Path, application: Path, at: datetime) -> SeatDraft:
    """Give a participant other keys: the old ones are lost, stolen, or at their end."""
    return authority.rekey(folder, application, at=at)


@_draft
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
def value_sets(*, folder: Path, paths: tuple[Path, ...], at: datetime) -> SeatDraft:
    """Publish value sets, in place of those that are published."""
    return authority.propose_value_sets(folder, paths, at=at)


@_draft
@click.argument("code")
@click.option(
    "--reason", type=click.Choice([r.value for r in participants.SuspensionReason]), required=True
)
@click.option("--days", type=click.IntRange(1, 14), default=14, show_default=True)
def suspend(*, folder: Path, code: str, reason: str, days: int, at: datetime) -> SeatDraft:
    """Suspend CODE for some days: everybody sees it, and it ends by itself."""
    return authority.suspend(folder, code, reason, days, at=at)


@_draft
def renew(*, folder: Path, at: datetime) -> SeatDraft:
    """Confirm the participants as they are, before the authority's last edition ends."""
    return authority.renew(folder, at=at)


@_draft
@click.option("--seat", "cards", multiple=True, type=PATH, metavar="CARD",
              help="A new seat, or another holder or key of one. Repeatable.")  # fmt: skip
@click.option("--remove", multiple=True, metavar="NAME", help="A seat that goes. Repeatable.")
@click.option("-k", "--threshold", type=int, help="Another threshold.")
@click.option("--suspend", type=int, help="Another threshold to suspend.")
@click.option("--per-region", type=int, help="Another cap of a region.")
def seats(*, folder: Path, at: datetime, **change: Any) -> SeatDraft:
    """Propose the next root: other seats or thresholds, or the same for another year."""
    return authority.propose_seats(folder, SeatChange(**change), at=at)


@_draft
@options.new_secret
def online_keys(*, folder: Path, secret: Secret, at: datetime) -> SeatDraft:
    """Propose the next root with other online keys: these are lost, stolen, or a year old."""
    return authority.propose_online_keys(folder, secret, at=at)


@_draft
@click.option("--witness", "witnesses", multiple=True, required=True, metavar="KEY",
              help="A witness's key, from: pratique witness init. Repeatable.")  # fmt: skip
@quorum
def log(*, folder: Path, witnesses: tuple[str, ...], quorum: int | None, at: datetime) -> SeatDraft:
    """Propose the next root with a log, or with other witnesses of it."""
    return authority.propose_log(folder, witnesses, quorum, at=at)


@_draft
@click.argument("wanted", type=click.Choice(["required", "optional"]))
def impact_policy(*, folder: Path, wanted: str, at: datetime) -> SeatDraft:
    """Propose the next root, by which rules need a summary of whom they shut out, or need none."""
    return authority.propose_impact_policy(folder, required=wanted == "required", at=at)
