"""`pratique participant apply`: the dossier to hand in. Public keys and certificates only.

participant.json, certificates -> DIR/application.json, SCA/SCA.pem, UP/UP.pem, TLS/TLS.pem, TLS/CA.pem
"""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli.authority import cards
from pratique.cli.participant import home as homes
from pratique.edges import issuer_home
from pratique.errors import UsageError


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR"
)
@homes.option
def apply(*, out: Path, folder: Path | None) -> None:
    """Write the dossier that the authority checks; a letter goes with it by hand."""
    where = homes.folder_of(folder)
    found = homes.load(where)
    if out.exists() and any(out.iterdir()):
        raise UsageError(
            "folder-filled", f"{out}: there is something already", "name another folder with --out"
        )
    application = cards.Application(
        found.participant, found.public_keys(), tuple(sorted(found.participant.domains)),
        found.environment,
    )  # fmt: skip
    written = {
        cards.APPLICATION: cards.write_application(application),
        "SCA/SCA.pem": issuer_home.read_certificate(where),
        "UP/UP.pem": issuer_home.read_certificate(where, homes.UPLOAD),
        "TLS/TLS.pem": issuer_home.read_certificate(where, homes.TLS),
        # It signs itself, so it is its own authority.
        "TLS/CA.pem": issuer_home.read_certificate(where, homes.TLS),
    }
    for name, data in written.items():
        path = out / name
        issuer_home.put(path, data, 0o644)
        click.echo(f"{path}")
    for_whom = f"--code {found.participant.code} --environment {found.environment}"
    click.echo(f"check it: pratique participant check {out} {for_whom}")
