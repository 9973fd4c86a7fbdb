"""`pratique participant publish`: sign the next edition of what a participant says, and hand it in.

    signers, rules, choices, revocation lists, over what is published -> Proposal -> signed -> --to

1. What is not named stays as it is published.
2. With fewer keys here than must sign, the proposal is written for the other hands.
3. Nothing is taken back: a list that lacks what is published, or a signer that was withdrawn, is refused
   here before anybody sees it.
4. A withdrawal is for good: key and reason are named, a person at a terminal is asked, and the key signs no
   more where its issuer's folder is at hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli import options, output, sync, unlock
from pratique.cli import participant_home as homes
from pratique.cli.authority import ceremony, place
from pratique.cli.issuer import options as issuer_options
from pratique.cli.participant import edition, published, send
from pratique.edges import issuer_home
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
    "--reason", type=click.Choice(edition.REASONS), help="Why it is withdrawn; with --withdraw.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask before a withdrawal.")
@click.option("--dry-run", is_flag=True, help="Say what would be published, and do nothing.")
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
    reason: str | None,
    yes: bool,
    dry_run: bool,
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
) -> int:
    """Publish signers, rules, choices and revocation lists; without any, confirm what is published."""
    where = homes.folder_of(folder)
    own = homes.load(where)
    instant = options.now_or(at)
    files, current = _current(repository, home, target, instant)
    held, is_first = _held(own, files, current)
    if is_first and not signers:
        raise UsageError("signers-missing", "no signer is named", "name --signers PATH")
    if withdraw and reason is None:
        raise UsageError(
            "reason-missing", "it is not said why the signer is withdrawn",
            f"name the --reason: {', '.join(edition.REASONS)}",
        )  # fmt: skip
    wanted = edition.Wanted(signers, domain, withdraw, reason or "", rules, choices, lists)
    made = edition.made(where, own, held, wanted, sets=value_sets(current), at=instant)
    for doubt in edition.doubted(own, made, instant):
        click.echo(f"note: {doubt}", err=True)
    for record in edition.withdrawn(withdraw):
        click.echo(
            f"withdraws the signer with kid {record.kid.hex()} ({reason}): at each next sync all that it "
            f"has ever signed is RED, for good\n  SHA-256 {record.thumbprint}"
        )
    if dry_run:
        drafted = drafts.role(current, instant, own.participant.code, made)
        for line in (*ceremony.told(drafted, current), "nothing was done"):
            click.echo(line)
        return 0
    if withdraw:
        # In a script the reason that was named stands for the answer: a stolen key must not wait.
        if not yes and sys.stdin.isatty():
            unlock.confirm("this cannot be undone; withdraw?")
        for line in retired(withdraw, int(instant.timestamp())):
            click.echo(line)
    secret = unlock.secrets(password_file, pin_file)
    lines = handed_in(Edition(where, own, current, held, made, instant), secret, target, out)
    return send.said(lines)


def retired(withdraw: tuple[Path, ...], at: int) -> Iterator[str]:
    """Retire the withdrawn keys where their issuer's folder is at hand; say which, or that it is to be done."""
    gone = {record.thumbprint: record for record in edition.withdrawn(withdraw)}
    beside = {path.resolve().parent.parent for path in withdraw}
    beside |= {path.resolve().parent for path in withdraw if path.is_dir()}
    for folder in sorted({*beside, issuer_options.folder(None).resolve()}):
        if not (folder / issuer_home.DOCUMENT).is_file():
            continue
        with issuer_home.locked(folder):
            issuer = issuer_home.load(folder)
            for shard in issuer.shards:
                if gone.pop(shard.thumbprint, None) is None:
                    continue
                if shard.retired is None:
                    issuer = issuer.replace(shard._replace(retired=at))
                    yield f"{shard.label} signs no more: it is retired in {folder}"
            issuer_home.save(folder, issuer)
    for record in gone.values():
        yield (
            f"take the key with kid {record.kid.hex()} out of use where it signs: "
            "pratique issuer keys retire LABEL"
        )


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
    if own.environment is not current.board.environment:
        raise UsageError(
            "environment-differs",
            f"{code}'s keys here are for {own.environment}, and the network is {current.board.name}",
            "name the folder of the keys for it: --participant DIR",
        )
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
