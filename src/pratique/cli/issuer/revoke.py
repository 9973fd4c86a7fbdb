"""`pratique issuer revoke`: take certificates back, for a stated reason, for good.

1. What is shown is how many, by key; never who. What a list names and the register does not know is told
   by row.
2. Nothing is revoked without a yes; --dry-run does it all and undoes it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from pratique.cli import options as shared
from pratique.cli import unlock
from pratique.cli.issuer import named
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.where import book_options, open_book
from pratique.cli.issuer.work import code
from pratique.edges.register import Writing
from pratique.edges.register.recall import revoke as take_back
from pratique.edges.register.recall import revoke_each
from pratique.errors import UsageError
from pratique.journeys.revoke import Reason, Revoked, Selection, checked

Act = Callable[[Writing], Revoked]
LEFT_OUT = 1
"""Exit code where some of those that were named could not be revoked."""


@click.command()
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), required=True,
              help="Why; there is no other reason.")  # fmt: skip
@click.option(
    "--certificate", "certificates", multiple=True, metavar="NUMBER|TEXT|FILE",
    help="A certificate's number (UVCI) or text, a picture or PDF of it, or a list. Repeatable.",
)  # fmt: skip
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
    certificates: tuple[str, ...],
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
) -> int:
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
    left_out, act = 0, _by_selection(selection, Reason(reason), at=now, operator=by)
    if certificates:
        if selection != Selection():
            raise UsageError("selection-mixed", "a certificate is one; leave the other parts out")
        found = named.named(desk, certificates, Reason(reason), at=now, say=named.on_stderr)
        left_out, act = found.left_out, _by_name(found.names, Reason(reason), at=now, operator=by)

    trial = desk.register.rehearse(act)
    _tell(desk, trial, "would be revoked")
    if not trial.total + trial.before:
        click.echo(
            "note: nothing in the register matches; codes are compared to the letter", err=True
        )
    outcome = LEFT_OUT if left_out else 0
    if left_out:
        click.echo(f"{left_out} of those that were named not; see above", err=True)
    if dry_run or not trial.total:
        return outcome
    if not yes:
        what = "this certificate" if trial.total == 1 else f"these {trial.total} certificates"
        unlock.confirm(f"revoke {what} for good?")
    _tell(desk, desk.register.write(act), "revoked")
    click.echo("Verifiers know once they have the next list: pratique issuer lists --out DIR")
    return outcome


def _by_selection(selection: Selection, reason: Reason, *, at: int, operator: str) -> Act:
    return lambda book: take_back(book, checked(selection), reason, at=at, operator=operator)


def _by_name(names: list[tuple[bytes, int]], reason: Reason, *, at: int, operator: str) -> Act:
    return lambda book: revoke_each(book, names, reason, at=at, operator=operator)


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
