"""A network's commands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique.cli import options
from pratique.cli.proposal import repository
from pratique.crypto import x509
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.onboarding import anchors as onboarding_anchors
from pratique.parties import exports, proposals
from pratique.parties.issuer_keys import date
from pratique.store import sources
from pratique.store.keys import open_key
from pratique.terms import Environment
from pratique.text import as_json, printable
from pratique.trust import calendar, did, expiry

# ----------------------------------------------------------------------------------------------------
# `pratique network export`: what was synced, in WHO's forms.
#
#     View -> --did DIR: a tree of DID documents, each with a proof
#          -> --folders DIR: CODE/onboarding/DOMAIN/GROUP/*.pem, with what an anchor signs for them
#
# 1. What is exported is what this machine has checked itself, at this instant.
# 2. A signature here is this exporter's word, and nobody else's: the network's own is in its metadata.


@click.command("export")
@click.option("--did", "did_folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
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
@click.option("--folders", "folders_dir", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write participants' folders, as WHO keeps them, into this folder.")  # fmt: skip
@click.option("--dossier", "dossiers", multiple=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A participant's dossier: its upload and TLS certificates go into its folder. Repeatable.")  # fmt: skip
@click.option("--anchor", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PEM",
              help="Certificate of the trust anchor that signs for the folders' certificates.")  # fmt: skip
@click.option("--anchor-key", metavar="URI", help="Its key: file:PATH or pkcs11:….")
@repository
@options.home
@options.secret_files
@options.at
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
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Write what was synced in WHO's forms: a tree of DID documents, participants' folders, or both."""
    instant = options.now_or(at).astimezone(UTC).replace(microsecond=0)
    view = proposals.known_view(repository, home)
    if view is None:
        raise UsageError("no-network", "no network is known here", "pratique sync SOURCE")
    for code, one in exports.suspended(view, at=int(instant.timestamp())).items():
        until = expiry.instant(one.until)
        click.echo(
            f"note: {code} is suspended until {until} ({one.reason}): its keys are left out",
            err=True,
        )
    secret = options.secrets(password_file, pin_file)
    if did_folder is None and folders_dir is None:
        raise UsageError("nothing-asked", "it is not said what to write", "--did or --folders")
    if did_folder is not None:
        if host is None or signing_key is None:
            raise UsageError("did-unsigned", "a tree needs --base and --signing-key")
        key = open_key(signing_key, folder=Path.cwd(), secret=secret)
        named, nonce = (host, method or f"{host}:keys"), secrets.token_urlsafe(24)
        documents = exports.documents(view, key, named, nonce, instant)
        stale = exports.tree(did_folder, documents, (did.TREE, did.REFERENCES))
        gone = f", {stale} of an earlier tree taken away" if stale else ""
        click.echo(f"{len(documents)} documents: {did_folder}{gone}")
    if folders_dir is not None:
        by = exports.anchor(anchor, anchor_key, secret)
        found = dict(exports.laid_out_folders(view, dossiers, by, instant))
        exports.written_folders(folders_dir, found)
        click.echo(f"{len(found)} files: {folders_dir}")


# ----------------------------------------------------------------------------------------------------
# `pratique network status`: every participant's state, computed; what ends when; a calendar of it.
#
#     what was synced | a repository | trust lists | participants' folders -> rows -> text | JSON | calendar
#
# 1. A state is computed at the instant of asking; none is stored, and nothing is fetched.
# 2. Exit: 0; with --within, 1 if something has ended, ends within so many days, or could not be read.
# 3. Whatever others have named reaches a terminal masked and cut, and JSON as ASCII.


LONGEST_STATUS = 300
CELL = 40
"""Characters of a participant's or a domain's name in the table."""


@click.command("status")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[SOURCE]...")  # fmt: skip
@click.option("--within", type=click.IntRange(0, 4000), metavar="DAYS",
              help="Only what has ended, or ends within so many days; exit with 1 if there is any, or something could not be read.")  # fmt: skip
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True,
              help="Environment of trust lists that do not tell their own.")  # fmt: skip
@click.option("--format", "output_format", type=click.Choice(["text", "json", "ics"]),
              default="text", show_default=True, help="A table, JSON, or a calendar (RFC 5545).")  # fmt: skip
@options.at
@options.home
def standing(
    *,
    sources: tuple[Path, ...],
    within: int | None,
    environment: str,
    output_format: str,
    at: datetime | None,
    home: Path | None,
) -> int:
    """Show who is live, who ends when, and who has lapsed, and why.

    SOURCE is the authority's folder or a mirror, a trust list or a tree of them, a participant's folder
    or a folder of those [default: what was synced and imported here].
    """
    instant = int(options.now_or(at).timestamp())
    seen = exports.of(sources, instant, Environment(environment), home)
    if within is not None:
        kept = {name: expiry.within(rows, within) for name, rows in seen.sources.items()}
        seen = seen._replace(sources=kept)
    if output_format == "json":
        click.echo(as_json(_document(seen, instant, within), indent=1))
    elif output_format == "ics":
        click.echo(calendar.written(seen.sources, at=instant), nl=False)
    else:
        for line in _text(seen, instant):
            click.echo(line)
    for note in seen.notes:
        click.echo(f"note: {printable(f'{note.name}: {note.why}', LONGEST_STATUS)}", err=True)
    return 1 if within is not None and (seen.rows or seen.notes) else 0


def _document(seen: exports.Seen, instant: int, within: int | None) -> dict[str, Any]:
    return {
        "format": expiry.FORMAT,
        "name": " ".join(seen.sources),
        "at": expiry.instant(instant),
        "within": within,
        "participants": [
            row for name, rows in seen.sources.items() for row in expiry.as_json(rows, name)
        ],
        "unread": [{"name": one.name, "code": one.code} for one in seen.notes],
    }


def _text(seen: exports.Seen, instant: int) -> Iterator[str]:
    for name, rows in seen.sources.items():
        if len(seen.sources) > 1:
            yield f"{printable(name, LONGEST_STATUS)}:"
        yield from expiry.table(rows, _cell)
    yield f"{expiry.counted(seen.rows)}; at {expiry.instant(instant)}"


def _cell(text: str) -> str:
    shown = printable(text, CELL)
    # A masked character is longer than it was.
    return shown if len(shown) <= CELL + 1 else f"{shown[:CELL]}…"


# ----------------------------------------------------------------------------------------------------
# `pratique network import`: what of participants' folders is believed, by an anchor from a trusted hand.
#
#     FOLDER, --anchor PEM -> believed -> table | JSON          --out DIR -> folders of what is believed
#
# 1. Nothing is believed for where it lies; what is not believed is told with its reason, and not written.
# 2. What is written is of the same form and the same bytes, with the anchor's words: it can be taken in again.
# 3. Exit: 0 all certificates are believed · 1 some are not.


FORMAT = "pratique-believed-1"
LONGEST_IMPORT = 200


class Found(NamedTuple):
    """One certificate file of a participant."""

    participant: str
    row: onboarding_anchors.Row


class Seen(NamedTuple):
    """A participant's folder, and what of it is believed."""

    held: exports.Held
    rows: tuple[onboarding_anchors.Row, ...]


@click.command("import")
@click.argument(
    "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER"
)
@click.option("--anchor", "anchors", multiple=True, required=True, metavar="PEM",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Certificate of a trust anchor, from a hand that you trust. Repeatable.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write folders there that hold what is believed, and nothing else.")  # fmt: skip
@options.at
@options.output_format
def take_in(
    *, folder: Path, anchors: tuple[Path, ...], out: Path | None, at: datetime | None,
    output_format: str,
) -> int:  # fmt: skip
    """Say what of a participant's FOLDER, or of a folder of those, is believed."""
    instant = options.now_or(at)
    seen = list(_seen(folder, [_anchor(path) for path in anchors], instant))
    if not seen:
        raise Unreadable(
            "folders-none", f"{folder}: there is no participant's folder in it",
            "a participant's folder is CODE/onboarding/DOMAIN/GROUP",
        )  # fmt: skip
    if out is not None:
        exports.written_folders(
            out, {name: data for one in seen for name, data in _believed(one).items()}
        )
    found = [Found(one.held.code, row) for one in seen for row in one.rows]
    if output_format == "json":
        rows = [_as_json(one) for one in found]
        click.echo(as_json({"format": FORMAT, "certificates": rows}, indent=1))
    else:
        for line in _lines(found, int(instant.timestamp())):
            click.echo(printable(line, LONGEST_IMPORT))
    return 1 if any(one.row.why for one in found) else 0


def _anchor(path: Path) -> bytes:
    blocks = x509.armoured(sources.read_bytes(path))
    if not blocks:
        raise DocumentRefused("x509-none", f"{path}: there is no X.509 certificate in it")
    # Of a chain, the first one is the anchor itself.
    return blocks[0]


def _seen(folder: Path, anchors: list[bytes], at: datetime) -> Iterator[Seen]:
    for held in exports.read(folder):
        if held.refused is not None:
            yield Seen(held, (onboarding_anchors.Row("-", "", held.refused.code),))
            continue
        yield Seen(
            held,
            onboarding_anchors.believed(held.files, participant=held.code, anchors=anchors, at=at),
        )


def _believed(one: Seen) -> dict[str, bytes]:
    held = onboarding_anchors.handed_on(one.held.files, one.rows)
    return {f"{one.held.code}/{exports.START}/{name}": data for name, data in held.items()}


def _lines(found: list[Found], at: int) -> Iterator[str]:
    good = 0
    for one in found:
        row, certificate = one.row, one.row.certificate
        end = "" if certificate is None else f" until {date(certificate.record.not_after)}"
        if certificate is not None and at > certificate.record.not_after:
            end += ", has ended"
        told = f"not believed: {row.why}" if row.why else f"believed{end}"
        good += not row.why
        yield f"{one.participant:<5} {row.name:<40} {told}"
    yield f"{good} of {len(found)} certificates are believed"


def _as_json(one: Found) -> dict[str, object]:
    certificate = one.row.certificate
    return {
        "participant": one.participant,
        "name": one.row.name,
        "role": one.row.role,
        "believed": not one.row.why,
        "why": one.row.why,
        "anchor": one.row.anchor,
        "thumbprint": "" if certificate is None else certificate.record.thumbprint,
        "not_after": None if certificate is None else certificate.record.not_after,
    }
