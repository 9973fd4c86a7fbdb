"""Options that the issuer's commands share: which issuer it is.

--issuer DIR -> its folder
"""

from __future__ import annotations

from pathlib import Path

import click

from pratique.edges import files, issuer_home

issuer = click.option(
    "--issuer",
    "issuer_folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PRATIQUE_ISSUER",
    metavar="DIR",
    help="The issuer's folder [default: PRATIQUE_ISSUER, or 'issuer' in PRATIQUE_HOME].",
)


def folder(named: Path | None) -> Path:
    """Return the issuer's folder: as named, or its place in this person's home folder."""
    return issuer_home.folder(named, files.home())
