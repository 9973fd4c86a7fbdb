"""`pratique network export`: what was synced, in WHO's forms.

    View -> --did DIR: a tree of DID documents, each with a proof
         -> --folders DIR: CODE/onboarding/DOMAIN/GROUP/*.pem, with what an anchor signs for them

1. What is exported is what this machine has checked itself, at this instant.
2. A signature here is this exporter's word, and nobody else's: the network's own is in its metadata.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli.authority import place
from pratique.cli.network import laid_out, listing, written
from pratique.edges.keys import open_key
from pratique.errors import UsageError
from pratique.trust import did_write
from pratique.trust.enduring import told


@click.command("export")
@click.option("--did", "did_folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write a tree of DID documents (WHO's trust list, form 2) into this folder.")  # fmt: skip
@click.option(
    "--base", "host", metavar="DID", help="Name of the host that serves it: did:web:HOST."
)
@click.option("--signing-key", metavar="URI", help="Key that signs the proofs: file:PATH or hsm:….")
@click.option(
    "--method", metavar="DID", help="Name of that key in the proofs [default: BASE:keys]."
)
@click.option("--folders", "folders_dir", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write participants' folders, as WHO keeps them, into this folder.")  # fmt: skip
@click.option("--dossier", "dossiers", multiple=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A participant's dossier: its upload and TLS certificates go into its folder. Repeatable.")  # fmt: skip
@click.option("--anchor", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PEM",
              help="Certificate of the trust anchor that signs for the folders' certificates.")  # fmt: skip
@click.option("--anchor-key", metavar="URI", help="Its key: file:PATH or hsm:….")
@place.repository
@place.home
@unlock.secret_files
@options.at
def export(
    *,
    did_folder: Path | None,
    host: str | None,
    signing_key: str | None,
    method: str | None,
    folders_dir: Path | None,
    dossiers: tuple[Path, ...],
    anchor: Path | None,
    anchor_key: str | None,
    repository: Path | None,
    home: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Write what was synced in WHO's forms: a tree of DID documents, participants' folders, or both."""
    instant = options.now_or(at).astimezone(UTC).replace(microsecond=0)
    view = place.known(repository, home)
    if view is None:
        raise UsageError("no-network", "no network is known here", "pratique sync SOURCE")
    for code, one in listing.suspended(view, at=int(instant.timestamp())).items():
        until = told.instant(one.until)
        click.echo(
            f"note: {code} is suspended until {until} ({one.reason}): its keys are left out",
            err=True,
        )
    secret = unlock.secrets(password_file, pin_file)
    if did_folder is None and folders_dir is None:
        raise UsageError("nothing-asked", "it is not said what to write", "--did or --folders")
    if did_folder is not None:
        if host is None or signing_key is None:
            raise UsageError("did-unsigned", "a tree needs --base and --signing-key")
        key = open_key(signing_key, folder=Path.cwd(), secret=secret)
        named, nonce = (host, method or f"{host}:keys"), secrets.token_urlsafe(24)
        documents = listing.documents(view, key, named, nonce, instant)
        stale = written.tree(did_folder, documents, (did_write.TREE, did_write.REFERENCES))
        gone = f", {stale} of an earlier tree taken away" if stale else ""
        click.echo(f"{len(documents)} documents: {did_folder}{gone}")
    if folders_dir is not None:
        by = laid_out.anchor(anchor, anchor_key, secret)
        found = dict(laid_out.folders(view, dossiers, by, instant))
        written.folders(folders_dir, found)
        click.echo(f"{len(found)} files: {folders_dir}")
