"""`pratique issuer`: issue, print, renew, correct and revoke certificates; publish revocations, audit.

1. A text is shown only after its entry lies on the register's disk.
2. What is refused is never signed; what is doubted is asked about, or needs --yes.
3. What is shown of a revocation is how many, by key; never who. Nothing is revoked without a yes; --dry-run does
   it all and undoes it.

Apart because it is a group of commands; the desk's takes its options of paper and place.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import options, records
from pratique.cli.lazy import Option
from pratique.cli.records import columns, folder_named, issuer, note, register, value_sets
from pratique.cli.terminal import ProgressLine
from pratique.describe import instant_show
from pratique.errors import UsageError
from pratique.issue import Work
from pratique.issue import code as coded
from pratique.parties import bulk, inputs, issuing, paper
from pratique.parties.issuer import url_of
from pratique.parties.issuing import IssuingSession, Place, RevocationOrder, Signing
from pratique.parties.paper import LAYOUTS, Paper, Trusted
from pratique.parties.records import catalogue_of
from pratique.renew import Reason, Revoked, Selection
from pratique.store.keys import Secret
from pratique.text import as_json, plural, printable

DAY = 86_400
INTERRUPTED = 130
REFUSED, INPUT_OUTPUT = 1, 4
LEFT_OUT = 1
"""Exit code where some of those that were named could not be revoked."""

Command = TypeVar("Command", bound=Callable[..., Any])


def register_options(command: Command) -> Command:
    """Add --issuer and --register: for what opens no key and reads no record."""
    return issuer(register(command))


def session_options(command: Command) -> Command:
    """Add --issuer, --register, --value-sets, --password-file and --pin-file."""
    return register_options(value_sets(options.secret_files(command)))


def place_of(
    *,
    issuer_folder: Path | None,
    register: str | None,
    value_sets: tuple[Path, ...] = (),
    **_: object,
) -> Place:
    """Return where the session is."""
    folder = folder_named(issuer_folder)
    url = url_of(folder, register)
    return Place(folder.absolute(), url, tuple(path.absolute() for path in value_sets))


def secret_of(
    *, password_file: Path | None = None, pin_file: Path | None = None, **_: object
) -> Secret:
    """Return what asks for secrets."""
    return options.secrets(password_file, pin_file)


def session_of(**where: Any) -> IssuingSession:
    """Open the session that the options name."""
    return issuing.opened(place_of(**where), secret_of(**where), note)


def work_options(command: Command) -> Command:
    """Add --site, --operator and --valid-days."""
    site = click.option(
        "--site", required=True, callback=code, metavar="CODE",
        help="Code of the site, kept in the register: a revocation can select by it.",
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


def code(_ctx: click.Context, param: click.Parameter, given: str | None) -> str | None:
    """Return a code or a pseudonym as it is kept; UsageError `code-unreadable`, `code-name`."""
    return None if given is None else coded(given, f"--{param.name}")


def signing(at: datetime | None, site: str, operator: str, valid_days: int) -> Signing:
    """Return how something is to be signed."""
    instant = int(options.now_or(at).timestamp())
    return Signing(instant, Work(site, operator), valid_days * DAY)


def paper_options(command: Command) -> Command:
    """Add --language, --translations, --contact, --fonts and --emblem."""
    language = click.option(
        "--language", "languages", multiple=True, metavar="TAG",
        help="Language of a leaf, the holder's own first [default: en, fr, es, ru, zh, ar].",
    )  # fmt: skip
    translations = click.option(
        "--translations", cls=Option, was=("--words",), multiple=True, metavar="FILE",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Words of a further language, the participant's own, as TOML. It comes first.",
    )  # fmt: skip
    contact = click.option(
        "--contact", default="", help="Where mistakes are corrected [default: the issuing body]."
    )
    fonts = click.option(
        "--fonts", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="DIR", help="Folder of more fonts. Repeatable.",
    )  # fmt: skip
    emblem = click.option(
        "--emblem", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
        help="The issuer's emblem or logo, SVG or PNG, on every page.",
    )  # fmt: skip
    return language(translations(contact(fonts(emblem(command)))))


@click.command()
@columns
@records.source
@records.column
@records.dates
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR|FILE",
              help="With --from: a new folder (CSV), or a file that ends in .parquet.")  # fmt: skip
@click.option("--keep", multiple=True, metavar="NAME",
              help="From Parquet to Parquet: a column to hand on, such as your reference. Repeatable.")  # fmt: skip
@work_options
@click.option(
    "--request",
    metavar="UUID",
    help="A random name of this request: made again, it gives the same certificate.",
)
@click.option("--key", cls=Option, was=("--shard",), metavar="LABEL",
              help="The signing key [default: the one with most room].")  # fmt: skip
@paper_options
@click.option("--workers", type=click.IntRange(1, 64), metavar="N",
              help="Processes for a whole file [default: one a core].")  # fmt: skip
@options.no_engine
@click.option("--pdf", "layout", type=click.Choice(LAYOUTS), help="Print each of a file's as PDF.")
@click.option("--yes", is_flag=True, help="Issue what is doubted without asking.")
@options.at
@session_options
def issue(
    *,
    given: tuple[str, ...],
    source: Path | None,
    renamed: tuple[str, ...],
    order: str | None,
    out: Path | None,
    keep: tuple[str, ...],
    site: str,
    operator: str,
    valid_days: int,
    request: str | None,
    key: str | None,
    workers: int | None,
    layout: str | None,
    languages: tuple[str, ...],
    translations: tuple[Path, ...],
    contact: str,
    fonts: tuple[Path, ...],
    emblem: Path | None,
    yes: bool,
    at: datetime | None,
    **where: Any,
) -> int:
    """Sign a certificate from COLUMN=VALUE arguments or from answers, or a whole file with --from.

    Beside --from, columns of the event (doses=2) fill in what the file leaves empty.
    One text goes to standard output. A file's certificates go to --out, a killed job goes on where it
    was when the same command is given again, and report.csv names each refused row and column.
    """
    how = signing(at, site, operator, valid_days)._replace(label=key, request=request)
    sheets = Paper(layout or "", languages, translations, contact, fonts, emblem)
    headed = records.headings_of(renamed, order, source)
    if out is not None:
        if source is None:
            raise UsageError("out-alone", "--out is for a file of records", "add --from FILE")
        if request:
            raise UsageError(
                "request-alone",
                "a job of --out draws its requests itself",
                "leave --request out: the same command given again goes on with the same job",
            )
        paper_of = sheets if layout else None
        row = records.row_of(given)
        files = bulk.FileOrder(source, out, how, row, workers, paper_of, headed, keep=keep)
        return _issue_file(files, where)
    if keep:
        raise UsageError(
            "keep-columns", "a column is handed on into a Parquet file only",
            "add --from FILE --out signed.parquet",
        )  # fmt: skip
    if sheets != Paper(""):
        raise UsageError(
            "pdf-alone",
            "sheets are printed here for a file of records only",
            "add --from FILE --out DIR, or print the text that comes: pratique issuer print",
        )
    session = session_of(**where)
    today = options.now_or(at).date()
    readings = records.read(session.intake, given, source, at=today, headed=headed)
    for signed in issuing.sign_records(session, records.confirmed(readings, yes=yes), how):
        if signed.repeated:
            note("this request was made before; this is its certificate again")
        click.echo(signed.text)
    return 0


def _issue_file(order: bulk.FileOrder, where: Any) -> int:
    """Issue all rows of a file; return 1 if a row was refused or a sheet not printed."""
    begun = time.monotonic()
    try:
        with ProgressLine("issuing") as progress:
            found = bulk.issue_file(
                place_of(**where), secret_of(**where), order, note=note, progress=progress.show
            )
    except KeyboardInterrupt:
        click.echo("error: interrupted; what is done is in the register and stays so", err=True)
        click.echo("hint: give the same command again, and it goes on where it was", err=True)
        return INTERRUPTED
    seconds, done = time.monotonic() - begun, found.done
    click.echo(
        f"{done.issued} issued, {done.refused} refused, {found.remarked} with warnings, "
        f"in {seconds:.1f} s: {found.out}"
    )
    records.note_skipped(done.skipped, err=False)
    if done.unprinted:
        click.echo(f"{done.unprinted} of them not printed; the report says which", err=True)
    click.echo(f"remarks by row and column: {found.report}")
    return 1 if done.refused or done.unprinted else 0


@click.command()
@click.argument("certificate", metavar="TEXT|FILE|-")
@work_options
@options.at
@session_options
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

    No clinic visit: the old certificate must be authentic, known to the register and not revoked.
    It may have run out. Renewed twice, it gives the same new certificate.
    """
    how, session = signing(at, site, operator, valid_days), session_of(**where)
    old = issuing.own_certificate(session, inputs.every([certificate]), at=how.at)
    signed = issuing.renew(session, old, how)
    if signed.repeated:
        note("it was renewed before; this is that certificate again")
    click.echo(signed.text)


@click.command()
@click.argument("certificate", metavar="TEXT|FILE|-")
@columns
@work_options
@click.option("--yes", is_flag=True, help="Issue what is doubted without asking.")
@options.at
@session_options
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
    """Issue CERTIFICATE anew with COLUMN=VALUE changed, and revoke the wrong one as an issue error.

    Both happen in one transaction: there is no moment with two valid ones, or with none.
    """
    session, changes = session_of(**where), records.row_of(given)
    instant = options.now_or(at)
    old = issuing.own_certificate(session, inputs.every([certificate]), at=int(instant.timestamp()))
    asked = issuing.correction(session, old, changes, at=instant)
    records.confirm(asked.reading.remarks, yes=yes)
    signed = issuing.correct(session, asked, signing(at, site, operator, valid_days))
    note("the wrong certificate is revoked")
    click.echo(signed.text)


@click.command()
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), required=True,
              help="Why; there is no other reason.")  # fmt: skip
@click.option(
    "--certificate", "certificates", multiple=True, metavar="NUMBER|TEXT|FILE",
    help="A certificate's number (UVCI) or text, a picture or PDF of it, or a list. Repeatable.",
)  # fmt: skip
@click.option("--tag", metavar="HEX", help="One certificate by its tag; name its --key too.")
@click.option("--lot", help="All of a lot.")
@click.option("--site", help="All of a site.")
@click.option("--issued-by", metavar="PSEUDONYM", help="All that an operator issued.")
@click.option(
    "--since", type=options.INSTANT, metavar="INSTANT", help="Issued from this instant on."
)
@click.option("--until", type=options.INSTANT, metavar="INSTANT", help="Issued up to this instant.")
@click.option("--key", cls=Option, was=("--shard",), metavar="LABEL",
              help="All that a signing key signed, or the key of --tag.")  # fmt: skip
@click.option("--operator", callback=code, metavar="PSEUDONYM",
              help="Your pseudonym, as it stands in the public count.  [required]")  # fmt: skip
@click.option("--by", callback=code, hidden=True)
@click.option("--dry-run", is_flag=True, help="Say how many it would be; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.at
@register_options
def revoke(
    *,
    reason: str,
    certificates: tuple[str, ...],
    tag: str | None,
    lot: str | None,
    site: str | None,
    issued_by: str | None,
    operator: str | None,
    by: str | None,
    since: datetime | None,
    until: datetime | None,
    key: str | None,
    dry_run: bool,
    yes: bool,
    at: datetime | None,
    **where: Any,
) -> int:
    """Revoke certificates. It cannot be undone: whoever was revoked by mistake gets a new one.

    A renewed certificate shares the fate of the one it renews.
    """
    if by is not None:
        # As it was called before: --by is who revokes, and --operator whose certificates.
        operator, issued_by = by, issued_by or operator
    if operator is None:
        raise click.MissingParameter(param_type="option", param_hint="'--operator'")
    session = session_of(**where)
    selection = Selection(
        kid=session.issuer.shard(key).kid if key is not None else None,
        tag=_tag(tag),
        lot=lot,
        site=site,
        operator=issued_by,
        since=None if since is None else int(since.timestamp()),
        until=None if until is None else int(until.timestamp()),
    )
    now = int(options.now_or(at).timestamp())
    named = issuing.listed(certificates)
    order = RevocationOrder(Reason(reason), now, operator, selection, named)
    plan = issuing.plan_revocation(session, order)
    _show(session, plan.trial, "would be revoked")
    if not plan.trial.total + plan.trial.before:
        note("nothing in the register matches; codes must match exactly")
    if plan.left_out:
        click.echo(f"{plan.left_out} of those that were named not; see above", err=True)
    outcome = LEFT_OUT if plan.left_out else 0
    if dry_run or not plan.trial.total:
        return outcome
    if not yes:
        total = plan.trial.total
        what = "this certificate" if total == 1 else f"these {total} certificates"
        options.confirm(f"revoke {what} for good?")
    _show(session, issuing.revoke(session, plan), "revoked")
    click.echo(
        "Verifiers know once they have the next list: pratique issuer publish-revocations --out DIR"
    )
    return outcome


def _tag(text: str | None) -> int | None:
    try:
        return None if text is None else int(text, 16)
    except ValueError as error:
        raise UsageError(
            "tag-unreadable", "the tag is no hexadecimal number", "write it as in 1a2b3c"
        ) from error


def _show(session: IssuingSession, revoked: Revoked, what: str) -> None:
    labels = session.labels
    for label, count in sorted(
        (labels.get(kid, kid.hex()), count) for kid, count in revoked.by_kid
    ):
        click.echo(f"{label}: {count} {what}")
    click.echo(f"{revoked.total} {what}, {revoked.before} already revoked")


@click.command("publish-revocations")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              metavar="DIR", help="Where to write them: a folder that is published as it is.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True,
              help="For how long a new list is meant to be used.")  # fmt: skip
@click.option(
    "--eu-batches", is_flag=True, help="Also as the EU's gateway takes them (UCI), as JSON."
)
@options.at
@register_options
def publish_revocations(
    *, out: Path, days: int, eu_batches: bool, at: datetime | None, **where: Any
) -> None:
    """Write each key's newest revocation list and its delta.

    A new edition is made where something was revoked since the last one, or where half of the last
    one's time is over. Only tags are in it.
    """
    session, now = session_of(**where), int(options.now_or(at).timestamp())
    lists = issuing.publish_revocations(session, out, at=now, lasting=days * DAY)
    for (shard, listed, _, is_new), sizes in lists:
        version = f"version {listed.head.version} ({'new' if is_new else 'as before'})"
        shown = ", ".join(f"{file} {size} bytes" for file, size in sizes.items())
        click.echo(f"{shard.label}: {version}, {plural(len(listed), 'entry')}: {shown}")
    if eu_batches:
        shards = [written.published.shard for written in lists]
        for batch in issuing.write_batches(session, out, shards):
            click.echo(f"{batch.label}: {batch.file}, {plural(batch.entries, 'entry')}")
    if not lists:
        click.echo("no key has signed yet: there is nothing to list")


@click.command()
@options.output_format
@register_options
def audit(*, output_format: str, **where: Any) -> None:
    """Show who issued how many where, what stands out, and every act of revocation.

    Operators stand under their pseudonyms; of holders the register knows nothing.
    """
    found = issuing.audit(session_of(**where))
    if output_format == "json":
        click.echo(as_json(found.as_json(), indent=1))
        return
    click.echo(
        f"{'site':<20} {'operator':<20} {'issued':>8} {'revoked':>8} {'days':>5} {'busiest':>8}"
    )
    for tally in found.tallies:
        site, operator = printable(tally.site)[:20], printable(tally.operator)[:20]
        click.echo(
            f"{site:<20} {operator:<20} {tally.issued:>8} {tally.revoked:>8} {tally.days:>5} "
            f"{tally.busiest:>8}"
        )
        for mark in found.marks.get((tally.site, tally.operator), ()):
            click.echo(f"  {mark.value}")
    for act in found.acts:
        click.echo(
            f"{instant_show(act.at)}: {act.certificates} revoked by {act.selection} "
            f"({act.reason}), {printable(act.operator)}"
        )
    for label, tag, is_revoked in found.doubles:
        state = "revoked" if is_revoked else "good"
        click.echo(
            f"warning: one request has several certificates: --key {label} --tag {tag}, {state}"
        )


@click.command()
@click.argument("out", required=False, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--noted", is_flag=True, help="Only note that the database's server has made one.")
@options.at
@register_options
def backup(*, out: Path | None, noted: bool, at: datetime | None, **where: Any) -> None:
    """Copy the register to FILE while others write, and note beside the keys that it was done.

    Of PostgreSQL its server makes the backups: note them with --noted, so that a desk reminds nobody.
    """
    from pratique.parties import desk_audit  # noqa: PLC0415 - the other commands look at no database's health

    if (out is None) is not noted:
        raise UsageError(
            "backup-what", "name a file, or --noted", "pratique issuer backup copy.sqlite"
        )
    place = place_of(**where)
    now = int(options.now_or(at).timestamp())
    note = desk_audit.back_up(session_of(**where), place.folder, out, at=now)
    click.echo(f"{plural(note.certificates, 'certificate')}: {out if out is not None else 'noted'}")


@click.command("print")
@click.argument("arguments", nargs=-1, required=True, metavar="TEXT|FILE|-...")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR|FILE.pdf",
              help="A folder, or the file of one certificate.")  # fmt: skip
@click.option("--layout", cls=Option, was=("--variant",), type=click.Choice(LAYOUTS), default="a4",
              show_default=True, help="A page, a card to cut and fold, or large print.")  # fmt: skip
@paper_options
@value_sets
@options.sources
@register_options
@options.at
@options.home
def print_(
    *,
    arguments: tuple[str, ...],
    out: Path,
    layout: str,
    languages: tuple[str, ...],
    translations: tuple[Path, ...],
    contact: str,
    fonts: tuple[Path, ...],
    emblem: Path | None,
    value_sets: tuple[Path, ...],
    sources: tuple[Path, ...],
    environment: str,
    issuer_folder: Path | None,
    register: str | None,
    at: datetime | None,
    home: Path | None,
) -> int:
    """Print certificates: readable in several languages, with a code that scans.

    Each is verified first: by --trust, by the issuer's own keys, or by the imported trust list.
    """
    instant, own = options.now_or(at), folder_named(issuer_folder)
    snapshot = paper.snapshot_of(
        Trusted(sources, environment, home), own, instant, register=register
    )
    contact = contact or ("" if sources else paper.contact_of(own))
    asked = Paper(layout, languages, translations, contact, fonts, emblem)
    ready = paper.renderer(asked, catalogue_of(value_sets), note=note)
    items = list(inputs.every(arguments))
    certificates = paper.check_all(items, out, snapshot, instant)
    for number, (_, certificate, remarks) in enumerate(certificates, 1):
        what = "note: certificate %d" if certificate else "error: certificate %d is not printed"
        for remark in remarks:
            click.echo(f"{what % number}: {remark}", err=True)
    if not all(each.certificate for each in certificates):
        click.echo("hint: nothing was printed; pratique verify says more", err=True)
        return INPUT_OUTPUT if any(item.finding is not None for item in items) else REFUSED
    refused = 0
    for sheet in paper.print_all(certificates, ready, out):
        if sheet.error is not None:
            message = f"certificate {sheet.number} is not printed: {sheet.error.message}"
            click.echo(f"error: {message}", err=True)
            click.echo(f"hint: {sheet.error.hint}", err=True)
            refused = REFUSED
        else:
            click.echo(sheet.path)
    return refused
