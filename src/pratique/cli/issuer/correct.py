"""`pratique issuer correct`: issue a corrected certificate, and take the wrong one back at once."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import click

from pratique.cli import options
from pratique.cli.issuer import held, remarked, signed
from pratique.cli.issuer.records import columns, row_of
from pratique.cli.issuer.where import desk_options, open_desk
from pratique.cli.issuer.work import DAY, work_options
from pratique.errors import UsageError
from pratique.intake import accept, told
from pratique.journeys.issue import Asked, Work


@click.command()
@click.argument("certificate", metavar="TEXT|FILE|-")
@columns
@work_options
@click.option("--yes", is_flag=True, help="Issue what is doubted without asking.")
@options.at
@desk_options
def correct(
    *,
    certificate: str,
    given: tuple[str, ...],
    site: str,
    operator: str,
    valid_days: int,
    yes: bool,
    at: datetime | None,
    **where: Any,
) -> None:
    """Issue CERTIFICATE anew with COLUMN=VALUE changed, and take the wrong one back as an issue error.

    Both happen in one transaction: there is no moment with two valid ones, or with none.
    """
    desk, now = open_desk(**where), int(options.now_or(at).timestamp())
    changes = row_of(given)
    if not changes:
        raise UsageError("nothing-corrected", "nothing is corrected", "write given_on=2026-01-31")
    old = held.by_text(desk, certificate, at=now)
    lot = old.line.occasion.origin.lot
    row = told.row_of(old.record) | ({"lot": lot} if lot else {}) | changes
    if {"surname", "forename"} & changes.keys():
        for name in ("surname", "forename"):
            if name in changes and f"{name}_icao" not in changes:
                row.pop(f"{name}_icao", None)
    if "product" in changes:
        for follows in ("prophylaxis", "manufacturer"):
            if follows not in changes:
                row.pop(follows, None)
    (reading,) = accept.accept(
        row, desk.catalogue, at=options.now_or(at).date(), country=desk.country,
        authority=desk.authority,
    )  # fmt: skip
    remarked.confirm(reading.remarks, yes=yes)
    assert reading.record is not None
    asked = Asked(os.urandom(32), now, Work(site, operator), valid_days * DAY)
    made = signed.issued(desk, reading.record, asked, wrong=old.line)
    click.echo("note: the wrong certificate is taken back", err=True)
    click.echo(made.text)
