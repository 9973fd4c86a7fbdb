"""`pratique issuer renew`: sign a holder's own certificate anew before its code runs out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer import held, signed
from pratique.cli.issuer.where import desk_options, open_desk
from pratique.cli.issuer.work import DAY, work_options
from pratique.journeys.issue import Asked, Work
from pratique.journeys.renew import request_of


@click.command()
@click.argument("certificate", metavar="TEXT|FILE|-")
@work_options
@options.at
@desk_options
def renew(
    *,
    certificate: str,
    site: str,
    operator: str,
    valid_days: int,
    at: datetime | None,
    **where: Any,
) -> None:
    """Sign the content of an own CERTIFICATE anew, with a new identifier and a new end.

    No clinic visit: the old certificate must be authentic, known to the register and not taken back.
    It may have run out. Renewed twice, it gives the same new certificate.
    """
    desk, now = open_desk(**where), int(options.now_or(at).timestamp())
    old = held.by_text(desk, certificate, at=now)
    request = desk.register.read(lambda book: request_of(old, desk.shards, desk.own(book), at=now))
    asked = Asked(request, now, Work(site, operator), valid_days * DAY, parent=old.line)
    made = signed.issued(desk, old.record, asked)
    if made.repeated:
        click.echo("note: it was renewed before; this is that certificate again", err=True)
    click.echo(made.text)
