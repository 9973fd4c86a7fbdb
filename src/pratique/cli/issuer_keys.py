"""`pratique issuer keys`: list, add, rotate and retire signing keys, and export their certificates.

    issuer.json -> states at an instant -> table        lock -> key, certificate -> issuer.json

1. A state is computed when it is asked for; only `retire` sets one.
2. Nothing here deletes a key or a certificate: what was signed is verified until it ends.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import issuer as cli_issuer
from pratique.cli import options
from pratique.errors import UsageError
from pratique.parties import issuer as parties_issuer
from pratique.parties import issuer_keys, verifier
from pratique.parties import participant as parties_participant
from pratique.parties.issuer import describe, sca_line, suspended, table
from pratique.parties.issuer_keys import date
from pratique.store import sources
from pratique.store.keys import check_places
from pratique.terms import Algorithm, Environment, Kind
from pratique.text import as_json
from pratique.trust import countries
from pratique.trust import issuer as trust_issuer
from pratique.trust.issuer import Issuer, new_labels

# ----------------------------------------------------------------------------------------------------
# `pratique issuer init`: a signing CA and the first shards, in a new folder.
#
#     country, participant, name -> SCA -> DSCs -> issuer.json -> what to back up, and what to hand in
#
# 1. Nothing is overwritten, and a folder appears whole or not at all.
# 2. The certificates are public and are handed to the authority; the keys and their password are not.


MAX_SHARDS = 100

_ALPHA_2, _CODE = re.compile("[A-Z]{2}"), re.compile("[A-Z]{3}")


@click.command()
@click.option("--country", required=True, help="Country that is signed for, two letters: XU.")
@click.option("--participant", required=True, help="Your code in the network, three letters: XXU.")
@click.option("--name", required=True, help="Organisation that the X.509 certificates name.")
@click.option("--authority", default="", help="Issuing body on certificates [default: the name].")
@click.option(
    "--environment",
    type=click.Choice([environment.value for environment in Environment]),
    default=Environment.PRODUCTION.value,
    show_default=True,
    help="Test keys vouch for nothing real; keys of the two are never the same.",
)
@click.option(
    "--shards", type=click.IntRange(1, MAX_SHARDS), default=4, show_default=True,
    help="How many signing keys.",
)  # fmt: skip
@click.option(
    "--planned", type=click.IntRange(1, 10**12), default=1_000_000, show_default=True,
    help="How many certificates each of them is to sign at most.",
)  # fmt: skip
@click.option(
    "--algorithm", type=click.Choice(["ES256", "ES384", "PS256"]), default="ES256",
    show_default=True, help="What the signing keys sign with.",
)  # fmt: skip
@click.option(
    "--sca-key", metavar="URI", default=issuer_keys.SCA_KEY, help="Where the CA's key is made."
)
@click.option(
    "--dsc-key", metavar="URI", default=issuer_keys.DSC_KEYS,
    help="Where signing keys are made, up to the label: 'pkcs11:token=TOKEN;object=dsc-?module-path=/path/to/library.so'",
)  # fmt: skip
@click.option(
    "--signing-ca", "participant_folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="Use the signing CA of this participant's folder, instead of making one.",
)  # fmt: skip
@click.option(
    "--signing-ca-certificate", "ca_path", metavar="PEM",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Your state's CSCA, which is kept elsewhere: no key is made, ask for each with `keys request`.",
)  # fmt: skip
@click.option(
    "--existing", is_flag=True,
    help="Use keys that are there already: an interrupted init's, or of the device's own tool.",
)  # fmt: skip
@click.option(
    "--contact", help="Where holders have mistakes corrected and get new codes; printed on sheets."
)
@cli_issuer.issuer
@options.secret_files
@options.at
def init(
    *,
    country: str,
    participant: str,
    name: str,
    authority: str,
    environment: str,
    shards: int,
    planned: int,
    algorithm: str,
    sca_key: str,
    dsc_key: str,
    participant_folder: Path | None,
    ca_path: Path | None,
    existing: bool,
    contact: str | None,
    issuer_folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make a signing CA and the first signing keys, and say what to do with them."""
    _codes(country, participant)
    folder = cli_issuer.folder_named(issuer_folder)
    instant = int(options.now_or(at).timestamp())
    secret = options.secrets(password_file, pin_file, new=True)
    of = (participant, country, name, Environment(environment))
    reached = _contact(contact)

    def fill(filled: Path) -> Issuer:
        if ca_path is not None:
            pem = sources.read_bytes(ca_path)
            parties_issuer.write_certificate(filled, pem)
            sca = issuer_keys.signing_ca(pem, country)
            return Issuer(*of[:3], authority or name, of[3], reached, sca, ())
        task = issuer_keys.Makes(filled, *of, instant, secret, existing)
        # All devices are seen before a key is made: else the first one would be left in its device.
        uris = [issuer_keys.key_uri(dsc_key, label) for label in new_labels(instant, shards)]
        if participant_folder is None:
            uris.insert(0, sca_key)
        check_places(uris, folder=filled, secret=secret, existing=existing)
        if participant_folder is None:
            sca, by = issuer_keys.make_ca(task, sca_key)
        else:
            sca, by = parties_participant.signing_ca(participant_folder, secret)
            parties_issuer.write_certificate(
                filled, parties_participant.signing_ca_pem(participant_folder)
            )
        made = Issuer(*of[:3], authority or name, of[3], reached, sca, ())
        for label in new_labels(instant, shards):
            wanted = issuer_keys.Wanted(
                label, issuer_keys.key_uri(dsc_key, label), planned, algorithm=Algorithm(algorithm)
            )
            made = made._replace(shards=(*made.shards, issuer_keys.make_shard(task, wanted, by)))
        return made

    with parties_issuer.new(folder) as filled:
        made = fill(filled)
        parties_issuer.save(filled, made)
    _tell(folder, made, click.echo)


def _contact(given: str | None) -> str:
    """Return where holders turn to: as given, or asked for."""
    if given is None and _is_asked():
        given = click.prompt(
            "Where do holders have mistakes corrected (printed on sheets; may be empty)?",
            default="", show_default=False, err=True,
        )  # fmt: skip
    return (given or "").strip()


def _is_asked() -> bool:
    return sys.stdin.isatty()


def _codes(country: str, participant: str) -> None:
    if not _ALPHA_2.fullmatch(country) or countries.code(country) != country:
        raise UsageError(
            "country-unknown", "--country is no code that is known here", "write two letters: PT"
        )
    if not _CODE.fullmatch(participant):
        raise UsageError(
            "participant-unfit", "--participant has three capital letters", "for example PRT or IOM"
        )


def _tell(folder: Path, made: Issuer, say: Callable[[str], None]) -> None:
    sca = made.sca
    say(
        f"{made.participant} signs for {made.country} in the {made.environment} environment: {folder}"
    )
    say("")
    say(
        f"signing CA   until {issuer_keys.date(sca.not_after)}, "
        + (f"makes keys until {issuer_keys.date(sca.use_until)}" if sca.key else "kept elsewhere")
    )
    say(f"  SHA-256 {_groups(sca.thumbprint)}")
    for shard in made.shards:
        say(
            f"{shard.label}  signs until {issuer_keys.date(shard.use_until)}, "
            f"is verified until {issuer_keys.date(shard.not_after)}, at most {shard.capacity} certificates"
        )
        say(f"  SHA-256 {_groups(shard.thumbprint)}")
    if not made.contact:
        say("")
        told = "warning: no --contact: a sheet names the issuing body, and not where it is reached"
        click.echo(told, err=True)
        say(f'  add it later: "contact" in {folder / parties_issuer.DOCUMENT}')
    in_files = sca.key.startswith("file:") or any(s.key.startswith("file:") for s in made.shards)
    in_device = any(
        uri.startswith(("pkcs11:", "hsm:")) for uri in (sca.key, *(s.key for s in made.shards))
    )
    say("")
    say("back up")
    if in_files:
        say(
            f"  {folder / 'keys'}, and the password in another place: without both nothing is signed"
        )
    if in_device:
        say("  the device, by its maker's own means: its keys cannot be copied out of it")
    say(f"  {folder / parties_issuer.DOCUMENT} and {folder / 'certificates'}, which hold no secret")
    say("hand to the authority, and read the signing CA's SHA-256 out to it")
    say("  what this writes: pratique issuer keys export DIR")
    say("next")
    if issuer_keys.is_elsewhere(made):
        say("  pratique issuer keys request       makes a key, and the request for its certificate")
        say("  pratique issuer keys accept PEM    takes what your signing CA has made of it")
        return
    say("  pratique issuer keys list     shows the keys and the days they have left")
    say("  pratique issuer keys rotate   makes their successors before they end")


def _groups(thumbprint: str) -> str:
    """Write a fingerprint as it is read out: in groups of four."""
    return " ".join(thumbprint[at : at + 4] for at in range(0, len(thumbprint), 4))


Command = TypeVar("Command", bound=Callable[..., Any])

SOON = 30
"""Days before its end from which a key is to be replaced."""

HAND_IN = "hand the new certificates to the authority: pratique issuer keys export DIR"
_LIMITED = [kind.value for kind in Kind if kind is not Kind.EXEMPTION]


@click.group()
def keys() -> None:
    """List, add, rotate and retire signing keys."""


@keys.command("list", short_help="List the keys, their state and the days they have left.")
@cli_issuer.issuer
@parties_issuer.register_option
@options.at
@options.output_format
def list_(
    *, issuer_folder: Path | None, register: str | None, at: datetime | None, output_format: str
) -> None:
    """List the signing keys: their state, and the days they have left to sign and to be verified."""
    folder = cli_issuer.folder_named(issuer_folder)
    issuer, issued = parties_issuer.load(folder), parties_issuer.counts(folder, register)
    show(issuer, at=options.now_or(at), output_format=output_format, counts=issued)
    for one in issuer_keys.pending(folder) if output_format == "text" else ():
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
    member = verifier.member(issuer.participant, issuer.environment)
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
    due = trust_issuer.to_replace(issuer.shards, at=now, within=SOON, counts=counts or {})
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
@cli_issuer.issuer
@options.secret_files
@options.at
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
    folder, instant = cli_issuer.folder_named(issuer_folder), options.now_or(at)
    with parties_issuer.locked(folder):
        issuer = parties_issuer.load(folder)
        label = issuer.new_label(int(instant.timestamp()), taken=parties_issuer.labels(folder))
        key = issuer_keys.key_beside(issuer.shards, label)
        wanted = issuer_keys.Wanted(
            label=label,
            key=key if dsc_key is None else issuer_keys.key_uri(dsc_key, label),
            planned=planned,
            usages=issuer_keys.kinds_of(kinds),
            algorithm=Algorithm(algorithm),
        )
        secret = options.secrets(password_file, pin_file)
        issuer_keys.make(folder, issuer, [wanted], at=instant, secret=secret)
    click.echo(HAND_IN)


@keys.command(short_help="Make a successor for each key that is about to end.")
@click.option(
    "--within", type=click.IntRange(0, 730), default=SOON, show_default=True, metavar="DAYS",
    help="Replace keys that sign for at most this many days more.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@cli_issuer.issuer
@parties_issuer.register_option
@options.secret_files
@options.at
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
    folder, instant = cli_issuer.folder_named(issuer_folder), options.now_or(at)
    issued = parties_issuer.counts(folder, register) or {}
    if dry_run:
        planned = issuer_keys.successors(
            folder, parties_issuer.load(folder), instant, within, issued
        )
        for wanted in planned:
            click.echo(f"would make {wanted.label} in place of {wanted.replaces}: {wanted.key}")
        if not planned:
            click.echo(f"no key ends within {within} days")
        return
    with parties_issuer.locked(folder):
        issuer = parties_issuer.load(folder)
        wanted_all = issuer_keys.successors(folder, issuer, instant, within, issued)
        if not wanted_all:
            click.echo(f"no key ends within {within} days")
            return
        secret = options.secrets(password_file, pin_file)
        issuer_keys.make(folder, issuer, wanted_all, at=instant, secret=secret)
    click.echo(HAND_IN)


@keys.command(short_help="Make a key, and a request (CSR) for its certificate.")
@_added
@cli_issuer.issuer
@options.secret_files
@options.at
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
    folder, instant = cli_issuer.folder_named(issuer_folder), options.now_or(at)
    with parties_issuer.locked(folder):
        issuer = parties_issuer.load(folder)
        if not issuer_keys.is_elsewhere(issuer):
            raise UsageError(
                "sca-here",
                "this issuer makes its certificates itself",
                "pratique issuer keys new-shard; for a CSCA elsewhere: "
                "pratique issuer init --signing-ca-certificate PEM",
            )
        taken = parties_issuer.labels(folder) | {one.label for one in issuer_keys.pending(folder)}
        label = issuer.new_label(int(instant.timestamp()), taken=taken)
        key = issuer_keys.key_beside(issuer.shards, label)
        wanted = issuer_keys.Wanted(
            label=label,
            key=key if dsc_key is None else issuer_keys.key_uri(dsc_key, label),
            planned=planned,
            usages=issuer_keys.kinds_of(kinds),
            algorithm=Algorithm(algorithm),
        )
        secret = options.secrets(password_file, pin_file, new=not issuer.shards)
        path = issuer_keys.request(folder, issuer, wanted, at=instant, secret=secret)
    click.echo(f"made the key {label}; the request for its certificate: {path}")
    click.echo("then: pratique issuer keys accept CERTIFICATE.pem")


@keys.command(short_help="Take the certificate that a CSCA has made of a request.")
@click.argument("certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--signing-ca-certificate", "ca_path", metavar="PEM",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A newer CSCA of your state, which has issued it.",
)  # fmt: skip
@cli_issuer.issuer
def accept(*, certificate: Path, ca_path: Path | None, issuer_folder: Path | None) -> None:
    """Take the CERTIFICATE that the state's CSCA has made of a request; from now on its key signs."""
    folder = cli_issuer.folder_named(issuer_folder)
    with parties_issuer.locked(folder):
        issuer = parties_issuer.load(folder)
        ca = None if ca_path is None else sources.read_bytes(ca_path)
        _, shard = issuer_keys.accept(folder, issuer, sources.read_bytes(certificate), ca)
    click.echo(
        f"{shard.label} signs until {date(shard.use_until)}, is verified until "
        f"{date(shard.not_after)}, kid {shard.kid.hex()}"
    )
    click.echo(HAND_IN)


@keys.command(short_help="Take a key out of use for good.")
@click.argument("label")
@click.option("--yes", is_flag=True, help="Do not ask.")
@cli_issuer.issuer
@options.at
def retire(*, label: str, yes: bool, issuer_folder: Path | None, at: datetime | None) -> None:
    """Take the key LABEL out of use for good. What it has signed stays valid unless revoked."""
    folder, instant = cli_issuer.folder_named(issuer_folder), int(options.now_or(at).timestamp())
    with parties_issuer.locked(folder):
        issuer = parties_issuer.load(folder)
        shard = issuer.shard(label)
        if shard.retired is not None:
            raise UsageError("shard-retired", f"{label} is retired since {date(shard.retired)}")
        if not yes:
            options.confirm(f"{label} will never sign again; retire it?")
        parties_issuer.save(folder, issuer.replace(shard._replace(retired=instant)))
    click.echo(f"{label} signs no more; its key and its certificate stay where they are")
    click.echo(f"what it has signed is verified until {date(shard.not_after)} unless it is revoked")
    click.echo("if the key was misused: pratique issuer revoke, and tell the authority at once")


@keys.command(short_help="Write the public certificates into a folder.")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@cli_issuer.issuer
def export(*, target: Path, issuer_folder: Path | None) -> None:
    """Write the public certificates into the folder TARGET; nothing secret."""
    folder = cli_issuer.folder_named(issuer_folder)
    issuer = parties_issuer.load(folder)
    for label in (
        *parties_issuer.signing_ca_labels(folder),
        *(shard.label for shard in issuer.shards),
    ):
        pem = parties_issuer.read_certificate(folder, label)
        click.echo(parties_issuer.put(target / f"{issuer.participant}-{label}.pem", pem, 0o644))
