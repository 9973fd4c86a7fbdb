"""`pratique issuer` and its commands."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.audit import outliers
from pratique.cli import options
from pratique.describe import instant_show
from pratique.errors import UsageError
from pratique.intake import accept as intake_accept
from pratique.intake import rows
from pratique.intake.accept import Reading, accept, together
from pratique.intake.remarks import Remark, refuses
from pratique.intake.rows import COLUMNS, Record
from pratique.intake.rows import PERSON as ROWS_PERSON
from pratique.intake.rows import preview as fields_of
from pratique.issue import Asked, Work
from pratique.parties import inputs as parties_inputs
from pratique.parties import issuer as parties_issuer
from pratique.parties import paper as parties_paper
from pratique.parties.bulk import (
    PART,
    Crew,
    Job,
    Remembered,
    begin,
    digest_of,
    finish,
    look,
    made,
    merge,
    paper_as_json,
    readings,
    see_free,
    source_rows,
    write_report,
)
from pratique.parties.issuer import Desk, Place, catalogue_of, opened
from pratique.parties.paper import VARIANTS, paper_options, press
from pratique.renew import Reason, Revoked, Selection, checked, request_of
from pratique.store import files, sources
from pratique.store.keys import Secret
from pratique.store.register.register import (
    Published,
    Writing,
    acts,
    doubles,
    publish,
    revoke_each,
    tallies,
)
from pratique.store.register.register import revoke as take_back
from pratique.terms import Kind
from pratique.text import as_json, printable

# ----------------------------------------------------------------------------------------------------
# Options that the issuer's commands share: which issuer it is.
#
# --issuer DIR -> its folder


issuer = click.option(
    "--issuer",
    "issuer_folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PRATIQUE_ISSUER",
    metavar="DIR",
    help="The issuer's folder [default: PRATIQUE_ISSUER, or 'issuer' in PRATIQUE_HOME].",
)


def folder_named(named: Path | None) -> Path:
    """Return the issuer's folder: as named, or its place in this person's home folder."""
    return parties_issuer.folder(named, sources.home())


# ----------------------------------------------------------------------------------------------------
# Options that say where the issuer's desk stands: its folder, its register, its value sets, secrets.


Command = TypeVar("Command", bound=Callable[..., Any])


def book_options(command: Command) -> Command:
    """Add --issuer and --register: for what opens no key and reads no record."""
    return issuer(parties_issuer.register_option(command))


def catalogue_option(command: Command) -> Command:
    """Add --value-sets, also called --catalogue."""
    return click.option(
        "--value-sets",
        "--catalogue",
        "value_sets",
        multiple=True,
        type=click.Path(path_type=Path, exists=True),
        metavar="PATH",
        help="Published value sets, WHO's catalogue of prequalified vaccines [default: what comes with"
        " Pratique]. Repeatable.",
    )(command)


def preview_options(command: Command) -> Command:
    """Add --issuer, --register and --value-sets: for what opens no key."""
    return book_options(catalogue_option(command))


def desk_options(command: Command) -> Command:
    """Add --issuer, --register, --value-sets, --password-file and --pin-file."""
    return preview_options(options.secret_files(command))


def place_of(
    *,
    issuer_folder: Path | None,
    register: str | None,
    value_sets: tuple[Path, ...] = (),
    **_: object,
) -> Place:
    """Return where the desk stands."""
    folder = folder_named(issuer_folder)
    url = parties_issuer.url_of(folder, register)
    return Place(folder.absolute(), url, tuple(path.absolute() for path in value_sets))


def secret_of(
    *, password_file: Path | None = None, pin_file: Path | None = None, **_: object
) -> Secret:
    """Return what asks for secrets."""
    return options.secrets(password_file, pin_file)


def open_book(**where: Any) -> Desk:
    """Open the desk for what is done with its register alone, and say what that does not know."""
    desk = open_desk(**where)
    for label in desk.lost():
        click.echo(
            f"note: this register does not know all that {label} has signed; "
            "restore its newest backup, if there is one",
            err=True,
        )
    return desk


def open_desk(**where: Any) -> Desk:
    """Open the desk that the options name."""
    return opened(place_of(**where), secret_of(**where))


# ----------------------------------------------------------------------------------------------------
# `pratique issuer audit`: count issues by site and operator, and show what stands out.


@click.command()
@options.output_format
@book_options
def audit(*, output_format: str, **where: Any) -> None:
    """Show who issued how many where, what stands out, and every act of revocation.

    Operators stand under their pseudonyms; of holders the register knows nothing.
    """
    desk = open_book(**where)
    found = desk.register.read(doubles)
    labels = {shard.kid: shard.label for shard in desk.shards}
    counted, done = desk.register.read(tallies), desk.register.read(acts)
    marks = outliers(counted)
    if output_format == "json":
        rows = [
            {**tally._asdict(), "marks": marks.get((tally.site, tally.operator), ())}
            for tally in counted
        ]
        told = {
            "format": "pratique-audit-1", "work": rows, "acts": [act._asdict() for act in done],
            "doubles": [
                {"shard": labels.get(one.kid, one.kid.hex()), "tag": f"{one.tag:x}", "revoked": one.is_revoked}
                for one in found
            ],
        }  # fmt: skip
        click.echo(as_json(told, indent=1))
        return
    click.echo(
        f"{'site':<20} {'operator':<20} {'issued':>8} {'revoked':>8} {'days':>5} {'busiest':>8}"
    )
    for tally in counted:
        site, operator = printable(tally.site)[:20], printable(tally.operator)[:20]
        click.echo(
            f"{site:<20} {operator:<20} {tally.issued:>8} {tally.revoked:>8} {tally.days:>5} "
            f"{tally.busiest:>8}"
        )
        for mark in marks.get((tally.site, tally.operator), ()):
            click.echo(f"  {mark.value}")
    for act in done:
        click.echo(
            f"{instant_show(act.at)}: {act.certificates} taken back by {act.selection} "
            f"({act.reason}), {printable(act.operator)}"
        )
    for one in found:
        label = labels.get(one.kid, one.kid.hex())
        state = "taken back" if one.is_revoked else "good"
        click.echo(
            f"mind: one request has several certificates: --shard {label} --tag {one.tag:x}, {state}"
        )


# ----------------------------------------------------------------------------------------------------
# Show a clerk what is remarked, and ask whether it is meant so.


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
        options.confirm("is it meant so?")


# ----------------------------------------------------------------------------------------------------
# Who issues, where, and for how long: what the register keeps of it, and for how long a code is read.
#
# --site, --operator, --valid-days -> checked -> journeys.issue.Work, seconds


LONGEST = 80
"""Characters of a site or a pseudonym: what the register's columns hold."""


def work_options(command: Command) -> Command:
    """Add --site, --operator and --valid-days."""
    site = click.option(
        "--site", required=True, callback=code, metavar="CODE",
        help="Code of the site, kept in the register: a recall can select by it.",
    )  # fmt: skip
    operator = click.option(
        "--operator", required=True, callback=code, metavar="PSEUDONYM",
        help="Your pseudonym, kept in the register; never a name.",
    )  # fmt: skip
    valid_days = click.option(
        "--valid-days", type=click.IntRange(1, 3660), default=365, show_default=True,
        help="For how long the code may be read; never beyond its key's end.",
    )  # fmt: skip
    return site(operator(valid_days(command)))


def code(_ctx: click.Context, param: click.Parameter, text: str) -> str:
    """Return a code or a pseudonym as it is kept; UsageError `code-unreadable`, `code-name`."""
    found = text.strip()
    if "@" in found or any(letter.isspace() for letter in found):
        # The register keeps it for years, and audits show it.
        raise UsageError(
            "code-name",
            f"--{param.name} is a code and not a name: blanks and @ are in names and addresses, which "
            "are personal data, also of staff",
            "write a short code that the health service knows the person or place by: harbour, op-17",
        )
    if not found or len(found) > LONGEST or not found.isprintable():
        raise UsageError(
            "code-unreadable",
            f"--{param.name} is empty, longer than {LONGEST} characters or not printable",
            "write a short code that says nothing about a holder: harbour, op-17",
        )
    return found


# ----------------------------------------------------------------------------------------------------
# Ask a clerk for one record, column by column, until it can be issued.
#
# kind -> its columns -> intake.accept -> what is refused is asked again


PERSON = ("surname", "forename", "birth_date")
OWN: dict[str, tuple[str, ...]] = {
    Kind.VACCINATION: ("product", "dose", "doses", "given_on", "lot"),
    Kind.TEST: ("test_type", "test_name", "sampled_at", "result"),
    Kind.RECOVERY: ("first_positive_on", "valid_from", "valid_until"),
    Kind.EXEMPTION: ("disease", "valid_from", "valid_until"),
}
YELLOW_BOOKLET = ("sex", "nationality", "product", "given_on", "lot", "site")
HINTS = {
    "birth_date": "YYYY, YYYY-MM or YYYY-MM-DD",
    "given_on": "YYYY-MM-DD",
    "first_positive_on": "YYYY-MM-DD",
    "valid_from": "YYYY-MM-DD",
    "valid_until": "YYYY-MM-DD",
    "sampled_at": "2026-01-31T12:00:00Z",
    "product": "the vaccine's code, as EU/1/20/1528",
    "lot": "as on the vial; without it a recall cannot find it",
    "site": "where it was given",
    "disease": "code; empty for COVID-19",
    "test_type": "LP6464-4 NAAT, LP217198-3 antigen",
    "test_name": "of a NAAT; may be empty",
    "result": "260415000 not detected, 260373001 detected",
    "sex": "M, F or X",
    "nationality": "three letters",
    "dose": "this one's number",
    "doses": "of how many",
}


def record(desk: Desk, known: dict[str, str], *, at: date) -> Reading:
    """Ask for whatever is not known yet, and for what is refused once more."""
    row = dict(known)
    if "kind" not in row and "domain" not in row and sys.stdin.isatty():
        row["kind"] = click.prompt(
            "What is attested", type=click.Choice([kind.value for kind in Kind]), err=True
        )
    yellow = row.get("domain", "").upper() == "ICVP"
    own = YELLOW_BOOKLET if yellow else OWN.get(row.get("kind", ""), ())
    for column in (*PERSON, *own):
        if column not in row:
            row[column] = _ask(column)
    while True:
        (reading, *_) = accept(
            row, desk.catalogue, at=at, country=desk.country, authority=desk.authority
        )
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
    hint = f" ({HINTS[column]})" if column in HINTS else ""
    answer: str = click.prompt(
        column.replace("_", " ") + hint, default="", show_default=False, err=True
    )
    return answer.strip()


# ----------------------------------------------------------------------------------------------------
# Records as the commands take them: columns on the command line, a file, or answers to questions.


def columns(command: Command) -> Command:
    """Add the columns of one record as arguments."""
    return click.argument("given", nargs=-1, metavar="[COLUMN=VALUE]...")(command)


def row_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return the columns of the arguments; UsageError `column-…`, which shows no value."""
    row = {}
    for number, argument in enumerate(given, 1):
        name, sign, value = argument.partition("=")
        if not sign or name not in COLUMNS:
            raise UsageError(
                "column-unknown",
                f"argument {number} is no column of a record",
                "write surname=..., forename=..., birth_date=...; docs/reference/intake.md lists them",
            )
        row[name] = value
    return row


def accepted(
    desk: Desk, given: tuple[str, ...], source: Path | None, *, at: date
) -> list[tuple[int, Reading]]:
    """Return records with their rows' numbers: of a file, of the arguments, or asked for.

    What is told of several records of one person is told here: a dose that is there twice.
    """
    if source is None:
        return [(1, record(desk, row_of(given), at=at))]
    filled = row_of(given)
    kept = [
        (row.number, reading)
        for row in source_rows(source)
        for reading in readings(desk, row, at=at, filled=filled)
    ]
    if not filled.keys().isdisjoint(ROWS_PERSON):
        records = [reading.record for _, reading in kept if reading.record is not None]
        if len({record.person for record in records}) > 1 or len(records) != len(kept) > 1:
            raise _of_a_person()
    found = together([reading for _, reading in kept], desk.catalogue)
    return [(number, reading) for (number, _), reading in zip(kept, found, strict=True)]


def filled_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return the columns that fill in what a file leaves empty; UsageError `columns-of-a-person`."""
    filled = row_of(given)
    if not filled.keys().isdisjoint(ROWS_PERSON):
        raise _of_a_person()
    return filled


def _of_a_person() -> UsageError:
    return UsageError(
        "columns-of-a-person",
        "a column that tells of one person was given for a file of several",
        "beside --from, columns of the event, as doses=2: they fill in what the file leaves empty",
    )


# ----------------------------------------------------------------------------------------------------
# `pratique issuer correct`: issue a corrected certificate, and take the wrong one back at once.


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
    old = parties_issuer.by_text(desk, certificate, at=now)
    lot = old.line.occasion.origin.lot
    row = rows.row_of(old.record) | ({"lot": lot} if lot else {}) | changes
    if {"surname", "forename"} & changes.keys():
        for name in ("surname", "forename"):
            if name in changes and f"{name}_icao" not in changes:
                row.pop(f"{name}_icao", None)
    if "product" in changes:
        for follows in ("prophylaxis", "manufacturer"):
            if follows not in changes:
                row.pop(follows, None)
    (reading,) = intake_accept.accept(
        row, desk.catalogue, at=options.now_or(at).date(), country=desk.country,
        authority=desk.authority,
    )  # fmt: skip
    confirm(reading.remarks, yes=yes)
    assert reading.record is not None
    asked = Asked(os.urandom(32), now, Work(site, operator), valid_days * DAY)
    made = parties_issuer.issued(desk, reading.record, asked, wrong=old.line)
    click.echo("note: the wrong certificate is taken back", err=True)
    click.echo(made.text)


# ----------------------------------------------------------------------------------------------------
# `pratique issuer issue`: sign certificates, one or a whole file of people.
#
# 1. A text is shown only after its line lies on the register's disk.
# 2. What is refused is never signed; what is doubted is asked about, or needs --yes.
# 3. A request that is made again gives the same certificate again.


_REQUEST = re.compile(r"[0-9a-fA-F-]{32,}|[A-Za-z0-9_-]{22,}")


@click.command()
@columns
@click.option("--from", "source", type=click.Path(path_type=Path, allow_dash=True),
              metavar="FILE", help="Records: CSV, JSON, Parquet, Excel, FHIR; columns fill in.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR|FILE",
              help="With --from: a new folder (CSV), or a file that ends in .parquet.")  # fmt: skip
@work_options
@click.option(
    "--request",
    metavar="UUID",
    help="A random name of this request: made again, it gives the same certificate.",
)
@click.option("--shard", metavar="LABEL", help="The signing key [default: the one with most room].")
@parties_paper.paper_options
@click.option("--workers", type=click.IntRange(1, 64), metavar="N",
              help="Processes for a whole file [default: one a core].")  # fmt: skip
@click.option(
    "--pdf", type=click.Choice(["a4", "card", "large"]), help="Print each of a file's as PDF."
)
@click.option("--yes", is_flag=True, help="Issue what is doubted without asking.")
@options.at
@desk_options
def issue(
    *,
    given: tuple[str, ...],
    source: Path | None,
    out: Path | None,
    site: str,
    operator: str,
    valid_days: int,
    request: str | None,
    shard: str | None,
    workers: int | None,
    pdf: str | None,
    languages: tuple[str, ...],
    words: tuple[Path, ...],
    contact: str,
    fonts: tuple[Path, ...],
    yes: bool,
    at: datetime | None,
    **where: Any,
) -> int:
    """Sign a certificate from COLUMN=VALUE arguments or from answers, or a whole file with --from.

    Beside --from, columns of the event (doses=2) fill in what the file leaves empty.
    One text goes to standard output. A file's certificates go to --out, a killed job goes on where it
    was when the same command is given again, and report.csv names each refused row and column.
    """
    now = int(options.now_or(at).timestamp())
    work, validity = Work(site, operator), valid_days * DAY
    if out is not None:
        if source is None:
            raise UsageError("out-alone", "--out is for a file of records", "add --from FILE")
        if request:
            raise UsageError(
                "request-alone",
                "a job of --out draws its requests itself",
                "leave --request out: the same command given again goes on with the same job",
            )

        return issue_file(
            source, out, filled=filled_of(given), work=work, validity=validity, at=now, shard=shard, workers=workers,
            paper={"variant": pdf, "languages": languages, "words": words, "contact": contact,
                   "fonts": fonts},
            where=where,
        )  # fmt: skip
    if pdf or fonts or languages or words or contact:
        raise UsageError(
            "pdf-alone",
            "sheets are printed here for a file of records only",
            "add --from FILE --out DIR, or print the text that comes: pratique issuer print",
        )
    desk = open_desk(**where)
    day = options.now_or(at).date()
    records = confirmed(accepted(desk, given, source, at=day), yes=yes)
    # A key for each is chosen before the first is signed: all of a file is issued, or nothing.
    choice = desk.choice(now, label=shard)
    chosen = [choice.one(record.kind) for record in records]
    # By place and not by row: one row, a FHIR document, may hold several records.
    for number, (record, key) in enumerate(zip(records, chosen, strict=True), 1):
        one = Asked(_request(request, number), now, work, validity)
        made = parties_issuer.issued(desk, record, one, label=key.label)
        if made.repeated:
            click.echo(
                "note: this request was made before; this is its certificate again", err=True
            )
        click.echo(made.text)
    return 0


def _request(text: str | None, number: int) -> bytes:
    if text is None:
        return os.urandom(32)
    if not _REQUEST.fullmatch(text):
        raise UsageError(
            "request-short",
            "the request's name is no UUID and not random enough",
            "take a new random UUID for each certificate: uuidgen",
        )
    return hashlib.sha256(f"pratique-request {text.lower()} {number}".encode()).digest()


# ----------------------------------------------------------------------------------------------------
# `pratique issuer lists`: write the revocation lists, and what each adds to the one before.


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
    shards = [
        s for s in desk.shards if s.label not in lost or parties_issuer.path_of(out, s).exists()
    ]
    if lost and not shards:
        raise next(iter(lost.values()))

    def act(book: Writing) -> list[Published]:
        made = publish(book, shards, at=now, lasting=days * DAY)
        for one in made:
            parties_issuer.follows(out, one)
        return made

    found = desk.register.write(act)
    out.mkdir(parents=True, exist_ok=True)
    for one in found:
        parties_issuer.write(out, one)
    if eu_batches:
        for one in found:
            parties_issuer.write_batches(out, desk, one.shard)
    if not found:
        click.echo("no key has signed yet: there is nothing to list")


# ----------------------------------------------------------------------------------------------------
# `pratique issuer preview`: what would be signed, and what to look at; never a signature.


@click.command()
@columns
@click.option("--from", "source", type=click.Path(path_type=Path, allow_dash=True),
              metavar="FILE", help="Records: CSV, JSON, Parquet, Excel, FHIR; columns fill in.")  # fmt: skip
@options.at
@preview_options
def preview(
    *, given: tuple[str, ...], source: Path | None, at: datetime | None, **where: Any
) -> int:
    """Show what certificates would say, with remarks. Nothing is signed, and no key is opened."""
    desk, day = open_desk(**where), options.now_or(at).date()
    refused = skipped = shown = 0
    for number, reading in accepted(desk, given, source, at=day):
        if reading.is_skipped:
            skipped += 1
            continue
        shown += 1
        click.echo(f"record {number}")
        for remark in reading.remarks:
            click.echo(f"  {told(remark)}")
        if reading.record is None:
            refused += 1
            continue
        for name, text in fields_of(reading.record).fields:
            click.echo(f"  {name.replace('_', ' '):<18} {printable(text)}")
    if not shown:
        click.echo("note: there is no record in it", err=True)
    if skipped:
        click.echo(f"note: {skipped_text(skipped)}", err=True)
    return 1 if refused else 0


# ----------------------------------------------------------------------------------------------------
# `pratique issuer renew`: sign a holder's own certificate anew before its code runs out.


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
    old = parties_issuer.by_text(desk, certificate, at=now)
    request = desk.register.read(lambda book: request_of(old, desk.shards, desk.own(book), at=now))
    asked = Asked(request, now, Work(site, operator), valid_days * DAY, parent=old.line)
    made = parties_issuer.issued(desk, old.record, asked)
    if made.repeated:
        click.echo("note: it was renewed before; this is that certificate again", err=True)
    click.echo(made.text)


# ----------------------------------------------------------------------------------------------------
# `pratique issuer revoke`: take certificates back, for a stated reason, for good.
#
# 1. What is shown is how many, by key; never who. What a list names and the register does not know is told
#    by row.
# 2. Nothing is revoked without a yes; --dry-run does it all and undoes it.


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
    "--since", type=options.INSTANT, metavar="INSTANT", help="Issued from this instant on."
)
@click.option("--until", type=options.INSTANT, metavar="INSTANT", help="Issued up to this instant.")
@click.option(
    "--shard", metavar="LABEL", help="All that a signing key signed, or the key of --tag."
)
@click.option("--by", required=True, callback=code, metavar="PSEUDONYM",
              help="Your pseudonym, as it stands in the public count.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say how many it would be; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.at
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
    desk, now = open_book(**where), int(options.now_or(at).timestamp())
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
        found = parties_issuer.named(
            desk, certificates, Reason(reason), at=now, say=parties_issuer.on_stderr
        )
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
        options.confirm(f"revoke {what} for good?")
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


# ----------------------------------------------------------------------------------------------------
# `pratique issuer print`: printable PDFs of signed certificates.
#
#     arguments -> inputs.every -> journeys.verify -> all of them good -> Press -> certificate-0001.pdf, ...
#
# 1. What is printed is authentic and in force: a forged or run-out text is not put on paper, and beside
#    one nothing is: a pile of sheets has no gap that nobody noticed.
# 2. Neither a file's name nor a PDF's metadata tells whose certificate it is. Files are their owner's alone.
# 3. In a folder no sheet takes another's place; a file that is named is written anew.
# 4. A sheet that cannot be set, for a script without a font, costs itself only and is told by number.
# 5. Exit: 4 if something could not be read, else 1 if a certificate was refused or not printed.


REFUSED, INPUT_OUTPUT = 1, 4


@click.command("print")
@click.argument("inputs", nargs=-1, required=True, metavar="TEXT|FILE|-...")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR|FILE.pdf",
              help="A folder, or the file of one certificate.")  # fmt: skip
@click.option("--variant", type=click.Choice(VARIANTS), default="a4", show_default=True,
              help="A page, a card to cut and fold, or large print.")  # fmt: skip
@paper_options
@catalogue_option
@options.sources
@issuer
@parties_issuer.register_option
@options.at
@options.home
def print_(
    *,
    inputs: tuple[str, ...],
    out: Path,
    variant: str,
    value_sets: tuple[Path, ...],
    sources: tuple[Path, ...],
    environment: str,
    issuer_folder: Path | None,
    register: str | None,
    at: datetime | None,
    home: Path | None,
    **paper: Any,
) -> int:
    """Print certificates: readable in several languages, with a code that scans.

    Each is verified first: by --trust, by the issuer's own keys, or by the imported trust list.
    """
    instant = options.now_or(at)
    snapshot = parties_paper.snapshot_of(
        sources, environment, home, issuer_folder, instant, register=register
    )
    own = folder_named(issuer_folder)
    if not paper["contact"] and not sources and (own / parties_issuer.DOCUMENT).exists():
        paper["contact"] = parties_issuer.load(own).contact
    ready = press(variant=variant, catalogue=catalogue_of(value_sets), **paper)
    found = list(parties_inputs.every(inputs))
    single = out.suffix.lower() == ".pdf"
    if single and len(found) != 1:
        raise UsageError(
            "out-one",
            f"there are {len(found)} certificates for one file",
            "name a folder with --out",
        )
    good = [
        parties_paper.authentic(item, number, snapshot, instant)
        for number, item in enumerate(found, 1)
    ]
    if None in good:
        click.echo("hint: nothing was printed; pratique verify says more", err=True)
        return INPUT_OUTPUT if any(item.finding is not None for item in found) else REFUSED
    folder = out.parent if single else out
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    refused = 0
    for number, (item, certificate) in enumerate(zip(found, good, strict=True), 1):
        assert item.text is not None
        assert certificate is not None
        try:
            pdf = ready.pdf(certificate, item.text)
        except UsageError as error:
            # A name that no font here can write costs its own sheet; the gap is told of.
            if len(found) == 1:
                raise
            click.echo(f"error: certificate {number} is not printed: {error.message}", err=True)
            click.echo(f"hint: {error.hint}", err=True)
            refused = REFUSED
            continue
        path = out if single else out / f"certificate-{number:04d}.pdf"
        _write(path, pdf, anew=single)
        click.echo(path)
    return refused


def _write(path: Path, pdf: bytes, *, anew: bool) -> None:
    try:
        (files.replace if anew else files.create)(path, pdf)
    except FileExistsError as error:
        raise UsageError(
            "out-taken", f"{path.name} is in that folder already", "name another folder with --out"
        ) from error


INTERRUPTED = 130


def issue_file(
    source: Path,
    out: Path,
    *,
    filled: dict[str, str],
    workers: int | None,
    shard: str | None,
    where: Any,
    **asked: Any,
) -> int:
    """Issue all rows of a file; return 1 if a row was refused or a sheet not printed."""
    place, secrets = place_of(**where), Remembered(secret_of(**where))
    desk = parties_issuer.opened(place, secrets)
    merged = out if out.suffix == ".parquet" else None
    folder = out.with_suffix(".parts") if merged else out
    several = look(source, desk, shard, asked["at"])
    ways = workers or (os.cpu_count() or 1) if several else 1
    if merged is not None:
        see_free(folder, merged)
    job = begin(
        Job(
            folder.absolute(), source.absolute(), digest_of(source), os.urandom(32),
            asked["at"], asked["validity"], PART, ways, shard or "", asked["work"].site,
            asked["work"].operator, "parquet" if merged else "csv", paper_as_json(desk, asked["paper"]),
            filled,
        )
    )  # fmt: skip
    begun = time.monotonic()
    try:
        done = made(
            job, desk, asked["at"], Crew(place, secrets.held, min(workers or job.ways, job.ways))
        )
        desk.note()
        # What was skipped is told of in the report, and is no record.
        remarked = write_report(job, desk) - done.skipped
        if merged is not None:
            merge(job, merged)
        finish(job)
    except KeyboardInterrupt:
        click.echo("error: interrupted; what is done is in the register and stays so", err=True)
        click.echo("hint: give the same command again, and it goes on where it was", err=True)
        return INTERRUPTED
    seconds = time.monotonic() - begun
    click.echo(
        f"{done.issued} issued, {done.refused} refused, {remarked} remarked on, "
        f"in {seconds:.1f} s: {merged or folder}"
    )
    if done.skipped:
        click.echo(f"note: {skipped_text(done.skipped)}")
    if done.unprinted:
        click.echo(f"{done.unprinted} of them not printed; the report says which", err=True)
    click.echo(f"remarks by row and column: {folder / 'report.csv'}")
    return 1 if done.refused or done.unprinted else 0
