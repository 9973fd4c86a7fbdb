"""`pratique issuer lists`: write the revocation lists, and what each adds to the one before."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer import published
from pratique.cli.issuer.where import book_options, open_book
from pratique.edges.register.editions import Published, publish
from pratique.edges.register.writing import Writing

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
    lost = desk.lost()
    # Of an old copy a list may lack what is published: it is made beside the published one only.
    shards = [s for s in desk.shards if s.label not in lost or published.path_of(out, s).exists()]
    if lost and not shards:
        raise next(iter(lost.values()))

    def act(book: Writing) -> list[Published]:
        made = publish(book, shards, at=now, lasting=days * DAY)
        for one in made:
            published.follows(out, one)
        return made

    found = desk.register.write(act)
    out.mkdir(parents=True, exist_ok=True)
    for one in found:
        published.write(out, one)
    if eu_batches:
        for one in found:
            published.write_batches(out, desk, one.shard)
    if not found:
        click.echo("no key has signed yet: there is nothing to list")
