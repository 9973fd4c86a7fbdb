"""Open the issuer's desk: its folder, its register, its value sets; in any process.

    issuer's folder -> shards, keys by URI      register's URL -> Register      value sets -> Catalogue

1. A `Place` holds no secret and may be handed to another process, which opens its own keys.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli import held
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.keys_shown import suspended
from pratique.crypto import signing, x509
from pratique.edges import files, issuer_home
from pratique.edges.keys import Secret, open_key
from pratique.edges.register import open_register
from pratique.errors import DocumentRefused, UsageError
from pratique.intake.catalogue import Catalogue, parsed
from pratique.trust import noted, shards
from pratique.trust.signer import Signer


class Place(NamedTuple):
    """Where a desk stands, so that another process can open the same one."""

    folder: Path
    register: str
    value_sets: tuple[Path, ...]


def opened(place: Place, secret: Secret) -> Desk:
    """Open the desk of a place."""
    issuer = issuer_home.load(place.folder)

    def key_of(shard: shards.Shard) -> signing.SigningKey:
        key = open_key(shard.key, folder=place.folder, secret=secret)
        if key.algorithm is not shard.algorithm:
            raise DocumentRefused("key-other", f"the key of shard {shard.label} is another one")
        return key

    def public_key_of(shard: shards.Shard) -> bytes:
        (record,) = x509.read_file(issuer_home.read_certificate(place.folder, shard.label))
        return record.public_key

    @cache
    def said() -> held.Said | None:
        return held.said_of(issuer.participant, issuer.environment)

    @cache
    def withdrawn(at: int) -> frozenset[str]:
        found = said()
        if found is None:
            return frozenset()
        if (suspension := found.member.suspended(at)) is not None:
            click.echo(f"note: {suspended(issuer.participant, suspension)}", err=True)
        return found.member.withdrawn

    def published() -> tuple[Signer, ...]:
        found = said()
        return () if found is None else found.signers

    register = open_register(place.register)
    if register.doubles:
        click.echo(
            f"note: in this register {register.doubles} certificates share their request with another one; "
            "nothing was changed: see them with pratique issuer audit, and take back what was not handed out",
            err=True,
        )
    catalogue, notes = catalogue_of(place.value_sets), _Notes(place.folder)
    return Desk(
        issuer, key_of, public_key_of, register,
        catalogue=catalogue, notes=notes, withdrawn=withdrawn, published=published,
    )  # fmt: skip


class _Notes(NamedTuple):
    """What was noted of the register, in the issuer's folder."""

    folder: Path

    def load(self) -> dict[str, noted.Note]:
        """Return the notes."""
        return issuer_home.load_notes(self.folder)

    def save(self, notes: dict[str, noted.Note]) -> None:
        """Keep the notes."""
        issuer_home.save_notes(self.folder, notes)


def catalogue_of(paths: tuple[Path, ...]) -> Catalogue:
    """Return the catalogue of files and folders; what comes with Pratique if there are none."""
    if not paths:
        return Catalogue.builtin()
    found = []
    for path in paths:
        inside = (*path.glob("*.json"), *path.glob("*.csv")) if path.is_dir() else (path,)
        for file in sorted(inside):
            try:
                document = parsed(files.read_bytes(file, named=file == path))
                Catalogue.from_documents([document])
            except DocumentRefused as error:
                raise DocumentRefused(
                    "value-sets", f"{file}: {error.message}", error.hint
                ) from error
            found.append(document)
    if not found:
        raise UsageError("value-sets", "there is no value set in what was named")
    return Catalogue.from_documents(found)
