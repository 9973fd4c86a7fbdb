"""`pratique issuer lists`: write the revocation lists, and what each adds to the one before."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.where import book_options, open_book
from pratique.edges import disk
from pratique.edges.register.editions import Published, publish, ucis
from pratique.revocation import foreign
from pratique.trust.shards import Shard

DAY = 86_400


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              metavar="DIR", help="Where to write them: a folder that is published as it is.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True,
              help="For how long a new list is meant to be used.")  # fmt: skip
@click.option(
    "--eu-batches", is_flag=True, help="Also as the EU's gateway takes them (UCI), as JSON."
)
@options.at
@book_options
def lists(*, out: Path, days: int, eu_batches: bool, at: datetime | None, **where: Any) -> None:
    """Write each key's newest list and its delta.

    A new edition is made where something was taken back since the last one, or where half of the last
    one's time is over. Only tags are in it.
    """
    desk, now = open_book(**where), int(options.now_or(at).timestamp())
    # Of a register that was put back from an old copy, a list would lack what is published already.
    shards = desk.sound(desk.shards)
    found = desk.register.write(lambda book: publish(book, shards, at=now, lasting=days * DAY))
    out.mkdir(parents=True, exist_ok=True)
    for published in found:
        _write(out, published)
    if eu_batches:
        for published in found:
            _write_batches(out, desk, published.shard)
    if not found:
        click.echo("no key has signed yet: there is nothing to list")


def _write(out: Path, published: Published) -> None:
    listed, delta = published.listed, published.delta
    name = f"{listed.head.participant}-{listed.head.kid.hex()}"
    files = {f"{name}.tags": listed.to_bytes()}
    if delta is not None:
        step = f"{delta.parent_version}-{delta.head.version}"
        files[f"{name}.{step}.delta"] = delta.to_bytes()
    for file, data in files.items():
        disk.replace(out / file, data, 0o644)
    sizes = ", ".join(f"{file} {len(data)} bytes" for file, data in files.items())
    made = "new" if published.is_new else "as before"
    click.echo(
        f"{published.shard.label}: version {listed.head.version} ({made}), "
        f"{len(listed)} tags: {sizes}"
    )


def _write_batches(out: Path, desk: Desk, shard: Shard) -> None:
    hashes = desk.register.read(lambda book: ucis(book, shard))
    key = foreign.Key(desk.country, shard.kid, foreign.HashType.UCI)
    until = max((expires for _, expires in hashes), default=0)
    found = foreign.batches(key, until, (entry for entry, _ in hashes))
    for number, batch in enumerate(found, 1):
        path = out / f"{shard.participant}-{shard.kid.hex()}-{number:04d}.batch.json"
        disk.replace(path, json.dumps(batch.document()).encode(), 0o644)
        click.echo(f"{shard.label}: {path.name}, {len(batch.hashes)} entries")
