"""`pratique participant publish`: sign the next edition of what a participant says, and hand it in.

    signers, rules, choices, revocation lists, over what is published -> Proposal -> signed -> --to

1. What is not named stays as it is published.
2. With fewer keys here than must sign, the proposal is written for the other hands.
3. Nothing is taken back: a list that lacks what is published, or a signer that was withdrawn, is refused
   here before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli import options, output, sync, unlock
from pratique.cli import participant_home as homes
from pratique.cli.authority import ceremony, place
from pratique.cli.participant import edition, published, send
from pratique.edges.keys import Secret, is_at_hand
from pratique.errors import UsageError
from pratique.network import drafts, follows, proposal, view
from pratique.network.memory import Memory
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
@click.option("--choices", type=ceremony.FILE, metavar="FILE",
              help="Codes of value sets that you recognise, and how old data may be.")  # fmt: skip
@click.option("--lists", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
              help="What `pratique issuer lists` has written.")  # fmt: skip
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
    where = homes.folder_of(folder)
    own = homes.load(where)
    instant = options.now_or(at)
    files, current = _current(repository, home, target, instant)
    held, is_first = _held(own, files, current)
    if is_first and not signers:
        raise UsageError("signers-missing", "no signer is named", "name --signers PATH")
    wanted = edition.Wanted(signers, domain, withdraw, reason, rules, choices, lists)
    made = edition.made(where, own, held, wanted, sets=value_sets(current), at=instant)
    secret = unlock.secrets(password_file, pin_file)
    for line in handed_in(Edition(where, own, current, held, made, instant), secret, target, out):
        click.echo(line)


class Edition(NamedTuple):
    """A participant's next edition: whose, over which network, the files before it and its own, by path, and when."""

    folder: Path
    own: homes.Home
    current: view.View
    held: dict[str, bytes]
    files: dict[str, bytes]
    at: datetime


def handed_in(
    edition: Edition, secret: Secret, target: str | None, out: Path | None
) -> Iterator[str]:
    """Sign an edition with the keys here, and hand it in or write it for the other hands; say so."""
    own, current, code = edition.own, edition.current, edition.own.participant.code
    follows.check(code, edition.held, edition.files, published=int(current.published.timestamp()))
    drafted = drafts.role(current, edition.at, code, edition.files)
    speaking = own.speaking(current)
    # Keys that do not speak for it are tried all the same: the refusal tells what is to be done.
    known = [uri for _, uri in speaking or own.role_keys]
    # A key file that was given to another hand is signed with there.
    here = [uri for uri in known if is_at_hand(uri, folder=edition.folder)][: own.threshold]
    homes.sign(edition.folder, here, secret, drafted, current)
    yield from ceremony.told(drafted, current)
    published.note(edition.folder, drafted)
    path = out or Path(f"{code}-{drafted.versions()[code]}.proposal")
    if target is None or len(here) < own.threshold:
        output.write(path, proposal.to_bytes(drafted))
        yield f"proposal: {path}"
        if len(here) < own.threshold:
            yield f"the other hands: pratique participant sign {path} --key URI"
        yield f"then: pratique participant send {path} --to URL"
    if target is not None and len(here) >= own.threshold:
        yield send.handed_in(target, path.name, proposal.to_bytes(drafted))


def _current(
    repository: Path | None, home: Path | None, target: str | None, at: datetime
) -> tuple[Mapping[str, bytes], view.View]:
    if repository is None and target is not None and target.startswith(("http://", "https://")):
        # What is handed in follows upon what is there now, also after a call that was interrupted.
        sync.brought(home, target, at)
    found = place.known_files(repository, home)
    if found is None:
        raise UsageError(
            "no-network",
            "no network is known here",
            "pratique sync SOURCE --root root.json, or name one with --repository",
        )
    return found[0], view.read(*found)


def _held(
    own: homes.Home, files: Mapping[str, bytes], current: view.View
) -> tuple[dict[str, bytes], bool]:
    """Return what is published, by path; and whether its keys have not published anything yet."""
    code = own.participant.code
    role = current.roles.get(code)
    if role is None or role.version:
        return ({} if role is None else dict(role.files)), False
    return edition.taken_back(own, Memory(files).of(code)), True
