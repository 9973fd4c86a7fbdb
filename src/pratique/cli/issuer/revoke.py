"""`pratique issuer revoke`: take certificates back, for a stated reason, for good.

1. What is shown is how many, by key; never who.
2. Nothing is revoked without a yes; --dry-run does it all and undoes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from pratique.cli import options as shared
from pratique.cli import unlock
from pratique.cli.issuer import held
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.where import book_options, open_book
from pratique.cli.issuer.work import code
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
    "--since", type=shared.INSTANT, metavar="INSTANT", help="Issued from this instant on."
)
@click.option("--until", type=shared.INSTANT, metavar="INSTANT", help="Issued up to this instant.")
@click.option(
    "--shard", metavar="LABEL", help="All that a signing key signed, or the key of --tag."
)
@click.option("--by", required=True, callback=code, metavar="PSEUDONYM",
              help="Your pseudonym, as it stands in the public count.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say how many it would be; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@shared.at
@book_options
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
    desk, now = open_book(**where), int(shared.now_or(at).timestamp())
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
    if not trial.total + trial.before:
        click.echo(
            "note: nothing in the register matches; codes are compared to the letter", err=True
        )
    if dry_run or not trial.total:
        return
    if not yes:
        what = "this certificate" if trial.total == 1 else f"these {trial.total} certificates"
        unlock.confirm(f"revoke {what} for good?")
    _tell(desk, desk.register.write(act), "revoked")
    click.echo("Verifiers know once they have the next list: pratique issuer lists --out DIR")


def _tag(text: str | None) -> int | None:
    try:
        return None if text is None else int(text, 16)
    except ValueError as error:
        raise UsageError(
            "tag-unreadable", "the tag is no hexadecimal number", "write it as in 1a2b3c"
        ) from error


def _tell(desk: Desk, found: Revoked, what: str) -> None:
    labels = {shard.kid: shard.label for shard in desk.shards}
    for label, count in sorted((labels.get(kid, kid.hex()), count) for kid, count in found.by_kid):
        click.echo(f"{label}: {count} {what}")
    click.echo(f"{found.total} {what}, {found.before} were before")
