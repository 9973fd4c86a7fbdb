"""`pratique authority propose seats`, `online-keys` and `log`: the next root, for the seats to sign."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli.authority import cards, drafting, init, log_home, place
from pratique.errors import UsageError
from pratique.network import drafts, logged

CARD = click.Path(path_type=Path, exists=True)


@click.command()
@drafting.common
@click.option("--seat", "seat_cards", multiple=True, type=CARD, metavar="CARD",
              help="A new seat, or another holder or key of one. Repeatable.")  # fmt: skip
@click.option("--remove", multiple=True, metavar="NAME", help="A seat that goes. Repeatable.")
@click.option("-k", "--threshold", type=int, help="Another threshold.")
@click.option("--suspend", type=int, help="Another threshold to suspend.")
@click.option("--per-region", type=int, help="Another cap of a region.")
def seats(
    *,
    folder: Path,
    seat_cards: tuple[Path, ...],
    remove: tuple[str, ...],
    threshold: int | None,
    suspend: int | None,
    per_region: int | None,
    out: Path,
    at: datetime | None,
) -> None:
    """Propose the next root: other seats or thresholds, or the same for another year."""
    current = place.current(folder)
    board, public = current.board, drafts.seat_keys(current)
    held = {seat.name: seat for seat in board.seats}
    for name in remove:
        held.pop(place.seat_named(current, name).name)
    for card in map(cards.read_seat, seat_cards):
        held[card.seat.name] = card.seat
        public[card.seat.keyid] = card.public_key
    made = board._replace(
        seats=tuple(held[name] for name in sorted(held)),
        threshold=threshold or board.threshold,
        suspend_threshold=suspend or board.suspend_threshold,
        per_region=per_region or board.per_region,
    )
    own = [public[seat.keyid] for seat in made.seats]
    drafting.write(out, drafts.root(current, options.now_or(at), board=made, seats=own), current)


@click.command("online-keys")
@drafting.common
@unlock.secret_files
def online_keys(
    *,
    folder: Path,
    out: Path,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Propose the next root with other online keys: these are lost, stolen, or a year old."""
    current = place.current(folder)
    secret = unlock.secrets(password_file, pin_file, new=True)
    online, noted = init.online_keys(
        folder, current.board.network, current.root.version + 1, secret
    )
    place.save_online(folder, noted)
    seated = drafts.seat_keys(current).values()
    drafted = drafts.root(
        current, options.now_or(at), board=current.board, seats=seated, online=online
    )
    drafting.write(out, drafted, current)


@click.command()
@drafting.common
@click.option("--witness", "witnesses", multiple=True, required=True, metavar="KEY",
              help="A witness's key, from: pratique witness init. Repeatable.")  # fmt: skip
@click.option("--quorum", type=click.IntRange(1), metavar="N",
              help="Witnesses that must have seen an edition [default: two thirds].")  # fmt: skip
def log(
    *, folder: Path, witnesses: tuple[str, ...], quorum: int | None, out: Path, at: datetime | None
) -> None:
    """Propose the next root with a log, or with other witnesses of it."""
    current, asked = place.current(folder), log_home.quorum(folder, witnesses, quorum)
    before = logged.policy_of(current.root)
    if before is not None and before.log != asked.log:
        raise UsageError("log-replaced", "a network keeps its log; its witnesses may change")
    seated = drafts.seat_keys(current).values()
    drafted = drafts.root(current, options.now_or(at), board=current.board, seats=seated)
    logged.adopt(drafted.metadata, asked)
    drafting.write(out, drafted, current)
