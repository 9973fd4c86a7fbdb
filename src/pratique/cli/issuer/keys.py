"""`pratique issuer keys`: list, add, rotate and retire signing keys, and export their certificates.

    issuer.json -> states at an instant -> table        lock -> key, certificate -> issuer.json

1. A state is computed when it is asked for; only `retire` sets one.
2. Nothing here deletes a key or a certificate: what was signed is verified until it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import held, unlock
from pratique.cli import options as shared
from pratique.cli.issuer import counted, making, options, requests, succeeding
from pratique.cli.issuer.keys_shown import describe, sca_line, suspended, table
from pratique.cli.safe import as_json
from pratique.cli.signing_ca import date
from pratique.edges import files, issuer_home
from pratique.errors import UsageError
from pratique.terms import Algorithm, Kind
from pratique.trust import shards
from pratique.trust.issuer import Issuer

Command = TypeVar("Command", bound=Callable[..., Any])

SOON = 30
"""Days before its end from which a key is to be replaced."""

HAND_IN = "hand the new certificates to the authority: pratique issuer keys export DIR"
_LIMITED = [kind.value for kind in Kind if kind is not Kind.EXEMPTION]


@click.group()
def keys() -> None:
    """List, add, rotate and retire signing keys."""


@keys.command("list", short_help="List the keys, their state and the days they have left.")
@options.issuer
@counted.register_option
@shared.at
@shared.output_format
def list_(
    *, issuer_folder: Path | None, register: str | None, at: datetime | None, output_format: str
) -> None:
    """List the signing keys: their state, and the days they have left to sign and to be verified."""
    folder = options.folder(issuer_folder)
    issuer, issued = issuer_home.load(folder), counted.counts(folder, register)
    show(issuer, at=shared.now_or(at), output_format=output_format, counts=issued)
    for one in requests.pending(folder) if output_format == "text" else ():
        click.echo(f"{one.label} waits for its certificate: pratique issuer keys accept PEM")


def show(
    issuer: Issuer,
    *,
    at: datetime,
    output_format: str = "text",
    counts: Mapping[bytes, int] | None = None,
) -> None:
    """Print the keys at an instant; `counts` is kid to certificates issued, None if not at hand."""
    now = int(at.timestamp())
    member = held.member(issuer.participant, issuer.environment)
    rows = [describe(shard, now, counts, member) for shard in issuer.shards]
    suspension = None if member is None else member.suspended(now)
    if output_format == "json":
        head: dict[str, object] = {
            "at": at.isoformat(), "participant": issuer.participant, "country": issuer.country,
        }  # fmt: skip
        if suspension is not None:
            head["suspended"] = {"until": suspension.until, "reason": suspension.reason}
        click.echo(as_json({**head, "keys": rows}, indent=1))
        return
    for line in table(rows):
        click.echo(line)
    click.echo(sca_line(issuer.sca, now))
    if suspension is not None:
        click.echo(suspended(issuer.participant, suspension))
    due = shards.to_replace(issuer.shards, at=now, within=SOON, counts=counts or {})
    if due:
        names = ", ".join(shard.label for shard in due)
        click.echo(f"to be replaced soon: {names}; use: pratique issuer keys rotate")


def _added(command: Command) -> Command:
    """Add the options of a key that is to be made."""
    planned = click.option(
        "--planned", type=click.IntRange(1, 10**12), default=1_000_000, show_default=True,
        help="How many certificates it is to sign at most.",
    )  # fmt: skip
    kinds = click.option(
        "--kind", "kinds", multiple=True, type=click.Choice(_LIMITED),
        help="Limit it to this kind. Repeatable [default: any kind].",
    )  # fmt: skip
    algorithm = click.option(
        "--algorithm", type=click.Choice(["ES256", "ES384", "PS256"]), default="ES256",
        show_default=True, help="What it signs with.",
    )  # fmt: skip
    where = click.option(
        "--dsc-key", metavar="URI", help="Where its key is made, up to the label [default: as before].",
    )  # fmt: skip
    return planned(kinds(algorithm(where(command))))


@keys.command(short_help="Make one more signing key.")
@_added
@options.issuer
@unlock.secret_files
@shared.at
def new_shard(
    *,
    planned: int,
    kinds: tuple[str, ...],
    algorithm: str,
    dsc_key: str | None,
    issuer_folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make one more signing key, for certificates that the others have no room for."""
    folder, instant = options.folder(issuer_folder), shared.now_or(at)
    with issuer_home.locked(folder):
        issuer = issuer_home.load(folder)
        label = issuer.new_label(int(instant.timestamp()), taken=issuer_home.labels(folder))
        key = making.key_beside(issuer.shards, label)
        wanted = making.Wanted(
            label=label,
            key=key if dsc_key is None else making.key_uri(dsc_key, label),
            planned=planned,
            usages=requests.kinds_of(kinds),
            algorithm=Algorithm(algorithm),
        )
        secret = unlock.secrets(password_file, pin_file)
        succeeding.make(folder, issuer, [wanted], at=instant, secret=secret)
    click.echo(HAND_IN)


@keys.command(short_help="Make a successor for each key that is about to end.")
@click.option(
    "--within", type=click.IntRange(0, 730), default=SOON, show_default=True, metavar="DAYS",
    help="Replace keys that sign for at most this many days more.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@options.issuer
@counted.register_option
@unlock.secret_files
@shared.at
def rotate(
    *,
    within: int,
    dry_run: bool,
    issuer_folder: Path | None,
    register: str | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make a successor for each key that is about to end; until then both sign.

    Doing it twice makes nothing twice. What the old keys have signed is verified as before.
    """
    folder, instant = options.folder(issuer_folder), shared.now_or(at)
    issued = counted.counts(folder, register) or {}
    if dry_run:
        planned = succeeding.successors(folder, issuer_home.load(folder), instant, within, issued)
        for wanted in planned:
            click.echo(f"would make {wanted.label} in place of {wanted.replaces}: {wanted.key}")
        if not planned:
            click.echo(f"no key ends within {within} days")
        return
    with issuer_home.locked(folder):
        issuer = issuer_home.load(folder)
        wanted_all = succeeding.successors(folder, issuer, instant, within, issued)
        if not wanted_all:
            click.echo(f"no key ends within {within} days")
            return
        secret = unlock.secrets(password_file, pin_file)
        succeeding.make(folder, issuer, wanted_all, at=instant, secret=secret)
    click.echo(HAND_IN)


@keys.command(short_help="Make a key, and a request (CSR) for its certificate.")
@_added
@options.issuer
@unlock.secret_files
@shared.at
def request(
    *,
    planned: int,
    kinds: tuple[str, ...],
    algorithm: str,
    dsc_key: str | None,
    issuer_folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make a signing key, and the request (PKCS #10) that your state's CSCA makes a certificate of."""
    folder, instant = options.folder(issuer_folder), shared.now_or(at)
    with issuer_home.locked(folder):
        issuer = issuer_home.load(folder)
        if not requests.is_elsewhere(issuer):
            raise UsageError(
                "sca-here",
                "this issuer makes its certificates itself",
                "pratique issuer keys new-shard; for a CSCA elsewhere: "
                "pratique issuer init --signing-ca-certificate PEM",
            )
        taken = issuer_home.labels(folder) | {one.label for one in requests.pending(folder)}
        label = issuer.new_label(int(instant.timestamp()), taken=taken)
        key = making.key_beside(issuer.shards, label)
        wanted = making.Wanted(
            label=label,
            key=key if dsc_key is None else making.key_uri(dsc_key, label),
            planned=planned,
            usages=requests.kinds_of(kinds),
            algorithm=Algorithm(algorithm),
        )
        secret = unlock.secrets(password_file, pin_file, new=not issuer.shards)
        path = requests.request(folder, issuer, wanted, at=instant, secret=secret)
    click.echo(f"made the key {label}; the request for its certificate: {path}")
    click.echo("then: pratique issuer keys accept CERTIFICATE.pem")


@keys.command(short_help="Take the certificate that a CSCA has made of a request.")
@click.argument("certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--signing-ca-certificate", "ca_path", metavar="PEM",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A newer CSCA of your state, which has issued it.",
)  # fmt: skip
@options.issuer
def accept(*, certificate: Path, ca_path: Path | None, issuer_folder: Path | None) -> None:
    """Take the CERTIFICATE that the state's CSCA has made of a request; from now on its key signs."""
    folder = options.folder(issuer_folder)
    with issuer_home.locked(folder):
        issuer = issuer_home.load(folder)
        ca = None if ca_path is None else files.read_bytes(ca_path)
        _, shard = requests.accept(folder, issuer, files.read_bytes(certificate), ca)
    click.echo(
        f"{shard.label} signs until {date(shard.use_until)}, is verified until "
        f"{date(shard.not_after)}, kid {shard.kid.hex()}"
    )
    click.echo(HAND_IN)


@keys.command(short_help="Take a key out of use for good.")
@click.argument("label")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.issuer
@shared.at
def retire(*, label: str, yes: bool, issuer_folder: Path | None, at: datetime | None) -> None:
    """Take the key LABEL out of use for good. What it has signed stays valid unless revoked."""
    folder, instant = options.folder(issuer_folder), int(shared.now_or(at).timestamp())
    with issuer_home.locked(folder):
        issuer = issuer_home.load(folder)
        shard = issuer.shard(label)
        if shard.retired is not None:
            raise UsageError("shard-retired", f"{label} is retired since {date(shard.retired)}")
        if not yes:
            unlock.confirm(f"{label} will never sign again; retire it?")
        issuer_home.save(folder, issuer.replace(shard._replace(retired=instant)))
    click.echo(f"{label} signs no more; its key and its certificate stay where they are")
    click.echo(f"what it has signed is verified until {date(shard.not_after)} unless it is revoked")
    click.echo("if the key was misused: pratique issuer revoke, and tell the authority at once")


@keys.command(short_help="Write the public certificates into a folder.")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@options.issuer
def export(*, target: Path, issuer_folder: Path | None) -> None:
    """Write the public certificates into the folder TARGET; nothing secret."""
    folder = options.folder(issuer_folder)
    issuer = issuer_home.load(folder)
    for label in (
        *issuer_home.signing_ca_labels(folder),
        *(shard.label for shard in issuer.shards),
    ):
        pem = issuer_home.read_certificate(folder, label)
        click.echo(issuer_home.put(target / f"{issuer.participant}-{label}.pem", pem, 0o644))
