"""`pratique participant init`: all keys that a participant needs, by the network's templates.

code, country, name -> SCA, upload, TLS and role keys -> participant.json -> what to do next
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli import participant_home as homes
from pratique.cli.authority import cards
from pratique.cli.participant.making import make_owned, make_role, own_ca
from pratique.cli.signing_ca import Makes
from pratique.edges import files
from pratique.errors import UsageError
from pratique.network import keys, names, participants
from pratique.terms import Environment
from pratique.trust.renewal import ROLES

MOST_KEYS, LONGEST_NAME = 15, 64


@click.command()
@click.option(
    "--code", required=True, help="Your code in the network: three capital letters, mostly."
)
@click.option("--country", "countries", multiple=True, required=True, metavar="XU",
              help="A country that you sign for; the first is your certificates' C. Repeatable.")  # fmt: skip
@click.option("--name", required=True, help="Organisation that the X.509 certificates name.")
@click.option("--kind", type=click.Choice([kind.value for kind in participants.ParticipantKind]),
              default=participants.ParticipantKind.STATE.value, show_default=True)  # fmt: skip
@click.option("--domain", "domains", multiple=True, default=("DCC",), show_default=True,
              help="What you apply for: DCC, ICVP. Repeatable.")  # fmt: skip
@click.option(
    "--contact", default="", help="Where a holder may appeal: a page, or an office's address."
)
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True)  # fmt: skip
@click.option("--role-key", "uris", multiple=True, metavar="URI",
              help="Where a key that speaks for you is made [default: three files]. Repeatable.")  # fmt: skip
@click.option("--role-card", "role_cards", multiple=True, metavar="PEM",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Public key of a hand elsewhere: PEM, or a card of a seat's form. Repeatable.")  # fmt: skip
@click.option("--signing-ca-certificate", "ca_path", metavar="PEM",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Your state's CSCA, which is kept elsewhere, instead of a signing CA made here.")  # fmt: skip
@click.option("--threshold", type=click.IntRange(2, MOST_KEYS), default=2, show_default=True,
              help="How many of those keys must sign.")  # fmt: skip
@homes.option
@unlock.secret_files
@options.at
def init(
    *,
    code: str,
    countries: tuple[str, ...],
    name: str,
    kind: str,
    domains: tuple[str, ...],
    contact: str,
    environment: str,
    uris: tuple[str, ...],
    role_cards: tuple[Path, ...],
    threshold: int,
    ca_path: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make the keys of a participant: signing CA, upload, TLS, and those that speak for it."""
    if not names.is_participants(code):
        raise UsageError(
            "participant-unfit", "--code has capital letters", "for example PRT or IOM"
        )
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise UsageError("name-unfit", f"--name has 1 to {LONGEST_NAME} characters")
    where = homes.folder_of(folder)
    secret = unlock.secrets(password_file, pin_file, new=True)
    instant = int(options.now_or(at).timestamp())
    participant = participants.Participant(
        code, participants.ParticipantKind(kind), name, frozenset(countries), countries[0],
        frozenset(domains), contact,
    )  # fmt: skip
    given = tuple((cards.read_key(card), "") for card in role_cards)
    wanted = uris or (() if given else tuple(f"file:keys/role-{n}.pem" for n in (1, 2, 3)))
    if not threshold <= len(wanted) + len(given) <= MOST_KEYS:
        raise UsageError(
            "threshold-unfit",
            f"{threshold} of {len(wanted) + len(given)} keys cannot sign",
            f"name from {threshold} to {MOST_KEYS} keys with --role-key and --role-card",
        )
    if len({*wanted, *(pem for pem, _ in given)}) < len(wanted) + len(given):
        raise UsageError("role-key-double", "a key is named twice", "each is another hand's")
    with homes.new(where) as filled:
        task = Makes(filled, code, countries[0], name, Environment(environment), instant, secret)
        made_here = ROLES if ca_path is None else [role for role in ROLES if role != homes.SCA]
        owned = tuple(make_owned(task, role, role, f"file:keys/{role}.pem") for role in made_here)
        if ca_path is not None:
            owned = (own_ca(task, files.read_bytes(ca_path), countries), *owned)
        made = tuple((make_role(task, uri), uri) for uri in wanted)
        found = homes.Home(
            participant, Environment(environment), owned, (*made, *given), threshold, instant
        )
        homes.save(filled, found)
    _tell(where, found)


def _tell(folder: Path, found: homes.Home) -> None:
    one = found.participant
    click.echo(
        f"{one.code} ({one.kind}) signs for {', '.join(sorted(one.countries))}, "
        f"{found.environment}: {folder}"
    )
    click.echo(f"signing CA SHA-256 {found.sca.thumbprint}")
    for pem, uri in found.role_keys:
        click.echo(f"role key {keys.keyid(keys.from_pem(pem))}  {uri or 'elsewhere'}")
    click.echo(f"{found.threshold} of {len(found.role_keys)} of them must sign what you publish")
    if found.threshold == len(found.role_keys):
        click.echo(
            "mind: all of them must sign: with one lost key you publish nothing, and revoke nothing, until the seats "
            "let others in",
            err=True,
        )
    click.echo("next")
    click.echo("  give each role key to another hand, on another machine")
    click.echo("  pratique participant apply --out DIR   writes what you hand in")
    click.echo(
        f"  pratique participant check DIR --code {one.code} --environment {found.environment}"
    )
    making = "pratique issuer init --signing-ca"
    making += f" {folder}" if found.sca.key else "-certificate PEM"
    click.echo(f"  {making}   makes keys that sign certificates")
