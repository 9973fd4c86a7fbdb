"""`pratique participant publish`: sign the next edition of what a participant says, and hand it in.

    signers, rules, choices, revocation lists, over what is published -> Proposal -> signed -> --to

1. What is not named stays as it is published.
2. With fewer keys here than must sign, the proposal is written for the other hands.
3. Nothing is taken back: a list that lacks what is published, or a signer that was withdrawn, is refused
   here before anybody sees it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli.authority import ceremony, place
from pratique.cli.participant import edition, published, send
from pratique.cli.participant import home as homes
from pratique.edges import disk
from pratique.edges.keys import open_key
from pratique.errors import UsageError
from pratique.network import drafts, follows, proposal, view
from pratique.snapshot.heard import value_sets

PATH = click.Path(path_type=Path, exists=True)


@click.command()
@click.option("--signers", multiple=True, type=PATH, metavar="PATH",
              help="Document signers' certificates: files, or an issuer's 'certificates'. Repeatable.")  # fmt: skip
@click.option("--domain", default="DCC", show_default=True, help="Of those signers.")
@click.option("--withdraw", multiple=True, type=PATH, metavar="PEM",
              help="A signer that is withdrawn, for good. Repeatable.")  # fmt: skip
@click.option(
    "--reason", type=click.Choice(edition.REASONS), default=edition.REASONS[0], show_default=True
)
@click.option("--rules", multiple=True, type=PATH, metavar="PATH", help="Entry rules. Repeatable.")
@click.option("--choices", type=PATH, metavar="FILE",
              help="Codes of value sets that you recognise, and how old data may be.")  # fmt: skip
@click.option("--lists", type=PATH, metavar="DIR", help="What `pratique issuer lists` has written.")
@click.option("--to", "target", metavar="URL|DIR", help="Where to hand it in.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where to write the proposal [default: CODE-VERSION.proposal].")  # fmt: skip
@place.repository
@place.home
@homes.option
@unlock.secret_files
@options.at
def publish(
    *,
    signers: tuple[Path, ...],
    domain: str,
    withdraw: tuple[Path, ...],
    reason: str,
    rules: tuple[Path, ...],
    choices: Path | None,
    lists: Path | None,
    target: str | None,
    out: Path | None,
    repository: Path | None,
    home: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Publish signers, rules, choices and revocation lists; without any, confirm what is published."""
    where, instant = homes.folder_of(folder), options.now_or(at)
    own = homes.load(where)
    current = _current(repository, home)
    code = own.participant.code
    held = dict(current.roles[code].files) if code in current.roles else {}
    wanted = edition.Wanted(signers, domain, withdraw, reason, rules, choices, lists)
    made = edition.made(where, own, held, wanted, sets=value_sets(current), at=instant)
    follows.check(code, held, made, published=int(current.published.timestamp()))
    drafted = drafts.role(current, instant, code, made)
    secret = unlock.secrets(password_file, pin_file)
    here = [uri for _, uri in own.role_keys if uri][: own.threshold]
    for uri in here:
        proposal.sign(drafted, open_key(uri, folder=where, secret=secret), current)
    ceremony.tell(drafted, current)
    published.note(where, drafted)
    path = out or Path(f"{code}-{drafted.versions()[code]}.proposal")
    if target is None or len(here) < own.threshold:
        disk.replace(path.absolute(), proposal.to_bytes(drafted), 0o644)
        click.echo(f"proposal: {path}")
    if target is not None and len(here) >= own.threshold:
        click.echo(send.handed_in(target, path.name, proposal.to_bytes(drafted)))


def _current(repository: Path | None, home: Path | None) -> view.View:
    found = place.known(repository, home)
    if found is None:
        raise UsageError(
            "no-network",
            "no network is known here",
            "pratique sync SOURCE --root root.json, or name one with --repository",
        )
    return found
