"""`pratique participant apply`: the dossier to hand in. Public keys and certificates only.

participant.json, certificates -> DIR/application.json, SCA/SCA.pem, UP/UP.pem, TLS/TLS.pem, TLS/CA.pem
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli import participant_home as homes
from pratique.cli.authority import cards
from pratique.edges import disk, issuer_home
from pratique.errors import UsageError
from pratique.network.drafts import RoleKeys


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR"
)
@homes.option
@options.at
def apply(*, out: Path, folder: Path | None, at: datetime | None) -> None:
    """Write the dossier that the authority checks; a letter goes with it by hand."""
    where = homes.folder_of(folder)
    if out.exists() and any(out.iterdir()):
        raise UsageError(
            "folder-filled", f"{out}: there is something already", "name another folder with --out"
        )
    found = homes.load(where)
    for path in written(where, found, found.public_keys(), out, options.now_or(at)):
        click.echo(f"{path}")
    for_whom = f"--code {found.participant.code} --environment {found.environment}"
    click.echo(f"check it: pratique participant check {out} {for_whom}")


def written(
    folder: Path, found: homes.Home, keys: RoleKeys, out: Path, at: datetime
) -> Iterator[Path]:
    """Write a dossier into `out`, with these role keys; yield what is written."""
    application = cards.Application(
        found.participant, keys, tuple(sorted(found.participant.domains)),
        found.environment,
    )  # fmt: skip
    files = {cards.APPLICATION: cards.write_application(application)}
    # Signing CAs that are no longer in use vouch for signers that live: each has a file of its own.
    older = [
        one for one in found.owned
        if one.role == homes.SCA and one != found.newest(homes.SCA) and one.not_after > at.timestamp()
    ]  # fmt: skip
    for number, one in enumerate([found.newest(homes.SCA), *older]):
        name = f"SCA/SCA_{number}.pem" if number else "SCA/SCA.pem"
        files[name] = issuer_home.read_certificate(folder, one.label)
    upload, tls = found.newest(homes.UPLOAD), found.newest(homes.TLS)
    files["UP/UP.pem"] = issuer_home.read_certificate(folder, upload.label)
    files["TLS/TLS.pem"] = issuer_home.read_certificate(folder, tls.label)
    # It signs itself, so it is its own authority.
    files["TLS/CA.pem"] = files["TLS/TLS.pem"]
    for name, data in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        disk.replace(path, data, 0o644)
        yield path
