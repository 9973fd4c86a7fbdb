"""`pratique issuer revoke`: take certificates back, for a stated reason, for good.

1. What is shown is how many, by key; never who.
2. Nothing is revoked without a yes; --dry-run does it all and undoes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer import held
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.where import desk_options, open_desk
from pratique.edges.register.recall import revoke as take_back
from pratique.errors import UsageError
from pratique.journeys.revoke import Reason, Revoked, Selection, checked


@click.command()
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), required=True,
              help="Why; there is no other reason.")  # fmt: skip
@click.option(
    "--certificate", metavar="TEXT|FILE", help="The certificate itself: text, picture or PDF."
)
@click.option("--tag", metavar="HEX", help="One certificate by its tag; name its --shard too.")
@click.option("--lot", help="All of a lot.")
@click.option("--site", help="All of a site.")
@click.option("--operator", help="All that an operator issued.")
@click.option(
    "--since", type=options.INSTANT, metavar="INSTANT", help="Issued from this instant on."
)
@click.option("--until", type=options.INSTANT, metavar="INSTANT", help="Issued up to this instant.")
@click.option(
    "--shard", metavar="LABEL", help="All that a signing key signed, or the key of --tag."
)
@click.option("--by", required=True, help="Your pseudonym, as it stands in the public count.")
@click.option("--dry-run", is_flag=True, help="Say how many it would be; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.at
@desk_options
def revoke(
    *,
    reason: str,
    certificate: str | None,
    tag: str | None,
    lot: str | None,
    site: str | None,
    operator: str | None,
    since: datetime | None,
    until: datetime | None,
    shard: str | None,
    by: str,
    dry_run: bool,
    yes: bool,
    at: datetime | None,
    **where: Any,
) -> None:
    """Take certificates back. It cannot be undone: whoever was revoked by mistake gets a new one.

    A renewed certificate shares the fate of the one it renews.
    """
    desk, now = open_desk(**where), int(options.now_or(at).timestamp())
    selection = Selection(
        kid=desk.shard(shard).kid if shard is not None else None,
        tag=_tag(tag),
        lot=lot,
        site=site,
        operator=operator,
        since=None if since is None else int(since.timestamp()),
        until=None if until is None else int(until.timestamp()),
    )
    if certificate is not None:
        if selection != Selection():
            raise UsageError("selection-mixed", "a certificate is one; leave the other parts out")
        line = held.by_text(desk, certificate, at=now).line
        selection = Selection(line.kid, line.tag)
    selection = checked(selection)

    def act(book: object) -> Revoked:
        return take_back(book, selection, Reason(reason), at=now, operator=by)  # type: ignore[arg-type]

    trial = desk.register.rehearse(act)
    _tell(desk, trial, "would be revoked")
    if dry_run or not trial.total:
        return
    if not yes:
        click.confirm(f"Revoke {trial.total} certificates for good?", abort=True, err=True)
    _tell(desk, desk.register.write(act), "revoked")
    click.echo("Verifiers know once they have the next list: pratique issuer lists --out DIR")


def _tag(text: str | None) -> int | None:
    try:
        return None if text is None else int(text, 16)
    except ValueError as error:
        raise UsageError("tag-unreadable", "the tag is no hexadecimal number") from error


def _tell(desk: Desk, found: Revoked, what: str) -> None:
    labels = {shard.kid: shard.label for shard in desk.shards}
    for kid, count in found.by_kid:
        click.echo(f"{labels.get(kid, kid.hex())}: {count} {what}")
    click.echo(f"{found.total} {what}, {found.before} were before")
