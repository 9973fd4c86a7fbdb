"""The folder of published revocation lists: what is written there follows what stood there.

    Published -> follows? -> KEY.tags, KEY.1-2.delta, KEY-0001.batch.json

1. A list that lacks what the published one has, or is no later, is refused: verifiers would refuse it,
   and who has none yet would believe it. So a register that was put back from an old copy cannot pass.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from pratique.cli.issuer.desk import Desk
from pratique.edges import disk, files
from pratique.edges.register.editions import Published, ucis
from pratique.errors import DocumentRefused
from pratique.revocation import foreign
from pratique.revocation.held import Revocations
from pratique.revocation.tag_list import TagList
from pratique.trust.shards import Shard


def path_of(out: Path, shard: Shard) -> Path:
    """Return where the newest list of a shard lies."""
    return out / f"{shard.participant}-{shard.kid.hex()}.tags"


def follows(out: Path, published: Published) -> None:
    """See to it that a list follows the one in the folder; DocumentRefused `revocation-…`."""
    path = path_of(out, published.shard)
    if not path.exists():
        return
    before = TagList.from_bytes(files.read_bytes(path))
    if before.digest == published.listed.digest:
        return
    try:
        Revocations([before]).with_list(published.listed)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"{path.name}: the register's list does not follow the published one: {error.message}",
            "the register is an old copy: restore its newest backup; nothing was written",
        ) from error


def write(out: Path, published: Published) -> None:
    """Write a list and its delta, and say so."""
    listed, delta = published.listed, published.delta
    path = path_of(out, published.shard)
    files = {path.name: listed.to_bytes()}
    if delta is not None:
        step = f"{delta.parent_version}-{delta.head.version}"
        files[f"{path.stem}.{step}.delta"] = delta.to_bytes()
    for file, data in files.items():
        disk.replace(out / file, data, 0o644)
    sizes = ", ".join(f"{file} {len(data)} bytes" for file, data in files.items())
    made = "new" if published.is_new else "as before"
    click.echo(
        f"{published.shard.label}: version {listed.head.version} ({made}), "
        f"{len(listed)} tags: {sizes}"
    )


def write_batches(out: Path, desk: Desk, shard: Shard) -> None:
    """Write what a key has taken back as batches of the EU's gateway, and say so."""
    hashes = desk.register.read(lambda book: ucis(book, shard))
    key = foreign.Key(desk.country, shard.kid, foreign.HashType.UCI)
    until = max((expires for _, expires in hashes), default=0)
    found = foreign.batches(key, until, (entry for entry, _ in hashes))
    for number, batch in enumerate(found, 1):
        path = out / f"{shard.participant}-{shard.kid.hex()}-{number:04d}.batch.json"
        disk.replace(path, json.dumps(batch.document()).encode(), 0o644)
        click.echo(f"{shard.label}: {path.name}, {len(batch.hashes)} entries")
