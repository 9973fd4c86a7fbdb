"""Successors of an issuer's keys: which are due, and making them one by one.

    Issuer, counts, at -> successors -> Wanted, ... -> make -> issuer.json after each

1. What has a successor is not due: doing it twice makes nothing twice.
2. The document is kept after each key: whatever fails later, this key is known. A key file of an
   interrupted command is never used nor overwritten; its label counts as taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from pratique.cli.issuer import making
from pratique.cli.signing_ca import Makes, date, until_free
from pratique.crypto.make_x509 import Authority
from pratique.edges import issuer_home
from pratique.edges.keys import Secret
from pratique.trust import renewal, shards
from pratique.trust.issuer import Issuer


def successors(
    folder: Path,
    issuer: Issuer,
    at: datetime,
    within: int,
    issued: Mapping[bytes, int],
    *,
    led_in: bool = False,
) -> list[making.Wanted]:
    """Return the successors of the keys that sign for at most `within` days more.

    Args:
        folder: the issuer's.
        issuer: as it is.
        at: now.
        within: days.
        issued: kid to certificates issued.
        led_in: whether a successor begins only when verifiers had time to get it.
    """
    now, wanted, taken = int(at.timestamp()), [], issuer_home.labels(folder)
    for old in shards.to_replace(issuer.shards, at=now, within=within, counts=issued):
        label = issuer.new_label(now, taken=taken)
        taken.add(label)
        begins = renewal.begins(old, at=now, count=issued.get(old.kid, 0)) if led_in else None
        key = making.key_beside([old], label)
        wanted.append(
            making.Wanted(label, key, old.planned, old.usages, old.algorithm, old.label, begins)
        )
    return wanted


def make(
    folder: Path,
    issuer: Issuer,
    wanted: list[making.Wanted],
    *,
    at: datetime,
    secret: Secret,
) -> None:
    """Make keys, and say so."""
    by = making.open_ca(folder, issuer, secret)
    making.prove(folder, issuer, wanted, secret)
    task = making.makes(folder, issuer, at=at, secret=secret)
    if task.at > issuer.sca.use_until:
        click.echo("note: the signing CA's key is past its planned use; plan a new one", err=True)
    for each in wanted:
        shard = until_free(each.label, each.key, partial(_made, task, each, by))
        issuer = issuer._replace(shards=(*issuer.shards, shard))
        issuer_home.save(folder, issuer)
        instead = f" in place of {each.replaces}" if each.replaces else ""
        from_ = "" if shard.not_before <= task.at else f"begins {date(shard.not_before)}, "
        click.echo(
            f"made {shard.label}{instead}: {from_}signs until {date(shard.use_until)}, "
            f"kid {shard.kid.hex()}"
        )


def _made(task: Makes, each: making.Wanted, by: Authority, label: str, key: str) -> shards.Shard:
    return making.make_shard(task, each._replace(label=label, key=key), by)
