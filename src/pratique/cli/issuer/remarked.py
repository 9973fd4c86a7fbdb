"""Show a clerk what is remarked, and ask whether it is meant so."""

from __future__ import annotations

from collections.abc import Iterable

import click

from pratique.cli import unlock
from pratique.errors import UsageError
from pratique.intake.accept import Reading
from pratique.intake.record import Record
from pratique.intake.remarks import Remark, refuses


def confirmed(readings: Iterable[tuple[int, Reading]], *, yes: bool) -> list[Record]:
    """Return the records, once every one is confirmed.

    A file that is refused in its middle has nothing issued of it: given again, it would issue twice.
    """
    read = list(readings)
    skipped = sum(reading.is_skipped for _, reading in read)
    if skipped:
        click.echo(f"note: {skipped_text(skipped)}", err=True)
    for number, reading in read:
        if reading.is_skipped:
            continue
        confirm(reading.remarks, yes=yes, where=f" in record {number}" if len(read) > 1 else "")
    found = [one.record for _, one in read if one.record is not None]
    if not found:
        raise UsageError(
            "nothing-to-issue",
            "nothing was issued: there is no vaccination, test, recovery or exemption in it",
            "look at it with: pratique issuer preview --from FILE",
        )
    return found


def skipped_text(count: int) -> str:
    """Say that something was skipped, which is neither issued nor refused."""
    noun, verb = ("entry", "was") if count == 1 else ("entries", "were")
    return f"{count} {noun} with nothing to attest {verb} skipped"


def told(remark: Remark, where: str = "") -> str:
    """Say what a remark means, which column it is about, and what to do next."""
    sign = "refused" if remark.code.refuses else "look again"
    column = f" ({remark.column})" if remark.column else ""
    return f"{sign}{where}{column}: {remark.code.meaning}; {remark.code.next_step}"


def confirm(remarks: Iterable[Remark], *, yes: bool, where: str = "") -> None:
    """Show remarks on stderr; ask where they only doubt, unless `yes`; UsageError `record-refused`."""
    found = tuple(remarks)
    for remark in found:
        click.echo(told(remark, where), err=True)
    if refuses(found):
        raise UsageError(
            "record-refused",
            "nothing was issued: a record cannot be issued as it is",
            "correct what is refused above"
            + ("; with --out DIR a refused row costs itself only" if where else ""),
        )
    if found and not yes:
        unlock.confirm("is it meant so?")
