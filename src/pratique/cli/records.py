"""Records on the command line: which issuer, columns of a record or a file, what is remarked; `issuer preview`.

    --issuer, --value-sets, COLUMN=VALUE, --from, answers -> parties.records.Intake -> readings -> confirmed -> records

1. Nothing is signed here, no register is opened and no key.
2. What is refused names its column, and never repeats what stood there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import options
from pratique.cli.lazy import Option
from pratique.errors import UsageError
from pratique.intake.columns import AS_THEY_ARE, ORDERS, Headings, headings
from pratique.intake.remarks import Remark, refuses
from pratique.intake.rows import COLUMNS, Reading, Record
from pratique.intake.rows import preview as fields_of
from pratique.parties import issuer as issuer_folder
from pratique.parties import records
from pratique.parties.records import Intake
from pratique.store import sources
from pratique.terms import ALL_KINDS, Kind
from pratique.text import printable

Command = TypeVar("Command", bound=Callable[..., Any])

issuer = click.option(
    "--issuer",
    "issuer_folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PRATIQUE_ISSUER",
    metavar="DIR",
    help="The issuer's folder [default: PRATIQUE_ISSUER, or 'issuer' in PRATIQUE_DATA_DIR].",
)
register = click.option(
    "--register",
    envvar="PRATIQUE_REGISTER",
    metavar="URL",
    help="The register [default: PRATIQUE_REGISTER, or register.sqlite in the issuer's folder].",
)
value_sets = click.option(
    "--value-sets",
    cls=Option,
    was=("--catalogue",),
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Published value sets, WHO's catalogue of prequalified vaccines [default: what comes with"
    " Pratique]. Repeatable.",
)
columns = click.argument("given", nargs=-1, metavar="[COLUMN=VALUE]...")
source = click.option(
    "--from", "source", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE",
    help="Records: CSV, JSON, Parquet, Excel, FHIR; columns fill in.",
)  # fmt: skip

column = click.option(
    "--column", "renamed", multiple=True, metavar="HEADER=COLUMN",
    help="What a column of the file is, where its name does not say it: \"Last name=surname\". Repeatable.",
)  # fmt: skip
dates = click.option(
    "--dates", "order", type=click.Choice(ORDERS), default=None,
    help="The order of the file's dates: day, month, year [default: YYYY-MM-DD].",
)  # fmt: skip


def headings_of(renamed: tuple[str, ...], order: str | None, source: Path | None) -> Headings:
    """Return what the columns of a file are; UsageError `column-…`, which shows no header."""
    if not renamed and order is None:
        return AS_THEY_ARE
    if source is None:
        raise UsageError(
            "column-alone", "--column and --dates are for a file of records", "add --from FILE"
        )
    chosen: dict[str, str] = {}
    for number, each in enumerate(renamed, 1):
        header, sign, name = each.rpartition("=")
        if not sign or not header.strip():
            raise UsageError(
                "column-unknown",
                f"--column number {number} does not say what it is",
                'write the header as it stands, and our column: --column "Last name=surname"',
            )
        chosen[header] = name.strip()
    return headings(chosen, order or "")


def folder_named(named: Path | None) -> Path:
    """Return the issuer's folder: as named, or its place in this person's home folder."""
    return issuer_folder.folder(named, sources.home())


def note(text: str) -> None:
    """Show a note on stderr."""
    click.echo(f"note: {text}", err=True)


# ----------------------------------------------------------------------------------------------------
# Read records: columns on the command line, a file, or answers to questions.


_PERSON = ("surname", "forename", "birth_date")
_OWN: dict[str, tuple[str, ...]] = {
    Kind.VACCINATION: ("product", "dose", "doses", "given_on", "lot"),
    Kind.TEST: ("test_type", "test_name", "sampled_at", "result"),
    Kind.RECOVERY: ("first_positive_on", "valid_from", "valid_until"),
    Kind.EXEMPTION: ("disease", "valid_from", "valid_until"),
}
_YELLOW_BOOKLET = ("sex", "nationality", "product", "given_on", "lot", "clinician")
_HINTS = {
    "birth_date": "YYYY, YYYY-MM or YYYY-MM-DD",
    "given_on": "YYYY-MM-DD",
    "first_positive_on": "YYYY-MM-DD",
    "valid_from": "YYYY-MM-DD",
    "valid_until": "YYYY-MM-DD",
    "sampled_at": "2026-01-31T12:00:00Z",
    "product": "the vaccine's code, as EU/1/20/1528",
    "lot": "as on the vial; without it a recall cannot find it",
    "site": "where it was given",
    "clinician": "who supervised it: a name or a register's number; may be empty",
    "disease": "code; empty for COVID-19",
    "test_type": "LP6464-4 NAAT, LP217198-3 antigen",
    "test_name": "of a NAAT; may be empty",
    "result": "260415000 not detected, 260373001 detected",
    "sex": "M, F or X",
    "nationality": "three letters",
    "dose": "this one's number",
    "doses": "of how many",
}


def row_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return the columns of the arguments; UsageError `column-…`, which shows no value."""
    row = {}
    for number, argument in enumerate(given, 1):
        name, sign, value = argument.partition("=")
        if not sign or name not in COLUMNS:
            raise UsageError(
                "column-unknown",
                f"argument {number} is no column of a record",
                "write surname=..., forename=..., birth_date=...; the handbook's page Intake lists all columns",
            )
        row[name] = value
    return row


def read(
    intake: Intake,
    given: tuple[str, ...],
    source: Path | None,
    *,
    at: date,
    headed: Headings = AS_THEY_ARE,
) -> list[tuple[int, Reading]]:
    """Return readings with their rows' numbers: of a file, of the arguments, or asked for."""
    row = row_of(given)
    if source is not None:
        return intake.of_file(source, at=at, filled=row, headings=headed)
    return [(1, _asked(intake, row, at))]


def _asked(intake: Intake, row: dict[str, str], at: date) -> Reading:
    """Ask for whatever is not known yet, and for what is refused once more."""
    if "kind" not in row and "domain" not in row and sys.stdin.isatty():
        row["kind"] = click.prompt(
            "What is attested",
            type=click.Choice([kind.value for kind in Kind if kind in ALL_KINDS]),
            err=True,
        )
    yellow = row.get("domain", "").upper() == "ICVP"
    own = _YELLOW_BOOKLET if yellow else _OWN.get(row.get("kind", ""), ())
    for column in (*_PERSON, *own):
        if column not in row:
            row[column] = _ask(column)
    while True:
        (reading, *_) = intake.of_columns(row, at=at)
        again = {r.column: r.code for r in reading.remarks if r.code.refuses and r.column}
        if reading.record is not None or not again or not sys.stdin.isatty():
            return reading
        for column, code in again.items():
            click.echo(f"{column}: {code.meaning}; {code.next_step}", err=True)
            row[column] = _ask(column)


def _ask(column: str) -> str:
    if not sys.stdin.isatty():
        # A script is told what is missing, and not left waiting for an answer.
        return ""
    hint = f" ({_HINTS[column]})" if column in _HINTS else ""
    answer: str = click.prompt(
        column.replace("_", " ") + hint, default="", show_default=False, err=True
    )
    return answer.strip()


# ----------------------------------------------------------------------------------------------------
# Show what is remarked, and ask where it is only doubted.


def confirmed(readings: Iterable[tuple[int, Reading]], *, yes: bool) -> list[Record]:
    """Return the records, once every one is confirmed.

    A file that is refused in its middle has nothing issued of it: given again, it would issue twice.
    """
    numbered = list(readings)
    note_skipped(sum(reading.is_skipped for _, reading in numbered))
    for number, reading in numbered:
        if not reading.is_skipped:
            where = f" in record {number}" if len(numbered) > 1 else ""
            confirm(reading.remarks, yes=yes, where=where)
    found = [reading.record for _, reading in numbered if reading.record is not None]
    if not found:
        raise UsageError(
            "nothing-to-issue",
            "nothing was issued: there is no vaccination, test, recovery or exemption in it",
            "look at it with: pratique issuer preview --from FILE",
        )
    return found


def note_skipped(count: int, *, err: bool = True) -> None:
    """Say that something was skipped, which is neither issued nor refused."""
    if count:
        noun, verb = ("entry", "was") if count == 1 else ("entries", "were")
        click.echo(f"note: {count} {noun} with nothing to attest {verb} skipped", err=err)


def described(remark: Remark, where: str = "") -> str:
    """Say what a remark means, which column it is about, and what to do next."""
    sign = "refused" if remark.code.refuses else "warning"
    column = f" ({remark.column})" if remark.column else ""
    return f"{sign}{where}{column}: {remark.code.meaning}; {remark.code.next_step}"


def confirm(remarks: Iterable[Remark], *, yes: bool, where: str = "") -> None:
    """Show remarks on stderr; ask where they only doubt, unless `yes`; UsageError `record-refused`."""
    remarks = tuple(remarks)
    for remark in remarks:
        click.echo(described(remark, where), err=True)
    if refuses(remarks):
        raise UsageError(
            "record-refused",
            "nothing was issued: a record cannot be issued as it is",
            "correct what is refused above"
            + ("; with --out DIR a refused row costs itself only" if where else ""),
        )
    if remarks and not yes:
        options.confirm("Issue anyway?")


@click.command()
@columns
@source
@column
@dates
@options.at
@issuer
@click.option("--register", hidden=True, expose_value=False)
@value_sets
def preview(
    *, given: tuple[str, ...], source: Path | None, renamed: tuple[str, ...], order: str | None, at: datetime | None,
    issuer_folder: Path | None, value_sets: tuple[Path, ...],
) -> int:  # fmt: skip
    """Show what certificates would say, with remarks. Nothing is signed, and no key is opened."""
    intake = records.opened(folder_named(issuer_folder), value_sets)
    headed = headings_of(renamed, order, source)
    refused = skipped = shown = 0
    for number, reading in read(intake, given, source, at=options.now_or(at).date(), headed=headed):
        if reading.is_skipped:
            skipped += 1
            continue
        shown += 1
        click.echo(f"record {number}")
        for remark in reading.remarks:
            click.echo(f"  {described(remark)}")
        if reading.record is None:
            refused += 1
            continue
        for name, text in fields_of(reading.record).fields:
            click.echo(f"  {name.replace('_', ' '):<18} {printable(text)}")
    if not shown:
        note("there is no record in it")
    note_skipped(skipped)
    return 1 if refused else 0
