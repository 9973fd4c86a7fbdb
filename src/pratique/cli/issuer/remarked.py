"""Show a clerk what is remarked, and ask whether it is meant so."""

from __future__ import annotations

from collections.abc import Iterable

import click

from pratique.errors import UsageError
from pratique.intake.remarks import Remark, refuses


def confirm(remarks: Iterable[Remark], *, yes: bool) -> None:
    """Show remarks on stderr; ask where they only doubt, unless `yes`; UsageError `record-refused`."""
    told = tuple(remarks)
    for remark in told:
        sign = "refused" if remark.code.refuses else "look again"
        where = f" ({remark.column})" if remark.column else ""
        click.echo(f"{sign}{where}: {remark.code.meaning}; {remark.code.next_step}", err=True)
    if refuses(told):
        raise UsageError(
            "record-refused", "the record cannot be issued", "correct what is refused above"
        )
    if told and not yes and not click.confirm("Is it meant so?", err=True):
        raise UsageError("record-withdrawn", "nothing was issued")
