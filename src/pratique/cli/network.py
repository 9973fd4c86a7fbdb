"""`pratique network`: a network as a whole, ours or another's; `status`, `page`, `export` and `import`.

1. A state is computed at the instant of asking; none is stored, and nothing is fetched.
2. Exit of `status`: 0; with --within, 1 if something has ended, ends within so many days, or could not be read. Of `import`:
   0 all certificates are believed · 1 some are not.
3. Whatever others have named reaches a terminal masked and cut, and JSON as ASCII.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.proposal import repository
from pratique.errors import UsageError
from pratique.network import overview
from pratique.onboarding.anchors import FolderFile
from pratique.parties import exports, network_page, proposals
from pratique.parties.issuer_keys import date
from pratique.store.keys import Secret
from pratique.terms import Environment
from pratique.text import as_json, plural, printable
from pratique.trust import calendar, expiry

LONGEST, SENTENCE = 300, 700
CELL = 40
"""Characters of a participant's or a domain's name in the table."""
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("export")
@click.option("--did", "did_folder", type=FOLDER, metavar="DIR",
              help="Write a tree of DID documents (WHO's trust list, form 2) into this folder.")  # fmt: skip
@click.option(
    "--base", "host", metavar="DID", help="Name of the host that serves it: did:web:HOST."
)
@click.option(
    "--signing-key", metavar="URI", help="Key that signs the proofs: file:PATH or pkcs11:…."
)
@click.option(
    "--method", metavar="DID", help="Name of that key in the proofs [default: BASE:keys]."
)
@click.option("--folders", "folders_dir", type=FOLDER, metavar="DIR",
              help="Write participants' folders, as WHO keeps them, into this folder.")  # fmt: skip
@click.option("--dossier", "dossiers", multiple=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A participant's dossier: its upload and TLS certificates go into its folder. Repeatable.")  # fmt: skip
@click.option("--anchor", type=FILE, metavar="PEM",
              help="Certificate of the trust anchor that signs for the folders' certificates.")  # fmt: skip
@click.option("--anchor-key", metavar="URI", help="Its key: file:PATH or pkcs11:….")
@repository
@options.home
@options.secret
@options.now
def export(
    *,
    did_folder: Path | None,
    host: str | None,
    signing_key: str | None,
    method: str | None,
    folders_dir: Path | None,
    dossiers: tuple[Path, ...],
    anchor: Path | None,
    anchor_key: str | None,
    repository: Path | None,
    home: Path | None,
    secret: Secret,
    at: datetime,
) -> None:
    """Write what was synced in WHO's forms: a tree of DID documents, participants' folders, or both."""
    at = at.astimezone(UTC).replace(microsecond=0)
    view = proposals.require(repository, home).view
    for code, one in exports.suspended(view, at=int(at.timestamp())).items():
        until = expiry.instant(one.until)
        click.echo(
            f"note: {code} is suspended until {until} ({one.reason}): its keys are left out",
            err=True,
        )
    if did_folder is None and folders_dir is None:
        raise UsageError("nothing-asked", "nothing to write is named", "--did or --folders")
    if did_folder is not None:
        if host is None or signing_key is None:
            raise UsageError("did-unsigned", "a tree needs --base and --signing-key")
        wanted = exports.DidExport(did_folder, host, signing_key, method)
        count, stale = exports.export_did(view, wanted, secret, at=at)
        gone = f", {stale} of an earlier tree taken away" if stale else ""
        click.echo(f"{plural(count, 'document')}: {did_folder}{gone}")
    if folders_dir is not None:
        by = None
        if anchor is not None and anchor_key is not None:
            by = exports.Anchor(anchor, anchor_key), secret
        elif anchor is not None or anchor_key is not None:
            raise UsageError(
                "anchor-half", "an anchor is a certificate and a key: --anchor, --anchor-key"
            )
        count = exports.export_folders(folders_dir, view, dossiers, by, at=at)
        click.echo(f"{plural(count, 'file')}: {folders_dir}")


@click.command("status")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[SOURCE]...")  # fmt: skip
@click.option("--within", type=click.IntRange(0, 4000), metavar="DAYS",
              help="Only what has ended, or ends within so many days; exit with 1 if there is any, or something could not be read.")  # fmt: skip
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True,
              help="Environment of trust lists that do not tell their own.")  # fmt: skip
@click.option("--format", "output_format", type=click.Choice(["text", "json", "ics"]),
              default="text", show_default=True, help="A table, JSON, or a calendar (RFC 5545).")  # fmt: skip
@options.now
@options.home
def status(
    *,
    sources: tuple[Path, ...],
    within: int | None,
    environment: str,
    output_format: str,
    at: datetime,
    home: Path | None,
) -> int:
    """Show who is live, who ends when, and who has lapsed, and why.

    SOURCE is the authority's folder or a mirror, a trust list or a tree of them, a participant's folder
    or a folder of those [default: what was synced and imported here].
    """
    instant = int(at.timestamp())
    found = exports.status(sources, instant, Environment(environment), home)
    if within is not None:
        kept = {name: expiry.within(rows, within) for name, rows in found.sources.items()}
        found = found._replace(sources=kept)
    if output_format == "json":
        click.echo(as_json(_document(found, instant, within), indent=1))
    elif output_format == "ics":
        click.echo(calendar.written(found.sources, at=instant), nl=False)
    else:
        for line in _text(found, instant):
            click.echo(line)
    for note in found.notes:
        click.echo(f"note: {printable(f'{note.name}: {note.why}', LONGEST)}", err=True)
    return 1 if within is not None and (found.rows or found.notes) else 0


def _document(found: exports.NetworkStatus, instant: int, within: int | None) -> dict[str, Any]:
    return {
        "format": expiry.FORMAT,
        "name": " ".join(found.sources),
        "at": expiry.instant(instant),
        "within": within,
        "participants": [
            row for name, rows in found.sources.items() for row in expiry.as_json(rows, name)
        ],
        "unread": [{"name": one.name, "code": one.code} for one in found.notes],
    }


def _text(found: exports.NetworkStatus, instant: int) -> Iterator[str]:
    for name, rows in found.sources.items():
        if len(found.sources) > 1:
            yield f"{printable(name, LONGEST)}:"
        yield from expiry.table(rows, _cell)
        for row in rows:
            if row.sentence:
                yield printable(f"{row.participant} says of its rules: “{row.sentence}”", SENTENCE)
    yield f"{expiry.counted(found.rows)}; at {expiry.instant(instant)}"


def _cell(text: str) -> str:
    shown = printable(text, CELL)
    # A masked character is longer than it was.
    return shown if len(shown) <= CELL + 1 else f"{shown[:CELL]}…"


@click.command("page")
@click.option("--out", required=True, type=FOLDER, metavar="DIR",
              help="Write index.html, network.json, endings.ics and policy.ics into this folder.")  # fmt: skip
@click.option("--gdhcn", "lists", multiple=True, metavar="LIST", type=click.Path(path_type=Path, exists=True),
              help="Show a trust list, or a tree of them, too: a file or a folder. Repeatable.")  # fmt: skip
@click.option("--data", type=FOLDER, metavar="DIR",
              help="A data package for who accepts whom [default: the one that is installed].")  # fmt: skip
@repository
@options.now
@options.home
def page(
    *,
    out: Path,
    lists: tuple[Path, ...],
    data: Path | None,
    repository: Path | None,
    at: datetime,
    home: Path | None,
) -> None:
    """Write a page of the network: who is live, what ends within 90 days, who accepts whom, what was published.

    Of what was synced here, or of --repository; with --gdhcn of trust lists as well, or of those alone. Run on a
    schedule, it replaces the page in its place.
    """
    wanted = network_page.WantedPage(out, lists, data, repository)
    written = network_page.write(wanted, home, at=at)
    click.echo(overview.headline(written.page))
    if written.page.untold:
        click.echo(f"note: {written.page.untold}", err=True)
    for note in written.page.problems:
        click.echo(f"note: {printable(f'{note.name}: {note.why}', LONGEST)}", err=True)
    click.echo(f"wrote {plural(len(written.files), 'file')}: {out}")


IMPORTED = "pratique-believed-1"
LONGEST_ROW = 200


@click.command("import")
@click.argument(
    "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER"
)
@click.option("--anchor", "anchors", multiple=True, required=True, metavar="PEM", type=FILE,
              help="Certificate of a trust anchor, from a trusted source. Repeatable.")  # fmt: skip
@click.option("--out", type=FOLDER, metavar="DIR",
              help="Write folders there that hold what is believed, and nothing else.")  # fmt: skip
@options.now
@options.output_format
def import_(
    *, folder: Path, anchors: tuple[Path, ...], out: Path | None, at: datetime, output_format: str
) -> int:
    """Say what of a participant's FOLDER, or of a folder of those, is believed."""
    imported = exports.import_folders(folder, anchors, out, at=at)
    found = [(one.folder.code, row) for one in imported for row in one.rows]
    if output_format == "json":
        rows = [_as_json(code, row) for code, row in found]
        click.echo(as_json({"format": IMPORTED, "certificates": rows}, indent=1))
    else:
        for code, row in found:
            click.echo(printable(_line(code, row, int(at.timestamp())), LONGEST_ROW))
        good = sum(not row.why for _, row in found)
        click.echo(f"{good} of {len(found)} certificates are believed")
    return 1 if any(row.why for _, row in found) else 0


def _line(code: str, row: FolderFile, at: int) -> str:
    certificate = row.certificate
    end = "" if certificate is None else f" until {date(certificate.record.not_after)}"
    if certificate is not None and at > certificate.record.not_after:
        end += ", has ended"
    outcome = f"not believed: {row.why}" if row.why else f"believed{end}"
    return f"{code:<5} {row.name:<40} {outcome}"


def _as_json(code: str, row: FolderFile) -> dict[str, object]:
    certificate = row.certificate
    return {
        "participant": code,
        "name": row.name,
        "role": row.role,
        "believed": not row.why,
        "why": row.why,
        "anchor": row.anchor,
        "thumbprint": "" if certificate is None else certificate.record.thumbprint,
        "not_after": None if certificate is None else certificate.record.not_after,
    }
