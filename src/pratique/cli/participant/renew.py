"""`pratique participant renew`: every key that ends soon gets its successor, in one command.

    dates -> plan -> keys, certificates -> next edition, dossier -> what other hands have to do

1. Doing it twice makes nothing twice; interrupted, the same command goes on where it was.
2. --dry-run opens no key, writes nothing, and says exactly what would be made.
3. What is old stays valid and published until its own end.
4. The network that is known here must be newer than this participant's last edition: sync first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli import participant_home as homes
from pratique.cli.authority import cards as public_cards
from pratique.cli.authority import place
from pratique.cli.participant import handing, publish, renewing, send
from pratique.edges import files, issuer_home
from pratique.edges.keys import Secret
from pratique.network import keys
from pratique.trust import renewal

CARD = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be made, and change nothing.")
@click.option("--within", type=click.IntRange(renewal.LEAST, 730), default=renewal.WITHIN,
              show_default=True, metavar="DAYS", help="Renew what ends within so many days.")  # fmt: skip
@click.option("--issuer", "issuers", multiple=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="An issuer whose keys your signing CA issues [default: PRATIQUE_ISSUER, or 'issuer' in PRATIQUE_HOME]. Repeatable.")  # fmt: skip
@click.option(
    "--register", envvar="PRATIQUE_REGISTER", metavar="URL", help="The issuers' register."
)
@click.option("--role-card", "cards", multiple=True, type=CARD, metavar="PEM",
              help="New public key of a hand elsewhere, in place of its old one. Repeatable.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where to write what you hand in [default: 'dossier' in your folder].")  # fmt: skip
@click.option("--to", "target", metavar="URL|DIR", help="Where to hand the next edition in.")
@place.repository
@place.home
@homes.option
@unlock.secret_files
@options.at
def renew(
    *,
    dry_run: bool,
    within: int,
    issuers: tuple[Path, ...],
    register: str | None,
    cards: tuple[Path, ...],
    out: Path | None,
    target: str | None,
    repository: Path | None,
    home: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> int:
    """Make a successor of every key that ends soon, and prepare what other hands have to do."""
    where = homes.folder_of(folder)
    found = homes.load(where)
    pems = tuple(public_cards.read_key(card) for card in cards)
    asked = renewing.Asked(
        where, issuers or _own_issuer(home), register, pems, options.now_or(at), within
    )
    known = handing.Known(place.known(repository, home), repository, home)
    if dry_run:
        renewing.check_cards(asked, found)
        for line in _forecast(asked, found, known):
            click.echo(line)
        return 0
    if (now := handing.settled(found, known)) != found:
        with issuer_home.locked(where):
            homes.save(where, now)
        click.echo("the network listens to your new role keys alone: the old ones may be destroyed")
    secret = unlock.secrets(password_file, pin_file)
    renewing.carry_out(asked, secret)
    found = homes.load(where)
    steps = [*_edition(asked, found, known, secret, target), *_dossier(asked, found, known, out)]
    ended = send.said((*steps, *_notes(asked, found)))
    if not steps:
        click.echo(f"nothing ends within {within} days, and nothing waits for other hands")
    return ended


def _own_issuer(home: Path | None) -> tuple[Path, ...]:
    found = issuer_home.folder(_named(), files.home(home))
    return (found,) if (found / issuer_home.DOCUMENT).exists() else ()


def _named() -> Path | None:
    import os  # noqa: PLC0415 - the one variable that is another command's option

    told = os.environ.get("PRATIQUE_ISSUER")
    return Path(told) if told else None


def _forecast(asked: renewing.Asked, found: homes.Home, known: handing.Known) -> Iterator[str]:
    wanted = renewing.plan(asked, found)
    for one in wanted.all():
        yield f"would make {renewing.told(one)}"
    if not wanted.all():
        yield f"would make nothing: no key ends within {asked.within} days"
    if any(signers for _, signers in wanted.signers) or handing.unpublished(asked, found, known):
        yield f"would write the next edition: {found.threshold} role keys must sign it"
    if wanted.owned or wanted.roles or handing.is_renewed(found):
        yield "would write a dossier for the authority"
    if wanted.roles or found.coming:
        yield "would leave to the seats: new role keys beside the old, then without them"
    yield "nothing was changed"


def _edition(
    asked: renewing.Asked,
    found: homes.Home,
    known: handing.Known,
    secret: Secret,
    target: str | None,
) -> Iterator[str]:
    due = handing.unpublished(asked, found, known)
    if not due and not handing.awaits_edition(found, known):
        return
    if known.current is None:
        yield "sync, and give this command again: the new signers are not published yet"
        return
    held = handing.published(found, known.current)
    made = handing.next_edition(asked, found, held, due)
    edition = publish.Edition(asked.folder, found, known.current, held, made, asked.at)
    yield from publish.handed_in(edition, secret, target, None)


def _dossier(
    asked: renewing.Asked, found: homes.Home, known: handing.Known, out: Path | None
) -> Iterator[str]:
    if not handing.is_renewed(found):
        return
    place_ = out or asked.folder / "dossier"
    new = list(handing.dossier(asked, found, known, place_))
    code = found.participant.code
    if new:
        count = "1 file of it is" if len(new) == 1 else f"{len(new)} files of it are"
        yield f"hand in {place_}: {count} new"
        yield f"  check it first: pratique participant check {place_} --code {code} --environment {found.environment}"
    if found.coming:
        yield "the seats have to sign; they check, record the steps, and propose"
        yield f"  pratique authority propose rekey NET {place_} --out FILE"
    for pem, uri in handing.overdue(asked, found):
        key = keys.keyid(keys.from_pem(pem))
        where = f"elsewhere, and was {uri}" if uri else "elsewhere"
        yield f"role key {key} is {where}: its hand makes a new one, and you name it: --role-card PEM"


def _notes(asked: renewing.Asked, found: homes.Home) -> Iterator[str]:
    for name in renewing.unused(asked.folder, found):
        yield f"note: {name} is in no document; an interrupted command has left it, or a hand has"
