"""`pratique authority seat`: a seat's key, made on the seat's own machine, and its card."""

from __future__ import annotations

import re
from pathlib import Path

import click

from pratique.cli import output, unlock
from pratique.cli.authority import cards
from pratique.edges.keys import adopt_key, make_key
from pratique.errors import UsageError
from pratique.network import keys, names
from pratique.network.board import Seat, is_region
from pratique.trust.country_codes import WHO_REGIONS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@click.command()
@click.argument("name")
@click.option(
    "--holder", required=True, help="Code of the state or organisation that holds it: XUA."
)
@click.option("--region", required=True, help="Region that the holder belongs to: AFR.")
@click.option("--key", "uri", metavar="URI", help="Where the key is made [default: file:NAME.pem].")
@click.option("--existing", is_flag=True, help="The key is there already: only write the card.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The card [default: NAME.json].")  # fmt: skip
@unlock.secret_files
def seat(
    *,
    name: str,
    holder: str,
    region: str,
    uri: str | None,
    existing: bool,
    out: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Make the key of seat NAME, here and nowhere else, and write the card to hand in."""
    _check(name, holder, region)
    where = uri or f"file:{name}.pem"
    secret = unlock.secrets(password_file, pin_file, new=not existing)
    here = Path.cwd()
    if existing:
        key = adopt_key(where, folder=here, secret=secret)
    else:
        note = (
            f"Private key of {name} ({holder}). Encrypted; keep a copy, and the password apart.\n\n"
        )
        key = make_key(where, folder=here, secret=secret, note=note)
    own = keys.public(key.public_key).keyid
    path = out or here / f"{name}.json"
    card = cards.write_seat(Seat(name, holder, region, own), key.public_key)
    output.write(path, card)
    click.echo(f"{name} of {holder}, region {region}, key {own}: {path}")
    click.echo("hand the card to the secretariat, and read the key's identifier out to it")


def _check(name: str, holder: str, region: str) -> None:
    # Before the key is made: a card that no board takes would be found out at the ceremony.
    if not _NAME.fullmatch(name) or name == names.SUSPEND:
        raise UsageError(
            "seat-name", "a seat's name has letters, digits, - and _ only", "for example seat-1"
        )
    if not names.is_participants(holder):
        raise UsageError(
            "seat-holder", "--holder is no code", "for example XUA, in capital letters"
        )
    if not is_region(region):
        raise UsageError(
            "seat-region",
            "--region is no code",
            f"{', '.join(WHO_REGIONS)}; where a whole network is invented for a test, others like NORTH",
        )
